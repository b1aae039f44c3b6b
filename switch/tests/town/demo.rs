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
    assert_eq!(n(&first, "debits"), n(&first, "credits"));
    assert!(n(&first, "approved") > 300 && n(&first, "records") > 400);
    assert!(n(&first, "p50_us") > 0 && n(&first, "p99_us") >= n(&first, "p50_us"));
    assert!(first["tps"].as_f64().unwrap() > 100.0);
    let merchants = first["yen_by_merchant"].as_object().unwrap();
    assert_eq!(merchants.len(), 20);
    let sum = |key: &str| first[key].as_object().unwrap().values().map(|v| v.as_i64().unwrap()).sum::<i64>();
    assert_eq!(sum("yen_by_merchant"), sum("yen_by_issuer"));
    let second = run();
    assert!(n(&second, "records") > n(&first, "records"));
    assert_eq!(second["verified"], true, "{second}");
}
