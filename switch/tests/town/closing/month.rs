//! The end of a month in one report.

use super::Day;

/// A month in one table set, which ends with what is missing.
pub(super) fn the_month_says_what_is_missing(day: &Day<'_>) {
    let staff = &day.staff;
    let month = &day.date[..7];
    let of = |month: &str| staff.ok("sato", &["report", "month", "--month", month, "--why", "a test"]);
    let made = of(month);
    let sheets = made["sheets"].as_array().unwrap();
    assert_eq!(sheets.len(), 9, "{made}");
    let named = |name: &str| {
        let sheet = sheets.iter().find(|sheet| sheet.to_string().contains(name));
        sheet.unwrap_or_else(|| panic!("{name}: {made}"))["rows"].as_array().unwrap().clone()
    };
    let days = named("Business day");
    assert!(days.iter().any(|row| row.to_string().contains(&day.date)), "{days:?}");
    assert!(!named("Settlements").is_empty() && !named("Postings").is_empty(), "{made}");
    let missing = sheets[8].to_string();
    assert!(missing.contains("The month is not over") || missing.contains("is not signed"), "{missing}");
    assert!(missing.contains("settlements are not paid"), "a payout came back: {missing}");
    let long_ago = of("2020-02");
    assert!(long_ago["sheets"][8]["rows"].as_array().unwrap().is_empty(), "nothing is missing: {long_ago}");
    for wrong in ["2026-13", "november"] {
        let out = staff.run("sato", &["report", "month", "--month", wrong, "--why", "a test"]);
        assert!(String::from_utf8_lossy(&out.stderr).contains("a month like 2026-11"), "{wrong}");
    }
    let folder = staff.file("month.csv");
    staff.ok("sato", &["report", "month", "--month", month, "--why", "a test", "--out", &folder]);
    assert!(std::path::Path::new(&folder.replace(".csv", ".9.csv")).is_file());
}
