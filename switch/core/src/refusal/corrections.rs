//! The reasons for not correcting a payment. The sentences here are for logs; people read those of the catalogue, in their language.

use kazasu_schemas::money::Yen;

/// Why a payment is not corrected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CorrectionRefusal {
    /// No payment, or one that has left the memory.
    #[error("record {0} is no payment of the days in which payments can be given back")]
    NotPayment(u64),
    /// Nothing was posted for it.
    #[error("payment {0} is not posted: it waits, was refused, or was reversed")]
    NotPosted(u64),
    /// More than is left.
    #[error("of payment {payment} {left} can be given back, {asked} was asked for")]
    AboveLeft {
        /// Its record.
        payment: u64,
        /// Yen that can be given back.
        left: Yen,
        /// Yen that were asked for.
        asked: Yen,
    },
    /// Something was given back, or stands again, since it was asked for.
    #[error("of payment {payment} {now} can be given back, and not {then} as when it was requested; request it again")]
    Changed {
        /// Its record.
        payment: u64,
        /// Yen that could be given back.
        then: Yen,
        /// Yen that can be given back now.
        now: Yen,
    },
}
