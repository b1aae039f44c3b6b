//! Signing in on the rows of memory and of a file, with a clock of the test.

use super::*;
use kazasu_schemas::identity::{PersonId, SignIn, Via};
use kazasu_schemas::jst::Millis;
use kazasu_store::Store;
use kazasu_store::memory::MemoryStore;
use kazasu_store::sqlite::SqliteStore;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use zeroize::Zeroizing;

const NOW: Millis = Millis(1_795_000_000_000);
const PASSWORD: &str = "eleven purple umbrellas";
const MINUTE: i64 = 60_000;

/// Different bytes each time.
fn draw(n: usize) -> Option<Vec<u8>> {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    let seed = DRAWN.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Some((0..n).map(|at| seed[at % 8] ^ u8::try_from(at * 37 % 251).unwrap()).collect())
}

/// Turns bytes over, and knows what they were about.
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

fn sign_ins(store: Arc<dyn Store>) -> SignIns {
    SignIns::new(store, Arc::new(Turned), (draw, Rules::default()))
}

fn memory() -> SignIns {
    sign_ins(Arc::new(MemoryStore::default()))
}

/// How many rows there are about attempts.
async fn attempts_kept(store: &dyn Store) -> usize {
    store.side().await.unwrap().list(crate::rows::ATTEMPTS, &[], 1_000).await.unwrap().len()
}

fn later(millis: i64) -> Millis {
    Millis(NOW.0 + millis)
}

fn code(secret: &OneTime, at: Millis) -> String {
    secret.at(u64::try_from(at.0 / 1_000).unwrap()).unwrap()
}

fn with_password<'a>(password: &'a str, names: &'a [&'a str]) -> Enrolment<'a> {
    let (person, password) = (PersonId::new(3), Some(password));
    Enrolment { person, password, one_time: None, passkey: None, provider: None, names }
}

/// A person who has joined.
struct Joined {
    known: Known,
    secret: OneTime,
    recovery: Vec<Zeroizing<String>>,
}

async fn join(on: &SignIns, n: u32, factor: bool) -> Joined {
    let secret = OneTime::new(draw(20).unwrap().try_into().unwrap());
    let (text, first) = (secret.text(), code(&secret, NOW));
    let one_time = factor.then_some((text.as_str(), first.as_str()));
    let wanted = Enrolment { one_time, ..with_password(PASSWORD, &["sato"]) };
    let enrolled = on.enrol(wanted, NOW).await.unwrap();
    let known = Known { person: PersonId::new(n), credential: enrolled.credential, rights: 7 };
    Joined { known, secret, recovery: enrolled.recovery }
}

struct Try<'a> {
    name: &'a str,
    password: &'a str,
    code: Option<&'a str>,
    from: &'a str,
}

async fn attempt(on: &SignIns, known: Option<Known>, (asked, at): (Try<'_>, Millis)) -> Result<SignedIn, SignInError> {
    let address: IpAddr = asked.from.parse().unwrap();
    let Try { name, password, code, .. } = asked;
    on.sign_in(Attempt { name, password, code, address, via: Via::Api }, known, at).await
}

fn right(code: Option<&str>) -> Try<'_> {
    Try { name: "sato", password: PASSWORD, code, from: "192.0.2.1" }
}

#[test]
fn a_secret_reads_back_and_one_that_was_mistyped_does_not() {
    let key = Secret::new(SecretKind::Key, [7; 20]);
    assert!(key.expose().starts_with("kz_live_"));
    assert_eq!(Secret::read(key.expose()).unwrap().hash(), key.hash());
    let session = Secret::session(PersonId::new(70_000), [9; 20]);
    let again = Secret::read(&format!(" {}\n", session.expose())).unwrap();
    assert_eq!((again.kind(), again.hash()), (SecretKind::Session, session.hash()));
    assert_eq!(again.person(), Some(PersonId::new(70_000)));
    for at in 8..key.expose().len() {
        let mut wrong = key.expose().to_owned();
        let other = if &wrong[at..=at] == "a" { "b" } else { "a" };
        wrong.replace_range(at..=at, other);
        assert_eq!(Secret::read(&wrong), Err(SecretError::Checksum), "{wrong}");
    }
    for wrong in ["", "kz_live_", "kz_live_x", "kz_live_ああああああああああああ", "kz_join", &key.expose()[..30]]
    {
        assert!(Secret::read(wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(Secret::read("0123456789abcdef0123456789abcdef"), Err(SecretError::Form));
    assert!(!format!("{key:?}").contains(&key.expose()[8..]));
}

#[test]
fn one_time_codes_are_those_of_rfc_6238() {
    let secret = OneTime::new(*b"12345678901234567890");
    for (seconds, code) in
        [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
    {
        assert_eq!(secret.at(seconds).unwrap(), code);
    }
    assert_eq!(secret.text().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert!(OneTime::read("gezd gnbv gy3t qojq gezd gnbv gy3t qojq").is_some());
    assert!(OneTime::read("GEZDGNBVGY3TQOJQ").is_none(), "too short");
    assert_eq!(
        totp_url("鈴木 a", &secret).as_str(),
        "otpauth://totp/Kazasu:%E9%88%B4%E6%9C%A8%20a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Kazasu"
    );
}

#[test]
fn passwords_that_are_tried_first_are_refused_and_sentences_taken() {
    let check = |password: &str, shortest| password::check(password, shortest, &["morimoto", "Minato Town"]);
    for good in
        ["eleven purple umbrellas", "川沿いの三本の桜は今年も遅い", "correct horse battery staples 9", "kx7-Qpd2!"]
    {
        let shortest = if good.chars().count() < 15 { 8 } else { 15 };
        let shortest = shortest.min(good.chars().count());
        assert_eq!(check(good, shortest), Ok(()), "{good}");
    }
    for bad in [
        "password",
        "Password123",
        "ＰＡＳＳＷＯＲＤ１２３４",
        "correct horse battery staple",
        "1234567890123",
        "qwertyuiop",
        "aaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "zyxwvutsrqponmlk",
        "いろはにほへと2026",
        "1qaz2wsx3edc4rfv",
    ] {
        assert_eq!(check(bad, 8), Err(WeakPassword::Common), "{bad}");
    }
    for own in ["morimoto2026", "Morimoto-9!", "minatotown1"] {
        assert_eq!(check(own, 8), Err(WeakPassword::OwnName), "{own}");
    }
    assert_eq!(check("short one", 15), Err(WeakPassword::Short(15, 9)));
    assert_eq!(check(&"long sentence ".repeat(30), 15), Err(WeakPassword::Long));
}

#[tokio::test]
async fn a_password_alone_has_fifteen_characters_and_eight_with_a_code() {
    let on = memory();
    let alone = on.enrol(with_password("kx7-Qpd2!", &[]), NOW).await;
    assert!(matches!(alone, Err(SignInError::Weak(WeakPassword::Short(15, 9)))));
    let secret = OneTime::new([3; 20]);
    let (text, first) = (secret.text(), code(&secret, NOW));
    let with = Enrolment { one_time: Some((&text, &first)), ..with_password("kx7-Qpd2!", &[]) };
    assert_eq!(on.enrol(with, NOW).await.unwrap().recovery.len(), 10);
    let wrong = Enrolment { one_time: Some((&text, "000000")), ..with_password("kx7-Qpd2!", &[]) };
    assert!(matches!(on.enrol(wrong, NOW).await, Err(SignInError::Code)));
}

#[tokio::test]
async fn who_is_right_signs_in_and_everybody_else_hears_the_same() {
    let on = memory();
    let joined = join(&on, 3, true).await;
    let at = later(MINUTE);
    let now_code = code(&joined.secret, at);
    let wrong = [
        (Some(joined.known), Try { password: "eleven purple umbrella", ..right(Some(&now_code)) }),
        (Some(joined.known), right(None)),
        (Some(joined.known), right(Some("000000"))),
        (None, Try { name: "mori", ..right(Some(&now_code)) }),
    ];
    for (known, asked) in wrong {
        let told = attempt(&on, known, (asked, at)).await.err().unwrap();
        assert_eq!(told.to_string(), SignInError::Wrong.to_string());
    }
    let signed_in = attempt(&on, Some(joined.known), (right(Some(&now_code)), at)).await.unwrap();
    assert_eq!(signed_in.sign_in, SignIn::PasswordAndCode);
    let session = on.session(&signed_in.session, at).await.unwrap().unwrap();
    assert_eq!((session.person, session.rights, session.factor), (PersonId::new(3), 7, Fresh::Yes));
    // A code is good once.
    let again = attempt(&on, Some(joined.known), (right(Some(&now_code)), later(MINUTE + 1_000))).await;
    assert!(matches!(again, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_a_lost_app_once() {
    let on = memory();
    let joined = join(&on, 3, true).await;
    let typed = joined.recovery[4].to_uppercase().replace('-', " ");
    let signed_in = attempt(&on, Some(joined.known), (right(Some(&typed)), later(MINUTE))).await.unwrap();
    assert_eq!((signed_in.sign_in, signed_in.recovery_left), (SignIn::PasswordAndRecovery, 9));
    let again = attempt(&on, Some(joined.known), (right(Some(&typed)), later(2 * MINUTE))).await;
    assert!(matches!(again, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_or_old_or_taken_away() {
    let on = memory();
    let joined = join(&on, 3, false).await;
    let signed_in = attempt(&on, Some(joined.known), (right(None), NOW)).await.unwrap();
    let is_open = async |at| on.session(&signed_in.session, later(at)).await.unwrap().is_some();
    for minutes in [1, 29, 58] {
        assert!(is_open(minutes * MINUTE).await, "{minutes}");
    }
    assert!(!is_open(89 * MINUTE).await, "31 minutes after the last use");
    let signed_in = attempt(&on, Some(joined.known), (right(None), NOW)).await.unwrap();
    let mut open = 0;
    for minutes in (0..600).step_by(25) {
        open += i64::from(on.session(&signed_in.session, later(minutes * MINUTE)).await.unwrap().is_some());
    }
    assert_eq!(open, 540 / 25 + 1, "nine hours, however busy");
    let one = attempt(&on, Some(joined.known), (right(None), NOW)).await.unwrap();
    let two = attempt(&on, Some(joined.known), (right(None), NOW)).await.unwrap();
    let other = join(&on, 4, false).await;
    let others = attempt(&on, Some(other.known), (Try { name: "mori", ..right(None) }, NOW)).await.unwrap();
    let first = on.session(&one.session, NOW).await.unwrap().unwrap();
    assert!(on.sign_out(&first.id).await.unwrap());
    assert_eq!(on.session(&one.session, NOW).await.unwrap(), None);
    assert!(on.session(&two.session, NOW).await.unwrap().is_some());
    on.sign_out_everywhere(PersonId::new(3)).await.unwrap();
    assert_eq!(on.sessions(PersonId::new(3), NOW).await.unwrap(), []);
    assert!(on.session(&others.session, NOW).await.unwrap().is_some(), "another person's stay");
}

#[tokio::test]
async fn failures_slow_down_and_lock_nobody_out() {
    let on = memory();
    let joined = join(&on, 3, false).await;
    // The person signs in from the office.
    attempt(&on, Some(joined.known), (right(None), NOW)).await.unwrap();
    // An attacker guesses from many networks.
    let mut waited = 0;
    for n in 0..40_u8 {
        let from = format!("198.51.{n}.1");
        let guess = Try { password: "a guess that is wrong", from: &from, ..right(None) };
        let told = attempt(&on, Some(joined.known), (guess, later(i64::from(n)))).await;
        waited += usize::from(matches!(told, Err(SignInError::Wait(_))));
    }
    assert!(waited >= 29, "ten guesses are free, the others wait: {waited}");
    // From the office the person signs in all the same; elsewhere within five minutes.
    assert!(attempt(&on, Some(joined.known), (right(None), later(100))).await.is_ok());
    let elsewhere = || Try { from: "203.0.113.9", ..right(None) };
    assert!(matches!(
        attempt(&on, Some(joined.known), (elsewhere(), later(200))).await,
        Err(SignInError::Wait(1..=300))
    ));
    assert!(attempt(&on, Some(joined.known), (elsewhere(), later(6 * MINUTE))).await.is_ok());
}

#[tokio::test]
async fn a_network_that_tries_many_names_waits() {
    let on = memory();
    let mut told = Vec::new();
    for n in 0..40 {
        let name = format!("person {n}");
        let asked = Try { name: &name, from: "2001:db8::1", ..right(None) };
        told.push(attempt(&on, None, (asked, later(n))).await.err().unwrap());
    }
    let waits = told.iter().filter(|error| matches!(error, SignInError::Wait(_))).count();
    assert_eq!(waits, 10, "thirty are free");
    let other = Try { name: "person 1", from: "2001:db8:0:1::1", ..right(None) };
    assert!(
        matches!(attempt(&on, None, (other, later(50))).await, Err(SignInError::Wrong)),
        "another network does not"
    );
}

#[tokio::test]
async fn an_attempt_that_is_not_looked_at_counts_for_no_person_and_writes_nothing() {
    let store = Arc::new(MemoryStore::default());
    let on = sign_ins(store.clone());
    let joined = join(&on, 3, false).await;
    attempt(&on, Some(joined.known), (right(None), NOW)).await.unwrap();
    // Another person in the office tries one name after the other, until the network waits.
    let others = |n: i64| {
        let name = format!("person {n}");
        let on = on.clone();
        async move { attempt(&on, None, (Try { name: &name, ..right(None) }, later(n))).await.err().unwrap() }
    };
    for n in 0..60 {
        others(n).await;
    }
    let kept = attempts_kept(store.as_ref()).await;
    for n in 60..80 {
        assert!(matches!(others(n).await, SignInError::Wait(_)));
        assert!(matches!(attempt(&on, Some(joined.known), (right(None), later(n))).await, Err(SignInError::Wait(_))));
    }
    assert_eq!(attempts_kept(store.as_ref()).await, kept, "names that were not looked at");
    // The network's wait is over; the person has none of her own.
    assert!(attempt(&on, Some(joined.known), (right(None), later(6 * MINUTE))).await.is_ok());
    let day = later(2 * 3_600_000);
    assert!(on.tidy(day).await.unwrap() > 30, "what strangers tried is removed");
}

#[tokio::test]
async fn attempts_at_one_moment_are_counted_each() {
    let on = memory();
    let joined = join(&on, 3, false).await;
    let guesses = (0..12).map(|_| {
        let on = on.clone();
        tokio::spawn(async move {
            let guess = Try { password: "a guess that is wrong", ..right(None) };
            attempt(&on, Some(joined.known), (guess, NOW)).await.err().unwrap()
        })
    });
    let mut wrong = 0;
    for guess in guesses.collect::<Vec<_>>() {
        wrong += usize::from(matches!(guess.await.unwrap(), SignInError::Wrong));
    }
    assert!(wrong <= 5, "five are free, also all at once: {wrong}");
}

#[tokio::test]
async fn what_is_kept_is_hashed_and_survives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::new(dir.path().join("journal.db")));
    let on = sign_ins(store.clone());
    let joined = join(&on, 3, true).await;
    let at = later(MINUTE);
    let now_code = code(&joined.secret, at);
    let signed_in = attempt(&on, Some(joined.known), (right(Some(&now_code)), at)).await.unwrap();
    let again = sign_ins(store);
    assert!(again.session(&signed_in.session, at).await.unwrap().is_some());
    let mut bytes = Vec::new();
    for name in ["sign-ins.db", "sign-ins.db-wal"] {
        bytes.extend(std::fs::read(dir.path().join(name)).unwrap_or_default());
    }
    let secrets = [
        PASSWORD.as_bytes().to_vec(),
        signed_in.session.expose().as_bytes().to_vec(),
        joined.secret.text().as_bytes().to_vec(),
        joined.recovery[0].as_bytes().to_vec(),
        joined.recovery[0].replace('-', "").into_bytes(),
    ];
    assert!(bytes.windows(8).any(|window| window == b"argon2id"), "the rows were read");
    for secret in secrets {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "a secret is in the file");
    }
}
