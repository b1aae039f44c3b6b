//! Any text as a key block: it is refused with a reason, or its header is written as it was read, around a key that comes out again.
#![no_main]

use kazasu_schemas::secret::Key;
use kazasu_security::key_block::{KeyBlock, KeyBlockError, Length, PADDING, ProtectionKey, inspect};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let key = |byte: u8| Key::new(vec![byte; 16]).expect("16 bytes");
    let protection = ProtectionKey::new(&key(1));
    let opened = protection.unwrap(text);
    let header = match inspect(text) {
        Ok(header) => header,
        Err(refused) => return assert_eq!(opened.expect_err("its header is refused"), refused),
    };
    // The header says what the fuzzer wrote; the key inside is ours, so that the code is good. KC and KP are of other keys.
    let mut block = KeyBlock { header, key: key(2) };
    block.header.optional.retain(|optional| !matches!(optional.id(), "KC" | "KP"));
    match protection.wrap(&block, Length::Hidden, &[3; PADDING]) {
        Ok(written) => {
            let back = protection.unwrap(&written).expect("what was wrapped");
            assert_eq!(back.header, block.header);
            assert_eq!(back.key.expose(), block.key.expose());
        }
        // With the length hidden, a block may become too long.
        Err(KeyBlockError::Field { .. }) => assert!(text.len() > 9_000),
        Err(other) => panic!("{other}"),
    }
});
