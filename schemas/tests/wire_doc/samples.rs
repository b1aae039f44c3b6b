//! The samples as a reader of the document would check them: from its text alone.

use super::document::{Sample, docs, key, list, nonces, raw_key, samples, text};
use kazasu_schemas::iso8583::Message;
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::wire::issuer::{IssuerAnswer, IssuerRequest};
use kazasu_schemas::wire::{Network, Nonce, Nonces, Operation, PpidPlace, Request, ResponseCode, SessionKeys, Totals};

/// Cuts, decodes, and compares with the list under the frame; gives the message and where its MAC begins.
fn read(sample: &Sample) -> (Message, Option<usize>, Vec<u8>) {
    let mut buffer = bytes::BytesMut::from(&sample.frame[..]);
    let frame = sample.dialect.frames().decode(&mut buffer).expect("a frame").expect("a whole frame");
    assert!(buffer.is_empty(), "{}: bytes after the frame", sample.name);
    let mut message = Message::default();
    let decoded = sample.dialect.decode(&frame, &mut message).unwrap_or_else(|e| panic!("{}: {e}", sample.name));
    assert_eq!(list(sample.dialect, &message), sample.listed, "{}", sample.name);
    let mut again = bytes::BytesMut::new();
    sample.dialect.encode(&message, &mut again).expect("encodes");
    assert_eq!(again, frame, "{}: encoded again", sample.name);
    (message, decoded.mac_at, frame.to_vec())
}

fn place(message: &Message) -> PpidPlace {
    if message.has(48) { PpidPlace::De48 } else { PpidPlace::De102 }
}

fn named(name: &str) -> Message {
    let document = text();
    let sample = samples(&document).into_iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no sample {name}"));
    read(&sample).0
}

fn request(name: &str) -> Request {
    let message = named(name);
    Request::from_message(&message, place(&message)).expect("a request")
}

#[test]
fn every_sample_decodes_verifies_and_means_something() {
    let document = text();
    let samples = samples(&document);
    assert!(samples.len() > 40, "only {} samples", samples.len());
    for sample in &samples {
        let (message, mac_at, frame) = read(sample);
        if sample.key == "none" {
            assert_eq!(mac_at, None, "{}", sample.name);
        } else {
            let at = mac_at.unwrap_or_else(|| panic!("{}: no MAC", sample.name));
            let tag = message.get(128).or(message.get(64)).expect("a MAC");
            assert!(key(&document, &sample.key).verify(&frame[..at], tag), "{}: wrong MAC", sample.name);
            assert_eq!(
                sample.key.ends_with("to-switch") || sample.key.ends_with("to-issuer"),
                message.mti.is_question(),
                "{}: wrong direction",
                sample.name
            );
        }
        typed(sample, &message);
    }
}

fn typed(sample: &Sample, message: &Message) {
    let name = &sample.name;
    let said = |e: &dyn std::fmt::Display| -> ! { panic!("{name}: {e}") };
    match (name.starts_with("issuer"), message.mti.class(), message.mti.is_question()) {
        (true, _, true) => drop(IssuerRequest::from_message(message).unwrap_or_else(|e| said(&e))),
        (true, _, false) => {
            assert_eq!(IssuerAnswer::from_message(message).unwrap_or_else(|e| said(&e)).mti, message.mti)
        }
        (false, 5, _) => assert_eq!(Totals::from_message(message).unwrap_or_else(|e| said(&e)).mti, message.mti),
        (false, 8, _) => assert_eq!(Network::from_message(message).unwrap_or_else(|e| said(&e)).mti, message.mti),
        (false, _, true) => {
            let request = Request::from_message(message, place(message)).unwrap_or_else(|e| said(&e));
            assert!(request.operation.is_some(), "{name}: means nothing");
        }
        (false, _, false) => {
            let code = message.get(39).and_then(ResponseCode::from_wire);
            assert!(code.is_some(), "{name}: an answer without DE39");
        }
    }
}

#[test]
fn each_operation_has_a_sample() {
    let table = [
        ("purchase", Operation::Purchase),
        ("purchase repeat", Operation::Purchase),
        ("purchase in iso87-binary", Operation::Purchase),
        ("purchase in iso87-bcd", Operation::Purchase),
        ("purchase with the PPID in DE48", Operation::Purchase),
        ("purchase with AES-CMAC", Operation::Purchase),
        ("authorization", Operation::Authorize),
        ("completion", Operation::Completion),
        ("authorization advice", Operation::AuthorizationAdvice),
        ("offline purchase", Operation::PurchaseAdvice),
        ("balance inquiry", Operation::BalanceInquiry),
        ("refund", Operation::Refund),
        ("refund advice", Operation::RefundAdvice),
        ("reversal", Operation::Reversal),
        ("partial reversal", Operation::Reversal),
    ];
    for (name, operation) in table {
        assert_eq!(request(name).operation, Some(operation), "{name}");
    }
}

#[test]
fn the_samples_tell_one_story() {
    let purchase = request("purchase");
    assert_eq!(request("purchase repeat").fingerprint(), purchase.fingerprint());
    for same in ["purchase in iso87-binary", "purchase in iso87-bcd", "purchase with the PPID in DE48"] {
        assert_eq!(request(same), purchase, "{same}");
    }
    for name in ["refund", "refund advice", "reversal"] {
        assert_eq!(request(name).original, Some(purchase.as_original()), "{name}");
    }
    let authorization = request("authorization");
    for name in ["completion", "partial reversal"] {
        assert_eq!(request(name).original, Some(authorization.as_original()), "{name}");
    }
    // Each message but a repeat and the variants has a key of its own.
    let document = text();
    let mut keys = std::collections::BTreeSet::new();
    for sample in samples(&document).iter().filter(|s| !s.name.contains(" in ") && !s.name.contains("repeat")) {
        let (message, ..) = read(sample);
        if message.mti.is_question() && !sample.name.contains("with") {
            let one = (message.get(7).map(<[u8]>::to_vec), message.get(11).map(<[u8]>::to_vec));
            assert!(keys.insert(one), "{}: DE7 and DE11 were used before", sample.name);
        }
    }
    let issuer = IssuerRequest::from_message(&named("issuer purchase")).unwrap();
    let reversal = IssuerRequest::from_message(&named("issuer reversal")).unwrap();
    assert_eq!(reversal.original, Some(issuer.as_original()));
}

#[test]
fn the_session_keys_follow_from_the_nonces_of_the_sign_on() {
    let document = text();
    let private = |name: &str| Network::from_message(&named(name)).unwrap().private;
    assert_eq!(Nonce::from_question(&private("sign-on").unwrap()), Ok(nonces().acquirer));
    assert_eq!(Nonces::from_answer(&private("sign-on answer").unwrap()), Ok(nonces()));
    for (algorithm, id, prefix) in
        [(MacAlgorithm::HmacSha256, "270001", ""), (MacAlgorithm::AesCmac, "270002", "cmac ")]
    {
        let master = MasterKey::new(algorithm, &raw_key(&document, &format!("{prefix}master")));
        let keys = SessionKeys::derive(&master, id.parse().unwrap(), &nonces());
        assert_eq!(keys.to_switch, raw_key(&document, &format!("{prefix}session to-switch")));
        assert_eq!(keys.from_switch, raw_key(&document, &format!("{prefix}session from-switch")));
    }
    for name in ["proof", "proof answer", "echo", "sign-off"] {
        assert_eq!(private(name), None, "{name}");
    }
}

#[test]
fn the_example_program_in_the_document_is_the_file() {
    let document = text();
    let (_, rest) = document.split_once("```python\n").expect("the example");
    let (program, _) = rest.split_once("```").expect("its end");
    let file = std::fs::read_to_string(docs().join("examples/first_tap.py")).expect("docs/examples/first_tap.py");
    assert!(program == file, "docs/WIRE.md and docs/examples/first_tap.py differ");
}
