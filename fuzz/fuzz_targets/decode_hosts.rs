//! Any bytes as a frame of dialects as hosts write them: the first byte chooses EBCDIC or every way to pack digits and signs.
#![no_main]

use kazasu_schemas::iso8583::Dialect;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static DIALECTS: LazyLock<[Dialect; 2]> = LazyLock::new(|| {
    [include_str!("../../schemas/dialects/examples/host-ebcdic.toml"), include_str!("../../schemas/golden/dialects/packings.toml")]
        .map(|text| Dialect::parse(text).expect("a valid dialect"))
});

fuzz_target!(|data: &[u8]| {
    let [which, frame @ ..] = data else { return };
    kazasu_fuzz::decode_only(&DIALECTS[usize::from(which & 1)], frame);
});
