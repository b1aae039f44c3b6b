//! The events: one table, with a row for each. A row says what the event's fields are and whether an answer waits for its line; its
//! code and its meaning are those of [`SecurityEvent`], so that an event without a meaning does not compile.

use crate::value::{Free, Object, Value, Word};
use crate::{Digest, ResidentRef};
use kazasu_text::Label;
use kazasu_text::security::{SecurityEvent, SecurityField};

/// May an answer leave before the line is durable?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Urgency {
    /// It may: the line follows within a second.
    Soon,
    /// It may not.
    Before,
}

macro_rules! fields {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $label:ident $type:ty,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, PartialEq, Eq, Debug)]
            pub struct $name {
                $($(#[$doc])* pub $field: $type,)*
            }

            impl $name {
                /// The fields, in the order of a line.
                const FIELDS: &'static [SecurityField] = &[$(SecurityField::$label,)*];

                #[allow(unused_variables, clippy::ptr_arg, reason = "an event may have no fields")]
                fn write(&self, out: &mut String) {
                    $(put(SecurityField::$label, &self.$field, out);)*
                }

                #[allow(unused_variables, reason = "an event may have no fields")]
                fn sample(text: &str) -> Self {
                    $name { $($field: <$type as Value>::sample(text),)* }
                }
            }
        )*
    };
}

/// Adds a field to a line; nothing where it has no value.
pub(crate) fn put(field: SecurityField, value: &impl Value, out: &mut String) {
    let before = out.len();
    out.push_str(if out.ends_with('{') { "\"" } else { ",\"" });
    out.push_str(field.code());
    out.push_str("\":");
    if !value.write(out) {
        out.truncate(before);
    }
}

fields! {
    /// An operation that was asked: by whom, about whom, and what came of it.
    Act {
        /// Who asked, by name.
        by: By Word,
        /// What asked: `operator`, `person`, `portal`.
        caller: Caller Word,
        /// Through what: `api` or `offline`.
        via: Via Word,
        /// Service and word of the operation.
        operation: Operation Word,
        /// `allowed`, `refused`, `failed` or `abandoned`.
        outcome: Outcome Word,
        /// The residents.
        residents: Residents Vec<ResidentRef>,
        /// What else it is about.
        about: About Vec<Object>,
        /// The caller's reason.
        why: Why Option<Free>,
        /// Why it was refused or failed.
        reason: Reason Option<Free>,
        /// From where; none of work on the journal itself.
        network: Network Option<Word>,
        /// How a portal has proven who the resident is.
        proven: Proven Option<Word>,
        /// SHA-256 of the statement that the portal signed.
        statement: Statement Option<Digest>,
        /// The public key that its signature was checked with.
        key: Key Option<Digest>,
    }

    /// A file's first line.
    FileBegun {
        /// Hash of the last line of the file before; zeros in the first file.
        after: After Digest,
        /// The configuration in force, where it is known.
        configuration: Configuration Option<Digest>,
    }

    /// The program starts.
    Start {
        /// The program's version.
        version: Version Word,
        /// SHA-256 of the configuration.
        configuration: Configuration Digest,
    }

    /// The program ends in good order.
    Stop {}

    /// The configuration differs from the one before.
    ConfigurationChanged {
        /// Of before.
        before: Before Digest,
        /// Of now.
        configuration: Configuration Digest,
    }

    /// Certificates were read again.
    CertificatesRead {
        /// How many sets of files.
        count: Count u64,
    }

    /// The lead changed.
    LeadChange {
        /// What this node does from now on: `leading`, `following`, ….
        role: Role Word,
        /// The lead's epoch.
        epoch: Epoch u64,
        /// Who leads.
        leader: Leader Word,
    }

    /// An endpoint takes no events for some time, or takes them again.
    WebhookState {
        /// The endpoint.
        about: About Vec<Object>,
        /// `late`, `failing`, or `on` again.
        state: State Word,
        /// When the first attempt failed.
        since: Since Word,
        /// Attempts in a row that failed.
        count: Count u64,
        /// Why the last one failed.
        reason: Reason Option<Free>,
    }

    /// The end of a file that a crash left unfinished.
    TornLine {
        /// The file.
        file: File Word,
        /// How much was cut off.
        bytes: Bytes u64,
    }

    /// Lines that found no room in the queue.
    LinesLost {
        /// How many.
        lines: Lines u64,
    }

    /// The log could not be written.
    Unwritten {
        /// How many answers were refused for that reason.
        refused: Refused u64,
        /// How many lines were not kept.
        lines: Lines u64,
        /// What the system said.
        reason: Reason Free,
    }

    /// Old files were removed.
    RetentionApplied {
        /// How many.
        files: Files u64,
        /// The last line that is gone.
        through: Through u64,
    }

    /// A token was used.
    KeyUse {
        /// Whose.
        by: By Word,
        /// What it is.
        caller: Caller Word,
        /// From where.
        network: Network Word,
    }

    /// The command line used the key file.
    KeyFileUse {
        /// For whom it asks.
        by: By Word,
        /// `offline`, or `api` where the running switch is asked.
        via: Via Word,
        /// The command.
        tool: Tool Word,
        /// The operating system's user.
        uid: Uid u64,
    }

    /// A request that no service saw.
    Refusal {
        /// Who asked, where that is known.
        by: By Option<Word>,
        /// From where.
        network: Network Word,
        /// GET, POST, ….
        method: Method Word,
        /// The address's pattern.
        route: Route Word,
        /// The answer's status.
        status: Status u64,
    }

    /// Further such requests of one network within a minute.
    Refusals {
        /// From where.
        network: Network Word,
        /// The status that most of them got last.
        status: Status u64,
        /// How many.
        count: Count u64,
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident $urgency:ident $fields:ident;)*) => {
        /// What happened.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Event {
            $($(#[$doc])* $name($fields),)*
        }

        impl Event {
            /// Its name: code and meaning.
            #[must_use]
            pub fn kind(&self) -> SecurityEvent {
                match self {
                    $(Event::$name(_) => SecurityEvent::$name,)*
                }
            }

            /// The fields that lines of a kind may have, after `seq`, `at`, `node` and `event`, and before `hash`.
            #[must_use]
            pub fn fields(kind: SecurityEvent) -> &'static [SecurityField] {
                match kind {
                    $(SecurityEvent::$name => $fields::FIELDS,)*
                }
            }

            /// May an answer leave before the line of this kind is durable?
            #[must_use]
            pub fn urgency(kind: SecurityEvent) -> Urgency {
                match kind {
                    $(SecurityEvent::$name => Urgency::$urgency,)*
                }
            }

            pub(crate) fn write(&self, out: &mut String) {
                match self {
                    $(Event::$name(fields) => fields.write(out),)*
                }
            }

            /// One event of each kind, whose texts are made of this one: for tests of what lines may show.
            #[must_use]
            pub fn samples(text: &str) -> Vec<Event> {
                vec![$(Event::$name($fields::sample(text)),)*]
            }
        }
    };
}

events! {
    /// A file's first line.
    FileBegun Soon FileBegun;
    /// The program starts.
    Started Before Start;
    /// The program ends in good order.
    Stopped Soon Stop;
    /// The configuration differs from the one before.
    ConfigurationChanged Before ConfigurationChanged;
    /// Certificates were read again.
    CertificatesRead Soon CertificatesRead;
    /// The lead changed.
    LeadChanged Soon LeadChange;
    /// An endpoint takes no events for some time, or takes them again.
    WebhookState Soon WebhookState;
    /// A line was cut off that a crash left unfinished.
    TornLineCut Soon TornLine;
    /// Lines found no room in the queue.
    LinesLost Soon LinesLost;
    /// The log could not be written for some time.
    Unwritable Soon Unwritten;
    /// Old files were removed.
    RetentionApplied Soon RetentionApplied;
    /// A token was used from a network for the first time within an hour.
    KeyUsed Soon KeyUse;
    /// The command line used the key file.
    KeyFileUsed Before KeyFileUse;
    /// A request that no service saw.
    RequestRefused Soon Refusal;
    /// Further such requests of one network.
    RequestsRefused Soon Refusals;
    /// A look at residents.
    Look Before Act;
    /// Something was shown that is hidden elsewhere.
    Reveal Before Act;
    /// Data left as a file.
    Export Before Act;
    /// A command. One that is about money and was refused is waited for all the same.
    Command Soon Act;
    /// A question.
    Question Soon Act;
    /// A person has signed in.
    SignedIn Soon Act;
    /// Sessions were ended.
    SignedOut Soon Act;
    /// A person was not signed in, or did not show a second factor.
    SignInRefused Before Act;
    /// A question about this log.
    LogRead Before Act;
}
