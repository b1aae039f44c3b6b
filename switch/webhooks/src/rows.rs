//! The contents of the rows beside the journal, in numbered CBOR. A later version adds fields.

use kazasu_schemas::identity::Scope;
use kazasu_schemas::jst::Millis;
use kazasu_store::side::SideRow;
use minicbor::{Decode, Encode};

/// Kinds of rows. A number is never used for another kind; sign-ins have those below 32, keys of requests have 32.
pub(crate) const ENDPOINT: u8 = 48;
pub(crate) const CURSOR: u8 = 49;
pub(crate) const ATTEMPT: u8 = 50;
pub(crate) const AGAIN: u8 = 51;

/// The expiry of a row that never expires.
pub(crate) const FOR_EVER: Millis = Millis(i64::MAX);
/// The time for which attempts and requests to send again are kept.
pub(crate) const KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// Attempts that are kept of an endpoint: the newest.
pub const KEPT_ATTEMPTS: u64 = 500;

/// A secret of an endpoint, sealed.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SealedSecret {
    /// As the vault sealed it.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
    /// When it was made.
    #[n(1)]
    pub made: Millis,
    /// It signs no more from this moment on: another has taken its place.
    #[n(2)]
    pub until: Option<Millis>,
}

/// Where events go. The key of the row is its id.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Endpoint {
    /// The address.
    #[n(0)]
    pub url: String,
    /// Kinds of events, such as `payment.approved` or `payment.*`; all when there are none.
    #[n(1)]
    pub kinds: Vec<String>,
    /// What the events are about. It never changes.
    #[n(2)]
    pub scope: Scope,
    /// Whether events are sent.
    #[n(3)]
    pub on: bool,
    /// Two while one takes the place of the other; the newest is the last.
    #[n(4)]
    pub secrets: Vec<SealedSecret>,
    /// Who registered it.
    #[n(5)]
    pub by: String,
    /// When.
    #[n(6)]
    pub at: Millis,
    /// What it is for, in its owner's words.
    #[n(7)]
    pub note: String,
    /// Who switched it off or on last, and why; empty when nobody has.
    #[n(8)]
    pub switched_by: String,
    /// See there.
    #[n(9)]
    pub switched_why: String,
    /// Rises when a delivery is to begin anew.
    #[n(10)]
    pub turns: u32,
}

impl Endpoint {
    /// Does it take events of this kind?
    #[must_use]
    pub fn takes(&self, kind: &str) -> bool {
        let meets = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => pattern == kind,
        };
        self.kinds.is_empty() || self.kinds.iter().any(meets)
    }
}

/// How long an endpoint has been taking nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Encode, Decode)]
#[cbor(index_only)]
pub enum Stage {
    /// It takes events, or has not been failing for long.
    #[default]
    #[n(0)]
    Well,
    /// People were warned.
    #[n(1)]
    Late,
    /// It has taken nothing for days.
    #[n(2)]
    Failing,
}

/// How far an endpoint has been told. The key of the row is the endpoint's id.
#[derive(Clone, Debug, PartialEq, Default, Encode, Decode)]
pub struct Cursor {
    /// All events of records up to this one were taken, or are not for it.
    #[n(0)]
    pub after: u64,
    /// Of the next record: the last event that was taken, where it has several.
    #[n(1)]
    pub last: Option<String>,
    /// All attempts so far.
    #[n(2)]
    pub attempts: u64,
    /// Failures in a row.
    #[n(3)]
    pub failures: u32,
    /// When the first of them was.
    #[n(4)]
    pub failing_since: Option<Millis>,
    /// Who knows of it.
    #[n(5)]
    pub stage: Stage,
    /// When the next attempt is due.
    #[n(6)]
    pub next: Option<Millis>,
    /// When an event was last taken.
    #[n(7)]
    pub taken: Option<Millis>,
    /// Why the last attempt failed.
    #[n(8)]
    pub fault: Option<Fault>,
    /// In words, or the status.
    #[n(9)]
    pub detail: Option<String>,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Fault {
    /// An answer whose status is not 2xx.
    #[n(0)]
    Answered,
    /// A redirect, which is not followed.
    #[n(1)]
    Redirected,
    /// The name leads to an address of a network that is not allowed.
    #[n(2)]
    Network,
    /// The name is not known.
    #[n(3)]
    Unresolved,
    /// No connection, or it broke off.
    #[n(4)]
    Unreachable,
    /// It took too long.
    #[n(5)]
    TimedOut,
    /// The secret cannot be opened.
    #[n(6)]
    Secret,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 7] = [
        Fault::Answered,
        Fault::Redirected,
        Fault::Network,
        Fault::Unresolved,
        Fault::Unreachable,
        Fault::TimedOut,
        Fault::Secret,
    ];

    /// Its code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fault::Answered => "answered",
            Fault::Redirected => "redirected",
            Fault::Network => "network_not_allowed",
            Fault::Unresolved => "name_unknown",
            Fault::Unreachable => "unreachable",
            Fault::TimedOut => "timed_out",
            Fault::Secret => "secret_unreadable",
        }
    }
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Sent {
    /// An event in its turn.
    #[n(0)]
    Live,
    /// An event again, because a person asked.
    #[n(1)]
    Again,
    /// A test event.
    #[n(2)]
    Test,
}

impl Sent {
    /// Its code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Sent::Live => "live",
            Sent::Again => "again",
            Sent::Test => "test",
        }
    }
}

/// An attempt. The key of the row is the endpoint's id, and the number's place among those that are kept.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Attempt {
    /// 1, 2, 3, … of its endpoint.
    #[n(0)]
    pub number: u64,
    /// The event.
    #[n(1)]
    pub event: String,
    /// Its kind.
    #[n(2)]
    pub kind: String,
    /// Its record; 0 of a test.
    #[n(3)]
    pub sequence: u64,
    /// When it began.
    #[n(4)]
    pub at: Millis,
    /// Milliseconds until the answer.
    #[n(5)]
    pub took_ms: u32,
    /// The answer's status.
    #[n(6)]
    pub status: Option<u16>,
    /// None when it was taken.
    #[n(7)]
    pub fault: Option<Fault>,
    /// In words.
    #[n(8)]
    pub detail: Option<String>,
    /// What for.
    #[n(9)]
    pub sent: Sent,
}

/// A part of what is to be sent again.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Piece {
    /// The first record.
    #[n(0)]
    pub from: u64,
    /// The last one.
    #[n(1)]
    pub until: u64,
    /// Only this event of theirs.
    #[n(2)]
    pub only: Option<String>,
}

/// What is to be sent again. The key of the row is the endpoint's id, and a number in the order of asking.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Again {
    /// What is left of it.
    #[n(0)]
    pub left: Vec<Piece>,
    /// Of the first record that is left: the last event that was sent, where it has several.
    #[n(1)]
    pub last: Option<String>,
    /// Who asked.
    #[n(2)]
    pub by: String,
}

pub(crate) fn written<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory does not fail")
}

/// None of a row that this version cannot read.
pub(crate) fn read<'b, T: minicbor::Decode<'b, ()>>(row: &'b SideRow) -> Option<T> {
    minicbor::decode(&row.value).ok()
}
