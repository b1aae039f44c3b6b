//! What a form or an address's query says: names and values, each name once.

use axum::body::Bytes;

/// The longest text that a page takes in one field, in characters.
const MOST: usize = 4_000;

/// Names and values.
#[derive(Clone, Default, Debug)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Of a body or a query. What cannot be read is as if it had not been said.
    pub(crate) fn read(bytes: &[u8]) -> Fields {
        let mut out: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes).unwrap_or_default();
        for (_, value) in &mut out {
            if let Some((end, _)) = value.char_indices().nth(MOST) {
                value.truncate(end);
            }
        }
        Fields(out)
    }

    pub(crate) fn of_body(body: &Bytes) -> Fields {
        Fields::read(body)
    }

    pub(crate) fn of_query(query: Option<&str>) -> Fields {
        Fields::read(query.unwrap_or_default().as_bytes())
    }

    /// The value of a name; empty where it was not said.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The value of a name without spaces around it, where it was said.
    pub(crate) fn said(&self, name: &str) -> Option<String> {
        let value = self.get(name).trim_matches(|c: char| c.is_whitespace());
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Without these names.
    pub(crate) fn without(&self, names: &[&str]) -> Fields {
        Fields(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// As a query says them.
    pub(crate) fn encoded(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_written_as_forms_have_them() {
        let fields =
            Fields::read("why=%E6%95%85%E9%9A%9C+%F0%A0%AE%B7&amount=%EF%BC%91%EF%BC%90&amount=2&empty=+".as_bytes());
        assert_eq!((fields.get("why"), fields.get("amount"), fields.get("none")), ("故障 𠮷", "１０", ""));
        assert_eq!((fields.said("empty"), fields.said("amount").as_deref()), (None, Some("１０")));
        let again = Fields::read(fields.without(&["amount"]).encoded().as_bytes());
        assert_eq!(again.pairs().len(), 2);
        assert_eq!(Fields::read(format!("a={}", "髙".repeat(5_000)).as_bytes()).get("a").chars().count(), MOST);
    }
}
