//! An authenticator in software: makes passkeys (ES256) and proves them, with the CBOR and JSON that browsers and keys send, and the faults
//! that a test asks for.

use data_encoding::BASE64URL_NOPAD;
use minicbor::Encoder;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The holder was not verified.
    NotVerified,
    /// Another page.
    OtherOrigin,
    /// Another domain.
    OtherDomain,
    /// Another challenge.
    OtherChallenge,
    /// The signature of another key.
    OtherKey,
    /// The counter does not go on.
    OldCounter,
    /// The answer of a registration as the proof of a passkey, or the other way round.
    OtherKind,
}

/// Flags of WebAuthn Level 3, 6.1: the user was present, and verified; a credential is attached.
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const ATTACHED: u8 = 0x40;

/// A passkey on its authenticator.
pub(crate) struct Passkey {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    handle: Vec<u8>,
    domain: String,
    origin: String,
    counter: u32,
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

impl Passkey {
    /// What `navigator.credentials.create()` does with options on a page of this origin: the passkey, and the answer.
    pub(crate) fn make(options: &Value, origin: &str, fault: Fault) -> (Passkey, Value) {
        let options = &options["publicKey"];
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["authenticatorSelection"]["requireResidentKey"], true);
        let mut id = vec![0; 20];
        SystemRandom::new().fill(&mut id).unwrap();
        let handle = BASE64URL_NOPAD.decode(options["user"]["id"].as_str().unwrap().as_bytes()).unwrap();
        let domain = options["rp"]["id"].as_str().unwrap().to_owned();
        let mut passkey = Passkey { key: new_key(), id, handle, domain, origin: origin.to_owned(), counter: 0 };
        let client = passkey.client("webauthn.create", options, fault);
        let mut data = passkey.data(ATTACHED, fault);
        // No AAGUID: the model of the authenticator is not told.
        data.extend([0; 16]);
        data.extend(u16::try_from(passkey.id.len()).unwrap().to_be_bytes());
        data.extend(&passkey.id);
        data.extend(passkey.public_key());
        let mut attestation = Encoder::new(Vec::new());
        attestation.map(3).unwrap().str("fmt").unwrap().str("none").unwrap();
        attestation.str("attStmt").unwrap().map(0).unwrap().str("authData").unwrap().bytes(&data).unwrap();
        let response = json!({
            "id": text(&passkey.id), "rawId": text(&passkey.id), "type": "public-key",
            "response": {
                "attestationObject": text(&attestation.into_writer()), "clientDataJSON": text(client.as_bytes()),
                "transports": ["internal"],
            },
            "clientExtensionResults": {},
        });
        (passkey, response)
    }

    /// What `navigator.credentials.get()` does with options.
    pub(crate) fn prove(&mut self, options: &Value, fault: Fault) -> Value {
        let options = &options["publicKey"];
        assert_eq!(options["userVerification"], "required");
        let client = self.client("webauthn.get", options, fault);
        let data = self.data(0, fault);
        let signed = [data.clone(), sha256(client.as_bytes())].concat();
        let other = new_key();
        let key = if fault == Fault::OtherKey { &other } else { &self.key };
        let signature = key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "response": {
                "authenticatorData": text(&data), "clientDataJSON": text(client.as_bytes()),
                "signature": text(signature.as_ref()), "userHandle": text(&self.handle),
            },
            "clientExtensionResults": {},
        })
    }

    fn client(&self, kind: &str, options: &Value, fault: Fault) -> String {
        let other = text(&[7; 32]);
        let challenge = match fault {
            Fault::OtherChallenge => &other,
            _ => options["challenge"].as_str().unwrap(),
        };
        let origin = if fault == Fault::OtherOrigin { "https://evil.example" } else { &self.origin };
        let kind = match (fault, kind) {
            (Fault::OtherKind, "webauthn.get") => "webauthn.create",
            (Fault::OtherKind, _) => "webauthn.get",
            (_, kind) => kind,
        };
        json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false }).to_string()
    }

    /// Authenticator data: the domain's hash, flags, counter.
    fn data(&mut self, more: u8, fault: Fault) -> Vec<u8> {
        let domain = if fault == Fault::OtherDomain { "evil.example" } else { &self.domain };
        let verified = if fault == Fault::NotVerified { 0 } else { VERIFIED };
        if fault != Fault::OldCounter {
            self.counter += 1;
        }
        let mut data = sha256(domain.as_bytes());
        data.push(PRESENT | verified | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The public key as COSE has it (RFC 9053): EC2, ES256, P-256.
    fn public_key(&self) -> Vec<u8> {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        let mut key = Encoder::new(Vec::new());
        key.map(5).unwrap().u8(1).unwrap().u8(2).unwrap().u8(3).unwrap().i8(-7).unwrap();
        key.i8(-1).unwrap().u8(1).unwrap().i8(-2).unwrap().bytes(x).unwrap().i8(-3).unwrap().bytes(y).unwrap();
        key.into_writer()
    }
}
