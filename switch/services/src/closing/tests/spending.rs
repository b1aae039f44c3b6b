//! Statistics of what residents spent: months that are over never change, and a person is one whatever IDs the person had.

use super::*;
use kazasu_projections::spending::{Block, Level, Spending, table};

/// A town in which people 3 to 30 have an account each.
fn town() -> Town {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    for who in 3..=30 {
        let number = u64::from(who);
        town.ok(Command::OpenDeposit { number, maker: None });
        let reference = format!("opening {who}");
        town.ok(Command::Fund { number, amount: Yen::new(1_000_000), reference, maker: None });
        let (ppid, to) = (person(who), Link::Deposit(number));
        town.ok(Command::Link { ppid, from: None, to, origin: LinkOrigin::Import, by: "t".into() });
    }
    town
}

fn buys(town: &mut Town, who: u8, shop: usize, yen: i64) -> Request {
    let request = town.request(Operation::Purchase, who, shop, yen);
    town.send(&request, true);
    request
}

/// Ends days until the next month has begun.
fn month_ends(town: &mut Town) {
    let month = town.state.day.month();
    while town.state.day.month() == month {
        town.close(0);
    }
    // The first record of the new month says that the old one is over.
    buys(town, 30, 2, 1);
}

fn folded(town: &Town) -> Spending {
    let mut spending = Spending::default();
    for entry in &town.entries {
        spending.record(entry.place(), &Body::read(&entry.body).unwrap());
    }
    spending
}

fn published(town: &Town) -> Vec<(String, Vec<Block>)> {
    folded(town).months().into_iter().map(|(month, blocks)| (month, blocks.to_vec())).collect()
}

#[test]
fn a_month_that_is_over_never_changes() {
    let mut town = town();
    for who in 3..15 {
        buys(&mut town, who, 0, 1_000);
    }
    for who in 15..27 {
        buys(&mut town, who, 1, 500);
    }
    let paid = buys(&mut town, 3, 0, 7_000);
    assert_eq!(published(&town), [], "the open month is not told");
    month_ends(&mut town);
    let first = published(&town);
    let rows = table(&first[0].1, &[Level::Trade]);
    let told: Vec<_> =
        rows.iter().map(|row| (row.labels[0].as_str(), row.yen, row.payments, row.people_at_least)).collect();
    assert_eq!(told, [("food", 19_000, 13, 10), ("restaurants", 6_000, 12, 10)]);
    // It is given back later, and lowers the later month.
    let refund = town.about(Operation::Refund, &paid, 7_000);
    town.send(&refund, true);
    for who in 3..15 {
        buys(&mut town, who, 0, 10);
    }
    month_ends(&mut town);
    let second = published(&town);
    assert_eq!(second[0], first[0], "what was published stays");
    let rows = table(&second[1].1, &[Level::Month]);
    assert_eq!((rows[0].yen, rows[0].payments), (120 + 1 - 7_000, 13));
}

#[test]
fn two_ids_of_one_person_are_one_person() {
    let months = |merge: bool| {
        let mut town = town();
        // Person 40 is a temporary ID of person 3.
        town.ok(Command::IssueTemporary { ppid: person(40), until: None, by: "t".into() });
        let (ppid, to) = (person(40), Link::Deposit(12));
        town.ok(Command::Link { ppid, from: None, to, origin: LinkOrigin::Import, by: "t".into() });
        for who in (3..12).chain([40]) {
            buys(&mut town, who, 0, 1_000);
        }
        if merge {
            buys(&mut town, 12, 0, 1_000);
        }
        month_ends(&mut town);
        published(&town)[0].1.len()
    };
    assert_eq!(months(false), 0, "nine people and a temporary ID, which may be one of them");
    assert_eq!(months(true), 1, "ten people");
}
