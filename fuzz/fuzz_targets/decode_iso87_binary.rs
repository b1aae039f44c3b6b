//! Any bytes as a frame of iso87-binary.
#![no_main]

use kazasu_schemas::iso8583::Dialect;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static DIALECT: LazyLock<Dialect> = LazyLock::new(|| Dialect::shipped("iso87-binary").expect("a shipped dialect"));

fuzz_target!(|frame: &[u8]| kazasu_fuzz::decode(&DIALECT, frame));
