//! The usual design, for comparison: a payment is one SQL transaction that checks for a duplicate, takes from one balance, adds
//! to another and writes two entries. Everything is prepared, nothing is wasted, and the clients are tasks of this process: there
//! are no sockets of terminals, no ISO 8583, no MAC and no hash chain, so it does less than the switch does.

use crate::server::Server;
use anyhow::Context;
use clap::Args;
use kazasu_console::{print_text, say};
use kazasu_report::table::{Align, Lines};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// `perf baseline-sql`.
#[derive(Args, Clone)]
pub(crate) struct BaselineArgs {
    /// Merchants among which payments are spread evenly.
    #[arg(long, default_value_t = 1_000)]
    merchants: u32,
    /// Seconds for each number of clients.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

const RESIDENTS: u32 = 100_000;
/// Clients at one time; the best counts.
const CLIENTS: [u32; 4] = [8, 16, 32, 64];

const SCHEMA: &str = "DROP SCHEMA IF EXISTS usual CASCADE; CREATE SCHEMA usual; \
    CREATE TABLE usual.accounts (id bigint PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0)) WITH (fillfactor = 70); \
    CREATE TABLE usual.payments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE, \
        payer bigint NOT NULL, merchant bigint NOT NULL, amount bigint NOT NULL, at timestamptz NOT NULL DEFAULT now()); \
    CREATE TABLE usual.entries (payment bigint NOT NULL, account bigint NOT NULL, amount bigint NOT NULL, \
        PRIMARY KEY (payment, account));";

/// The best of several numbers of clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Best {
    pub(crate) tps: f64,
    pub(crate) clients: u32,
    pub(crate) p99_ms: f64,
}

/// Measures on a running server.
pub(crate) async fn measure(server: &Server, merchants: u32, seconds: u64) -> anyhow::Result<Best> {
    let mut best: Option<Best> = None;
    for clients in CLIENTS {
        server.sql("baseline", SCHEMA)?;
        let last = RESIDENTS + merchants;
        let fill = format!("INSERT INTO usual.accounts SELECT n, 1000000000 FROM generate_series(0, {last}) n");
        server.sql("baseline", &fill)?;
        server.sql("baseline", "VACUUM ANALYZE usual.accounts")?;
        let run = one(server, merchants, clients, Duration::from_secs(seconds)).await?;
        if best.is_none_or(|b| run.tps > b.tps) {
            best = Some(run);
        }
    }
    best.context("no clients")
}

async fn one(server: &Server, merchants: u32, clients: u32, time: Duration) -> anyhow::Result<Best> {
    let stop = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let mut conn = PgConnection::connect(&server.url("baseline")).await?;
        let (stop, next) = (stop.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            let mut times = hdrhistogram::Histogram::<u64>::new(3)?;
            while !stop.load(Ordering::Relaxed) {
                let n = next.fetch_add(1, Ordering::Relaxed);
                // Spread without a pattern, and the same in every run.
                let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let payer = i64::try_from((mixed >> 20) % u64::from(RESIDENTS))?;
                let merchant = i64::from(RESIDENTS) + 1 + i64::try_from((mixed >> 8) % u64::from(merchants))?;
                let begin = Instant::now();
                let payment = Payment { key: format!("27000001-T1001001-{n:012}"), payer, merchant, amount: 1 };
                pay(&mut conn, &payment).await?;
                times.record(u64::try_from(begin.elapsed().as_micros())?)?;
            }
            conn.close().await?;
            anyhow::Ok(times)
        }));
    }
    let begin = Instant::now();
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    let mut all = hdrhistogram::Histogram::<u64>::new(3)?;
    for task in tasks {
        all.add(task.await??)?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let payments = f64::from(u32::try_from(all.len())?);
    let p99 = f64::from(u32::try_from(all.value_at_quantile(0.99))?);
    let sum = server.sql("baseline", "SELECT sum(amount) FROM usual.entries")?;
    anyhow::ensure!(sum == "0", "the baseline's entries do not balance: {sum}");
    Ok(Best { tps: payments / seconds, clients, p99_ms: p99 / 1_000.0 })
}

/// One payment of the usual design.
struct Payment {
    key: String,
    payer: i64,
    merchant: i64,
    amount: i64,
}

async fn pay(conn: &mut PgConnection, payment: &Payment) -> anyhow::Result<()> {
    let (key, payer, merchant, amount) = (payment.key.as_str(), payment.payer, payment.merchant, payment.amount);
    let mut tx = conn.begin().await?;
    let insert = "INSERT INTO usual.payments (key, payer, merchant, amount) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (key) DO NOTHING RETURNING id";
    let row = sqlx::query(insert).bind(key).bind(payer).bind(merchant).bind(amount).fetch_optional(&mut *tx).await?;
    let Some(row) = row else { return Ok(tx.rollback().await?) };
    let payment: i64 = row.try_get(0)?;
    let taken = sqlx::query("UPDATE usual.accounts SET balance = balance - $2 WHERE id = $1 AND balance >= $2")
        .bind(payer)
        .bind(amount)
        .execute(&mut *tx)
        .await?;
    if taken.rows_affected() == 0 {
        return Ok(tx.rollback().await?);
    }
    sqlx::query("INSERT INTO usual.entries VALUES ($1, $2, -$4), ($1, $3, $4)")
        .bind(payment)
        .bind(payer)
        .bind(merchant)
        .bind(amount)
        .execute(&mut *tx)
        .await?;
    // The merchant's balance last, so that its lock is held as short as can be.
    sqlx::query("UPDATE usual.accounts SET balance = balance + $2 WHERE id = $1")
        .bind(merchant)
        .bind(amount)
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

pub(crate) async fn run(args: BaselineArgs) -> anyhow::Result<()> {
    let server = Server::start()?;
    let many = measure(&server, args.merchants, args.seconds).await?;
    let hot = measure(&server, 1, args.seconds).await?;
    if args.json {
        say!("{}", json(&many, &hot));
        return Ok(());
    }
    say!("one SQL transaction a payment, on a PostgreSQL server of this machine's binaries");
    let mut lines = Lines::new(2, [Align::Left, Align::Right, Align::Left]);
    for (what, best) in [(format!("{} merchants", args.merchants), many), ("one hot merchant".into(), hot)] {
        let with = format!("with {} clients, p99 {:.1} ms", best.clients, best.p99_ms);
        lines.row([&what, &format!("{:.0}/s", best.tps), &with]);
    }
    print_text!("{}", lines.text());
    Ok(())
}

/// Both measurements as fields of one object.
pub(crate) fn json(many: &Best, hot: &Best) -> Value {
    json!({ "baseline_tps": many.tps.round(), "baseline_clients": many.clients, "baseline_p99_ms": many.p99_ms,
        "baseline_hot_tps": hot.tps.round(), "baseline_hot_clients": hot.clients, "baseline_hot_p99_ms": hot.p99_ms })
}
