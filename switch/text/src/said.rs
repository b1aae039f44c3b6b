//! A text with its arguments put in, in every language: what an error keeps that outlives what its arguments borrow.

use crate::{Argument, Language, Text};
use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

/// A sentence in both languages. Shown as it is, it is English.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Said {
    ja: String,
    en: String,
}

impl Said {
    /// A text of the catalogue.
    #[must_use]
    pub fn of(text: &impl Text) -> Self {
        Said { ja: text.ja().into_owned(), en: text.en().into_owned() }
    }

    /// What `words` gives for each language.
    #[must_use]
    pub fn new(words: impl Fn(Language) -> String) -> Self {
        Said { ja: words(Language::Japanese), en: words(Language::English) }
    }

    /// Words that are the same for every reader: of a library, of a file, or of a part that has no entry in the catalogue.
    #[must_use]
    pub fn plain(words: impl Into<String>) -> Self {
        let en = words.into();
        Said { ja: en.clone(), en }
    }

    /// A text of the catalogue, with more exact English words of the part that found the problem.
    #[must_use]
    pub fn exactly(text: &impl Text, english: impl Into<String>) -> Self {
        Said { ja: text.ja().into_owned(), en: english.into() }
    }

    /// The same with each language changed.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        Said { ja: change(&self.ja), en: change(&self.en) }
    }
}

impl Text for Said {
    fn in_language(&self, language: Language) -> Cow<'static, str> {
        Cow::Owned(match language {
            Language::Japanese => self.ja.clone(),
            Language::English => self.en.clone(),
        })
    }
}

/// An error on its way to a person: who shows it finds it again by its type and picks the reader's language.
impl std::error::Error for Said {}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

static SAMPLE: LazyLock<Said> =
    LazyLock::new(|| Said { ja: "値が空です".to_owned(), en: "it is empty".to_owned() });

impl Argument for &Said {
    fn shown(&self, language: Language) -> impl fmt::Display {
        self.in_language(language)
    }

    fn sample() -> Self {
        &SAMPLE
    }
}
