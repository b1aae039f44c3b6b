//! `kazasu key`: making, exchanging, changing and ending keys. No command shows a key, but `draw`, which shows one component to the
//! person who is to carry it.

mod block;
mod change;
mod device;
mod end;
mod import_file;
mod needs;
mod people;
mod share;
mod signing;

use super::common::none;
use crate::language::shown;
use clap::Subcommand;
use kazasu_connections::keys::KeyView;
use kazasu_console::say;
use kazasu_schemas::jst::Millis;
use kazasu_security::keys::{KeyName, KeyStore, UnlockFrom, log_of, read_log};
use kazasu_text::key_store::KeyLogText;
use kazasu_text::keys::{KeyColumn, KeyStateText, KeyText};
use kazasu_text::{Because, Label, Said};
use share::{Act, Look, NewVersion, Place, Version};
use signing::Step;
use std::path::PathBuf;
use unicode_width::UnicodeWidthStr;

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Every version of every key: state, check value, days left. It shows no key.
    List(Look),
    /// Who did what with keys, and whether the log is whole.
    Log(Look),
    /// Makes the first version of a key; with --missing, of every key that the configuration needs. Makes the store too.
    Generate {
        /// The key, such as webhook; see `list` and docs/operations/keys.md.
        #[arg(required_unless_present = "missing")]
        name: Option<KeyName>,
        /// Every key that is needed and not there.
        #[arg(long, conflicts_with = "name")]
        missing: bool,
        #[command(flatten)]
        new: NewVersion,
        #[command(flatten)]
        act: Act,
    },
    /// Takes in a key that was exchanged in components: each person types the own one and compares its check value.
    Import {
        /// The key, such as acquirer.27000001.
        name: KeyName,
        /// People with a component each.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=3))]
        components: u8,
        /// A component's file or descriptor (/dev/fd/3) instead of the terminal; once for each component.
        #[arg(long)]
        component_file: Vec<PathBuf>,
        /// The key's check value, as the other side says it: another key is refused.
        #[arg(long)]
        kcv: Option<String>,
        #[command(flatten)]
        new: NewVersion,
        #[command(flatten)]
        act: Act,
    },
    /// Takes the keys of an older key file over into the store, and out of the file.
    ImportFile {
        /// The file; that of the configuration when absent.
        file: Option<PathBuf>,
        #[command(flatten)]
        act: Act,
    },
    /// Makes a new version of a key. A key of this switch alone is used at once; one that another side must have first is accepted,
    /// until `activate`.
    Rotate {
        /// The key.
        name: KeyName,
        #[command(flatten)]
        new: NewVersion,
        #[command(flatten)]
        act: Act,
    },
    /// Uses an accepted version for what is new. The former one stays accepted.
    Activate(Version),
    /// Takes a version out of use that is not active any more. Its secret stays in the store. Refused while something needs it.
    Retire(end::Retire),
    /// Asks another person to approve that a key of the vault is destroyed (`kazasu approval`).
    RequestDestruction(end::RequestDestroy),
    /// Forgets a retired version's secret. What was sealed under it is erased; the journal records that first, and takes an approved
    /// request for it.
    Destroy(end::Destroy),
    /// Changes what opens the store: another passphrase, or another source.
    Wrap {
        /// passphrase, credential:NAME, file:PATH, fd:NUMBER, or device:LABEL for a key of the device of [hsm]. A file that is not there
        /// is made, with a new random credential; so is a device's key, in the device.
        #[arg(long)]
        to: UnlockFrom,
        #[command(flatten)]
        act: Act,
    },
    /// Shows the token of [hsm]: who made it, what it can do, and its keys by label, with why one is not used.
    Token(Look),
    /// Writes a key into a key block (ANSI X9.143), for the party that shares the protection key. Two people do it.
    ExportBlock(block::Export),
    /// Takes a key in from a key block of the party that shares the protection key. Two people do it.
    ImportBlock(block::Import),
    /// Draws a component, and shows it once with its check value. For a computer without a network.
    Draw {
        /// Bytes: 16, 24 or 32.
        #[arg(long, default_value_t = 32)]
        bytes: usize,
    },
    /// Asks for a component, and shows its check value.
    Value,
}

pub(super) async fn run(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::List(look) => list(&look),
        KeyCommand::Log(look) => log(&look),
        KeyCommand::Generate { name, new, act, .. } => match name {
            Some(name) if new.label.is_some() => signing::put(&name, Step::First, (&new, &act)),
            Some(name) => change::generate(&name, &new, &act),
            None => change::generate_missing(&new, &act),
        },
        KeyCommand::Import { name, components, component_file, kcv, new, act } => {
            let how = people::How { components, files: component_file, kcv };
            people::import(&name, &how, (&new, &act))
        }
        KeyCommand::ImportFile { file, act } => import_file::run(file, &act),
        KeyCommand::Rotate { name, new, act } if new.label.is_some() => signing::put(&name, Step::Next, (&new, &act)),
        KeyCommand::Rotate { name, new, act } => change::rotate(&name, &new, &act),
        KeyCommand::Activate(version) => end::activate(&version).await,
        KeyCommand::Retire(version) => end::retire(&version).await,
        KeyCommand::RequestDestruction(which) => end::request(&which).await,
        KeyCommand::Destroy(which) => end::destroy(&which).await,
        KeyCommand::Wrap { to, act } => change::wrap(&to, &act),
        KeyCommand::Token(look) => device::show(&look),
        KeyCommand::ExportBlock(export) => block::export(&export),
        KeyCommand::ImportBlock(import) => block::import(&import),
        KeyCommand::Draw { bytes } => people::draw(bytes),
        KeyCommand::Value => people::value(),
    }
}

/// Every version, as tables and JSON show it.
fn views(place: &Place, now: Millis) -> anyhow::Result<Vec<KeyView>> {
    let mut out = Vec::new();
    for path in place.section.paths(&place.base) {
        let store = KeyStore::open(&path, &place.secret()?)?;
        out.extend(store.entries().iter().map(|entry| KeyView::of(entry, now)));
    }
    out.sort_by(|a, b| (&a.key, a.version).cmp(&(&b.key, b.version)));
    Ok(out)
}

fn list(look: &Look) -> anyhow::Result<()> {
    let place = Place::of(&look.config)?;
    let views = views(&place, kazasu_engine::clock::now())?;
    if look.json {
        say!("{}", serde_json::to_string(&views)?);
        return Ok(());
    }
    if views.is_empty() {
        say!("{}", none());
        return Ok(());
    }
    let headings: Vec<String> = KeyColumn::LIST.iter().map(shown).collect();
    let mut lines = vec![headings];
    lines.extend(views.iter().map(cells));
    let width = |column: usize| lines.iter().map(|cells| cells[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..KeyColumn::LIST.len()).map(width).collect();
    for cells in &lines {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell}{:1$}", "", width - cell.width()));
        say!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    }
    Ok(())
}

/// A version in the columns of [`KeyColumn`].
fn cells(view: &KeyView) -> Vec<String> {
    let state = KeyStateText::of(view.state).map_or_else(|| view.state.to_owned(), |state| shown(&state));
    let year = view.fiscal_year.map(|year| shown(&KeyText::FiscalYear { year }));
    let public = view.public.as_deref().map(|key| shown(&KeyText::PublicKey { key }));
    let device = view.device.as_ref().map(|label| format!("device:{label}"));
    let last: Vec<String> = [Some(view.algorithm.clone()), year, public, device].into_iter().flatten().collect();
    vec![
        view.key.clone(),
        view.version.to_string(),
        state,
        view.length.to_string(),
        view.kcv.clone(),
        view.ends.clone(),
        view.days_left.to_string(),
        last.join("  "),
    ]
}

fn log(look: &Look) -> anyhow::Result<()> {
    let place = Place::of(&look.config)?;
    for path in place.section.paths(&place.base) {
        for action in read_log(&log_of(&path)).because(|| Said::of(&KeyLogText::Log))? {
            if look.json {
                say!("{}", serde_json::to_string(&action)?);
            } else {
                let of = if action.version == 0 {
                    String::new()
                } else {
                    format!(" {} {} KCV {}", action.key, action.version, action.kcv)
                };
                say!("{}  {:<9}{of}  {}  {}", action.at, action.did, action.by, action.why);
            }
        }
    }
    Ok(())
}
