//! Contracts as data: who has which, and CBOR there and back.

use super::*;

fn shop<'a>(id: &str, class: &'a str, tags: &'a [String], code: u16) -> Merchant<'a> {
    let (acquirer, merchant) = merchant(id);
    Merchant { acquirer, merchant, mcc: mcc(code), class, tags }
}

#[test]
fn a_merchant_has_the_most_particular_contract_of_the_day() {
    let group = |class: Option<&str>, tags: &[&str]| Scope::Group {
        class: class.map(Into::into),
        tags: tags.iter().map(ToString::to_string).collect(),
        mcc: vec![(mcc(5000), mcc(5999))],
    };
    let of = |number, scope, from: &str| Contract { number, scope, from: day(from), ..contract() };
    let book = Contracts {
        contracts: vec![
            of(1, Scope::Default, "2026-04-01"),
            of(2, group(Some("small"), &["local", "farm"]), "2026-04-01"),
            of(3, Scope::Merchants(vec![merchant("M1"), merchant("M2")]), "2026-05-01"),
        ],
        ..contracts()
    };
    let local = ["local".to_string()];
    for (merchant, on, number) in [
        (shop("M1", "small", &local, 5411), "2026-05-01", Some(3)),
        (shop("M1", "small", &local, 5411), "2026-04-30", Some(2)),
        (shop("M3", "small", &local, 5411), "2026-05-01", Some(2)),
        (shop("M3", "large", &local, 5411), "2026-05-01", Some(1)),
        (shop("M3", "small", &[], 5411), "2026-05-01", Some(1)),
        (shop("M3", "small", &local, 4111), "2026-05-01", Some(1)),
        (shop("M3", "small", &local, 5411), "2026-03-31", None),
    ] {
        assert_eq!(book.of(merchant, day(on)).map(|c| c.number), number, "{merchant:?} on {on}");
    }
}

#[test]
fn contracts_are_kept_as_numbered_cbor() {
    let full = Contract {
        scope: Scope::Group { class: Some("small".into()), tags: vec!["local".into()], mcc: vec![(mcc(1), mcc(2))] },
        until: Some(day("2027-03-31")),
        rules: vec![FeeRule { brand: Some("visa".into()), ..everything(1) }, everything(2)],
        tax: Tax::Taxable { rate: Rate(100_000), rounding: Rounding::HalfUp },
        interchange: Some("standard".into()),
        cycle: Cycle::Weekly(4),
        reserve: Some(Reserve { rate: Rate(50_000), days: 30 }),
        funds_points: vec![301, 302],
        ..contract()
    };
    let named = Contract { number: 2, scope: Scope::Merchants(vec![merchant("M1")]), ..contract() };
    let book = Contracts { contracts: vec![full, named, Contract { number: 3, ..contract() }], ..contracts() };
    let bytes = minicbor::to_vec(&book).unwrap();
    assert_eq!(minicbor::decode::<Contracts>(&bytes).unwrap(), book);
    // The format is for ever: indices and numbers, no names.
    let short = Contract { name: String::new(), rules: Vec::new(), ..contract() };
    let hex = hex::encode(minicbor::to_vec(&short).unwrap());
    assert_eq!(hex, "920160820280195040f68000000082008000f682028003f6011905dc80");
    // Records of before merchants funded points.
    let before = hex::decode("910160820280195040f68000000082008000f682028003f6011905dc").unwrap();
    assert_eq!(minicbor::decode::<Contract>(&before).unwrap(), short);
}

#[test]
fn what_cannot_be_charged_by_is_refused() {
    let error = |contract: Contract| Tariff::new(&contract, &contracts()).unwrap_err().to_string();
    let with = |rule: FeeRule| Contract { rules: vec![rule, everything(1)], ..contract() };
    assert!(error(Contract { rules: Vec::new(), ..contract() }).contains("a last rule that takes everything"));
    let visa = FeeRule { brand: Some("visa".into()), ..everything(1) };
    assert!(error(Contract { rules: vec![visa], ..contract() }).contains("a last rule that takes everything"));
    assert_eq!(
        error(with(FeeRule { brand: Some("nova".into()), ..everything(1) })),
        "contract 1: rule 1 names brand \"nova\", which has no list"
    );
    assert!(error(with(everything(1_000_001))).contains("rule 1 has a rate above 100 %"));
    assert!(error(with(FeeRule { fixed: Yen::new(-1), ..everything(1) })).contains("rule 1 has a rate"));
    assert!(error(with(FeeRule { minimum: Yen::new(10_001), ..everything(1) })).contains("rule 1 has a rate"));
    assert!(error(Contract { free: Yen::new(-1), ..contract() }).contains("got -¥1"));
    let error = error(Contract { interchange: Some("old".into()), ..contract() });
    assert_eq!(error, "contract 1: names interchange schedule \"old\", which does not exist");
}
