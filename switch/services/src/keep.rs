//! A value that a request may leave out: it stays, it goes, or it becomes another.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a request says of a value that can be absent: nothing, so that it stays; null, so that it goes; or a new one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Said<T> {
    /// The key is not there.
    #[default]
    Nothing,
    /// null.
    Remove,
    /// A value.
    Set(T),
}

impl<T> Said<T> {
    /// For `skip_serializing_if`.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Said::Nothing)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(reader)?.map_or(Said::Remove, Said::Set))
    }
}

impl<T: Serialize> Serialize for Said<T> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Said::Nothing | Said::Remove => out.serialize_none(),
            Said::Set(value) => value.serialize(out),
        }
    }
}
