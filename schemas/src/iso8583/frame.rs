//! Framing: where one message ends and the next begins in a TCP stream.

use bytes::{Buf, BufMut, BytesMut};

/// The length header in front of each message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// Two bytes, big-endian.
    Be2,
    /// Four ASCII digits.
    Ascii4,
}

/// A header and whether its number counts the header itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Framing {
    /// The header's form.
    pub header: Header,
    /// True when the length includes the header.
    pub self_inclusive: bool,
}

impl Framing {
    /// Bytes of the header.
    #[must_use]
    pub fn header_len(self) -> usize {
        match self.header {
            Header::Be2 => 2,
            Header::Ascii4 => 4,
        }
    }

    /// The longest message the header can announce, in bytes without the header.
    #[must_use]
    pub fn limit(self) -> usize {
        let most = match self.header {
            Header::Be2 => 65_535,
            Header::Ascii4 => 9_999,
        };
        if self.self_inclusive { most - self.header_len() } else { most }
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

    fn header_bytes(self, len: usize, bytes: &mut [u8; 4]) -> &[u8] {
        assert!(len <= self.limit(), "a message of {len} bytes does not fit the frame header");
        let number = if self.self_inclusive { len + self.header_len() } else { len };
        match self.header {
            Header::Be2 => {
                let [hi, lo] = u16::try_from(number).expect("within the header's limit").to_be_bytes();
                bytes[0] = hi;
                bytes[1] = lo;
                &bytes[..2]
            }
            Header::Ascii4 => {
                crate::ids::write_digits(u64::try_from(number).expect("small"), bytes);
                &bytes[..]
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
    /// Frames of at most `max` bytes, header not counted.
    #[must_use]
    pub fn new(framing: Framing, max: usize) -> Self {
        FrameCodec { framing, max: max.min(framing.limit()) }
    }

    /// The framing.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }

    fn body_len(&self, header: &[u8]) -> Result<usize, FrameError> {
        let number = match self.framing.header {
            Header::Be2 => usize::from(u16::from_be_bytes([header[0], header[1]])),
            Header::Ascii4 => crate::ids::digits(header)
                .and_then(|n| usize::try_from(n).ok())
                .ok_or_else(|| FrameError::NotDigits(hex::encode(header)))?,
        };
        let own = if self.framing.self_inclusive { self.framing.header_len() } else { 0 };
        let len = number.checked_sub(own).ok_or(FrameError::TooShort(number))?;
        if len < SHORTEST {
            return Err(FrameError::TooShort(len));
        }
        if len > self.max {
            return Err(FrameError::TooLong { got: len, max: self.max });
        }
        Ok(len)
    }

    /// The next whole message without its header, or `None` when more bytes are needed. An error is final.
    pub fn decode(&self, src: &mut BytesMut) -> Result<Option<BytesMut>, FrameError> {
        let header = self.framing.header_len();
        if src.len() < header {
            return Ok(None);
        }
        let len = self.body_len(&src[..header])?;
        if src.len() < header + len {
            src.reserve(header + len - src.len());
            return Ok(None);
        }
        src.advance(header);
        Ok(Some(src.split_to(len)))
    }

    /// Puts a message behind its header at the end of `dst`.
    pub fn encode(&self, message: &[u8], dst: &mut BytesMut) -> Result<(), FrameError> {
        if message.len() > self.max {
            return Err(FrameError::TooLong { got: message.len(), max: self.max });
        }
        self.framing.put_header(message.len(), dst);
        dst.put_slice(message);
        Ok(())
    }
}
