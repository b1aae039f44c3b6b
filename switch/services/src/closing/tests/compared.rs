//! Every planted error of a party's file is found, and nothing else; what a contract tolerates is none.

use super::*;

/// The mistakes that are planted into a party's file.
#[derive(Clone, Debug)]
enum Plant {
    Missing(usize),
    Amount(usize, i64),
    Duplicate(usize),
    Unexpected(i64),
}

fn plant() -> impl Strategy<Value = Plant> {
    prop_oneof![
        (0_usize..500).prop_map(Plant::Missing),
        (0_usize..500, prop_oneof![-500_i64..0, 1_i64..500]).prop_map(|(at, by)| Plant::Amount(at, by)),
        (0_usize..500).prop_map(Plant::Duplicate),
        (1_i64..60_000).prop_map(Plant::Unexpected),
    ]
}

/// The ledger's lines of all days, changed as planted: the file, and what is to be found.
fn planted(rows: &[Row], plants: &[Plant]) -> (Vec<u8>, Vec<&'static str>) {
    let mut used = std::collections::HashSet::new();
    let mut lines: Vec<Option<Row>> = rows.iter().cloned().map(Some).collect();
    let (mut more, mut expected) = (Vec::new(), Vec::new());
    for (plant, number) in plants.iter().zip(1_u64..) {
        let free = |at: usize| (!rows.is_empty()).then(|| at % rows.len());
        match plant {
            Plant::Missing(at) | Plant::Amount(at, _) | Plant::Duplicate(at) => {
                let Some(at) = free(*at).filter(|at| used.insert(*at)) else { continue };
                match plant {
                    Plant::Amount(_, by) => {
                        let row = lines[at].as_mut().unwrap();
                        let new = Yen::new(row.amount.get() + by);
                        // A line of nothing, or one that turned from a payment into a refund, is another mistake.
                        if new == Yen::ZERO || new.is_positive() != row.amount.is_positive() {
                            continue;
                        }
                        expected.push(if *by > 0 { "amount_over" } else { "amount_under" });
                        row.amount = new;
                    }
                    Plant::Duplicate(_) => {
                        more.push(rows[at].clone());
                        expected.push("duplicate");
                    }
                    _ => {
                        lines[at] = None;
                        expected.push("missing");
                    }
                }
            }
            Plant::Unexpected(yen) => {
                let day = rows.first().map_or(NOON.jst_day(), |row| row.day);
                more.push(Row {
                    reference: std::num::NonZeroU64::new(1_000_000 + number),
                    rrn: Some(Rrn::from_number(900_000_000 + number)),
                    ..Row::new(Kind::Purchase, Yen::new(*yen), day)
                });
                expected.push("unexpected");
            }
        }
    }
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes).unwrap();
    for row in lines.iter().flatten().chain(&more) {
        writer.row(row).unwrap();
    }
    writer.finish().unwrap();
    expected.sort_unstable();
    (bytes, expected)
}

impl Town {
    pub(super) fn lines(&self, with: &CompareWith) -> Vec<Row> {
        let mut lines = Lines::new(with).unwrap();
        for entry in &self.entries {
            lines.record(entry.place(), &Body::read(&entry.body).unwrap());
        }
        lines.finish()
    }
}

#[test]
fn every_planted_error_is_found_and_nothing_else() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    let found_in_all = std::cell::RefCell::new(std::collections::BTreeMap::<&str, u32>::new());
    let days = proptest::collection::vec(act(), 20..120);
    let result = runner.run(
        &(contracts(), days, proptest::collection::vec(plant(), 0..8), any::<bool>()),
        |(contracts, acts, plants, acquirers)| {
            let mut town = Town::new(contracts);
            for act in &acts {
                perform(&mut town, act);
            }
            town.close(0);
            let (against, party) = match acquirers {
                true => (kazasu_schemas::closing::Against::Acquirer, "27000001"),
                false => (kazasu_schemas::closing::Against::Issuer, "1"),
            };
            let (from, until) = (NOON.jst_day(), town.state.day);
            let with = CompareWith { against, party: party.into(), from, until };
            let exact = super::super::compare::rules(&Default::default(), &with);
            // An issuer that lists no chargebacks among its payments is not told that they lack.
            let mut rows = town.lines(&with);
            rows.retain(|row| row.kind != Kind::Chargeback);
            let (bytes, expected) = planted(&rows, &plants);
            let (report, _, _, outcome) = compared(&with, &rows, &bytes, &exact).unwrap();
            prop_assert_eq!(report.bad, 0);
            let mut found: Vec<&str> = outcome.exceptions.iter().map(|e| name(e.status)).collect();
            found.sort_unstable();
            prop_assert_eq!(&found, &expected);
            for status in found {
                *found_in_all.borrow_mut().entry(status).or_default() += 1;
            }
            Ok(())
        },
    );
    result.unwrap();
    let found = found_in_all.borrow();
    for status in ["missing", "amount_over", "amount_under", "duplicate", "unexpected"] {
        assert!(found.get(status).is_some_and(|n| *n >= 20), "{found:?}");
    }
}

/// What a contract tolerates is no exception, and is counted; a yen more is one.
#[test]
fn what_a_contract_tolerates_is_no_difference() {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    let day = town.state.day;
    for yen in [1_000, 1_000, 100_000] {
        let buy = town.request(Operation::Purchase, 2, 0, yen);
        town.send(&buy, true);
    }
    town.close(0);
    let with =
        CompareWith { against: kazasu_schemas::closing::Against::Issuer, party: "1".into(), from: day, until: day };
    let rows = town.lines(&with);
    let mut theirs = rows.clone();
    for (row, more) in theirs.iter_mut().zip([2, -3, 100]) {
        row.amount = Yen::new(row.amount.get() + more);
    }
    let mut writer = Writer::new(Vec::new()).unwrap();
    for row in &theirs {
        writer.row(row).unwrap();
    }
    let bytes = writer.finish().unwrap().out;
    let found = |of: &str, yen, per_mille, write_off_yen| {
        let tolerance = crate::closing::ToleranceFile { of: of.into(), yen, per_mille, days: 1, write_off_yen };
        let finance = crate::closing::FinanceFile { tolerances: vec![tolerance], ..Default::default() };
        let rules = super::super::compare::rules(&finance, &with);
        let (.., outcome) = compared(&with, &rows, &bytes, &rules).unwrap();
        let write_offs = outcome.exceptions.iter().filter(|e| matches!(e.proposal, Proposed::WriteOff(_))).count();
        (outcome.exceptions.len(), outcome.tolerated, outcome.tolerated_yen.get(), write_offs)
    };
    let written = CompareWith::new("issuer", " 01 ", ("2026-11-24", "2026-11-24")).unwrap();
    assert_eq!(written.party, with.party, "one party has one name");
    assert_eq!(found("issuer 2", 100, 0, 0), (3, 0, 0, 0), "another party's contract");
    assert_eq!(found("issuer 1", 0, 0, 0), (3, 0, 0, 0));
    assert_eq!(found("issuer 1", 2, 0, 3), (2, 1, 2, 1));
    assert_eq!(found("issuer 1", 2, 1, 0), (1, 2, 102, 0), "a thousandth of 100,000");
    assert_eq!(found("issuer 1", 3, 1, 0), (0, 3, 99, 0));

    // What was tolerated is one exception of the file, and is booked like others: the issuer owes what it says.
    let tolerance =
        |of: &str| crate::closing::ToleranceFile { of: of.into(), yen: 3, per_mille: 1, days: 1, write_off_yen: 0 };
    let finance = crate::closing::FinanceFile { tolerances: vec![tolerance("issuer 1")], ..Default::default() };
    let rules = super::super::compare::rules(&finance, &with);
    let (.., outcome) = compared(&with, &rows, &bytes, &rules).unwrap();
    let exception =
        super::super::compare::tolerated_difference(outcome.tolerated_yen, outcome.tolerated, &with, &[7; 32]);
    assert_eq!(
        (exception.status.as_str(), exception.theirs.get(), exception.party.as_str()),
        ("tolerated", 99, "issuer 1")
    );
    let owed = |town: &Town| town.balance(|k| *k == AccountKey::IssuerReceivable(1));
    let (before, id) = (owed(&town), exception.id);
    town.ok(Command::Closing(Closing::Raise { run: 1, exceptions: vec![exception.clone()] }));
    let seq = town.state.seq;
    town.ok(Command::Closing(Closing::Raise { run: 1, exceptions: vec![exception] }));
    assert_eq!(town.state.seq, seq, "raised once");
    let proposal = Box::new(Proposal::Resolve { id, how: kazasu_schemas::closing::Resolution::WrittenOff });
    let why = || "t".to_owned();
    town.ok(Command::Approvals(Approvals::Request {
        proposal,
        source: kazasu_core::Document::default(),
        said: said("suzuki", why()),
    }));
    let settle = Approvals::Decide {
        proposal: town.state.seq,
        answer: kazasu_core::ApprovalAnswer::Approve,
        seen: None,
        said: said("tanaka", why()),
    };
    town.ok(Command::Approvals(settle));
    assert_eq!((owed(&town) - before, town.balance(|k| *k == AccountKey::Differences)), (99, -99));
}
