//! The finding about an exception and the proposed resolution: codes and values that the journal keeps. People read the sentences of the
//! catalogue.

use crate::jst::BusinessDay;
use crate::money::Yen;
use crate::wire::ResponseCode;
use crate::wire::issuer::IssuerOperation;
use minicbor::{Decode, Encode};

/// A side of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Encode, Decode, serde::Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// This switch's own records.
    #[n(0)]
    Ledger,
    /// An acquirer's detail file.
    #[n(1)]
    Acquirer,
    /// An issuer's detail file.
    #[n(2)]
    Issuer,
    /// A bank statement.
    #[n(3)]
    Bank,
}

impl Side {
    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Side::Ledger => "ledger",
            Side::Acquirer => "acquirer",
            Side::Issuer => "issuer",
            Side::Bank => "bank",
        }
    }
}

/// In log lines and errors.
impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the {}", self.name())
    }
}

/// The evidence that two lines belong together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum JoinedBy {
    /// This switch's own reference.
    #[n(0)]
    OwnReference,
    /// The reference that both systems kept.
    #[n(1)]
    ExternalReference,
    /// Terminal and retrieval reference number.
    #[n(2)]
    Rrn,
    /// Terminal and STAN.
    #[n(3)]
    Stan,
    /// Terminal and retrieval reference number, on another day.
    #[n(4)]
    RrnOtherDay,
    /// Terminal and STAN, on another day.
    #[n(5)]
    StanOtherDay,
    /// The batch number.
    #[n(6)]
    Batch,
    /// Party, amount and day.
    #[n(7)]
    AmountAndDay,
    /// The sum of several lines.
    #[n(8)]
    Sum,
}

/// An amount of a line, in its currency (ISO 4217, numeric).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Money {
    /// Units of the currency; yen for 392.
    #[n(0)]
    pub amount: Yen,
    /// The currency.
    #[n(1)]
    pub currency: u16,
}

/// A line, as far as a finding names it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ListedLine {
    /// The word of its `kind` column.
    #[n(0)]
    pub kind: String,
    /// Its amount.
    #[n(1)]
    pub money: Money,
    /// Its party; empty when the line names none.
    #[n(2)]
    pub party: String,
}

/// One difference between two joined lines: what was expected, and what came.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Difference {
    /// The currencies.
    #[n(0)]
    Currency(#[n(0)] Money, #[n(1)] Money),
    /// The kinds, as their columns have them.
    #[n(1)]
    Kind(#[n(0)] String, #[n(1)] String),
    /// The parties.
    #[n(2)]
    Party(#[n(0)] String, #[n(1)] String),
    /// Our own reference.
    #[n(3)]
    OwnReference(#[n(0)] u64, #[n(1)] u64),
    /// The external reference.
    #[n(4)]
    ExternalReference(#[n(0)] String, #[n(1)] String),
    /// The amounts, and how many yen of difference the rules allow.
    #[n(5)]
    Amount(#[n(0)] Money, #[n(1)] Money, #[n(2)] Yen),
    /// The days.
    #[n(6)]
    Day(#[n(0)] BusinessDay, #[n(1)] BusinessDay),
}

/// One half of a group of lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Half {
    /// The lines' sum.
    #[n(0)]
    pub sum: Yen,
    /// The number of lines.
    #[n(1)]
    pub lines: u32,
    /// The last day among them.
    #[n(2)]
    pub last: BusinessDay,
}

/// The finding.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Finding {
    /// A line that the other side does not have.
    #[n(0)]
    NotListed {
        /// The line.
        #[n(0)]
        line: ListedLine,
        /// Its day.
        #[n(1)]
        day: BusinessDay,
        /// The side that lacks it.
        #[n(2)]
        by: Side,
        /// The day on which it was due there.
        #[n(3)]
        due: BusinessDay,
        /// Several lines on both sides share this and differ otherwise.
        #[n(4)]
        ambiguous: Option<JoinedBy>,
        /// It may be the sum of several lines, but not for certain.
        #[n(5)]
        may_be_sum: bool,
    },
    /// A line that nothing expected.
    #[n(1)]
    NotExpected {
        /// The line.
        #[n(0)]
        line: ListedLine,
        /// Its day.
        #[n(1)]
        day: BusinessDay,
        /// The side that has it.
        #[n(2)]
        by: Side,
        /// Several lines on both sides share this and differ otherwise.
        #[n(3)]
        ambiguous: Option<JoinedBy>,
        /// It may be the sum of several lines, but not for certain.
        #[n(4)]
        may_be_sum: bool,
    },
    /// Two lines that belong together and differ.
    #[n(2)]
    Differs {
        /// The evidence that they belong together.
        #[n(0)]
        by: JoinedBy,
        /// Each difference.
        #[n(1)]
        differences: Vec<Difference>,
    },
    /// One side has a line twice.
    #[n(3)]
    Twice {
        /// The side.
        #[n(0)]
        by: Side,
        /// This line.
        #[n(1)]
        line: ListedLine,
        /// The line that has the same, or the same reference.
        #[n(2)]
        other_line: u64,
        /// The other content under the same reference.
        #[n(3)]
        other: Option<ListedLine>,
    },
    /// A group of lines whose sums differ.
    #[n(4)]
    GroupDiffers {
        /// The evidence that they belong together.
        #[n(0)]
        by: JoinedBy,
        /// The batch number, where it told.
        #[n(1)]
        batch: Option<String>,
        /// The expected value.
        #[n(2)]
        expected: Half,
        /// The value that came.
        #[n(3)]
        came: Half,
    },
    /// The effect of a contract's tolerance on a file.
    #[n(5)]
    Tolerated {
        /// Lines that differ within it.
        #[n(0)]
        lines: u64,
        /// By how much in all.
        #[n(1)]
        sum: Yen,
    },
    /// An issuer refused what it must accept.
    #[n(6)]
    AdviceRefused {
        /// Its answer.
        #[n(0)]
        code: ResponseCode,
        /// The kind of message.
        #[n(1)]
        operation: IssuerOperation,
        /// For how much.
        #[n(2)]
        amount: Yen,
        /// The record that it was about, where it was about another one.
        #[n(3)]
        about: Option<u64>,
        /// The record that told it.
        #[n(4)]
        message: u64,
    },
    /// A later file has the line.
    #[n(7)]
    FoundLater {
        /// Its line there.
        #[n(0)]
        line: u64,
        /// With this much.
        #[n(1)]
        theirs: Yen,
        /// The result of its comparison there.
        #[n(2)]
        status: String,
    },
    /// A later file has the line with the same amount.
    #[n(9)]
    SameLater {
        /// Its line there.
        #[n(0)]
        line: u64,
    },
    /// A later file of the same days has no such exception.
    #[n(10)]
    GoneLater,
    /// A later file of the same days comes to this sum of tolerated differences.
    #[n(8)]
    SumLater {
        /// The sum.
        #[n(0)]
        sum: Yen,
    },
}

/// The proposed resolution. People decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Proposed {
    /// Nothing before the end of this day: the rest may still come.
    #[n(0)]
    WaitUntil(#[n(0)] BusinessDay),
    /// Ask this side.
    #[n(1)]
    Ask(#[n(0)] Side),
    /// Book the difference: what came less what was expected.
    #[n(2)]
    BookDifference(#[n(0)] Yen),
    /// Write the difference off.
    #[n(3)]
    WriteOff(#[n(0)] Yen),
    /// This side takes its duplicate back.
    #[n(4)]
    ReverseDuplicate(#[n(0)] Side),
    /// Put the data right on the side that is wrong.
    #[n(5)]
    CorrectData,
    /// Choose among the candidates.
    #[n(6)]
    ChooseCandidate,
    /// Ask the issuer that refused; book what it does not owe, or owes again.
    #[n(7)]
    AskIssuerAndBook,
    /// A chargeback: charge it to the merchant, bear it, or explain why the issuer pays.
    #[n(8)]
    SettleChargeback,
}
