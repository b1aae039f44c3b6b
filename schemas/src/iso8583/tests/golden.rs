//! Golden frames: decoding gives exactly the fields that the file lists, encoding them again exactly the bytes.

use super::{Case, cases, dialect, fields, literal};
use crate::iso8583::{Dialect, Message, Mti};
use bytes::BytesMut;

const FILES: [&str; 5] = ["iso87-ascii.txt", "iso87-binary.txt", "iso87-bcd.txt", "overrides.txt", "host.txt"];

#[test]
fn every_golden_frame_decodes_and_encodes() {
    for file in FILES {
        let cases = cases(file);
        assert!(cases.len() >= 9, "{file} has lost its cases");
        for case in cases {
            check(&case);
        }
    }
}

fn check(case: &Case) {
    let dialect = dialect(case.need("dialect"));
    let stream = case.bytes("frame");
    let message = cut_and_decode(case, &dialect, &stream);
    let expected: Vec<(u8, Vec<u8>)> =
        case.lines.iter().filter_map(|(k, v)| Some((k.strip_prefix("DE")?.parse().unwrap(), literal(v)))).collect();
    assert_eq!(message.mti.to_string(), case.need("mti"), "{}", case.place);
    assert_eq!(fields(&message), expected, "{}", case.place);

    assert_eq!(hex::encode(encode(&dialect, &message)), hex::encode(&stream), "{}: encoded again", case.place);

    // The same from the listed fields, set in another order.
    let mut built = Message::new(Mti(case.need("mti").parse().unwrap()));
    for (field, value) in expected.iter().rev() {
        built.set(*field, value);
    }
    built.forced_secondary = case.get("secondary") == Some("forced");
    assert_eq!(built, message, "{}", case.place);
    assert_eq!(hex::encode(encode(&dialect, &built)), hex::encode(&stream), "{}: built", case.place);
}

fn cut_and_decode(case: &Case, dialect: &Dialect, stream: &[u8]) -> Message {
    let mut buffer = BytesMut::from(stream);
    let frame = dialect.frames().decode(&mut buffer).unwrap().expect("one whole frame");
    assert!(buffer.is_empty(), "{}: the header counts less than the message", case.place);
    let mut message = Message::default();
    let decoded = dialect.decode(&frame, &mut message).unwrap_or_else(|e| panic!("{}: {e}", case.place));
    let mac_at = case.get("mac").map(|v| v.strip_prefix("at ").unwrap().parse().unwrap());
    assert_eq!(decoded.mac_at, mac_at, "{}", case.place);
    message
}

fn encode(dialect: &Dialect, message: &Message) -> BytesMut {
    let mut body = BytesMut::new();
    dialect.encode(message, &mut body).unwrap();
    let mut out = BytesMut::new();
    dialect.frames().encode(&body, &mut out).unwrap();
    out
}

#[test]
fn every_type_of_field_is_in_each_file() {
    use crate::iso8583::dialect::{Class, Length};
    for file in &FILES[..3] {
        let mut seen = std::collections::BTreeSet::new();
        for case in cases(file) {
            let dialect = dialect(case.need("dialect"));
            for (key, _) in &case.lines {
                if let Some(spec) = key.strip_prefix("DE").and_then(|n| dialect.field(n.parse().unwrap())) {
                    seen.insert((spec.class.name(), matches!(spec.length, Length::Fixed(_))));
                }
            }
        }
        let shipped = Dialect::shipped("iso87-ascii").unwrap();
        for spec in (2..=128).filter_map(|n| shipped.field(n)) {
            let kind = (spec.class.name(), matches!(spec.length, Length::Fixed(_)));
            assert!(seen.contains(&kind), "{file}: no case for {kind:?}");
        }
        assert!(!seen.iter().any(|(class, _)| *class == Class::Letters.name()), "no shipped field has class a");
    }
}

#[test]
fn a_cleared_message_forgets_everything() {
    let dialect = dialect("iso87-ascii");
    let mut message = Message::default();
    message.set(2, b"4111111111111111").set(52, &[1; 8]);
    let frame = b"08008000000000000000000000000000000000";
    dialect.decode(&frame[..36], &mut message).unwrap();
    assert_eq!(fields(&message), []);
    assert!(message.forced_secondary);
    let mut out = BytesMut::from(&b"before"[..]);
    dialect.encode(&message, &mut out).unwrap();
    assert_eq!(&out[..], b"before080080000000000000000000000000000000");
    message.set(3, b"000000").set(3, b"200000").remove(4);
    assert_eq!(message.get(3), Some(&b"200000"[..]));
    assert_eq!((message.get(1), message.get(65), message.get(129)), (None, None, None));
}

#[test]
fn debug_output_shows_no_card_data() {
    let mut message = Message::new(Mti(200));
    message.set(2, b"4111111111111111").set(3, b"000000").set(35, b"4111=2512").set(48, b"KB00").set(52, &[7; 8]);
    message.set(55, &[0x9f, 0x26]).set(102, b"AAAQEAYEAUDAOCAJBIFQYDIOB4").set(64, &[0xab; 8]);
    assert_eq!(
        format!("{message:?}"),
        "0200 2=[16 bytes] 3=\"000000\" 35=[9 bytes] 48=[4 bytes] 52=[8 bytes] 55=[2 bytes] 64=0xabababababababab \
         102=[26 bytes]"
    );
}
