//! Importing merchants and links: bad rows by line, into a stopped and into a running switch.

use crate::harness::{Town, by_two, kazasu, request};
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_demo::sample::{Town as Sample, named_ppid};
use serde_json::Value;

fn json(out: &std::process::Output) -> Value {
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| {
        panic!("{e}: {} {}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
    })
}

#[test]
fn bad_rows_are_reported_by_line_and_block_nothing() {
    let town = Town::opening(Sample { residents: 0, ..Sample::default() });
    let new = named_ppid("new");
    let other = named_ppid("other");
    let csv = format!(
        "ppid,kind,number,balance\n{new},on_us,0010000001,5000\nNOT-A-PPID,on_us,0010000002,\n{other},gold,1,\n\
         {other},credit,4900001234567891,\n{other},bank,99990010000003,\n{other},on_us,0010000009,-5\n"
    );
    let file = town.path("more.csv");
    std::fs::write(&file, csv).unwrap();
    let bad = town.path("bad.csv");
    let args = ["link", "import", file.to_str().unwrap(), "--config", &town.config(), "--json"];
    let with_bad: Vec<&str> = args.iter().copied().chain(["--bad-rows", bad.to_str().unwrap()]).collect();
    let out = kazasu(&with_bad);
    assert_eq!(out.status.code(), Some(1));
    let report = json(&out);
    let rows = report["bad_rows"].as_array().unwrap();
    let found: Vec<_> = rows.iter().map(|r| (r["line"].as_u64().unwrap(), r["column"].as_str().unwrap())).collect();
    assert_eq!(found, [(3, "ppid"), (4, "kind"), (5, "number"), (7, "balance")]);
    assert!(!report.to_string().contains("4900001234567891"), "a card number is repeated: {report}");
    assert_eq!((report["rows"].as_u64(), report["recorded"].as_u64()), (Some(6), Some(2)));
    assert_eq!(std::fs::read_to_string(&bad).unwrap().lines().count(), 5);

    // Another opening balance of an account that has money is not booked, and is told; the same one is nothing to tell.
    let another = town.path("another.csv");
    std::fs::write(&another, format!("ppid,kind,number,balance\n{new},on_us,0010000001,6000\n")).unwrap();
    for look in [&["--dry-run"][..], &[]] {
        let args = ["link", "import", another.to_str().unwrap(), "--config", &town.config(), "--json"];
        let report = json(&kazasu(&[&args[..], look].concat()));
        assert_eq!(report["unchanged"], 1, "{report}");
        let kept = &report["kept"][0];
        assert_eq!((kept["line"].as_u64(), kept["field"].as_str()), (Some(2), Some("balance")), "{report}");
        assert_eq!((kept["before"].as_str(), kept["after"].as_str()), (Some("¥5,000"), Some("¥6,000")), "{report}");
    }
    assert!(json(&kazasu(&args)).get("kept").is_none());

    // Again, into the running switch: nothing changes but the bad rows are bad again.
    town.settle();
    let served = town.serve();
    let again = json(&kazasu(&[&args[..], &["--by", "sato"]].concat()));
    assert_eq!(
        (again["recorded"].as_u64(), again["unchanged"].as_u64(), again["bad"].as_u64()),
        (Some(0), Some(2), Some(4))
    );
    let fresh = town.path("fresh.csv");
    std::fs::write(&fresh, format!("ppid,kind,number,balance\n{},on_us,0010000005,7\n", named_ppid("fresh"))).unwrap();
    let out = by_two(&town, &["link", "import", fresh.to_str().unwrap()], ["sato", "tanaka"]);
    assert_eq!((out.status.code(), json(&out)["recorded"].as_u64()), (Some(0), Some(1)));
    served.stop();
    let (state, _) = town.fold();
    // The sample's named cards, twenty more for each acquirer, and three that are new here.
    assert_eq!(state.sizes().residents, 19 + 3 * 20 + 3);

    let header = town.path("header.csv");
    std::fs::write(&header, "ppid,art\nx,y\n").unwrap();
    let out = kazasu(&["link", "import", header.to_str().unwrap(), "--dry-run", "--config", &town.config()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("the header has no column \"kind\""));
}

#[test]
fn a_second_switch_on_the_same_folder_is_refused() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let out = kazasu(&["serve", "--config", &town.config()]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("in use by another kazasu process"));
    served.stop();
}

#[test]
fn an_api_call_without_the_token_changes_nothing() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let records = served.status()["records"].clone();
    for token in [None, Some("Bearer "), Some("Bearer 0000000000000000000000000000000000000000")] {
        let headers: Vec<_> = token.map(|token| ("Authorization", token)).into_iter().collect();
        let csv = format!("ppid,kind,number,balance\n{},on_us,0010000001,5000\n", named_ppid("thief"));
        let (status, _) = request(served.http, "POST", "/api/v1/import/links", &headers, csv.as_bytes()).unwrap();
        assert_eq!(status, 401);
    }
    assert_eq!(served.status()["records"], records);
}

#[test]
fn a_damaged_record_is_named() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    town.serve().stop();
    town.verified();
    let mut bytes = std::fs::read(town.journal()).unwrap();
    let name = "みどり薬局".as_bytes();
    // Also where the file only has a leftover of it.
    let places: Vec<usize> = (0..bytes.len() - name.len()).filter(|at| bytes[*at..].starts_with(name)).collect();
    assert!(!places.is_empty(), "a merchant's name is in the file");
    for at in places {
        bytes[at + 2] ^= 1;
    }
    let copy = town.path("copy.db");
    std::fs::write(&copy, bytes).unwrap();
    let out = kazasu(&["ledger", "verify", copy.to_str().unwrap(), "--json"]);
    assert_eq!(out.status.code(), Some(1));
    let report = json(&out);
    assert_eq!(report["verified"], false);
    let record = report["record"].as_u64().unwrap();
    assert!(record > 1, "{report}");
    assert!(report["problem"].as_str().unwrap().contains("hash does not follow"), "{report}");
    // The switch refuses to start on it.
    std::fs::copy(&copy, town.journal()).unwrap();
    let out = kazasu(&["serve", "--config", &town.config()]);
    assert_eq!(out.status.code(), Some(2));
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(error.contains(&format!("journal record {record}")), "{error}");
}

#[test]
fn a_dated_link_holds_from_its_date() {
    let town = Town::opening(Sample { residents: 0, ..Sample::default() });
    let (soon, later) = (named_ppid("moved"), named_ppid("moves in 2099"));
    let file = town.path("dated.csv");
    let csv = format!(
        "ppid,kind,number,balance,from\n{soon},on_us,0010000001,100,2026-01-01\n{later},on_us,0010000002,100,2099-04-01\n\
         {later},on_us,0010000003,0,2098-01-01\n{later},on_us,0010000003,0,next year\n"
    );
    std::fs::write(&file, csv).unwrap();
    let out = kazasu(&["link", "import", file.to_str().unwrap(), "--config", &town.config(), "--json"]);
    let report = json(&out);
    let bad: Vec<_> = report["bad_rows"].as_array().unwrap().iter().map(|r| r["line"].as_u64().unwrap()).collect();
    assert_eq!(bad, [4, 5], "{report}");
    assert!(report["bad_rows"][0]["problem"].as_str().unwrap().contains("2099-04-01"), "{report}");
    let served = town.serve();
    let mut acquirer = town.acquirer(1, &served);
    acquirer.cards.insert("soon".into(), soon);
    acquirer.cards.insert("later".into(), later);
    let scenario = "title = 'x'\n[[step]]\nsend = 'purchase'\ncard = 'soon'\nat = 'shop'\namount = 10\nexpect = { code = '00' }\n\
                    [[step]]\nsend = 'purchase'\ncard = 'later'\nat = 'shop'\namount = 10\nexpect = { code = '14' }";
    let outcome = play(&Scenario::parse(scenario).unwrap(), &acquirer).unwrap();
    assert_eq!(outcome.differences, []);
}
