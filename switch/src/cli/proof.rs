//! The command line's proof of its user: a person's session in the person's own folder, or a program's key.

use super::common::Common;
use crate::language::refused;
use kazasu_schemas::secret::Key;
use kazasu_security::signing::SeedKey;
use kazasu_serve::config::Config;
use kazasu_text::errors;
use kazasu_text::files::FileText;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file of the session for a switch: `$XDG_STATE_HOME/kazasu`, or `~/.local/state/kazasu`. Each switch has its own, by the place of
/// its configuration.
pub(super) fn path(common: &Common) -> anyhow::Result<PathBuf> {
    if let Some(path) = &common.session {
        return Ok(path.clone());
    }
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
    let state = state.ok_or_else(|| refused(&FileText::NoHome))?;
    let config = std::fs::canonicalize(&common.config).unwrap_or_else(|_| common.config.clone());
    let hash = Sha256::digest(config.as_os_str().as_encoded_bytes());
    Ok(state.join("kazasu").join(format!("{}.session", hex::encode(&hash[..8]))))
}

/// Keeps a session or key, readable by its owner only.
pub(super) fn keep(path: &Path, proof: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        kazasu_security::files::private_folder(folder)?;
    }
    kazasu_security::files::write_private(path, proof.as_bytes())
}

/// Forgets it. False when there was none.
pub(super) fn forget(path: &Path) -> anyhow::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => {
            let (path, why) = (&path.display().to_string(), &errors::io(&error));
            Err(refused(&FileText::Remove { path, why }))
        }
    }
}

/// This command line's proof: the session of the option, the user's own one, or the program's key of `keys_file`. Without any of them it
/// is anonymous.
pub(super) fn find(config: &Config, common: &Common) -> anyhow::Result<Option<Zeroizing<String>>> {
    let path = path(common);
    match path.as_ref().map(|path| read(path)) {
        Ok(Ok(Some(proof))) => return Ok(Some(proof)),
        Ok(Err(error)) => return Err(error),
        Ok(Ok(None)) if common.session.is_some() => {
            return Err(refused(&FileText::NoSession { path: &path?.display().to_string() }));
        }
        Ok(Ok(None)) | Err(_) => {}
    }
    Ok(config.token.clone())
}

/// The beginning of the line with the seed of the key that decisions are signed with; the session or key is the first line.
const DECISION_KEY: &str = "decision-key ";

/// Keeps a session with the seed of its decision key.
pub(super) fn keep_with_key(path: &Path, session: &str, seed: &Key) -> anyhow::Result<()> {
    let text =
        Zeroizing::new(format!("{session}\n{DECISION_KEY}{}\n", Zeroizing::new(hex::encode(seed.expose())).as_str()));
    keep(path, &text)
}

/// The key with which this command line's user signs decisions; none of a session that was begun elsewhere.
pub(super) fn decision_key(common: &Common) -> anyhow::Result<Option<SeedKey>> {
    let Ok(path) = path(common) else { return Ok(None) };
    let Some(text) = whole(&path)? else { return Ok(None) };
    let Some(seed) = text.lines().find_map(|line| line.strip_prefix(DECISION_KEY)) else { return Ok(None) };
    let unreadable = || refused(&FileText::DecisionKey { path: &path.display().to_string() });
    let seed = Key::from_hex(seed).map_err(|_| unreadable())?;
    SeedKey::new(&seed).map(Some)
}

fn read(path: &Path) -> anyhow::Result<Option<Zeroizing<String>>> {
    let text = whole(path)?;
    Ok(text.map(|text| Zeroizing::new(text.lines().next().unwrap_or_default().trim().to_owned())))
}

fn whole(path: &Path) -> anyhow::Result<Option<Zeroizing<String>>> {
    if std::fs::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(None);
    }
    kazasu_security::files::only_owner_reads(path)?;
    kazasu_security::files::read_text(path).map(|text| Some(Zeroizing::new(text)))
}
