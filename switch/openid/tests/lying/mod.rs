//! A provider that signs with a key of its own (ES256), takes each code once with the right verifier, and tells one lie.

use data_encoding::BASE64URL_NOPAD;
use kazasu_schemas::jst::Millis;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the provider lies about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lie {
    None,
    Issuer,
    Audience,
    AnotherAudienceToo,
    Nonce,
    NoNonce,
    Expired,
    IssuedTomorrow,
    IssuedYesterday,
    AlgNone,
    Hs256WithPublicKey,
    Hs256WithSecret,
    OtherKey,
    ChangedClaims,
    NoIdToken,
    OldAuthTime,
    NoAuthTime,
    LaterAuthTime,
    PasswordOnly,
    AcrOnly,
}

struct State {
    lie: Lie,
    now: i64,
    issuer: String,
    key: EcdsaKeyPair,
    key_id: u32,
    /// Code to the query of its request.
    codes: HashMap<String, HashMap<String, String>>,
    exchanges: usize,
}

pub(crate) struct Lying {
    pub(crate) issuer: String,
    state: Arc<Mutex<State>>,
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

impl Lying {
    pub(crate) fn start(lie: Lie, now: Millis) -> Lying {
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", port.local_addr().unwrap());
        let (key, codes) = (new_key(), HashMap::new());
        let state = State { lie, now: now.0 / 1_000, issuer: issuer.clone(), key, key_id: 1, codes, exchanges: 0 };
        let state = Arc::new(Mutex::new(state));
        let served = state.clone();
        // The thread ends with the test's process.
        std::thread::spawn(move || {
            for stream in port.incoming().flatten() {
                let served = served.clone();
                std::thread::spawn(move || serve(&stream, &served));
            }
        });
        Lying { issuer, state }
    }

    /// The person agrees: the code with which the browser comes back.
    pub(crate) fn sign_in(&self, url: &str) -> String {
        let mut state = self.state.lock().unwrap();
        let code = format!("code-{}", state.codes.len() + state.exchanges * 1_000);
        state.codes.insert(code.clone(), fields(url.split_once('?').unwrap().1));
        code
    }

    pub(crate) fn exchanges(&self) -> usize {
        self.state.lock().unwrap().exchanges
    }

    pub(crate) fn change_keys(&self) {
        let mut state = self.state.lock().unwrap();
        (state.key, state.key_id) = (new_key(), state.key_id + 1);
    }
}

fn fields(query: &str) -> HashMap<String, String> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), unescaped(value))
    };
    query.split('&').map(pair).collect()
}

fn unescaped(text: &str) -> String {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(out).unwrap()
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = first.split(' ').nth(1).unwrap().to_owned();
        let (status, value) = state.lock().unwrap().answer(&path, &String::from_utf8(body).unwrap());
        let text = value.to_string();
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        let mut writer = stream;
        if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(text.as_bytes())).is_err() {
            return;
        }
    }
}

impl State {
    fn answer(&mut self, path: &str, body: &str) -> (&'static str, Value) {
        let at = |path: &str| format!("{}{path}", self.issuer);
        match path {
            "/.well-known/openid-configuration" | "//.well-known/openid-configuration" => (
                "200 OK",
                json!({
                    "issuer": self.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
                    "jwks_uri": at("/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
                    // It offers what must not be taken.
                    "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
                }),
            ),
            "/keys" => ("200 OK", json!({ "keys": [self.public_key()] })),
            "/token" => self.exchange(body),
            _ => ("404 Not Found", json!({})),
        }
    }

    fn public_key(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_id.to_string(), "x": x, "y": y })
    }

    fn exchange(&mut self, body: &str) -> (&'static str, Value) {
        self.exchanges += 1;
        let sent = fields(body);
        let refused = |why: &str| ("400 Bad Request", json!({ "error": "invalid_grant", "error_description": why }));
        let Some(asked) = self.codes.remove(&sent["code"]) else { return refused("this code was used, or is none") };
        let challenge = BASE64URL_NOPAD.encode(digest(&SHA256, sent["code_verifier"].as_bytes()).as_ref());
        if challenge != asked["code_challenge"] || sent["redirect_uri"] != asked["redirect_uri"] {
            return refused("the verifier does not fit");
        }
        let mut answer = json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 300 });
        if self.lie != Lie::NoIdToken {
            answer["id_token"] = self.token(&asked).into();
        }
        ("200 OK", answer)
    }

    fn claims(&self, asked: &HashMap<String, String>) -> Value {
        let (now, hour, day) = (self.now, 3_600, 86_400);
        let mut claims = json!({
            "iss": self.issuer, "sub": "person-1", "oid": "object-1", "aud": "kazasu", "nonce": asked["nonce"],
            "iat": now, "exp": now + 300, "auth_time": now, "amr": ["pwd", "mfa"], "email": "person@example.jp",
            "groups": [1, 2], "verified": true,
        });
        match self.lie {
            Lie::Issuer => claims["iss"] = "https://id.example".into(),
            Lie::Audience => claims["aud"] = "another".into(),
            Lie::AnotherAudienceToo => claims["aud"] = json!(["kazasu", "another"]),
            Lie::Nonce => claims["nonce"] = "another".into(),
            Lie::NoNonce => drop(claims.as_object_mut().unwrap().remove("nonce")),
            Lie::Expired => claims["exp"] = (now - 61).into(),
            Lie::IssuedTomorrow => (claims["iat"], claims["exp"]) = ((now + day).into(), (now + day + 300).into()),
            Lie::IssuedYesterday => claims["iat"] = (now - day).into(),
            Lie::OldAuthTime => claims["auth_time"] = (now - hour).into(),
            Lie::LaterAuthTime => claims["auth_time"] = (now + hour).into(),
            Lie::NoAuthTime => drop(claims.as_object_mut().unwrap().remove("auth_time")),
            Lie::PasswordOnly => claims["amr"] = json!(["pwd"]),
            Lie::AcrOnly => (claims["amr"], claims["acr"]) = (json!(["pwd"]), "urn:two".into()),
            _ => {}
        }
        claims
    }

    fn token(&self, asked: &HashMap<String, String>) -> String {
        let algorithm = match self.lie {
            Lie::AlgNone => "none",
            Lie::Hs256WithPublicKey | Lie::Hs256WithSecret => "HS256",
            _ => "ES256",
        };
        let head = json!({ "alg": algorithm, "typ": "JWT", "kid": self.key_id.to_string() });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&head), part(&self.claims(asked)));
        let hmac = |key: &[u8]| {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
            ring::hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
        };
        let ecdsa = |key: &EcdsaKeyPair| key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec();
        let signature = match self.lie {
            Lie::AlgNone => Vec::new(),
            Lie::Hs256WithPublicKey => hmac(self.key.public_key().as_ref()),
            Lie::Hs256WithSecret => hmac(b"a secret of the test"),
            Lie::OtherKey => ecdsa(&new_key()),
            _ => ecdsa(&self.key),
        };
        let signed = if self.lie == Lie::ChangedClaims {
            let mut claims = self.claims(asked);
            claims["sub"] = "person-2".into();
            format!("{}.{}", part(&head), part(&claims))
        } else {
            signed
        };
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}
