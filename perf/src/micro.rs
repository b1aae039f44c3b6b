//! Micro benchmarks: one thing each, in a loop long enough to trust, the median of several rounds printed.

use bytes::BytesMut;
use clap::Args;
use kazasu_console::{print_text, say};
use kazasu_core::{Command, Event, Link, State, decide};
use kazasu_ledger::chain::Sealer;
use kazasu_ledger::record::LinkOrigin;
use kazasu_ledger::{Body, Record};
use kazasu_ledger::{Entry, Head};
use kazasu_report::table::{Align, Lines};
use kazasu_schemas::ids::{Ppid, Rrn, Stan};
use kazasu_schemas::iso8583::{Dialect, Message, Mti};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::mac::{MacAlgorithm, MacKey, encode_frame};
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::{Answer, Nonce, Nonces, Operation, PpidPlace, Request, ResponseCode, SessionKeys};
use kazasu_store::journal::{Claim, Node};
use kazasu_store::memory::MemoryStore;
use kazasu_store::sqlite::SqliteStore;
use kazasu_store::{Journal, Store};
use serde_json::{Map, Value, json};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 7;

/// The median over rounds of nanoseconds per call.
fn nanos(calls: u32, mut f: impl FnMut(u32)) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            for i in 0..calls {
                f(i);
            }
            begin.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// A typical purchase.
pub(crate) fn purchase(n: u64, ppid: Ppid) -> Request {
    Request {
        mti: Mti(200),
        operation: Some(Operation::Purchase),
        processing: 0,
        amount: Yen::new(1_280),
        transmission: Millis(1_795_402_800_000).transmission(),
        stan: Stan::wrapping(n),
        local_time: Some(120_000),
        local_date: Some(1123),
        mcc: "5411".parse().ok(),
        entry_mode: 72,
        acquirer: "27000001".parse().expect("an id"),
        rrn: Rrn::from_number(n),
        terminal: "T1001001".parse().expect("an id"),
        merchant: "M10000000000001".parse().expect("an id"),
        currency: 392,
        ppid: Some(ppid),
        original: None,
        replacement: None,
        options: Default::default(),
    }
}

fn codec(out: &mut Map<String, Value>) {
    let key = Key::new(vec![7; 16]).expect("16 bytes");
    let key = MacKey::new(MacAlgorithm::AesCmac, &key).expect("16 bytes");
    for name in Dialect::SHIPPED {
        let dialect = Dialect::shipped(name).expect("shipped");
        let request = purchase(1, Ppid::from_bytes([5; 16]));
        let mut message = Message::default();
        request.to_message(PpidPlace::De102, &mut message);
        let mut frame = BytesMut::new();
        encode_frame(&dialect, &mut message, Some(&key), &mut frame).expect("a good message");
        let body = frame[dialect.framing.header_len()..].to_vec();
        let mut decoded = Message::default();
        let mut buffer = BytesMut::with_capacity(1024);
        let both = nanos(100_000, |_| {
            dialect.decode(black_box(&body), &mut decoded).expect("a good frame");
            buffer.clear();
            dialect.encode(black_box(&decoded), &mut buffer).expect("a good message");
        });
        assert_eq!(buffer[..], body[..]);
        let whole = nanos(100_000, |_| {
            dialect.decode(black_box(&body), &mut decoded).expect("a good frame");
            let request = Request::from_message(&decoded, PpidPlace::De102).expect("a good request");
            request.answer_message(&Answer::code(ResponseCode::APPROVED), PpidPlace::De102, &mut decoded);
            buffer.clear();
            encode_frame(&dialect, &mut decoded, Some(&key), &mut buffer).expect("a good answer");
        });
        out.insert(format!("codec_{name}_decode_encode_ns"), json!(both.round()));
        out.insert(format!("message_{name}_read_answer_mac_ns"), json!(whole.round()));
        out.insert(format!("codec_{name}_bytes"), json!(body.len()));
    }
    let hmac = MacKey::new(MacAlgorithm::HmacSha256, &Key::new(vec![7; 32]).expect("32 bytes")).expect("32 bytes");
    let bytes = [0x30_u8; 250];
    out.insert(
        "mac_aes_cmac_250_bytes_ns".into(),
        json!(
            nanos(200_000, |_| {
                black_box(key.tag(black_box(&bytes)));
            })
            .round()
        ),
    );
    out.insert(
        "mac_hmac_sha256_250_bytes_ns".into(),
        json!(
            nanos(200_000, |_| {
                black_box(hmac.tag(black_box(&bytes)));
            })
            .round()
        ),
    );
}

/// What a sign-on computes: two session keys, ready for use, and both proofs.
fn sessions(out: &mut Map<String, Value>) {
    let master = Key::new(vec![7; 32]).expect("32 bytes");
    let acquirer = "27000001".parse().expect("an id");
    for (name, algorithm) in [("aes_cmac", MacAlgorithm::AesCmac), ("hmac_sha256", MacAlgorithm::HmacSha256)] {
        let master = MasterKey::new(algorithm, &master);
        let each = nanos(20_000, |n| {
            let ours = Nonce::new(std::array::from_fn(|at| n.to_be_bytes()[at % 4]));
            let keys = SessionKeys::derive(&master, acquirer, &Nonces { acquirer: ours, switch: ours });
            for key in [&keys.to_switch, &keys.from_switch] {
                let key = MacKey::new(algorithm, key).expect("a session key fits its algorithm");
                black_box(key.tag(black_box(&[0x30; 80])));
            }
        });
        out.insert(format!("sign_on_keys_and_proofs_{name}_ns"), json!(each.round()));
    }
}

/// A state with `n` residents who hold 1,000,000 yen each.
pub(crate) fn town(n: u64) -> (State, Vec<Record>) {
    let mut state = State::new();
    let mut journal = Vec::new();
    let now = Millis(1_795_402_800_000);
    let mut go = |state: &mut State, command: Command| {
        let decision = decide(state, now, &Event::Command(command));
        let body = decision.body.expect("a new thing makes a record");
        let day = if matches!(body, Body::Opened(_)) { now.jst_day() } else { state.day };
        let record = Record { at: now, day, body };
        state.apply(state.seq + 1, &record).expect("a decision keeps the rules");
        journal.push(record);
    };
    go(&mut state, Command::Open { book: "perf".into() });
    let acquirer = "27000001".parse().expect("an id");
    go(&mut state, Command::RegisterAcquirer { acquirer, name: "A".into() });
    let merchant = Command::RegisterMerchant {
        acquirer,
        merchant: "M10000000000001".parse().expect("an id"),
        name: "M".into(),
        mcc: "5411".parse().expect("an MCC"),
        terminals: vec!["T1001001".parse().expect("an id")],
        closed: false,
        traits: Default::default(),
    };
    go(&mut state, merchant);
    for i in 0..n {
        go(&mut state, Command::OpenDeposit { number: i, maker: None });
        go(&mut state, Command::Fund { number: i, amount: Yen::new(1_000_000), reference: String::new(), maker: None });
        let ppid = kazasu_acquirer_sim::load::sample_ppid(1, i);
        go(
            &mut state,
            Command::Link { ppid, from: None, to: Link::Deposit(i), origin: LinkOrigin::Import, by: "test".into() },
        );
    }
    (state, journal)
}

fn deciding(out: &mut Map<String, Value>) -> Vec<Record> {
    let (mut state, mut journal) = town(100_000);
    let mut n = 0;
    let mut taps = Vec::new();
    let per_tap = nanos(50_000, |_| {
        n += 1;
        let ppid = kazasu_acquirer_sim::load::sample_ppid(1, n * 7 % 100_000);
        let mut request = purchase(n, ppid);
        request.amount = Yen::new(1);
        let now = Millis(1_795_402_800_000 + i64::try_from(n / 500_000 * 1_000).expect("small"));
        request.transmission = now.transmission();
        let decision = decide(&state, now, &Event::Request(request));
        let record = Record { at: now, day: state.day, body: decision.body.expect("a new tap makes a record") };
        state.apply(state.seq + 1, &record).expect("a decision keeps the rules");
        if taps.len() < 100_000 {
            taps.push(record);
        }
    });
    out.insert("decide_apply_ns".into(), json!(per_tap.round()));
    journal.append(&mut taps);
    journal
}

async fn commits(out: &mut Map<String, Value>, journal: &[Record]) -> anyhow::Result<()> {
    let mut sealer = Sealer::new(1, Head::EMPTY.hash);
    let begin = Instant::now();
    let entries: Vec<Entry> = journal.iter().map(|record| sealer.seal(record)).collect();
    let count = u32::try_from(entries.len())?;
    out.insert("seal_ns".into(), json!((begin.elapsed().as_secs_f64() * 1e9 / f64::from(count)).round()));
    let bytes: usize = entries.iter().rev().take(1_000).map(|e| e.body.len()).sum();
    out.insert("tap_record_bytes".into(), json!(bytes / 1_000));
    let (setup, taps) = entries.split_at(entries.len() - 100_000);
    for size in [1_usize, 10, 100, 1_000] {
        let dir = tempfile::tempdir()?;
        let claim = || Claim { node: Node::alone(), expected: None };
        let mut stores: Vec<(&str, Box<dyn Journal>)> = vec![
            ("memory", MemoryStore::default().lead(claim()).await?),
            ("sqlite", SqliteStore::new(dir.path().join("journal.db")).lead(claim()).await?),
        ];
        // Only where there are PostgreSQL's binaries.
        let server = kazasu_store::postgres::local::binaries().map(|_| crate::server::Server::start()).transpose()?;
        if let Some(server) = &server {
            stores.push(("postgres", server.store().await?.lead(claim()).await?));
        }
        for (name, mut store) in stores {
            for batch in setup.chunks(2_000) {
                store.append(batch).await?;
            }
            let taps = &taps[..taps.len().min(size * 2_000).min(100_000)];
            let mut times: Vec<f64> = Vec::new();
            let begin = Instant::now();
            for batch in taps.chunks(size) {
                let one = Instant::now();
                store.append(batch).await?;
                times.push(one.elapsed().as_secs_f64() * 1e6);
            }
            let rate = f64::from(u32::try_from(taps.len())?) / begin.elapsed().as_secs_f64();
            times.sort_by(f64::total_cmp);
            out.insert(format!("commit_{name}_{size}_records_per_s"), json!(rate.round()));
            out.insert(format!("commit_{name}_{size}_p50_us"), json!(times[times.len() / 2].round()));
        }
    }
    Ok(())
}

/// The median time of one fdatasync after a small write, in microseconds.
/// Median of writing 4 KiB to the end of a file and making it durable, with a pause before each.
pub(crate) fn fdatasync_us(dir: &std::path::Path, pause: std::time::Duration) -> anyhow::Result<f64> {
    use std::io::Write;
    let mut file = std::fs::File::create(dir.join("fdatasync"))?;
    let mut times = Vec::new();
    for _ in 0..500 {
        std::thread::sleep(pause);
        file.write_all(&[7; 4096])?;
        let begin = Instant::now();
        file.sync_data()?;
        times.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// `perf micro`.
#[derive(Args, Clone)]
pub(crate) struct MicroArgs {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Measures one thing after the other.
pub(crate) async fn run(args: &MicroArgs) -> anyhow::Result<()> {
    let mut out = Map::new();
    codec(&mut out);
    sessions(&mut out);
    let journal = deciding(&mut out);
    commits(&mut out, &journal).await?;
    let dir = tempfile::tempdir()?;
    out.insert("fdatasync_us".into(), json!(fdatasync_us(dir.path(), std::time::Duration::ZERO)?.round()));
    if args.json {
        say!("{}", Value::Object(out));
    } else {
        let mut lines = Lines::new(0, [Align::Left, Align::Right]);
        out.iter().for_each(|(name, value)| lines.row([name, value]));
        print_text!("{}", lines.text());
    }
    Ok(())
}
