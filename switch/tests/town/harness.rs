//! A sample town with a switch that can be started, killed and looked at.

use kazasu::agree::{Disagreement, Messages};
use kazasu::sample::{self, Ports, Town as Sample};
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_core::State;
use kazasu_issuer_adapter::sim::{Sim, SimConfig, effective};
use kazasu_ledger::{Body, Record};
use kazasu_store::Store;
use kazasu_store::sqlite::SqliteStore;
use kazasu_store::verify::{Verified, verify};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A port that is free, that no other test gets, and that no connection takes meanwhile: it lies below those that the system gives to
/// connections, of which some tests open thousands.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 10_240;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let below: u32 = range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768);
    let ports = below.checked_sub(FIRST).filter(|ports| *ports > 0).expect("ports below those of connections");
    loop {
        let nth = std::process::id().wrapping_mul(97).wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + nth % ports).expect("below 65,536");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The program under test.
pub(crate) fn kazasu(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kazasu")).args(args).output().unwrap()
}

/// One request, as any program may send it; status and body of the answer.
pub(crate) fn request(
    http: impl Display,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<(u16, String), Box<ureq::Error>> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true);
    let agent = ureq::Agent::new_with_config(config.build());
    let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{http}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = match (method, body) {
        ("GET", []) => agent.run(request.body(()).unwrap()),
        _ => agent.run(request.body(body.to_vec()).unwrap()),
    };
    let mut answer = answer.map_err(Box::new)?;
    let text = answer.body_mut().read_to_string().map_err(Box::new)?;
    Ok((answer.status().as_u16(), text))
}

/// Waits until `done` gives something.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut done: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(begin.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) struct Town {
    pub(crate) dir: TempDir,
    pub(crate) runtime: Runtime,
    sim: Option<Sim>,
}

impl Town {
    /// A town with its issuers running and its merchants and residents imported; the switch is not running yet.
    pub(crate) fn new(sample: Sample) -> Town {
        let town = Town::empty(sample);
        for what in ["merchant", "link"] {
            let file = town.path(&format!("{what}s.csv"));
            let out = kazasu(&[what, "import", file.to_str().unwrap(), "--config", &town.config()]);
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        }
        let asks = town.path("town.jsonl");
        let out = kazasu(&["apply", asks.to_str().unwrap(), "--config", &town.config()]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        town
    }

    /// The same with an empty ledger.
    pub(crate) fn empty(sample: Sample) -> Town {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("town");
        let ports = Ports { acquirers: [0; 3], http: free_port(), issuers: [0; 4] };
        sample::write(&folder, &Sample { ports, ..sample }).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config = SimConfig::load(&folder.join("issuers.toml")).unwrap();
        let sim = runtime.block_on(Sim::start(config)).unwrap();
        let mut addresses = sim.addresses().into_iter().map(|(_, addr)| addr.to_string());
        let path = folder.join("kazasu.toml");
        let mut text = String::new();
        let mut in_issuer = false;
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if line.starts_with("[[") {
                in_issuer = line == "[[issuer]]";
            }
            if in_issuer && line.starts_with("addr = ") {
                // Nobody listens on the last one's.
                let addr = addresses.next().unwrap_or_else(|| "127.0.0.1:1".into());
                text += &format!("addr = \"{addr}\"\n");
            } else {
                text += line;
                text.push('\n');
            }
        }
        std::fs::write(&path, text).unwrap();
        Town { dir, runtime, sim: Some(sim) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("town").join(name)
    }

    pub(crate) fn config(&self) -> String {
        self.path("kazasu.toml").to_str().unwrap().to_owned()
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.path("data/journal.db")
    }

    /// Adds lines to the configuration.
    pub(crate) fn configure(&self, lines: &str) {
        let mut text = std::fs::read_to_string(self.config()).unwrap();
        text += lines;
        std::fs::write(self.config(), text).unwrap();
    }

    pub(crate) fn replace_in_config(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(self.config(), text.replace(from, to)).unwrap();
    }

    /// Starts the switch and waits until it accepts taps.
    pub(crate) fn serve(&self) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
        command.args(["serve", "--json", "--config", &self.config()]);
        Served::start(command, &self.path("serve.log"))
    }

    /// One of the three acquirers, for the switch as it listens now.
    pub(crate) fn acquirer(&self, number: usize, served: &Served) -> AcquirerConfig {
        let path = self.path(&format!("acquirer-2700000{number}.toml"));
        let mut config = AcquirerConfig::load(&path).unwrap();
        config.addr = served.listening[number - 1].to_string();
        config
    }

    /// Reads the journal as an auditor would.
    pub(crate) fn verified(&self) -> Verified {
        self.runtime.block_on(async {
            let store = SqliteStore::new(self.journal());
            verify(store.reader().await.unwrap().as_mut(), |_| {}).await.unwrap()
        })
    }

    /// Folds the journal, and compares it with the issuers' journals.
    pub(crate) fn fold(&self) -> (State, Vec<Disagreement>) {
        self.fold_of(&SqliteStore::new(self.journal()))
    }

    /// The same for a journal that is kept elsewhere.
    pub(crate) fn fold_of(&self, store: &dyn Store) -> (State, Vec<Disagreement>) {
        self.runtime.block_on(async {
            let mut reader = store.reader().await.unwrap();
            let (mut state, mut messages) = (State::new(), Messages::default());
            let mut issuers = BTreeMap::new();
            loop {
                let page = reader.scan(state.seq + 1, 10_000).await.unwrap();
                for entry in &page {
                    let record = Record { at: entry.at, day: entry.day, body: Body::read(&entry.body).unwrap() };
                    if let Body::IssuerRegistered(r) = &record.body {
                        issuers.insert(r.name.clone(), r.issuer);
                    }
                    messages.record(entry.seq, &record.body);
                    state.apply(entry.seq, &record).unwrap();
                }
                if page.len() < 10_000 {
                    break;
                }
            }
            let theirs = effective(self.path("issuers.jsonl")).unwrap();
            let theirs = theirs.into_iter().map(|((name, n), yen)| ((issuers[&name], n), yen)).collect();
            let disagreements = messages.compare(&state, &theirs);
            (state, disagreements)
        })
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if let Some(sim) = self.sim.take() {
            self.runtime.block_on(sim.stop());
        }
    }
}

/// A running switch. It is killed when dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) listening: Vec<SocketAddr>,
    pub(crate) http: SocketAddr,
    log: PathBuf,
}

impl Served {
    pub(crate) fn start(mut command: Command, log: &Path) -> Served {
        let file = std::fs::File::options().create(true).append(true).open(log).unwrap();
        command.stderr(file);
        Served::start_as_is(command, log)
    }

    /// The same, with the standard error that the command has.
    pub(crate) fn start_as_is(mut command: Command, log: &Path) -> Served {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|e| {
            let log = std::fs::read_to_string(log).unwrap_or_default();
            panic!("the switch said {line:?} ({e}); its log:\n{log}")
        });
        let listening = ready["listening"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().parse().unwrap());
        Served {
            listening: listening.collect(),
            http: ready["http"].as_str().unwrap().parse().unwrap(),
            child,
            log: log.to_owned(),
        }
    }

    /// The end of standard error's pipe that a reader holds.
    pub(crate) fn stderr(&mut self) -> std::process::ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// Waits until the process has ended by itself; its exit code.
    pub(crate) fn ends(mut self) -> Option<i32> {
        let ended = wait_for("the switch to end", Duration::from_secs(20), || self.child.try_wait().unwrap());
        ended.code()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Status and body of a GET.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        request(self.http, "GET", path, &[], b"").unwrap()
    }

    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.get("/v1/status").1).unwrap()
    }

    /// Waits until these issuers are signed on.
    pub(crate) fn issuers_up(&self, n: usize) {
        wait_for("issuer connections", Duration::from_secs(10), || {
            let status = self.status();
            let up = status["issuers"].as_array().unwrap().iter().filter(|i| i["up"] == true).count();
            (up >= n).then_some(())
        });
    }

    /// Waits until no tap waits for an issuer and no issuer is owed an advice.
    pub(crate) fn drained(&self) {
        self.drained_but(0);
    }

    /// The same, where `owed` advices are for an issuer that is not there.
    pub(crate) fn drained_but(&self, owed: u64) {
        wait_for("store-and-forward to drain", Duration::from_secs(60), || {
            let status = self.status();
            (status["waiting_for_issuer"] == 0 && status["owed_to_issuers"] == owed).then_some(())
        });
    }

    /// The power goes.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// An orderly end.
    pub(crate) fn stop(self) {
        assert!(Command::new("kill").arg(self.pid().to_string()).status().unwrap().success());
        self.ended();
    }

    /// It has been told to end, and does so in good order.
    pub(crate) fn ended(mut self) {
        let status = wait_for("the switch's end", Duration::from_secs(90), || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}: {}", std::fs::read_to_string(&self.log).unwrap_or_default());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
