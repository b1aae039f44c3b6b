//! The town's people by alias, and what they are linked to.

/// The aliases that scenarios use, with what they are linked to: kind, number, opening balance.
pub(super) const NAMED: [(&str, Linked); 19] = [
    ("on-us-rich", Linked::OnUs(1_000_000_000)),
    ("on-us-poor", Linked::OnUs(500)),
    ("on-us-empty", Linked::OnUs(0)),
    ("on-us-a", Linked::OnUs(1_000_000)),
    ("on-us-b", Linked::OnUs(1_000_000)),
    ("credit-ok", Linked::Card("credit", "490000")),
    ("credit-declined", Linked::Card("credit", "490000")),
    ("credit-stolen", Linked::Card("credit", "490000")),
    ("credit-slow", Linked::Card("credit", "490000")),
    ("credit-silent", Linked::Card("credit", "490000")),
    ("credit-late", Linked::Card("credit", "490000")),
    ("credit-duplicate", Linked::Card("credit", "490000")),
    ("credit-disconnect", Linked::Card("credit", "490000")),
    ("debit-ok", Linked::Card("debit", "520000")),
    ("debit-poor", Linked::Card("debit", "520000")),
    ("bank-ok", Linked::Bank),
    ("issuer-down", Linked::Card("credit", "470000")),
    ("no-route", Linked::Card("credit", "360000")),
    ("unlinked", Linked::OnUs(0)),
];

/// More aliases, each acquirer with people of its own, because what they do today decides what they may do next.
pub(super) const RULED: [(&str, Linked); 20] = [
    ("purse-only", Linked::Temporary),
    ("purse-small", Linked::Temporary),
    ("purse-on-us", Linked::OnUs(10_000)),
    ("purse-credit", Linked::Card("credit", "490000")),
    ("purse-declined", Linked::Card("credit", "490000")),
    ("points-on-us", Linked::OnUs(100_000)),
    ("limit-own", Linked::OnUs(100_000)),
    ("limit-count", Linked::OnUs(100_000)),
    ("month-told", Linked::OnUs(100_000)),
    ("month-declines", Linked::OnUs(100_000)),
    ("card-suspended", Linked::OnUs(100_000)),
    ("card-revoked", Linked::OnUs(100_000)),
    ("card-expired", Linked::OnUs(100_000)),
    ("temporary", Linked::Temporary),
    ("merged", Linked::OnUs(100_000)),
    ("stand-in", Linked::Card("credit", "470000")),
    ("offline", Linked::OnUs(100_000)),
    ("partial", Linked::OnUs(700)),
    ("pin", Linked::OnUs(100_000)),
    ("receipt", Linked::OnUs(50_000)),
];

/// What a person pays with.
#[derive(Clone, Copy)]
pub(super) enum Linked {
    /// A temporary ID without an instrument.
    Temporary,
    OnUs(u64),
    Card(&'static str, &'static str),
    Bank,
}
