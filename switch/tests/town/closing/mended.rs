//! A file that comes again mended, and the demo's day.

use super::*;

/// A file with lines that cannot be read calls nothing missing; a mended one ends what an earlier one opened, by itself.
#[test]
fn a_mended_file_ends_what_an_earlier_one_opened() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let staff = Staff { town: &town };
    taps(&town, &served, &[("credit-ok", 1_000), ("credit-ok", 2_000), ("credit-ok", 3_000)]);
    served.drained();
    let day = staff.ok("sato", &["day", "status"])[0]["day"].as_str().unwrap().to_owned();
    staff.run("sato", &["day", "close", "--cut-over"]);
    let path = staff.file("issuer.csv");
    staff.ok("sato", &export_args(&path, "issuer", "1", &day));
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let import = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let out = staff.run("sato", &import_args(&path, "issuer", "1", &day));
        let told: Value = serde_json::from_slice(&out.stdout).unwrap();
        (out.status.code(), told)
    };
    let open = || staff.ok("sato", &["recon", "exceptions"]).as_array().unwrap().clone();

    // Every line unreadable, then one.
    let (code, told) = import(&text.replace(",392,", ",yen,"));
    assert_eq!((code, &told["statuses"], &told["bad_lines"]), (Some(1), &json!({ "undecided": [3, 0] }), &json!(3)));
    let (code, told) = import(&text.replacen(",392,", ",yen,", 1));
    assert_eq!((code, &told["statuses"]), (Some(1), &json!({ "matched": [2, 2], "undecided": [1, 0] })), "{told}");
    assert_eq!(open(), Vec::<Value>::new());
    // Two lines lack, and one of them comes with another amount.
    let (code, told) = import(&[lines[0], lines[1]].join("\n"));
    assert_eq!((code, &told["statuses"]), (Some(1), &json!({ "matched": [1, 1], "missing": [2, 0] })), "{told}");
    assert_eq!(open().len(), 2);
    let (code, told) = import(&[lines[0], lines[1], lines[2], &lines[3].replacen(",3000,", ",2900,", 1)].join("\n"));
    assert_eq!((code, &told["ended"]), (Some(1), &json!(2)), "{told}");
    let left = open();
    assert_eq!((left.len(), &left[0]["status"], &left[0]["theirs_yen"]), (1, &json!("amount_under"), &json!(2_900)));
    // The right file ends the rest; who brought it and why is told.
    let (code, told) = import(&text);
    assert_eq!((code, &told["ended"], &told["exceptions"]), (Some(0), &json!(1), &json!(0)), "{told}");
    assert_eq!(open(), Vec::<Value>::new());
    let all = staff.ok("sato", &["recon", "exceptions", "--all"]);
    for d in all.as_array().unwrap() {
        assert_eq!(d["resolved"]["how"], "explained", "{d}");
        assert!(d["notes"].to_string().contains("A later file has it"), "{d}");
        assert_eq!(d["notes"][0]["by"], "per_1");
    }
    served.stop();
}

#[test]
fn the_day_demo_finds_exactly_what_was_planted() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let args =
        ["demo", "--day", "--data", data.to_str().unwrap(), "--taps", "1200", "--rate", "300", "--exit", "--json"];
    for day in 0..2 {
        let out = kazasu(&args);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let value: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(
            (&value["planted"], &value["found"], &value["unexplained"]),
            (&json!(5), &json!(5), &json!(0)),
            "{value}"
        );
        assert_eq!(value["verified"], true);
        assert!(
            value["settled_yen"].as_i64().unwrap() > 0 && value["fees_yen"].as_i64().unwrap() > 0,
            "day {day}: {value}"
        );
    }
}
