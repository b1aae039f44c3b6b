//! Accounts of merchants and funds, to which payouts and returns of funds go. One person asks for a change, the payee is called back at
//! a number that was known before, and another person decides.

mod account;
mod call;
mod change;
mod first;
mod view;

pub(crate) use account::{COLUMNS, Typed, masked, opened, sealed, sealed_again};
pub use call::{CallNote, CallShown};
pub(crate) use call::{call_shown, noted};
pub use change::{CallPayee, EndPayee, SetPayee};
pub use first::Taken;
pub use view::{ListPayees, PayeeRevealed, PayeeShown, RevealPayee};
