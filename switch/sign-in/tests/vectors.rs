//! The test vectors of Web Authentication Level 3, section 16: what the library takes of them, what this crate's rules take of them, and
//! what neither takes. `webauthn-vectors.json` has 16.2, 16.3 and 16.11; random values in it are derived as the section says.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic, and documents itself by its name")]

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::hkdf::{HKDF_SHA256, Salt};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AuthenticationState, Credential, RegisterPublicKeyCredential, RegistrationState, UserVerificationPolicy,
};

const VECTORS: &str = include_str!("webauthn-vectors.json");

fn vector(name: &str) -> Value {
    let all: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    all.into_iter().find(|vector| vector["name"] == name).unwrap()
}

/// Hexadecimal digits as the API's base64.
fn text(value: &Value) -> String {
    BASE64URL_NOPAD.encode(&HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap())
}

/// As `PasskeyPlace` makes it, for the section's relying party.
fn core() -> WebauthnCore {
    let origin = vec![Url::parse("https://example.org").unwrap()];
    let five_minutes = Duration::from_secs(300);
    WebauthnCore::new_unsafe_experts_only("Kazasu", "example.org", origin, five_minutes, Some(false), Some(false))
}

/// A state as a switch keeps it, with the vector's challenge.
fn with_challenge(mut state: Value, challenge: &Value) -> Value {
    assert!(state["challenge"].is_string(), "{state}");
    state["challenge"] = text(challenge).into();
    state
}

fn registered(name: &str, policy: UserVerificationPolicy) -> Result<Credential, WebauthnError> {
    let (core, vector) = (core(), vector(name));
    let builder = core.new_challenge_register_builder(b"user", "user", "user").unwrap();
    let builder = builder.user_verification_policy(policy).require_resident_key(true);
    let (_, state) = core.generate_challenge_register(builder).unwrap();
    let state = with_challenge(serde_json::to_value(state).unwrap(), &vector["create"]["challenge"]);
    let state: RegistrationState = serde_json::from_value(state).unwrap();
    let id = text(&vector["credential_id"]);
    let answer: RegisterPublicKeyCredential = serde_json::from_value(json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
        "response": {
            "attestationObject": text(&vector["create"]["attestation_object"]),
            "clientDataJSON": text(&vector["create"]["client_data"]),
        },
    }))
    .unwrap();
    core.register_credential(&answer, &state, None)
}

/// Proves the credential, with the vector's signature or another one.
fn proved(name: &str, kept: &Credential, signature: Option<Value>) -> Result<bool, WebauthnError> {
    let (core, vector) = (core(), vector(name));
    let policy = Some(UserVerificationPolicy::Preferred);
    let builder = core.new_challenge_authenticate_builder(vec![kept.clone()], policy).unwrap();
    let (_, state) = core.generate_challenge_authenticate(builder).unwrap();
    let state = with_challenge(serde_json::to_value(state).unwrap(), &vector["get"]["challenge"]);
    let state: AuthenticationState = serde_json::from_value(state).unwrap();
    let id = text(&vector["credential_id"]);
    let answer = serde_json::from_value(json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
        "response": {
            "authenticatorData": text(&vector["get"]["authenticator_data"]),
            "clientDataJSON": text(&vector["get"]["client_data"]),
            "signature": text(&signature.unwrap_or_else(|| vector["get"]["signature"].clone())),
            "userHandle": null,
        },
    }))
    .unwrap();
    core.authenticate_single_credential(&answer, &state, kept).map(|proof| proof.user_verified())
}

/// HKDF-SHA-256 with the name of the section as the key.
fn derived(salt: u8, name: &str) -> String {
    let mut out = [0; 32];
    let info = [name.as_bytes()];
    let key = Salt::new(HKDF_SHA256, &[salt]).extract(b"WebAuthn test vectors");
    key.expand(&info, HKDF_SHA256).unwrap().fill(&mut out).unwrap();
    HEXLOWER.encode(&out)
}

#[test]
fn the_vectors_are_those_of_the_specification() {
    for (name, id_salt) in [("none.ES256", 5), ("packed-self.ES256", 5), ("packed.EdDSA", 5)] {
        let vector = vector(name);
        assert_eq!(vector["create"]["challenge"], derived(0, name), "{name}");
        assert_eq!(vector["credential_id"], derived(id_salt, name), "{name}");
    }
}

#[test]
fn a_credential_of_the_specification_is_made_and_proved() {
    let kept = registered("none.ES256", UserVerificationPolicy::Preferred).unwrap();
    assert!(!kept.user_verified, "its authenticator says so");
    assert!(!proved("none.ES256", &kept, None).unwrap());
    let mut other = HEXLOWER.decode(vector("none.ES256")["get"]["signature"].as_str().unwrap().as_bytes()).unwrap();
    *other.last_mut().unwrap() ^= 1;
    assert!(proved("none.ES256", &kept, Some(HEXLOWER.encode(&other).into())).is_err(), "another signature");
    let of_another = registered("packed-self.ES256", UserVerificationPolicy::Required).unwrap();
    assert!(proved("none.ES256", &of_another, None).is_err(), "another credential");
}

#[test]
fn this_switch_takes_only_a_credential_whose_holder_was_verified() {
    let required = UserVerificationPolicy::Required;
    assert!(matches!(registered("none.ES256", required), Err(WebauthnError::UserNotVerified)));
    // Made with its holder verified, and later proved without: that is worth nothing.
    let kept = registered("packed-self.ES256", required).unwrap();
    assert!(kept.user_verified);
    assert!(proved("packed-self.ES256", &kept, None).is_err());
}

#[test]
fn an_ed25519_credential_is_not_asked_for_and_not_taken() {
    let builder = core().new_challenge_register_builder(b"user", "user", "user").unwrap();
    let (options, _) = core().generate_challenge_register(builder).unwrap();
    let algorithms: Vec<i64> = options.public_key.pub_key_cred_params.iter().map(|one| one.alg).collect();
    assert_eq!(algorithms, [-7, -35, -257], "ES256, ES384, RS256");
    assert!(registered("packed.EdDSA", UserVerificationPolicy::Preferred).is_err(), "the library has no Ed25519");
}
