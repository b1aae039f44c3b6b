//! One row by its columns: from text, and into an item.

use super::{Contract, ExternalFrom};
use crate::item::{Item, Kind, UnknownKind};
use crate::keys::{Own, Party, Reference, Trace};
use kazasu_documents::table_file::narrow;
use kazasu_schemas::guard::unguarded;
use kazasu_schemas::ids::{ApprovalCode, IdError, InstitutionId, MerchantId, Rrn, Stan, TerminalId, digits};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{JPY_NUMERIC, Yen};
use kazasu_schemas::typed;
use kazasu_text::problems::ProblemText;
use kazasu_text::readings;
use kazasu_text::tables::DetailText;
use kazasu_text::{Said, Text};
use std::num::NonZeroU64;
use std::str::FromStr;

/// Characters that a free reference may have.
const MAX_REFERENCE: usize = 64;

/// A row, column by column. Also what a clearing file is written from, and what the ledger's records are made into so that
/// their keys are the same as a file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The subject.
    pub kind: Kind,
    /// Our record number.
    pub reference: Own,
    /// The sender's reference; empty for none.
    pub external_reference: String,
    /// DE32.
    pub acquirer: Option<InstitutionId>,
    /// DE42.
    pub merchant: Option<MerchantId>,
    /// DE41.
    pub terminal: Option<TerminalId>,
    /// DE11.
    pub stan: Option<Stan>,
    /// DE37.
    pub rrn: Option<Rrn>,
    /// DE38.
    pub approval: Option<ApprovalCode>,
    /// Whole units of the currency, signed; at most twelve digits.
    pub amount: Yen,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Business day.
    pub day: BusinessDay,
    /// Batch number; empty for none.
    pub batch: String,
}

/// The fault of a value. The value itself is kept by the reader, masked.
pub(super) struct Problem {
    pub(super) column: &'static str,
    pub(super) problem: Said,
}

fn wrong(column: &'static str, problem: &impl Text) -> Problem {
    Problem { column, problem: Said::of(problem) }
}

impl Row {
    /// A row with what every row has.
    #[must_use]
    pub fn new(kind: Kind, amount: Yen, day: BusinessDay) -> Self {
        Row {
            kind,
            reference: None,
            external_reference: String::new(),
            acquirer: None,
            merchant: None,
            terminal: None,
            stan: None,
            rrn: None,
            approval: None,
            amount,
            currency: JPY_NUMERIC,
            day,
            batch: String::new(),
        }
    }

    /// Takes the row's values from `get`, by column.
    pub(super) fn fill<'a>(&mut self, get: impl Fn(&'static str) -> &'a str) -> Result<(), Problem> {
        let get = |column| unguarded(get(column));
        let code = |name: &'static str| narrow(get(name));
        self.amount = amount(get("amount"))?;
        let unknown = |_: UnknownKind| wrong("kind", &DetailText::Kind);
        self.kind = code("kind").parse().map_err(unknown)?;
        sign(self.kind, self.amount)?;
        self.reference = reference(&code("reference"))?;
        free(&mut self.external_reference, "external_reference", get("external_reference"))?;
        self.acquirer = id("acquirer", &code("acquirer"))?;
        self.merchant = id("merchant", &code("merchant"))?;
        self.terminal = id("terminal", &code("terminal"))?;
        self.stan = stan(&code("stan"))?;
        self.rrn = id("rrn", &code("rrn"))?;
        self.approval = id("approval", &code("approval"))?;
        self.currency = currency(&code("currency"))?;
        self.day = typed::day(get("day")).map_err(|e| wrong("day", &readings::date(e)))?;
        free(&mut self.batch, "batch", get("batch"))
    }

    /// The item that this row is, at `line` of its source. Its party is the merchant, or the acquirer where none is named.
    #[must_use]
    pub fn item(&self, line: u64, contract: &Contract) -> Item {
        let acquirer = self.acquirer.or(contract.acquirer);
        let party = match (&self.merchant, &acquirer) {
            (Some(merchant), _) => Party::merchant(merchant),
            (None, Some(acquirer)) => Party::institution(acquirer),
            (None, None) => Party::NONE,
        };
        let sent_from = acquirer.zip(self.terminal);
        let by_rrn =
            sent_from.zip(self.rrn).map(|((acquirer, terminal), rrn)| Trace::by_rrn(&acquirer, &terminal, &rrn));
        let by_stan = sent_from.zip(self.stan).map(|((acquirer, terminal), n)| Trace::by_stan(&acquirer, &terminal, n));
        let external = match contract.external {
            ExternalFrom::Column => Reference::new(&self.external_reference),
            ExternalFrom::Rrn => self.rrn.map_or(Reference::NONE, |rrn| Reference::new(rrn.as_str())),
            ExternalFrom::Approval => self.approval.map_or(Reference::NONE, |code| Reference::new(code.as_str())),
        };
        Item {
            line,
            own: self.reference,
            external,
            batch: Reference::new(&self.batch),
            by_rrn: by_rrn.unwrap_or(Trace::NONE),
            by_stan: by_stan.unwrap_or(Trace::NONE),
            amount: self.amount,
            day: self.day,
            currency: self.currency,
            party,
            kind: self.kind,
            side: contract.side,
            mark: contract.mark,
        }
    }
}

/// Whole units, at most twelve figures.
pub(super) fn amount(text: &str) -> Result<Yen, Problem> {
    typed::signed_yen(text).map_err(|e| wrong("amount", &DetailText::Signed { problem: &readings::amount(e) }))
}

/// A refund written as a positive amount would be counted twice over as a difference; it is refused where it is written.
fn sign(kind: Kind, amount: Yen) -> Result<(), Problem> {
    let column = "amount";
    match kind {
        Kind::Purchase if amount < Yen::ZERO => Err(wrong(column, &DetailText::PurchaseBelow)),
        Kind::Refund if amount > Yen::ZERO => Err(wrong(column, &DetailText::RefundAbove)),
        Kind::Chargeback if amount > Yen::ZERO => Err(wrong(column, &DetailText::ChargebackAbove)),
        Kind::Purchase
        | Kind::Refund
        | Kind::Chargeback
        | Kind::Reversal
        | Kind::Fee
        | Kind::Settlement
        | Kind::Payout
        | Kind::Adjustment => Ok(()),
    }
}

fn reference(text: &str) -> Result<Own, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = digits(text.as_bytes()).and_then(NonZeroU64::new);
    number.map(Some).ok_or_else(|| wrong("reference", &DetailText::Reference))
}

fn id<T: FromStr<Err = IdError>>(column: &'static str, text: &str) -> Result<Option<T>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error: IdError| wrong(column, &readings::id(&error)))
}

fn stan(text: &str) -> Result<Option<Stan>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = digits(text.as_bytes()).filter(|_| text.len() <= 6);
    number.map(|n| Some(Stan::wrapping(n))).ok_or_else(|| wrong("stan", &DetailText::Stan))
}

fn currency(text: &str) -> Result<u16, Problem> {
    if text == "JPY" {
        return Ok(JPY_NUMERIC);
    }
    let code = digits(text.as_bytes()).filter(|_| text.len() == 3).and_then(|code| u16::try_from(code).ok());
    code.ok_or_else(|| wrong("currency", &DetailText::Currency))
}

fn free(into: &mut String, column: &'static str, text: &str) -> Result<(), Problem> {
    into.clear();
    if text.chars().count() > MAX_REFERENCE {
        return Err(wrong(column, &ProblemText::CharactersAtMost { most: MAX_REFERENCE.into() }));
    }
    if text.contains(char::is_control) {
        return Err(wrong(column, &DetailText::Control));
    }
    into.push_str(text);
    Ok(())
}
