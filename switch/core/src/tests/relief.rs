//! Relief: each step and refusal, and random histories in which every yen of the budget must be in exactly one place.

mod beaten;
mod ceiling;
mod keys;
mod lines;
mod model;

use super::*;
use crate::Refusal as No;
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{Aside, CardStatus, FileDigest, MadeFile, Proposal};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::policy::Place;
use kazasu_schemas::relief::{
    Application, DuplicateRule, Format, Funding, Method, RowChange, SealedAccount, Step, Terms, issue,
};
use kazasu_schemas::zengin::statement::Direction;
use model::{audit, refused_for_a_reason};
use proptest::prelude::*;

const OFFICER: &str = "sato";
const APPROVER: &str = "suzuki";
const TREASURER: &str = "tanaka";

fn day(text: &str) -> BusinessDay {
    BusinessDay::parse(text).unwrap()
}

fn terms(method: Method) -> Terms {
    Terms {
        number: 101,
        name: "水害見舞金".into(),
        city: "13361".into(),
        legal_basis: "条例".into(),
        budget_line: Some("3-4-1-20 扶助費".into()),
        budget: Yen::new(10_000),
        ceiling: Yen::new(3_000),
        duplicates: DuplicateRule::Largest,
        place: Place::default(),
        from: None,
        until: day("2027-03-31"),
        closes: None,
        method,
        funding: (method == Method::Transfer).then(|| Funding {
            client_code: "0000000001".into(),
            client_name: "ｼ".into(),
            bank: "9999".into(),
            bank_name: "B".into(),
            branch: "001".into(),
            branch_name: "B".into(),
            kind: 1,
            account: "0000001".into(),
            most: 2,
        }),
        events: Vec::new(),
    }
}

fn relief(town: &mut Town, ask: Relief) -> Result<Done, String> {
    done(town, Command::Relief(ask))
}

fn done(town: &mut Town, command: Command) -> Result<Done, String> {
    let decision = town.event(&Event::Command(command));
    match (decision.rejected, decision.body) {
        (Some(why), _) => Err(why.to_string()),
        (None, Some(_)) => Ok(Done::Recorded),
        (None, None) => Ok(Done::Unchanged),
    }
}

fn why() -> String {
    "試験".into()
}

fn propose(town: &mut Town, proposal: Proposal, by: &str) -> Result<u64, String> {
    let ask = Approvals::Request { proposal: Box::new(proposal), source: "file".into(), said: said(by, why()) };
    done(town, Command::Approvals(ask)).map(|_| town.state.seq)
}

fn settle(town: &mut Town, proposal: u64, approve: bool, by: &str) -> Result<Done, String> {
    done(
        town,
        Command::Approvals(Approvals::Decide {
            proposal,
            answer: if approve { crate::ApprovalAnswer::Approve } else { crate::ApprovalAnswer::Deny },
            seen: None,
            said: said(by, why()),
        }),
    )
}

fn programme(town: &mut Town, terms: Terms) {
    let number = propose(town, Proposal::Programme(Box::new(terms)), OFFICER).unwrap();
    settle(town, number, true, APPROVER).unwrap();
}

fn fund(town: &mut Town, yen: i64, reference: &str) -> Result<(), String> {
    let (amount, by) = (Yen::new(yen), TREASURER.into());
    let command = Command::FundProgramme { programme: 101, amount, reference: reference.into(), by };
    town.event(&Event::Command(command)).rejected.map_or(Ok(()), |why| Err(why.to_string()))
}

fn row(line: u32, who: Option<u8>, household: u8, yen: i64) -> Application {
    Application {
        line,
        ppid: who.map(person),
        dedup: [household; 16],
        amount: Yen::new(yen),
        damage: String::new(),
        account: None,
        supplement: false,
        issues: 0,
    }
}

fn to_account(line: u32, household: u8, yen: i64, account: u8) -> Application {
    let sealed = SealedAccount { sealed: vec![1, account], token: [account; 16], name: [account; 16] };
    Application { account: Some(sealed), ..row(line, Some(household), household, yen) }
}

fn open(town: &mut Town, digest: u8) -> Result<Done, String> {
    relief(town, Relief::OpenBatch { programme: 101, name: "f.csv".into(), digest: [digest; 32], by: OFFICER.into() })
}

fn step(town: &mut Town, batch: u32, step: Step, by: &str) -> Result<Done, String> {
    let transfer = town.state.relief_method(batch) == Some(Method::Transfer);
    let value_date = (transfer && step == Step::Released).then(|| day("2026-11-27"));
    relief(town, Relief::Step { batch, step, value_date, refused: 0, said: said(by, why()) })
}

fn import(town: &mut Town, digest: u8, rows: Vec<Application>) -> u32 {
    assert_eq!(open(town, digest), Ok(Done::Recorded));
    let batch = town.state.relief_batches() - 1;
    relief(town, Relief::AddRows { batch, first: 0, rows }).unwrap();
    step(town, batch, Step::Applied, OFFICER).unwrap();
    batch
}

fn approve(town: &mut Town, batch: u32) {
    step(town, batch, Step::Assessed, OFFICER).unwrap();
    for next in [Step::Decided, Step::Committed, Step::Ordered] {
        step(town, batch, next, APPROVER).unwrap();
    }
}

fn credit_all(town: &mut Town) {
    while town.event(&Event::Tick { keep_days: 400 }).body.is_some() {}
}

fn set(town: &mut Town, batch: u32, row: u32, change: RowChange) -> Result<Done, String> {
    relief(town, Relief::SetRow { batch, row, change, said: said(OFFICER, why()) })
}

/// A line of the bank's statement, as its reader books it.
fn line(town: &mut Town, reference: &str, what: Booking) -> Result<Done, String> {
    let line = StatementLine {
        reference: reference.to_owned(),
        what,
        day: None,
        statement: Some(FileDigest([1; 32])),
        alike: Alike::Waits,
        seen: None,
        said: said(TREASURER, why()),
    };
    let decision = town.event(&Event::Command(Command::Line(Box::new(line))));
    decision
        .rejected
        .map_or(Ok(if decision.body.is_some() { Done::Recorded } else { Done::Unchanged }), |why| Err(why.to_string()))
}

/// Two people undo what was booked as a line.
fn undo(town: &mut Town, reference: &str) -> Result<Done, String> {
    let undone = Proposal::UndoBooking { reference: reference.to_owned(), payer: None };
    let proposal = propose(town, undone, TREASURER)?;
    settle(town, proposal, true, APPROVER)
}

/// Lines of the bank that were booked, in their order, also those that were undone since.
fn booked_lines(town: &Town) -> Vec<String> {
    let reference = |body: &Body| match body {
        Body::ReliefSent(r) => Some(r.reference.clone()),
        Body::ReliefReturned(r) => Some(r.reference.clone()),
        _ => None,
    };
    town.journal.iter().filter_map(|record| reference(&record.body)).collect()
}

fn balance(town: &Town, key: impl Fn(&AccountKey) -> bool) -> i64 {
    town.state.book.accounts().filter(|(_, a)| key(&a.key)).map(|(_, a)| a.balance().get()).sum()
}

fn states(town: &Town, batch: u32) -> Vec<&'static str> {
    town.state.relief_rows(batch, None, 0, 100).iter().map(|row| row.state).collect()
}

fn issues(town: &Town, batch: u32) -> Vec<u16> {
    town.state.relief_rows(batch, None, 0, 100).iter().map(|row| row.issues).collect()
}

#[test]
fn a_citys_money_goes_from_budget_to_purse_to_shop_and_what_is_left_goes_back() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    fund(&mut town, 6_000, "payment 1").unwrap();
    let rows = vec![row(2, Some(1), 1, 2_000), row(3, Some(2), 2, 1_000), row(4, Some(3), 3, 500)];
    let batch = import(&mut town, 1, rows);
    approve(&mut town, batch);
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefCommitted(101)), 3_500);
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 0, "nothing before the treasurer");
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    assert_eq!(states(&town, batch), ["credited"; 3]);
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefExecuted(101)), 3_500);
    let (paid, code) = town.purchase(1, 1_500);
    assert_eq!(code, "00", "it is spent the same second");
    let refund = town.about(Operation::Refund, &paid, 400);
    assert_eq!(town.code(&refund), "00");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 2_400);
    // The last day passes: what is left is the city's again, and goes back with two people.
    town.now = Millis(day("2027-04-01").start().0 + 1);
    credit_all(&mut town);
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 0);
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 6_000 - 3_500 + 2_400);
    let back = Proposal::ReturnFunds { programme: 101, amount: Yen::new(4_900), reference: "back".into() };
    let number = propose(&mut town, back, OFFICER).unwrap();
    assert_eq!(settle(&mut town, number, true, OFFICER), Err("sato requested it; another person must decide".into()));
    settle(&mut town, number, true, APPROVER).unwrap();
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 0);
    step(&mut town, batch, Step::Reported, OFFICER).unwrap();
    town.check_replay();
}

#[test]
fn every_step_needs_the_one_before_it_and_another_person() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    let batch = import(&mut town, 1, vec![row(2, Some(1), 1, 2_000)]);
    let order = |town: &mut Town, next| step(town, batch, next, APPROVER).unwrap_err();
    assert!(order(&mut town, Step::Decided).contains("is applied; decided follows assessed"));
    step(&mut town, batch, Step::Assessed, OFFICER).unwrap();
    assert!(order(&mut town, Step::Ordered).contains("follows committed"));
    assert_eq!(
        step(&mut town, batch, Step::Decided, OFFICER),
        Err("sato was officer of this batch; another person must be its approver".into())
    );
    for next in [Step::Decided, Step::Committed, Step::Ordered] {
        assert_eq!(step(&mut town, batch, next, APPROVER), Ok(Done::Recorded));
        assert_eq!(step(&mut town, batch, next, APPROVER), Ok(Done::Unchanged), "once more changes nothing");
    }
    for who in [OFFICER, APPROVER] {
        assert!(step(&mut town, batch, Step::Released, who).unwrap_err().contains("another person"), "{who}");
    }
    let short = step(&mut town, batch, Step::Released, TREASURER).unwrap_err();
    assert!(short.contains("has ¥0 left, ¥2,000 was asked for"), "{short}");
    fund(&mut town, 2_000, "one").unwrap();
    assert_eq!(step(&mut town, batch, Step::Released, TREASURER), Ok(Done::Recorded));
    assert!(step(&mut town, batch, Step::Cancelled, APPROVER).is_err(), "too late");
    assert!(step(&mut town, batch, Step::Reported, OFFICER).unwrap_err().contains("1 purses are not credited yet"));
    assert_eq!(step(&mut town, batch, Step::Released, TREASURER), Ok(Done::Unchanged));
    credit_all(&mut town);
    step(&mut town, batch, Step::Reported, OFFICER).unwrap();
    // No other command credits a city's purses.
    let (ppid, amount, by) = (person(1), Yen::new(1), "operator".into());
    let credit = Command::CreditPurse { ppid, programme: 101, amount, reference: "x".into(), by };
    let why = town.event(&Event::Command(credit)).rejected.unwrap().to_string();
    assert!(why.contains("goes through batches"), "{why}");
    town.check_replay();
}

#[test]
fn what_is_wrong_with_rows_is_found_and_people_say_what_follows() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    fund(&mut town, 10_000, "one").unwrap();
    let held = Command::SetCard { ppid: person(2), status: CardStatus::Suspended, said: said("op", why()) };
    town.event(&Event::Command(held));
    let batch = import(
        &mut town,
        1,
        vec![
            row(2, Some(1), 1, 1_000),
            row(3, None, 2, 500),
            row(4, Some(99), 3, 600),
            row(5, Some(2), 4, 700),
            row(6, Some(3), 5, 3_001),
            row(7, Some(1), 1, 1_200),
            row(8, Some(1), 1, 900),
            row(9, Some(1), 6, 1_801),
            Application { supplement: true, ..row(10, Some(1), 1, 300) },
        ],
    );
    let found = [
        issue::SMALLER,
        issue::NO_ID,
        issue::UNKNOWN_ID,
        issue::CARD_NOT_GOOD,
        issue::ABOVE_CEILING,
        0,
        issue::SMALLER,
        issue::ABOVE_CEILING,
        issue::SUPPLEMENT,
    ];
    assert_eq!(issues(&town, batch), found);
    set(&mut town, batch, 8, RowChange::Accept).unwrap();
    assert!(set(&mut town, batch, 4, RowChange::Accept).unwrap_err().contains("above_ceiling"));
    assert!(set(&mut town, batch, 1, RowChange::Accept).unwrap_err().contains("no_id"));
    set(&mut town, batch, 2, RowChange::Accept).unwrap();
    set(&mut town, batch, 3, RowChange::Accept).unwrap();
    let temporary = Command::IssueTemporary { ppid: person(50), until: None, by: "op".into() };
    town.event(&Event::Command(temporary));
    set(&mut town, batch, 1, RowChange::Assign(person(50))).unwrap();
    assert!(set(&mut town, batch, 1, RowChange::Assign(person(77))).unwrap_err().contains("is not known"));
    set(&mut town, batch, 4, RowChange::Amount(Yen::new(2_900))).unwrap();
    // Else it would take the room below the ceiling that the next one leaves.
    set(&mut town, batch, 7, RowChange::Exclude).unwrap();
    set(&mut town, batch, 5, RowChange::Exclude).unwrap();
    // When the largest is out, the next largest stands for the household; once it is in again, it is a duplicate of that.
    assert_eq!(issues(&town, batch)[0], 0);
    set(&mut town, batch, 0, RowChange::Exclude).unwrap();
    set(&mut town, batch, 6, RowChange::Exclude).unwrap();
    assert_eq!(set(&mut town, batch, 5, RowChange::Include), Ok(Done::Recorded));
    assert_eq!(set(&mut town, batch, 5, RowChange::Include), Ok(Done::Unchanged));
    let view = town.state.relief_batch(batch).unwrap();
    assert_eq!((view.count, view.total), (6, Yen::new(500 + 600 + 700 + 2_900 + 1_200 + 300)));
    approve(&mut town, batch);
    assert!(set(&mut town, batch, 0, RowChange::Exclude).unwrap_err().contains("only before it is assessed"));
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    let credited =
        ["excluded", "credited", "credited", "credited", "credited", "credited", "excluded", "excluded", "credited"];
    assert_eq!(states(&town, batch), credited);
    // The household cannot apply again for the event, in another file neither; another household can.
    let second = import(&mut town, 2, vec![row(2, Some(1), 1, 2_999), row(3, Some(5), 9, 100)]);
    assert_eq!(issues(&town, second)[0] & issue::DUPLICATE, issue::DUPLICATE);
    assert_eq!(issues(&town, second)[1], 0);
    // The same file once more is the same batch.
    assert_eq!(open(&mut town, 2), Ok(Done::Unchanged));
    assert_eq!(town.state.relief_batch_of(101, &[2; 32]), Some((second, 2, true)));
    // The person without a card gets one: the purse goes with the temporary ID.
    let merge = Command::Merge { from: person(50), into: person(3), by: "op".into() };
    assert_eq!(town.event(&Event::Command(merge)).rejected, None);
    assert_eq!(town.state.resident(&person(3), town.state.day).unwrap().purses[0].available, 2_900 + 500);
    town.check_replay();
}

#[test]
fn rows_come_in_order_and_a_file_that_was_cut_short_goes_on() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    open(&mut town, 1).unwrap();
    let rows = |from: u8| (from..from + 3).map(|n| row(u32::from(n) + 2, Some(1), n, 10)).collect::<Vec<_>>();
    let add = |town: &mut Town, first, rows| relief(town, Relief::AddRows { batch: 0, first, rows });
    add(&mut town, 0, rows(0)).unwrap();
    assert!(add(&mut town, 4, rows(4)).unwrap_err().contains("the next one is row 3, got 4"));
    assert_eq!(add(&mut town, 0, rows(0)), Ok(Done::Unchanged), "they are there");
    assert_eq!(add(&mut town, 2, rows(2)), Ok(Done::Recorded), "two of three are new");
    assert_eq!(town.state.relief_batch(0).unwrap().rows, 5);
    assert_eq!(open(&mut town, 1), Ok(Done::Unchanged));
    step(&mut town, 0, Step::Applied, OFFICER).unwrap();
    assert!(add(&mut town, 5, rows(5)).unwrap_err().contains("takes no more rows"));
    assert_eq!(issues(&town, 0), [0; 5]);
    town.check_replay();
}

#[test]
fn budgets_and_terms_have_their_limits() {
    let mut town = Town::new();
    let mut big = terms(Method::Purse);
    programme(&mut town, big.clone());
    fund(&mut town, 50_000, "one").unwrap();
    let batches: Vec<u32> = (0..4).map(|n| import(&mut town, n, vec![row(2, Some(1 + n), n, 3_000)])).collect();
    for batch in &batches[..3] {
        approve(&mut town, *batch);
    }
    step(&mut town, batches[3], Step::Assessed, OFFICER).unwrap();
    step(&mut town, batches[3], Step::Decided, APPROVER).unwrap();
    let short = step(&mut town, batches[3], Step::Committed, APPROVER).unwrap_err();
    assert_eq!(short, "programme 101 has ¥1,000 of budget left, ¥3,000 was asked for");
    // Lowering below what is committed, changing what is fixed, ending in the past: refused.
    let ask = |town: &mut Town, terms: &Terms| propose(town, Proposal::Programme(Box::new(terms.clone())), OFFICER);
    big.budget = Yen::new(8_999);
    assert!(ask(&mut town, &big).unwrap_err().contains("¥1,000 of budget left, ¥1,001"));
    big.budget = Yen::new(12_000);
    assert!(
        ask(&mut town, &Terms { method: Method::Transfer, funding: terms(Method::Transfer).funding, ..big.clone() })
            .unwrap_err()
            .contains("disbursement method")
    );
    assert!(ask(&mut town, &Terms { until: day("2026-11-20"), ..big.clone() }).unwrap_err().contains("past"));
    let number = ask(&mut town, &big).unwrap();
    let other = Box::new(Terms { budget: Yen::new(13_000), ..big.clone() });
    assert!(propose(&mut town, Proposal::Programme(other), "ito").unwrap_err().contains("decide it first"));
    settle(&mut town, number, false, APPROVER).unwrap();
    assert!(step(&mut town, batches[3], Step::Committed, APPROVER).is_err(), "a denial changes nothing");
    programme(&mut town, big);
    step(&mut town, batches[3], Step::Committed, APPROVER).unwrap();
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefBudget(101)), 0);
    // A batch that is given up gives its budget and its households back.
    step(&mut town, batches[3], Step::Cancelled, APPROVER).unwrap();
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefBudget(101)), 3_000);
    let again = import(&mut town, 9, vec![row(2, Some(4), 3, 3_000)]);
    assert_eq!(issues(&town, again), [0]);
    assert!(step(&mut town, batches[3], Step::Ordered, APPROVER).is_err());
    town.check_replay();
}

#[test]
fn a_claim_never_cuts_a_purse_and_what_is_given_back_can_be_committed_again() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    fund(&mut town, 5_000, "one").unwrap();
    let batch = import(&mut town, 1, vec![row(2, Some(1), 1, 2_000)]);
    let claim = |right| Proposal::Claim { batch, row: 0, right: Yen::new(right) };
    assert!(propose(&mut town, claim(0), OFFICER).unwrap_err().contains("not paid yet"));
    approve(&mut town, batch);
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    assert!(
        propose(&mut town, claim(2_000), OFFICER).unwrap_err().contains("must be 0 to ¥2,000 and another than now")
    );
    let number = propose(&mut town, claim(500), OFFICER).unwrap();
    settle(&mut town, number, true, APPROVER).unwrap();
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 2_000, "the purse is as it was");
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefReceivable(101)), 1_500);
    assert_eq!(states(&town, batch), ["claimed"]);
    let repaid = |town: &mut Town, yen, from_purse, reference: &str| {
        let (amount, reference, by) = (Yen::new(yen), reference.into(), TREASURER.into());
        relief(town, Relief::Repaid { batch, row: 0, amount, from_purse, reference, by })
    };
    assert!(repaid(&mut town, 1_501, false, "a").unwrap_err().contains("¥1,500 is owed, got ¥1,501"));
    assert_eq!(repaid(&mut town, 1_000, true, "a"), Ok(Done::Recorded));
    assert_eq!(repaid(&mut town, 1_000, true, "a"), Ok(Done::Unchanged), "once");
    assert_eq!(repaid(&mut town, 500, false, "b"), Ok(Done::Recorded));
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 1_000);
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefReceivable(101)), 0);
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefBudget(101)), 8_000 + 1_500);
    assert_eq!(states(&town, batch), ["adjusted"]);
    // What was given back cannot be waived; what is claimed more and not given back can.
    assert!(propose(&mut town, claim(600), OFFICER).unwrap_err().contains("must be 0 to ¥500"));
    for right in [100, 500] {
        let number = propose(&mut town, claim(right), OFFICER).unwrap();
        settle(&mut town, number, true, APPROVER).unwrap();
    }
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefReceivable(101)), 0);
    town.check_replay();
}

#[test]
fn nobody_gets_more_than_the_ceiling_whoever_had_the_smaller_damage() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    // Person 2 has 2,700 already; the household's smaller damage was person 1's.
    let batch = import(
        &mut town,
        1,
        vec![row(2, Some(2), 9, 2_700), row(3, Some(1), 1, 500), row(4, Some(2), 1, 600), row(5, Some(1), 3, 3_000)],
    );
    assert_eq!(issues(&town, batch), [0, 0, issue::ABOVE_CEILING, issue::ABOVE_CEILING]);
    // One person under two IDs is one payee, also when that is found out after the file was read in.
    let temporary = Command::IssueTemporary { ppid: person(60), until: None, by: "op".into() };
    town.event(&Event::Command(temporary));
    let second = import(&mut town, 2, vec![row(2, Some(60), 20, 2_000), row(3, Some(3), 21, 2_000)]);
    let merge = Command::Merge { from: person(60), into: person(3), by: "op".into() };
    assert_eq!(town.event(&Event::Command(merge)).rejected, None);
    let why = step(&mut town, second, Step::Assessed, OFFICER).unwrap_err();
    assert!(why.contains("would get ¥4,000 of this programme, at most ¥3,000"), "{why}");
    set(&mut town, second, 1, RowChange::Exclude).unwrap();
    step(&mut town, second, Step::Assessed, OFFICER).unwrap();
    town.check_replay();
}

#[test]
fn one_payment_may_be_for_two_rows_and_files_are_cut_as_they_were_made() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Transfer));
    fund(&mut town, 9_000, "one").unwrap();
    let rows = (0..5).map(|n| to_account(u32::from(n) + 2, n, 1_000, n)).collect();
    let batch = import(&mut town, 1, rows);
    approve(&mut town, batch);
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    // The bank takes more in one file from now on: the files of this batch stay as they were.
    let mut other = terms(Method::Transfer);
    other.funding.as_mut().unwrap().most = 5;
    programme(&mut town, other);
    let files = [(2, 2_000), (2, 2_000), (1, 1_000)];
    let files = files.map(|(count, yen)| MadeFile { count, total: Yen::new(yen), digest: [7; 32] }).to_vec();
    let by = || TREASURER.to_owned();
    relief(&mut town, Relief::FileMade { batch, format: Format::Zengin, files, by: by() }).unwrap();
    relief(&mut town, Relief::Sent { batch, file: 1, reference: "l".into(), said: said(by(), "") }).unwrap();
    assert_eq!(states(&town, batch), ["released", "released", "sent", "sent", "released"]);
    for row in [2, 3] {
        let claim = Proposal::Claim { batch, row, right: Yen::ZERO };
        let number = propose(&mut town, claim, OFFICER).unwrap();
        settle(&mut town, number, true, APPROVER).unwrap();
        let repaid = Relief::Repaid {
            batch,
            row,
            amount: Yen::new(1_000),
            from_purse: false,
            reference: "F-123".into(),
            by: by(),
        };
        assert_eq!(relief(&mut town, repaid.clone()), Ok(Done::Recorded), "row {row}");
        assert_eq!(relief(&mut town, repaid), Ok(Done::Unchanged), "row {row}");
    }
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefReceivable(101)), 0);
    town.check_replay();
}

#[test]
fn what_is_credited_after_the_end_goes_back_too() {
    let mut town = Town::new();
    let closes = Some(Millis(NOON.0 + 60_000));
    programme(&mut town, Terms { until: NOON.jst_day(), closes, ..terms(Method::Purse) });
    fund(&mut town, 9_000, "one").unwrap();
    let first = import(&mut town, 1, vec![row(2, Some(1), 1, 1_000)]);
    approve(&mut town, first);
    step(&mut town, first, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    let second = import(&mut town, 2, vec![row(2, Some(1), 2, 2_000)]);
    approve(&mut town, second);
    step(&mut town, second, Step::Released, TREASURER).unwrap();
    // The process was down over the end.
    town.now = Millis(NOON.0 + 90_000);
    credit_all(&mut town);
    town.now = Millis(town.now.0 + 86_400_000);
    credit_all(&mut town);
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 0);
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 9_000);
    town.check_replay();
}

#[test]
fn refusals_have_words() {
    let mut town = Town::new();
    let unknown = open(&mut town, 1).unwrap_err();
    assert_eq!(unknown, No::UnknownProgramme(101).to_string());
    assert!(settle(&mut town, 7, true, APPROVER).unwrap_err().contains("request 7 is not open"));
    assert!(step(&mut town, 7, Step::Assessed, OFFICER).unwrap_err().contains("batch 7 is not known"));
    let none = Terms { funding: None, ..terms(Method::Transfer) };
    assert!(propose(&mut town, Proposal::Programme(Box::new(none)), OFFICER).unwrap_err().contains("[funding]"));
    programme(&mut town, terms(Method::Purse));
    let batch = import(&mut town, 1, Vec::new());
    step(&mut town, batch, Step::Assessed, OFFICER).unwrap();
    assert!(step(&mut town, batch, Step::Decided, APPROVER).unwrap_err().contains("no row that can be paid"));
    assert!(set(&mut town, batch, 0, RowChange::Exclude).unwrap_err().contains("only before it is assessed"));
    town.now = Millis(day("2027-04-01").start().0);
    assert!(open(&mut town, 3).unwrap_err().contains("was over on 2027-03-31"));
}

#[test]
fn a_programme_can_close_in_the_middle_of_a_day() {
    let mut town = Town::new();
    let closes = Some(Millis(NOON.0 + 60_000));
    programme(&mut town, Terms { until: NOON.jst_day(), closes, ..terms(Method::Purse) });
    fund(&mut town, 2_000, "one").unwrap();
    let batch = import(&mut town, 1, vec![row(2, Some(1), 1, 2_000)]);
    approve(&mut town, batch);
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    town.now = Millis(NOON.0 + 59_999);
    assert_eq!(town.purchase(1, 500).1, "00");
    assert_eq!(town.available(1), 10_000, "the purse paid");
    town.now = Millis(NOON.0 + 60_000);
    assert_eq!(town.purchase(1, 500).1, "00");
    assert_eq!(town.available(1), 9_500, "the purse is over");
    credit_all(&mut town);
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 1_500);
    town.check_replay();
}
