//! A value that a request may leave out: it stays, it goes, or it becomes another.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A request's change of an optional value: omitted, the value stays; null removes it; or a new value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Patch<T> {
    /// The key is not there.
    #[default]
    Keep,
    /// null.
    Remove,
    /// A value.
    Set(T),
}

impl<T> Patch<T> {
    /// For `skip_serializing_if`.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Patch::Keep)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(reader)?.map_or(Patch::Remove, Patch::Set))
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Patch::Keep | Patch::Remove => out.serialize_none(),
            Patch::Set(value) => value.serialize(out),
        }
    }
}
