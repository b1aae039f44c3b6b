//! Any bytes as a list of revoked cards, or as parts of one that is then signed.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| kazasu_fuzz::lists::crl(data));
