//! Every shipped scenario over every shipped dialect.

use crate::harness::{Town, kazasu};
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_demo::sample::Town as Sample;
use std::path::Path;

#[test]
fn every_scenario_goes_as_written_in_every_dialect() {
    let town = Town::new(Sample { residents: 10, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../acquirer-sim/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 25, "only {} scenarios", files.len());
    let mut played = 0;
    for number in 1..=3 {
        let acquirer = town.acquirer(number, &served);
        for file in &files {
            let scenario = Scenario::load(file).unwrap();
            let outcome = play(&scenario, &acquirer).unwrap_or_else(|e| panic!("{}: {e:#}", file.display()));
            assert_eq!(outcome.differences, [], "{} in {}", file.display(), acquirer.dialect.name);
            played += usize::from(outcome.skipped.is_none());
        }
    }
    assert!(played >= files.len() * 3 - 5, "only {played} were played");
    // What was approved in the place of the issuer that is down is still owed to it, once an acquirer.
    served.drained_but(3);
    let metrics = served.get("/metrics").1;
    for name in [
        "kazasu_messages_total{type=\"0210\",outcome=\"51\"}",
        "kazasu_refused_frames_total{reason=\"wrong_mac\"}",
        "kazasu_stage_seconds_bucket{stage=\"commit\"",
        "kazasu_commit_batch_records_bucket",
        "kazasu_issuer_connection_up{issuer=\"さくらカード Sakura Card\"} 1",
        "kazasu_issuer_answer_seconds_count",
        "kazasu_issuer_saf_queue",
    ] {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
    served.stop();
    let verified = town.verified();
    assert_eq!(verified.sums.debits, verified.sums.credits);
    let (state, mut disagreements) = town.fold();
    disagreements.retain(|d| d.issuer != 4);
    assert_eq!(disagreements, []);
    assert_eq!(state.unacknowledged_by_issuer(), [(4, 3)].into());
    // A command that works on the journal itself sends nothing, and has no reason to complain about what is owed.
    let (file, config) = (town.path("asks.jsonl"), town.config());
    let who = kazasu_demo::sample::named_ppid("on-us-a");
    std::fs::write(&file, format!("{{\"do\":\"set_limits\",\"ppid\":\"{who}\",\"day\":100000}}")).unwrap();
    let out = kazasu(&["apply", file.to_str().unwrap(), "--config", &config]);
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_wrong_expectation_is_reported_as_a_difference() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let text = "title = 'x'\n[[step]]\nsend = 'purchase'\ncard = 'on-us-empty'\nat = 'shop'\namount = 100\n\
                expect = { code = '00', fields = { 38 = '123456' } }\n[[step]]\nsend = 'echo'\nexpect = { answer = 'none' }";
    let outcome = play(&Scenario::parse(text).unwrap(), &acquirer).unwrap();
    let found: Vec<_> = outcome.differences.iter().map(|d| (d.step, d.field.as_str(), d.got.as_str())).collect();
    assert_eq!(found[0], (1, "DE39", "51 残高不足 insufficient funds"));
    assert_eq!(found[1], (1, "DE38", "absent"));
    assert_eq!((found[2].0, found[2].1), (2, "answer"));
    let unknown = "title = 'x'\n[[step]]\nsend = 'purchase'\ncard = 'missing'\nat = 'shop'\namount = 100";
    let error = play(&Scenario::parse(unknown).unwrap(), &acquirer).unwrap_err();
    assert!(format!("{error:#}").contains("there is no card \"missing\"; known: bank-ok"), "{error:#}");
}
