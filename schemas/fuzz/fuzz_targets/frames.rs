//! Any stream in any packets: the first byte chooses the framing, the second the packets' size, the rest is the stream.
#![no_main]

use bytes::BytesMut;
use kazasu_schemas::iso8583::FrameCodec;
use kazasu_schemas::iso8583::frame::{Framing, Header};
use libfuzzer_sys::fuzz_target;

const MAX: usize = 4096;

fn frames(codec: FrameCodec, stream: &[u8], packet: usize) -> (Vec<Vec<u8>>, bool) {
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for chunk in stream.chunks(packet) {
        buffer.extend_from_slice(chunk);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(frame)) => {
                    assert!((10..=MAX).contains(&frame.len()), "a frame outside the limits");
                    frames.push(frame.to_vec());
                }
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
        assert!(buffer.len() < MAX + 4, "more is kept than one frame");
    }
    (frames, false)
}

fuzz_target!(|data: &[u8]| {
    let [kind, packet, stream @ ..] = data else { return };
    let header = if kind & 1 == 0 { Header::Be2 } else { Header::Ascii4 };
    let codec = FrameCodec::new(Framing { header, self_inclusive: kind & 2 != 0 }, MAX);
    let whole = frames(codec, stream, stream.len().max(1));
    assert_eq!(frames(codec, stream, usize::from(*packet) + 1), whole, "packets do not matter");
    let mut again = BytesMut::new();
    for frame in &whole.0 {
        codec.encode(frame, &mut again).expect("a frame that came can be sent");
    }
    assert_eq!(&again[..], &stream[..again.len()], "encoded again");
});
