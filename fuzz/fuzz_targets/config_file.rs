//! Any text as the switch's configuration and its key file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| kazasu_fuzz::configuration::configuration(data));
