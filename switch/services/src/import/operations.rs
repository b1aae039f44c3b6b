//! Importing links and merchants, as operations.

use super::{Calls, FieldChange, ImportReport, Mode, Order};
use crate::access::Name;
use crate::approvals::{Asked, Request, document};
use crate::error::{Result, ServiceError, unfit};
use crate::operation::Operation;
use crate::services::Source;
use crate::{CallerKind, Services, Who};
use bytes::Bytes;
use kazasu_core::{Command, State};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{FileChange, FileEnded, FileOf, FileRequest, Proposal};
use kazasu_text::Said;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A file to be imported.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportFile {
    /// The workbook's sheet; the first that is shown when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Only say what would change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The file's name, for the person who decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The reason, which the request keeps; it may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The file.
    #[serde(skip)]
    pub file: Bytes,
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
    match error.downcast::<Said>() {
        Ok(why) => unfit("file", &why),
        Err(error) => match error.downcast::<CommandError>() {
            Ok(error) => ServiceError::Command(error),
            Err(error) => ServiceError::Other(error),
        },
    }
}

/// The result of a file.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Imported {
    /// Its rows, as they were recorded or looked at.
    #[serde(flatten)]
    pub report: ImportReport,
    /// Nothing was recorded: another person is asked first. The same file is sent again once the request is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Asked>>,
}

impl From<ImportReport> for Imported {
    fn from(report: ImportReport) -> Self {
        Imported { report, asked: None }
    }
}

/// Imports links. Two people do it: the first time the file is asked for, and it is recorded when it is sent again after its approval.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ImportLinks(pub ImportFile);

/// Shows what a file of links would change.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct LookAtLinks(pub ImportFile);

/// Imports merchants; what a row does not say stays as it is. Two people do it, as with links.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ImportMerchants(pub ImportFile);

/// Shows what a file of merchants would change.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct LookAtMerchants(pub ImportFile);

/// Imports payees' accounts. Two people do it, as with links; each row has the call to its payee.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ImportPayees(pub ImportFile);

/// Shows what a file of payees' accounts would change.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct LookAtPayees(pub ImportFile);

impl Services {
    async fn rows(&self, of: FileOf, file: ImportFile, order: Order) -> Result<ImportReport> {
        let calls = match self.query(|state| state.rights().is_administered()).await? {
            true => Calls::Needed,
            false => Calls::Opening,
        };
        let read = match of {
            FileOf::Links => super::links(self.ground(), file.file, &self.imports, &order).await,
            FileOf::Merchants => super::merchants(self.ground(), file.file, &order).await,
            FileOf::Payees => super::payees(self.ground(), file.file, (&self.imports.vault, calls), &order).await,
        };
        read.map_err(told)
    }

    /// What a file's rows would change.
    async fn look_at(&self, of: FileOf, file: ImportFile) -> Result<ImportReport> {
        let order = Order {
            sheet: file.sheet.clone(),
            mode: Mode::Look,
            vault: Some(self.imports.vault.clone()),
            ..Order::default()
        };
        self.rows(of, file, order).await
    }

    /// Records a file's rows: where its hash was approved. Else it is asked for, and nothing is recorded.
    async fn import(&self, of: FileOf, file: ImportFile, who: &Who) -> Result<Imported> {
        let order = |approval| Order {
            sheet: file.sheet.clone(),
            mode: Mode::CarryOut,
            maker: Some(self.maker(who)),
            approval,
            vault: None,
        };
        // Only before there is an access administrator.
        if who.kind == CallerKind::Keeper {
            return Ok(self.rows(of, file.clone(), order(None)).await?.into());
        }
        let (digest, now) = (<[u8; 32]>::from(Sha256::digest(&file.file)), self.now());
        let sheet = file.sheet.clone();
        let approved = move |state: &State| state.approved_file(of, (&digest, sheet.as_deref()), now);
        let Some(approval) = self.query(approved).await? else {
            return self.ask_for_file(of, file, who).await;
        };
        let report = self.rows(of, file.clone(), order(Some(approval))).await?;
        let (recorded, unchanged, refused) = (report.recorded, report.unchanged, report.bad);
        let (by, via) = (who.name.clone(), Some(who.via));
        let ended = Box::new(FileEnded { approval, recorded, unchanged, refused, by, via });
        self.command(Command::EndFile { ended }).await?;
        Ok(report.into())
    }

    /// Asks another person for a file's rows, as far as they would change anything.
    async fn ask_for_file(&self, of: FileOf, file: ImportFile, who: &Who) -> Result<Imported> {
        let report = self.look_at(of, file.clone()).await?;
        if report.recorded == 0 {
            return Ok(ImportReport { dry_run: false, ..report }.into());
        }
        let change = |change: &FieldChange| FileChange {
            line: change.line,
            of: change.of.clone(),
            field: change.field.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        };
        let asked = FileRequest {
            of,
            digest: Sha256::digest(&file.file).into(),
            bytes: u64::try_from(file.file.len()).unwrap_or(u64::MAX),
            sheet: file.sheet.clone(),
            rows: report.rows,
            changing: report.recorded,
            refused: report.bad,
            opening: report.sum.opening,
            shown: report.sum.shown(),
            changes: report.changes.iter().take(CHANGES_SHOWN).map(change).collect(),
        };
        let source = document(String::new(), file.name);
        let said = who.says(file.why.unwrap_or_default());
        let asked = self.ask_for(Request::of_file(Proposal::File(Box::new(asked)), source, said), who).await?;
        Ok(Imported { report, asked: Some(Box::new(asked)) })
    }
}

/// Changed fields that a request shows.
const CHANGES_SHOWN: usize = 100;

macro_rules! imports {
    ($($import:ident $look:ident $of:ident;)*) => {$(
        impl Operation for $import {
            const NAME: Name = Name::$import;
            type Answer = Imported;

            async fn carry_out(self, services: &Services, who: &Who) -> Result<Imported> {
                services.import(FileOf::$of, self.0, who).await
            }
        }

        impl Operation for $look {
            const NAME: Name = Name::$look;
            type Answer = Imported;

            fn seen(answer: &Imported) -> Vec<String> {
                answer.report.changes.iter().map(|change| change.of.clone()).collect()
            }

            async fn carry_out(self, services: &Services, _: &Who) -> Result<Imported> {
                Ok(services.look_at(FileOf::$of, self.0).await?.into())
            }
        }
    )*};
}

imports! {
    ImportLinks LookAtLinks Links;
    ImportMerchants LookAtMerchants Merchants;
    ImportPayees LookAtPayees Payees;
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_text::Language;
    use kazasu_text::tables::TableText;

    #[test]
    fn a_file_is_to_blame_for_its_header_and_not_for_a_switch_that_stops() {
        let header = told(Said::of(&TableText::Empty).into());
        assert!(matches!(header, ServiceError::Value { field: "file", .. }), "{header:?}");
        assert_eq!(header.to_string(), "file: line 1: the file is empty");
        assert_eq!(header.in_language(Language::Japanese), "file（入力値）：1行目：ファイルが空です");
        assert!(matches!(told(CommandError::Stopping.into()), ServiceError::Command(CommandError::Stopping)));
        assert!(matches!(told(anyhow::anyhow!("a thread broke off")), ServiceError::Other(_)));
    }
}
