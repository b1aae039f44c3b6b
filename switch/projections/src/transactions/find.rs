//! How the index is asked. A search goes by the field that leaves the fewest rows; everything else is checked row by row.

use super::file::{KINDS, hour, kind_number, part};
use super::model::{Fold, Found, Page, Period, Search, State, Takings};
use crate::side_file::SideFile;
use crate::values::{ppid, signed};
use anyhow::Context as _;
use kazasu_ledger::record::TransactionKind;
use kazasu_schemas::ids::{InstitutionId, MerchantId, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::response::{Refusal, ResponseCode};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

/// The state of a row: the place in [`State::ALL`].
const STATE: &str = "CASE WHEN t.verdict IS NULL THEN 0 WHEN t.verdict = 2 THEN 2
    WHEN t.undone OR (t.reversed > 0 AND t.reversed >= abs(t.moved)) THEN 5
    WHEN t.refunded <= 0 THEN 1 WHEN t.refunded >= t.moved - t.reversed THEN 4 ELSE 3 END";

/// An amount goes by its index when its range is at most a fourth of the amount wide.
const NARROW: i64 = 4;

/// The field that a search goes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Rrn,
    Approval,
    Person,
    LastFour,
    Terminal,
    Merchant,
    Stan,
    Undecided,
    Amount,
    Time,
}

impl Way {
    fn of(search: &Search) -> Way {
        let narrow = |(low, high): (Yen, Yen)| (high.get() - low.get()).saturating_mul(NARROW) <= high.get();
        let few = |merchants: &Vec<_>| merchants.len() <= MOST_MERCHANTS;
        let ways = [
            (search.rrn.is_some(), Way::Rrn),
            (search.approval.is_some(), Way::Approval),
            (search.person.is_some(), Way::Person),
            (search.last_four.is_some(), Way::LastFour),
            (search.terminal.is_some(), Way::Terminal),
            (search.merchants.as_ref().is_some_and(few), Way::Merchant),
            (search.stan.is_some(), Way::Stan),
            (search.state == Some(State::Pending), Way::Undecided),
            (search.amount.is_some_and(narrow), Way::Amount),
        ];
        ways.into_iter().find_map(|(there, way)| there.then_some(way)).unwrap_or(Way::Time)
    }

    /// What is read, and by which index.
    fn tables(self) -> &'static str {
        match self {
            Way::Rrn => "tap t INDEXED BY by_rrn",
            Way::Approval => "tap t INDEXED BY by_approval",
            Way::Person => "tap t INDEXED BY by_person",
            Way::LastFour => {
                "link k INDEXED BY link_last CROSS JOIN tap t INDEXED BY by_person ON t.person = k.person AND t.link = k.version"
            }
            Way::Terminal => "tap t INDEXED BY by_terminal",
            Way::Merchant => "tap t INDEXED BY by_merchant",
            Way::Stan => "tap t INDEXED BY by_stan",
            Way::Undecided => "tap t INDEXED BY undecided",
            Way::Amount => "tap t INDEXED BY by_amount",
            Way::Time => "tap t NOT INDEXED",
        }
    }

    /// Does its index begin with the part of time?
    fn is_in_parts(self) -> bool {
        !matches!(self, Way::Undecided | Way::Time)
    }
}

/// So many merchants are looked for by their index; of more, every row is checked.
const MOST_MERCHANTS: usize = 50;

/// Records from (in) and to (out).
#[derive(Clone, Copy, Debug)]
struct Range {
    low: i64,
    high: i64,
}

pub(super) async fn find(open: &mut SideFile<Fold>, search: Search) -> anyhow::Result<Page> {
    let conn = &mut open.conn;
    let position: i64 = sqlx::query_scalar("SELECT seq FROM position").fetch_one(&mut *conn).await?;
    let mut page = Page { found: Vec::new(), more: false, position: u64::try_from(position)? };
    let Some(range) = range(conn, &search).await? else { return Ok(page) };
    let asked = Asked::of(conn, &search, range).await?;
    let most = usize::from(search.limit);
    for part in asked.parts(conn).await? {
        // One more than fits says that there are more.
        let left = most + 1 - page.found.len();
        page.found.extend(asked.rows(conn, part, left).await?);
        if page.found.len() > most {
            break;
        }
    }
    page.more = page.found.len() > most;
    page.found.truncate(most);
    Ok(page)
}

/// The records of a period before the cursor; nothing when there are none.
async fn range(conn: &mut SqliteConnection, search: &Search) -> anyhow::Result<Option<Range>> {
    let before = search.before.map_or(i64::MAX, signed);
    let (first, after): (Option<i64>, Option<i64>) = match search.period {
        None => return Ok(Some(Range { low: 0, high: before })),
        Some(Period::Days(from, until)) => {
            let sql = "SELECT min(first) FROM day WHERE day >= ?";
            let first = sqlx::query_scalar(sql).bind(from.0).fetch_one(&mut *conn).await?;
            let sql = "SELECT min(first) FROM day WHERE day > ?";
            (first, sqlx::query_scalar(sql).bind(until.0).fetch_one(&mut *conn).await?)
        }
        Some(Period::Moments(from, until)) => {
            let sql = "SELECT min(first) FROM hour WHERE hour >= ?";
            let first = sqlx::query_scalar(sql).bind(hour(from)).fetch_one(&mut *conn).await?;
            let sql = "SELECT min(first) FROM hour WHERE hour > ?";
            (first, sqlx::query_scalar(sql).bind(hour(until)).fetch_one(&mut *conn).await?)
        }
    };
    Ok(first.map(|low| Range { low, high: after.map_or(before, |after| after.min(before)) }))
}

/// A search, with what the file says about its parties.
struct Asked<'a> {
    search: &'a Search,
    way: Way,
    range: Range,
    /// The person, and temporary IDs that were merged into the person.
    persons: Vec<Vec<u8>>,
    /// Numbers of the merchants, one for each name that they had.
    merchants: Option<Vec<i64>>,
}

impl<'a> Asked<'a> {
    async fn of(conn: &mut SqliteConnection, search: &'a Search, range: Range) -> anyhow::Result<Self> {
        let mut persons = Vec::new();
        if let Some(person) = search.person {
            let sql = "SELECT gone FROM merged WHERE person = ?";
            persons = sqlx::query_scalar(sql).bind(&person.bytes()[..]).fetch_all(&mut *conn).await?;
            persons.push(person.bytes().to_vec());
        }
        let mut merchants = None;
        for (acquirer, merchant) in search.merchants.iter().flatten() {
            let sql = sqlx::query_scalar("SELECT id FROM merchant WHERE acquirer = ? AND merchant = ?");
            let ids: Vec<i64> = sql.bind(acquirer.to_string()).bind(merchant.to_string()).fetch_all(&mut *conn).await?;
            merchants.get_or_insert_with(Vec::new).extend(ids);
        }
        // Of no merchant at all is of none, and not of any.
        let merchants = merchants.or(search.merchants.as_ref().map(|_| Vec::new()));
        Ok(Asked { search, way: Way::of(search), range, persons, merchants })
    }

    /// Parts of time, the newest first; one nothing where the way has none.
    async fn parts(&self, conn: &mut SqliteConnection) -> anyhow::Result<Vec<Option<i64>>> {
        if !self.way.is_in_parts() {
            return Ok(vec![None]);
        }
        let (low, high) = match self.search.period {
            None => (i32::MIN, i32::MAX),
            Some(Period::Days(from, until)) => (part(from), part(until)),
            // A business day may begin a day early, or end late.
            Some(Period::Moments(from, until)) => {
                (part(BusinessDay(from.jst_day().0 - 1)), part(BusinessDay(until.jst_day().0 + 1)))
            }
        };
        let sql = "SELECT part FROM part WHERE part BETWEEN ? AND ? ORDER BY part DESC";
        let parts: Vec<i64> = sqlx::query_scalar(sql).bind(low).bind(high).fetch_all(conn).await?;
        Ok(parts.into_iter().map(Some).collect())
    }

    async fn rows(&self, conn: &mut SqliteConnection, part: Option<i64>, most: usize) -> anyhow::Result<Vec<Found>> {
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new(COLUMNS);
        sql.push(STATE)
            .push(" FROM ")
            .push(self.way.tables())
            .push(JOINS)
            .push(" WHERE t.seq >= ")
            .push_bind(self.range.low);
        sql.push(" AND t.seq < ").push_bind(self.range.high);
        if let Some(part) = part {
            sql.push(" AND t.part = ").push_bind(part);
        }
        self.of_message(&mut sql);
        self.of_parties(&mut sql);
        sql.push(" ORDER BY t.seq DESC LIMIT ").push_bind(i64::try_from(most)?);
        let rows = sql.build().fetch_all(conn).await?;
        rows.iter().map(found).collect()
    }

    fn of_message(&self, sql: &mut QueryBuilder<Sqlite>) {
        let search = self.search;
        if let Some(rrn) = &search.rrn {
            sql.push(" AND t.rrn = ").push_bind(rrn.as_str().to_owned());
        }
        if let Some(stan) = search.stan {
            sql.push(" AND t.stan = ").push_bind(i64::from(stan.get()));
        }
        if let Some(code) = &search.approval {
            sql.push(" AND t.approval = ").push_bind(code.to_string());
        }
        if let Some((low, high)) = search.amount {
            sql.push(" AND t.amount BETWEEN ").push_bind(low.get()).push(" AND ").push_bind(high.get());
        }
        match search.state {
            Some(State::Pending) => _ = sql.push(" AND t.verdict IS NULL"),
            Some(state) => {
                let place = State::ALL.iter().position(|one| *one == state).and_then(|n| i64::try_from(n).ok());
                sql.push(" AND ").push(STATE).push(" = ").push_bind(place);
            }
            None => {}
        }
        match search.period {
            Some(Period::Days(from, until)) => {
                sql.push(" AND t.day BETWEEN ").push_bind(from.0).push(" AND ").push_bind(until.0);
            }
            Some(Period::Moments(from, until)) => {
                sql.push(" AND t.at BETWEEN ").push_bind(from.0).push(" AND ").push_bind(until.0);
            }
            None => {}
        }
        if !search.kinds.is_empty() {
            sql.push(" AND t.kind IN (");
            let mut list = sql.separated(", ");
            search.kinds.iter().for_each(|kind| _ = list.push_bind(kind_number(*kind)));
            sql.push(")");
        }
    }

    fn of_parties(&self, sql: &mut QueryBuilder<Sqlite>) {
        if let Some(terminal) = &self.search.terminal {
            sql.push(" AND t.terminal = ").push_bind(terminal.as_str().to_owned());
        }
        if let Some(last) = &self.search.last_four {
            let column = if self.way == Way::LastFour { "k" } else { "l" };
            sql.push(format!(" AND {column}.last_four = ")).push_bind(last.parse::<i64>().ok());
        }
        if !self.persons.is_empty() {
            sql.push(" AND t.person IN (");
            let mut list = sql.separated(", ");
            self.persons.iter().for_each(|person| _ = list.push_bind(person.clone()));
            sql.push(")");
        }
        if let Some(merchants) = &self.merchants {
            sql.push(" AND t.merchant IN (");
            let mut list = sql.separated(", ");
            merchants.iter().for_each(|id| _ = list.push_bind(*id));
            sql.push(")");
        }
    }
}

const COLUMNS: &str =
    "SELECT t.seq, t.at, t.day, m.acquirer, m.merchant, m.name, t.terminal, t.stan, t.rrn, t.approval, t.kind,
    t.amount, t.moved, t.reversed, t.refunded, t.original, t.person, l.kind, l.last_four, t.refusal, t.code, ";
const JOINS: &str =
    " JOIN merchant m ON m.id = t.merchant LEFT JOIN link l ON l.person = t.person AND l.version = t.link";

fn found(row: &SqliteRow) -> anyhow::Result<Found> {
    let at = |n: usize| row.try_get::<i64, _>(n).ok().and_then(|n| usize::try_from(n).ok());
    let text = |n: usize| row.try_get::<String, _>(n);
    let maybe = |n: usize| row.try_get::<Option<String>, _>(n);
    let yen = |n: usize| row.try_get(n).map(Yen::new);
    let approval = maybe(9)?.map(|code| code.parse()).transpose()?;
    let refusal: Option<i64> = row.try_get(19)?;
    let refusal = refusal.and_then(|n| Refusal::ALL.iter().find(|one| i64::from(one.number()) == n)).copied();
    let original: Option<i64> = row.try_get(15)?;
    let last_four: Option<i64> = row.try_get(18)?;
    Ok(Found {
        record: u64::try_from(row.try_get::<i64, _>(0)?)?,
        at: Millis(row.try_get(1)?),
        day: BusinessDay(row.try_get(2)?),
        acquirer: text(3)?.parse()?,
        merchant: text(4)?.parse()?,
        name: text(5)?,
        terminal: text(6)?.parse()?,
        stan: Stan::wrapping(u64::try_from(row.try_get::<i64, _>(7)?)?),
        rrn: text(8)?.parse()?,
        approval,
        kind: at(10).and_then(|n| KINDS.get(n)).copied().context("a kind")?,
        state: at(21).and_then(|n| State::ALL.get(n)).copied().context("a state")?,
        amount: yen(11)?,
        moved: yen(12)?,
        reversed: yen(13)?,
        refunded: yen(14)?,
        original: original.map(u64::try_from).transpose()?,
        person: row.try_get::<Option<Vec<u8>>, _>(16)?.map(|bytes| ppid(&bytes)).transpose()?,
        instrument: maybe(17)?,
        last_four: last_four.map(|last| format!("{last:04}")),
        refusal,
        issuer_code: maybe(20)?.and_then(|code| ResponseCode::from_wire(code.as_bytes())),
    })
}

pub(super) async fn story(open: &mut SideFile<Fold>, record: u64) -> anyhow::Result<Vec<Found>> {
    let sql = format!("{COLUMNS} {STATE} FROM tap t {JOINS} WHERE t.seq = ?1 OR t.original = ?1 ORDER BY t.seq");
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(signed(record));
    let found: Vec<Found> = query.fetch_all(&mut open.conn).await?.iter().map(found).collect::<anyhow::Result<_>>()?;
    Ok(if found.first().is_some_and(|first| first.record == record) { found } else { Vec::new() })
}

pub(super) async fn last_of(
    open: &mut SideFile<Fold>,
    terminals: Vec<((InstitutionId, MerchantId), TerminalId)>,
) -> anyhow::Result<Vec<Option<Found>>> {
    let mut all = Vec::with_capacity(terminals.len());
    for (merchant, terminal) in terminals {
        let merchants = Some(vec![merchant]);
        let search = Search { terminal: Some(terminal), merchants, limit: 1, ..Search::default() };
        all.push(find(open, search).await?.found.pop());
    }
    Ok(all)
}

pub(super) async fn takings(
    open: &mut SideFile<Fold>,
    (acquirer, merchant): (InstitutionId, MerchantId),
    day: BusinessDay,
) -> anyhow::Result<Vec<Takings>> {
    let conn = &mut open.conn;
    let search = Search { period: Some(Period::Days(day, day)), ..Search::default() };
    let Some(range) = range(conn, &search).await? else { return Ok(Vec::new()) };
    let number = |kinds: &[TransactionKind]| {
        let numbers: Vec<String> = kinds.iter().map(|kind| kind_number(*kind).to_string()).collect();
        numbers.join(", ")
    };
    let payments = number(&[TransactionKind::Purchase, TransactionKind::Completion, TransactionKind::PurchaseAdvice]);
    let refunds = number(&[TransactionKind::Refund, TransactionKind::RefundAdvice]);
    let reversal = number(&[TransactionKind::Reversal]);
    let sql = format!(
        "SELECT t.terminal, sum(t.verdict = 1 AND t.kind IN ({payments})), sum(t.moved * (t.kind IN ({payments}))),
            sum(t.verdict = 1 AND t.kind IN ({refunds})), sum(-t.moved * (t.kind IN ({refunds}))),
            sum(t.verdict = 1 AND t.kind = {reversal}), sum(-t.moved * (t.kind = {reversal})),
            sum(t.verdict = 2), sum(t.verdict IS NULL), max(t.at)
         FROM merchant m CROSS JOIN tap t INDEXED BY by_merchant ON t.merchant = m.id
         WHERE m.acquirer = ? AND m.merchant = ? AND t.part = ? AND t.day = ? AND t.seq >= ? AND t.seq < ?
         GROUP BY t.terminal ORDER BY t.terminal"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(acquirer.to_string()).bind(merchant.to_string());
    let query = query.bind(part(day)).bind(day.0).bind(range.low).bind(range.high);
    let rows = query.fetch_all(conn).await?;
    let terminal = |row: &SqliteRow| {
        let count = |n: usize| anyhow::Ok(u64::try_from(row.try_get::<Option<i64>, _>(n)?.unwrap_or(0))?);
        let yen = |n: usize| row.try_get(n).map(Yen::new);
        Ok(Takings {
            terminal: row.try_get::<String, _>(0)?.parse()?,
            payments: count(1)?,
            paid: yen(2)?,
            refunds: count(3)?,
            refunded: yen(4)?,
            reversals: count(5)?,
            reversed: yen(6)?,
            declined: count(7)?,
            pending: count(8)?,
            last: Millis(row.try_get(9)?),
        })
    };
    rows.iter().map(terminal).collect()
}
