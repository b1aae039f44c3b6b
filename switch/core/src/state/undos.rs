//! The reversals of taps whose undoing is not complete.

use kazasu_ledger::Seq;
use kazasu_schemas::money::Yen;
use std::collections::{BTreeMap, BTreeSet};

/// The claims of a tap's reversals so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) struct Undo {
    /// Not more than this stands in the end.
    pub(in super::super) remains: Yen,
    /// The reversal that said so.
    pub(in super::super) by: Seq,
    /// That reversal is in the acquirer's totals already.
    pub(in super::super) counted: bool,
    /// Undone amounts of which the issuer has not been notified.
    pub(in super::super) untold: Yen,
}

/// The claims of reversals, by the taps' records.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct Undos {
    /// As long as more of the tap may come to stand.
    pub(in super::super) said: BTreeMap<Seq, Undo>,
    /// Those of them of which something is to be undone, or told, now.
    pub(in super::super) due: BTreeSet<Seq>,
}

impl Undos {
    /// Not more than this of a tap stands in the end. What an earlier reversal said of less holds.
    pub(in super::super) fn may_remain(&mut self, tap: Seq, new: Undo) {
        let undo = self.said.entry(tap).or_insert(new);
        if new.remains < undo.remains {
            (undo.remains, undo.by, undo.counted) = (new.remains, new.by, new.counted);
        } else if undo.by == new.by {
            undo.counted |= new.counted;
        }
    }
}
