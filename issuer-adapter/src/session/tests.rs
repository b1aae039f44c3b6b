//! The session in virtual time: a script of events and what comes out, no socket and no waiting.

mod advices;
mod random;
mod sign_on;

use super::*;
use kazasu_schemas::ids::Mcc;
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::Pan;
use kazasu_schemas::wire::Original;
use kazasu_schemas::wire::issuer::{IssuerOperation, Repeated};

const LIMITS: Limits = Limits {
    answer_timeout: 1_000,
    echo_interval: 5_000,
    reconnect_min: 100,
    reconnect_max: 400,
    max_in_flight: 4,
    saf_window: 2,
    saf_retry_min: 200,
    saf_retry_max: 800,
};

fn message(operation: IssuerOperation) -> IssuerRequest {
    let at = Millis(1_795_000_000_000).transmission();
    let original = Original::new(Mti(200), Stan::wrapping(1), at, "00099999".parse().unwrap());
    IssuerRequest {
        operation,
        repeat: false,
        account: Account::Card(Pan::parse(b"4111111111111111").unwrap()),
        amount: Yen::new(1_280),
        transmission: at,
        stan: Stan::wrapping(1),
        mcc: Mcc::new(5_411).unwrap(),
        entry_mode: 72,
        acquirer: "00099999".parse().unwrap(),
        rrn: Rrn::from_number(0),
        terminal: "T0000001".parse().unwrap(),
        merchant: "M00000000000001".parse().unwrap(),
        original: (operation == IssuerOperation::Reversal).then_some(original),
        replacement: None,
    }
}

/// Each has its own: the acquirer counted from another number.
fn cause(id: u64) -> Cause {
    Cause { acquirer: "27000001".parse().unwrap(), rrn: Rrn::from_number(7_000 + id) }
}

fn purchase(id: u64) -> Command {
    Command::Request { id, cause: cause(id), request: message(IssuerOperation::Purchase) }
}

/// Of a request of its own.
fn reversal(id: u64) -> Command {
    about(id, IssuerOperation::Reversal, 500_000 + id)
}

/// An advice about the message that has this DE11.
fn about(id: u64, operation: IssuerOperation, of: u64) -> Command {
    let message = message(operation);
    let original = Original::new(Mti(200), Stan::wrapping(of), message.transmission, message.acquirer);
    let request = IssuerRequest { stan: Stan::wrapping(id), original: Some(original), ..message };
    Command::Advice { id, cause: cause(id), request }
}

fn answer(id: u64, code: &[u8; 2]) -> IssuerAnswer {
    let code = ResponseCode::from_wire(code).unwrap();
    let repeated = message(IssuerOperation::Purchase).repeated();
    IssuerAnswer { mti: Mti(210), rrn: Rrn::from_number(id), code, approval: None, repeated }
}

/// The answer to a reversal.
fn acknowledgement(id: u64, code: &[u8; 2]) -> IssuerAnswer {
    IssuerAnswer { mti: Mti(430), ..answer(id, code) }
}

fn session(keying: Keying) -> Session {
    Session::new(LIMITS, keying, "900001".parse().unwrap(), 0)
}

/// A session and the world around it: a clock, the reports, and a socket that takes 100 bytes a message.
struct World {
    session: Session,
    now: u64,
    reports: Vec<Report>,
    encoded: u64,
    advices: std::collections::BTreeMap<u64, (Mti, Repeated)>,
}

impl World {
    fn new() -> World {
        World { session: session(Keying::None), now: 0, reports: Vec::new(), encoded: 0, advices: Default::default() }
    }

    fn up() -> World {
        let mut world = World::new();
        world.connect();
        world
    }

    fn connect(&mut self) {
        assert!(self.session.connect_due(self.now));
        self.session.connecting();
        self.session.connected(self.now);
        self.encoded = 0;
        assert_eq!(self.sent(), ["0800 sign_on"]);
        self.sign_on_answer(b"00").unwrap();
        assert_eq!(self.session.phase(), Phase::Up);
    }

    fn sign_on_answer(&mut self, code: &[u8; 2]) -> Result<(), SessionFault> {
        let Phase::SigningOn { stan, .. } = self.session.phase() else { panic!("not signing on") };
        let institution = "00099999".parse().unwrap();
        let ask = Network::request(NetworkCode::SignOn, institution, stan, Millis(0).transmission());
        let answer = ask.answer(ResponseCode::from_wire(code).unwrap());
        assert!(self.session.sign_on_answered(self.now, &answer, None)?, "it is the answer to the sign-on");
        Ok(())
    }

    fn hear_from_issuer(&mut self, purpose: NetworkCode) {
        let institution = "00088888".parse().unwrap();
        let ask = Network::request(purpose, institution, Stan::wrapping(7), Millis(0).transmission());
        self.session.network(self.now, &ask, &mut self.reports);
    }

    fn command(&mut self, command: Command) {
        if let Command::Advice { id, request, .. } = &command {
            self.advices.insert(*id, (request.mti().answer(), request.repeated()));
        }
        self.session.command(self.now, command, &mut self.reports);
    }

    fn answered(&mut self, id: u64, code: &[u8; 2]) {
        let answer = answer(id, code);
        self.hears(match self.advices.get(&id) {
            Some((mti, repeated)) => IssuerAnswer { mti: *mti, repeated: *repeated, ..answer },
            None => answer,
        });
    }

    fn hears(&mut self, answer: IssuerAnswer) -> Heard {
        self.session.answered(self.now, answer, &mut self.reports)
    }

    fn pass(&mut self, ms: u64) -> Result<(), SessionFault> {
        self.now += ms;
        self.session.tick(self.now, &mut self.reports)
    }

    /// Everything the session wants to write now, in words.
    fn sent(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        while let Some(transmit) = self.session.transmit(self.now, 0, self.encoded) {
            self.encoded += 100;
            out.push(match transmit {
                Transmit::SignOn(_) => "0800 sign_on with a nonce".to_owned(),
                Transmit::Network(purpose, _, None) => format!("0800 {}", purpose.name()),
                Transmit::Network(purpose, _, Some(day)) => format!("0800 {} {day:04}", purpose.name()),
                Transmit::NetworkAnswer(answer) => format!("0810 {} {}", answer.purpose.name(), answer.code.unwrap()),
                Transmit::Request(id, request) => format!("{} {id}", request.mti()),
                Transmit::Advice(id, request) => format!("{} {id}", request.mti()),
            });
        }
        out
    }

    fn told(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }
}

fn code(code: &[u8; 2]) -> ResponseCode {
    ResponseCode::from_wire(code).unwrap()
}

#[test]
fn answers_are_matched_in_any_order_and_once() {
    let mut w = World::up();
    (1..=3).for_each(|id| w.command(purchase(id)));
    assert_eq!(w.sent(), ["0200 1", "0200 2", "0200 3"]);
    w.answered(3, b"00");
    w.answered(1, b"51");
    w.answered(3, b"00");
    w.answered(99, b"00");
    let expected =
        [Report::Answered { id: 3, answer: answer(3, b"00") }, Report::Answered { id: 1, answer: answer(1, b"51") }];
    assert_eq!(w.told(), expected);
    assert_eq!(w.session.in_flight(), 1);
    assert_eq!(w.session.counts().total(Outcome::Unmatched), 2);
    assert_eq!(w.session.counts().get(MessageKind::Financial, Outcome::Declined), 1);
}

#[test]
fn a_cut_over_is_told_until_it_is_answered() {
    let mut w = World::new();
    // What ends while the session is down is told when it is up.
    w.command(Command::Cutover { closed: 1_231, opened: 101 });
    w.connect();
    w.pass(0).unwrap();
    assert_eq!(w.sent(), ["0800 cutover_start 1231", "0800 cutover_end 0101"]);
    let answer = |w: &mut World, purpose, code: &[u8; 2]| {
        let ask = Network::request(purpose, "00099999".parse().unwrap(), Stan::wrapping(1), Millis(0).transmission());
        w.session.network(w.now, &ask.answer(ResponseCode::from_wire(code).unwrap()), &mut w.reports);
    };
    answer(&mut w, NetworkCode::CutoverStart, b"00");
    w.pass(1_000).unwrap();
    assert_eq!(w.sent(), ["0800 cutover_end 0101"], "only what is not answered");
    // An issuer that knows no cut-over was told all the same.
    answer(&mut w, NetworkCode::CutoverEnd, b"12");
    w.pass(1_000).unwrap();
    assert_eq!(w.sent(), Vec::<String>::new());
    assert_eq!(w.session.counts().get(MessageKind::Network, Outcome::Declined), 1);
    // One that never answers is told a few times, and nothing else waits for it.
    w.command(Command::Cutover { closed: 101, opened: 102 });
    w.command(purchase(1));
    assert_eq!(w.sent(), ["0200 1"], "nothing waits for it");
    let mut told = 0;
    for _ in 0..10 {
        w.pass(1_000).unwrap();
        w.hear_from_issuer(NetworkCode::Echo);
        told += w.sent().iter().filter(|line| line.starts_with("0800 cutover_start")).count();
    }
    assert_eq!(told, 5);
    assert_eq!(w.told(), [Report::TimedOut { id: 1 }]);
    assert_eq!(w.session.phase(), Phase::Up);
}

#[test]
fn a_request_times_out_once_and_its_answer_is_late_once() {
    let mut w = World::up();
    w.command(purchase(1));
    w.sent();
    w.pass(999).unwrap();
    assert_eq!(w.told(), []);
    w.pass(1).unwrap();
    assert_eq!(w.told(), [Report::TimedOut { id: 1 }]);
    w.answered(1, b"00");
    w.answered(1, b"00");
    assert_eq!(w.told(), [Report::Late { id: 1, answer: answer(1, b"00") }]);
}

#[test]
fn what_a_message_follows_from_is_known_as_long_as_it_can_be_asked_about() {
    let mut w = World::up();
    w.command(purchase(1));
    w.command(purchase(2));
    w.command(reversal(3));
    assert_eq!(w.sent().len(), 3);
    assert_eq!([1, 2, 3, 4].map(|id| w.session.cause(id)), [Some(cause(1)), Some(cause(2)), Some(cause(3)), None]);
    w.answered(1, b"00");
    w.answered(3, b"00");
    w.pass(1_000).unwrap();
    assert_eq!([1, 2, 3].map(|id| w.session.cause(id)), [None, Some(cause(2)), None], "the second timed out");
}

/// An answer with one thing changed or missing, and the field that is to be named.
fn unfit(answer: IssuerAnswer) -> Vec<(u8, IssuerAnswer)> {
    let change = |change: &dyn Fn(&mut IssuerAnswer)| {
        let mut answer = answer;
        change(&mut answer);
        answer
    };
    vec![
        (0, change(&|a| a.mti = Mti(110))),
        (4, change(&|a| a.repeated.amount = Some(Yen::new(1)))),
        (4, change(&|a| a.repeated.amount = Some(Yen::new(1_281)))),
        (4, change(&|a| a.repeated.amount = None)),
        (7, change(&|a| a.repeated.transmission = Some(Millis(1_795_000_001_000).transmission()))),
        (7, change(&|a| a.repeated.transmission = None)),
        (11, change(&|a| a.repeated.stan = Some(Stan::wrapping(2)))),
        (11, change(&|a| a.repeated.stan = None)),
        (41, change(&|a| a.repeated.terminal = Some("T0000002".parse().unwrap()))),
        (41, change(&|a| a.repeated.terminal = None)),
        (49, change(&|a| a.repeated.currency = Some(840))),
        (49, change(&|a| a.repeated.currency = None)),
    ]
}

#[test]
fn an_answer_that_does_not_repeat_what_was_asked_is_none() {
    for code in [b"00", b"51"] {
        for (field, wrong) in unfit(answer(1, code)) {
            let mut w = World::up();
            w.command(purchase(1));
            w.sent();
            let Heard::Unfit { id: 1, misfit } = w.hears(wrong) else { panic!("DE{field} of {code:?}") };
            assert_eq!(misfit.field, field, "{misfit}");
            assert_eq!(w.told(), [Report::Unfit { id: 1 }], "the outcome is unknown at once: {misfit}");
            assert_eq!(w.hears(wrong), Heard::Unfit { id: 1, misfit }, "and a second one changes nothing");
            w.pass(2_000).unwrap();
            assert_eq!(w.told(), [], "an unknown outcome is reported once");
            assert_eq!(w.session.counts().get(MessageKind::Financial, Outcome::Unfit), 2);
            // The right one comes too late to count, and is told apart.
            w.answered(1, b"00");
            assert_eq!(w.told(), [Report::Late { id: 1, answer: answer(1, b"00") }]);
        }
    }
    let (_, wrong) = unfit(answer(1, b"00")).remove(1);
    assert_eq!(
        wrong.misfit(Mti(200), &message(IssuerOperation::Purchase).repeated()).unwrap().to_string(),
        "DE4 must repeat what was asked: 1280, got 1"
    );
}

#[test]
fn a_late_answer_that_does_not_fit_is_none_either() {
    let mut w = World::up();
    w.command(purchase(1));
    w.sent();
    w.pass(1_000).unwrap();
    assert_eq!(w.told(), [Report::TimedOut { id: 1 }]);
    w.hears(unfit(answer(1, b"00")).remove(4).1);
    assert_eq!(w.told(), []);
    w.answered(1, b"00");
    assert_eq!(w.told(), [Report::Late { id: 1, answer: answer(1, b"00") }]);
}

#[test]
fn a_partial_approval_may_say_less_and_nothing_else() {
    let partial = |yen: i64| {
        let mut answer = answer(1, b"10");
        answer.repeated.amount = Some(Yen::new(yen));
        answer
    };
    for (yen, fits) in [(1_279, true), (1_280, true), (1_281, false)] {
        let mut w = World::up();
        w.command(purchase(1));
        w.sent();
        w.hears(partial(yen));
        let wanted = if fits { Report::Answered { id: 1, answer: partial(yen) } } else { Report::Unfit { id: 1 } };
        assert_eq!(w.told(), [wanted]);
    }
}

#[test]
fn what_never_reached_the_socket_is_not_sent() {
    let mut w = World::new();
    w.session.connecting();
    w.session.disconnected(w.now, 0, &mut w.reports);
    w.command(purchase(1));
    assert_eq!(w.told(), [Report::NotSent { id: 1 }], "the session is down");
    w.pass(w.session.next_due().unwrap() - w.now).unwrap();
    w.connect();
    (2..=6).for_each(|id| w.command(purchase(id)));
    assert_eq!(w.told(), [Report::NotSent { id: 6 }], "the session is full");
    w.pass(1_000).unwrap();
    let expected: Vec<Report> = (2..=5).map(|id| Report::NotSent { id }).collect();
    assert_eq!(w.told(), expected, "queued until the time-out");
    assert_eq!(w.sent(), Vec::<String>::new(), "and not sent afterwards");
    w.answered(2, b"00");
    assert_eq!(w.told(), []);
}

#[test]
fn requests_wait_for_the_first_connection_and_end_with_it_when_it_fails() {
    let mut w = World::new();
    w.command(purchase(1));
    assert_eq!((w.told(), w.sent().len()), (vec![], 0));
    w.connect();
    assert_eq!(w.sent(), ["0200 1"]);
    let mut w = World::new();
    w.command(purchase(1));
    w.session.connecting();
    w.command(purchase(2));
    w.session.disconnected(w.now, 0, &mut w.reports);
    assert_eq!(w.told(), [Report::NotSent { id: 1 }, Report::NotSent { id: 2 }]);
    w.command(purchase(3));
    assert_eq!(w.told(), [Report::NotSent { id: 3 }], "from then on a session that is down refuses at once");
}

#[test]
fn a_broken_connection_leaves_unknown_what_may_have_left_and_not_sent_what_did_not() {
    let mut w = World::up();
    w.command(purchase(1));
    w.command(purchase(2));
    w.command(purchase(3));
    let start = w.encoded;
    assert_eq!(w.sent().len(), 3);
    w.command(purchase(4));
    // The socket took the first message and one byte of the second.
    w.session.disconnected(w.now, start + 101, &mut w.reports);
    let expected =
        [Report::TimedOut { id: 1 }, Report::TimedOut { id: 2 }, Report::NotSent { id: 3 }, Report::NotSent { id: 4 }];
    assert_eq!(w.told(), expected);
    assert_eq!(w.session.in_flight(), 0);
}

#[test]
fn an_id_in_flight_is_not_taken_twice() {
    let mut w = World::up();
    w.command(purchase(1));
    w.command(purchase(1));
    assert_eq!(w.sent(), ["0200 1"]);
    assert_eq!(w.told(), []);
}

#[test]
fn an_unanswered_echo_is_a_dead_session_and_any_answer_is_life() {
    let mut w = World::up();
    w.pass(5_000).unwrap();
    assert_eq!(w.sent(), ["0800 echo"]);
    w.answered(99, b"00");
    w.pass(1_000).unwrap();
    w.pass(4_000).unwrap();
    assert_eq!(w.sent(), ["0800 echo"]);
    assert_eq!(w.session.next_due(), Some(11_000));
    w.pass(999).unwrap();
    assert_eq!(w.pass(1), Err(SessionFault::EchoUnanswered));
}

#[test]
fn sign_on_may_fail_and_the_pause_grows_until_it_succeeds() {
    let mut w = World::new();
    let mut pauses = Vec::new();
    for _ in 0..4 {
        assert!(w.session.connect_due(w.now));
        w.session.connecting();
        w.session.connected(w.now);
        w.sent();
        assert_eq!(w.sign_on_answer(b"63"), Err(SessionFault::SignOnRefused(code(b"63"))));
        w.session.disconnected(w.now, 0, &mut w.reports);
        let Phase::Down { retry_at } = w.session.phase() else { panic!("must be down") };
        pauses.push(retry_at - w.now);
        assert!(!w.session.connect_due(retry_at - 1));
        w.now = retry_at;
    }
    assert_eq!(pauses, [100, 200, 400, 400]);
    w.connect();
    w.session.disconnected(w.now, 0, &mut w.reports);
    assert_eq!(w.session.phase(), Phase::Down { retry_at: w.now + 100 });

    let mut w = World::new();
    w.session.connecting();
    w.session.connected(0);
    w.pass(999).unwrap();
    assert_eq!(w.pass(1), Err(SessionFault::SignOnUnanswered));
}

#[test]
fn an_issuer_may_echo_and_sign_off_and_on() {
    let mut w = World::up();
    w.hear_from_issuer(NetworkCode::Echo);
    w.command(purchase(1));
    assert_eq!(w.sent(), ["0810 echo 00", "0200 1"]);
    w.command(purchase(2));
    w.hear_from_issuer(NetworkCode::SignOff);
    assert_eq!(w.told(), [Report::NotSent { id: 2 }]);
    w.command(purchase(3));
    w.command(reversal(4));
    assert_eq!(w.told(), [Report::NotSent { id: 3 }]);
    assert_eq!(w.sent(), ["0810 sign_off 00"]);
    w.answered(1, b"00");
    assert_eq!(w.told(), [Report::Answered { id: 1, answer: answer(1, b"00") }]);
    w.hear_from_issuer(NetworkCode::SignOn);
    assert_eq!(w.sent(), ["0810 sign_on 00", "0800 sign_on"]);
    w.sign_on_answer(b"00").unwrap();
    assert_eq!(w.sent(), ["0420 4"]);
    w.hear_from_issuer(NetworkCode::KeyChange);
    assert_eq!(w.sent(), ["0810 key_change 12"]);
}

#[test]
fn what_cannot_be_written_is_refused_or_kept_aside() {
    let mut w = World::up();
    let mut wrong = message(IssuerOperation::Purchase);
    wrong.amount = Yen::new(-1);
    w.command(Command::Request { id: 1, cause: cause(1), request: wrong });
    assert_eq!(w.told(), [Report::NotSent { id: 1 }]);
    let mut wrong = message(IssuerOperation::Reversal);
    wrong.replacement = Some(Yen::new(MAX_WIRE_AMOUNT + 1));
    w.command(Command::Advice { id: 2, cause: cause(2), request: wrong });
    assert_eq!((w.session.saf_depth(), w.session.unwritable_advices()), (1, 1));
    (3..=5).for_each(|id| w.command(reversal(id)));
    assert_eq!(w.sent(), ["0420 3", "0420 4"]);
    w.session.unsendable(w.now, 3, &mut w.reports);
    assert_eq!(w.sent(), ["0420 5"], "the others move up");
    assert_eq!((w.session.saf_depth(), w.session.unwritable_advices()), (4, 2));
}

#[test]
fn draining_refuses_new_requests_and_ends_with_a_sign_off() {
    let mut w = World::up();
    w.command(purchase(1));
    w.sent();
    w.session.drain();
    w.command(purchase(2));
    assert_eq!(w.told(), [Report::NotSent { id: 2 }]);
    assert!(!w.session.is_drained());
    w.answered(1, b"00");
    assert!(w.session.is_drained());
    w.session.sign_off();
    assert_eq!(w.sent(), ["0800 sign_off"]);
}
