use super::*;
use crate::japanese::assert_japanese;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{Kind, Rate, Window};

/// The file of the manual, word for word.
fn manual() -> String {
    let page = include_str!("../../../../docs/operations/policy.md");
    let begin = page.find("```toml\n").unwrap() + "```toml\n".len();
    let end = begin + page[begin..].find("```").unwrap();
    page[begin..end].to_owned()
}

#[test]
fn the_manuals_file_is_read() {
    let policy = read(&manual()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(policy.no_pin, Some(Yen::new(15_000)));
    let limit = &policy.limits[0];
    assert_eq!((limit.window, limit.amount, limit.count), (Window::Day, Some(Yen::new(100_000)), Some(30)));
    assert!(limit.instruments.has(Kind::Credit) && !limit.instruments.has(Kind::OnUs) && limit.without_pin);
    assert_eq!(limit.mcc.as_ref().unwrap().len(), 2);
    assert_eq!(policy.points[0].rate, Rate(50_000));
    assert_eq!(policy.points[0].bonus_weekdays, 0b100_0000);
    assert_eq!(policy.alerts, [50, 80, 100]);
    assert!(differences(&policy, &policy).is_empty());
}

#[test]
fn what_differs_is_told_key_by_key() {
    let before = read(&manual()).unwrap();
    let text = manual().replace("amount = 100_000", "amount = 80_000").replace("rate = \"5%\"", "rate = \"2.5%\"");
    let text = &text[..text.find("[offline]").unwrap()];
    let found: Vec<String> = differences(&before, &read(text).unwrap())
        .into_iter()
        .map(|d| format!("{}: {} -> {}", d.what, d.before.unwrap_or_default(), d.after.unwrap_or_default()))
        .collect();
    assert_eq!(
        found,
        [
            "limit 01 amount: ¥100,000 -> ¥80,000",
            "offline floor: ¥15,000 -> ",
            "offline floor of class hospital: ¥50,000 -> ",
            "offline floor of class vending: ¥1,000 -> ",
            "offline liable: merchant -> ",
            "offline resident_day: ¥10,000 -> ",
            "points 00001 rate: 5% -> 2.5%"
        ]
    );
}

#[test]
fn problems_name_their_line_and_all_are_found() {
    let found = |from: &str, to: &str| {
        let text = manual().replacen(from, to, 1);
        assert_ne!(text, manual(), "{from} stands in the manual");
        let at = text.find(to).unwrap();
        let line = text[..at].matches('\n').count() + 1;
        let problems = read(&text).unwrap_err();
        problems.iter().for_each(assert_japanese);
        (problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "), line)
    };
    for (from, to, says) in [
        ("window = \"day\"", "window = \"week\"", "limit 1: window must be tap, day, month or days:N"),
        ("amount = 100_000", "amount = 0", "limit 1: amount must be a whole number from 1"),
        ("group = \"games\"", "group = \"game\"", "group names no group: \"game\"; known: games"),
        ("count = 30", "count = 1.5", "invalid type: floating point"),
        ("games = [\"7993\", \"7994-7999\"]", "games = [\"7999-7994\"]", "games must be codes of 4 digits or ranges"),
        ("stale_hours = 72", "stale_hours = 12", "stale_hours (12) is below fresh_hours (24)"),
        ("at = [50, 80, 100]", "at = [80, 50]", "at must be at most 8 percentages in ascending order"),
        (
            "until = \"2027-01-31\"       # optional",
            "until = \"2026-10-01\" #",
            "until (2026-10-01) is before from (2026-11-01)",
        ),
        ("not_mcc = [\"5921\"]", "not_mcc = [\"5000-5999\"]", "not_mcc excludes everything that mcc allows"),
        ("rate = \"5%\"", "rate = \"0.05\"", "rate must be a percentage like \"2.5%\""),
        ("rate = \"5%\"", "rate = \"101%\"", "above 0 and at most 100"),
        ("cap_tap = 1_000", "cap_tap = 4_000", "cap_tap (4000) is above the next larger cap (3000)"),
        ("budget = 10_000_000", "budget = 10", "budget (10) is below a cap (1000)"),
        ("rounding = \"tap\"", "rounding = \"month\"", "rounding \"month\" needs one rate"),
        ("bonus_days = [\"2026-12-20\"]", "bonus_days = [\"2027-12-20\"]", "bonus_days has 2027-12-20, outside"),
        ("bonus_rate = \"10%\"", "", "bonus_rate belongs to bonus_days"),
        ("expires = \"2027-03-31\"", "expires = \"2026-12-31\"", "points would lapse while they are earned"),
        ("tap = 5_000", "tap = 50_000", "tap (¥50,000) is above resident_day (¥10,000)"),
        ("issuer = 1", "issuer = 0", "issuer must be a whole number from 1 to 65535, got 0"),
        (
            "instruments = [\"credit\"]",
            "instruments = [\"cash\"]",
            "must be of credit, debit, bank, on_us, got \"cash\"",
        ),
        ("liable = \"operator\"", "liable = \"none\"", "liable must be operator, merchant or issuer"),
        ("funder = \"かざす町\"", "funder = \"\"", "funder must be 1 to 100 characters"),
        ("regions = [\"13101\", \"14\"]", "regions = [\"Tokyo\"]", "regions must be a municipality code"),
        ("merchants = [\"27000001/M10000000000001\"]", "merchants = [\"M1\"]", "merchants must be acquirer/merchant"),
        ("[offline]", "[ofline]", "unknown field `ofline`"),
        ("floor = 15_000", "floor = -1", "offline: floor must be"),
        ("vending = 1_000", "vending = -1", "offline: floor_by_class must be"),
        ("vending = 1_000", "\"　\" = 1_000", "a class has a name"),
        ("vending = 1_000", "\"ｈospital\" = 1_000", "is there twice"),
    ] {
        let (text, line) = found(from, to);
        assert!(text.contains(says), "{to}: {text}");
        if !to.is_empty() && !says.contains("excludes") {
            assert!(text.contains(&format!("line {line}: ")), "{to} is in line {line}: {text}");
        }
    }
    let both = manual().replace("amount = 100_000", "amount = -1").replace("rate = \"5%\"", "rate = \"x\"");
    assert_eq!(read(&both).unwrap_err().len(), 2);
}

#[test]
fn limits_that_can_never_be_reached_are_refused() {
    let text = "name = 'x'\n[[limit]]\nnumber = 1\nname = 'day'\nwindow = 'day'\namount = 5000\n[[limit]]\nnumber = 2\n\
                name = 'month'\nwindow = 'month'\namount = 4000\n";
    let problems = read(text).unwrap_err();
    problems.iter().for_each(assert_japanese);
    assert_eq!(
        problems[0].to_string(),
        "line 6: limit at place 1: amount (¥5,000) can never be reached: limit 2 allows ¥4,000 over a longer time"
    );
    let twice = text.replace("number = 2", "number = 1");
    assert!(read(&twice).unwrap_err().iter().any(|p| p.text.to_string().contains("is used twice")));
    let empty = "name = 'x'\n[[limit]]\nnumber = 1\nname = 'a'\nwindow = 'day'\n";
    assert!(read(empty).unwrap_err()[0].text.to_string().contains("amount or count is needed"));
}
