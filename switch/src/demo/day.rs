//! `kazasu demo --day`: a business day in a minute. Terminals tap, the day ends, issuers' and an acquirer's files come with planted
//! mistakes, reconciliation finds exactly those, merchants are settled and paid, one payment comes back, the day is signed.

use super::stop::Stop;
use super::{OpenTown, Play, Traffic, drained};
use crate::config::Config;
use anyhow::Context;
use kazasu_console::say;
use kazasu_ledger::AccountKey;
use kazasu_recon::file::{self, Row, Writer};
use kazasu_recon::item::Kind;
use kazasu_report::{table, xlsx};
use kazasu_schemas::ids::Stan;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Format;
use kazasu_schemas::zengin::statement::{self, Direction, Entry, TransactionKind};
use kazasu_schemas::zengin::{AccountKind, LineEnding};
use kazasu_services::admin::Desk;
use kazasu_services::closing::{About, ClosingAsk, CompareWith, ReportKind, check_heads, clearing_file, report};
use kazasu_services::statement::{Reader, StatementAsk, Word};
use kazasu_store::Store;
use kazasu_store::verify::verify;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is planted into the files.
const PLANTED: [(&str, &str); 4] = [
    ("missing", "さくらカードの明細にない取引 missing at the issuer"),
    ("amount_under", "さくらカードの金額が少ない amount differs"),
    ("duplicate", "ひばりデビットの二重計上 duplicate"),
    ("unexpected", "さくらカードだけにある後日取消 late reversal"),
];

/// Plays it.
pub(super) async fn play(play: &Play, town: &OpenTown, stop: &Stop) -> anyhow::Result<()> {
    let config = Config::load(&play.data.join("kazasu.toml"))?;
    let desk = crate::serve::desk(&config, town.leader().engine.clone(), town.store.clone());
    let played = Day { play, desk, store: town.store.as_ref() };
    played.agree_contracts().await?;
    let taps = played.take_taps(town, stop).await?;
    let day = played.cut_over().await?;
    let (found, unexplained) = played.reconcile(day).await?;
    played.follow_up().await?;
    let settled = played.settle(day).await?;
    let paid = played.pay(day).await?;
    let verified = played.sign(day).await?;
    let result = json!({
        "taps": taps, "planted": PLANTED.len() + 1, "found": found + paid.returned, "unexplained": unexplained + paid.unmatched,
        "settled_yen": settled["paid_yen"], "fees_yen": settled["fees_yen"], "merchants": settled["merchants"],
        "paid_yen": paid.yen, "day": day.to_string(), "verified": verified,
    });
    if play.args.json {
        say!("{result}");
    } else {
        say!("{}", text(&result));
    }
    play.stay_open(town, stop).await;
    let good = verified && result["planted"] == result["found"] && result["unexplained"] == 0;
    if good { Ok(()) } else { Err(crate::cli::Found("the day does not add up; see the summary".into()).into()) }
}

/// What came of the day, for people.
fn text(result: &Value) -> String {
    let yen = |key: &str| Yen::new(result[key].as_i64().unwrap_or(0));
    format!(
        "\n  取引 taps          {}\n  仕込み planted     {}\n  発見 found         {}\n  不明 unexplained   {}\n  精算額 settled     {}\n  \
         手数料 fees        {}\n  元帳検証 verified   {}",
        result["taps"],
        result["planted"],
        result["found"],
        result["unexplained"],
        yen("settled_yen"),
        yen("fees_yen"),
        if result["verified"] == true { "正しい good" } else { "誤りあり BAD" }
    )
}

fn why() -> String {
    "デモ demo".to_owned()
}

/// The day that is played, and who asks for what.
struct Day<'a> {
    play: &'a Play,
    desk: Desk,
    store: &'a dyn Store,
}

impl Day<'_> {
    fn say(&self, text: &str) {
        self.play.say(text);
    }

    async fn agree_contracts(&self) -> anyhow::Result<()> {
        self.say("1. 加盟店契約 contracts");
        let source = kazasu_security::files::read_text(&self.play.data.join("contracts.toml"))?;
        let proposed = self.desk.closing(ClosingAsk::Contracts { source, why: why() }, "suzuki").await?;
        if let Some(proposal) = proposed["proposal"].as_u64() {
            decide(&self.desk, proposal).await?;
        }
        self.say("   suzuki が起案、tanaka が承認\n");
        Ok(())
    }

    /// Lets terminals tap; how many messages were answered.
    async fn take_taps(&self, town: &OpenTown, stop: &Stop) -> anyhow::Result<u64> {
        self.say("2. 営業 taps");
        let args = &self.play.args;
        let traffic = Traffic::start(self.play, town, stop)?;
        let progress = traffic.progress.clone();
        let screen = tokio::spawn(super::show(progress.clone(), args.taps, args.json, traffic.over.clone()));
        traffic.end().await?;
        screen.await?;
        drained(town.leader()).await;
        Ok(progress.answered.load(Ordering::Relaxed))
    }

    /// Ends the open day; which one it was.
    async fn cut_over(&self) -> anyhow::Result<BusinessDay> {
        let open = self.desk.ask(|state| state.day).await?.to_string();
        let ended = self.desk.closing(ClosingAsk::CutOver { day: open, why: "demo".to_owned() }, "operator").await?;
        let day = ended["closed"].as_str().context("a day")?;
        self.say(&format!("\n3. 締切 {day} cut over; 翌営業日 {}", ended["opened"].as_str().unwrap_or_default()));
        BusinessDay::parse(day).context("a day")
    }

    /// Compares every party's file, some of them spoilt; how many of the planted mistakes were found, and how many other differences.
    async fn reconcile(&self, day: BusinessDay) -> anyhow::Result<(usize, usize)> {
        self.say("\n4. 照合 reconciliation");
        let text = day.to_string();
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        let parties = [
            ("issuer", "1"),
            ("issuer", "2"),
            ("issuer", "3"),
            ("issuer", "4"),
            ("acquirer", "27000001"),
            ("acquirer", "27000002"),
            ("acquirer", "27000003"),
        ];
        for (against, party) in parties {
            let with = CompareWith::new(against, party, &text, &text)?;
            let mut rows = rows(self.store, &with).await?;
            let big = purchases(&rows, 500);
            match party {
                "1" => {
                    let [missing, less, reversed, ..] = big[..] else {
                        anyhow::bail!("too few taps at issuer 1: add --taps");
                    };
                    spoil(&mut rows, missing, less, reversed)?;
                }
                "2" => {
                    let twice = *big.first().context("too few taps at issuer 2: add --taps")?;
                    rows.insert(twice, rows[twice].clone());
                }
                _ => {}
            }
            self.compare(with, &rows, &mut found).await?;
        }
        let mut planted = 0;
        for (status, what) in PLANTED {
            let n = found.get(status).copied().unwrap_or(0);
            self.say(&format!("   {} {what}", if n > 0 { "発見" } else { "未発見" }));
            planted += usize::from(n > 0);
        }
        let all: usize = found.values().sum();
        let unexplained = all - planted;
        self.say(&format!(
            "   仕込んだ差異 {} 件、見つけた差異 {} 件、説明のつかないもの {unexplained} 件",
            PLANTED.len(),
            planted
        ));
        Ok((planted, unexplained))
    }

    async fn compare(
        &self,
        with: CompareWith,
        rows: &[Row],
        found: &mut BTreeMap<String, usize>,
    ) -> anyhow::Result<()> {
        let name = format!("{} {}", with.against.name(), with.party);
        let mut file = Writer::new(Vec::new())?;
        rows.iter().try_for_each(|row| file.row(row))?;
        let compared = self.desk.compare(Arc::new(file.finish()?.out), with, "sato").await?;
        self.say(&format!("   {name}: {} 行と {} 行、差異 {}", compared.ours, compared.theirs, compared.differences));
        let all = self.desk.exceptions(true).await?;
        for difference in all.as_array().into_iter().flatten().filter(|d| d["run"] == compared.run) {
            *found.entry(difference["status"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            self.say(&format!(
                "     {}: {}",
                difference["status"].as_str().unwrap_or_default(),
                difference["why"].as_str().unwrap_or_default()
            ));
        }
        Ok(())
    }

    /// Somebody asks about each difference; one is booked, by two people.
    async fn follow_up(&self) -> anyhow::Result<()> {
        let desk = &self.desk;
        let open = desk.exceptions(false).await?;
        for difference in open.as_array().into_iter().flatten() {
            let id = difference["difference"].as_str().unwrap_or_default().to_owned();
            let note = ClosingAsk::Note {
                difference: id.clone(),
                owner: Some("sato".into()),
                note: "発行者に照会 asked the issuer".into(),
            };
            desk.closing(note, "sato").await?;
            if difference["status"] == "amount_under" {
                let ask = ClosingAsk::Resolve { difference: id, how: "booked_issuer".into(), why: why() };
                let proposal = desk.closing(ask, "suzuki").await?["proposal"].as_u64().context("a proposal")?;
                decide(desk, proposal).await?;
                self.say("   金額差は suzuki の起案と tanaka の承認で計上 booked by two people");
            }
        }
        Ok(())
    }

    /// Settles the day with the merchants.
    async fn settle(&self, day: BusinessDay) -> anyhow::Result<Value> {
        self.say("\n5. 精算 settlement");
        let desk = &self.desk;
        let named = day.to_string();
        desk.closing(ClosingAsk::Reconciled { day: named.clone(), why: why(), without: Vec::new() }, "sato").await?;
        let settled = desk.closing(ClosingAsk::Settle { day: named }, "sato").await?;
        let about = About { day: Some(day), ..About::default() };
        let shown = report(desk, ReportKind::Settlements, about, kazasu_engine::clock::now()).await?;
        kazasu_security::files::write_private(&self.play.data.join("settlements.xlsx"), &xlsx::workbook(&shown)?)?;
        self.say(&table::text(&shown));
        Ok(settled)
    }

    /// Pays the merchants, and reads what the bank says of it.
    async fn pay(&self, day: BusinessDay) -> anyhow::Result<Paid> {
        self.say("6. 振込 payout");
        let desk = &self.desk;
        let value_date = desk.calendar.add_business_days(day, 2)?;
        let ask = ClosingAsk::Payout {
            value_date: Some(value_date.to_string()),
            settlements: None,
            why: "精算 settlements".into(),
        };
        let proposed = desk.closing(ask, "suzuki").await?;
        let payout = proposed["proposal"].as_u64().context("a proposal")?;
        decide(desk, payout).await?;
        let files = desk.payout_files(payout, Format::Zengin, "tanaka").await?;
        let total: i64 = files.iter().map(|f| f.total.get()).sum();
        for file in &files {
            kazasu_security::files::write_private(&self.play.data.join(&file.name), &file.bytes)?;
            self.say(&format!("   {} {} 件 {}", file.name, file.count, file.total));
        }
        // The bank: it took the money, and one payment came back.
        let settlements = desk.settlements().await?;
        let back = settlements.as_array().into_iter().flatten().find(|s| s["state"] == "ordered");
        let back = back.context("a settlement that is paid")?;
        let (number, yen) = (back["settlement"].as_u64().unwrap_or(0), back["paid_yen"].as_i64().unwrap_or(0));
        let owed = desk.ask(|state| state.positions(|key| matches!(key, AccountKey::IssuerReceivable(_)))).await?;
        let owed: Vec<(&str, i64)> = [(1, "ｻｸﾗｶ-ﾄﾞ"), (2, "ﾋﾊﾞﾘﾃﾞﾋﾞﾂﾄ"), (3, "ﾐﾅﾄｷﾞﾝｺｳ")]
            .into_iter()
            .filter_map(|(n, name)| {
                let position = owed.iter().find(|p| p.key == AccountKey::IssuerReceivable(n))?;
                position.balance.is_positive().then_some((name, position.balance.get()))
            })
            .collect();
        let bytes = bank(value_date, total, (yen, &format!("P{payout}-{number}")), &owed)?;
        kazasu_security::files::write_private(&self.play.data.join("statement.txt"), &bytes)?;
        let read = self.read_statement(&bytes, value_date).await?;
        let len = |key: &str| read[key].as_array().map_or(0, Vec::len);
        self.say(&format!(
            "   入出金取引明細: 引落 {} 件、組戻 {} 件 ({} は未払いに戻る)、発行者の入金 {} 件、不明 {} 件",
            len("taken"),
            len("returned"),
            back["name"].as_str().unwrap_or_default(),
            len("received"),
            len("unmatched")
        ));
        Ok(Paid { yen: total, returned: len("returned"), unmatched: len("unmatched") })
    }

    /// Gives the bank's statement to the ledger.
    async fn read_statement(&self, bytes: &[u8], value_date: BusinessDay) -> anyhow::Result<Value> {
        let desk = &self.desk;
        // The play is ahead of the clock: it is read on its own day.
        let ask = StatementAsk { today: Some(value_date), ..StatementAsk::default() };
        let mut read = desk.bank_statement(bytes, Reader::Payouts, &ask, "tanaka").await?;
        // Played again, an issuer may pay the same sum as on the play's day before: a person knows that it is another payment.
        let open: Vec<usize> = each(&read, "unmatched").filter(|line| is_double(line)).filter_map(record).collect();
        for line in open {
            let why = "別の日の精算 another day's settlement".to_owned();
            let ask = StatementAsk {
                today: Some(value_date),
                word: Some((line, Word::Another)),
                why,
                ..StatementAsk::default()
            };
            let said = desk.bank_statement(bytes, Reader::Payouts, &ask, "tanaka").await?;
            let received: Vec<Value> = each(&said, "received").cloned().collect();
            if let Some(all) = read["received"].as_array_mut().filter(|_| !received.is_empty()) {
                all.extend(received);
                if let Some(open) = read["unmatched"].as_array_mut() {
                    open.retain(|other| record(other) != Some(line));
                }
            }
        }
        Ok(read)
    }

    /// Signs the day; whether ledger and signatures are good.
    async fn sign(&self, day: BusinessDay) -> anyhow::Result<bool> {
        self.say("\n7. 署名 signed");
        let signed = self.desk.closing(ClosingAsk::Sign { day: day.to_string() }, "operator").await?;
        self.say(&format!("   記録 {} まで {}", signed["record"], signed["hash"].as_str().unwrap_or_default()));
        let sound = verify(self.store.reader().await?.as_mut(), |_| {}).await.is_ok();
        let heads = check_heads(self.store, &[]).await;
        Ok(sound && heads.as_ref().is_ok_and(|h| h.days >= 1))
    }
}

async fn decide(desk: &Desk, proposal: u64) -> anyhow::Result<()> {
    let ask = ClosingAsk::Decide { proposal, approve: true, why: "確認済 checked".into() };
    desk.closing(ask, "tanaka").await?;
    Ok(())
}

/// The ledger's own lines as a party would send them, to be spoilt.
async fn rows(store: &dyn Store, with: &CompareWith) -> anyhow::Result<Vec<Row>> {
    let mut bytes = Vec::new();
    clearing_file(store, with, &mut bytes).await?;
    let mut rows = Vec::new();
    file::read(&bytes, None, |_, row| rows.push(row.clone()))?;
    Ok(rows)
}

/// Purchases of more than this much of which nothing was given back: their places.
fn purchases(rows: &[Row], more: i64) -> Vec<usize> {
    // What gives back repeats the payment's retrieval reference number.
    let given: HashSet<_> = rows.iter().filter(|row| row.kind != Kind::Purchase).map(|row| row.rrn).collect();
    let stands = |row: &Row| row.kind == Kind::Purchase && row.amount.get() > more && !given.contains(&row.rrn);
    (0..rows.len()).filter(|at| stands(&rows[*at])).collect()
}

fn spoil(rows: &mut Vec<Row>, missing: usize, less: usize, reversed: usize) -> anyhow::Result<()> {
    rows[less].amount = Yen::new(rows[less].amount.get() - 100);
    // A reversal that this ledger never saw has numbers of its own.
    let back = Row {
        kind: Kind::Reversal,
        reference: NonZeroU64::new(999_999_999),
        stan: Some(Stan::wrapping(999_999)),
        rrn: Some("LATEREVERSAL".parse()?),
        amount: Yen::new(-rows[reversed].amount.get()),
        ..rows[reversed].clone()
    };
    rows.push(back);
    rows.remove(missing);
    Ok(())
}

/// How merchants were paid.
struct Paid {
    yen: i64,
    returned: usize,
    unmatched: usize,
}

fn each<'a>(read: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    read[key].as_array().into_iter().flatten()
}

fn record(line: &Value) -> Option<usize> {
    line["record"].as_u64().and_then(|n| usize::try_from(n).ok())
}

/// Can a person say of it that it is another payment?
fn is_double(line: &Value) -> bool {
    each(line, "candidates").any(|candidate| candidate["say"] == "--another")
}

/// The bank's statement: what was taken, what came back, what issuers paid.
fn bank(
    day: BusinessDay,
    out: i64,
    (back, reference): (i64, &str),
    issuers: &[(&str, i64)],
) -> anyhow::Result<Vec<u8>> {
    let header = statement::Header {
        created: day,
        from: day,
        to: day,
        bank: "9999".parse()?,
        bank_name: "ﾐﾅﾄ".into(),
        branch: "001".parse()?,
        branch_name: "ﾎﾝﾃﾝ".into(),
        kind: AccountKind::Ordinary,
        number: statement::LongAccountNumber::new(1_000_001)?,
        account_name: "ｶｻﾞｽ".into(),
        opening_balance: None,
    };
    let entry = |direction, yen, payer: &str, edi: &str| Entry {
        inquiry_number: 0,
        posting_date: day,
        value_date: day,
        direction,
        kind: TransactionKind::Transfer,
        amount: Yen::new(yen),
        uncleared: Yen::ZERO,
        payer_code: String::new(),
        payer_name: payer.into(),
        bank_name: "ﾐﾅﾄ".into(),
        branch_name: "ﾎﾝﾃﾝ".into(),
        remarks: String::new(),
        edi: edi.into(),
    };
    let mut entries = vec![entry(Direction::Out, out, "ﾌﾘｺﾐ", ""), entry(Direction::In, back, "ﾌﾘｺﾐ", reference)];
    entries.extend(issuers.iter().map(|(name, yen)| entry(Direction::In, *yen, name, "")));
    let sheet = statement::Sheet { header: &header, entries: &entries, closing_balance: None };
    Ok(statement::write(&[sheet], LineEnding::CrLf)?)
}
