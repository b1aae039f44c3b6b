//! The residents and the subject of an operation, for the security log.

use kazasu_schemas::identity::PersonId;
use kazasu_schemas::ids::Ppid;
use kazasu_security_log::value::Object;

/// Facts that only the answer gives.
#[derive(Default)]
pub(crate) struct Seen {
    /// Residents that it shows.
    pub(crate) residents: Vec<String>,
    /// Who asked.
    pub(crate) by: Option<PersonId>,
}

/// The subject of an operation, for the security log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Subject {
    pub(crate) residents: Vec<String>,
    pub(crate) about: Vec<Object>,
    pub(crate) why: Option<String>,
    pub(crate) tried: Option<String>,
}

impl Subject {
    /// A resident, by PPID.
    #[must_use]
    pub fn resident(ppid: &str) -> Subject {
        Subject { residents: vec![ppid.to_owned()], ..Subject::default() }
    }

    /// Residents, by PPID.
    #[must_use]
    pub fn residents(ppids: impl IntoIterator<Item = String>) -> Subject {
        Subject { residents: ppids.into_iter().collect(), ..Subject::default() }
    }

    /// Something with a number of this book.
    #[must_use]
    pub fn numbered(kind: &'static str, number: u64) -> Subject {
        Subject::default().with(Object::numbered(kind, number))
    }

    /// Something with an id: a merchant, a day.
    #[must_use]
    pub fn named(kind: &'static str, id: &str) -> Subject {
        Subject::default().with(Object::named(kind, id))
    }

    /// An attempt to sign in with this name.
    #[must_use]
    pub fn attempt(name: &str) -> Subject {
        Subject { tried: Some(name.to_owned()), ..Subject::default() }
    }

    /// And this.
    #[must_use]
    pub fn with(mut self, object: Object) -> Subject {
        self.about.push(object);
        self
    }

    /// For this reason.
    #[must_use]
    pub fn because(mut self, why: Option<&str>) -> Subject {
        self.why = why.map(str::to_owned);
        self
    }
}

/// PPIDs anywhere in an answer that has no type of its own.
#[must_use]
pub(crate) fn ppids_in(value: &serde_json::Value) -> Vec<String> {
    use serde_json::Value;
    match value {
        Value::String(text) if text.parse::<Ppid>().is_ok() => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(ppids_in).collect(),
        Value::Object(fields) => fields.values().flat_map(ppids_in).collect(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
