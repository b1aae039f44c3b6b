//! A list as a table for a file: every row that the query finds, under the words of the catalogue.
//!
//! A table takes a list in parts, so that a long one is never in memory as a whole. Each part is an operation of its own: the security log
//! keeps who got which residents' rows, and why, before the part leaves.

use super::{List, Wanted};
use crate::access::{About, Name};
use crate::error::{Result, ServiceError};
use crate::operation::Operation;
use crate::subject::Subject;
use crate::watched::Watched;
use crate::{Services, Who};
use kazasu_report::{Cell, Column, Kind, Report, xlsx};
use kazasu_schemas::money::Yen;
use kazasu_security_log::value::Object;
use kazasu_text::facts::{Answer, Fact};
use kazasu_text::lists::{ListColumn, ListTitle};
use kazasu_text::{Label, Language, Text};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use serde_json::Value;
use std::marker::PhantomData;

/// A row whose fields become columns.
pub trait ListRow: Serialize + DeserializeOwned + JsonSchema + Send + 'static {}

impl<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static> ListRow for T {}

/// A part of a list, for a file.
#[derive(Clone)]
struct FilePart<L: List> {
    /// The list.
    list: L,
    /// The rows behind this key.
    after: Option<L::Key>,
    /// The form of the file, for the security log.
    form: &'static str,
}

impl<L: List> Operation for FilePart<L> {
    const NAME: Name = L::NAME;
    type Answer = Vec<L::Item>;

    fn about(&self) -> Result<About> {
        self.list.about()
    }

    fn subject(&self) -> Subject {
        self.list.subject().with(Object::named("file", self.form))
    }

    fn seen(rows: &Vec<L::Item>) -> Vec<String> {
        L::seen(rows)
    }

    fn watched() -> Watched {
        Watched::Export
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<L::Item>> {
        let wanted = Wanted { after: self.after, until: None, most: L::AT_ONCE };
        self.list.rows(services, who, wanted).await
    }
}

/// The parts of a list, one after the other.
pub struct FileParts<L: List> {
    services: Services,
    who: Who,
    part: FilePart<L>,
    /// The part that comes next, where it has been read.
    next: Option<Vec<L::Item>>,
}

impl<L: List> FileParts<L> {
    /// Reads the first part, so that what is refused is refused before a file begins.
    pub async fn begin(services: &Services, who: &Who, (list, form): (L, &'static str)) -> Result<FileParts<L>> {
        let part = FilePart { list, after: None, form };
        let first = services.call(part.clone(), who).await?;
        Ok(FileParts { services: services.clone(), who: who.clone(), part, next: Some(first) })
    }

    /// The next part; none behind the last one.
    pub async fn take(&mut self) -> Result<Option<Vec<L::Item>>> {
        let rows = match self.next.take() {
            Some(rows) => rows,
            None if self.part.after.is_none() => return Ok(None),
            None => self.services.call(self.part.clone(), &self.who).await?,
        };
        // A part that is not full is the last one.
        self.part.after = rows.last().filter(|_| rows.len() >= L::AT_ONCE).map(L::key);
        Ok(Some(rows))
    }

    /// All of them as a workbook.
    pub async fn workbook(mut self, language: Language) -> Result<Vec<u8>>
    where
        L: List<Item: ListRow>,
    {
        let table = FileTable::<L>::new(language);
        let (title, title_en) = FileTable::<L>::title();
        let mut report = Report::build(&title, &title_en, self.services.now()).sheet(L::NAME.row().word);
        for column in table.columns() {
            report = report.add_column(column.clone());
        }
        while let Some(rows) = self.take().await? {
            for row in &rows {
                report.push(table.row(row).map_err(ServiceError::inside)?);
            }
        }
        let report = report.finish().map_err(ServiceError::inside)?;
        xlsx::workbook(&report).map_err(ServiceError::inside)
    }
}

/// Longest text of a cell, in characters; a longer one ends with an ellipsis.
const LONGEST: usize = 10_000;

/// Fields that are numbers and no amounts.
const CODES: [&str; 13] = [
    "approval",
    "batch",
    "contract",
    "issuer",
    "last_record",
    "line",
    "original",
    "payout",
    "programme",
    "proposal",
    "record",
    "row",
    "settlement",
];

/// A list's columns, and its rows as cells, in one language.
pub struct FileTable<L> {
    language: Language,
    fields: Vec<&'static str>,
    columns: Vec<Column>,
    of: PhantomData<fn() -> L>,
}

impl<L: List<Item: ListRow>> FileTable<L> {
    /// The table of a list.
    #[must_use]
    pub fn new(language: Language) -> FileTable<L> {
        let mut schemas = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let schema = L::Item::json_schema(&mut schemas).to_value();
        let all = declared::<L::Item>();
        let said_otherwise = |field: &str| match (field.strip_suffix("_ja"), language) {
            (Some(base), Language::English) => all.contains(&base),
            (Some(_), Language::Japanese) => false,
            (None, Language::Japanese) => all.iter().any(|other| other.strip_suffix("_ja") == Some(field)),
            (None, Language::English) => false,
        };
        let fields: Vec<&str> = all.iter().copied().filter(|field| !said_otherwise(field)).collect();
        let column = |field: &&'static str| {
            let (name, kind) = (Self::name(field, language), kind(field, &schema["properties"][*field]));
            Column::new(&name, field, kind)
        };
        let columns = fields.iter().map(column).collect();
        FileTable { language, fields, columns, of: PhantomData }
    }

    /// What a column is called; its key where the catalogue has no name.
    fn name(field: &str, language: Language) -> String {
        let plain = field.strip_suffix("_ja").unwrap_or(field);
        let own = ListColumn::of(&format!("{}.{plain}", L::NAME.row().word)).or_else(|| ListColumn::of(plain));
        let said = own.map(|label| label.in_language(language).into_owned());
        let said = said.or_else(|| Fact::of(plain).map(|fact| fact.in_language(language).into_owned()));
        said.unwrap_or_else(|| field.to_owned())
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Fields without a name in the catalogue.
    #[must_use]
    pub fn unnamed(&self) -> Vec<&'static str> {
        let is_unnamed = |field: &&&'static str| Self::name(field, self.language) == **field;
        self.fields.iter().filter(is_unnamed).copied().collect()
    }

    /// What the list is called, in Japanese and in English.
    #[must_use]
    pub fn title() -> (String, String) {
        let word = L::NAME.row().word;
        ListTitle::of(word).map_or_else(
            || (word.to_owned(), word.to_owned()),
            |title| (title.ja().into_owned(), title.en().into_owned()),
        )
    }

    /// A row.
    pub fn row(&self, row: &L::Item) -> serde_json::Result<Vec<Cell>> {
        let row = serde_json::to_value(row)?;
        let cell = |(field, column): (&&'static str, &Column)| self.cell(field, column.kind(), &row[*field]);
        Ok(self.fields.iter().zip(&self.columns).map(cell).collect())
    }

    fn cell(&self, field: &str, kind: Kind, value: &Value) -> Cell {
        match (kind, value, value.as_i64()) {
            (_, Value::Null, _) => Cell::Empty,
            (Kind::Yen, _, Some(yen)) => Cell::Yen(Yen::new(yen)),
            (Kind::Count, _, Some(count)) => Cell::Count(count),
            _ => {
                let text = self.text(field, value);
                let cut: String = text.chars().take(LONGEST).collect();
                if cut.len() == text.len() {
                    return Cell::Text(text);
                }
                Cell::Text(cut.chars().take(LONGEST - 1).chain(['…']).collect())
            }
        }
    }

    /// A value as text: lists with commas, objects as names and values.
    fn text(&self, field: &str, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::Bool(is) => {
                let answer = if *is { Answer::Yes } else { Answer::No };
                answer.in_language(self.language).into_owned()
            }
            Value::Number(number) => number.to_string(),
            Value::String(text) => L::words(field, text, self.language).unwrap_or_else(|| text.clone()),
            Value::Array(all) => {
                let apart = if all.iter().any(Value::is_object) { "; " } else { ", " };
                all.iter().map(|one| self.text(field, one)).collect::<Vec<_>>().join(apart)
            }
            Value::Object(fields) => {
                let shown = fields.iter().filter(|(_, value)| !value.is_null());
                let one = |(name, value): (&String, &Value)| {
                    format!("{} {}", Self::name(name, self.language), self.text(name, value))
                };
                shown.map(one).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// The kind of a field's column.
fn kind(field: &str, schema: &Value) -> Kind {
    let is = |name: &str| match &schema["type"] {
        Value::String(one) => one == name,
        Value::Array(many) => many.iter().any(|one| one == name),
        _ => false,
    };
    match field {
        _ if !is("integer") || CODES.contains(&field) => Kind::Code,
        _ if field == "yen" || field.ends_with("_yen") => Kind::Yen,
        _ => Kind::Count,
    }
}

/// The fields of a type, in the order of its declaration.
fn declared<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    // Its reader asks for its fields by name, and gets none.
    let _ = T::deserialize(Declared(&mut found));
    found
}

struct Declared<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Declared<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("there is no value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}
