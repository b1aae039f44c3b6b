//! The numbers that name banks, accounts and clients, one type each.

use crate::ids::{IdError, digits};
use std::fmt;
use std::str::FromStr;

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $digits:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u64);

        impl $name {
            /// Digits in its field.
            pub const DIGITS: u32 = $digits;

            /// From a number that fits its field.
            pub fn new(number: u64) -> Result<Self, IdError> {
                if number < 10_u64.pow(Self::DIGITS) {
                    Ok($name(number))
                } else {
                    let problem = concat!("must be at most ", $digits, " digits");
                    Err(IdError { kind: $kind, problem, got: number.to_string() })
                }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                match digits(text.as_bytes()) {
                    Some(number) if text.len() == $digits => Ok($name(number)),
                    Some(_) | None => {
                        let problem = concat!("must be exactly ", $digits, " digits");
                        Err(IdError { kind: $kind, problem, got: text.chars().take(32).collect() })
                    }
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!("{:0width$}", self.0, width = $digits))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! plain_debug {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        })*
    };
}

/// An account number singles out a person or a company, so Debug (which ends up in logs) shows its last three digits
/// only.
macro_rules! masked_debug {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}(…{:03})", stringify!($name), self.0 % 1000)
            }
        })*
    };
}

code!(
    /// A bank (統一金融機関番号, four digits). 9900 is Japan Post Bank; 9999 belongs to no bank and serves in tests.
    BankCode, 4, "bank code"
);
code!(
    /// A bank's branch (統一店番号, three digits).
    BranchCode, 3, "branch code"
);
code!(
    /// An account's number at its branch (seven digits; shorter ones are written with zeros before them).
    AccountNumber, 7, "account number"
);
code!(
    /// The number that a bank gave to a client (振込依頼人コード, ten digits).
    ClientCode, 10, "client code"
);
code!(
    /// An account's number as a statement gives it: ten digits, the first three of which are zeros at most banks.
    LongAccountNumber, 10, "account number (10 digits)"
);
plain_debug!(BankCode BranchCode ClientCode);
masked_debug!(AccountNumber LongAccountNumber);

impl LongAccountNumber {
    /// The seven digits that transfers know, when the first three of the ten are zeros.
    #[must_use]
    pub fn short(self) -> Option<AccountNumber> {
        AccountNumber::new(self.0).ok()
    }
}

impl From<AccountNumber> for LongAccountNumber {
    fn from(number: AccountNumber) -> Self {
        LongAccountNumber(number.get())
    }
}
