//! Writes each operation to the security log: its caller, residents, subject, reason and outcome. [`Services::call`] is the one place
//! that writes it.

use crate::access::{About, Name};
use crate::error::{Result, ServiceError};
use crate::operation::Operation;
use crate::subject::{Seen, Subject};
use crate::watched::Watched;
use crate::{CallerKind, Services, Who};
use kazasu_core::Named;
use kazasu_engine::CommandError;
use kazasu_ledger::record::{Maker, PortalProof};
use kazasu_schemas::identity::Via;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::portal::Statement;
use kazasu_security::vault::Vault;
use kazasu_security_log::value::{Free, Object, Word};
use kazasu_security_log::{Act, Digest, Event, ResidentRef};

/// The log's key is made of the vault's: a reference needs it, and it is no key that anything else is hashed under.
const REFERENCE: &str = "security log: resident";

/// A resident as the log names one.
#[must_use]
pub fn resident_ref(vault: &Vault, ppid: &Ppid) -> ResidentRef {
    ResidentRef::from_bytes(vault.hidden(REFERENCE, &[&ppid.to_string()]))
}

/// The name and kind of a caller in lines.
#[must_use]
pub fn actor(who: &Who) -> (Word, Word) {
    let kind = match who.kind {
        CallerKind::Anonymous => "anonymous",
        CallerKind::Keeper => "keeper",
        CallerKind::Person => "person",
        CallerKind::Program if who.is_portal() => "portal",
        CallerKind::Program => "program",
    };
    let name = if who.name.is_empty() { kind } else { who.name.as_str() };
    (Word::new(name), Word::new(kind))
}

/// Residents in one line; an answer with more of them makes several lines.
const MOST_RESIDENTS: usize = 200;

/// The outcome of an operation.
fn outcome(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::Command(CommandError::Halted(_) | CommandError::Stopping) => "failed",
        ServiceError::Other(_) | ServiceError::Unlogged(_) => "failed",
        _ => "refused",
    }
}

/// An operation that is being carried out. When its caller goes away before it is over, the log says so.
pub(crate) struct Pending<'a> {
    services: &'a Services,
    name: Name,
    watched: Watched,
    /// The name in an attempt to sign in.
    tried: Option<String>,
    act: Option<Act>,
}

impl Services {
    /// The author that records of this caller name.
    pub(crate) fn maker(&self, who: &Who) -> Maker {
        Maker { by: who.name.clone(), via: self.channel(who).name().to_owned(), approval: None }
    }

    /// The channel of a request: the one of this process, or at the switch's HTTP address, the pages.
    fn channel(&self, who: &Who) -> Via {
        let pages = self.watch.via() == Via::Api && who.via == Via::Console;
        if pages { Via::Console } else { self.watch.via() }
    }

    /// Begins to watch an operation. What must be logged is refused here when the log cannot be written.
    pub(crate) fn watch<'a, O: Operation>(&'a self, operation: &O, who: &Who) -> Result<Pending<'a>> {
        let mut subject = operation.subject();
        subject.about.extend(operation.about().ok().and_then(|about| object(&about)));
        self.pending((O::NAME, O::watched()), who, subject)
    }

    /// The same for what is not an operation with a request of its own.
    pub(crate) fn watch_name<'a>(
        &'a self,
        name: Name,
        (who, why): (&Who, Option<&str>),
        about: &About,
    ) -> Result<Pending<'a>> {
        let about = object(about).into_iter().collect();
        let subject = Subject { about, why: why.map(str::to_owned), ..Subject::default() };
        self.pending((name, name.watched()), who, subject)
    }

    /// An answer that was given before goes to its caller again, under the request's key. The log has a line for it like for the first one,
    /// and an answer without its line is none.
    pub async fn replayed(&self, subject: Subject, (name, who): (Name, &Who)) -> Result<()> {
        let mut pending = self.pending((name, name.watched()), who, subject)?;
        let (Some(act), Some(log)) = (pending.act.take(), self.watch.log()) else { return Ok(()) };
        for event in pending.lines(Act { outcome: Word::new("replayed"), ..act }) {
            log.add(event).await.map_err(ServiceError::Unlogged)?;
        }
        Ok(())
    }

    fn pending<'a>(&'a self, (name, watched): (Name, Watched), who: &Who, subject: Subject) -> Result<Pending<'a>> {
        let Subject { residents, about, why, tried } = subject;
        if let Some(log) = self.watch.log()
            && !matches!(watched, Watched::Command | Watched::Question)
        {
            log.ready().map_err(ServiceError::Unlogged)?;
        }
        let (row, (by, caller)) = (name.row(), actor(who));
        let act = Act {
            by,
            caller,
            via: Word::new(self.channel(who).name()),
            operation: Word::new(&format!("{}.{}", row.service.name(), row.word)),
            outcome: Word::new("abandoned"),
            residents: self.references(&residents),
            about,
            why: why.as_deref().map(Free::new),
            reason: None,
            network: (self.watch.via() == Via::Api).then(|| Word::new(&who.address.to_canonical().to_string())),
            proven: None,
            statement: None,
            key: None,
        };
        Ok(Pending { services: self, name, watched, tried, act: Some(act) })
    }

    fn references(&self, ppids: &[String]) -> Vec<ResidentRef> {
        let narrow = |text: &String| kazasu_documents::table_file::narrow(text).parse::<Ppid>().ok();
        let mut all: Vec<_> = ppids.iter().filter_map(narrow).map(|p| resident_ref(&self.imports.vault, &p)).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Pending<'_> {
    /// The line says what a portal signed.
    pub(crate) fn signed(&mut self, statement: &Statement, proof: &PortalProof) {
        if let Some(act) = &mut self.act {
            act.proven = Some(Word::new(statement.proven.name()));
            act.statement = Some(Digest::of(statement.text().as_bytes()));
            act.key = Some(Digest(proof.key));
        }
    }

    /// It is over. Returns when the line is durable, where an answer waits for it; an answer without its line is none.
    pub(crate) async fn over<T>(mut self, result: Result<T>, seen: impl FnOnce(&T) -> Seen) -> Result<T> {
        let Some(mut act) = self.act.take() else { return result };
        let Some(log) = self.services.watch.log() else { return result };
        let mut seen_residents = Vec::new();
        if result.is_err() {
            act.about.extend(self.tried_person().await);
        }
        match &result {
            Ok(answer) => {
                act.outcome = Word::new("allowed");
                let seen = seen(answer);
                seen_residents = self.services.references(&seen.residents);
                if let Some(person) = seen.by {
                    (act.by, act.caller) = (Word::new(&person.to_string()), Word::new("person"));
                }
            }
            Err(error) => {
                act.outcome = Word::new(outcome(error));
                act.reason = Some(Free::new(&error.to_string()));
            }
        }
        act.residents.extend(seen_residents);
        act.residents.dedup();
        let refused_command = result.is_err() && self.watched == Watched::Command;
        for event in self.lines(act) {
            let written = if refused_command { log.must(event).await } else { log.add(event).await };
            written.map_err(ServiceError::Unlogged)?;
        }
        result
    }

    /// The person whose name was tried, where it is one's: what was typed is not kept, for it may be a password.
    async fn tried_person(&self) -> Option<Object> {
        let tried = Named::of(self.tried.as_deref()?);
        let found = self.services.rights(move |rights| rights.find_named(&tried)).await.ok()??;
        Some(Object::named("person", &found.to_string()))
    }

    fn lines(&self, act: Act) -> Vec<Event> {
        if act.residents.len() <= MOST_RESIDENTS {
            return vec![self.event(act)];
        }
        let parts = act.residents.chunks(MOST_RESIDENTS);
        parts.map(|part| self.event(Act { residents: part.to_vec(), ..act.clone() })).collect()
    }

    fn event(&self, act: Act) -> Event {
        let signs_in =
            matches!(self.name, Name::SignInPerson | Name::SignInProvider | Name::SignInPasskey | Name::StepUp);
        let signs_out = matches!(self.name, Name::SignOut | Name::EndSessions);
        let allowed = act.outcome == Word::new("allowed");
        if signs_in && !allowed {
            return Event::SignInRefused(act);
        }
        if signs_in || (signs_out && allowed) {
            return if signs_in { Event::SignedIn(act) } else { Event::SignedOut(act) };
        }
        match self.watched {
            Watched::Command => Event::Command(act),
            Watched::Question => Event::Question(act),
            Watched::Look => Event::Look(act),
            Watched::Reveal => Event::Reveal(act),
            Watched::Export => Event::Export(act),
            Watched::LogRead => Event::LogRead(act),
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let (Some(act), Some(log)) = (self.act.take(), self.services.watch.log()) {
            self.lines(act).into_iter().for_each(|event| log.note(event));
        }
    }
}

/// The scope of a request, as a line names it.
fn object(about: &About) -> Option<Object> {
    match about {
        About::Nothing => None,
        About::CardStatus(status) => Some(Object::named("status", status)),
        About::City(code) => Some(Object::named("city", code)),
        About::Programme(number) => Some(Object::numbered("programme", u64::from(*number))),
        About::Batch(number) | About::Step(number, _) => Some(Object::numbered("batch", u64::from(*number))),
        About::Approval(number) => Some(Object::numbered("approval", *number)),
        About::Line(line) => Some(Object::named("line", line)),
        About::Key(key) => Some(Object::named("key", &format!("{} {}", key.key, key.version))),
    }
}
