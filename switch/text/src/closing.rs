//! Closing a day: its states, and what happened to exceptions.

use crate::{meanings, texts};
use kazasu_schemas::closing::DayState;

meanings! {
    DayState {
        Open: "営業中", "open";
        CutOver: "締切済", "cut over";
        Reconciled: "照合済", "reconciled";
        Settled: "精算済", "settled";
        Signed: "署名済", "signed";
    }
}

texts! {
    /// What the switch itself did with an exception.
    ExceptionText {
        Raised: "受付", "raised";
        Comparison: "照合", "run";
    }
}
