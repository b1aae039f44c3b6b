//! The driver against the simulator over real loopback sockets: what the switch is told, and what the issuer has booked.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod sign_on;

use kazasu_issuer_adapter::clock::wall_clock;
use kazasu_issuer_adapter::sim::{
    Action, Applies, DefaultAccount, IssuerConfig, IssuerKind, MacConfig, Part, Script, Sim, SimConfig, Step, effective,
};
use kazasu_issuer_adapter::{
    Cause, Command, ConnectionConfig, ConnectionStatus, Ends, Keying, Report, StaticMac, spawn,
};
use kazasu_schemas::ids::{Mcc, Rrn, Stan};
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::{MacAlgorithm, MacKey};
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::{Key, Pan};
use kazasu_schemas::wire::ResponseCode;
use kazasu_schemas::wire::issuer::{Account, IssuerOperation, IssuerRequest};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const WAIT: Duration = Duration::from_secs(10);

fn issuer(script: impl Into<Script>) -> IssuerConfig {
    let mut issuer = IssuerConfig::new("sakura", IssuerKind::Credit);
    issuer.default_account = Some(DefaultAccount { balance: 10_000, script: script.into() });
    issuer
}

async fn start(issuer: IssuerConfig, journal: Option<PathBuf>) -> (Sim, SocketAddr) {
    let mut config = SimConfig::new(vec![issuer]);
    config.journal = journal;
    let sim = Sim::start(config).await.unwrap();
    let addr = sim.addr("sakura").unwrap();
    (sim, addr)
}

fn cause() -> Cause {
    Cause { acquirer: "27000001".parse().unwrap(), rrn: Rrn::from_number(1) }
}

fn message(operation: IssuerOperation, id: u64, amount: i64, about: Option<&IssuerRequest>) -> IssuerRequest {
    IssuerRequest {
        operation,
        repeat: false,
        account: Account::Card(Pan::parse(b"4111111111111111").unwrap()),
        amount: Yen::new(amount),
        transmission: Millis(1_795_000_000_000).transmission(),
        stan: Stan::wrapping(id),
        mcc: Mcc::new(5_411).unwrap(),
        entry_mode: 72,
        acquirer: "00099999".parse().unwrap(),
        rrn: Rrn::from_number(id),
        terminal: "T0000001".parse().unwrap(),
        merchant: "M00000000000001".parse().unwrap(),
        original: about.map(IssuerRequest::as_original),
        replacement: None,
    }
}

fn purchase(id: u64, amount: i64) -> IssuerRequest {
    message(IssuerOperation::Purchase, id, amount, None)
}

fn reversal(id: u64, of: &IssuerRequest) -> IssuerRequest {
    message(IssuerOperation::Reversal, id, of.amount.get(), Some(of))
}

/// A running session and what it reports.
struct Switch {
    commands: mpsc::UnboundedSender<Vec<Command>>,
    reports: mpsc::UnboundedReceiver<Vec<Report>>,
    told: Vec<Report>,
    status: Arc<ConnectionStatus>,
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Switch {
    fn new(addr: SocketAddr, change: impl FnOnce(&mut ConnectionConfig)) -> Switch {
        Switch::with_clock(addr, change, wall_clock)
    }

    fn with_clock(
        addr: SocketAddr,
        change: impl FnOnce(&mut ConnectionConfig),
        clock: impl Fn() -> Millis + Send + 'static,
    ) -> Switch {
        let ms = Duration::from_millis;
        let mut config = ConnectionConfig {
            name: "sakura".into(),
            addr: addr.to_string(),
            dialect: Arc::new(Dialect::shipped("iso87-ascii").unwrap()),
            institution: "00099999".parse().unwrap(),
            keying: Keying::None,
            tls: None,
            answer_timeout: ms(300),
            echo_interval: ms(200),
            reconnect_min: ms(20),
            reconnect_max: ms(100),
            max_in_flight: 10_000,
            saf_window: 8,
            saf_retry_min: ms(50),
            saf_retry_max: ms(400),
        };
        change(&mut config);
        let (commands, receiver) = mpsc::unbounded_channel();
        let (sender, reports) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let report = move |batch| drop(sender.send(batch));
        let ends = Ends { commands: receiver, report, wall_clock: clock, shutdown: stop.clone() };
        let (task, status) = spawn(config, ends);
        Switch { commands, reports, told: Vec::new(), status, task, stop }
    }

    async fn up(addr: SocketAddr) -> Switch {
        let switch = Switch::new(addr, |_| {});
        switch.wait_for(true).await;
        switch
    }

    async fn wait_for(&self, up: bool) {
        let wait = async {
            while self.status.is_up() != up {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(WAIT, wait).await.unwrap_or_else(|_| panic!("session up = {up}: {:?}", self.status));
    }

    fn ask(&self, request: IssuerRequest) {
        let id = request.rrn.number().unwrap();
        self.commands.send(vec![Command::Request { id, cause: cause(), request }]).unwrap();
    }

    fn tell(&self, request: IssuerRequest) {
        let id = request.rrn.number().unwrap();
        self.commands.send(vec![Command::Advice { id, cause: cause(), request }]).unwrap();
    }

    /// The next report in short: `answered 1 00`.
    async fn next(&mut self) -> String {
        while self.told.is_empty() {
            let batch = tokio::time::timeout(WAIT, self.reports.recv()).await.expect("a report in time");
            self.told = batch.expect("the session runs");
        }
        match self.told.remove(0) {
            Report::Answered { id, answer } => format!("answered {id} {}", answer.code),
            Report::Late { id, answer } => format!("late {id} {}", answer.code),
            Report::TimedOut { id } => format!("timed out {id}"),
            Report::Unfit { id } => format!("unfit {id}"),
            Report::NotSent { id } => format!("not sent {id}"),
            Report::Acknowledged { id, code } => format!("acknowledged {id} {code}"),
        }
    }

    async fn silent_for(&mut self, ms: u64) {
        let more = tokio::time::timeout(Duration::from_millis(ms), self.reports.recv()).await;
        assert!(self.told.is_empty() && more.is_err(), "unexpected: {:?} {more:?}", self.told);
    }
}

/// A host's dialect: EBCDIC behind a TPDU, whose addresses the issuer's answers swap.
const HOST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/dialects/examples/host-ebcdic.toml");

fn dialect(name: &str) -> Arc<Dialect> {
    let file = || Dialect::parse(&std::fs::read_to_string(name).unwrap()).unwrap();
    Arc::new(Dialect::shipped(name).unwrap_or_else(file))
}

#[tokio::test]
async fn approved_and_declined_in_every_dialect() {
    for dialect in Dialect::SHIPPED.into_iter().chain([HOST]) {
        let mut config = issuer(Script::default());
        config.dialect = dialect.to_owned();
        let (sim, addr) = start(config, None).await;
        let mut switch = Switch::new(addr, |c| c.dialect = self::dialect(dialect));
        switch.wait_for(true).await;
        switch.ask(purchase(1, 9_000));
        assert_eq!(switch.next().await, "answered 1 00", "{dialect}");
        switch.ask(purchase(2, 1_001));
        assert_eq!(switch.next().await, "answered 2 51", "{dialect}");
        assert_eq!(sim.account("sakura", "4111111111111111").unwrap().available, 1_000);
        switch.stop.cancel();
        tokio::time::timeout(WAIT, switch.task).await.unwrap().unwrap();
        sim.stop().await;
    }
}

#[tokio::test]
async fn a_bank_answers_for_its_own_accounts_only() {
    let mut bank = issuer(Script::default());
    bank.kind = IssuerKind::Bank;
    let (_sim, addr) = start(bank, None).await;
    let mut switch = Switch::up(addr).await;
    let mut request = purchase(1, 100);
    request.account = Account::Bank("0011234567".into());
    switch.ask(request);
    assert_eq!(switch.next().await, "answered 1 00");
    switch.ask(purchase(2, 100));
    assert_eq!(switch.next().await, "answered 2 14");
}

#[tokio::test]
async fn silence_is_an_unknown_outcome_that_the_issuer_has_booked() {
    let mut step = Step::new(Action::Silence);
    step.times = Some(1);
    let (sim, addr) = start(issuer(step), None).await;
    let mut switch = Switch::up(addr).await;
    let first = purchase(1, 700);
    switch.ask(first.clone());
    assert_eq!(switch.next().await, "timed out 1");
    assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, 700);
    switch.tell(reversal(2, &first));
    assert_eq!(switch.next().await, "acknowledged 2 00");
    assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, 0);
}

#[tokio::test]
async fn an_answer_that_does_not_repeat_what_was_asked_counts_as_none_in_every_dialect() {
    for dialect in Dialect::SHIPPED {
        let parts = Part::ALL.into_iter().flat_map(|part| [Action::Wrong(part), Action::Missing(part)]);
        for action in parts {
            let step = Step { on: Applies::All, times: Some(1), ..Step::new(action) };
            let advices = Step { on: Applies::Advices, times: Some(1), ..Step::new(action) };
            let mut config = issuer(Script { steps: vec![step, advices] });
            config.dialect = dialect.to_owned();
            let (sim, addr) = start(config, None).await;
            let mut switch = Switch::new(addr, |c| c.dialect = Arc::new(Dialect::shipped(dialect).unwrap()));
            switch.wait_for(true).await;
            let first = purchase(1, 700);
            switch.ask(first.clone());
            // What names no question, or no longer says which one it answers, is waited out.
            let lost = matches!(action, Action::Wrong(Part::Reference) | Action::Missing(Part::Reference));
            assert_eq!(switch.next().await, if lost { "timed out 1" } else { "unfit 1" }, "{dialect} {action:?}");
            switch.tell(reversal(2, &first));
            assert_eq!(switch.next().await, "acknowledged 2 00", "{dialect} {action:?}");
            assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, 0, "{dialect} {action:?}");
            let counters = switch.status.counters();
            assert_eq!(counters.unfit, if lost { 0 } else { 2 }, "{dialect} {action:?}: {counters:?}");
            switch.stop.cancel();
            tokio::time::timeout(WAIT, switch.task).await.unwrap().unwrap();
            sim.stop().await;
        }
    }
}

#[tokio::test]
async fn an_answer_after_the_time_out_is_reported_as_late() {
    let (_sim, addr) = start(issuer(Action::AnswerAfter(500)), None).await;
    let mut switch = Switch::up(addr).await;
    switch.ask(purchase(1, 700));
    assert_eq!(switch.next().await, "timed out 1");
    assert_eq!(switch.next().await, "late 1 00");
    assert!(switch.status.is_up(), "an echo was answered meanwhile");
}

#[tokio::test]
async fn a_duplicate_answer_is_reported_once() {
    let (_sim, addr) = start(issuer(Action::Duplicate), None).await;
    let mut switch = Switch::up(addr).await;
    switch.ask(purchase(1, 700));
    assert_eq!(switch.next().await, "answered 1 00");
    switch.silent_for(100).await;
    assert_eq!(switch.status.counters().unmatched, 1);
}

#[tokio::test]
async fn a_disconnect_leaves_the_outcome_unknown_and_the_session_comes_back() {
    let mut step = Step::new(Action::Disconnect);
    step.times = Some(1);
    let (sim, addr) = start(issuer(step), None).await;
    let mut switch = Switch::up(addr).await;
    let asked = std::time::Instant::now();
    switch.ask(purchase(1, 700));
    assert_eq!(switch.next().await, "timed out 1");
    assert!(asked.elapsed() < Duration::from_millis(250), "at once, not at the time-out");
    assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, 700);
    switch.wait_for(true).await;
    switch.ask(purchase(2, 100));
    assert_eq!(switch.next().await, "answered 2 00");
}

#[tokio::test]
async fn a_session_that_is_down_sends_nothing_and_says_so() {
    let (sim, addr) = start(issuer(Script::default()), None).await;
    let mut switch = Switch::up(addr).await;
    sim.control().down("sakura").await.unwrap();
    switch.wait_for(false).await;
    assert!(switch.status.last_error().is_some());
    switch.ask(purchase(1, 700));
    assert_eq!(switch.next().await, "not sent 1");
    sim.control().up("sakura").await.unwrap();
    switch.wait_for(true).await;
    switch.ask(purchase(2, 100));
    assert_eq!(switch.next().await, "answered 2 00");
    assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, 100);
}

#[tokio::test]
async fn a_full_session_refuses_what_it_cannot_carry() {
    let (_sim, addr) = start(issuer(Action::AnswerAfter(50)), None).await;
    let mut switch = Switch::new(addr, |config| config.max_in_flight = 2);
    switch.wait_for(true).await;
    let batch = (1..=3).map(|id| Command::Request { id, cause: cause(), request: purchase(id, 1) }).collect();
    switch.commands.send(batch).unwrap();
    assert_eq!(switch.next().await, "not sent 3");
    assert_eq!(switch.next().await, "answered 1 00");
    assert_eq!(switch.next().await, "answered 2 00");
}

#[tokio::test]
async fn advices_survive_an_issuer_that_is_restarted_from_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("issuers.jsonl");
    let (sim, addr) = start(issuer(Script::default()), Some(journal.clone())).await;
    let mut switch = Switch::up(addr).await;
    let paid: Vec<IssuerRequest> = (1..=20).map(|id| purchase(id, 100)).collect();
    for request in &paid {
        switch.ask(request.clone());
        assert!(switch.next().await.ends_with(" 00"));
    }
    sim.stop().await;
    switch.wait_for(false).await;
    for request in &paid[..15] {
        switch.tell(reversal(100 + request.rrn.number().unwrap(), request));
    }
    switch.silent_for(150).await;
    assert_eq!(switch.status.saf_depth(), 15);
    let mut config = issuer(Script::default());
    config.listen = addr.to_string();
    let (sim, _) = start(config, Some(journal.clone())).await;
    assert_eq!(sim.replayed(), 20);
    for id in 101..=115 {
        assert_eq!(switch.next().await, format!("acknowledged {id} 00"));
    }
    assert_eq!(switch.status.saf_depth(), 0);
    assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, 500);
    let standing: i64 = effective(&journal).unwrap().values().sum();
    assert_eq!(standing, 500);
    let text = std::fs::read_to_string(&journal).unwrap();
    assert!(!text.contains("4111111111111111"));
}

#[tokio::test]
async fn an_advice_is_repeated_until_it_is_answered_and_executed_once() {
    let step = Step { on: Applies::Advices, times: Some(2), ..Step::new(Action::Silence) };
    let (sim, addr) = start(issuer(step), None).await;
    let mut switch = Switch::up(addr).await;
    switch.tell(message(IssuerOperation::PurchaseAdvice, 1, 300, None));
    assert_eq!(switch.next().await, "acknowledged 1 00");
    assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, 300);
    assert_eq!(sim.totals()[0].1.repeated, 2);
    let refused = Step { on: Applies::Advices, ..Step::new(Action::Decline(ResponseCode::from_wire(b"05").unwrap())) };
    let (_sim, addr) = start(issuer(refused), None).await;
    let mut switch = Switch::up(addr).await;
    switch.tell(message(IssuerOperation::PurchaseAdvice, 2, 300, None));
    assert_eq!(switch.next().await, "acknowledged 2 05");
}

fn keys(seed: u8) -> (Key, Key) {
    (Key::new(vec![seed; 16]).unwrap(), Key::new(vec![seed + 1; 16]).unwrap())
}

fn with_mac(addr: SocketAddr, to: &Key, from: &Key) -> Switch {
    let key = |key| MacKey::new(MacAlgorithm::AesCmac, key).unwrap();
    let mac = StaticMac { to_issuer: key(to), from_issuer: vec![key(from)] };
    Switch::new(addr, |config| config.keying = Keying::Static(Arc::new(InForce::new(mac))))
}

#[tokio::test]
async fn macs_are_checked_in_both_directions() {
    let (to, from) = keys(1);
    let mut config = issuer(Script::default());
    config.mac = Some(MacConfig::fixed(MacAlgorithm::AesCmac, to.clone(), from.clone()));
    let (sim, addr) = start(config, None).await;
    let mut good = with_mac(addr, &to, &from);
    good.wait_for(true).await;
    good.ask(purchase(1, 100));
    assert_eq!(good.next().await, "answered 1 00");
    // The switch signs with a key that the issuer does not know: refused.
    let wrong_to = with_mac(addr, &from, &from);
    // The issuer's answers do not verify: ignored and counted, so the sign-on stays unanswered.
    let wrong_from = with_mac(addr, &to, &to);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!wrong_to.status.is_up() && !wrong_from.status.is_up());
    let why = wrong_to.status.last_error().unwrap();
    assert!(why.contains("refused the sign-on with 63"), "{why}");
    assert!(wrong_from.status.counters().bad_mac >= 1);
    assert_eq!(sim.totals()[0].1.approved, 1);
}

/// The issuer's key is changed: for a while the switch takes answers under either.
#[tokio::test]
async fn fixed_keys_are_changed_on_a_connection_that_stands() {
    let ((to, from), (_, other)) = (keys(1), keys(5));
    let mut config = issuer(Script::default());
    config.mac = Some(MacConfig::fixed(MacAlgorithm::AesCmac, to.clone(), from.clone()));
    let (_sim, addr) = start(config, None).await;
    let key = |key: &Key| MacKey::new(MacAlgorithm::AesCmac, key).unwrap();
    let mac =
        |from: &[&Key]| StaticMac { to_issuer: key(&to), from_issuer: from.iter().map(|from| key(from)).collect() };
    let in_force = Arc::new(InForce::new(mac(&[&from])));
    let held = in_force.clone();
    let mut switch = Switch::new(addr, |config| config.keying = Keying::Static(held));
    switch.wait_for(true).await;
    for (id, step) in (1..).zip([mac(&[&from, &other]), mac(&[&other, &from])]) {
        in_force.set(step);
        switch.ask(purchase(id, 100));
        assert_eq!(switch.next().await, format!("answered {id} 00"));
    }
    in_force.set(mac(&[&other]));
    switch.ask(purchase(9, 100));
    assert_eq!(switch.next().await, "timed out 9");
    assert!(switch.status.counters().bad_mac >= 1);
}

/// An issuer that answers wrongly before it answers rightly, written by hand on a plain socket.
#[tokio::test]
async fn a_wrong_mac_and_garbage_are_ignored_and_the_session_stays_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (to, from) = keys(1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let right = MacKey::new(MacAlgorithm::AesCmac, &from).unwrap();
    let wrong = MacKey::new(MacAlgorithm::AesCmac, &to).unwrap();
    let issuer = async move {
        let dialect = Dialect::shipped("iso87-ascii").unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = bytes::BytesMut::new();
        let mut message = kazasu_schemas::iso8583::Message::default();
        while stream.read_buf(&mut bytes).await.unwrap() > 0 {
            while let Some(frame) = dialect.frames().decode(&mut bytes).unwrap() {
                dialect.decode(&frame, &mut message).unwrap();
                message.mti = message.mti.answer();
                message.set(39, b"00");
                let mut out = bytes::BytesMut::new();
                if message.mti.0 == 210 {
                    kazasu_schemas::mac::encode_frame(&dialect, &mut message, Some(&wrong), &mut out).unwrap();
                    out.extend_from_slice(b"\x00\x140210 is not a bitmap");
                }
                kazasu_schemas::mac::encode_frame(&dialect, &mut message, Some(&right), &mut out).unwrap();
                stream.write_all(&out).await.unwrap();
            }
        }
    };
    tokio::spawn(issuer);
    let mut switch = with_mac(addr, &to, &from);
    switch.wait_for(true).await;
    switch.ask(purchase(1, 100));
    assert_eq!(switch.next().await, "answered 1 00");
    let counters = switch.status.counters();
    assert_eq!((counters.bad_mac, counters.undecodable), (1, 1));
    assert!(switch.status.is_up());
}

#[tokio::test]
async fn a_dead_issuer_is_noticed_by_its_echo() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    // Accepts, and never says a word.
    let accept = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
        }
    });
    let switch = Switch::new(addr, |config| config.answer_timeout = Duration::from_millis(50));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!switch.status.is_up());
    assert!(switch.status.last_error().unwrap().contains("did not answer the sign-on"));
    accept.abort();
}

#[tokio::test]
async fn both_sides_agree_after_a_mixture() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("issuers.jsonl");
    let script = Script {
        steps: vec![
            Step { every: 5, ..Step::new(Action::Silence) },
            Step { every: 7, ..Step::new(Action::Duplicate) },
            Step { every: 11, ..Step::new(Action::Disconnect) },
        ],
    };
    let (sim, addr) = start(issuer(script), Some(journal.clone())).await;
    let mut switch = Switch::up(addr).await;
    let mut ours = std::collections::BTreeMap::new();
    for id in 1..=60 {
        switch.wait_for(true).await;
        let request = purchase(id, 10);
        switch.ask(request.clone());
        let outcome = switch.next().await;
        if outcome == format!("answered {id} 00") {
            ours.insert(("sakura".to_owned(), id), 10);
        } else {
            // Unknown: undo it. Certainly not sent: nothing to undo.
            ours.insert(("sakura".to_owned(), id), 0);
            if outcome == format!("timed out {id}") {
                switch.tell(reversal(1_000 + id, &request));
                assert_eq!(switch.next().await, format!("acknowledged {} 00", 1_000 + id));
            } else {
                assert_eq!(outcome, format!("not sent {id}"));
            }
        }
    }
    let mut theirs = effective(&journal).unwrap();
    assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, theirs.values().sum::<i64>());
    for key in ours.keys() {
        theirs.entry(key.clone()).or_insert(0);
    }
    assert_eq!(theirs, ours);
    assert!(ours.values().any(|yen| *yen == 0) && ours.values().any(|yen| *yen == 10));
}

#[tokio::test]
async fn a_hundred_thousand_bytes_of_requests_in_one_batch_are_all_answered() {
    let (_sim, addr) = start(issuer(Script::default()), None).await;
    let mut switch = Switch::new(addr, |config| config.answer_timeout = Duration::from_secs(20));
    switch.wait_for(true).await;
    let batch = (1..=3_000).map(|id| Command::Request { id, cause: cause(), request: purchase(id, 1) }).collect();
    switch.commands.send(batch).unwrap();
    for id in 1..=3_000 {
        assert_eq!(switch.next().await, format!("answered {id} 00"));
    }
    assert_eq!(switch.status.in_flight(), 0);
}

/// When code in the task panics, here the clock that it was given: the issuer closes nothing, the switch is told what became of
/// its requests, and the advices come again.
#[tokio::test]
async fn a_task_that_panics_reports_its_requests_and_begins_again_with_its_advices() {
    let silent = Step { on: Applies::Requests, ..Step::new(Action::Silence) };
    let (sim, addr) = start(issuer(silent), None).await;
    let broken = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let breaks = Arc::clone(&broken);
    let clock = move || {
        let left = |n: usize| n.checked_sub(1);
        let order = std::sync::atomic::Ordering::SeqCst;
        assert!(breaks.fetch_update(order, order, left).is_err(), "the clock breaks off, for this test");
        wall_clock()
    };
    let mut switch = Switch::with_clock(addr, |config| config.answer_timeout = Duration::from_secs(5), clock);
    switch.wait_for(true).await;
    for round in 1..=3_u64 {
        let (request, advice) = (round * 10, round * 10 + 1);
        switch.ask(purchase(request, 100));
        tokio::time::sleep(Duration::from_millis(50)).await;
        broken.store(1, std::sync::atomic::Ordering::SeqCst);
        switch.tell(message(IssuerOperation::PurchaseAdvice, advice, 100, None));
        assert_eq!(switch.next().await, format!("timed out {request}"), "its outcome is unknown");
        assert_eq!(switch.next().await, format!("acknowledged {advice} 00"));
        switch.wait_for(true).await;
        assert_eq!(switch.status.in_flight(), 0);
    }
    assert!(!switch.task.is_finished());
    assert_eq!(sim.account("sakura", "4111111111111111").unwrap().spent, 600, "what was asked and what was told");
    switch.stop.cancel();
    switch.task.await.unwrap();
}
