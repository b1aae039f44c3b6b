//! The engine for production: PostgreSQL through sqlx, with synchronous replication if the server is set up for it.
//!
//! A batch is one call of a function of the database: arrays go in once, UNNEST makes them rows, and the function checks epoch, order
//! and hashes, because the login itself may not write the tables. A statement of its own is a transaction of its own, so begin,
//! checks, rows and commit take one round trip and one flush of the server's log (and of its standby's, where there is one).
//!
//! A node keeps four connections at most: the writer's, one that watches who leads, one for sign-ins, and a follower's for reading. Each is
//! given the least role that does its work, under every login.

mod address;
mod connect;
pub mod local;
mod migrate;
mod roles;
mod side;
mod watch;

pub use address::Address;
pub use connect::{Logins, Patience, PostgresStore};
pub use migrate::{dump_schema, migrate};

use crate::journal::{
    AppendError, Claim, Journal, LeadError, Reader, Shared, Store, StoreError, StoreFault, Task, TransferRow, Watch,
    check_order,
};
use crate::side::SideTable;
use connect::{Purpose, explain, get, signed, store_error, unsigned, within};
use kazasu_ledger::{Entry, Head, Seq, Signature};
use kazasu_schemas::jst::{BusinessDay, Millis};
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, Row};

impl PostgresStore {
    async fn claim(&self, claim: &Claim) -> Result<PostgresJournal, LeadError> {
        let mut conn = self.primary(Purpose::Write).await?;
        migrate::check(&mut conn).await?;
        self.refuse_owner(&mut conn).await?;
        let (epoch, token) = loop {
            match raise(&mut conn, claim).await? {
                Raised::Lead { epoch, token } => break (epoch, token),
                Raised::Taken { current, holder } => return Err(LeadError::Taken { current, holder }),
                // A batch of the writer before is still under way on the server, perhaps for a peer that is gone.
                Raised::Blocked => end_writers(&mut conn).await?,
            }
        };
        let head = read_head(&mut conn).await?.seq;
        Ok(PostgresJournal { conn: Some(conn), epoch, token, head, patience: self.patience })
    }
}

impl Store for PostgresStore {
    fn place(&self) -> String {
        self.address.to_string()
    }

    fn lead(&self, claim: Claim) -> Task<'_, Result<Box<dyn Journal>, LeadError>> {
        Box::pin(async move {
            // Raising the epoch waits for the standby like any commit.
            let limit = self.patience.commit
                + self.patience.connect * u32::try_from(self.address.servers().count()).unwrap_or(1);
            match tokio::time::timeout(limit, self.claim(&claim)).await {
                Ok(result) => result.map(|journal| Box::new(journal) as Box<dyn Journal>),
                Err(_) => {
                    let address = self.address.to_string();
                    let words = format!("taking the lead at {address} took over {limit:?}");
                    Err(StoreError::of(StoreFault::LeadSlow { address, limit }, words).into())
                }
            }
        })
    }

    fn reader(&self) -> Task<'_, Result<Box<dyn Reader>, StoreError>> {
        Box::pin(async move {
            let mut conn = self.primary(Purpose::Read).await?;
            migrate::check(&mut conn).await?;
            Ok(Box::new(PostgresReader { conn, patience: self.patience }) as Box<dyn Reader>)
        })
    }

    fn side(&self) -> Task<'_, Result<Box<dyn SideTable>, StoreError>> {
        Box::pin(async move { Ok(Box::new(side::PostgresSide::open(self).await?) as Box<dyn SideTable>) })
    }

    fn shared(&self) -> Option<&dyn Shared> {
        Some(self)
    }
}

impl Shared for PostgresStore {
    fn watch(&self, node: crate::journal::Node) -> Task<'_, Result<Box<dyn Watch>, StoreError>> {
        Box::pin(async move {
            let conn = self.primary(Purpose::Watch).await?;
            Ok(Box::new(watch::PostgresWatch::new(conn, node, self.patience)) as Box<dyn Watch>)
        })
    }
}

/// The secret with which the session that took the lead appends. It is not shown.
struct Token(String);

enum Raised {
    Lead { epoch: u64, token: Token },
    Taken { current: u64, holder: String },
    Blocked,
}

/// Raises the epoch, if it is what the claim expects or this very process holds it already: an attempt whose answer was
/// lost must not shut its own process out.
async fn raise(conn: &mut PgConnection, claim: &Claim) -> Result<Raised, StoreError> {
    let node = &claim.node;
    let raised = sqlx::query("SELECT new_epoch, new_token FROM kazasu.take_lead($1, $2, $3, $4, $5)")
        .bind(claim.expected.map(signed))
        .bind(&node.name)
        .bind(node.incarnation.cast_signed())
        .bind(&node.address)
        .bind(&node.http)
        .fetch_optional(&mut *conn)
        .await;
    match raised {
        Ok(Some(row)) => Ok(Raised::Lead { epoch: unsigned(get(&row, 0)?)?, token: Token(get(&row, 1)?) }),
        Ok(None) => {
            let row = sqlx::query("SELECT epoch, node FROM kazasu.lead WHERE one = 1").fetch_one(conn).await;
            let row = row.map_err(store_error)?;
            Ok(Raised::Taken { current: unsigned(get(&row, 0)?)?, holder: get(&row, 1)? })
        }
        Err(error) if error.as_database_error().is_some_and(|e| e.code().as_deref() == Some("55P03")) => {
            Ok(Raised::Blocked)
        }
        Err(error) => Err(store_error(error)),
    }
}

/// Ends the server processes that still hold a share of the lead: their writer is frozen or gone, or their batch waits for a
/// standby. What such a batch did is found in the journal afterwards. A process may be ended by the login it belongs to, so
/// the narrower role is put aside for this one statement.
async fn end_writers(conn: &mut PgConnection) -> Result<(), StoreError> {
    for sql in [
        "SET ROLE NONE",
        "SELECT pg_terminate_backend(pid) FROM (SELECT DISTINCT pid FROM pg_locks WHERE relation = 'kazasu.lead'::regclass \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND mode = 'RowShareLock' AND granted AND pid <> pg_backend_pid()) AS holding",
        "SET ROLE kazasu_writer",
    ] {
        if let Err(error) = sqlx::query(sql).execute(&mut *conn).await {
            let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned();
            if code != "42501" {
                return Err(store_error(error));
            }
            // Another login's: it ends by the server's own limits, and is waited for until then.
            tracing::warn!(%error, "a batch of another login is under way and cannot be ended from here");
        }
    }
    Ok(())
}

/// One batch: the database checks epoch, order and hashes, writes records and transfers, and tells the epoch.
const APPEND: &str = "SELECT kazasu.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

/// A writer.
struct PostgresJournal {
    /// `None` after a failure of which the outcome is unknown.
    conn: Option<PgConnection>,
    epoch: u64,
    token: Token,
    head: Seq,
    patience: Patience,
}

/// A batch's transfers as columns.
#[derive(Default)]
struct Moves {
    seq: Vec<i64>,
    leg: Vec<i16>,
    kind: Vec<i16>,
    debit: Vec<i64>,
    credit: Vec<i64>,
    amount: Vec<i64>,
}

impl Moves {
    fn of(batch: &[Entry]) -> Self {
        let n = batch.iter().map(|e| e.transfers.len()).sum();
        let mut out = Moves {
            seq: Vec::with_capacity(n),
            leg: Vec::with_capacity(n),
            kind: Vec::with_capacity(n),
            debit: Vec::with_capacity(n),
            credit: Vec::with_capacity(n),
            amount: Vec::with_capacity(n),
        };
        for entry in batch {
            for (leg, t) in (0_i16..).zip(&entry.transfers) {
                out.seq.push(signed(entry.seq));
                out.leg.push(leg);
                out.kind.push(i16::from(t.kind.number()));
                out.debit.push(i64::from(t.debit.0));
                out.credit.push(i64::from(t.credit.0));
                out.amount.push(t.amount.get());
            }
        }
        out
    }
}

impl PostgresJournal {
    async fn write(&mut self, batch: &[Entry]) -> Result<(), AppendError> {
        check_order(self.head, batch)?;
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(()) };
        let Some(mut conn) = self.conn.take() else {
            return Err(AppendError::Refused("this writer's connection is gone".into()));
        };
        let moves = Moves::of(batch);
        let statement = sqlx::query(APPEND)
            .bind(signed(self.epoch))
            .bind(self.token.0.as_str())
            .bind(signed(first.seq))
            .bind(batch.iter().map(|e| e.at.0).collect::<Vec<i64>>())
            .bind(batch.iter().map(|e| e.day.0).collect::<Vec<i32>>())
            .bind(batch.iter().map(|e| i16::from(e.kind)).collect::<Vec<i16>>())
            .bind(batch.iter().map(|e| e.body.as_slice()).collect::<Vec<&[u8]>>())
            .bind(batch.iter().map(|e| e.hash.as_slice()).collect::<Vec<&[u8]>>())
            .bind(batch.iter().map(|e| e.signature.map(|s| s.stored().to_vec())).collect::<Vec<Option<Vec<u8>>>>())
            .bind(moves.seq)
            .bind(moves.leg)
            .bind(moves.kind)
            .bind(moves.debit)
            .bind(moves.credit)
            .bind(moves.amount);
        let result = tokio::time::timeout(self.patience.commit, statement.fetch_one(&mut conn)).await;
        let row = match result {
            Ok(Ok(row)) => row,
            Ok(Err(error)) => {
                let error = failed(&error);
                if matches!(error, AppendError::Refused(_)) {
                    self.conn = Some(conn);
                }
                return Err(error);
            }
            // Dropping the connection closes the socket. Nothing is cancelled: a cancelled wait for the standby would look
            // like a commit.
            Err(_) => return Err(AppendError::Unknown(format!("no answer within {:?}", self.patience.commit))),
        };
        let current: i64 = row.try_get(0).map_err(|e| AppendError::Unknown(e.to_string()))?;
        self.conn = Some(conn);
        let current = u64::try_from(current).map_err(|e| AppendError::Unknown(e.to_string()))?;
        if current != self.epoch {
            return Err(AppendError::Fenced { mine: self.epoch, current });
        }
        self.head = last.seq;
        Ok(())
    }
}

/// The meaning of an append's error. The server says that it rolled the statement back when a row or its disk refused it;
/// everything else (a broken connection, a server that goes down or became a standby, records that are there already) is
/// settled by reading the journal over a new connection.
fn failed(error: &sqlx::Error) -> AppendError {
    let class = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned();
    // 53: no disk, no memory. 22, 23 (but for duplicates): data or a constraint. 42: no privilege, no such table.
    let certain = ["53", "22", "23", "42"].iter().any(|known| class.starts_with(known)) && class != "23505";
    let text = explain(error);
    if certain { AppendError::Refused(text) } else { AppendError::Unknown(text) }
}

impl Reader for PostgresJournal {
    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            let limit_of_time = self.patience.read;
            within(limit_of_time, scan(self.open()?, from, limit)).await
        })
    }

    fn head(&mut self) -> Task<'_, Result<Head, StoreError>> {
        Box::pin(async move {
            let limit = self.patience.read;
            within(limit, read_head(self.open()?)).await
        })
    }

    fn transfers(&mut self, from: Seq, to: Seq) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>> {
        Box::pin(async move {
            let limit = self.patience.read;
            within(limit, read_transfers(self.open()?, from, to)).await
        })
    }
}

impl PostgresJournal {
    fn open(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.conn.as_mut().ok_or_else(|| StoreError::new("this writer's connection is gone"))
    }
}

impl Journal for PostgresJournal {
    fn append<'a>(&'a mut self, batch: &'a [Entry]) -> Task<'a, Result<(), AppendError>> {
        Box::pin(self.write(batch))
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn close(self: Box<Self>) -> Task<'static, Result<(), StoreError>> {
        Box::pin(async move {
            match self.conn {
                Some(conn) => conn.close().await.map_err(store_error),
                None => Ok(()),
            }
        })
    }
}

struct PostgresReader {
    conn: PgConnection,
    patience: Patience,
}

impl Reader for PostgresReader {
    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(within(self.patience.read, scan(&mut self.conn, from, limit)))
    }

    fn head(&mut self) -> Task<'_, Result<Head, StoreError>> {
        Box::pin(within(self.patience.read, read_head(&mut self.conn)))
    }

    fn transfers(&mut self, from: Seq, to: Seq) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>> {
        Box::pin(within(self.patience.read, read_transfers(&mut self.conn, from, to)))
    }

    fn guards(&mut self) -> Task<'_, Result<Vec<String>, StoreError>> {
        Box::pin(within(self.patience.read, roles::guards(&mut self.conn)))
    }
}

async fn scan(conn: &mut PgConnection, from: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let sql =
        "SELECT seq, at, day, kind, body, hash, signature FROM kazasu.journal WHERE seq >= $1 ORDER BY seq LIMIT $2";
    let rows = sqlx::query(sql)
        .bind(signed(from))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    rows.iter().map(entry).collect()
}

fn entry(row: &PgRow) -> Result<Entry, StoreError> {
    let seq = unsigned(get(row, 0)?)?;
    let body: &[u8] = get(row, 4)?;
    let hash: &[u8] = get(row, 5)?;
    let wrong = |what: &str| StoreError::new(format!("record {seq}: {what}"));
    Ok(Entry {
        seq,
        at: Millis(get(row, 1)?),
        day: BusinessDay(get(row, 2)?),
        kind: u8::try_from(get::<i16>(row, 3)?).map_err(|_| wrong("kind out of range"))?,
        body: body.to_vec(),
        hash: hash.try_into().map_err(|_| wrong("hash is not 32 bytes"))?,
        signature: match get::<Option<&[u8]>>(row, 6)? {
            Some(stored) => Some(Signature::read(stored).ok_or_else(|| wrong("signature is not 65 bytes"))?),
            None => None,
        },
        transfers: Default::default(),
    })
}

async fn read_head(conn: &mut PgConnection) -> Result<Head, StoreError> {
    let sql = "SELECT seq, hash FROM kazasu.journal ORDER BY seq DESC LIMIT 1";
    let Some(row) = sqlx::query(sql).fetch_optional(conn).await.map_err(store_error)? else { return Ok(Head::EMPTY) };
    let hash: &[u8] = get(&row, 1)?;
    let hash = hash.try_into().map_err(|_| StoreError::new("the last hash is not 32 bytes"))?;
    Ok(Head { seq: unsigned(get(&row, 0)?)?, hash })
}

async fn read_transfers(conn: &mut PgConnection, from: Seq, to: Seq) -> Result<Option<Vec<TransferRow>>, StoreError> {
    let sql = "SELECT seq, leg::bigint, kind::bigint, debit, credit, amount FROM kazasu.transfers \
               WHERE seq BETWEEN $1 AND $2 ORDER BY seq, leg";
    let rows = sqlx::query(sql).bind(signed(from)).bind(signed(to)).fetch_all(conn).await.map_err(store_error)?;
    let row = |row: &PgRow| {
        let mut out = [0; 6];
        for (i, slot) in out.iter_mut().enumerate() {
            *slot = get(row, i)?;
        }
        Ok(out)
    };
    rows.iter().map(row).collect::<Result<_, _>>().map(Some)
}
