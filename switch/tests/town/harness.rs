//! A sample town with a switch that can be started, killed and looked at.

use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_api::routes;
use kazasu_core::State;
use kazasu_demo::agree::{Disagreement, Messages};
use kazasu_demo::sample::{self, Ports, Town as Sample};
use kazasu_issuer_adapter::sim::{Sim, SimConfig, effective};
use kazasu_ledger::{Body, Record};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::secret::Key;
use kazasu_security::keys::{Done, KekOrigin, KeyName, KeyState, KeyStore, Material, NewKey};
use kazasu_services::access::Service;
use kazasu_store::Store;
use kazasu_store::sqlite::SqliteStore;
use kazasu_store::verify::{Verified, verify};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use ureq::http::Method;
use zeroize::Zeroizing;

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

/// The program under test. `--by NAME` stands for the session of a person of the town, which lies beside its configuration; a program
/// that is named so uses the key of the key file. It looks into no folder of a user.
pub(crate) fn kazasu(args: &[&str]) -> Output {
    let out = run(args);
    // A decision that takes a second factor gets one that names it.
    if crate::step_up::is_asked(&out) && crate::step_up::by_command_line(args) { run(args) } else { out }
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kazasu"))
        .args(signed_in(args))
        // The machine may speak another language.
        .env("KAZASU_LANG", "en")
        .env("XDG_STATE_HOME", "/nonexistent")
        .output()
        .unwrap()
}

/// The same arguments as the program takes them.
pub(crate) fn signed_in(args: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let Some(at) = out.iter().position(|arg| arg == "--by") else { return out };
    let name = out.remove(at + 1);
    // The log of keys keeps a name beside the session.
    if out.first().is_some_and(|command| command == "key") {
        out.insert(at + 1, name.clone());
    } else {
        out.remove(at);
    }
    let config = out.iter().position(|arg| arg == "--config").map(|at| PathBuf::from(&out[at + 1]));
    let session = config.map(|config| config.with_file_name("people").join(format!("{name}.session")));
    if let Some(session) = session.filter(|session| session.exists()) {
        out.extend(["--session".to_owned(), session.to_str().unwrap().to_owned()]);
    }
    out
}

/// The method of a request whose path is a service: the operation that the body's `do` names, at its own address.
pub(crate) const DO: &str = "DO";

/// An operation's method, path, entity tag and fields.
type Addressed = (String, String, Option<String>, Value);

/// The address of the operation that `do` names; none where it comes with a file, or is done offline.
fn addressed(service: &str, body: &[u8]) -> Option<Addressed> {
    let service = match service {
        "operations" => Service::Operations,
        "closing" => Service::Closing,
        "relief" => Service::Relief,
        "people" => Service::People,
        "approvals" => Service::Approvals,
        "webhooks" => Service::Webhooks,
        other => panic!("no service {other}"),
    };
    let mut fields: serde_json::Map<String, Value> = serde_json::from_slice(body).unwrap();
    let word = fields.remove("do").unwrap();
    let (method, template) = routes::find(service, word.as_str().unwrap())?;
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut path = format!("{}{template}", routes::BASE);
    for name in routes::fields_of(template) {
        let said = fields.remove(name).map_or_else(|| "1".to_owned(), text).replace('/', "%2F");
        path = path.replace(&format!("{{{name}}}"), &said).replace(&format!("{{*{name}}}"), &said);
    }
    let takes_tag = template.starts_with("/approvals/{approval}/");
    let tag = if takes_tag { fields.remove("fingerprint") } else { None };
    if [Method::GET, Method::DELETE].contains(&method) {
        let pairs: Vec<(String, String)> = fields.into_iter().map(|(name, value)| (name, text(value))).collect();
        let query = serde_urlencoded::to_string(pairs).unwrap();
        return Some((method.to_string(), format!("{path}?{query}"), None, Value::Null));
    }
    Some((method.to_string(), path, tag.map(text), Value::Object(fields)))
}

/// A request's idempotency key, which no other has.
fn new_key() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// One request, as any program may send it; status and body of the answer. One that must have an idempotency key gets a new one.
pub(crate) fn request(
    http: impl Display,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<(u16, String), Box<ureq::Error>> {
    let mut headers = headers.to_vec();
    let key = new_key();
    if method != "GET" && headers.iter().all(|(name, _)| *name != "idempotency-key") {
        headers.push(("idempotency-key", &key));
    }
    if path.starts_with('/') {
        return sent(http, (method, path), &headers, body);
    }
    let Some((method, path, tag, fields)) = addressed(path, body) else {
        return Ok((400, json!({ "detail": "no address of its own" }).to_string()));
    };
    headers.extend(tag.as_ref().map(|tag| ("if-match", tag.as_str())));
    let body = if fields.is_null() { Vec::new() } else { fields.to_string().into_bytes() };
    sent(http, (&method, &path), &headers, &body)
}

/// A request with these headers only.
pub(crate) fn sent(
    http: impl Display,
    (method, path): (&str, &str),
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
        ("GET" | "DELETE", []) => agent.run(request.body(()).unwrap()),
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
        Town::empty(sample).imported()
    }

    /// The same before any person has joined: what takes two people is done by the keeper of the journal still.
    pub(crate) fn opening(sample: Sample) -> Town {
        Town::empty(sample).opened()
    }

    /// With its merchants, residents and people.
    pub(crate) fn imported(self) -> Town {
        let town = self.opened();
        town.settle();
        town
    }

    /// With its merchants and residents.
    fn opened(self) -> Town {
        let town = self;
        for what in ["merchant", "payee", "link"] {
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
        Town::with_issuers(sample, str::to_owned)
    }

    /// The same with an empty ledger, where the issuers' file is changed before they start.
    pub(crate) fn with_issuers(sample: Sample, change: impl Fn(&str) -> String) -> Town {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("town");
        let ports = Ports { acquirers: [0; 3], http: free_port(), issuers: [0; 4] };
        sample::write(&folder, &Sample { ports, ..sample }).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let issuers = folder.join("issuers.toml");
        std::fs::write(&issuers, change(&std::fs::read_to_string(&issuers).unwrap())).unwrap();
        let config = SimConfig::load(&issuers).unwrap();
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
                // No node listens on the last one's.
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

    /// Lets the town's people join, and gives each a session.
    pub(crate) fn settle(&self) {
        self.runtime.block_on(sample::settle(&self.dir.path().join("town"))).unwrap();
    }

    /// A person's session.
    pub(crate) fn session(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(&format!("people/{name}.session"))).unwrap()
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

    /// The town's key store, open.
    pub(crate) fn key_store(&self) -> KeyStore {
        let credential = Zeroizing::new(std::fs::read_to_string(self.path("keys.credential")).unwrap());
        KeyStore::open(&self.path("keys.json"), &credential).unwrap()
    }

    /// A key's active version, in hexadecimal.
    pub(crate) fn secret_of(&self, name: &str) -> String {
        let (store, name) = (self.key_store(), name.parse().unwrap());
        hex::encode(store.secret(store.active(&name).unwrap()).unwrap().expose())
    }

    /// Puts a version of a key into the town's store; its number.
    pub(crate) fn put_key(&self, name: &str, secret: &str, state: KeyState) -> u8 {
        let (mut store, name) = (self.key_store(), name.parse::<KeyName>().unwrap());
        let at = kazasu_engine::clock::now();
        let done = Done { at, by: "a test", why: "" };
        let ends = BusinessDay(at.jst_day().0 + 100);
        let new = NewKey { name: name.clone(), state, ends, fiscal_year: None, public: None };
        let version = store.add(new, &Material::Secret(Key::from_hex(secret).unwrap()), &done).unwrap();
        store.save("imported", Some((&name, version)), &done).unwrap();
        version
    }

    /// A store of a node's own, with its own key; the town's credential opens it.
    pub(crate) fn own_store(&self, file: &str, name: &str, secret: &str) {
        let credential = std::fs::read_to_string(self.path("keys.credential")).unwrap();
        let origin = KekOrigin::Credential;
        let kek = std::sync::Arc::new(origin.key(&credential).unwrap());
        let (mut store, name) = (KeyStore::new(&self.path(file), origin, kek), name.parse::<KeyName>().unwrap());
        let at = kazasu_engine::clock::now();
        let done = Done { at, by: "a test", why: "" };
        let ends = BusinessDay(at.jst_day().0 + 100);
        let new = NewKey { name: name.clone(), state: KeyState::Active, ends, fiscal_year: None, public: None };
        let version = store.add(new, &Material::Secret(Key::from_hex(secret).unwrap()), &done).unwrap();
        store.save("imported", Some((&name, version)), &done).unwrap();
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
        serde_json::from_str(&self.get("/api/v1/status").1).unwrap()
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

    /// Keeps what the API has answered so far; `tools/api_reached.py` compares all of it with the document.
    fn keep_answers(&self) {
        let Some(text) = counted(self.http) else { return };
        let lines = text.lines().filter(|line| line.starts_with("kazasu_http_answers_total{"));
        let kept: String = lines.map(|line| format!("{line}\n")).collect();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("answers");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{}-{}.txt", std::process::id(), self.pid())), kept).unwrap();
    }

    /// The power goes.
    pub(crate) fn kill(mut self) {
        self.keep_answers();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// An orderly end.
    pub(crate) fn stop(self) {
        self.keep_answers();
        assert!(Command::new("kill").arg(self.pid().to_string()).status().unwrap().success());
        self.ended();
    }

    /// It has been told to end, and does so in good order.
    pub(crate) fn ended(mut self) {
        let status = wait_for("the switch's end", Duration::from_secs(90), || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}: {}", std::fs::read_to_string(&self.log).unwrap_or_default());
    }
}

/// The metrics of a switch, which may hang, be halted by a signal, or speak TLS here: then there are none.
fn counted(http: SocketAddr) -> Option<String> {
    let limit = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&http, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    stream.set_write_timeout(Some(limit)).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: switch\r\nconnection: close\r\n\r\n").ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

impl Drop for Served {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.keep_answers();
        }
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command by which the first person asks for something and the second approves it; a file is sent again then. The command's last output.
pub(crate) fn by_two(town: &Town, args: &[&str], [by, decider]: [&str; 2]) -> Output {
    let config = town.config();
    let run = |args: &[&str], by: &str| kazasu(&[args, &["--json", "--config", &config, "--by", by]].concat());
    let out = run(args, by);
    let Ok(answer) = serde_json::from_slice::<Value>(&out.stdout) else { return out };
    let file = answer.get("asked");
    let asked = file.unwrap_or(&answer);
    if !asked["proposal"].is_u64() {
        return out;
    }
    let (number, fingerprint) = requested(asked);
    let approve = ["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "checked"];
    let approved = run(&approve, decider);
    assert!(approved.status.success(), "{args:?}: {}", String::from_utf8_lossy(&approved.stderr));
    if file.is_some() { run(args, by) } else { out }
}

/// The number and the fingerprint under which a request is decided.
pub(crate) fn requested(answer: &serde_json::Value) -> (String, String) {
    let fingerprint = answer["fingerprint"].as_str().unwrap_or_else(|| panic!("{answer}"));
    (answer["proposal"].to_string(), fingerprint.to_owned())
}
