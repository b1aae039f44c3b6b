//! Checking a message as its receiver does, with the fault said.

use super::signature::WebhookSecret;
use data_encoding::BASE64;
use hmac::Mac;

/// Seconds by which a message's moment may differ from the receiver's clock.
pub const TOLERANCE: u32 = 300;

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
    /// The body's bytes as they came.
    pub body: &'a [u8],
}

/// A message is sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    /// The secret that signed it, counted from 0.
    pub secret: usize,
    /// Seconds since it was signed; negative when its moment lies ahead.
    pub age: i64,
}

/// Why a signature does not fit, as far as can be found out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Likely {
    /// The body or another part was altered, or another secret signed it.
    Altered,
    /// Without the line end at its end the body fits.
    LineEnd,
    /// With LF for CR LF, or the other way round, it fits.
    LineEnds,
    /// Without the byte order mark it fits.
    ByteOrderMark,
    /// The signature has been made over the body alone.
    BodyAlone,
}

/// Why a message is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VerifyFault {
    /// A header is missing or empty.
    Missing(&'static str),
    /// The moment is no whole number of seconds.
    Timestamp,
    /// It was signed so many seconds ago: it may be a repetition, or this clock is fast.
    TooOld(i64),
    /// It was signed so many seconds ahead of this clock, which may be slow.
    TooNew(i64),
    /// No signature of the version `v1` with 32 bytes in base64.
    NoSignature,
    /// No secret to check with.
    NoSecret,
    /// No signature fits a secret.
    Wrong(Likely),
}

/// Checks a message: the signature first, so that a moment is judged only when it was signed. `now` in seconds since 1970, and the
/// tolerance in seconds.
pub fn verify(
    secrets: &[WebhookSecret],
    given: &Given<'_>,
    (now, tolerance): (i64, u32),
) -> Result<Verified, VerifyFault> {
    let headers =
        [("webhook-id", given.id), ("webhook-timestamp", given.timestamp), ("webhook-signature", given.signature)];
    if let Some((name, _)) = headers.iter().find(|(_, value)| value.trim().is_empty()) {
        return Err(VerifyFault::Missing(name));
    }
    if secrets.is_empty() {
        return Err(VerifyFault::NoSecret);
    }
    let at: i64 = given.timestamp.trim().parse().map_err(|_| VerifyFault::Timestamp)?;
    let signatures = signatures(given.signature);
    if signatures.is_empty() {
        return Err(VerifyFault::NoSignature);
    }
    let Some(secret) = secrets.iter().position(|secret| fits(secret, given, &signatures)) else {
        return Err(VerifyFault::Wrong(likely(secrets, given, &signatures)));
    };
    let age = now.saturating_sub(at);
    match age {
        _ if age > i64::from(tolerance) => Err(VerifyFault::TooOld(age)),
        _ if age < -i64::from(tolerance) => Err(VerifyFault::TooNew(-age)),
        _ => Ok(Verified { secret, age }),
    }
}

/// The signatures of `v1`; others are for receivers of another version.
fn signatures(header: &str) -> Vec<Vec<u8>> {
    let of_v1 = header.split_whitespace().filter_map(|one| one.strip_prefix("v1,"));
    of_v1.filter_map(|text| BASE64.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == 32)).collect()
}

/// In constant time for each signature.
fn fits(secret: &WebhookSecret, given: &Given<'_>, signatures: &[Vec<u8>]) -> bool {
    let mac = secret.mac(given.id.trim(), given.timestamp.trim(), given.body);
    signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
}

/// Looks for what happens to bodies on their way through frameworks.
fn likely(secrets: &[WebhookSecret], given: &Given<'_>, signatures: &[Vec<u8>]) -> Likely {
    let fits = |body: &[u8]| secrets.iter().any(|secret| fits(secret, &Given { body, ..*given }, signatures));
    let body = given.body;
    let trimmed = body.strip_suffix(b"\n").map(|body| body.strip_suffix(b"\r").unwrap_or(body));
    if trimmed.is_some_and(&fits) {
        return Likely::LineEnd;
    }
    if body.strip_prefix(b"\xef\xbb\xbf").is_some_and(&fits) {
        return Likely::ByteOrderMark;
    }
    let text = String::from_utf8_lossy(body);
    let lf = text.replace("\r\n", "\n");
    if fits(lf.as_bytes()) || fits(lf.replace('\n', "\r\n").as_bytes()) {
        return Likely::LineEnds;
    }
    let alone = |secret: &WebhookSecret| signatures.iter().any(|one| secret.mac_alone(body).verify_slice(one).is_ok());
    if secrets.iter().any(alone) { Likely::BodyAlone } else { Likely::Altered }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::header;

    const BODY: &[u8] = br#"{"type":"payment.approved","data":{"amount_yen":1000}}"#;
    const AT: i64 = 1_795_000_000;

    fn secret(byte: u8) -> WebhookSecret {
        WebhookSecret::new(&[byte; 32]).unwrap()
    }

    fn check(secrets: &[WebhookSecret], signature: &str, (body, now): (&[u8], i64)) -> Result<Verified, VerifyFault> {
        let at = AT.to_string();
        verify(secrets, &Given { id: "evt_1", timestamp: &at, signature, body }, (now, TOLERANCE))
    }

    #[test]
    fn a_message_verifies_with_either_secret_and_says_which() {
        let both = header(&[secret(1), secret(2)], ("evt_1", &AT.to_string()), BODY);
        assert_eq!(check(&[secret(9), secret(2)], &both, (BODY, AT + 3)), Ok(Verified { secret: 1, age: 3 }));
        assert_eq!(check(&[secret(1)], &format!("v1a,AAAA {both}"), (BODY, AT)), Ok(Verified { secret: 0, age: 0 }));
    }

    #[test]
    fn each_fault_is_named() {
        let signed = secret(1).sign("evt_1", &AT.to_string(), BODY);
        let one = [secret(1)];
        let wrong = |likely| Err(VerifyFault::Wrong(likely));
        assert_eq!(check(&one, "", (BODY, AT)), Err(VerifyFault::Missing("webhook-signature")));
        assert_eq!(check(&one, "v1,short v2,x", (BODY, AT)), Err(VerifyFault::NoSignature));
        assert_eq!(check(&[], &signed, (BODY, AT)), Err(VerifyFault::NoSecret));
        assert_eq!(check(&[secret(2)], &signed, (BODY, AT)), wrong(Likely::Altered));
        assert_eq!(check(&one, &signed, (b"{}", AT)), wrong(Likely::Altered));
        assert_eq!(check(&one, &signed, (&[BODY, b"\r\n"].concat(), AT)), wrong(Likely::LineEnd));
        assert_eq!(check(&one, &signed, (&[b"\xef\xbb\xbf", BODY].concat(), AT)), wrong(Likely::ByteOrderMark));
        let lines = secret(1).sign("evt_1", &AT.to_string(), b"{\n}");
        assert_eq!(check(&one, &lines, (b"{\r\n}", AT)), wrong(Likely::LineEnds));
        assert_eq!(check(&one, &signed, (BODY, AT + 301)), Err(VerifyFault::TooOld(301)));
        assert_eq!(check(&one, &signed, (BODY, AT - 301)), Err(VerifyFault::TooNew(301)));
        assert_eq!(check(&one, &signed, (BODY, AT - 300)).map(|one| one.age), Ok(-300));
        let given = Given { id: "evt_1", timestamp: "soon", signature: &signed, body: BODY };
        assert_eq!(verify(&one, &given, (AT, TOLERANCE)), Err(VerifyFault::Timestamp));
        // Who altered the moment too has no signature for it.
        let given = Given { timestamp: "1795009999", ..given };
        assert_eq!(verify(&one, &given, (AT + 9_999, TOLERANCE)), wrong(Likely::Altered));
        let given = Given { id: "evt_2", timestamp: &AT.to_string(), ..given };
        assert_eq!(verify(&one, &given, (AT, TOLERANCE)), wrong(Likely::Altered));
    }
}
