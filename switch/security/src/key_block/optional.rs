//! Optional blocks of a header: an identifier of two characters, a length in hexadecimal digits, and text.

use super::cipher::BLOCK;
use super::error::KeyBlockError;

/// The identifier of the block that fills a header up; it is always the last one.
const PAD: &str = "PB";
/// Characters of identifier and length.
const SHORT: usize = 4;
/// The same where the length takes four digits: `00`, `02`, and the digits.
const LONG: usize = 10;

/// One block: what it is, and its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Optional {
    id: [u8; 2],
    text: String,
}

impl Optional {
    /// SHA-256 as the hash function of an HMAC key.
    #[must_use]
    pub fn hmac_sha256() -> Self {
        Optional { id: *b"HM", text: "21".into() }
    }

    /// The check value (AES-CMAC) of the key that protects the block.
    #[must_use]
    pub fn protection_check_value(value: [u8; 5]) -> Self {
        Optional { id: *b"KP", text: format!("01{}", hex::encode_upper(value)) }
    }

    /// The check value (AES-CMAC) of the key inside.
    #[must_use]
    pub fn key_check_value(value: [u8; 5]) -> Self {
        Optional { id: *b"KC", text: format!("01{}", hex::encode_upper(value)) }
    }

    /// Any other one: two letters or digits, and printable ASCII.
    pub fn new(id: [u8; 2], text: &str) -> Result<Self, KeyBlockError> {
        let name = id.map(char::from).iter().collect::<String>();
        check_id(&name)?;
        if name == PAD {
            return Err(KeyBlockError::field("optional blocks", "any but PB, which is added where it is needed", name));
        }
        if text.bytes().any(|b| !matches!(b, b' '..=b'~')) {
            return Err(KeyBlockError::field(format!("optional block {name}"), "printable ASCII", "another character"));
        }
        let block = Optional { id, text: text.to_owned() };
        block.check()?;
        Ok(block)
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        std::str::from_utf8(&self.id).expect("letters and digits")
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Of KC and KP: the value, when it is AES-CMAC's (`01`); the older method (`00`) is no AES key's.
    pub(super) fn check_value(&self) -> Option<Vec<u8>> {
        self.text.strip_prefix("01").and_then(|value| hex::decode(value).ok())
    }

    /// What is known of a block's text.
    fn check(&self) -> Result<(), KeyBlockError> {
        let field = format!("optional block {}", self.id());
        match self.id() {
            "KC" | "KP" => {
                let digits = self.text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
                let method = self.text.starts_with("00") || self.text.starts_with("01");
                if !(digits && method && matches!(self.text.len(), 6..=12) && self.text.len().is_multiple_of(2)) {
                    let expected = "00 or 01 and a check value of 4 to 10 hexadecimal digits in capitals";
                    return Err(KeyBlockError::field(field, expected, &self.text));
                }
            }
            "HM" if self.text != "21" => {
                return Err(KeyBlockError::field(field, "21 (SHA-256)", &self.text));
            }
            _ => {}
        }
        Ok(())
    }
}

fn check_id(id: &str) -> Result<(), KeyBlockError> {
    if id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Ok(());
    }
    Err(KeyBlockError::field("identifier of an optional block", "two capital letters or digits", id))
}

/// Takes `count` blocks from the front of a text. Gives them without the one that fills up, and the rest of the text.
pub(super) fn read(text: &str, count: usize) -> Result<(Vec<Optional>, &str), KeyBlockError> {
    let mut blocks: Vec<Optional> = Vec::new();
    let mut rest = text;
    for at in 1..=count {
        let (id, inside, behind) = one(rest, at)?;
        rest = behind;
        if id == PAD {
            if at != count {
                return Err(KeyBlockError::field("optional block PB", "the last place", format!("place {at}")));
            }
            continue;
        }
        if blocks.iter().any(|block| block.id() == id) {
            return Err(KeyBlockError::field("optional blocks", "each at most once", id));
        }
        let id = id.as_bytes().try_into().expect("two characters of ASCII");
        let block = Optional { id, text: inside.to_owned() };
        block.check()?;
        blocks.push(block);
    }
    Ok((blocks, rest))
}

/// Identifier, text, and what is behind the block.
fn one(text: &str, at: usize) -> Result<(&str, &str, &str), KeyBlockError> {
    let short =
        || KeyBlockError::field(format!("optional block {at}"), "identifier, length and text", "the block's end");
    let (id, behind) = text.split_at_checked(2).ok_or_else(short)?;
    check_id(id)?;
    let field = || format!("length of optional block {id}");
    let (first, _) = behind.split_at_checked(2).ok_or_else(short)?;
    let (front, length) = match hexadecimal(first, &field())? {
        0 => {
            let (digits, _) = behind[2..].split_at_checked(6).ok_or_else(short)?;
            let Some(digits) = digits.strip_prefix("02") else {
                return Err(KeyBlockError::field(field(), "02 digits-bytes and four digits behind 00", digits));
            };
            (LONG, hexadecimal(digits, &field())?)
        }
        length => (SHORT, length),
    };
    if length < front {
        return Err(KeyBlockError::field(field(), format!("at least {front}: it counts itself"), length));
    }
    let (block, behind) = text.split_at_checked(length).ok_or_else(short)?;
    Ok((id, &block[front..], behind))
}

fn hexadecimal(digits: &str, field: &str) -> Result<usize, KeyBlockError> {
    let capital = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    let value = capital.then(|| usize::from_str_radix(digits, 16).ok()).flatten();
    value.ok_or_else(|| KeyBlockError::field(field, "hexadecimal digits in capitals", digits))
}

/// The blocks as text, filled up to whole cipher blocks, and their number.
pub(super) fn write(blocks: &[Optional]) -> Result<(String, usize), KeyBlockError> {
    let mut text = String::new();
    for (at, block) in blocks.iter().enumerate() {
        if blocks[..at].iter().any(|before| before.id == block.id) {
            return Err(KeyBlockError::field("optional blocks", "each at most once", block.id()));
        }
        push(&mut text, block.id(), &block.text)?;
    }
    let mut count = blocks.len();
    let missing = text.len().next_multiple_of(BLOCK) - text.len();
    if missing > 0 {
        // A block that fills up has its own identifier and length.
        let whole = if missing < SHORT { missing + BLOCK } else { missing };
        push(&mut text, PAD, &"0".repeat(whole - SHORT))?;
        count += 1;
    }
    if count > 99 {
        return Err(KeyBlockError::field("number of optional blocks", "at most 99", count));
    }
    Ok((text, count))
}

fn push(out: &mut String, id: &str, text: &str) -> Result<(), KeyBlockError> {
    let length = text.len() + SHORT;
    if length < 256 {
        out.push_str(&format!("{id}{length:02X}{text}"));
        return Ok(());
    }
    let length = text.len() + LONG;
    if length > 0xFFFF {
        return Err(KeyBlockError::field(format!("optional block {id}"), "at most 65,535 characters", length));
    }
    out.push_str(&format!("{id}0002{length:04X}{text}"));
    Ok(())
}
