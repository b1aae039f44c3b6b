//! Time stamps of an authority (RFC 3161): a request over a digest, and whether a reply answers it.
//!
//! The authority's own signature is not checked here. That is done by the party that relies on the stamp, with the authority's certificate
//! from a source of their own (`openssl ts -verify`): this program would only check it against what its own operator configured.

use crate::crl::CrlError;
use crate::crl::der::{Der, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

/// `2.16.840.1.101.3.4.2.1`, SHA-256, with its parameters: NULL.
const SHA_256: [u8; 15] = [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0];
/// `1.2.840.113549.1.7.2`, signed data.
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
/// `1.2.840.113549.1.9.16.1.4`, what a stamp says.
const TST_INFO: [u8; 11] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
const SET: u8 = 0x31;
/// `[0]`, around what it contains.
const EXPLICIT_0: u8 = 0xa0;

/// A request that was or will be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    digest: [u8; 32],
    nonce: [u8; 8],
}

/// Why a reply is no stamp for the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// It is not what RFC 3161 describes.
    #[error("the reply cannot be read: {0}")]
    Malformed(String),
    /// The authority refused.
    #[error("the authority refused (status {0})")]
    Refused(String),
    /// It is about something else, or an older one played back.
    #[error("the reply is for another request: its {0} differs")]
    Other(&'static str),
}

impl From<CrlError> for ReplyError {
    fn from(error: CrlError) -> Self {
        match error {
            CrlError::Malformed { part, problem } => ReplyError::Malformed(format!("{part}: {problem}")),
            other => ReplyError::Malformed(other.to_string()),
        }
    }
}

impl Request {
    /// Over a SHA-256 digest. `random` makes the reply to this request unlike any other.
    #[must_use]
    pub fn new(digest: [u8; 32], random: [u8; 8]) -> Self {
        let mut nonce = random;
        // A whole number above zero, in the shortest form, for all bytes drawn.
        nonce[0] = (nonce[0] & 0x7f) | 0x40;
        Request { digest, nonce }
    }

    /// As it is sent (`application/timestamp-query`); it asks for the authority's certificate too.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let imprint = sequence(&[&SHA_256, &element(OCTET_STRING, &self.digest)]);
        let nonce = element(INTEGER, &self.nonce);
        sequence(&[&[INTEGER, 1, 1], &imprint, &nonce, &[1, 1, 0xff]])
    }

    /// Checks a reply (`application/timestamp-reply`) and gives the authority's time as it wrote it, such as `20261130040000Z`.
    pub fn check(&self, reply: &[u8]) -> Result<String, ReplyError> {
        let mut outer = Der(reply);
        let mut reply = Der(outer.take(SEQUENCE, "reply")?.content);
        outer.end("reply")?;
        let mut status = Der(reply.take(SEQUENCE, "status")?.content);
        let status = status.take(INTEGER, "status")?.content;
        // 0 granted, 1 granted with changes.
        if !matches!(status, [0 | 1]) {
            return Err(ReplyError::Refused(status.iter().map(|byte| byte.to_string()).collect()));
        }
        let said = signed_content(&mut reply)?;
        let mut outer = Der(said);
        let mut said = Der(outer.take(SEQUENCE, "stamp")?.content);
        said.take(INTEGER, "version")?;
        said.take(OBJECT_IDENTIFIER, "policy")?;
        let mut imprint = Der(said.take(SEQUENCE, "imprint")?.content);
        let algorithm = imprint.take(SEQUENCE, "algorithm")?.content;
        let digest = imprint.take(OCTET_STRING, "digest")?.content;
        // Some authorities leave the parameters out.
        if algorithm.get(..11) != Some(&SHA_256[2..13]) || digest != self.digest {
            return Err(ReplyError::Other("digest"));
        }
        said.take(INTEGER, "serial number")?;
        let time = said.take(GENERALIZED_TIME, "time")?.content;
        let mut nonce = None;
        while let Ok(next) = said.any("stamp") {
            if next.tag == INTEGER {
                nonce = Some(next.content);
            }
        }
        if nonce != Some(&self.nonce[..]) {
            return Err(ReplyError::Other("nonce"));
        }
        let time = std::str::from_utf8(time).map_err(|_| ReplyError::Malformed("its time is no text".into()))?;
        Ok(time.to_owned())
    }
}

/// What the reply's token signs.
fn signed_content<'a>(reply: &mut Der<'a>) -> Result<&'a [u8], ReplyError> {
    let mut token = Der(reply.take(SEQUENCE, "token")?.content);
    if token.take(OBJECT_IDENTIFIER, "token's kind")?.content != SIGNED_DATA {
        return Err(ReplyError::Malformed("its token is no signed data".into()));
    }
    let mut around = Der(token.take(EXPLICIT_0, "signed data")?.content);
    let mut signed = Der(around.take(SEQUENCE, "signed data")?.content);
    signed.take(INTEGER, "version")?;
    signed.take(SET, "digest algorithms")?;
    let mut content = Der(signed.take(SEQUENCE, "content")?.content);
    if content.take(OBJECT_IDENTIFIER, "content's kind")?.content != TST_INFO {
        return Err(ReplyError::Malformed("its token is no time stamp".into()));
    }
    let mut around = Der(content.take(EXPLICIT_0, "content")?.content);
    Ok(around.take(OCTET_STRING, "content")?.content)
}

/// A short element: nothing here reaches 128 bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).ok().filter(|length| *length < 0x80);
    let mut out = vec![tag, length.expect("what a request has is short")];
    out.extend_from_slice(content);
    out
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request::new([0xab; 32], [0xff; 8])
    }

    /// A reply with so much of a token as is read here.
    fn reply(status: u8, digest: [u8; 32], nonce: &[u8]) -> Vec<u8> {
        let imprint = sequence(&[&SHA_256, &element(OCTET_STRING, &digest)]);
        let nonce = element(INTEGER, nonce);
        let time = element(GENERALIZED_TIME, b"20261130040000Z");
        let info =
            sequence(&[&[INTEGER, 1, 1], &[OBJECT_IDENTIFIER, 1, 0x2a], &imprint, &[INTEGER, 1, 9], &time, &nonce]);
        let content = element(OCTET_STRING, &info);
        // Beyond 127 bytes lengths have two octets.
        let long = |tag: u8, parts: &[&[u8]]| {
            let content = parts.concat();
            let length = u8::try_from(content.len()).unwrap();
            [&[tag, 0x81, length][..], &content].concat()
        };
        let content = long(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &TST_INFO), &element(EXPLICIT_0, &content)]);
        let signed = long(SEQUENCE, &[&[INTEGER, 1, 3], &[SET, 0], &content]);
        let token = long(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &SIGNED_DATA), &long(EXPLICIT_0, &[&signed])]);
        long(SEQUENCE, &[&sequence(&[&[INTEGER, 1, status]]), &token])
    }

    #[test]
    fn a_request_is_what_the_rfc_describes() {
        let der = request().to_der();
        assert_eq!(&der[..5], &[0x30, 67, 2, 1, 1]);
        assert_eq!(&der[5..9], &[0x30, 49, 0x30, 13]);
        assert_eq!(&der[der.len() - 13..], &[2, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 0xff]);
    }

    #[test]
    fn a_reply_must_answer_this_request() {
        let mine = request();
        assert_eq!(mine.check(&reply(0, [0xab; 32], &mine.nonce)), Ok("20261130040000Z".into()));
        assert_eq!(mine.check(&reply(1, [0xab; 32], &mine.nonce)), Ok("20261130040000Z".into()));
        assert_eq!(mine.check(&reply(2, [0xab; 32], &mine.nonce)), Err(ReplyError::Refused("2".into())));
        assert_eq!(mine.check(&reply(0, [0xac; 32], &mine.nonce)), Err(ReplyError::Other("digest")));
        assert_eq!(mine.check(&reply(0, [0xab; 32], &[1])), Err(ReplyError::Other("nonce")));
        let good = reply(0, [0xab; 32], &mine.nonce);
        for cut in 0..good.len() {
            assert!(mine.check(&good[..cut]).is_err(), "{cut} bytes");
        }
    }
}
