//! Findings as people read them.

use super::*;

fn yen(amount: i64) -> Money {
    Money { amount: Yen::new(amount), currency: JPY_NUMERIC }
}

fn listed(amount: i64) -> ListedLine {
    ListedLine { kind: "purchase".into(), money: yen(amount), party: "SHOP".into() }
}

const DAY: BusinessDay = BusinessDay(20_787);

fn check(finding: &Finding, ja: &str, en: &str) {
    assert_eq!((finding.ja().as_ref(), finding.en().as_ref()), (ja, en));
}

#[test]
fn a_line_that_the_other_side_lacks() {
    let by = Side::Acquirer;
    let mut finding =
        Finding::NotListed { line: listed(100), day: DAY, by, due: DAY.next(), ambiguous: None, may_be_sum: false };
    check(
        &finding,
        "2026-11-30 の 売上 ¥100（SHOP） が契約会社の明細にありません（期限 2026-12-01）。",
        "purchase ¥100 (SHOP) of 2026-11-30 is not in the list of the acquirer; it was due by 2026-12-01.",
    );
    if let Finding::NotListed { ambiguous, may_be_sum, .. } = &mut finding {
        (*ambiguous, *may_be_sum) = (Some(JoinedBy::ExternalReference), true);
    }
    let text = finding.en();
    assert!(text.ends_with("2026-12-01. Several lines on both sides share the external reference and differ otherwise. It may be the sum of several lines, but not for certain."), "{text}");
}

#[test]
fn two_lines_that_differ() {
    let dollars = Money { currency: 840, ..yen(1_000) };
    let differences = vec![
        Difference::Currency(yen(1_000), dollars),
        Difference::Kind("purchase".into(), "refund".into()),
        Difference::Day(DAY, BusinessDay(DAY.0 + 2)),
    ];
    check(
        &Finding::Differs { by: JoinedBy::Rrn, differences },
        "端末と照会番号が一致した行で、想定は ¥1,000、実際は 通貨 840 の 1,000、想定は 売上、実際は 返品、日付は元帳で 2026-11-30、相手方で 2026-12-02（+2 日）。",
        "Joined by terminal and retrieval reference number: ¥1,000 was expected, 1,000 units of currency 840 came, purchase was expected, \
         refund came, the day is 2026-11-30 here and 2026-12-02 there (+2).",
    );
    let differences = vec![Difference::Amount(yen(1_000), yen(999), Yen::ZERO)];
    check(
        &Finding::Differs { by: JoinedBy::OwnReference, differences },
        "当方の参照番号が一致した行で、想定は ¥1,000、実際は ¥999（差 -1、許容 ¥0）。",
        "Joined by our reference: ¥1,000 was expected, ¥999 came (-1; ¥0 allowed).",
    );
}

#[test]
fn a_line_that_is_there_twice_and_a_refused_advice() {
    check(
        &Finding::Twice { by: Side::Issuer, line: listed(300), other_line: 101, other: Some(listed(100)) },
        "発行者の明細に同じ参照番号が2件あります。ここでは 売上 ¥300（SHOP）、101 行目では 売上 ¥100（SHOP） です。",
        "The list of the issuer has one reference twice: here with purchase ¥300 (SHOP), in line 101 with purchase ¥100 (SHOP).",
    );
    let code = ResponseCode::SECURITY;
    let operation = IssuerOperation::Completion;
    check(
        &Finding::AdviceRefused { code, operation, amount: Yen::new(4_000), about: Some(7), message: 9 },
        "記録 9 で通知した、記録 7 についての ¥4,000 の売上確定に、発行者が 63 を返しました。",
        "The issuer answered 63 to the completion of ¥4,000 of record 7, which record 9 told it.",
    );
}

#[test]
fn a_persons_words_stand_as_they_are() {
    let finding = Finding::SumLater { sum: Yen::new(12) };
    assert_eq!(explained("C-1: 身に覚えがない", Some(&finding), Language::English), "C-1: 身に覚えがない");
    assert_eq!(explained("", Some(&finding), Language::English), "A later file of these days comes to ¥12.");
    assert_eq!(explained("", None::<&Finding>, Language::Japanese), "");
}
