//! The language of the demonstration: that of this process's environment.

use kazasu_text::{Language, Text};

/// A text of the catalogue.
pub(super) fn shown(text: &impl Text) -> String {
    text.in_language(Language::of_process()).into_owned()
}
