//! Any bytes as a table file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| kazasu_fuzz::tables::table(data));
