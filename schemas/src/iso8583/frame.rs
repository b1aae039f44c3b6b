//! Framing: where one message ends and the next begins in a TCP stream. In front of a message stand its length and perhaps a
//! TPDU (routing addresses), behind it perhaps a trailer.

use bytes::{Buf, BufMut, BytesMut};

/// The length header in front of each message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// Two bytes, big-endian.
    Be2,
    /// Four bytes, big-endian.
    Be4,
    /// Four ASCII digits.
    Ascii4,
    /// Four packed digits in two bytes.
    Bcd2,
}

/// The transport protocol data unit in front of a message: an identifier, the destination's address and the source's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tpdu(pub [u8; Tpdu::LEN]);

impl Tpdu {
    /// Its bytes.
    pub const LEN: usize = 5;

    /// The answer's: back to the source.
    #[must_use]
    pub fn answer(self) -> Tpdu {
        let [id, to_high, to_low, from_high, from_low] = self.0;
        Tpdu([id, from_high, from_low, to_high, to_low])
    }

    /// As a number, never zero, that the asker is given back with its answer.
    #[must_use]
    pub fn tag(self) -> u64 {
        self.0.iter().fold(1, |tag, byte| tag << 8 | u64::from(*byte))
    }

    /// From such a number.
    #[must_use]
    pub fn from_tag(tag: u64) -> Tpdu {
        let [_, _, _, a, b, c, d, e] = tag.to_be_bytes();
        Tpdu([a, b, c, d, e])
    }
}

/// Bytes behind each message, always the same ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Trailer {
    bytes: [u8; Trailer::MOST],
    len: usize,
}

impl Trailer {
    /// The longest one.
    pub const MOST: usize = 8;

    /// `None` when there are more than eight.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Trailer> {
        let mut trailer = Trailer { len: bytes.len(), ..Trailer::default() };
        trailer.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(trailer)
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The bytes around a message, and those that the length counts. It always counts the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Framing {
    /// The length's form.
    pub header: Header,
    /// True when the length includes the header's own bytes.
    pub self_inclusive: bool,
    /// The TPDU of messages that this side begins, where messages have one.
    pub tpdu: Option<Tpdu>,
    /// True when the length includes the TPDU.
    pub counts_tpdu: bool,
    /// The bytes behind each message.
    pub trailer: Trailer,
    /// True when the length includes the trailer.
    pub counts_trailer: bool,
}

impl Framing {
    /// A length that does not count itself, and nothing else.
    #[must_use]
    pub const fn new(header: Header) -> Framing {
        let trailer = Trailer { bytes: [0; Trailer::MOST], len: 0 };
        Framing { header, self_inclusive: false, tpdu: None, counts_tpdu: true, trailer, counts_trailer: true }
    }

    /// Bytes of the header.
    #[must_use]
    pub fn header_len(self) -> usize {
        match self.header {
            Header::Be2 | Header::Bcd2 => 2,
            Header::Be4 | Header::Ascii4 => 4,
        }
    }

    /// Bytes in front of a message: header and TPDU.
    #[must_use]
    pub fn front_len(self) -> usize {
        self.header_len() + self.tpdu_len()
    }

    fn tpdu_len(self) -> usize {
        self.tpdu.map_or(0, |_| Tpdu::LEN)
    }

    /// The parts that the length counts besides the message.
    fn counted(self) -> usize {
        let header = if self.self_inclusive { self.header_len() } else { 0 };
        let tpdu = if self.counts_tpdu { self.tpdu_len() } else { 0 };
        let trailer = if self.counts_trailer { self.trailer.len } else { 0 };
        header + tpdu + trailer
    }

    /// The longest message the header can announce, in bytes of the message alone.
    #[must_use]
    pub fn limit(self) -> usize {
        let most = match self.header {
            Header::Be2 | Header::Be4 => 65_535,
            Header::Ascii4 | Header::Bcd2 => 9_999,
        };
        most - self.counted()
    }

    /// Appends a header for a message of `len` bytes. `len` must be within [`Framing::limit`].
    pub fn put_header(self, len: usize, out: &mut BytesMut) {
        let mut bytes = [0_u8; 4];
        out.extend_from_slice(self.header_bytes(len, &mut bytes));
    }

    /// Overwrites the header at `at`, reserved there before the message was written behind it.
    pub fn patch_header(self, len: usize, out: &mut BytesMut, at: usize) {
        let mut bytes = [0_u8; 4];
        let header = self.header_bytes(len, &mut bytes);
        out[at..at + header.len()].copy_from_slice(header);
    }

    /// Appends what stands in front of a message whose length is not known yet, with this TPDU or the framing's own.
    pub fn begin(self, tpdu: Option<Tpdu>, out: &mut BytesMut) {
        self.put_header(0, out);
        if let Some(own) = self.tpdu {
            out.put_slice(&tpdu.unwrap_or(own).0);
        }
    }

    /// Ends what was begun at `at`: a message of `len` bytes has been written behind it.
    pub fn finish(self, len: usize, out: &mut BytesMut, at: usize) {
        out.put_slice(self.trailer.bytes());
        self.patch_header(len, out, at);
    }

    fn header_bytes(self, len: usize, bytes: &mut [u8; 4]) -> &[u8] {
        assert!(len <= self.limit(), "a message of {len} bytes does not fit the frame header");
        let number = u16::try_from(len + self.counted()).expect("within the header's limit");
        let [high, low] = number.to_be_bytes();
        match self.header {
            Header::Be2 => {
                [bytes[0], bytes[1]] = [high, low];
                &bytes[..2]
            }
            Header::Be4 => {
                *bytes = [0, 0, high, low];
                &bytes[..]
            }
            Header::Ascii4 => {
                crate::ids::write_digits(u64::from(number), bytes);
                &bytes[..]
            }
            Header::Bcd2 => {
                let mut digits = [0_u8; 4];
                crate::ids::write_digits(u64::from(number), &mut digits);
                let [a, b, c, d] = digits.map(|digit| digit & 15);
                [bytes[0], bytes[1]] = [a << 4 | b, c << 4 | d];
                &bytes[..2]
            }
        }
    }
}

/// A stream that can no longer be cut into messages: the link must close, since nothing after this point has a meaning.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Four ASCII digits were expected.
    #[error("frame header: expected 4 ASCII digits, found 0x{0}")]
    NotDigits(String),
    /// Four packed digits were expected.
    #[error("frame header: expected 4 packed digits, found 0x{0}")]
    NotPacked(String),
    /// Shorter than a message type and bitmap, or than its own header.
    #[error("frame of {0} bytes is shorter than a message type and a bitmap")]
    TooShort(usize),
    /// Longer than the dialect allows.
    #[error("frame of {got} bytes is over the dialect's maximum of {max}")]
    TooLong {
        /// The announced length.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// Behind the message stands something else, and the length does not count it: the length may be wrong.
    #[error("frame trailer: expected 0x{expected}, found 0x{found}")]
    Trailer {
        /// The dialect's.
        expected: String,
        /// The content that came.
        found: String,
    },
}

/// A message as it was cut out of the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The addresses of source and destination, in dialects that have them.
    pub tpdu: Option<Tpdu>,
    /// The message alone, from its type on.
    pub message: BytesMut,
    /// The bytes in the trailer's place, when they are not the trailer. The length counts them, so the next message is whole.
    pub wrong_trailer: Option<BytesMut>,
}

/// Cuts frames out of a byte stream and puts headers before messages. It keeps no state between calls.
#[derive(Clone, Copy, Debug)]
pub struct FrameCodec {
    framing: Framing,
    max: usize,
}

/// The shortest frame that can be a message: a packed message type and a raw primary bitmap.
const SHORTEST: usize = 10;

impl FrameCodec {
    /// Frames of at most `max` bytes; header, TPDU and trailer not counted.
    #[must_use]
    pub fn new(framing: Framing, max: usize) -> Self {
        FrameCodec { framing, max: max.min(framing.limit()) }
    }

    /// The framing.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Bytes of the message alone.
    fn message_len(&self, header: &[u8]) -> Result<usize, FrameError> {
        let big_endian = || header.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        let number = match self.framing.header {
            Header::Be2 | Header::Be4 => big_endian(),
            Header::Ascii4 => crate::ids::digits(header).ok_or_else(|| FrameError::NotDigits(hex::encode(header)))?,
            Header::Bcd2 => {
                let mut nibbles = header.iter().flat_map(|b| [b >> 4, b & 15]);
                let number = nibbles.try_fold(0, |n, nibble| (nibble <= 9).then(|| n * 10 + u64::from(nibble)));
                number.ok_or_else(|| FrameError::NotPacked(hex::encode(header)))?
            }
        };
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let len = number.checked_sub(self.framing.counted()).ok_or(FrameError::TooShort(number))?;
        if len < SHORTEST {
            return Err(FrameError::TooShort(len));
        }
        if len > self.max {
            return Err(FrameError::TooLong { got: len, max: self.max });
        }
        Ok(len)
    }

    /// The next whole message alone, or `None` when more bytes are needed. An error is final.
    pub fn decode(&self, src: &mut BytesMut) -> Result<Option<BytesMut>, FrameError> {
        Ok(self.next(src)?.map(|frame| frame.message))
    }

    /// The next whole message with what stands around it, or `None` when more bytes are needed. An error is final.
    pub fn next(&self, src: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let header = self.framing.header_len();
        if src.len() < header {
            return Ok(None);
        }
        let len = self.message_len(&src[..header])?;
        let (tpdu_len, trailer) = (self.framing.tpdu_len(), self.framing.trailer);
        let whole = header + tpdu_len + len + trailer.len;
        if src.len() < whole {
            src.reserve(whole - src.len());
            return Ok(None);
        }
        src.advance(header);
        let tpdu: Option<[u8; Tpdu::LEN]> = src[..tpdu_len].try_into().ok();
        src.advance(tpdu_len);
        let message = src.split_to(len);
        let found = src.split_to(trailer.len);
        let wrong_trailer = (found[..] != *trailer.bytes()).then_some(found);
        match wrong_trailer {
            Some(found) if !self.framing.counts_trailer => {
                Err(FrameError::Trailer { expected: hex::encode(trailer.bytes()), found: hex::encode(found) })
            }
            wrong_trailer => Ok(Some(Frame { tpdu: tpdu.map(Tpdu), message, wrong_trailer })),
        }
    }

    /// Puts a message behind its header at the end of `dst`, with the framing's own TPDU.
    pub fn encode(&self, message: &[u8], dst: &mut BytesMut) -> Result<(), FrameError> {
        if message.len() > self.max {
            return Err(FrameError::TooLong { got: message.len(), max: self.max });
        }
        let at = dst.len();
        self.framing.begin(None, dst);
        dst.put_slice(message);
        self.framing.finish(message.len(), dst, at);
        Ok(())
    }
}
