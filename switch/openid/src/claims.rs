//! What the switch reads of an ID token besides the standard claims: texts, of which one may name the person.

use openidconnect::AdditionalClaims;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// Claims of the provider's own that are texts; others are passed over.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Texts(pub(crate) BTreeMap<String, String>);

impl AdditionalClaims for Texts {}

#[derive(Deserialize)]
#[serde(untagged)]
enum Claim {
    Text(String),
    Other(#[allow(dead_code, reason = "read over")] IgnoredAny),
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<String, Claim>::deserialize(from)?;
        let texts = all.into_iter().filter_map(|(name, claim)| match claim {
            Claim::Text(text) => Some((name, text)),
            Claim::Other(_) => None,
        });
        Ok(Texts(texts.collect()))
    }
}
