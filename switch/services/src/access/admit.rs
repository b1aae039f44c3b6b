//! The table, asked: what a request is about is looked up, and a caller without the right is refused.

use super::*;
use crate::Services;
use crate::fields::has_reason;
use crate::step_up;
use crate::subject::Seen;
use kazasu_ledger::record::Fingerprint;

impl Services {
    /// Refuses a caller without the right, and writes the refusal to the security log: for operations that do not come
    /// through [`Services::call`].
    pub async fn admit(&self, name: Name, about: About, who: &Who) -> Result<()> {
        self.admit_because(name, about, (who, None)).await
    }

    /// The same, where the caller says why.
    pub async fn admit_because(&self, name: Name, about: About, (who, why): (&Who, Option<&str>)) -> Result<()> {
        let pending = self.watch_name(name, (who, why), &about)?;
        let admitted = match self.allowed(name, about, who).await {
            Ok(()) => has_reason(name, why, who),
            Err(refused) => Err(refused),
        };
        pending.over(admitted, |()| Seen::default()).await
    }

    /// Refuses a caller without the right in any scope, before anything of the request is read.
    pub async fn admit_somewhere(&self, name: Name, who: &Who) -> Result<()> {
        if holds_somewhere(name, who) {
            return Ok(());
        }
        self.admit(name, About::Nothing, who).await
    }

    /// Refuses a caller without the right.
    pub(crate) async fn allowed(&self, name: Name, about: About, who: &Who) -> Result<()> {
        // A caller without the right in any scope is refused before the lookup, so that the answer reveals nothing. An auditor's city is
        // checked below.
        let anywhere = holds_somewhere(name, who);
        let named = if anywhere { self.to_be_named(name, &about).await? } else { None };
        let scope = match anywhere {
            true if self.opens(name, &about, who).await? => Scope::Opening,
            true => self.scope(name, about).await?,
            false => Scope::Everywhere,
        };
        let decider = named.map(|fingerprint| step_up::deciding(who, &fingerprint));
        match may(name, decider.as_ref().unwrap_or(who), &scope) {
            Access::Yes | Access::TwoPeople => Ok(()),
            Access::Factor => Err(ServiceError::FactorNeeded),
            Access::Unknown => Err(sign_in_needed()),
            Access::No(why) => Err(ServiceError::Forbidden(why)),
        }
    }

    /// The fingerprint that a fresh second factor must have named, where what is asked decides something that has one.
    async fn to_be_named(&self, name: Name, about: &About) -> Result<Option<Fingerprint>> {
        match about {
            About::Approval(number) if name == Name::ApproveRequest => {
                Ok(Some(self.approval(*number).await?.fingerprint))
            }
            About::Step(batch, Step::Released) => {
                let number = *batch;
                let file = self.query(move |state| state.relief_file(number)).await?;
                Ok(file.map(|file| step_up::release_fingerprint(number, &file)))
            }
            // It carries out what was approved, under the same fingerprint.
            About::Key(key) if name == Name::RecordDestruction => {
                let key = key.clone();
                self.query(move |state| state.approved_destruction(&key)).await
            }
            _ => Ok(None),
        }
    }

    /// Does the keeper open the book: is there no access administrator yet?
    async fn opens(&self, name: Name, about: &About, who: &Who) -> Result<bool> {
        let again = matches!(about, About::CardStatus(status) if status == GOOD);
        let opening = again || name.row().people == People::Opening;
        if !opening || who.kind != CallerKind::Keeper {
            return Ok(false);
        }
        self.query(|state| !state.rights().is_administered()).await
    }

    /// The city of a request's subject.
    async fn scope(&self, name: Name, about: About) -> Result<Scope> {
        let question = name.row().kind == Kind::Question;
        let city = match about {
            About::Nothing | About::Key(_) => return Ok(Scope::Everywhere),
            About::CardStatus(status) => return Ok(Scope::CardStatus(status)),
            About::City(code) => return Ok(Scope::City(code)),
            About::Step(batch, step) => {
                let city = self.query(move |state| state.relief_city(batch)).await?;
                let city = city.ok_or_else(|| ServiceError::from(Refusal::UnknownBatch(batch)))?;
                return Ok(Scope::CityRole(city, step));
            }
            About::Approval(number) => {
                let view = self.approval(number).await?;
                let (kind, city, by) = (view.kind(), view.city.clone(), view.said.by.clone());
                let today = self.now().jst_day();
                let found = self.query(move |state| {
                    // Records of before there were people in the book have names.
                    let id = state.rights().find(&view.said.by).map(|id| id.to_string());
                    (id, merchants_deciders(state, &view, today))
                });
                let (id, shop) = found.await?;
                return Ok(Scope::Approval(Requested { kind, city, by: id.unwrap_or(by), shop }));
            }
            About::Line(line) => {
                let asked = line.clone();
                let city = self.query(move |state| state.line_city(&asked)).await?;
                return city.map(Scope::City).ok_or_else(|| not_booked(&line));
            }
            About::Programme(number) => {
                let city = self.query(move |state| state.relief_programme_city(number)).await?;
                city.ok_or_else(|| ServiceError::from(Refusal::UnknownProgramme(number)))
            }
            About::Batch(number) => {
                let city = self.query(move |state| state.relief_city(number)).await?;
                city.ok_or_else(|| ServiceError::from(Refusal::UnknownBatch(number)))
            }
        };
        match city {
            Ok(code) => Ok(Scope::City(code)),
            // A question about an unknown object gets that answer.
            Err(_) if question => Ok(Scope::Everywhere),
            Err(error) => Err(error),
        }
    }
}

/// A line that was not booked for a city.
fn not_booked(line: &str) -> ServiceError {
    absent("line", &ProblemText::LineNotBooked { line: Quoted(line) })
}
