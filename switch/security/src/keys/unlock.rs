//! Where the secret comes from that opens a key store.

use super::store::Unlock;
use super::wrap::{Device, KekOrigin, KeyEncryption};
use crate::files;
use anyhow::{bail, ensure};
use kazasu_console::terminal::ask_hidden;
use kazasu_text::files::FileText;
use kazasu_text::key_store::UnlockText;
use kazasu_text::keys::KeyText;
use kazasu_text::{Because, Language, Quoted, Said, Text, errors};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// `unlock` of `[keys]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnlockFrom {
    /// A person types it.
    Passphrase,
    /// The system's credential of this name: a file in the folder that `CREDENTIALS_DIRECTORY` names (systemd).
    Credential(String),
    /// A file, which only its owner may read, or a pipe.
    File(PathBuf),
    /// A key of the device that `[hsm]` names, by its label. It never leaves the device.
    Device(String),
}

impl FromStr for UnlockFrom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "passphrase" => Ok(UnlockFrom::Passphrase),
            Some(("credential", name)) if !name.is_empty() && !name.contains('/') => {
                Ok(UnlockFrom::Credential(name.to_owned()))
            }
            Some(("file", path)) if !path.is_empty() => Ok(UnlockFrom::File(path.into())),
            Some(("fd", number)) if number.parse::<u16>().is_ok() => {
                Ok(UnlockFrom::File(format!("/dev/fd/{number}").into()))
            }
            Some(("device", label)) if !label.is_empty() => Ok(UnlockFrom::Device(label.to_owned())),
            Some(_) | None => Err(format!(
                "expected \"passphrase\", \"credential:NAME\", \"file:PATH\", \"fd:NUMBER\" or \"device:LABEL\", got {text:?}"
            )),
        }
    }
}

impl std::fmt::Display for UnlockFrom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            UnlockFrom::Passphrase => f.write_str("passphrase"),
            UnlockFrom::Credential(name) => write!(f, "credential:{name}"),
            UnlockFrom::File(path) => write!(f, "file:{}", path.display()),
            UnlockFrom::Device(label) => write!(f, "device:{label}"),
        }
    }
}

impl<'de> serde::Deserialize<'de> for UnlockFrom {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The most that is read of a secret.
const MOST: u64 = 4_096;

/// A secret, and where relative paths begin.
#[derive(Clone, Debug)]
pub struct Secret<'a> {
    /// Where it comes from.
    pub from: &'a UnlockFrom,
    /// The configuration's folder.
    pub base: &'a Path,
    /// The device that `[hsm]` names, where a key of it opens the store.
    pub device: Option<Arc<dyn Device>>,
}

impl Secret<'_> {
    /// The path of the file that has it, where it is a file.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        match self.from {
            UnlockFrom::Passphrase | UnlockFrom::Device(_) => None,
            UnlockFrom::Credential(name) => {
                std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(name))
            }
            UnlockFrom::File(path) => Some(self.base.join(path)),
        }
    }

    /// The secret itself.
    pub fn read(&self) -> anyhow::Result<Zeroizing<String>> {
        if *self.from == UnlockFrom::Passphrase {
            let asked = ask_hidden(&KeyText::Passphrase.in_language(Language::of_process()));
            return Ok(asked.because(|| Said::of(&UnlockText::NoTerminal))?);
        }
        if let UnlockFrom::Device(label) = self.from {
            bail!(Said::of(&UnlockText::StaysInDevice { label: Quoted(label) }));
        }
        let path = self.path().ok_or_else(|| Said::of(&UnlockText::NoCredentials))?;
        if matches!(self.from, UnlockFrom::File(_)) && !files::is_stream(&path) {
            files::only_owner_reads(&path)?;
        }
        let mut text = Zeroizing::new(String::new());
        let unreadable = |error: std::io::Error| errors::unreadable(&path, &error);
        let file = std::fs::File::open(&path).map_err(unreadable)?;
        file.take(MOST).read_to_string(&mut text).map_err(unreadable)?;
        ensure!(!text.trim().is_empty(), Said::of(&FileText::Empty { path: &path.display().to_string() }));
        Ok(text)
    }
}

impl Unlock for Secret<'_> {
    fn unlock(&self, origin: &KekOrigin) -> anyhow::Result<Arc<dyn KeyEncryption>> {
        let UnlockFrom::Device(label) = self.from else { return self.read()?.unlock(origin) };
        let other = UnlockText::OtherOrigin { label, origin: origin.text() };
        ensure!(*origin == KekOrigin::Device { label: label.clone() }, Said::of(&other));
        let device = self.device.as_ref();
        let device = device.ok_or_else(|| Said::of(&UnlockText::NoDevice { label }))?;
        Ok(device.encryption(label)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_secret_comes_from_is_said_in_one_word() {
        let of = |text: &str| text.parse::<UnlockFrom>();
        assert_eq!(of("passphrase"), Ok(UnlockFrom::Passphrase));
        assert_eq!(of("credential:kazasu"), Ok(UnlockFrom::Credential("kazasu".into())));
        assert_eq!(of("file:keys.credential"), Ok(UnlockFrom::File("keys.credential".into())));
        assert_eq!(of("fd:3"), Ok(UnlockFrom::File("/dev/fd/3".into())));
        assert_eq!(of("device:kazasu keys"), Ok(UnlockFrom::Device("kazasu keys".into())));
        for wrong in ["", "device:", "pass", "credential:", "credential:../x", "file:", "fd:x", "hunter2:"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credential");
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        let from = UnlockFrom::File("credential".into());
        let secret = Secret { from: &from, base: dir.path(), device: None };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(secret.read().unwrap_err().to_string().contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(secret.read().unwrap().trim(), "0123456789abcdef");
    }
}
