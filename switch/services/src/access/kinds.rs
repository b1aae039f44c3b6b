//! Kinds of requests: who decides them, who makes and reads them, and whether approving one takes a fresh second factor.

use kazasu_ledger::record::ApprovalKind;
use kazasu_schemas::identity::Role;
use kazasu_schemas::relief::Role as CityRole;

/// Whether the caller must have shown a second factor a moment ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Factor {
    /// The one of the sign-in is enough.
    Any,
    /// Within the last five minutes, where the person has one at all.
    Fresh,
}

/// Who decides requests of a kind: of a city's with `city`, of finance's without. `other` makes or reads them too.
pub(super) fn roles_of(kind: ApprovalKind, city: &str) -> (&'static [Role], &'static [Role]) {
    match kind {
        ApprovalKind::Programme | ApprovalKind::Claim | ApprovalKind::ReturnFunds => CITYS,
        ApprovalKind::UndoBooking | ApprovalKind::Fund if !city.is_empty() => CITYS,
        ApprovalKind::UndoBooking
        | ApprovalKind::Contracts
        | ApprovalKind::Payout
        | ApprovalKind::CancelPayout
        | ApprovalKind::Payee
        | ApprovalKind::Payees
        | ApprovalKind::Correction
        | ApprovalKind::Resolve => FINANCES,
        ApprovalKind::Retarget | ApprovalKind::Replace => (&[Role::Operator], &[Role::Operator, Role::CallCentre]),
        ApprovalKind::SharedLink | ApprovalKind::LiftSuspension | ApprovalKind::BindCard => CALLS,
        ApprovalKind::Grant
        | ApprovalKind::ProgramKey
        | ApprovalKind::StatementKey
        | ApprovalKind::Shops
        | ApprovalKind::Reinvite => (&[Role::AccessAdministrator], &[Role::AccessAdministrator, Role::Operator]),
        ApprovalKind::Fund | ApprovalKind::CreditPurse | ApprovalKind::Merchants => OPERATORS_MONEY,
        ApprovalKind::Destruction
        | ApprovalKind::Policy
        | ApprovalKind::Merge
        | ApprovalKind::Link
        | ApprovalKind::Links => (&[Role::Operator], &[Role::Operator]),
    }
}

/// Who takes a step of a city's relief batch.
pub(super) fn of_city(role: CityRole) -> &'static [Role] {
    match role {
        CityRole::Officer => &[Role::CityOfficer],
        CityRole::Approver => &[Role::CityApprover],
        CityRole::Treasurer => &[Role::CityTreasurer],
    }
}

/// The roles that decide requests of a kind.
pub(crate) fn roles_of_kind(kind: ApprovalKind, city: &str) -> &'static [Role] {
    roles_of(kind, city).0
}

const CALLS: (&[Role], &[Role]) = (&[Role::Operator, Role::CallCentre], &[Role::Operator, Role::CallCentre]);
const CITYS: (&[Role], &[Role]) =
    (&[Role::CityApprover], &[Role::CityOfficer, Role::CityApprover, Role::CityTreasurer, Role::Operator]);
// What operators request of money and merchants: another operator or finance decides.
const OPERATORS_MONEY: (&[Role], &[Role]) =
    (&[Role::Operator, Role::FinanceApprover], &[Role::Operator, Role::FinanceStaff, Role::FinanceApprover]);
const FINANCES: (&[Role], &[Role]) =
    (&[Role::FinanceApprover], &[Role::FinanceStaff, Role::FinanceApprover, Role::Operator]);

/// Approving a request of this kind takes a second factor that was shown a moment ago.
pub(super) fn factor_of(kind: ApprovalKind) -> Factor {
    match kind {
        ApprovalKind::Payout
        | ApprovalKind::Payee
        | ApprovalKind::Payees
        | ApprovalKind::ReturnFunds
        | ApprovalKind::Correction
        | ApprovalKind::Replace
        | ApprovalKind::Grant
        | ApprovalKind::ProgramKey
        | ApprovalKind::StatementKey
        | ApprovalKind::Shops
        | ApprovalKind::Reinvite
        | ApprovalKind::Policy
        | ApprovalKind::Destruction => Factor::Fresh,
        ApprovalKind::Programme
        | ApprovalKind::Claim
        | ApprovalKind::UndoBooking
        | ApprovalKind::Contracts
        | ApprovalKind::CancelPayout
        | ApprovalKind::Resolve
        | ApprovalKind::SharedLink
        | ApprovalKind::LiftSuspension
        | ApprovalKind::BindCard
        | ApprovalKind::Fund
        | ApprovalKind::CreditPurse
        | ApprovalKind::Merge
        | ApprovalKind::Link
        | ApprovalKind::Links
        | ApprovalKind::Merchants
        | ApprovalKind::Retarget => Factor::Any,
    }
}

/// Audiences: the roles that decide requests of some kind, and the roles that make, decide or read them.
pub(crate) fn roles_of_any() -> (Vec<Role>, Vec<Role>) {
    let mut out = (Vec::new(), Vec::new());
    for kind in ApprovalKind::ALL {
        for city in ["", "city"] {
            let (deciders, readers) = roles_of(*kind, city);
            out.0.extend(deciders.iter().filter(|role| !out.0.contains(*role)).copied().collect::<Vec<_>>());
            out.1.extend(readers.iter().filter(|role| !out.1.contains(*role)).copied().collect::<Vec<_>>());
        }
    }
    out
}
