//! The shop's account changes while it is paid.

use super::Staff;
use crate::harness::requested;

const SHOP: &str = "27000001/M10000000000001";
/// The account to which the payout is approved.
pub(super) const APPROVED_ACCOUNT: &str = "2077777";

/// Two people give the shop another account.
pub(super) fn change(staff: &Staff<'_>, account: &str) {
    let set = [
        &["payee", "set", SHOP, "--bank", "9999", "--branch", "100", "--account", account, "--name", "ｶﾒｲﾃﾝ"][..],
        &["--called", "店長", "--called-number", "03-1234-5678", "--called-at", "2026-11-02", "--called-by", "sato"],
        &["--why", "letter of the shop"],
    ];
    staff.decided(&staff.ok("suzuki", &set.concat()));
}

/// What is approved is what was looked at: the account of the request, or nothing.
pub(super) fn a_payout_to_an_account_of_before_is_refused(staff: &Staff<'_>, propose: &[&str]) {
    let proposed = staff.ok("suzuki", propose);
    change(staff, APPROVED_ACCOUNT);
    let (number, fingerprint) = requested(&proposed);
    let shown = staff.ok("tanaka", &["approval", "show", &number]);
    assert!(shown.to_string().contains("it cannot be approved any more"), "{shown}");
    let approve = ["approval", "approve", &number, "--fingerprint", &fingerprint[..12], "--why", "payday"];
    let text = staff.no("tanaka", &approve);
    assert!(text.contains("is not what it was when the payout was requested"), "{text}");
    staff.ok("suzuki", &["approval", "withdraw", &number, "--why", "another account"]);
}
