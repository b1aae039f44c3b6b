//! Deliveries to a receiver over real sockets, from a journal that the test writes.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic, and documents itself by its name")]

use kazasu_schemas::identity::Scope;
use kazasu_store::memory::MemoryStore;
use kazasu_store::side_rows::SideRows;
use kazasu_webhooks::{
    Again, Alert, Book, Changed, Courier, Fault, Feed, Given, Networks, NewEndpoint, News, Page, Piece, Post, Seal,
    Sent, Settings, Stage, TOLERANCE, Watched, WebhookSecret, verify,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// A message as the receiver got it.
#[derive(Clone, Debug)]
struct Got {
    id: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
    at: Instant,
}

/// A web server that answers with a status that the test sets.
#[derive(Clone)]
struct Receiver {
    addr: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let receiver = Receiver { addr, got: Arc::default(), status: Arc::new(AtomicU16::new(200)) };
        let started = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (receiver, stream) = (receiver.clone(), stream.unwrap());
                std::thread::spawn(move || receiver.serve(stream));
            }
        });
        started
    }

    fn serve(&self, mut stream: std::net::TcpStream) -> Option<()> {
        let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
        loop {
            let end = loop {
                if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                    break end + 4;
                }
                let n = stream.read(&mut part).ok().filter(|n| *n > 0)?;
                bytes.extend_from_slice(&part[..n]);
            };
            let head = String::from_utf8(bytes.drain(..end).collect()).unwrap();
            let header = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).unwrap()
            };
            let length: usize = header("content-length").parse().unwrap();
            while bytes.len() < length {
                let n = stream.read(&mut part).ok().filter(|n| *n > 0)?;
                bytes.extend_from_slice(&part[..n]);
            }
            let body = bytes.drain(..length).collect();
            let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
            let got = Got { id, timestamp, signature: header("webhook-signature"), body, at: Instant::now() };
            self.got.lock().unwrap().push(got);
            let status = self.status.load(Ordering::SeqCst);
            // In one piece: small ones wait for each other.
            let answer = format!("HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok()?;
        }
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.got().into_iter().map(|got| got.id).collect()
    }

    async fn has(&self, n: usize) {
        for _ in 0..1_000 {
            if self.got().len() >= n {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{n} messages did not come: {:?}", self.ids());
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.addr)
    }
}

/// Records with their events. A record without one has none.
#[derive(Clone, Default)]
struct Journal {
    records: Arc<Mutex<Vec<Vec<News>>>>,
    follows: Arc<AtomicBool>,
}

impl Journal {
    fn record(&self, events: usize) {
        let mut records = self.records.lock().unwrap();
        let sequence = records.len() as u64 + 1;
        let id = |n: usize| if n == 0 { format!("evt_{sequence}") } else { format!("evt_{sequence}_{n}_0") };
        let kind = |n: usize| if n == 0 { "payment.approved" } else { "payout.paid" }.to_owned();
        let news = (0..events).map(|n| News {
            id: id(n),
            kind: kind(n),
            sequence,
            body: format!("{{\"n\":{n}}}").into_bytes(),
        });
        records.push(news.collect());
    }

    fn ids(&self) -> Vec<String> {
        self.records.lock().unwrap().iter().flatten().map(|news| news.id.clone()).collect()
    }
}

impl Feed for Journal {
    async fn after(&self, _: &Scope, after: u64) -> anyhow::Result<Page> {
        let records = self.records.lock().unwrap();
        let after = usize::try_from(after).unwrap();
        // Three records a page.
        let page: Vec<News> = records.iter().skip(after).take(3).flatten().cloned().collect();
        let next = records.len().min(after + 3) as u64;
        Ok(Page { news: page, next, more: next < records.len() as u64 })
    }

    fn leads(&self) -> Option<u64> {
        (!self.follows.load(Ordering::SeqCst)).then_some(1)
    }

    fn head(&self) -> u64 {
        self.records.lock().unwrap().len() as u64
    }
}

/// Keeps secrets as they are, behind the number of the key.
struct Plain(AtomicU16);

impl Seal for Plain {
    fn seal(&self, clear: &[u8], about: &[u8; 16]) -> Option<Vec<u8>> {
        let key = u8::try_from(self.0.load(Ordering::SeqCst)).unwrap();
        Some([&[key], &about[..], clear].concat())
    }

    fn open(&self, sealed: &[u8], about: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
        (sealed.get(1..17)? == about).then(|| Zeroizing::new(sealed[17..].to_vec()))
    }

    fn is_current(&self, sealed: &[u8]) -> bool {
        u16::from(sealed[0]) == self.0.load(Ordering::SeqCst)
    }
}

/// What stays when the program ends.
struct Place {
    book: Book,
    seal: Arc<Plain>,
    journal: Journal,
    alerts: Arc<Mutex<Vec<Alert>>>,
    settings: Settings,
}

/// A program that delivers, until it is dropped.
struct Program(watch::Sender<bool>, tokio::task::JoinHandle<()>);

impl Program {
    async fn stop(self) {
        self.0.send_replace(true);
        self.1.await.unwrap();
    }
}

impl Place {
    fn new() -> Place {
        let seal = Arc::new(Plain(AtomicU16::new(1)));
        let book = Book::new(SideRows::of(Arc::new(MemoryStore::default())), seal.clone());
        let settings = Settings {
            networks: Networks::read(&["127.0.0.0/8"]).unwrap(),
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_millis(400),
            timeout: Duration::from_secs(5),
            ..Settings::default()
        };
        Place { book, seal, journal: Journal::default(), alerts: Arc::default(), settings }
    }

    fn start(&self) -> Program {
        self.start_on(&self.journal)
    }

    fn start_on(&self, journal: &Journal) -> Program {
        let alerts = self.alerts.clone();
        let tell = Arc::new(move |alert| alerts.lock().unwrap().push(alert));
        let post = Arc::new(Post::new(self.settings.clone()));
        let of = (self.book.clone(), journal.clone());
        let courier = Courier::new(of, (post, self.settings.clone()), tell, Watched::default());
        let (shutdown, signal) = watch::channel(false);
        Program(shutdown, tokio::spawn(async move { courier.run(signal).await }))
    }

    async fn register(&self, url: String, kinds: &[&str]) -> (String, WebhookSecret) {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let (note, by) = (String::new(), "per_1".to_owned());
        self.book.register(NewEndpoint { url, kinds, scope: Scope::All, note, by, after: 0 }).await.unwrap()
    }

    async fn until(&self, what: &str, mut done: impl FnMut(&[Alert]) -> bool) {
        for _ in 0..1_000 {
            if done(&self.alerts.lock().unwrap()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: {:?}", self.alerts.lock().unwrap());
    }

    async fn told_until(&self, id: &str, record: u64) {
        for _ in 0..500 {
            if self.book.cursor(id).await.unwrap().unwrap().0.after == record {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the cursor is at {:?}", self.book.cursor(id).await.unwrap());
    }
}

fn sound(got: &Got, secrets: &[WebhookSecret]) -> usize {
    let given = Given { id: &got.id, timestamp: &got.timestamp, signature: &got.signature, body: &got.body };
    let now = got.timestamp.parse().unwrap();
    verify(secrets, &given, (now, TOLERANCE)).unwrap().secret
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_in_order_and_a_restart_loses_and_repeats_none() {
    let (place, receiver) = (Place::new(), Receiver::start());
    [1, 0, 2, 1, 3, 0, 0, 1].into_iter().for_each(|events| place.journal.record(events));
    let (id, secret) = place.register(receiver.url(), &[]).await;
    let program = place.start();
    receiver.has(8).await;
    place.told_until(&id, 8).await;
    program.stop().await;
    place.journal.record(2);
    place.journal.record(1);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.got().len(), 8, "nothing is sent while no program runs");
    let again = place.start();
    receiver.has(11).await;
    place.journal.record(1);
    receiver.has(12).await;
    place.told_until(&id, 11).await;
    again.stop().await;
    assert_eq!(receiver.ids(), place.journal.ids());
    receiver.got().iter().for_each(|got| assert_eq!(sound(got, std::slice::from_ref(&secret)), 0));
    let attempts = place.book.attempts(&id).await.unwrap();
    assert_eq!(attempts.len(), 12);
    assert!(attempts.iter().all(|one| one.fault.is_none() && one.status == Some(200) && one.sent == Sent::Live));
    assert_eq!(attempts[0].event, "evt_11", "the newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_gets_the_same_event_again_after_growing_pauses() {
    let (place, receiver) = (Place::new(), Receiver::start());
    receiver.status.store(500, Ordering::SeqCst);
    place.journal.record(3);
    place.journal.record(1);
    let (id, _) = place.register(receiver.url(), &[]).await;
    let program = place.start();
    receiver.has(4).await;
    receiver.status.store(204, Ordering::SeqCst);
    place.told_until(&id, 2).await;
    program.stop().await;
    let got = receiver.got();
    let failed = got.iter().take_while(|got| got.id == "evt_1").count();
    assert!(failed >= 4, "{:?}", receiver.ids());
    assert_eq!(receiver.ids()[failed..], ["evt_1_1_0", "evt_1_2_0", "evt_2"], "in order, and none is left out");
    let pauses: Vec<Duration> = got.windows(2).map(|two| two[1].at - two[0].at).collect();
    for (pause, least) in pauses.iter().zip([50, 100, 200]) {
        assert!(*pause >= Duration::from_millis(least), "{pauses:?}");
    }
    let cursor = place.book.cursor(&id).await.unwrap().unwrap().0;
    assert_eq!((cursor.failures, cursor.failing_since, cursor.fault), (0, None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_away_is_warned_about_and_loses_nothing() {
    let mut place = Place::new();
    (place.settings.warn_after, place.settings.failing_after) =
        (Duration::from_millis(300), Duration::from_millis(900));
    let receiver = Receiver::start();
    // 302: what is redirected is not delivered, and goes nowhere else.
    receiver.status.store(302, Ordering::SeqCst);
    place.journal.record(1);
    let (id, _) = place.register(receiver.url(), &[]).await;
    let program = place.start();
    place.until("two alerts", |alerts| alerts.len() >= 2).await;
    let stages: Vec<Stage> = place.alerts.lock().unwrap().iter().map(|alert| alert.stage).collect();
    assert_eq!(stages, [Stage::Late, Stage::Failing], "each once, the warning first");
    place.journal.record(1);
    let endpoint = place.book.endpoint(&id).await.unwrap().unwrap();
    assert!(endpoint.on, "nothing is switched off");
    // A change of lead does not forget it.
    program.stop().await;
    receiver.status.store(200, Ordering::SeqCst);
    let program = place.start();
    place.told_until(&id, 2).await;
    place.until("it is well", |alerts| alerts.len() == 3 && alerts[2].stage == Stage::Well).await;
    program.stop().await;
    assert_eq!(receiver.ids().last().unwrap(), "evt_2");
    let attempts = place.book.attempts(&id).await.unwrap();
    assert!(attempts.iter().any(|one| one.fault == Some(Fault::Redirected) && one.status == Some(302)));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_kinds_that_it_takes_and_only_from_the_node_that_leads() {
    let (place, receiver) = (Place::new(), Receiver::start());
    place.journal.follows.store(true, Ordering::SeqCst);
    (0..5).for_each(|_| place.journal.record(2));
    let (id, _) = place.register(receiver.url(), &["payout.*"]).await;
    let program = place.start();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(receiver.ids(), [""; 0], "a node that follows sends nothing");
    place.journal.follows.store(false, Ordering::SeqCst);
    receiver.has(5).await;
    place.told_until(&id, 5).await;
    assert_eq!(receiver.ids(), ["evt_1_1_0", "evt_2_1_0", "evt_3_1_0", "evt_4_1_0", "evt_5_1_0"]);
    // Off keeps the place; on goes on.
    let switched = |on| move |endpoint: &mut kazasu_webhooks::Endpoint| endpoint.on = on;
    assert!(matches!(place.book.change(&id, switched(false)).await.unwrap(), Changed::To(_)));
    place.journal.record(2);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(receiver.got().len(), 5);
    place.book.change(&id, switched(true)).await.unwrap();
    receiver.has(6).await;
    program.stop().await;
    assert_eq!(receiver.ids()[5], "evt_6_1_0");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_sent_again_with_their_ids_and_the_cursor_stays() {
    let (place, receiver) = (Place::new(), Receiver::start());
    [1, 2, 1, 1, 1].into_iter().for_each(|events| place.journal.record(events));
    let (id, _) = place.register(receiver.url(), &[]).await;
    let program = place.start();
    place.told_until(&id, 5).await;
    let one = Piece { from: 2, until: 2, only: Some("evt_2_1_0".to_owned()) };
    let range = Piece { from: 1, until: 4, only: None };
    let again = Again { left: vec![one, range], last: None, by: "per_1".to_owned() };
    place.book.send_again(&id, &again).await.unwrap();
    receiver.has(12).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    program.stop().await;
    let wanted = ["evt_2_1_0", "evt_1", "evt_2", "evt_2_1_0", "evt_3", "evt_4"];
    assert_eq!(receiver.ids()[6..], wanted);
    assert_eq!(place.book.cursor(&id).await.unwrap().unwrap().0.after, 5);
    let sent: Vec<Sent> = place.book.attempts(&id).await.unwrap().iter().take(6).map(|one| one.sent).collect();
    assert_eq!(sent, [Sent::Again; 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_signs_beside_the_one_before_and_survives_a_new_key_of_the_vault() {
    let (place, receiver) = (Place::new(), Receiver::start());
    let (id, before) = place.register(receiver.url(), &[]).await;
    let program = place.start();
    let after = place.book.rotate(&id, Duration::from_secs(3_600)).await.unwrap().unwrap();
    place.seal.0.store(2, Ordering::SeqCst);
    for _ in 0..500 {
        let endpoint = place.book.endpoint(&id).await.unwrap().unwrap();
        if endpoint.secrets.iter().all(|one| one.sealed[0] == 2) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    place.journal.record(1);
    receiver.has(1).await;
    let got = receiver.got()[0].clone();
    assert_eq!((sound(&got, std::slice::from_ref(&before)), sound(&got, std::slice::from_ref(&after))), (0, 0));
    let last = place.book.rotate(&id, Duration::ZERO).await.unwrap().unwrap();
    place.journal.record(1);
    receiver.has(2).await;
    program.stop().await;
    let got = receiver.got()[1].clone();
    assert_eq!(sound(&got, &[last]), 0);
    let given = Given { id: &got.id, timestamp: &got.timestamp, signature: &got.signature, body: &got.body };
    let now = got.timestamp.parse().unwrap();
    assert!(verify(&[before, after], &given, (now, TOLERANCE)).is_err(), "a secret that leaked signs no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_attempts_is_bounded_and_goes_with_its_endpoint() {
    let (place, receiver) = (Place::new(), Receiver::start());
    let (id, _) = place.register(receiver.url(), &[]).await;
    let most = kazasu_webhooks::KEPT_ATTEMPTS;
    (0..most + 20).for_each(|_| place.journal.record(1));
    let program = place.start();
    place.told_until(&id, most + 20).await;
    let attempts = place.book.attempts(&id).await.unwrap();
    assert_eq!(attempts.len() as u64, most);
    assert_eq!((attempts[0].number, attempts.last().unwrap().number), (most + 20, 21));
    assert!(place.book.remove(&id).await.unwrap());
    assert!(!place.book.remove(&id).await.unwrap());
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    place.journal.record(1);
    tokio::time::sleep(Duration::from_millis(500)).await;
    program.stop().await;
    assert_eq!(receiver.got().len() as u64, most + 20, "nothing is sent to an endpoint that was removed");
    assert_eq!(place.book.attempts(&id).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_lead_goes_on_from_the_cursor_and_two_that_believe_to_lead_lose_nothing() {
    let (place, receiver) = (Place::new(), Receiver::start());
    // Two nodes on one journal, each with its own belief about who leads.
    let other = Journal { records: place.journal.records.clone(), follows: Arc::new(AtomicBool::new(true)) };
    let (id, _) = place.register(receiver.url(), &[]).await;
    let (one, two) = (place.start(), place.start_on(&other));
    (0..5).for_each(|_| place.journal.record(1));
    place.told_until(&id, 5).await;
    place.journal.follows.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(500)).await;
    (0..5).for_each(|_| place.journal.record(1));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(receiver.got().len(), 5, "no node leads");
    other.follows.store(false, Ordering::SeqCst);
    place.told_until(&id, 10).await;
    assert_eq!(receiver.ids(), place.journal.ids(), "each once: the lead was handed over in good order");
    // The first one wakes up and does not know that it leads no more.
    place.journal.follows.store(false, Ordering::SeqCst);
    (0..30).for_each(|_| place.journal.record(2));
    place.told_until(&id, 40).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut first = receiver.ids();
    let mut seen = std::collections::HashSet::new();
    first.retain(|id| seen.insert(id.clone()));
    assert_eq!(first, place.journal.ids(), "each at least once, and first in its order");
    assert_eq!(place.book.cursor(&id).await.unwrap().unwrap().0.after, 40, "the cursor is not set back");
    one.stop().await;
    two.stop().await;
}
