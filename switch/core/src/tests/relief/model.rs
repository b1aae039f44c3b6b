//! Random acts on a relief programme: every yen of its budget is in exactly one place.

use super::*;

/// The next step of a random history.
#[derive(Clone, Debug)]
enum Act {
    Import {
        digest: u8,
        rows: Vec<(u8, u8, i64)>,
    },
    Step(u8, u8),
    Row(u8, u8, u8),
    Tick,
    Tap(u8, i64),
    Refund(i64),
    Claim(u8, u8, i64),
    Repay(u8, u8, i64, bool),
    Fund(u8, i64),
    Bank(u8, u8, u8),
    /// A transfer comes back less what the bank keeps: a batch, a row, the fee.
    BackLessFee(u8, u8, i64),
    /// The line that was booked so many lines ago: two people undo it, or the bank corrects it.
    Undo(u8, bool),
    Budget(i64),
    Back(u8, i64),
    /// Of a temporary ID into a person.
    Merge(u8, u8),
    Crash,
    Night,
}

fn act() -> impl Strategy<Value = Act> {
    let rows = proptest::collection::vec((0_u8..7, 0_u8..8, 1_i64..3_500), 1..6);
    prop_oneof![
        3 => (0_u8..3, rows).prop_map(|(digest, rows)| Act::Import { digest, rows }),
        20 => (0_u8..3, 0_u8..10).prop_map(|(b, s)| Act::Step(b, s)),
        2 => (0_u8..3, 0_u8..6, 0_u8..5).prop_map(|(b, r, c)| Act::Row(b, r, c)),
        4 => Just(Act::Tick),
        4 => (1_u8..6, 1_i64..3_000).prop_map(|(who, yen)| Act::Tap(who, yen)),
        2 => (1_i64..2_000).prop_map(Act::Refund),
        3 => (0_u8..3, 0_u8..6, 0_i64..2_000).prop_map(|(b, r, y)| Act::Claim(b, r, y)),
        4 => (0_u8..3, 0_u8..6, 1_i64..900, any::<bool>()).prop_map(|(b, r, y, p)| Act::Repay(b, r, y, p)),
        2 => (0_u8..9, 1_i64..9_000).prop_map(|(r, y)| Act::Fund(r, y)),
        8 => (0_u8..3, 0_u8..6, 0_u8..3).prop_map(|(b, r, w)| Act::Bank(b, r, w)),
        3 => (0_u8..3, 0_u8..6, 0_i64..600).prop_map(|(b, r, fee)| Act::BackLessFee(b, r, fee)),
        3 => (0_u8..4, any::<bool>()).prop_map(|(ago, bank)| Act::Undo(ago, bank)),
        1 => (1_i64..20_000).prop_map(Act::Budget),
        1 => (0_u8..9, 1_i64..5_000).prop_map(|(r, y)| Act::Back(r, y)),
        3 => (0_u8..2, 1_u8..4).prop_map(|(from, into)| Act::Merge(from, into)),
        1 => Just(Act::Crash),
        1 => Just(Act::Night),
    ]
}

/// A row in one of these states, or any.
pub(super) fn nth(town: &Town, batch: u32, wanted: &[&str], n: u8) -> u32 {
    let rows = town.state.relief_rows(batch, None, 0, 100);
    let rows: Vec<u32> = rows.iter().filter(|r| wanted.contains(&r.state)).map(|r| r.row).collect();
    rows.get(usize::from(n) % rows.len().max(1)).copied().unwrap_or(u32::from(n))
}

/// Everything that may be refused is; what may not happen is found afterwards.
#[expect(clippy::too_many_lines, reason = "one arm for each act of the model")]
fn perform(town: &mut Town, act: &Act, method: Method, paid: &mut Vec<Request>) {
    let known = u8::try_from(town.state.relief_batches()).unwrap().max(1);
    let batch = |b: u8| u32::from(b % known);
    match act {
        Act::Import { digest, rows } => {
            let _ = open(town, *digest);
            let Some((batch, there, _)) = town.state.relief_batch_of(101, &[*digest; 32]) else { return };
            let rows = rows.iter().zip(2_u32..).map(|((who, household, yen), line)| {
                // The last two pay with temporary IDs.
                let who = if *who > 4 { &(who + 200) } else { who };
                let person = (*who > 0).then_some(*who);
                match method {
                    Method::Purse => row(line, person, *household, *yen),
                    Method::Transfer => to_account(line, *household, *yen, *who),
                }
            });
            // A file that was cut short begins again from its first row.
            let _ = relief(town, Relief::AddRows { batch, first: 0, rows: rows.clone().collect() });
            let _ = relief(town, Relief::AddRows { batch, first: there, rows: rows.collect() });
            let _ = step(town, batch, Step::Applied, OFFICER);
        }
        Act::Step(b, s) => {
            // Mostly the step that follows; now and then any.
            let at = town.state.relief_batch(batch(*b)).and_then(|view| view.step);
            let follows = Step::ALL.into_iter().find(|step| step.before() == at && at.is_some());
            let next = follows.filter(|_| *s < 8).unwrap_or(Step::ALL[usize::from(*s % 8)]);
            let by = match next.role() {
                kazasu_schemas::relief::Role::Officer => OFFICER,
                kazasu_schemas::relief::Role::Approver => APPROVER,
                kazasu_schemas::relief::Role::Treasurer => TREASURER,
            };
            let _ = step(town, batch(*b), next, by);
            // Retried.
            let _ = step(town, batch(*b), next, by);
        }
        Act::Row(b, r, c) => {
            let change = match c {
                0 => RowChange::Exclude,
                1 => RowChange::Include,
                2 => RowChange::Accept,
                3 => RowChange::Assign(person(1)),
                _ => RowChange::Amount(Yen::new(1_234)),
            };
            let _ = set(town, batch(*b), u32::from(*r), change);
        }
        Act::Tick => {
            town.event(&Event::Tick { keep_days: 400 });
        }
        Act::Tap(who, yen) => {
            let (request, code) = town.purchase(*who, *yen);
            if code == "00" {
                paid.push(request);
            }
        }
        Act::Refund(yen) => {
            if let Some(original) = paid.last().copied() {
                let refund = town.about(Operation::Refund, &original, *yen);
                let _ = town.send(&refund);
            }
        }
        Act::Claim(b, row, yen) => {
            let (batch, row) = (batch(*b), nth(town, batch(*b), &["credited", "sent", "claimed", "adjusted"], *row));
            if let Ok(number) = propose(town, Proposal::Claim { batch, row, right: Yen::new(*yen) }, OFFICER) {
                let _ = settle(town, number, yen % 3 > 0, APPROVER);
            }
        }
        Act::Repay(b, row, yen, from_purse) => {
            let (batch, row) = (batch(*b), nth(town, batch(*b), &["claimed"], *row));
            let (amount, by) = (Yen::new(*yen), TREASURER.into());
            let reference = format!("repaid {yen}");
            let ask = Relief::Repaid { batch, row, amount, from_purse: *from_purse, reference, by };
            let _ = relief(town, ask.clone());
            let _ = relief(town, ask);
        }
        Act::Fund(reference, yen) => {
            let _ = fund(town, *yen, &format!("fund {reference}"));
            let _ = fund(town, *yen, &format!("fund {reference}"));
        }
        Act::Bank(b, row, what) => {
            let batch = batch(*b);
            let reference = format!("line {what} {b} {row}");
            let by = TREASURER.to_owned();
            let ask = match what {
                0 => {
                    let transfers = town.state.relief_transfers(batch);
                    let files = transfers.chunks(2).map(|rows| MadeFile {
                        count: u32::try_from(rows.len()).unwrap(),
                        total: rows.iter().fold(Yen::ZERO, |sum, r| sum.checked_add(r.amount).unwrap()),
                        digest: [1; 32],
                    });
                    Relief::FileMade { batch, format: Format::Zengin, files: files.collect(), by }
                }
                1 => Relief::Sent { batch, file: u16::from(*row % 2), reference, said: said(by, "") },
                _ => Relief::Returned { batch, row: u32::from(*row), reference, said: said(by, "") },
            };
            let _ = relief(town, ask.clone());
            let _ = relief(town, ask);
        }
        Act::BackLessFee(b, row, fee) => {
            let (batch, row) = (batch(*b), nth(town, batch(*b), &["sent", "claimed"], *row));
            let _ =
                line(town, &format!("less {batch} {row} {fee}"), Booking::CameBack { batch, row, fee: Yen::new(*fee) });
        }
        Act::Undo(ago, bank) => {
            let Some(reference) = booked_lines(town).into_iter().rev().nth(usize::from(*ago)) else { return };
            let _ = if *bank {
                line(town, &format!("the bank corrects {reference}"), Booking::Corrects { line: reference })
            } else {
                undo(town, &reference)
            };
        }
        Act::Budget(yen) => {
            let Some(view) = town.state.relief_programme(101) else { return };
            let terms = Terms { budget: Yen::new(*yen), ..(*view.terms).clone() };
            if let Ok(number) = propose(town, Proposal::Programme(Box::new(terms)), OFFICER) {
                let _ = settle(town, number, true, APPROVER);
            }
        }
        Act::Back(reference, yen) => {
            let reference = format!("back {reference}");
            let back = Proposal::ReturnFunds { programme: 101, amount: Yen::new(*yen), reference };
            if let Ok(number) = propose(town, back, OFFICER) {
                let _ = settle(town, number, true, APPROVER);
            }
        }
        Act::Merge(from, into) => {
            // Two of the people in the files have temporary IDs.
            let from = person(205 + from);
            town.event(&Event::Command(Command::Merge { from, into: person(*into), by: "op".into() }));
        }
        // The process dies: the state is what the journal says.
        Act::Crash => {
            let mut again = State::new();
            for (record, seq) in town.journal.iter().zip(1..) {
                again.apply(seq, record).unwrap();
            }
            assert_eq!(again, town.state, "a restart finds the same");
            town.state = again;
        }
        Act::Night => {
            town.now = Millis(town.now.0 + 86_400_000);
            town.event(&Event::Tick { keep_days: 400 });
        }
    }
}

/// Adds the whole journal up by hand, with nothing of the state but which account is what.
pub(super) fn audit(town: &Town) {
    let Some(view) = town.state.relief_programme(101) else { return };
    let key = |id| town.state.book.account(id).unwrap().key;
    // Money in and out of the programme, by where it came from and went to.
    let (mut came, mut spent, mut left) = (0_i64, 0_i64, 0_i64);
    for record in &town.journal {
        for t in record.body.transfers() {
            if matches!(t.kind, kazasu_ledger::TransferKind::Hold | kazasu_ledger::TransferKind::Void(_)) {
                continue;
            }
            let yen = t.amount.get();
            match (key(t.debit), key(t.credit)) {
                // The operator bears what a bank keeps of a transfer that comes back.
                (AccountKey::Bank | AccountKey::BankFees, AccountKey::PurseFund(101)) => came += yen,
                (AccountKey::PurseFund(101), AccountKey::BankFees) => came -= yen,
                (AccountKey::PurseFund(101) | AccountKey::ReliefTransit(101), AccountKey::Bank) => left += yen,
                // A line that was undone: the bank did not take it.
                (AccountKey::Bank, AccountKey::ReliefTransit(101)) => left -= yen,
                (AccountKey::Purse(..), AccountKey::MerchantPayable(..)) => spent += yen,
                (AccountKey::MerchantPayable(..), AccountKey::Purse(..)) => spent -= yen,
                _ => {}
            }
        }
    }
    let here = view.fund.get() + view.transit.get() + view.in_purses.get();
    assert_eq!(came, here + spent + left, "every yen of the city is in exactly one place");
    // The budget, by its rows.
    assert_eq!(view.terms.budget.get(), view.budget_left.get() + view.committed.get() + view.executed.get());
    let (mut committed, mut executed, mut transit, mut owed) = (0, 0, 0, 0);
    for batch in &view.batches {
        let batch = town.state.relief_batch(*batch).unwrap();
        let granted: i64 = batch.total.get();
        let rows = town.state.relief_rows(batch.number, None, 0, 1_000);
        let sum =
            |wanted: &[&str]| rows.iter().filter(|r| wanted.contains(&r.state)).map(|r| r.amount.get()).sum::<i64>();
        let repaid: i64 = rows.iter().map(|r| r.repaid.get()).sum();
        owed += rows.iter().map(|r| r.claimed.get() - r.repaid.get()).sum::<i64>();
        let done = sum(&["credited", "sent", "claimed", "adjusted"]);
        let returned = sum(&["returned"]);
        match (batch.step, view.terms.method) {
            (Some(Step::Committed | Step::Ordered), _) => committed += granted,
            (Some(Step::Released | Step::Reported), Method::Purse) => {
                committed += granted - done;
                executed += done - repaid;
                transit += granted - done;
            }
            (Some(Step::Released | Step::Reported), Method::Transfer) => {
                executed += granted - returned - repaid;
                transit += granted - done - returned;
            }
            _ => assert_eq!(done, 0, "nothing is paid before the release"),
        }
    }
    assert_eq!((view.committed.get(), view.executed.get()), (committed, executed), "rows and budget agree");
    assert_eq!((view.transit.get(), view.receivable.get()), (transit, owed));
    assert!(town.state.relief.is_complete());
}

/// The paid amount, by the meaning of a PPID.
pub(super) fn paid_to(town: &Town, who: impl Fn(Ppid) -> Ppid) -> std::collections::HashMap<Ppid, i64> {
    let mut payees = std::collections::HashMap::new();
    for batch in 0..town.state.relief_batches() {
        for row in town.state.relief_rows(batch, None, 0, 1_000) {
            let paid = ["credited", "sent", "claimed", "adjusted"].contains(&row.state);
            if let Some(ppid) = row.ppid.filter(|_| paid) {
                *payees.entry(who(ppid)).or_default() += row.amount.get();
            }
        }
    }
    payees
}

/// The person behind an ID.
pub(super) fn root(town: &Town, ppid: Ppid) -> Ppid {
    town.state.people.residents.get(&ppid).map_or(ppid, |at| town.state.holder(town.state.root(*at)).ppid)
}

/// A refused row of a batch that is not decided is refused by something that is there.
pub(super) fn refused_for_a_reason(town: &Town) {
    for (batch, number) in town.state.relief.batches.iter().zip(0_u32..) {
        let open = matches!(batch.step, None | Some(Step::Applied | Step::Assessed));
        for (row, at) in batch.rows.iter().zip(0_u32..).filter(|(row, _)| open && row.state == RowState::Waiting) {
            if row.issues & issue::NEVER != 0 {
                assert_ne!(town.state.refusal((number, at), row), 0, "row {at} of batch {number} waits for nothing");
            }
        }
    }
}

/// No row of any batch is credited twice, and no payee gets more than the ceiling.
pub(super) fn credited_once(town: &Town) {
    let mut seen = std::collections::HashSet::new();
    for record in &town.journal {
        if let Body::ReliefCredited(r) = &record.body {
            for row in r.rows.iter().chain(&r.withheld) {
                assert!(seen.insert((r.batch, *row)), "row {row} of batch {} was credited twice", r.batch);
            }
        }
    }
    let payees = paid_to(town, |ppid| ppid);
    assert!(payees.values().all(|yen| *yen <= 3_000), "no payee gets more than the ceiling: {payees:?}");
    let mut households = std::collections::HashMap::<[u8; 16], u32>::new();
    for batch in 0..town.state.relief_batches() {
        for row in town.state.relief_transfers(batch) {
            if row.state == RowState::Sent {
                *households.entry(row.dedup).or_default() += 1;
            }
        }
    }
    assert!(households.values().all(|n| *n == 1), "a household gets its event's money once: {households:?}");
}

#[test]
fn every_yen_of_the_budget_is_in_exactly_one_place() {
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 1_200, ..ProptestConfig::default() });
    let came = std::cell::RefCell::new(std::collections::BTreeMap::<u8, u32>::new());
    let acts = proptest::collection::vec(act(), 20..160);
    let result = runner.run(&(acts, any::<bool>()), |(acts, transfer)| {
        let method = if transfer { Method::Transfer } else { Method::Purse };
        let mut town = Town::new();
        programme(&mut town, terms(method));
        fund(&mut town, 8_000, "first").unwrap();
        for who in [205, 206] {
            let issue = Command::IssueTemporary { ppid: person(who), until: None, by: "op".into() };
            town.event(&Event::Command(issue));
        }
        let mut paid = Vec::new();
        // What each person had been paid when they were last found to be one with another.
        let mut before = std::collections::HashMap::<Ppid, i64>::new();
        for act in &acts {
            perform(&mut town, act, method, &mut paid);
            audit(&town);
            if let Act::Merge(..) = act {
                let now = paid_to(&town, |ppid| root(&town, ppid));
                before.extend(now);
            }
            if method == Method::Purse {
                refused_for_a_reason(&town);
            }
        }
        credit_all(&mut town);
        audit(&town);
        credited_once(&town);
        // A ceiling that was passed before people became one is not passed further.
        for (ppid, yen) in paid_to(&town, |ppid| root(&town, ppid)) {
            let most = before.get(&ppid).copied().unwrap_or_default().max(3_000);
            assert!(method == Method::Transfer || yen <= most, "{ppid} got {yen}, at most {most}");
        }
        town.check_replay();
        town.journal.iter().for_each(|record| *came.borrow_mut().entry(record.body.kind()).or_default() += 1);
        Ok(())
    });
    result.unwrap();
    // A history in which nothing happens proves nothing.
    for kind in (32..=42).chain([60]) {
        let n = came.borrow().get(&kind).copied().unwrap_or(0);
        assert!(n >= 5, "{} came {n} times: {came:?}", kazasu_ledger::record::kind_name(kind).unwrap());
    }
}
