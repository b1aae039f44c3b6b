//! Passkeys of a software authenticator, and links to providers, on the rows of memory.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic, and documents itself by its name")]

mod authenticator;

use authenticator::{Fault, Passkey};
use kazasu_schemas::identity::{PersonId, SignIn, Via};
use kazasu_schemas::jst::Millis;
use kazasu_sign_in::{
    Allowed, Asserted, Enrolment, Flow, FlowFor, Fresh, Known, Linked, Means, NewPasskey, PasskeyAnswer, PasskeyPlace,
    PasskeyProblem, PasskeyRequest, PlaceError, Proof, ProviderFlow, Registered, Rules, Seal, SignInError, SignIns,
};
use kazasu_store::Store;
use kazasu_store::memory::MemoryStore;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use zeroize::Zeroizing;

const NOW: Millis = Millis(1_795_000_000_000);
const ORIGIN: &str = "https://kazasu.example.jp";
const MORI: PersonId = PersonId::new(3);

fn draw(n: usize) -> Option<Vec<u8>> {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    let seed = DRAWN.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Some((0..n).map(|at| seed[at % 8] ^ u8::try_from(at * 37 % 251).unwrap()).collect())
}

struct Turned;

impl Seal for Turned {
    fn seal(&self, clear: &[u8], about: &[u8; 16]) -> Option<Vec<u8>> {
        Some(about.iter().copied().chain(clear.iter().map(|byte| !byte)).collect())
    }

    fn open(&self, sealed: &[u8], about: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
        let (of, rest) = sealed.split_at(16);
        (of == about).then(|| Zeroizing::new(rest.iter().map(|byte| !byte).collect()))
    }
}

fn with(rules: Rules) -> SignIns {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let place = PasskeyPlace::new("kazasu.example.jp", "Kazasu", &[ORIGIN.to_owned()]).unwrap();
    SignIns::new(store, Arc::new(Turned), (draw, rules)).with_passkeys(Some(place))
}

fn here() -> IpAddr {
    "192.0.2.1".parse().unwrap()
}

/// Makes a passkey for an invitation, up to what the switch checks.
async fn made(on: &SignIns, fault: Fault) -> (Passkey, Result<Registered, SignInError>) {
    let purpose = FlowFor::Join([1; 32].into());
    let wanted = PasskeyRequest { purpose, credential: None, name: "mori", address: here() };
    let (options, attempt) = on.make_passkey(wanted, NOW).await.unwrap();
    let (passkey, response) = Passkey::make(&serde_json::to_value(options).unwrap(), ORIGIN, fault);
    let response = serde_json::from_value(response).unwrap();
    let answer = PasskeyAnswer { attempt: attempt.expose(), response: &response };
    (passkey, on.made_passkey(answer, NOW).await)
}

/// mori joins with a passkey and nothing else.
async fn joined(on: &SignIns) -> (Passkey, Known) {
    let (passkey, registered) = made(on, Fault::None).await;
    let new = NewPasskey { registered: registered.unwrap(), label: "key ring" };
    let wanted =
        Enrolment { person: MORI, password: None, one_time: None, passkey: Some(new), provider: None, names: &[] };
    let enrolled = on.enrol(wanted, NOW).await.unwrap();
    assert_eq!(enrolled.recovery.len(), 0, "recovery codes stand in for an app");
    (passkey, Known { person: MORI, credential: enrolled.credential, rights: 7 })
}

async fn proved(on: &SignIns, passkey: &mut Passkey, fault: Fault) -> Result<Asserted, SignInError> {
    let (options, attempt) = on.ask_passkey((FlowFor::SignIn, None), here(), NOW).await.unwrap();
    let options = serde_json::to_value(options).unwrap();
    assert_eq!(options["publicKey"]["allowCredentials"], json!([]), "no name is needed, and none is told");
    let response = serde_json::from_value(passkey.prove(&options, fault)).unwrap();
    on.proved_passkey(PasskeyAnswer { attempt: attempt.expose(), response: &response }, NOW).await
}

fn why<T>(result: Result<T, SignInError>) -> String {
    result.err().map_or_else(|| "taken".to_owned(), |error| error.to_string())
}

#[tokio::test]
async fn a_passkey_joins_signs_in_and_counts_as_two_factors() {
    let on = with(Rules::default());
    let (mut passkey, known) = joined(&on).await;
    for _ in 0..3 {
        let asserted = proved(&on, &mut passkey, Fault::None).await.unwrap();
        assert_eq!((asserted.person, asserted.credential), (MORI, known.credential));
        assert_eq!(asserted.purpose, FlowFor::SignIn);
    }
    let proof = Proof { sign_in: SignIn::Passkey, via: Via::Api, address: here(), factor: Some(NOW) };
    let begun = on.begin(known, proof, NOW).await.unwrap();
    let session = on.session(&begun.session, NOW).await.unwrap().unwrap();
    assert_eq!((session.person, session.factor, session.sign_in), (MORI, Fresh::Yes, SignIn::Passkey));
    assert!(session.sign_in.is_two_factors());
    let listed = on.passkeys(&known.credential).await.unwrap();
    assert_eq!((listed.len(), listed[0].label.as_str(), listed[0].used), (1, "key ring", Some(NOW)));
}

#[tokio::test]
async fn a_passkey_that_is_made_wrongly_is_refused() {
    let on = with(Rules::default());
    for (fault, reason) in [
        (Fault::NotVerified, "did not verify its holder"),
        (Fault::OtherOrigin, "another page"),
        (Fault::OtherChallenge, "another challenge"),
        (Fault::OtherDomain, "the passkey"),
        (Fault::OtherKind, "the passkey"),
    ] {
        let told = why(made(&on, fault).await.1);
        assert!(told.contains(reason), "{fault:?}: {told}");
    }
}

#[tokio::test]
async fn a_passkey_that_is_proved_wrongly_is_refused() {
    let on = with(Rules::default());
    let (mut passkey, _) = joined(&on).await;
    for (fault, reason) in [
        (Fault::NotVerified, "did not verify its holder"),
        (Fault::OtherOrigin, "another page"),
        (Fault::OtherChallenge, "another challenge"),
        (Fault::OtherDomain, "the passkey"),
        (Fault::OtherKey, "the passkey"),
        (Fault::OtherKind, "the passkey"),
    ] {
        let told = why(proved(&on, &mut passkey, fault).await);
        assert!(told.contains(reason), "{fault:?}: {told}");
    }
    assert!(proved(&on, &mut passkey, Fault::None).await.is_ok());
    let told = why(proved(&on, &mut passkey, Fault::OldCounter).await);
    assert!(told.contains("there may be a copy"), "{told}");
}

#[tokio::test]
async fn an_attempt_is_good_once_and_for_ten_minutes() {
    let on = with(Rules::default());
    let (mut passkey, _) = joined(&on).await;
    let (options, attempt) = on.ask_passkey((FlowFor::SignIn, None), here(), NOW).await.unwrap();
    let options = serde_json::to_value(options).unwrap();
    let response = serde_json::from_value(passkey.prove(&options, Fault::None)).unwrap();
    let answer = PasskeyAnswer { attempt: attempt.expose(), response: &response };
    assert!(on.proved_passkey(answer, NOW).await.is_ok());
    assert!(matches!(on.proved_passkey(answer, NOW).await, Err(SignInError::Flow)), "replayed");
    let (options, attempt) = on.ask_passkey((FlowFor::SignIn, None), here(), NOW).await.unwrap();
    let options = serde_json::to_value(options).unwrap();
    let response = serde_json::from_value(passkey.prove(&options, Fault::None)).unwrap();
    let answer = PasskeyAnswer { attempt: attempt.expose(), response: &response };
    let late = Millis(NOW.0 + 600_001);
    assert!(matches!(on.proved_passkey(answer, late).await, Err(SignInError::Flow)), "too late");
    let answer = PasskeyAnswer { attempt: "kz_flow_", response: &response };
    assert!(matches!(on.proved_passkey(answer, NOW).await, Err(SignInError::Flow)));
}

#[tokio::test]
async fn a_passkey_proves_its_own_person_only() {
    let on = with(Rules::default());
    let (mut passkey, _) = joined(&on).await;
    let (_, other) = joined(&on).await;
    // Another credential's handle, and a step-up of another person.
    let (options, attempt) = on.ask_passkey((FlowFor::SignIn, None), here(), NOW).await.unwrap();
    let mut answer: Value = passkey.prove(&serde_json::to_value(options).unwrap(), Fault::None);
    answer["response"]["userHandle"] = json!(data_encoding::BASE64URL_NOPAD.encode(&other.credential));
    let response = serde_json::from_value(answer).unwrap();
    let told = on.proved_passkey(PasskeyAnswer { attempt: attempt.expose(), response: &response }, NOW).await;
    assert!(matches!(told, Err(SignInError::Passkey(PasskeyProblem::Unknown))));
    let (options, attempt) = on.ask_passkey((FlowFor::SignIn, Some(other.credential)), here(), NOW).await.unwrap();
    let options = serde_json::to_value(options).unwrap();
    assert_eq!(options["publicKey"]["allowCredentials"].as_array().unwrap().len(), 1, "of that person");
    let response = serde_json::from_value(passkey.prove(&options, Fault::None)).unwrap();
    let told = on.proved_passkey(PasskeyAnswer { attempt: attempt.expose(), response: &response }, NOW).await;
    assert!(matches!(told, Err(SignInError::Passkey(PasskeyProblem::Unknown))));
}

#[tokio::test]
async fn the_last_means_stays_and_a_removed_passkey_is_worth_nothing() {
    let on = with(Rules::default());
    let (mut first, known) = joined(&on).await;
    let one = on.passkeys(&known.credential).await.unwrap().remove(0);
    let last = on.remove_passkey(&known.credential, &one.id).await;
    assert!(matches!(last, Err(SignInError::Passkey(PasskeyProblem::Last))));
    let purpose = FlowFor::Join([2; 32].into());
    let wanted = PasskeyRequest { purpose, credential: Some(known.credential), name: "mori", address: here() };
    let (options, attempt) = on.make_passkey(wanted, NOW).await.unwrap();
    let options = serde_json::to_value(options).unwrap();
    assert_eq!(options["publicKey"]["excludeCredentials"].as_array().unwrap().len(), 1);
    let (_, response) = Passkey::make(&options, ORIGIN, Fault::None);
    let response = serde_json::from_value(response).unwrap();
    let answer = PasskeyAnswer { attempt: attempt.expose(), response: &response };
    let registered = on.made_passkey(answer, NOW).await.unwrap();
    on.keep_passkey(MORI, (registered, "telephone"), NOW).await.unwrap();
    assert!(on.remove_passkey(&known.credential, &one.id).await.unwrap());
    assert!(!on.remove_passkey(&known.credential, &one.id).await.unwrap());
    let told = proved(&on, &mut first, Fault::None).await;
    assert!(matches!(told, Err(SignInError::Passkey(PasskeyProblem::Unknown))));
}

#[tokio::test]
async fn a_subject_is_linked_by_joining_to_one_credential() {
    let on = with(Rules::default());
    let provider = Some(("https://id.example", "person-1"));
    let wanted = Enrolment { person: MORI, password: None, one_time: None, passkey: None, provider, names: &[] };
    let enrolled = on.enrol(wanted, NOW).await.unwrap();
    let linked = on.linked("https://id.example", "person-1").await.unwrap();
    assert_eq!(linked, Some(Linked { person: MORI, credential: enrolled.credential }));
    for (issuer, subject) in [
        ("https://id.example", "person-2"),
        ("https://id.example/", "person-1"),
        ("https://id.examplep", "erson-1"),
        ("https://other.example", "person-1"),
    ] {
        assert_eq!(on.linked(issuer, subject).await.unwrap(), None, "{issuer} {subject}");
    }
}

#[tokio::test]
async fn a_means_that_is_switched_off_is_refused_everywhere() {
    let off = |allowed| with(Rules { allowed, ..Rules::default() });
    let nothing = Enrolment { person: MORI, password: None, one_time: None, passkey: None, provider: None, names: &[] };
    assert!(matches!(with(Rules::default()).enrol(nothing, NOW).await, Err(SignInError::NoMeans)));
    let on = off(Allowed { passkeys: false, ..Allowed::default() });
    let asked = on.ask_passkey((FlowFor::SignIn, None), here(), NOW).await;
    assert!(matches!(asked, Err(SignInError::Off(Means::Passkeys))));
    let on = off(Allowed { passwords: false, ..Allowed::default() });
    let password = Some("eleven purple umbrellas");
    let wanted = Enrolment { person: MORI, password, one_time: None, passkey: None, provider: None, names: &[] };
    assert!(matches!(on.enrol(wanted, NOW).await, Err(SignInError::Off(Means::Password))));
    let on = off(Allowed { one_time_codes: false, ..Allowed::default() });
    let one_time = Some(("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "000000"));
    let wanted = Enrolment { person: MORI, password, one_time, passkey: None, provider: None, names: &[] };
    assert!(matches!(on.enrol(wanted, NOW).await, Err(SignInError::Off(Means::OneTimeCodes))));
    let on = off(Allowed { providers: false, ..Allowed::default() });
    let provider = Some(("https://id.example", "person-1"));
    let wanted = Enrolment { person: MORI, password, one_time: None, passkey: None, provider, names: &[] };
    assert!(matches!(on.enrol(wanted, NOW).await, Err(SignInError::Off(Means::Providers))));
}

#[tokio::test]
async fn attempts_count_for_their_network_until_they_end_well() {
    let on = with(Rules::default());
    let flow = Flow::Provider(ProviderFlow {
        purpose: FlowFor::SignIn,
        provider: "minato".into(),
        redirect: String::new(),
        state: "s".into(),
        nonce: "n".into(),
        verifier: "v".into(),
        at: NOW,
    });
    for _ in 0..100 {
        let attempt = on.begin_flow(&flow, here(), NOW).await.unwrap();
        assert!(matches!(on.take_flow(attempt.expose(), NOW).await, Ok(Flow::Provider(_))));
        on.end_flow(here(), NOW).await.unwrap();
    }
    let mut begun = 0;
    while on.begin_flow(&flow, here(), NOW).await.is_ok() {
        begun += 1;
    }
    assert_eq!(begun, 30, "without an end, thirty are free");
    assert!(matches!(on.begin_flow(&flow, here(), NOW).await, Err(SignInError::Wait(_))));
    assert!(on.begin_flow(&flow, "198.51.100.1".parse().unwrap(), NOW).await.is_ok());
}

#[test]
fn a_place_of_passkeys_is_a_domain_and_pages_within_it() {
    let place = |domain: &str, origins: &[&str]| {
        let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        PasskeyPlace::new(domain, "Kazasu", &origins).err()
    };
    for (domain, origins) in [
        ("kazasu.example.jp", &["https://kazasu.example.jp"][..]),
        ("example.jp", &["https://kazasu.example.jp:8443", "https://example.jp"]),
        ("localhost", &["http://localhost:8080"]),
    ] {
        assert_eq!(place(domain, origins), None, "{domain}");
    }
    for (domain, origins, key) in [
        ("", &["https://a.jp"][..], "domain:"),
        ("https://a.jp", &["https://a.jp"], "domain:"),
        ("a.jp", &[], "origins:"),
        ("a.jp", &["http://a.jp"], "origins:"),
        ("a.jp", &["https://b.jp"], "origins:"),
        ("a.jp", &["https://evila.jp"], "origins:"),
        ("a.jp", &["https://a.jp/page"], "origins:"),
    ] {
        let wrong = match place(domain, origins).unwrap() {
            PlaceError::Domain(_) => "domain:",
            PlaceError::Origin { .. } | PlaceError::NoOrigin(_) => "origins:",
        };
        assert_eq!(wrong, key, "{domain} {origins:?}");
    }
}
