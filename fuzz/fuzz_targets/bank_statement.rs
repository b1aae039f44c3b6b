//! Any bytes as a bank's statement.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| kazasu_fuzz::statements::statement(data));
