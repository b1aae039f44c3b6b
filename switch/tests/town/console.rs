//! The console in a browser that runs no script: signing in and out, what each page must have, and what another site, another merchant and
//! another language must not get.

use crate::browser::{Answer, Browser};
use crate::harness::{DO, Served, Town, request};
use crate::people::{Person, granted};
use crate::rules::{call, goes, purchase, token};
use crate::step_up::recovery_code;
use kazasu_demo::sample::Town as Sample;
use kazasu_text::entries;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) fn town() -> Town {
    Town::new(Sample { residents: 1, ..Sample::default() })
}

/// The password of a person of the town.
fn password(town: &Town, name: &str) -> String {
    let file = std::fs::read_to_string(town.path(&format!("people/{name}.toml"))).unwrap();
    let file: toml::Table = toml::from_str(&file).unwrap();
    file["password"].as_str().unwrap().to_owned()
}

/// What a person of the town types to sign in.
pub(crate) fn means(town: &Town, name: &str) -> Vec<(&'static str, String)> {
    let code = recovery_code(&town.path("people"), name);
    vec![("name", name.to_owned()), ("password", password(town, name)), ("code", code)]
}

fn signed_in(town: &Town, served: &Served, name: &str) -> Browser {
    let mut browser = Browser::new(served.http);
    let answer = browser.post("/sign-in", &means(town, name));
    assert_eq!((answer.status, answer.location()), (303, "/"), "{}", answer.body);
    browser
}

/// A payment at the grocer's: its shop and its record.
pub(crate) fn a_payment(town: &Town, served: &Served) -> (String, u64) {
    served.issuers_up(3);
    goes(town, served, &purchase("on-us-rich", 3_000, "00"));
    let staff = token(town, "", "token");
    let (status, page) = call(served, "GET", "/api/v1/transactions?amount=3000", &staff, &Value::Null);
    assert_eq!(status, 200, "{page}");
    let one = &page["items"][0];
    let shop = format!("{}/{}", one["acquirer"].as_str().unwrap(), one["merchant"].as_str().unwrap());
    (shop, one["record"].as_u64().unwrap())
}

/// Two merchants' people: mori of this shop, and oda of another.
pub(crate) fn merchants(town: &Town, served: &Served, shop: &str) -> [Browser; 2] {
    let other = "27000001/M10000000000002";
    let organisation = json!({ "do": "organisation", "kind": "merchant", "name": "Two shops", "shops": [shop, other], "why": "a contract" });
    let (status, value) = call(served, DO, "people", &town.session("ando"), &organisation);
    assert_eq!(status, 200, "{value}");
    let works_at = value["organisation"].as_str().unwrap();
    let one = |name, role: &str| {
        let person = Person::joined_at(town, served, (name, works_at));
        granted(town, served, name, role);
        Browser::with_session(served.http, &person.session(served, 1))
    };
    [one("mori", &format!("merchant-owner shop:{shop}")), one("oda", &format!("merchant-staff shop:{other}"))]
}

#[test]
fn a_person_signs_in_gets_a_new_session_and_signs_out() {
    let town = town();
    let served = town.serve();
    let mut browser = Browser::new(served.http);
    let first = browser.get("/approvals?closed=1");
    assert_eq!((first.status, first.location()), (303, "/sign-in?back=%2Fapprovals%3Fclosed%3D1"));
    // A session that somebody else has put there is worth nothing, before and after.
    let planted = town.session("tanaka").replace("kz_sess_", "kz_sess_A");
    browser.put_cookie("kazasu_session", &planted);
    assert_eq!(browser.get("/").status, 303);
    let wrong = [("name", "suzuki".to_owned()), ("password", "not the password".to_owned())];
    let answer = browser.post("/sign-in", &wrong);
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("class=\"errors\"") && answer.body.contains("href=\"#name\""), "{}", answer.body);
    assert!(!answer.body.contains("not the password"));
    let mut fields = means(&town, "suzuki");
    fields.push(("back", "//evil.example/".to_owned()));
    let answer = browser.post("/sign-in", &fields);
    assert_eq!((answer.status, answer.location()), (303, "/"), "{}", answer.body);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("kazasu_session=kz_sess_") && !cookie.contains(&planted), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Secure"), "without TLS, on this machine: {cookie}");
    let home = browser.get("/");
    assert!(home.status == 200 && home.body.contains("suzuki"), "{}", home.body);
    let before = browser.cookie("kazasu_session").unwrap();
    // Signing in once more ends the session that the browser had.
    assert_eq!(browser.post("/sign-in", &means(&town, "suzuki")).status, 303);
    assert_ne!(browser.cookie("kazasu_session").unwrap(), before);
    assert_eq!(Browser::with_session(served.http, &before).get("/").status, 303);
    let last = browser.cookie("kazasu_session").unwrap();
    let out = browser.submit("/", "/sign-out", &[]);
    assert_eq!((out.status, out.location()), (303, "/sign-in"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(Browser::with_session(served.http, &last).get("/").status, 303, "the session is over");
    let (_, lines) = call(&served, "GET", "/api/v1/security-log?limit=200", &town.session("ando"), &Value::Null);
    assert!(lines.to_string().contains(r#"\"via\":\"console\""#), "{lines}");
    served.stop();
}

#[test]
fn a_form_of_another_site_is_refused() {
    let town = town();
    let served = town.serve();
    let mut browser = signed_in(&town, &served, "suzuki");
    let form = browser.form("/", "/sign-out");
    let own = format!("http://{}", served.http);
    for headers in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![],
    ] {
        for path in ["/sign-out", "/sign-in", "/language", "/join", "/approvals/1"] {
            let answer = browser.post_with(path, &form, &headers);
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert!(answer.header("set-cookie").is_empty(), "{path}");
        }
    }
    // From here, and without the session's token.
    for token in ["", "00000000000000000000000000000000"] {
        let answer = browser.post("/sign-out", &[("token", token.to_owned())]);
        assert_eq!(answer.status, 403, "{token:?}");
    }
    assert_eq!(browser.get("/").status, 200, "still signed in");
    // A browser that knows only of origins.
    assert_eq!(browser.post_with("/sign-out", &form, &[("origin", &own)]).status, 303);
    served.stop();
}

/// What every page must have, and must not.
fn check(path: &str, language: &str, answer: &Answer) {
    let body = &answer.body;
    let policy = answer.header("content-security-policy");
    for part in
        ["default-src 'none'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{path}: {policy}");
    assert_eq!((answer.header("x-content-type-options"), answer.header("referrer-policy")), ("nosniff", "same-origin"));
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    assert!(body.contains(&format!("<html lang=\"{language}\">")), "{path}: {body}");
    for never in ["<script", "<style", " style=", "javascript:", " onclick", " onload", "src=\"http", "href=\"http"] {
        assert!(!body.contains(never), "{path} has {never}");
    }
    let title = body.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap();
    assert!(title.ends_with(" – Kazasu") && title.len() > " – Kazasu".len(), "{path}: {title}");
    assert_eq!(body.matches("<h1>").count(), 1, "{path}");
    assert!(body.contains("<a class=\"skip\" href=\"#main\">") && body.contains("<main id=\"main\""), "{path}");
    // Every field has its label.
    for field in body.split("<input ").skip(1).filter(|field| !field.starts_with("type=\"hidden\"")) {
        let id = field.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert!(body.contains(&format!("<label for=\"{id}\">")), "{path}: {id}");
    }
    let ids: Vec<&str> = body.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{path}: {ids:?}");
}

/// Sentences of the other language's pages, long enough to be no part of another word; the switch of the language is one.
fn sentences(of: &str) -> Vec<String> {
    let pages = entries().into_iter().filter(|entry| entry.list.starts_with("console::PageText"));
    let pages = pages.filter(|entry| entry.name != "InThisLanguage");
    let texts = pages.map(|entry| if of == "ja" { entry.ja } else { entry.en });
    texts.filter(|text| text.chars().count() >= if of == "ja" { 4 } else { 8 }).collect()
}

#[test]
fn every_page_has_one_heading_no_script_and_one_language() {
    let town = town();
    let served = town.serve();
    let (shop, record) = a_payment(&town, &served);
    let [mori, _] = merchants(&town, &served, &shop);
    let refund = json!({ "amount": 100, "why": "壊れていた" });
    let path = format!("/api/v1/payments/{record}/refund");
    let (status, asked) = call(&served, "POST", &path, &mori.cookie("kazasu_session").unwrap(), &refund);
    assert_eq!(status, 200, "{asked}");
    let number = asked["proposal"].as_u64().unwrap();
    let tanaka = Browser::with_session(served.http, &town.session("tanaka"));
    let everybody = ["/", "/nowhere", "/transactions/999999"].map(str::to_owned);
    let staff = [
        "/approvals".to_owned(),
        "/approvals?closed=1".to_owned(),
        format!("/approvals/{number}"),
        format!("/approvals/{number}/done"),
        "/approvals/999999".to_owned(),
        "/today".to_owned(),
        "/transactions?amount=x&from_time=10:00".to_owned(),
        "/settlements".to_owned(),
        "/payouts".to_owned(),
    ];
    let merchant = [
        "/today".to_owned(),
        "/transactions".to_owned(),
        "/transactions?last_four=12".to_owned(),
        "/transactions?merchant=nowhere".to_owned(),
        format!("/transactions/{record}"),
        format!("/transactions/{record}/refund"),
        format!("/transactions/{record}/refund/{number}"),
        format!("/approvals/{number}"),
        "/settlements".to_owned(),
    ];
    let strangers = ["/sign-in", "/join", "/sign-in/once/00", "/nowhere"].map(str::to_owned);
    let (ja, en) = (sentences("ja"), sentences("en"));
    for (mut browser, paths) in [
        (tanaka, [&everybody[..], &staff[..]].concat()),
        (mori, [&everybody[..], &merchant[..]].concat()),
        (Browser::new(served.http), strangers.to_vec()),
    ] {
        for language in ["ja", "en"] {
            let back = ("back", "/sign-in".to_owned());
            assert_eq!(browser.post("/language", &[("language", language.to_owned()), back]).status, 303);
            for path in &paths {
                let answer = browser.get(path);
                assert!([200, 400, 403, 404].contains(&answer.status), "{path}: {}", answer.status);
                check(path, language, &answer);
                let others = if language == "ja" { &en } else { &ja };
                let strange: Vec<_> = others.iter().filter(|text| answer.body.contains(text.as_str())).collect();
                assert!(strange.is_empty(), "{path} in {language}: {strange:?}");
            }
        }
    }
    served.stop();
}

#[test]
fn another_merchants_people_find_nothing_on_any_page() {
    let town = town();
    let served = town.serve();
    let (shop, record) = a_payment(&town, &served);
    let [mut mori, mut oda] = merchants(&town, &served, &shop);
    let asks = [("amount", "１，０００".to_owned()), ("why", "返品 𠮷".to_owned()), ("step", "do".to_owned())];
    let refund = format!("/transactions/{record}/refund");
    let done = mori.submit(&refund, &refund, &asks);
    assert_eq!(done.status, 303, "{}", done.body);
    let number = done.location().rsplit('/').next().unwrap().to_owned();
    let own = [
        "/".to_owned(),
        format!("/today?shop={shop}"),
        format!("/transactions?merchant={shop}"),
        format!("/transactions/{record}"),
        refund.clone(),
        format!("{refund}/{number}"),
        format!("/approvals/{number}"),
    ];
    for path in &own {
        assert_eq!(mori.get(path).status, 200, "{path}");
    }
    assert!(mori.get("/").body.contains("¥3,000"), "today's takings are on the first page");
    for (browser, own) in [(&mori, shop.as_str()), (&oda, "27000001/M10000000000002")] {
        let session = browser.cookie("kazasu_session").unwrap();
        let (status, shops) = call(&served, "GET", "/api/v1/shops", &session, &Value::Null);
        assert_eq!((status, shops["items"].as_array().unwrap().len()), (200, 1), "{shops}");
        assert_eq!((&shops["items"][0]["merchant"], &shops["items"][0]["closed"]), (&json!(own), &json!(false)));
    }
    for path in &own[1..] {
        let answer = oda.get(path);
        assert!([403, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.body.contains("¥3,000") && !answer.body.contains("𠮷"), "{path}: {}", answer.body);
    }
    for path in ["/settlements", "/payouts"] {
        let answer = oda.get(path);
        assert!(answer.status == 200 && answer.body.contains("class=\"nothing\""), "{path}: {}", answer.body);
    }
    let waiting = oda.get("/approvals");
    assert!(waiting.status == 200 && !waiting.body.contains("/approvals/"), "{}", waiting.body);
    // And no form of theirs, filled in by hand, does anything there.
    let token = oda.form("/", "/sign-out");
    for (path, fields) in [
        (
            refund.clone(),
            vec![("amount", "1"), ("why", "x"), ("step", "do"), ("key", "0123456789abcdef0123456789abcdef")],
        ),
        (format!("/approvals/{number}"), vec![("answer", "approve"), ("why", "x"), ("step", "do")]),
        (format!("/approvals/{number}"), vec![("answer", "withdraw"), ("why", "x"), ("step", "do")]),
    ] {
        let fields = fields.into_iter().map(|(name, value)| (name, value.to_owned())).chain(token.clone());
        let answer = oda.post(&path, &fields.collect::<Vec<_>>());
        assert!([403, 404].contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
    }
    assert_eq!(oda.get("/transactions").body.matches("/transactions/").count(), 0, "nothing in the list");
    served.stop();
}

#[test]
fn the_status_page_and_the_api_stay_where_they_are() {
    let town = town();
    let served = town.serve();
    let (status, page) = served.get("/status");
    assert!(status == 200 && page.contains("営業日"), "{page}");
    for path in ["/api/v1/nothing", "/api/nothing", "/api"] {
        let (status, text) = request(served.http, "GET", path, &[], b"").unwrap();
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"));
        assert_eq!((status, &value["code"]), (404, &json!("no_such_address")), "{path}");
    }
    served.stop();
}
