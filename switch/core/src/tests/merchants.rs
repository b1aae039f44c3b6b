//! The parts of a merchant that an import changes, and those that it leaves.

use super::*;
use kazasu_ledger::record::MerchantTraits;
use proptest::prelude::*;

fn id(text: &str) -> MerchantId {
    text.parse().unwrap()
}

fn terminal(text: &str) -> TerminalId {
    text.parse().unwrap()
}

fn entry(town: &Town, merchant: &str) -> MerchantEntry {
    town.state.merchants().iter().find(|m| m.id == id(merchant)).map(MerchantEntry::from).unwrap()
}

fn change(town: &mut Town, merchant: &str, change: MerchantChange) -> Decision {
    let change = Box::new(change);
    town.event(&Event::Command(Command::ChangeMerchant {
        acquirer: acquirer(),
        merchant: id(merchant),
        change,
        maker: None,
    }))
}

#[test]
fn a_terminal_that_is_added_takes_nothing_away() {
    let mut town = Town::new();
    let tagged = MerchantChange {
        class: Some("small".into()),
        region: Some("13361".into()),
        tags: vec![Edit::Add("local".into())],
        ..MerchantChange::default()
    };
    change(&mut town, "SHOP", tagged);
    let more = MerchantChange { terminals: vec![Edit::Add(terminal("T3"))], ..MerchantChange::default() };
    assert!(change(&mut town, "SHOP", more.clone()).body.is_some());
    let found = entry(&town, "SHOP");
    assert_eq!(found.terminals, ["T1", "T2", "T3"].map(terminal));
    assert_eq!(
        found.traits,
        MerchantTraits { class: "small".into(), tags: vec!["local".into()], region: "13361".into() }
    );
    assert_eq!((found.name.as_str(), found.closed), ("SHOP", false));
    assert!(change(&mut town, "SHOP", more).body.is_none(), "the same once more changes nothing");
}

#[test]
fn taking_away_is_said() {
    let mut town = Town::new();
    let steps = |tags: &[&str]| tags.iter().map(|tag| Edit::Add((*tag).to_owned())).collect::<Vec<_>>();
    let with = |tags| MerchantChange { tags, ..MerchantChange::default() };
    change(&mut town, "SHOP", with(steps(&["a", "b", "c"])));
    change(
        &mut town,
        "SHOP",
        with(vec![Edit::Remove("b".into()), Edit::Remove("none".into()), Edit::Add("Ａ".into())]),
    );
    assert_eq!(entry(&town, "SHOP").traits.tags, ["a", "c"]);
    change(&mut town, "SHOP", with([vec![Edit::Clear], steps(&["z", "y", "z"])].concat()));
    assert_eq!(entry(&town, "SHOP").traits.tags, ["y", "z"]);
    change(&mut town, "SHOP", with(vec![Edit::Clear]));
    let gone = MerchantChange { terminals: vec![Edit::Remove(terminal("T1"))], ..MerchantChange::default() };
    change(&mut town, "SHOP", gone);
    let found = entry(&town, "SHOP");
    assert_eq!((found.traits.tags.len(), found.terminals), (0, vec![terminal("T2")]));
    // What one merchant gave away, another may have.
    let taken = MerchantChange {
        terminals: vec![Edit::Add(terminal("T1")), Edit::Add(terminal("T2"))],
        ..MerchantChange::default()
    };
    let refused = change(&mut town, "OTHER", taken).rejected.unwrap();
    assert_eq!(refused.to_string(), "terminal T2 belongs to merchant SHOP; take it away there first (-T2)");
    let free = MerchantChange { terminals: vec![Edit::Add(terminal("T1"))], ..MerchantChange::default() };
    assert_eq!(change(&mut town, "OTHER", free).rejected, None);
}

#[test]
fn a_closed_merchant_stays_closed_until_it_is_said_otherwise() {
    let mut town = Town::new();
    let named = MerchantChange { name: Some("Closed, and renamed".into()), ..MerchantChange::default() };
    change(&mut town, "CLOSED", named);
    assert!(entry(&town, "CLOSED").closed);
    change(&mut town, "CLOSED", MerchantChange { closed: Some(false), ..MerchantChange::default() });
    assert!(!entry(&town, "CLOSED").closed);
}

#[test]
fn a_new_merchant_needs_what_every_merchant_has() {
    let mut town = Town::new();
    let rejected = |town: &mut Town, c: MerchantChange| change(town, "NEW", c).rejected.unwrap().to_string();
    assert_eq!(rejected(&mut town, MerchantChange::default()), "the merchant is new, and its name is not given");
    let named = MerchantChange { name: Some("New".into()), ..MerchantChange::default() };
    assert_eq!(rejected(&mut town, named.clone()), "the merchant is new, and its mcc is not given");
    let full = MerchantChange { mcc: Some("5411".parse().unwrap()), ..named };
    let many = (0..=MOST_TERMINALS).map(|n| Edit::Add(terminal(&format!("N{n}")))).collect();
    let text = rejected(&mut town, MerchantChange { terminals: many, ..full.clone() });
    assert_eq!(text, "a merchant has at most 1000 terminals");
    assert_eq!(change(&mut town, "NEW", full).rejected, None);
    assert_eq!(entry(&town, "NEW").terminals, []);
}

fn any_change() -> impl Strategy<Value = MerchantChange> {
    let word = prop::sample::select(vec!["a", "b", "c"]);
    fn edit<T: std::fmt::Debug + Clone>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Edit<T>> {
        (one, 0_u8..5).prop_map(|(one, n)| match n {
            0 => Edit::Clear,
            1 => Edit::Remove(one),
            _ => Edit::Add(one),
        })
    }
    let tags = prop::collection::vec(edit(word.clone().prop_map(str::to_owned)), 0..4);
    let terminals =
        prop::collection::vec(edit(prop::sample::select(vec!["T1", "T2", "T8", "T9"]).prop_map(terminal)), 0..3);
    let text = || proptest::option::of(word.clone().prop_map(str::to_owned));
    (text(), text(), text(), proptest::option::of(any::<bool>()), tags, terminals).prop_map(
        |(name, class, region, closed, tags, terminals)| MerchantChange {
            name,
            mcc: None,
            closed,
            class,
            region,
            tags,
            terminals,
        },
    )
}

proptest! {
    /// A look says what the commands do, row after row, and no field changes that a row does not name.
    #[test]
    fn a_look_says_what_happens(rows in prop::collection::vec((0_usize..4, any_change()), 1..12)) {
        let mut town = Town::new();
        let mut look = MerchantView::default();
        let names = ["SHOP", "OTHER", "CLOSED", "NEW"];
        let before = Town::new();
        for (which, row) in rows {
            let key = (acquirer(), id(names[which]));
            let looked = look.change(&before.state, key, &row);
            let known = town.state.merchants().iter().find(|m| m.id == key.1).map(MerchantEntry::from);
            let decision = change(&mut town, names[which], row.clone());
            match looked {
                Err(why) => prop_assert_eq!(decision.rejected, Some(why)),
                Ok((said_before, said_after)) => {
                    prop_assert_eq!(decision.rejected, None);
                    prop_assert_eq!(decision.body.is_some(), said_before.as_ref() != Some(&said_after));
                    prop_assert_eq!(&known, &said_before);
                    let after = entry(&town, names[which]);
                    prop_assert_eq!(&after, &said_after);
                    let Some(known) = known else { continue };
                    prop_assert!(row.name.is_some() || known.name == after.name);
                    prop_assert!(row.closed.is_some() || known.closed == after.closed);
                    prop_assert!(row.class.is_some() || known.traits.class == after.traits.class);
                    prop_assert!(row.region.is_some() || known.traits.region == after.traits.region);
                    let takes = row.tags.iter().any(|edit| !matches!(edit, Edit::Add(_)));
                    prop_assert!(takes || known.traits.tags.iter().all(|tag| after.traits.tags.contains(tag)));
                    let takes = row.terminals.iter().any(|edit| !matches!(edit, Edit::Add(_)));
                    prop_assert!(takes || known.terminals.iter().all(|one| after.terminals.contains(one)));
                }
            }
        }
    }
}
