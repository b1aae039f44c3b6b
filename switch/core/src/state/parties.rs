//! The parties: acquirers, issuers, merchants with their terminals, on-us accounts, and their accounts in the book.

use super::super::index::position;
use hashbrown::HashMap;
use kazasu_ledger::record::{
    AcquirerRegistered, DepositOpened, IssuerRegistered, MerchantRegistered, MerchantTraits, Opened, Opening,
};
use kazasu_ledger::{AccountId, AccountKey};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, TerminalId};
use std::collections::BTreeMap;

/// A merchant.
#[derive(Clone, PartialEq, Debug)]
pub struct Merchant {
    /// The acquirer that brought it.
    pub acquirer: InstitutionId,
    /// DE42.
    pub id: MerchantId,
    /// Its name.
    pub name: String,
    /// Its category.
    pub mcc: Mcc,
    /// The amount that it is owed.
    pub payable: AccountId,
    /// Takes no payments any more.
    pub closed: bool,
    /// Its terminals.
    pub terminals: Vec<TerminalId>,
    /// Class, tags and region.
    pub traits: MerchantTraits,
}

impl From<&MerchantRegistered> for Merchant {
    fn from(r: &MerchantRegistered) -> Self {
        Merchant {
            acquirer: r.acquirer,
            id: r.merchant,
            name: r.name.clone(),
            mcc: r.mcc,
            payable: r.payable,
            closed: r.closed,
            terminals: r.terminals.clone(),
            traits: r.traits.clone().unwrap_or_default(),
        }
    }
}

/// Everybody who takes part.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct Parties {
    pub(in super::super) bank: Option<AccountId>,
    pub(in super::super) acquirers: BTreeMap<InstitutionId, AccountId>,
    pub(in super::super) issuers: BTreeMap<u16, AccountId>,
    pub(in super::super) merchants: Vec<Merchant>,
    pub(in super::super) merchant_at: HashMap<(InstitutionId, MerchantId), u32>,
    pub(in super::super) terminal_at: HashMap<(InstitutionId, TerminalId), u32>,
    pub(in super::super) deposits: HashMap<u64, AccountId>,
    /// The operator's part of the amounts that each issuer refused.
    pub(in super::super) losses: BTreeMap<u16, AccountId>,
}

impl Parties {
    pub(in super::super) fn merchant(&self, at: u32) -> Option<&Merchant> {
        self.merchants.get(position(at))
    }

    pub(in super::super) fn opened(&mut self, r: &Opened) {
        self.bank = Some(r.bank);
    }

    pub(in super::super) fn acquirer_registered(&mut self, r: &AcquirerRegistered) {
        self.acquirers.insert(r.acquirer, r.shortfall);
    }

    pub(in super::super) fn issuer_registered(&mut self, r: &IssuerRegistered) {
        self.issuers.insert(r.issuer, r.receivable);
    }

    pub(in super::super) fn deposit_opened(&mut self, r: &DepositOpened) {
        self.deposits.insert(r.number, r.account);
    }

    /// The merchant is new, or another one than before; its position.
    pub(in super::super) fn merchant_registered(&mut self, r: &MerchantRegistered) -> u32 {
        let new = u32::try_from(self.merchants.len()).expect("at most four billion merchants");
        let at = *self.merchant_at.entry((r.acquirer, r.merchant)).or_insert(new);
        match self.merchants.get_mut(position(at)) {
            Some(known) => {
                for terminal in std::mem::replace(known, Merchant::from(r)).terminals {
                    self.terminal_at.remove(&(r.acquirer, terminal));
                }
            }
            None => self.merchants.push(Merchant::from(r)),
        }
        for terminal in &r.terminals {
            self.terminal_at.insert((r.acquirer, *terminal), at);
        }
        at
    }

    pub(in super::super) fn losses_opened(&mut self, opens: &[Opening]) {
        for opening in opens {
            if let AccountKey::StandInLoss(issuer) = opening.key {
                self.losses.insert(issuer, opening.account);
            }
        }
    }
}
