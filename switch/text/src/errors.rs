//! Errors on their way to a person: each cause in the reader's language, where its words are in the catalogue.
//!
//! An error of the vocabulary, of a file or of the operating system is found by its type. The words of a library are quoted.

use crate::causes::CauseText;
use crate::files::{FileText, NotTextText, SystemText};
use crate::key_store::KeyStoreText;
use crate::{Caused, Language, Quoted, Said, Text, bank_files, latin, names, problems, readings};
use kazasu_schemas::calendar::{Beyond, CalendarError};
use kazasu_schemas::identity::{IdentityError, NameError};
use kazasu_schemas::ids::IdError;
use kazasu_schemas::secret::{KeyError, PanError};
use kazasu_schemas::typed::{AmountError, DateError};
use kazasu_schemas::utf8::NotText;
use kazasu_schemas::zengin::WriteError;
use kazasu_schemas::zengin::kana::KanaError;
use kazasu_schemas::zengin::statement::FileError;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Finds the text of an error by its type: [`of`], or a function of a part that knows more types.
pub type Translate = fn(&(dyn Error + 'static)) -> Option<Said>;

/// An error and its causes in a language, with a colon between them. A cause that `translate` does not know is of another program or
/// library: a reader in Japanese sees it quoted, so that no English word stands inside a Japanese sentence.
pub fn chain<'e>(
    causes: impl Iterator<Item = &'e (dyn Error + 'static)>,
    language: Language,
    translate: Translate,
) -> String {
    let (mut out, mut foreign): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for cause in causes {
        match translate(cause) {
            Some(said) => {
                quote(&mut out, &mut foreign, language);
                out.push(said.in_language(language).into_owned());
            }
            None if language == Language::English || is_plain(&cause.to_string()) => {
                quote(&mut out, &mut foreign, language);
                out.push(cause.to_string());
            }
            None => foreign.push(cause.to_string()),
        }
    }
    quote(&mut out, &mut foreign, language);
    out.join(if language == Language::English { ": " } else { "：" })
}

/// Adds the foreign causes that were collected, quoted as one.
fn quote(out: &mut Vec<String>, foreign: &mut Vec<String>, language: Language) {
    if foreign.is_empty() {
        return;
    }
    let words = &std::mem::take(foreign).join(": ");
    let is_placed = out.iter().any(|said| is_japanese(said));
    let text = if is_placed { CauseText::Foreign { words } } else { CauseText::Unknown { words } };
    out.push(text.in_language(language).into_owned());
}

/// A place, a number or a Japanese sentence: it can be shown to every reader.
fn is_plain(words: &str) -> bool {
    is_japanese(words) || latin::words(words).is_empty()
}

fn is_japanese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'))
}

/// Words of another program or a library: quoted for a reader in Japanese.
#[must_use]
pub fn foreign(words: &str) -> Said {
    if is_plain(words) { Said::plain(words) } else { Said::exactly(&CauseText::Foreign { words }, words) }
}

/// The text of an error, or its own words, quoted for a reader in Japanese.
#[must_use]
pub fn said(error: &(dyn Error + 'static), translate: Translate) -> Said {
    translate(error).unwrap_or_else(|| foreign(&error.to_string()))
}

/// The text of an error that the catalogue has words for; none for the errors of libraries.
#[must_use]
pub fn of(error: &(dyn Error + 'static)) -> Option<Said> {
    if let Some(said) = error.downcast_ref::<Said>() {
        return Some(said.clone());
    }
    if let Some(caused) = error.downcast_ref::<Caused>() {
        return Some(caused.said().clone());
    }
    let io = || error.downcast_ref::<io::Error>().map(self::io);
    let text = || error.downcast_ref::<NotText>().map(|why| not_text(*why));
    let amount = || error.downcast_ref::<AmountError>().map(|why| readings::amount(*why));
    let date = || error.downcast_ref::<DateError>().map(|why| readings::date(*why));
    let id = || error.downcast_ref::<IdError>().map(readings::id);
    let pan = || error.downcast_ref::<PanError>().map(|why| Said::of(&readings::pan(*why)));
    let key = || error.downcast_ref::<KeyError>().map(|why| Said::of(&key(*why)));
    let kana = || error.downcast_ref::<KanaError>().map(readings::kana);
    let bank = || error.downcast_ref::<FileError>().map(bank_files::statement);
    let name = || error.downcast_ref::<NameError>().map(names::name);
    let identity = || error.downcast_ref::<IdentityError>().map(names::identity);
    let of_files = io().or_else(text).or_else(bank);
    let of_values = || amount().or_else(date).or_else(id).or_else(pan).or_else(key).or_else(kana);
    let holidays = || error.downcast_ref::<CalendarError>().map(holidays);
    let unwritable = || error.downcast_ref::<WriteError>().map(bank_files::unwritable);
    let beyond = || error.downcast_ref::<Beyond>().map(|why| Said::of(&unknown_day(why)));
    of_files.or_else(of_values).or_else(name).or_else(identity).or_else(beyond).or_else(holidays).or_else(unwritable)
}

fn key(why: KeyError) -> KeyStoreText<'static> {
    match why {
        KeyError::Hex => KeyStoreText::KeyDigits,
        KeyError::Length(got) => KeyStoreText::KeyLength { got: got.into() },
    }
}

fn unknown_day(why: &Beyond) -> problems::ProblemText<'static> {
    problems::ProblemText::CalendarUnknown { day: why.day, first: why.first, last: why.last }
}

fn holidays(why: &CalendarError) -> Said {
    let line = u64::try_from(why.line).unwrap_or(u64::MAX);
    Said::exactly(&FileText::Holidays { line, got: Quoted(&why.got) }, why.to_string())
}

/// What the operating system answered. The English words are its own.
#[must_use]
pub fn io(error: &io::Error) -> Said {
    // An error of ours inside keeps its words.
    if let Some(inner) = error.get_ref().and_then(|inner| of(inner)) {
        return inner;
    }
    let text = match error.kind() {
        ErrorKind::NotFound => SystemText::NotFound,
        ErrorKind::PermissionDenied => SystemText::Denied,
        ErrorKind::IsADirectory => SystemText::Folder,
        ErrorKind::NotADirectory => SystemText::NoFolder,
        ErrorKind::AlreadyExists => SystemText::There,
        ErrorKind::StorageFull => SystemText::Full,
        ErrorKind::ReadOnlyFilesystem => SystemText::ReadOnly,
        ErrorKind::DirectoryNotEmpty => SystemText::NotEmpty,
        ErrorKind::ConnectionRefused => SystemText::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => SystemText::TimedOut,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => SystemText::Closed,
        ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable => SystemText::Address,
        ErrorKind::InvalidData => SystemText::Text,
        ErrorKind::UnexpectedEof => SystemText::Ends,
        _ => error.raw_os_error().map_or(SystemText::Failed, |number| SystemText::Error { number: number.into() }),
    };
    Said::exactly(&text, error.to_string())
}

/// Why bytes are no text.
#[must_use]
pub fn not_text(why: NotText) -> Said {
    Said::of(&match why {
        NotText::Utf16 => NotTextText::Utf16,
        NotText::Byte { at, line } => NotTextText::Byte { at: at.into(), line: line.into() },
    })
}

/// A file that cannot be read.
#[must_use]
pub fn unreadable(path: &Path, error: &io::Error) -> Said {
    Said::of(&FileText::Read { path: &path.display().to_string(), why: &io(error) })
}

/// A file that cannot be written.
#[must_use]
pub fn unwritable(path: &Path, error: &io::Error) -> Said {
    Said::of(&FileText::Write { path: &path.display().to_string(), why: &io(error) })
}
