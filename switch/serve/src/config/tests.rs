//! The sample town's configuration, changed.

use super::keys::HttpKeys;
use super::*;
use kazasu_schemas::jst::BusinessDay;

/// The sample town's configuration with one piece of its text replaced: what loading it says.
fn loaded(from: &str, to: &str) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let town = dir.path().join("town");
    kazasu_demo::sample::write(&town, &kazasu_demo::sample::Town { residents: 1, ..Default::default() }).unwrap();
    let path = town.join("kazasu.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in the sample");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    Config::load(&path).map_err(|e| format!("{e:#}"))
}

#[test]
fn acquirers_that_can_sign_on_nowhere_are_named_and_none_at_all_is_refused() {
    let notes = |from: &str, to: &str| {
        loaded(from, to).unwrap().notes().iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    assert_eq!(notes("book = ", "book = "), Vec::<String>::new());
    let pin = format!("certificates = [\"{}\"]\n", "ab".repeat(32));
    // One with certificates, where no listener has TLS.
    let said = notes("ppid_in = ", &format!("{pin}ppid_in = "));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("[[acquirer]] 27000001 ") && said[0].contains("it cannot sign on"), "{said:?}");
    // All of them.
    let dir = tempfile::tempdir().unwrap();
    let town = dir.path().join("town");
    kazasu_demo::sample::write(&town, &kazasu_demo::sample::Town { residents: 1, ..Default::default() }).unwrap();
    let path = town.join("kazasu.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("ppid_in = ", &format!("{pin}ppid_in = "))).unwrap();
    let said = format!("{:#}", Config::load(&path).err().unwrap());
    assert!(
        said.contains("no acquirer can sign on") && said.contains("27000003") && said.contains("kazasu.toml"),
        "{said}"
    );
}

#[test]
fn the_window_of_transmission_times_is_checked() {
    let clock = |line: &str| loaded("\n[payout]", &format!("\n[clock]\n{line}\n\n[payout]"));
    let window = |line: &str| clock(line).map(|config| config.file.clock.transmission_window().as_secs() / 60);
    assert_eq!((window(""), window("transmission_minutes = 720")), (Ok(15), Ok(720)));
    for (line, got) in [("transmission_minutes = 0", "0"), ("transmission_minutes = 721", "721")] {
        let said = window(line).unwrap_err();
        assert!(said.ends_with(&format!("clock.transmission_minutes must be 1 to 720, got {got}")), "{said}");
    }
}

#[test]
fn finance_is_checked_at_the_start() {
    let approvers = "approvers = [\"suzuki\", \"tanaka\"]\n";
    let tolerance = |lines: &str| loaded(approvers, &format!("{approvers}[[finance.tolerance]]\n{lines}\n"));
    let good = tolerance("of = \"issuer 4\"\nyen = 2\nper_mille = 1").unwrap();
    let t = &good.file.finance.tolerances[0];
    assert_eq!((t.of.as_str(), t.yen, t.per_mille, t.days, t.write_off_yen), ("issuer 4", 2, 1, 1, 0));
    for (lines, says) in [
        ("of = \"bank 1\"", "tolerance of must be `issuer N` or `acquirer ID`, got \"bank 1\""),
        ("of = \"issuer x\"", "tolerance of must be `issuer N` or `acquirer ID`, got \"issuer x\""),
        ("of = \"issuer 01\"", "tolerance of must be `issuer N` or `acquirer ID`, got \"issuer 01\""),
        ("of = \"issuer 1\"\nyen = 10_001", "tolerance of issuer 1: yen must be 10000 at most, got 10001"),
        ("of = \"issuer 1\"\nwrite_off_yen = 10_001", "write_off_yen must be 10000 at most, got 10001"),
        ("of = \"issuer 1\"\nper_mille = 101", "per_mille must be 100 (a tenth) at most, got 101"),
        ("of = \"issuer 1\"\ndays = 31", "days must be 30 at most, got 31"),
        ("of = \"issuer 1\"\nyen = -1", "yen"),
        ("of = \"issuer 1\"\n[[finance.tolerance]]\nof = \"issuer 1\"", "tolerance of \"issuer 1\" is there twice"),
    ] {
        let said = tolerance(lines).map(|_| ()).unwrap_err();
        assert!(said.contains(says) && said.contains("kazasu.toml"), "{lines}: {said}");
    }
}

#[test]
fn bank_holidays_come_from_a_file() {
    let today = kazasu_engine::clock::now().jst_day();
    let year = today.to_string()[..4].parse::<i32>().unwrap();
    let own = |year: i32, extra: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("holidays.csv");
        let days = ["01-01", "01-02", "01-03", "12-31"].map(|d| format!("{year}-{d},bank"));
        std::fs::write(&path, format!("{}\n{extra}\n", days.join("\n"))).unwrap();
        let key = format!("bank_holidays_file = {path:?}\nkeys_file = ");
        loaded("keys_file = ", &key)
    };
    let free = BusinessDay::parse(&format!("{year}-06-07")).unwrap();
    let free = if free.weekday() > 4 { BusinessDay(free.0 + 2) } else { free };
    let config = own(year, &format!("{free},town's day")).unwrap();
    assert_eq!(config.calendar.is_bank_business_day(free), Ok(false));
    assert_eq!(loaded("keys_file = ", "keys_file = ").unwrap().calendar.is_bank_business_day(free), Ok(true));
    let says = |found: Result<Config, String>| found.map(|_| ()).unwrap_err();
    // Only value dates need it: a file that has run out ends nothing else.
    assert!(own(year - 2, "").unwrap().calendar.span().1 < today);
    let said = says(own(year, "31.12.,x"));
    assert!(said.contains("line 5: expected a date like 2026-01-01 or 2026/1/1"), "{said}");
    let said = says(loaded("keys_file = ", "bank_holidays_file = \"none.csv\"\nkeys_file = "));
    assert!(said.contains("cannot read") && said.contains("none.csv"), "{said}");
}

#[test]
fn finance_names_people_and_another_person_decides() {
    let says = |from: &str, to: &str| loaded(from, to).map(|_| ()).unwrap_err();
    let staff = "staff = [\"sato\", \"suzuki\"]\napprovers = [\"suzuki\", \"tanaka\"]";
    let said = says(staff, "staff = [\"no\u{202e}body\"]\napprovers = [\"tanaka\"]");
    assert!(said.contains("[finance]") && said.contains("U+202E"), "{said}");
    let said = says(staff, "staff = [\"sato\"]\napprovers = [\"sato\"]");
    assert!(said.contains("what sato proposes could be decided by no other person"), "{said}");
}

#[test]
fn a_person_is_one_however_the_name_is_spelt() {
    let says = |from: &str, to: &str| loaded(from, to).map(|_| ()).unwrap_err();
    let roles = "officers = [\"sato\"]\napprovers = [\"suzuki\"]\n";
    for (name, problem) in [
        ("Sato", "has 2 roles"),
        ("ｓａｔｏ", "has 2 roles"),
        (" sato", "has 2 roles"),
        ("ѕato", "has 2 roles"), // Cyrillic
        ("sa\u{200b}to", "has 2 roles"),
    ] {
        let said = says(roles, &format!("officers = [\"sato\"]\napprovers = [\"{name}\"]\n"));
        assert!(said.contains(problem), "{name:?}: {said}");
    }
    let staff = "staff = [\"sato\", \"suzuki\"]\napprovers = [\"suzuki\", \"tanaka\"]";
    let said = says(staff, "staff = [\"sato\"]\napprovers = [\"sato\", \"ＳＡＴＯ\"]");
    assert!(said.contains("could be decided by no other person"), "{said}");
    let config = loaded(staff, "staff = [\"Ｓato\", \"suzuki\"]\napprovers = [\"suzuki\", \"Tanaka\"]").unwrap();
    assert!(config.file.finance.names("sato") && config.file.finance.names("TANAKA"));
    let keys: HttpKeys = toml::from_str(&format!(
        "token = {:?}\n[people]\nsuzuki = {:?}\n\"ＳＵＺＵＫＩ\" = {:?}\n",
        random(1),
        random(2),
        random(3)
    ))
    .unwrap();
    let said = callers(&keys).map(|_| ()).unwrap_err().to_string();
    assert!(said.contains("are one name, however it is spelt"), "{said}");
    for weak in ["0".repeat(32), "abab".repeat(8)] {
        let keys: HttpKeys = toml::from_str(&format!("token = {weak:?}\n")).unwrap();
        let said = callers(&keys).map(|_| ()).unwrap_err().to_string();
        assert!(said.contains("no random one"), "{said}");
    }
}

/// A token that looks like one.
fn random(n: u8) -> String {
    (0..16_u8).map(|at| format!("{:02x}", n.wrapping_mul(73) ^ at.wrapping_mul(29))).collect()
}
