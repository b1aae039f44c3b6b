//! DE39: every refusal by name and number, and the one table that maps it to a response code.

use std::fmt;

/// A response code, DE39 (an2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResponseCode([u8; 2]);

impl ResponseCode {
    /// `00`, approved.
    pub const APPROVED: ResponseCode = ResponseCode(*b"00");
    /// `10`, approved for less than was asked.
    pub const PARTIAL: ResponseCode = ResponseCode(*b"10");
    /// `30`, format error.
    pub const FORMAT: ResponseCode = ResponseCode(*b"30");
    /// `63`, security violation.
    pub const SECURITY: ResponseCode = ResponseCode(*b"63");
    /// `91`, issuer or switch cannot answer now.
    pub const UNAVAILABLE: ResponseCode = ResponseCode(*b"91");
    /// `95`, reconciliation out of balance.
    pub const OUT_OF_BALANCE: ResponseCode = ResponseCode(*b"95");
    /// `96`, system malfunction.
    pub const MALFUNCTION: ResponseCode = ResponseCode(*b"96");

    /// From the field's two letters or digits.
    #[must_use]
    pub fn from_wire(bytes: &[u8]) -> Option<Self> {
        let exact: [u8; 2] = bytes.try_into().ok()?;
        exact.iter().all(u8::is_ascii_alphanumeric).then_some(ResponseCode(exact))
    }

    /// The field's bytes.
    #[must_use]
    pub fn wire(&self) -> &[u8; 2] {
        &self.0
    }

    /// `05`, do not honour.
    pub const DO_NOT_HONOUR: ResponseCode = ResponseCode(*b"05");

    /// An issuer's code as a terminal hears it. Codes that a terminal does not know, and those that are about the message between
    /// switch and issuer (its original, format, MAC, lateness, number), become `05`: they would say something wrong of the
    /// terminal's own message.
    #[must_use]
    pub fn towards_terminal(self) -> ResponseCode {
        match &self.0 {
            b"00" | b"03" | b"05" | b"10" | b"12" | b"13" | b"14" | b"15" | b"41" | b"43" | b"51" | b"54" | b"55"
            | b"57" | b"58" | b"59" | b"61" | b"62" | b"65" | b"75" | b"90" | b"91" | b"92" | b"96" => self,
            _ => Self::DO_NOT_HONOUR,
        }
    }

    /// True for `00`.
    #[must_use]
    pub fn is_approved(self) -> bool {
        self == Self::APPROVED
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("letters and digits")
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DE39={}", self.as_str())
    }
}

impl<C> minicbor::Encode<C> for ResponseCode {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(self.as_str())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for ResponseCode {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_wire(d.str()?.as_bytes())
            .ok_or_else(|| minicbor::decode::Error::message("a response code is two letters or digits"))
    }
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $code:literal, $text:literal;)*) => {
        /// The switch's own reasons to refuse, in the order in which they are checked: the first that holds is the answer.
        ///
        /// The numbers are stable: they are what the journal keeps.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, minicbor::Encode, minicbor::Decode)]
        #[cbor(index_only)]
        pub enum Refusal {
            $($(#[$doc])* #[n($number)] $name,)*
        }

        impl Refusal {
            /// Every refusal in its order of precedence.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name),*];

            /// Its number in the journal.
            #[must_use]
            pub fn number(self) -> u8 {
                match self { $(Refusal::$name => $number),* }
            }

            /// The response code that the acquirer gets.
            #[must_use]
            pub fn code(self) -> ResponseCode {
                match self { $(Refusal::$name => ResponseCode(*$code)),* }
            }

            /// Its name for people, metrics and reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Refusal::$name => $text),* }
            }
        }
    };
}

refusals! {
    /// The same key came before with other content.
    DuplicateMismatch = 1, b"94", "duplicate_mismatch";
    /// A reversal for this message arrived before the message itself.
    ReversedBefore = 2, b"94", "reversed_before_arrival";
    /// The processing code or message type is none that this switch serves.
    UnsupportedTransaction = 3, b"12", "unsupported_transaction";
    /// The merchant is unknown at this acquirer, or closed.
    UnknownMerchant = 4, b"03", "unknown_merchant";
    /// The terminal is unknown, or belongs to another merchant.
    UnknownTerminal = 5, b"58", "unknown_terminal";
    /// The currency is not yen.
    UnsupportedCurrency = 6, b"12", "unsupported_currency";
    /// The amount is zero.
    ZeroAmount = 7, b"13", "zero_amount";
    /// No original message with these data.
    OriginalNotFound = 8, b"25", "original_not_found";
    /// The original is in no state that allows this (declined, voided, still pending).
    OriginalNotOpen = 9, b"12", "original_not_open";
    /// More than what is left of the original.
    AboveOriginal = 10, b"13", "above_original";
    /// The PPID is not known.
    UnknownPpid = 11, b"14", "unknown_ppid";
    /// The temporary ID has been merged into another card.
    CardMerged = 20, b"62", "card_merged";
    /// The card is suspended.
    CardSuspended = 21, b"41", "card_suspended";
    /// The card has been revoked.
    CardRevoked = 22, b"62", "card_revoked";
    /// The card's last day is over.
    CardExpired = 23, b"54", "card_expired";
    /// No card status list, or one too old to decide on.
    ListTooOld = 24, b"91", "card_status_list_too_old";
    /// The card status list is not fresh, and the amount is above what may be decided on it.
    AboveListCap = 25, b"61", "above_cap_of_stale_list";
    /// The amount needs the PIN.
    PinRequired = 26, b"55", "pin_required";
    /// There is purse money, but it may not be spent here or does not suffice, and nothing else is linked.
    PurseNotUsable = 27, b"57", "purse_not_usable_here";
    /// The PPID has no instrument linked at this moment.
    NoInstrument = 12, b"14", "no_instrument_linked";
    /// The PPID is not the one of the original.
    OtherPpid = 13, b"12", "ppid_differs_from_original";
    /// Above a limit per tap.
    TapLimit = 28, b"61", "limit_per_tap";
    /// Above a limit of a day, a month or several days.
    AmountLimit = 29, b"61", "limit_of_amount";
    /// One tap too many.
    CountLimit = 30, b"65", "limit_of_count";
    /// The account does not cover the amount.
    InsufficientFunds = 14, b"51", "insufficient_funds";
    /// A balance would leave the range of numbers the ledger can hold.
    BalanceOverflow = 15, b"13", "balance_overflow";
    /// The linked instrument's issuer is not configured.
    NoRoute = 16, b"92", "no_route_to_issuer";
    /// The issuer's link is down; nothing was sent.
    IssuerUnavailable = 17, b"91", "issuer_unavailable";
    /// The issuer did not answer in time; the outcome is unknown and is being reversed.
    IssuerTimeout = 18, b"91", "issuer_timeout";
    /// An inquiry about an instrument whose balance only its issuer knows.
    BalanceNotHeld = 19, b"57", "balance_not_held_here";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct() {
        let numbers: std::collections::BTreeSet<u8> = Refusal::ALL.iter().map(|r| r.number()).collect();
        assert_eq!(numbers.len(), Refusal::ALL.len());
        assert!(Refusal::ALL.iter().all(|r| !r.code().is_approved()));
    }

    #[test]
    fn the_table_is_the_published_one() {
        let table: Vec<String> =
            Refusal::ALL.iter().map(|r| format!("{} {} {}", r.number(), r.code(), r.name())).collect();
        assert_eq!(
            table.join("\n"),
            "1 94 duplicate_mismatch\n2 94 reversed_before_arrival\n3 12 unsupported_transaction\n4 03 unknown_merchant\n\
             5 58 unknown_terminal\n6 12 unsupported_currency\n7 13 zero_amount\n8 25 original_not_found\n\
             9 12 original_not_open\n10 13 above_original\n11 14 unknown_ppid\n20 62 card_merged\n21 41 card_suspended\n\
             22 62 card_revoked\n23 54 card_expired\n24 91 card_status_list_too_old\n25 61 above_cap_of_stale_list\n\
             26 55 pin_required\n27 57 purse_not_usable_here\n12 14 no_instrument_linked\n\
             13 12 ppid_differs_from_original\n28 61 limit_per_tap\n29 61 limit_of_amount\n30 65 limit_of_count\n14 51 insufficient_funds\n15 13 balance_overflow\n\
             16 92 no_route_to_issuer\n17 91 issuer_unavailable\n18 91 issuer_timeout\n19 57 balance_not_held_here"
        );
    }
}
