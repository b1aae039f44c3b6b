//! The published samples, sent over a plain socket by programs in another language that know nothing of this code.

use crate::harness::{Town, kazasu};
use kazasu_demo::sample::Town as Sample;
use kazasu_security::keys::KeyState;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").canonicalize().unwrap()
}

fn python(script: &str, args: &[&str]) -> Output {
    Command::new("python3").arg(docs().join("examples").join(script)).args(args).output().expect("python3 is needed")
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

#[test]
fn the_first_tap_in_python_is_approved() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    // An acquirer as the program expects it: iso87-ascii and HMAC-SHA-256.
    town.replace_in_config(
        "addr = \"127.0.0.1:0\"\ndialect = \"iso87-binary\"",
        "addr = \"127.0.0.1:0\"\ndialect = \"iso87-ascii\"",
    );
    let served = town.serve();
    let acquirer = town.acquirer(2, &served);
    let shop = acquirer.merchant("shop").unwrap();
    let port = served.listening[1].port().to_string();
    let ppid = acquirer.cards["on-us-a"].to_string();
    let master = town.secret_of("acquirer.27000002");
    let args = |amount: &'static str| {
        ["127.0.0.1", &port, "--acquirer", "27000002", "--master", &master, "--ppid", &ppid]
            .into_iter()
            .map(str::to_owned)
            .chain(["--merchant".into(), shop.id.to_string(), "--terminal".into(), shop.terminals[0].to_string()])
            .chain(["--amount".into(), amount.to_owned()])
            .collect::<Vec<String>>()
    };
    let run = |amount| {
        let args = args(amount);
        python("first_tap.py", &args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let out = run("1200");
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert!(said(&out).contains("DE39  00"), "{}", said(&out));
    let out = run("2000000");
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    assert!(said(&out).contains("DE39  55"), "so much needs the PIN: {}", said(&out));
    let out = python("first_tap.py", &["127.0.0.1", &port]);
    assert_eq!(out.status.code(), Some(2));
}

/// A switch as section 12 of WIRE.md describes it.
fn samples_town() -> Town {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    town.configure(
        "\n[[acquirer]]\nid = \"270001\"\nname = \"Sample acquirer\"\nmac = \"hmac-sha256\"\n\
         \n[[acquirer]]\nid = \"270002\"\nname = \"Sample acquirer with AES\"\nmac = \"aes-cmac\"\n",
    );
    let wire = std::fs::read_to_string(docs().join("WIRE.md")).unwrap();
    let published = |name: &str| {
        let row = wire.lines().find(|l| l.starts_with(&format!("| {name} |"))).unwrap();
        row.rsplit('`').nth(1).unwrap().to_owned()
    };
    for (id, name) in [("270001", "master"), ("270002", "cmac master")] {
        town.put_key(&format!("acquirer.{id}"), &published(name), KeyState::Active);
    }
    let merchants = town.path("merchants.csv");
    std::fs::write(
        &merchants,
        "merchant,name,mcc,acquirer,terminals,closed\nM00000000000001,見本店,5411,270001,T0000001,no\n\
         M00000000000001,見本店,5411,270002,T0000001,no\n",
    )
    .unwrap();
    let links = town.path("links.csv");
    let ppid = kazasu_schemas::ids::Ppid::from_bytes(std::array::from_fn(|n| u8::try_from(n).unwrap()));
    std::fs::write(&links, format!("ppid,kind,number,balance\n{ppid},on_us,0010000001,1000000\n")).unwrap();
    for (what, file) in [("merchant", merchants), ("link", links)] {
        let out = kazasu(&[what, "import", file.to_str().unwrap(), "--config", &town.config()]);
        assert!(out.status.success(), "{}", said(&out));
    }
    town
}

#[test]
fn every_published_sample_gets_its_published_answer() {
    let town = samples_town();
    let served = town.serve();
    let port = served.listening[0].port().to_string();
    let wire = docs().join("WIRE.md");
    let out = python("send_samples.py", &["127.0.0.1", &port, wire.to_str().unwrap()]);
    let text = said(&out);
    assert_eq!(out.status.code(), Some(0), "{text}");
    assert!(text.lines().filter(|l| l.starts_with("same")).count() >= 16, "{text}");
}
