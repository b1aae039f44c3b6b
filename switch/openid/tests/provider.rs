//! What is believed of a provider: of an honest one, and of one that lies in each way that OpenID Connect Core 1.0 (3.1.3.7) names.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic, and documents itself by its name")]

mod lying;

use kazasu_openid::{Asked, Came, Factors, Proved, Provider, Purpose, Refused, SecondFactor, Settings, SettingsError};
use kazasu_schemas::jst::Millis;
use lying::{Lie, Lying};
use std::time::Duration;

const NOW: Millis = Millis(1_795_000_000_000);
const REDIRECT: &str = "http://127.0.0.1:4711/callback";

fn settings(issuer: &str) -> Settings {
    Settings {
        name: "minato".into(),
        issuer: issuer.into(),
        client_id: "kazasu".into(),
        secret: Some(zeroize::Zeroizing::new("a secret of the test".into())),
        person_claim: "sub".into(),
        second_factor: SecondFactor { amr: vec!["mfa".into()], acr: vec!["urn:two".into()] },
        redirects: vec![],
        tls: None,
        leeway: Duration::from_secs(60),
    }
}

/// The state that the address has, as the browser brings it back.
fn came<'a>(asked: &'a Asked, code: &'a str) -> Came<'a> {
    Came { code, state: &asked.waiting.state, issuer: None }
}

/// One attempt at a provider that lies so.
async fn attempt(lie: Lie, purpose: Purpose) -> Result<Proved, Refused> {
    let lying = Lying::start(lie, NOW);
    let provider = Provider::new(settings(&lying.issuer)).unwrap();
    let asked = provider.ask(REDIRECT, purpose, NOW).await.unwrap();
    let code = lying.sign_in(&asked.url);
    provider.finish(asked.waiting.clone(), came(&asked, &code), NOW).await
}

#[tokio::test]
async fn an_honest_provider_is_believed_and_is_asked_with_pkce_state_and_nonce() {
    let lying = Lying::start(Lie::None, NOW);
    let provider = Provider::new(settings(&lying.issuer)).unwrap();
    let asked = provider.ask(REDIRECT, Purpose::SignIn, NOW).await.unwrap();
    for part in
        ["response_type=code", "code_challenge_method=S256", "code_challenge=", "state=", "nonce=", "scope=openid"]
    {
        assert!(asked.url.contains(part), "{part}: {}", asked.url);
    }
    assert!(!asked.url.contains("max_age"), "{}", asked.url);
    assert!(!asked.url.contains(&asked.waiting.verifier), "the verifier stays here");
    let code = lying.sign_in(&asked.url);
    let proved = provider.finish(asked.waiting.clone(), came(&asked, &code), NOW).await.unwrap();
    assert_eq!(proved, Proved { subject: "person-1".into(), factors: Factors::Two, at: Some(NOW) });
    // The provider takes a code once.
    let again = provider.finish(asked.waiting.clone(), came(&asked, &code), NOW).await;
    assert!(matches!(again, Err(Refused::Code(_))), "{again:?}");
    let again = provider.ask(REDIRECT, Purpose::Again, NOW).await.unwrap();
    assert!(again.url.contains("max_age=0") && again.url.contains("prompt=login"), "{}", again.url);
}

#[tokio::test]
async fn each_lie_is_refused_with_its_reason() {
    let told = |result: Result<Proved, Refused>| result.unwrap_err();
    let sign_in = async |lie| told(attempt(lie, Purpose::SignIn).await);
    assert!(matches!(sign_in(Lie::Issuer).await, Refused::Issuer(_)));
    assert!(matches!(sign_in(Lie::Audience).await, Refused::Audience(_)));
    assert!(matches!(sign_in(Lie::AnotherAudienceToo).await, Refused::Audience(_)));
    assert_eq!(sign_in(Lie::Nonce).await, Refused::Nonce);
    assert_eq!(sign_in(Lie::NoNonce).await, Refused::Nonce);
    assert!(matches!(sign_in(Lie::Expired).await, Refused::Time(_)));
    assert!(matches!(sign_in(Lie::IssuedTomorrow).await, Refused::Time(_)));
    assert!(matches!(sign_in(Lie::IssuedYesterday).await, Refused::Time(_)));
    assert!(matches!(sign_in(Lie::AlgNone).await, Refused::Signature(_)));
    assert!(matches!(sign_in(Lie::Hs256WithPublicKey).await, Refused::Signature(_)));
    assert!(matches!(sign_in(Lie::Hs256WithSecret).await, Refused::Signature(_)), "also with the right secret");
    assert!(matches!(sign_in(Lie::OtherKey).await, Refused::Signature(_)));
    assert!(matches!(sign_in(Lie::ChangedClaims).await, Refused::Signature(_)));
    assert_eq!(sign_in(Lie::NoIdToken).await, Refused::NoIdToken);
}

#[tokio::test]
async fn who_is_to_sign_in_again_did_so_since_the_attempt_began() {
    let again = async |lie| attempt(lie, Purpose::Again).await;
    assert_eq!(again(Lie::None).await.unwrap().at, Some(NOW));
    assert!(matches!(again(Lie::OldAuthTime).await, Err(Refused::AuthTime(_))));
    assert!(matches!(again(Lie::NoAuthTime).await, Err(Refused::AuthTime(_))));
    assert!(matches!(again(Lie::LaterAuthTime).await, Err(Refused::AuthTime(_))));
    // A first sign-in may be hours old; its age is told.
    let old = attempt(Lie::OldAuthTime, Purpose::SignIn).await.unwrap();
    assert!(old.at.unwrap() < Millis(NOW.0 - 3_000_000));
}

#[tokio::test]
async fn one_factor_is_told_from_two_by_amr_and_acr() {
    let factors = async |lie| attempt(lie, Purpose::SignIn).await.unwrap().factors;
    assert_eq!(factors(Lie::None).await, Factors::Two, "amr has mfa");
    assert_eq!(factors(Lie::PasswordOnly).await, Factors::One);
    assert_eq!(factors(Lie::AcrOnly).await, Factors::Two);
}

#[tokio::test]
async fn clocks_may_differ_by_the_leeway_and_no_more() {
    let lying = Lying::start(Lie::None, NOW);
    let provider = Provider::new(settings(&lying.issuer)).unwrap();
    // Tokens of the test hold five minutes from the provider's NOW on.
    for (later, is_taken) in [(0, true), (350_000, true), (361_000, false), (-59_000, true), (-61_000, false)] {
        let now = Millis(NOW.0 + later);
        let asked = provider.ask(REDIRECT, Purpose::SignIn, now).await.unwrap();
        let code = lying.sign_in(&asked.url);
        let result = provider.finish(asked.waiting.clone(), came(&asked, &code), now).await;
        assert_eq!(result.is_ok(), is_taken, "{later}: {result:?}");
    }
}

#[tokio::test]
async fn answers_of_another_attempt_and_of_another_provider_are_refused_before_anything_is_sent() {
    let lying = Lying::start(Lie::None, NOW);
    let provider = Provider::new(settings(&lying.issuer)).unwrap();
    let asked = provider.ask(REDIRECT, Purpose::SignIn, NOW).await.unwrap();
    let other = provider.ask(REDIRECT, Purpose::SignIn, NOW).await.unwrap();
    let code = lying.sign_in(&asked.url);
    let crossed = provider.finish(asked.waiting.clone(), came(&other, &code), NOW).await;
    assert_eq!(crossed.unwrap_err(), Refused::State);
    let mixed = Came { issuer: Some("https://id.example"), ..came(&asked, &code) };
    assert_eq!(provider.finish(asked.waiting.clone(), mixed, NOW).await.unwrap_err(), Refused::OtherProvider);
    assert_eq!(lying.exchanges(), 0);
    // A code that somebody took on the way is worth nothing without this attempt's verifier.
    let stolen = provider.finish(other.waiting.clone(), came(&other, &code), NOW).await;
    assert!(matches!(stolen, Err(Refused::Code(_))), "{stolen:?}");
}

#[tokio::test]
async fn a_provider_with_new_keys_is_asked_for_them_once_a_minute() {
    let lying = Lying::start(Lie::None, NOW);
    let provider = Provider::new(settings(&lying.issuer)).unwrap();
    let attempt = async |now| {
        let asked = provider.ask(REDIRECT, Purpose::SignIn, now).await.unwrap();
        let code = lying.sign_in(&asked.url);
        provider.finish(asked.waiting.clone(), came(&asked, &code), now).await
    };
    assert!(attempt(NOW).await.is_ok());
    lying.change_keys();
    assert!(matches!(attempt(Millis(NOW.0 + 30_000)).await, Err(Refused::Signature(_))), "too soon");
    assert!(attempt(Millis(NOW.0 + 61_000)).await.is_ok());
}

#[tokio::test]
async fn a_person_is_named_by_a_claim_that_does_not_pass_on() {
    let lying = Lying::start(Lie::None, NOW);
    let named = async |claim: &str| {
        let provider = Provider::new(Settings { person_claim: claim.into(), ..settings(&lying.issuer) }).unwrap();
        let asked = provider.ask(REDIRECT, Purpose::SignIn, NOW).await.unwrap();
        let code = lying.sign_in(&asked.url);
        provider.finish(asked.waiting.clone(), came(&asked, &code), NOW).await
    };
    assert_eq!(named("oid").await.unwrap().subject, "object-1");
    assert_eq!(named("employee").await.unwrap_err(), Refused::Person("employee".into()));
    for claim in ["email", "upn", "preferred_username", "name", ""] {
        let refused = Provider::new(Settings { person_claim: claim.into(), ..settings("https://id.example") }).err();
        assert_eq!(refused, Some(SettingsError::PersonClaim(claim.into())));
    }
}

#[tokio::test]
async fn redirects_are_loopback_or_configured() {
    let lying = Lying::start(Lie::None, NOW);
    let page = "https://kazasu.example/signed-in".to_owned();
    let provider = Provider::new(Settings { redirects: vec![page.clone()], ..settings(&lying.issuer) }).unwrap();
    for good in [REDIRECT, "http://[::1]:9/callback", &page] {
        assert!(provider.ask(good, Purpose::SignIn, NOW).await.is_ok(), "{good}");
    }
    let more = format!("{page}/more");
    for bad in [
        "http://localhost:1/callback",
        "http://127.0.0.1.example:1/callback",
        "http://person@127.0.0.1:1/callback",
        "https://evil.example/",
        "javascript:alert(1)",
        &more,
        "",
    ] {
        let told = provider.ask(bad, Purpose::SignIn, NOW).await.err();
        assert_eq!(told, Some(Refused::Redirect), "{bad}");
    }
}

#[tokio::test]
async fn an_issuer_is_https_and_one_that_does_not_answer_says_so() {
    for bad in ["http://id.example", "ftp://id.example", "id.example", "https://id.example?x=1", ""] {
        assert!(matches!(Provider::new(settings(bad)).err(), Some(SettingsError::Issuer(_))), "{bad}");
    }
    let provider = Provider::new(settings("http://127.0.0.1:1")).unwrap();
    let told = provider.ask(REDIRECT, Purpose::SignIn, NOW).await.err();
    assert!(matches!(told, Some(Refused::Unreachable(_))), "{told:?}");
    // A description of another issuer than the configured one.
    let lying = Lying::start(Lie::None, NOW);
    let provider = Provider::new(settings(&format!("{}/", lying.issuer))).unwrap();
    let told = provider.ask(REDIRECT, Purpose::SignIn, NOW).await.err();
    assert!(matches!(told, Some(Refused::Unreachable(_))), "{told:?}");
}
