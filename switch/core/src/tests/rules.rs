//! Rules one by one, where the oracle does not go: lapses, losses, notices, lists, merges, activation, and what is refused.

mod alerts;
mod balance;
mod keys;

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
    let (source, by, why) = ("file".to_owned(), "op".to_owned(), "test".to_owned());
    ask(town, Command::ActivatePolicy { policy: Box::new(policy), source, by, why, first: false })
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
    let Body::Tapped(tapped) = &town.journal.last().unwrap().body else { panic!("a tap") };
    assert_eq!(tapped.ruled.as_ref().unwrap().policy, 2, "a tap names the policy it was decided with");
}

#[test]
fn stand_in_has_allowances_and_what_the_issuer_refuses_is_a_loss() {
    let mut town = town_with(policy());
    let tap = |town: &mut Town, yen| {
        let request = town.request(Operation::Purchase, 3, yen);
        town.send(&request);
        let seq = town.state.seq;
        let decision = town.issuer_silent(seq, Silence::NotSent);
        (request, seq, waiting_code(&decision).unwrap(), sent(&decision))
    };
    let (_, _, code, _) = tap(&mut town, 1_001);
    assert_eq!(code, "91", "above the allowance per tap");
    let (request, _, code, advice) = tap(&mut town, 900);
    assert_eq!(code, "00");
    let (message, advice) = advice.unwrap();
    assert_eq!((advice.amount, town.receivable()), (Yen::new(900), (900, 0)));
    let (_, _, code, _) = tap(&mut town, 700);
    assert_eq!(code, "91", "above the day's");
    // The refund that follows is about the advice, which is what the issuer knows.
    let refund = town.about(Operation::Refund, &request, 100);
    let decision = town.send(&refund);
    let (seq, to) = sent(&decision).unwrap();
    let outgoing = town.state.outgoing(seq, to, "10000001".parse().unwrap()).unwrap();
    let original = outgoing.original.unwrap();
    assert_eq!((original.mti, original.stan), (Mti(220), Stan::wrapping(message)));
    town.issuer_says(seq, "00");
    let refused = ResponseCode::from_wire(b"05").unwrap();
    town.event(&Event::IssuerAcknowledged { message, code: refused });
    assert_eq!(town.receivable(), (-100, 0), "the issuer owes nothing, and is owed what it gave back");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::StandInLoss(ISSUER))), 900);
    // What is refunded now goes back to the operator, and no issuer hears of it.
    let refund = town.about(Operation::Refund, &request, 300);
    let decision = town.send(&refund);
    assert_eq!((code_of(&decision), sent(&decision)), ("00".to_owned(), None));
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::StandInLoss(ISSUER))), 600);
    // Asked and silent is another matter: never stood in for.
    let request = town.request(Operation::Purchase, 3, 100);
    town.send(&request);
    let seq = town.state.seq;
    assert_eq!(waiting_code(&town.issuer_silent(seq, Silence::TimedOut)).unwrap(), "91");
    town.check_replay();
}

fn code_of(decision: &Decision) -> String {
    super::code(decision)
}

#[test]
fn merchants_and_issuers_bear_losses_when_the_policy_says_so() {
    for (liable, payable, receivable) in [(LiableParty::Merchant, 0, 0), (LiableParty::Issuer, 500, 500)] {
        let offline = Some(Offline { resident_day: Yen::new(100), liable, floor: None });
        let mut town = town_with(Policy { offline, ..policy() });
        let advice = town.request(Operation::PurchaseAdvice, 3, 500);
        let (message, _) = sent(&town.send(&advice)).unwrap();
        let Body::Tapped(tapped) = &town.journal.last().unwrap().body else { panic!("a tap") };
        let flags = tapped.ruled.as_ref().unwrap().flags;
        assert_eq!(flags, kazasu_ledger::record::flag::OVER_OFFLINE, "booked and flagged");
        let refused = ResponseCode::from_wire(b"51").unwrap();
        town.event(&Event::IssuerAcknowledged { message, code: refused });
        assert_eq!((town.payable("SHOP"), town.receivable().0), (payable, receivable));
        assert!(town.state.unacknowledged_by_issuer().is_empty(), "the advice has its answer");
        town.check_replay();
    }
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
fn a_status_list_speaks_of_certificates_and_only_newer_ones_count() {
    let mut town = town_with(Policy {
        validity: Some(Validity { fresh_hours: 24, stale_hours: 72, stale_cap: Yen::new(500) }),
        ..policy()
    });
    let serial = |n: u8| Serial::from_bytes(&[n, 1]).unwrap();
    let bind = |town: &mut Town, who, n| {
        let (ppid, last_day, by) = (person(who), day("2030-01-01"), "platform".into());
        ask(town, Command::BindCertificate { ppid, serial: serial(n), issuer: None, last_day, by })
    };
    let list = |town: &mut Town, number, at, entries: &[(u8, ListReason)]| {
        let entries = entries.iter().map(|(n, reason)| (serial(*n), *reason)).collect();
        ask(town, Command::ApplyList { number, issued: at, entries, scope: "CA".into(), issuer: None, by: "op".into() })
    };
    bind(&mut town, 1, 1).unwrap();
    bind(&mut town, 2, 2).unwrap();
    assert!(bind(&mut town, 2, 1).unwrap_err().contains("is bound to another card"));
    assert_eq!(town.purchase(1, 100).1, "91", "no list at all");
    list(&mut town, 5, NOON, &[(1, ListReason::Hold), (9, ListReason::Revoked)]).unwrap();
    let (paid, code) = town.purchase(2, 400);
    assert_eq!(code, "00");
    assert_eq!(town.purchase(1, 100).1, "41", "on hold");
    let before = town.journal.len();
    for (number, at) in [(4, Millis(NOON.0 + 1)), (5, Millis(NOON.0 + 1)), (6, Millis(NOON.0 - 1))] {
        assert!(list(&mut town, number, at, &[]).unwrap_err().contains("only a newer one is taken"), "{number}");
    }
    assert_eq!(town.journal.len(), before);
    list(&mut town, 6, NOON, &[(2, ListReason::Revoked), (9, ListReason::Revoked)]).unwrap();
    assert_eq!(town.purchase(1, 100).1, "00", "the hold was taken off the list");
    assert_eq!(town.purchase(2, 1).1, "62", "revoked");
    let refund = town.about(Operation::Refund, &paid, 400);
    assert_eq!(town.code(&refund), "00", "what was paid before is still refunded");
    // A reissued card has a new certificate; a serial that is on the list already counts when it is bound.
    bind(&mut town, 2, 3).unwrap();
    assert_eq!(town.purchase(2, 1).1, "00");
    bind(&mut town, 2, 9).unwrap();
    assert_eq!(town.purchase(2, 1).1, "62");
    // Old lists: small amounts are marked, and then nothing.
    town.now = Millis(NOON.0 + 24 * 3_600_000 + 1);
    assert_eq!((town.purchase(1, 501).1, town.purchase(1, 500).1), ("61".into(), "00".into()));
    let Body::Tapped(tapped) = &town.journal.last().unwrap().body else { panic!("a tap") };
    assert_eq!(tapped.ruled.as_ref().unwrap().flags, kazasu_ledger::record::flag::CRL_BASED);
    town.now = Millis(NOON.0 + 72 * 3_600_000 + 1);
    assert_eq!(town.purchase(1, 1).1, "91");
    town.check_replay();
}

#[test]
fn a_temporary_id_is_merged_once_with_all_that_it_has() {
    let mut town = town_with(policy());
    let by = || "city".to_owned();
    let temporary = person(50);
    ask(&mut town, Command::IssueTemporary { ppid: temporary, until: None, by: by() }).unwrap();
    assert!(ask(&mut town, Command::IssueTemporary { ppid: person(1), until: None, by: by() }).is_err());
    credit(&mut town, 50, 2_000, "relief").unwrap();
    let (paid, code) = town.purchase(50, 500);
    assert_eq!(code, "00");
    let merge = |from, into| Command::Merge { from, into, by: "city".into() };
    for (command, says) in [
        (merge(person(1), person(2)), "is not a temporary ID"),
        (merge(temporary, person(60)), "is not known"),
        (merge(temporary, temporary), "is a temporary ID itself"),
    ] {
        assert!(ask(&mut town, command).unwrap_err().contains(says));
    }
    ask(&mut town, merge(temporary, person(1))).unwrap();
    assert!(ask(&mut town, merge(temporary, person(2))).unwrap_err().contains("nothing is merged twice"));
    assert_eq!(town.purchase(50, 1).1, "62");
    let (_, code) = town.purchase(1, 1_500);
    assert_eq!((code.as_str(), town.available(1)), ("00", 10_000), "the purse pays for the person now");
    // The shop refunds to the old ID or to the person's card: the purse is the same.
    let mut refund = town.about(Operation::Refund, &paid, 200);
    refund.ppid = Some(person(1));
    assert_eq!(town.code(&refund), "00");
    let refund = town.about(Operation::Refund, &paid, 100);
    assert_eq!(town.code(&refund), "00");
    let mut other = town.about(Operation::Refund, &paid, 100);
    other.ppid = Some(person(2));
    assert_eq!(town.code(&other), "12");
    assert_eq!(town.state.resident(&person(1), town.state.day).unwrap().purses[0].available, 300);
    let link = Command::Link {
        ppid: temporary,
        from: None,
        to: Link::Deposit(1),
        origin: LinkOrigin::Holder,
        by: "test".into(),
    };
    assert!(ask(&mut town, link).unwrap_err().contains("merged before"));
    town.check_replay();
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
fn a_person_who_links_anew_needs_no_other_instrument() {
    let mut town = town_with(policy());
    let broken = Command::BreakLink { ppid: person(3), why: "letter came back".into(), by: "a".into() };
    ask(&mut town, broken).unwrap();
    let propose = Command::ProposeRetarget { ppid: person(3), to: Link::Deposit(1), by: "a".into() };
    ask(&mut town, propose).unwrap();
    let request = town.state.approvals()[0].number;
    let own = Command::Link {
        ppid: person(3),
        from: None,
        to: Link::Deposit(2),
        origin: LinkOrigin::Holder,
        by: "portal".into(),
    };
    ask(&mut town, own).unwrap();
    assert_eq!((town.state.broken_links().count(), town.state.approvals().len()), (0, 0));
    let late = Approvals::Decide { proposal: request, approve: true, by: "b".into(), why: "late".into() };
    assert!(ask(&mut town, Command::Approvals(late)).unwrap_err().contains("is not open"));
    town.check_replay();
}

/// Journals from before retargets were approvals are read as they were written.
#[test]
fn a_retarget_of_an_older_journal_is_read() {
    use kazasu_ledger::record::{Linked, RetargetDecided, RetargetProposed};
    let mut town = town_with(policy());
    let broken = Command::BreakLink { ppid: person(3), why: "x".into(), by: "a".into() };
    ask(&mut town, broken).unwrap();
    let instrument = Instrument::Deposit(town.state.parties.deposits[&1]);
    let proposed = RetargetProposed { ppid: person(3), instrument: instrument.clone(), by: "a".into() };
    town.carry_out(&Decision { body: Some(Body::RetargetProposed(proposed)), ..Decision::default() });
    assert!(town.state.broken_links().next().unwrap().1.proposal.is_some());
    let (version, from, origin) = (2, town.now, Some(LinkOrigin::Retarget));
    let link = Linked { ppid: person(3), version, from, instrument, origin, by: Some("b".into()) };
    let decided = RetargetDecided { ppid: person(3), link: Some(link), by: "b".into(), why: "x".into() };
    town.carry_out(&Decision { body: Some(Body::RetargetDecided(decided)), ..Decision::default() });
    assert_eq!(town.state.broken_links().count(), 0);
    assert_eq!((town.purchase(3, 100).1.as_str(), town.available(1)), ("00", 9_900));
    town.check_replay();
}

#[test]
fn a_broken_link_is_queued_and_retargeted_by_two_people() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 100);
    town.send(&request);
    let seq = town.state.seq;
    town.issuer_says(seq, "14");
    let queue: Vec<_> = town
        .state
        .broken_links()
        .map(|(p, b)| (p, b.version, b.why == BreakReason::Issuer(ResponseCode::from_wire(b"14").unwrap())))
        .collect();
    assert_eq!(queue, [(person(3), 1, true)], "an issuer that does not know the account says so");
    let propose =
        |who, to, by: &str| Command::ProposeRetarget { ppid: person(who), to: Link::Deposit(to), by: by.into() };
    let decide =
        |approve, by: &str| Command::DecideRetarget { ppid: person(3), approve, by: by.into(), why: "merged".into() };
    assert!(ask(&mut town, decide(true, "b")).unwrap_err().contains("nobody has proposed"));
    assert!(ask(&mut town, propose(1, 2, "a")).unwrap_err().contains("is not in the queue"));
    ask(&mut town, propose(3, 1, "a")).unwrap();
    assert!(ask(&mut town, decide(true, "a")).unwrap_err().contains("another person must decide"));
    ask(&mut town, decide(false, "b")).unwrap();
    assert!(ask(&mut town, decide(true, "b")).unwrap_err().contains("nobody has proposed"));
    ask(&mut town, propose(3, 1, "a")).unwrap();
    assert_eq!(town.state.approvals().len(), 1, "it is an approval like any other");
    assert!(!town.state.approvals()[0].is_for_finance());
    ask(&mut town, decide(true, "b")).unwrap();
    assert_eq!((town.state.broken_links().count(), town.state.approvals().len()), (0, 0));
    assert_eq!(town.purchase(3, 100).1, "00");
    assert_eq!(town.available(1), 9_900);
    let shared = town.state.shared_accounts();
    assert_eq!(shared.len(), 1, "two people pay from one public-receipt account");
    assert_eq!(shared[0].1, [person(1), person(3)]);
    assert!(town.state.resident(&person(3), town.state.day).unwrap().shared_account);
    let suspend =
        Command::SetCard { ppid: person(3), status: CardStatus::Suspended, by: "a".into(), why: "lost".into() };
    ask(&mut town, suspend).unwrap();
    assert_eq!(town.purchase(3, 100).1, "41");
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

#[test]
fn a_reversal_that_names_an_unknown_merchant_still_reaches_the_issuer() {
    let mut town = town_with(policy());
    for answered in [false, true] {
        let request = town.request(Operation::Purchase, 3, 500);
        town.send(&request);
        let seq = town.state.seq;
        if answered {
            town.issuer_says(seq, "00");
        }
        let mut undo = town.about(Operation::Reversal, &request, 500);
        undo.merchant = "NOBODY".parse().unwrap();
        let decision = town.send(&undo);
        assert_eq!(code_of(&decision), "00");
        let (seq, to) = sent(&decision).unwrap();
        let outgoing = town.state.outgoing(seq, to, "10000001".parse().unwrap()).expect("the message can be made");
        assert_eq!(outgoing.merchant, "SHOP".parse().unwrap(), "of the merchant that was paid");
    }
    town.check_replay();
}

#[test]
fn a_partial_reversal_of_a_waiting_tap_lets_it_go_on_and_takes_effect_behind_its_outcome() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 500);
    town.send(&request);
    let seq = town.state.seq;
    let mut undo = town.about(Operation::Reversal, &request, 500);
    undo.replacement = Some(Yen::new(200));
    let decision = town.send(&undo);
    assert_eq!(
        (code_of(&decision), waiting_code(&decision)),
        ("00".to_owned(), None),
        "nobody is told that it is over"
    );
    assert_eq!(waiting_code(&town.issuer_says(seq, "00")).unwrap(), "00");
    assert_eq!((town.receivable(), town.payable("SHOP")), ((200, 0), 200));
    let told: Vec<_> = town.state.unacknowledged().map(|(_, to)| (to.about, to.remains)).collect();
    assert_eq!(told, [(Some(seq), Some(Yen::new(200)))]);
    assert_eq!(code_of(&town.send(&undo)), "00", "a repeat gets the same");
    town.check_replay();
}

#[test]
fn a_partial_approval_that_nobody_asked_the_issuer_for_is_undone() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 500);
    town.send(&request);
    let seq = town.state.seq;
    let decision = town.issuer_says(seq, "10");
    assert_eq!(waiting_code(&decision).unwrap(), "91");
    let (_, message) = sent(&decision).unwrap();
    assert_eq!(
        (message.operation, message.about),
        (kazasu_schemas::wire::issuer::IssuerOperation::Reversal, Some(seq))
    );
    assert_eq!(town.receivable(), (0, 0));
    town.check_replay();
}

#[test]
fn a_refund_undone_twice_pays_nobody_twice() {
    let mut town = town_with(Policy { points: Vec::new(), ..policy() });
    let (first, _) = town.purchase(2, 500);
    let refund = town.about(Operation::Refund, &first, 500);
    assert_eq!(town.code(&refund), "00");
    let (second, code) = town.purchase(2, 450);
    assert_eq!(code, "00");
    let undo = town.about(Operation::Reversal, &refund, 500);
    assert_eq!(town.code(&undo), "00");
    assert_eq!((town.available(2), town.shortfall()), (0, 450), "50 from the account, 450 are claimed");
    let again = town.about(Operation::Refund, &first, 500);
    assert_eq!(town.code(&again), "00");
    assert_eq!((town.available(2), town.shortfall()), (50, 0), "first what nobody had covered");
    let back = town.about(Operation::Refund, &second, 450);
    assert_eq!(town.code(&back), "00");
    assert_eq!((town.available(2), town.shortfall(), town.payable("SHOP")), (500, 0, 0));
    town.check_replay();
}

#[test]
fn a_message_that_cannot_be_made_is_never_stood_in_for() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 100);
    town.send(&request);
    let seq = town.state.seq;
    let decision = town.issuer_silent(seq, Silence::Unmakeable);
    assert_eq!((waiting_code(&decision).unwrap(), sent(&decision)), ("91".to_owned(), None));
    town.check_replay();
}

#[test]
fn what_comes_back_from_a_refused_refund_is_the_operators_loss_too() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 500);
    town.send(&request);
    let seq = town.state.seq;
    let (message, _) = sent(&town.issuer_silent(seq, Silence::NotSent)).unwrap();
    let refund = town.about(Operation::Refund, &request, 100);
    town.send(&refund);
    let asked = town.state.seq;
    let refused = ResponseCode::from_wire(b"14").unwrap();
    town.event(&Event::IssuerAcknowledged { message, code: refused });
    town.issuer_says(asked, "25");
    assert_eq!(town.receivable(), (0, 0), "an issuer that refused owes nothing");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::StandInLoss(ISSUER))), 500);
    let refund = town.about(Operation::Refund, &request, 500);
    assert_eq!(town.code(&refund), "00");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::StandInLoss(ISSUER))), 0);
    town.check_replay();
}

#[test]
fn a_link_that_waits_for_its_day_can_be_superseded() {
    let mut town = town_with(policy());
    let link = |from, to, by: &str| Command::Link {
        ppid: person(1),
        from,
        to: Link::Deposit(to),
        origin: LinkOrigin::Holder,
        by: by.into(),
    };
    ask(&mut town, link(Some(day("2062-12-01").start()), 4, "portal")).unwrap();
    ask(&mut town, link(None, 2, "portal")).unwrap();
    assert_eq!(town.purchase(1, 300).1, "00");
    assert_eq!((town.available(1), town.available(2)), (10_000, 200), "now means now");
    ask(&mut town, link(Some(day("2062-12-01").start()), 4, "portal")).unwrap();
    ask(&mut town, Command::Unlink { ppid: person(1), from: None, by: "portal".into() }).unwrap();
    assert_eq!(town.purchase(1, 1).1, "14", "ended now, whatever waited");
    town.check_replay();
}

#[test]
fn a_revocation_is_not_lifted_by_accident() {
    let mut town = town_with(policy());
    let set = |status| Command::SetCard { ppid: person(1), status, by: "op".into(), why: "x".into() };
    let bind = |n: u8, last| Command::BindCertificate {
        ppid: person(1),
        serial: Serial::from_bytes(&[n]).unwrap(),
        issuer: None,
        last_day: day(last),
        by: "op".into(),
    };
    ask(&mut town, bind(1, "2027-01-01")).unwrap();
    ask(&mut town, set(CardStatus::Revoked)).unwrap();
    ask(&mut town, set(CardStatus::Suspended)).unwrap();
    assert_eq!(town.purchase(1, 1).1, "62", "suspending does not take the revocation away");
    ask(&mut town, bind(1, "2027-02-01")).unwrap();
    assert_eq!(town.purchase(1, 1).1, "62", "nor does correcting a date");
    ask(&mut town, bind(2, "2027-02-01")).unwrap();
    assert_eq!(town.purchase(1, 1).1, "00", "another certificate is another card");
    // A payment is booked once for a temporary ID and the person that it was merged into.
    ask(&mut town, Command::IssueTemporary { ppid: person(51), until: None, by: "city".into() }).unwrap();
    credit(&mut town, 51, 1_000, "household 7").unwrap();
    ask(&mut town, Command::Merge { from: person(51), into: person(1), by: "city".into() }).unwrap();
    let before = town.journal.len();
    credit(&mut town, 1, 1_000, "household 7").unwrap();
    assert_eq!(town.journal.len(), before);
    town.check_replay();
}

#[test]
fn each_list_of_an_authority_speaks_of_its_own_certificates() {
    let mut town = town_with(policy());
    let serial = |n: u8| Serial::from_bytes(&[n]).unwrap();
    let bind = Command::BindCertificate {
        ppid: person(1),
        serial: serial(1),
        issuer: None,
        last_day: day("2030-01-01"),
        by: "op".into(),
    };
    ask(&mut town, bind).unwrap();
    let list = |scope: &str, number, entries: &[(u8, ListReason)]| Command::ApplyList {
        number,
        issued: NOON,
        entries: entries.iter().map(|(n, reason)| (serial(*n), *reason)).collect(),
        scope: scope.into(),
        issuer: None,
        by: "op".into(),
    };
    ask(&mut town, list("CA chiyoda", 4, &[(1, ListReason::Revoked)])).unwrap();
    ask(&mut town, list("CA minato", 9, &[(2, ListReason::Hold)])).unwrap();
    assert_eq!(town.purchase(1, 1).1, "62", "another ward's list says nothing of this card");
    ask(&mut town, list("CA chiyoda", 5, &[])).unwrap();
    assert_eq!(town.purchase(1, 1).1, "00");
    assert!(ask(&mut town, list("CA chiyoda", 4, &[])).is_err(), "each list has numbers of its own");
    assert_eq!(town.state.card_lists().count(), 2);
    town.check_replay();
}
