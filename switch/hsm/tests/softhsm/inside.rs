//! The part of tests that runs in a process with a token: started by the tests in `main.rs`.

use crate::bench::{Bench, PIN, module};
use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::Session;
use kazasu_hsm::{HsmError, KeyKind, Missing, Token};
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::secret::Key;
use ring::signature::{ED25519, UnparsedPublicKey};
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The same token without our crate, by which the test looks from the side.
fn raw() -> Session {
    let context = Pkcs11::new(module()).unwrap();
    let slot = context.get_slots_with_initialized_token().unwrap()[0];
    // The process is logged in already.
    context.open_rw_session(slot).unwrap()
}

fn verify(public: [u8; 32], text: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(text, signature).is_ok()
}

#[test]
#[ignore = "started by its test in main.rs"]
fn keys_are_made_inside_and_stay() {
    let bench = Bench::inside();
    let token = Token::open(bench.settings()).unwrap();
    assert!(matches!(token.signing_key("audit", Missing::Refuse), Err(HsmError::NoKey { .. })));
    let key = token.signing_key("audit", Missing::Generate).unwrap();
    let wrapping = token.wrapping_key("master", Missing::Generate).unwrap();
    assert_eq!(token.signing_key("audit", Missing::Generate).unwrap().public(), key.public(), "it is made once");

    let text = b"kazasu checkpoint 1\n";
    let signature = key.sign(text).unwrap();
    assert!(verify(key.public(), text, &signature) && !verify(key.public(), b"another text", &signature));
    // For openssl: SubjectPublicKeyInfo of RFC 8410.
    let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..], &key.public()].concat();
    for (name, bytes) in [("public.der", &der[..]), ("text", text), ("signature", &signature)] {
        std::fs::write(bench.path(name), bytes).unwrap();
    }

    let facts = token.facts().unwrap();
    let keys: Vec<_> = facts.keys.iter().map(|key| (key.label.as_str(), key.kind, key.unfit.clone())).collect();
    assert_eq!(keys, [("audit", KeyKind::Signing, None), ("master", KeyKind::Encryption, None)]);
    assert!(facts.mechanisms.iter().all(|mechanism| mechanism.there), "{facts:?}");
    assert!(facts.manufacturer.contains("SoftHSM"), "{facts:?}");

    // From the side: no value can be read, and the token wraps neither key out.
    let session = raw();
    let of = |class| session.find_objects(&[Attribute::Class(class)]).unwrap()[0];
    let (private, secret) = (of(ObjectClass::PRIVATE_KEY), of(ObjectClass::SECRET_KEY));
    for key in [private, secret] {
        let read = session.get_attributes(key, &[AttributeType::Value, AttributeType::Extractable]).unwrap();
        assert_eq!(read, [Attribute::Extractable(false)], "a value was given out");
        assert!(session.update_attributes(key, &[Attribute::Extractable(true)]).is_err());
    }
    let uses = [Attribute::Wrap(true), Attribute::Extractable(false), Attribute::ValueLen(32_u64.into())];
    let other = session.generate_key(&Mechanism::AesKeyGen, &uses).unwrap();
    for key in [private, secret] {
        let error = session.wrap_key(&Mechanism::AesKeyWrapPad, other, key).unwrap_err().to_string();
        assert!(error.contains("CKA_EXTRACTABLE"), "{error}");
    }
    drop(wrapping);
}

#[test]
#[ignore = "started by its test in main.rs"]
fn wrapped_keys_are_bound() {
    let token = Token::open(Bench::inside().settings()).unwrap();
    let master = token.wrapping_key("master", Missing::Generate).unwrap();
    let other = token.wrapping_key("other", Missing::Generate).unwrap();
    let (about, clear) = (b"vault.seal.2".as_slice(), [0x5a; 32]);
    let wrapped = master.wrap(about, &clear).unwrap();
    assert_eq!(master.unwrap_key(about, &wrapped).unwrap().expose(), clear);
    assert!(!wrapped.windows(8).any(|part| part == [0x5a; 8]));
    assert_ne!(master.wrap(about, &clear).unwrap(), wrapped, "a nonce is used once");

    assert_eq!(master.unwrap(b"vault.seal.3", &wrapped).unwrap_err(), HsmError::Wrapped);
    assert_eq!(other.unwrap(about, &wrapped).unwrap_err(), HsmError::Wrapped);
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        assert_eq!(master.unwrap(about, &changed).unwrap_err(), HsmError::Wrapped, "byte {at}");
    }
    for len in [0, 1, 12, 13, 28, wrapped.len() - 1] {
        assert_eq!(master.unwrap(about, &wrapped[..len]).unwrap_err(), HsmError::Wrapped, "{len} bytes");
    }
    // The key store's seal has no text, and binds what it is about.
    let seal = master.wrap(about, b"").unwrap();
    assert!(master.unwrap(about, &seal).unwrap().is_empty());
    assert_eq!(master.unwrap(b"vault.seal.3", &seal).unwrap_err(), HsmError::Wrapped);
    // All of that cost no session.
    assert_eq!(master.unwrap_key(about, &wrapped).unwrap().expose(), clear);
}

#[test]
#[ignore = "started by its test in main.rs"]
fn unfit_keys_are_refused() {
    let token = Token::open(Bench::inside().settings()).unwrap();
    let session = raw();
    let make = |label: &str, extractable: bool, bytes: u64| {
        let template = [
            Attribute::Token(true),
            Attribute::Label(label.as_bytes().to_vec()),
            Attribute::Sensitive(true),
            Attribute::Extractable(extractable),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(bytes.into()),
        ];
        session.generate_key(&Mechanism::AesKeyGen, &template).unwrap();
    };
    make("leaves", true, 32);
    make("short", false, 16);
    make("twice", false, 32);
    make("twice", false, 32);
    for (label, expected) in [("leaves", "CKA_EXTRACTABLE"), ("short", "256 bits"), ("twice", "2 keys")] {
        let error = token.wrapping_key(label, Missing::Generate).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(label), "{error}");
    }
    let error = token.signing_key("leaves", Missing::Refuse).unwrap_err();
    assert!(matches!(error, HsmError::NoKey { .. }), "{error}");
}

#[test]
#[ignore = "started by its test in main.rs"]
fn derives_session_keys() {
    let token = Token::open(Bench::inside().settings()).unwrap();
    let session = raw();
    for (label, of, algorithm) in
        [("cmac", KeyType::AES, MacAlgorithm::AesCmac), ("hmac", KeyType::GENERIC_SECRET, MacAlgorithm::HmacSha256)]
    {
        let secret = [0x31; 32];
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(of),
            Attribute::Token(true),
            Attribute::Label(label.as_bytes().to_vec()),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Value(secret.to_vec()),
        ];
        session.create_object(&template).unwrap();
        let tag = token.derivation_key(label).unwrap().tag(b"\0\0\0\x01label\0context").unwrap();
        // SP 800-108: counter, label, zero, context, length; here without the length, which the caller adds.
        let bits = u32::try_from(tag.len() * 8).unwrap().to_be_bytes();
        let text = [b"\0\0\0\x01label\0context".as_slice(), &bits].concat();
        let whole = token.derivation_key(label).unwrap().tag(&text).unwrap();
        let known = MasterKey::new(algorithm, &Key::new(secret.to_vec()).unwrap()).derive(b"label", b"context");
        assert_eq!(&whole[..], known.expose(), "{label}");
        assert_ne!(whole, tag);
    }
}

#[test]
#[ignore = "started by its test in main.rs"]
fn a_wrong_pin() {
    let bench = Bench::inside();
    bench.write_pin("00000000");
    let error = Token::open(bench.settings()).unwrap_err();
    assert!(matches!(&error, HsmError::Pin { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("hsm.pin") && said.contains("PinIncorrect") && !said.contains("00000000"), "{said}");
    let mut other = bench.settings();
    other.token = "another".into();
    other.attempts = 1;
    let said = Token::open(other).unwrap_err().to_string();
    assert!(said.contains("\"another\"") && said.contains("\"kazasu-test\""), "{said}");
    std::fs::remove_file(bench.path("pin")).unwrap();
    let error = Token::open(bench.settings()).unwrap_err();
    assert!(matches!(&error, HsmError::NoPin { .. }), "{error:?}");
    assert!(error.to_string().contains("kazasu-test") && error.to_string().contains("No such file"), "{error}");
    bench.write_pin(PIN);
    Token::open(bench.settings()).unwrap();
}

#[test]
#[ignore = "started by its test in main.rs"]
fn a_token_goes_and_comes_back() {
    let bench = Bench::inside();
    let mut settings = bench.settings();
    settings.attempts = 2;
    let token = Token::open(settings).unwrap();
    let key = token.signing_key("audit", Missing::Generate).unwrap();
    let master = token.wrapping_key("master", Missing::Generate).unwrap();
    let wrapped = master.wrap(b"a", &[1; 32]).unwrap();

    std::fs::rename(bench.path("tokens"), bench.path("away")).unwrap();
    std::fs::create_dir(bench.path("tokens")).unwrap();
    let begin = Instant::now();
    let error = key.sign(b"text").unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(5), "bounded retries");
    assert!(error.to_string().contains("kazasu-test"), "{error}");
    // Not "altered": the token is away.
    assert_ne!(master.unwrap(b"a", &wrapped).unwrap_err(), HsmError::Wrapped);

    std::fs::remove_dir(bench.path("tokens")).unwrap();
    std::fs::rename(bench.path("away"), bench.path("tokens")).unwrap();
    let signature = key.sign(b"text").unwrap();
    assert!(verify(key.public(), b"text", &signature));
    assert_eq!(*master.unwrap(b"a", &wrapped).unwrap(), [1; 32]);

    // A PIN that was changed meanwhile is refused once, and not tried again before the file changes.
    bench.write_pin("11111111");
    std::fs::rename(bench.path("tokens"), bench.path("away")).unwrap();
    assert!(key.sign(b"text").is_err());
    std::fs::rename(bench.path("away"), bench.path("tokens")).unwrap();
    for _ in 0..5 {
        assert!(matches!(key.sign(b"text").unwrap_err(), HsmError::Pin { .. }));
    }
    bench.write_pin(PIN);
    key.sign(b"text").unwrap();
}

#[test]
#[ignore = "started by its test in main.rs"]
fn a_hanging_device() {
    let bench = Bench::inside();
    let mut settings = bench.settings();
    settings.timeout = Duration::from_millis(700);
    let token = Token::open(settings).unwrap();
    let key = token.signing_key("audit", Missing::Generate).unwrap();
    key.sign(b"text").unwrap();

    // Another process has the token's locks, as a device on a network that does not answer.
    let script = "import fcntl,glob,sys\n\
                  files=[open(f,'r+b') for f in glob.glob(sys.argv[1]+'/*/*') if f.endswith(('.lock','generation'))]\n\
                  [fcntl.lockf(f,fcntl.LOCK_EX) for f in files]\n\
                  print(len(files),flush=True)\n\
                  sys.stdin.read()";
    let mut holder = Command::new("python3");
    let holder = holder.args(["-c", script]).arg(bench.path("tokens")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn().unwrap();
    let mut ready = [0];
    holder.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    let begin = Instant::now();
    let error = token.wrapping_key("master", Missing::Generate).unwrap_err();
    let took = begin.elapsed();
    assert!(matches!(&error, HsmError::TimeOut { .. }), "{error:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    // Others wait no longer either.
    let begin = Instant::now();
    key.sign(b"text").unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(2));

    drop(holder.stdin.take());
    holder.wait().unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while let Err(error) = key.sign(b"text") {
        assert!(Instant::now() < until, "{error}");
    }
}

#[test]
#[ignore = "started by its test in main.rs"]
fn makes_the_shared_key() {
    let token = Token::open(Bench::inside().settings()).unwrap();
    token.signing_key("shared", Missing::Generate).unwrap();
}

#[test]
#[ignore = "started by its test in main.rs"]
fn signs_with_the_shared_key() {
    let bench = Bench::inside();
    let token = Token::open(bench.settings()).unwrap();
    let key = token.signing_key("shared", Missing::Refuse).unwrap();
    for n in 0..50_u32 {
        let text = format!("text {n} of {}", std::process::id());
        let signature = key.sign(text.as_bytes()).unwrap();
        assert!(verify(key.public(), text.as_bytes(), &signature));
        let mut file = OpenOptions::new().create(true).append(true).open(bench.path("shared")).unwrap();
        writeln!(file, "{text}").unwrap();
    }
}
