//! Tables that people bring: no row vanishes, and what was refused is refused again when it comes back as it was given.

use kazasu_documents::table_file::{Columns, How, Refused, Row, Table, refused_csv};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Columns as those of merchants' and relief files: some with Japanese names, one that is a date.
const COLUMNS: Columns = Columns {
    known: &[("id", &["番号"]), ("name", &["名称", "店名"]), ("amount", &["金額"]), ("day", &["日付"])],
    needed: &["id"],
    dates: &["day"],
};

/// Between the parts of a workbook in an input of [`workbook`].
pub const MARK: &[u8] = b"\n--\n";

/// A table file.
///
/// # Panics
/// When a file that is read breaks a rule.
pub fn table(bytes: &[u8]) {
    let mut table = match Table::open(bytes, COLUMNS, How::default()) {
        Ok(table) => table,
        Err(problem) => return assert!(!problem.is_empty()),
    };
    let mut rows = Vec::new();
    while let Some(row) = table.next_row() {
        assert!(rows.last().is_none_or(|last: &Row| last.line < row.line), "rows are in the file's order");
        rows.push(row);
    }
    let (read, all) = table.progress();
    assert_eq!(read, all, "the whole file was read");
    // Empty lines at the end are none of them.
    assert!(rows.len() as u64 <= table.lines(), "no more rows than lines");
    let header = table.header().to_vec();
    given_back(&header, rows);
}

/// The rows as a file of refused rows, read again: as many rows, and none is taken that was refused as a whole.
fn given_back(header: &[String], rows: Vec<Row>) {
    let whole: Vec<bool> =
        rows.iter().map(|row| row.fault.as_ref().is_some_and(|fault| fault.column.is_empty())).collect();
    let cells: Vec<(u64, Vec<String>)> = rows.into_iter().map(|row| (row.line, row.into_refused())).collect();
    let refused = cells.iter().map(|(line, cells)| Refused { line: *line, column: "", problem: "", cells });
    let bytes = refused_csv(header, refused).expect("memory takes it");
    let Ok(mut again) = Table::open(&bytes, COLUMNS, How::default()) else { return };
    let mut found = 0;
    while let Some(row) = again.next_row() {
        let refused = whole.get(found).is_none_or(|whole| !whole) || row.fault.is_some();
        assert!(refused, "a row that was refused as a whole is taken: {}", String::from_utf8_lossy(&bytes));
        found += 1;
    }
    assert_eq!(found, cells.len(), "a row vanished, or one became two: {:?}", String::from_utf8_lossy(&bytes));
}

/// A workbook around what the fuzzer wrote: the sheet's XML, the shared strings', the workbook's, the styles', with [`MARK`] between
/// them. Compression and check sums would keep the fuzzer out.
///
/// # Panics
/// When a workbook that is read breaks a rule.
pub fn workbook(data: &[u8]) {
    let parts = crate::parts(data, MARK);
    let part = |at: usize, otherwise: &'static [u8]| parts.get(at).copied().filter(|p| !p.is_empty()).unwrap_or(otherwise);
    let files: [(&str, &[u8]); 7] = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/_rels/workbook.xml.rels", part(4, BOOK_RELATIONS)),
        ("xl/workbook.xml", part(2, BOOK)),
        ("xl/worksheets/sheet1.xml", part(0, b"")),
        ("xl/sharedStrings.xml", part(1, b"<sst/>")),
        ("xl/styles.xml", part(3, b"<styleSheet/>")),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let how = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(name, how).and_then(|()| Ok(zip.write_all(content)?)).expect("memory takes it");
    }
    table(&zip.finish().expect("memory takes it").into_inner());
}

const TYPES: &[u8] = br#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
const RELATIONS: &[u8] = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK_RELATIONS: &[u8] = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const BOOK: &[u8] = br#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
