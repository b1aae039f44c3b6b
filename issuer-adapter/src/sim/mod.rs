//! The issuers' simulator: several issuers in one process, with accounts, holds, scripted misbehaviour and a journal.
//!
//! * [`config`]: the TOML; [`script`]: how an account (mis)behaves.
//! * `book`: one issuer's accounts and messages, pure: decide, then apply the decided entry, live and on replay alike.
//! * [`journal`]: the entries as JSON lines, and what each message finally stands at, for comparing both sides.
//! * `server`: sockets. Every message of one read is executed, journalled in one write, and only then answered.

mod book;
pub mod config;
pub mod journal;
pub mod script;
mod server;
mod state;
mod tag;
#[cfg(test)]
mod tests;

pub use config::{
    AccountConfig, AccountNumber, ConfigError, DefaultAccount, IssuerConfig, IssuerKind, MacConfig, SimConfig,
    TlsConfig,
};
pub use journal::{JournalError, effective};
pub use script::{Action, Applies, Part, Script, Step};
pub use state::{AccountView, Totals};

use crate::clock;
use book::Book;
use journal::Journal;
use server::{Common, Issuer};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tag::Tagger;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why the simulator cannot start or do what it is told.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The journal cannot be read or opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The address cannot be listened on.
    #[error("issuer {issuer}: cannot listen on {addr}: {error}")]
    Listen {
        /// The issuer's name.
        issuer: String,
        /// The address.
        addr: String,
        /// The system's reason.
        error: std::io::Error,
    },
    /// There is no issuer of this name.
    #[error("there is no issuer named {0:?}")]
    NoSuchIssuer(String),
}

struct Seat {
    issuer: Arc<Issuer>,
    addr: SocketAddr,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Seat {
    fn start(&self, listener: TcpListener) {
        let running = Running { stop: CancellationToken::new(), tasks: TaskTracker::new() };
        let accept = server::listen(Arc::clone(&self.issuer), listener, running.stop.clone(), running.tasks.clone());
        running.tasks.spawn(accept);
        running.tasks.close();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
    }

    async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            running.stop.cancel();
            running.tasks.wait().await;
        }
    }
}

/// Running issuers. Dropping it closes their sockets.
pub struct Sim {
    seats: Arc<Vec<Seat>>,
    replayed: u64,
}

impl Sim {
    /// Replays the journal, binds every issuer's address (port 0: a free one) and starts to serve.
    pub async fn start(config: SimConfig) -> Result<Sim, SimError> {
        config.check()?;
        let tagger = Arc::new(Tagger::new(config.token_key.as_ref()));
        let mut books: Vec<Book> =
            config.issuers.iter().map(|i| config::open_book(i, &tagger, config.remember)).collect();
        let mut replayed = 0;
        let journal = match &config.journal {
            None => Journal::none(),
            Some(path) => Journal::open(path, |name, entry| {
                if let Some(at) = config.issuers.iter().position(|issuer| issuer.name == name) {
                    books[at].apply(entry);
                    replayed += 1;
                }
            })?,
        };
        let common = Common { tagger, journal: Arc::new(Mutex::new(journal)), wall_clock: clock::wall_clock };
        let mut seats = Vec::new();
        let mut listeners = Vec::new();
        for (issuer, book) in config.issuers.iter().zip(books) {
            let listen = |error| SimError::Listen { issuer: issuer.name.clone(), addr: issuer.listen.clone(), error };
            let listener = TcpListener::bind(&issuer.listen).await.map_err(listen)?;
            let addr = listener.local_addr().map_err(listen)?;
            let issuer = Issuer::new(issuer, book, common.clone())?;
            seats.push(Seat { issuer: Arc::new(issuer), addr, running: Mutex::new(None) });
            listeners.push(listener);
        }
        for (seat, listener) in seats.iter().zip(listeners) {
            seat.start(listener);
        }
        Ok(Sim { seats: Arc::new(seats), replayed })
    }

    /// Each issuer's name and bound address, in the configuration's order.
    #[must_use]
    pub fn addresses(&self) -> Vec<(String, SocketAddr)> {
        self.seats.iter().map(|seat| (seat.issuer.name().to_owned(), seat.addr)).collect()
    }

    /// An issuer's bound address.
    #[must_use]
    pub fn addr(&self, issuer: &str) -> Option<SocketAddr> {
        self.seats.iter().find(|seat| seat.issuer.name() == issuer).map(|seat| seat.addr)
    }

    /// Messages that the journal held at the start.
    #[must_use]
    pub fn replayed(&self) -> u64 {
        self.replayed
    }

    /// The switches for taking issuers down and up.
    #[must_use]
    pub fn control(&self) -> Control {
        Control { seats: Arc::clone(&self.seats) }
    }

    /// What each issuer has done so far.
    #[must_use]
    pub fn totals(&self) -> Vec<(String, Totals)> {
        self.seats.iter().map(|seat| (seat.issuer.name().to_owned(), seat.issuer.totals())).collect()
    }

    /// An account's state; `None` when the issuer or the account is unknown. `number` is a card number or bank account.
    #[must_use]
    pub fn account(&self, issuer: &str, number: &str) -> Option<AccountView> {
        self.seats.iter().find(|seat| seat.issuer.name() == issuer)?.issuer.account(number)
    }

    /// Closes every socket and waits until the last message is journalled.
    pub async fn stop(self) {
        for seat in self.seats.iter() {
            seat.stop().await;
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        for seat in self.seats.iter() {
            if let Some(running) = seat.running.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                running.stop.cancel();
            }
        }
    }
}

/// Takes single issuers down and up while the simulator runs. Accounts and messages are kept.
#[derive(Clone)]
pub struct Control {
    seats: Arc<Vec<Seat>>,
}

impl Control {
    fn seat(&self, issuer: &str) -> Result<&Seat, SimError> {
        let found = self.seats.iter().find(|seat| seat.issuer.name() == issuer);
        found.ok_or_else(|| SimError::NoSuchIssuer(issuer.to_owned()))
    }

    /// Stops listening and closes the issuer's connections. Nothing happens when it is down already.
    pub async fn down(&self, issuer: &str) -> Result<(), SimError> {
        self.seat(issuer)?.stop().await;
        Ok(())
    }

    /// Listens again on the same address. Nothing happens when it is up already.
    pub async fn up(&self, issuer: &str) -> Result<(), SimError> {
        let seat = self.seat(issuer)?;
        let is_running = |seat: &Seat| {
            let running = seat.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.as_ref().is_some_and(|running| !running.stop.is_cancelled())
        };
        if is_running(seat) {
            return Ok(());
        }
        seat.stop().await;
        let listener = TcpListener::bind(seat.addr).await.map_err(|error| SimError::Listen {
            issuer: issuer.to_owned(),
            addr: seat.addr.to_string(),
            error,
        })?;
        seat.start(listener);
        Ok(())
    }
}
