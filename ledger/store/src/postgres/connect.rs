//! The address of the journal, and connections to it.

use super::address::Address;
use crate::journal::{StoreError, StoreFault, StoreHint};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{ConnectOptions, PgConnection, Row};
use std::time::Duration;

/// The logins that may lead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Logins {
    /// Only those that cannot write the tables but through the functions.
    Separate,
    /// Any, with a warning in the log: a server of one's own on this machine, for development and demonstrations.
    Any,
}

/// The times after which an operation counts as failed.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// To connect to one server, log in and learn whether it is the primary.
    pub connect: Duration,
    /// For a batch to be durable. Afterwards it is unknown whether it is, and the journal is asked over a new connection.
    pub commit: Duration,
    /// For one page of a scan, or a watcher's question.
    pub read: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { connect: Duration::from_secs(3), commit: Duration::from_secs(5), read: Duration::from_secs(30) }
    }
}

/// A journal in a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pub(super) address: Address,
    pub(super) patience: Patience,
    pub(super) logins: Logins,
}

impl PostgresStore {
    /// The journal at `address`. Nothing is connected yet.
    #[must_use]
    pub fn new(address: Address) -> Self {
        let logins = if address.is_local() { Logins::Any } else { Logins::Separate };
        PostgresStore { address, patience: Patience::default(), logins }
    }

    /// The same with other limits of time.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        PostgresStore { patience, ..self }
    }

    /// The same with another rule for logins than its address gives.
    #[must_use]
    pub fn with_logins(self, logins: Logins) -> Self {
        PostgresStore { logins, ..self }
    }

    /// Its place.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Connects to the primary: the first server of the address that takes writes.
    pub(super) async fn primary(&self, purpose: Purpose) -> Result<PgConnection, StoreError> {
        let mut why = Vec::new();
        for (server, options) in self.address.servers() {
            let attempt = async {
                let mut conn = purpose.apply(options.clone()).connect().await.map_err(|e| explain(&e))?;
                let sql = "SELECT pg_is_in_recovery(), current_setting('fsync') = 'on' \
                           AND current_setting('full_page_writes') = 'on'";
                let row = sqlx::query(sql).fetch_one(&mut conn).await.map_err(|e| explain(&e))?;
                let flags = row.try_get::<bool, _>(0).and_then(|standby| Ok((standby, row.try_get::<bool, _>(1)?)));
                match flags.map_err(|e| explain(&e))? {
                    (true, _) => Err("it is a standby".to_owned()),
                    (false, false) if purpose == Purpose::Write => {
                        Err("its fsync or full_page_writes is off: what it confirms can be lost".to_owned())
                    }
                    (false, _) => Ok(conn),
                }
            };
            match tokio::time::timeout(self.patience.connect, attempt).await {
                Ok(Ok(conn)) => return Ok(conn),
                Ok(Err(problem)) => why.push(format!("{server}: {problem}")),
                Err(_) => why.push(format!("{server}: no answer within {:?}", self.patience.connect)),
            }
        }
        let address = self.address.to_string();
        let words = format!("no primary at {address}: {}", why.join("; "));
        Err(StoreError::of(StoreFault::NoPrimary { address }, words))
    }
}

/// The purpose of a connection, which decides its rights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    Write,
    Watch,
    Read,
    Side,
    Migrate,
}

impl Purpose {
    pub(super) fn apply(self, options: PgConnectOptions) -> PgConnectOptions {
        let options = options.disable_statement_logging();
        // Statements wait for nothing but each other's rows. These limits end what a broken peer left behind; they do not
        // touch a commit that waits for its standby.
        let common = [
            ("idle_in_transaction_session_timeout", "10s"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
            ("tcp_user_timeout", "10s"),
            ("client_min_messages", "warning"),
        ];
        match self {
            Purpose::Write => options.application_name("kazasu writer").options(common).options([
                ("role", "kazasu_writer"),
                ("synchronous_commit", "on"),
                ("statement_timeout", "30s"),
                ("lock_timeout", "1s"),
                // One statement, always the same: plan it once, and never compile it.
                ("plan_cache_mode", "force_generic_plan"),
                ("jit", "off"),
            ]),
            Purpose::Watch => options.application_name("kazasu watch").options(common).options([
                ("role", "kazasu_writer"),
                // Losing a report loses nothing.
                ("synchronous_commit", "off"),
                ("statement_timeout", "3s"),
                ("lock_timeout", "1s"),
            ]),
            Purpose::Read => options.application_name("kazasu read").options(common).options([
                ("role", "kazasu_reader"),
                ("default_transaction_read_only", "on"),
                ("statement_timeout", "60s"),
                ("jit", "off"),
            ]),
            Purpose::Side => options.application_name("kazasu sign-ins").options(common).options([
                ("role", "kazasu_writer"),
                ("synchronous_commit", "on"),
                ("statement_timeout", "5s"),
                ("lock_timeout", "2s"),
            ]),
            Purpose::Migrate => options.application_name("kazasu migrate").options([("lock_timeout", "30s")]),
        }
    }
}

/// An error in words that help: a login that lacks the role, a database that is not there.
pub(super) fn explain(error: &sqlx::Error) -> String {
    let text = error.to_string();
    let code = code_of(error);
    let hint = match hint(error) {
        Some(StoreHint::NotSetUp) => ": the database has not been set up; run `kazasu store migrate` as its owner",
        Some(StoreHint::NotMember) => {
            ": the login must be a member of kazasu_writer (GRANT kazasu_writer TO …), or of kazasu_reader to read"
        }
        Some(StoreHint::NoDatabase) => ": create it first (createdb)",
        Some(StoreHint::Login) => ": check user and password (store.password of the key file, or ~/.pgpass)",
        None => "",
    };
    let code = if code.is_empty() { code } else { format!(" ({code})") };
    format!("{text}{code}{hint}")
}

fn code_of(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned()
}

/// What would help, by the server's code.
fn hint(error: &sqlx::Error) -> Option<StoreHint> {
    match code_of(error).as_str() {
        "42704" | "22023" if error.to_string().contains("role") => Some(StoreHint::NotSetUp),
        "42P01" | "3F000" => Some(StoreHint::NotSetUp),
        "42501" => Some(StoreHint::NotMember),
        "3D000" => Some(StoreHint::NoDatabase),
        "28P01" | "28000" => Some(StoreHint::Login),
        _ => None,
    }
}

pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    let words = explain(&error);
    match hint(&error) {
        Some(hint) => StoreError::of(StoreFault::Refused(hint), words),
        None => StoreError::new(words),
    }
}

pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).expect("a journal of fewer than 2^63 records")
}

pub(super) fn unsigned(n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|_| StoreError::new(format!("a number below zero where none can be: {n}")))
}

pub(super) fn get<'r, T>(row: &'r PgRow, column: usize) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(store_error)
}

/// A server that takes a question and never answers must not hold anyone.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => {
            let words = format!("the database did not answer within {limit:?}");
            Err(StoreError::of(StoreFault::Silent { limit }, words))
        }
    }
}
