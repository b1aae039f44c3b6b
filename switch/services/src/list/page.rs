//! A page of a list.

use super::cursor::Cursor;
use super::{List, Wanted};
use crate::access::{About, Name};
use crate::error::{Result, ServiceError, unfit};
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_text::problems::ProblemText;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Rows of the largest page.
pub const MOST: u16 = 200;
/// Rows of a page where the request names no number.
pub const USUAL: u16 = 50;

/// A list, a page at a time: the list's own fields with `limit` and `cursor`.
#[derive(Clone, Debug, Serialize)]
pub struct Paged<L> {
    /// The list.
    #[serde(flatten)]
    pub list: L,
    /// Rows of a page, at most 200; 50 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
    /// The next page: `next` of the page before, with the same filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; null where this is the last one.
    pub next: Option<String>,
    /// The journal's last record when this page was read: the page holds what the journal says up to it.
    pub as_of: u64,
    /// The first business day that was looked at, where the request named no day and has no other bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// Takes a field out of an object.
fn taken<T: DeserializeOwned, E: Error>(fields: &mut Map<String, Value>, name: &str) -> Result<Option<T>, E> {
    let value = fields.remove(name).unwrap_or_default();
    Option::<T>::deserialize(value).map_err(E::custom)
}

impl<'de, L: DeserializeOwned> Deserialize<'de> for Paged<L> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let mut fields = Map::<String, Value>::deserialize(reader)?;
        let (limit, cursor) = (taken(&mut fields, "limit")?, taken(&mut fields, "cursor")?);
        // An object of its own, so that the list reads its own fields as strictly as any request.
        let list = L::deserialize(Value::Object(fields)).map_err(D::Error::custom)?;
        Ok(Paged { list, limit, cursor })
    }
}

impl<L: JsonSchema> JsonSchema for Paged<L> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        L::schema_name()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let mut schema = L::json_schema(schemas);
        let fields = schema.ensure_object().entry("properties").or_insert_with(|| json!({}));
        fields["limit"] = json!({
            "type": ["integer", "null"], "format": "uint16", "minimum": 1, "maximum": MOST,
            "description": "Rows of a page, at most 200; 50 where it is left out.",
        });
        fields["cursor"] = json!({
            "type": ["string", "null"],
            "description": "The next page: `next` of the page before, with the same filter.",
        });
        schema
    }
}

impl<L: List> Paged<L> {
    /// The list from its beginning.
    #[must_use]
    pub fn first(list: L, limit: Option<u16>) -> Paged<L> {
        Paged { list, limit, cursor: None }
    }

    fn rows(&self) -> Result<u16> {
        let limit = self.limit.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) {
            return Ok(limit);
        }
        let (least, most, got) = (1, MOST.into(), limit.into());
        Err(unfit("limit", &ProblemText::Range { least, most, got }))
    }

    /// The list with its filter. The reason of a look is no part of it.
    fn filtered(&self) -> Result<String> {
        let mut fields = serde_json::to_value(&self.list).map_err(ServiceError::inside)?;
        if let Value::Object(fields) = &mut fields {
            fields.retain(|name, value| name != "why" && !value.is_null());
        }
        let row = L::NAME.row();
        Ok(format!("{}.{} {fields}", row.service.name(), row.word))
    }
}

impl<L: List> Operation for Paged<L> {
    const NAME: Name = L::NAME;
    type Answer = Page<L::Item>;

    fn about(&self) -> Result<About> {
        self.list.about()
    }

    fn subject(&self) -> Subject {
        self.list.subject()
    }

    fn seen(page: &Page<L::Item>) -> Vec<String> {
        L::seen(&page.items)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Page<L::Item>> {
        let (limit, list) = (self.rows()?, self.filtered()?);
        let as_of = services.query(|state| state.seq).await?;
        let cursor = self.cursor.as_deref().map(|text| Cursor::<L::Key>::read(text, &list));
        let cursor = cursor.transpose().map_err(ServiceError::Cursor)?;
        let position = cursor.as_ref().map_or(as_of, |cursor| cursor.position);
        let (from, most) = (self.list.since(services), usize::from(limit));
        // One more than fits says that there are more.
        let wanted = Wanted { after: cursor.map(|cursor| cursor.key), until: Some(position), most: most + 1 };
        let mut items = self.list.rows(services, who, wanted).await?;
        let goes_on = items.len() > most;
        items.truncate(most);
        let next = items.last().filter(|_| goes_on).map(|last| Cursor { position, key: L::key(last) }.text(&list));
        let next = next.transpose().map_err(ServiceError::inside)?;
        Ok(Page { items, next, as_of, from })
    }
}
