//! Who asks.

use kazasu_ledger::record::LinkOrigin;

/// What a caller is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerKind {
    /// The operator's token: it does not say which person asks.
    Operator,
    /// A person or program by name.
    Person,
    /// A portal: it acts for residents, and sees nothing else.
    Portal,
}

/// A caller whose token was checked.
#[derive(Clone, Debug)]
pub struct Who {
    /// The name that records keep.
    pub name: String,
    /// What it is.
    pub kind: CallerKind,
}

impl Who {
    /// The operator's token.
    #[must_use]
    pub fn operator() -> Who {
        Who { name: "operator".to_owned(), kind: CallerKind::Operator }
    }

    /// A person by name.
    #[must_use]
    pub fn person(name: &str) -> Who {
        Who { name: name.to_owned(), kind: CallerKind::Person }
    }

    /// What a link that this caller makes says of who made it.
    pub fn origin(&self) -> LinkOrigin {
        match self.kind {
            CallerKind::Portal => LinkOrigin::Holder,
            CallerKind::Operator | CallerKind::Person => LinkOrigin::Counter,
        }
    }
}
