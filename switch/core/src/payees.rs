//! Payees' accounts: what sets or ends one, who may approve that, and which accounts a payout pays to.

use super::decision::{Decided, recorded, unchanged};
use super::refusal::{PayeeRefusal, Rejected};
use super::state::{PayeeVersion, State, is_one_account};
use kazasu_ledger::Seq;
use kazasu_ledger::record::{Body, CallBack, Maker, Payee, PayeeChange, PayeeSet, PayeesTaken};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::relief::SealedAccount;
use sha2::{Digest, Sha256};

/// A payee's account, sealed.
#[derive(Clone, PartialEq, Debug)]
pub struct PayeeView {
    /// The payee.
    pub payee: Payee,
    /// A merchant's name; empty where there is none.
    pub name: String,
    /// The account; absent where there is none any more.
    pub account: Option<SealedAccount>,
    /// The call to the payee.
    pub call: Option<CallBack>,
    /// The record that set it.
    pub record: Seq,
    /// Its time.
    pub at: Millis,
    /// Who asked for it.
    pub by: String,
}

fn is_known(state: &State, payee: &Payee) -> bool {
    match payee {
        Payee::Merchant { acquirer, merchant } => state.parties.merchant_at.contains_key(&(*acquirer, *merchant)),
        Payee::Fund { programme } => {
            state.programmes.purses.contains_key(programme) || state.relief.programmes.contains_key(programme)
        }
    }
}

/// Sets or ends an account.
pub(super) fn set(state: &State, change: &PayeeChange, maker: Option<Maker>) -> Decided {
    let PayeeChange { payee, account, call } = change;
    if !is_known(state, payee) {
        return Err(PayeeRefusal::Unknown(*payee).into());
    }
    match (state.payees.account(payee), account) {
        (None, None) => return Err(PayeeRefusal::NoAccount(*payee).into()),
        (Some(now), Some(wanted)) if is_one_account(now, wanted) => return Ok(unchanged()),
        _ => {}
    }
    let (payee, account, call) = (*payee, account.clone(), call.clone());
    Ok(recorded(Body::PayeeSet(PayeeSet { payee, account, call, maker })))
}

/// Keeps the account in force sealed under a newer key. Another account is refused: that takes two people.
pub(super) fn reseal(state: &State, payee: Payee, account: &SealedAccount, maker: Option<Maker>) -> Decided {
    let newest = state.payees.newest(&payee).ok_or(PayeeRefusal::NoAccount(payee))?;
    let now = newest.account.as_ref().ok_or(PayeeRefusal::NoAccount(payee))?;
    if !is_one_account(now, account) {
        return Err(super::refusal::ApprovalRefusal::TakesTwo(kazasu_ledger::record::ApprovalKind::Payee).into());
    }
    if now.sealed == account.sealed {
        return Ok(unchanged());
    }
    let (account, call) = (Some(account.clone()), newest.call.clone());
    Ok(recorded(Body::PayeeSet(PayeeSet { payee, account, call, maker })))
}

/// All accounts of a file that the configuration named were taken.
pub(super) fn take(state: &State, digest: [u8; 32], accounts: u64) -> Decided {
    match state.payees.taken {
        Some(taken) if taken == digest => Ok(unchanged()),
        Some(_) => Err(PayeeRefusal::Taken.into()),
        None => Ok(recorded(Body::PayeesTaken(PayeesTaken { digest, accounts }))),
    }
}

/// The hash of the accounts that these settlements' merchants have now.
fn digest(state: &State, settlements: &[u32]) -> Result<[u8; 32], PayeeRefusal> {
    let mut accounts = Vec::with_capacity(settlements.len());
    for number in settlements {
        let Some(payee) = state.payee_of(*number) else { continue };
        let account = state.payees.account(&payee).ok_or(PayeeRefusal::NoAccount(payee))?;
        accounts.push((payee, account.token, account.name));
    }
    accounts.sort_unstable();
    accounts.dedup();
    let mut hash = Sha256::new();
    for (payee, token, name) in accounts {
        hash.update(format!("{payee} "));
        hash.update(token);
        hash.update(name);
    }
    Ok(hash.finalize().into())
}

/// A payout pays to the accounts that it was requested with. Requests of before have no hash that could be compared.
pub(super) fn as_requested(state: &State, settlements: &[u32], payees: &[u8; 32]) -> Result<(), Rejected> {
    if *payees == [0; 32] {
        return Ok(());
    }
    match digest(state, settlements) {
        Ok(now) if now == *payees => Ok(()),
        Ok(_) | Err(_) => Err(PayeeRefusal::Stale.into()),
    }
}

impl State {
    /// The merchant of a settlement, as a payee.
    fn payee_of(&self, settlement: u32) -> Option<Payee> {
        let merchant = self.merchant(self.settlement_at(settlement)?.merchant)?;
        Some(Payee::Merchant { acquirer: merchant.acquirer, merchant: merchant.id })
    }

    fn payee_view(&self, payee: &Payee, version: &PayeeVersion) -> PayeeView {
        let name = match payee {
            Payee::Merchant { acquirer, merchant } => self.parties.merchant_at.get(&(*acquirer, *merchant)),
            Payee::Fund { .. } => None,
        };
        let name = name.and_then(|at| self.merchant(*at)).map(|merchant| merchant.name.clone()).unwrap_or_default();
        let PayeeVersion { record, at, account, call, by } = version.clone();
        PayeeView { payee: *payee, name, account, call, record, at, by }
    }

    /// Every payee that has or had an account.
    #[must_use]
    pub fn payees(&self) -> Vec<PayeeView> {
        self.payees.iter().map(|(payee, version)| self.payee_view(payee, version)).collect()
    }

    /// A payee's account.
    #[must_use]
    pub fn payee_account(&self, payee: &Payee) -> Option<PayeeView> {
        self.payees.newest(payee).map(|version| self.payee_view(payee, version))
    }

    /// Can it be paid: is it a registered merchant, or the fund of a programme?
    #[must_use]
    pub fn is_payee(&self, payee: &Payee) -> bool {
        is_known(self, payee)
    }

    /// Has a file of the configuration been taken, and which?
    #[must_use]
    pub fn payees_taken(&self) -> Option<[u8; 32]> {
        self.payees.taken
    }

    /// The hash of the accounts that these settlements are paid to now.
    pub fn payees_digest(&self, settlements: &[u32]) -> Result<[u8; 32], PayeeRefusal> {
        digest(self, settlements)
    }

    /// The account to which a payout pays a settlement: the one in force when the payout was approved.
    #[must_use]
    pub fn paid_to(&self, payout: u64, settlement: u32) -> Option<(Payee, SealedAccount)> {
        let payee = self.payee_of(settlement)?;
        let decided = self.closing.payouts.get(&payout)?.decided;
        Some((payee, self.payees.before(&payee, decided)?.clone()))
    }

    /// Accounts under this version of the vault's keys that are in force, or that an approved payout still pays to.
    pub(super) fn payees_sealed_under(&self, version: u8) -> u64 {
        let under = |account: &SealedAccount| account.sealed.first() == Some(&version);
        let in_force = self.payees.iter().filter(|(_, newest)| newest.account.as_ref().is_some_and(under)).count();
        let unpaid = self.closing.payouts.iter().filter(|(_, payout)| payout.file.is_none());
        let owed = unpaid.flat_map(|(_, payout)| payout.settlements.iter().map(|number| (*number, payout.decided)));
        let owed = owed.filter(|(number, decided)| {
            let account = self.payee_of(*number).and_then(|payee| self.payees.before(&payee, *decided));
            account.is_some_and(under)
        });
        u64::try_from(in_force + owed.count()).unwrap_or(u64::MAX)
    }
}
