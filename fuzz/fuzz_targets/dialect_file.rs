//! Any text as a dialect file, read alone and as an extension; a dialect that can be used then decodes the text's own bytes.
#![no_main]

use kazasu_schemas::iso8583::Dialect;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for text in [text.to_owned(), format!("name = \"fuzz\"\nextends = \"iso87-ascii\"\n{text}")] {
        match Dialect::parse(&text) {
            Ok(dialect) => {
                kazasu_fuzz::decode_only(&dialect, text.as_bytes());
                kazasu_fuzz::decode_only(&dialect, b"0200FFFFFFFFFFFFFFFF7FFFFFFFFFFFFFFF");
            }
            Err(error) => assert!(!error.at.is_empty() && !error.problem.is_empty()),
        }
    }
});
