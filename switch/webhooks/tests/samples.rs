//! The samples for receivers (docs/samples/webhooks), each run where its language is on the machine, with messages as the switch signs them:
//! sound ones, and ones that were altered on their way.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic, and documents itself by its name")]

use kazasu_webhooks::{WebhookSecret, header};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

const BODY: &[u8] =
    "{\"type\":\"payment.approved\",\"data\":{\"amount_yen\":1000,\"note\":\"日本語\\u0000 \\/ \"}}".as_bytes();

struct Message {
    id: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
}

fn secret(byte: u8) -> WebhookSecret {
    WebhookSecret::new(&[byte; 32]).unwrap()
}

// The samples are programs of their own, and read the machine's clock.
#[allow(clippy::disallowed_methods)]
fn signed(secrets: &[WebhookSecret], age: i64) -> Message {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let (id, timestamp) = ("evt_419_1_0".to_owned(), (now - age).to_string());
    let signature = header(secrets, (&id, &timestamp), BODY);
    Message { id, timestamp, signature, body: BODY.to_vec() }
}

/// A program's answer: what it printed, and whether it believes the message.
fn ask(program: &[&str], secrets: &[WebhookSecret], message: &Message) -> (String, bool) {
    let texts: Vec<String> = secrets.iter().map(|secret| secret.expose().to_string()).collect();
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .args([&message.id, &message.timestamp, &message.signature])
        .env("WEBHOOK_SECRETS", texts.join(" "))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&message.body).unwrap();
    let out = child.wait_with_output().unwrap();
    (String::from_utf8(out.stdout).unwrap().trim().to_owned(), out.status.success())
}

fn check(program: &[&str]) {
    let (one, two) = (secret(1), secret(2));
    let expect = |what: &str, secrets: &[WebhookSecret], message: &Message, answer: &str| {
        assert_eq!(ask(program, secrets, message), (answer.to_owned(), answer == "ok"), "{program:?}: {what}");
    };
    let sound = signed(&[one.clone(), two.clone()], 0);
    expect("the newest secret", std::slice::from_ref(&one), &sound, "ok");
    expect("the secret before", &[secret(9), two.clone()], &sound, "ok");
    let other = Message { signature: format!("v1a,AAAA {}", sound.signature), ..signed(std::slice::from_ref(&one), 0) };
    expect(
        "a version that it does not know beside",
        &[two.clone(), one.clone()],
        &Message { timestamp: sound.timestamp.clone(), ..other },
        "ok",
    );
    expect("another secret", &[secret(3)], &sound, "signature");
    let mut altered = signed(std::slice::from_ref(&one), 0);
    *altered.body.last_mut().unwrap() = b' ';
    expect("another body", std::slice::from_ref(&one), &altered, "signature");
    let mut longer = signed(std::slice::from_ref(&one), 0);
    longer.body.push(b'\n');
    expect("a line end at its end", std::slice::from_ref(&one), &longer, "signature");
    let renamed = Message { id: "evt_420".to_owned(), ..signed(std::slice::from_ref(&one), 0) };
    expect("another id", std::slice::from_ref(&one), &renamed, "signature");
    let unsigned = Message { signature: "v1,".to_owned(), ..signed(std::slice::from_ref(&one), 0) };
    expect("no signature", std::slice::from_ref(&one), &unsigned, "signature");
    expect("an old message", std::slice::from_ref(&one), &signed(std::slice::from_ref(&one), 400), "timestamp");
    expect(
        "a message ahead of its time",
        std::slice::from_ref(&one),
        &signed(std::slice::from_ref(&one), -400),
        "timestamp",
    );
}

fn sample(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/samples/webhooks").join(name);
    assert!(path.is_file(), "{}", path.display());
    path.to_str().unwrap().to_owned()
}

/// Is the language on this machine? The samples in Python and for the shell run everywhere.
// What is not tested is said.
#[allow(clippy::print_stderr)]
fn is_there(program: &str, version: &str) -> bool {
    let asked = Command::new(program).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = asked.is_ok_and(|status| status.success());
    if !there {
        eprintln!("{program} is not on this machine: its sample is not run");
    }
    there
}

#[test]
fn python() {
    check(&["python3", &sample("verify.py")]);
}

#[test]
fn bash() {
    check(&["bash", &sample("verify.sh")]);
}

#[test]
fn php() {
    if is_there("php", "--version") {
        check(&["php", &sample("verify.php")]);
    }
}

#[test]
fn java() {
    if is_there("java", "--version") {
        check(&["java", &sample("Verify.java")]);
    }
}

#[test]
fn c_sharp() {
    let source = sample("Verify.cs");
    if !is_there("dotnet", "--version") {
        return;
    }
    let project = tempfile::tempdir().unwrap();
    let dir = project.path();
    let text = "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType>\
        <TargetFramework>net8.0</TargetFramework><RollForward>Major</RollForward></PropertyGroup></Project>";
    std::fs::write(dir.join("verify.csproj"), text).unwrap();
    std::fs::copy(source, dir.join("Verify.cs")).unwrap();
    let built = Command::new("dotnet").args(["build", "-o", "out"]).current_dir(dir).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stdout));
    check(&[dir.join("out/verify").to_str().unwrap()]);
}
