//! The deciding core: pure. `decide` looks at the state and says what is recorded and what happens once that is durable;
//! `apply` folds a record into the state. No socket, store, clock or random number is reachable from here.
//!
//! The state is the fold of the journal and nothing else: replaying the journal yields the same state, and a test says so.

mod admin;
mod apply;
mod approvals;
mod attribution;
mod certificates;
mod closing;
mod decide;
mod event;
mod floor;
mod follow;
mod forget;
mod issuer;
mod large;
mod limits;
mod links;
mod loss;
mod merchants;
mod money;
mod months;
mod original;
mod outgoing;
mod pay;
mod people;
mod programmes;
mod references;
mod relief;
mod replay;
mod rules;
mod state;
mod statement;
mod totals;
mod undo;
mod wallet;

pub use admin::Rejected;
pub use approvals::{ApprovalRefusal, ApprovalView, Approvals};
pub use certificates::CardList;
pub use closing::{
    CHARGEBACK, Closing, DayView, ExceptionView, NotClosed, Note, PayoutView, Position, RAISED_AT_ONCE, REFUSED_ADVICE,
    ResolvedBy, SettlementState, SettlementView, StandingView,
};
pub use decide::decide;
pub use event::{Command, Decision, Done, Effect, Event, Link};
pub use floor::WaitingAdvice;
pub use limits::{LimitChange, LimitsChange};
pub use links::NO_ISSUER;
pub use merchants::{Edit, MOST_TAGS, MOST_TERMINALS, MerchantChange, MerchantEntry, MerchantLook};
pub use outgoing::Outgoing;
pub use people::{Holding, Resident, SealedNumber};
pub use relief::{
    BatchView, Distribution, FilesView, MOST_ROWS, MadeFiles, ProgrammeView, ROWS_AT_ONCE, Refusal, Relief, RowState,
    RowView, TransferRow, Unpaid, Why,
};
pub use replay::{Change, Cost, Replay, ReplayError, Said};
pub use state::{BreakReason, Broken, LinkVersion, Merchant, Owed, State, StateSizes, Tap, TapState};
pub use statement::{
    ALIKE_DAYS, Alike, Became, BookedLine, Booking, DueFile, LineStatus, MOST_BANK_FEE, MoneyOut, Paid, PaidItem, Seen,
    StatementLine, Wanted,
};
pub use undo::left_to_undo;

#[cfg(test)]
mod tests;
