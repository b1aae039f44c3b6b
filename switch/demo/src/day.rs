//! `kazasu demo --day`: a business day in a minute. Terminals tap, the day ends, issuers' and an acquirer's files come with planted
//! mistakes, reconciliation finds exactly those, merchants are settled and paid, one payment comes back, the day is signed.

use super::language::shown;
use super::stop::Stop;
use super::town::{DoesNotAddUp, OpenTown, Play, Traffic, drained};
use anyhow::Context;
use bytes::Bytes;
use kazasu_console::say;
use kazasu_ledger::AccountKey;
use kazasu_recon::file::{self, Row, Writer};
use kazasu_recon::item::Kind;
use kazasu_report::table::{self, Align, Lines};
use kazasu_report::xlsx;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::{self, Direction, Entry, TransactionKind};
use kazasu_schemas::zengin::{AccountKind, LineEnding};
use kazasu_serve::config::Config;
use kazasu_services::approvals::{ApproveRequest, ShowApproval};
use kazasu_services::closing::{
    CompareFile, CompareWith, CutOver, ListExceptions, ListSettlements, MakePayoutFiles, MakeReport, MarkReconciled,
    NoteException, ProposeContracts, ProposePayout, ProposeResolution, ReportKind, SettleDay, SettledSums, SignDay,
    check_heads, clearing_file,
};
use kazasu_services::statement::{OpenLine, ReadPayoutStatement, StatementFile, StatementRead};
use kazasu_services::{BankFormat, Operation, Services, Source, Watch};
use kazasu_store::Store;
use kazasu_store::verify::verify;
use kazasu_text::demo::{DemoLabel, DemoStep, DemoText, Planted};
use kazasu_text::{Count, Label};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU64;
use std::sync::atomic::Ordering;

/// Plays it.
pub(super) async fn play(play: &Play, town: &OpenTown, stop: &Stop) -> anyhow::Result<()> {
    let config = Config::load(&play.data.join("kazasu.toml"))?;
    let source = Source::Engine(town.leader().engine.clone());
    let services = kazasu_serve::services(&config, source, town.store.clone(), Watch::nothing());
    let played = Day { play, services, store: town.store.as_ref() };
    played.agree_contracts().await?;
    let taps = played.take_taps(town, stop).await?;
    let day = played.cut_over().await?;
    let (found, unexplained) = played.reconcile(day).await?;
    played.follow_up().await?;
    let settled = played.settle(day).await?;
    let paid = played.pay(day).await?;
    let verified = played.sign(day).await?;
    let result = json!({
        "taps": taps, "planted": Planted::LIST.len() + 1, "found": found + paid.returned, "unexplained": unexplained + paid.unmatched,
        "settled_yen": settled.paid_yen, "fees_yen": settled.fees_yen, "merchants": settled.merchants,
        "paid_yen": paid.yen, "day": day.to_string(), "verified": verified,
    });
    if play.args.json {
        say!("{result}");
    } else {
        say!("{}", text(&result));
    }
    play.stay_open(town, stop).await;
    let good = verified && result["planted"] == result["found"] && result["unexplained"] == 0;
    if good { Ok(()) } else { Err(DoesNotAddUp("the day does not add up; see the summary".into()).into()) }
}

/// What came of the day, for people.
fn text(result: &Value) -> String {
    let yen = |key: &str| Yen::new(result[key].as_i64().unwrap_or(0));
    let good = if result["verified"] == true { DemoLabel::Good } else { DemoLabel::Bad };
    let mut out = Lines::new(2, [Align::Left, Align::Left]);
    out.words("");
    for (label, value) in [
        (DemoLabel::Taps, result["taps"].to_string()),
        (DemoLabel::Planted, result["planted"].to_string()),
        (DemoLabel::Found, result["found"].to_string()),
        (DemoLabel::Unexplained, result["unexplained"].to_string()),
        (DemoLabel::Settled, yen("settled_yen").to_string()),
        (DemoLabel::Fees, yen("fees_yen").to_string()),
        (DemoLabel::Verified, shown(&good)),
    ] {
        out.row([&shown(&label), &value]);
    }
    out.text().trim_end().to_owned()
}

fn why() -> String {
    "デモ demo".to_owned()
}

/// The day that is played, and who asks for what.
struct Day<'a> {
    play: &'a Play,
    services: Services,
    store: &'a dyn Store,
}

impl Day<'_> {
    fn say(&self, text: &str) {
        self.play.say(text);
    }

    /// Carries an operation out for a person of the town.
    async fn by<O: Operation>(&self, name: &str, operation: O) -> anyhow::Result<O::Answer> {
        let who = self.services.in_process(name).await?;
        Ok(self.services.call(operation, &who).await?)
    }

    /// Another person approves what was proposed.
    async fn decide(&self, proposal: Option<u64>) -> anyhow::Result<()> {
        let approval = proposal.context("a proposal")?;
        let shown = self.by("tanaka", ShowApproval { approval }).await?;
        let approve =
            ApproveRequest { approval, fingerprint: shown.sha256, why: "確認済 checked".into(), signature: None };
        self.by("tanaka", approve).await?;
        Ok(())
    }

    async fn agree_contracts(&self) -> anyhow::Result<()> {
        self.say(&shown(&DemoStep::Contracts));
        let source = kazasu_security::files::read_text(&self.play.data.join("contracts.toml"))?;
        let proposed =
            self.by("suzuki", ProposeContracts { source, file: Some("contracts.toml".into()), why: why() }).await?;
        if proposed.proposal.is_some() {
            self.decide(proposed.proposal).await?;
        }
        self.say(&format!("   {}\n", shown(&DemoText::ProposedAndApproved)));
        Ok(())
    }

    /// Lets terminals tap; how many messages were answered.
    async fn take_taps(&self, town: &OpenTown, stop: &Stop) -> anyhow::Result<u64> {
        self.say(&shown(&DemoStep::OpenForTaps));
        let args = &self.play.args;
        let traffic = Traffic::start(self.play, town, stop)?;
        let progress = traffic.progress.clone();
        let show = || tokio::spawn(crate::progress::show(progress.clone(), args.taps, traffic.over.clone()));
        let screen = (!args.json).then(show);
        traffic.end().await?;
        if let Some(screen) = screen {
            screen.await?;
        }
        drained(town.leader()).await;
        Ok(progress.answered.load(Ordering::Relaxed))
    }

    /// Ends the open day; which one it was.
    async fn cut_over(&self) -> anyhow::Result<BusinessDay> {
        let open = self.services.query(|state| state.day).await?.to_string();
        let ended = self.by("operator", CutOver { day: open, why: "demo".to_owned() }).await?;
        let (closed, opened) = (ended.closed.as_str(), ended.opened.as_str());
        self.say(&format!("\n{}", shown(&DemoText::CutOver { closed, opened })));
        BusinessDay::parse(&ended.closed).context("a day")
    }

    /// Compares every party's file, some of them spoilt; how many of the planted mistakes were found, and how many other exceptions.
    async fn reconcile(&self, day: BusinessDay) -> anyhow::Result<(usize, usize)> {
        self.say(&format!("\n{}", shown(&DemoStep::Reconciliation)));
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
            let with = CompareWith::new(against, party, (&text, &text))?;
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
        for what in Planted::LIST.iter().copied() {
            let n = found.get(what.code()).copied().unwrap_or(0);
            self.play.tell(&if n > 0 { DemoText::PlantedFound { what } } else { DemoText::PlantedNotFound { what } });
            planted += usize::from(n > 0);
        }
        let all: usize = found.values().sum();
        let unexplained = all - planted;
        self.play.tell(&DemoText::FoundOfPlanted {
            planted: Planted::LIST.len().into(),
            found: planted.into(),
            unexplained: unexplained.into(),
        });
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
        let operation = CompareFile {
            against: with.against.name().to_owned(),
            party: with.party.clone(),
            from: with.from.to_string(),
            until: Some(with.until.to_string()),
            file: file.finish()?.out.into(),
        };
        let compared = self.by("sato", operation).await?;
        let [ours, theirs, exceptions] = [compared.ours, compared.theirs, compared.exceptions].map(Count);
        self.play.tell(&DemoText::Compared { party: &name, ours, theirs, exceptions });
        let all = self.by("sato", ListExceptions { all: false }).await?;
        for exception in all.iter().filter(|exception| exception.run == compared.run) {
            *found.entry(exception.status.clone()).or_default() += 1;
            self.say(&format!("     {}: {}", exception.status, exception.why));
        }
        Ok(())
    }

    /// Somebody asks about each exception; one is booked, by two people.
    async fn follow_up(&self) -> anyhow::Result<()> {
        for open in self.by("sato", ListExceptions { all: false }).await? {
            let exception = open.exception;
            let (owner, note) = (Some("sato".into()), "発行者に照会 asked the issuer".into());
            self.by("sato", NoteException { exception: exception.clone(), owner, note }).await?;
            if open.status == "amount_under" {
                let resolution = ProposeResolution { exception, how: "booked_issuer".into(), why: why() };
                let proposed = self.by("suzuki", resolution).await?;
                self.decide(proposed.proposal).await?;
                self.play.tell(&DemoText::BookedByTwo);
            }
        }
        Ok(())
    }

    /// Settles the day with the merchants.
    async fn settle(&self, day: BusinessDay) -> anyhow::Result<SettledSums> {
        self.say(&format!("\n{}", shown(&DemoStep::Settlement)));
        let named = day.to_string();
        self.by("sato", MarkReconciled { day: named.clone(), why: why(), without: Vec::new() }).await?;
        let settled = self.by("sato", SettleDay { day: named.clone() }).await?;
        let shown = MakeReport { day: Some(named), why: Some(why()), ..MakeReport::of(ReportKind::Settlements) };
        let shown = self.by("sato", shown).await?;
        kazasu_security::files::write_private(&self.play.data.join("settlements.xlsx"), &xlsx::workbook(&shown)?)?;
        self.say(&table::text(&shown));
        settled.sums.context("the day was settled before")
    }

    /// Pays the merchants, and reads what the bank says of it.
    async fn pay(&self, day: BusinessDay) -> anyhow::Result<Paid> {
        self.say(&shown(&DemoStep::Payout));
        let value_date = self.services.calendar.add_business_days(day, 2)?;
        let payout = ProposePayout {
            value_date: Some(value_date.to_string()),
            settlements: None,
            why: "精算 settlements".into(),
        };
        let proposed = self.by("suzuki", payout).await?;
        let payout = proposed.proposal.context("a proposal")?;
        self.decide(proposed.proposal).await?;
        let made = self
            .by("tanaka", MakePayoutFiles { payout, format: BankFormat::Zengin, why: Some("payday".into()) })
            .await?;
        let total: i64 = made.files.iter().map(|f| f.yen).sum();
        for file in &made.files {
            kazasu_security::files::write_private(&self.play.data.join(&file.name), &hex::decode(&file.hex)?)?;
            let (payments, sum) = (file.count.into(), Yen::new(file.yen));
            self.play.tell(&DemoText::PayoutFile { name: &file.name, payments, sum });
        }
        // The bank: it took the money, and one payment came back.
        let settlements = self.by("sato", ListSettlements {}).await?;
        let back = settlements.iter().find(|s| s.state == "ordered").context("a settlement that is paid")?;
        let (number, yen) = (back.settlement, back.paid_yen);
        let owed = self.services.query(|state| state.positions(|key| matches!(key, AccountKey::IssuerReceivable(_))));
        let owed = owed.await?;
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
        self.play.tell(&DemoText::StatementRead {
            taken: read.taken.len().into(),
            returned: read.returned.len().into(),
            merchant: &back.name,
            received: read.received.len().into(),
            open: read.unmatched.len().into(),
        });
        Ok(Paid { yen: total, returned: read.returned.len(), unmatched: read.unmatched.len() })
    }

    /// Gives the bank's statement to the ledger.
    async fn read_statement(&self, bytes: &[u8], value_date: BusinessDay) -> anyhow::Result<StatementRead> {
        // The play is ahead of the clock: it is read on its own day.
        let file =
            StatementFile { today: Some(value_date), file: Bytes::copy_from_slice(bytes), ..StatementFile::default() };
        let mut read = self.by("tanaka", ReadPayoutStatement(file.clone())).await?;
        // Played again, an issuer may pay the same sum as on the play's day before: a person knows that it is another payment.
        let open: Vec<usize> = read.unmatched.iter().filter(|line| is_double(line)).map(|line| line.record).collect();
        for line in open {
            let why = Some("別の日の精算 another day's settlement".to_owned());
            let said = StatementFile { line: Some(line), is: Some("another".into()), why, ..file.clone() };
            let said = self.by("tanaka", ReadPayoutStatement(said)).await?;
            if !said.received.is_empty() {
                read.received.extend(said.received);
                read.unmatched.retain(|other| other.record != line);
            }
        }
        Ok(read)
    }

    /// Signs the day; whether ledger and signatures are good.
    async fn sign(&self, day: BusinessDay) -> anyhow::Result<bool> {
        self.say(&format!("\n{}", shown(&DemoStep::Signature)));
        let signed = self.by("operator", SignDay { day: day.to_string() }).await?;
        self.play.tell(&DemoText::SignedUpTo { record: signed.record, hash: &signed.hash });
        let sound = verify(self.store.reader().await?.as_mut(), |_| {}).await.is_ok();
        let heads = check_heads(self.store, &[]).await;
        Ok(sound && heads.as_ref().is_ok_and(|h| h.days >= 1))
    }
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

/// Can a person say of it that it is another payment?
fn is_double(line: &OpenLine) -> bool {
    line.candidates.iter().any(|candidate| candidate.say == "--another")
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
