//! The file of the index: its tables, how it is read, and how what changed is written.
//!
//! Every index begins with the part of the journal's time that a row is of (32 business days), so that new rows go to a few pages that
//! are in memory, however old the file is; a search looks into the parts one after the other, the newest first.

use super::fold::is_refund;
use super::model::{Account, Changes, Delta, Fold, Link, Row};
use crate::side_file::SideFold;
use crate::values::signed;
use anyhow::Context as _;
use hashbrown::HashMap;
use kazasu_engine::tasks::Kind;
use kazasu_ledger::record::TransactionKind;
use kazasu_ledger::{Body, record};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_security::vault::Vault;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};
use std::sync::Arc;

/// Rows of one statement of SQL: SQLite takes 32,766 values.
const ROWS: usize = 1_500;
/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

const TABLES: &str = "
CREATE TABLE account (id INTEGER PRIMARY KEY, deposit INTEGER);
CREATE TABLE merchant (id INTEGER PRIMARY KEY, acquirer TEXT NOT NULL, merchant TEXT NOT NULL, name TEXT NOT NULL);
CREATE INDEX merchant_key ON merchant (acquirer, merchant);
CREATE TABLE merged (gone BLOB PRIMARY KEY, person BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX merged_into ON merged (person);
CREATE TABLE link (person BLOB NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL, last_four INTEGER, key INTEGER,
    PRIMARY KEY (person, version)) WITHOUT ROWID;
CREATE INDEX link_last ON link (last_four) WHERE last_four IS NOT NULL;
CREATE INDEX link_key ON link (key) WHERE key IS NOT NULL;
CREATE TABLE part (part INTEGER PRIMARY KEY);
CREATE TABLE day (day INTEGER PRIMARY KEY, first INTEGER NOT NULL);
CREATE TABLE hour (hour INTEGER PRIMARY KEY, first INTEGER NOT NULL);
CREATE TABLE tap (seq INTEGER PRIMARY KEY, part INTEGER NOT NULL, at INTEGER NOT NULL, day INTEGER NOT NULL, merchant INTEGER NOT NULL,
    terminal TEXT NOT NULL, stan INTEGER NOT NULL, rrn TEXT NOT NULL, kind INTEGER NOT NULL, amount INTEGER NOT NULL,
    original INTEGER, person BLOB, link INTEGER, refusal INTEGER, verdict INTEGER, approval TEXT, code TEXT,
    moved INTEGER NOT NULL, reversed INTEGER NOT NULL, refunded INTEGER NOT NULL, undone INTEGER NOT NULL);
CREATE INDEX by_rrn ON tap (part, rrn);
CREATE INDEX by_stan ON tap (part, stan);
CREATE INDEX by_approval ON tap (part, approval) WHERE approval IS NOT NULL;
CREATE INDEX by_person ON tap (part, person) WHERE person IS NOT NULL;
CREATE INDEX by_merchant ON tap (part, merchant, seq, amount);
CREATE INDEX by_terminal ON tap (part, terminal, seq, amount);
CREATE INDEX by_amount ON tap (part, amount);
CREATE INDEX by_original ON tap (original) WHERE original IS NOT NULL;
CREATE INDEX undecided ON tap (seq) WHERE verdict IS NULL;
";

/// The part of the journal's time that a business day is of.
pub(super) fn part(day: BusinessDay) -> i32 {
    day.0 >> 5
}

/// The hour since the epoch.
pub(super) fn hour(at: Millis) -> i64 {
    at.0.div_euclid(HOUR)
}

/// Kinds by their numbers in the file: those of the journal.
pub(super) const KINDS: [TransactionKind; 10] = [
    TransactionKind::Authorize,
    TransactionKind::Purchase,
    TransactionKind::Refund,
    TransactionKind::BalanceInquiry,
    TransactionKind::AuthorizationAdvice,
    TransactionKind::Completion,
    TransactionKind::PurchaseAdvice,
    TransactionKind::RefundAdvice,
    TransactionKind::Reversal,
    TransactionKind::Unsupported,
];

/// A kind's number in the file.
pub(super) fn kind_number(kind: TransactionKind) -> i64 {
    KINDS.iter().position(|one| *one == kind).and_then(|n| i64::try_from(n).ok()).expect("every kind is in the list")
}

impl SideFold for Fold {
    const NAME: &'static str = "transactions";
    const VERSION: i64 = 2;
    const TABLES: &'static str = TABLES;
    const TASK: Kind = Kind::Transactions;
    type With = Arc<Vault>;
    type Changes = Changes;

    fn empty(vault: &Arc<Vault>) -> Self {
        Fold { accounts: HashMap::new(), merchants: HashMap::new(), next_merchant: 0, vault: vault.clone() }
    }

    async fn read(vault: &Arc<Vault>, conn: &mut SqliteConnection) -> anyhow::Result<Self> {
        let mut fold = Fold::empty(vault);
        for row in sqlx::query("SELECT id, deposit FROM account").fetch_all(&mut *conn).await? {
            let (id, deposit): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
            let account = match deposit {
                Some(last) => Account::Deposit(u16::try_from(last)?),
                None => Account::Merchant,
            };
            fold.accounts.insert(u32::try_from(id)?, account);
        }
        let merchants = sqlx::query("SELECT id, acquirer, merchant, name FROM merchant ORDER BY id");
        for row in merchants.fetch_all(&mut *conn).await? {
            let (id, acquirer, merchant, name): (i64, String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            fold.merchants.insert((acquirer.parse()?, merchant.parse()?), (id, name));
            fold.next_merchant = id;
        }
        Ok(fold)
    }

    fn record(&mut self, place: record::Place, body: &Body, changes: &mut Changes) {
        self.take_in(place, body, changes);
    }

    async fn write(&mut self, conn: &mut SqliteConnection, changes: Changes) -> anyhow::Result<()> {
        write_parties(conn, &changes).await?;
        write_links(conn, &changes).await?;
        write_times(conn, &changes.rows).await?;
        write_rows(conn, &changes.rows).await?;
        let mut deltas: Vec<(u64, Delta)> = changes.deltas.into_iter().collect();
        deltas.sort_unstable_by_key(|(seq, _)| *seq);
        for (seq, delta) in &deltas {
            write_delta(conn, *seq, delta).await?;
        }
        Ok(())
    }
}

async fn write_parties(conn: &mut SqliteConnection, changes: &Changes) -> anyhow::Result<()> {
    for (account, what) in &changes.accounts {
        let deposit = match what {
            Account::Deposit(last) => Some(i64::from(*last)),
            Account::Merchant => None,
        };
        sqlx::query("INSERT OR REPLACE INTO account VALUES (?, ?)")
            .bind(i64::from(*account))
            .bind(deposit)
            .execute(&mut *conn)
            .await?;
    }
    for (id, acquirer, merchant, name) in &changes.merchants {
        sqlx::query("INSERT INTO merchant VALUES (?, ?, ?, ?)")
            .bind(id)
            .bind(acquirer.to_string())
            .bind(merchant.to_string())
            .bind(name)
            .execute(&mut *conn)
            .await?;
    }
    for (gone, person) in &changes.merged {
        // Those that an ID took in are led on when another takes its place.
        sqlx::query("UPDATE merged SET person = ? WHERE person = ?")
            .bind(&person.bytes()[..])
            .bind(&gone.bytes()[..])
            .execute(&mut *conn)
            .await?;
        sqlx::query("INSERT OR REPLACE INTO merged VALUES (?, ?)")
            .bind(&gone.bytes()[..])
            .bind(&person.bytes()[..])
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Links and destroyed keys in the order of their records.
async fn write_links(conn: &mut SqliteConnection, changes: &Changes) -> anyhow::Result<()> {
    let mut destroyed = changes.destroyed.iter().peekable();
    for (at, link) in changes.links.iter().enumerate() {
        while let Some((key, _)) = destroyed.next_if(|(_, before)| *before <= at) {
            forget_digits(conn, *key).await?;
        }
        write_link(conn, link).await?;
    }
    for (key, _) in destroyed {
        forget_digits(conn, *key).await?;
    }
    Ok(())
}

async fn write_link(conn: &mut SqliteConnection, link: &Link) -> anyhow::Result<()> {
    let (last, key) = (link.last_four.map(i64::from), link.key.map(i64::from));
    // A number that was sealed again stays one of its kind.
    sqlx::query(
        "INSERT INTO link VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (person, version) DO UPDATE
            SET kind = CASE WHEN ?3 = '' THEN kind ELSE ?3 END, last_four = ?4, key = ?5",
    )
    .bind(&link.person.bytes()[..])
    .bind(i64::from(link.version))
    .bind(link.kind)
    .bind(last)
    .bind(key)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

async fn forget_digits(conn: &mut SqliteConnection, key: u8) -> anyhow::Result<()> {
    sqlx::query("UPDATE link SET last_four = NULL WHERE key = ?").bind(i64::from(key)).execute(&mut *conn).await?;
    Ok(())
}

/// The first record of each day and hour: a period is a range of records.
async fn write_times(conn: &mut SqliteConnection, rows: &[Row]) -> anyhow::Result<()> {
    let (mut last_day, mut last_hour) = (None, None);
    for row in rows {
        if last_day != Some(row.day) {
            last_day = Some(row.day);
            sqlx::query("INSERT OR IGNORE INTO part VALUES (?)").bind(part(row.day)).execute(&mut *conn).await?;
            let day = sqlx::query("INSERT OR IGNORE INTO day VALUES (?, ?)");
            day.bind(row.day.0).bind(signed(row.seq)).execute(&mut *conn).await?;
        }
        if last_hour != Some(hour(row.at)) {
            last_hour = Some(hour(row.at));
            let one = sqlx::query("INSERT OR IGNORE INTO hour VALUES (?, ?)");
            one.bind(hour(row.at)).bind(signed(row.seq)).execute(&mut *conn).await?;
        }
    }
    Ok(())
}

async fn write_rows(conn: &mut SqliteConnection, rows: &[Row]) -> anyhow::Result<()> {
    for some in rows.chunks(ROWS) {
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new("INSERT INTO tap ");
        sql.push_values(some, |mut row, tap| {
            row.push_bind(signed(tap.seq))
                .push_bind(part(tap.day))
                .push_bind(tap.at.0)
                .push_bind(tap.day.0)
                .push_bind(tap.merchant)
                .push_bind(tap.terminal.as_str())
                .push_bind(i64::from(tap.stan.get()))
                .push_bind(tap.rrn.as_str())
                .push_bind(kind_number(tap.kind))
                .push_bind(tap.amount.get())
                .push_bind(tap.original.map(signed))
                .push_bind(tap.person.map(|person| person.bytes().to_vec()))
                .push_bind(tap.link.map(i64::from))
                .push_bind(tap.refusal.map(|why| i64::from(why.number())))
                .push_bind(tap.outcome.verdict.map(|verdict| verdict as i64))
                .push_bind(tap.outcome.approval.map(|code| code.to_string()))
                .push_bind(tap.outcome.code.map(|code| code.to_string()))
                .push_bind(tap.moved)
                .push_bind(tap.reversed)
                .push_bind(tap.refunded)
                .push_bind(tap.undone);
        });
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// What changes of a row that was written before, and of the payment where that row is a refund.
async fn write_delta(conn: &mut SqliteConnection, seq: u64, delta: &Delta) -> anyhow::Result<()> {
    let row = sqlx::query(
        "UPDATE tap SET verdict = coalesce(?, verdict), approval = coalesce(?, approval), code = coalesce(?, code),
            moved = moved + ?, reversed = reversed + ?, refunded = refunded + ?, undone = undone OR ? WHERE seq = ?
            RETURNING kind, original",
    )
    .bind(delta.outcome.verdict.map(|verdict| verdict as i64))
    .bind(delta.outcome.approval.map(|code| code.to_string()))
    .bind(delta.outcome.code.map(|code| code.to_string()))
    .bind(delta.moved)
    .bind(delta.reversed)
    .bind(delta.refunded)
    .bind(delta.undone)
    .bind(signed(seq))
    .fetch_optional(&mut *conn)
    .await?;
    // What is about something else than a terminal's message, a loss for example, is no row.
    let Some(row) = row else { return Ok(()) };
    let kind = usize::try_from(row.try_get::<i64, _>(0)?).ok().and_then(|n| KINDS.get(n)).context("a kind")?;
    let (yen, payment): (i64, Option<i64>) = (delta.of_payment(), row.try_get(1)?);
    if let Some(payment) = payment.filter(|_| is_refund(*kind) && yen != 0) {
        let sql = sqlx::query("UPDATE tap SET refunded = refunded + ? WHERE seq = ?");
        sql.bind(yen).bind(payment).execute(&mut *conn).await?;
    }
    Ok(())
}
