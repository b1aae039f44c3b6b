//! Keys in key blocks (ANSI X9.143): to and from the party that shares the protection key. Two people do each.

use super::change;
use super::share::{Act, NewVersion, Place, is_yes};
use crate::language::{refused, shown};
use anyhow::{Context, ensure};
use clap::Args;
use kazasu_console::say;
use kazasu_console::terminal::ask;
use kazasu_schemas::canonical::{is_blank, same};
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_security::files;
use kazasu_security::key_block::{self, KeyBlock, KeyVersion, Length, ProtectionKey};
use kazasu_security::keys::{Change, Done, KeyName, KeyState, KeyStore, Purpose, fresh_padding, kcv};
use kazasu_text::Quoted;
use kazasu_text::hsm::HsmText;
use kazasu_text::key_refusals::KeyRefusal;
use std::path::PathBuf;

/// A protection key, and who is there.
#[derive(Args)]
struct Shared {
    /// The protection key that both parties have, such as protection.acme.
    #[arg(long)]
    under: KeyName,
    /// The second person's name; asked for at the terminal when absent.
    #[arg(long)]
    second: Option<String>,
}

/// A key that leaves.
#[derive(Args)]
pub(in crate::cli) struct Export {
    /// The key, such as acquirer.27000001.
    name: KeyName,
    /// Its version; the active one when absent.
    #[arg(long)]
    version: Option<u8>,
    /// The block shows how long the key is, for receivers that know TR-31:2018 only.
    #[arg(long)]
    show_length: bool,
    /// A new file for the block instead of the standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    shared: Shared,
    #[command(flatten)]
    act: Act,
}

/// A key that comes.
#[derive(Args)]
pub(in crate::cli) struct Import {
    /// The key, such as acquirer.27000001.
    name: KeyName,
    /// The file with the block.
    file: PathBuf,
    /// The key's check value, as the other side says it: another key is refused. Without it both people compare at the terminal.
    #[arg(long)]
    kcv: Option<String>,
    #[command(flatten)]
    shared: Shared,
    #[command(flatten)]
    new: NewVersion,
    #[command(flatten)]
    act: Act,
}

/// What the block of this key is for. The configuration says with which function MACs are made.
fn purpose(place: &Place, name: &KeyName) -> anyhow::Result<key_block::Purpose> {
    let acquirer = || {
        let found = place.wanted.acquirers.iter().find(|(id, _)| id.as_str() == name.owner());
        let found = found.map(|(_, mac)| *mac);
        let (key, id) = (&name.to_string(), Quoted(name.owner()));
        found.ok_or_else(|| refused(&KeyRefusal::NoAcquirer { key, id }))
    };
    let issuer = || -> anyhow::Result<MacAlgorithm> {
        let found = place.wanted.issuers.iter().find(|issuer| issuer.number.to_string() == name.owner());
        let found = found.map(|issuer| issuer.mac);
        let (key, number) = (&name.to_string(), name.owner());
        found.ok_or_else(|| refused(&KeyRefusal::NoIssuer { key, number }))
    };
    Ok(match name.purpose() {
        Purpose::AcquirerMaster => key_block::Purpose::AcquirerMaster(acquirer()?),
        Purpose::IssuerMaster => key_block::Purpose::AcquirerMaster(issuer()?),
        Purpose::ToIssuer => key_block::Purpose::ToIssuer(issuer()?),
        Purpose::FromIssuer => key_block::Purpose::FromIssuer(issuer()?),
        Purpose::Webhook => key_block::Purpose::Webhook,
        Purpose::Protection => key_block::Purpose::Protection,
        Purpose::SealCards
        | Purpose::SealAccounts
        | Purpose::Lookup
        | Purpose::SignAudit
        | Purpose::SignBatches
        | Purpose::ClusterShared
        | Purpose::NodePrivate => {
            return Err(refused(&KeyRefusal::NoBlock { key: &name.to_string() }));
        }
    })
}

/// The active protection key.
fn protection(store: &KeyStore, name: &KeyName) -> anyhow::Result<ProtectionKey> {
    let key = &name.to_string();
    ensure!(name.purpose() == Purpose::Protection, shown(&KeyRefusal::UnderProtection { got: key }));
    let active = store.active(name).ok_or_else(|| refused(&KeyRefusal::NoActiveProtection { key }))?;
    Ok(ProtectionKey::new(&store.secret(active)?))
}

/// Both people, as the key log names them.
fn both(shared: &Shared, by: &str) -> anyhow::Result<String> {
    let second = match &shared.second {
        Some(name) => name.clone(),
        None => {
            let name = ask(&shown(&HsmText::AskSecond)).with_context(|| shown(&KeyRefusal::SecondWithoutTerminal))?;
            name.trim().to_owned()
        }
    };
    ensure!(!is_blank(&second) && second.chars().count() <= 120, shown(&KeyRefusal::SecondName));
    ensure!(!same(&second, by), shown(&KeyRefusal::SecondIsBy { second: &second }));
    Ok(format!("{by} + {second}"))
}

/// `kazasu key export-block`.
pub(super) fn export(what: &Export) -> anyhow::Result<()> {
    let Export { name, version, show_length, out, shared, act } = what;
    let (place, now) = (Place::of(&act.config)?, kazasu_engine::clock::now());
    super::share::done(act, now)?;
    let purpose = purpose(&place, name)?;
    ensure!(*name != shared.under, shown(&KeyRefusal::UnderItself));
    let by = both(shared, &act.by)?;
    let (store, _lock) = place.open(name)?;
    let entry = match version {
        Some(version) => store.entry(name, *version)?,
        None => {
            let refusal = || refused(&KeyRefusal::NoActiveSayVersion { key: &name.to_string() });
            store.active(name).ok_or_else(refusal)?
        }
    };
    let key = store.secret(entry)?;
    let header = purpose.header(KeyVersion::number(entry.version).unwrap_or(KeyVersion::None));
    let length = if *show_length { Length::Shown } else { Length::Hidden };
    let block = protection(&store, &shared.under)?.wrap(&KeyBlock { header, key }, length, &fresh_padding()?)?;
    if let Some(path) = out {
        files::write_new(path, format!("{block}\n").as_bytes())?;
    }
    let why = if act.why.is_empty() { format!("under {}", shared.under) } else { act.why.clone() };
    store.save("exported", Some((name, entry.version)), &Done { at: now, by: &by, why: &why })?;
    match out {
        None => say!("{block}"),
        Some(path) => {
            let (key, file) = (entry.title(), path.display().to_string());
            say!(
                "{}",
                shown(&HsmText::Exported { key: &key, kcv: &entry.kcv, under: &shared.under.to_string(), file: &file })
            );
        }
    }
    Ok(())
}

/// `kazasu key import-block`.
pub(super) fn import(what: &Import) -> anyhow::Result<()> {
    let Import { name, file, kcv: expected, shared, new, act } = what;
    let (place, now) = (Place::of(&act.config)?, kazasu_engine::clock::now());
    super::share::done(act, now)?;
    ensure!(new.bytes.is_none(), shown(&KeyRefusal::BlockBytes));
    ensure!(new.label.is_none(), shown(&KeyRefusal::LabelOutside));
    let purpose = purpose(&place, name)?;
    let by = both(shared, &act.by)?;
    let done = Done { at: now, by: &by, why: &act.why };
    let (mut store, _lock) = place.open(name)?;
    let text = files::read_text(file)?;
    let block = protection(&store, &shared.under)?.unwrap(text.trim()).with_context(|| file.display().to_string())?;
    purpose.check(&block).with_context(|| file.display().to_string())?;
    compare(&kcv(&block.key), expected.as_deref())?;
    let first = store.active(name).is_none();
    let waits = new.accept || (!first && name.purpose().change() == Change::BothSides);
    let state = if waits { KeyState::Accepted } else { KeyState::Active };
    let described = change::new_key(&place, (name, &block.key), (new, state), now)?;
    change::put((&mut store, "imported"), described, block.key, &done)?;
    if waits {
        say!("  {}", shown(&HsmText::Accepted { key: &name.to_string() }));
    }
    Ok(())
}

/// The check value is the other side's, which said it on another way than the block came.
fn compare(value: &str, expected: Option<&str>) -> anyhow::Result<()> {
    let Some(expected) = expected else {
        let yes =
            ask(&shown(&HsmText::AskValue { kcv: value })).with_context(|| shown(&KeyRefusal::ValueWithoutTerminal))?;
        ensure!(is_yes(&yes), "{}", shown(&HsmText::Ended));
        return Ok(());
    };
    let same = expected.trim().eq_ignore_ascii_case(value);
    ensure!(same, shown(&KeyRefusal::OtherBlockValue { got: value, expected }));
    Ok(())
}
