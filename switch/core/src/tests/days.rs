//! Days: ended by the calendar and by hand, and what is forgotten of them, a few taps with each record.

use super::*;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::wire::Totals;
use proptest::prelude::*;

fn cut_over(town: &mut Town) -> Result<(), String> {
    let decision = town.event(&Event::Command(Command::CutOver { keep_days: 2, said: said("sato", "closing early") }));
    decision.rejected.map_or(Ok(()), |why| Err(why.to_string()))
}

fn turn(town: &mut Town, keep_days: u16) {
    town.now = town.state.day.next().start().max(town.now);
    while town.event(&Event::Tick { keep_days }).body.is_some() {}
}

#[test]
fn a_day_is_ended_by_hand_once_and_not_before_the_calendar_has_begun_it() {
    let mut town = Town::new();
    let day = town.state.day;
    cut_over(&mut town).unwrap();
    assert_eq!(town.state.day, day.next());
    let Some(Record { body: Body::CutOver(r), .. }) = town.journal.last().cloned() else { panic!("a cut-over") };
    assert_eq!((r.by.as_deref(), r.why.as_deref()), (Some("sato"), Some("closing early")));
    for _ in 0..47 {
        let why = cut_over(&mut town).unwrap_err();
        assert!(why.contains("has not begun by the calendar"), "{why}");
    }
    assert_eq!(town.state.day, day.next());
    // When the calendar has come up to it, it can be ended again.
    town.now = day.next().start();
    cut_over(&mut town).unwrap();
    assert_eq!(town.state.day, BusinessDay(day.0 + 2));
    town.check_replay();
}

#[test]
fn a_cut_over_of_old_reads_without_who_and_why() {
    let mut bytes = Vec::new();
    let old = (14, [(BusinessDay(1), BusinessDay(2), BusinessDay(0))]);
    minicbor::encode(old, &mut bytes).unwrap();
    let Body::CutOver(r) = Body::read(&bytes).unwrap() else { panic!("a cut-over") };
    assert_eq!((r.closed, r.opened, r.by, r.why, r.via), (BusinessDay(1), BusinessDay(2), None, None, None));
    let (mut bytes, old) = (Vec::new(), (4, [(7_u64, kazasu_ledger::AccountId(1))]));
    minicbor::encode(old, &mut bytes).unwrap();
    let Body::DepositOpened(r) = Body::read(&bytes).unwrap() else { panic!("a deposit") };
    assert_eq!((r.number, r.account, r.maker), (7, kazasu_ledger::AccountId(1), None));
}

#[test]
fn days_that_are_ended_early_make_nobody_forget() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(1, 100);
    for _ in 0..5 {
        let _ = cut_over(&mut town);
        town.now = Millis(town.now.0 + 86_400_000 / 4);
    }
    assert_eq!(town.code(&paid), "00", "the repeat of a payment of yesterday is answered, not paid again");
    assert_eq!(town.available(1), 9_900);
}

#[test]
fn no_day_turns_and_nothing_lapses_while_the_clock_is_in_doubt() {
    let mut town = Town::new();
    let (day, records) = (town.state.day, town.journal.len());
    town.now = Millis(town.now.0 + 60 * 86_400_000);
    for _ in 0..3 {
        assert_eq!(town.event(&Event::TickInDoubt).body, None);
    }
    assert_eq!((town.state.day, town.journal.len()), (day, records));
}

#[test]
fn a_confirmed_clock_is_recorded_with_who_and_why_and_the_day_must_be_its_own() {
    let mut town = Town::new();
    let (before, wall) = (town.now, Millis(town.now.0 + 86_400_000));
    let confirm = |day, clock| Event::Command(Command::ConfirmClock { day, clock, said: said("sato", "NTP") });
    assert_eq!(town.event(&confirm(wall.jst_day(), None)).body, None, "nothing is in doubt");
    let wrong = town.event(&confirm(before.jst_day(), Some((before, wall))));
    assert!(wrong.rejected.unwrap().to_string().contains("you say 2026"), "the person's day is another");
    let right = town.event(&confirm(wall.jst_day(), Some((before, wall))));
    let Some(Body::ClockConfirmed(r)) = right.body else { panic!("a record") };
    assert_eq!((r.before, r.wall, r.by.as_str(), r.why.as_str()), (before, wall, "sato", "NTP"));
    town.check_replay();
}

#[test]
fn a_quiet_journal_says_so_once_an_hour() {
    let mut town = Town::new();
    let day = town.state.day;
    let mut kept = 0;
    for _ in 0..6 * 60 {
        town.now = Millis(town.now.0 + 60_000);
        let body = town.event(&Event::Tick { keep_days: 2 }).body;
        kept += usize::from(matches!(body, Some(Body::ClockKept(_))));
        assert!(matches!(body, None | Some(Body::ClockKept(_))));
    }
    assert_eq!((kept, town.state.day), (6, day));
    town.check_replay();
}

#[test]
fn a_turn_of_the_day_forgets_nothing_by_itself_and_each_record_a_little() {
    const TAPS: usize = 500;
    let mut town = Town::new();
    let old: Vec<Request> = (0..TAPS).map(|_| town.request(Operation::BalanceInquiry, 1, 0)).collect();
    old.iter().for_each(|request| assert_eq!(town.code(request), "00"));
    let never: Vec<Request> = (0..TAPS / 2).map(|_| town.request(Operation::Purchase, 1, 1)).collect();
    for lost in &never {
        let undo = town.about(Operation::Reversal, lost, 1);
        assert_eq!(town.code(&undo), "00");
    }
    let before = town.state.sizes().taps;
    turn(&mut town, 1);
    town.now = town.state.day.next().start();
    let turned = town.event(&Event::Tick { keep_days: 1 });
    assert!(matches!(turned.body, Some(Body::CutOver(_))));
    let left = town.state.sizes().taps;
    assert!(before - left <= 20, "{before} before, {left} left by the record that turned the day");
    // None of them can be given back any more, though they are still in memory.
    let undo = town.about(Operation::Refund, &old[TAPS - 1], 1);
    assert_eq!(town.code(&undo), "25");
    let (mut records, mut left) = (0, town.state.sizes().taps);
    while left > 200 {
        town.purchase(2, 1);
        let now = town.state.sizes().taps;
        assert!(left + 1 - now <= 8, "{left} and then {now}");
        left = now;
        records += 1;
        assert!(records < 1_000, "{left} are left");
    }
    (0..200).for_each(|_| drop(town.purchase(2, 1)));
    // What was reversed before it came is forgotten too.
    assert_eq!(town.code(&never[0]), "00");
    town.check_replay();
}

#[test]
fn sums_of_days_that_are_not_in_memory_are_not_compared() {
    let mut town = Town::new();
    let first = town.state.day;
    town.purchase(1, 100);
    (0..4).for_each(|_| turn(&mut town, 2));
    let mut says = |date: u16| {
        let ask = Totals {
            mti: Mti(500),
            transmission: NOON.transmission(),
            stan: Stan::wrapping(1),
            date,
            acquirer: acquirer(),
            code: None,
            settlement: None,
            day: Default::default(),
        };
        let decision = town.event(&Event::Totals(ask));
        let Some(Effect::AnswerTotals(answer)) = decision.effects.first() else { panic!("{decision:?}") };
        (answer.code.unwrap().to_string(), answer.settlement.unwrap(), decision.body.is_some())
    };
    let open = BusinessDay(first.0 + 4);
    assert_eq!(says(open.mmdd()), ("00".into(), 1, true));
    for unknown in [first.mmdd(), open.next().mmdd(), 229, 1_332] {
        assert_eq!(says(unknown), ("30".into(), 3, false), "{unknown:04}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Over some weeks of random events: what is in memory is what is not old, what something depends on, and what has not been
    /// looked at yet; and replaying gives the same.
    #[test]
    fn what_is_kept_is_what_is_needed(steps in prop::collection::vec((0..6_u8, 1_i64..300), 1..120)) {
        let mut town = Town::new();
        let (mut open, mut completed): (Vec<Request>, usize) = (Vec::new(), 0);
        for (what, yen) in steps {
            match what {
                0 => turn(&mut town, 2),
                1 => {
                    let hold = town.request(Operation::Authorize, 1, yen);
                    if town.code(&hold) == "00" {
                        open.push(hold);
                    }
                }
                2 => if let Some(hold) = open.pop() {
                    let completion = town.about(Operation::Completion, &hold, 1);
                    prop_assert_eq!(town.code(&completion), "00", "a hold is never forgotten");
                    let refund = town.about(Operation::Refund, &hold, 1);
                    prop_assert_eq!(town.code(&refund), "00", "nor what completed it today");
                    completed += 1;
                },
                3 => {
                    let request = town.request(Operation::PurchaseAdvice, 3, yen);
                    town.code(&request);
                }
                _ => drop(town.purchase(2, yen)),
            }
        }
        for _ in 0..400 {
            town.purchase(2, 1);
        }
        let (day, owed) = (town.state.day.0, town.state.unacknowledged().count());
        let old = town.state.taps().filter(|tap| tap.day.0 < day - 2).count();
        // What names an authorization means what completed it, as long as that is remembered.
        let most = open.len() + owed + completed;
        prop_assert!(old <= most, "{old} old taps, {} holds, {owed} advices, {completed} completed", open.len());
        town.check_replay();
    }
}
