//! Rules one by one, where the oracle does not go: lapses, losses, notices, lists, merges, activation, and what is refused.

mod alerts;
mod balance;
mod keys;
mod people;
mod replaced;
mod stand_in;

use super::*;
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{CardStatus, LinkOrigin, ListReason, OwnLimits};
use kazasu_schemas::ids::Serial;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::policy::*;

pub(super) fn day(text: &str) -> BusinessDay {
    BusinessDay::parse(text).unwrap()
}

fn purse(number: u16, until: &str) -> PurseProgramme {
    let until = Some(day(until));
    let (name, funder) = (format!("purse {number}"), "city".into());
    PurseProgramme { number, name, funder, from: None, until, place: Place::default(), closes: None }
}

fn points(number: u16) -> PointProgramme {
    PointProgramme {
        number,
        name: format!("points {number}"),
        funder: "city".into(),
        from: day("2026-11-01"),
        until: day("2026-12-31"),
        rate: Rate(100_000),
        minimum: Yen::ZERO,
        cap_tap: None,
        cap_month: None,
        cap_life: None,
        budget: 1_000,
        rounding: Rounding::Tap,
        bonus_days: Vec::new(),
        bonus_weekdays: 0,
        bonus_rate: Rate(0),
        expires: Some(day("2027-01-31")),
        redeemable: true,
        one_of: None,
        instruments: Kinds::ALL,
        place: Place::default(),
        budget_line: None,
    }
}

pub(super) fn policy() -> Policy {
    Policy {
        name: "test".into(),
        purses: vec![purse(1, "2026-11-30")],
        points: vec![points(1)],
        alerts: vec![50, 80, 100],
        stand_in: vec![StandIn {
            issuer: ISSUER,
            tap: Yen::new(1_000),
            issuer_day: Yen::new(1_500),
            resident_day: Yen::new(1_500),
            liable: LiableParty::Operator,
        }],
        ..Policy::default()
    }
}

pub(super) fn ask(town: &mut Town, command: Command) -> Result<(), String> {
    let decision = town.event(&Event::Command(command));
    decision.rejected.map_or(Ok(()), |why| Err(why.to_string()))
}

fn activate(town: &mut Town, policy: Policy) -> Result<(), String> {
    let (source, said) = ("file".to_owned(), said("op", "test"));
    ask(town, Command::ActivatePolicy { policy: Box::new(policy), source, said, first: false })
}

pub(super) fn town_with(policy: Policy) -> Town {
    let mut town = Town::new();
    activate(&mut town, policy).unwrap();
    let by = "city".to_owned();
    for programme in town.state.rules.policy.purses.iter().map(|p| p.number).collect::<Vec<_>>() {
        let command =
            Command::FundProgramme { programme, amount: Yen::new(10_000), reference: "one".into(), by: by.clone() };
        ask(&mut town, command).unwrap();
    }
    town
}

pub(super) fn credit(town: &mut Town, who: u8, yen: i64, reference: &str) -> Result<(), String> {
    let (ppid, amount, by) = (person(who), Yen::new(yen), "city".into());
    ask(town, Command::CreditPurse { ppid, programme: 1, amount, reference: reference.into(), by })
}

pub(super) fn balance(town: &Town, key: impl Fn(&AccountKey) -> bool) -> i64 {
    town.state.book.accounts().filter(|(_, a)| key(&a.key)).map(|(_, a)| a.balance().get()).sum()
}

fn pass_to(town: &mut Town, date: &str) {
    town.now = Millis(day(date).start().0 + 1);
    let mut asked = 0;
    while town.event(&Event::Tick { keep_days: 400 }).body.is_some() {
        asked += 1;
        assert!(asked < 100, "ticks come to an end");
    }
}

#[test]
fn what_is_left_of_a_purse_goes_back_to_its_fund_and_what_comes_later_too() {
    let mut town = town_with(policy());
    for (who, yen) in [(1, 3_000), (2, 500)] {
        credit(&mut town, who, yen, "relief").unwrap();
    }
    let (paid, code) = town.purchase(1, 1_000);
    assert_eq!(code, "00");
    assert_eq!(town.available(1), 10_000, "the purse paid");
    let (held, _) = {
        let held = town.request(Operation::Authorize, 2, 400);
        (held, town.code(&held))
    };
    pass_to(&mut town, "2026-11-30");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 2_500, "the last day is a day");
    pass_to(&mut town, "2026-12-01");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 400, "what is held stays");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::PurseFund(1))), 8_600);
    // The hold is released and a payment refunded after the end: the next day sweeps again.
    let undo = town.about(Operation::Reversal, &held, 400);
    assert_eq!(town.code(&undo), "00");
    let refund = town.about(Operation::Refund, &paid, 1_000);
    assert_eq!(town.code(&refund), "00");
    pass_to(&mut town, "2026-12-02");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::PurseFund(1))), 10_000, "every yen is the city's again");
    let before = town.journal.len();
    pass_to(&mut town, "2026-12-03");
    assert_eq!(town.journal.len(), before + 1, "only the day turned");
    assert!(credit(&mut town, 1, 1, "late").unwrap_err().contains("ended on 2026-11-30"));
    town.check_replay();
}

#[test]
fn points_that_nobody_used_expire_and_negative_balances_stay() {
    let mut town = town_with(policy());
    let (first, _) = town.purchase(1, 2_000);
    let request = {
        let mut request = town.request(Operation::Purchase, 1, 150);
        request.options = kazasu_schemas::wire::Options::USE_POINTS;
        request
    };
    let answer = answer(&town.send(&request)).unwrap();
    assert_eq!(answer.receipt.points, Some(50), "200 earned, 150 paid with, nothing earned on points");
    assert_eq!(town.available(1), 8_000);
    let refund = town.about(Operation::Refund, &first, 1_000);
    assert_eq!(town.code(&refund), "00");
    let points = |town: &Town| balance(town, |k| matches!(k, AccountKey::Points(..)));
    assert_eq!(points(&town), -50, "100 are taken back, and the balance may fall below zero");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::FunderReceivable(1))), 150);
    town.purchase(2, 400);
    pass_to(&mut town, "2027-02-01");
    assert_eq!(points(&town), -50, "person 2's 40 points are gone");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::PointsExpired(1))), 40);
    town.check_replay();
}

#[test]
fn a_budget_is_never_exceeded_and_lowered_only_as_far_as_it_is_unspent() {
    let mut town = town_with(policy());
    let first = answer(&{
        let request = town.request(Operation::Purchase, 1, 9_900);
        town.send(&request)
    });
    assert_eq!(first.unwrap().receipt.points, Some(990));
    let second = town.request(Operation::Purchase, 2, 500);
    assert_eq!(answer(&town.send(&second)).unwrap().receipt.points, Some(10), "the budget had 10 left");
    let with = |budget| Policy { points: vec![PointProgramme { budget, ..points(1) }], ..policy() };
    assert!(activate(&mut town, with(999)).unwrap_err().contains("0 points of the budget are unspent"));
    activate(&mut town, with(1_500)).unwrap();
    assert!(activate(&mut town, with(900)).unwrap_err().contains("cannot be lowered by 600"));
    activate(&mut town, with(1_000)).unwrap();
    town.check_replay();
}

#[test]
fn a_policy_must_be_able_to_follow_the_one_in_force() {
    let limit = |window| Limit {
        number: 1,
        name: "one".into(),
        window,
        amount: Some(Yen::new(100)),
        count: None,
        per: Per::Resident,
        mcc: None,
        class: None,
        instruments: Kinds::ALL,
        without_pin: false,
    };
    let first = Policy { limits: vec![limit(Window::Day)], ..policy() };
    let mut town = town_with(first.clone());
    let before = town.journal.len();
    for (policy, says) in [
        (Policy { limits: vec![limit(Window::Month)], ..policy() }, "limit 1 (one) had another window"),
        (Policy { purses: Vec::new(), ..first.clone() }, "purse programme 1 is missing"),
        (Policy { points: Vec::new(), ..first.clone() }, "point programme 1 is missing"),
        (
            Policy { points: vec![PointProgramme { rounding: Rounding::Month, ..points(1) }], ..first.clone() },
            "its rounding cannot change",
        ),
        (
            Policy { stand_in: vec![StandIn { issuer: 77, ..first.stand_in[0] }], ..first.clone() },
            "stand_in names issuer 77, which is not registered",
        ),
    ] {
        let error = activate(&mut town, policy).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(town.journal.len(), before, "nothing was changed");
    activate(&mut town, Policy { limits: Vec::new(), ..first.clone() }).unwrap();
    // The number keeps its meaning while it is away.
    assert!(activate(&mut town, Policy { limits: vec![limit(Window::Tap)], ..first }).is_err());
    assert_eq!(town.state.policy().0, 2);
    let (_, code) = town.purchase(1, 5_000);
    assert_eq!(code, "00");
    let Body::Transaction(tapped) = &town.journal.last().unwrap().body else { panic!("a tap") };
    assert_eq!(tapped.ruled.as_ref().unwrap().policy, 2, "a tap names the policy it was decided with");
}

#[test]
fn notices_come_once_each_and_are_owed_until_settled() {
    let mut town = town_with(policy());
    let limits = OwnLimits { month: Some(Yen::new(1_000)), ..OwnLimits::default() };
    ask(&mut town, Command::SetOwnLimits { ppid: person(1), limits, by: "portal".into() }).unwrap();
    let told = |decision: &Decision| decision.effects.iter().filter(|e| matches!(e, Effect::Notify(_))).count();
    let pay = |town: &mut Town, yen| {
        let request = town.request(Operation::Purchase, 1, yen);
        let decision = town.send(&request);
        (request, told(&decision))
    };
    assert_eq!(pay(&mut town, 499).1, 0);
    let (second, n) = pay(&mut town, 1);
    assert_eq!(n, 1, "50 %");
    let undo = town.about(Operation::Reversal, &second, 1);
    town.send(&undo);
    assert_eq!(pay(&mut town, 1).1, 0, "once a month");
    assert_eq!(pay(&mut town, 600).1, 2, "80 % and 100 %; this limit only tells");
    assert_eq!(pay(&mut town, 600).1, 0);
    let owed: Vec<_> = town.state.notices().map(|(key, o)| (key, o.percent, o.used.get(), o.limit.get())).collect();
    assert_eq!(
        owed.iter().map(|o| (o.1, o.2, o.3)).collect::<Vec<_>>(),
        [(50, 500, 1_000), (80, 1_100, 1_000), (100, 1_100, 1_000)]
    );
    let settle =
        |notice, delivered| Command::SettleNotice { notice, delivered, attempts: 3, problem: Some("hangs".into()) };
    ask(&mut town, settle(owed[0].0, true)).unwrap();
    ask(&mut town, settle(owed[1].0, false)).unwrap();
    assert_eq!(town.state.notices().count(), 2);
    assert_eq!(town.state.notice(owed[1].0).unwrap().dead, Some((3, "hangs".into())));
    let retry = town.event(&Event::Command(Command::RetryNotice { notice: owed[1].0 }));
    assert_eq!(told(&retry), 1);
    assert!(ask(&mut town, Command::RetryNotice { notice: 1 }).unwrap_err().contains("is not owed"));
    ask(&mut town, settle(owed[1].0, true)).unwrap();
    pass_to(&mut town, "2026-12-01");
    assert_eq!(pay(&mut town, 500).1, 1, "a new month");
    town.check_replay();
}

#[test]
fn a_notice_about_a_card_payment_waits_for_its_issuer() {
    let mut town = town_with(policy());
    let limits = OwnLimits { month: Some(Yen::new(1_000)), ..OwnLimits::default() };
    ask(&mut town, Command::SetOwnLimits { ppid: person(3), limits, by: "portal".into() }).unwrap();
    let request = town.request(Operation::Purchase, 3, 900);
    town.send(&request);
    assert_eq!(town.state.notices().count(), 0);
    let seq = town.state.seq;
    town.issuer_says(seq, "05");
    assert_eq!(town.state.notices().count(), 0, "declined, and given back");
    let request = town.request(Operation::Purchase, 3, 900);
    town.send(&request);
    let seq = town.state.seq;
    town.issuer_says(seq, "00");
    assert_eq!(town.state.notices().map(|(_, o)| o.percent).collect::<Vec<_>>(), [50, 80]);
    town.check_replay();
}

#[test]
fn own_limits_are_lowered_at_once_and_raised_from_the_next_day() {
    let mut town = town_with(policy());
    let set = |town: &mut Town, day: Option<i64>| {
        let limits = OwnLimits { day: day.map(Yen::new), ..OwnLimits::default() };
        ask(town, Command::SetOwnLimits { ppid: person(1), limits, by: "portal".into() })
    };
    set(&mut town, Some(1_000)).unwrap();
    assert_eq!(town.purchase(1, 1_001).1, "61");
    set(&mut town, Some(3_000)).unwrap();
    assert_eq!(town.purchase(1, 1_001).1, "61", "raised only from tomorrow");
    set(&mut town, Some(500)).unwrap();
    assert_eq!(town.purchase(1, 501).1, "61", "lowered at once");
    set(&mut town, None).unwrap();
    assert_eq!(town.purchase(1, 501).1, "61", "taking a limit away is raising it");
    // One millisecond before midnight in Japan, and at midnight.
    town.now = Millis(day("2026-11-24").start().0 - 1);
    assert!(town.now > NOON && town.now.jst_day() == NOON.jst_day());
    assert_eq!(town.purchase(1, 501).1, "61");
    town.now = day("2026-11-24").start();
    assert_eq!(town.purchase(1, 5_000).1, "00");
    let before = town.journal.len();
    assert!(set(&mut town, Some(-1)).unwrap_err().contains("limit day: must be 0 to"));
    assert_eq!(town.journal.len(), before);
    town.check_replay();
}

#[test]
fn a_month_and_31_days_end_when_the_calendar_says() {
    let window = |number, window| Limit {
        number,
        name: format!("limit {number}"),
        window,
        amount: Some(Yen::new(1_000)),
        count: None,
        per: Per::Resident,
        mcc: None,
        class: None,
        instruments: Kinds::ALL,
        without_pin: false,
    };
    // A leap year's February, a January of 31 days, a year's end; and what 31 days mean in each.
    for (start, same_month, next_month, last_of_31, after_31) in [
        ("2028-02-01", "2028-02-29", "2028-03-01", "2028-03-02", "2028-03-03"),
        ("2027-02-01", "2027-02-28", "2027-03-01", "2027-03-03", "2027-03-04"),
        ("2027-01-01", "2027-01-31", "2027-02-01", "2027-01-31", "2027-02-01"),
        ("2026-12-15", "2026-12-31", "2027-01-01", "2027-01-14", "2027-01-15"),
    ] {
        for (limit, inside, outside) in [
            (window(1, Window::Month), same_month, next_month),
            (window(2, Window::Days(31)), last_of_31, after_31),
            (window(3, Window::Day), start, ""),
        ] {
            let mut town = town_with(Policy { limits: vec![limit.clone()], points: Vec::new(), ..policy() });
            town.now = Millis(day(start).start().0);
            let (first, code) = town.purchase(1, 1_000);
            assert_eq!(code, "00", "{limit:?} on {start}");
            // The last millisecond of the last day inside.
            town.now = Millis(day(inside).next().start().0 - 1);
            assert_eq!(town.purchase(1, 1).1, "61", "{limit:?} from {start} on {inside}");
            if outside.is_empty() {
                town.now = day(start).next().start();
            } else {
                let undo = town.about(Operation::Reversal, &first, 1_000);
                town.now = day(outside).start();
                assert_eq!(town.code(&undo), "00", "a late reversal gives nothing back to a window that is over");
            }
            assert_eq!(town.purchase(1, 1_000).1, "00", "{limit:?} from {start} on {outside}");
            assert_eq!(town.purchase(1, 1).1, "61");
            town.check_replay();
        }
    }
}

#[test]
fn purse_money_is_booked_once_and_never_beyond_the_fund() {
    let mut town = town_with(policy());
    credit(&mut town, 1, 4_000, "A-1").unwrap();
    let before = town.journal.len();
    credit(&mut town, 1, 4_000, "A-1").unwrap();
    assert_eq!(town.journal.len(), before, "the same reference again changes nothing");
    assert!(credit(&mut town, 1, 4_001, "A-1").unwrap_err().contains("was booked with ¥4,000 before"));
    credit(&mut town, 2, 4_000, "A-1").unwrap();
    assert!(credit(&mut town, 1, 2_001, "A-2").unwrap_err().contains("has ¥2,000 left, ¥2,001 was asked for"));
    assert!(credit(&mut town, 99, 1, "A-3").unwrap_err().contains("is not known"));
    assert!(credit(&mut town, 1, 0, "A-4").unwrap_err().contains("must be above zero"));
    assert!(credit(&mut town, 1, 1, "").unwrap_err().contains("1 to 100 characters"));
    let by = || "city".to_owned();
    let fund = |programme, reference: &str| Command::FundProgramme {
        programme,
        amount: Yen::new(10_000),
        reference: reference.into(),
        by: by(),
    };
    let before = town.journal.len();
    ask(&mut town, fund(1, "one")).unwrap();
    assert_eq!(town.journal.len(), before);
    assert!(ask(&mut town, fund(2, "two")).unwrap_err().contains("is not in the policy in force"));
    town.check_replay();
}

#[test]
fn history_under_the_same_policy_is_the_same() {
    let mut town = town_with(policy());
    credit(&mut town, 1, 700, "relief").unwrap();
    let (first, _) = town.purchase(1, 900);
    town.purchase(2, 600);
    let request = town.request(Operation::Authorize, 3, 800);
    town.send(&request);
    let seq = town.state.seq;
    town.issuer_says(seq, "00");
    let completion = town.about(Operation::Completion, &request, 500);
    town.send(&completion);
    let mut undo = town.about(Operation::Reversal, &first, 900);
    undo.replacement = Some(Yen::new(400));
    town.send(&undo);
    let request = town.request(Operation::Purchase, 3, 900);
    town.send(&request);
    let seq = town.state.seq;
    town.issuer_silent(seq, Silence::NotSent);
    let replay = |draft: Policy| {
        let mut replay = Replay::new(draft, Millis(0), Millis(i64::MAX), 10);
        for (record, seq) in town.journal.iter().zip(1..) {
            replay.record(seq, record).unwrap();
        }
        replay
    };
    let same = replay(policy());
    assert_eq!((same.taps, same.changes.len(), same.assumed), (4, 0, 0));
    let cost = &same.costs()[&1];
    assert_eq!(cost.points, balance(&town, |k| matches!(k, AccountKey::Points(..))), "the same points");
    let strict = replay(Policy { no_pin: Some(Yen::new(700)), ..policy() });
    let changed: Vec<_> = strict.changes.iter().map(|((a, b), (n, yen))| (a.name(), b.name(), *n, *yen)).collect();
    assert_eq!(changed, [("approved", "pin_required", 3, 2_600)]);
    assert_eq!(strict.listed.len(), 3);
}
