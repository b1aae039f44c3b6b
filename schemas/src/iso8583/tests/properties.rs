//! Properties of every message and of any bytes, in each shipped dialect and in one with every unusual setting.

use super::{dialect, fields};
use crate::iso8583::dialect::{Class, FieldSpec, Length, Text};
use crate::iso8583::{Dialect, Message, Mti};
use crate::mac::{MacAlgorithm, MacKey, encode_frame};
use crate::secret::Key;
use bytes::BytesMut;
use proptest::prelude::*;
use std::sync::LazyLock;

const NUMBER: usize = 6;

static DIALECTS: LazyLock<[Dialect; NUMBER]> =
    LazyLock::new(|| ["iso87-ascii", "iso87-binary", "iso87-bcd", "letters", "host-ebcdic", "packings"].map(dialect));

/// Values that the field allows. Variable fields are short most of the time and at their maximum now and then.
fn value(spec: &FieldSpec) -> BoxedStrategy<Vec<u8>> {
    let class = spec.class;
    let len = match spec.length {
        Length::Fixed(n) => Just(usize::from(n)).boxed(),
        Length::Variable { max, .. } => {
            let max = usize::from(max);
            prop_oneof![8 => 0..=max.min(30), 1 => Just(max)].boxed()
        }
    };
    // What the code page lacks cannot be written.
    let page = match (class, spec.text) {
        (Class::Binary | Class::Private | Class::Digits | Class::Track | Class::SignedDigits, _) => None,
        (_, Text::Ascii) => None,
        (_, Text::Ebcdic(page)) => Some(page),
    };
    let has = |c: &u8| page.is_none_or(|page| page.byte(*c).is_some());
    let alphabet: Vec<u8> = (0..=255).filter(|c| class.allows(1, *c)).filter(has).collect();
    (len, any::<bool>())
        .prop_flat_map(move |(len, credit)| {
            let any = prop::collection::vec(prop::sample::select(alphabet.clone()), len);
            any.prop_map(move |mut value| {
                if class == Class::SignedDigits {
                    value[0] = if credit { b'C' } else { b'D' };
                }
                value
            })
        })
        .boxed()
}

/// A dialect's number and a message that it can write.
fn message() -> impl Strategy<Value = (usize, Message)> {
    let numbers: Vec<u8> = (2..=128).filter(|f| *f != 65).collect();
    (0..NUMBER, 0..1000_u16, prop::sample::subsequence(numbers, 0..12), any::<bool>()).prop_flat_map(
        |(which, mti, numbers, forced)| {
            let values: Vec<_> =
                numbers.iter().map(|n| value(DIALECTS[which].field(*n).expect("defines every field"))).collect();
            values.prop_map(move |values| {
                let mut message = Message::new(Mti(mti));
                for (field, value) in numbers.iter().zip(values) {
                    message.set(*field, &value);
                }
                message.forced_secondary = forced && numbers.iter().all(|n| *n <= 64);
                (which, message)
            })
        },
    )
}

fn encode(dialect: &Dialect, message: &Message) -> BytesMut {
    let mut out = BytesMut::new();
    dialect.encode(message, &mut out).expect("decoded or made to fit");
    out
}

/// The rule for any bytes: an error, or a message that is written as the same bytes.
fn check_bytes(dialect: &Dialect, bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut message = Message::default();
    match dialect.decode(bytes, &mut message) {
        Ok(decoded) => {
            prop_assert_eq!(&encode(dialect, &message)[..], bytes);
            if let Some(at) = decoded.mac_at {
                let width = dialect.mac_width(if message.has(128) { 128 } else { 64 });
                prop_assert_eq!(at + width, bytes.len());
            }
        }
        Err(error) => {
            prop_assert!(error.offset <= bytes.len());
            prop_assert!(error.to_string().len() < 200);
        }
    }
    Ok(())
}

/// Bytes that get past the message type: a bitmap with some bits, then digits and lengths as messages have them.
fn plausible() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let bits = prop::collection::vec(0..128_u32, 0..6);
    let body = prop::collection::vec(
        prop_oneof![4 => Just(b'0'), 3 => Just(0), 3 => b'0'..=b'9', 2 => 1..=4_u8, 2 => 0xf0..=0xf9_u8, 1 => any::<u8>()],
        0..120,
    );
    (0..NUMBER, bits, body).prop_map(|(which, bits, body)| {
        let map = bits.iter().fold(0_u128, |map, bit| map | 1 << bit);
        let map = if map & u128::from(u64::MAX) == 0 { map } else { map | 1 << 127 };
        let map = map & !(1 << 63);
        let len = if map >> 127 == 1 { 16 } else { 8 };
        let bitmap = &map.to_be_bytes()[..len];
        let mut bytes = match which {
            2 | 5 => vec![2, 0],
            4 => vec![0xf0, 0xf2, 0xf0, 0xf0],
            _ => b"0200".to_vec(),
        };
        if [1, 2, 4, 5].contains(&which) {
            bytes.extend_from_slice(bitmap);
        } else {
            bytes.extend_from_slice(hex::encode_upper(bitmap).as_bytes());
        }
        bytes.extend_from_slice(&body);
        (which, bytes)
    })
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_message_encodes_and_decodes_to_itself((which, message) in message()) {
        let dialect = &DIALECTS[which];
        let bytes = encode(dialect, &message);
        let mut back = Message::default();
        dialect.decode(&bytes, &mut back).expect("what was written can be read");
        prop_assert_eq!(fields(&back), fields(&message));
        prop_assert_eq!(back.mti, message.mti);
        prop_assert_eq!(encode(dialect, &back), bytes);
    }

    #[test]
    fn random_bytes_never_panic(which in 0..NUMBER, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_bytes(&DIALECTS[which], &bytes)?;
    }

    #[test]
    fn plausible_bytes_never_panic((which, bytes) in plausible()) {
        check_bytes(&DIALECTS[which], &bytes)?;
    }

    #[test]
    fn every_truncation_is_an_error((which, message) in message()) {
        let dialect = &DIALECTS[which];
        let bytes = encode(dialect, &message);
        let mut back = Message::default();
        // A long message is cut at some places only.
        for cut in (0..bytes.len()).step_by(1 + bytes.len() / 200) {
            let error = dialect.decode(&bytes[..cut], &mut back).expect_err("cut");
            prop_assert!(error.offset <= cut);
        }
    }

    #[test]
    fn one_changed_byte_is_an_error_or_another_message(
        (which, message) in message(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let dialect = &DIALECTS[which];
        let mut bytes = encode(dialect, &message).to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        check_bytes(dialect, &bytes)?;
        let mut back = Message::default();
        if dialect.decode(&bytes, &mut back).is_ok() {
            let same = back == message && back.forced_secondary == message.forced_secondary;
            prop_assert!(!same, "two ways to write one message");
        }
    }

    #[test]
    fn one_added_byte_is_an_error_or_another_message(
        (which, message) in message(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let dialect = &DIALECTS[which];
        let mut bytes = encode(dialect, &message).to_vec();
        bytes.insert(at.index(bytes.len() + 1), byte);
        check_bytes(dialect, &bytes)?;
    }

    /// A flipped bit anywhere before the MAC, or in it, is noticed: the message does not decode, has no MAC, or a wrong one.
    #[test]
    fn a_flipped_bit_does_not_pass_the_mac(
        (which, mut message) in message(),
        hmac in any::<bool>(),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let dialect = &DIALECTS[which];
        let key = Key::new(vec![0x5a; 32]).unwrap();
        let algorithm = if hmac { MacAlgorithm::HmacSha256 } else { MacAlgorithm::AesCmac };
        let key = MacKey::new(algorithm, &key).unwrap();
        let mut out = BytesMut::new();
        if encode_frame(dialect, &mut message, Some(&key), &mut out).is_err() {
            return Ok(()); // over the dialect's longest message
        }
        let mut frame = out.split_off(dialect.framing.front_len());
        frame.truncate(frame.len() - dialect.framing.trailer.bytes().len());
        prop_assert!(verifies(dialect, &key, &frame));
        prop_assert_eq!(message.has(64), !message.has(128));
        let at = at.index(frame.len());
        frame[at] ^= 1 << bit;
        prop_assert!(!verifies(dialect, &key, &frame), "bit {bit} of byte {at}");
    }
}

fn verifies(dialect: &Dialect, key: &MacKey, frame: &[u8]) -> bool {
    let mut message = Message::default();
    let Ok(decoded) = dialect.decode(frame, &mut message) else { return false };
    let Some(at) = decoded.mac_at else { return false };
    let tag = message.get(128).or_else(|| message.get(64)).expect("mac_at says so");
    key.verify(&frame[..at], tag)
}
