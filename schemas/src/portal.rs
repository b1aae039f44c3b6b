//! The statement that a portal signs for a resident's request: portal, resident, proof of the person, time, and what
//! is asked. One statement has one text, which is what is signed; [`Statement::read`] takes no other spelling of it.
//!
//! This module knows the text and no signature.

use crate::identity::{ProgramId, coded};
use crate::ids::Ppid;
use crate::jst::Millis;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The header of HTTP in which a statement comes: its text and its signature in hexadecimal, with a full stop between them.
pub const HEADER: &str = "kazasu-portal-statement";

/// The first line of each statement: what it is, and the version of its form.
const FIRST: &str = "kazasu portal statement 1";

/// The longest text that is read, in bytes.
pub const LONGEST: usize = 1_024;

coded!(
    /// A portal's proof of who the person is.
    Proven, "proven" {
        /// The card was read and its 4-digit PIN was right (利用者証明用).
        0 CardPin "card-pin";
        /// The card was read and the face was compared with its picture: also for cards without a PIN (顔認証).
        1 CardFace "card-face";
        /// The card's PIN was set anew a moment ago (暗証番号の再設定).
        2 PinReset "pin-reset";
        /// The person has signed in at the portal without the card, which may be lost.
        3 SignedIn "signed-in";
    }
);

coded!(
    /// The operation that a portal asks for a resident, by its word.
    PortalOperation, "operation" {
        /// Links an instrument.
        0 Link "link";
        /// Ends the link.
        1 Unlink "unlink";
        /// Suspends the card.
        2 SetCard "set_card";
        /// Sets the resident's own limits.
        3 SetLimits "set_limits";
        /// Sets the month's limit from a declaration.
        4 SetSpendable "set_spendable";
        /// Shows the resident.
        5 Resident "resident";
        /// Shows what the resident paid.
        6 ResidentStatement "resident_statement";
        /// Shows the resident's last taps, with the reasons for refusals.
        7 ResidentTaps "resident_taps";
        /// Shows where the resident's purses are accepted.
        8 ResidentShops "resident_shops";
        /// Chooses the notices that the portal gets about the resident.
        9 ChooseNotices "choose_notices";
    }
);

coded!(
    /// What a resident can choose to be told of through a portal.
    ResidentNotice, "notice" {
        /// Relief came into a purse.
        0 ReliefCredited "relief_credited";
        /// A purse can be spent for seven more days.
        1 LastDayNear "last_day_near";
        /// An amount was held for a payment that is to be completed.
        2 HoldSet "hold_set";
        /// A payment was given back.
        3 RefundDone "refund_done";
        /// One of the own limits is lower than before.
        4 LimitLowered "limit_lowered";
    }
);

/// The longest handle of a resident at a portal, in characters.
pub const LONGEST_HANDLE: usize = 64;

impl PortalOperation {
    /// Is this proof enough? An instrument is linked and unlinked by a person who has the card at hand and has proven to be its holder:
    /// who has just set a PIN anew, or has no card, does neither.
    #[must_use]
    pub fn takes(self, proven: Proven) -> bool {
        match self {
            PortalOperation::Link | PortalOperation::Unlink => match proven {
                Proven::CardPin | Proven::CardFace => true,
                Proven::PinReset | Proven::SignedIn => false,
            },
            PortalOperation::SetCard
            | PortalOperation::SetLimits
            | PortalOperation::SetSpendable
            | PortalOperation::Resident
            | PortalOperation::ResidentStatement
            | PortalOperation::ResidentTaps
            | PortalOperation::ResidentShops
            | PortalOperation::ChooseNotices => true,
        }
    }
}

/// A portal's statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// The portal, a program.
    pub portal: ProgramId,
    /// The person at the other end.
    pub resident: Ppid,
    /// The portal's proof of that.
    pub proven: Proven,
    /// The time of the portal's statement.
    pub at: Millis,
    /// The operation that is asked for.
    pub operation: PortalOperation,
    /// The whole request: see [`request_digest`].
    pub request: [u8; 32],
    /// Drawn for this statement: it is good once.
    pub nonce: [u8; 16],
}

/// The error of a text that is no statement.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{line}: expected {expected}, got {got:?}")]
pub struct StatementError {
    /// The line, by its name.
    pub line: &'static str,
    /// The expected value.
    pub expected: &'static str,
    /// The text that came, cut to 64 characters.
    pub got: String,
}

fn wrong(line: &'static str, expected: &'static str, got: &str) -> StatementError {
    StatementError { line, expected, got: got.chars().take(64).collect() }
}

fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}

/// SHA-256 over a request: method, blank, path with query, line feed, body. What a statement signs of it cannot be used for another one.
#[must_use]
pub fn request_digest(method: &str, target: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(method.as_bytes());
    hash.update(b" ");
    hash.update(target.as_bytes());
    hash.update(b"\n");
    hash.update(body);
    hash.finalize().into()
}

impl Statement {
    /// The text that is signed: eight lines, each with a line feed.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{FIRST}\nportal {}\nresident {}\nproven {}\nat {}\noperation {}\nrequest {}\nnonce {}\n",
            self.portal,
            self.resident,
            self.proven,
            self.at.jst_text(),
            self.operation,
            hex::encode(self.request),
            hex::encode(self.nonce)
        )
    }

    /// Reads a text. Another spelling of the same statement is refused: what was signed is compared byte by byte.
    pub fn read(text: &[u8]) -> Result<Statement, StatementError> {
        let text = std::str::from_utf8(text).map_err(|_| wrong("statement", "text in UTF-8", ""))?;
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let first = lines.next().unwrap_or_default();
        if first != FIRST {
            return Err(wrong("first line", "\"kazasu portal statement 1\"", first));
        }
        let mut line = |name: &'static str| {
            let line = lines.next().unwrap_or_default();
            let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
            value.ok_or_else(|| wrong(name, "a line with this name, a blank and a value", line))
        };
        let portal = line("portal")?;
        let portal = portal.parse().map_err(|_| wrong("portal", "the program's id, as key_5", portal))?;
        let resident = line("resident")?;
        let resident = resident.parse().map_err(|_| wrong("resident", "a PPID of 26 base32 characters", ""))?;
        let proven = line("proven")?;
        let how = "card-pin, card-face, pin-reset or signed-in";
        let proven = proven.parse().map_err(|_| wrong("proven", how, proven))?;
        let at = line("at")?;
        let moment = "a moment in Japan to the millisecond, as 2026-11-30T14:03:11.482+09:00";
        let at = Millis::parse(at).ok_or_else(|| wrong("at", moment, at))?;
        let operation = line("operation")?;
        let what = "link, unlink, set_card, set_limits, set_spendable, resident or resident_statement";
        let operation = operation.parse().map_err(|_| wrong("operation", what, operation))?;
        let request = line("request")?;
        let request = digits(request).ok_or_else(|| wrong("request", "64 hexadecimal digits", request))?;
        let nonce = line("nonce")?;
        let nonce = digits(nonce).ok_or_else(|| wrong("nonce", "32 hexadecimal digits", nonce))?;
        let statement = Statement { portal, resident, proven, at, operation, request, nonce };
        if statement.text() != text {
            return Err(wrong(
                "statement",
                "the one spelling: lower case, lines in order, a line feed at each end",
                "",
            ));
        }
        Ok(statement)
    }
}

/// The value of the header: a text and its signature.
#[must_use]
pub fn header(text: &[u8], signature: &[u8]) -> String {
    format!("{}.{}", hex::encode(text), hex::encode(signature))
}

/// The text and the signature of a header's value; `None` where it has another form.
#[must_use]
pub fn parts(value: &str) -> Option<(Vec<u8>, [u8; 64])> {
    let (text, signature) = value.trim().split_once('.')?;
    if text.len() > 2 * LONGEST {
        return None;
    }
    Some((hex::decode(text).ok()?, digits(signature)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Statement {
        Statement {
            portal: ProgramId::new(2),
            resident: Ppid::from_bytes([7; 16]),
            proven: Proven::CardPin,
            at: Millis::parse("2026-11-30T14:03:11.482+09:00").unwrap(),
            operation: PortalOperation::Link,
            request: request_digest("PUT", "/api/v1/residents/X/link", b"{}"),
            nonce: [0xab; 16],
        }
    }

    #[test]
    fn the_text_is_the_published_one_and_reads_back() {
        let text = sample().text();
        let expected = format!(
            "kazasu portal statement 1\nportal key_2\nresident A4DQOBYHA4DQOBYHA4DQOBYHA4\nproven card-pin\n\
             at 2026-11-30T14:03:11.482+09:00\noperation link\nrequest {}\nnonce {}\n",
            hex::encode(sample().request),
            "ab".repeat(16)
        );
        assert_eq!(text, expected);
        assert_eq!(Statement::read(text.as_bytes()).unwrap(), sample());
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let text = sample().text();
        for other in [
            text.trim_end().to_owned(),
            text.to_uppercase(),
            text.replace('\n', "\r\n"),
            text.replace("card-pin", "card_pin"),
            text.replace("key_2", "key_02"),
            text.replace(".482+09:00", "+09:00"),
            text.replace("14:03:11.482+09:00", "05:03:11.482+00:00"),
            text.replace("abab", "ABAB"),
            text.replace("operation link\n", ""),
            format!("{text}\n"),
            format!("{text}more x\n"),
            String::new(),
        ] {
            assert!(Statement::read(other.as_bytes()).is_err(), "{other:?}");
        }
        assert!(Statement::read(&[0xff; 10]).is_err());
    }

    #[test]
    fn a_digest_covers_method_address_and_body() {
        let one = request_digest("PUT", "/a", b"b");
        for other in [
            request_digest("POST", "/a", b"b"),
            request_digest("PUT", "/a?x", b"b"),
            request_digest("PUT", "/a", b"c"),
            request_digest("PUT", "/a\nb", b""),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn only_a_card_at_hand_links() {
        for operation in PortalOperation::ALL.iter().copied() {
            for proven in Proven::ALL.iter().copied() {
                let links = matches!(operation, PortalOperation::Link | PortalOperation::Unlink);
                let at_hand = matches!(proven, Proven::CardPin | Proven::CardFace);
                assert_eq!(operation.takes(proven), at_hand || !links, "{operation} {proven}");
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_the_text_of_what_was_read(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0_usize..300) {
            prop_assert!(Statement::read(&bytes).is_err());
            let mut text = sample().text().into_bytes();
            let place = at % text.len();
            text[place] ^= bytes.first().copied().unwrap_or(1);
            if let Ok(read) = Statement::read(&text) {
                prop_assert_eq!(read.text().into_bytes(), text);
            }
        }

        #[test]
        fn a_header_gives_back_its_parts(text in proptest::collection::vec(any::<u8>(), 0..LONGEST), signature in any::<[u8; 32]>()) {
            let signature: [u8; 64] = [signature, signature].concat().try_into().unwrap();
            let read = parts(&header(&text, &signature));
            prop_assert_eq!(read, Some((text, signature)));
        }
    }
}
