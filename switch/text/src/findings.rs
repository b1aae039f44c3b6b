//! What was found about an exception, and what is proposed, in sentences.

use crate::{Count, Label, Language, Text, labels, meanings, texts};
use kazasu_schemas::closing::{Difference, Finding, Half, JoinedBy, ListedLine, Money, Proposed, Side};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{JPY_NUMERIC, Yen};
use kazasu_schemas::text::thousands;
use kazasu_schemas::wire::ResponseCode;
use kazasu_schemas::wire::issuer::IssuerOperation;
use std::borrow::Cow;

meanings! {
    Side {
        Ledger: "元帳", "the ledger";
        Acquirer: "契約会社", "the acquirer";
        Issuer: "発行者", "the issuer";
        Bank: "銀行", "the bank";
    }
}

meanings! {
    JoinedBy {
        OwnReference: "当方の参照番号", "our reference";
        ExternalReference: "外部参照番号", "the external reference";
        Rrn: "端末と照会番号", "terminal and retrieval reference number";
        Stan: "端末とシステム通番", "terminal and STAN";
        RrnOtherDay: "端末と別の日の照会番号", "terminal and retrieval reference number of another day";
        StanOtherDay: "端末と別の日のシステム通番", "terminal and STAN of another day";
        Batch: "バッチ番号", "the batch number";
        AmountAndDay: "相手先・金額・日付", "party, amount and day";
        Sum: "合計額", "the sum";
    }
}

meanings! {
    IssuerOperation {
        Authorize: "オーソリ", "authorization";
        Purchase: "売上", "purchase";
        Refund: "返品", "refund";
        Completion: "売上確定", "completion";
        PurchaseAdvice: "事後通知の売上", "purchase that was approved without asking it";
        RefundAdvice: "事後通知の返品", "refund that was approved without asking it";
        Reversal: "取消", "reversal";
    }
}

labels! {
    /// Kinds of lines of detail files.
    LineKind {
        Purchase "purchase": "売上", "purchase";
        Refund "refund": "返品", "refund";
        Reversal "reversal": "取消", "reversal";
        Chargeback "chargeback": "チャージバック", "chargeback";
        Fee "fee": "手数料", "fee";
        Settlement "settlement": "精算", "settlement";
        Payout "payout": "振込", "payout";
        Adjustment "adjustment": "調整", "adjustment";
    }
}

texts! {
    /// Amounts and lines inside sentences.
    LineText<'a> {
        Foreign { units: &'a str, currency: u16 }: "通貨 {currency:03} の {units}", "{units} units of currency {currency:03}";
        OfParty { kind: &'a str, money: &'a str, party: &'a str }: "{kind} {money}（{party}）", "{kind} {money} ({party})";
    }
}

texts! {
    /// One difference between two lines.
    DifferenceText<'a> {
        Expected { expected: &'a str, came: &'a str }:
            "想定は {expected}、実際は {came}", "{expected} was expected, {came} came";
        Party { expected: &'a str, came: &'a str }:
            "相手先の想定は {expected}、実際は {came}", "of {expected} was expected, of {came} came";
        OwnReference { here: u64, there: u64 }:
            "当方の参照番号は元帳で {here}、相手方で {there}", "our reference is {here} here and {there} there";
        External { here: &'a str, there: &'a str }:
            "外部参照番号は元帳で {here}、相手方で {there}", "the external reference is {here} here and {there} there";
        Amount { expected: &'a str, came: &'a str, by: &'a str, allowed: Yen }:
            "想定は {expected}、実際は {came}（差 {by}、許容 {allowed}）",
            "{expected} was expected, {came} came ({by}; {allowed} allowed)";
        Day { here: BusinessDay, there: BusinessDay, later: &'a str }:
            "日付は元帳で {here}、相手方で {there}（{later} 日）", "the day is {here} here and {there} there ({later})";
    }
}

texts! {
    /// What was found.
    FindingText<'a> {
        NotListed { line: &'a str, day: BusinessDay, by: Side, due: BusinessDay }:
            "{day} の {line} が{by}の明細にありません（期限 {due}）。",
            "{line} of {day} is not in the list of {by}; it was due by {due}.";
        NotExpected { line: &'a str, day: BusinessDay, by: Side }:
            "{day} の {line} が{by}の明細にありますが、想定にありません。",
            "{line} of {day} is in the list of {by} and was not expected.";
        Ambiguous { by: JoinedBy }:
            "双方の複数の行で{by}が同じで、ほかが異なります。",
            "Several lines on both sides share {by} and differ otherwise.";
        MayBeSum: "複数の行の合計の可能性がありますが、確定できません。", "It may be the sum of several lines, but not for certain.";
        Differs { by: JoinedBy, differences: &'a str }:
            "{by}が一致した行で、{differences}。", "Joined by {by}: {differences}.";
        Twice { by: Side, line: &'a str, other: u64 }:
            "{by}の明細に {line} が2件あります（もう1件は {other} 行目）。",
            "The list of {by} has {line} twice; the other is line {other}.";
        ReferenceTwice { by: Side, line: &'a str, number: u64, other: &'a str }:
            "{by}の明細に同じ参照番号が2件あります。ここでは {line}、{number} 行目では {other} です。",
            "The list of {by} has one reference twice: here with {line}, in line {number} with {other}.";
        Group { by: JoinedBy, expected: Yen, expected_lines: Count, expected_last: BusinessDay, came: Yen, came_lines: Count, came_last: BusinessDay }:
            "{by}が一致した行で、想定は{expected_lines}行で {expected}（最終日 {expected_last}）、実際は{came_lines}行で {came}（最終日 {came_last}）。",
            "Joined by {by}: {expected} expected in {expected_lines} lines, last on {expected_last}; {came} came in {came_lines}, last on \
             {came_last}.";
        Batch { batch: &'a str, expected: Yen, expected_lines: Count, expected_last: BusinessDay, came: Yen, came_lines: Count, came_last: BusinessDay }:
            "バッチ {batch} の想定は{expected_lines}行で {expected}（最終日 {expected_last}）、実際は{came_lines}行で {came}（最終日 {came_last}）。",
            "Joined by the batch number {batch}: {expected} expected in {expected_lines} lines, last on {expected_last}; {came} came in \
             {came_lines}, last on {came_last}.";
        Tolerated { lines: Count, sum: Yen }:
            "契約の許容範囲内の差が{lines}行、合計 {sum} あります。",
            "{lines} lines differ by no more than the contract tolerates, by {sum} in all.";
        AdviceRefused { message: u64, operation: IssuerOperation, amount: Yen, code: ResponseCode }:
            "記録 {message} で通知した {amount} の{operation}に、発行者が {code} を返しました。",
            "The issuer answered {code} to the {operation} of {amount}, which record {message} told it.";
        AdviceAboutRefused { message: u64, about: u64, operation: IssuerOperation, amount: Yen, code: ResponseCode }:
            "記録 {message} で通知した、記録 {about} についての {amount} の{operation}に、発行者が {code} を返しました。",
            "The issuer answered {code} to the {operation} of {amount} of record {about}, which record {message} told it.";
        FoundLater { line: u64, theirs: Yen, status: &'a str }:
            "後の明細の {line} 行目に {theirs} であります（{status}）。", "A later file has it in line {line} with {theirs} ({status}).";
        SameLater { line: u64 }:
            "後の明細の {line} 行目に同じ金額であります。", "A later file has it with the same amount, in line {line}.";
        GoneLater: "この期間の後の明細では差異がありません。", "A later file of these days has no such exception.";
        SumLater { sum: Yen }:
            "この期間の後の明細では合計 {sum} です。", "A later file of these days comes to {sum}.";
    }
}

texts! {
    /// What is proposed.
    ProposedText {
        WaitUntil { day: BusinessDay }: "{day} まで待つ", "wait until {day}";
        Ask { side: Side }: "{side}に照会する", "ask {side}";
        BookDifference { yen: Yen }: "差額 {yen} を記帳する", "book the difference of {yen}";
        WriteOff { yen: Yen }: "{yen} を少額処理する", "write {yen} off";
        ReverseDuplicate { side: Side }: "{side}に重複分の取消を依頼する", "have the duplicate reversed by {side}";
        CorrectData: "データを訂正する", "correct the data";
        ChooseCandidate: "候補から一つを選ぶ", "choose one of the candidates";
        AskIssuerAndBook:
            "発行者に照会し、債務のない額または再び生じた額を記帳する",
            "ask the issuer; book what it does not owe, or owes again";
        SettleChargeback:
            "加盟店に記帳するか、発行者に記帳して負担するか、発行者が支払う理由を説明する",
            "charge it to the merchant, bear it, or explain why the issuer pays";
    }
}

fn money(money: Money, language: Language) -> String {
    match money.currency {
        JPY_NUMERIC => money.amount.to_string(),
        currency => {
            let units = thousands(money.amount.get().unsigned_abs()).to_string();
            LineText::Foreign { units: &units, currency }.in_language(language).into_owned()
        }
    }
}

fn kind(code: &str, language: Language) -> Cow<'static, str> {
    LineKind::of(code).map_or_else(|| Cow::Owned(code.to_owned()), |kind| kind.in_language(language))
}

fn line(line: &ListedLine, language: Language) -> String {
    let (kind, money) = (kind(&line.kind, language), money(line.money, language));
    match line.party.as_str() {
        "" => format!("{kind} {money}"),
        party => LineText::OfParty { kind: &kind, money: &money, party }.in_language(language).into_owned(),
    }
}

fn difference(difference: &Difference, language: Language) -> String {
    let of = |text: DifferenceText<'_>| text.in_language(language).into_owned();
    match difference {
        Difference::Currency(expected, came) => {
            of(DifferenceText::Expected { expected: &money(*expected, language), came: &money(*came, language) })
        }
        Difference::Kind(expected, came) => {
            of(DifferenceText::Expected { expected: &kind(expected, language), came: &kind(came, language) })
        }
        Difference::Party(expected, came) => of(DifferenceText::Party { expected, came }),
        Difference::OwnReference(here, there) => of(DifferenceText::OwnReference { here: *here, there: *there }),
        Difference::ExternalReference(here, there) => of(DifferenceText::External { here, there }),
        Difference::Amount(expected, came, allowed) => of(DifferenceText::Amount {
            expected: &money(*expected, language),
            came: &money(*came, language),
            by: &format!("{:+}", came.amount.get() - expected.amount.get()),
            allowed: *allowed,
        }),
        Difference::Day(here, there) => of(DifferenceText::Day {
            here: *here,
            there: *there,
            later: &format!("{:+}", i64::from(there.0) - i64::from(here.0)),
        }),
    }
}

fn group(by: JoinedBy, batch: Option<&str>, [expected, came]: [Half; 2], language: Language) -> String {
    let (lines, last) = (|half: Half| Count(u64::from(half.lines)), |half: Half| half.last);
    let text = match batch {
        Some(batch) => FindingText::Batch {
            batch,
            expected: expected.sum,
            expected_lines: lines(expected),
            expected_last: last(expected),
            came: came.sum,
            came_lines: lines(came),
            came_last: last(came),
        },
        None => FindingText::Group {
            by,
            expected: expected.sum,
            expected_lines: lines(expected),
            expected_last: last(expected),
            came: came.sum,
            came_lines: lines(came),
            came_last: last(came),
        },
    };
    text.in_language(language).into_owned()
}

/// Sentences, the ones that hold; a Japanese full stop has its space within.
fn sentences(all: [Option<String>; 3], language: Language) -> String {
    let space = match language {
        Language::Japanese => "",
        Language::English => " ",
    };
    all.into_iter().flatten().collect::<Vec<_>>().join(space)
}

impl Text for Finding {
    fn in_language(&self, language: Language) -> Cow<'static, str> {
        let of = |text: FindingText<'_>| text.in_language(language).into_owned();
        let ambiguous = |by: &Option<JoinedBy>| by.map(|by| of(FindingText::Ambiguous { by }));
        let sum = |may_be: &bool| may_be.then(|| of(FindingText::MayBeSum));
        Cow::Owned(match self {
            Finding::NotListed { line: item, day, by, due, ambiguous: shared, may_be_sum } => {
                let first = FindingText::NotListed { line: &line(item, language), day: *day, by: *by, due: *due };
                sentences([Some(of(first)), ambiguous(shared), sum(may_be_sum)], language)
            }
            Finding::NotExpected { line: item, day, by, ambiguous: shared, may_be_sum } => {
                let first = FindingText::NotExpected { line: &line(item, language), day: *day, by: *by };
                sentences([Some(of(first)), ambiguous(shared), sum(may_be_sum)], language)
            }
            Finding::Differs { by, differences } => {
                let between = match language {
                    Language::Japanese => "、",
                    Language::English => ", ",
                };
                let all: Vec<_> = differences.iter().map(|one| difference(one, language)).collect();
                of(FindingText::Differs { by: *by, differences: &all.join(between) })
            }
            Finding::Twice { by, line: item, other_line, other: None } => {
                of(FindingText::Twice { by: *by, line: &line(item, language), other: *other_line })
            }
            Finding::Twice { by, line: item, other_line, other: Some(other) } => of(FindingText::ReferenceTwice {
                by: *by,
                line: &line(item, language),
                number: *other_line,
                other: &line(other, language),
            }),
            Finding::GroupDiffers { by, batch, expected, came } => {
                group(*by, batch.as_deref(), [*expected, *came], language)
            }
            Finding::Tolerated { lines, sum } => of(FindingText::Tolerated { lines: Count(*lines), sum: *sum }),
            Finding::AdviceRefused { code, operation, amount, about: None, message } => {
                of(FindingText::AdviceRefused {
                    message: *message,
                    operation: *operation,
                    amount: *amount,
                    code: *code,
                })
            }
            Finding::AdviceRefused { code, operation, amount, about: Some(about), message } => {
                of(FindingText::AdviceAboutRefused {
                    message: *message,
                    about: *about,
                    operation: *operation,
                    amount: *amount,
                    code: *code,
                })
            }
            Finding::FoundLater { line, theirs, status } => {
                of(FindingText::FoundLater { line: *line, theirs: *theirs, status })
            }
            Finding::SameLater { line } => of(FindingText::SameLater { line: *line }),
            Finding::GoneLater => of(FindingText::GoneLater),
            Finding::SumLater { sum } => of(FindingText::SumLater { sum: *sum }),
        })
    }
}

impl Text for Proposed {
    fn in_language(&self, language: Language) -> Cow<'static, str> {
        match self {
            Proposed::WaitUntil(day) => ProposedText::WaitUntil { day: *day },
            Proposed::Ask(side) => ProposedText::Ask { side: *side },
            Proposed::BookDifference(yen) => ProposedText::BookDifference { yen: *yen },
            Proposed::WriteOff(yen) => ProposedText::WriteOff { yen: *yen },
            Proposed::ReverseDuplicate(side) => ProposedText::ReverseDuplicate { side: *side },
            Proposed::CorrectData => ProposedText::CorrectData,
            Proposed::ChooseCandidate => ProposedText::ChooseCandidate,
            Proposed::AskIssuerAndBook => ProposedText::AskIssuerAndBook,
            Proposed::SettleChargeback => ProposedText::SettleChargeback,
        }
        .in_language(language)
    }
}

/// An exception's text: a person's words where there are some, else the sentence of what was found.
#[must_use]
pub fn explained(words: &str, finding: Option<&impl Text>, language: Language) -> String {
    match finding {
        Some(finding) if words.is_empty() => finding.in_language(language).into_owned(),
        Some(_) | None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests;
