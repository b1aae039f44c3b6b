//! A file that two people approved, as far as its rows are counted against it.

use kazasu_ledger::record::{FileOf, FileRequest};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;

/// An approved file is sent within so long.
const SENT_WITHIN_MS: i64 = 7 * 86_400_000;

/// A file that was approved and has not ended.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) struct ApprovedFile {
    pub(super) of: FileOf,
    pub(super) digest: [u8; 32],
    /// The sheet that was named, and looked at: another sheet of the workbook is another file.
    pub(super) sheet: Option<String>,
    /// Records that its rows may still make.
    pub(super) records: u64,
    /// Money that they may still book.
    pub(super) opening: Yen,
    /// From this moment on no row is taken any more.
    until: Millis,
}

impl ApprovedFile {
    pub(super) fn of(file: &FileRequest, at: Millis) -> ApprovedFile {
        // A row opens an account, books its balance and links it; a merchant's row is one record, and so is a payee's.
        let each = match file.of {
            FileOf::Merchants | FileOf::Payees => 1,
            FileOf::Links => 3,
        };
        ApprovedFile {
            of: file.of,
            digest: file.digest,
            sheet: file.sheet.clone(),
            records: file.rows.saturating_mul(each),
            opening: file.opening,
            until: Millis(at.0.saturating_add(SENT_WITHIN_MS)),
        }
    }

    pub(super) fn is_over(&self, now: Millis) -> bool {
        now >= self.until
    }
}
