//! Messages: what must hold for any bytes that a peer may send. The fuzz targets only choose the dialect.

use bytes::BytesMut;
use kazasu_schemas::iso8583::{Dialect, Message};
use kazasu_schemas::wire::issuer::{IssuerAnswer, IssuerRequest};
use kazasu_schemas::wire::{
    Answer, IssuerNonces, Network, Nonce, Nonces, PpidPlace, Request, ResponseCode, Totals,
};

/// Decodes `frame`. When it is a message, it must be written as the same bytes, and reading it as each typed message must
/// give a value or an error.
///
/// # Panics
/// When one of these does not hold: that is the finding.
pub fn decode(dialect: &Dialect, frame: &[u8]) {
    let message = decode_only(dialect, frame);
    typed(dialect, &message);
}

/// The codec's part of [`decode`], for dialects whose field table is as arbitrary as the bytes. Gives what could be read:
/// of a broken message too, since its answer echoes that.
///
/// # Panics
/// When a message is not written as the same bytes.
pub fn decode_only(dialect: &Dialect, frame: &[u8]) -> Message {
    let mut message = Message::default();
    match dialect.decode(frame, &mut message) {
        Ok(decoded) => {
            if let Some(at) = decoded.mac_at {
                let field = if message.has(128) { 128 } else { 64 };
                assert_eq!(at + dialect.mac_width(field), frame.len(), "the MAC is the last field");
            }
            let mut again = BytesMut::new();
            dialect.encode(&message, &mut again).expect("what was decoded can be encoded");
            assert_eq!(&again[..], frame, "encoded again");
        }
        Err(error) => assert!(error.offset <= frame.len(), "{error}"),
    }
    message
}

/// DE48 of a sign-on: nonces that are read are written the same, and everything else is refused with a reason.
///
/// # Panics
/// When one of these does not hold.
pub fn sign_on(private: &[u8]) {
    match Nonces::from_answer(private) {
        Ok(nonces) => {
            assert_eq!(Nonces::from_answer(&nonces.answer()), Ok(nonces), "nonces are written as they were read");
            assert_eq!(Nonce::from_question(private), Ok(nonces.acquirer), "an answer holds the question");
        }
        Err(error) => assert!(error.field == 48 && !error.problem.is_empty()),
    }
    match IssuerNonces::from_answer(private) {
        Ok(nonces) => {
            assert_eq!(IssuerNonces::from_answer(&nonces.answer()), Ok(nonces), "nonces are written as they were read");
            assert_eq!(Nonce::from_switch(private), Ok(nonces.switch), "an answer holds the question");
        }
        Err(error) => assert!(error.field == 48 && !error.problem.is_empty()),
    }
    if let Ok(nonce) = Nonce::from_switch(private) {
        assert_eq!(Nonce::from_switch(&nonce.to_issuer()), Ok(nonce), "a nonce is written as it was read");
    }
    if let Ok(nonce) = Nonce::from_question(private) {
        assert_eq!(Nonce::from_question(&nonce.question()), Ok(nonce), "a nonce is written as it was read");
    }
}

fn typed(dialect: &Dialect, message: &Message) {
    let mut out = Message::default();
    let mut bytes = BytesMut::new();
    for place in [PpidPlace::De102, PpidPlace::De48] {
        let Ok(request) = Request::from_message(message, place) else { continue };
        request.to_message(place, &mut out);
        assert_eq!(Request::from_message(&out, place).as_ref(), Ok(&request), "a request is written as it was read");
        request.answer_message(&Answer::code(ResponseCode::FORMAT), place, &mut out);
        dialect.encode(&out, &mut bytes).expect("an answer can be written");
    }
    if let Ok(totals) = Totals::from_message(message) {
        totals.to_message(&mut out);
        assert_eq!(Totals::from_message(&out).as_ref(), Ok(&totals), "totals are written as they were read");
    }
    if let Ok(network) = Network::from_message(message) {
        network.to_message(&mut out);
        assert_eq!(Network::from_message(&out).as_ref(), Ok(&network), "network data are written as they were read");
        sign_on(network.private.as_deref().unwrap_or_default());
    }
    if let Ok(request) = IssuerRequest::from_message(message) {
        request.to_message(&mut out);
        let _ = IssuerAnswer::from_message(message);
    }
}
