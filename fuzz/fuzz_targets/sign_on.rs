//! Any bytes as DE48 of a sign-on.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|private: &[u8]| kazasu_fuzz::sign_on(private));
