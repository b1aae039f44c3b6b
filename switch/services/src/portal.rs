//! A portal's word about a resident is taken signed: who is at the other end and how that was proven, for this one request. Here a
//! statement is checked, before anything is done or shown.

use crate::access::{Audience, Name};
use crate::error::Result;
use crate::fields::ppid;
use crate::presented::{PortalRefusal, WINDOW};
use crate::{Services, Who};
use kazasu_ledger::record::PortalProof;
use kazasu_schemas::identity::{ActorId, Role};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::portal::{PortalOperation, Statement, parts};
use kazasu_security::portal::is_signed;

/// The operation of a portal for a resident, by its row of the table. An operation that is open to portals and has no word in statements is
/// refused.
fn asked_by_portals(name: Name) -> Option<Result<PortalOperation, PortalRefusal>> {
    // Events name no resident: they bear the portal's own names.
    if name == Name::ListResidentEvents {
        return None;
    }
    let row = name.row();
    let Audience::Roles(roles) = row.audience else { return None };
    if !roles.contains(&Role::Portal) {
        return None;
    }
    Some(row.word.parse().map_err(|_| PortalRefusal::Missing))
}

fn differs(line: &'static str, expected: impl ToString, got: impl ToString) -> PortalRefusal {
    PortalRefusal::Other { line, expected: expected.to_string(), got: got.to_string() }
}

impl Services {
    /// What a portal signed for this request, checked; nothing where the caller is no portal or acts for no resident. A refusal has
    /// changed nothing, except that a statement which was good in every other way is used up.
    pub(crate) async fn proven(
        &self,
        name: Name,
        residents: &[String],
        who: &Who,
    ) -> Result<Option<(Statement, PortalProof)>> {
        let Some(asked) = asked_by_portals(name).filter(|_| who.has(Role::Portal)) else { return Ok(None) };
        let operation = asked?;
        let resident = ppid("ppid", residents.first().map(String::as_str).unwrap_or_default())?;
        let no_key = || PortalRefusal::NoKey { portal: who.name.clone() };
        let Some(ActorId::Program(portal)) = who.id else { return Err(no_key().into()) };
        let now = self.now();
        let keys = self.rights(move |rights| rights.statement_keys(portal, now.jst_day()).copied().collect::<Vec<_>>());
        let keys = keys.await?;
        if keys.is_empty() {
            return Err(no_key().into());
        }
        let presented = who.presented.as_deref().ok_or(PortalRefusal::Missing)?;
        let (text, signature) = parts(&presented.header).ok_or(PortalRefusal::Form(None))?;
        let signed = keys.into_iter().find(|key| is_signed(key, &text, &signature));
        let statement = Statement::read(&text).map_err(|why| PortalRefusal::Form(Some(why)))?;
        let key = signed.ok_or(PortalRefusal::Signature { portal })?;
        if (now.0 - statement.at.0).abs() > WINDOW {
            return Err(PortalRefusal::Moment { at: statement.at, now }.into());
        }
        if statement.portal != portal {
            return Err(differs("portal", portal, statement.portal).into());
        }
        if statement.resident != resident {
            return Err(differs("resident", "the PPID of the request", "another one").into());
        }
        if statement.operation != operation {
            return Err(differs("operation", operation, statement.operation).into());
        }
        if statement.request != presented.request {
            let [expected, got] = [presented.request, statement.request].map(hex::encode);
            return Err(differs("request", expected, got).into());
        }
        if !operation.takes(statement.proven) {
            return Err(PortalRefusal::TooWeak { proven: statement.proven, operation }.into());
        }
        // The last of the checks: what is refused for another reason does not use a nonce up.
        let forgotten = Millis(statement.at.0 + 2 * WINDOW);
        if !self.sign_ins()?.used_first(portal, &statement.nonce, forgotten).await? {
            return Err(PortalRefusal::Used.into());
        }
        let proof = PortalProof::of(&statement, key, signature);
        Ok(Some((statement, proof)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_portals_may_ask_has_a_word_in_statements() {
        let words: Vec<PortalOperation> =
            Name::ALL.iter().filter_map(|name| asked_by_portals(*name)).map(|word| word.unwrap()).collect();
        assert_eq!(words.len(), PortalOperation::ALL.len());
        assert!(PortalOperation::ALL.iter().all(|word| words.contains(word)), "{words:?}");
    }
}
