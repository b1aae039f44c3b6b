//! The outcome of a statement's lines.

use super::matching::{Finding, Row};
use super::name::word;
use super::read::Faults;
use super::reader::Run;
use crate::sentences::booked_as;
use kazasu_core::{Became, Booking};
use kazasu_ledger::record::Payer;
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::Statement;
use kazasu_text::Text;
use serde::{Deserialize, Serialize};

/// The result of reading a statement, line by line.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StatementRead {
    /// Lines that could be read.
    pub entries: usize,
    /// Nothing was booked: this is what would be.
    pub dry_run: bool,
    /// The file is damaged: nothing of it is booked but what a person names.
    pub damaged: bool,
    /// The places of damage.
    pub bad_records: Vec<String>,
    /// The same in Japanese.
    #[serde(default)]
    pub bad_records_ja: Vec<String>,
    /// Payout files that the bank took.
    pub taken: Vec<TakenLine>,
    /// Transfer files of relief that the bank took.
    pub sent: Vec<SentLine>,
    /// Payments that came back.
    pub returned: Vec<ReturnedLine>,
    /// Payments of issuers and funders.
    pub received: Vec<ReceivedLine>,
    /// Lines that the bank corrected.
    pub undone: Vec<UndoneLine>,
    /// Lines that are nothing to book.
    pub set_aside: Vec<AsideLine>,
    /// Lines that are open, with what they could be.
    pub unmatched: Vec<OpenLine>,
    /// Lines that were dealt with before.
    pub known: u64,
}

/// A payout file that the bank took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "the payout, its file counted from 0, and the line's amount")]
pub struct TakenLine {
    pub payout: u64,
    pub file: u16,
    pub yen: i64,
}

/// A transfer file of relief that the bank took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "the batch, its file counted from 0, and the line's amount")]
pub struct SentLine {
    pub batch: u32,
    pub file: u16,
    pub yen: i64,
}

/// A payment that came back: a settlement of a payout, or a row of a batch.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ReturnedLine {
    /// The payout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payout: Option<u64>,
    /// Its settlement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement: Option<u32>,
    /// The batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Its row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The received yen.
    pub yen: i64,
    /// The bank's fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_yen: Option<i64>,
}

/// A payment of an issuer or of a funder of points.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ReceivedLine {
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<u16>,
    /// The funder's programme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funder: Option<u16>,
    /// The received yen.
    pub yen: i64,
}

/// A line that the bank corrected.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UndoneLine {
    /// The corrected line.
    pub line: String,
    /// The line that corrects it.
    pub correction: String,
    /// Yen.
    pub yen: i64,
}

/// A line that is nothing to book.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AsideLine {
    /// Its record in the file.
    pub record: usize,
    /// The name that the ledger keeps.
    pub line: String,
    /// Yen.
    pub yen: i64,
    /// The reason.
    pub why: String,
    /// The same in Japanese.
    #[serde(default)]
    pub why_ja: String,
}

/// A line that is open.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpenLine {
    /// Its record in the file.
    pub record: usize,
    /// When it was posted.
    pub day: String,
    /// `in` or `out`.
    pub direction: String,
    /// Yen.
    pub yen: i64,
    /// The payer's name in the statement.
    pub payer: String,
    /// The name that the ledger would keep.
    pub line: String,
    /// The reason why it is open.
    pub why: String,
    /// The same in Japanese.
    #[serde(default)]
    pub why_ja: String,
    /// Its candidates.
    pub candidates: Vec<CandidateView>,
}

/// A candidate of an open line.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CandidateView {
    /// In words.
    pub what: String,
    /// The same in Japanese.
    #[serde(default)]
    pub what_ja: String,
    /// The option with which a person chooses this candidate.
    pub say: String,
}

/// A text in English and in Japanese.
fn in_both(text: &impl Text) -> (String, String) {
    (text.en().into_owned(), text.ja().into_owned())
}

impl StatementRead {
    pub(super) fn new(read: &Statement, faults: &Faults, run: Run) -> Self {
        StatementRead {
            entries: read.entries.len(),
            dry_run: run == Run::Look,
            damaged: !faults.texts.is_empty(),
            bad_records: faults.texts.iter().map(|text| text.en().into_owned()).collect(),
            bad_records_ja: faults.texts.iter().map(|text| text.ja().into_owned()).collect(),
            ..StatementRead::default()
        }
    }

    pub(super) fn line(&mut self, row: &Row, finding: Finding) {
        match finding {
            Finding::Known => self.known += 1,
            Finding::Open { why, candidates } => {
                let candidate = |c: super::matching::Candidate| {
                    let (what, what_ja) = in_both(&c.what);
                    CandidateView { what, what_ja, say: c.say }
                };
                let (why, why_ja) = in_both(&why);
                self.unmatched.push(OpenLine {
                    record: row.record,
                    day: row.entry.posting_date.to_string(),
                    direction: word(row.entry.direction).to_owned(),
                    yen: row.entry.amount.get(),
                    payer: row.entry.payer_name.trim().to_owned(),
                    line: row.reference.clone(),
                    why,
                    why_ja,
                    candidates: candidates.into_iter().map(candidate).collect(),
                });
            }
            Finding::Book(booking) => self.booked(row, booking),
        }
    }

    fn booked(&mut self, row: &Row, booking: Booking) {
        let yen = row.entry.amount.get();
        let kept = |fee: Yen| fee.is_positive().then_some(fee.get());
        match booking {
            Booking::Taken { payout, file } => self.taken.push(TakenLine { payout, file, yen }),
            Booking::Sent { batch, file } => self.sent.push(SentLine { batch, file, yen }),
            Booking::Returned { payout, settlement, fee } => {
                let (payout, settlement, fee_yen) = (Some(payout), Some(settlement), kept(fee));
                self.returned.push(ReturnedLine { payout, settlement, yen, fee_yen, ..ReturnedLine::default() });
            }
            Booking::CameBack { batch, row, fee } => {
                let (batch, row, fee_yen) = (Some(batch), Some(row), kept(fee));
                self.returned.push(ReturnedLine { batch, row, yen, fee_yen, ..ReturnedLine::default() });
            }
            Booking::Received { from: Payer::Issuer(n), .. } => {
                self.received.push(ReceivedLine { issuer: Some(n), funder: None, yen });
            }
            Booking::Received { from: Payer::Funder(n), .. } => {
                self.received.push(ReceivedLine { issuer: None, funder: Some(n), yen });
            }
            Booking::Corrects { line } => self.undone.push(UndoneLine { line, correction: row.reference.clone(), yen }),
            Booking::Aside(aside) => {
                let (why, why_ja) = in_both(&booked_as(&Became::Aside(aside)));
                self.set_aside.push(AsideLine { record: row.record, line: row.reference.clone(), yen, why, why_ja });
            }
        }
    }
}
