//! The reason why a policy cannot follow the one in force. The sentences here are for logs; people read those of the catalogue, in their
//! language.

use kazasu_ledger::transfer::MOST;

/// Programmes of each kind in one policy; their positions are bits.
pub const MOST_PROGRAMMES: usize = 64;

/// The part of a policy that does not fit the journal so far.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyConflict {
    /// A relief programme has the number.
    #[error("purse {0}: a relief programme has this number; take another")]
    ReliefNumber(u16),
    /// Too many programmes at one time.
    #[error("at most {MOST_PROGRAMMES} purse programmes, relief included, and {MOST_PROGRAMMES} point programmes")]
    TooManyProgrammes,
    /// A limit's number meant something else.
    #[error(
        "limit {number} ({name}) had another window, person, group, class or instrument before; give it a new number"
    )]
    LimitMeaning {
        /// The limit.
        number: u8,
        /// Its name.
        name: String,
    },
    /// A purse programme is gone.
    #[error("purse programme {0} is missing: a programme stays in the file for ever")]
    PurseGone(u16),
    /// A point programme is gone.
    #[error("point programme {0} is missing: a programme stays in the file for ever")]
    PointsGone(u16),
    /// Points would be counted in two ways.
    #[error("point programme {0}: its rounding cannot change, the month would be counted two ways")]
    Rounding(u16),
    /// A rule for an issuer that is not registered.
    #[error("stand_in names issuer {0}, which is not registered")]
    UnknownIssuer(u16),
    /// Points of the budget were granted already.
    #[error("point programme {programme}: {unspent} points of the budget are unspent, it cannot be lowered by {less}")]
    BudgetGranted {
        /// The programme.
        programme: u16,
        /// Points that may still be granted.
        unspent: u64,
        /// Points that the budget would lose.
        less: u64,
    },
    /// Too many changes for one record.
    #[error("at most {MOST} budgets can change in one activation; activate in two steps")]
    TooManyBudgets,
}
