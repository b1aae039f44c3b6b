//! Any bytes as a frame of iso87-bcd.
#![no_main]

use kazasu_schemas::iso8583::Dialect;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static DIALECT: LazyLock<Dialect> = LazyLock::new(|| Dialect::shipped("iso87-bcd").expect("a shipped dialect"));

fuzz_target!(|frame: &[u8]| kazasu_fuzz::decode(&DIALECT, frame));
