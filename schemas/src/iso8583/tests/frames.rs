//! Cutting a byte stream into frames.

use crate::iso8583::frame::{FrameCodec, FrameError, Framing, Header};
use bytes::BytesMut;
use proptest::prelude::*;

const FRAMINGS: [Framing; 4] = [
    Framing { header: Header::Be2, self_inclusive: false },
    Framing { header: Header::Be2, self_inclusive: true },
    Framing { header: Header::Ascii4, self_inclusive: false },
    Framing { header: Header::Ascii4, self_inclusive: true },
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
