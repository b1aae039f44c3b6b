//! What two requests are about: one subject, or the same change of it.

use super::super::{links, rights};
use kazasu_ledger::record::{CarriedChange, PayeeChange, Proposal};
use kazasu_schemas::canonical::same;

/// Two requests about one subject are not open at one time.
pub(super) fn is_about_the_same(open: &Proposal, asked: &Proposal) -> bool {
    match (open, asked) {
        (Proposal::Programme(a), Proposal::Programme(b)) => a.number == b.number,
        (Proposal::Claim { batch: a, row: x, .. }, Proposal::Claim { batch: b, row: y, .. }) => (a, x) == (b, y),
        (Proposal::ReturnFunds { programme: a, .. }, Proposal::ReturnFunds { programme: b, .. }) => a == b,
        (Proposal::Contracts(_), Proposal::Contracts(_)) => true,
        (Proposal::Payout { settlements: a, .. }, Proposal::Payout { settlements: b, .. }) => {
            a.iter().any(|n| b.contains(n))
        }
        (Proposal::Resolve { id: a, .. }, Proposal::Resolve { id: b, .. }) => a == b,
        (Proposal::CancelPayout { payout: a }, Proposal::CancelPayout { payout: b }) => a == b,
        (Proposal::Retarget { ppid: a, .. }, Proposal::Retarget { ppid: b, .. }) => a == b,
        (Proposal::SharedLink(a), Proposal::SharedLink(b)) => a.ppid == b.ppid,
        (Proposal::UndoBooking { reference: a, payer: x }, Proposal::UndoBooking { reference: b, payer: y }) => {
            (a, x) == (b, y)
        }
        (Proposal::Rights(a), Proposal::Rights(b)) => rights::is_about_the_same(a, b),
        (Proposal::Destruction(a), Proposal::Destruction(b)) => (&a.key, a.version) == (&b.key, b.version),
        (Proposal::Carried(a), Proposal::Carried(b)) => is_one_change(a, b),
        (Proposal::File(a), Proposal::File(b)) => (a.of, a.digest) == (b.of, b.digest),
        (Proposal::Correction(a), Proposal::Correction(b)) => a.payment == b.payment,
        (Proposal::Card(a), Proposal::Card(b)) => a.ppid() == b.ppid(),
        (
            Proposal::Programme(_)
            | Proposal::Carried(_)
            | Proposal::File(_)
            | Proposal::Rights(_)
            | Proposal::Destruction(_)
            | Proposal::SharedLink(_)
            | Proposal::Correction(_)
            | Proposal::Card(_)
            | Proposal::Claim { .. }
            | Proposal::ReturnFunds { .. }
            | Proposal::Contracts(_)
            | Proposal::Payout { .. }
            | Proposal::Resolve { .. }
            | Proposal::CancelPayout { .. }
            | Proposal::Retarget { .. }
            | Proposal::UndoBooking { .. },
            _,
        ) => false,
    }
}

/// Two changes of one subject: a payment by its reference, a person, the policy.
fn is_one_change(a: &CarriedChange, b: &CarriedChange) -> bool {
    match (a, b) {
        (
            CarriedChange::Fund { programme: a, reference: x, .. },
            CarriedChange::Fund { programme: b, reference: y, .. },
        ) => a == b && same(x, y),
        (
            CarriedChange::Credit { ppid: p, programme: a, reference: x, .. },
            CarriedChange::Credit { ppid: q, programme: b, reference: y, .. },
        ) => (p, a) == (q, b) && same(x, y),
        (CarriedChange::Policy(_), CarriedChange::Policy(_)) => true,
        (CarriedChange::Merge { from: a, .. }, CarriedChange::Merge { from: b, .. }) => a == b,
        (CarriedChange::Link { ppid: a, .. }, CarriedChange::Link { ppid: b, .. }) => a == b,
        (CarriedChange::Replace(a), CarriedChange::Replace(b)) => a.from == b.from || a.into == b.into,
        (CarriedChange::Payee(a), CarriedChange::Payee(b)) => a.payee == b.payee,
        (
            CarriedChange::Fund { .. }
            | CarriedChange::Credit { .. }
            | CarriedChange::Policy(_)
            | CarriedChange::Merge { .. }
            | CarriedChange::Link { .. }
            | CarriedChange::Replace(_)
            | CarriedChange::Payee(_),
            _,
        ) => false,
    }
}

/// The same change: a card number is sealed anew each time.
fn is_same_change(a: &CarriedChange, b: &CarriedChange) -> bool {
    match (a, b) {
        (
            CarriedChange::Link { ppid: a, instrument: x, from: t },
            CarriedChange::Link { ppid: b, instrument: y, from: u },
        ) => (a, t) == (b, u) && links::same_instrument(x, y),
        (CarriedChange::Replace(a), CarriedChange::Replace(b)) => {
            let same_link = match (&a.link, &b.link) {
                (Some(x), Some(y)) => x.version == y.version && links::same_instrument(&x.instrument, &y.instrument),
                (x, y) => x.is_none() && y.is_none(),
            };
            (a.from, a.into) == (b.from, b.into) && same_link
        }
        // An account and a note are sealed anew each time, too.
        (CarriedChange::Payee(a), CarriedChange::Payee(b)) => {
            let account = |change: &PayeeChange| change.account.as_ref().map(|account| (account.token, account.name));
            let call = |change: &PayeeChange| change.call.as_ref().map(|call| call.token);
            (a.payee, account(a), call(a)) == (b.payee, account(b), call(b))
        }
        (a, b) => a == b,
    }
}

/// The same once more: a return of funds is known by its reference, however it is spelt.
pub(super) fn is_same(a: &Proposal, b: &Proposal) -> bool {
    match (a, b) {
        (
            Proposal::ReturnFunds { programme: a, amount: x, reference: r },
            Proposal::ReturnFunds { programme: b, amount: y, reference: s },
        ) => (a, x) == (b, y) && same(r, s),
        (Proposal::Carried(a), Proposal::Carried(b)) => is_same_change(a, b),
        // A card number is sealed anew, and a portal signs anew, each time.
        (Proposal::SharedLink(a), Proposal::SharedLink(b)) => {
            (a.ppid, a.from) == (b.ppid, b.from) && links::same_instrument(&a.instrument, &b.instrument)
        }
        (a, b) => a == b,
    }
}
