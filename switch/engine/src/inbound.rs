//! Acquirers' messages to the core, and the reasons for not carrying a command out.

use kazasu_schemas::wire::{Request, Totals};

/// A message from an acquirer on its way to the core.
#[derive(Clone, Copy, PartialEq, Debug, minicbor::Encode, minicbor::Decode)]
pub enum Inbound {
    /// Classes 1, 2 and 4.
    #[n(0)]
    Request(#[n(0)] Request),
    /// Class 5.
    #[n(1)]
    Totals(#[n(0)] Totals),
}

/// The error of a command that was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// The core refused it.
    #[error(transparent)]
    Rejected(#[from] kazasu_core::Rejected),
    /// Another node leads; its HTTP address, empty when none is known.
    #[error("this node does not lead; ask {}", if .0.is_empty() { "again in a moment" } else { .0 })]
    NotLeader(String),
    /// The ledger takes no records at the moment.
    #[error("the ledger takes no records at the moment: {0}")]
    Halted(String),
    /// The switch is stopping.
    #[error("the switch is stopping")]
    Stopping,
}
