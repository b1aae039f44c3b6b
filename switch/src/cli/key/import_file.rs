//! Keys of the time when they were in the key file, in the clear: into the store, and out of the file.

use super::change;
use super::share::{Act, NewVersion, Place, done};
use crate::language::{refused, shown};
use anyhow::{Context, ensure};
use kazasu_console::say;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::secret::Key;
use kazasu_security::files;
use kazasu_security::keys::{KeyName, KeyState, KeyStore, Material, Purpose, fresh};
use kazasu_text::key_refusals::KeyRefusal;
use kazasu_text::keys::KeyText;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The keys of an older key file.
#[derive(Deserialize)]
struct OlderFile {
    vault: Option<Vault>,
    audit: Option<Seeds>,
    batches: Option<Seeds>,
    cluster: Option<Cluster>,
    #[serde(default)]
    acquirer: BTreeMap<String, Acquirer>,
    #[serde(default)]
    issuer: BTreeMap<u16, Issuer>,
    #[serde(default)]
    outbox: Outbox,
}

#[derive(Deserialize)]
struct Vault {
    current: u8,
    lookup: Zeroizing<String>,
    seal: BTreeMap<u8, Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Seeds {
    current: u8,
    seed: BTreeMap<u8, Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Cluster {
    key: Zeroizing<String>,
    private: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Acquirer {
    master: Zeroizing<String>,
    #[serde(rename = "to_switch")]
    _to_switch: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Issuer {
    master: Option<Zeroizing<String>>,
    to_issuer: Option<Zeroizing<String>>,
    from_issuer: Option<Zeroizing<String>>,
}

#[derive(Deserialize, Default)]
struct Outbox {
    webhook: Option<Zeroizing<String>>,
}

/// A version to take over.
struct Taken {
    name: KeyName,
    version: u8,
    state: KeyState,
    text: Zeroizing<String>,
}

fn all(file: OlderFile, node: Option<&str>) -> anyhow::Result<Vec<Taken>> {
    let mut out = Vec::new();
    let mut take = |name, version, state, text| out.push(Taken { name, version, state, text });
    let state = |version, current| if version == current { KeyState::Active } else { KeyState::Accepted };
    if let Some(vault) = file.vault {
        for (version, text) in vault.seal {
            take(KeyName::of(Purpose::SealCards), version, state(version, vault.current), text);
        }
        take(KeyName::of(Purpose::Lookup), 1, KeyState::Active, vault.lookup);
    }
    for (purpose, seeds) in [(Purpose::SignAudit, file.audit), (Purpose::SignBatches, file.batches)] {
        let Some(seeds) = seeds else { continue };
        for (version, text) in seeds.seed {
            take(KeyName::of(purpose), version, state(version, seeds.current), text);
        }
    }
    if let Some(cluster) = file.cluster {
        take(KeyName::of(Purpose::ClusterShared), 1, KeyState::Active, cluster.key);
        if let Some(private) = cluster.private {
            let node = node.context("[cluster] has a node's own key, and the configuration has no [cluster]")?;
            take(KeyName::node(node), 1, KeyState::Active, private);
        }
    }
    for (id, keys) in file.acquirer {
        take(format!("acquirer.{id}").parse()?, 1, KeyState::Active, keys.master);
    }
    for (number, keys) in file.issuer {
        let [to, from] = KeyName::fixed(number);
        for (name, text) in [(KeyName::issuer(number), keys.master), (to, keys.to_issuer), (from, keys.from_issuer)] {
            text.into_iter().for_each(|text| take(name.clone(), 1, KeyState::Active, text));
        }
    }
    if let Some(webhook) = file.outbox.webhook {
        take(KeyName::of(Purpose::Webhook), 1, KeyState::Active, webhook);
    }
    Ok(out)
}

/// The file without its keys; every other line as it was.
fn without_keys(text: &str) -> String {
    let mut out = String::new();
    let (mut drop, mut outbox) = (false, false);
    for line in text.lines() {
        let header = line.trim();
        if header.starts_with('[') {
            let table = header.trim_start_matches('[').split([']', '.']).next().unwrap_or_default().trim();
            drop = matches!(table, "vault" | "audit" | "batches" | "cluster" | "acquirer" | "issuer");
            outbox = table == "outbox";
        }
        let webhook = outbox && header.split('=').next().is_some_and(|key| key.trim() == "webhook");
        if !drop && !webhook {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

pub(super) fn run(file: Option<PathBuf>, act: &Act) -> anyhow::Result<()> {
    let (place, now) = (Place::of(&act.config)?, kazasu_engine::clock::now());
    let path = file.unwrap_or_else(|| place.file.clone());
    let file = &path.display().to_string();
    files::only_owner_reads(&path)?;
    let text = Zeroizing::new(files::read_text(&path)?);
    let read: OlderFile = toml::from_str(&text).map_err(|e: toml::de::Error| {
        let line = e.span().map_or(0, |s| text[..s.start.min(text.len())].lines().count());
        refused(&KeyRefusal::FileLine { path: file, line: line.into(), why: e.message() })
    })?;
    let taken = all(read, place.wanted.cluster.as_ref().map(|cluster| cluster.node.as_str()))?;
    ensure!(!taken.is_empty(), shown(&KeyRefusal::NoKeysInFile { path: file }));
    take_over(&place, taken, (act, now))?;
    let rest = Zeroizing::new(without_keys(&text));
    let left: OlderFile = toml::from_str(&rest).with_context(|| shown(&KeyRefusal::FileKept { path: file }))?;
    ensure!(all(left, Some("node"))?.is_empty(), shown(&KeyRefusal::KeysLeft { path: file }));
    files::write_private(&path, rest.as_bytes())?;
    say!("{}", shown(&KeyText::OutOfFile { path: &path.display().to_string() }));
    Ok(())
}

/// Every key into its store. A version that is there with the same check value is passed over, so that this can be repeated.
fn take_over(place: &Place, taken: Vec<Taken>, (act, now): (&Act, Millis)) -> anyhow::Result<()> {
    let done = done(act, now)?;
    let new = NewVersion { bytes: None, days: None, accept: false, fiscal_year: None, label: None };
    for path in place.section.paths(&place.base) {
        let of_store = |taken: &&Taken| place.section.store_of(&taken.name, &place.base) == path;
        let mut mine: Vec<&Taken> = taken.iter().filter(of_store).collect();
        let Some(first) = mine.first() else { continue };
        let (mut store, _lock) = change::open_or_make(place, &first.name, &done)?;
        // The active one last: what is added as active makes the former active one accepted.
        mine.sort_by_key(|taken| taken.state == KeyState::Active);
        for Taken { name, version, state, text } in mine {
            let title = || format!("{name} {version}");
            let key = Key::from_hex(text).with_context(title)?;
            let known = store
                .versions(name)
                .any(|entry| entry.version == *version && entry.kcv == kazasu_security::keys::kcv(&key));
            if known {
                continue;
            }
            let mut described = change::new_key(place, (name, &key), (&new, *state), now)?;
            // It sealed before there were fiscal years.
            described.fiscal_year = None;
            store.add_as(*version, described, &Material::Secret(key), &done).with_context(title)?;
            save(&store, (name, *version), &done)?;
        }
        accounts_key(place, &mut store, (act, now))?;
    }
    Ok(())
}

fn save(
    store: &KeyStore,
    (name, version): (&KeyName, u8),
    done: &kazasu_security::keys::Done<'_>,
) -> anyhow::Result<()> {
    store.save("imported", Some((name, version)), done)?;
    let entry = store.entry(name, version)?;
    say!("{}: {}, KCV {}", entry.title(), entry.state.name(), entry.kcv);
    Ok(())
}

/// One key sealed card numbers and payees' accounts; from now on accounts have a key of their own.
fn accounts_key(place: &Place, store: &mut KeyStore, (act, now): (&Act, Millis)) -> anyhow::Result<()> {
    let (cards, accounts) = (KeyName::of(Purpose::SealCards), KeyName::of(Purpose::SealAccounts));
    if store.active(&cards).is_none() || store.active(&accounts).is_some() {
        return Ok(());
    }
    let done = done(act, now)?;
    let new = NewVersion { bytes: None, days: None, accept: false, fiscal_year: None, label: None };
    let key = fresh(Purpose::SealAccounts, None)?;
    let described = change::new_key(place, (&accounts, &key), (&new, KeyState::Active), now)?;
    change::put((store, "generated"), described, key, &done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_leave_the_file_and_everything_else_stays() {
        let text = "# mine\n[vault]\ncurrent = 1\nlookup = \"aa\"\nseal.1 = \"bb\"\n\n[http]\ntoken = \"t\" # here\n[http.people]\na = \"b\"\n\
                    [outbox]\nwebhook = \"cc\"\nmail_password = \"m\"\n[acquirer.27000001]\nmaster = \"dd\"\n[issuer.1]\nto_issuer = \"ee\"\n\
                    from_issuer = \"ff\"\n[store]\npassword = \"p\"\n";
        let read: OlderFile = toml::from_str(text).unwrap();
        let names: Vec<String> = all(read, None).unwrap().iter().map(|taken| taken.name.to_string()).collect();
        assert_eq!(names, ["vault.cards", "lookup", "acquirer.27000001", "issuer.1.to", "issuer.1.from", "webhook"]);
        let rest = without_keys(text);
        assert_eq!(
            rest,
            "# mine\n[http]\ntoken = \"t\" # here\n[http.people]\na = \"b\"\n[outbox]\nmail_password = \"m\"\n[store]\npassword = \"p\"\n"
        );
        assert!(all(toml::from_str(&rest).unwrap(), None).unwrap().is_empty());
    }
}
