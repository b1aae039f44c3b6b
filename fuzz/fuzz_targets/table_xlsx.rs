//! Any bytes as the parts of a workbook. Panics of the library that reads workbooks are the file's error in the switch, and caught there;
//! everything else that panics is a finding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::panic::{set_hook, take_hook};

fuzz_target!(
    init: {
        let found = take_hook();
        set_hook(Box::new(move |panic| {
            let foreign = ["calamine", "quick-xml", "zip-"];
            let of_library = |at: &std::panic::Location<'_>| foreign.iter().any(|name| at.file().contains(name));
            if !panic.location().is_some_and(of_library) {
                found(panic);
            }
        }));
    },
    |data: &[u8]| kazasu_fuzz::tables::workbook(data)
);
