//! Reports of finance staff, and statements for merchants and residents.

use crate::admin::{AskError, Desk, value};
use anyhow::Context;
use kazasu_core::SettlementView;
use kazasu_ledger::book::Book;
use kazasu_ledger::{AccountKey, Body};
use kazasu_projections::books::Books;
use kazasu_report::pdf::{Font, Honorific, Letter, Party, Pdf, statement};
use kazasu_report::{Cell, Kind as Column, Report, cells};
use kazasu_schemas::contract::Tender;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::{Unit, Yen};
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use std::collections::BTreeMap;

/// Which report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Kind {
    /// Merchants' settlements, one a line.
    Settlements,
    /// The taps of one settlement.
    SettlementDetail,
    /// What issuers owe, keep and paid.
    Issuers,
    /// Relief and points by programme: what cities fund.
    Cities,
    /// All accounts, debits equal to credits.
    TrialBalance,
    /// Fees and interchange by means of payment, brand and category.
    Fees,
    /// Open differences by age.
    Exceptions,
    /// Value that was issued and not used, by issuer (資金決済法).
    Prepaid,
    /// What issuers refused after the switch had approved in their place.
    StandIn,
    /// Taps that were booked although a rule spoke against them.
    Flagged,
}

impl Kind {
    /// As addresses write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Kind> {
        <Kind as clap::ValueEnum>::from_str(text, false).ok()
    }
}

/// What a report is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The business day, or the last one.
    pub day: Option<BusinessDay>,
    /// The record up to which balances count.
    pub seq: Option<u64>,
    /// The settlement.
    pub settlement: Option<u32>,
}

fn other(error: impl Into<anyhow::Error>) -> AskError {
    AskError::Other(error.into())
}

fn tender(tender: Tender) -> &'static str {
    match tender {
        Tender::Credit => "クレジット credit",
        Tender::Debit => "デビット debit",
        Tender::Bank => "銀行口座 bank",
        Tender::Held => "預り口座 held",
        Tender::Purse => "給付金 relief",
        Tender::Points => "ポイント points",
    }
}

/// Makes a report.
pub async fn report(desk: &Desk, kind: Kind, about: About, made: Millis) -> Result<Report, AskError> {
    let built = match kind {
        Kind::Settlements => settlements(desk, about, made).await?,
        Kind::SettlementDetail => return detail(desk, about, made).await,
        Kind::Issuers => issuers(desk, made).await?,
        Kind::Cities => cities(desk, made).await?,
        Kind::TrialBalance => return trial_balance(desk, about, made).await,
        Kind::Fees => fees(desk, about, made).await?,
        Kind::Exceptions => exceptions(desk, made).await?,
        Kind::Prepaid => return prepaid(desk, about, made).await,
        Kind::StandIn => stand_in(desk, made).await?,
        Kind::Flagged => flagged(desk, about, made).await?,
    };
    built.finish().map_err(other)
}

type Built = Result<kazasu_report::Builder, AskError>;

async fn settlements(desk: &Desk, about: About, made: Millis) -> Built {
    let all = desk.ask(|state| state.settlements()).await?;
    let wanted = |s: &&SettlementView| about.day.is_none_or(|day| s.settlement.period.until == day);
    let mut out = Report::build("加盟店精算一覧", "Merchant settlements", made)
        .sheet("精算 Settlements")
        .column("番号", "settlement", Column::Count)
        .column("加盟店", "merchant", Column::Code)
        .column("名称", "name", Column::Text)
        .column("自", "from", Column::Date)
        .column("至", "until", Column::Date)
        .sum("売上", "gross", Column::Yen)
        .sum("返品", "refunds", Column::Yen)
        .sum("手数料", "fee", Column::Yen)
        .sum("うち交換手数料", "interchange", Column::Yen)
        .sum("消費税", "tax", Column::Yen)
        .sum("ポイント原資", "points_funding", Column::Yen)
        .sum("調整", "adjustments", Column::Yen)
        .sum("チャージバック", "chargebacks", Column::Yen)
        .sum("同手数料", "chargeback_fee", Column::Yen)
        .sum("留保", "held_back", Column::Yen)
        .sum("留保解除", "released", Column::Yen)
        .sum("前期繰越", "carried_before", Column::Yen)
        .sum("支払額", "paid", Column::Yen)
        .sum("次期繰越", "carried_forward", Column::Yen)
        .column("支払日", "value_day", Column::Date)
        .column("状態", "state", Column::Code);
    for s in all.iter().filter(wanted) {
        let t = &s.settlement;
        let yen = |sum: i128| Yen::new(i64::try_from(sum).unwrap_or(i64::MAX));
        out.push(cells![
            Cell::count(s.number),
            s.merchant.to_string(),
            s.name.as_str(),
            t.period.from,
            t.period.until,
            yen(t.gross.sum()),
            yen(t.refunds.sum()),
            t.fee,
            t.interchange,
            t.tax,
            t.points_funding,
            t.adjustments,
            t.chargebacks,
            t.chargeback_fee,
            t.held_back,
            t.released,
            t.carried_before,
            t.paid,
            t.carried_forward,
            s.value_day,
            s.state.name(),
        ]);
    }
    Ok(out)
}

async fn one(desk: &Desk, about: &About) -> Result<SettlementView, AskError> {
    let number = about.settlement.ok_or_else(|| value("settlement", "must be a settlement's number"))?;
    let all = desk.ask(|state| state.settlements()).await?;
    all.into_iter().find(|s| s.number == number).ok_or_else(|| value("settlement", format!("{number} is not known")))
}

/// The taps of a settlement, with their fees, from the journal.
async fn lines(desk: &Desk, s: &SettlementView) -> Result<Books, AskError> {
    let office = desk.office()?;
    let period = s.settlement.period;
    let mut books =
        Books::watching(Some(desk.imports.vault.clone()), (s.acquirer, s.merchant), period.from, period.until);
    let mut reader = office.store.reader().await.map_err(other)?;
    books.catch_up(reader.as_mut()).await.map_err(AskError::Other)?;
    Ok(books)
}

async fn detail(desk: &Desk, about: About, made: Millis) -> Result<Report, AskError> {
    let s = one(desk, &about).await?;
    detail_of(&s, &lines(desk, &s).await?, made).map_err(other)
}

fn detail_of(s: &SettlementView, books: &Books, made: Millis) -> Result<Report, kazasu_report::ReportError> {
    let t = &s.settlement;
    let mut out = Report::build("加盟店精算明細", "Merchant settlement", made)
        .subtitle(&format!("精算番号 {}  {} {}", s.number, s.merchant, s.name))
        .subtitle(&format!("対象期間 {} – {}", t.period.from, t.period.until))
        .sheet("精算 Summary")
        .column("項目", "item", Column::Text)
        .column("金額", "yen", Column::Yen);
    let yen = |sum: i128| Yen::new(i64::try_from(sum).unwrap_or(i64::MAX));
    for tender_of in Tender::ALL {
        let (gross, back) = (t.gross.get(tender_of), t.refunds.get(tender_of));
        if gross != Yen::ZERO || back != Yen::ZERO {
            out.push(cells![format!("売上 {}", tender(tender_of)), gross]);
            out.push(cells![format!("返品 {}", tender(tender_of)), Yen::new(-back.get())]);
        }
    }
    let net = yen(t.gross.sum() - t.refunds.sum());
    for (item, amount) in [
        ("売上計 Net sales", net),
        ("手数料 Fees", Yen::new(-t.fee.get())),
        ("消費税 Tax on fees", Yen::new(-t.tax.get())),
        ("調整 Adjustments", t.adjustments),
        ("チャージバック Charged back", Yen::new(-t.chargebacks.get())),
        ("チャージバック手数料 Fees of chargebacks", Yen::new(-t.chargeback_fee.get())),
        ("留保 Held back", Yen::new(-t.held_back.get())),
        ("留保解除 Released", t.released),
        ("前期繰越 Carried from before", t.carried_before),
        ("次期繰越 Carried forward", Yen::new(-t.carried_forward.get())),
        ("支払額 Paid", t.paid),
    ] {
        if item.starts_with("調整") {
            for (programme, yen) in books.funding_of((s.acquirer, s.merchant), t.period) {
                out.push(cells![format!("ポイント原資 Points funded, programme {programme}"), Yen::new(-yen.get())]);
            }
        }
        out.push(cells![item, amount]);
    }
    let mut out = out
        .sheet("明細 Taps")
        .column("営業日", "day", Column::Date)
        .column("記録番号", "record", Column::Code)
        .column("元取引", "original", Column::Code)
        .column("取引日", "own_day", Column::Date)
        .column("端末", "terminal", Column::Code)
        .column("RRN", "rrn", Column::Code)
        .column("承認番号", "approval", Column::Code)
        .column("支払手段", "tender", Column::Text)
        .sum("金額", "gross", Column::Yen)
        .sum("手数料", "fee", Column::Yen)
        .sum("うち交換手数料", "interchange", Column::Yen)
        .sum("差引", "net", Column::Yen)
        .column("精算番号", "batch", Column::Code);
    for line in &books.lines {
        let tap = books.chart.taps.get(&line.fact.seq);
        let text = |value: Option<String>| value.map_or(Cell::Empty, Cell::from);
        out.push(vec![
            Cell::from(line.day),
            Cell::from(line.fact.seq.to_string()),
            text(line.fact.refund.map(|r| r.of.to_string())),
            tap.and_then(|t| t.own_day).map_or(Cell::Empty, Cell::from),
            text(tap.map(|t| t.terminal.to_string())),
            text(tap.map(|t| t.rrn.to_string())),
            text(tap.and_then(|t| t.approval).map(|a| a.to_string())),
            Cell::from(tender(line.fact.tender)),
            Cell::from(line.fact.amount),
            Cell::from(line.fee),
            Cell::from(line.interchange),
            Cell::from(Yen::new(line.fact.amount.get() - line.fee.get())),
            Cell::from(s.number.to_string()),
        ]);
    }
    out.finish()
}

/// A settlement as a letter to its merchant.
pub async fn merchant_letter(desk: &Desk, number: u32, issuer: &str, made: Millis) -> Result<Pdf, AskError> {
    let about = About { settlement: Some(number), ..About::default() };
    let s = one(desk, &about).await?;
    let report = detail_of(&s, &lines(desk, &s).await?, made).map_err(other)?;
    let letter = Letter::new(Party::new(issuer, &[]), Party::new(&s.name, &[]), Honorific::Onchu)
        .number(&format!("精算 {number}"))
        .amount("お振込金額", s.settlement.paid)
        .fact("お振込日", s.value_day);
    let font = tokio::task::spawn_blocking(|| Font::find(None)).await.map_err(other)?.map_err(other)?;
    statement(&report, &letter, &font).map_err(other)
}

async fn issuers(desk: &Desk, made: Millis) -> Built {
    let positions = desk.ask(|state| state.positions(|key| matches!(key, AccountKey::IssuerReceivable(_)))).await?;
    let names = desk.office()?.books(|books| Ok(books.chart.issuers.clone())).await.map_err(AskError::Other)?;
    let balance = |key: AccountKey| positions.iter().find(|p| p.key == key).map_or(Yen::ZERO, |p| p.balance);
    let days = desk
        .office()?
        .books(|books| {
            let mut sums: BTreeMap<u16, (i64, i64, u64)> = BTreeMap::new();
            for (issuer, day) in books.days.values().flat_map(|d| &d.issuers) {
                let sum = sums.entry(*issuer).or_default();
                *sum = (sum.0 + day.net, sum.1 + day.interchange, sum.2 + day.taps);
            }
            Ok(sums)
        })
        .await
        .map_err(AskError::Other)?;
    let mut out = Report::build("発行者精算", "Issuer settlement", made)
        .sheet("発行者 Issuers")
        .column("番号", "issuer", Column::Count)
        .column("名称", "name", Column::Text)
        .sum("件数", "taps", Column::Count)
        .sum("売上（締切日まで）", "net", Column::Yen)
        .sum("交換手数料", "interchange", Column::Yen)
        .sum("差引請求額", "due", Column::Yen)
        .sum("未収残高", "receivable", Column::Yen);
    for (issuer, (net, interchange, taps)) in days {
        out.push(cells![
            Cell::count(issuer),
            names.get(&issuer).cloned().unwrap_or_default(),
            Cell::count(taps),
            Yen::new(net),
            Yen::new(interchange),
            Yen::new(net - interchange),
            balance(AccountKey::IssuerReceivable(issuer)),
        ]);
    }
    Ok(out)
}

async fn cities(desk: &Desk, made: Millis) -> Built {
    let (programmes, points, named) = desk
        .ask(|state| {
            let (_, policy, _) = state.policy();
            let named =
                policy.points.iter().map(|p| (p.number, (p.name.clone(), p.funder.clone(), p.budget_line.clone())));
            let named: BTreeMap<u16, (String, String, Option<String>)> = named.collect();
            (state.relief_programmes(), state.point_positions(), named)
        })
        .await?;
    let numbers: Vec<u16> = points.keys().copied().collect();
    // What these merchants owe goes off their settlements; nobody else is to be asked for it.
    let funders = desk.office()?.books(move |books| Ok(books.funders_now(&numbers))).await.map_err(AskError::Other)?;
    let mut out = Report::build("自治体精算", "City settlement", made)
        .sheet("給付事業 Relief")
        .column("事業", "programme", Column::Count)
        .column("名称", "name", Column::Text)
        .column("市町村", "city", Column::Code)
        .column("予算科目", "budget_line", Column::Text)
        .sum("予算", "budget", Column::Yen)
        .sum("支出済", "paid", Column::Yen)
        .sum("給付残高", "in_purses", Column::Yen)
        .sum("未達", "transit", Column::Yen)
        .sum("原資残高", "fund", Column::Yen)
        .sum("返還請求残", "receivable", Column::Yen);
    for p in &programmes {
        out.push(cells![
            Cell::count(p.terms.number),
            p.terms.name.as_str(),
            p.terms.city.as_str(),
            p.terms.budget_line.clone().unwrap_or_default(),
            p.terms.budget,
            p.executed,
            p.in_purses,
            p.transit,
            p.fund,
            p.receivable,
        ]);
    }
    let mut out = out
        .sheet("ポイント Points")
        .column("事業", "programme", Column::Count)
        .column("名称", "name", Column::Text)
        .column("原資負担者", "funder", Column::Text)
        .column("予算科目", "budget_line", Column::Text)
        .sum("予算残", "budget_left", Column::Points)
        .sum("残高", "held", Column::Points)
        .sum("利用", "spent", Column::Points)
        .sum("失効", "expired", Column::Points)
        .sum("原資請求残", "funder_owes", Column::Yen)
        .column("精算で徴収する加盟店", "settled_with", Column::Code);
    for (n, [budget, held, spent, expired, owes]) in points {
        let p = Cell::points;
        let (name, funder, line) = named.get(&n).cloned().unwrap_or_default();
        let owes = Cell::from(Yen::new(owes));
        let texts = [name, funder, line.unwrap_or_default()].map(Cell::from);
        let mut row = vec![Cell::count(n)];
        row.extend(texts);
        row.extend([p(budget), p(held), p(spent), p(expired), owes]);
        row.push(funders.get(&n).map_or(Cell::Empty, |(a, m)| Cell::from(format!("{a}/{m}"))));
        out.push(row);
    }
    Ok(out)
}

/// The book as it was after a record, or at the end of a business day.
async fn book_at(store: &dyn Store, about: &About) -> anyhow::Result<(Book, u64)> {
    let mut reader = store.reader().await?;
    let mut book = Book::default();
    let mut last = 0;
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in &page {
            if about.seq.is_some_and(|seq| entry.seq > seq) || about.day.is_some_and(|day| entry.day > day) {
                return Ok((book, last));
            }
            book.record(entry.seq, body).with_context(|| format!("record {}", entry.seq))?;
            last = entry.seq;
        }
    }
    Ok((book, last))
}

async fn trial_balance(desk: &Desk, about: About, made: Millis) -> Result<Report, AskError> {
    let (book, seq) = book_at(desk.office()?.store.as_ref(), &about).await.map_err(AskError::Other)?;
    let mut headings: BTreeMap<(u64, &'static str), (i64, i64, u64)> = BTreeMap::new();
    for (_, account) in book.accounts() {
        let sum = headings.entry((account.key.unit().number(), account.key.heading())).or_default();
        *sum = (sum.0 + account.debits.get(), sum.1 + account.credits.get(), sum.2 + 1);
    }
    let mut out = Report::build("合計残高試算表", "Trial balance", made)
        .subtitle(&format!("記録 {seq} まで, up to record {seq}"));
    // Yen, budgets and points are never added up with each other: each unit has its own sheet.
    let mut last = None;
    for ((number, heading), (debits, credits, accounts)) in headings {
        let unit = Unit::from_number(number);
        let money = matches!(unit, Some(Unit::Jpy | Unit::Budget));
        if last != Some(number) {
            last = Some(number);
            let name = match unit {
                Some(Unit::Jpy) => "円 Yen".to_owned(),
                Some(Unit::Budget) => "予算 Budgets".to_owned(),
                Some(Unit::Points(n)) => format!("ポイント Points {n}"),
                None => format!("単位 Unit {number}"),
            };
            let kind = if money { Column::Yen } else { Column::Points };
            out = out
                .sheet(&name)
                .column("科目", "heading", Column::Text)
                .column("口座数", "accounts", Column::Count)
                .sum("借方残高", "debit_balance", kind)
                .sum("借方合計", "debits", kind)
                .sum("貸方合計", "credits", kind)
                .sum("貸方残高", "credit_balance", kind);
        }
        let net = debits - credits;
        let amount = |n: i64| if money { Cell::from(Yen::new(n)) } else { Cell::points(n) };
        out.push(vec![
            Cell::from(heading),
            Cell::count(accounts),
            amount(net.max(0)),
            amount(debits),
            amount(credits),
            amount((-net).max(0)),
        ]);
    }
    out.finish().map_err(other)
}

async fn fees(desk: &Desk, about: About, made: Millis) -> Built {
    let rows = desk
        .office()?
        .books(|books| {
            let contracts = books.contracts();
            let mut sums: BTreeMap<(Tender, String, String), [i64; 5]> = BTreeMap::new();
            let days = books.days.iter().filter(|(day, _)| about.day.is_none_or(|wanted| **day == wanted));
            for (key, day) in days.flat_map(|(_, book)| &book.merchants) {
                let mcc = books.chart.merchants.get(key).map_or_else(String::new, |m| m.mcc.to_string());
                for line in day.fees.iter().flat_map(|f| &f.lines) {
                    let brand = contracts.as_ref().and_then(|c| c.brand_name(line.brand)).unwrap_or_default();
                    let sum = sums.entry((line.tender, brand.to_owned(), mcc.clone())).or_default();
                    let more = [
                        i64::from(line.count),
                        line.gross.get(),
                        line.refunds.get(),
                        line.fee.get(),
                        line.interchange.get(),
                    ];
                    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                }
            }
            Ok(sums)
        })
        .await
        .map_err(AskError::Other)?;
    let mut out = Report::build("手数料分析", "Fees and interchange", made)
        .sheet("手数料 Fees")
        .column("支払手段", "tender", Column::Text)
        .column("ブランド", "brand", Column::Text)
        .column("業種", "mcc", Column::Code)
        .sum("件数", "taps", Column::Count)
        .sum("売上", "gross", Column::Yen)
        .sum("返品", "refunds", Column::Yen)
        .sum("手数料", "fee", Column::Yen)
        .sum("うち交換手数料", "interchange", Column::Yen);
    for ((of, brand, mcc), [taps, gross, refunds, fee, interchange]) in rows {
        out.push(cells![
            tender(of),
            brand,
            mcc,
            Cell::count(taps),
            Yen::new(gross),
            Yen::new(refunds),
            Yen::new(fee),
            Yen::new(interchange),
        ]);
    }
    Ok(out)
}

async fn exceptions(desk: &Desk, made: Millis) -> Built {
    let open = desk.ask(|state| state.differences(true)).await?;
    let mut out = Report::build("照合差異 滞留表", "Open differences by age", made)
        .sheet("差異 Differences")
        .column("差異", "difference", Column::Code)
        .column("状態", "status", Column::Code)
        .column("相手", "party", Column::Text)
        .column("営業日", "day", Column::Date)
        .column("経過日数", "age_days", Column::Count)
        .column("記録番号", "record", Column::Code)
        .column("相手の行", "line", Column::Count)
        .sum("当方", "ours", Column::Yen)
        .sum("先方", "theirs", Column::Yen)
        .column("担当", "owner", Column::Text)
        .column("理由", "why", Column::Text)
        .column("提案", "proposal", Column::Text);
    for d in open {
        let x = &d.difference;
        out.push(cells![
            hex::encode(x.id),
            x.status.as_str(),
            x.party.as_str(),
            x.day,
            Cell::count(made.jst_day().0 - x.day.0),
            if x.own == 0 { String::new() } else { x.own.to_string() },
            Cell::count(x.line),
            x.ours,
            x.theirs,
            d.owner.unwrap_or_default(),
            x.why.as_str(),
            x.proposal.as_str(),
        ]);
    }
    Ok(out)
}

async fn prepaid(desk: &Desk, about: About, made: Millis) -> Result<Report, AskError> {
    let (book, seq) = book_at(desk.office()?.store.as_ref(), &about).await.map_err(AskError::Other)?;
    let names = desk
        .ask(|state| {
            let (_, policy, _) = state.policy();
            let purses = policy.purses.iter().map(|p| (p.number, (p.name.clone(), p.funder.clone(), false)));
            let relief = state.relief_programmes();
            let relief = relief.iter().map(|p| (p.terms.number, (p.terms.name.clone(), p.terms.city.clone(), true)));
            let purses: BTreeMap<u16, (String, String, bool)> = purses.chain(relief).collect();
            let points: BTreeMap<u16, (String, String)> =
                policy.points.iter().map(|p| (p.number, (p.name.clone(), p.funder.clone()))).collect();
            (purses, points, state.holder_roots())
        })
        .await?;
    // A person has one balance, in several accounts when temporary IDs were merged into them.
    let root = |holder: u32| usize::try_from(holder).ok().and_then(|at| names.2.get(at)).copied().unwrap_or(holder);
    let mut people: BTreeMap<(u8, u16, u32), i64> = BTreeMap::new();
    for (_, account) in book.accounts() {
        let key = match account.key {
            AccountKey::Purse(holder, n) => (0, n, root(holder)),
            AccountKey::Points(holder, n) => (1, n, root(holder)),
            _ => continue,
        };
        *people.entry(key).or_default() += account.balance().get();
    }
    let mut sums: BTreeMap<(u8, u16), i64> = BTreeMap::new();
    for ((kind, n, _), balance) in people {
        // Points below zero are owed by their holder, and make nobody else's smaller.
        *sums.entry((kind, n)).or_default() += balance.max(0);
    }
    let base = about.day.map_or_else(|| format!("記録 {seq}"), |day| day.to_string());
    let mut out = Report::build("未使用残高報告", "Outstanding value", made)
        .subtitle(&format!("基準 {base}（法定基準日は3月末・9月末, the law's dates are the ends of March and September）"))
        .sheet("残高 Outstanding")
        .column("種別", "kind", Column::Text)
        .column("事業", "programme", Column::Count)
        .column("名称", "name", Column::Text)
        .column("発行者", "issuer", Column::Text)
        .sum("未使用残高", "outstanding", Column::Yen)
        .column("区分", "law", Column::Text)
        .note("自治体が発行するものは資金決済法第4条第1項第3号により適用除外。その他は発行者ごとの合計が1,000万円を超えるとき2分の1以上の供託が必要です。方針（policy）の給付枠は、発行者が自治体でも適用除外とはみなしていません。");
    let of = |kind: u8, n: u16| match kind {
        0 => names.0.get(&n).cloned().unwrap_or_default(),
        _ => names.1.get(&n).cloned().map(|(name, issuer)| (name, issuer, false)).unwrap_or_default(),
    };
    // The law looks at what one issuer has outstanding in all.
    let mut by_issuer: BTreeMap<String, i64> = BTreeMap::new();
    for ((kind, n), outstanding) in &sums {
        let (_, issuer, city) = of(*kind, *n);
        if !city {
            *by_issuer.entry(issuer).or_default() += outstanding;
        }
    }
    for ((kind, n), outstanding) in sums {
        let (name, issuer, city) = of(kind, n);
        let above = by_issuer.get(&issuer).is_some_and(|sum| *sum > 10_000_000);
        let law = match (city, above) {
            (true, _) => "適用除外 exempt",
            (false, true) => "要供託 deposit half",
            (false, false) => "1,000万円以下 below",
        };
        let kind = if kind == 0 { "給付金 purse" } else { "ポイント points" };
        out.push(cells![kind, Cell::count(n), name, issuer, Yen::new(outstanding), law]);
    }
    out.finish().map_err(other)
}

async fn each(store: &dyn Store, mut see: impl FnMut(u64, Millis, BusinessDay, &Body)) -> anyhow::Result<()> {
    let mut reader = store.reader().await?;
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        page.iter().for_each(|Placed { entry, body }| see(entry.seq, entry.at, entry.day, body));
    }
    Ok(())
}

async fn stand_in(desk: &Desk, made: Millis) -> Built {
    let mut rows = Vec::new();
    let see = |seq: u64, at: Millis, day: BusinessDay, body: &Body| {
        let (message, code, bearer, transfers, sign) = match body {
            Body::LossBooked(r) => (r.message, r.code, r.bearer, &r.transfers, 1),
            Body::LossReturned(r) => (r.message, r.code, r.bearer, &r.transfers, -1),
            _ => return,
        };
        let yen = sign * transfers.iter().fold(0, |sum, t| sum + t.amount.get());
        rows.push((seq, at, day, message, code.to_string(), format!("{bearer:?}"), yen));
    };
    each(desk.office()?.store.as_ref(), see).await.map_err(AskError::Other)?;
    let mut out = Report::build("代行承認損失", "Stand-in losses", made)
        .sheet("損失 Losses")
        .column("記録番号", "record", Column::Code)
        .column("日時", "at", Column::Time)
        .column("営業日", "day", Column::Date)
        .column("取引", "tap", Column::Code)
        .column("DE39", "de39", Column::Code)
        .column("負担", "bearer", Column::Code)
        .sum("金額", "yen", Column::Yen);
    for (seq, at, day, tap, code, bearer, yen) in rows {
        out.push(cells![seq.to_string(), at, day, tap.to_string(), code, bearer, Yen::new(yen)]);
    }
    Ok(out)
}

async fn flagged(desk: &Desk, about: About, made: Millis) -> Built {
    use kazasu_ledger::record::flag;
    let mut rows = Vec::new();
    let see = |seq: u64, at: Millis, day: BusinessDay, body: &Body| {
        let Body::Tapped(r) = body else { return };
        let flags = r.ruled.as_ref().map_or(0, |ruled| ruled.flags);
        if flags == 0 || about.day.is_some_and(|wanted| wanted != day) {
            return;
        }
        let names = flag::names(flags).join(" ");
        let named = r.ruled.as_ref().and_then(|ruled| ruled.named);
        rows.push((seq, at, day, r.own_day, r.merchant.to_string(), r.amount, names, named));
    };
    each(desk.office()?.store.as_ref(), see).await.map_err(AskError::Other)?;
    let mut out = Report::build("要確認取引", "Flagged taps", made)
        .sheet("取引 Taps")
        .column("記録番号", "record", Column::Code)
        .column("日時", "at", Column::Time)
        .column("営業日", "day", Column::Date)
        .column("取引日", "own_day", Column::Date)
        .column("加盟店", "merchant", Column::Code)
        .sum("金額", "yen", Column::Yen)
        .column("しるし", "flags", Column::Code)
        .column("指す記録", "names_record", Column::Code);
    for (seq, at, day, own_day, merchant, amount, flags, named) in rows {
        let own_day = own_day.map_or(Cell::Empty, Cell::from);
        out.push(cells![
            seq.to_string(),
            at,
            day,
            own_day,
            merchant,
            amount,
            flags,
            named.map_or(Cell::Empty, |n| n.to_string().into())
        ]);
    }
    Ok(out)
}

/// A statement as a letter to its resident.
pub async fn statement_letter(report: &Report, issuer: &str, person: &str) -> Result<Pdf, AskError> {
    let to = Party::new(&format!("利用者 {person}"), &[]);
    let letter = Letter::new(Party::new(issuer, &[]), to, Honorific::Sama);
    let font = tokio::task::spawn_blocking(|| Font::find(None)).await.map_err(other)?.map_err(other)?;
    statement(report, &letter, &font).map_err(other)
}

/// A resident's statement of some days: what was paid where, by what, and what came back.
pub async fn resident_statement(
    desk: &Desk,
    person: Ppid,
    from: BusinessDay,
    until: BusinessDay,
    made: Millis,
) -> Result<Report, AskError> {
    if from > until {
        return Err(value("until", format!("{until} is before {from}")));
    }
    let lines = desk.office()?.statements.lines(person, from, until).await.map_err(AskError::Other)?;
    let mut out = Report::build("ご利用明細", "Statement", made)
        .subtitle(&format!("利用者 {person}"))
        .subtitle(&format!("期間 {from} – {until}"))
        .sheet("明細 Taps")
        .column("日時", "at", Column::Time)
        .column("加盟店", "merchant", Column::Text)
        .column("種別", "kind", Column::Text)
        .column("金額", "amount", Column::Yen)
        .sum("給付金", "relief", Column::Yen)
        .sum("ポイント", "points", Column::Yen)
        .sum("カード・口座", "instrument", Column::Yen)
        .sum("対象外", "uncovered", Column::Yen)
        .note("対象外は、残高・口座等で賄えず、ご利用者ではなく加盟店側または運営者の負担となる額です。What is uncovered is borne by the shop's side or the operator.");
    for line in lines {
        out.push(cells![
            line.at,
            line.merchant,
            line.kind.name(),
            line.amount,
            line.relief,
            line.points,
            line.instrument,
            line.uncovered
        ]);
    }
    out.finish().map_err(other)
}
