//! The columns of the table of rights.

use super::kinds::Factor;
use super::service::Service;
use kazasu_schemas::identity::Role;

/// Whether an operation changes anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It may make records.
    Command,
    /// It only reads.
    Question,
}

/// The number of people that a command requires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum People {
    /// One.
    One,
    /// One person requests, another one decides.
    Two,
    /// The same; until the book has an access administrator, its keeper alone, offline: that opens the book.
    Opening,
}

/// The callers that may ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Every caller, also one without a session: this is how people sign in.
    Anyone,
    /// Every person and program that has signed in, for itself.
    SignedIn,
    /// The keeper of the journal and its key file, on the journal itself.
    Keeper,
    /// Holders of one of these roles, in the scope of the request.
    Roles(&'static [Role]),
    /// The same, and a person: a program never decides it.
    Persons(&'static [Role]),
    /// Holders of the city's role that the relief batch's next step requires.
    CityStep,
    /// Who decides requests of the kind, and did not make this one.
    Deciders,
    /// Who decides requests of the kind, makes them, or reads them.
    Readers,
    /// The person who made the request.
    Requester,
}

/// Whether staff say why they ask; the security log keeps it. A portal acts for residents, and needs no reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It may be left out, or is a matter of the request itself.
    Free,
    /// Without one it is refused.
    Asked,
}

/// An operation's row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The service.
    pub service: Service,
    /// The word that names the operation within its service.
    pub word: &'static str,
    /// Command or question.
    pub kind: Kind,
    /// The callers that may ask.
    pub audience: Audience,
    /// The number of people that it requires.
    pub people: People,
    /// Whether it takes a fresh second factor.
    pub factor: Factor,
    /// Whether it takes a reason.
    pub reason: Reason,
}
