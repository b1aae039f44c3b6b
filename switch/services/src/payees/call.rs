//! The call to a payee before its account changes. A letter or a mail that asks for the change may be forged; the number that was known
//! before is not.

use super::account::{SealedFor, of_field};
use crate::error::Result;
use crate::problem::{Problem, problem};
use kazasu_ledger::record::{CallBack, Payee};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::typed;
use kazasu_security::vault::Vault;
use kazasu_text::problems::ProblemText;
use kazasu_text::{Count, Quoted, errors};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The note of a call, as it is typed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallNote {
    /// Who was called.
    pub called: String,
    /// At which number: one that was known before the change was asked for.
    pub called_number: String,
    /// When: a date, or a time with its offset.
    pub called_at: String,
    /// Who called.
    pub called_by: String,
}

/// The note of a call.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallShown {
    /// Who was called.
    pub called: String,
    /// At which number.
    pub called_number: String,
    /// When.
    pub called_at: String,
    /// Who called.
    pub called_by: String,
}

#[derive(Encode, Decode)]
struct Clear {
    #[n(0)]
    called: String,
    #[n(1)]
    number: String,
    #[n(2)]
    at: Millis,
    #[n(3)]
    by: String,
}

fn text(column: &'static str, typed: &str) -> Result<String, Problem> {
    let text = typed.trim();
    if kazasu_schemas::text::names_a_card(text) {
        return Err(problem(column, "", &ProblemText::CardNumber));
    }
    let plain = !kazasu_schemas::canonical::is_blank(text)
        && text.chars().count() <= 100
        && !text.chars().any(char::is_control);
    if plain {
        Ok(text.to_owned())
    } else {
        Err(problem(column, text, &ProblemText::CharactersBetween { least: Count(1), most: Count(100) }))
    }
}

/// A telephone number has at least six digits, in any of the forms in which people write it.
fn number(typed: &str) -> Result<String, Problem> {
    let column = "called_number";
    let narrow = kazasu_documents::table_file::narrow(typed.trim()).into_owned();
    let digits = narrow.chars().filter(char::is_ascii_digit).count();
    let plain = narrow.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    if plain && (6..=15).contains(&digits) {
        Ok(narrow)
    } else {
        Err(problem(column, &narrow, &ProblemText::TelephoneNumber))
    }
}

impl CallNote {
    /// The note sealed for its payee; or the field that cannot be used.
    fn read(&self, now: Millis) -> Result<Clear, Problem> {
        let at = typed::moment(self.called_at.trim()).map_err(|_| {
            problem("called_at", &self.called_at, &ProblemText::Moment { got: Quoted(&self.called_at) })
        })?;
        if at > now {
            return Err(problem("called_at", &self.called_at, &ProblemText::CalledLater));
        }
        Ok(Clear {
            called: text("called", &self.called)?,
            number: number(&self.called_number)?,
            at,
            by: text("called_by", &self.called_by)?,
        })
    }

    /// The note as a record keeps it.
    pub(crate) fn kept(&self, vault: &Vault, (payee, now): (&Payee, Millis)) -> Result<CallBack> {
        noted(self, vault, (payee, now)).map_err(of_field)
    }
}

/// The note as a record keeps it; or the field that cannot be used.
pub(crate) fn noted(note: &CallNote, vault: &Vault, (payee, now): (&Payee, Millis)) -> Result<CallBack, Problem> {
    let clear = note.read(now)?;
    let bytes = zeroize::Zeroizing::new(minicbor::to_vec(&clear).expect("writing to memory does not fail"));
    let sealed = SealedFor::of(vault, payee).seal(&bytes);
    let sealed = sealed.map_err(|e| problem("called", "", &errors::said(&e, crate::causes::of)))?;
    let at = clear.at.0.to_string();
    let token = vault.hidden("call to a payee", &[&clear.called, &clear.number, &at, &clear.by]);
    Ok(CallBack { sealed, token })
}

/// The note for people who decide; none where its key was destroyed.
pub(crate) fn call_shown(vault: &Vault, payee: &Payee, call: &CallBack) -> Option<CallShown> {
    let bytes = SealedFor::of(vault, payee).open(&call.sealed)?;
    let Clear { called, number, at, by } = minicbor::decode(&bytes).ok()?;
    Some(CallShown { called, called_number: number, called_at: at.jst_text(), called_by: by })
}
