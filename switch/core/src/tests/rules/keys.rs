//! Keys that people type: one, however they are spelt.

use super::*;
use kazasu_ledger::record::MerchantTraits;
use proptest::prelude::*;

/// Spellings of one reference.
const REFERENCE: [&str; 9] =
    ["R-1", "R-1 ", "Ｒ－１", "r–1", " R\u{200b}-1", "Rー1", "Ｒｰ１", "\u{feff}R−1", "\"R-1\""];

fn fund(town: &mut Town, yen: i64, reference: &str) -> Result<(), String> {
    let (amount, by) = (Yen::new(yen), "city".into());
    ask(town, Command::FundProgramme { programme: 1, amount, reference: reference.into(), by })
}

#[test]
fn a_reference_credits_a_purse_and_a_fund_once_however_it_is_spelt() {
    let mut town = town_with(policy());
    for reference in REFERENCE {
        credit(&mut town, 1, 1_000, reference).unwrap();
        fund(&mut town, 500, reference).unwrap();
    }
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 1_000);
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::PurseFund(1))), 10_500 - 1_000);
    let why = credit(&mut town, 1, 999, "Ｒ ‐ 1").unwrap_err();
    assert!(why.contains("was booked with ¥1,000 before"), "{why}");
    for blank in ["", " ", "\u{3000}", "\u{200b}", "\"\""] {
        assert!(credit(&mut town, 1, 1, blank).unwrap_err().contains("1 to 100 characters"), "{blank:?}");
        assert!(fund(&mut town, 1, blank).unwrap_err().contains("1 to 100 characters"), "{blank:?}");
    }
    credit(&mut town, 1, 1_000, "R-11").unwrap();
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 2_000);
    town.check_replay();
}

#[test]
fn nobody_decides_what_they_proposed_under_another_spelling() {
    let mut town = town_with(policy());
    ask(&mut town, Command::BreakLink { ppid: person(1), said: said("op", "closed") }).unwrap();
    let to = Link::Deposit(2);
    ask(&mut town, Command::ProposeRetarget { ppid: person(1), to, said: said("suzuki", "") }).unwrap();
    let decide = |town: &mut Town, by: &str| {
        ask(town, Command::DecideRetarget { ppid: person(1), approve: true, said: said(by, "x") })
    };
    for by in ["suzuki", "Suzuki", "ｓｕｚｕｋｉ", "suzuki\u{200b}", " suzuki"] {
        assert!(decide(&mut town, by).unwrap_err().contains("another person must decide"), "{by:?}");
    }
    decide(&mut town, "tanaka").unwrap();
    town.check_replay();
}

fn shop(town: &mut Town, class: &str, tag: &str) {
    let traits = MerchantTraits { class: class.into(), tags: vec![tag.into()], region: String::new() };
    let command = Command::RegisterMerchant {
        acquirer: acquirer(),
        merchant: "SHOP".parse().unwrap(),
        name: "SHOP".into(),
        mcc: "5411".parse().unwrap(),
        terminals: vec!["T1".parse().unwrap(), "T2".parse().unwrap()],
        closed: false,
        traits,
    };
    ask(town, command).unwrap();
}

#[test]
fn a_tag_and_a_class_are_the_policys_however_a_row_spells_them() {
    let mut rules = policy();
    rules.purses[0].place.tags = vec!["local-shop".into()];
    rules.limits = vec![Limit {
        number: 1,
        name: "large shops".into(),
        window: Window::Tap,
        amount: Some(Yen::new(100)),
        count: None,
        per: Per::Resident,
        mcc: None,
        class: Some("大型店".into()),
        instruments: Kinds::ALL,
        without_pin: false,
    }];
    let mut town = town_with(rules);
    credit(&mut town, 1, 3_000, "relief").unwrap();
    for (tag, class) in
        [("Local‐Shop", "大型店"), ("ｌｏｃａｌ－ｓｈｏｐ", "大型店\u{200b}"), ("local-shop", " 大型店")]
    {
        shop(&mut town, class, tag);
        assert_eq!(town.purchase(1, 500).1, "00", "{tag}");
        assert_eq!(town.purchase(2, 101).1, "61", "{class}");
    }
    assert_eq!(town.available(1), 10_000, "the purse paid");
    shop(&mut town, "小型店", "local");
    assert_eq!(town.purchase(1, 100).1, "00");
    assert_eq!(town.available(1), 9_900, "another tag is another");
    town.check_replay();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Any order and any spelling: a reference books once, with the amount that came first.
    #[test]
    fn the_first_spelling_books_and_the_others_change_nothing(
        asks in prop::collection::vec((0_usize..REFERENCE.len(), 1_u8..3, 0_u8..2, 1_i64..3), 1..24),
    ) {
        let mut town = town_with(policy());
        let mut booked = std::collections::BTreeMap::new();
        for (spelling, who, other, yen) in asks {
            let reference = format!("{}{}", REFERENCE[spelling].trim_matches('"'), ["", "X"][usize::from(other)]);
            let done = credit(&mut town, who, yen, &reference);
            let first = *booked.entry((who, other)).or_insert(yen);
            prop_assert_eq!(done.is_ok(), first == yen, "{:?}", reference);
        }
        let sum: i64 = booked.values().sum();
        prop_assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), sum);
        town.check_replay();
    }
}
