//! The identities: organisations, people, programs, and the roles that they hold. Sign-in and secrets are not here.
//!
//! An identity is its immutable id (`per_3`, `key_5`, `org_2`): records keep it, and it is compared. A [`Name`] is only shown; its
//! [`NameKey`] keeps two identities from having names that look alike.

mod name;

use crate::ids::{InstitutionId, MerchantId};
use crate::jst::BusinessDay;
use minicbor::{Decode, Encode};
pub use name::{Name, NameError, NameKey};
use std::fmt;
use std::str::FromStr;

/// The error of a text that is no id of an identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: expected {prefix} and a number from 1 on, for example {prefix}3, got {got:?}")]
pub struct IdentityError {
    /// The expected value.
    pub kind: &'static str,
    /// The prefix of such an id.
    pub prefix: &'static str,
    /// The text that came, cut to 64 characters.
    pub got: String,
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] u32);

        impl $name {
            /// Its prefix as text.
            pub const PREFIX: &'static str = $prefix;

            /// The `n`-th, from 1.
            #[must_use]
            pub const fn new(n: u32) -> Self {
                Self(n)
            }

            /// Its number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdentityError;

            fn from_str(text: &str) -> Result<Self, IdentityError> {
                let wrong = || IdentityError {
                    kind: $kind,
                    prefix: $prefix,
                    got: text.chars().take(64).collect(),
                };
                let digits = text.strip_prefix($prefix).ok_or_else(wrong)?;
                let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
                let number = digits.parse().ok().filter(|_| plain);
                number.map(Self).ok_or_else(wrong)
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

identity!(
    /// A person: the same one for ever, under every name and at every place of work.
    PersonId, "per_", "person"
);
identity!(
    /// A program that has a key of its own.
    ProgramId, "key_", "program"
);
identity!(
    /// An organisation.
    OrganisationId, "org_", "organisation"
);
identity!(
    /// A grant of a role.
    GrantId, "grt_", "grant"
);

/// A person or a program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Encode, Decode)]
pub enum ActorId {
    /// A person.
    #[n(0)]
    Person(#[n(0)] PersonId),
    /// A program.
    #[n(1)]
    Program(#[n(0)] ProgramId),
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActorId::Person(id) => id.fmt(f),
            ActorId::Program(id) => id.fmt(f),
        }
    }
}

impl FromStr for ActorId {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        if text.starts_with(ProgramId::PREFIX) {
            return text.parse().map(ActorId::Program);
        }
        text.parse().map(ActorId::Person)
    }
}

impl serde::Serialize for ActorId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for ActorId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident, $kind:literal { $($(#[$vdoc:meta])* $n:literal $variant:ident $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Encode, Decode)]
        #[cbor(index_only)]
        pub enum $name { $($(#[$vdoc])* #[n($n)] $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// As people and programs write it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = $name::ALL.iter().find(|one| one.name() == text).copied();
                found.ok_or_else(|| {
                    let known: Vec<&str> = $name::ALL.iter().map(|one| one.name()).collect();
                    let got: String = text.chars().take(64).collect();
                    format!(concat!($kind, ": expected one of {}, got {:?}"), known.join(", "), got)
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.name())
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

pub(crate) use coded;

coded!(
    /// The roles of a person or program for an organisation. The access table says what each may do.
    Role, "role" {
        /// Prepares a city's programmes and relief batches (担当者).
        0 CityOfficer "city-officer";
        /// Approves them (決裁者).
        1 CityApprover "city-approver";
        /// Holds a city's money (会計管理者).
        2 CityTreasurer "city-treasurer";
        /// Closes days (経理担当).
        3 FinanceStaff "finance-staff";
        /// Approves contracts, payouts and resolutions (経理承認者).
        4 FinanceApprover "finance-approver";
        /// Speaks for a merchant.
        5 MerchantOwner "merchant-owner";
        /// Works for a merchant.
        6 MerchantStaff "merchant-staff";
        /// Stands at a merchant's till.
        7 MerchantCashier "merchant-cashier";
        /// An acquirer or an issuer.
        8 Partner "partner";
        /// Helps one resident at a time (コールセンター).
        9 CallCentre "call-centre";
        /// A program through which residents act for themselves.
        10 Portal "portal";
        /// Runs the switch: connections, nodes, deliveries, imports, policy requests.
        11 Operator "operator";
        /// Decides on people, grants and sessions, and on no money (権限管理者).
        12 AccessAdministrator "access-administrator";
        /// Reads everything but secrets, and changes nothing (監査).
        13 Auditor "auditor";
    }
);

impl Role {
    /// Roles that decide over money: the person who administers access has none of them.
    #[must_use]
    pub fn moves_money(self) -> bool {
        match self {
            Role::CityOfficer
            | Role::CityApprover
            | Role::CityTreasurer
            | Role::FinanceStaff
            | Role::FinanceApprover
            | Role::MerchantOwner
            | Role::MerchantStaff
            | Role::MerchantCashier
            | Role::Partner
            | Role::CallCentre
            | Role::Portal
            | Role::Operator => true,
            Role::AccessAdministrator | Role::Auditor => false,
        }
    }

    /// Roles whose people sign in with two factors, unless the configuration switches factors off.
    #[must_use]
    pub fn needs_second_factor(self) -> bool {
        match self {
            Role::CityOfficer
            | Role::CityApprover
            | Role::CityTreasurer
            | Role::FinanceStaff
            | Role::FinanceApprover
            | Role::Operator
            | Role::AccessAdministrator => true,
            Role::MerchantOwner
            | Role::MerchantStaff
            | Role::MerchantCashier
            | Role::Partner
            | Role::CallCentre
            | Role::Portal
            | Role::Auditor => false,
        }
    }

    /// May one person hold both, in scopes that meet? Three different people prepare, approve and pay; the person who gives rights
    /// decides over no money, and the person who audits does nothing else.
    #[must_use]
    pub fn conflicts_with(self, other: Role) -> bool {
        use Role::{AccessAdministrator, Auditor, CityApprover, CityOfficer, CityTreasurer};
        let city = |role| matches!(role, CityOfficer | CityApprover | CityTreasurer);
        if self == other {
            return false;
        }
        let one_way = |a: Role, b: Role| match a {
            AccessAdministrator => b.moves_money(),
            Auditor => true,
            _ => city(a) && city(b),
        };
        one_way(self, other) || one_way(other, self)
    }
}

coded!(
    /// A caller's proof of its identity.
    SignIn, "sign-in" {
        /// It did not: the journal was worked on without a server, by a person who can read the key file.
        0 KeyFile "key-file";
        /// A program's key.
        1 Key "key";
        /// A password alone.
        2 Password "password";
        /// A password and a one-time code.
        3 PasswordAndCode "password+code";
        /// A password and a recovery code.
        4 PasswordAndRecovery "password+recovery";
        /// A provider of the organisation.
        5 Provider "oidc";
        /// A passkey.
        6 Passkey "passkey";
        /// A provider of the organisation, which says that it asked for two factors.
        7 ProviderTwoFactors "oidc+factor";
    }
);

impl SignIn {
    /// Whether it showed a second factor beside the first: what only roles with two are allowed takes one of these.
    #[must_use]
    pub fn is_two_factors(self) -> bool {
        match self {
            SignIn::PasswordAndCode | SignIn::PasswordAndRecovery | SignIn::Passkey | SignIn::ProviderTwoFactors => {
                true
            }
            SignIn::KeyFile | SignIn::Key | SignIn::Password | SignIn::Provider => false,
        }
    }
}

coded!(
    /// Through what something was said.
    Via, "via" {
        /// The switch by itself, from its configuration.
        0 Configuration "configuration";
        /// HTTP, by a program.
        1 Api "api";
        /// HTTP, by a person in a browser.
        2 Console "console";
        /// HTTP, by a person at the command line.
        3 CommandLine "cli";
        /// The command line, on the journal itself.
        4 Offline "offline";
    }
);

/// The subject of a grant.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Encode, Decode)]
pub enum Scope {
    /// Everything that the role is about.
    #[n(0)]
    All,
    /// A city, by its code (5 or 6 digits).
    #[n(1)]
    City(#[n(0)] String),
    /// Every shop of an organisation.
    #[n(2)]
    Merchant(#[n(0)] OrganisationId),
    /// One shop: its acquirer, and DE42.
    #[n(3)]
    Shop(#[n(0)] InstitutionId, #[n(1)] MerchantId),
    /// An acquirer, DE32.
    #[n(4)]
    Acquirer(#[n(0)] InstitutionId),
    /// An issuer, by its number.
    #[n(5)]
    Issuer(#[n(0)] u16),
}

impl Scope {
    /// Is there anything that both are about?
    #[must_use]
    pub fn meets(&self, other: &Scope) -> bool {
        self == other || matches!(self, Scope::All) || matches!(other, Scope::All)
    }

    /// May a role be granted for it?
    #[must_use]
    pub fn fits(&self, role: Role) -> bool {
        match role {
            Role::CityOfficer | Role::CityApprover | Role::CityTreasurer => matches!(self, Scope::City(_)),
            Role::MerchantOwner | Role::MerchantStaff | Role::MerchantCashier => {
                matches!(self, Scope::Merchant(_) | Scope::Shop(..))
            }
            Role::Partner => matches!(self, Scope::Acquirer(_) | Scope::Issuer(_)),
            // A resident is of no city: who acts for residents acts for all of them.
            Role::FinanceStaff
            | Role::FinanceApprover
            | Role::Operator
            | Role::AccessAdministrator
            | Role::CallCentre
            | Role::Portal => matches!(self, Scope::All),
            Role::Auditor => matches!(self, Scope::All | Scope::City(_)),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::All => f.write_str("all"),
            Scope::City(code) => write!(f, "city:{code}"),
            Scope::Merchant(organisation) => write!(f, "merchant:{organisation}"),
            Scope::Shop(acquirer, merchant) => write!(f, "shop:{acquirer}/{merchant}"),
            Scope::Acquirer(acquirer) => write!(f, "acquirer:{acquirer}"),
            Scope::Issuer(issuer) => write!(f, "issuer:{issuer}"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORMS: &str = "all, city:CODE, merchant:org_N, shop:ACQUIRER/MERCHANT, acquirer:ID or issuer:N";
        let wrong = || {
            let got: String = text.chars().take(64).collect();
            format!("scope: expected {FORMS}, got {got:?}")
        };
        if text == "all" {
            return Ok(Scope::All);
        }
        match text.split_once(':').ok_or_else(wrong)? {
            ("city", code) if is_city_code(code) => Ok(Scope::City(code.to_owned())),
            ("city", _) => Err(format!("{}; a city's code has 5 or 6 digits", wrong())),
            ("merchant", id) => id.parse().map(Scope::Merchant).map_err(|e: IdentityError| e.to_string()),
            ("shop", shop) => {
                let (acquirer, merchant) = shop.split_once('/').ok_or_else(wrong)?;
                let acquirer = acquirer.parse().map_err(|e: crate::ids::IdError| e.to_string())?;
                let merchant = merchant.parse().map_err(|e: crate::ids::IdError| e.to_string())?;
                Ok(Scope::Shop(acquirer, merchant))
            }
            ("acquirer", id) => id.parse().map(Scope::Acquirer).map_err(|e: crate::ids::IdError| e.to_string()),
            ("issuer", n) => n.parse().map(Scope::Issuer).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

fn is_city_code(text: &str) -> bool {
    matches!(text.len(), 5 | 6) && text.bytes().all(|b| b.is_ascii_digit())
}

impl serde::Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

coded!(
    /// The kind of an organisation.
    OrganisationKind, "organisation" {
        /// Runs the switch.
        0 Operator "operator";
        /// A city, town or village.
        1 City "city";
        /// A merchant with its shops.
        2 Merchant "merchant";
        /// An acquirer or an issuer.
        3 Partner "partner";
        /// Runs a portal for residents.
        4 Portal "portal";
        /// A call centre.
        5 CallCentre "call-centre";
    }
);

impl OrganisationKind {
    /// May its people and programs hold this role?
    #[must_use]
    pub fn may_hold(self, role: Role) -> bool {
        match role {
            // A town may run its switch itself.
            Role::CityOfficer | Role::CityApprover | Role::CityTreasurer => {
                matches!(self, OrganisationKind::City | OrganisationKind::Operator)
            }
            Role::MerchantOwner | Role::MerchantStaff | Role::MerchantCashier => self == OrganisationKind::Merchant,
            Role::Partner => self == OrganisationKind::Partner,
            Role::Portal => matches!(self, OrganisationKind::Portal | OrganisationKind::City),
            Role::CallCentre => !matches!(self, OrganisationKind::Merchant | OrganisationKind::Partner),
            Role::FinanceStaff | Role::FinanceApprover | Role::Operator | Role::AccessAdministrator => {
                self == OrganisationKind::Operator
            }
            Role::Auditor => matches!(self, OrganisationKind::Operator | OrganisationKind::City),
        }
    }
}

/// The days on which a grant or a key holds: both days included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Dates {
    /// The first day.
    #[n(0)]
    pub from: BusinessDay,
    /// The last day; none when there is no end.
    #[n(1)]
    pub until: Option<BusinessDay>,
}

impl Dates {
    /// Does it hold on this day of the calendar in Japan?
    #[must_use]
    pub fn hold_on(&self, day: BusinessDay) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// Is it over on this day?
    #[must_use]
    pub fn are_over(&self, day: BusinessDay) -> bool {
        self.until.is_some_and(|until| until < day)
    }
}

#[cfg(test)]
mod tests;
