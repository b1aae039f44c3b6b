//! `kazasu demo` as a user starts it.

use crate::harness::kazasu;
use serde_json::Value;

#[test]
fn the_demo_sums_up_what_it_did_and_continues_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let run = || {
        let args = [
            "demo",
            "--data",
            data.to_str().unwrap(),
            "--taps",
            "400",
            "--rate",
            "400",
            "--seed",
            "7",
            "--exit",
            "--json",
        ];
        let out = kazasu(&args);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let first = run();
    let n = |value: &Value, key: &str| value[key].as_u64().unwrap_or_else(|| panic!("{key} in {value}"));
    assert_eq!((&first["verified"], &first["issuers_agree"]), (&true.into(), &true.into()), "{first}");
    assert_eq!(n(&first, "taps"), n(&first, "approved") + n(&first, "declined"));
    assert_eq!(n(&first, "sent"), 400);
    assert_eq!(n(&first, "unrecorded"), 0);
    assert_eq!(n(&first, "debits"), n(&first, "credits"));
    assert!(n(&first, "approved") > 300 && n(&first, "records") > 400);
    assert!(n(&first, "p50_us") > 0 && n(&first, "p99_us") >= n(&first, "p50_us"));
    assert!(first["tps"].as_f64().unwrap() > 100.0);
    let merchants = first["yen_by_merchant"].as_object().unwrap();
    assert_eq!(merchants.len(), 21);
    // Keys are for programs; what people read is under `names`.
    let by_issuer = first["yen_by_issuer"].as_object().unwrap();
    assert!(["issuer_1", "on_us", "shortfall"].iter().all(|key| by_issuer.contains_key(*key)), "{first}");
    let keys =
        [merchants, by_issuer, first["declined_by_reason"].as_object().unwrap()].into_iter().flat_map(|o| o.keys());
    for key in keys {
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{key}");
    }
    assert!(first["declined_by_reason"]["no_instrument_linked_14"].is_u64(), "{first}");
    assert_eq!(first["names"]["issuer_1"], "さくらカード Sakura Card");
    let sum = |key: &str| first[key].as_object().unwrap().values().map(|v| v.as_i64().unwrap()).sum::<i64>();
    assert_eq!(sum("yen_by_merchant"), sum("yen_by_issuer"));
    let second = run();
    assert!(n(&second, "records") > n(&first, "records"));
    assert_eq!(second["verified"], true, "{second}");
}

#[test]
fn the_demo_on_two_nodes_hands_the_lead_over_and_nothing_is_left_without_an_answer() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    // Started by root, the database server runs as a user of its own, who must get there.
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let data = dir.path().join("demo");
    let run = |more: &[&str]| {
        let mut args =
            vec!["demo", "--data", data.to_str().unwrap(), "--taps", "600", "--rate", "300", "--exit", "--json"];
        args.extend(more);
        kazasu(&args)
    };
    let out = run(&["--nodes", "2"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("--store postgres"), "a file cannot be shared");
    for round in 0..2 {
        let out = run(&["--nodes", "2", "--store", "postgres"]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let summary: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!((&summary["verified"], &summary["issuers_agree"]), (&true.into(), &true.into()), "{summary}");
        assert_eq!((&summary["nodes"], &summary["unanswered"]), (&2.into(), &0.into()), "round {round}: {summary}");
        assert_eq!(summary["unrecorded"], 0, "round {round}: {summary}");
        assert_eq!((&summary["handover"]["from"], &summary["handover"]["to"]), (&"node-1".into(), &"node-2".into()));
        assert!(summary["handover"]["ms"].as_u64().unwrap() < 5_000, "{summary}");
    }
}

#[test]
fn a_demo_goes_on_in_the_folder_of_its_own_kind_only_and_a_second_ctrl_c_ends_it_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kazasu"));
        command.arg("demo").args(args).current_dir(dir.path());
        command
    };
    let day = ["--day", "--taps", "1200", "--rate", "600", "--exit", "--json"];
    let out = run(&day).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // What was left open there does not concern the other kinds: each has a folder of its own.
    for folder in ["demo-day/demo.toml", "demo-day/settlements.xlsx"] {
        assert!(dir.path().join("kazasu-data").join(folder).is_file(), "{folder}");
    }
    let relief = ["--relief", "--taps", "1500", "--rate", "500", "--exit", "--json"];
    let out = run(&relief).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(dir.path().join("kazasu-data/demo-relief/relief-report.xlsx").is_file());
    let out = run(&[&["--data", "kazasu-data/demo-day"], &relief[..]].concat()).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("is the folder of another demo (--day)"));

    let mut child = run(&["--taps", "100000", "--rate", "50", "--json"]).spawn().unwrap();
    let journal = dir.path().join("kazasu-data/demo/data/journal.db-wal");
    crate::harness::wait_for("the demo's journal", std::time::Duration::from_secs(60), || {
        journal.exists().then_some(())
    });
    let begin = std::time::Instant::now();
    let status = loop {
        let _ = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(begin.elapsed() < std::time::Duration::from_secs(8), "the second Ctrl-C ends it");
    };
    assert_eq!(status.code(), Some(130));
}
