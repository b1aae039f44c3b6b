//! The language of this process's command line: `KAZASU_LANG`, else the locale of its environment.

use kazasu_text::{Language, Said, Text};

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

/// An error as that person reads it: texts of the catalogue in the language, with what stands around them.
pub(crate) fn spoken(error: anyhow::Error) -> anyhow::Error {
    if error.chain().all(|cause| cause.downcast_ref::<Said>().is_none()) {
        return error;
    }
    anyhow::Error::msg(Said::chain(error.chain(), language()))
}

/// A text of the catalogue in that language.
pub(crate) fn shown(text: &impl Text) -> String {
    text.in_language(language()).into_owned()
}
