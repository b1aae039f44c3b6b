//! The protocol in virtual time.

use super::*;
use kazasu_schemas::ids::Rrn;
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::{Account, IssuerOperation};

const WALL: Millis = Millis(1_795_402_800_000);

fn link() -> Link {
    let settings = Settings {
        answer_timeout: 1_000,
        echo_interval: 5_000,
        max_in_flight: 2,
        saf_window: 2,
        saf_retry_min: 500,
        saf_retry_max: 4_000,
    };
    Link::new(settings, "10000001".parse().unwrap())
}

fn request(id: u64, operation: IssuerOperation) -> IssuerRequest {
    IssuerRequest {
        operation,
        repeat: false,
        account: Account::Bank("0010000001".into()),
        amount: Yen::new(100),
        transmission: WALL.transmission(),
        stan: Stan::wrapping(id),
        mcc: "5411".parse().unwrap(),
        entry_mode: 72,
        acquirer: "10000001".parse().unwrap(),
        rrn: Rrn::from_number(id),
        terminal: "T1".parse().unwrap(),
        merchant: "M1".parse().unwrap(),
        original: None,
        replacement: None,
    }
}

fn ask(id: u64) -> Command {
    Command::Request { id, request: request(id, IssuerOperation::Purchase) }
}

fn tell(id: u64) -> Command {
    Command::Advice { id, request: request(id, IssuerOperation::Reversal) }
}

fn answer(id: u64, mti: u16) -> Heard {
    let rrn = Rrn::from_number(id);
    Heard::Answer(IssuerAnswer { mti: Mti(mti), rrn, code: ResponseCode::APPROVED, approval: None })
}

/// What was sent, in short: the id and whether as a repeat, or the network code.
fn sent(out: &Output) -> Vec<String> {
    out.send
        .iter()
        .map(|wire| match wire {
            Wire::Network(n) => format!("{}", n.purpose.name()),
            Wire::Request(r) => format!("{}{}", r.mti(), r.rrn.number().map_or_else(String::new, |n| format!(":{n}"))),
        })
        .collect()
}

fn step(link: &mut Link, act: impl FnOnce(&mut Link, &mut Output)) -> Output {
    let mut out = Output::default();
    act(link, &mut out);
    out
}

fn up(link: &mut Link, now: u64) {
    let out = step(link, |l, o| l.connected(now, WALL, o));
    assert_eq!(sent(&out), ["sign_on"]);
    let Some(Wire::Network(sign_on)) = out.send.first() else { panic!() };
    step(link, |l, o| l.heard(now, Heard::Network(sign_on.answer(ResponseCode::APPROVED)), o));
    assert!(link.is_up());
}

#[test]
fn requests_need_a_signed_on_link_with_room() {
    let mut l = link();
    assert_eq!(step(&mut l, |l, o| l.command(0, ask(1), o)).reports, [Report::NotSent { id: 1 }]);
    up(&mut l, 0);
    for id in [2, 3] {
        assert_eq!(step(&mut l, |l, o| l.command(0, ask(id), o)).reports, []);
    }
    assert_eq!(step(&mut l, |l, o| l.command(0, ask(4), o)).reports, [Report::NotSent { id: 4 }]);
    let out = step(&mut l, |l, o| l.heard(10, answer(3, 210), o));
    assert!(matches!(out.reports[..], [Report::Answered { id: 3, .. }]));
    assert_eq!(step(&mut l, |l, o| l.command(0, ask(5), o)).reports, []);
}

#[test]
fn silence_times_out_and_a_later_answer_is_late() {
    let mut l = link();
    up(&mut l, 0);
    step(&mut l, |l, o| l.command(0, ask(1), o));
    step(&mut l, |l, o| l.command(200, ask(2), o));
    assert_eq!(step(&mut l, |l, o| l.tick(999, WALL, o)).reports, []);
    assert_eq!(step(&mut l, |l, o| l.tick(1_000, WALL, o)).reports, [Report::TimedOut { id: 1 }]);
    let out = step(&mut l, |l, o| l.heard(1_001, answer(1, 210), o));
    assert!(matches!(out.reports[..], [Report::Late { id: 1, .. }]));
    let out = step(&mut l, |l, o| l.heard(1_100, answer(2, 210), o));
    assert!(matches!(out.reports[..], [Report::Answered { id: 2, .. }]));
    let out = step(&mut l, |l, o| l.heard(1_101, answer(2, 210), o));
    assert!(matches!(out.reports[..], [Report::Late { id: 2, .. }]), "a second answer is late");
    assert_eq!(step(&mut l, |l, o| l.tick(2_000, WALL, o)).reports, []);
}

#[test]
fn a_broken_connection_leaves_outcomes_unknown() {
    let mut l = link();
    up(&mut l, 0);
    step(&mut l, |l, o| l.command(0, ask(1), o));
    assert_eq!(step(&mut l, Link::disconnected_for_test).reports, [Report::TimedOut { id: 1 }]);
    assert_eq!(step(&mut l, |l, o| l.command(0, ask(2), o)).reports, [Report::NotSent { id: 2 }]);
}

impl Link {
    fn disconnected_for_test(&mut self, out: &mut Output) {
        self.disconnected(out);
    }
}

#[test]
fn advices_are_sent_in_order_within_the_window_until_acknowledged() {
    let mut l = link();
    for id in [1, 2, 3] {
        assert_eq!(sent(&step(&mut l, |l, o| l.command(0, tell(id), o))), Vec::<String>::new());
    }
    let out = step(&mut l, |l, o| l.connected(0, WALL, o));
    let Some(Wire::Network(sign_on)) = out.send.first() else { panic!() };
    let out = step(&mut l, |l, o| l.heard(0, Heard::Network(sign_on.answer(ResponseCode::APPROVED)), o));
    assert_eq!(sent(&out), ["0420:1", "0420:2"]);
    // Unanswered, they come again as repeats, with growing pauses.
    assert_eq!(sent(&step(&mut l, |l, o| l.tick(500, WALL, o))), ["0421:1", "0421:2"]);
    assert_eq!(sent(&step(&mut l, |l, o| l.tick(999, WALL, o))), Vec::<String>::new());
    assert_eq!(sent(&step(&mut l, |l, o| l.tick(1_500, WALL, o))), ["0421:1", "0421:2"]);
    let out = step(&mut l, |l, o| l.heard(1_600, answer(2, 430), o));
    assert_eq!(out.reports, [Report::Acknowledged { id: 2, code: ResponseCode::APPROVED }]);
    assert_eq!(sent(&out), ["0420:3"]);
    // The connection breaks: what was sent goes out again first, in order.
    step(&mut l, |l, o| l.disconnected(o));
    assert_eq!(l.owed(), 2);
    let out = step(&mut l, |l, o| l.connected(2_000, WALL, o));
    let Some(Wire::Network(sign_on)) = out.send.first() else { panic!() };
    let out = step(&mut l, |l, o| l.heard(2_000, Heard::Network(sign_on.answer(ResponseCode::APPROVED)), o));
    assert_eq!(sent(&out), ["0421:1", "0421:3"]);
    step(&mut l, |l, o| l.heard(2_001, answer(1, 430), o));
    step(&mut l, |l, o| l.heard(2_001, answer(3, 430), o));
    assert_eq!(l.owed(), 0);
    let out = step(&mut l, |l, o| l.heard(2_002, answer(3, 430), o));
    assert_eq!(out.reports, [], "an acknowledgement twice is nothing new");
}

#[test]
fn an_idle_link_is_tested_and_a_dead_one_closed() {
    let mut l = link();
    up(&mut l, 0);
    assert_eq!(sent(&step(&mut l, |l, o| l.tick(4_999, WALL, o))), Vec::<String>::new());
    assert_eq!(sent(&step(&mut l, |l, o| l.tick(5_000, WALL, o))), ["echo"]);
    assert!(!step(&mut l, |l, o| l.tick(5_999, WALL, o)).close);
    assert!(step(&mut l, |l, o| l.tick(6_000, WALL, o)).close);
}

#[test]
fn a_sign_on_that_is_refused_or_unanswered_closes() {
    let mut l = link();
    let out = step(&mut l, |l, o| l.connected(0, WALL, o));
    let Some(Wire::Network(sign_on)) = out.send.first() else { panic!() };
    let refused = Heard::Network(sign_on.answer(ResponseCode::SECURITY));
    assert!(step(&mut l, |l, o| l.heard(0, refused, o)).close);
    let mut l = link();
    step(&mut l, |l, o| l.connected(0, WALL, o));
    assert!(step(&mut l, |l, o| l.tick(1_000, WALL, o)).close);
}
