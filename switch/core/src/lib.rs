//! The deciding core: pure. `decide` looks at the state and says what is recorded and what happens once that is durable;
//! `apply` folds a record into the state. No socket, store, clock or random number is reachable from here.
//!
//! The state is the fold of the journal and nothing else: replaying the journal yields the same state, and a test says so.

mod admin;
mod apply;
mod approvals;
mod cards;
mod certificates;
mod closing;
mod conditions;
mod context;
mod corrections;
mod decide;
mod decision;
mod event;
mod floor;
mod follow;
mod forget;
mod index;
mod issuer;
mod keys;
mod large;
mod limits;
mod links;
mod loss;
mod merchants;
mod merging;
mod money;
mod months;
mod original;
mod outgoing;
mod pay;
mod payees;
mod people;
mod programmes;
mod references;
mod refusal;
mod relief;
mod replacing;
mod replay;
mod residents;
mod rights;
mod rules;
mod state;
mod statement;
mod totals;
mod undo;
mod undo_next;
mod wallet;

pub use admin::would;
pub use approvals::{ApprovalAnswer, ApprovalStanding, ApprovalView, Approvals, Document, EarlierRequest};
pub use closing::{
    CHARGEBACK, Closing, DayView, ExceptionView, Note, PayoutView, Position, REFUSED_ADVICE, ResolvedBy,
    SettlementState, SettlementView, StandingView, WhichExceptions,
};
pub use corrections::{PaidBy, PaidPart, PaymentView};
pub use decide::decide;
pub use decision::{Decision, Done, Effect};
pub use event::{Command, Event, Link};
pub use floor::WaitingAdvice;
pub use keys::SealNeeds;
pub use limits::{LimitChange, LimitsChange};
pub use links::NO_ISSUER;
pub use merchants::{Edit, MOST_TAGS, MOST_TERMINALS, MerchantChange, MerchantEntry, MerchantView};
pub use outgoing::Outgoing;
pub use payees::PayeeView;
pub use refusal::{
    ADMINISTRATORS, ApprovalEnd, ApprovalRefusal, BuiltOn, CorrectionRefusal, FixedTerm, KEYS_AT_ONCE, MOST_FILES,
    MOST_PROGRAMMES, Misfit, NotClosed, PayeeRefusal, PolicyConflict, ProgrammeEnd, RAISED_AT_ONCE, ROWS_AT_ONCE,
    Refusal, Rejected, RightsRefusal, RowIs, SentFile, StandsAt, StillDue, TextField, Unlike, WantedOfBatch,
};
pub use relief::{
    BatchView, Distribution, FilesView, MOST_ROWS, MadeFiles, ProgrammeView, Relief, RowState, RowView, TransferRow,
    Unpaid, Why,
};
pub use replay::{Change, Cost, Replay, ReplayError, ReplayedDecision};
pub use residents::{Holding, Resident, SealedNumber};
pub use rights::{Held, Key, Named, NewKey, Organisation, Person, Program, Rights, RightsState, SignedWith, Standing};
pub use state::{
    BreakReason, Broken, CardList, LinkVersion, Merchant, NoticeChoice, Owed, State, StateSizes, Tap, TapState,
};
pub use statement::{
    ALIKE_DAYS, Alike, Became, BookedLine, Booking, DueFile, LineStatus, MOST_BANK_FEE, MoneyOut, Paid, PaidItem, Seen,
    StatementLine, Wanted,
};
pub use undo_next::left_to_undo;

#[cfg(test)]
mod tests;
