//! Shows the effect of a file's rows, as the record of the request keeps it.

use super::differences::Difference;
use super::found::{ApprovalEffect, FileShown, Found, RowShown, yen};
use kazasu_ledger::record::{FileOf, FileRequest};

pub(super) fn found(file: &FileRequest) -> Found {
    let change = |change: &kazasu_ledger::record::FileChange| {
        let field = format!("{} {}", change.of, change.field);
        Difference::of(&field, change.before.clone(), Some(change.after.clone()))
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
