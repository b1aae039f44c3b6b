//! Messages between nodes, in CBOR. Both sides run versions that know each other's messages: a field is only added,
//! never changed, so that nodes can be replaced one after the other.

use super::channel::{MOST, Sender};
use kazasu_engine::{Inbound, ReplyBody};
use kazasu_schemas::wire::{Answer, Totals};
use minicbor::{Decode, Encode};

/// To the node that leads.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(super) enum ToLeader {
    /// First of all: who is calling.
    #[n(0)]
    Hello(#[n(0)] Box<str>),
    /// The question of an acquirer.
    #[n(1)]
    Ask(#[n(0)] u64, #[n(1)] Inbound),
    /// Are you there?
    #[n(2)]
    Ping,
}

/// From the node that leads.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(super) enum FromLeader {
    /// This node leads; the number is its epoch.
    #[n(0)]
    Welcome(#[n(0)] u64),
    /// The answer to a question.
    #[n(1)]
    Answer(#[n(0)] u64, #[n(1)] Answer),
    /// The answer to totals.
    #[n(2)]
    Totals(#[n(0)] u64, #[n(1)] Totals),
    /// Still here, and whether the ledger takes records.
    #[n(3)]
    Pong(#[n(0)] bool),
}

impl FromLeader {
    pub(super) fn reply(tag: u64, body: ReplyBody) -> Self {
        match body {
            ReplyBody::Answer(_, answer) => FromLeader::Answer(tag, answer),
            ReplyBody::Totals(totals) => FromLeader::Totals(tag, totals),
        }
    }
}

/// Puts messages into as few frames as they fit in. A message is below 1,000 bytes.
pub(super) fn put<M: Encode<()>>(sender: &mut Sender, messages: impl Iterator<Item = M>) -> std::io::Result<()> {
    const ENOUGH: usize = MOST - 1_024;
    let mut plain = Vec::with_capacity(4_096);
    for message in messages {
        minicbor::encode(&message, &mut plain).expect("writing to memory does not fail");
        if plain.len() > ENOUGH {
            sender.put(&plain)?;
            plain.clear();
        }
    }
    if plain.is_empty() { Ok(()) } else { sender.put(&plain) }
}

/// The messages of a frame.
pub(super) fn read<'b, M: Decode<'b, ()> + 'b>(frame: &'b [u8]) -> impl Iterator<Item = std::io::Result<M>> + 'b {
    let mut decoder = minicbor::Decoder::new(frame);
    let mut broken = false;
    std::iter::from_fn(move || {
        if broken || decoder.position() == decoder.input().len() {
            return None;
        }
        let message = decoder.decode().map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e.to_string()));
        broken = message.is_err();
        Some(message)
    })
}
