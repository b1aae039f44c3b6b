//! What the rows of a file would do, as it was looked at when it was asked for.

use super::differences::Difference;
use super::found::{ApprovalEffect, FileShown, Found, RowShown, yen};
use kazasu_ledger::record::{FileOf, FileRequest};

pub(super) fn found(file: &FileRequest) -> Found {
    let change = |change: &kazasu_ledger::record::FileChange| Difference {
        field: format!("{} {}", change.of, change.field),
        before: change.before.clone(),
        after: Some(change.after.clone()),
    };
    let row = |row: &kazasu_ledger::record::FileRow| RowShown {
        which: row.which.clone(),
        row: format!("{}: {}", row.line, row.text),
        yen: row.yen.get(),
    };
    let effect = ApprovalEffect {
        yen: yen(file.opening).filter(|_| file.of == FileOf::Links),
        count: usize::try_from(file.changing).ok(),
        changes: file.changes.iter().map(change).collect(),
        rows: file.shown.iter().map(row).collect(),
        file: Some(FileShown {
            name: String::new(),
            sha256: hex::encode(file.digest),
            bytes: usize::try_from(file.bytes).unwrap_or(usize::MAX),
        }),
        ..ApprovalEffect::default()
    };
    Found { effect, ..Found::default() }
}
