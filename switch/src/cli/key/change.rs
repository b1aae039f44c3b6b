//! Making, using and retiring versions.

use super::device;
use super::share::{self, Act, NewVersion, Place, done};
use crate::language::{refused, shown};
use anyhow::{Context, ensure};
use kazasu_console::say;
use kazasu_console::terminal::ask_hidden;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::secret::Key;
use kazasu_security::files;
use kazasu_security::keys::{
    Change, Done, FiscalYear, KekOrigin, KeyEncryption, KeyName, KeyState, KeyStore, Material, NewKey, Purpose, Secret,
    SigningKey, StoreLock, UnlockFrom, fresh, fresh_credential, fresh_passphrase,
};
use kazasu_security::signing::SeedKey;
use kazasu_text::key_refusals::KeyRefusal;
use kazasu_text::keys::KeyText;
use std::sync::Arc;

/// The store of this key, made when it is not there yet.
pub(super) fn open_or_make(place: &Place, name: &KeyName, done: &Done<'_>) -> anyhow::Result<(KeyStore, StoreLock)> {
    let path = place.section.store_of(name, &place.base);
    let lock = KeyStore::lock(&path)?;
    if path.exists() {
        return Ok((KeyStore::open(&path, &place.secret()?)?, lock));
    }
    let (origin, kek) = new_kek(&place.section.unlock, place)?;
    let store = KeyStore::new(&path, origin, kek);
    store.save("made", None, done)?;
    say!("{}", shown(&KeyText::StoreMade { path: &path.display().to_string() }));
    Ok((store, lock))
}

/// A new key-encryption key: a passphrase that a person chooses, a credential, or a device's key; a file that is not there gets a random
/// one.
fn new_kek(from: &UnlockFrom, place: &Place) -> anyhow::Result<(KekOrigin, Arc<dyn KeyEncryption>)> {
    let base = place.base.as_path();
    let secret = Secret { from, base, device: None };
    let (origin, text) = match from {
        UnlockFrom::Passphrase => {
            let first =
                ask_hidden(&shown(&KeyText::NewPassphrase)).with_context(|| shown(&KeyRefusal::PassphraseTerminal))?;
            ensure!(*first == *ask_hidden(&shown(&KeyText::SameAgain))?, shown(&KeyText::PassphrasesDiffer));
            (fresh_passphrase()?, first)
        }
        UnlockFrom::File(path) if !base.join(path).exists() => {
            let (text, origin) = fresh_credential()?;
            let path = base.join(path);
            files::write_new(&path, format!("{}\n", *text).as_bytes())?;
            say!("{}", shown(&KeyText::CredentialMade { path: &path.display().to_string() }));
            (origin, text)
        }
        UnlockFrom::Device(label) => return device::new_kek(label, place),
        UnlockFrom::File(_) | UnlockFrom::Credential(_) => {
            let text = secret.read()?;
            let random = text.trim().len() == 64 && text.trim().bytes().all(|b| b.is_ascii_hexdigit());
            (if random { KekOrigin::Credential } else { fresh_passphrase()? }, text)
        }
    };
    let kek = origin.key(&text)?;
    Ok((origin, Arc::new(kek)))
}

/// What is written down of a new version of this key.
pub(super) fn new_key(
    place: &Place,
    (name, key): (&KeyName, &Key),
    (new, state): (&NewVersion, KeyState),
    now: Millis,
) -> anyhow::Result<NewKey> {
    let public = match name.purpose() {
        Purpose::NodePrivate => Some(kazasu_connections::cluster::public_of(key)?),
        purpose if purpose.signs() => Some(SeedKey::new(key)?.public_key()),
        _ => None,
    };
    described(place, (name, public), (new, state), now)
}

/// The same of a key whose public key is known, where it has one.
pub(super) fn described(
    place: &Place,
    (name, public): (&KeyName, Option<[u8; 32]>),
    (new, state): (&NewVersion, KeyState),
    now: Millis,
) -> anyhow::Result<NewKey> {
    let purpose = name.purpose();
    ensure!(new.fiscal_year.is_none() || purpose.seals(), shown(&KeyRefusal::FiscalYearOfSeals));
    let year = purpose.seals().then(|| new.fiscal_year.map_or(FiscalYear::of(now), FiscalYear));
    let begins = year.and_then(FiscalYear::begin).filter(|begin| *begin > now).unwrap_or(now);
    let days = new.days.unwrap_or_else(|| place.section.period_days(purpose));
    let ends = BusinessDay(begins.jst_day().0 + i32::try_from(days)?);
    Ok(NewKey { name: name.clone(), state, ends, fiscal_year: year, public })
}

/// Puts a version in, writes the store and says so.
pub(super) fn put((store, did): (&mut KeyStore, &str), new: NewKey, key: Key, done: &Done<'_>) -> anyhow::Result<()> {
    let (name, state) = (new.name.clone(), new.state);
    let version = store.add(new, &Material::Secret(key), done)?;
    store.save(did, Some((&name, version)), done)?;
    let entry = store.entry(&name, version)?;
    let line = KeyText::Version {
        key: &name.to_string(),
        version,
        state: share::state(state),
        bytes: entry.length,
        kcv: &entry.kcv,
        ends: entry.ends,
    };
    say!("{}", shown(&line));
    if let Some(key) = &entry.public {
        say!("  {}", shown(&KeyText::PublicKey { key }));
    }
    Ok(())
}

pub(super) fn generate(name: &KeyName, new: &NewVersion, act: &Act) -> anyhow::Result<()> {
    let (place, now) = (Place::of(&act.config)?, kazasu_engine::clock::now());
    let done = done(act, now)?;
    let (mut store, _lock) = open_or_make(&place, name, &done)?;
    if store.versions(name).next().is_some() {
        return Err(refused(&KeyRefusal::Exists { key: &name.to_string() }));
    }
    let key = made(name, new.bytes)?;
    let state = if new.accept { KeyState::Accepted } else { KeyState::Active };
    let described = new_key(&place, (name, &key), (new, state), now)?;
    put((&mut store, "generated"), described, key, &done)
}

/// A fresh key of this purpose.
fn made(name: &KeyName, length: Option<usize>) -> anyhow::Result<Key> {
    match name.purpose() {
        Purpose::NodePrivate => Ok(kazasu_connections::cluster::new_pair()?.0),
        purpose => fresh(purpose, length),
    }
}

pub(super) fn generate_missing(new: &NewVersion, act: &Act) -> anyhow::Result<()> {
    ensure!(new.label.is_none(), shown(&KeyRefusal::LabelOfAudit));
    let (place, now) = (Place::of(&act.config)?, kazasu_engine::clock::now());
    let done = done(act, now)?;
    let mut missing = 0;
    // One open store after the other, so that a passphrase is asked for once.
    for path in place.section.paths(&place.base) {
        let names: Vec<_> =
            place.wanted.names().into_iter().filter(|name| place.section.store_of(name, &place.base) == path).collect();
        let Some(first) = names.first() else { continue };
        let (mut store, _lock) = open_or_make(&place, first, &done)?;
        for name in names {
            if store.versions(&name).next().is_some() {
                continue;
            }
            missing += 1;
            let key = made(&name, new.bytes)?;
            let described = new_key(&place, (&name, &key), (new, KeyState::Active), now)?;
            put((&mut store, "generated"), described, key, &done)?;
            if name.purpose().change() == Change::BothSides {
                say!("  {}", shown(&KeyText::OtherSideToo));
            }
        }
    }
    if missing == 0 {
        say!("{}", shown(&KeyText::AllThere));
    }
    Ok(())
}

pub(super) fn rotate(name: &KeyName, new: &NewVersion, act: &Act) -> anyhow::Result<()> {
    let (place, now) = (Place::of(&act.config)?, kazasu_engine::clock::now());
    let done = done(act, now)?;
    let (mut store, _lock) = place.open(name)?;
    ensure!(store.active(name).is_some(), shown(&KeyRefusal::NoActive { key: &name.to_string() }));
    if matches!(
        name.purpose(),
        Purpose::AcquirerMaster | Purpose::IssuerMaster | Purpose::ToIssuer | Purpose::FromIssuer
    ) {
        say!("{}", shown(&KeyText::Exchanged { key: &name.to_string() }));
    }
    let key = made(name, new.bytes.or(store.active(name).map(|entry| usize::from(entry.length))))?;
    let later = new.fiscal_year.is_some_and(|year| FiscalYear(year) > FiscalYear::of(now));
    let waits = new.accept || later || name.purpose().change() != Change::Own;
    let state = if waits { KeyState::Accepted } else { KeyState::Active };
    let described = new_key(&place, (name, &key), (new, state), now)?;
    put((&mut store, "rotated"), described, key, &done)?;
    let key = name.to_string();
    let next = match name.purpose() {
        _ if later => Some(KeyText::SealsLater),
        Purpose::Lookup => Some(KeyText::ThenLookup),
        _ if waits => Some(KeyText::ThenActivate { key: &key }),
        Purpose::SealCards | Purpose::SealAccounts => Some(KeyText::ThenSealAgain),
        _ => None,
    };
    if let Some(next) = next {
        say!("  {}", shown(&next));
    }
    Ok(())
}

pub(super) fn wrap(to: &UnlockFrom, act: &Act) -> anyhow::Result<()> {
    let place = Place::of(&act.config)?;
    let done = done(act, kazasu_engine::clock::now())?;
    let paths = place.section.paths(&place.base);
    let locks = paths.iter().map(|path| KeyStore::lock(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let unlock = place.unlock()?;
    let mut stores =
        paths.iter().map(|path| KeyStore::open(path, unlock.as_ref())).collect::<anyhow::Result<Vec<_>>>()?;
    let (origin, kek) = new_kek(to, &place)?;
    for store in &mut stores {
        store.wrap_again(origin.clone(), kek.clone())?;
        store.save("wrapped", None, &done)?;
    }
    drop(locks);
    let (config, unlock) = (act.config.display().to_string(), to.to_string());
    say!("{}", shown(&KeyText::WrappedAgain { config: &config, unlock: &unlock }));
    Ok(())
}
