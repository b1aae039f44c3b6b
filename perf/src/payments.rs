//! `perf payments`: how long it takes to index millions of payments, how large the index is, and how long a search takes.
//!
//! The journal is made up while it is read: half a year of a town, spread evenly over the hours in which shops are open.

use clap::Args;
use kazasu_console::say;
use kazasu_ledger::record::{MerchantRegistered, TapKey, Transaction, TransactionKind, Verdict};
use kazasu_ledger::{AccountId, Body, Entry, Head, Seq, Transfer};
use kazasu_projections::transactions::{Period, Search, State, TransactionBook};
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, MerchantId, Ppid, Rrn, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::Refusal;
use kazasu_security::vault::{Lookups, Vault, VaultParts};
use kazasu_store::{Claim, Journal, LeadError, Reader, Store, StoreError, Task, TransferRow};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `perf payments`.
#[derive(Args, Clone)]
pub(crate) struct PaymentsArgs {
    /// Payments in the journal.
    #[arg(long, default_value_t = 10_000_000)]
    payments: u64,
    /// Searches of each kind.
    #[arg(long, default_value_t = 200)]
    searches: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

const SHOPS: u64 = 1_000;
const TERMINALS: u64 = 2_000;
const RESIDENTS: u64 = 100_000;
const DAYS: u64 = 180;
/// Milliseconds.
const DAY: u64 = 86_400_000;
const BEGIN: Millis = Millis(1_780_000_000_000);

/// A number that looks like chance and is the same every time.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// A journal that is made up.
#[derive(Clone, Copy)]
struct MadeUp {
    payments: u64,
}

impl MadeUp {
    fn last(self) -> u64 {
        SHOPS + self.payments
    }

    fn shop(n: u64) -> MerchantId {
        format!("M{n:014}").parse().expect("within its length")
    }

    fn acquirer() -> InstitutionId {
        "27000001".parse().expect("an id")
    }

    fn registered(n: u64) -> Body {
        Body::MerchantRegistered(MerchantRegistered {
            acquirer: MadeUp::acquirer(),
            merchant: MadeUp::shop(n),
            name: format!("Shop {n}"),
            mcc: "5411".parse().expect("an MCC"),
            terminals: Vec::new(),
            closed: false,
            payable: AccountId(u32::try_from(n).expect("small")),
            traits: None,
            maker: None,
        })
    }

    fn at(self, n: u64) -> Millis {
        let offset = u128::from(n) * u128::from(DAYS * DAY) / u128::from(self.payments);
        Millis(BEGIN.0 + i64::try_from(offset).expect("half a year"))
    }

    fn paid(self, n: u64) -> Transaction {
        let chance = mixed(n);
        let terminal = chance % TERMINALS;
        let shop = terminal % SHOPS + 1;
        let amount = Yen::new(i64::try_from(100 + mixed(n + 7) % 20_000).expect("small"));
        let declined = chance.is_multiple_of(31);
        let payable = AccountId(u32::try_from(shop).expect("small"));
        let transfer = Transfer::direct(AccountId(u32::MAX), payable, amount);
        let person: [u8; 16] = (u128::from(mixed(n + 3) % RESIDENTS) << 64).to_be_bytes();
        Transaction {
            key: TapKey {
                acquirer: MadeUp::acquirer(),
                terminal: MadeUp::terminal(terminal),
                stan: Stan::wrapping(n),
                transmission: self.at(n).transmission(),
                class: 2,
            },
            fingerprint: n,
            kind: TransactionKind::Purchase,
            merchant: MadeUp::shop(shop),
            rrn: Rrn::from_number(n),
            amount,
            ppid: Some(Ppid::from_bytes(person)),
            entry_mode: 72,
            link: Some(1),
            original: None,
            tombstone: None,
            verdict: if declined {
                Verdict::Refused(Refusal::InsufficientFunds)
            } else {
                Verdict::Approved(ApprovalCode::from_number(mixed(n + 5)))
            },
            transfers: if declined { [].into_iter().collect() } else { [transfer].into_iter().collect() },
            to_issuer: None,
            balance: None,
            ruled: None,
            own_day: None,
            remains: None,
            staff: None,
        }
    }

    fn terminal(n: u64) -> TerminalId {
        format!("T{n:07}").parse().expect("within its length")
    }

    fn entry(self, seq: u64) -> Entry {
        let (at, body) = match seq.checked_sub(SHOPS + 1) {
            None => (BEGIN, MadeUp::registered(seq)),
            Some(n) => (self.at(n), Body::Transaction(self.paid(n))),
        };
        let mut bytes = Vec::with_capacity(256);
        body.write(&mut bytes);
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&mixed(seq).to_be_bytes());
        let kind = body.kind();
        Entry {
            seq,
            at,
            day: at.jst_day(),
            kind,
            body: bytes,
            hash,
            signature: None,
            transfers: [].into_iter().collect(),
        }
    }
}

impl Reader for MadeUp {
    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>> {
        let until = (from + u64::try_from(limit).unwrap_or(u64::MAX)).min(self.last() + 1);
        let entries = (from..until).map(|seq| self.entry(seq)).collect();
        Box::pin(std::future::ready(Ok(entries)))
    }

    fn head(&mut self) -> Task<'_, Result<Head, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::new("a journal that is made up has no head".to_owned()))))
    }

    fn transfers(&mut self, _: Seq, _: Seq) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl Store for MadeUp {
    fn place(&self) -> String {
        "made up".to_owned()
    }

    fn lead(&self, _: Claim) -> Task<'_, Result<Box<dyn Journal>, LeadError>> {
        let refused = StoreError::new("a journal that is made up is only read".to_owned());
        Box::pin(std::future::ready(Err(LeadError::Store(refused))))
    }

    fn reader(&self) -> Task<'_, Result<Box<dyn Reader>, StoreError>> {
        let reader: Box<dyn Reader> = Box::new(*self);
        Box::pin(std::future::ready(Ok(reader)))
    }
}

fn vault() -> anyhow::Result<Arc<Vault>> {
    let key = |byte| Key::new(vec![byte; 32]).map_err(|error| anyhow::anyhow!("{error}"));
    let parts = VaultParts {
        seals: [(1, key(1)?)].into_iter().collect(),
        cards: 1,
        accounts: 1,
        erased: Default::default(),
        lookups: Lookups::one(key(9)?),
    };
    Ok(Arc::new(Vault::new(&parts)?))
}

/// A search for the payment with this number, by what people know of it.
fn searches(made: MadeUp, n: u64) -> Vec<(&'static str, Search)> {
    let paid = made.paid(n);
    let day = made.at(n).jst_day();
    let about = paid.amount.get() / 10;
    let amount = Some((Yen::new(paid.amount.get() - about), Yen::new(paid.amount.get() + about)));
    let on_the_day = Some(Period::Days(day, day));
    let week = Some(Period::Days(BusinessDay(day.0 - 6), day));
    let shop = Some(vec![(MadeUp::acquirer(), paid.merchant)]);
    let usual = Search { limit: 50, ..Search::default() };
    let approval = match paid.verdict {
        Verdict::Approved(code) => Some(code),
        Verdict::Refused(_) | Verdict::Pending => None,
    };
    vec![
        ("rrn", Search { rrn: Some(paid.rrn), ..usual.clone() }),
        ("approval", Search { approval, kinds: vec![TransactionKind::Purchase], ..usual.clone() }),
        ("person", Search { person: paid.ppid, ..usual.clone() }),
        ("stan_and_terminal", Search { stan: Some(paid.key.stan), terminal: Some(paid.key.terminal), ..usual.clone() }),
        ("shop_day_about", Search { merchants: shop.clone(), amount, period: on_the_day, ..usual.clone() }),
        ("shop_page_of_100", Search { merchants: shop, limit: 100, ..usual.clone() }),
        ("day_about", Search { amount, period: on_the_day, ..usual.clone() }),
        ("week_exact_amount", Search { amount: Some((paid.amount, paid.amount)), period: week, ..usual.clone() }),
        ("terminal_declined", Search { terminal: Some(paid.key.terminal), state: Some(State::Declined), ..usual }),
    ]
}

/// Milliseconds of the sorted times: the middle, and 99 of 100.
fn shown(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let ms = |part: usize| times.get(times.len() * part / 100).map_or(0.0, |t| t.as_secs_f64() * 1_000.0);
    json!({ "p50_ms": ms(50), "p99_ms": ms(99) })
}

/// Measures.
pub(crate) async fn run(args: &PaymentsArgs) -> anyhow::Result<()> {
    let made = MadeUp { payments: args.payments };
    let dir = tempfile::tempdir_in(".")?;
    let path = dir.path().join("transactions.db");
    let book = TransactionBook::new(Arc::new(made), path.clone(), vault()?);
    let begin = Instant::now();
    book.find(Search { limit: 1, ..Search::default() }).await?;
    let indexed = begin.elapsed();
    let mut times: Map<String, Value> = Map::new();
    let names: Vec<&str> = searches(made, 1).iter().map(|(name, _)| *name).collect();
    for (at, name) in names.into_iter().enumerate() {
        let mut took = Vec::new();
        for round in 0..args.searches {
            let n = mixed(round) % args.payments;
            let (_, search) = searches(made, n).swap_remove(at);
            let begin = Instant::now();
            let page = book.find(search).await?;
            took.push(begin.elapsed());
            // A terminal need not have declined anything; everything else finds the payment that it is about.
            anyhow::ensure!(!page.found.is_empty() || name == "terminal_declined", "{name}: payment {n} is not found");
        }
        times.insert(name.to_owned(), shown(took));
    }
    let rate = u64::try_from(u128::from(args.payments) * 1_000 / indexed.as_millis().max(1)).unwrap_or(u64::MAX);
    let size = std::fs::metadata(&path)?.len();
    let result = json!({ "payments": args.payments, "indexed_s": indexed.as_secs_f64(), "indexed_per_s": rate,
        "bytes_a_payment": size / args.payments.max(1), "searches": times });
    if args.json {
        say!("{result}");
    } else {
        say!("{result:#}");
    }
    Ok(())
}
