//! The fields of log lines about an acquirer's message on its way from the frame to the answer: its sender and connection, what
//! its sender calls it, and the record once there is one.
//!
//! A line about a message that stands by itself has all of it as fields: `about!`. On request every step is a line, and what
//! else is said on the way stands in a span with the same fields: `RUST_LOG=info,kazasu::message=debug`. Threads do their part of
//! a message's way in spans of their own, which are the same to a reader. Without the request none of them is made, and a step
//! costs a comparison.

use crate::inbound::Inbound;
use kazasu_core::{Outgoing, Tap};
use kazasu_ledger::Seq;
use kazasu_schemas::ids::{InstitutionId, Rrn, Stan, TerminalId};
use kazasu_schemas::iso8583::Message;
use kazasu_schemas::wire::{Request, Totals};
use std::fmt;
use std::net::SocketAddr;
use tracing::Span;
use tracing::field::{DisplayValue, Empty, display};

/// The log target of the steps of messages.
pub const STEPS: &str = "kazasu::message";

/// The known fields of a message.
#[derive(Clone, Copy, Default, Debug)]
pub struct MessageId {
    /// The connection's number.
    pub connection: Option<u64>,
    /// The other end of its connection.
    pub peer: Option<SocketAddr>,
    /// DE32.
    pub acquirer: Option<InstitutionId>,
    /// DE37.
    pub rrn: Option<Rrn>,
    /// DE11.
    pub stan: Option<Stan>,
    /// DE41.
    pub terminal: Option<TerminalId>,
    /// Its record, once there is one.
    pub record: Option<Seq>,
}

impl MessageId {
    /// This is its record, when there is one.
    #[must_use]
    pub fn recorded(self, record: Option<Seq>) -> MessageId {
        MessageId { record, ..self }
    }

    /// Around what is done about it now. It stands for itself: what surrounds it may be about another message.
    fn span(self) -> Span {
        tracing::debug_span!(
            target: STEPS,
            parent: None::<tracing::span::Id>,
            "message",
            connection = self.connection,
            peer = self.peer.map(display),
            acquirer = self.acquirer.map(display),
            rrn = self.rrn.map(display),
            stan = self.stan.map(six_digits),
            terminal = self.terminal.map(display),
            record = self.record,
        )
    }
}

impl From<&Request> for MessageId {
    fn from(request: &Request) -> MessageId {
        MessageId {
            acquirer: Some(request.acquirer),
            rrn: Some(request.rrn),
            stan: Some(request.stan),
            terminal: Some(request.terminal),
            ..MessageId::default()
        }
    }
}

impl From<&Totals> for MessageId {
    fn from(totals: &Totals) -> MessageId {
        MessageId { acquirer: Some(totals.acquirer), stan: Some(totals.stan), ..MessageId::default() }
    }
}

impl From<&Inbound> for MessageId {
    fn from(message: &Inbound) -> MessageId {
        match message {
            Inbound::Request(request) => request.into(),
            Inbound::Totals(totals) => totals.into(),
        }
    }
}

impl From<&Tap> for MessageId {
    fn from(tap: &Tap) -> MessageId {
        MessageId {
            acquirer: Some(tap.key.acquirer),
            rrn: Some(tap.rrn),
            stan: Some(tap.key.stan),
            terminal: Some(tap.key.terminal),
            record: Some(tap.seq),
            ..MessageId::default()
        }
    }
}

/// The acquirer's message that a message to an issuer follows from. The record is that of the message to the issuer.
impl From<&Outgoing> for MessageId {
    fn from(out: &Outgoing) -> MessageId {
        MessageId {
            acquirer: Some(out.cause.acquirer),
            rrn: Some(out.cause_rrn),
            stan: Some(out.cause.stan),
            terminal: Some(out.cause.terminal),
            record: Some(out.message),
            ..MessageId::default()
        }
    }
}

/// Six digits, as the wire has them.
#[derive(Debug)]
pub struct SixDigits(Stan);

impl fmt::Display for SixDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0.get())
    }
}

/// DE11 for a line.
pub fn six_digits(stan: Stan) -> DisplayValue<SixDigits> {
    display(SixDigits(stan))
}

/// A line about a message: level, [`trail::MessageId`](crate::trail::MessageId), further fields and the words.
#[macro_export]
macro_rules! about {
    ($level:ident, $message:expr, $($rest:tt)+) => {{
        let id: $crate::trail::MessageId = $message;
        tracing::$level!(
            connection = id.connection,
            peer = id.peer.map(tracing::field::display),
            acquirer = id.acquirer.map(tracing::field::display),
            rrn = id.rrn.map(tracing::field::display),
            stan = id.stan.map($crate::trail::six_digits),
            terminal = id.terminal.map(tracing::field::display),
            record = id.record,
            $($rest)+
        );
    }};
}
pub use crate::about;

/// Is every step of every message to be logged?
#[must_use]
#[inline]
pub fn is_followed() -> bool {
    tracing::enabled!(target: STEPS, tracing::Level::DEBUG)
}

/// The span of a message, when messages are followed; else one that does nothing.
#[inline]
pub fn span(message: impl FnOnce() -> Option<MessageId>) -> Span {
    if !is_followed() {
        return Span::none();
    }
    message().map_or_else(Span::none, MessageId::span)
}

/// Around everything of an acquirer's connection, whose acquirer is not known yet. Its level says with which lines it is
/// there: with all.
#[must_use]
pub fn of_connection(connection: u64, peer: SocketAddr) -> Span {
    tracing::error_span!(target: "kazasu::acquirer", "connection", connection, %peer, acquirer = Empty)
}

/// The identifiers of a message that may not be sound otherwise: DE37, DE11 and DE41.
#[must_use]
pub fn names(message: &Message) -> [Option<String>; 3] {
    [37, 11, 41].map(|field| {
        let text = String::from_utf8_lossy(message.get(field)?);
        Some(text.trim().to_owned())
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use tracing::Level;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The log lines of what this does, down to a level.
    pub(crate) fn said(level: Level, speak: impl FnOnce()) -> Vec<String> {
        let page = Page::default();
        let to = page.clone();
        let builder = tracing_subscriber::fmt().with_writer(move || to.clone()).with_max_level(level);
        tracing::subscriber::with_default(builder.with_ansi(false).finish(), speak);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn id() -> MessageId {
        MessageId {
            connection: Some(3),
            peer: Some("127.0.0.1:5".parse().unwrap()),
            acquirer: Some("27000001".parse().unwrap()),
            rrn: Some(Rrn::from_number(7)),
            stan: Some(Stan::wrapping(8)),
            terminal: Some("T1001001".parse().unwrap()),
            record: None,
        }
    }

    const NAMED: &str =
        "connection=3 peer=127.0.0.1:5 acquirer=27000001 rrn=000000000007 stan=000008 terminal=T1001001";

    #[test]
    fn a_line_about_a_message_has_what_is_known_of_it_and_nothing_else() {
        let lines = said(Level::INFO, || {
            about!(warn, id().recorded(Some(12)), why = "none", "words");
            about!(error, MessageId::default().recorded(Some(12)), "words");
            about!(debug, id(), "words");
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains(&format!("{NAMED} record=12 why=\"none\"")), "{lines:?}");
        assert!(lines[1].contains("record=12") && !lines[1].contains("acquirer"), "{lines:?}");
    }

    #[test]
    fn steps_and_their_spans_are_there_on_request_only() {
        let lines = said(Level::INFO, || {
            // Nothing is even put together.
            let span = span(|| unreachable!("messages are not followed"));
            span.in_scope(|| {
                tracing::warn!("words");
                tracing::debug!(target: STEPS, "a step");
            });
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        let lines = said(Level::DEBUG, || {
            of_connection(4, "127.0.0.1:6".parse().unwrap()).in_scope(|| {
                let span = span(|| Some(id()));
                let _in = span.enter();
                span.record("record", 12_u64);
                tracing::warn!("words");
                tracing::debug!(target: STEPS, "a step");
            });
        });
        let prefix = format!("message{{{NAMED} record=12}}: ");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.contains(&prefix)), "{lines:?}");
        assert!(!lines[0].contains("127.0.0.1:6"), "a message stands for itself: {lines:?}");
        assert!(lines[1].contains(&format!("{STEPS}: a step")), "{lines:?}");
    }

    #[test]
    fn the_span_of_a_connection_names_its_acquirer_once_it_is_known() {
        let lines = said(Level::ERROR, || {
            let span = of_connection(4, "127.0.0.1:6".parse().unwrap());
            let _in = span.enter();
            tracing::error!("first");
            span.record("acquirer", display("27000001"));
            tracing::error!("second");
        });
        assert!(lines[0].contains("connection{connection=4 peer=127.0.0.1:6}: "), "{lines:?}");
        assert!(lines[1].contains("connection{connection=4 peer=127.0.0.1:6 acquirer=27000001}: "), "{lines:?}");
    }
}
