//! The order of each list.

use super::List;
use crate::approvals::{ApprovalItem, ListApprovals};
use crate::closing::{
    DayView, ExceptionView, ListDays, ListExceptions, ListPayouts, ListRuns, ListSettlements, ListTotals, PayoutView,
    RunView, SettlementView, TotalsView,
};
use crate::merchants::{ListMerchants, MerchantView};
use crate::operators::{AdviceView, ListAdvices, ListNotices, NoticeView};
use crate::payees::{ListPayees, PayeeShown};
use crate::people::{
    KeyView, ListKeys, ListOrganisations, ListPasskeys, ListPeople, ListSessions, OrganisationView, PasskeyShown,
    PersonView, SessionShown,
};
use crate::relief::{ListProgrammes, ProgrammeView};
use crate::residents::{BrokenLink, ListBrokenLinks, ListSharedAccounts, ListWaitingLinks, SharedAccount, WaitingLink};
use crate::transactions::{ListShops, ShopView};
use kazasu_schemas::identity::{OrganisationId, PersonId, ProgramId};
use std::cmp::Reverse;

/// Rows with their keys, and where rows are added at the end, the record that made each.
macro_rules! lists {
    ($($list:ident: $row:ident => $key:ty, $of:expr $(, made by $record:expr)?;)*) => {$(
        impl List for $list {
            type Item = $row;
            type Key = $key;

            fn key(row: &$row) -> $key {
                let key: fn(&$row) -> $key = $of;
                key(row)
            }

            $(fn made_by(row: &$row) -> Option<u64> {
                let record: fn(&$row) -> u64 = $record;
                Some(record(row))
            })?
        }
    )*};
}

lists! {
    ListDays: DayView => Reverse<String>, |row| Reverse(row.day.clone());
    ListSettlements: SettlementView => Reverse<u32>, |row| Reverse(row.settlement);
    ListPayouts: PayoutView => u64, |row| row.payout, made by |row| row.payout;
    ListRuns: RunView => u32, |row| row.run;
    ListTotals: TotalsView => Reverse<(String, String)>, |row| Reverse((row.day.clone(), row.acquirer.clone()));
    // The time has one form, so its text is in its order.
    ListExceptions: ExceptionView => (String, String, String),
        |row| (row.since.clone(), row.day.clone(), row.exception.clone());
    ListMerchants: MerchantView => (String, String), |row| (row.acquirer.clone(), row.merchant.clone());
    ListShops: ShopView => String, |row| row.merchant.clone();
    ListAdvices: AdviceView => u64, |row| row.record, made by |row| row.record;
    ListNotices: NoticeView => (u64, u64), |row| place(&row.notice), made by |row| place(&row.notice).0;
    ListPayees: PayeeShown => String, |row| row.payee.clone();
    ListOrganisations: OrganisationView => OrganisationId, |row| row.organisation;
    ListPeople: PersonView => PersonId, |row| row.person;
    ListKeys: KeyView => (ProgramId, String, Option<String>, Option<String>),
        |row| (row.program, row.used_for.clone(), row.until.clone(), row.fingerprint.clone());
    ListSessions: SessionShown => (String, String), |row| (row.begun.clone(), row.session.clone());
    ListPasskeys: PasskeyShown => (String, String), |row| (row.added.clone(), row.passkey.clone());
    ListProgrammes: ProgrammeView => u16, |row| row.programme;
    ListBrokenLinks: BrokenLink => String, |row| row.ppid.clone();
    ListSharedAccounts: SharedAccount => (Vec<String>, String),
        |row| (row.ppids.clone(), format!("{:?} {}", row.instrument.issuer, row.instrument.number));
    ListWaitingLinks: WaitingLink => u64, |row| row.proposal, made by |row| row.proposal;
    // Those that wait, the oldest first; then those that are over, the newest first.
    ListApprovals: ApprovalItem => (bool, i64), order, made by |row| row.approval;
}

fn order(row: &ApprovalItem) -> (bool, i64) {
    let number = i64::try_from(row.approval).unwrap_or(i64::MAX);
    let is_over = !matches!(row.standing.is.as_str(), "waits" | "sent_back");
    (is_over, if is_over { -number } else { number })
}

/// A notice's record and its place there.
fn place(notice: &str) -> (u64, u64) {
    let number = |text: &str| text.parse().unwrap_or_default();
    notice.split_once('-').map_or((0, 0), |(record, place)| (number(record), number(place)))
}
