//! What is wrong with a command line, in Japanese.

use super::page::{heading, in_words};
use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use kazasu_schemas::typed::AmountError;
use kazasu_text::help::{HelpHeading, HelpText, WrongUsage};
use kazasu_text::readings;
use kazasu_text::{Count, Text};

/// The sentences of an error, with the usage of its command. None of a page that was asked for, which is no error.
pub(in crate::cli) fn sentence(error: &Error) -> Option<String> {
    let what = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::DisplayVersion => {
            return None;
        }
        _ => what(error),
    };
    let mut text = WrongUsage::Wrong { what: &what }.ja().into_owned();
    let similar = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let similar: Vec<String> = similar.into_iter().flat_map(|kind| quoted(error, kind)).collect();
    if !similar.is_empty() {
        text.push('\n');
        text.push_str(&WrongUsage::Similar { names: &similar.join("、") }.ja());
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        text.push_str(&format!("\n\n{}{}", heading(HelpHeading::Usage), in_words(&usage.to_string())));
    }
    text.push_str(&format!("\n\n{}", WrongUsage::SeeHelp.ja()));
    Some(text)
}

/// The values of one part of an error.
fn values(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(value)) => vec![value.clone()],
        Some(ContextValue::Strings(values)) => values.clone(),
        _ => Vec::new(),
    }
}

fn quoted(error: &Error, kind: ContextKind) -> Vec<String> {
    values(error, kind).iter().map(|value| format!("`{value}`")).collect()
}

fn count(error: &Error, kind: ContextKind) -> Count {
    match error.get(kind) {
        Some(ContextValue::Number(number)) => Count(u64::try_from(*number).unwrap_or(0)),
        _ => Count(0),
    }
}

fn what(error: &Error) -> String {
    let first = |kind| values(error, kind).into_iter().next().unwrap_or_default();
    let (argument, value) = (&*first(ContextKind::InvalidArg), &*first(ContextKind::InvalidValue));
    let command = &*first(ContextKind::InvalidSubcommand);
    let text = match error.kind() {
        ErrorKind::UnknownArgument => WrongUsage::UnknownArgument { argument }.ja(),
        ErrorKind::InvalidSubcommand => WrongUsage::UnknownCommand { command }.ja(),
        ErrorKind::MissingRequiredArgument => {
            let arguments = quoted(error, ContextKind::InvalidArg).join("、");
            WrongUsage::MissingArguments { arguments: &arguments }.ja()
        }
        ErrorKind::MissingSubcommand => {
            let commands = values(error, ContextKind::ValidSubcommand).join("、");
            WrongUsage::MissingCommand { command, commands: &commands }.ja()
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => return invalid(error, argument, value),
        ErrorKind::ArgumentConflict => conflict(error, argument, command),
        ErrorKind::NoEquals => WrongUsage::NoEquals { argument }.ja(),
        ErrorKind::TooManyValues => WrongUsage::TooManyValues { argument, value }.ja(),
        ErrorKind::TooFewValues => {
            let [expected, got] = [ContextKind::MinValues, ContextKind::ActualNumValues].map(|kind| count(error, kind));
            WrongUsage::NumberOfValues { argument, expected, got }.ja()
        }
        ErrorKind::WrongNumberOfValues => {
            let [expected, got] =
                [ContextKind::ExpectedNumValues, ContextKind::ActualNumValues].map(|kind| count(error, kind));
            WrongUsage::NumberOfValues { argument, expected, got }.ja()
        }
        ErrorKind::InvalidUtf8 => WrongUsage::NotText.ja(),
        _ => WrongUsage::Other.ja(),
    };
    text.into_owned()
}

fn conflict(error: &Error, argument: &str, command: &str) -> std::borrow::Cow<'static, str> {
    let argument = if argument.is_empty() { command } else { argument };
    let others = values(error, ContextKind::PriorArg);
    if others.is_empty() || others.iter().any(|other| other == argument) {
        return WrongUsage::Repeated { argument }.ja();
    }
    let others = quoted(error, ContextKind::PriorArg).join("、");
    WrongUsage::Conflict { argument, others: &others }.ja()
}

/// A value that is not one of the choices, or that its type cannot read.
fn invalid(error: &Error, argument: &str, value: &str) -> String {
    if value.is_empty() {
        return WrongUsage::MissingValue { argument }.ja().into_owned();
    }
    let mut text = WrongUsage::InvalidValue { argument, value }.ja().into_owned();
    let choices = values(error, ContextKind::ValidValue).join("、");
    if !choices.is_empty() {
        text.push_str(&HelpText::Choices { values: &choices }.ja());
    }
    let Some(source) = std::error::Error::source(error) else { return text };
    // clap says a range in English only: `300 is not in 2..=3`.
    let said = source.to_string();
    if let Some((_, range)) = said.split_once(" is not in ") {
        text.push_str(&WrongUsage::OutOfRange { range: &format!("`{range}`") }.ja());
    } else if let Some(error) = source.downcast_ref::<AmountError>() {
        text.push_str(&readings::amount_text(*error).ja());
    } else if source.is::<std::num::ParseIntError>() {
        text.push_str(&WrongUsage::NotANumber.ja());
    }
    text
}
