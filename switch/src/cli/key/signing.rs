//! A key of the device of `[hsm]` that signs checkpoints and days.

use super::change;
use super::share::{self, Act, NewVersion, Place, done};
use crate::language::{refused, shown};
use anyhow::ensure;
use kazasu_console::say;
use kazasu_hsm::Missing;
use kazasu_security::keys::{KeyName, KeyState, KeyStore, Material, Purpose};
use kazasu_text::Quoted;
use kazasu_text::hsm::HsmText;
use kazasu_text::key_refusals::KeyRefusal;

/// Which version of a key is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The first.
    First,
    /// A new one.
    Next,
}

/// Why this key is not made in the device now.
fn check(store: &KeyStore, (name, label): (&KeyName, &str), step: Step) -> anyhow::Result<()> {
    match step {
        Step::First if store.versions(name).next().is_some() => {
            return Err(refused(&KeyRefusal::ExistsInDevice { key: &name.to_string(), label }));
        }
        Step::Next if store.active(name).is_none() => {
            return Err(refused(&KeyRefusal::NoActiveInDevice { key: &name.to_string(), label }));
        }
        Step::First | Step::Next => {}
    }
    let batches = KeyName::of(Purpose::SignBatches);
    ensure!(store.active(&batches).is_some(), shown(&KeyRefusal::BatchesFirst { key: &batches.to_string() }));
    Ok(())
}

/// `kazasu key generate|rotate audit --label LABEL`: the version is a key of the device.
pub(super) fn put(name: &KeyName, step: Step, (new, act): (&NewVersion, &Act)) -> anyhow::Result<()> {
    let (place, now) = (Place::of(&act.config)?, kazasu_engine::clock::now());
    let done = done(act, now)?;
    let label = new.label.clone().unwrap_or_default();
    match name.purpose() {
        Purpose::SignAudit => {}
        Purpose::SignBatches => return Err(refused(&KeyRefusal::BatchesAtHand)),
        _ => return Err(refused(&KeyRefusal::StoreOnly { key: &name.to_string() })),
    }
    let (mut store, _lock) = change::open_or_make(&place, name, &done)?;
    check(&store, (name, &label), step)?;
    let key = place.token()?.signing_key(&label, Missing::Generate)?;
    let public = hex::encode(key.public());
    if let Some(known) = store.versions(name).find(|entry| entry.public.as_ref() == Some(&public)) {
        let refusal = KeyRefusal::SameDeviceKey { label: Quoted(&label), version: known.version };
        return Err(refused(&refusal));
    }
    let state = if new.accept { KeyState::Accepted } else { KeyState::Active };
    let described = change::described(&place, (name, Some(key.public())), (new, state), now)?;
    let did = if step == Step::First { "generated" } else { "rotated" };
    let version = store.add(described, &Material::Device(label.clone()), &done)?;
    store.save(did, Some((name, version)), &done)?;
    let entry = store.entry(name, version)?;
    let (title, token, ends) = (entry.title(), place.token()?, entry.ends);
    let text = HsmText::InDevice { key: &title, state: share::state(state), label: &label, token: token.name(), ends };
    say!("{}", shown(&text));
    say!("  {}", shown(&HsmText::PublicKey { key: &public }));
    Ok(())
}
