//! What a shop is paid is for its owner and staff, and not for its cashiers; each sees the payments.

use super::{ACQUIRER, Day};
use crate::api::events;
use crate::harness::{DO, Served};
use crate::people::{Person, granted};
use crate::rules::call;
use serde_json::{Value, json};

/// Kinds of events, each once, in the order of the alphabet.
fn kinds(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

pub(super) fn does_not_see_what_the_shop_is_paid(day: &Day<'_>, served: &Served) {
    let town = day.staff.town;
    let shop = format!("{ACQUIRER}/M10000000000001");
    let organisation = json!({ "do": "organisation", "name": "shop", "kind": "merchant", "shops": [shop], "why": "x" });
    let (status, made) = call(served, DO, "people", &town.session("ando"), &organisation);
    assert_eq!(status, 200, "{made}");
    let works_at = made["organisation"].as_str().unwrap().to_owned();
    let [owner, cashier] = [("mori", "merchant-owner"), ("noda", "merchant-cashier")].map(|(name, role)| {
        let person = Person::joined_at(town, served, (name, &works_at));
        granted(town, served, name, &format!("{role} shop:{shop}"));
        events(served, &person.session(served, 1), 1_000)
    });
    let paid = ["payout.ordered", "payout.paid", "payout.returned", "settlement.made"];
    let owners = kinds(&owner);
    assert!(paid.iter().all(|kind| owners.contains(kind)) && owners.contains(&"payment.approved"), "{owners:?}");
    let cashiers = kinds(&cashier);
    assert!(cashiers.contains(&"payment.approved"), "{cashiers:?}");
    assert!(
        cashiers.iter().all(|kind| !kind.starts_with("payout.") && !kind.starts_with("settlement.")),
        "{cashiers:?}"
    );
    assert!(owner.iter().all(|event| event["merchant"] == json!(shop)), "another shop's, or staff's");
    let staff = kinds(&events(served, &town.session("sato"), 1_000)).join(" ");
    assert!(staff.contains("settlement.made") && staff.contains("day.settled"), "{staff}");
}
