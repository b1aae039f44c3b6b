//! The caller of an operation.

use crate::decision_key::DecisionSigner;
use crate::presented::Presented;
use kazasu_core::{Command, Held, State};
use kazasu_ledger::record::{Author, LinkOrigin, PortalProof};
use kazasu_schemas::attribution::{Attribution, Via};
use kazasu_schemas::identity::{ActorId, PersonId, Role, Scope, SignIn};
use kazasu_schemas::jst::BusinessDay;
use kazasu_sign_in::{Fresh, SessionId};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The kind of a caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerKind {
    /// A caller without a session or key.
    Anonymous,
    /// A person who keeps the journal and its key file, and works on it without a server.
    Keeper,
    /// A person who has signed in.
    Person,
    /// A program with a key.
    Program,
}

/// A caller, as far as was proved.
#[derive(Clone, Debug)]
pub struct Who {
    /// The immutable id, which records keep.
    pub name: String,
    /// The name that people read.
    pub shown: String,
    /// Its kind.
    pub kind: CallerKind,
    /// The identity; none of a keeper.
    pub id: Option<ActorId>,
    /// The roles that are in force today.
    pub held: Arc<[Held]>,
    /// The caller's way of signing in.
    pub sign_in: SignIn,
    /// The channel of its requests.
    pub via: Via,
    /// Whether it showed a second factor a moment ago, for nothing in particular.
    pub factor: Fresh,
    /// The decisions for which it showed a second factor a moment ago: fingerprints, or their beginnings.
    pub named: Arc<[String]>,
    /// A person's session.
    pub session: Option<SessionId>,
    /// The means of signing a person's decisions.
    pub decides: Option<Arc<DecisionSigner>>,
    /// The means of signing what a person asks for.
    pub asks: Option<Arc<DecisionSigner>>,
    /// SHA-256 of a program's key.
    pub key: Option<[u8; 32]>,
    /// The network address of the caller.
    pub address: IpAddr,
    /// The statement that came with the request, unread.
    pub presented: Option<Arc<Presented>>,
    /// What a portal signed for the request, checked.
    pub proof: Option<Arc<PortalProof>>,
}

impl Who {
    /// A caller without a session or key.
    #[must_use]
    pub fn anonymous(via: Via) -> Who {
        Who {
            name: String::new(),
            shown: String::new(),
            kind: CallerKind::Anonymous,
            id: None,
            held: Arc::new([]),
            sign_in: SignIn::KeyFile,
            via,
            factor: Fresh::No,
            named: Arc::new([]),
            session: None,
            decides: None,
            asks: None,
            key: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            presented: None,
            proof: None,
        }
    }

    /// The keeper: a person who can read the journal and `keys_file` and works without a server. The keeper takes no part in
    /// decisions of two people.
    #[must_use]
    pub fn keeper() -> Who {
        let may = [Role::Operator, Role::FinanceStaff];
        let held = may.map(|role| Held { role, scope: Scope::All, deputy_for: None });
        let (name, shown) = (OFFLINE.to_owned(), OFFLINE.to_owned());
        Who { name, shown, kind: CallerKind::Keeper, held: Arc::new(held), ..Who::anonymous(Via::Offline) }
    }

    /// A person or program of the book with its roles of a day. Whether it is the one is for the asker to have proved.
    #[must_use]
    pub fn of(state: &State, id: ActorId, (day, via): (BusinessDay, Via)) -> Option<Who> {
        let shown = state.rights().name_of(&id.to_string())?.to_owned();
        let held = state.rights().held(id, day).into();
        let (kind, sign_in) = match id {
            ActorId::Person(_) => (CallerKind::Person, SignIn::Password),
            ActorId::Program(_) => (CallerKind::Program, SignIn::Key),
        };
        Some(Who { name: id.to_string(), shown, kind, id: Some(id), held, sign_in, ..Who::anonymous(via) })
    }

    /// The person.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        match self.id {
            Some(ActorId::Person(id)) => Some(id),
            Some(ActorId::Program(_)) | None => None,
        }
    }

    /// Does it hold this role, in any scope?
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.held.iter().any(|held| held.role == role)
    }

    /// Does it hold one of these roles for this city, or for all?
    #[must_use]
    pub fn has_for_city(&self, roles: &[Role], city: &str) -> bool {
        let meets = |scope: &Scope| match scope {
            Scope::All => true,
            Scope::City(code) => code == city,
            Scope::Merchant(_) | Scope::Shop(..) | Scope::Acquirer(_) | Scope::Issuer(_) => false,
        };
        self.held.iter().any(|held| roles.contains(&held.role) && meets(&held.scope))
    }

    /// The cities for which it holds this role.
    pub fn cities(&self, role: Role) -> impl Iterator<Item = &str> {
        self.held.iter().filter(move |held| held.role == role).filter_map(|held| match &held.scope {
            Scope::City(code) => Some(code.as_str()),
            Scope::All | Scope::Merchant(_) | Scope::Shop(..) | Scope::Acquirer(_) | Scope::Issuer(_) => None,
        })
    }

    /// Acts for residents, and for nothing else?
    #[must_use]
    pub fn is_portal(&self) -> bool {
        self.kind == CallerKind::Program
            && self.has(Role::Portal)
            && self.held.iter().all(|held| held.role == Role::Portal)
    }

    /// Works for shops, and for nothing else? What it looks at is its own.
    #[must_use]
    pub fn is_of_shops(&self) -> bool {
        let of_shops = [Role::MerchantOwner, Role::MerchantStaff, Role::MerchantCashier];
        !self.held.is_empty() && self.held.iter().all(|held| of_shops.contains(&held.role))
    }

    /// As records about people's rights keep it.
    #[must_use]
    pub fn author(&self, why: &str) -> Author {
        Author { id: self.id, sign_in: self.sign_in, via: self.via, why: why.to_owned() }
    }

    /// This caller's attribution with a reason; the reason is empty where none is required.
    #[must_use]
    pub fn says(&self, why: impl Into<String>) -> Attribution {
        Attribution::new(self.name.as_str(), why, self.via)
    }

    /// A command of this caller, with the statement that a portal signed for it.
    pub(crate) fn proving(&self, command: Command) -> Command {
        match &self.proof {
            Some(proof) => Command::Proven { proof: Box::new(PortalProof::clone(proof)), command: Box::new(command) },
            None => command,
        }
    }

    /// The origin of a link that this caller makes.
    pub fn origin(&self) -> LinkOrigin {
        if self.is_portal() { LinkOrigin::Holder } else { LinkOrigin::Counter }
    }
}

/// The author in records of work on the journal itself.
pub const OFFLINE: &str = "offline";
