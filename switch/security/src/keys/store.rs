//! The key store: a file that only its owner reads, in which every secret is wrapped.
//!
//! What is not secret (names, states, dates, check values) is readable in the file, and authenticated: the store's *seal* is made with
//! the key-encryption key over all of it. A line that was changed, added or taken out is refused as a whole. An older copy of the
//! whole file is sound in itself; the key log shows that it is old.

use super::entry::{Entry, FiscalYear, KeyState, Place, kcv};
use super::log::{self, Action, Done, log_of};
use super::name::{KeyName, Purpose};
use super::wrap::{KekOrigin, KeyEncryption, WrapError, random};
use crate::files;
use anyhow::{Context, bail, ensure};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::secret::Key;
use kazasu_text::key_refusals::StoreRefusal;
use kazasu_text::key_store::KeyStoreText;
use kazasu_text::{Because, Quoted, Said};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

const FORMAT: &str = "kazasu keys 1";

/// The file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreFile {
    format: String,
    kek: KekOrigin,
    keys: Vec<Entry>,
    /// Hexadecimal.
    seal: String,
}

impl StoreFile {
    /// What the seal is made over.
    fn sealed_text(&self) -> anyhow::Result<Vec<u8>> {
        let text = serde_json::to_vec(&(&self.format, &self.kek, &self.keys))?;
        let mut out = b"kazasu key store 1\n".to_vec();
        out.extend_from_slice(&Sha256::digest(&text));
        Ok(out)
    }
}

/// What gives a store's key-encryption key, once the store has said where it comes from.
pub trait Unlock {
    /// The key.
    fn unlock(&self, origin: &KekOrigin) -> anyhow::Result<Arc<dyn KeyEncryption>>;
}

/// A secret that is at hand: a passphrase, or what the system keeps.
impl Unlock for Zeroizing<String> {
    fn unlock(&self, origin: &KekOrigin) -> anyhow::Result<Arc<dyn KeyEncryption>> {
        Ok(Arc::new(origin.key(self)?))
    }
}

/// An open store.
#[derive(Debug)]
pub struct KeyStore {
    path: PathBuf,
    origin: KekOrigin,
    keys: Vec<Entry>,
    kek: Arc<dyn KeyEncryption>,
}

/// Keeps other commands away from a store that is being changed.
#[derive(Debug)]
pub struct StoreLock(#[allow(dead_code, reason = "the lock lives as long as the file is open")] File);

/// A new version of a key.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its name.
    pub name: KeyName,
    /// Where it begins.
    pub state: KeyState,
    /// The last day of its cryptoperiod.
    pub ends: BusinessDay,
    /// Of keys that seal.
    pub fiscal_year: Option<FiscalYear>,
    /// Of keys that have one.
    pub public: Option<[u8; 32]>,
}

/// What a new version is.
#[derive(Debug)]
pub enum Material {
    /// These bytes.
    Secret(Key),
    /// A key of a device, by its label.
    Device(String),
}

impl KeyStore {
    /// An empty store, which is not written yet.
    #[must_use]
    pub fn new(path: &Path, origin: KekOrigin, kek: Arc<dyn KeyEncryption>) -> Self {
        KeyStore { path: path.to_owned(), origin, keys: Vec::new(), kek }
    }

    /// Reads a store and checks its seal.
    pub fn open(path: &Path, unlock: &dyn Unlock) -> anyhow::Result<Self> {
        let file = Self::read(path)?;
        let place = || path.display().to_string();
        let kek = unlock.unlock(&file.kek).with_context(place)?;
        Self::checked(path, file, kek).with_context(place)
    }

    /// Reads it again with the key that it was opened with.
    pub fn reopen(&self) -> anyhow::Result<Self> {
        let file = Self::read(&self.path)?;
        Self::checked(&self.path, file, self.kek.clone()).with_context(|| self.path.display().to_string())
    }

    fn read(path: &Path) -> anyhow::Result<StoreFile> {
        let shown = path.display().to_string();
        files::only_owner_reads(path)?;
        let text = files::read_text(path)?;
        let file: StoreFile =
            serde_json::from_str(&text).because(|| Said::of(&KeyStoreText::NoStore { path: &shown }))?;
        let format = KeyStoreText::Format { path: &shown, got: Quoted(&file.format), expected: Quoted(FORMAT) };
        ensure!(file.format == FORMAT, Said::of(&format));
        Ok(file)
    }

    fn checked(path: &Path, file: StoreFile, kek: Arc<dyn KeyEncryption>) -> anyhow::Result<Self> {
        let seal = hex::decode(&file.seal).map_err(|_| Said::of(&KeyStoreText::SealDigits))?;
        let opened = kek.unwrap(&seal, &file.sealed_text()?).because(|| Said::of(&KeyStoreText::Seal))?;
        ensure!(opened.is_empty(), Said::of(&KeyStoreText::SealOther));
        let store = KeyStore { path: path.to_owned(), origin: file.kek, keys: file.keys, kek };
        store.check()?;
        Ok(store)
    }

    /// Rules that every store keeps.
    fn check(&self) -> anyhow::Result<()> {
        for (at, entry) in self.keys.iter().enumerate() {
            let twin = |other: &&Entry| Self::one_numbering(&other.key, &entry.key) && other.version == entry.version;
            let title = &entry.title();
            ensure!(!self.keys[..at].iter().any(|other| twin(&other)), Said::of(&KeyStoreText::Twice { title }));
            let second = |other: &&Entry| other.key == entry.key && other.state == KeyState::Active;
            let active = entry.state == KeyState::Active;
            let has_second = active && self.keys[..at].iter().any(|other| second(&other));
            ensure!(!has_second, Said::of(&KeyStoreText::TwoActive { key: &entry.key.to_string() }));
            let gone = entry.place == Place::Gone;
            ensure!(gone == (entry.state == KeyState::Destroyed), Said::of(&KeyStoreText::NoSecret { title }));
        }
        Ok(())
    }

    /// Whether versions of these are numbered together.
    fn one_numbering(a: &KeyName, b: &KeyName) -> bool {
        a == b || (a.purpose().seals() && b.purpose().seals())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its key-encryption key comes from.
    #[must_use]
    pub fn origin(&self) -> &KekOrigin {
        &self.origin
    }

    /// Every version of every key, destroyed ones too.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.keys
    }

    /// The versions of one key, oldest first.
    pub fn versions<'a>(&'a self, name: &KeyName) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let name = name.clone();
        self.keys.iter().filter(move |entry| entry.key == name)
    }

    /// One version.
    pub fn entry(&self, name: &KeyName, version: u8) -> anyhow::Result<&Entry> {
        let found = self.versions(name).find(|entry| entry.version == version);
        found.ok_or_else(|| {
            let there: Vec<String> = self.versions(name).map(|entry| entry.version.to_string()).collect();
            let (path, key, there) = (&self.path.display().to_string(), &name.to_string(), &there.join(", "));
            match there.as_str() {
                "" => refused(&StoreRefusal::NoVersions { path, key, version }),
                there => refused(&StoreRefusal::NoVersion { path, key, version, there }),
            }
        })
    }

    /// The active version.
    #[must_use]
    pub fn active(&self, name: &KeyName) -> Option<&Entry> {
        self.versions(name).find(|entry| entry.state == KeyState::Active)
    }

    /// A version's secret.
    pub fn secret(&self, entry: &Entry) -> anyhow::Result<Key> {
        let title = &entry.title();
        let of = || Said::of(&KeyStoreText::Of { title });
        let wrapped = match &entry.place {
            Place::Wrapped(text) => hex::decode(text).because(of)?,
            Place::Device(label) => bail!(Said::of(&KeyStoreText::InDevice { title, label: Quoted(label) })),
            Place::Gone => bail!(Said::of(&KeyStoreText::Destroyed { title })),
        };
        let plain = self.kek.unwrap(&wrapped, &entry.bound_to()).because(of)?;
        let key = Key::new(plain.to_vec()).because(of)?;
        ensure!(kcv(&key) == entry.kcv, Said::of(&KeyStoreText::OtherValue { title }));
        Ok(key)
    }

    /// Keeps other commands away until it is dropped.
    pub fn lock(path: &Path) -> anyhow::Result<StoreLock> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let file = files::open_private(Path::new(&name))?;
        match file.try_lock() {
            Ok(()) => Ok(StoreLock(file)),
            Err(TryLockError::WouldBlock) => Err(refused(&StoreRefusal::Locked { path: &path.display().to_string() })),
            Err(TryLockError::Error(error)) => {
                Ok(Err(error).because(|| Said::of(&KeyStoreText::CannotLock { path: &path.display().to_string() }))?)
            }
        }
    }

    /// The number of a new version.
    pub fn next_version(&self, name: &KeyName) -> anyhow::Result<u8> {
        let used = self.keys.iter().filter(|entry| Self::one_numbering(&entry.key, name)).map(|entry| entry.version);
        let next = used.max().unwrap_or(0).checked_add(1);
        next.ok_or_else(|| refused(&StoreRefusal::AllVersions { key: &name.to_string() }))
    }

    /// Adds a version, and gives its number. A new active one makes the former active one accepted.
    pub fn add(&mut self, new: NewKey, material: &Material, done: &Done<'_>) -> anyhow::Result<u8> {
        let version = self.next_version(&new.name)?;
        self.add_as(version, new, material, done)
    }

    /// The same under a number that is given: of a key that had it before it came here.
    pub fn add_as(&mut self, version: u8, new: NewKey, material: &Material, done: &Done<'_>) -> anyhow::Result<u8> {
        let purpose = new.name.purpose();
        let mut entry = Entry {
            key: new.name,
            version,
            state: new.state,
            algorithm: purpose.algorithm().to_owned(),
            length: 32,
            kcv: String::new(),
            public: new.public.map(hex::encode),
            created: done.at,
            ends: new.ends,
            fiscal_year: new.fiscal_year,
            place: Place::Gone,
        };
        match material {
            Material::Device(label) => entry.place = Place::Device(label.clone()),
            Material::Secret(key) => {
                let length = key.expose().len();
                let lengths = purpose.lengths();
                if !lengths.contains(&length) {
                    let (key, lengths) = (&entry.key.to_string(), &format!("{lengths:?}"));
                    return Err(refused(&StoreRefusal::Length { key, got: length.into(), lengths }));
                }
                (entry.length, entry.kcv) = (u8::try_from(length)?, kcv(key));
                let known =
                    self.versions(&entry.key).find(|other| other.kcv == entry.kcv && other.length == entry.length);
                if let Some(known) = known {
                    return Err(refused(&StoreRefusal::SameKey { version: known.version }));
                }
                entry.place = Place::Wrapped(hex::encode(self.kek.wrap(key.expose(), &entry.bound_to())?));
            }
        }
        if entry.state == KeyState::Active {
            self.step_down(&entry.key);
        }
        self.keys.push(entry);
        self.check()?;
        Ok(version)
    }

    fn step_down(&mut self, name: &KeyName) {
        for entry in self.keys.iter_mut().filter(|entry| entry.key == *name && entry.state == KeyState::Active) {
            entry.state = KeyState::Accepted;
        }
    }

    fn entry_mut(&mut self, name: &KeyName, version: u8) -> anyhow::Result<&mut Entry> {
        self.entry(name, version)?;
        let found = self.keys.iter_mut().find(|entry| entry.key == *name && entry.version == version);
        found.context("an entry that was just there")
    }

    /// Uses an accepted or retired version for what is new; the former one stays accepted.
    pub fn activate(&mut self, name: &KeyName, version: u8) -> anyhow::Result<()> {
        let key = &name.to_string();
        match self.entry(name, version)?.state {
            KeyState::Accepted | KeyState::Retired => {}
            KeyState::Active => return Err(refused(&StoreRefusal::Active { key, version })),
            KeyState::Destroyed => return Err(refused(&StoreRefusal::Destroyed { key, version })),
        }
        self.step_down(name);
        self.entry_mut(name, version)?.state = KeyState::Active;
        Ok(())
    }

    /// Takes a version out of use that is not the active one.
    pub fn retire(&mut self, name: &KeyName, version: u8) -> anyhow::Result<()> {
        let key = &name.to_string();
        match self.entry(name, version)?.state {
            KeyState::Accepted => {}
            KeyState::Active => return Err(refused(&StoreRefusal::ActiveFirst { key, version })),
            KeyState::Retired => return Err(refused(&StoreRefusal::Retired { key, version })),
            KeyState::Destroyed => return Err(refused(&StoreRefusal::Destroyed { key, version })),
        }
        self.entry_mut(name, version)?.state = KeyState::Retired;
        Ok(())
    }

    /// Forgets the secret of a retired version. What was sealed with it stays closed for ever.
    pub fn destroy(&mut self, name: &KeyName, version: u8) -> anyhow::Result<()> {
        let key = &name.to_string();
        match self.entry(name, version)?.state {
            KeyState::Retired => {}
            KeyState::Active | KeyState::Accepted => return Err(refused(&StoreRefusal::InUse { key, version })),
            KeyState::Destroyed => return Err(refused(&StoreRefusal::Destroyed { key, version })),
        }
        let entry = self.entry_mut(name, version)?;
        (entry.state, entry.place) = (KeyState::Destroyed, Place::Gone);
        Ok(())
    }

    /// Wraps every secret again under another key.
    pub fn wrap_again(&mut self, origin: KekOrigin, kek: Arc<dyn KeyEncryption>) -> anyhow::Result<()> {
        let mut keys = self.keys.clone();
        for entry in &mut keys {
            if let Place::Wrapped(text) = &entry.place {
                let plain = self
                    .kek
                    .unwrap(&hex::decode(text)?, &entry.bound_to())
                    .because(|| Said::of(&KeyStoreText::Of { title: &entry.title() }))?;
                entry.place = Place::Wrapped(hex::encode(kek.wrap(&plain, &entry.bound_to())?));
            }
        }
        (self.keys, self.origin, self.kek) = (keys, origin, kek);
        Ok(())
    }

    /// Writes the store, in whole or not at all, and then the line of its log. An action whose line is missing was done just
    /// before a crash.
    pub fn save(&self, did: &str, about: Option<(&KeyName, u8)>, done: &Done<'_>) -> anyhow::Result<()> {
        let mut file = StoreFile {
            format: FORMAT.to_owned(),
            kek: self.origin.clone(),
            keys: self.keys.clone(),
            seal: String::new(),
        };
        file.seal = hex::encode(self.kek.wrap(&[], &file.sealed_text()?)?);
        let mut text = serde_json::to_string_pretty(&file)?;
        text.push('\n');
        files::write_private(&self.path, text.as_bytes())?;
        let entry = about.map(|(name, version)| self.entry(name, version)).transpose()?;
        let action = Action {
            at: done.at.jst_text(),
            by: done.by.to_owned(),
            did: did.to_owned(),
            key: entry.map(|entry| entry.key.to_string()).unwrap_or_default(),
            version: entry.map_or(0, |entry| entry.version),
            kcv: entry.map(|entry| entry.kcv.clone()).unwrap_or_default(),
            why: done.why.to_owned(),
            previous: String::new(),
        };
        log::append(&log_of(&self.path), action)
    }
}

/// An error in the words of the catalogue.
fn refused(text: &StoreRefusal<'_>) -> anyhow::Error {
    Said::of(text).into()
}

/// A new key for this purpose, from the operating system.
pub fn fresh(purpose: Purpose, length: Option<usize>) -> anyhow::Result<Key> {
    let lengths = purpose.lengths();
    let length = length.unwrap_or(lengths[0]);
    if !lengths.contains(&length) {
        let (purpose, lengths) = (purpose.name(), &format!("{lengths:?}"));
        return Err(refused(&StoreRefusal::LengthFor { purpose, got: length.into(), lengths }));
    }
    let bytes = Zeroizing::new(random::<32>()?);
    Ok(Key::new(bytes[..length].to_vec())?)
}

/// A fresh component (every byte random), and 32 bytes for a credential.
pub fn fresh_credential() -> Result<(Zeroizing<String>, KekOrigin), WrapError> {
    let bytes = Zeroizing::new(random::<32>()?);
    Ok((Zeroizing::new(hex::encode(*bytes)), KekOrigin::Credential))
}

/// Where a new passphrase's key comes from: a salt of its own.
pub fn fresh_passphrase() -> Result<KekOrigin, WrapError> {
    Ok(KekOrigin::passphrase(random()?))
}
