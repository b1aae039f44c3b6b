use super::*;
use kazasu_schemas::mac::MacAlgorithm;
use proptest::prelude::*;

fn key(hex: &str) -> Key {
    Key::from_hex(hex).unwrap()
}

/// Protection key, block, key: published ones.
const VECTORS: [(&str, &str, &str); 5] = [
    // TR-31:2018, A.7.4: a PIN key of AES-128 under AES-256, its length shown.
    (
        "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
        "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34",
        "3F419E1CB7079442AA37474C2EFBF8B8",
    ),
    // ANSI X9.143-2021, 8.1: the same key, its length hidden.
    (
        "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
        "D0144P0AE00E00002C77FA3F4A553BED6E88AE5C172A4166E3D4ACA8E2AC71C158A476FAC12C13C3829DE55D3AB54C48F4C4FEF7AC75E90FC47F1B77E7B19A73ED46E64410082557",
        "3F419E1CB7079442AA37474C2EFBF8B8",
    ),
    // Made by an HSM in use for payments: a triple-DES key, and an AES-256 key.
    (
        "4141414141414141414141414141414141414141414141414141414141414141",
        "D0112B0TN00N000037DB9B046B7B0048785690759580ABC3B9842AB4BB7717B49E92528E575785D8123559376A2553B27BE94F054F4E971C",
        "1FA1F7CEC798D91545DA8AE0C7796BD9",
    ),
    (
        "4141414141414141414141414141414141414141414141414141414141414141",
        "D0144D0AN00N0000127862F945C2DED04530FAF7CDBC8B0BA10C7AA79BD5E0C2C5D6AC173BF588E4B19ACF1357178D50EA0AB193228E13958304FC6149632DFDCADF3A5B3D57E814",
        "BE19E6A07A760F10EF8E83A226B63AAD141F463FDDD4F47DB244B4023EC3CACC",
    ),
    // In small letters, as a reader of contactless cards sends it, under AES-128.
    (
        "000102030405060708090A0B0C0D0E0F",
        "D0112D0AD00E00009ef4ff063d9757987d1768a1e317a6530de7d8ac81972c19a3659afb28e8d35f48aaa5b0f124e73893163e9a020ae5f3",
        "B9517FF24FD4C71833478D424C29751D",
    ),
];

/// ANSI X9.143-2021, 8.6: a private key of an elliptic curve, behind two certificates, KP, a time and padding.
const CURVE_KEY: &str = include_str!("x9143-8-6.txt");

#[test]
fn published_blocks_open_and_are_made_again_from_their_padding() {
    for (protection, text, inside) in VECTORS {
        let protection = ProtectionKey::new(&key(protection));
        let block = protection.unwrap(text).unwrap();
        assert_eq!(block.key.expose(), key(inside).expose(), "{text}");
        assert_eq!(inspect(text).unwrap(), block.header);
        // The padding is inside: with it, the same block comes out.
        let body = digits(&text[16..]).unwrap();
        let (data, code) = body.split_at(body.len() - BLOCK);
        let mut data = data.to_vec();
        protection.encrypt.cbc_decrypt(code.try_into().unwrap(), &mut data);
        let filled = &data[2 + block.key.expose().len()..];
        let mut padding = [0; PADDING];
        padding[..filled.len()].copy_from_slice(filled);
        let length = if data.len() == HIDDEN { Length::Hidden } else { Length::Shown };
        let again = protection.wrap(&block, length, &padding).unwrap();
        assert_eq!(again, format!("{}{}", &text[..16], text[16..].to_uppercase()));
    }
    // A.7.4 publishes its padding too.
    let (protection, text, inside) = VECTORS[0];
    let block = KeyBlock { header: inspect(text).unwrap(), key: key(inside) };
    let mut padding = [0; PADDING];
    padding[..14].copy_from_slice(&hex::decode("1C2965473CE206BB855B01533782").unwrap());
    assert_eq!(ProtectionKey::new(&key(protection)).wrap(&block, Length::Shown, &padding).unwrap(), text);
}

#[test]
fn derived_keys_are_those_of_the_standard_and_of_another_program() {
    let a74 = key(VECTORS[0].0);
    let expected = "4ef24317696213840451890756757e573e0673483888f9b7f9b7517827f95022";
    assert_eq!(hex::encode(derive(&a74, Derived::Authentication).expose()), expected);
    // openssl mac -cipher AES-192-CBC … CMAC, over the input of table 3.
    let middle = key("000102030405060708090a0b0c0d0e0f1011121314151617");
    let authentication = "eddece38394bb369c1df71b0ab88bf53df4f90d9cf1714a2";
    let encryption = "9d375f80ef4cf9ce25dfdb111c92f14bc5322c5b23289ee1";
    assert_eq!(hex::encode(derive(&middle, Derived::Authentication).expose()), authentication);
    assert_eq!(hex::encode(derive(&middle, Derived::Encryption).expose()), encryption);
    let small = key("000102030405060708090a0b0c0d0e0f");
    assert_eq!(hex::encode(derive(&small, Derived::Authentication).expose()), "85fa1011b33779965e094eaeb8c49955");
}

#[test]
fn optional_blocks_are_read_and_a_key_that_is_not_used_here_is_named() {
    let text: String = CURVE_KEY.split_ascii_whitespace().collect();
    let protection = ProtectionKey::new(&key(VECTORS[0].0));
    let (header, inside) = protection.open(&text).unwrap();
    let ids: Vec<&str> = header.optional.iter().map(Optional::id).collect();
    assert_eq!(ids, ["CT", "KP", "TS"]);
    assert_eq!(header.optional[0].text().len(), 1_484 - LONG_FRONT);
    assert_eq!(header.optional[2].text(), "20200818004100Z");
    assert_eq!(
        (header.usage.code().as_str(), header.algorithm, header.mode),
        ("S0", Algorithm::EllipticCurve, Mode::Sign)
    );
    // SEC 1 private key: 0x30 0x77.
    assert_eq!((inside.len(), &inside[..2]), (121, &[0x30, 0x77][..]));
    assert_eq!(protection.unwrap(&text).unwrap_err(), KeyBlockError::KeyLength(968));
    let other = ProtectionKey::new(&key(VECTORS[2].0)).unwrap(&text).unwrap_err().to_string();
    assert!(other.contains("2331550BC9") && other.contains("one has"), "{other}");
}

const LONG_FRONT: usize = 10;

fn sample() -> (ProtectionKey, KeyBlock) {
    let header = Purpose::AcquirerMaster(MacAlgorithm::AesCmac).header(KeyVersion::number(2).unwrap());
    (ProtectionKey::new(&key(&"42".repeat(32))), KeyBlock { header, key: key(&"17".repeat(32)) })
}

/// The sample with its text changed, without a new authentication code.
fn refused(change: impl Fn(&str) -> String) -> String {
    let (protection, block) = sample();
    let text = protection.wrap(&block, Length::Hidden, &[7; PADDING]).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text);
    protection.unwrap(&changed).unwrap_err().to_string()
}

#[test]
fn every_field_of_the_header_has_its_error() {
    let at = |place: usize, with: &'static str| {
        move |text: &str| format!("{}{with}{}", &text[..place - 1], &text[place - 1 + with.len()..])
    };
    let cases: [(usize, &'static str, &str); 12] = [
        (1, "B", "version (position 1): expected D"),
        (2, "0128", "length (position 2): expected 0144"),
        (2, "+144", "length (position 2): expected 4 digits"),
        (6, "Z9", "key usage (position 6)"),
        (8, "Q", "algorithm (position 8): expected one of A D E H R S T, got 'Q'"),
        (9, "Q", "mode of use (position 9)"),
        (10, "0-", "key version (position 10)"),
        (12, "Q", "exportability (position 12): expected one of E N S"),
        (13, "x0", "number of optional blocks (position 13): expected 2 digits"),
        (15, "7", "key context (position 15)"),
        (16, "1", "reserved (position 16): expected 0"),
        (20, "g", "encrypted key and authentication code"),
    ];
    for (place, with, expected) in cases {
        let error = refused(at(place, with));
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(refused(|text| text[..60].to_owned()).contains("length (position 2): expected 0060"));
    assert!(refused(|_| "D0016".to_owned()).contains("at least 16 characters"));
    assert!(refused(|text| text.replacen("N0000", "N0\u{e9}00", 1)).contains("ASCII"));
    // A value that is possible, and is not what was authenticated.
    for (place, with) in [(6, "K0"), (9, "B"), (12, "E"), (15, "2"), (10, "03")] {
        assert_eq!(refused(at(place, with)), KeyBlockError::NotAuthentic.to_string(), "position {place}");
    }
    // One letter written small, as a flipped bit does it.
    let small = refused(|text| {
        let at = 16 + text[16..].find(|c: char| c.is_ascii_uppercase()).unwrap();
        format!("{}{}{}", &text[..at], text[at..=at].to_lowercase(), &text[at + 1..])
    });
    assert!(small.contains("capitals and small letters"), "{small}");
}

#[test]
fn optional_blocks_that_do_not_fit_are_refused_by_name() {
    let front = "D0000B3AX00N";
    let case = |count: &str, blocks: &str| {
        let rest = "0".repeat(128);
        let text = format!("{front}{count}00{blocks}{rest}");
        let text = format!("D{:04}{}", text.len(), &text[5..]);
        inspect(&text).unwrap_err().to_string()
    };
    for (count, blocks, expected) in [
        ("01", "ks04", "identifier of an optional block"),
        ("01", "KS0G", "length of optional block KS"),
        ("01", "KS03", "length of optional block KS: expected at least 4"),
        ("01", "KS0003000000000A", "02 digits-bytes"),
        ("01", "KS00020009000000", "expected at least 10"),
        ("01", "KS0002FFFF000000", "the block's end"),
        ("01", "KS10ABCDEFGHIJKL0000", "encrypted key and authentication code"),
        ("01", "KS08ABCD", "header: expected a multiple of 16 characters"),
        ("02", "PB080000KS08ABCD", "PB: expected the last place"),
        ("02", "KS08ABCDKS08ABCD", "each at most once"),
        ("02", "HM0620PB0A000000", "optional block HM: expected 21 (SHA-256)"),
        ("02", "KC080112PB080000", "optional block KC"),
    ] {
        let error = case(count, blocks);
        assert!(error.contains(expected), "{blocks}: {expected}: {error}");
    }
}

#[test]
fn authentic_key_data_must_be_a_key_and_have_the_check_value() {
    let (protection, block) = sample();
    for (bits, expected) in [
        (0_u16, KeyBlockError::KeyData),
        (255, KeyBlockError::KeyData),
        (512, KeyBlockError::KeyData),
        (64, KeyBlockError::KeyLength(64)),
        (160, KeyBlockError::KeyLength(160)),
    ] {
        let mut data = [0x11; HIDDEN];
        data[..2].copy_from_slice(&bits.to_be_bytes());
        let text = protection.seal(&block.header, &mut data).unwrap();
        assert_eq!(protection.unwrap(&text).unwrap_err(), expected, "{bits} bits");
    }
    let mut wrong = block.clone();
    wrong.header.optional.push(Optional::key_check_value([1, 2, 3, 4, 5]));
    let text = protection.wrap(&wrong, Length::Hidden, &[7; PADDING]).unwrap();
    assert_eq!(protection.unwrap(&text).unwrap_err(), KeyBlockError::CheckValue);
    wrong.header.optional = vec![
        Optional::key_check_value(kazasu_schemas::mac::check_value(&wrong.key)),
        Optional::protection_check_value(protection.check_value()),
    ];
    let text = protection.wrap(&wrong, Length::Hidden, &[7; PADDING]).unwrap();
    assert_eq!(protection.unwrap(&text).unwrap().header, wrong.header);
}

#[test]
fn a_key_comes_in_for_its_purpose_only() {
    use MacAlgorithm::{AesCmac, HmacSha256};
    let purposes = [
        (Purpose::AcquirerMaster(AesCmac), Mode::Derive),
        (Purpose::AcquirerMaster(HmacSha256), Mode::Derive),
        (Purpose::ToIssuer(AesCmac), Mode::Generate),
        (Purpose::FromIssuer(AesCmac), Mode::Verify),
        (Purpose::ToIssuer(HmacSha256), Mode::Generate),
        (Purpose::FromIssuer(HmacSha256), Mode::Verify),
        (Purpose::Protection, Mode::EncryptDecrypt),
    ];
    for (purpose, mode) in purposes {
        // What the other side would send: the mode is the receiver's.
        let header = Header { mode, ..purpose.header(KeyVersion::None) };
        let block = KeyBlock { header, key: key(&"17".repeat(32)) };
        purpose.check(&block).unwrap();
        for (other, _) in purposes.into_iter().filter(|(other, _)| other.kind() != purpose.kind()) {
            let error = other.check(&block).unwrap_err().to_string();
            assert!(error.contains("key usage") || error.contains("algorithm"), "{error}");
        }
        let component = Header { version: KeyVersion::Component(b'1'), ..block.header.clone() };
        let error = purpose.check(&KeyBlock { header: component, ..block.clone() }).unwrap_err().to_string();
        assert!(error.contains("a whole key"), "{error}");
        let sign = Header { mode: Mode::Sign, ..block.header.clone() };
        assert!(purpose.check(&KeyBlock { header: sign, ..block }).unwrap_err().to_string().contains("mode of use"));
    }
    // The two directions are told apart by the mode.
    let to = Purpose::ToIssuer(AesCmac).header(KeyVersion::None);
    let error = Purpose::ToIssuer(AesCmac).check(&KeyBlock { header: to, key: key(&"17".repeat(16)) }).unwrap_err();
    assert!(error.to_string().contains("G (generate MACs only) or C"), "{error}");
}

#[test]
fn nothing_shows_a_key() {
    let (protection, block) = sample();
    let shown = format!("{protection:?} {block:?}");
    assert!(!shown.contains("1717") && !shown.contains("4242"), "{shown}");
}

fn any_key() -> impl Strategy<Value = Key> {
    prop::sample::select(vec![16_usize, 24, 32])
        .prop_flat_map(|len| prop::collection::vec(any::<u8>(), len))
        .prop_map(|bytes| Key::new(bytes).unwrap())
}

fn any_header() -> impl Strategy<Value = Header> {
    let optional = prop::collection::btree_map("[A-J][0-9]", "[ -~]{0,300}", 0..4);
    let one = |n: usize| any::<prop::sample::Index>().prop_map(move |index| index.index(n));
    (one(Algorithm::ALL.len()), one(Mode::ALL.len()), one(3), one(3), 0_u8..=99, optional).prop_map(
        |(algorithm, mode, exportability, context, version, optional)| Header {
            usage: Usage::CMAC,
            algorithm: Algorithm::ALL[algorithm],
            mode: Mode::ALL[mode],
            version: KeyVersion::number(version).unwrap(),
            exportability: Exportability::ALL[exportability],
            context: Context::ALL[context],
            optional: optional
                .into_iter()
                .map(|(id, text)| Optional::new(id.as_bytes().try_into().unwrap(), &text).unwrap())
                .collect(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_wrapped_is_unwrapped_and_no_changed_byte_is_taken(
        protection in any_key(),
        inside in any_key(),
        header in any_header(),
        padding in any::<[u8; PADDING]>(),
        shown in any::<bool>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..=255), 40),
    ) {
        let protection = ProtectionKey::new(&protection);
        let length = if shown { Length::Shown } else { Length::Hidden };
        let block = KeyBlock { header, key: inside };
        let text = protection.wrap(&block, length, &padding).unwrap();
        let back = protection.unwrap(&text).unwrap();
        prop_assert_eq!(back.key.expose(), block.key.expose());
        prop_assert_eq!(&back.header, &block.header);
        for (at, flip) in flips {
            let mut bytes = text.clone().into_bytes();
            bytes[at.index(text.len())] ^= flip;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(protection.unwrap(&changed).is_err(), "{}", changed);
            }
        }
    }

    #[test]
    fn hidden_lengths_are_one_length(inside in any_key(), padding in any::<[u8; PADDING]>()) {
        let (protection, block) = sample();
        let block = KeyBlock { key: inside, ..block };
        prop_assert_eq!(protection.wrap(&block, Length::Hidden, &padding).unwrap().len(), 144);
    }

    #[test]
    fn any_text_is_refused_with_a_reason(text in "D[0-9]{4}[A-Z0-9 ]{0,160}") {
        let (protection, _) = sample();
        let error = protection.unwrap(&text).unwrap_err();
        prop_assert!(error.to_string().starts_with("key block"));
    }
}
