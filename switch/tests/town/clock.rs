//! A wall clock that jumps under the running switch, and a person who is asked.

use crate::codes::APPROVED;
use crate::harness::DO;
use crate::harness::{Served, Town, kazasu, wait_for};
use crate::rules::{call, purchase, token};
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_demo::sample::Town as Sample;
use kazasu_ledger::Body;
use kazasu_schemas::jst::Millis;
use kazasu_store::Store;
use kazasu_store::sqlite::SqliteStore;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

pub(crate) const DAY: i64 = 86_400_000;

/// A switch whose wall clock is wrong by what the file says.
pub(crate) fn serve(town: &Town) -> Served {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    command.args(["serve", "--json", "--config", &town.config()]).env("KAZASU_TEST_CLOCK", town.path("clock"));
    Served::start(command, &town.path("serve.log"))
}

pub(crate) fn set(town: &Town, ms: i64) {
    std::fs::write(town.path("clock.new"), ms.to_string()).unwrap();
    std::fs::rename(town.path("clock.new"), town.path("clock")).unwrap();
}

fn doubt(served: &Served) -> Option<String> {
    served.status()["clock"]["doubt"].as_str().map(str::to_owned)
}

fn today(by: i64) -> String {
    Millis(kazasu_engine::clock::now().0 + by).jst_day().to_string()
}

fn goes(acquirer: &AcquirerConfig, steps: &str) {
    let scenario = Scenario::parse(&format!("title = 'x'\n{steps}")).unwrap();
    let outcome = play(&scenario, acquirer).unwrap();
    assert_eq!(outcome.differences, []);
}

/// Pays by a clock that is ahead by so much: terminals whose time is not the switch's are refused.
fn pays_ahead(town: &Town, served: &Served, by: i64) {
    let mut acquirer = town.acquirer(1, served);
    acquirer.ahead = by;
    goes(&acquirer, &payment());
}

/// A step that goes through on any day.
fn payment() -> String {
    purchase("on-us-a", 100, APPROVED)
}

fn bodies(town: &Town) -> Vec<Body> {
    town.runtime.block_on(async {
        let store = SqliteStore::new(town.journal());
        let page = store.reader().await.unwrap().scan(1, 100_000).await.unwrap();
        page.iter().map(|entry| Body::read(&entry.body).unwrap()).collect()
    })
}

#[test]
fn a_clock_that_jumps_turns_no_day_until_a_person_says_that_it_is_right() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    set(&town, 0);
    let served = serve(&town);
    served.issuers_up(3);
    assert_eq!(served.get("/readyz"), (200, "ready\n".into()));
    let day = served.status()["business_day"].clone();
    a_jump_is_doubted_while_taps_are_answered(&town, &served);
    the_doubt_is_told_and_the_day_stays(&town, &served, &day);
    the_doubt_ends_with_the_jump(&town, &served, &day);
    a_person_confirms_a_day_that_really_is_over(&town, &served);
    one_day_is_ended_early_and_no_second_one(&town, &served);
    served.stop();
    town.verified();
    the_journal_says_who_decided_and_why(&town);
}

/// Sixty days for some seconds, between a payment and its repeat.
fn a_jump_is_doubted_while_taps_are_answered(town: &Town, served: &Served) {
    let steps = format!(
        "{}[[step]]\npause_ms = 4000\n[[step]]\nrepeat = 'p'\nexpect = {{ code = '{APPROVED}', same_as = 'p' }}\n",
        payment().replace("amount", "as = 'p'\namount")
    );
    let acquirer = town.acquirer(1, served);
    let playing = std::thread::spawn(move || goes(&acquirer, &steps));
    std::thread::sleep(Duration::from_millis(500));
    set(town, 60 * DAY);
    let said = wait_for("the doubt", Duration::from_secs(10), || doubt(served));
    assert_eq!(said, "wall_clock_ahead");
    playing.join().unwrap();
}

fn the_doubt_is_told_and_the_day_stays(town: &Town, served: &Served, day: &Value) {
    let (status, ready) = served.get("/readyz");
    assert_eq!(status, 200, "taps are answered: {ready}");
    assert!(ready.starts_with("ready\nclock_suspect: "), "{ready}");
    assert!(served.get("/metrics").1.contains("\nkazasu_clock_suspect 1"), "an alarm");
    assert_eq!(served.status()["business_day"], *day);
    let status = kazasu(&["clock", "status", "--config", &town.config()]);
    assert_eq!(status.status.code(), Some(1), "{status:?}");
}

fn the_doubt_ends_with_the_jump(town: &Town, served: &Served, day: &Value) {
    set(town, 0);
    wait_for("the clock to be believed again", Duration::from_secs(10), || doubt(served).is_none().then_some(()));
    assert_eq!(served.status()["business_day"], *day);
    assert_eq!(kazasu(&["clock", "status", "--config", &town.config()]).status.code(), Some(0));
}

/// By its name: another day's is refused.
fn a_person_confirms_a_day_that_really_is_over(town: &Town, served: &Served) {
    set(town, DAY);
    wait_for("the doubt", Duration::from_secs(10), || doubt(served));
    let confirm = |day: &str| {
        kazasu(&["clock", "confirm", "--day", day, "--why", "time server was wrong", "--config", &town.config()])
    };
    let wrong = confirm(&today(0));
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(doubt(served).is_some());
    let right = confirm(&today(DAY));
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stderr));
    wait_for("the day to turn", Duration::from_secs(10), || {
        (served.status()["business_day"] == today(DAY).as_str()).then_some(())
    });
    pays_ahead(town, served, DAY);
}

fn one_day_is_ended_early_and_no_second_one(town: &Town, served: &Served) {
    let operator = token(town, "", "token");
    let cut_over = |day: &Value, why: Option<&str>| {
        let mut ask = json!({ "do": "cut_over", "day": day });
        if let Some(why) = why {
            ask["why"] = why.into();
        }
        call(served, DO, "closing", &operator, &ask)
    };
    let open = served.status()["business_day"].clone();
    assert_eq!(cut_over(&open, None).0, 400, "why");
    assert_eq!(cut_over(&open, Some("early closing")).0, 200);
    let open = served.status()["business_day"].clone();
    let (status, why) = cut_over(&open, Some("early closing"));
    assert_eq!(status, 409, "{why}");
    assert!(why["detail"].as_str().unwrap().contains("has not begun by the calendar"), "{why}");
}

fn the_journal_says_who_decided_and_why(town: &Town) {
    let bodies = bodies(town);
    let confirmed: Vec<_> =
        bodies.iter().filter_map(|b| if let Body::ClockConfirmed(r) = b { Some(r) } else { None }).collect();
    assert_eq!(confirmed.len(), 1);
    assert_eq!((confirmed[0].by.as_str(), confirmed[0].why.as_str()), ("key_1", "time server was wrong"));
    let by_hand = bodies
        .iter()
        .filter_map(|b| if let Body::CutOver(r) = b { r.by.as_deref().zip(r.why.as_deref()) } else { None });
    assert_eq!(by_hand.collect::<Vec<_>>(), [("key_1", "early closing")]);
}

#[test]
fn a_start_long_after_the_last_record_answers_taps_on_the_old_day() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    // No switch is running: that is no doubt about its clock.
    let out = kazasu(&["clock", "status", "--config", &town.config()]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    set(&town, 0);
    let served = serve(&town);
    let day = served.status()["business_day"].clone();
    served.stop();
    for (by, said) in [(DAY, "long_silence"), (60 * DAY, "long_silence"), (-DAY, "wall_clock_behind")] {
        set(&town, by);
        let served = serve(&town);
        served.issuers_up(3);
        assert_eq!(doubt(&served).as_deref(), Some(said), "{by}");
        std::thread::sleep(Duration::from_millis(1_500));
        assert_eq!(served.status()["business_day"], day, "{by}");
        goes(&town.acquirer(1, &served), &payment());
        served.stop();
    }
    // A person can say so before the switch runs.
    set(&town, 2 * DAY);
    let confirm = |day: &str| {
        Command::new(env!("CARGO_BIN_EXE_kazasu"))
            .args(["clock", "confirm", "--day", day, "--why", "two days without power", "--config", &town.config()])
            .env("KAZASU_TEST_CLOCK", town.path("clock"))
            .output()
            .unwrap()
    };
    assert_eq!(confirm(&today(0)).status.code(), Some(1));
    let right = confirm(&today(2 * DAY));
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stderr));
    let served = serve(&town);
    wait_for("the day to turn", Duration::from_secs(10), || {
        (served.status()["business_day"] == today(2 * DAY).as_str()).then_some(())
    });
    assert_eq!(doubt(&served), None);
    pays_ahead(&town, &served, 2 * DAY);
    served.stop();
    town.verified();
}
