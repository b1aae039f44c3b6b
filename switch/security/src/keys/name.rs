//! What a key is for and whose it is. Its name says both: `acquirer.27000001`, `issuer.1.to`, `vault.cards`.

use std::fmt;
use std::str::FromStr;

/// What a key is for. A key has one purpose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Purpose {
    /// Derives an acquirer's session keys.
    AcquirerMaster,
    /// Derives the session keys of an issuer's connection.
    IssuerMaster,
    /// Of a host that cannot have session keys: authenticates what it receives.
    ToIssuer,
    /// The same: authenticates what it sends.
    FromIssuer,
    /// Seals card numbers.
    SealCards,
    /// Seals payees' accounts and names.
    SealAccounts,
    /// Tells equal cards, accounts and households apart from different ones.
    Lookup,
    /// Signs days and checkpoints.
    SignAudit,
    /// Signs commit batches.
    SignBatches,
    /// Is shared by all nodes.
    ClusterShared,
    /// Proves which node this is.
    NodePrivate,
    /// Signs notices.
    Webhook,
    /// Protects key blocks that are exchanged with one party, and nothing else.
    Protection,
}

/// How a key is changed while taps go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// The switch alone: the new version is in force at once, where there is one node.
    Own,
    /// Another side must have the new version before it is used.
    BothSides,
    /// Every link must have a hash under the new version before it is used (`kazasu link rotate`).
    AfterLinks,
}

impl Purpose {
    /// All of them, in the order of lists.
    pub const ALL: [Purpose; 13] = [
        Purpose::AcquirerMaster,
        Purpose::IssuerMaster,
        Purpose::ToIssuer,
        Purpose::FromIssuer,
        Purpose::SealCards,
        Purpose::SealAccounts,
        Purpose::Lookup,
        Purpose::SignAudit,
        Purpose::SignBatches,
        Purpose::ClusterShared,
        Purpose::NodePrivate,
        Purpose::Webhook,
        Purpose::Protection,
    ];

    /// As configuration and metrics name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::AcquirerMaster => "acquirer",
            Purpose::IssuerMaster => "issuer",
            Purpose::ToIssuer => "issuer-to",
            Purpose::FromIssuer => "issuer-from",
            Purpose::SealCards => "vault-cards",
            Purpose::SealAccounts => "vault-accounts",
            Purpose::Lookup => "lookup",
            Purpose::SignAudit => "audit",
            Purpose::SignBatches => "batches",
            Purpose::ClusterShared => "cluster",
            Purpose::NodePrivate => "node",
            Purpose::Webhook => "webhook",
            Purpose::Protection => "protection",
        }
    }

    /// By its [`Purpose::name`].
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Purpose::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// What is done with it.
    #[must_use]
    pub const fn algorithm(self) -> &'static str {
        match self {
            Purpose::AcquirerMaster | Purpose::IssuerMaster => "SP 800-108",
            Purpose::ToIssuer | Purpose::FromIssuer => "MAC",
            Purpose::SealCards | Purpose::SealAccounts => "AES-256-GCM",
            Purpose::Lookup | Purpose::Webhook => "HMAC-SHA-256",
            Purpose::SignAudit | Purpose::SignBatches => "Ed25519",
            Purpose::ClusterShared => "Noise PSK",
            Purpose::NodePrivate => "X25519",
            Purpose::Protection => "X9.143",
        }
    }

    /// Lengths that it may have, bytes; the first is the one of new keys.
    #[must_use]
    pub const fn lengths(self) -> &'static [usize] {
        match self {
            Purpose::AcquirerMaster | Purpose::IssuerMaster | Purpose::Webhook => &[32, 24, 16],
            Purpose::ToIssuer | Purpose::FromIssuer => &[32, 16],
            Purpose::SealCards
            | Purpose::SealAccounts
            | Purpose::Lookup
            | Purpose::SignAudit
            | Purpose::SignBatches
            | Purpose::ClusterShared
            | Purpose::NodePrivate
            | Purpose::Protection => &[32],
        }
    }

    /// Who must have a new version before it is used.
    #[must_use]
    pub const fn change(self) -> Change {
        match self {
            Purpose::AcquirerMaster
            | Purpose::IssuerMaster
            | Purpose::ToIssuer
            | Purpose::FromIssuer
            | Purpose::ClusterShared
            | Purpose::NodePrivate
            | Purpose::Webhook
            | Purpose::Protection => Change::BothSides,
            Purpose::Lookup => Change::AfterLinks,
            Purpose::SealCards | Purpose::SealAccounts | Purpose::SignAudit | Purpose::SignBatches => Change::Own,
        }
    }

    /// Days from a version's beginning to the end of its cryptoperiod, unless the configuration says otherwise.
    #[must_use]
    pub const fn period_days(self) -> u32 {
        match self {
            Purpose::AcquirerMaster
            | Purpose::IssuerMaster
            | Purpose::SignAudit
            | Purpose::SignBatches
            | Purpose::NodePrivate
            | Purpose::Protection => 730,
            Purpose::Lookup => 1_095,
            Purpose::ToIssuer
            | Purpose::FromIssuer
            | Purpose::SealCards
            | Purpose::SealAccounts
            | Purpose::ClusterShared
            | Purpose::Webhook => 365,
        }
    }

    /// Seals what the journal keeps: its versions are numbered together with the vault's other ones and belong to fiscal years.
    #[must_use]
    pub const fn seals(self) -> bool {
        matches!(self, Purpose::SealCards | Purpose::SealAccounts)
    }

    /// Signs, so that it has a public key.
    #[must_use]
    pub const fn signs(self) -> bool {
        matches!(self, Purpose::SignAudit | Purpose::SignBatches)
    }

    /// Whether the name must say whose it is.
    #[must_use]
    pub const fn has_owner(self) -> bool {
        matches!(
            self,
            Purpose::AcquirerMaster
                | Purpose::IssuerMaster
                | Purpose::ToIssuer
                | Purpose::FromIssuer
                | Purpose::NodePrivate
                | Purpose::Protection
        )
    }
}

/// A key's name: its purpose, and whose it is where there are several.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyName {
    purpose: Purpose,
    owner: String,
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no key; expected acquirer.ID, issuer.N, issuer.N.to, issuer.N.from, vault.cards, vault.accounts, lookup, audit, batches, \
     cluster, node.NAME, webhook or protection.PARTY"
)]
pub struct NameError(pub String);

impl KeyName {
    /// The key of this purpose, of which there is one.
    #[must_use]
    pub fn of(purpose: Purpose) -> Self {
        KeyName { purpose, owner: String::new() }
    }

    /// An acquirer's master key.
    #[must_use]
    pub fn acquirer(id: &str) -> Self {
        KeyName { purpose: Purpose::AcquirerMaster, owner: id.to_owned() }
    }

    /// An issuer's master key.
    #[must_use]
    pub fn issuer(number: u16) -> Self {
        KeyName { purpose: Purpose::IssuerMaster, owner: number.to_string() }
    }

    /// The fixed keys of an issuer's connection: of what it receives, of what it sends.
    #[must_use]
    pub fn fixed(number: u16) -> [Self; 2] {
        [Purpose::ToIssuer, Purpose::FromIssuer].map(|purpose| KeyName { purpose, owner: number.to_string() })
    }

    /// A node's own key.
    #[must_use]
    pub fn node(name: &str) -> Self {
        KeyName { purpose: Purpose::NodePrivate, owner: name.to_owned() }
    }

    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Whose it is; empty where there is one.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = &self.owner;
        match self.purpose {
            Purpose::AcquirerMaster => write!(f, "acquirer.{owner}"),
            Purpose::IssuerMaster => write!(f, "issuer.{owner}"),
            Purpose::ToIssuer => write!(f, "issuer.{owner}.to"),
            Purpose::FromIssuer => write!(f, "issuer.{owner}.from"),
            Purpose::SealCards => f.write_str("vault.cards"),
            Purpose::SealAccounts => f.write_str("vault.accounts"),
            Purpose::NodePrivate => write!(f, "node.{owner}"),
            Purpose::Protection => write!(f, "protection.{owner}"),
            Purpose::Lookup | Purpose::SignAudit | Purpose::SignBatches | Purpose::ClusterShared | Purpose::Webhook => {
                f.write_str(self.purpose.name())
            }
        }
    }
}

impl FromStr for KeyName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError(text.to_owned());
        let owned =
            |owner: &str| !owner.is_empty() && owner.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if let Some(id) = text.strip_prefix("acquirer.") {
            let id = Some(id).filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
            return id.map(KeyName::acquirer).ok_or_else(wrong);
        }
        if let Some(rest) = text.strip_prefix("issuer.") {
            let (number, way) = rest.split_once('.').map_or((rest, None), |(number, way)| (number, Some(way)));
            let number = number.parse().map_err(|_| wrong())?;
            let [to, from] = KeyName::fixed(number);
            return match way {
                None => Ok(KeyName::issuer(number)),
                Some("to") => Ok(to),
                Some("from") => Ok(from),
                Some(_) => Err(wrong()),
            };
        }
        if let Some(name) = text.strip_prefix("node.") {
            return if owned(name) { Ok(KeyName::node(name)) } else { Err(wrong()) };
        }
        if let Some(party) = text.strip_prefix("protection.") {
            let named = KeyName { purpose: Purpose::Protection, owner: party.to_owned() };
            return if owned(party) { Ok(named) } else { Err(wrong()) };
        }
        Ok(KeyName::of(match text {
            "vault.cards" => Purpose::SealCards,
            "vault.accounts" => Purpose::SealAccounts,
            "lookup" => Purpose::Lookup,
            "audit" => Purpose::SignAudit,
            "batches" => Purpose::SignBatches,
            "cluster" => Purpose::ClusterShared,
            "webhook" => Purpose::Webhook,
            _ => return Err(wrong()),
        }))
    }
}
