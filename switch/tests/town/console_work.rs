//! Work at the console, in a browser that runs no script: a decision of two people, a refund that is asked for once, a session that ends
//! in the middle of a form, and the demo's links.

use crate::browser::{Browser, fields_of};
use crate::console::{a_payment, means, merchants, town};
use crate::harness::{DO, Served, wait_for};
use crate::rules::call;
use crate::step_up::recovery_code;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

fn with(value: &str) -> String {
    value.to_owned()
}

fn waiting(served: &Served, session: &str) -> Vec<Value> {
    let (status, list) = call(served, "GET", "/api/v1/approvals", session, &Value::Null);
    assert_eq!(status, 200, "{list}");
    list["items"].as_array().unwrap().clone()
}

#[test]
fn a_refund_is_asked_for_once_and_approved_by_another_person_who_shows_a_second_factor() {
    let town = town();
    let served = town.serve();
    let (shop, record) = a_payment(&town, &served);
    let [mut mori, _] = merchants(&town, &served, &shop);
    let refund = format!("/transactions/{record}/refund");
    // What is wrong is said beside the fields, and what was typed is kept.
    let wrong = mori.submit(
        &refund,
        &refund,
        &[("amount", with("3,001")), ("why", with("壊れていた")), ("step", with("check"))],
    );
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("href=\"#amount\"") && wrong.body.contains("value=\"3,001\""), "{}", wrong.body);
    let filled = [("amount", with("１，２００円")), ("why", with("壊れていた")), ("step", with("check"))];
    let check = mori.submit(&refund, &refund, &filled);
    assert!(check.status == 200 && check.body.contains("¥1,200") && check.body.contains("¥1,800"), "{}", check.body);
    assert!(waiting(&served, &town.session("tanaka")).is_empty(), "nothing was asked for yet");
    // The button is pressed twice.
    let form = fields_of(&check, &refund);
    let pressed = [("step", with("do"))];
    let [first, second] = [mori.fill(&refund, form.clone(), &pressed), mori.fill(&refund, form, &pressed)];
    assert_eq!((first.status, second.status), (303, 303), "{} {}", first.body, second.body);
    assert_eq!(first.location(), second.location());
    let open = waiting(&served, &town.session("tanaka"));
    assert_eq!((open.len(), &open[0]["yen"], &open[0]["via"]), (1, &json!(1_200), &json!("console")), "{open:?}");
    let number = open[0]["approval"].as_u64().unwrap();
    let confirmed = mori.get(first.location());
    assert!(
        confirmed.status == 200 && confirmed.body.contains(&format!("<strong>{number}</strong>")),
        "{}",
        confirmed.body
    );
    // Not by the person who asked.
    let page = format!("/approvals/{number}");
    let own = mori.get(&page);
    assert!(own.body.contains("value=\"withdraw\"") && !own.body.contains("value=\"approve\""), "{}", own.body);

    let mut tanaka = Browser::with_session(served.http, &town.session("tanaka"));
    let home = tanaka.get("/");
    assert!(home.body.contains(&page) && home.body.contains("¥1,200"), "it waits on the first page: {}", home.body);
    let shown = tanaka.get(&page);
    let fingerprint = open[0]["fingerprint"].as_str().unwrap();
    assert!(shown.body.contains(fingerprint) && shown.body.contains("壊れていた"), "{}", shown.body);
    let nothing = tanaka.submit(&page, &page, &[("step", with("check"))]);
    assert!(
        nothing.status == 400 && nothing.body.contains("href=\"#answer\"") && nothing.body.contains("href=\"#why\"")
    );
    let decided = [("answer", with("approve")), ("why", with("確認しました")), ("step", with("check"))];
    // Another version than the one that was looked at.
    let stale = [decided.to_vec(), vec![("fingerprint", "0".repeat(64))]].concat();
    assert_eq!(tanaka.submit(&page, &page, &stale).status, 412);
    let check = tanaka.submit(&page, &page, &decided);
    assert!(check.status == 200 && check.body.contains(fingerprint), "{}", check.body);
    let form = fields_of(&check, &page);
    let factor = tanaka.fill(&page, form, &[("step", with("do"))]);
    assert!(factor.status == 403 && factor.body.contains("name=\"code\""), "{} {}", factor.status, factor.body);
    let form = fields_of(&factor, &page);
    let bad = tanaka.fill(&page, form.clone(), &[("step", with("do")), ("code", with("000000"))]);
    assert!(bad.status == 401 && bad.body.contains("href=\"#code\""), "{} {}", bad.status, bad.body);
    let code = recovery_code(&town.path("people"), "tanaka");
    let done = tanaka.fill(&page, form.clone(), &[("step", with("do")), ("code", code)]);
    assert_eq!((done.status, done.location()), (303, format!("{page}/done").as_str()), "{}", done.body);
    let again = tanaka.get(done.location());
    assert!(again.body.contains("class=\"done\"") && again.body.contains("承認"), "{}", again.body);
    let (_, payment) =
        call(&served, "GET", &format!("/api/v1/transactions/{record}"), &town.session("tanaka"), &Value::Null);
    assert_eq!(payment[0]["refunded_yen"], json!(1_200), "{payment}");
    served.stop();
}

#[test]
fn a_session_that_ends_in_the_middle_of_a_form_keeps_what_was_typed() {
    let town = town();
    let served = town.serve();
    let (_, record) = a_payment(&town, &served);
    let mut browser = Browser::new(served.http);
    assert_eq!(browser.post("/sign-in", &means(&town, "sato")).status, 303);
    let refund = format!("/transactions/{record}/refund");
    let form = browser.form(&refund, &refund);
    let session = browser.cookie("kazasu_session").unwrap();
    let (status, ended) = call(&served, DO, "people", &session, &json!({ "do": "end_sessions" }));
    assert_eq!(status, 200, "{ended}");
    let typed = [("amount", with("1,500")), ("why", with("髙橋様 <店頭> \"返品\"")), ("step", with("do"))];
    let asked = browser.fill(&refund, form, &typed);
    assert_eq!(asked.status, 401);
    assert!(!asked.body.contains("value=\"1,500\""), "not shown before the sign-in");
    let form = fields_of(&asked, "/sign-in");
    let kept = browser.fill("/sign-in", form, &means(&town, "sato"));
    assert_eq!(kept.status, 200, "{}", kept.body);
    let form = fields_of(&kept, &refund);
    let back = browser.fill(&refund, form, &[("step", with("edit"))]);
    assert_eq!(back.status, 200);
    let form = fields_of(&back, &refund);
    let value = |name: &str| form.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    assert_eq!((value("amount"), value("why")), (with("1,500"), with("髙橋様 <店頭> \"返品\"")));
    assert!(waiting(&served, &browser.cookie("kazasu_session").unwrap()).is_empty(), "nothing was carried out");
    served.stop();
}

/// The demo, which is ended with the test.
struct Playing(std::process::Child);

impl Drop for Playing {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_demo_begins_with_links_that_sign_its_people_in_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    command.args(["demo", "--taps", "3000", "--rate", "20", "--data", data.to_str().unwrap()]);
    command.env("KAZASU_LANG", "en").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut playing = Playing(command.spawn().unwrap());
    let lines = BufReader::new(playing.0.stdout.take().unwrap()).lines();
    let (mut name, mut links) = (String::new(), Vec::new());
    for line in lines.map(|line| line.unwrap()) {
        match line.trim().split_once("/sign-in/once/") {
            Some((address, word)) => links.push((name.clone(), address.to_owned(), format!("/sign-in/once/{word}"))),
            None if !links.is_empty() && line.trim().is_empty() => break,
            None => name = line.split_whitespace().next().unwrap_or_default().to_owned(),
        }
    }
    let names: Vec<&str> = links.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["sato", "suzuki", "tanaka", "mise", "reji", "kansa", "ando", "baba"]);
    for (name, address, link) in &links {
        let mut browser = Browser::new(address.strip_prefix("http://").unwrap().parse().unwrap());
        let signed_in = browser.get(link);
        assert_eq!((signed_in.status, signed_in.location()), (303, "/"), "{name}: {}", signed_in.body);
        let home = wait_for("the first page", Duration::from_secs(10), || {
            Some(browser.get("/")).filter(|home| home.status == 200)
        });
        assert!(home.body.contains(name.as_str()), "{name}: {}", home.body);
        assert_eq!(home.body.contains("丸山商店"), ["mise", "reji"].contains(&name.as_str()), "{name}: {}", home.body);
        assert_eq!(Browser::new(address.strip_prefix("http://").unwrap().parse().unwrap()).get(link).status, 404);
    }
}
