//! Signing in through an organisation's provider (a real one: oidc-provider-mock of PyPI, which test.sh installs) and with passkeys (an
//! authenticator in software), on a running switch and at the command line.

#[allow(dead_code, reason = "the tests of sign-in use every fault")]
#[path = "../../sign-in/tests/authenticator/mod.rs"]
mod authenticator;

use crate::harness::DO;
use crate::harness::{Served, Town, free_port, kazasu, request, wait_for};
use crate::rules::call;
use crate::step_up::steps_up;
use authenticator::{Fault, Passkey};
use kazasu_demo::sample::Town as Sample;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PEOPLE: &str = "people";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";
const PAGES: &str = "https://kazasu.example.jp";

/// The provider's program.
fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let program = root.join("target/oidc/bin/oidc-provider-mock");
    assert!(
        program.exists(),
        "{} is missing: ./test.sh installs it (python3 -m venv target/oidc; target/oidc/bin/pip install -r tests/oidc.txt)",
        program.display()
    );
    program
}

/// A provider of the town's operator.
struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    fn start() -> Provider {
        let port = free_port();
        let mut command = Command::new(program());
        command.args(["--port", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let provider = Provider { child: command.spawn().unwrap(), issuer: format!("http://127.0.0.1:{port}") };
        wait_for("the provider", Duration::from_secs(60), || {
            request(format!("127.0.0.1:{port}"), "GET", "/.well-known/openid-configuration", &[], b"").ok()
        });
        provider
    }

    fn host(&self) -> &str {
        self.issuer.strip_prefix("http://").unwrap()
    }

    /// What the provider puts into ID tokens of this account. It lies where a test wants it to.
    fn says(&self, account: &str, claims: &Value) {
        let json = [("content-type", "application/json")];
        let body = claims.to_string();
        let (status, text) = request(self.host(), "PUT", &format!("/users/{account}"), &json, body.as_bytes()).unwrap();
        assert_eq!(status, 204, "{text}");
    }

    /// A person signs in there as this account; the address to which the browser is sent back.
    fn sign_in(&self, url: &str, account: &str) -> String {
        let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
        let answer = agent.post(url).send_form([("sub", account)]).unwrap();
        answer.headers().get("location").unwrap_or_else(|| panic!("{answer:?}")).to_str().unwrap().to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A town whose operator has this provider.
fn town_with(provider: &Provider, more: &str) -> Town {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    std::fs::write(town.path("oidc.secret"), "a secret of the test\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(town.path("oidc.secret"), mode).unwrap();
    let issuer = &provider.issuer;
    town.configure(&format!(
        "\n[passkeys]\ndomain = \"kazasu.example.jp\"\norigins = [\"{PAGES}\"]\n\n[[oidc]]\nname = \"office\"\norganisation = \"org_1\"\n\
         issuer = \"{issuer}\"\nclient_id = \"kazasu\"\nsecret_file = \"oidc.secret\"\namr = [\"mfa\"]\n{more}"
    ));
    town
}

fn ask(served: &Served, session: Option<&str>, body: &Value) -> (u16, Value) {
    match session {
        Some(session) => call(served, DO, PEOPLE, session, body),
        None => {
            let (status, text) = request(served.http, DO, PEOPLE, &[], body.to_string().as_bytes()).unwrap();
            (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
        }
    }
}

fn done(served: &Served, session: Option<&str>, body: &Value) -> Value {
    let (status, value) = ask(served, session, body);
    assert_eq!(status, 200, "{body}: {value}");
    value
}

fn refused(served: &Served, session: Option<&str>, body: &Value) -> String {
    let (status, value) = ask(served, session, body);
    assert!((400..500).contains(&status), "{body}: {status} {value}");
    value["detail"].as_str().unwrap().to_owned()
}

/// An invitation of a new person, or of one who has joined before.
fn invited(town: &Town, served: &Served, name: &str) -> Value {
    let invite = json!({ "do": "invite", "name": name, "organisation": "org_1", "why": "begins today" });
    done(served, Some(&town.session("ando")), &invite)["invitation"].clone()
}

/// What comes back from the provider, as the operations take it.
fn fields(started: &Value, back: &str) -> Value {
    let query = back.split_once('?').unwrap().1;
    let value = |name: &str| {
        let pair = query
            .split('&')
            .find_map(|pair| pair.strip_prefix(&format!("{name}=")))
            .unwrap_or_else(|| panic!("{back}"));
        pair.to_owned()
    };
    json!({ "attempt": started["attempt"], "code": value("code"), "state": value("state"), "iss": null })
}

/// An attempt at the provider, up to the way back.
fn at_provider(served: &Served, provider: &Provider, (session, start): (Option<&str>, Value), account: &str) -> Value {
    let started = done(served, session, &start);
    assert_eq!(started["provider"], "office");
    let back = provider.sign_in(started["url"].as_str().unwrap(), account);
    assert!(back.starts_with(REDIRECT), "{back}");
    fields(&started, &back)
}

fn start() -> Value {
    json!({ "do": "oidc_start", "provider": null, "redirect": REDIRECT, "invitation": null })
}

fn now() -> i64 {
    kazasu_engine::clock::now().0 / 1_000
}

/// mori joins through the provider, as the account mori.
fn joined(town: &Town, served: &Served, provider: &Provider) {
    provider.says("mori", &json!({ "amr": ["pwd", "mfa"], "auth_time": now(), "email": "mori@example.jp" }));
    let invitation = invited(town, served, "mori");
    let begin = json!({ "do": "oidc_start", "redirect": REDIRECT, "invitation": invitation });
    let oidc = at_provider(served, provider, (None, begin), "mori");
    let joined = done(served, None, &json!({ "do": "join", "invitation": invitation, "oidc": oidc }));
    assert_eq!((&joined["name"], &joined["recovery_codes"]), (&json!("mori"), &json!([])));
}

/// A session through the provider.
fn session(served: &Served, provider: &Provider, account: &str) -> String {
    let oidc = at_provider(served, provider, (None, start()), account);
    let signed_in = done(served, None, &json!({ "do": "oidc_sign_in", "oidc": oidc }));
    signed_in["session"].as_str().unwrap().to_owned()
}

#[test]
fn a_person_joins_through_the_organisations_provider_and_signs_in() {
    let provider = Provider::start();
    let town = town_with(&provider, "");
    let served = town.serve();
    joined(&town, &served, &provider);
    let who = done(&served, Some(&session(&served, &provider, "mori")), &json!({ "do": "whoami" }));
    let shown = (&who["name"], &who["sign_in"], &who["fresh_factor"]);
    assert_eq!(shown, (&json!("mori"), &json!("oidc+factor"), &json!(true)));
    // The provider says of one factor: the same person, and no second factor.
    provider.says("mori", &json!({ "amr": ["pwd"], "auth_time": now() }));
    let who = done(&served, Some(&session(&served, &provider, "mori")), &json!({ "do": "whoami" }));
    assert_eq!((&who["sign_in"], &who["fresh_factor"]), (&json!("oidc"), &json!(false)));
    // Signed in at the provider for hours: two factors, and none of them fresh.
    provider.says("mori", &json!({ "amr": ["mfa"], "auth_time": now() - 7_200 }));
    let who = done(&served, Some(&session(&served, &provider, "mori")), &json!({ "do": "whoami" }));
    assert_eq!((&who["sign_in"], &who["fresh_factor"]), (&json!("oidc+factor"), &json!(false)));
    // Another account, also with mori's address, is no person here.
    provider
        .says("other", &json!({ "amr": ["mfa"], "email": "mori@example.jp", "email_verified": true, "name": "mori" }));
    let oidc = at_provider(&served, &provider, (None, start()), "other");
    let told = refused(&served, None, &json!({ "do": "oidc_sign_in", "oidc": oidc }));
    assert!(told.contains("linked to no person"), "{told}");
    // And another person does not join with mori's account.
    let invitation = invited(&town, &served, "hara");
    let begin = json!({ "do": "oidc_start", "redirect": REDIRECT, "invitation": invitation });
    let oidc = at_provider(&served, &provider, (None, begin), "mori");
    let told = refused(&served, None, &json!({ "do": "join", "invitation": invitation, "oidc": oidc }));
    assert!(told.contains("linked to another person"), "{told}");
    served.stop();
    let out = kazasu(&["audit", "log", "--json", "--kind", "sign_in_refused", "--config", &town.config()]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("oidc_sign_in") && text.contains("linked to no person"), "{text}");
    let out = kazasu(&["audit", "log", "--json", "--kind", "signed_in", "--config", &town.config()]);
    assert_eq!(String::from_utf8(out.stdout).unwrap().matches("people.oidc_sign_in").count(), 3);
}

#[test]
fn what_a_provider_lies_about_and_what_is_replayed_signs_nobody_in() {
    let provider = Provider::start();
    let town = town_with(&provider, "");
    let served = town.serve();
    joined(&town, &served, &provider);
    for (lie, reason) in [
        (json!({ "iss": "https://id.example" }), "another issuer"),
        (json!({ "nonce": "of another attempt" }), "nonce"),
        (json!({ "aud": "another" }), "another client"),
        (json!({ "exp": now() - 120 }), "not of this moment"),
        (json!({ "iat": now() - 86_400 }), "not of this moment"),
    ] {
        provider.says("mori", &lie);
        let oidc = at_provider(&served, &provider, (None, start()), "mori");
        let told = refused(&served, None, &json!({ "do": "oidc_sign_in", "oidc": oidc }));
        assert!(told.contains(reason), "{lie}: {told}");
    }
    provider.says("mori", &json!({ "amr": ["mfa"], "auth_time": now() }));
    let oidc = at_provider(&served, &provider, (None, start()), "mori");
    // The state of another attempt; then the attempt is over.
    let crossed = json!({ "do": "oidc_sign_in", "oidc": { "attempt": oidc["attempt"], "code": oidc["code"], "state": "x", "iss": null } });
    assert!(refused(&served, None, &crossed).contains("another attempt"));
    let good = json!({ "do": "oidc_sign_in", "oidc": oidc });
    assert!(refused(&served, None, &good).contains("begin again"));
    let good = at_provider(&served, &provider, (None, start()), "mori");
    done(&served, None, &json!({ "do": "oidc_sign_in", "oidc": good }));
    assert!(refused(&served, None, &json!({ "do": "oidc_sign_in", "oidc": good })).contains("begin again"), "replayed");
    // The code, replayed in an attempt of one's own: the provider refuses it.
    let mine = at_provider(&served, &provider, (None, start()), "mori");
    let stolen = json!({ "attempt": mine["attempt"], "code": good["code"], "state": mine["state"], "iss": null });
    assert!(
        refused(&served, None, &json!({ "do": "oidc_sign_in", "oidc": stolen })).contains("did not accept the code")
    );
    // An attempt to sign in does not end as a joining, nor in a session.
    let oidc = at_provider(&served, &provider, (None, start()), "mori");
    let invitation = invited(&town, &served, "hara");
    let told = refused(&served, None, &json!({ "do": "join", "invitation": invitation, "oidc": oidc }));
    assert!(told.contains("something else"), "{told}");
    let bad = json!({ "do": "oidc_start", "redirect": "https://evil.example/" });
    assert!(refused(&served, None, &bad).contains("redirect"));
}

#[test]
fn a_factor_is_shown_again_at_the_provider_by_the_same_person_now() {
    let provider = Provider::start();
    let town = town_with(&provider, "");
    let served = town.serve();
    joined(&town, &served, &provider);
    provider.says("mori", &json!({ "amr": ["mfa"], "auth_time": now() - 7_200 }));
    let session = session(&served, &provider, "mori");
    let again = || json!({ "do": "oidc_start", "redirect": REDIRECT, "again": true });
    let step_up = |oidc: Value| json!({ "do": "step_up", "oidc": oidc });
    let url = done(&served, Some(&session), &again())["url"].as_str().unwrap().to_owned();
    assert!(url.contains("max_age=0") && url.contains("prompt=login"), "{url}");
    let attempt = |account: &str| at_provider(&served, &provider, (Some(&session), again()), account);
    let told = refused(&served, Some(&session), &step_up(attempt("mori")));
    assert!(told.contains("did not sign in again"), "an old auth_time: {told}");
    // Left out, it would be the provider's own clock.
    provider.says("mori", &json!({ "amr": ["mfa"], "auth_time": null }));
    let told = refused(&served, Some(&session), &step_up(attempt("mori")));
    assert!(told.contains("did not sign in again"), "no auth_time: {told}");
    provider.says("other", &json!({ "amr": ["mfa"], "auth_time": now() }));
    let told = refused(&served, Some(&session), &step_up(attempt("other")));
    assert!(told.contains("not the one of the person who is signed in"), "{told}");
    provider.says("mori", &json!({ "amr": ["pwd"], "auth_time": now() }));
    let told = refused(&served, Some(&session), &step_up(attempt("mori")));
    assert!(told.contains("two factors"), "{told}");
    provider.says("mori", &json!({ "amr": ["mfa"], "auth_time": now() }));
    // Bound to its session: another one of another person does not end it.
    let told = refused(&served, Some(&town.session("sato")), &step_up(attempt("mori")));
    assert!(told.contains("something else"), "{told}");
    let who = done(&served, Some(&session), &step_up(attempt("mori")));
    assert_eq!(who["fresh_factor"], true);
    let who = done(&served, Some(&session), &json!({ "do": "whoami" }));
    assert_eq!(who["fresh_factor"], true);
}

/// A command that waits for the browser, and the address that it shows.
fn waiting(town: &Town, args: &[&str]) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    command.args(args).args(["--config", &town.config(), "--session", town.path("mine").to_str().unwrap()]);
    command.env("KAZASU_LANG", "en").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    if args[0] == "person" {
        let invitation = std::fs::read_to_string(town.path("invitation")).unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{invitation}").unwrap();
    }
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let url = lines.find(|line| line.starts_with("http")).expect("an address");
    // What else it says is of no interest, and must not stop it.
    std::thread::spawn(move || lines.for_each(drop));
    (child, url)
}

#[test]
fn the_command_line_signs_in_through_a_browser_and_by_pasting() {
    let provider = Provider::start();
    let town = town_with(&provider, "");
    let served = town.serve();
    provider.says("mori", &json!({ "amr": ["mfa"], "auth_time": now() }));
    let invitation = invited(&town, &served, "mori");
    std::fs::write(town.path("invitation"), invitation.as_str().unwrap()).unwrap();
    // The browser comes back to the command's port.
    let (child, url) = waiting(&town, &["person", "join", "--oidc"]);
    let back = provider.sign_in(&url, "mori");
    let (host, path) = back.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert_eq!(request(host, "GET", "/favicon.ico", &[], b"").unwrap().0, 404);
    let (status, page) = request(host, "GET", &format!("/{path}"), &[], b"").unwrap();
    assert_eq!(status, 200, "{page}");
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // A browser on another machine: the address is pasted.
    let (mut child, url) = waiting(&town, &["login", "--oidc", "--provider", "office", "--json"]);
    let back = provider.sign_in(&url, "mori");
    writeln!(child.stdin.as_mut().unwrap(), "what?\n{back}").unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let who: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&who["name"], &who["via"]), (&json!("mori"), &json!("cli")));
    provider.says("mori", &json!({ "amr": ["mfa"], "auth_time": now() }));
    let (mut child, url) = waiting(&town, &["login", "--oidc", "--again", "--json"]);
    writeln!(child.stdin.as_mut().unwrap(), "{}", provider.sign_in(&url, "mori")).unwrap();
    let out = child.wait_with_output().unwrap();
    let who: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(who["fresh_factor"], true, "{}", String::from_utf8_lossy(&out.stderr));
}

/// A person's new passkey.
fn passkey(served: &Served, session: &str) -> Passkey {
    let started = done(served, Some(session), &json!({ "do": "new_passkey" }));
    let (passkey, response) = Passkey::make(&started["options"], PAGES, Fault::None);
    let made = json!({ "attempt": started["attempt"], "response": response, "label": "key ring" });
    let listed = done(served, Some(session), &json!({ "do": "add_passkey", "passkey": made }));
    assert_eq!(listed[0]["label"], "key ring");
    passkey
}

fn signs_in(served: &Served, passkey: &mut Passkey, fault: Fault) -> (u16, Value) {
    let asked = done(served, None, &json!({ "do": "passkey_options", "again": false }));
    let proved = json!({ "attempt": asked["attempt"], "response": passkey.prove(&asked["options"], fault) });
    ask(served, None, &json!({ "do": "passkey_sign_in", "passkey": proved }))
}

#[test]
fn a_passkey_signs_in_shows_a_factor_again_and_ends_with_another_invitation() {
    let provider = Provider::start();
    let town = town_with(&provider, "");
    let served = town.serve();
    let tanaka = town.session("tanaka");
    let mut key = passkey(&served, &tanaka);
    let (status, signed_in) = signs_in(&served, &mut key, Fault::None);
    assert_eq!((status, &signed_in["sign_in"]), (200, &json!("passkey")), "{signed_in}");
    let mine = signed_in["session"].as_str().unwrap();
    let who = done(&served, Some(mine), &json!({ "do": "whoami" }));
    assert_eq!((&who["name"], &who["fresh_factor"]), (&json!("tanaka"), &json!(true)));
    assert!(!who["roles"].as_array().unwrap().is_empty(), "two factors: {who}");
    for fault in [Fault::OldCounter, Fault::NotVerified, Fault::OtherOrigin, Fault::OtherChallenge, Fault::OtherKey] {
        assert_eq!(signs_in(&served, &mut key, fault).0, 401, "{fault:?}");
    }
    // Again, in this session and in no other.
    let step = |key: &mut Passkey, asker: &str, shower: &str| {
        let asked = done(&served, Some(asker), &json!({ "do": "passkey_options", "again": true }));
        let proved = json!({ "attempt": asked["attempt"], "response": key.prove(&asked["options"], Fault::None) });
        ask(&served, Some(shower), &json!({ "do": "step_up", "passkey": proved }))
    };
    assert_eq!(step(&mut key, mine, mine).1["fresh_factor"], true);
    assert_eq!(step(&mut key, mine, &tanaka).0, 401);
    // Another person's passkey shows nothing in this session.
    let mut other = passkey(&served, &town.session("sato"));
    assert_eq!(step(&mut other, mine, mine).0, 401);
    let listed = done(&served, Some(mine), &json!({ "do": "passkeys" }))["items"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    // A lost factor: another invitation, of two administrators, ends the passkey at once.
    let again = json!({ "do": "invite_again", "person": "tanaka", "why": "lost the key ring" });
    let asked = done(&served, Some(&town.session("ando")), &again);
    assert_eq!(signs_in(&served, &mut key, Fault::None).0, 200, "until it is decided");
    let (bearer, path) =
        (format!("Bearer {}", town.session("baba")), format!("/api/v1/approvals/{}/approve", asked["proposal"]));
    let fingerprint = asked["approval_fingerprint"].as_str().unwrap();
    steps_up(&town, &served, ("baba", fingerprint));
    let headers = [("authorization", bearer.as_str()), ("if-match", fingerprint)];
    let (status, text) = request(served.http, "POST", &path, &headers, b"{\"why\": \"checked\"}").unwrap();
    assert_eq!(status, 200, "{text}");
    let (status, told) = signs_in(&served, &mut key, Fault::None);
    assert_eq!(status, 401, "{told}");
    // tanaka joins again with a passkey alone, removes none, and signs in.
    let invitation = &asked["invitation"];
    let started = done(&served, None, &json!({ "do": "new_passkey", "invitation": invitation }));
    let (mut key, response) = Passkey::make(&started["options"], PAGES, Fault::None);
    let made = json!({ "attempt": started["attempt"], "response": response, "label": "a new one" });
    done(&served, None, &json!({ "do": "join", "invitation": invitation, "passkey": made }));
    let (_, signed_in) = signs_in(&served, &mut key, Fault::None);
    let mine = signed_in["session"].as_str().unwrap();
    let listed = done(&served, Some(mine), &json!({ "do": "passkeys" }))["items"].clone();
    let remove = json!({ "do": "remove_passkey", "passkey": listed[0]["passkey"] });
    assert_eq!(ask(&served, Some(mine), &remove).0, 409, "it is the only means");
    // Who knows a password alone does not take the second factor away.
    let invitation = invited(&town, &served, "hara");
    let started = done(&served, None, &json!({ "do": "new_passkey", "invitation": invitation }));
    let (_, response) = Passkey::make(&started["options"], PAGES, Fault::None);
    let made = json!({ "attempt": started["attempt"], "response": response, "label": "key ring" });
    let password = "six words that no thief guesses today";
    done(&served, None, &json!({ "do": "join", "invitation": invitation, "passkey": made, "password": password }));
    let signed_in = done(&served, None, &json!({ "do": "sign_in", "name": "hara", "password": password }));
    let session = signed_in["session"].as_str().unwrap();
    let listed = done(&served, Some(session), &json!({ "do": "passkeys" }));
    let remove = json!({ "do": "remove_passkey", "passkey": listed["items"][0]["passkey"] });
    let (status, told) = ask(&served, Some(session), &remove);
    assert_eq!((status, &told["code"]), (403, &json!("fresh_factor_needed")), "{told}");
}

#[test]
fn a_means_that_the_configuration_switches_off_is_refused() {
    let provider = Provider::start();
    let town = town_with(&provider, "");
    // With every means the town's people sign in; the provider's people join.
    let served = town.serve();
    joined(&town, &served, &provider);
    served.stop();
    let factors = |list: &str| {
        let text = std::fs::read_to_string(town.config()).unwrap();
        let without: Vec<&str> =
            text.lines().filter(|line| !line.starts_with("factors = ") && *line != "[sign_in]").collect();
        std::fs::write(town.config(), format!("{}\n[sign_in]\nfactors = [{list}]\n", without.join("\n"))).unwrap();
    };
    let password = json!({ "do": "sign_in", "name": "sato", "password": "x", "code": "000000" });
    factors("\"password\", \"totp\"");
    let served = town.serve();
    assert_eq!(ask(&served, None, &start()).0, 403);
    assert_eq!(ask(&served, None, &json!({ "do": "passkey_options", "again": false })).0, 403);
    assert_eq!(ask(&served, None, &password).0, 401, "looked at, and wrong");
    served.stop();
    factors("\"oidc\", \"passkeys\"");
    let served = town.serve();
    assert_eq!(ask(&served, None, &password).0, 403);
    let told = refused(&served, Some(&town.session("sato")), &json!({ "do": "step_up", "code": "000000" }));
    assert!(told.contains("one-time codes"), "{told}");
    provider.says("mori", &json!({ "amr": ["mfa"], "auth_time": now() }));
    session(&served, &provider, "mori");
    served.stop();
    for (list, reason) in [("", "no person could sign in"), ("\"password\"", "no person could show a second factor")] {
        factors(list);
        let out = kazasu(&["config", "check", "--config", &town.config()]);
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        let is_refused = !out.status.success() && text.contains(reason);
        // A passkey needs [passkeys], which this town has.
        assert!(is_refused, "[{list}]: {text}");
    }
}
