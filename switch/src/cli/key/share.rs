//! What the commands about keys share: their options, and where stores are.

use crate::cli::common::Common;
use crate::language::shown;
use anyhow::{Context, ensure};
use clap::Args;
use kazasu_connections::keys::{KeysSection, Wanted};
use kazasu_hsm::Token;
use kazasu_schemas::canonical::is_blank;
use kazasu_schemas::jst::Millis;
use kazasu_security::keys::{Device, Done, KeyName, KeyState, KeyStore, Secret, StoreLock, Unlock, UnlockFrom};
use kazasu_serve::config::{HsmFile, KeysPart, keys_part};
use kazasu_text::key_refusals::KeyRefusal;
use kazasu_text::key_store::DeviceText;
use kazasu_text::keys::{KeyStateText, KeyText};
use kazasu_text::{Label, Language, Said, Text};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Where, and how it is shown.
#[derive(Args)]
pub(in crate::cli) struct Look {
    /// The configuration file.
    #[arg(long, default_value = "kazasu.toml")]
    pub(super) config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Where, who and why.
#[derive(Args)]
pub(in crate::cli) struct Act {
    /// The configuration file.
    #[arg(long, default_value = "kazasu.toml")]
    pub(super) config: PathBuf,
    /// Who does it; the key log keeps the name.
    #[arg(long)]
    pub(super) by: String,
    /// The file with your session, for what the running switch is asked; your own folder's when absent.
    #[arg(long)]
    pub(super) session: Option<PathBuf>,
    /// Why; the key log keeps it.
    #[arg(long, default_value = "")]
    pub(super) why: String,
}

impl Act {
    /// How the switch is asked.
    pub(super) fn common(&self) -> Common {
        Common { config: self.config.clone(), session: self.session.clone(), json: false }
    }
}

/// One version of a key.
#[derive(Args)]
pub(in crate::cli) struct Version {
    /// The key.
    pub(super) name: KeyName,
    /// The version.
    pub(super) version: u8,
    #[command(flatten)]
    pub(super) act: Act,
}

/// What a new version is.
#[derive(Args)]
pub(in crate::cli) struct NewVersion {
    /// Bytes; the purpose's own length when absent.
    #[arg(long)]
    pub(super) bytes: Option<usize>,
    /// Days of its cryptoperiod; those of the configuration when absent.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(super) days: Option<u32>,
    /// Accept it only; `activate` uses it later. For several nodes: each must have it first.
    #[arg(long)]
    pub(super) accept: bool,
    /// Of keys that seal: the fiscal year (by its first calendar year) from whose 1 April on it seals; this one when absent.
    #[arg(long)]
    pub(super) fiscal_year: Option<u16>,
    /// Of audit: the key with this label in the device of [hsm] signs; the device makes it where it has none.
    #[arg(long, conflicts_with = "bytes")]
    pub(super) label: Option<String>,
}

/// What the configuration says about keys.
pub(in crate::cli) struct Place {
    pub(super) section: KeysSection,
    pub(super) wanted: Wanted,
    pub(super) base: PathBuf,
    /// Of tokens and passwords, and of keys before there was a store.
    pub(super) file: PathBuf,
    hsm: Option<HsmFile>,
    token: OnceLock<Token>,
}

impl Place {
    pub(super) fn of(config: &Path) -> anyhow::Result<Place> {
        let KeysPart { section, wanted, keys_file: file, hsm } = keys_part(config)?;
        let base = config.parent().unwrap_or(Path::new(".")).to_path_buf();
        Ok(Place { section, wanted, base, file, hsm, token: OnceLock::new() })
    }

    /// The device of `[hsm]`, opened when it is needed first.
    pub(super) fn token(&self) -> anyhow::Result<Token> {
        if let Some(token) = self.token.get() {
            return Ok(token.clone());
        }
        let hsm = self.hsm.as_ref().ok_or_else(|| Said::of(&DeviceText::NoSection))?;
        let token = hsm.open(&self.base).context("[hsm]")?;
        Ok(self.token.get_or_init(|| token).clone())
    }

    /// What opens the stores.
    pub(super) fn secret(&self) -> anyhow::Result<Secret<'_>> {
        let device = match &self.section.unlock {
            UnlockFrom::Device(_) => Some(Arc::new(self.token()?) as Arc<dyn Device>),
            UnlockFrom::Passphrase | UnlockFrom::Credential(_) | UnlockFrom::File(_) => None,
        };
        Ok(Secret { from: &self.section.unlock, base: &self.base, device })
    }

    /// The same for several stores: a secret is read once.
    pub(super) fn unlock(&self) -> anyhow::Result<Box<dyn Unlock + '_>> {
        let secret = self.secret()?;
        Ok(if secret.device.is_some() { Box::new(secret) } else { Box::new(secret.read()?) })
    }

    /// Opens the store that keeps this key, to change it.
    pub(super) fn open(&self, name: &KeyName) -> anyhow::Result<(KeyStore, StoreLock)> {
        let path = self.section.store_of(name, &self.base);
        ensure!(path.exists(), shown(&KeyRefusal::NoStore { path: &path.display().to_string() }));
        let lock = KeyStore::lock(&path)?;
        Ok((KeyStore::open(&path, &self.secret()?)?, lock))
    }
}

/// Where a version stands, for people.
pub(super) fn state(state: KeyState) -> KeyStateText {
    KeyStateText::of(state.name()).expect("every state has its text")
}

/// Did a person say yes? Either language's word is meant as it is said.
pub(super) fn is_yes(answer: &str) -> bool {
    answer.trim() == "yes"
        || Language::ALL.into_iter().any(|language| KeyText::Yes.in_language(language) == answer.trim())
}

/// Who does it now.
pub(super) fn done<'a>(act: &'a Act, now: Millis) -> anyhow::Result<Done<'a>> {
    ensure!(!is_blank(&act.by) && act.by.chars().count() <= 120, shown(&KeyRefusal::By));
    ensure!(act.why.chars().count() <= 500, shown(&KeyRefusal::Why));
    Ok(Done { at: now, by: &act.by, why: &act.why })
}
