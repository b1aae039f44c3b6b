//! Cutting a byte stream into frames.

use crate::iso8583::error::Part;
use crate::iso8583::frame::{FrameCodec, FrameError, Framing, Header, Tpdu, Trailer};
use crate::iso8583::{Message, Mti};
use crate::mac::encode_frame;
use bytes::BytesMut;
use proptest::prelude::*;

const FRAMINGS: [Framing; 4] = [
    Framing::new(Header::Be2),
    Framing { self_inclusive: true, ..Framing::new(Header::Be2) },
    Framing::new(Header::Ascii4),
    Framing { self_inclusive: true, ..Framing::new(Header::Ascii4) },
];

fn put(codec: &FrameCodec, message: &[u8], out: &mut BytesMut) {
    codec.encode(message, out).unwrap();
}

fn next(codec: &FrameCodec, bytes: &[u8]) -> Result<Option<BytesMut>, FrameError> {
    codec.decode(&mut BytesMut::from(bytes))
}

#[test]
fn headers_are_what_the_framing_says() {
    let message = [b'm'; 300];
    let expected: [&[u8]; 4] = [b"\x01\x2c", b"\x01\x2e", b"0300", b"0304"];
    for (framing, header) in FRAMINGS.into_iter().zip(expected) {
        let mut out = BytesMut::new();
        put(&FrameCodec::new(framing, 4096), &message, &mut out);
        assert_eq!(&out[..framing.header_len()], header, "{framing:?}");
        let mut patched = BytesMut::from(&b"xx"[..]);
        framing.put_header(0, &mut patched);
        framing.patch_header(300, &mut patched, 2);
        assert_eq!(&patched[2..], header, "{framing:?}");
    }
    assert_eq!(FRAMINGS.map(Framing::limit), [65_535, 65_533, 9_999, 9_995]);
}

const TPDU: Tpdu = Tpdu([0x60, 0, 1, 0, 2]);

/// Every header with and without what may stand around a message, counted and not.
fn all_framings() -> Vec<Framing> {
    let mut all = Vec::new();
    for header in [Header::Be2, Header::Be4, Header::Ascii4, Header::Bcd2] {
        for bits in 0..32_u8 {
            let is = |bit: u8| bits & 1 << bit != 0;
            let trailer = Trailer::new(if is(0) { &b"\x03\r"[..] } else { b"" }).unwrap();
            let tpdu = is(1).then_some(TPDU);
            let framing = Framing { self_inclusive: is(2), ..Framing::new(header) };
            all.push(Framing { tpdu, trailer, counts_tpdu: is(3), counts_trailer: is(4), ..framing });
        }
    }
    all
}

#[test]
fn the_length_counts_what_the_framing_says_and_nothing_else() {
    let message = [b'm'; 300];
    // 300 is 0x12C; with four bytes of header 0x130, with a TPDU of five 0x131, with a trailer of two 0x12E.
    let trailer = Trailer::new(b"\x03\r").unwrap();
    let be4 = Framing::new(Header::Be4);
    for (framing, header) in [
        (be4, &b"\0\0\x01\x2c"[..]),
        (Framing { self_inclusive: true, ..Framing::new(Header::Be4) }, b"\0\0\x01\x30"),
        (Framing { tpdu: Some(TPDU), ..be4 }, b"\0\0\x01\x31"),
        (Framing { tpdu: Some(TPDU), counts_tpdu: false, ..be4 }, b"\0\0\x01\x2c"),
        (Framing { trailer, ..be4 }, b"\0\0\x01\x2e"),
        (Framing { trailer, counts_trailer: false, ..be4 }, b"\0\0\x01\x2c"),
        (Framing::new(Header::Bcd2), b"\x03\x00"),
        (Framing { tpdu: Some(TPDU), trailer, self_inclusive: true, ..Framing::new(Header::Bcd2) }, b"\x03\x09"),
        (Framing { tpdu: Some(TPDU), trailer, self_inclusive: true, ..Framing::new(Header::Ascii4) }, b"0311"),
    ] {
        let mut out = BytesMut::new();
        put(&FrameCodec::new(framing, 4096), &message, &mut out);
        let tpdu: &[u8] = if framing.tpdu.is_some() { &TPDU.0 } else { b"" };
        assert_eq!(out[..], [header, tpdu, &message, framing.trailer.bytes()].concat(), "{framing:?}");
    }
}

#[test]
fn every_framing_gives_messages_and_addresses_back_however_they_are_cut() {
    for framing in all_framings() {
        let codec = FrameCodec::new(framing, 4096);
        let mut stream = BytesMut::new();
        for message in [&b"first message"[..], b"second message"] {
            put(&codec, message, &mut stream);
        }
        let mut buffer = BytesMut::new();
        let mut got = Vec::new();
        for byte in &stream {
            buffer.extend_from_slice(&[*byte]);
            got.extend(codec.next(&mut buffer).unwrap());
        }
        assert!(buffer.is_empty() && got.len() == 2, "{framing:?}: {got:?}");
        assert_eq!(got[0].message[..], b"first message"[..], "{framing:?}");
        assert!(got.iter().all(|frame| frame.tpdu == framing.tpdu && frame.wrong_trailer.is_none()));
        let longest = vec![b'x'; framing.limit()];
        put(&FrameCodec::new(framing, usize::MAX), &longest, &mut stream);
    }
}

#[test]
fn an_answer_goes_back_to_where_the_question_came_from() {
    assert_eq!(TPDU.answer(), Tpdu([0x60, 0, 2, 0, 1]));
    assert_eq!(TPDU.answer().answer(), TPDU);
    for tpdu in [TPDU, Tpdu([0; 5]), Tpdu([0xff; 5])] {
        assert!(tpdu.tag() > 0);
        assert_eq!(Tpdu::from_tag(tpdu.tag()), tpdu);
    }
    let dialect = super::dialect("host-ebcdic");
    let mut message = Message::new(Mti(800));
    message.set(11, b"000001");
    message.tpdu = Some(TPDU.answer());
    let mut out = BytesMut::new();
    encode_frame(&dialect, &mut message, None, &mut out).unwrap();
    let frame = dialect.frames().next(&mut out).unwrap().unwrap();
    let mut back = Message::default();
    dialect.read(&frame, &mut back).unwrap();
    assert_eq!((&back, back.tpdu), (&message, Some(TPDU.answer())));
}

/// The length counts the trailer, so a wrong one spoils one message; where it does not, the length itself may be wrong.
#[test]
fn a_wrong_trailer_spoils_its_own_message_where_the_length_counts_it() {
    let dialect = super::dialect("host-ebcdic");
    let mut message = Message::new(Mti(800));
    message.set(11, b"000001");
    let mut stream = BytesMut::new();
    encode_frame(&dialect, &mut message, None, &mut stream).unwrap();
    *stream.last_mut().unwrap() = 0x04;
    encode_frame(&dialect, &mut message, None, &mut stream).unwrap();
    let mut back = Message::default();
    let frame = dialect.frames().next(&mut stream).unwrap().unwrap();
    let error = dialect.read(&frame, &mut back).unwrap_err();
    assert_eq!(error.part, Part::FrameTrailer);
    assert_eq!(error.to_string(), "message trailer at offset 18: expected 0x03, found 1 bytes (not shown)");
    assert_eq!((&back, back.tpdu), (&message, Some(TPDU)), "an answer can still be made");
    let frame = dialect.frames().next(&mut stream).unwrap().unwrap();
    assert!(dialect.read(&frame, &mut back).is_ok(), "the next message");

    let framing = Framing { counts_trailer: false, ..dialect.framing };
    let codec = FrameCodec::new(framing, 200);
    let mut out = BytesMut::new();
    put(&codec, b"a message", &mut out);
    assert!(codec.next(&mut out.clone()).is_err(), "nine bytes are no message");
    out.clear();
    put(&codec, b"some message", &mut out);
    *out.last_mut().unwrap() = 0x0a;
    let said = codec.next(&mut out).unwrap_err().to_string();
    assert_eq!(said, "frame trailer: expected 0x03, found 0x0a");
}

#[test]
fn lengths_that_are_none_end_the_link_in_every_header() {
    let said = |framing, bytes: &[u8]| next(&FrameCodec::new(framing, 200), bytes).unwrap_err().to_string();
    let be4 = Framing::new(Header::Be4);
    assert_eq!(said(be4, b"\0\0\0\xc9"), "frame of 201 bytes is over the dialect's maximum of 200");
    assert_eq!(said(be4, b"\xff\xff\xff\xff"), "frame of 4294967295 bytes is over the dialect's maximum of 200");
    assert_eq!(
        said(Framing { tpdu: Some(TPDU), ..be4 }, b"\0\0\0\x0e"),
        "frame of 9 bytes is shorter than a message type and a bitmap"
    );
    assert_eq!(
        said(Framing { tpdu: Some(TPDU), ..be4 }, b"\0\0\0\x04"),
        "frame of 4 bytes is shorter than a message type and a bitmap"
    );
    let bcd2 = Framing::new(Header::Bcd2);
    assert_eq!(said(bcd2, b"\x02\x01"), "frame of 201 bytes is over the dialect's maximum of 200");
    assert_eq!(said(bcd2, b"\x0a\x00"), "frame header: expected 4 packed digits, found 0x0a00");
}

#[test]
fn a_half_sent_frame_waits_for_its_rest() {
    for framing in FRAMINGS {
        let codec = FrameCodec::new(framing, 4096);
        let mut whole = BytesMut::new();
        put(&codec, b"0800 message", &mut whole);
        let mut buffer = BytesMut::new();
        for (i, byte) in whole.iter().enumerate() {
            assert!(codec.decode(&mut buffer).unwrap().is_none(), "{framing:?}: complete after {i} bytes");
            buffer.extend_from_slice(&[*byte]);
        }
        assert_eq!(codec.decode(&mut buffer).unwrap().unwrap(), &b"0800 message"[..]);
        assert!(codec.decode(&mut buffer).unwrap().is_none());
    }
}

#[test]
fn two_frames_in_one_buffer_come_one_after_the_other() {
    for framing in FRAMINGS {
        let codec = FrameCodec::new(framing, 4096);
        let mut buffer = BytesMut::new();
        put(&codec, b"first message", &mut buffer);
        put(&codec, b"second message", &mut buffer);
        buffer.extend_from_slice(b"0");
        assert_eq!(codec.decode(&mut buffer).unwrap().unwrap(), &b"first message"[..]);
        assert_eq!(codec.decode(&mut buffer).unwrap().unwrap(), &b"second message"[..]);
        assert!(codec.decode(&mut buffer).unwrap().is_none());
        assert_eq!(&buffer[..], b"0", "the next frame's first byte is kept");
    }
}

#[test]
fn lengths_outside_the_limits_end_the_link() {
    let [be2, be2_self, ascii4, ascii4_self] = FRAMINGS.map(|f| FrameCodec::new(f, 200));
    let said = |codec: FrameCodec, bytes: &[u8]| next(&codec, bytes).unwrap_err().to_string();
    assert_eq!(said(be2, b"\x00\xc9"), "frame of 201 bytes is over the dialect's maximum of 200");
    assert_eq!(said(be2_self, b"\x00\xcb"), "frame of 201 bytes is over the dialect's maximum of 200");
    assert_eq!(said(ascii4, b"0201"), "frame of 201 bytes is over the dialect's maximum of 200");
    assert_eq!(said(ascii4_self, b"9999"), "frame of 9995 bytes is over the dialect's maximum of 200");
    assert_eq!(said(be2, b"GET / HTTP/1.1"), "frame of 18245 bytes is over the dialect's maximum of 200");
    assert_eq!(said(be2, b"\x00\x09"), "frame of 9 bytes is shorter than a message type and a bitmap");
    assert_eq!(said(be2, b"\x00\x00"), "frame of 0 bytes is shorter than a message type and a bitmap");
    assert_eq!(said(be2_self, b"\x00\x01"), "frame of 1 bytes is shorter than a message type and a bitmap");
    assert_eq!(said(ascii4_self, b"0013"), "frame of 9 bytes is shorter than a message type and a bitmap");
    assert_eq!(said(ascii4, b"GET / HTTP/1.1"), "frame header: expected 4 ASCII digits, found 0x47455420");
    assert_eq!(said(ascii4, b"+123"), "frame header: expected 4 ASCII digits, found 0x2b313233");
    assert_eq!(said(ascii4, b" 123"), "frame header: expected 4 ASCII digits, found 0x20313233");
    assert!(next(&be2, b"\x00\xc8").unwrap().is_none(), "exactly the maximum is allowed");
    assert!(next(&be2, b"\x00\x0a").unwrap().is_none(), "exactly the minimum is allowed");
    let error = { be2 }.encode(&[0; 201], &mut BytesMut::new()).unwrap_err();
    assert_eq!(error.to_string(), "frame of 201 bytes is over the dialect's maximum of 200");
}

#[test]
fn the_maximum_is_never_over_what_the_header_can_say() {
    for framing in FRAMINGS {
        let codec = FrameCodec::new(framing, usize::MAX);
        assert_eq!(codec.framing(), framing);
        let longest = vec![b'x'; framing.limit()];
        let mut out = BytesMut::new();
        put(&codec, &longest, &mut out);
        assert_eq!(codec.decode(&mut out).unwrap().unwrap(), &longest[..]);
        assert!(codec.encode(&[&longest[..], b"x"].concat(), &mut out).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a stream is chopped into packets, the same messages come out of it.
    #[test]
    fn packets_do_not_matter(
        kind in 0..4_usize,
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 10..80), 0..6),
        chop in prop::collection::vec(1..40_usize, 1..40),
    ) {
        let codec = FrameCodec::new(FRAMINGS[kind], 100);
        let mut stream = BytesMut::new();
        for message in &messages {
            put(&codec, message, &mut stream);
        }
        let mut buffer = BytesMut::new();
        let mut got = Vec::new();
        let mut sizes = chop.iter().cycle();
        while !stream.is_empty() {
            let n = (*sizes.next().expect("a cycle")).min(stream.len());
            buffer.extend_from_slice(&stream.split_to(n));
            while let Some(frame) = codec.decode(&mut buffer).unwrap() {
                got.push(frame.to_vec());
            }
        }
        prop_assert!(buffer.is_empty());
        prop_assert_eq!(got, messages);
    }

    /// Any bytes give frames within the limits, or an error, and never an endless loop.
    #[test]
    fn garbage_is_cut_or_refused(kind in 0..4_usize, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let codec = FrameCodec::new(FRAMINGS[kind], 100);
        let mut buffer = BytesMut::from(&bytes[..]);
        let mut left = buffer.len();
        while let Ok(Some(frame)) = codec.decode(&mut buffer) {
            prop_assert!((10..=100).contains(&frame.len()));
            prop_assert!(buffer.len() < left);
            left = buffer.len();
        }
    }
}
