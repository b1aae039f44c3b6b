//! What stands behind the question mark of an operation with a file, read as strictly as a body.

use super::answers::misread;
use super::state::Api;
use crate::json;
use crate::kinds::Kinds;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// The fields of a request behind the question mark.
pub(super) struct Fields<T>(pub(super) T);

impl<T: DeserializeOwned + JsonSchema> FromRequestParts<Api> for Fields<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Response> {
        let kinds = Kinds::of::<T>(Vec::new());
        let fields = kinds.behind(parts.uri.query()).and_then(json::shaped::<T>);
        fields.map(Fields).map_err(|error| *misread(&error))
    }
}
