//! Any stream in any packets: the first two bytes choose the framing, the third the packets' size, the rest is the stream.
#![no_main]

use bytes::BytesMut;
use kazasu_schemas::iso8583::frame::{Framing, Header, Tpdu, Trailer};
use kazasu_schemas::iso8583::{Frame, FrameCodec};
use libfuzzer_sys::fuzz_target;

const MAX: usize = 4096;

/// What stands around a message at most: header, TPDU, trailer.
const AROUND: usize = 4 + Tpdu::LEN + Trailer::MOST;

fn frames(codec: FrameCodec, stream: &[u8], packet: usize) -> (Vec<Frame>, bool) {
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for chunk in stream.chunks(packet) {
        buffer.extend_from_slice(chunk);
        loop {
            match codec.next(&mut buffer) {
                Ok(Some(frame)) => {
                    assert!((10..=MAX).contains(&frame.message.len()), "a frame outside the limits");
                    assert_eq!(frame.tpdu.is_some(), codec.framing().tpdu.is_some());
                    frames.push(frame);
                }
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
        assert!(buffer.len() < MAX + AROUND, "more is kept than one frame");
    }
    (frames, false)
}

fuzz_target!(|data: &[u8]| {
    let [kind, around, packet, stream @ ..] = data else { return };
    let header = [Header::Be2, Header::Be4, Header::Ascii4, Header::Bcd2][usize::from(kind & 3)];
    let is = |bit: u8| around & (1 << bit) != 0;
    let framing = Framing {
        tpdu: is(0).then_some(Tpdu([0x60, 0, 1, 0, 2])),
        counts_tpdu: is(1),
        trailer: Trailer::new(if is(2) { &b"\x03\r"[..] } else { b"" }).expect("at most eight bytes"),
        counts_trailer: is(3),
        ..Framing::new(header, kind & 4 != 0)
    };
    let codec = FrameCodec::new(framing, MAX);
    let whole = frames(codec, stream, stream.len().max(1));
    assert_eq!(frames(codec, stream, usize::from(*packet) + 1), whole, "packets do not matter");
    let mut again = BytesMut::new();
    for frame in &whole.0 {
        let at = again.len();
        framing.begin(frame.tpdu, &mut again);
        again.extend_from_slice(&frame.message);
        framing.finish(frame.message.len(), &mut again, at);
        if let Some(found) = &frame.wrong_trailer {
            let behind = again.len() - found.len();
            again[behind..].copy_from_slice(found);
        }
    }
    assert_eq!(&again[..], &stream[..again.len()], "encoded again");
});
