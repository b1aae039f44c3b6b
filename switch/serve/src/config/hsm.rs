//! `[hsm]`: the device that has keys, and how it is opened.

use crate::causes;
use anyhow::ensure;
use kazasu_hsm::{Token, TokenSettings};
use kazasu_security::keys::{Secret, UnlockFrom};
use kazasu_text::configuration::ConfigText;
use kazasu_text::{Quoted, Said, errors};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// `[hsm]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct HsmFile {
    /// The vendor's PKCS#11 library.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The source of the user's PIN.
    pub pin: PinFrom,
    /// The time that one operation may take.
    #[serde(default = "default_timeout")]
    pub timeout_ms: u64,
}

fn default_timeout() -> u64 {
    5_000
}

/// The number of times a lost session is opened again for one operation.
const ATTEMPTS: u32 = 3;
/// Bytes of a token's label in PKCS#11.
const LABEL: usize = 32;

/// The source of a PIN: a file or a credential. Anything else is kept out of every message, because it may be the PIN itself.
#[derive(Debug, Clone)]
pub struct PinFrom(Option<UnlockFrom>);

impl<'de> Deserialize<'de> for PinFrom {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Other(IgnoredAny),
        }
        // What is no text must not be shown either, and the parser's message shows the line.
        let text = match Written::deserialize(from)? {
            Written::Text(text) => text,
            Written::Other(_) => return Ok(PinFrom(None)),
        };
        // A descriptor can be read once, and the PIN is read again when a session was lost.
        let place = ["credential:", "file:"].iter().any(|kind| text.starts_with(kind));
        Ok(PinFrom(text.parse().ok().filter(|_| place)))
    }
}

impl HsmFile {
    /// Says what is wrong.
    pub fn check(&self) -> anyhow::Result<()> {
        let module = &self.module;
        let got = &module.display().to_string();
        ensure!(module.is_absolute(), Said::of(&ConfigText::HsmModule { got: Quoted(got) }));
        let len = self.token.len();
        let token = ConfigText::HsmToken { most: LABEL.into(), got: Quoted(&self.token) };
        ensure!((1..=LABEL).contains(&len), Said::of(&token));
        ensure!(self.pin.0.is_some(), Said::of(&ConfigText::HsmPin));
        let got = self.timeout_ms;
        let range = ConfigText::Range { key: "timeout_ms", least: 100, most: 60_000, got };
        ensure!((100..=60_000).contains(&got), Said::of(&range));
        Ok(())
    }

    /// Opens the token; relative paths begin at `base`.
    pub fn open(&self, base: &Path) -> anyhow::Result<Token> {
        self.check()?;
        let from = self.pin.0.clone().ok_or_else(|| Said::of(&ConfigText::HsmPin))?;
        let base = base.to_owned();
        let pin = move || {
            let secret = Secret { from: &from, base: &base, device: None };
            secret.read().map_err(|error| Said::new(|language| errors::chain(error.chain(), language, causes::of)))
        };
        let settings = TokenSettings {
            module: self.module.clone(),
            token: self.token.clone(),
            pin: Arc::new(pin),
            timeout: Duration::from_millis(self.timeout_ms),
            attempts: ATTEMPTS,
        };
        Ok(Token::open(settings)?)
    }
}
