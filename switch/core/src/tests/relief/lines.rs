//! Transfers, the bank statement's lines about them, and undoing those lines.

use super::*;

#[test]
fn transfers_are_sent_once_and_what_comes_back_is_the_programmes_again() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Transfer));
    fund(&mut town, 9_000, "one").unwrap();
    let batch = import(
        &mut town,
        1,
        vec![
            to_account(2, 1, 1_000, 1),
            to_account(3, 2, 2_000, 2),
            to_account(4, 3, 500, 3),
            Application { account: None, ..to_account(5, 4, 100, 4) },
            to_account(6, 5, 100, 1),
        ],
    );
    assert_eq!(issues(&town, batch), [issue::SHARED_ACCOUNT, 0, 0, issue::NO_ACCOUNT, issue::SHARED_ACCOUNT]);
    assert!(set(&mut town, batch, 3, RowChange::Accept).unwrap_err().contains("no_account"));
    set(&mut town, batch, 0, RowChange::Accept).unwrap();
    approve(&mut town, batch);
    let made = |totals: &[i64]| -> Vec<MadeFile> {
        totals.iter().map(|yen| MadeFile { count: 2, total: Yen::new(*yen), digest: [7; 32] }).collect()
    };
    let file =
        |town: &mut Town, format, files| relief(town, Relief::FileMade { batch, format, files, by: TREASURER.into() });
    assert!(file(&mut town, Format::Zengin, made(&[3_000, 500])).unwrap_err().contains("follows released"));
    let early =
        Relief::Step { batch, step: Step::Released, value_date: None, refused: 0, said: said(TREASURER, why()) };
    assert!(relief(&mut town, early).unwrap_err().contains("needs the bank's day"));
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefTransit(101)), 3_500);
    let sent = |town: &mut Town, file, line: &str| {
        relief(town, Relief::Sent { batch, file, reference: line.into(), said: said(TREASURER, "") })
    };
    assert!(sent(&mut town, 0, "l1").unwrap_err().contains("has not been made"));
    assert_eq!(file(&mut town, Format::Zengin, made(&[3_000, 500])), Ok(Done::Recorded));
    assert_eq!(file(&mut town, Format::Zengin, made(&[3_000, 500])), Ok(Done::Unchanged));
    assert!(file(&mut town, Format::Pain001, made(&[3_000, 500])).unwrap_err().contains("one file, in one form"));
    let back = |town: &mut Town, row, line: &str| {
        relief(town, Relief::Returned { batch, row, reference: line.into(), said: said(TREASURER, "") })
    };
    assert!(back(&mut town, 1, "l9").unwrap_err().contains("not sent yet"));
    assert_eq!(sent(&mut town, 0, "l1"), Ok(Done::Recorded));
    assert_eq!(sent(&mut town, 0, "l1"), Ok(Done::Unchanged));
    let why = sent(&mut town, 1, "l1").unwrap_err();
    assert!(why.contains("\"l1\"") && why.contains("(batch 0 file 0 sent, ¥3,000)"), "{why}");
    assert!(sent(&mut town, 2, "l3").unwrap_err().contains("no file 2"));
    assert!(step(&mut town, batch, Step::Reported, OFFICER).unwrap_err().contains("has not taken 1 files"));
    assert_eq!(back(&mut town, 1, "l4"), Ok(Done::Recorded));
    assert_eq!(back(&mut town, 1, "l4"), Ok(Done::Unchanged));
    assert!(back(&mut town, 1, "l5").unwrap_err().contains("returned already"));
    assert_eq!(states(&town, batch), ["sent", "returned", "released", "not_granted", "not_granted"]);
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 9_000 - 3_500 + 2_000);
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefBudget(101)), 10_000 - 3_500 + 2_000);
    sent(&mut town, 1, "l2").unwrap();
    step(&mut town, batch, Step::Reported, OFFICER).unwrap();
    // The payee whose transfer came back can be paid again, to another account.
    let again = import(&mut town, 2, vec![to_account(2, 2, 2_000, 9)]);
    assert_eq!(issues(&town, again), [0]);
    town.check_replay();
}

/// Files 0 (¥3,000: rows 0 and 1) and 1 (¥500: row 2) of one batch, released and made.
fn transferred(town: &mut Town) -> u32 {
    programme(town, terms(Method::Transfer));
    fund(town, 9_000, "one").unwrap();
    let rows = vec![to_account(2, 1, 1_000, 1), to_account(3, 2, 2_000, 2), to_account(4, 3, 500, 3)];
    let batch = import(town, 1, rows);
    approve(town, batch);
    step(town, batch, Step::Released, TREASURER).unwrap();
    let made = |(count, yen)| MadeFile { count, total: Yen::new(yen), digest: [7; 32] };
    let files = [(2, 3_000), (1, 500)].map(made).to_vec();
    relief(town, Relief::FileMade { batch, format: Format::Zengin, files, by: TREASURER.into() }).unwrap();
    batch
}

/// Every account of the programme and the bank's, and what each row is.
fn everything(town: &Town, batch: u32) -> (Vec<(AccountKey, i64)>, Vec<&'static str>) {
    let all = town.state.positions(|_| true);
    (all.iter().map(|p| (p.key, p.balance.get())).filter(|(_, yen)| *yen != 0).collect(), states(town, batch))
}

#[test]
fn a_relief_line_that_was_booked_wrongly_is_undone_the_last_one_first() {
    let mut town = Town::new();
    let batch = transferred(&mut town);
    let before = everything(&town, batch);
    line(&mut town, "taken", Booking::Sent { batch, file: 0 }).unwrap();
    let sent = everything(&town, batch);
    line(&mut town, "back", Booking::CameBack { batch, row: 1, fee: Yen::new(440) }).unwrap();
    assert_eq!(states(&town, batch), ["sent", "returned", "released"]);
    assert_eq!(balance(&town, |k| *k == AccountKey::BankFees), 440, "the operator bears what the bank keeps");
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 9_000 - 3_500 + 2_000);

    assert!(undo(&mut town, "taken").unwrap_err().contains("came back or is claimed since"));
    let proposal =
        propose(&mut town, Proposal::UndoBooking { reference: "back".into(), payer: None }, TREASURER).unwrap();
    assert!(settle(&mut town, proposal, true, TREASURER).unwrap_err().contains("another person"));
    settle(&mut town, proposal, true, APPROVER).unwrap();
    assert_eq!(everything(&town, batch), sent);
    undo(&mut town, "taken").unwrap();
    assert_eq!(everything(&town, batch), before);
    assert!(undo(&mut town, "taken").unwrap_err().contains("undone before"));

    // Said rightly, the same lines are booked again.
    line(&mut town, "taken", Booking::Sent { batch, file: 0 }).unwrap();
    line(&mut town, "back", Booking::CameBack { batch, row: 0, fee: Yen::ZERO }).unwrap();
    assert_eq!(states(&town, batch), ["returned", "sent", "released"]);
    town.check_replay();
    audit(&town);
}

#[test]
fn the_bank_corrects_a_relief_line_and_a_household_that_was_granted_again_stays() {
    let mut town = Town::new();
    let batch = transferred(&mut town);
    line(&mut town, "taken", Booking::Sent { batch, file: 0 }).unwrap();
    let sent = everything(&town, batch);
    line(&mut town, "back", Booking::CameBack { batch, row: 1, fee: Yen::new(440) }).unwrap();
    line(&mut town, "corrected", Booking::Corrects { line: "back".into() }).unwrap();
    assert_eq!(everything(&town, batch), sent);
    let why = line(&mut town, "back", Booking::CameBack { batch, row: 1, fee: Yen::ZERO }).unwrap_err();
    assert!(why.contains("(corrected by the bank)"), "{why}");

    line(&mut town, "back 2", Booking::CameBack { batch, row: 1, fee: Yen::ZERO }).unwrap();
    let again = import(&mut town, 2, vec![to_account(2, 2, 2_000, 9)]);
    assert_eq!(issues(&town, again), [0]);
    let why = undo(&mut town, "back 2").unwrap_err();
    assert!(why.contains("was granted again"), "{why}");
    set(&mut town, again, 0, RowChange::Exclude).unwrap();
    undo(&mut town, "back 2").unwrap();
    assert_eq!(everything(&town, batch), sent);
    town.check_replay();
    audit(&town);
}

/// A reference that stands for something else books nothing, and does not say that all is well.
#[test]
fn a_reference_that_stands_for_something_else_is_refused_by_what_it_stands_for() {
    let mut town = Town::new();
    let batch = transferred(&mut town);
    let sent = |town: &mut Town, file, reference: &str| {
        relief(town, Relief::Sent { batch, file, reference: reference.into(), said: said(TREASURER, "") })
    };
    let back = |town: &mut Town, row, reference: &str| {
        relief(town, Relief::Returned { batch, row, reference: reference.into(), said: said(TREASURER, "") })
    };
    sent(&mut town, 0, "X").unwrap();
    back(&mut town, 0, "foo 1").unwrap();
    line(&mut town, "rent", Booking::Aside(Aside::NotOurs)).unwrap();
    let (before, seq) = (everything(&town, batch), town.state.seq);
    assert!(sent(&mut town, 1, "ｘ").unwrap_err().contains("batch 0 file 0 sent, ¥3,000"));
    assert!(back(&mut town, 1, "foo 1").unwrap_err().contains("batch 0 row 0 returned, ¥1,000"));
    assert!(back(&mut town, 1, "rent").unwrap_err().contains("(not ours)"));
    assert!(line(&mut town, "rent", Booking::Aside(Aside::Same("X".into()))).unwrap_err().contains("(not ours)"));
    assert!(line(&mut town, "X", Booking::Aside(Aside::NotOurs)).unwrap_err().contains("file 0 sent"));
    let other_fee = Booking::CameBack { batch, row: 0, fee: Yen::new(440) };
    assert!(line(&mut town, "foo 1", other_fee).unwrap_err().contains("row 0 returned"));
    let correction = Booking::Corrects { line: "X".into() };
    assert!(line(&mut town, "rent", correction).unwrap_err().contains("(not ours)"));
    // The same thing once more changes nothing.
    assert_eq!(sent(&mut town, 0, " Ｘ"), Ok(Done::Unchanged));
    assert_eq!(back(&mut town, 0, "foo 1"), Ok(Done::Unchanged));
    assert_eq!(line(&mut town, "rent", Booking::Aside(Aside::NotOurs)), Ok(Done::Unchanged));
    assert_eq!((everything(&town, batch), town.state.seq), (before, seq));
    town.check_replay();
}

/// A line that moves nothing is its city's too: the treasurer takes a wrong word back, and the line is booked right.
#[test]
fn a_line_that_was_set_aside_wrongly_is_undone_by_its_city() {
    let mut town = Town::new();
    let batch = transferred(&mut town);
    let seen = |amount| Seen { way: Direction::In, amount: Yen::new(amount), payer: None, city: Some("13361".into()) };
    let aside = |aside: Aside| StatementLine {
        reference: "back".into(),
        what: Booking::Aside(aside),
        day: None,
        statement: Some(FileDigest([1; 32])),
        alike: Alike::Waits,
        seen: Some(seen(2_000)),
        said: said(TREASURER, why()),
    };
    line(&mut town, "taken", Booking::Sent { batch, file: 0 }).unwrap();
    line(&mut town, "back 1", Booking::CameBack { batch, row: 0, fee: Yen::ZERO }).unwrap();
    let before = everything(&town, batch);
    let same = |other: &str| Command::Line(Box::new(aside(Aside::Same(other.into()))));
    for (other, no) in [("nothing at all", "nothing stands"), ("taken", "got ¥3,000 out"), ("back 1", "got ¥1,000 in")]
    {
        let refused = done(&mut town, same(other)).unwrap_err();
        assert!(refused.contains(no), "{refused}");
    }
    done(&mut town, Command::Line(Box::new(aside(Aside::NotOurs)))).unwrap();
    assert_eq!(town.state.line_city("back").as_deref(), Some("13361"));
    assert_eq!(town.state.line_city("taken").as_deref(), Some("13361"), "its batch's");

    let proposal =
        propose(&mut town, Proposal::UndoBooking { reference: "back".into(), payer: None }, TREASURER).unwrap();
    let open = town.state.approvals().into_iter().find(|open| open.number == proposal).unwrap();
    assert_eq!(open.city, "13361", "its approver decides");
    settle(&mut town, proposal, true, APPROVER).unwrap();
    assert_eq!((town.state.line_city("back"), everything(&town, batch)), (None, before));
    line(&mut town, "back", Booking::CameBack { batch, row: 1, fee: Yen::ZERO }).unwrap();
    assert_eq!(states(&town, batch), ["returned", "returned", "released"]);
    town.check_replay();
}

#[test]
fn a_line_that_was_set_aside_before_cities_were_kept_reads() {
    let mut bytes = Vec::new();
    minicbor::encode((61, [("rent", Aside::NotOurs, TREASURER, "why")]), &mut bytes).unwrap();
    let Body::LineSetAside(r) = Body::read(&bytes).unwrap() else { panic!("a line that was set aside") };
    assert_eq!((r.line.as_str(), r.aside, r.city), ("rent", Aside::NotOurs, None));
}

/// A transfer seemed to have come back, and its payee was granted another one: when it turns out to stand, the other is above the
/// ceiling, and is not paid.
#[test]
fn a_line_that_is_undone_counts_for_the_ceiling_again() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Transfer));
    fund(&mut town, 9_000, "one").unwrap();
    let first = import(&mut town, 1, vec![to_account(2, 1, 2_700, 1)]);
    approve(&mut town, first);
    step(&mut town, first, Step::Released, TREASURER).unwrap();
    let files = vec![MadeFile { count: 1, total: Yen::new(2_700), digest: [7; 32] }];
    let made = Relief::FileMade { batch: first, format: Format::Zengin, files, by: TREASURER.into() };
    relief(&mut town, made).unwrap();
    line(&mut town, "taken", Booking::Sent { batch: first, file: 0 }).unwrap();
    line(&mut town, "back", Booking::CameBack { batch: first, row: 0, fee: Yen::ZERO }).unwrap();
    let another = Application { ppid: Some(person(1)), ..to_account(2, 2, 2_700, 1) };
    let again = import(&mut town, 2, vec![another, to_account(3, 3, 100, 3)]);
    for row in 0..2 {
        let _ = set(&mut town, again, row, RowChange::Accept);
    }
    approve(&mut town, again);
    undo(&mut town, "back").unwrap();
    step(&mut town, again, Step::Released, TREASURER).unwrap();
    let paid: Vec<u32> = town.state.relief_transfers(again).iter().map(|t| t.row).collect();
    assert_eq!(paid, [1], "{:?}", states(&town, again));
    assert_eq!(states(&town, first), ["sent"]);
    town.check_replay();
    audit(&town);
}

/// The household has applied again, with another account, before the bank said that the first transfer came back.
#[test]
fn a_transfer_that_comes_back_makes_room_for_the_row_that_was_refused_for_it() {
    let mut town = Town::new();
    let batch = transferred(&mut town);
    line(&mut town, "taken", Booking::Sent { batch, file: 0 }).unwrap();
    let again = import(&mut town, 2, vec![to_account(2, 2, 2_000, 9), to_account(3, 3, 500, 8)]);
    assert_eq!(issues(&town, again), [issue::DUPLICATE; 2]);
    line(&mut town, "back", Booking::CameBack { batch, row: 1, fee: Yen::ZERO }).unwrap();
    assert_eq!(issues(&town, again), [0, issue::DUPLICATE]);
    let why = undo(&mut town, "back").unwrap_err();
    assert!(why.contains("was granted again"), "{why}");
    approve(&mut town, again);
    step(&mut town, again, Step::Released, TREASURER).unwrap();
    let paid: Vec<u32> = town.state.relief_transfers(again).iter().map(|t| t.row).collect();
    assert_eq!(paid, [0]);
    town.check_replay();
    audit(&town);
}

#[test]
fn a_bank_keeps_of_a_relief_transfer_no_more_than_a_fee() {
    let mut town = Town::new();
    let batch = transferred(&mut town);
    line(&mut town, "taken", Booking::Sent { batch, file: 0 }).unwrap();
    let before = everything(&town, batch);
    for fee in [-1, 1_000, 1_001, 10_001] {
        let refused = line(&mut town, "back", Booking::CameBack { batch, row: 0, fee: Yen::new(fee) });
        assert!(refused.is_err(), "a fee of {fee} of ¥1,000");
        assert_eq!(everything(&town, batch), before);
    }
    line(&mut town, "back", Booking::CameBack { batch, row: 0, fee: Yen::new(999) }).unwrap();
    audit(&town);
}
