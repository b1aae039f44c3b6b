//! Payees' accounts as the journal knows them, in versions: a payout is paid to the accounts that two people saw when they approved it.

use kazasu_ledger::Seq;
use kazasu_ledger::record::{CallBack, Payee, PayeeSet, PayeesTaken, Place};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::relief::SealedAccount;
use std::collections::BTreeMap;

/// An account, from a record on.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) struct PayeeVersion {
    /// The record.
    pub(in super::super) record: Seq,
    /// Its time.
    pub(in super::super) at: Millis,
    /// The account; absent where it ended.
    pub(in super::super) account: Option<SealedAccount>,
    /// The call to the payee.
    pub(in super::super) call: Option<CallBack>,
    /// Who asked for it.
    pub(in super::super) by: String,
}

/// Every payee's accounts.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct PayeeBook {
    versions: BTreeMap<Payee, Vec<PayeeVersion>>,
    /// The file of the configuration that was taken.
    pub(in super::super) taken: Option<[u8; 32]>,
}

/// Are these the same account of the same holder?
pub(in super::super) fn is_one_account(a: &SealedAccount, b: &SealedAccount) -> bool {
    (a.token, a.name) == (b.token, b.name)
}

impl PayeeBook {
    /// An account was set or ended. The same account once more was sealed again under a newer key.
    pub(in super::super) fn set(&mut self, place: Place, r: &PayeeSet) {
        let versions = self.versions.entry(r.payee).or_default();
        if let (Some(PayeeVersion { account: Some(now), .. }), Some(again)) = (versions.last_mut(), &r.account)
            && is_one_account(now, again)
        {
            now.sealed.clone_from(&again.sealed);
            return;
        }
        versions.push(PayeeVersion {
            record: place.seq,
            at: place.at,
            account: r.account.clone(),
            call: r.call.clone(),
            by: r.maker.as_ref().map(|maker| maker.by.clone()).unwrap_or_default(),
        });
    }

    pub(in super::super) fn taken(&mut self, r: &PayeesTaken) {
        self.taken = Some(r.digest);
    }

    /// The newest version.
    pub(in super::super) fn newest(&self, payee: &Payee) -> Option<&PayeeVersion> {
        self.versions.get(payee)?.last()
    }

    /// The account in force.
    pub(in super::super) fn account(&self, payee: &Payee) -> Option<&SealedAccount> {
        self.newest(payee)?.account.as_ref()
    }

    /// The account that was in force before this record.
    pub(in super::super) fn before(&self, payee: &Payee, record: Seq) -> Option<&SealedAccount> {
        let versions = self.versions.get(payee)?;
        versions.iter().rev().find(|version| version.record < record)?.account.as_ref()
    }

    /// Every payee that has or had an account, with its newest version.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (&Payee, &PayeeVersion)> {
        self.versions.iter().filter_map(|(payee, versions)| Some((payee, versions.last()?)))
    }
}
