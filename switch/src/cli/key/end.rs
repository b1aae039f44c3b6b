//! Taking versions out of use, and destroying them: refused while the journal or a connection needs them, with the reason.

use super::needs::{Need, needed_by};
use super::share::{Place, Version, done, state};
use crate::cli::backend::{Backend, one};
use crate::cli::common::{CheckFailed, Common};
use crate::language::{refused, shown};
use anyhow::{Context, bail, ensure};
use clap::Args;
use kazasu_api::client::CallError;
use kazasu_console::say;
use kazasu_security::keys::{Entry, FiscalYear, KeyName, KeyState, Purpose};
use kazasu_serve::config::Config;
use kazasu_services::keys::{KeyNeed, RecordDestruction, RequestDestruction};
use kazasu_text::key_refusals::KeyRefusal;
use kazasu_text::keys::{KeyStateText, KeyText, SealedData};

/// A version that is to be destroyed.
#[derive(Args)]
pub(in crate::cli) struct Destroy {
    #[command(flatten)]
    version: Version,
    /// Of a key that seals: it will be said what becomes unreadable, and asked.
    #[arg(long)]
    erases: bool,
    /// The answer to that question, for programs: the name and version, such as "vault.cards 1".
    #[arg(long)]
    confirm: Option<String>,
}

/// A version that is to be retired.
#[derive(Args)]
pub(in crate::cli) struct Retire {
    #[command(flatten)]
    version: Version,
    /// Although connections are signed on under it: for a key that leaked. They go on until they end; then start the switch again.
    #[arg(long)]
    anyway: bool,
}

fn refuse(name: &KeyName, version: u8, needed: &[Need]) -> anyhow::Result<()> {
    if needed.is_empty() {
        return Ok(());
    }
    let by = needed.iter().map(Need::shown).collect::<Vec<_>>().join("\n  ");
    Err(CheckFailed(shown(&KeyText::Needed { key: &name.to_string(), version, by: &by })).into())
}

/// `kazasu key activate`.
pub(super) async fn activate(which: &Version) -> anyhow::Result<()> {
    let Version { name, version, act } = which;
    let done = done(act, kazasu_engine::clock::now())?;
    if name.purpose() == Purpose::Lookup {
        // Programmes go on under the oldest version; only links must be found by the new one.
        let needed = needed_by(name, *version, which).await?;
        let is_of_links = |need: &Need| matches!(need, Need::Data(KeyNeed::LinksWithoutHash { .. }));
        let of_links: Vec<Need> = needed.into_iter().filter(is_of_links).collect();
        refuse(name, *version, &of_links)?;
    }
    let (mut store, _lock) = Place::of(&act.config)?.open(name)?;
    store.activate(name, *version)?;
    store.save("activated", Some((name, *version)), &done)?;
    say!("{}", shown(&KeyText::VersionIs { key: &name.to_string(), version: *version, state: KeyStateText::Active }));
    Ok(())
}

/// `kazasu key retire`.
pub(super) async fn retire(which: &Retire) -> anyhow::Result<()> {
    let Retire { version: which, anyway } = which;
    let Version { name, version, act } = which;
    ensure!(!anyway || name.purpose() == Purpose::AcquirerMaster, shown(&KeyRefusal::AnywayOfAcquirers));
    let done = done(act, kazasu_engine::clock::now())?;
    {
        // What cannot be retired anyway is told first.
        let (mut store, _lock) = Place::of(&act.config)?.open(name)?;
        store.retire(name, *version)?;
    }
    if !anyway {
        refuse(name, *version, &needed_by(name, *version, which).await?)?;
    }
    let (mut store, _lock) = Place::of(&act.config)?.open(name)?;
    store.retire(name, *version)?;
    store.save("retired", Some((name, *version)), &done)?;
    say!("{}", shown(&KeyText::VersionIs { key: &name.to_string(), version: *version, state: KeyStateText::Retired }));
    Ok(())
}

/// What becomes unreadable.
fn erased(entry: &Entry) -> Option<String> {
    let what = match entry.key.purpose() {
        Purpose::SealCards => SealedData::Cards,
        Purpose::SealAccounts => SealedData::Accounts,
        _ => return None,
    };
    let (title, kcv, made) = (&*entry.title(), &*entry.kcv, &*entry.created.jst_text());
    Some(match entry.fiscal_year {
        Some(FiscalYear(year)) => shown(&KeyText::YearBecomesUnreadable { what, title, kcv, made, year }),
        None => shown(&KeyText::BecomesUnreadable { what, title, kcv, made }),
    })
}

/// A version in use is not destroyed.
fn retire_first(entry: &Entry) -> String {
    shown(&KeyRefusal::RetireFirst { key: &entry.title(), state: state(entry.state) })
}

/// A version whose destruction is asked for.
#[derive(Args)]
pub(in crate::cli) struct RequestDestroy {
    #[command(flatten)]
    version: Version,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// `kazasu key request-destruction`: another person decides it, then `destroy` carries it out.
pub(super) async fn request(which: &RequestDestroy) -> anyhow::Result<()> {
    let RequestDestroy { version: of, json } = which;
    let Version { name, version, act } = of;
    let entry = {
        let (store, _lock) = Place::of(&act.config)?.open(name)?;
        store.entry(name, *version)?.clone()
    };
    ensure!(entry.state == KeyState::Retired, retire_first(&entry));
    let nothing = || refused(&KeyRefusal::SealsNothing { key: &entry.title() });
    let what = erased(&entry).ok_or_else(nothing)?;
    refuse(name, *version, &needed_by(name, *version, of).await?)?;
    if !json {
        say!("{what}");
    }
    let ask = RequestDestruction {
        key: entry.key.to_string(),
        version: entry.version,
        fiscal_year: entry.fiscal_year.map(|year| year.0),
        kcv: entry.kcv.clone(),
        why: act.why.clone(),
    };
    one(ask, &Common { json: *json, ..act.common() }).await
}

/// `kazasu key destroy`.
pub(super) async fn destroy(which: &Destroy) -> anyhow::Result<()> {
    let Destroy { version: of, erases, confirm } = which;
    let Version { name, version, act } = of;
    let now = kazasu_engine::clock::now();
    let done = done(act, now)?;
    let entry = {
        let (store, _lock) = Place::of(&act.config)?.open(name)?;
        store.entry(name, *version)?.clone()
    };
    match entry.state {
        KeyState::Retired => {}
        KeyState::Active | KeyState::Accepted => bail!(retire_first(&entry)),
        KeyState::Destroyed => return Err(refused(&KeyRefusal::DestroyedBefore { key: &entry.title() })),
    }
    refuse(name, *version, &needed_by(name, *version, of).await?)?;
    if let Some(what) = erased(&entry) {
        ensure!(*erases, "{what}\n{}", shown(&KeyText::SayErases));
        say!("{what}");
        consent(&entry.title(), confirm.as_deref())?;
        // In the journal first: what is erased is known as erased before it is. It takes an approved request.
        record(&entry, of).await?;
    }
    let (mut store, _lock) = Place::of(&act.config)?.open(name)?;
    store.destroy(name, *version)?;
    store.save("destroyed", Some((name, *version)), &done)?;
    say!("{}", shown(&KeyText::WasDestroyed { title: &entry.title() }));
    Ok(())
}

fn consent(title: &str, confirm: Option<&str>) -> anyhow::Result<()> {
    let answer = match confirm {
        Some(answer) => zeroize::Zeroizing::new(answer.to_owned()),
        None => kazasu_console::terminal::ask(&shown(&KeyText::TypeKeyAndVersion { title }))
            .with_context(|| shown(&KeyRefusal::ConfirmTerminal))?,
    };
    ensure!(answer.trim() == title, shown(&KeyText::NotDestroyed));
    Ok(())
}

async fn record(entry: &Entry, of: &Version) -> anyhow::Result<()> {
    let config = Config::load(&of.act.config)?;
    let backend = Backend::commands(&config, &of.act.common()).await?;
    let ask = RecordDestruction {
        key: entry.key.to_string(),
        version: entry.version,
        fiscal_year: entry.fiscal_year.map(|year| year.0),
        kcv: entry.kcv.clone(),
        why: of.act.why.clone(),
    };
    let result = backend.call(ask).await;
    backend.close().await?;
    result.map(drop).map_err(|error: CallError| error.into())
}
