//! Several nodes on PostgreSQL: processes, servers and connections are killed, paused, frozen and cut at random moments under
//! load. Afterwards nothing that was answered is missing, nothing is there twice, and there is one unbroken chain.

use crate::bad_input::{frame, purchase};
use crate::crash::{Answered, answered, check_answers};
use crate::harness::{Served, Town, kazasu, wait_for};
use crate::proxy::Proxy;
use kazasu::sample::Town as Sample;
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress};
use kazasu_acquirer_sim::session::Session;
use kazasu_ledger::Body;
use kazasu_ledger::record::Silence;
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::wire::Request;
use kazasu_store::Store;
use kazasu_store::postgres::local::LocalServer;
use kazasu_store::postgres::{PostgresStore, migrate};
use kazasu_store::verify::verify;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A server with its folder, and what its nodes go through to reach it.
struct Database {
    primary: LocalServer,
    standby: Option<LocalServer>,
    folder: tempfile::TempDir,
    made: u32,
}

impl Database {
    fn new(with_standby: bool) -> Database {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let primary =
            LocalServer::create(&folder.path().join("pg0"), "owner-of-the-test", &["wal_keep_size=256MB"]).unwrap();
        primary.sql("postgres", "CREATE DATABASE kazasu").unwrap();
        let mut database = Database { primary, standby: None, folder, made: 0 };
        if with_standby {
            database.add_standby();
        }
        database
    }

    /// A new synchronous standby of the primary as it is now.
    fn add_standby(&mut self) {
        self.made += 1;
        let name = format!("standby{}", self.made);
        let dir = self.folder.path().join(format!("pg{}", self.made));
        self.standby = Some(self.primary.standby(&dir, &name, &["wal_keep_size=256MB"]).unwrap());
        self.primary.configure("synchronous_standby_names", &name).unwrap();
        let streaming = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        wait_for("the standby", Duration::from_secs(30), || {
            (self.primary.sql("postgres", streaming).unwrap() == "1").then_some(())
        });
    }

    /// The primary's power goes; whoever runs the databases promotes the standby and sets up a new one.
    fn fail_over(&mut self) {
        self.primary.kill();
        let mut promoted = self.standby.take().expect("a standby");
        promoted.promote().unwrap();
        // Without a standby of its own it would confirm nothing.
        promoted.configure("synchronous_standby_names", "").unwrap();
        self.primary = promoted;
        self.add_standby();
    }

    fn store(&self) -> PostgresStore {
        PostgresStore::new(self.primary.url("kazasu").parse().unwrap())
    }
}

/// A town whose switch has several nodes.
struct Cluster {
    town: Town,
    database: Database,
    nodes: Vec<Option<Served>>,
    /// Between each node and the database's servers.
    proxies: Vec<Vec<(u16, Proxy)>>,
    /// Each node's own private key, and the public keys that it knows: empty where nodes have none.
    own_keys: Vec<(String, String)>,
}

/// A pair of a node's own keys, private and public, as the program makes it.
fn node_key() -> (String, String) {
    let out = kazasu(&["node", "key"]);
    let text = String::from_utf8(out.stdout).unwrap();
    let quoted: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    (quoted[0].to_owned(), quoted[1].to_owned())
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

impl Cluster {
    fn new(nodes: usize, with_standby: bool, sample: Sample) -> Cluster {
        let town = Town::empty(sample);
        let database = Database::new(with_standby);
        town.runtime.block_on(migrate(&database.store())).unwrap();
        let keys = town.path("keys.toml");
        let text = std::fs::read_to_string(&keys).unwrap();
        std::fs::write(
            &keys,
            format!("{text}\n[cluster]\nkey = \"{KEY}\"\n[store]\npassword = \"owner-of-the-test\"\n"),
        )
        .unwrap();
        let mut cluster = Cluster {
            town,
            database,
            nodes: (0..nodes).map(|_| None).collect(),
            proxies: (0..nodes).map(|_| Vec::new()).collect(),
            own_keys: Vec::new(),
        };
        for node in 0..nodes {
            cluster.write_config(node);
        }
        for what in ["merchant", "link"] {
            let file = cluster.town.path(&format!("{what}s.csv"));
            let config = cluster.config(0);
            let out = kazasu(&[what, "import", file.to_str().unwrap(), "--config", config.to_str().unwrap()]);
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        }
        cluster
    }

    fn config(&self, node: usize) -> PathBuf {
        self.town.path(&format!("kazasu-{node}.toml"))
    }

    /// A proxy of this node to a server.
    fn proxy(&mut self, node: usize, server: u16) -> u16 {
        if let Some((_, proxy)) = self.proxies[node].iter().find(|(port, _)| *port == server) {
            return proxy.port();
        }
        let proxy = Proxy::to(server);
        let port = proxy.port();
        self.proxies[node].push((server, proxy));
        port
    }

    /// Writes the node's configuration for the servers that there are now.
    fn write_config(&mut self, node: usize) {
        let mut servers = vec![self.database.primary.port()];
        servers.extend(self.database.standby.as_ref().map(LocalServer::port));
        let ports: Vec<u16> = servers.into_iter().map(|server| self.proxy(node, server)).collect();
        // The password is in the key file.
        let url = self.database.primary.node_url_at(&ports, "kazasu").replace(":owner-of-the-test@", "@");
        let text = std::fs::read_to_string(self.town.config()).unwrap();
        let text = text
            .replace("data_dir = \"data\"", &format!("data_dir = \"data-{node}\"\nstore = \"{url}\""))
            .replace("http = \"127.0.0.1:", "# http = \"127.0.0.1:");
        let text =
            format!("http = \"127.0.0.1:0\"\n{text}\n[cluster]\nnode = \"node-{node}\"\nlisten = \"127.0.0.1:0\"\n");
        let text = match self.own_keys.get(node) {
            None => text,
            Some((private, known)) => {
                let keys = std::fs::read_to_string(self.town.path("keys.toml")).unwrap();
                let keys = keys.replace("[cluster]\n", &format!("[cluster]\nprivate = \"{private}\"\n"));
                let file = self.town.path(&format!("keys-{node}.toml"));
                kazasu_security::files::write_private(&file, keys.as_bytes()).unwrap();
                let text = text.replace("keys_file = \"keys.toml\"", &format!("keys_file = \"keys-{node}.toml\""));
                format!("{text}\n[cluster.nodes]\n{known}")
            }
        };
        std::fs::write(self.config(node), text).unwrap();
    }

    fn start(&mut self, node: usize) {
        self.write_config(node);
        let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
        command.args(["serve", "--json", "--config", self.config(node).to_str().unwrap()]);
        self.nodes[node] = Some(Served::start(command, &self.town.path(&format!("serve-{node}.log"))));
    }

    fn start_all(&mut self) {
        for node in 0..self.nodes.len() {
            if self.nodes[node].is_none() {
                self.start(node);
            }
        }
        self.ready();
    }

    /// Waits until every node answers taps.
    fn ready(&self) {
        for served in self.nodes.iter().flatten() {
            wait_for("a node that is ready", Duration::from_secs(20), || {
                (served.get("/readyz").0 == 200).then_some(())
            });
        }
    }

    fn served(&self, node: usize) -> &Served {
        self.nodes[node].as_ref().unwrap()
    }

    fn leads(&self, node: usize) -> bool {
        self.nodes[node].as_ref().is_some_and(|served| served.status()["role"] == "leading")
    }

    fn leader(&self) -> usize {
        wait_for("a leader", Duration::from_secs(20), || (0..self.nodes.len()).find(|node| self.leads(*node)))
    }

    fn signal(&self, node: usize, signal: &str) {
        let pid = self.served(node).pid().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
    }

    /// Load on a node, by the acquirer of the same number.
    fn load(&self, node: usize, seed: u64, rate: f64, time: Duration) -> Load {
        let acquirer = self.town.acquirer(node + 1, self.served(node));
        let log = self.town.path(&format!("answers-{node}-{seed}.csv"));
        let plan = LoadPlan {
            fleet: Arc::new(Fleet::new(&acquirer, acquirer.residents().unwrap())),
            acquirer: acquirer.clone(),
            rate,
            length: Length::Time(time),
            connections: 2,
            mix: Mix::Realistic,
            seed,
            log: Some(log.clone()),
            peer: Peer::Switch,
            drain: Duration::from_secs(8),
            window: None,
        };
        let (progress, stop) = (Arc::new(Progress::default()), Arc::new(AtomicBool::new(false)));
        let run = {
            let (progress, stop) = (progress.clone(), stop.clone());
            std::thread::spawn(move || load::run(&plan, &progress, &stop).unwrap())
        };
        Load { run, progress, stop, log, acquirer: acquirer.id }
    }

    /// Taps in the journal that got no answer from their issuer for this reason.
    fn silences(&self, reason: Silence) -> u64 {
        let store = self.database.store();
        let entries =
            self.town.runtime.block_on(async { store.reader().await.unwrap().scan(1, 10_000_000).await.unwrap() });
        let silent = entries.iter().filter(|entry| match Body::read(&entry.body).unwrap() {
            Body::IssuerSilent(silent) => silent.why == reason,
            _ => false,
        });
        silent.count() as u64
    }

    fn log(&self, node: usize) -> String {
        std::fs::read_to_string(self.town.path(&format!("serve-{node}.log"))).unwrap()
    }

    /// Everything is delivered, sound, and what the terminals were told. Returns the number of approvals.
    fn check(&mut self, all: &[Answered]) -> u64 {
        self.start_all();
        let leader = self.leader();
        self.served(leader).issuers_up(3);
        self.served(leader).drained();
        for served in self.nodes.iter_mut().filter_map(Option::take) {
            served.stop();
        }
        let store = self.database.store();
        let verified =
            self.town.runtime.block_on(async { verify(store.reader().await.unwrap().as_mut(), |_| {}).await.unwrap() });
        assert_eq!(verified.sums.debits, verified.sums.credits);
        let (state, disagreements) = self.town.fold_of(&store);
        assert_eq!(disagreements, [], "the issuers' journals and the ledger differ");
        assert_eq!(state.sizes().pending, 0);
        check_answers(&state, all)
    }
}

struct Load {
    run: JoinHandle<LoadReport>,
    progress: Arc<Progress>,
    stop: Arc<AtomicBool>,
    log: PathBuf,
    acquirer: kazasu_schemas::ids::InstitutionId,
}

impl Load {
    fn end(self) -> (LoadReport, Vec<Answered>) {
        self.stop.store(true, Ordering::Release);
        let report = self.run.join().unwrap();
        let text = std::fs::read_to_string(&self.log).unwrap();
        (report, text.lines().map(|line| answered(line, self.acquirer)).collect())
    }

    fn answered(&self) -> u64 {
        self.progress.answered.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    KillLeader,
    KillFollower,
    PauseLeader,
    CutLeader,
    FreezeLeader,
    KillPrimary,
    KillStandby,
}

const FAULTS: [Fault; 7] = [
    Fault::KillLeader,
    Fault::PauseLeader,
    Fault::KillPrimary,
    Fault::FreezeLeader,
    Fault::KillFollower,
    Fault::CutLeader,
    Fault::KillStandby,
];

/// Each fault so many times.
const ROUNDS: usize = 2;

/// Random moments that the seed repeats.
struct Moments(u64);

impl Moments {
    fn below(&mut self, ms: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % ms
    }
}

/// The environment's seed, or a new one.
fn seed() -> u64 {
    let given = std::env::var("KAZASU_SEED").ok().and_then(|s| s.parse().ok());
    given.unwrap_or_else(|| RandomState::new().hash_one(0))
}

#[test]
fn whatever_fails_nothing_answered_is_lost_and_nothing_is_booked_twice() {
    let seed = seed();
    println!("seed {seed}: KAZASU_SEED={seed} repeats the order and the moments");
    let sample = Sample { residents: 1_000, issuer_timeout_ms: 700, ..Sample::default() };
    let mut cluster = Cluster::new(2, true, sample);
    let mut moments = Moments(seed);
    let (mut all, mut slowest) = (Vec::new(), Duration::ZERO);
    let first = usize::try_from(seed % FAULTS.len() as u64).unwrap();
    for round in 0..FAULTS.len() * ROUNDS {
        let fault = FAULTS[(round + first) % FAULTS.len()];
        cluster.start_all();
        let leader = cluster.leader();
        cluster.served(leader).issuers_up(3);
        let loads = load_on_both_nodes(&cluster, seed, u64::try_from(round).unwrap());
        std::thread::sleep(Duration::from_millis(400 + moments.below(600)));
        let pause = Duration::from_millis(1_800 + moments.below(1_500));
        println!(
            "round {round}: {fault:?}, node {leader} leads, {} + {} answered",
            loads[0].answered(),
            loads[1].answered()
        );
        slowest = slowest.max(cluster.strike(fault, leader, pause));
        traffic_goes_on(&cluster, &loads);
        for load in loads {
            let (report, answers) = load.end();
            assert!(report.sent > 0);
            all.extend(answers);
        }
        if matches!(fault, Fault::KillPrimary) {
            for served in cluster.nodes.iter_mut().filter_map(Option::take) {
                served.kill();
            }
        }
    }
    println!("slowest take-over {slowest:?}");
    let approved = cluster.check(&all);
    assert!(approved > 2_000, "only {approved} approvals of {} answers", all.len());
}

fn load_on_both_nodes(cluster: &Cluster, seed: u64, round: u64) -> [Load; 2] {
    // The generator numbers its messages by the second in which it begins.
    std::thread::sleep(Duration::from_millis(1_100));
    [0, 1].map(|node| cluster.load(node, seed.wrapping_add(round * 2 + node as u64), 300.0, Duration::from_secs(60)))
}

/// After a fault, on every node that is still there.
fn traffic_goes_on(cluster: &Cluster, loads: &[Load; 2]) {
    let before: Vec<u64> = loads.iter().map(Load::answered).collect();
    for (node, load) in loads.iter().enumerate().filter(|(node, _)| cluster.nodes[*node].is_some()) {
        wait_for("answers after the fault", Duration::from_secs(40), || {
            (load.answered() > before[node] + 50).then_some(())
        });
    }
}

impl Cluster {
    /// Does this to the cluster, and heals after the pause what can be healed. Gives how long it took until the other node led,
    /// which is nothing where the leader stays.
    fn strike(&mut self, fault: Fault, leader: usize, pause: Duration) -> Duration {
        match fault {
            Fault::KillLeader => {
                let begin = Instant::now();
                self.nodes[leader].take().unwrap().kill();
                self.taken_over(1 - leader, begin, Duration::from_secs(5))
            }
            Fault::PauseLeader => self.pause_leader(leader, pause),
            Fault::CutLeader | Fault::FreezeLeader => self.cut_off_leader(fault, leader, pause),
            Fault::KillFollower => {
                self.nodes[1 - leader].take().unwrap().kill();
                Duration::ZERO
            }
            Fault::KillPrimary => {
                self.database.fail_over();
                Duration::ZERO
            }
            Fault::KillStandby => {
                let mut standby = self.database.standby.take().unwrap();
                standby.kill();
                std::thread::sleep(pause);
                standby.start().unwrap();
                self.database.standby = Some(standby);
                Duration::ZERO
            }
        }
    }

    /// Waits until this node leads; how long that took from the beginning of the fault.
    fn taken_over(&self, node: usize, begin: Instant, limit: Duration) -> Duration {
        wait_for("the other node to lead", limit, || self.leads(node).then_some(()));
        begin.elapsed()
    }

    /// The leader sleeps through its lead. Awake again it must stop at once, and say why.
    fn pause_leader(&self, leader: usize, pause: Duration) -> Duration {
        let begin = Instant::now();
        self.signal(leader, "STOP");
        let took = self.taken_over(1 - leader, begin, Duration::from_secs(5));
        std::thread::sleep(pause);
        let said = self.log(leader).len();
        self.signal(leader, "CONT");
        let woken = Instant::now();
        wait_for("the old leader to stop", Duration::from_secs(5), || (!self.leads(leader)).then_some(()));
        assert!(woken.elapsed() < Duration::from_millis(2_500), "it went on for {:?}", woken.elapsed());
        // Log lines are written by a thread of their own.
        wait_for("the old leader to say why", Duration::from_secs(2), || {
            self.log(leader)[said..].contains("this node does not lead any more").then_some(())
        });
        took
    }

    /// The leader loses its connections to the database, by their end or by silence. When they work again, it follows.
    fn cut_off_leader(&self, fault: Fault, leader: usize, pause: Duration) -> Duration {
        let begin = Instant::now();
        for (_, proxy) in &self.proxies[leader] {
            if matches!(fault, Fault::CutLeader) { proxy.cut() } else { proxy.freeze() }
        }
        let took = self.taken_over(1 - leader, begin, Duration::from_secs(8));
        std::thread::sleep(pause);
        for (_, proxy) in &self.proxies[leader] {
            proxy.heal();
        }
        wait_for("the old leader to follow", Duration::from_secs(10), || (!self.leads(leader)).then_some(()));
        took
    }
}

#[test]
fn the_lead_is_handed_over_under_load_without_one_tap_refused() {
    let mut cluster =
        Cluster::new(2, false, Sample { residents: 1_000, issuer_timeout_ms: 3_000, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    cluster.served(leader).issuers_up(3);
    let loads = [0, 1].map(|node| cluster.load(node, node as u64, 300.0, Duration::from_secs(60)));
    // Longer than a node without a leader keeps messages: what it was without before it led must not count.
    std::thread::sleep(Duration::from_millis(5_500));
    let config = cluster.config(0);
    let hand_over = |to: &str| {
        let mut args = vec!["node", "handover", "--config", config.to_str().unwrap(), "--json"];
        if !to.is_empty() {
            args.extend(["--to", to]);
        }
        // A successor that does not get the processor for a while is late, and the lead stays where it is: a person asks again.
        for _ in 0..5 {
            let out = kazasu(&args);
            if out.status.success() {
                return serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap();
            }
            let why = String::from_utf8_lossy(&out.stderr).into_owned();
            assert!(why.contains("this node leads again"), "{why}{}", cluster.log(0) + &cluster.log(1));
        }
        panic!("the lead came back five times: {}", cluster.log(0) + &cluster.log(1));
    };
    let mut at = leader;
    for round in 0..6 {
        let to = if round % 2 == 0 { String::new() } else { format!("node-{}", 1 - at) };
        let moved = hand_over(&to);
        assert_eq!(moved["to"], format!("node-{}", 1 - at), "{moved}");
        at = 1 - at;
        wait_for("the successor to lead", Duration::from_secs(5), || cluster.leads(at).then_some(()));
        std::thread::sleep(Duration::from_millis(300));
    }
    let (mut all, mut refused) = (Vec::new(), 0);
    for load in loads {
        let (report, answers) = load.end();
        let errors: u64 = report.errors.iter().filter(|(what, _)| **what != "91 not available").map(|(_, n)| n).sum();
        assert_eq!(errors, 0, "{:?}", report.errors);
        assert!(report.answered > 500, "{:?}", report.codes);
        refused += report.codes.get("91").copied().unwrap_or(0);
        all.extend(answers);
    }
    // Nobody who does not run can be handed the lead; the node that leads goes on.
    let out = kazasu(&["node", "handover", "--config", config.to_str().unwrap(), "--to", "node-9"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("node-9"));
    let status = kazasu(&["node", "status", "--config", config.to_str().unwrap(), "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["leader"], format!("node-{at}"), "{status}");
    assert_eq!(status["nodes"].as_array().unwrap().len(), 2);
    let gauge = |node: usize, name: &str| {
        let metrics = cluster.served(node).get("/metrics").1;
        let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name} is missing")).rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    wait_for("metrics of both nodes", Duration::from_secs(5), || {
        let leading = [gauge(at, "kazasu_leading"), gauge(1 - at, "kazasu_leading")];
        let lag = [gauge(at, "kazasu_lag_records"), gauge(1 - at, "kazasu_lag_records")];
        (leading == [1.0, 0.0] && lag == [0.0, 0.0] && gauge(0, "kazasu_epoch") == gauge(1, "kazasu_epoch"))
            .then_some(())
    });
    assert_eq!(status["epoch"].as_f64(), Some(gauge(0, "kazasu_epoch")));
    // One of the sample's issuers leaves every 307th request without an answer; nothing else was refused.
    assert_eq!(refused, cluster.silences(Silence::TimedOut), "refused for another reason than an issuer's silence");
    assert_eq!((cluster.silences(Silence::NotSent), cluster.silences(Silence::Restarted)), (0, 0));
    cluster.check(&all);
}

#[test]
fn a_leader_that_is_stopped_for_an_upgrade_hands_over_first() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 500, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    let other = 1 - leader;
    let load = cluster.load(other, 5, 300.0, Duration::from_secs(60));
    std::thread::sleep(Duration::from_millis(600));
    let begin = Instant::now();
    cluster.nodes[leader].take().unwrap().stop();
    assert!(cluster.leads(other), "the other node leads by the time the first has ended");
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    cluster.start(leader);
    cluster.ready();
    std::thread::sleep(Duration::from_millis(300));
    let (report, answers) = load.end();
    let refused = report.codes.get("91").copied().unwrap_or(0);
    assert_eq!(report.error_count(), refused, "{:?}", report.errors);
    assert_eq!(refused, cluster.silences(Silence::TimedOut), "{:?}", report.codes);
    assert_eq!((cluster.silences(Silence::NotSent), cluster.silences(Silence::Restarted)), (0, 0));
    cluster.check(&answers);
}

#[test]
fn a_node_that_stops_answers_everything_it_has_taken_first() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    for round in 0..4_u64 {
        let leader = cluster.leader();
        // Once it leads and hands over, once it only passes on.
        let node = if round % 2 == 0 { leader } else { 1 - leader };
        let mut session = Session::open(&cluster.town.acquirer(node + 1, cluster.served(node))).unwrap();
        let requests = (0..200).map(|n| frame(&session, &purchase(&session.config, round * 1_000 + n + 1)));
        let burst: Vec<u8> = requests.flat_map(|frame| frame.to_vec()).collect();
        session.raw(&burst).unwrap();
        // Time to be read, not to be answered.
        std::thread::sleep(Duration::from_millis(30));
        cluster.signal(node, "TERM");
        let keys = session.keys.clone();
        let begin = Instant::now();
        let mut answers = 0;
        while let Ok(Some(answer)) = session.receive(&keys, Duration::from_secs(10)) {
            assert_eq!(answer.message.get(39), Some(&b"00"[..]));
            answers += 1;
        }
        assert!(begin.elapsed() < Duration::from_secs(9), "{:?}", begin.elapsed());
        // Not everything need have been read when it was told to stop; what was, was decided and answered.
        let stans = u32::try_from(round * 1_000).unwrap() + 1..=u32::try_from(round * 1_000).unwrap() + 200;
        let (state, _) = cluster.town.fold_of(&cluster.database.store());
        let decided = state.taps().filter(|tap| stans.contains(&tap.key.stan.get())).count();
        assert!(answers > 0, "nothing was read in round {round}");
        assert_eq!(answers, decided, "round {round}: decided but not answered:\n{}", cluster.log(node));
        drop(session);
        cluster.nodes[node].take().unwrap().ended();
        cluster.start(node);
        cluster.ready();
    }
    cluster.check(&[]);
}

#[test]
fn a_journal_moves_from_a_file_to_postgresql_and_back_and_is_proven_equal() {
    let town = Town::new(Sample { residents: 300, ..Sample::default() });
    let database = Database::new(false);
    let url = database.primary.url("kazasu");
    let file = town.journal().to_str().unwrap().to_owned();
    let back = town.path("back.db").to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        let out = kazasu(args);
        let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(!text.contains("owner-of-the-test"), "the password is shown: {text}");
        (out.status.code(), text)
    };
    // Before the tables are there, and with mistakes.
    let (code, text) = run(&["store", "copy", "--from", &file, "--to", &url]);
    assert!(code == Some(2) && text.contains("kazasu store migrate"), "{code:?} {text}");
    assert_eq!(run(&["store", "copy", "--from", &file, "--to", &file]).0, Some(2));
    assert_eq!(run(&["store", "migrate", "--store", &file]).0, Some(2));
    assert_eq!(run(&["store", "migrate", "--store", &url]).0, Some(0));
    let (code, text) = run(&["store", "migrate", "--store", &url]);
    assert!(code == Some(0) && text.contains("0 migrations were new"), "{text}");
    // There, and back to another file.
    let (code, text) = run(&["store", "copy", "--from", &town.config(), "--to", &url]);
    assert!(code == Some(0) && text.contains("一致 equal"), "{text}");
    assert_eq!(run(&["store", "copy", "--from", &url, "--to", &back]).0, Some(0));
    let verify = |place: &str| {
        let (code, text) = run(&["ledger", "verify", place, "--json"]);
        assert_eq!(code, Some(0), "{text}");
        let mut sums: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        sums["ms"] = 0.into();
        sums
    };
    assert_eq!(verify(&file), verify(&url));
    assert_eq!(verify(&file), verify(&back));
    // Another book's journal is left alone.
    let other = Town::new(Sample { residents: 10, ..Sample::default() });
    let (code, text) = run(&["store", "copy", "--from", &other.config(), "--to", &url]);
    assert!(code == Some(1) && text.contains("another journal"), "{code:?} {text}");
    let (code, text) = run(&["store", "check", "--store", &url]);
    assert!(code == Some(0) && text.contains("records"), "{text}");
    let (_, balance) = run(&["ledger", "trial-balance", &url]);
    assert_eq!(run(&["ledger", "trial-balance", &file]).1, balance);
}

#[test]
fn a_leader_that_slept_through_its_lead_can_lead_again() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    let first = cluster.leader();
    let other = 1 - first;
    // Nothing is under way when it loses the lead.
    cluster.signal(first, "STOP");
    wait_for("the other node to lead", Duration::from_secs(8), || cluster.leads(other).then_some(()));
    cluster.signal(first, "CONT");
    wait_for("the first node to follow", Duration::from_secs(8), || {
        let served = cluster.served(first);
        (served.status()["role"] == "following" && served.get("/readyz").0 == 200).then_some(())
    });
    let mut session = Session::open(&cluster.town.acquirer(first + 1, cluster.served(first))).unwrap();
    cluster.nodes[other].take().unwrap().kill();
    wait_for("the first node to lead again", Duration::from_secs(8), || cluster.leads(first).then_some(()));
    let bytes = frame(&session, &purchase(&session.config, 1));
    session.raw(&bytes).unwrap();
    let keys = session.keys.clone();
    let answer = session.receive(&keys, Duration::from_secs(5)).unwrap().expect("an answer");
    assert_eq!(answer.message.get(39), Some(&b"00"[..]));
    drop(session);
    cluster.check(&[]);
}

#[test]
fn a_hand_over_waits_for_a_slow_issuer_and_still_refuses_nothing() {
    // One of the sample's cards is at an issuer account that never answers.
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, issuer_timeout_ms: 6_500, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    cluster.served(leader).issuers_up(3);
    let mut session = Session::open(&cluster.town.acquirer(leader + 1, cluster.served(leader))).unwrap();
    let with = |session: &Session, stan: u64, card: &str| Request {
        ppid: Some(session.config.cards[card]),
        ..purchase(&session.config, stan)
    };
    let silent = frame(&session, &with(&session, 1, "credit-silent"));
    session.raw(&silent).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let config = cluster.config(0);
    let handing = std::thread::spawn(move || kazasu(&["node", "handover", "--config", config.to_str().unwrap()]));
    std::thread::sleep(Duration::from_millis(700));
    // One that needs no issuer is decided at once; one that does waits for the successor, longer than for a lost leader.
    let (held, credit) = (with(&session, 2, "held-rich"), with(&session, 3, "credit-ok"));
    for request in [held, credit] {
        let bytes = frame(&session, &request);
        session.raw(&bytes).unwrap();
    }
    let keys = session.keys.clone();
    let mut codes = Vec::new();
    while codes.len() < 3 {
        let answer = session.receive(&keys, Duration::from_secs(15)).unwrap().expect("an answer").message;
        let text = |field| String::from_utf8_lossy(answer.get(field).unwrap()).into_owned();
        codes.push((text(11), text(39)));
    }
    assert_eq!(codes[0], ("000002".into(), "00".into()), "{codes:?}");
    codes.sort();
    let expected = [("000001", "91"), ("000002", "00"), ("000003", "00")].map(|(s, c)| (s.to_owned(), c.to_owned()));
    assert_eq!(codes, expected);
    let out = handing.join().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    drop(session);
    cluster.check(&[]);
}

#[test]
fn a_single_node_on_postgresql_hands_the_lead_to_nobody_and_starts_again() {
    let mut cluster = Cluster::new(1, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    let config = cluster.config(0);
    let out = kazasu(&["node", "handover", "--config", config.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("no other node"), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(cluster.leads(0));
    for kill in [true, false] {
        let served = cluster.nodes[0].take().unwrap();
        if kill {
            served.kill()
        } else {
            served.stop()
        }
        let begin = Instant::now();
        cluster.start_all();
        assert!(cluster.leads(0) && begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
    cluster.check(&[]);
}

#[test]
fn while_no_primary_can_commit_taps_are_refused_quickly_and_links_stay_up() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    let mut sessions =
        [0, 1].map(|node| Session::open(&cluster.town.acquirer(node + 1, cluster.served(node))).unwrap());
    let ask = |session: &mut Session, request: &Request, limit: Duration| {
        let bytes = frame(session, request);
        session.raw(&bytes).unwrap();
        let keys = session.keys.clone();
        let answer = session.receive(&keys, limit).unwrap();
        answer.map(|answer| String::from_utf8_lossy(answer.message.get(39).unwrap()).into_owned())
    };
    let request = |session: &Session, stan| purchase(&session.config, stan);
    let firsts = [0, 1].map(|node: usize| request(&sessions[node], 1));
    for (session, first) in sessions.iter_mut().zip(&firsts) {
        assert_eq!(ask(session, first, Duration::from_secs(5)).as_deref(), Some("00"));
    }
    cluster.database.primary.kill();
    // Whatever is in doubt is left without an answer; soon new taps are refused at once, on every node.
    let outage = Instant::now();
    for (node, session) in sessions.iter_mut().enumerate() {
        wait_for("91", Duration::from_secs(20), || {
            let next = request(session, 100 + u64::try_from(outage.elapsed().as_millis()).unwrap());
            (ask(session, &next, Duration::from_secs(8)).as_deref() == Some("91")).then_some(())
        });
        for n in 0..20 {
            let begin = Instant::now();
            let next = request(session, 50_000 + n);
            assert_eq!(ask(session, &next, Duration::from_secs(5)).as_deref(), Some("91"), "node {node}");
            assert!(begin.elapsed() < Duration::from_millis(900), "node {node}: {:?}", begin.elapsed());
        }
        // A repeat of what was approved is not refused: its first answer cannot be known to everyone now.
        let first = Request { mti: Mti(201), ..firsts[node] };
        let repeated = ask(session, &first, Duration::from_millis(500));
        assert!(matches!(repeated.as_deref(), None | Some("00")), "{repeated:?}");
    }
    assert_eq!(cluster.served(0).get("/readyz").0, 503);
    cluster.database.primary.start().unwrap();
    for (number, session) in sessions.iter_mut().enumerate() {
        wait_for("the switch to go on by itself", Duration::from_secs(20), || {
            let next = request(
                session,
                60_000 + number as u64 * 10_000 + u64::try_from(outage.elapsed().as_millis() % 10_000).unwrap(),
            );
            (ask(session, &next, Duration::from_secs(5)).as_deref() == Some("00")).then_some(())
        });
        let first = Request { mti: Mti(201), ..firsts[number] };
        assert_eq!(ask(session, &first, Duration::from_secs(5)).as_deref(), Some("00"), "the first answer again");
    }
    // After commits in doubt the lead can be handed over as before, as soon as the other node reports again.
    cluster.ready();
    let leader = cluster.leader();
    let config = cluster.config(0);
    wait_for("a hand-over", Duration::from_secs(10), || {
        let out = kazasu(&["node", "handover", "--config", config.to_str().unwrap()]);
        out.status.success().then_some(())
    });
    assert_eq!(cluster.leader(), 1 - leader);
    drop(sessions);
    cluster.check(&[]);
}

/// What connects the nodes breaks off on either side, and is started again: taps through the node that follows are answered.
#[test]
fn a_task_between_the_nodes_that_breaks_off_is_started_again() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, issuer_timeout_ms: 700, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    let follower = 1 - leader;
    let token = crate::rules::token(&cluster.town, "", "token");
    for node in [leader, follower] {
        let (_, metrics) = cluster.served(node).get("/metrics");
        let up = metrics.lines().filter(|line| line.starts_with("kazasu_task_up{task=\"issuer_connection\""));
        assert_eq!(up.filter(|line| line.ends_with(" 1")).count(), 4, "also where they are not wanted");
    }
    let mut number = 1;
    for (node, kind) in [
        (leader, "watch"),
        (leader, "peers"),
        (leader, "peer_connection"),
        (follower, "forward"),
        (follower, "leader_connection"),
        (follower, "watch"),
        (follower, "follower"),
    ] {
        let served = cluster.served(node);
        let ended = |served: &Served| crate::runs_on::metric(served, "kazasu_task_ended_total", &format!("\"{kind}\""));
        let before = ended(served);
        let path = format!("/v1/break/{kind}");
        assert_eq!(crate::rules::call(served, "POST", &path, &token, &serde_json::Value::Null).0, 202);
        if kind == "peers" {
            // It comes by when a node connects: the follower's link is made anew.
            let path = "/v1/break/peer_connection";
            assert_eq!(crate::rules::call(served, "POST", path, &token, &serde_json::Value::Null).0, 202);
        }
        wait_for(kind, Duration::from_secs(20), || (ended(served) > before).then_some(()));
        cluster.ready();
        let mut session =
            kazasu_acquirer_sim::session::Session::open(&cluster.town.acquirer(1, cluster.served(follower))).unwrap();
        for _ in 0..5 {
            number += 1;
            assert_eq!(crate::runs_on::taps(&mut session, number, "held-rich"), "00", "{kind}");
        }
    }
    assert_eq!(cluster.leader(), leader, "nobody had to take over");
    for served in cluster.nodes.iter_mut().filter_map(Option::take) {
        served.stop();
    }
}

#[test]
fn a_node_with_another_nodes_name_and_not_its_key_is_refused() {
    let sample = Sample { residents: 0, ..Sample::default() };
    let mut cluster = Cluster::new(2, false, sample);
    let [(a, public_a), (b, public_b), (stranger, public_stranger)] = [node_key(), node_key(), node_key()];
    let known = |b: &str| format!("node-0 = \"{public_a}\"\nnode-1 = \"{b}\"\n");
    // It has the key that all nodes share, and calls itself node-1.
    cluster.own_keys = vec![(a.clone(), known(&public_b)), (stranger, known(&public_stranger))];
    cluster.start(0);
    cluster.ready();
    cluster.start(1);
    wait_for("the leader to refuse it", Duration::from_secs(20), || {
        cluster.log(0).contains(&format!("{public_stranger}, is none of cluster.nodes")).then_some(())
    });
    assert_eq!(cluster.served(1).get("/readyz").0, 503);
    cluster.nodes[1].take().unwrap().stop();
    // With its own key it is let in, and passes a tap on.
    cluster.own_keys = vec![(a, known(&public_b)), (b, known(&public_b))];
    cluster.start(1);
    cluster.ready();
    cluster.served(0).issuers_up(3);
    let mut session = Session::open(&cluster.town.acquirer(2, cluster.served(1))).unwrap();
    let bytes = frame(&session, &purchase(&session.config, 1));
    session.raw(&bytes).unwrap();
    assert_eq!(crate::bad_input::code(&mut session), "00");
    for node in cluster.nodes.iter_mut().filter_map(Option::take) {
        node.stop();
    }
}
