//! The tenders that pay a tap, as contracts distinguish them: the four kinds of instruments, purses and points.

use crate::money::Yen;
use crate::policy::Kind;
use minicbor::{Decode, Encode};

/// One of those that pay a tap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Tender {
    /// Credit card.
    #[n(0)]
    Credit,
    /// Debit card.
    #[n(1)]
    Debit,
    /// Public-receipt account at a bank.
    #[n(2)]
    Bank,
    /// Public-receipt account held in the ledger.
    #[n(3)]
    OnUs,
    /// Purse money: relief and benefits.
    #[n(4)]
    Purse,
    /// Points.
    #[n(5)]
    Points,
}

impl Tender {
    /// Every tender.
    pub const ALL: [Tender; 6] =
        [Tender::Credit, Tender::Debit, Tender::Bank, Tender::OnUs, Tender::Purse, Tender::Points];

    /// As files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Tender::Credit => "credit",
            Tender::Debit => "debit",
            Tender::Bank => "bank",
            Tender::OnUs => "on_us",
            Tender::Purse => "purse",
            Tender::Points => "points",
        }
    }

    /// The tender that a name stands for. `held` is the earlier name of `on_us`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Tender> {
        let name = if name == "held" { "on_us" } else { name };
        Tender::ALL.into_iter().find(|tender| tender.name() == name)
    }

    /// Does it carry a card brand?
    #[must_use]
    pub fn is_card(self) -> bool {
        match self {
            Tender::Credit | Tender::Debit => true,
            Tender::Bank | Tender::OnUs | Tender::Purse | Tender::Points => false,
        }
    }

    fn bit(self) -> u8 {
        match self {
            Tender::Credit => 1,
            Tender::Debit => 2,
            Tender::Bank => 4,
            Tender::OnUs => 8,
            Tender::Purse => 16,
            Tender::Points => 32,
        }
    }
}

impl From<Kind> for Tender {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Credit => Tender::Credit,
            Kind::Debit => Tender::Debit,
            Kind::Bank => Tender::Bank,
            Kind::OnUs => Tender::OnUs,
        }
    }
}

/// A set of tenders.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(transparent)]
pub struct Tenders(#[n(0)] u8);

impl Tenders {
    /// All six.
    pub const ALL: Tenders = Tenders(63);

    /// These.
    #[must_use]
    pub fn of(tenders: &[Tender]) -> Self {
        Tenders(tenders.iter().fold(0, |bits, tender| bits | tender.bit()))
    }

    /// Is this tender one of them?
    #[must_use]
    pub fn has(self, tender: Tender) -> bool {
        self.0 & tender.bit() != 0
    }

    /// Are all of the others among them?
    #[must_use]
    pub fn covers(self, others: Tenders) -> bool {
        others.0 & !self.0 == 0
    }
}

/// An amount for each tender. Yen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct ByTender {
    /// By credit card.
    #[n(0)]
    pub credit: Yen,
    /// By debit card.
    #[n(1)]
    pub debit: Yen,
    /// From a bank account.
    #[n(2)]
    pub bank: Yen,
    /// From an account held in the ledger.
    #[n(3)]
    pub on_us: Yen,
    /// From purses: relief and benefits.
    #[n(4)]
    pub purse: Yen,
    /// With points.
    #[n(5)]
    pub points: Yen,
}

impl ByTender {
    /// The amount of one tender.
    #[must_use]
    pub fn get(&self, tender: Tender) -> Yen {
        match tender {
            Tender::Credit => self.credit,
            Tender::Debit => self.debit,
            Tender::Bank => self.bank,
            Tender::OnUs => self.on_us,
            Tender::Purse => self.purse,
            Tender::Points => self.points,
        }
    }

    /// The field that keeps the amount of one tender.
    pub fn get_mut(&mut self, tender: Tender) -> &mut Yen {
        match tender {
            Tender::Credit => &mut self.credit,
            Tender::Debit => &mut self.debit,
            Tender::Bank => &mut self.bank,
            Tender::OnUs => &mut self.on_us,
            Tender::Purse => &mut self.purse,
            Tender::Points => &mut self.points,
        }
    }

    /// All of it. In an `i128`, so that it cannot overflow.
    #[must_use]
    pub fn sum(&self) -> i128 {
        Tender::ALL.into_iter().map(|tender| i128::from(self.get(tender).get())).sum()
    }
}
