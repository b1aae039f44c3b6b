//! A certificate is its issuer's: what one authority lists says nothing of another's certificate with the same number.

use super::rules::{ask, day, policy, town_with};
use super::*;
use kazasu_ledger::record::{CardStatus, ListReason};
use kazasu_schemas::ids::Serial;
use kazasu_schemas::policy::{Policy, Validity};
use kazasu_schemas::wire::Refusal;
use proptest::prelude::*;
use std::collections::BTreeMap;

const A: Option<&str> = Some("CN=authority a");
const B: Option<&str> = Some("CN=authority b");
/// The content of older records.
const NO_ISSUER: Option<&str> = None;

fn serial(n: u8) -> Serial {
    Serial::from_bytes(&[0x10, n]).unwrap()
}

fn bind(town: &mut Town, who: u8, issuer: Option<&str>, n: u8) -> Result<(), String> {
    let (issuer, last_day) = (issuer.map(str::to_owned), day("2030-01-01"));
    ask(town, Command::BindCertificate { ppid: person(who), serial: serial(n), issuer, last_day, by: "op".into() })
}

fn list(town: &mut Town, issuer: Option<&str>, number: u64, entries: &[(u8, ListReason)]) -> Result<(), String> {
    let scope = issuer.unwrap_or("CA").to_owned();
    scoped(town, &scope, issuer, number, entries)
}

fn scoped(
    town: &mut Town,
    scope: &str,
    issuer: Option<&str>,
    number: u64,
    entries: &[(u8, ListReason)],
) -> Result<(), String> {
    let entries = entries.iter().map(|(n, reason)| (serial(*n), *reason)).collect();
    let (issuer, issued) = (issuer.map(str::to_owned), town.now);
    ask(town, Command::ApplyList { number, issued, entries, scope: scope.into(), issuer, by: "op".into() })
}

#[test]
fn two_authorities_may_number_alike() {
    let mut town = town_with(policy());
    bind(&mut town, 1, A, 2).unwrap();
    bind(&mut town, 2, B, 2).unwrap();
    assert!(bind(&mut town, 2, A, 2).unwrap_err().contains("is bound to another card"));
    list(&mut town, B, 1, &[(2, ListReason::Revoked)]).unwrap();
    assert_eq!(town.purchase(1, 1).1, "00", "the other authority's list");
    assert_eq!(town.purchase(2, 1).1, "62");
    list(&mut town, A, 1, &[(2, ListReason::Hold)]).unwrap();
    assert_eq!((town.purchase(1, 1).1, town.purchase(2, 1).1), ("41".into(), "62".into()));
    list(&mut town, B, 2, &[]).unwrap();
    assert_eq!((town.purchase(1, 1).1, town.purchase(2, 1).1), ("41".into(), "00".into()));
    town.check_replay();
}

#[test]
fn a_list_counts_for_what_is_bound_later_and_only_its_authoritys() {
    let mut town = town_with(policy());
    list(&mut town, A, 1, &[(7, ListReason::Revoked)]).unwrap();
    bind(&mut town, 1, B, 7).unwrap();
    bind(&mut town, 2, A, 7).unwrap();
    assert_eq!((town.purchase(1, 1).1, town.purchase(2, 1).1), ("00".into(), "62".into()));
    town.check_replay();
}

#[test]
fn what_names_no_issuer_may_be_any_ones_until_it_is_told() {
    let mut town = town_with(policy());
    bind(&mut town, 1, NO_ISSUER, 2).unwrap();
    list(&mut town, B, 1, &[(2, ListReason::Revoked)]).unwrap();
    assert_eq!(town.purchase(1, 1).1, "62", "the stricter reading");
    // Another person's certificate of this number may be the same one.
    for issuer in [A, B, NO_ISSUER] {
        assert!(bind(&mut town, 2, issuer, 2).unwrap_err().contains("one of the two has no issuer"), "{issuer:?}");
    }
    // A person suspended the card: telling the issuer lifts nothing of that.
    let set = |status| Command::SetCard { ppid: person(1), status, said: said("op", "lost") };
    ask(&mut town, set(CardStatus::Suspended)).unwrap();
    bind(&mut town, 1, A, 2).unwrap();
    assert_eq!(town.purchase(1, 1).1, "41");
    ask(&mut town, set(CardStatus::Good)).unwrap();
    assert_eq!(town.purchase(1, 1).1, "00", "it is not the one on the list");
    bind(&mut town, 2, B, 2).unwrap();
    assert_eq!(town.purchase(2, 1).1, "62");
    // Once told it stays told.
    let before = town.journal.len();
    bind(&mut town, 1, A, 2).unwrap();
    assert_eq!(town.journal.len(), before);
    town.check_replay();
}

#[test]
fn a_list_of_before_speaks_of_every_certificate_until_it_comes_again() {
    let mut town = town_with(policy());
    bind(&mut town, 1, A, 2).unwrap();
    bind(&mut town, 2, B, 2).unwrap();
    scoped(&mut town, "CN=A", NO_ISSUER, 5, &[(2, ListReason::Revoked)]).unwrap();
    assert_eq!((town.purchase(1, 1).1, town.purchase(2, 1).1), ("62".into(), "62".into()));
    // The same list again, with its issuer: it replaces itself.
    scoped(&mut town, "CN=A", A, 5, &[(2, ListReason::Revoked)]).unwrap();
    assert_eq!((town.purchase(1, 1).1, town.purchase(2, 1).1), ("62".into(), "00".into()));
    let before = town.journal.len();
    scoped(&mut town, "CN=A", A, 5, &[(2, ListReason::Revoked)]).unwrap();
    assert_eq!(town.journal.len(), before, "unchanged");
    assert!(scoped(&mut town, "CN=A", A, 4, &[]).is_err());
    town.check_replay();
}

#[test]
fn authorities_that_look_alike_have_lists_of_their_own() {
    let mut town = town_with(policy());
    bind(&mut town, 1, A, 2).unwrap();
    bind(&mut town, 2, B, 2).unwrap();
    scoped(&mut town, "CA", A, 9, &[(2, ListReason::Revoked)]).unwrap();
    scoped(&mut town, "CA", B, 3, &[]).unwrap();
    assert_eq!((town.purchase(1, 1).1, town.purchase(2, 1).1), ("62".into(), "00".into()));
    scoped(&mut town, "CA", B, 4, &[(2, ListReason::Hold)]).unwrap();
    scoped(&mut town, "CA", A, 10, &[]).unwrap();
    assert_eq!((town.purchase(1, 1).1, town.purchase(2, 1).1), ("00".into(), "41".into()));
    assert_eq!(town.state.card_lists().count(), 2);
    town.check_replay();
}

#[test]
fn a_cards_own_authority_says_how_old_the_list_is() {
    let validity = Validity { fresh_hours: 24, stale_hours: 72, stale_cap: Yen::new(300) };
    let mut town = town_with(Policy { validity: Some(validity), ..policy() });
    bind(&mut town, 1, A, 1).unwrap();
    bind(&mut town, 2, B, 2).unwrap();
    list(&mut town, A, 1, &[]).unwrap();
    assert_eq!(town.purchase(1, 1_000).1, "00");
    assert_eq!(town.purchase(2, 1).1, "91", "its own authority has no list here");
    let unknown = |town: &Town| town.state.listed(town.now, Yen::new(1_000), u32::MAX);
    assert_eq!(unknown(&town), Ok(0), "of a card of which nothing is known the lists there are decide");
    list(&mut town, B, 1, &[]).unwrap();
    assert_eq!(town.purchase(2, 1).1, "00");
    town.now = Millis(town.now.0 + 30 * 3_600_000);
    list(&mut town, B, 2, &[]).unwrap();
    assert_eq!((town.purchase(1, 400).1, town.purchase(2, 400).1), ("61".into(), "00".into()));
    assert_eq!(unknown(&town), Err(Refusal::AboveListCap), "the oldest of all");
    town.check_replay();
}

fn any_reason() -> impl Strategy<Value = ListReason> {
    prop_oneof![Just(ListReason::Hold), Just(ListReason::Revoked)]
}

#[derive(Clone, Debug)]
enum Step {
    Bind(u8, bool, u8),
    List(bool, Vec<(u8, ListReason)>),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u8..5, any::<bool>(), 0_u8..4).prop_map(|(who, a, n)| Step::Bind(who, a, n)),
        (any::<bool>(), prop::collection::vec((0_u8..4, any_reason()), 0..4)).prop_map(|(a, mut entries)| {
            entries.sort_unstable_by_key(|(n, _)| *n);
            entries.dedup_by_key(|(n, _)| *n);
            Step::List(a, entries)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// In any order in which certificates are bound and lists come, a card is what its own authority's list in force says.
    #[test]
    fn a_card_is_what_its_own_authority_says(steps in prop::collection::vec(any_step(), 1..30)) {
        let mut town = town_with(policy());
        let name = |a: bool| if a { A } else { B };
        let mut owner: BTreeMap<(bool, u8), u8> = BTreeMap::new();
        let mut of: BTreeMap<u8, (bool, u8)> = BTreeMap::new();
        let mut lists: BTreeMap<bool, Vec<(u8, ListReason)>> = BTreeMap::new();
        for (number, step) in (1..).zip(steps) {
            match step {
                Step::Bind(who, a, n) => {
                    let free = *owner.entry((a, n)).or_insert(who) == who;
                    prop_assert_eq!(bind(&mut town, who, name(a), n).is_ok(), free);
                    if free {
                        of.insert(who, (a, n));
                    }
                }
                Step::List(a, entries) => {
                    list(&mut town, name(a), number, &entries).unwrap();
                    lists.insert(a, entries);
                }
            }
            for (who, (a, n)) in &of {
                let entry = lists.get(a).and_then(|list| list.iter().find(|(listed, _)| listed == n));
                let expected = match entry.map(|(_, reason)| *reason) {
                    None => CardStatus::Good,
                    Some(ListReason::Hold) => CardStatus::Suspended,
                    Some(ListReason::Revoked) => CardStatus::Revoked,
                };
                let card = town.state.holder(town.state.people.residents[&person(*who)]).card;
                prop_assert_eq!(card.status(), expected, "person {}", who);
            }
        }
        town.check_replay();
    }
}
