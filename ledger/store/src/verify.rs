//! Checking a journal without the switch: the chain, the order, the rules and the books, record by record.
//!
//! It names the first record that is wrong and goes no further, because after a broken link nothing can be said.
//!
//! A chain can be computed again by anyone. What shows that it was is signed: the ends of commit batches, and checkpoints that were
//! kept elsewhere ([`signatures`]).

mod decisions;
mod fault;
pub mod signatures;

pub use decisions::Decisions;
pub use fault::Fault;

use crate::journal::{Reader, TransferRow};
use decisions::DecisionCheck;
use kazasu_ledger::account::{Account, AccountId};
use kazasu_ledger::book::{Book, Sums};
use kazasu_ledger::chain::{self, GENESIS, Hash};
use kazasu_ledger::record::{Body, Opening};
use kazasu_ledger::{Entry, Seq};
use kazasu_schemas::jst::{BusinessDay, Millis};
use signatures::{Signatures, Signed, Trust};

/// Folds a journal into its book and checks each step.
#[derive(Debug)]
pub struct Verifier {
    next: Seq,
    hash: Hash,
    at: Millis,
    day: BusinessDay,
    book: Book,
    kinds: [u64; 256],
    signatures: Signatures,
    decisions: DecisionCheck,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new(Trust::default())
    }
}

impl Verifier {
    /// Before the first record.
    #[must_use]
    pub fn new(trust: Trust) -> Self {
        Verifier {
            decisions: DecisionCheck::new(trust.keys.clone()),
            signatures: Signatures::new(trust),
            next: 1,
            hash: GENESIS,
            at: Millis::default(),
            day: BusinessDay::default(),
            book: Book::default(),
            kinds: [0; 256],
        }
    }

    /// Checks the next entry. `transfers` are the rows of the SQL table for it, when the store has one.
    pub fn check(&mut self, entry: &Entry, transfers: Option<&[TransferRow]>) -> Result<(), Fault> {
        let fault = |problem: String| Fault { seq: entry.seq, problem };
        if entry.seq != self.next {
            return Err(Fault { seq: self.next, problem: format!("is missing; record {} follows", entry.seq) });
        }
        let hash = chain::link(&self.hash, entry.place(), entry.kind, &entry.body);
        if hash != entry.hash {
            return Err(fault("its hash does not follow from its content and the record before it".into()));
        }
        let body = Body::read(&entry.body).map_err(|e| fault(format!("its body cannot be read: {e}")))?;
        if body.kind() != entry.kind {
            return Err(fault(format!("its kind is {} but its body is of kind {}", entry.kind, body.kind())));
        }
        if entry.at < self.at || entry.day < self.day {
            return Err(fault("its time or business day is before the record's in front of it".into()));
        }
        if (entry.seq == 1) != matches!(body, Body::Opened(_)) {
            return Err(fault("a journal begins with the record that opens it, and only with it".into()));
        }
        if let Some(rows) = transfers {
            compare(entry.seq, &body, rows).map_err(fault)?;
        }
        self.check_accounts(&body).map_err(fault)?;
        self.book.record(entry.seq, &body).map_err(|e| fault(format!("breaks a rule: {e}")))?;
        self.signatures.record(entry, &body)?;
        self.decisions.record(entry, &body);
        self.next += 1;
        self.hash = hash;
        self.at = entry.at;
        self.day = entry.day;
        self.kinds[usize::from(entry.kind)] += 1;
        Ok(())
    }

    /// A damaged record must be named, not stop the program: the book's own assertions are asked first.
    fn check_accounts(&self, body: &Body) -> Result<(), String> {
        let mut next = self.book.next_account();
        for Opening { account: id, key } in body.opens() {
            match self.book.account(id) {
                Some(account) if account.key == key => {}
                Some(account) => return Err(format!("account {} is {} already", id.0, account.key)),
                None if id == next => next = AccountId(next.0 + 1),
                None => return Err(format!("opens account {} out of order", id.0)),
            }
        }
        Ok(())
    }

    /// The totals of a sound journal.
    pub fn finish(self) -> Result<Verified, Fault> {
        let signed = self.signatures.finish(self.next - 1)?;
        let (decisions, asked) = self.decisions.finish()?;
        if !self.book.is_balanced() {
            return Err(Fault {
                seq: self.next - 1,
                problem: "after it, debits and credits or holds do not balance".into(),
            });
        }
        Ok(Verified {
            records: self.next - 1,
            head: self.hash,
            day: self.day,
            kinds: self.kinds,
            sums: self.book.sums(),
            accounts: self.book.accounts().map(|(_, a)| *a).collect(),
            open_holds: self.book.open_holds(),
            signed,
            decisions,
            asked,
        })
    }
}

/// A sound journal's sums.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Records checked.
    pub records: u64,
    /// The last record's hash.
    pub head: Hash,
    /// The last record's business day.
    pub day: BusinessDay,
    /// Records by kind.
    pub kinds: [u64; 256],
    /// Debits and credits.
    pub sums: Sums,
    /// Every account's balances, in the order of opening.
    pub accounts: Vec<Account>,
    /// Holds that are still open.
    pub open_holds: usize,
    /// The signatures, and those of them that could be checked.
    pub signed: Signed,
    /// Who decided, as far as it is signed.
    pub decisions: Decisions,
    /// Who asked and who took steps, as far as it is signed.
    pub asked: Decisions,
}

fn compare(seq: Seq, body: &Body, rows: &[TransferRow]) -> Result<(), String> {
    let expected = body.transfers().iter().zip(0_i64..).map(|(t, leg)| {
        let seq = i64::try_from(seq).expect("a journal of fewer than 2^63 records");
        [seq, leg, i64::from(t.kind.number()), i64::from(t.debit.0), i64::from(t.credit.0), t.amount.get()]
    });
    if expected.eq(rows.iter().copied()) {
        Ok(())
    } else {
        Err("the transfers table does not hold the record's transfers".into())
    }
}

/// Reads a journal from its beginning and checks everything, the transfers table included. It trusts no key: signatures have to be
/// there, and are not checked.
pub async fn verify(reader: &mut dyn Reader, progress: impl FnMut(Seq)) -> Result<Verified, VerifyError> {
    verify_signed(reader, Trust::default(), progress).await
}

/// The same, with every signature checked against trusted keys and every checkpoint against its record.
pub async fn verify_signed(
    reader: &mut dyn Reader,
    trust: Trust,
    mut progress: impl FnMut(Seq),
) -> Result<Verified, VerifyError> {
    const PAGE: usize = 20_000;
    let mut verifier = Verifier::new(trust);
    loop {
        let from = verifier.next;
        let entries = reader.scan(from, PAGE).await?;
        let Some(last) = entries.last() else { break };
        let transfers = reader.transfers(from, last.seq).await?;
        let mut rest = transfers.as_deref();
        for entry in &entries {
            let own = rest.map(|rows| {
                let seq = i64::try_from(entry.seq).unwrap_or(i64::MAX);
                rows.split_at(rows.iter().take_while(|row| row[0] <= seq).count())
            });
            verifier.check(entry, own.map(|(own, _)| own))?;
            rest = own.map(|(_, tail)| tail);
        }
        if entries.len() < PAGE {
            let stray = reader.transfers(last.seq + 1, Seq::MAX / 4).await?;
            if let Some(row) = stray.as_deref().and_then(<[_]>::first) {
                let seq = u64::try_from(row[0]).unwrap_or(0);
                return Err(Fault { seq, problem: "has transfers but no record".into() }.into());
            }
        }
        progress(last.seq);
    }
    let verified = verifier.finish()?;
    let guards = reader.guards().await?;
    if guards.is_empty() { Ok(verified) } else { Err(VerifyError::Guards(guards)) }
}

/// A journal that cannot be read, or one that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Reading failed.
    #[error(transparent)]
    Store(#[from] crate::journal::StoreError),
    /// The first record that is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Every record is sound, but what protects the tables is not as the migrations made it.
    #[error("the records are sound, but what protects the tables is not as the migrations made it: {}", .0.join("; "))]
    Guards(Vec<String>),
}
