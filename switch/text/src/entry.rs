//! What a text can be asked.

use super::Language;
use std::borrow::Cow;

/// Something that people read.
pub trait Text {
    /// In a reader's language.
    fn in_language(&self, language: Language) -> Cow<'static, str>;

    /// In Japanese.
    fn ja(&self) -> Cow<'static, str> {
        self.in_language(Language::Japanese)
    }

    /// In English.
    fn en(&self) -> Cow<'static, str> {
        self.in_language(Language::English)
    }

    /// Japanese, then English, for places that do not know their reader's language. A place that does shows one language only.
    fn both(&self) -> String {
        let ja = self.ja();
        // A Japanese full stop has its space within.
        let space = if ja.ends_with('。') { "" } else { " " };
        format!("{ja}{space}{}", self.en())
    }
}

/// A text that stands for a code.
pub trait Label: Text + Copy + Sized + 'static {
    /// Every label of its list.
    const LIST: &'static [Self];

    /// The code: stable, for programs and files.
    fn code(self) -> &'static str;

    /// The label of a code.
    #[must_use]
    fn of(code: &str) -> Option<Self> {
        Self::LIST.iter().copied().find(|label| label.code() == code)
    }
}

/// A list of texts of which each can be shown with sample arguments.
pub trait Listed: Text + Sized {
    /// Every entry, with its name.
    fn samples() -> Vec<(&'static str, Self)>;
}
