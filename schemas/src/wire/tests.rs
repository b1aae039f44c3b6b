//! Tests of the typed messages: what is written can be read again in every dialect, what is missing or impossible is named,
//! and the fingerprint tells a repeat from another message.

mod fields;
mod management;
mod round_trips;
mod sign_on;

use super::{Original, PpidPlace, Request};
use crate::ids::{Mcc, Ppid, Rrn, Stan};
use crate::iso8583::{Dialect, Message, Mti};
use crate::jst::TransmissionTime;
use crate::money::Yen;
use bytes::BytesMut;

/// A message through a dialect's bytes and back.
fn through(dialect: &Dialect, message: &Message) -> Message {
    let mut out = BytesMut::new();
    dialect.encode(message, &mut out).expect("the dialect can write it");
    let mut back = Message::default();
    dialect.decode(&out, &mut back).expect("what was written can be read");
    back
}

fn time(text: &str) -> TransmissionTime {
    TransmissionTime::from_wire(text.as_bytes()).expect("a date and time")
}

/// A purchase of ¥1,280 by contactless card at a supermarket; `operation` follows from type and processing code.
fn purchase() -> Request {
    request_of(200, 0, None)
}

fn request_of(mti: u16, processing: u32, original: Option<Original>) -> Request {
    let mut request = Request {
        mti: Mti(mti),
        operation: None,
        processing,
        amount: Yen::new(1_280),
        transmission: time("1123061530"),
        stan: Stan::wrapping(123),
        local_time: Some(151_530),
        local_date: Some(1_123),
        mcc: Some(Mcc::new(5_411).unwrap()),
        entry_mode: 72,
        acquirer: "00270001".parse().unwrap(),
        rrn: Rrn::from_number(632_706_000_123),
        terminal: "T0000001".parse().unwrap(),
        merchant: "M00000000000001".parse().unwrap(),
        currency: 392,
        ppid: Some(Ppid::from_bytes(*b"0123456789abcdef")),
        original,
        replacement: None,
        options: Default::default(),
    };
    let mut message = Message::default();
    request.to_message(PpidPlace::De102, &mut message);
    request.operation = Request::from_message(&message, PpidPlace::De102).expect("complete").operation;
    request
}

/// The purchase as a message, changed by `change`, and what reading it says.
fn refused(change: impl FnOnce(&mut Message)) -> String {
    let mut message = Message::default();
    purchase().to_message(PpidPlace::De102, &mut message);
    change(&mut message);
    Request::from_message(&message, PpidPlace::De102).expect_err("must not be readable").to_string()
}
