//! How many messages of which type ended how. Plain numbers; the driver turns them into metrics.

use kazasu_schemas::wire::issuer::IssuerOperation;

/// A message's type for counting, without its repeat bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum MessageKind {
    /// 0100.
    Authorization,
    /// 0200.
    Financial,
    /// 0220.
    Advice,
    /// 0420.
    Reversal,
    /// 0800.
    Network,
    /// What could not be read or matched.
    Other,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [MessageKind; 6] = [
        MessageKind::Authorization,
        MessageKind::Financial,
        MessageKind::Advice,
        MessageKind::Reversal,
        MessageKind::Network,
        MessageKind::Other,
    ];

    /// The metric's `type` label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            MessageKind::Authorization => "0100",
            MessageKind::Financial => "0200",
            MessageKind::Advice => "0220",
            MessageKind::Reversal => "0420",
            MessageKind::Network => "0800",
            MessageKind::Other => "other",
        }
    }

    /// The kind of a message that asks for `operation`.
    #[must_use]
    pub fn of(operation: IssuerOperation) -> Self {
        match operation {
            IssuerOperation::Authorize => MessageKind::Authorization,
            IssuerOperation::Purchase | IssuerOperation::Refund => MessageKind::Financial,
            IssuerOperation::Completion | IssuerOperation::PurchaseAdvice | IssuerOperation::RefundAdvice => {
                MessageKind::Advice
            }
            IssuerOperation::Reversal => MessageKind::Reversal,
        }
    }
}

/// How a message ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Outcome {
    /// Handed to the socket (each repeat counts).
    Sent,
    /// A request answered in time with 00.
    Approved,
    /// A request answered in time with another code.
    Declined,
    /// An advice answered with 00.
    Acknowledged,
    /// An advice answered with another code.
    Refused,
    /// A request answered after its time-out.
    Late,
    /// A request without an answer: the outcome is unknown.
    TimedOut,
    /// A request of which certainly no byte left.
    NotSent,
    /// An answer to nothing that waits: a duplicate, or never asked for.
    Unmatched,
    /// An answer that does not repeat what was asked: it is none, and the outcome is unknown.
    Unfit,
    /// A message whose MAC is missing or wrong.
    BadMac,
    /// A message that could not be read.
    Undecodable,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 12] = [
        Outcome::Sent,
        Outcome::Approved,
        Outcome::Declined,
        Outcome::Acknowledged,
        Outcome::Refused,
        Outcome::Late,
        Outcome::TimedOut,
        Outcome::NotSent,
        Outcome::Unmatched,
        Outcome::Unfit,
        Outcome::BadMac,
        Outcome::Undecodable,
    ];

    /// The metric's `outcome` label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Outcome::Sent => "sent",
            Outcome::Approved => "approved",
            Outcome::Declined => "declined",
            Outcome::Acknowledged => "acknowledged",
            Outcome::Refused => "refused",
            Outcome::Late => "late",
            Outcome::TimedOut => "timed_out",
            Outcome::NotSent => "not_sent",
            Outcome::Unmatched => "unmatched",
            Outcome::Unfit => "unfit",
            Outcome::BadMac => "bad_mac",
            Outcome::Undecodable => "undecodable",
        }
    }
}

/// Message counts since the session was made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts([[u64; Outcome::ALL.len()]; MessageKind::ALL.len()]);

impl Counts {
    /// Adds one.
    pub fn add(&mut self, kind: MessageKind, outcome: Outcome) {
        self.0[kind as usize][outcome as usize] += 1;
    }

    /// How many messages of `kind` ended with `outcome`.
    #[must_use]
    pub fn get(&self, kind: MessageKind, outcome: Outcome) -> u64 {
        self.0[kind as usize][outcome as usize]
    }

    /// How many messages of any kind ended with `outcome`.
    #[must_use]
    pub fn total(&self, outcome: Outcome) -> u64 {
        self.0.iter().map(|row| row[outcome as usize]).sum()
    }
}
