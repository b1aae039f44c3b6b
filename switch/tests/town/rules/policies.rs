//! A policy is checked, compared, replayed and activated.

use super::*;

fn policy_file(town: &Town, name: &str, change: impl Fn(String) -> String) -> String {
    let text = std::fs::read_to_string(town.path("policy.toml")).unwrap();
    let path = town.path(name);
    std::fs::write(&path, change(text)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What residents paid under the sample's policy, without a PIN: three people, ¥7,700, and ¥4,900 of it by the first.
const WITHOUT_PIN: [(&str, u32); 4] = [("on-us-a", 4_000), ("on-us-a", 900), ("on-us-b", 2_500), ("on-us-poor", 300)];

#[test]
fn a_policy_is_checked_compared_replayed_and_activated() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let steps: String = WITHOUT_PIN.iter().map(|(card, yen)| purchase(card, *yen, APPROVED)).collect();
    goes(&town, &served, &steps);
    a_policy_with_a_mistake_is_refused_by_line(&town);
    // Above ¥2,000 a PIN is needed; in the sample above ¥15,000.
    let strict = policy_file(&town, "strict.toml", |text| text.replace("no_pin = 15_000", "no_pin = 2_000"));
    what_a_policy_changes_is_shown(&town, &strict);
    past_taps_are_decided_again_under_it(&town, &strict);
    what_more_points_would_cost_is_simulated(&town);
    a_policy_is_in_force_when_a_person_activates_it(&town, &served, &strict);
    a_policy_that_lacks_a_purse_programme_is_refused(&town);
    served.kill();
    let served = town.serve();
    assert_eq!(json_of(&kazasu(&["policy", "show", "--json", "--config", &town.config()]))["version"], 2);
    goes(&town, &served, &purchase("on-us-a", 2_100, PIN_REQUIRED));
    served.stop();
    town.verified();
}

fn a_policy_with_a_mistake_is_refused_by_line(town: &Town) {
    let bad = policy_file(town, "bad.toml", |text| text.replace("window = \"day\"", "window = \"week\""));
    let error = refused(&kazasu(&["policy", "check", &bad]));
    assert!(error.contains("bad.toml line ") && error.contains("window must be tap, day, month"), "{error}");
    let activated = kazasu(&["policy", "activate", &bad, "--why", "x", "--config", &town.config()]);
    assert!(refused(&activated).contains("window"));
}

fn what_a_policy_changes_is_shown(town: &Town, strict: &str) {
    let found = json_of(&kazasu(&["policy", "diff", strict, "--json", "--config", &town.config()]));
    assert_eq!(found["differences"].as_array().unwrap().len(), 1);
    assert_eq!(found["differences"][0]["after"], "¥2,000");
}

/// Two of the four would have needed a PIN. The policy in force decides as it did.
fn past_taps_are_decided_again_under_it(town: &Town, strict: &str) {
    let config = town.config();
    let replay = ["policy", "replay", strict, "--from", "2020-01-01", "--config", &config];
    let as_json = |args: &[&str]| json_of(&kazasu(&[args, &["--json"]].concat()));
    let replayed = as_json(&replay);
    assert_eq!((replayed["taps"].as_u64(), replayed["changed"].as_u64()), (Some(4), Some(2)));
    assert_eq!(
        replayed["changes"][0],
        json!({ "before": "approved", "after": "pin_required", "taps": 2, "yen": 4_000 + 2_500 })
    );
    let shown = kazasu(&replay);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("pin_required") && shown.lines().all(|line| line.width() <= 80), "{shown}");
    let in_force = town.path("policy.toml");
    let same = ["policy", "replay", in_force.to_str().unwrap(), "--from", "2020-01-01", "--config", &config];
    assert_eq!(as_json(&same)["changed"], 0, "the policy in force decides as it did");
}

/// A tenth of what was paid instead of a twentieth.
fn what_more_points_would_cost_is_simulated(town: &Town) {
    const POINTS: i64 = 770;
    const MOST_OF_A_PERSON: i64 = 490;
    let config = town.config();
    let draft = policy_file(town, "draft.toml", |text| text.replace("rate = \"5%\"", "rate = \"10%\""));
    let simulate = ["points", "simulate", &draft, "--from", "2020-01-01", "--config", &config];
    let with = |more: &[&str]| kazasu(&[&simulate[..], more].concat());
    let cost = json_of(&with(&["--json"]))["programmes"][0].clone();
    assert_eq!(
        (cost["points"].as_i64(), cost["people"].as_u64(), cost["taps"].as_u64()),
        (Some(POINTS), Some(3), Some(4))
    );
    assert_eq!(cost["most_per_person"], MOST_OF_A_PERSON);
    let winners = cost["winners"].as_array().unwrap();
    assert_eq!((winners.len(), &winners[0]["points"]), (3, &json!(MOST_OF_A_PERSON)));
    let list = town.path("winners.csv");
    assert!(with(&["--json", "--winners", list.to_str().unwrap()]).status.success());
    let list = std::fs::read_to_string(&list).unwrap();
    assert_eq!(list.lines().count(), 4, "{list}");
    assert_eq!(
        list.lines().nth(1).unwrap(),
        format!("{},{},{MOST_OF_A_PERSON}", cost["programme"], winners[0]["ppid"].as_str().unwrap())
    );
    let text = String::from_utf8(with(&[]).stdout).unwrap();
    assert!(text.contains("Points granted") && text.contains(&POINTS.to_string()), "{text}");
}

fn a_policy_is_in_force_when_a_person_activates_it(town: &Town, served: &Served, strict: &str) {
    goes(town, served, &purchase("on-us-a", 2_100, APPROVED));
    let activate = ["policy", "activate", strict, "--why", "盗難対策 theft"];
    let asked = json_of(&by_two(town, &activate, ["suzuki", "tanaka"]));
    assert_eq!((&asked["result"], &asked["version"]), (&json!("recorded"), &json!(1)));
    let again = json_of(&by_two(town, &activate, ["suzuki", "tanaka"]));
    assert_eq!((&again["result"], &again["version"]), (&json!("unchanged"), &json!(2)));
    goes(town, served, &(purchase("on-us-a", 2_100, PIN_REQUIRED) + &purchase("on-us-a", 2_000, APPROVED)));
}

fn a_policy_that_lacks_a_purse_programme_is_refused(town: &Town) {
    let gone = policy_file(town, "gone.toml", |text| {
        text.replace("number = 2\nname = \"交通費", "number = 3\nname = \"交通費")
    });
    let config = town.config();
    let error = refused(&kazasu(&["policy", "activate", &gone, "--why", "x", "--by", "suzuki", "--config", &config]));
    assert!(error.contains("purse programme 2 is missing"), "{error}");
}
