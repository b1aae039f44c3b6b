//! Importing links and merchants, as operations.

use super::{ImportReport, Mode, Order};
use crate::access::Name;
use crate::error::{Result, ServiceError, value};
use crate::operation::Operation;
use crate::services::Source;
use crate::{Services, Who};
use kazasu_engine::CommandError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A file to be imported.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportFile {
    /// The workbook's sheet; the first that is shown when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Only say what would change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The file.
    #[serde(skip)]
    pub file: Arc<Vec<u8>>,
}

impl ImportFile {
    fn order(&self) -> Order {
        let mode = if self.dry_run { Mode::Look } else { Mode::CarryOut };
        Order { sheet: self.sheet.clone(), mode }
    }
}

impl Services {
    fn ground(&self) -> super::Ground<'_> {
        match &self.source {
            Source::Engine(engine) => super::Ground::Engine(engine),
            Source::Folded(state) => super::Ground::Folded(state.clone()),
        }
    }
}

/// A file that is refused as a whole, for its header or its sheet: the reason is a text. What is wrong with the switch has a type of
/// its own: the same file is to be sent again then, to the leader or later.
fn told(error: anyhow::Error) -> ServiceError {
    match error.downcast::<String>() {
        Ok(why) => value("file", why),
        Err(error) => match error.downcast::<CommandError>() {
            Ok(error) => ServiceError::Command(error),
            Err(error) => ServiceError::Other(error),
        },
    }
}

/// Imports links.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportLinks(pub ImportFile);

impl Operation for ImportLinks {
    const NAME: Name = Name::ImportLinks;
    type Answer = ImportReport;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<ImportReport> {
        let file = self.0.file.to_vec();
        super::links(services.ground(), file, &services.imports, &self.0.order()).await.map_err(told)
    }
}

/// Imports merchants; what a row does not say stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportMerchants(pub ImportFile);

impl Operation for ImportMerchants {
    const NAME: Name = Name::ImportMerchants;
    type Answer = ImportReport;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<ImportReport> {
        super::merchants(services.ground(), self.0.file.to_vec(), &self.0.order()).await.map_err(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_to_blame_for_its_header_and_not_for_a_switch_that_stops() {
        let header = told(anyhow::Error::msg("line 1: the header has no column \"kind\"".to_owned()));
        assert!(matches!(header, ServiceError::Value { field: "file", .. }), "{header:?}");
        assert_eq!(header.to_string(), "file: line 1: the header has no column \"kind\"");
        assert!(matches!(told(CommandError::Stopping.into()), ServiceError::Command(CommandError::Stopping)));
        assert!(matches!(told(anyhow::anyhow!("a thread broke off")), ServiceError::Other(_)));
    }
}
