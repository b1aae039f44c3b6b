//! Statistics of what residents spent, for policy making: sums over ten people or more, by month, payer, region, trade and means of
//! payment. A city sees what was paid with its own relief money, the operator and auditors all.
//!
//! Every row is a sum of whole blocks of the projection, so neither another `by` nor a difference of two answers shows fewer people.

use crate::access::Name;
use crate::error::{Result, ServiceError, unfit};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_projections::spending::{Block, FEWEST, GENERAL, Level, TRADES, Trade, table};
use kazasu_report::{Builder, Kind as Column, Report, cells};
use kazasu_schemas::contract::Tender;
use kazasu_schemas::identity::{Role, Scope};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_text::problems::ProblemText;
use kazasu_text::reports::{Sheet, Title};
use kazasu_text::spending::{SpendingField, SpendingText, TradeLabel};
use kazasu_text::{Label, Language, Quoted, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What residents spent in months that are over, as JSON or as a file. Every value is a sum over ten people or more, and so is every
/// difference of two values: smaller groups are joined with others as `other`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowSpending {
    /// The first month, such as `2026-10`; the first of the book where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last month; the last that is over where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What rows are told apart by, with commas: `month`, `payer`, `region`, `trade`, `tender`. All of them where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What residents spent.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpendingTable {
    /// The fewest people of a value.
    pub fewest: usize,
    /// What the rows are told apart by.
    pub by: Vec<String>,
    /// The months that are over, and whether they have values: none where too few people paid.
    pub months: Vec<SpendingMonth>,
    /// The rows.
    pub rows: Vec<SpendingRow>,
}

/// A month that is over.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpendingMonth {
    /// The month.
    pub month: String,
    /// Whether there are rows about it.
    pub published: bool,
}

/// A row: labels as `by` says, and sums.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpendingRow {
    /// The month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// A city's code for its relief money, `general` for all other money, `other` for several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
    /// The shop's region, `unknown`, or `other` for several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The shop's trade, or `other` for several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade: Option<String>,
    /// The means of payment, or `other` for several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tender: Option<String>,
    /// Yen, less what was given back.
    pub yen: i64,
    /// Payments.
    pub payments: u64,
    /// So many people at least, in whole tens.
    pub people_at_least: u64,
}

/// Whose spending a caller sees.
enum Payers {
    All,
    Cities(BTreeSet<String>),
}

impl Payers {
    fn of(who: &Who) -> Payers {
        let everywhere =
            |held: &kazasu_core::Held| matches!(held.role, Role::Operator | Role::Auditor) && held.scope == Scope::All;
        if who.held.iter().any(everywhere) {
            return Payers::All;
        }
        let roles = [Role::CityOfficer, Role::CityApprover, Role::CityTreasurer, Role::Auditor];
        Payers::Cities(roles.into_iter().flat_map(|role| who.cities(role)).map(str::to_owned).collect())
    }

    fn see(&self, block: &Block) -> bool {
        match (self, block.labels.get(1)) {
            (Payers::All, _) => true,
            // What is joined from several payers is no city's own.
            (Payers::Cities(codes), Some(Some(payer))) => payer != GENERAL && codes.contains(payer),
            (Payers::Cities(_), _) => false,
        }
    }
}

impl ShowSpending {
    fn levels(&self) -> Result<Vec<Level>> {
        let Some(by) = &self.by else { return Ok(Level::ALL.to_vec()) };
        let mut levels = BTreeSet::new();
        for word in by.split(',') {
            let level = Level::ALL.into_iter().find(|level| level.name() == word.trim());
            let level = level.ok_or_else(|| {
                let choices = Level::ALL.map(Level::name).join(", ");
                unfit("by", &ProblemText::OneOfAll { choices: &choices, got: Quoted(word) })
            })?;
            levels.insert(level);
        }
        Ok(levels.into_iter().collect())
    }
}

/// A month as it is written, or the field that is none.
fn month<'a>(field: &'static str, text: Option<&'a str>) -> Result<Option<&'a str>> {
    let Some(text) = text else { return Ok(None) };
    let is_month = text.len() == 7 && kazasu_schemas::jst::BusinessDay::parse(&format!("{text}-01")).is_some();
    if is_month { Ok(Some(text)) } else { Err(unfit(field, &ProblemText::MonthForm { got: Quoted(text) })) }
}

impl Operation for ShowSpending {
    const NAME: Name = Name::ShowSpending;
    type Answer = SpendingTable;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<SpendingTable> {
        let levels = self.levels()?;
        let (from, until) = (month("from", self.from.as_deref())?, month("until", self.until.as_deref())?);
        let payers = Payers::of(who);
        let book = &services.closing_context()?.spending;
        let found = book.with(|spending| {
            let wanted =
                |month: &str| from.is_none_or(|from| from <= month) && until.is_none_or(|until| month <= until);
            let months = spending.months();
            let months = months.into_iter().filter(|(month, _)| wanted(month));
            let mut told = Vec::new();
            let mut seen: Vec<Block> = Vec::new();
            for (month, blocks) in months {
                let own: Vec<Block> = blocks.iter().filter(|block| payers.see(block)).cloned().collect();
                told.push(SpendingMonth { month, published: !own.is_empty() });
                seen.extend(own);
            }
            (told, seen)
        });
        let (months, blocks) = found.await.map_err(ServiceError::Other)?;
        let rows = table(&blocks, &levels).into_iter().map(|row| {
            let mut out = SpendingRow {
                yen: row.yen,
                payments: row.payments,
                people_at_least: row.people_at_least,
                ..SpendingRow::default()
            };
            for (level, label) in levels.iter().zip(row.labels) {
                *out.label(*level) = Some(label);
            }
            out
        });
        let by = levels.iter().map(|level| level.name().to_owned()).collect();
        Ok(SpendingTable { fewest: FEWEST, by, months, rows: rows.collect() })
    }
}

impl SpendingRow {
    fn label(&mut self, level: Level) -> &mut Option<String> {
        match level {
            Level::Month => &mut self.month,
            Level::Payer => &mut self.payer,
            Level::Region => &mut self.region,
            Level::Trade => &mut self.trade,
            Level::Tender => &mut self.tender,
        }
    }
}

fn field_of(level: Level) -> SpendingField {
    match level {
        Level::Month => SpendingField::Month,
        Level::Payer => SpendingField::Payer,
        Level::Region => SpendingField::Region,
        Level::Trade => SpendingField::Trade,
        Level::Tender => SpendingField::Tender,
    }
}

impl SpendingTable {
    /// The same as a report, for files.
    pub fn report(&self, made: Millis) -> Result<Report> {
        let levels: Vec<Level> =
            Level::ALL.into_iter().filter(|level| self.by.iter().any(|by| by == level.name())).collect();
        let protection = SpendingText::Protection { fewest: self.fewest.into() };
        let mut out: Builder =
            Report::titled(Title::Spending, made).subtitle(&protection.ja()).sheet(&Sheet::Spending.both());
        for level in &levels {
            out = out.labelled(field_of(*level), Column::Text);
        }
        out = out
            .summed(SpendingField::Yen, Column::Yen)
            .summed(SpendingField::Payments, Column::Count)
            .labelled(SpendingField::PeopleAtLeast, Column::Count);
        for row in &self.rows {
            let mut row = row.clone();
            let mut cells: Vec<kazasu_report::Cell> =
                levels.iter().map(|level| row.label(*level).clone().unwrap_or_default().into()).collect();
            cells.extend(cells![
                Yen::new(row.yen),
                kazasu_report::Cell::count(i64::try_from(row.payments).unwrap_or(i64::MAX)),
                kazasu_report::Cell::count(i64::try_from(row.people_at_least).unwrap_or(i64::MAX)),
            ]);
            out.push(cells);
        }
        out.finish().map_err(ServiceError::inside)
    }
}

/// The data dictionary of the statistics: columns, labels, trades with their categories, and the rule that protects people.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowSpendingDictionary {}

/// What the statistics consist of.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpendingDictionary {
    /// The fewest people of a value.
    pub fewest: usize,
    /// The rule that protects people.
    pub protection: String,
    /// The same in Japanese.
    pub protection_ja: String,
    /// The columns, in their order.
    pub columns: Vec<DictionaryColumn>,
    /// The values of `trade`.
    pub trades: Vec<DictionaryTrade>,
    /// The values of `tender`.
    pub tenders: Vec<DictionaryLabel>,
}

/// A column.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DictionaryColumn {
    /// As programs read it.
    pub column: String,
    /// Its name.
    pub name: String,
    /// The same in Japanese, as in files.
    pub name_ja: String,
    /// `label` or `number`.
    pub kind: String,
    /// What it means.
    pub meaning: String,
    /// The same in Japanese.
    pub meaning_ja: String,
}

/// A trade.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DictionaryTrade {
    /// The value.
    pub trade: String,
    /// Its name.
    pub name: String,
    /// The same in Japanese.
    pub name_ja: String,
    /// Its categories (MCC): first and last of each range; none for the trade of all others.
    pub mcc: Vec<String>,
}

/// A value of a column.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DictionaryLabel {
    /// The value.
    pub value: String,
    /// Its name.
    pub name: String,
    /// The same in Japanese.
    pub name_ja: String,
}

fn words(text: &impl Text) -> (String, String) {
    (text.in_language(Language::English).into_owned(), text.in_language(Language::Japanese).into_owned())
}

fn column(field: SpendingField) -> DictionaryColumn {
    let (kind, meaning) = match field {
        SpendingField::Month => ("label", SpendingText::MonthMeans),
        SpendingField::Payer => ("label", SpendingText::PayerMeans),
        SpendingField::Region => ("label", SpendingText::RegionMeans),
        SpendingField::Trade => ("label", SpendingText::TradeMeans),
        SpendingField::Tender => ("label", SpendingText::TenderMeans),
        SpendingField::Yen => ("number", SpendingText::YenMeans),
        SpendingField::Payments => ("number", SpendingText::PaymentsMeans),
        SpendingField::PeopleAtLeast => ("number", SpendingText::PeopleMeans),
    };
    let ((name, name_ja), (meaning, meaning_ja)) = (words(&field), words(&meaning));
    DictionaryColumn { column: field.code().to_owned(), name, name_ja, kind: kind.to_owned(), meaning, meaning_ja }
}

fn trade(label: TradeLabel) -> DictionaryTrade {
    let range = |(first, last): &(u16, u16)| {
        if first == last { format!("{first:04}") } else { format!("{first:04}-{last:04}") }
    };
    let known: Option<&Trade> = TRADES.iter().find(|trade| trade.code == label.code());
    let (name, name_ja) = words(&label);
    let mcc = known.map(|trade| trade.mcc.iter().map(range).collect()).unwrap_or_default();
    DictionaryTrade { trade: label.code().to_owned(), name, name_ja, mcc }
}

impl Operation for ShowSpendingDictionary {
    const NAME: Name = Name::ShowSpendingDictionary;
    type Answer = SpendingDictionary;

    async fn carry_out(self, _: &Services, _: &Who) -> Result<SpendingDictionary> {
        let (protection, protection_ja) = words(&SpendingText::Protection { fewest: FEWEST.into() });
        let tender = |tender: Tender| {
            let (name, name_ja) = words(&tender);
            DictionaryLabel { value: tender.name().to_owned(), name, name_ja }
        };
        Ok(SpendingDictionary {
            fewest: FEWEST,
            protection,
            protection_ja,
            columns: SpendingField::LIST.iter().map(|field| column(*field)).collect(),
            trades: TradeLabel::LIST.iter().map(|label| trade(*label)).collect(),
            tenders: Tender::ALL.into_iter().map(tender).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_projections::spending::{OTHER, OTHER_TRADE};

    #[test]
    fn every_trade_and_level_has_a_name() {
        let codes: Vec<_> = TRADES.iter().map(|trade| trade.code).chain([OTHER_TRADE]).collect();
        assert_eq!(TradeLabel::LIST.iter().map(|label| label.code()).collect::<Vec<_>>(), codes);
        for level in Level::ALL {
            assert_eq!(field_of(level).code(), level.name());
        }
        assert!(!codes.contains(&OTHER), "what is joined is no trade");
    }
}
