//! The device of `[hsm]`: what the token shows, and the key that wraps the store.

use super::share::{Look, Place};
use crate::language::shown;
use anyhow::ensure;
use kazasu_console::say;
use kazasu_hsm::{KeyKind, Missing, TokenFacts};
use kazasu_security::keys::{KekOrigin, KeyEncryption};
use kazasu_text::Quoted;
use kazasu_text::hsm::{HsmLabel, HsmText, TokenKeyUse};
use kazasu_text::key_refusals::KeyRefusal;
use std::sync::Arc;

/// What a token's facts are printed as in JSON.
#[derive(serde::Serialize)]
struct Shown<'a> {
    token: &'a str,
    #[serde(flatten)]
    facts: &'a TokenFacts,
}

/// `kazasu key token`.
pub(super) fn show(look: &Look) -> anyhow::Result<()> {
    let token = Place::of(&look.config)?.token()?;
    let facts = token.facts()?;
    if look.json {
        say!("{}", serde_json::to_string(&Shown { token: token.name(), facts: &facts })?);
        return Ok(());
    }
    let about = [
        (HsmLabel::Token, token.name()),
        (HsmLabel::Manufacturer, facts.manufacturer.as_str()),
        (HsmLabel::Model, facts.model.as_str()),
        (HsmLabel::Serial, facts.serial.as_str()),
    ];
    for (label, value) in about {
        say!("{}", shown(&HsmText::Line { label, value }));
    }
    say!("{}", shown(&HsmLabel::Mechanisms));
    for mechanism in &facts.mechanisms {
        let name = mechanism.name;
        let text = if mechanism.there { HsmText::There { name } } else { HsmText::NotThere { name } };
        say!("  {}", shown(&text));
    }
    say!("{}", shown(&HsmLabel::Keys));
    if facts.keys.is_empty() {
        say!("  {}", crate::cli::common::none());
    }
    for key in &facts.keys {
        let (label, use_) = (key.label.as_str(), use_of(key.kind));
        let text = match &key.unfit {
            None => HsmText::Usable { label, use_ },
            Some(why) => HsmText::NotUsable { label, use_, why: &shown(why) },
        };
        say!("  {}", shown(&text));
    }
    Ok(())
}

fn use_of(kind: KeyKind) -> TokenKeyUse {
    match kind {
        KeyKind::Encryption => TokenKeyUse::Wraps,
        KeyKind::Signing => TokenKeyUse::Signs,
        KeyKind::Derivation => TokenKeyUse::Derives,
    }
}

/// What is wrapped to see that a device gives it back.
const TRIAL: &[u8] = b"kazasu trial key";

/// The device's key that wraps the store; it is made where the device has none.
pub(super) fn new_kek(label: &str, place: &Place) -> anyhow::Result<(KekOrigin, Arc<dyn KeyEncryption>)> {
    let key: Arc<dyn KeyEncryption> = Arc::new(place.token()?.wrapping_key(label, Missing::Generate)?);
    // A key of the store, and the store's seal, which has no text.
    for text in [TRIAL, &[]] {
        let opened = key.unwrap(&key.wrap(text, TRIAL)?, TRIAL)?;
        ensure!(opened.as_slice() == text, shown(&KeyRefusal::DeviceWrapsWrong { label: Quoted(label) }));
    }
    Ok((KekOrigin::Device { label: label.to_owned() }, key))
}
