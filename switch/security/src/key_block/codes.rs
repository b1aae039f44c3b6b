//! The codes of a header (ANSI X9.143-2021, tables 2 to 7), with what they mean.

/// A field of one character: its values and their meanings.
macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $field:literal { $($variant:ident = $code:literal, $meaning:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name {
            $(#[doc = $meaning] $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As the header has it.
            #[must_use]
            pub const fn code(self) -> char {
                match self { $(Self::$variant => $code),+ }
            }

            /// In words.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),+ }
            }

            pub(super) fn read(code: char) -> Result<Self, super::error::KeyBlockError> {
                Self::ALL.iter().copied().find(|known| known.code() == code).ok_or_else(|| {
                    let known: Vec<String> = Self::ALL.iter().map(|known| known.code().to_string()).collect();
                    super::error::KeyBlockError::field($field, format!("one of {}", known.join(" ")), code)
                })
            }
        }
    };
}

code! {
    /// The algorithm that a key is for.
    Algorithm, "algorithm (position 8)" {
        Aes = 'A', "AES";
        Des = 'D', "DES";
        EllipticCurve = 'E', "elliptic curve";
        Hmac = 'H', "HMAC";
        Rsa = 'R', "RSA";
        Dsa = 'S', "DSA";
        TripleDes = 'T', "triple DES";
    }
}

code! {
    /// What its holder may do with a key.
    Mode, "mode of use (position 9)" {
        EncryptDecrypt = 'B', "encrypt and decrypt, wrap and unwrap";
        GenerateVerify = 'C', "generate and verify MACs";
        Decrypt = 'D', "decrypt and unwrap only";
        Encrypt = 'E', "encrypt and wrap only";
        Generate = 'G', "generate MACs only";
        Any = 'N', "no restriction besides the key's usage";
        Sign = 'S', "sign only";
        SignDecrypt = 'T', "sign and decrypt";
        Verify = 'V', "verify MACs only";
        Derive = 'X', "derive other keys";
        Variant = 'Y', "create key variants";
    }
}

code! {
    /// May its holder hand a key on?
    Exportability, "exportability (position 12)" {
        Trusted = 'E', "may be exported in a key block";
        Never = 'N', "must not be exported";
        Sensitive = 'S', "may be exported in other forms";
    }
}

code! {
    /// Where the block itself is used.
    Context, "key context (position 15)" {
        Unsaid = '0', "not said, as before X9.143";
        Storage = '1', "storage";
        Exchange = '2', "exchange between parties";
    }
}

/// What a key is for: two characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage([u8; 2]);

/// Every usage of the table.
const USAGES: [([u8; 2], &str); 40] = [
    (*b"B0", "base derivation key (DUKPT)"),
    (*b"B1", "initial DUKPT key"),
    (*b"B2", "base key variant key"),
    (*b"B3", "key derivation key, other than X9.24"),
    (*b"C0", "card verification key"),
    (*b"D0", "symmetric data encryption"),
    (*b"D1", "asymmetric data encryption"),
    (*b"D2", "data encryption of a decimalization table"),
    (*b"D3", "encryption of sensitive data"),
    (*b"E0", "EMV: application cryptograms"),
    (*b"E1", "EMV: secure messaging, confidentiality"),
    (*b"E2", "EMV: secure messaging, integrity"),
    (*b"E3", "EMV: data authentication code"),
    (*b"E4", "EMV: dynamic numbers"),
    (*b"E5", "EMV: card personalization"),
    (*b"E6", "EMV: other"),
    (*b"E7", "EMV: asymmetric key pair"),
    (*b"I0", "initialization vector"),
    (*b"K0", "key encryption or wrapping"),
    (*b"K1", "key block protection key"),
    (*b"K2", "TR-34 asymmetric key"),
    (*b"K3", "asymmetric key agreement"),
    (*b"K4", "ISO 20038 key block protection key"),
    (*b"M0", "ISO 16609 MAC algorithm 1 (triple DES)"),
    (*b"M1", "ISO 9797-1 MAC algorithm 1"),
    (*b"M2", "ISO 9797-1 MAC algorithm 2"),
    (*b"M3", "ISO 9797-1 MAC algorithm 3 (retail MAC)"),
    (*b"M4", "ISO 9797-1 MAC algorithm 4"),
    (*b"M5", "ISO 9797-1:1999 MAC algorithm 5"),
    (*b"M6", "ISO 9797-1:2011 MAC algorithm 5 (CMAC)"),
    (*b"M7", "HMAC"),
    (*b"M8", "ISO 9797-1:2011 MAC algorithm 6"),
    (*b"P0", "PIN encryption"),
    (*b"P1", "PIN generation"),
    (*b"S0", "asymmetric key pair for signatures"),
    (*b"S1", "asymmetric key pair of an authority"),
    (*b"V0", "PIN verification, KPV or other"),
    (*b"V1", "PIN verification, IBM 3624"),
    (*b"V2", "PIN verification, Visa PVV"),
    (*b"V3", "PIN verification, X9.132 algorithm 1"),
];

impl Usage {
    /// Derives other keys, in a way of the parties' own.
    pub const DERIVATION: Usage = Usage(*b"B3");
    /// Protects key blocks.
    pub const PROTECTION: Usage = Usage(*b"K1");
    /// AES-CMAC.
    pub const CMAC: Usage = Usage(*b"M6");
    /// HMAC.
    pub const HMAC: Usage = Usage(*b"M7");

    /// As the header has it.
    #[must_use]
    pub fn code(self) -> String {
        self.0.map(char::from).iter().collect()
    }

    /// In words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        let known = USAGES.iter().find(|(code, _)| *code == self.0);
        known.map_or("agreed between the parties", |(_, meaning)| meaning)
    }

    pub(super) fn read(code: &str) -> Result<Self, super::error::KeyBlockError> {
        let bytes: Option<[u8; 2]> = code.as_bytes().try_into().ok();
        // 10 to 99 are the parties' own.
        let own = |code: &[u8; 2]| matches!(code, [b'1'..=b'9', b'0'..=b'9']);
        let known = bytes.filter(|code| own(code) || USAGES.iter().any(|(known, _)| known == code));
        known.map(Usage).ok_or_else(|| {
            super::error::KeyBlockError::field("key usage (position 6)", "a code of ANSI X9.143, as M6 or B3", code)
        })
    }
}
