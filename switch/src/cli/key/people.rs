//! Keys in components: two or three people, each with a part that says nothing about the key.

use super::change;
use super::share::{Act, NewVersion, Place, done, is_yes};
use crate::language::{refused, shown};
use anyhow::{Context, ensure};
use kazasu_console::say;
use kazasu_console::terminal::{ask, ask_hidden};
use kazasu_schemas::canonical::{is_blank, same};
use kazasu_schemas::secret::Key;
use kazasu_security::keys::{Change, Done, KeyName, KeyState, Secret, UnlockFrom, components, kcv};
use kazasu_text::key_refusals::KeyRefusal;
use kazasu_text::keys::KeyText;
use std::path::PathBuf;

/// How components come.
pub(in crate::cli) struct How {
    pub(super) components: u8,
    pub(super) files: Vec<PathBuf>,
    pub(super) kcv: Option<String>,
}

/// A component, and who gave it.
struct Given {
    by: String,
    part: Key,
}

pub(super) fn import(name: &KeyName, how: &How, (new, act): (&NewVersion, &Act)) -> anyhow::Result<()> {
    let (place, now) = (Place::of(&act.config)?, kazasu_engine::clock::now());
    done(act, now)?;
    ensure!(new.bytes.is_none(), shown(&KeyRefusal::ComponentBytes));
    let given = if how.files.is_empty() { at_the_terminal(how.components)? } else { from_files(&place, &how.files)? };
    let parts: Vec<Key> = given.iter().map(|given| given.part.clone()).collect();
    let key = components::join(&parts).map_err(|error| anyhow::anyhow!(shown(&error.text())))?;
    let value = kcv(&key);
    if let Some(expected) = &how.kcv {
        let same = expected.trim().eq_ignore_ascii_case(&value);
        ensure!(same, shown(&KeyText::OtherCheckValue { got: &value, expected }));
    }
    let by = [act.by.as_str()]
        .into_iter()
        .chain(given.iter().map(|given| given.by.as_str()))
        .collect::<Vec<_>>()
        .join(" + ");
    let done = Done { at: now, by: &by, why: &act.why };
    let (mut store, _lock) = change::open_or_make(&place, name, &done)?;
    let first = store.active(name).is_none();
    let waits = new.accept || (!first && name.purpose().change() == Change::BothSides);
    let state = if waits { KeyState::Accepted } else { KeyState::Active };
    let described = change::new_key(&place, (name, &key), (new, state), now)?;
    change::put((&mut store, "imported"), described, key, &done)?;
    if waits {
        say!("  {}", shown(&KeyText::NowAccepted { key: &name.to_string() }));
    }
    Ok(())
}

/// Each person alone at the screen, one after the other.
fn at_the_terminal(count: u8) -> anyhow::Result<Vec<Given>> {
    let mut out: Vec<Given> = Vec::new();
    for number in 1..=count {
        let by = ask(&shown(&KeyText::NameOfPerson { number })).with_context(|| shown(&KeyRefusal::ComponentsTyped))?;
        ensure!(!is_blank(&by), shown(&KeyRefusal::NoName));
        if let Some(other) = out.iter().find(|given| same(&given.by, &by)) {
            return Err(refused(&KeyRefusal::SamePerson { name: &other.by }));
        }
        let part = loop {
            match components::read(&ask_hidden(&shown(&KeyText::TypeComponent))?) {
                Ok(part) => break part,
                Err(error) => say!("{}", shown(&error.text())),
            }
        };
        say!("  {}", shown(&KeyText::CheckValue { value: &kcv(&part) }));
        let answer = ask(&format!("  {}", shown(&KeyText::SameAsForm)))?;
        ensure!(is_yes(&answer), "{}", shown(&KeyText::NotWritten));
        out.push(Given { by: by.trim().to_owned(), part });
    }
    Ok(out)
}

/// Each component from a file of its own, which only its owner may read, or from a pipe.
fn from_files(place: &Place, files: &[PathBuf]) -> anyhow::Result<Vec<Given>> {
    ensure!((2..=3).contains(&files.len()), shown(&KeyRefusal::ComponentFiles { got: files.len().into() }));
    let one = |path: &PathBuf| {
        let from = UnlockFrom::File(std::path::absolute(path)?);
        let text = Secret { from: &from, base: &place.base, device: None }.read()?;
        let file = path.display().to_string();
        let part = component(&text).with_context(|| file.clone())?;
        say!("{}", shown(&KeyText::CheckValueOf { file: &file, value: &kcv(&part) }));
        Ok(Given { by: file, part })
    };
    files.iter().map(one).collect()
}

pub(super) fn draw(bytes: usize) -> anyhow::Result<()> {
    ensure!(matches!(bytes, 16 | 24 | 32), shown(&KeyRefusal::Bytes { got: bytes.into() }));
    let part = components::draw(bytes)?;
    say!("{}\n{}", shown(&KeyText::Component), *components::grouped(&part));
    say!("{}", shown(&KeyText::CheckValue { value: &kcv(&part) }));
    say!("{}", shown(&KeyText::WriteOnForm));
    Ok(())
}

pub(super) fn value() -> anyhow::Result<()> {
    let part = component(&ask_hidden(&shown(&KeyText::TypeComponent))?)?;
    say!("{}", shown(&KeyText::CheckValue { value: &kcv(&part) }));
    Ok(())
}

/// A component as typed; what is wrong with it is said in the reader's language.
fn component(text: &str) -> anyhow::Result<Key> {
    components::read(text).map_err(|error| anyhow::anyhow!(shown(&error.text())))
}
