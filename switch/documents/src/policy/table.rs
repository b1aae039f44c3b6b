//! Tables of the policy file, as messages name them and find them again.

use kazasu_text::Said;
use kazasu_text::documents::PlaceText;
use std::ops::Range;

/// A table of the file, to find it again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Table {
    Limit(usize),
    Purse(usize),
    Points(usize),
    StandIn(usize),
    Validity,
    Alerts,
}

impl Table {
    pub(super) fn span(self, source: &str) -> Range<usize> {
        let (head, nth) = match self {
            Table::Limit(n) => ("[[limit]]", n),
            Table::Purse(n) => ("[[purse]]", n),
            Table::Points(n) => ("[[points]]", n),
            Table::StandIn(n) => ("[[stand_in]]", n),
            Table::Validity => ("[validity]", 0),
            Table::Alerts => ("[alerts]", 0),
        };
        let mut offset = 0;
        let mut seen = 0;
        for line in source.split_inclusive('\n') {
            if line.trim_start().starts_with(head) {
                if seen == nth {
                    return offset..offset + line.len();
                }
                seen += 1;
            }
            offset += line.len();
        }
        0..0
    }

    /// Its name for people, by its place in the file.
    pub(super) fn name(self) -> Said {
        let nth = |name, n: usize| Said::of(&PlaceText::Nth { name, place: (n + 1).into() });
        let once = |name| Said::of(&PlaceText::Table { name });
        match self {
            Table::Limit(n) => nth("limit", n),
            Table::Purse(n) => nth("purse", n),
            Table::Points(n) => nth("points", n),
            Table::StandIn(n) => nth("stand_in", n),
            Table::Validity => once("validity"),
            Table::Alerts => once("alerts"),
        }
    }
}
