//! Several nodes on PostgreSQL: processes, servers and connections are killed, paused, frozen and cut at random moments under
//! load. Afterwards nothing that was answered is missing, nothing is there twice, and there is one unbroken chain.

mod faults;
mod flood;
mod hand_over;
mod nodes;
mod store;

use crate::bad_input::{frame, purchase};
use crate::crash::{Answered, answered, check_answers};
use crate::harness::{Served, Town, kazasu, wait_for};
use crate::proxy::Proxy;
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress};
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::Town as Sample;
use kazasu_ledger::Body;
use kazasu_ledger::record::Silence;
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::wire::Request;
use kazasu_security::keys::KeyState;
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

    /// The primary's power goes; the database administrator promotes the standby and sets up a new one.
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

/// A node's own pair of keys, hexadecimal: private, public.
fn node_key() -> (String, String) {
    let (private, public) = kazasu_connections::cluster::new_pair().unwrap();
    (hex::encode(private.expose()), hex::encode(public))
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

impl Cluster {
    fn new(nodes: usize, with_standby: bool, sample: Sample) -> Cluster {
        let town = Town::empty(sample);
        let database = Database::new(with_standby);
        town.runtime.block_on(migrate(&database.store())).unwrap();
        let keys = town.path("keys.toml");
        let text = std::fs::read_to_string(&keys).unwrap();
        std::fs::write(&keys, format!("{text}\n[store]\npassword = \"owner-of-the-test\"\n")).unwrap();
        town.put_key("cluster", KEY, KeyState::Active);
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
                let own = format!("node-{node}.json");
                self.town.own_store(&own, &format!("node.node-{node}"), private);
                let text = text.replace("[keys]\n", &format!("[keys]\nnode_store = \"{own}\"\n"));
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
