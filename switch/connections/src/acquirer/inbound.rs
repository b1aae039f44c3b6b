//! One frame in: decoded, authenticated, understood. It decides nothing about money; it says where the message goes.

use super::session::{Acquirer, Acquirers, Session};
use kazasu_engine::trail;
use kazasu_engine::{Authenticity, Inbound, SignedOn};
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::iso8583::{Dialect, Frame, Message, Mti, Tpdu};
use kazasu_schemas::mac::ends_with_mac;
use kazasu_schemas::wire::{Network, NetworkCode, Nonce, Nonces, PpidPlace, Request, ResponseCode, Totals};
use std::sync::Arc;
use tracing::Span;

#[cfg(test)]
mod tests;

/// Fields that an answer made without the core repeats, when they were there and sound.
const ECHOED: [u8; 15] = [3, 4, 7, 11, 12, 13, 15, 32, 37, 41, 42, 49, 70, 90, 102];

/// The treatment of a frame.
pub(super) enum Verdict {
    /// For the core.
    Core(Inbound),
    /// The peer answered what it was told.
    Told(NetworkCode, ResponseCode),
    /// Answered here, perhaps with a session that begins.
    Network { message: Network, authenticity: Authenticity, begins: Option<Arc<SignedOn>> },
    /// Refused here: a complete answer but for its MAC.
    Refused { answer: Box<Message>, reason: Reason, authenticity: Authenticity },
    /// Neither: an answer to nothing we asked, or bytes without even a message type.
    Ignored(Reason),
}

/// The reason why a frame did not reach the core, as metrics name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    Undecodable,
    Format,
    NotSignedOn,
    NoMac,
    WrongMac,
    OtherAcquirer,
    UnknownAcquirer,
    Certificate,
    NoNonce,
    NoChallenge,
    WrongProof,
    UnsupportedType,
    UnexpectedAnswer,
    NoRandomness,
    TooManyConnections,
}

impl Reason {
    const ALL: [Reason; 15] = [
        Reason::Undecodable,
        Reason::Format,
        Reason::NotSignedOn,
        Reason::NoMac,
        Reason::WrongMac,
        Reason::OtherAcquirer,
        Reason::UnknownAcquirer,
        Reason::Certificate,
        Reason::NoNonce,
        Reason::NoChallenge,
        Reason::WrongProof,
        Reason::UnsupportedType,
        Reason::UnexpectedAnswer,
        Reason::NoRandomness,
        Reason::TooManyConnections,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Reason::Undecodable => "undecodable",
            Reason::Format => "format",
            Reason::NotSignedOn => "not_signed_on",
            Reason::NoMac => "no_mac",
            Reason::WrongMac => "wrong_mac",
            Reason::OtherAcquirer => "other_acquirer",
            Reason::UnknownAcquirer => "unknown_acquirer",
            Reason::Certificate => "certificate",
            Reason::NoNonce => "no_nonce",
            Reason::NoChallenge => "no_challenge",
            Reason::WrongProof => "wrong_proof",
            Reason::UnsupportedType => "unsupported_type",
            Reason::UnexpectedAnswer => "unexpected_answer",
            Reason::NoRandomness => "no_randomness",
            Reason::TooManyConnections => "too_many_connections",
        }
    }

    /// Does a sign-on that ends so count against its connection? What is this side's doing does not.
    fn fails_a_sign_on(self) -> bool {
        match self {
            Reason::NoRandomness | Reason::TooManyConnections => false,
            Reason::Undecodable
            | Reason::Format
            | Reason::NotSignedOn
            | Reason::NoMac
            | Reason::WrongMac
            | Reason::OtherAcquirer
            | Reason::UnknownAcquirer
            | Reason::Certificate
            | Reason::NoNonce
            | Reason::NoChallenge
            | Reason::WrongProof
            | Reason::UnsupportedType
            | Reason::UnexpectedAnswer => true,
        }
    }

    fn code(self) -> ResponseCode {
        match self {
            Reason::Undecodable | Reason::Format => ResponseCode::FORMAT,
            Reason::TooManyConnections => ResponseCode::UNAVAILABLE,
            Reason::UnsupportedType => kazasu_schemas::wire::Refusal::UnsupportedTransaction.code(),
            Reason::NoRandomness => ResponseCode::MALFUNCTION,
            Reason::NotSignedOn
            | Reason::NoMac
            | Reason::WrongMac
            | Reason::OtherAcquirer
            | Reason::UnknownAcquirer
            | Reason::Certificate
            | Reason::NoNonce
            | Reason::NoChallenge
            | Reason::WrongProof
            | Reason::UnexpectedAnswer => ResponseCode::SECURITY,
        }
    }
}

/// The names of all reasons, with the one that the engine finds: only it knows whether an old message was decided before.
pub const REASONS: &[&str] = &{
    let mut names = [kazasu_engine::UNTIMELY; Reason::ALL.len() + 1];
    let mut at = 0;
    while at < Reason::ALL.len() {
        names[at] = Reason::ALL[at].name();
        at += 1;
    }
    names
};

/// A sign-on that waits for its proof. It is good for one attempt, on its connection.
struct Challenge {
    acquirer: Arc<Acquirer>,
    nonces: Nonces,
}

/// The reading side of a connection: whose it is, and buffers that are used again for every frame.
pub(super) struct Reader {
    dialect: Arc<Dialect>,
    acquirers: Arc<Acquirers>,
    certificate: Option<[u8; 32]>,
    /// As long as the connection is signed on.
    session: Option<Session>,
    challenge: Option<Challenge>,
    /// The first acquirer that signed on: from then on the connection is its own.
    bound: Option<InstitutionId>,
    message: Message,
    /// Of the message that was taken last.
    authenticity: Authenticity,
    /// The acquirer that the connection's span names.
    told: Option<InstitutionId>,
    /// Sign-ons that have failed since one succeeded.
    pub(super) failed_sign_ons: u32,
    /// The last refusal in words, for the log.
    pub(super) problem: String,
    /// Answers to what was told, since they were last taken.
    pub(super) answers: Vec<(NetworkCode, ResponseCode)>,
}

impl Reader {
    pub(super) fn new(dialect: Arc<Dialect>, acquirers: Arc<Acquirers>, certificate: Option<[u8; 32]>) -> Self {
        Reader {
            dialect,
            acquirers,
            certificate,
            session: None,
            challenge: None,
            bound: None,
            message: Message::default(),
            authenticity: Authenticity::Unproven,
            told: None,
            failed_sign_ons: 0,
            problem: String::new(),
            answers: Vec::new(),
        }
    }

    /// The acquirer that is signed on.
    pub(super) fn acquirer(&self) -> Option<&Arc<Acquirer>> {
        self.session.as_ref().map(Session::acquirer)
    }

    pub(super) fn signed_on(&self) -> Option<InstitutionId> {
        self.acquirer().map(|acquirer| acquirer.config.id)
    }

    /// The type of the message that was taken last.
    pub(super) fn mti(&self) -> Mti {
        self.message.mti
    }

    /// The identifiers of the message that was taken last, for the log: DE37, DE11, DE41.
    pub(super) fn names(&self) -> [Option<String>; 3] {
        trail::names(&self.message)
    }

    /// Names the message that was taken last in its span.
    pub(super) fn tell_names(&self, span: &Span) {
        if span.is_disabled() {
            return;
        }
        for (field, name) in ["rrn", "stan", "terminal"].into_iter().zip(self.names()) {
            span.record(field, name.map(tracing::field::display));
        }
    }

    /// Names the acquirer in the connection's span once it has signed on. After a sign-off it stays named: whose connection it
    /// is has not changed.
    pub(super) fn tell_acquirer(&mut self, span: &Span) {
        let acquirer = self.signed_on();
        if acquirer.is_some() && acquirer != self.told {
            self.told = acquirer;
            span.record("acquirer", acquirer.map(tracing::field::display));
        }
    }

    /// The destination of the answer to the message that was taken last, in dialects that have one.
    pub(super) fn answer_to(&self) -> Option<Tpdu> {
        self.message.tpdu.map(Tpdu::answer)
    }

    /// The name of the message that was taken last, until it is answered.
    pub(super) fn tag(&self) -> u64 {
        self.message.tpdu.map_or(0, Tpdu::tag)
    }

    /// Takes one frame.
    pub(super) fn take(&mut self, frame: &Frame) -> Verdict {
        self.authenticity = Authenticity::Unproven;
        let (decoded, frame) = (self.dialect.read(frame, &mut self.message), &frame.message[..]);
        let decoded = match decoded {
            Ok(decoded) => decoded,
            Err(error) => {
                self.problem = error.to_string();
                let known_type = self.message.mti != Mti(0) && self.message.mti.is_question();
                return if known_type { self.refuse_unreadable(frame) } else { Verdict::Ignored(Reason::Undecodable) };
            }
        };
        let mti = self.message.mti;
        let mac = decoded.mac_at.map(|at| (&frame[..at], if self.message.has(128) { 128 } else { 64 }));
        if mti == Mti(810) {
            return self.told(mac);
        }
        if !mti.is_question() {
            return self.ignore(Reason::UnexpectedAnswer, format!("{mti} answers nothing that was asked here"));
        }
        match mti.class() {
            8 => self.network(mac),
            1 | 2 | 4 | 5 => match self.authenticate(mac) {
                Ok(acquirer) => self.financial(&acquirer),
                Err(reason) => self.refuse(reason),
            },
            _ => match self.authenticate(mac) {
                Ok(_) => {
                    self.problem = format!("message type {mti} is not served");
                    self.refuse(Reason::UnsupportedType)
                }
                Err(reason) => self.refuse(reason),
            },
        }
    }

    /// A message that cannot be read may still end with its sender's MAC: then its answer has one too.
    fn refuse_unreadable(&mut self, frame: &[u8]) -> Verdict {
        if let Some(session) = &self.session
            && ends_with_mac(&self.dialect, frame, |bytes, tag| session.verify(bytes, tag))
        {
            self.authenticity = Authenticity::Proven;
        }
        self.refuse(Reason::Format)
    }

    /// An answer to what this side told.
    fn told(&mut self, mac: Option<(&[u8], u8)>) -> Verdict {
        if let Err(reason) = self.authenticate(mac) {
            return Verdict::Ignored(reason);
        }
        match Network::from_message(&self.message) {
            Ok(answer) if matches!(answer.purpose, NetworkCode::CutoverStart | NetworkCode::CutoverEnd) => {
                Verdict::Told(answer.purpose, answer.code.unwrap_or(ResponseCode::FORMAT))
            }
            Ok(answer) => {
                self.ignore(Reason::UnexpectedAnswer, format!("0810 {} answers nothing", answer.purpose.name()))
            }
            Err(error) => self.ignore(Reason::Format, error.to_string()),
        }
    }

    fn financial(&mut self, acquirer: &Arc<Acquirer>) -> Verdict {
        let id = acquirer.config.id;
        let read = if self.message.mti.class() == 5 {
            Totals::from_message(&self.message).map(|t| (t.acquirer, Inbound::Totals(t)))
        } else {
            Request::from_message(&self.message, acquirer.config.ppid_in).map(|r| (r.acquirer, Inbound::Request(r)))
        };
        match read {
            Ok((sender, inbound)) if sender == id => Verdict::Core(inbound),
            Ok((sender, _)) => {
                self.problem = format!("DE32 says {sender}, this connection is signed on as {id}");
                self.refuse(Reason::OtherAcquirer)
            }
            Err(error) => {
                self.problem = error.to_string();
                self.refuse(Reason::Format)
            }
        }
    }

    /// The acquirer that this connection is signed on as, if the message is really its own.
    fn authenticate(&mut self, mac: Option<(&[u8], u8)>) -> Result<Arc<Acquirer>, Reason> {
        let Some(session) = &self.session else {
            self.problem = "no sign-on (0800 with DE70 = 001, then 101) on this connection yet".into();
            return Err(Reason::NotSignedOn);
        };
        let Some((bytes, field)) = mac else {
            self.problem = NO_MAC.into();
            return Err(Reason::NoMac);
        };
        if session.verify(bytes, self.message.get(field).unwrap_or_default()) {
            self.authenticity = Authenticity::Proven;
            return Ok(session.acquirer().clone());
        }
        self.problem = format!(
            "DE{field} is not the MAC of this message under the keys of {}'s session on this connection",
            session.acquirer().config.id
        );
        Err(Reason::WrongMac)
    }

    fn network(&mut self, mac: Option<(&[u8], u8)>) -> Verdict {
        let network = match Network::from_message(&self.message) {
            Ok(network) => network,
            Err(error) => {
                self.problem = error.to_string();
                return self.refuse(Reason::Format);
            }
        };
        let approved = network.answer(ResponseCode::APPROVED);
        let result = match network.purpose {
            NetworkCode::SignOn => self.challenge(&network).map(|answer| (answer, None)),
            NetworkCode::KeyChange => self.prove(&network, mac).map(|begins| (approved, Some(begins))),
            NetworkCode::SignOff => self.same(&network, mac).map(|()| {
                self.session = None;
                (approved, None)
            }),
            NetworkCode::Echo => self.same(&network, mac).map(|()| (approved, None)),
            NetworkCode::CutoverStart | NetworkCode::CutoverEnd | NetworkCode::Other(_) => {
                self.same(&network, mac).and_then(|()| {
                    self.problem = format!("DE70 = {:03} is not served", network.purpose.number());
                    Err(Reason::UnsupportedType)
                })
            }
        };
        match result {
            Ok((message, begins)) => Verdict::Network { message, authenticity: self.authenticity, begins },
            Err(reason) => {
                let signs_on = matches!(network.purpose, NetworkCode::SignOn | NetworkCode::KeyChange);
                if signs_on && reason.fails_a_sign_on() {
                    self.failed_sign_ons = self.failed_sign_ons.saturating_add(1);
                }
                self.refuse(reason)
            }
        }
    }

    fn same(&mut self, network: &Network, mac: Option<(&[u8], u8)>) -> Result<(), Reason> {
        let acquirer = self.authenticate(mac)?;
        self.is_of(acquirer.config.id, network.institution)
    }

    /// Whether DE32 names the acquirer whose connection this is.
    fn is_of(&mut self, own: InstitutionId, sender: InstitutionId) -> Result<(), Reason> {
        if sender == own {
            return Ok(());
        }
        self.problem = format!("DE32 says {sender}, this connection is {own}'s");
        Err(Reason::OtherAcquirer)
    }

    /// The first half of a sign-on: both nonces. Nothing is proven by it, and nothing changes but what the next proof is about.
    fn challenge(&mut self, network: &Network) -> Result<Network, Reason> {
        self.challenge = None;
        if let Some(own) = self.bound {
            self.is_of(own, network.institution)?;
        }
        let Some(acquirer) = self.acquirers.get(&network.institution).cloned() else {
            self.problem = format!("acquirer {} is not configured", network.institution);
            return Err(Reason::UnknownAcquirer);
        };
        acquirer.admits(self.certificate).map_err(|why| {
            self.problem = format!("acquirer {}: {why}", network.institution);
            Reason::Certificate
        })?;
        let Some(private) = &network.private else {
            self.problem =
                "a sign-on without DE48: it must bring the acquirer's nonce (NA), so that no old one can be used"
                    .into();
            return Err(Reason::NoNonce);
        };
        let theirs = Nonce::from_question(private).map_err(|error| {
            self.problem = error.to_string();
            Reason::Format
        })?;
        let ours = nonce().map_err(|error| {
            self.problem = error.to_string();
            Reason::NoRandomness
        })?;
        let nonces = Nonces { acquirer: theirs, switch: ours };
        self.challenge = Some(Challenge { acquirer, nonces });
        Ok(network.answer(ResponseCode::APPROVED).with(nonces.answer()))
    }

    /// The second half: the message's MAC proves that the acquirer has the keys that follow from both nonces.
    fn prove(&mut self, network: &Network, mac: Option<(&[u8], u8)>) -> Result<Arc<SignedOn>, Reason> {
        let Some(Challenge { acquirer, nonces }) = self.challenge.take() else {
            self.problem =
                "DE70 = 101 without a nonce: ask for one with DE70 = 001; each is good for one attempt".into();
            return Err(Reason::NoChallenge);
        };
        self.is_of(acquirer.config.id, network.institution)?;
        let Some((bytes, field)) = mac else {
            self.problem = NO_MAC.into();
            return Err(Reason::NoMac);
        };
        let tag = self.message.get(field).unwrap_or_default();
        let found = acquirer.session_keys(&nonces, |keys| keys.to_switch.verify(bytes, tag)).map_err(|error| {
            self.problem = error.to_string();
            Reason::WrongProof
        })?;
        let Some((version, keys)) = found else {
            self.problem = format!(
                "DE{field} is not the MAC of this message under the key that follows from {}'s master key and both nonces",
                acquirer.config.id
            );
            return Err(Reason::WrongProof);
        };
        let begins = SignedOn { acquirer: acquirer.config.id, ppid_in: acquirer.config.ppid_in, key: keys.from_switch };
        match &mut self.session {
            Some(session) => session.renew(version, keys.to_switch),
            None => {
                let most = acquirer.config.max_connections;
                let Some(session) = Session::begin(acquirer, version, keys.to_switch) else {
                    self.problem =
                        format!("acquirer {} has {most} signed-on connections, the most it may", begins.acquirer);
                    return Err(Reason::TooManyConnections);
                };
                self.session = Some(session);
            }
        }
        self.authenticity = Authenticity::Proven;
        self.failed_sign_ons = 0;
        self.bound = Some(begins.acquirer);
        Ok(Arc::new(begins))
    }

    fn refuse(&mut self, reason: Reason) -> Verdict {
        let mut answer = Message::new(self.message.mti.answer());
        answer.tpdu = self.answer_to();
        for field in ECHOED {
            if let Some(value) = self.message.get(field) {
                answer.set(field, value);
            }
        }
        if self.acquirer().is_some_and(|a| a.config.ppid_in == PpidPlace::De48)
            && let Some(value) = self.message.get(48)
        {
            answer.set(48, value);
        }
        answer.set(39, reason.code().wire());
        Verdict::Refused { answer: Box::new(answer), reason, authenticity: self.authenticity }
    }

    fn ignore(&mut self, reason: Reason, problem: String) -> Verdict {
        self.problem = problem;
        Verdict::Ignored(reason)
    }
}

const NO_MAC: &str = "DE64 or DE128 is mandatory and must be the last field";

fn nonce() -> anyhow::Result<Nonce> {
    let bytes = kazasu_engine::clock::random_bytes(Nonce::LEN)?;
    let bytes = bytes.try_into().map_err(|_| anyhow::anyhow!("the operating system gave too few random bytes"))?;
    Ok(Nonce::new(bytes))
}
