//! The file of tokens and passwords, which only its owner may read, and the callers of the API in it. No message quotes a line of
//! it.

use anyhow::{bail, ensure};
use kazasu_schemas::identity::{Name, NameKey};
use kazasu_services::people::{OldCaller, OldKind};
use kazasu_text::configuration::ConfigText;
use kazasu_text::{Quoted, Said, names};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The whole file: tokens and passwords. Keys are in the key store; the switch refuses keys of an older file and names
/// the remedy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysFile {
    /// Of older files: tokens, each taken over once as a program's key, or as a person who is invited.
    #[serde(default)]
    pub(super) http: HttpKeys,
    #[serde(default)]
    pub(super) store: StoreKeys,
    #[serde(default)]
    pub(super) outbox: OutboxKeys,
    // Tables of older files, in which keys were.
    vault: Option<IgnoredAny>,
    audit: Option<IgnoredAny>,
    batches: Option<IgnoredAny>,
    cluster: Option<IgnoredAny>,
    acquirer: Option<IgnoredAny>,
    issuer: Option<IgnoredAny>,
}

impl KeysFile {
    /// A key that is still in the file.
    fn older(&self) -> Option<&'static str> {
        let tables = [
            (&self.vault, "[vault]"),
            (&self.audit, "[audit]"),
            (&self.batches, "[batches]"),
            (&self.cluster, "[cluster]"),
            (&self.acquirer, "[acquirer.…]"),
            (&self.issuer, "[issuer.…]"),
            (&self.outbox.webhook, "outbox.webhook"),
        ];
        tables.into_iter().find(|(there, _)| there.is_some()).map(|(_, name)| name)
    }
}

/// `[outbox]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct OutboxKeys {
    webhook: Option<IgnoredAny>,
    pub(super) mail_password: Option<String>,
}

/// `[store]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreKeys {
    pub(super) password: Option<String>,
}

/// `[http]`: tokens, as files had them before there were people in the book.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpKeys {
    /// The operator's.
    pub(super) token: Option<String>,
    /// People by name.
    #[serde(default)]
    pub(super) people: BTreeMap<String, String>,
    /// Portals by name.
    #[serde(default)]
    pub(super) portals: BTreeMap<String, String>,
}

/// What is wrong, behind the file.
fn in_file(path: &Path, text: &ConfigText<'_>) -> Said {
    Said::of(&ConfigText::In { place: &path.display().to_string(), problem: &Said::of(text) })
}

/// Reads the file.
pub(super) fn read_keys(path: &Path) -> anyhow::Result<KeysFile> {
    kazasu_security::files::only_owner_reads(path)?;
    let text = zeroize::Zeroizing::new(kazasu_security::files::read_text(path)?);
    // The parser's message may quote the line, so the error names only the place.
    let file: KeysFile = toml::from_str(&text).map_err(|e: toml::de::Error| {
        let line = e.span().map_or(0, |s| text[..s.start.min(text.len())].lines().count());
        let line = u64::try_from(line).unwrap_or(u64::MAX);
        in_file(path, &ConfigText::SecretLine { line, problem: &kazasu_documents::policy::file::grammar(&e) })
    })?;
    if let Some(key) = file.older() {
        bail!(in_file(path, &ConfigText::KeyInClear { key }));
    }
    Ok(file)
}

/// Different characters of a token at least: 32 zeros are no secret.
const DIFFERENT: usize = 8;

/// The callers in the file: each has a name and a token of its own.
pub(super) fn callers(keys: &HttpKeys) -> anyhow::Result<Vec<OldCaller>> {
    let operator = keys.token.iter().map(|token| (OPERATOR, token, OldKind::Operator));
    let people = keys.people.iter().map(|(name, token)| (name.as_str(), token, OldKind::Person));
    let portals = keys.portals.iter().map(|(name, token)| (name.as_str(), token, OldKind::Portal));
    let mut out: Vec<OldCaller> = Vec::new();
    for (name, token, kind) in operator.chain(people).chain(portals) {
        let no_name = |e| Said::of(&ConfigText::NameOf { name: Quoted(name), problem: &names::name(&e) });
        let shown: Name = name.parse().map_err(no_name)?;
        ensure!(token.len() >= 32, Said::of(&ConfigText::TokenShort { name }));
        let different = token.chars().collect::<BTreeSet<char>>().len();
        let weak = ConfigText::TokenWeak { name, different: different.into() };
        ensure!(different >= DIFFERENT, Said::of(&weak));
        if let Some(other) = out.iter().find(|other| NameKey::of(&other.name) == shown.key()) {
            bail!(Said::of(&ConfigText::NamesAlike { name: Quoted(name), other: Quoted(&other.name) }));
        }
        let hash = Sha256::digest(token.trim().as_bytes()).into();
        let is_twice = out.iter().any(|other| other.hash == hash);
        ensure!(!is_twice, Said::of(&ConfigText::TokenTwice { name }));
        out.push(OldCaller { name: shown.to_string(), kind, hash });
    }
    Ok(out)
}

/// The name under which the token without a person is taken over.
const OPERATOR: &str = "operator";
