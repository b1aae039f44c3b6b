//! A day goes forward only, and its exceptions have owners.

use super::*;

pub(super) const DIFFERENCE: [u8; 16] = [7; 16];
/// What the exception is about: a payment that issuer 1 does not have.
pub(super) const MISSING: Yen = Yen::new(100);

/// Why a command is refused; nothing where it is done.
pub(super) fn refused(town: &mut Town, command: Command) -> Option<String> {
    town.event(&Event::Command(command)).rejected.map(|why| why.to_string())
}

pub(super) fn mark(day: BusinessDay, state: DayState) -> Command {
    Command::Closing(Closing::Mark { day, state, said: said("t", "t") })
}

#[test]
fn a_day_goes_forward_only_and_differences_are_in_somebodys_hands() {
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap();
    use proptest::strategy::ValueTree;
    let mut town = Town::new(list.current());
    let day = town.state.day;
    a_day_ends_is_reconciled_and_then_settled(&mut town, day);
    a_file_is_compared_once(&mut town, day);
    a_difference_is_raised_once_and_needs_an_owner(&mut town, day);
    a_settled_day_stays_settled(&mut town, day);
    two_people_resolve_a_difference_once(&mut town);
}

pub(super) fn a_day_ends_is_reconciled_and_then_settled(town: &mut Town, day: BusinessDay) {
    assert_eq!(
        refused(town, mark(day, DayState::Reconciled)).unwrap(),
        format!("business day {day} has not ended, or is before this book")
    );
    town.now = Millis(town.now.0 + DAY);
    town.event(&Event::Tick { keep_days: 400 });
    let why = refused(town, mark(day, DayState::Settled)).unwrap();
    assert!(why.contains("is cut_over; settled follows reconciled"), "{why}");
}

pub(super) fn a_file_is_compared_once(town: &mut Town, day: BusinessDay) {
    let ran = kazasu_ledger::record::ReconRan {
        run: 0,
        against: kazasu_schemas::closing::Against::Issuer,
        party: "1".into(),
        digest: [1; 32],
        period: kazasu_schemas::contract::Period { from: day, until: day },
        lines: [1, 0],
        matched: 0,
        matched_yen: Yen::ZERO,
        bad_lines: 0,
        exceptions: 1,
        by: "t".into(),
    };
    town.ok(Command::Closing(Closing::Ran(Box::new(ran.clone()))));
    let before = town.state.seq;
    town.ok(Command::Closing(Closing::Ran(Box::new(ran))));
    assert_eq!(town.state.seq, before, "the same file is compared once");
}

pub(super) fn a_difference_is_raised_once_and_needs_an_owner(town: &mut Town, day: BusinessDay) {
    let exception = kazasu_schemas::closing::ReconException {
        id: DIFFERENCE,
        status: "missing".into(),
        party: "issuer 1".into(),
        own: 1,
        ours: MISSING,
        theirs: Yen::ZERO,
        line: 0,
        day,
        why: "w".into(),
        proposal: "p".into(),
        finding: None,
        proposed: None,
    };
    for _ in 0..2 {
        town.ok(Command::Closing(Closing::Raise { run: 1, exceptions: vec![exception.clone()] }));
    }
    assert_eq!(town.state.exceptions(WhichExceptions::Open).len(), 1);
    assert!(refused(town, mark(day, DayState::Reconciled)).unwrap().starts_with("1 exceptions of"));
    let note = Closing::Note { id: DIFFERENCE, owner: Some("sato".into()), note: "asked".into(), by: "sato".into() };
    town.ok(Command::Closing(note));
}

pub(super) fn a_settled_day_stays_settled(town: &mut Town, day: BusinessDay) {
    town.ok(mark(day, DayState::Reconciled));
    town.ok(mark(day, DayState::Settled));
    town.ok(mark(day, DayState::Reconciled));
    assert_eq!(town.state.day_state(day).unwrap().0, DayState::Settled, "no way back");
}

/// It is booked once, and nothing is deleted.
pub(super) fn two_people_resolve_a_difference_once(town: &mut Town) {
    let how = kazasu_schemas::closing::Resolution::BookedIssuer;
    let proposal = Box::new(Proposal::Resolve { id: DIFFERENCE, how });
    let ask = |by: &str| {
        let said = said(by, "w");
        Command::Approvals(Approvals::Request {
            proposal: proposal.clone(),
            source: kazasu_core::Document::default(),
            said,
        })
    };
    town.ok(ask("suzuki"));
    let number = town.state.seq;
    let settle = |by: &str| {
        Command::Approvals(Approvals::Decide {
            proposal: number,
            answer: kazasu_core::ApprovalAnswer::Approve,
            seen: None,
            said: said(by, "w"),
        })
    };
    assert!(refused(town, settle("suzuki")).is_some());
    town.ok(settle("tanaka"));
    assert!(refused(town, settle("tanaka")).is_some());
    assert_eq!(town.balance(|k| *k == AccountKey::Differences), MISSING.get());
    assert_eq!(town.balance(|k| matches!(k, AccountKey::IssuerReceivable(1))), -MISSING.get());
    assert_eq!(
        (town.state.exceptions(WhichExceptions::Open).len(), town.state.exceptions(WhichExceptions::All).len()),
        (0, 1)
    );
    assert!(refused(town, ask("suzuki")).unwrap().contains("nothing is resolved twice"));
}

/// An advice that comes a day late is booked on the open day, and says of which day it is.
#[test]
fn a_late_advice_names_its_own_day() {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    let (first, mmdd) = (town.state.day, town.state.day.mmdd());
    town.close(0);
    let mut own_day = |operation, processing, mti, date| {
        let mut advice = town.request(Operation::Completion, 1, 0, 500);
        (advice.operation, advice.processing, advice.mti) = (Some(operation), processing, Mti(mti));
        advice.local_date = date;
        assert!(town.event(&Event::Request(advice)).body.is_some());
        let entry = town.entries.last().unwrap();
        assert_eq!(entry.day, first.next(), "booked on the open day");
        let Body::Transaction(tapped) = Body::read(&entry.body).unwrap() else { panic!("a tap") };
        tapped.own_day
    };
    assert_eq!(own_day(Operation::PurchaseAdvice, 0, 220, Some(mmdd)), Some(first));
    assert_eq!(own_day(Operation::PurchaseAdvice, 0, 220, Some(first.next().mmdd())), None, "it is of the open day");
    assert_eq!(own_day(Operation::PurchaseAdvice, 0, 220, None), None, "it does not say");
    assert_eq!(own_day(Operation::Purchase, 0, 200, Some(mmdd)), None, "what happens now is of the open day");
}
