//! Keys: what each is for, their versions and cryptoperiods, and the store in which every secret is wrapped. What opens the store is a
//! passphrase, a credential that the system keeps, or a key of a device.
//!
//! Nothing here is on a tap's way: the switch takes prepared keys from the store when it starts and when the store changes.

pub mod components;
mod entry;
mod log;
mod name;
mod store;
#[cfg(test)]
mod tests;
mod unlock;
mod wrap;

pub use entry::{Entry, FiscalYear, KeyState, Place, kcv};
pub use log::{Action, Done, log_of, read as read_log};
pub use name::{Change, KeyName, NameError, Purpose};
pub use store::{KeyStore, Material, NewKey, StoreLock, Unlock, fresh, fresh_credential, fresh_passphrase};
pub use unlock::{Secret, UnlockFrom};
pub use wrap::{
    Derivation, Device, Kek, KekOrigin, KeyEncryption, SHORTEST_PASSPHRASE, SigningKey, WrapError, fresh_padding,
};
