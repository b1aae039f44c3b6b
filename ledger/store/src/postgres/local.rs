//! A PostgreSQL server of one's own, started from the system's binaries on a free port: for tests, benchmarks and
//! demonstrations. An administrator runs production servers; this one is made to be thrown away, but it is real: it
//! flushes what it commits, and it can be killed, frozen, cloned and promoted.
//!
//! PostgreSQL refuses to run as root. Started by root, the server runs as the user `postgres` that its package made.

use crate::journal::StoreError;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The time that a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// The superuser of such a server.
const USER: &str = "kazasu_owner";
/// The login of its nodes, which may do what nodes may and nothing else.
const NODE: &str = "kazasu_node";

/// The directory of the newest PostgreSQL's binaries on this machine.
#[must_use]
pub fn binaries() -> Option<PathBuf> {
    let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path());
    let mut found: Vec<(u32, PathBuf)> = packaged
        .filter_map(|path| {
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
    })
}

/// The user and group that the server runs as, when it cannot be the one who starts it.
#[derive(Clone, Copy, Debug)]
struct Account {
    uid: u32,
    gid: u32,
}

fn account() -> Result<Option<Account>, StoreError> {
    let me = fs::metadata("/proc/self").map_err(|e| StoreError::new(format!("/proc/self: {e}")))?.uid();
    if me != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let parsed = line.and_then(|line| {
        let mut fields = line.split(':').skip(2);
        Some(Account { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    });
    parsed.map(Some).ok_or_else(|| {
        StoreError::new(
            "PostgreSQL does not run as root, and there is no user `postgres`; install the package postgresql",
        )
    })
}

/// A running server. It ends when this is dropped, and also when this process dies in any way.
#[derive(Debug)]
pub struct LocalServer {
    dir: PathBuf,
    bin: PathBuf,
    account: Option<Account>,
    password: String,
    port: u16,
    settings: Vec<String>,
    guard: Option<Child>,
    delete: bool,
}

impl LocalServer {
    /// Makes a new server in `dir`, which must not exist yet, and starts it. `settings` are lines like
    /// `shared_buffers=256MB`; `password` is its superuser's.
    ///
    /// Blocks for about a second.
    pub fn create(dir: &Path, password: &str, settings: &[&str]) -> Result<Self, StoreError> {
        let bin = binaries().ok_or_else(|| {
            StoreError::new("no PostgreSQL server on this machine; install it (Debian: apt-get install postgresql)")
        })?;
        let account = account()?;
        fs::create_dir_all(dir).map_err(|e| StoreError::new(format!("{}: {e}", dir.display())))?;
        if let Some(account) = account {
            own(dir, account)?;
        }
        let file = dir.join("password");
        write(&file, password, account)?;
        let data = dir.join("data");
        let mut initdb = as_user(&bin.join("initdb"), account, dir);
        initdb.arg("-D").arg(&data).args(["-U", USER, "-E", "UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync"]);
        initdb.arg(format!("--pwfile={}", file.display()));
        run(initdb)?;
        fs::remove_file(&file).map_err(|e| StoreError::new(format!("{}: {e}", file.display())))?;
        let server = Self::open(dir, password, settings)?;
        server.make_logins()?;
        Ok(server)
    }

    /// Makes the roles of a node and of a reader, and a login for nodes with the superuser's password, where they are missing.
    pub fn make_logins(&self) -> Result<(), StoreError> {
        let password = self.password.replace('\'', "''");
        for (role, options) in [
            ("kazasu_writer", "NOLOGIN".to_owned()),
            ("kazasu_reader", "NOLOGIN".to_owned()),
            (NODE, format!("LOGIN PASSWORD '{password}' IN ROLE kazasu_writer, kazasu_reader")),
        ] {
            let there = self.sql("postgres", &format!("SELECT count(*) FROM pg_roles WHERE rolname = '{role}'"))?;
            if there == "0" {
                self.sql("postgres", &format!("CREATE ROLE {role} {options}"))?;
            }
        }
        Ok(())
    }

    /// Continues a server that was created in `dir` earlier, on another port.
    pub fn open(dir: &Path, password: &str, settings: &[&str]) -> Result<Self, StoreError> {
        let bin = binaries().ok_or_else(|| StoreError::new("no PostgreSQL server on this machine"))?;
        let mut server = LocalServer {
            dir: dir.to_owned(),
            bin,
            account: account()?,
            password: password.to_owned(),
            port: free_port()?,
            settings: settings.iter().map(|s| (*s).to_owned()).collect(),
            guard: None,
            delete: false,
        };
        server.start()?;
        Ok(server)
    }

    /// Removes the server's files when it ends.
    #[must_use]
    pub fn delete_at_end(mut self) -> Self {
        self.delete = true;
        self
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The URL of one of its databases, as superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_at(&[self.port], database)
    }

    /// The same through other ports, such as those of a proxy or of several servers.
    #[must_use]
    pub fn url_at(&self, ports: &[u16], database: &str) -> String {
        self.url_of(USER, ports, database)
    }

    /// The URL of one of its databases for a node.
    #[must_use]
    pub fn node_url(&self, database: &str) -> String {
        self.url_of(NODE, &[self.port], database)
    }

    /// The same through other ports.
    #[must_use]
    pub fn node_url_at(&self, ports: &[u16], database: &str) -> String {
        self.url_of(NODE, ports, database)
    }

    fn url_of(&self, user: &str, ports: &[u16], database: &str) -> String {
        let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("postgres://{user}:{}@{}/{database}", self.password, hosts.join(","))
    }

    /// Starts the server and waits until it takes connections (as a standby: read-only ones).
    pub fn start(&mut self) -> Result<(), StoreError> {
        let log = self.dir.join("log");
        let mut wrapped = as_user(Path::new("/bin/sh"), self.account, &self.dir);
        // The shell's standard input ends when this process does, however it dies; then the server ends too.
        wrapped.arg("-c").arg("log=$1; shift; \"$@\" >>\"$log\" 2>&1 & server=$!; trap 'kill -QUIT $server' TERM; read _; kill -QUIT $server; wait $server");
        wrapped.arg("sh").arg(&log).arg(self.bin.join("postgres")).arg("-D").arg(self.dir.join("data"));
        let port = format!("port={}", self.port);
        let fixed = ["listen_addresses=127.0.0.1", "unix_socket_directories=", &port, "logging_collector=off"];
        for setting in fixed.into_iter().chain(self.settings.iter().map(String::as_str)) {
            wrapped.arg("-c").arg(setting);
        }
        wrapped.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.guard = Some(wrapped.spawn().map_err(|e| StoreError::new(format!("cannot start PostgreSQL: {e}")))?);
        let begin = Instant::now();
        while !self.is_ready() {
            let ended = self.guard.as_mut().is_none_or(|guard| guard.try_wait().is_ok_and(|status| status.is_some()));
            if ended || begin.elapsed() > PATIENCE {
                let said = fs::read_to_string(&log).unwrap_or_default();
                let tail: Vec<&str> = said.lines().rev().take(5).collect();
                return Err(StoreError::new(format!("PostgreSQL did not start; it said: {}", tail.join(" | "))));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let mut probe = Command::new(self.bin.join("pg_isready"));
        probe.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).stdin(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    }

    /// The server's process, if it is running.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let file = fs::read_to_string(self.dir.join("data/postmaster.pid")).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Its process and those it has started.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let Some(main) = self.pid() else { return Vec::new() };
        let parent = |pid: u32| -> Option<u32> {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
        };
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let children =
            all.filter_map(|e| e.file_name().to_str()?.parse().ok()).filter(|pid| parent(*pid) == Some(main));
        std::iter::once(main).chain(children).collect()
    }

    /// Sends a signal (`KILL`, `STOP`, `CONT`) to all its processes.
    pub fn signal(&self, signal: &str) {
        let pids: Vec<String> = self.processes().iter().map(u32::to_string).collect();
        // Some may have ended in between.
        let _ = Command::new("kill").arg(format!("-{signal}")).args(&pids).stderr(Stdio::null()).status();
    }

    /// The power goes: every process is killed at once.
    pub fn kill(&mut self) {
        self.signal("KILL");
        self.wait();
        // As after a reboot: another process has this number now.
        let _ = fs::remove_file(self.dir.join("data/postmaster.pid"));
    }

    /// Ends it in good order.
    pub fn stop(&mut self) {
        let Some(pid) = self.pid() else { return };
        let _ = Command::new("kill").arg("-INT").arg(pid.to_string()).stderr(Stdio::null()).status();
        self.wait();
    }

    fn wait(&mut self) {
        let begin = Instant::now();
        while self.pid().is_some_and(|pid| Path::new(&format!("/proc/{pid}")).exists() && !is_zombie(pid))
            && begin.elapsed() < PATIENCE
        {
            std::thread::sleep(Duration::from_millis(10));
        }
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }

    /// A standby in `dir` that follows this server under the name `name`.
    pub fn standby(&self, dir: &Path, name: &str, settings: &[&str]) -> Result<LocalServer, StoreError> {
        self.make_folder(dir)?;
        self.base_backup(&dir.join("data"), &["--write-recovery-conf"])?;
        let primary = format!(
            "primary_conninfo=host=127.0.0.1 port={} user={USER} password={} application_name={name}",
            self.port, self.password
        );
        let mut all = vec![primary.as_str(), "hot_standby=on"];
        all.extend(settings);
        LocalServer::open(dir, &self.password, &all)
    }

    /// Writes a file that only the server's user may read, such as a TLS key; `path` is relative to its data folder.
    pub fn put(&self, path: &Path, text: &str) -> Result<(), StoreError> {
        write(&self.dir.join("data").join(path), text, self.account)
    }

    /// Makes a folder that belongs to the server's user.
    pub fn make_folder(&self, path: &Path) -> Result<(), StoreError> {
        fs::create_dir_all(path).map_err(|e| StoreError::new(format!("{}: {e}", path.display())))?;
        self.account.map_or(Ok(()), |account| own(path, account))
    }

    /// Copies the running server's files into `data`.
    pub fn base_backup(&self, data: &Path, arguments: &[&str]) -> Result<(), StoreError> {
        let mut copy = as_user(&self.bin.join("pg_basebackup"), self.account, &self.dir);
        copy.arg("-D").arg(data).args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER]);
        copy.args(["--checkpoint=fast", "--wal-method=stream", "--no-sync"]).args(arguments);
        run(copy.env("PGPASSWORD", &self.password))
    }

    /// Makes a standby the primary and waits until it is.
    pub fn promote(&mut self) -> Result<(), StoreError> {
        // A standby's settings would name the old primary again after the next start.
        self.settings.retain(|s| !s.starts_with("primary_conninfo"));
        let mut promote = as_user(&self.bin.join("pg_ctl"), self.account, &self.dir);
        promote.arg("-D").arg(self.dir.join("data")).args(["promote", "-w", "-t", "60"]);
        run(&mut promote)
    }

    /// Sets a parameter for good and has the server read it.
    pub fn configure(&self, setting: &str, value: &str) -> Result<(), StoreError> {
        self.sql("postgres", &format!("ALTER SYSTEM SET {setting} = '{value}'"))?;
        self.sql("postgres", "SELECT pg_reload_conf()").map(|_| ())
    }

    /// Carries out one statement with psql, as an administrator would; returns what it printed.
    pub fn sql(&self, database: &str, statement: &str) -> Result<String, StoreError> {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", USER, "-d", database]);
        psql.args(["-p", &self.port.to_string(), "-c", statement]).env("PGPASSWORD", &self.password);
        let out = psql.stdin(Stdio::null()).output().map_err(|e| StoreError::new(format!("psql: {e}")))?;
        if out.status.success() {
            Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
        } else {
            Err(StoreError::new(format!("psql: {}", String::from_utf8_lossy(&out.stderr).trim())))
        }
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        // A frozen server hears nothing else.
        self.signal("CONT");
        if let Some(pid) = self.pid() {
            let _ = Command::new("kill").arg("-QUIT").arg(pid.to_string()).stderr(Stdio::null()).status();
        }
        self.wait();
        if self.delete {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

/// A command that runs as the server's user, in a folder that this user may enter.
fn as_user(program: &Path, account: Option<Account>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).env("LC_ALL", "C").stdin(Stdio::null());
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

fn run(command: impl std::borrow::BorrowMut<Command>) -> Result<(), StoreError> {
    let mut command = command;
    let command = command.borrow_mut();
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command.output().map_err(|e| StoreError::new(format!("{name}: {e}")))?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr).trim().to_owned();
    let hint = if said.contains("ermission denied") {
        "; the folder must be reachable for the user postgres, for example below /tmp or /var/tmp"
    } else {
        ""
    };
    Err(StoreError::new(format!("{name}: {said}{hint}")))
}

fn own(path: &Path, account: Account) -> Result<(), StoreError> {
    chown(path, Some(account.uid), Some(account.gid)).map_err(|e| StoreError::new(format!("{}: {e}", path.display())))
}

fn write(path: &Path, text: &str, account: Option<Account>) -> Result<(), StoreError> {
    let problem = |e: std::io::Error| StoreError::new(format!("{}: {e}", path.display()));
    fs::write(path, text).map_err(problem)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(problem)?;
    account.map_or(Ok(()), |account| own(path, account))
}

fn free_port() -> Result<u16, StoreError> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.map(|addr| addr.port()).map_err(|e| StoreError::new(format!("no free port: {e}")))
}
