//! Notices about a month's limit count what is final: what waits for an issuer may still be declined.

use super::*;
use proptest::prelude::*;

fn limited(who: u8) -> Town {
    let mut town = town_with(policy());
    let limits = OwnLimits { month: Some(Yen::new(1_000)), ..OwnLimits::default() };
    ask(&mut town, Command::SetOwnLimits { ppid: person(who), limits, by: "portal".into() }).unwrap();
    town
}

/// A card payment that waits for its issuer.
fn wait(town: &mut Town, yen: i64) -> (Request, Seq) {
    let request = town.request(Operation::Purchase, 3, yen);
    assert_eq!(code(&town.send(&request)), "waits");
    (request, town.state.seq)
}

fn percents(town: &Town) -> Vec<(u8, i64)> {
    town.state.notices().map(|(_, owed)| (owed.percent, owed.used.get())).collect()
}

#[test]
fn another_payment_does_not_tell_of_one_that_waits() {
    let mut town = limited(3);
    let (_, large) = wait(&mut town, 600);
    let (_, small) = wait(&mut town, 100);
    town.issuer_says(small, "00");
    assert_eq!(percents(&town), Vec::new(), "¥600 is not paid yet");
    town.issuer_says(large, "51");
    assert_eq!(percents(&town), Vec::new(), "and never will be");
    let (_, again) = wait(&mut town, 600);
    town.issuer_says(again, "00");
    assert_eq!(percents(&town), [(50, 700)], "once, when it is paid");
    town.check_replay();
}

#[test]
fn whatever_ends_the_waiting_the_next_notice_is_right() {
    type End = fn(&mut Town, &Request, Seq);
    let ends: [(End, i64); 4] = [
        (|town, _, seq| drop(town.issuer_says(seq, "05")), 0),
        (|town, _, seq| drop(town.issuer_silent(seq, Silence::TimedOut)), 0),
        (
            |town, paid, _| {
                let undo = town.about(Operation::Reversal, paid, 600);
                assert_eq!(town.code(&undo), "00");
            },
            0,
        ),
        // The switch stands in: that is a payment.
        (|town, _, seq| drop(town.issuer_silent(seq, Silence::NotSent)), 600),
    ];
    for (end, stands) in ends {
        let mut town = limited(3);
        let (request, seq) = wait(&mut town, 600);
        end(&mut town, &request, seq);
        let told = if stands > 0 { vec![(50, 600)] } else { vec![] };
        assert_eq!(percents(&town), told);
        let (_, next) = wait(&mut town, 499);
        town.issuer_says(next, "00");
        let told = if stands > 0 { vec![(50, 600), (80, 1_099), (100, 1_099)] } else { vec![] };
        assert_eq!(percents(&town), told);
        town.check_replay();
    }
}

#[test]
fn what_was_told_once_is_not_told_again_after_a_reversal() {
    let mut town = limited(3);
    let (paid, seq) = wait(&mut town, 600);
    town.issuer_says(seq, "00");
    let undo = town.about(Operation::Reversal, &paid, 600);
    assert_eq!(town.code(&undo), "00");
    let (_, again) = wait(&mut town, 600);
    town.issuer_says(again, "00");
    assert_eq!(percents(&town), [(50, 600)]);
    town.check_replay();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Payments that wait side by side and end in any order: a percentage is told when what is final first reaches it.
    #[test]
    fn a_percentage_is_told_when_what_is_final_reaches_it(
        taps in prop::collection::vec((1_i64..400, any::<bool>(), any::<prop::sample::Index>()), 1..12),
    ) {
        let mut town = limited(3);
        let mut waiting: Vec<(i64, bool, Seq)> = Vec::new();
        for (yen, approved, _) in &taps {
            let (_, seq) = wait(&mut town, *yen);
            waiting.push((*yen, *approved, seq));
        }
        let (mut paid, mut told) = (0, Vec::new());
        for (.., which) in &taps {
            let (yen, approved, seq) = waiting.remove(which.index(waiting.len()));
            town.issuer_says(seq, if approved { "00" } else { "51" });
            if approved {
                paid += yen;
                let reached = [50_u8, 80, 100].into_iter().filter(|p| paid * 100 >= i64::from(*p) * 1_000);
                let new: Vec<u8> = reached.filter(|p| !told.iter().any(|(q, _)| q == p)).collect();
                told.extend(new.into_iter().map(|p| (p, paid)));
            }
            prop_assert_eq!(percents(&town), told.clone());
        }
        town.check_replay();
    }
}

/// An authorization by card that its issuer has approved.
fn authorize(town: &mut Town, yen: i64) -> Request {
    let request = town.request(Operation::Authorize, 3, yen);
    town.send(&request);
    let seq = town.state.seq;
    assert_eq!(waiting_code(&town.issuer_says(seq, "00")).unwrap(), "00");
    request
}

#[test]
fn a_reservation_tells_of_nothing_until_it_is_completed() {
    let mut town = limited(3);
    let room = authorize(&mut town, 900);
    assert_eq!(percents(&town), [], "a hotel has reserved ¥900 and taken nothing");
    let (_, coffee) = wait(&mut town, 100);
    town.issuer_says(coffee, "00");
    assert_eq!(percents(&town), [], "and ¥100 is paid");
    let stay = town.about(Operation::Completion, &room, 450);
    assert_eq!(town.code(&stay), "00");
    assert_eq!(percents(&town), [(50, 550)]);
    // What was released may be reserved again, and released altogether.
    let car = authorize(&mut town, 400);
    let cancelled = town.about(Operation::Reversal, &car, 400);
    assert_eq!(town.code(&cancelled), "00");
    let (_, dinner) = wait(&mut town, 250);
    town.issuer_says(dinner, "00");
    assert_eq!(percents(&town), [(50, 550), (80, 800)]);
    town.check_replay();
}

#[test]
fn an_advised_reservation_tells_of_nothing_until_it_is_completed() {
    let mut town = limited(3);
    let advised = town.request(Operation::AuthorizationAdvice, 3, 900);
    assert_eq!(town.code(&advised), "00");
    assert_eq!(percents(&town), []);
    let smaller = town.about(Operation::Reversal, &advised, 900);
    assert_eq!(town.code(&Request { replacement: Some(Yen::new(600)), ..smaller }), "00");
    assert_eq!(percents(&town), []);
    let taken = town.about(Operation::Completion, &advised, 600);
    assert_eq!(town.code(&taken), "00");
    assert_eq!(percents(&town), [(50, 600)]);
    town.check_replay();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Reservations that are completed, reduced or released in any order, with payments between them.
    #[test]
    fn a_percentage_counts_completions_and_not_reservations(
        steps in prop::collection::vec((0_u8..5, 1_i64..400, any::<prop::sample::Index>()), 1..20),
    ) {
        let mut town = limited(3);
        let mut open: Vec<(Request, i64)> = Vec::new();
        let (mut paid, mut told) = (0, Vec::new());
        for (what, yen, which) in steps {
            let mut pays = 0;
            match what {
                0 | 1 => {
                    let (_, seq) = wait(&mut town, yen);
                    town.issuer_says(seq, "00");
                    pays = yen;
                }
                2 => open.push((authorize(&mut town, yen), yen)),
                3 if !open.is_empty() => {
                    let (request, left) = open.remove(which.index(open.len()));
                    pays = yen.min(left);
                    let completion = town.about(Operation::Completion, &request, pays);
                    prop_assert_eq!(town.code(&completion), "00");
                }
                4 if !open.is_empty() => {
                    let at = which.index(open.len());
                    let (request, left) = open[at];
                    let remains = (left - yen).max(0);
                    let undo = town.about(Operation::Reversal, &request, left);
                    let replacement = (remains > 0).then_some(Yen::new(remains));
                    prop_assert_eq!(town.code(&Request { replacement, ..undo }), "00");
                    if remains > 0 { open[at].1 = remains } else { open.remove(at); }
                }
                _ => {}
            }
            paid += pays;
            let reached = [50_u8, 80, 100].into_iter().filter(|p| paid > 0 && paid * 100 >= i64::from(*p) * 1_000);
            let new: Vec<u8> = reached.filter(|p| !told.iter().any(|(q, _)| q == p)).collect();
            told.extend(new.into_iter().map(|p| (p, paid)));
            prop_assert_eq!(percents(&town), told.clone());
        }
        town.check_replay();
    }
}

/// Each notice: the person, the month that it is about, percent, yen.
fn notices(town: &Town) -> Vec<(Ppid, String, u8, i64)> {
    let month = |owed: &Owed| owed.counted.to_string()[..7].to_owned();
    town.state.notices().map(|(_, owed)| (owed.ppid, month(owed), owed.percent, owed.used.get())).collect()
}

#[test]
fn what_a_reversal_takes_of_a_payment_that_waits_is_not_told() {
    type Approve = fn(&mut Town, Seq);
    let ways: [Approve; 2] = [
        |town, seq| drop(town.issuer_says(seq, "00")),
        // The switch stands in.
        |town, seq| drop(town.issuer_silent(seq, Silence::NotSent)),
    ];
    for approve in ways {
        let mut town = limited(3);
        let (paid, seq) = wait(&mut town, 600);
        let undo = town.about(Operation::Reversal, &paid, 600);
        assert_eq!(town.code(&Request { replacement: Some(Yen::new(100)), ..undo }), "00");
        approve(&mut town, seq);
        assert_eq!((percents(&town), town.payable("SHOP")), (vec![], 100), "¥100 remains");
        let (_, seq) = wait(&mut town, 450);
        approve(&mut town, seq);
        assert_eq!(percents(&town), [(50, 550)]);
        // What remains alone reaches a percentage.
        let (paid, seq) = wait(&mut town, 400);
        let undo = town.about(Operation::Reversal, &paid, 400);
        assert_eq!(town.code(&Request { replacement: Some(Yen::new(270)), ..undo }), "00");
        approve(&mut town, seq);
        assert_eq!(percents(&town), [(50, 550), (80, 820)]);
        town.check_replay();
    }
}

#[test]
fn a_payment_by_purse_and_card_tells_of_what_remains_of_the_cards_part() {
    let mut town = limited(3);
    credit(&mut town, 3, 200, "relief").unwrap();
    let (paid, seq) = wait(&mut town, 1_000);
    let undo = town.about(Operation::Reversal, &paid, 1_000);
    assert_eq!(town.code(&Request { replacement: Some(Yen::new(700)), ..undo }), "00");
    town.issuer_says(seq, "00");
    assert_eq!(percents(&town), [(50, 560)], "of ¥700, the purse pays a fifth");
    town.check_replay();
}

#[test]
fn a_completion_of_last_month_is_told_for_last_month() {
    let mut town = limited(3);
    pass_to(&mut town, "2026-11-30");
    let room = authorize(&mut town, 600);
    pass_to(&mut town, "2026-12-01");
    let (_, seq) = wait(&mut town, 550);
    town.issuer_says(seq, "00");
    let december = (person(3), "2026-12".to_owned(), 50, 550);
    assert_eq!(notices(&town), std::slice::from_ref(&december));
    let stay = town.about(Operation::Completion, &room, 600);
    assert_eq!(town.code(&stay), "00");
    let november = (person(3), "2026-11".to_owned(), 50, 600);
    assert_eq!(notices(&town), [december.clone(), november.clone()]);
    let (_, seq) = wait(&mut town, 10);
    town.issuer_says(seq, "00");
    assert_eq!(notices(&town), [december, november], "50 % of December was told");
    town.check_replay();
}

#[test]
fn a_notice_names_the_month_that_counts_the_payment() {
    let mut town = limited(3);
    pass_to(&mut town, "2026-11-30");
    let (_, seq) = wait(&mut town, 450);
    town.issuer_says(seq, "00");
    let room = authorize(&mut town, 600);
    pass_to(&mut town, "2027-01-01");
    let stay = town.about(Operation::Completion, &room, 600);
    assert_eq!(town.code(&stay), "00");
    let november = |percent| (person(3), "2026-11".to_owned(), percent, 1_050);
    assert_eq!(notices(&town), [50, 80, 100].map(november));
    town.check_replay();
}

/// A temporary ID with a card of its own.
fn temporary(town: &mut Town) {
    ask(town, Command::IssueTemporary { ppid: person(51), until: None, by: "city".into() }).unwrap();
    let to = Link::Instrument(Instrument::BankAccount(BankAccount { issuer: ISSUER, number: 78 }));
    ask(town, Command::Link { ppid: person(51), from: None, to, origin: LinkOrigin::Import, by: "t".into() }).unwrap();
}

fn authorize_by(town: &mut Town, who: u8, yen: i64) -> Request {
    let request = town.request(Operation::Authorize, who, yen);
    town.send(&request);
    let seq = town.state.seq;
    assert_eq!(waiting_code(&town.issuer_says(seq, "00")).unwrap(), "00");
    request
}

fn merge(town: &mut Town) {
    ask(town, Command::Merge { from: person(51), into: person(3), by: "city".into() }).unwrap();
}

#[test]
fn what_a_temporary_id_reserved_is_told_to_the_person() {
    let mut town = limited(3);
    temporary(&mut town);
    let room = authorize_by(&mut town, 51, 600);
    merge(&mut town);
    let stay = town.about(Operation::Completion, &room, 600);
    assert_eq!(town.code(&stay), "00");
    assert_eq!(notices(&town), [(person(3), "2026-11".to_owned(), 50, 600)]);
    town.check_replay();
}

#[test]
fn a_month_of_which_one_side_of_a_merge_knows_nothing_is_not_told() {
    let mut town = limited(3);
    temporary(&mut town);
    let room = authorize_by(&mut town, 51, 600);
    // The person paid in November too, and by January that sum is kept no more.
    for date in ["2026-11-30", "2026-12-01", "2027-01-01"] {
        pass_to(&mut town, date);
        let (_, seq) = wait(&mut town, 10);
        town.issuer_says(seq, "00");
    }
    merge(&mut town);
    let stay = town.about(Operation::Completion, &room, 600);
    assert_eq!(town.code(&stay), "00");
    assert_eq!(notices(&town), []);
    town.check_replay();
}

/// A person's payments in a month, and the percentages that were told.
type Told = std::collections::BTreeMap<(u8, String), (i64, Vec<u8>)>;

/// A payment that waits, or a reservation.
#[derive(Clone)]
struct Open {
    who: u8,
    month: String,
    request: Request,
    seq: Seq,
    left: i64,
    held: bool,
}

/// Two people, each with a month's limit, until one of them turns out to be the other's temporary ID.
struct TwoPeople {
    town: Town,
    date: usize,
    merged: bool,
    open: Vec<Open>,
    sums: Told,
    expected: Vec<(Ppid, String, u8, i64)>,
}

impl TwoPeople {
    const DATES: [&str; 4] = ["2026-11-29", "2026-11-30", "2026-12-01", "2027-01-01"];

    fn new() -> Self {
        let mut town = limited(3);
        temporary(&mut town);
        let limits = OwnLimits { month: Some(Yen::new(1_000)), ..OwnLimits::default() };
        ask(&mut town, Command::SetOwnLimits { ppid: person(51), limits, by: "portal".into() }).unwrap();
        pass_to(&mut town, Self::DATES[0]);
        let (open, expected) = (Vec::new(), Vec::new());
        TwoPeople { town, date: 0, merged: false, open, sums: Told::new(), expected }
    }

    fn begin(&mut self, temporary: bool, yen: i64, held: bool) {
        let who = if temporary && !self.merged { 51 } else { 3 };
        let operation = if held { Operation::Authorize } else { Operation::Purchase };
        let request = self.town.request(operation, who, yen);
        assert_eq!(code(&self.town.send(&request)), "waits");
        let seq = self.town.state.seq;
        if held {
            self.town.issuer_says(seq, "00");
        }
        let month = Self::DATES[self.date][..7].to_owned();
        self.open.push(Open { who, month, request, seq, left: yen, held });
    }

    /// A reversal leaves `remains`, or nothing.
    fn reverse(&mut self, at: usize, remains: i64) {
        let open = self.open[at].clone();
        let undo = self.town.about(Operation::Reversal, &open.request, open.request.amount.get());
        let replacement = (remains > 0).then_some(Yen::new(remains));
        assert_eq!(self.town.code(&Request { replacement, ..undo }), "00");
        if remains > 0 {
            self.open[at].left = remains.min(open.left);
        } else {
            self.open.remove(at);
        }
    }

    /// The issuer answers, or what is reserved is completed.
    fn end(&mut self, at: usize, good: bool, yen: i64) {
        let open = self.open.remove(at);
        let pays = if open.held { yen.min(open.left) } else { open.left };
        if open.held {
            let completion = self.town.about(Operation::Completion, &open.request, pays);
            assert_eq!(self.town.code(&completion), "00");
        } else {
            self.town.issuer_says(open.seq, if good { "00" } else { "51" });
        }
        if !open.held && !good {
            return;
        }
        let who = if self.merged { 3 } else { open.who };
        let (paid, told) = self.sums.entry((who, open.month.clone())).or_default();
        *paid += pays;
        for percent in [50, 80, 100] {
            if *paid * 100 >= i64::from(percent) * 1_000 && !told.contains(&percent) {
                told.push(percent);
                self.expected.push((person(who), open.month.clone(), percent, *paid));
            }
        }
    }

    fn merge(&mut self) {
        // Later than that, one side may know nothing of the first month.
        if self.merged || self.date == Self::DATES.len() - 1 {
            return;
        }
        merge(&mut self.town);
        self.merged = true;
        let theirs: Vec<_> =
            self.sums.iter().filter(|((who, _), _)| *who == 51).map(|(k, v)| (k.clone(), v.0)).collect();
        for ((_, month), paid) in theirs {
            self.sums.entry((3, month)).or_default().0 += paid;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// Payments and reservations that are reduced, ended and completed across the ends of months and a merge: each percentage is told
    /// once, to the person, for the month that counts the payment, with what is final in it.
    #[test]
    fn each_percentage_is_told_once_for_its_month(
        steps in prop::collection::vec((0_u8..11, 1_i64..500, any::<bool>(), any::<prop::sample::Index>()), 1..30),
    ) {
        let mut two = TwoPeople::new();
        for (what, yen, flag, which) in steps {
            let at = if two.open.is_empty() { None } else { Some(which.index(two.open.len())) };
            match (what, at) {
                (0..=2, _) => two.begin(flag, yen, what == 2),
                (3 | 4, Some(at)) => two.reverse(at, (two.open[at].left - yen).max(0)),
                (5..=8, Some(at)) => two.end(at, flag || what > 6, yen),
                (9, _) => {
                    two.date = (two.date + 1).min(TwoPeople::DATES.len() - 1);
                    pass_to(&mut two.town, TwoPeople::DATES[two.date]);
                }
                (10, _) if flag => two.merge(),
                _ => {}
            }
            prop_assert_eq!(notices(&two.town), two.expected.clone());
        }
        two.town.check_replay();
    }
}
