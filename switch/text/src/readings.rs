//! Why a text is no amount, no date or no identifier, for people: the errors of the vocabulary as entries of the catalogue.

use crate::documents::{BankText, KanaText};
use crate::problems::{AmountText, DateText, DeclaredText, IdForm, PanText};
use crate::{Label, Said};
use kazasu_schemas::ids::IdError;
use kazasu_schemas::secret::PanError;
use kazasu_schemas::spendable::DeclaredError;
use kazasu_schemas::typed::{AmountError, DateError};
use kazasu_schemas::zengin::kana::{Charset, KanaError, KanaProblem};

/// The entry of an amount that cannot be read.
#[must_use]
pub fn amount_text(error: AmountError) -> AmountText {
    match error {
        AmountError::Empty => AmountText::Empty,
        AmountError::NotFigures => AmountText::NotFigures,
        AmountError::Grouping => AmountText::Grouping,
        AmountError::Decimals => AmountText::Decimals,
        AmountError::Negative => AmountText::Negative,
        AmountError::TooLarge => AmountText::TooLarge,
    }
}

/// The entry of a date that cannot be read.
#[must_use]
pub fn date_text(error: DateError) -> DateText {
    match error {
        DateError::NotADate => DateText::NotADate,
        DateError::NoSuchDay => DateText::NoSuchDay,
        DateError::Year => DateText::Year,
        DateError::Era => DateText::Era,
        DateError::Weekday => DateText::Weekday,
    }
}

/// An amount that cannot be read. The English words are those of the vocabulary.
#[must_use]
pub fn amount(error: AmountError) -> Said {
    Said::exactly(&amount_text(error), error.to_string())
}

/// A date that cannot be read.
#[must_use]
pub fn date(error: DateError) -> Said {
    Said::exactly(&date_text(error), error.to_string())
}

/// An identifier that cannot be read: the form of its kind, in English what exactly is wrong.
#[must_use]
pub fn id(error: &IdError) -> Said {
    match IdForm::of(error.kind) {
        Some(form) => Said::exactly(&form, error.problem),
        None => Said::plain(error.problem),
    }
}

/// The character of a name that a bank's field does not take.
#[must_use]
pub fn kana(error: &KanaError) -> Said {
    let expected = match error.problem {
        KanaProblem::NotAllowed(Charset::Bank) => KanaText::Bank,
        KanaProblem::NotAllowed(Charset::Name) => KanaText::Name,
        KanaProblem::NotAllowed(Charset::Edi) => KanaText::Edi,
        KanaProblem::LooseMark => KanaText::LooseMark,
    };
    let code = u32::from(error.character);
    let character = &format!("'{}' (U+{code:04X})", error.character.escape_debug());
    Said::of(&BankText::Kana { expected, character, place: error.position.into() })
}

/// A card number that cannot be read.
#[must_use]
pub fn pan(error: PanError) -> PanText {
    match error {
        PanError::Length(characters) => PanText::Length { characters: characters.into() },
        PanError::Digit(place) => PanText::Digit { place: place.into() },
        PanError::CheckDigit => PanText::CheckDigit,
    }
}

/// A household's declaration that cannot be true.
#[must_use]
pub fn declared(error: &DeclaredError) -> DeclaredText {
    match *error {
        DeclaredError::Income(got) => DeclaredText::Income { got },
        DeclaredError::Household(got) => DeclaredText::Household { got },
        DeclaredError::Debts(got) => DeclaredText::Debts { got },
    }
}
