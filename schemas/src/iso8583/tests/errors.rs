//! Every way in which a message can be wrong, with the exact text that its sender gets to see.

use super::{cases, dialect, fields};
use crate::iso8583::error::Part;
use crate::iso8583::{EncodeError, Message, Mti};
use bytes::BytesMut;

#[test]
fn every_golden_error_is_said_exactly() {
    let cases = cases("errors.txt");
    assert!(cases.len() >= 40, "errors.txt has lost its cases");
    for case in cases {
        let dialect = dialect(case.need("dialect"));
        let mut message = Message::default();
        let error = dialect.decode(&case.bytes("message"), &mut message).expect_err(&case.place);
        assert_eq!(error.to_string(), case.need("error"), "{}", case.place);
        assert_eq!(format!("{error:?}"), format!("DecodeError({error})"), "{}", case.place);
    }
}

#[test]
fn a_message_cut_anywhere_says_what_is_missing() {
    for case in cases("truncations.txt") {
        let dialect = dialect(case.need("dialect"));
        let whole = case.bytes("message");
        let mut message = Message::default();
        dialect.decode(&whole, &mut message).unwrap();
        for cut in 0..whole.len() {
            let error = dialect.decode(&whole[..cut], &mut message).expect_err(&case.place);
            assert_eq!(error.to_string(), case.need(&format!("{cut}:")), "{}: {cut} bytes", case.place);
        }
    }
}

#[test]
fn an_error_names_its_field_and_leaves_the_rest_readable() {
    let dialect = dialect("iso87-ascii");
    let mut message = Message::default();
    // DE3, DE4 (wrong character), DE11, DE41.
    let frame = b"0200302000000080000000000000000000128O000123T1      ";
    let error = dialect.decode(frame, &mut message).unwrap_err();
    assert_eq!((error.part, error.field(), error.offset), (Part::Field(4), Some(4), 26));
    assert_eq!(message.mti, Mti(200));
    let kept = [(3, b"000000".to_vec()), (11, b"000123".to_vec()), (41, b"T1      ".to_vec())];
    assert_eq!(fields(&message), kept, "what an answer echoes is still there");

    // The same with a broken length instead: what came before it is kept, what comes after has no meaning.
    let frame = b"02002000000100800000000000990000000T1      ";
    let error = dialect.decode(frame, &mut message).unwrap_err();
    assert_eq!(error.field(), Some(32));
    assert_eq!(fields(&message), [(3, b"000000".to_vec())]);
    assert_eq!(dialect.decode(b"02", &mut message).unwrap_err().field(), None);
    assert_eq!(message.mti, Mti(0), "nothing of the message before is left");
}

fn encode_error(dialect_name: &str, field: u8, value: &[u8]) -> String {
    let mut message = Message::new(Mti(200));
    message.set(field, value);
    let mut out = BytesMut::from(&b"kept"[..]);
    let error: EncodeError = dialect(dialect_name).encode(&message, &mut out).unwrap_err();
    assert_eq!(&out[..], b"kept", "a message that cannot be written leaves nothing behind");
    error.to_string()
}

#[test]
fn values_that_do_not_fit_are_not_written() {
    let ascii = "iso87-ascii";
    assert_eq!(encode_error("tiny", 7, b"1123061530"), "DE7 is not defined in this dialect");
    assert_eq!(encode_error(ascii, 3, b"00000"), "DE3: expected exactly 6 characters, got 5 characters");
    assert_eq!(encode_error(ascii, 32, b"123456789012"), "DE32: expected at most 11 characters, got 12 characters");
    assert_eq!(encode_error(ascii, 28, b"00000100"), "DE28: expected exactly 9 characters, got 8 characters");
    assert_eq!(encode_error(ascii, 3, b"00O000"), "DE3: character 3 is not allowed in a field of class n");
    assert_eq!(encode_error(ascii, 28, b"X00000100"), "DE28: character 1 is not allowed in a field of class x+n");
    assert_eq!(encode_error(ascii, 41, b"T1\x00     "), "DE41: character 3 is not allowed in a field of class ans");
    assert_eq!(encode_error("iso87-bcd", 35, b"12^"), "DE35: character 3 is not allowed in a field of class z");
    assert_eq!(encode_error("letters", 40, b"a1b"), "DE40: character 2 is not allowed in a field of class a");
    assert_eq!(encode_error(ascii, 44, &[b'x'; 26]), "DE44: expected at most 25 characters, got 26 characters");
}
