//! Transfers: one debit and one credit of the same amount.

use crate::account::AccountId;
use kazasu_schemas::money::Yen;

/// A hold's number: the record that made it and its place among the record's transfers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct HoldId(#[n(0)] u64);

impl HoldId {
    /// The hold made by transfer `leg` (below 16) of record `seq`.
    #[must_use]
    pub fn new(seq: u64, leg: usize) -> Self {
        assert!(leg < 16, "a record's holds are among its first 16 transfers");
        HoldId(seq * 16 + u64::try_from(leg).expect("below 16"))
    }

    /// The record that made it.
    #[must_use]
    pub fn record(self) -> u64 {
        self.0 / 16
    }

    /// Its place among that record's transfers, from 0.
    #[must_use]
    pub fn leg(self) -> u8 {
        u8::try_from(self.0 % 16).expect("below 16")
    }
}

/// The effect of a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, minicbor::Encode, minicbor::Decode)]
pub enum TransferKind {
    /// Posted at once.
    #[n(0)]
    Direct,
    /// Reserved: bounds count it, balances do not.
    #[n(1)]
    Hold,
    /// All or part of a hold becomes posted.
    #[n(2)]
    Post(#[n(0)] HoldId),
    /// All or part of a hold is given back.
    #[n(3)]
    Void(#[n(0)] HoldId),
    /// A hold is given back because its time ran out.
    #[n(4)]
    Expire(#[n(0)] HoldId),
}

impl TransferKind {
    /// Its stable number in the transfers table.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            TransferKind::Direct => 0,
            TransferKind::Hold => 1,
            TransferKind::Post(_) => 2,
            TransferKind::Void(_) => 3,
            TransferKind::Expire(_) => 4,
        }
    }
}

/// One debit and one credit. Post, void and expiry name the same two accounts as their hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, minicbor::Encode, minicbor::Decode)]
pub struct Transfer {
    /// Its effect.
    #[n(0)]
    pub kind: TransferKind,
    /// The account debited.
    #[n(1)]
    pub debit: AccountId,
    /// The account credited.
    #[n(2)]
    pub credit: AccountId,
    /// Above zero.
    #[n(3)]
    pub amount: Yen,
}

impl Transfer {
    /// A transfer posted at once.
    #[must_use]
    pub fn direct(debit: AccountId, credit: AccountId, amount: Yen) -> Self {
        Transfer { kind: TransferKind::Direct, debit, credit, amount }
    }

    /// A reservation.
    #[must_use]
    pub fn hold(debit: AccountId, credit: AccountId, amount: Yen) -> Self {
        Transfer { kind: TransferKind::Hold, debit, credit, amount }
    }
}

/// The most transfers of one record.
pub const MOST: usize = 32;
/// The most holds among them; they come first.
pub const MOST_HOLDS: usize = 16;

/// The transfers of one record: most have one or two, none has more than [`MOST`].
pub type Transfers = smallvec::SmallVec<[Transfer; 2]>;

/// CBOR of a list of transfers: an array, read with a bound on its length.
pub(crate) mod list {
    use super::{Transfer, Transfers};

    pub(crate) fn encode<C, W: minicbor::encode::Write>(
        transfers: &Transfers,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(u64::try_from(transfers.len()).expect("at most 32"))?;
        for transfer in transfers {
            e.encode(transfer)?;
        }
        Ok(())
    }

    pub(crate) fn decode<C>(d: &mut minicbor::Decoder<'_>, _: &mut C) -> Result<Transfers, minicbor::decode::Error> {
        let wrong = || minicbor::decode::Error::message("a record carries at most 32 transfers");
        let len = d.array()?.filter(|n| *n <= 32).ok_or_else(wrong)?;
        let mut out = Transfers::new();
        for _ in 0..len {
            out.push(d.decode::<Transfer>()?);
        }
        Ok(out)
    }
}
