//! Which block a key of this switch travels in. Keys that never leave the switch (vault, lookup, signing, nodes) have no purpose
//! here: they are not exported.

use super::{Algorithm, Context, Exportability, Header, KeyBlock, KeyBlockError, KeyVersion, Mode, Optional, Usage};
use kazasu_schemas::mac::MacAlgorithm;

/// What a key that is exchanged is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// An acquirer's master key: session keys are derived from it (NIST SP 800-108).
    AcquirerMaster(MacAlgorithm),
    /// The switch makes MACs with it, the issuer verifies them.
    ToIssuer(MacAlgorithm),
    /// The issuer makes MACs with it, the switch verifies them.
    FromIssuer(MacAlgorithm),
    /// The switch signs notices with it.
    Webhook,
    /// Another protection key for key blocks.
    Protection,
}

impl Purpose {
    /// The header of a block that leaves: what the receiver may do with the key, and that it must not hand the key on.
    #[must_use]
    pub fn header(self, version: KeyVersion) -> Header {
        let (usage, algorithm) = self.kind();
        let mode = match self {
            Purpose::AcquirerMaster(_) => Mode::Derive,
            Purpose::ToIssuer(_) | Purpose::Webhook => Mode::Verify,
            Purpose::FromIssuer(_) => Mode::Generate,
            Purpose::Protection => Mode::EncryptDecrypt,
        };
        let optional = if algorithm == Algorithm::Hmac { vec![Optional::hmac_sha256()] } else { Vec::new() };
        let (exportability, context) = (Exportability::Never, Context::Unsaid);
        Header { usage, algorithm, mode, version, exportability, context, optional }
    }

    /// May a key that came be used for this?
    pub fn check(self, block: &KeyBlock) -> Result<(), KeyBlockError> {
        let header = &block.header;
        let (usage, algorithm) = self.kind();
        if header.usage != usage {
            let expected = format!("{} ({})", usage.code(), usage.meaning());
            let got = format!("{} ({})", header.usage.code(), header.usage.meaning());
            return Err(KeyBlockError::Field { field: "key usage (position 6)".into(), expected, got });
        }
        if header.algorithm != algorithm {
            let expected = format!("{} ({})", algorithm.code(), algorithm.meaning());
            return Err(KeyBlockError::field("algorithm (position 8)", expected, header.algorithm.code()));
        }
        let modes = self.modes();
        if !modes.contains(&header.mode) {
            let known: Vec<String> = modes.iter().map(|mode| format!("{} ({})", mode.code(), mode.meaning())).collect();
            return Err(KeyBlockError::field("mode of use (position 9)", known.join(" or "), header.mode.code()));
        }
        if let KeyVersion::Component(_) = header.version {
            let expected = "a whole key; components are joined by a ceremony";
            return Err(KeyBlockError::field("key version (position 10)", expected, "a component"));
        }
        if algorithm == Algorithm::Hmac && !header.optional.iter().any(|block| block.id() == "HM") {
            return Err(KeyBlockError::field("optional block HM", "21 (SHA-256) for an HMAC key", "no such block"));
        }
        Ok(())
    }

    pub(super) fn kind(self) -> (Usage, Algorithm) {
        match self {
            Purpose::AcquirerMaster(MacAlgorithm::AesCmac) => (Usage::DERIVATION, Algorithm::Aes),
            Purpose::AcquirerMaster(MacAlgorithm::HmacSha256) => (Usage::DERIVATION, Algorithm::Hmac),
            Purpose::ToIssuer(MacAlgorithm::AesCmac) | Purpose::FromIssuer(MacAlgorithm::AesCmac) => {
                (Usage::CMAC, Algorithm::Aes)
            }
            Purpose::ToIssuer(MacAlgorithm::HmacSha256)
            | Purpose::FromIssuer(MacAlgorithm::HmacSha256)
            | Purpose::Webhook => (Usage::HMAC, Algorithm::Hmac),
            Purpose::Protection => (Usage::PROTECTION, Algorithm::Aes),
        }
    }

    /// What a key that came must be good for here.
    fn modes(self) -> &'static [Mode] {
        match self {
            Purpose::AcquirerMaster(_) => &[Mode::Derive, Mode::Any],
            Purpose::ToIssuer(_) | Purpose::Webhook => &[Mode::Generate, Mode::GenerateVerify, Mode::Any],
            Purpose::FromIssuer(_) => &[Mode::Verify, Mode::GenerateVerify, Mode::Any],
            Purpose::Protection => &[Mode::EncryptDecrypt, Mode::Any],
        }
    }
}
