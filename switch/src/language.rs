//! The language of this process's command line: `KAZASU_LANG`, else the locale of its environment.

use kazasu_console::out::{self, OutputError};
use kazasu_serve::causes;
use kazasu_text::{Language, Text, errors};

/// The language in which this process speaks to the person who started it.
pub(crate) fn language() -> Language {
    Language::of_process()
}

/// Has that person chosen a language?
pub(crate) fn is_chosen() -> bool {
    Language::chosen(|name| std::env::var(name).ok()).is_some()
}

/// A text of the catalogue as an error, in that language.
pub(crate) fn refused(text: &impl Text) -> anyhow::Error {
    anyhow::Error::msg(shown(text))
}

/// An error as that person reads it: texts of the catalogue in the language, the words of other programs quoted. One in which every
/// cause is a sentence of that language already keeps its type, which is its exit code.
pub(crate) fn spoken(error: anyhow::Error) -> anyhow::Error {
    // The end of the program knows an output that its reader closed by the error's type.
    let is_output = error.chain().any(|cause| out::is_closed(cause) || cause.is::<OutputError>());
    if is_output {
        return error;
    }
    let said = chain(&error);
    if said == format!("{error:#}") || said == error.to_string() { error } else { anyhow::Error::msg(said) }
}

/// An error and its causes in that person's language.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    errors::chain(error.chain(), language(), causes::of)
}

/// A text of the catalogue in that language.
pub(crate) fn shown(text: &impl Text) -> String {
    text.in_language(language()).into_owned()
}
