//! One frame in: decoded, authenticated, understood. It decides nothing about money; it says where the message goes.

use super::session::{Acquirer, Acquirers, KeySet};
use kazasu_engine::Inbound;
use kazasu_engine::InstallKeys;
use kazasu_engine::trail;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::iso8583::{Dialect, Frame, Message, Mti, Tpdu};
use kazasu_schemas::wire::{Network, NetworkCode, PpidPlace, Request, ResponseCode, Totals};
use std::sync::Arc;
use tracing::Span;

/// Fields that an answer made without the core repeats, when they were there and sound.
const ECHOED: [u8; 15] = [3, 4, 7, 11, 12, 13, 15, 32, 37, 41, 42, 49, 70, 90, 102];

/// What becomes of a frame.
pub(super) enum Verdict {
    /// For the core.
    Core(Inbound),
    /// The peer answered what it was told.
    Told(NetworkCode, ResponseCode),
    /// Answered here.
    Network { message: Network, keys: KeySet, install: Option<InstallKeys> },
    /// Refused here: a complete answer but for its MAC.
    Refused(Box<Message>, Reason),
    /// Neither: an answer to nothing we asked, or bytes without even a message type.
    Ignored(Reason),
}

/// Why a frame did not reach the core, as metrics name it.
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
    UnsupportedType,
    UnexpectedAnswer,
    KeyBlock,
    TooManyConnections,
}

/// The names of all reasons.
pub(crate) const REASONS: &[&str] = &[
    "undecodable",
    "format",
    "not_signed_on",
    "no_mac",
    "wrong_mac",
    "other_acquirer",
    "unknown_acquirer",
    "certificate",
    "unsupported_type",
    "unexpected_answer",
    "key_block",
    "too_many_connections",
];

impl Reason {
    pub(super) fn name(self) -> &'static str {
        match self {
            Reason::Undecodable => "undecodable",
            Reason::Format => "format",
            Reason::NotSignedOn => "not_signed_on",
            Reason::NoMac => "no_mac",
            Reason::WrongMac => "wrong_mac",
            Reason::OtherAcquirer => "other_acquirer",
            Reason::UnknownAcquirer => "unknown_acquirer",
            Reason::Certificate => "certificate",
            Reason::UnsupportedType => "unsupported_type",
            Reason::UnexpectedAnswer => "unexpected_answer",
            Reason::KeyBlock => "key_block",
            Reason::TooManyConnections => "too_many_connections",
        }
    }

    fn code(self) -> ResponseCode {
        match self {
            Reason::Undecodable | Reason::Format => ResponseCode::FORMAT,
            Reason::TooManyConnections => ResponseCode::UNAVAILABLE,
            Reason::UnsupportedType => kazasu_schemas::wire::Refusal::UnsupportedTransaction.code(),
            Reason::NotSignedOn
            | Reason::NoMac
            | Reason::WrongMac
            | Reason::OtherAcquirer
            | Reason::UnknownAcquirer
            | Reason::Certificate
            | Reason::UnexpectedAnswer
            | Reason::KeyBlock => ResponseCode::SECURITY,
        }
    }
}

/// The reading side of a connection: who has signed on, and buffers that are used again for every frame.
pub(super) struct Reader {
    dialect: Arc<Dialect>,
    acquirers: Arc<Acquirers>,
    certificate: Option<[u8; 32]>,
    /// Who signed on.
    pub(super) acquirer: Option<Arc<Acquirer>>,
    message: Message,
    /// The acquirer that the connection's span names.
    told: Option<InstitutionId>,
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
            acquirer: None,
            message: Message::default(),
            told: None,
            problem: String::new(),
            answers: Vec::new(),
        }
    }

    pub(super) fn signed_on(&self) -> Option<InstitutionId> {
        self.acquirer.as_ref().map(|acquirer| acquirer.config.id)
    }

    /// The type of the message that was taken last.
    pub(super) fn mti(&self) -> Mti {
        self.message.mti
    }

    /// What the message that was taken last calls itself, for the log: DE37, DE11, DE41.
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

    /// Where the answer to the message that was taken last goes, in dialects that say that.
    pub(super) fn answer_to(&self) -> Option<Tpdu> {
        self.message.tpdu.map(Tpdu::answer)
    }

    /// What the message that was taken last is called until it is answered.
    pub(super) fn tag(&self) -> u64 {
        self.message.tpdu.map_or(0, Tpdu::tag)
    }

    /// Takes one frame.
    pub(super) fn take(&mut self, frame: &Frame) -> Verdict {
        let (decoded, frame) = (self.dialect.read(frame, &mut self.message), &frame.message[..]);
        let decoded = match decoded {
            Ok(decoded) => decoded,
            Err(error) => {
                self.problem = error.to_string();
                let known_type = self.message.mti != Mti(0) && self.message.mti.is_question();
                return if known_type { self.refuse(Reason::Format) } else { Verdict::Ignored(Reason::Undecodable) };
            }
        };
        let mti = self.message.mti;
        if mti == Mti(810) {
            let mac = decoded.mac_at.map(|at| (&frame[..at], if self.message.has(128) { 128 } else { 64 }));
            return self.told(mac);
        }
        if !mti.is_question() {
            return self.ignore(Reason::UnexpectedAnswer, format!("{mti} answers nothing that was asked here"));
        }
        let mac = decoded.mac_at.map(|at| (&frame[..at], if self.message.has(128) { 128 } else { 64 }));
        match mti.class() {
            8 => self.network(mac.map(|(bytes, field)| (bytes.to_vec(), field))),
            1 | 2 | 4 | 5 => match self.authenticate(mac, KeySet::Session) {
                Ok(acquirer) => self.financial(&acquirer),
                Err(reason) => self.refuse(reason),
            },
            _ => {
                self.problem = format!("message type {mti} is not served");
                self.refuse(Reason::UnsupportedType)
            }
        }
    }

    /// An answer to what this side told.
    fn told(&mut self, mac: Option<(&[u8], u8)>) -> Verdict {
        if let Err(reason) = self.authenticate(mac, KeySet::Session) {
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
    fn authenticate(&mut self, mac: Option<(&[u8], u8)>, keys: KeySet) -> Result<Arc<Acquirer>, Reason> {
        let Some(acquirer) = self.acquirer.clone() else {
            self.problem = "no sign-on (0800 with DE70 = 001) on this connection yet".into();
            return Err(Reason::NotSignedOn);
        };
        self.check_mac(&acquirer, mac, keys)?;
        Ok(acquirer)
    }

    fn check_mac(&mut self, acquirer: &Acquirer, mac: Option<(&[u8], u8)>, keys: KeySet) -> Result<(), Reason> {
        let Some((bytes, field)) = mac else {
            self.problem = "DE64 or DE128 is mandatory and must be the last field".into();
            return Err(Reason::NoMac);
        };
        let tag = self.message.get(field).unwrap_or_default();
        if acquirer.verify(keys, bytes, tag) {
            return Ok(());
        }
        self.problem = format!("DE{field} is not the MAC of this message under {}'s key", acquirer.config.id);
        Err(Reason::WrongMac)
    }

    fn network(&mut self, mac: Option<(Vec<u8>, u8)>) -> Verdict {
        let mac = mac.as_ref().map(|(bytes, field)| (bytes.as_slice(), *field));
        let network = match Network::from_message(&self.message) {
            Ok(network) => network,
            Err(error) => {
                self.problem = error.to_string();
                return self.refuse(Reason::Format);
            }
        };
        let result = match network.purpose {
            NetworkCode::SignOn => self.sign_on(&network, mac),
            NetworkCode::KeyChange => self.key_change(&network, mac),
            NetworkCode::SignOff => self.authenticate(mac, KeySet::Session).map(|acquirer| {
                acquirer.signed_off();
                self.acquirer = None;
                (network.answer(ResponseCode::APPROVED), KeySet::Session, None)
            }),
            NetworkCode::Echo => {
                self.same(&network, mac).map(|()| (network.answer(ResponseCode::APPROVED), KeySet::Session, None))
            }
            NetworkCode::CutoverStart | NetworkCode::CutoverEnd | NetworkCode::Other(_) => {
                self.same(&network, mac).and_then(|()| {
                    self.problem = format!("DE70 = {:03} is not served", network.purpose.number());
                    Err(Reason::UnsupportedType)
                })
            }
        };
        match result {
            Ok((message, keys, install)) => Verdict::Network { message, keys, install },
            Err(reason) => self.refuse(reason),
        }
    }

    fn same(&mut self, network: &Network, mac: Option<(&[u8], u8)>) -> Result<(), Reason> {
        let acquirer = self.authenticate(mac, KeySet::Session)?;
        self.same_institution(&acquirer, network.institution)
    }

    fn same_institution(&mut self, acquirer: &Acquirer, sender: InstitutionId) -> Result<(), Reason> {
        if sender == acquirer.config.id {
            return Ok(());
        }
        self.problem = format!("DE32 says {sender}, this connection is signed on as {}", acquirer.config.id);
        Err(Reason::OtherAcquirer)
    }

    fn sign_on(&mut self, network: &Network, mac: Option<(&[u8], u8)>) -> Answered {
        let Some(acquirer) = self.acquirers.get(&network.institution).cloned() else {
            self.problem = format!("acquirer {} is not configured", network.institution);
            return Err(Reason::UnknownAcquirer);
        };
        let pinned = &acquirer.config.certificates;
        if !pinned.is_empty() && !self.certificate.is_some_and(|seen| pinned.contains(&seen)) {
            self.problem = format!("acquirer {} must use one of its own client certificates", network.institution);
            return Err(Reason::Certificate);
        }
        self.check_mac(&acquirer, mac, KeySet::Initial)?;
        let is_signed_on = self.acquirer.as_ref().is_some_and(|before| before.config.id == network.institution);
        if !is_signed_on && !acquirer.signs_on() {
            let most = acquirer.config.max_connections;
            self.problem =
                format!("acquirer {} has {most} signed-on connections, the most it may", network.institution);
            return Err(Reason::TooManyConnections);
        }
        if let Some(before) = self.acquirer.replace(acquirer).filter(|_| !is_signed_on) {
            before.signed_off();
        }
        Ok((network.answer(ResponseCode::APPROVED), KeySet::Initial, None))
    }

    fn key_change(&mut self, network: &Network, mac: Option<(&[u8], u8)>) -> Answered {
        let acquirer = self.authenticate(mac, KeySet::Initial)?;
        self.same_institution(&acquirer, network.institution)?;
        let mut answer = network.answer(ResponseCode::APPROVED);
        let install = match &network.keys {
            Some(block) => acquirer.open_block(block).map_err(|error| {
                self.problem = error.to_string();
                Reason::KeyBlock
            })?,
            None => {
                let (install, block) = acquirer.make_keys().map_err(|error| {
                    self.problem = error.to_string();
                    Reason::KeyBlock
                })?;
                answer.keys = Some(block);
                install
            }
        };
        Ok((answer, KeySet::Initial, Some(install)))
    }

    /// True when the message that was taken last is a sign-on or a key change, whose answers go out under the initial keys.
    pub(super) fn is_under_initial_keys(&self) -> bool {
        self.message.mti.class() == 8
            && self
                .message
                .get(70)
                .and_then(kazasu_schemas::ids::digits)
                .is_some_and(|purpose| matches!(purpose, 1 | 101))
    }

    fn refuse(&mut self, reason: Reason) -> Verdict {
        let mut answer = Message::new(self.message.mti.answer());
        answer.tpdu = self.answer_to();
        for field in ECHOED {
            if let Some(value) = self.message.get(field) {
                answer.set(field, value);
            }
        }
        if self.acquirer.as_ref().is_some_and(|a| a.config.ppid_in == PpidPlace::De48)
            && let Some(value) = self.message.get(48)
        {
            answer.set(48, value);
        }
        answer.set(39, reason.code().wire());
        Verdict::Refused(Box::new(answer), reason)
    }

    fn ignore(&mut self, reason: Reason, problem: String) -> Verdict {
        self.problem = problem;
        Verdict::Ignored(reason)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(acquirer) = self.acquirer.take() {
            acquirer.signed_off();
        }
    }
}

/// An answer made here, the keys that it goes out under, and new ones that come into force after it.
type Answered = Result<(Network, KeySet, Option<InstallKeys>), Reason>;
