//! The sample file, and every way in which a file can be wrong.

use super::*;
use crate::japanese::assert_japanese;
use kazasu_schemas::contract::{
    Allowance, Basis, Brand, Cycle, Merchant, Product, Rounding, TapFact, Tariff, Tax, Tender,
};
use kazasu_schemas::ids::Mcc;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Rate;

fn day(text: &str) -> BusinessDay {
    BusinessDay::parse(text).unwrap()
}

#[test]
fn the_sample_is_read() {
    let file = read(SAMPLE).unwrap_or_else(|problems| panic!("{problems:?}"));
    let [standard, small, hospital] = &file.contracts[..] else { panic!("three contracts") };
    assert_eq!((standard.from, standard.until), (day("2026-04-01"), Some(day("2027-03-31"))));
    assert_eq!((standard.rounding, standard.basis, standard.tax), (Rounding::Down, Basis::Tap, Tax::Exempt));
    assert_eq!((standard.cycle, standard.payout_days), (Cycle::TwiceAMonth, 3));
    assert_eq!(standard.rules.iter().map(|rule| rule.rate.0).collect::<Vec<_>>(), [0, 22_000, 32_400, 15_000]);
    assert_eq!((standard.rules[3].fixed, standard.rules[3].minimum), (Yen::new(3), Yen::new(5)));
    assert_eq!(small.tax, Tax::Taxable { rate: Rate(100_000), rounding: Rounding::Down });
    assert_eq!((small.cycle, small.free, small.reserve.unwrap().days), (Cycle::Weekly(4), Yen::new(100_000), 30));
    assert_eq!((hospital.cycle, hospital.minimum_payout), (Cycle::MonthEnd, Yen::ZERO));
    assert_eq!(file.brands[1].ranges, [(51_000_000, 55_999_999), (22_210_000, 27_209_999)]);
    assert_eq!(file.interchange[0].rows.len(), 6);
    let (acquirer, merchant) = ("27000001".parse().unwrap(), "M10000000000001".parse().unwrap());
    let known = Merchant { acquirer, merchant, mcc: Mcc::new(8062).unwrap(), class: "small", tags: &[] };
    assert_eq!(file.of(known, day("2026-04-01")).unwrap().number, 3);
    for contract in &file.contracts {
        Tariff::new(contract, &file).unwrap();
    }
}

#[test]
fn the_samples_standard_contract_charges_as_it_says() {
    let file = read(SAMPLE).unwrap();
    let tariff = Tariff::new(&file.contracts[0], &file).unwrap();
    let tap = |seq, tender, digits: &[u8], mcc| TapFact {
        seq,
        tender,
        brand: file.brand_of(digits),
        product: file.product_of(digits),
        mcc: Mcc::new(mcc).unwrap(),
        amount: Yen::new(10_000),
        refund: None,
    };
    let facts = [
        tap(1, Tender::Credit, b"41234500", 8062),
        tap(2, Tender::Credit, b"27200000", 8062),
        tap(3, Tender::Purse, b"", 5411),
        tap(4, Tender::Bank, b"", 5411),
    ];
    assert_eq!((facts[2].brand, facts[2].product), (Brand::NONE, Product::UNKNOWN));
    let mut out = Vec::new();
    tariff.charge(day("2026-11-24"), &facts, &mut Allowance::default(), &mut out).unwrap();
    let seen: Vec<(i64, i64)> = out.iter().map(|tap| (tap.fee.get(), tap.interchange.get())).collect();
    assert_eq!(seen, [(220, 100), (324, 85), (0, 0), (153, 0)]);
}

/// All problems in English; in Japanese none has English inside.
fn told(problems: &[Problem]) -> String {
    problems.iter().for_each(assert_japanese);
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}

/// The problems of the sample with one thing changed, and the line that was changed.
fn found(from: &str, to: &str) -> (Vec<String>, usize) {
    let text = SAMPLE.replacen(from, to, 1);
    assert_ne!(text, SAMPLE, "{from} stands in the sample");
    let line = text[..SAMPLE.find(from).unwrap()].matches('\n').count() + 1;
    let problems = read(&text).expect_err(to);
    problems.iter().for_each(assert_japanese);
    (problems.iter().map(ToString::to_string).collect(), line)
}

/// A change of the sample, its result, and the problem.
const PROBLEMS: &[(&str, &str, &str)] = &[
    ("number = 1 ", "number = 0 ", "contract 0: number must be a whole number from 1 to 4294967295, got 0"),
    ("name = \"標準 standard\"", "name = \"\"", "contract 1: name must be 1 to 100 characters, got \"\""),
    ("default = true", "", "contract 1 does not say for whom"),
    ("default = true", "default = true\nclass = \"x\"", "contract 1: default stands beside merchants, class"),
    ("merchants = [", "class = \"x\"\nmerchants = [", "contract 3: merchants stands beside class"),
    ("M10000000000001\"", "M1\", \"27000001/M1\"", "contract 3: merchants names 27000001/M1 twice"),
    ("[\"27000001/M10000000000001\"]", "[\"M1\"]", "merchants must be acquirer/merchant like 27000001/M1, got \"M1\""),
    ("[\"27000001/M10000000000001\"]", "[]", "merchants names nothing"),
    ("tags = [\"local\"]", "tags = [\"lo cal\"]", "tags must be 1 to 40 characters without spaces"),
    ("from = \"2026-04-01\"", "from = \"2026-02-30\"", "from must be a date like 2026-12-01, got \"2026-02-30\""),
    ("until = \"2027-03-31\"", "until = \"2026-03-31\"", "until (2026-03-31) is before from (2026-04-01)"),
    ("rounding = \"down\"", "rounding = \"near\"", "rounding must be down, half_up or up, got \"near\""),
    ("basis = \"tap\"", "basis = \"day\"", "basis must be tap or day_and_brand, got \"day\""),
    ("tax = \"exempt\"", "tax = \"none\"", "tax must be exempt or a percentage like \"10%\", got \"none\""),
    ("tax = \"exempt\"", "tax = \"100%\"", "tax must be exempt or a percentage like \"10%\", got \"100%\""),
    ("basis = \"tap\"", "tax_rounding = \"up\"\nbasis = \"tap\"", "tax_rounding has no meaning where tax is exempt"),
    ("refund_fee = \"returned\"", "refund_fee = \"half\"", "refund_fee must be returned or kept, got \"half\""),
    ("interchange = \"standard", "interchange = \"old", "interchange names no [[interchange]] table: \"old 2022"),
    ("cycle = \"twice_a_month\"", "cycle = \"weekly\"", "cycle must be daily, weekly:DAY (like weekly:friday)"),
    ("payout_days = 3", "payout_days = 91", "payout_days must be a whole number from 0 to 90, got 91"),
    ("reserve = \"5%\"", "reserve = \"100%\"", "reserve must be above 0 and below 100 %, got \"100%\""),
    ("reserve = \"5%\"", "", "reserve_days needs reserve: how much?"),
    ("reserve_days = 30", "", "reserve needs reserve_days: for how long?"),
    ("minimum_payout = 1_000", "minimum_payout = -1", "minimum_payout must be a whole number from 0 to 999999999999"),
    ("chargeback_fee = 1_500", "funds_points = [301]", "contract 1: funds_points needs merchants to name exactly one"),
    ("chargeback_fee = 1_500", "funds_points = [0]", "funds_points must be a whole number from 1 to 65535"),
    ("chargeback_fee = 1_500", "chargeback_fee = -1", "chargeback_fee must be a whole number from 0"),
    ("free = 100_000", "free = -1", "contract 2: free must be a whole number from 0"),
    ("tenders = [\"credit\"]\nbrand", "tenders = [\"cash\"]\nbrand", "rule 2: tenders must be of credit, debit, bank"),
    ("tenders = [\"credit\"]\nbrand", "tenders = []\nbrand", "rule 2: tenders names nothing"),
    ("tenders = [\"credit\"]\nbrand", "tenders = [\"bank\"]\nbrand", "brand is for credit and debit cards"),
    (
        "brand = \"visa\"\n",
        "brand = \"nova\"\n",
        "rule 2: brand \"nova\" has no list in [brands]; known: jcb, mastercard",
    ),
    ("mcc = [\"5411\", ", "mcc = [\"541\", ", "rule 2: mcc must be codes of 4 digits or ranges like 7994-7999"),
    ("rate = \"3.24%\"", "rate = \"3.24\"", "rule 3: rate must be a percentage like \"3.24%\" from 0 to 100"),
    ("rate = \"3.24%\"", "rate = \"3.24001%\"", "at most 4 decimals, got \"3.24001%\""),
    ("rate = \"3.24%\"", "rate = \"100.0001%\"", "from 0 to 100 with at most 4 decimals, got \"100.0001%\""),
    ("rate = \"3.24%\"", "rate = \"-1%\"", "from 0 to 100 with at most 4 decimals, got \"-1%\""),
    ("rate = \"3.24%\"", "rate = \"3.%\"", "got \"3.%\""),
    ("fixed = 3 ", "fixed = 10_001 ", "rule 4: fixed must be a whole number from 0 to 10000, got 10001"),
    ("minimum = 5 ", "minimum = 10_001 ", "rule 4: minimum must be a whole number from 0 to 10000, got 10001"),
    ("minimum = 5 ", "minimum = 3 ", "rule 4: minimum (¥3) can never count: fixed is ¥3 already"),
    ("visa = [\"4\"]", "visa = [\"x\"]", "brands: visa must be 1 to 8 digits, or a range of as many"),
    ("visa = [\"4\"]", "visa = []", "brands: visa must have at least one beginning"),
    ("visa = [\"4\"]", "visa = [\"4\", \"53\"]", "brands: visa overlaps \"mastercard\": cards from 53000000 on"),
    ("platinum = [\"412346\"]", "platinum = [\"41234\"]", "overlaps"),
    ("gold\", rate = \"1.00%\"", "gold\", rate = \"1%%\"", "interchange \"standard 2022-11-30\": rate must be"),
    ("\"visa\", product = \"gold\"", "\"amex\", product = \"gold\"", "brand \"amex\" has no list in [brands]"),
    ("product = \"gold\"", "product = \"silver\"", "product \"silver\" has no list in [products]"),
    ("product = \"gold\"", "product = \"classic\"", "product \"classic\" of \"visa\" has two rows"),
    ("name = \"standard 2022-11-30\"", "name = \" \"", "interchange: name must be 1 to 100 characters"),
    ("basis = \"tap\"", "bases = \"tap\"", "unknown field `bases`"),
    ("payout_days = 3", "payout_days = \"3\"", "invalid type: string"),
];

#[test]
fn problems_name_their_line_and_what_came() {
    for (from, to, says) in PROBLEMS.iter().copied() {
        let (problems, line) = found(from, to);
        let at = |line: usize| {
            let begins = format!("line {line}: ");
            problems.iter().any(|problem| problem.starts_with(&begins) && problem.contains(says))
        };
        let said = problems.iter().any(|problem| problem.contains(says));
        assert!(said, "{to}: {problems:?}");
        // What is missing is told at the table or at what needs it; overlaps at the later of the two.
        if !to.is_empty() && says != "overlaps" && !says.contains("overlaps") {
            let added = to.matches('\n').count().saturating_sub(from.matches('\n').count());
            assert!(
                (line..=line + added).any(at) || (from.contains("tenders") && at(line + 1)),
                "{to} in line {line}: {problems:?}"
            );
        }
    }
}

#[test]
fn all_problems_are_found_and_lines_ascend() {
    let text = SAMPLE
        .replace("rate = \"3.24%\"", "rate = \"x\"")
        .replace("cycle = \"month_end\"", "cycle = \"never\"")
        .replace("visa = [\"4\"]", "visa = [\"y\"]");
    let problems = read(&text).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems.is_sorted_by_key(|problem| problem.line));
    let many = SAMPLE.to_owned() + &"[[contract.rule]]\nrate = \"z\"\n".repeat(150);
    let problems = read(&many).unwrap_err();
    assert_eq!((problems.len(), problems[100].text.to_string().as_str()), (101, "and 50 more problems in the file"));
    let long = read(&"#".repeat(5 * 1024 * 1024)).unwrap_err();
    assert!(long[0].text.to_string().contains("at most 4,194,304 are read"));
}

/// A short contract for whom `scope` says.
fn contract(number: u32, scope: &str, from: &str) -> String {
    format!(
        "[[contract]]\nnumber = {number}\nname = \"c\"\n{scope}\n{from}\nrounding = \"down\"\nbasis = \"tap\"\n\
         tax = \"exempt\"\nrefund_fee = \"kept\"\ncycle = \"daily\"\npayout_days = 1\n[[contract.rule]]\nrate = \"1%\"\n"
    )
}

const FOR_EVER: &str = "from = \"2026-04-01\"";
const APRIL: &str = "from = \"2026-04-01\"\nuntil = \"2026-04-30\"";
const LATER: &str = "from = \"2026-05-01\"";

#[test]
fn two_contracts_for_one_merchant_are_refused() {
    let pair = |first: (&str, &str), second: (&str, &str)| {
        let text = format!("name = \"x\"\n{}{}", contract(1, first.0, first.1), contract(2, second.0, second.1));
        read(&text).map(|_| ()).map_err(|problems| told(&problems))
    };
    let named = "merchants = [\"1/A\", \"1/B\"]";
    let also = "merchants = [\"1/B\", \"1/C\"]";
    let error = pair((named, FOR_EVER), (also, LATER)).unwrap_err();
    assert_eq!(error, "line 18: contract 2: merchants names 1/B, which contract 1 has from 2026-04-01 on");
    assert_eq!(pair((named, APRIL), (also, LATER)), Ok(()));
    assert_eq!(pair((named, FOR_EVER), ("merchants = [\"2/A\"]", FOR_EVER)), Ok(()));
    assert_eq!(pair((named, FOR_EVER), ("default = true", FOR_EVER)), Ok(()));
    assert_eq!(pair((named, FOR_EVER), ("class = \"small\"", FOR_EVER)), Ok(()));
    let error = pair(("default = true", APRIL), ("default = true", "from = \"2026-04-30\"")).unwrap_err();
    assert_eq!(error, "line 19: contract 2: default is what contract 1 has from 2026-04-01 until 2026-04-30");
    assert_eq!(pair(("default = true", APRIL), ("default = true", LATER)), Ok(()));
    let until_may = "from = \"2026-04-01\"\nuntil = \"2026-05-01\"";
    assert!(pair(("default = true", LATER), ("default = true", until_may)).is_err(), "both on 1 May");
    assert_eq!(pair(("default = true", LATER), ("default = true", APRIL)), Ok(()));
    let apart = [
        ("class = \"a\"", "class = \"b\""),
        ("mcc = [\"4000-4999\"]", "mcc = [\"5000\", \"6000\"]"),
        ("class = \"a\"\nmcc = [\"4000-4999\"]", "class = \"a\"\nmcc = [\"5000\"]"),
    ];
    for (first, second) in apart {
        assert_eq!(pair((first, FOR_EVER), (second, FOR_EVER)), Ok(()));
    }
    let together = [
        ("class = \"a\"", "class = \"a\"\ntags = [\"x\"]"),
        ("class = \"a\"", "mcc = [\"4000\"]"),
        ("tags = [\"x\"]", "tags = [\"y\"]"),
        ("mcc = [\"4000-4999\"]", "mcc = [\"4999-5000\"]"),
    ];
    for (first, second) in together {
        let error = pair((first, FOR_EVER), (second, FOR_EVER)).unwrap_err();
        assert!(error.contains("takes merchants that contract 1 has from 2026-04-01 on: tell them apart"), "{error}");
        assert_eq!(pair((first, APRIL), (second, LATER)), Ok(()));
    }
    let text = format!("name = \"x\"\n{}{}", contract(2, named, FOR_EVER), contract(2, "default = true", FOR_EVER));
    assert!(read(&text).unwrap_err()[0].text.to_string().contains("number must ascend from contract to contract"));
}

#[test]
fn points_have_one_funder_at_a_time() {
    let funds = |number, merchant: &str, days: &str, list: &str| {
        contract(number, &format!("merchants = [\"{merchant}\"]\nfunds_points = {list}"), days)
    };
    let read = |tables: [String; 2]| match read(&format!("name = \"x\"\n{}{}", tables[0], tables[1])) {
        Ok(read) => Ok(read.contracts.iter().map(|c| c.funds_points.clone()).collect::<Vec<_>>()),
        Err(problems) => Err(told(&problems)),
    };
    let both = |days| read([funds(1, "1/A", FOR_EVER, "[301, 302]"), funds(2, "1/B", days, "[302]")]);
    assert!(both(LATER).unwrap_err().contains("contract 2: funds_points 302 is funded by contract 1 on the same days"));
    let after = read([funds(1, "1/A", APRIL, "[301, 302]"), funds(2, "1/B", LATER, "[302]")]);
    assert_eq!(after, Ok(vec![vec![301, 302], vec![302]]), "one after the other");
    let twice = read([funds(1, "1/A", APRIL, "[301, 301]"), funds(2, "1/B", LATER, "[]")]);
    assert!(twice.unwrap_err().contains("contract 1: funds_points has 301 twice"));
    let many =
        read([funds(1, "1/A", APRIL, &format!("{:?}", (1..12).collect::<Vec<_>>())), funds(2, "1/B", LATER, "[]")]);
    assert!(many.unwrap_err().contains("contract 1: funds_points must name at most 10 programmes"));
    let group = read([contract(1, "class = \"a\"\nfunds_points = [301]", APRIL), funds(2, "1/B", LATER, "[]")]);
    assert!(group.unwrap_err().contains("funds_points needs merchants to name exactly one merchant"));
}

#[test]
fn rules_must_end_and_none_may_be_in_vain() {
    let rules = |rules: &str| {
        let head = contract(1, "default = true", FOR_EVER).replace("[[contract.rule]]\nrate = \"1%\"\n", "");
        let brands = "[brands]\nvisa = [\"4\"]\njcb = [\"35\"]\n";
        let problems = read(&format!("name = \"x\"\n{brands}{head}{rules}")).map(|_| ());
        problems.map_err(|problems| told(&problems))
    };
    let rule = |keys: &str| format!("[[contract.rule]]\n{keys}rate = \"1%\"\n");
    assert_eq!(
        rules("").unwrap_err(),
        "line 5: contract 1 has no [[contract.rule]]: the last rule must take every tap"
    );
    let error = rules(&rule("brand = \"visa\"\n")).unwrap_err();
    assert_eq!(
        error,
        "line 16: contract 1, rule 1 is the last and must take every tap: it may have no tenders, brand or mcc"
    );
    for (first, second) in [
        ("", ""),
        ("", "brand = \"visa\"\n"),
        ("tenders = [\"credit\", \"debit\"]\n", "tenders = [\"debit\"]\nbrand = \"visa\"\n"),
        ("mcc = [\"5000-5999\"]\n", "mcc = [\"5411\", \"5912-5921\"]\ntenders = [\"on_us\"]\n"),
    ] {
        let error = rules(&(rule(first) + &rule(second) + &rule(""))).unwrap_err();
        assert!(error.contains("rule 2 can never count: rule 1 takes all these taps before it"), "{error}");
    }
    for (first, second) in [
        ("brand = \"visa\"\n", "brand = \"jcb\"\n"),
        ("tenders = [\"credit\"]\n", "tenders = [\"credit\", \"debit\"]\n"),
        ("mcc = [\"5000-5999\"]\n", "tenders = [\"on_us\"]\n"),
        ("mcc = [\"5000-5999\"]\n", "mcc = [\"5999-6000\"]\n"),
    ] {
        assert_eq!(rules(&(rule(first) + &rule(second) + &rule(""))), Ok(()));
    }
}
