//! What the session is told and what it says.

use kazasu_schemas::ids::{InstitutionId, Rrn, Stan};
use kazasu_schemas::wire::issuer::{IssuerAnswer, IssuerRequest, Misfit};
use kazasu_schemas::wire::{Network, NetworkCode, ResponseCode};
use kazasu_text::Text;
use kazasu_text::responses::meaning;

/// The acquirer's message that a command follows from. Only log lines use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cause {
    /// Its DE32.
    pub acquirer: InstitutionId,
    /// Its DE37.
    pub rrn: Rrn,
}

/// What the switch wants of the session. `id` travels in DE37 instead of the request's own `rrn`.
#[derive(Clone, Debug)]
pub enum Command {
    /// Ask, and report exactly one of answered, unfit, timed out, not sent (and perhaps a late answer afterwards).
    Request {
        /// The switch's number of the message, below 10^12 and never used twice.
        id: u64,
        /// What it follows from.
        cause: Cause,
        /// The message.
        request: IssuerRequest,
    },
    /// Tell, and keep telling until it is acknowledged.
    Advice {
        /// The switch's number of the message, below 10^12. Given again while it is queued, it changes nothing.
        id: u64,
        /// What it follows from.
        cause: Cause,
        /// The message; `repeat` set when an earlier process may have sent it.
        request: IssuerRequest,
    },
    /// The business day has ended: tell the issuer with 0800/201 and 202, some times if it does not answer.
    Cutover {
        /// The day that ended, MMDD.
        closed: u16,
        /// The day that has begun, MMDD.
        opened: u16,
    },
}

/// The outcome of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Report {
    /// The issuer answered in time.
    Answered {
        /// The request.
        id: u64,
        /// Its answer.
        answer: IssuerAnswer,
    },
    /// The issuer answered a request that was reported as timed out before.
    Late {
        /// The request.
        id: u64,
        /// Its answer.
        answer: IssuerAnswer,
    },
    /// No answer in time, or the connection broke after a byte may have left: the outcome is unknown.
    TimedOut {
        /// The request.
        id: u64,
    },
    /// The issuer's answer does not repeat what was asked: the outcome is unknown.
    Unfit {
        /// The request.
        id: u64,
    },
    /// Certain: no byte of it left, because the session is down, signed off or full.
    NotSent {
        /// The request.
        id: u64,
    },
    /// The issuer has the advice.
    Acknowledged {
        /// The advice.
        id: u64,
        /// DE39: 00, or what the issuer objects to.
        code: ResponseCode,
    },
}

/// The session's times (milliseconds) and bounds. Zeros are read as 1.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the command to the time-out; also how long sign-on and echo wait.
    pub answer_timeout: u64,
    /// Pause between echoes.
    pub echo_interval: u64,
    /// First pause before connecting again; it doubles.
    pub reconnect_min: u64,
    /// Longest pause before connecting again.
    pub reconnect_max: u64,
    /// Requests queued and sent at one time.
    pub max_in_flight: usize,
    /// Advices unacknowledged on the wire at one time.
    pub saf_window: usize,
    /// First pause before an advice is repeated; it doubles.
    pub saf_retry_min: u64,
    /// Longest pause before an advice is repeated.
    pub saf_retry_max: u64,
}

/// Where the session stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// No connection; the next attempt is due at `retry_at`.
    Down {
        /// Milliseconds.
        retry_at: u64,
    },
    /// The driver is connecting.
    Connecting,
    /// Connected; the sign-on is not answered yet.
    SigningOn {
        /// The sign-on's DE11.
        stan: Stan,
        /// When to give up, milliseconds.
        deadline: u64,
    },
    /// Both nonces are there; the switch's proof is not answered yet.
    Proving {
        /// The proof's DE11.
        stan: Stan,
        /// When to give up, milliseconds.
        deadline: u64,
    },
    /// The issuer signed off; the next sign-on is due at `retry_at`.
    SignedOff {
        /// Milliseconds.
        retry_at: u64,
    },
    /// Signed on: requests and advices flow.
    Up,
}

/// Why the connection must be closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SessionFault {
    /// No answer to the sign-on.
    #[error("the issuer did not answer the sign-on in time")]
    SignOnUnanswered,
    /// The sign-on was answered with another code than 00.
    #[error("the issuer refused the sign-on with {0} ({meaning})", meaning = meaning(*.0).both())]
    SignOnRefused(ResponseCode),
    /// The sign-on was answered without nonces.
    #[error(
        "the issuer answered the sign-on without nonces (DE48 with NS and NI): it does not know sign-on with session keys, or what answers is \
         not the issuer; for a host that cannot do it: keys = \"static\""
    )]
    NoNonce,
    /// The sign-on's answer is about another nonce than ours.
    #[error("the answer to the sign-on has another nonce than this connection's: it was made for another one")]
    OtherNonce,
    /// No proof of the issuer.
    #[error("the issuer did not prove in time that it has the key")]
    ProofUnanswered,
    /// The proof was answered with another code than 00.
    #[error("the issuer refused the proof with {0} ({meaning}): compare the key's check value", meaning = meaning(*.0).both())]
    ProofRefused(ResponseCode),
    /// No answer to an echo, and nothing else came since.
    #[error("the issuer did not answer an echo in time")]
    EchoUnanswered,
}

/// What an answer turned out to be, for metrics and logs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A request's, in time: the stamp of [`Session::transmit`](super::Session::transmit).
    InTime(u64),
    /// Late, an acknowledgement, or to nothing that waits.
    Other,
    /// It names message `id` and does not repeat it.
    Unfit {
        /// The message.
        id: u64,
        /// What differs.
        misfit: Misfit,
    },
}

/// A message to write.
#[derive(Debug)]
pub enum Transmit<'a> {
    /// 0800/001 with a nonce: the driver draws it, tells it to [`Session::drew`](super::Session::drew), and writes the message without a MAC.
    SignOn(Stan),
    /// 0800: the driver adds institution and time. A cut-over names its business day, MMDD.
    Network(NetworkCode, Stan, Option<u16>),
    /// 0810 to the issuer's own 0800.
    NetworkAnswer(Network),
    /// A request, handed out once.
    Request(u64, IssuerRequest),
    /// An advice, handed out again until it is acknowledged.
    Advice(u64, &'a IssuerRequest),
}
