//! The simulator's sockets: a task for each connection, which executes a batch a read, journals it, and answers.

use super::book::Verdict;
use super::config::{ConfigError, IssuerConfig, IssuerKind, dialect, keying, tls, to_account};
use super::journal::{Journal, write_line};
use super::script::{Action, Script, ScriptRun};
use super::state::{AccountView, State, Totals};
use super::tag::Tagger;
use crate::authentic::{ConnectionMac, Covered, Keying};
use crate::clock;
use crate::sim::book::Book;
use bytes::{Buf, BytesMut};
use kazasu_schemas::ids::ApprovalCode;
use kazasu_schemas::iso8583::{Dialect, Frame, Message, Tpdu};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::wire::issuer::{Account, IssuerAnswer, IssuerRequest};
use kazasu_schemas::wire::{IssuerNonces, Network, NetworkCode, Nonce, ResponseCode};
use kazasu_tls::{Server, TryStream};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What all issuers of a simulator share.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) tagger: Arc<Tagger>,
    pub(super) journal: Arc<Mutex<Journal>>,
    pub(super) wall_clock: fn() -> Millis,
}

/// Everything of one issuer that its connections share.
pub(super) struct Issuer {
    name: String,
    kind: IssuerKind,
    dialect: Dialect,
    keying: Keying,
    tls: Option<Server>,
    max_connections: usize,
    common: Common,
    state: Mutex<State>,
}

impl Issuer {
    pub(super) fn new(config: &IssuerConfig, book: Book, common: Common) -> Result<Issuer, ConfigError> {
        let listed = config.accounts.iter().filter_map(|account| {
            let number = to_account(config.kind, account.number.as_str()).ok()?;
            Some((common.tagger.tag(&number).token, ScriptRun::new(&account.script)))
        });
        let otherwise = config.default_account.as_ref().map_or(Script::default(), |account| account.script.clone());
        let state =
            State { book, listed: listed.collect(), otherwise: ScriptRun::new(&otherwise), totals: Totals::default() };
        Ok(Issuer {
            name: config.name.clone(),
            kind: config.kind,
            dialect: dialect(config)?,
            keying: keying(config)?,
            tls: tls(config)?,
            max_connections: config.max_connections.max(1),
            common,
            state: Mutex::new(state),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn totals(&self) -> Totals {
        self.state().totals
    }

    pub(super) fn account(&self, number: &str) -> Option<AccountView> {
        let tag = self.common.tagger.tag(&to_account(self.kind, number).ok()?);
        let (available, held, spent) = self.state().book.account(tag.token)?;
        Some(AccountView { available, held, spent })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the issuer's book says to a message, and the account's script before it.
    fn decide(&self, state: &State, request: &IssuerRequest, action: Action) -> Verdict {
        let ours = matches!(
            (self.kind, &request.account),
            (IssuerKind::Bank, Account::Bank(_)) | (IssuerKind::Credit | IssuerKind::Debit, Account::Card(_))
        );
        let forced = match action {
            Action::Decline(code) => Some(code),
            _ if !ours => Some(ResponseCode::from_wire(b"14").expect("two digits are a response code")),
            _ => None,
        };
        state.book.decide(request, self.common.tagger.tag(&request.account), forced)
    }
}

/// Accepts connections until `stop`.
pub(super) async fn listen(issuer: Arc<Issuer>, listener: TcpListener, stop: CancellationToken, tasks: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // The listener's own task is one of the tracked ones.
            Ok((stream, _)) if tasks.len() <= issuer.max_connections => {
                tasks.spawn(connection(Arc::clone(&issuer), stream, stop.clone()));
            }
            Ok((_, peer)) => tracing::warn!(issuer = %issuer.name, %peer, "too many connections; closed"),
            Err(error) => {
                tracing::warn!(issuer = %issuer.name, %error, "accepting failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// One connection, with the handshake where TLS is configured.
async fn connection(issuer: Arc<Issuer>, socket: TcpStream, stop: CancellationToken) {
    let peer = socket.peer_addr();
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let stream = match &issuer.tls {
        None => TryStream::from(socket),
        Some(tls) => {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = tls.accept(socket, HANDSHAKE) => accepted,
            };
            match accepted {
                Ok(stream) => stream.into(),
                Err(error) => {
                    tracing::warn!(issuer = %issuer.name, ?peer, %error, "TLS handshake failed");
                    return;
                }
            }
        }
    };
    let name = issuer.name.clone();
    if let Err(why) = Connection::new(issuer, stream, stop).serve().await {
        tracing::info!(issuer = %name, ?peer, %why, "connection closed");
    }
}

const READ_CHUNK: usize = 64 * 1024;
/// Answers that may wait for their time on one connection; beyond them the connection is closed.
const MAX_DELAYED: usize = 100_000;
/// Encoded answers that may wait for a slow reader before nothing more is read from it.
const WRITE_AHEAD: usize = 256 * 1024;

struct Connection {
    issuer: Arc<Issuer>,
    stream: TryStream,
    stop: CancellationToken,
    signed_on: bool,
    /// Both nonces of a sign-on that waits for its proof; good for one attempt.
    challenge: Option<IssuerNonces>,
    /// The session's keys, where each session has its own.
    session: Option<ConnectionMac>,
    /// The message that was taken last is the switch's.
    proven: bool,
    read: BytesMut,
    out: BytesMut,
    lines: Vec<u8>,
    message: Message,
    reply: Message,
    delayed: BTreeMap<(Instant, u64), BytesMut>,
    delays: u64,
}

/// Whether the connection goes on after a message.
#[derive(PartialEq, Eq)]
enum Next {
    Continue,
    Close,
}

impl Connection {
    fn new(issuer: Arc<Issuer>, stream: TryStream, stop: CancellationToken) -> Connection {
        Connection {
            issuer,
            stream,
            stop,
            signed_on: false,
            challenge: None,
            session: None,
            proven: false,
            read: BytesMut::new(),
            out: BytesMut::new(),
            lines: Vec::new(),
            message: Message::default(),
            reply: Message::default(),
            delayed: BTreeMap::new(),
            delays: 0,
        }
    }

    async fn serve(&mut self) -> Result<(), String> {
        let stop = self.stop.clone();
        loop {
            self.release_due(Instant::now());
            self.write()?;
            let blocked = !self.out.is_empty() || !self.stream.is_flushed();
            let interest = match (blocked, self.out.len() < WRITE_AHEAD) {
                (false, _) => Interest::READABLE,
                (true, true) => Interest::READABLE | Interest::WRITABLE,
                (true, false) => Interest::WRITABLE,
            };
            let due = self.delayed.first_key_value().map(|((due, _), _)| *due);
            tokio::select! {
                () = stop.cancelled() => return Err("the issuer goes down".to_owned()),
                ready = self.stream.ready(interest) => {
                    let ready = ready.map_err(|error| error.to_string())?;
                    if (ready.is_readable() || ready.is_read_closed()) && self.out.len() < WRITE_AHEAD {
                        self.receive()?;
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
        }
    }

    /// Moves the delayed answers whose time has come to the outgoing bytes.
    fn release_due(&mut self, now: Instant) {
        while let Some(entry) = self.delayed.first_entry() {
            if entry.key().0 > now {
                break;
            }
            self.out.extend_from_slice(&entry.remove());
        }
    }

    fn write(&mut self) -> Result<(), String> {
        while !self.out.is_empty() {
            match self.stream.try_write(&self.out) {
                Ok(0) => return Err("the socket takes no more bytes".to_owned()),
                Ok(n) => self.out.advance(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("writing failed: {error}")),
            }
        }
        match self.stream.try_flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(format!("writing failed: {error}")),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// One read: executes every whole message, journals them together, and leaves the answers in `out`.
    fn receive(&mut self) -> Result<(), String> {
        self.read.reserve(READ_CHUNK);
        match self.stream.try_read_buf(&mut self.read) {
            Ok(0) => return Err("the switch closed the connection".to_owned()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(format!("reading failed: {error}")),
        }
        let issuer = Arc::clone(&self.issuer);
        let frames = issuer.dialect.frames();
        let mut state = issuer.state();
        self.lines.clear();
        let result = loop {
            match frames.next(&mut self.read) {
                Ok(Some(frame)) => {
                    if self.frame(&issuer, &mut state, &frame) == Next::Close {
                        break Err("as the script says".to_owned());
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error.to_string()),
            }
        };
        // Under the state's lock, so that the journal's order is the order of execution.
        let journalled = issuer.common.journal.lock().unwrap_or_else(PoisonError::into_inner).append(&self.lines);
        drop(state);
        if let Err(error) = journalled {
            tracing::error!(issuer = %issuer.name, %error, "the issuer goes down: it must not answer what it cannot keep");
            self.stop.cancel();
            self.out.clear();
            return Err(error.to_string());
        }
        if result.is_err() {
            self.write()?;
        }
        result
    }

    fn frame(&mut self, issuer: &Issuer, state: &mut State, frame: &Frame) -> Next {
        self.proven = false;
        let (decoded, frame) = (issuer.dialect.read(frame, &mut self.message), &frame.message[..]);
        let decoded = match decoded {
            Ok(decoded) => decoded,
            Err(error) => {
                tracing::warn!(issuer = %issuer.name, %error, "a message cannot be read");
                state.totals.rejected += 1;
                self.reject(issuer, ResponseCode::FORMAT);
                return Next::Continue;
            }
        };
        if !self.message.mti.is_question() {
            state.totals.rejected += 1;
            return Next::Continue;
        }
        let covered = Covered::of(frame, decoded, &self.message);
        self.proven = self.is_proven(issuer, covered);
        if self.message.mti.class() == 8 {
            self.network(issuer, covered);
            return Next::Continue;
        }
        if !self.proven || !self.signed_on {
            state.totals.rejected += 1;
            self.reject(issuer, ResponseCode::SECURITY);
            return Next::Continue;
        }
        match IssuerRequest::from_message(&self.message) {
            Ok(request) => self.request(issuer, state, &request),
            Err(error) => {
                tracing::warn!(issuer = %issuer.name, %error, "a message is incomplete");
                state.totals.rejected += 1;
                self.reject(issuer, ResponseCode::FORMAT);
                Next::Continue
            }
        }
    }

    /// Whether a message is the switch's.
    fn is_proven(&self, issuer: &Issuer, covered: Option<Covered<'_>>) -> bool {
        let under = |key: &MacKey| covered.is_some_and(|covered| covered.is_under(key));
        match &issuer.keying {
            Keying::None => true,
            Keying::Static(keys) => under(&keys.get().to_issuer),
            Keying::Session(_) => self.session.as_ref().is_some_and(|keys| under(&keys.to_issuer)),
        }
    }

    /// Signs on with keys of the session's own: the first question brings the switch's nonce and gets both back, without a MAC; the
    /// second proves the switch, and its answer this issuer. `None` when it is another question.
    fn session_sign_on(&mut self, issuer: &Issuer, ask: &Network, covered: Option<Covered<'_>>) -> Option<Network> {
        let Keying::Session(master) = &issuer.keying else { return None };
        let refused = ask.answer(ResponseCode::SECURITY);
        match ask.purpose {
            NetworkCode::SignOn => {
                self.proven = false;
                self.challenge = None;
                let theirs = ask.private.as_deref().map(Nonce::from_switch);
                let (Some(Ok(switch)), Ok(ours)) = (theirs, clock::nonce()) else { return Some(refused) };
                let nonces = IssuerNonces { switch, issuer: ours };
                self.challenge = Some(nonces);
                Some(ask.answer(ResponseCode::APPROVED).with(nonces.answer()))
            }
            NetworkCode::KeyChange => {
                self.proven = false;
                let Some(nonces) = self.challenge.take() else { return Some(refused) };
                let mut all = master.all_keys(ask.institution, &nonces).into_iter();
                let proves = |keys: &ConnectionMac| covered.is_some_and(|covered| covered.is_under(&keys.to_issuer));
                let Some(keys) = all.find(proves) else { return Some(refused) };
                self.session = Some(keys);
                (self.proven, self.signed_on) = (true, true);
                Some(ask.answer(ResponseCode::APPROVED))
            }
            NetworkCode::SignOff
            | NetworkCode::Echo
            | NetworkCode::CutoverStart
            | NetworkCode::CutoverEnd
            | NetworkCode::Other(_) => None,
        }
    }

    fn network(&mut self, issuer: &Issuer, covered: Option<Covered<'_>>) {
        let Ok(ask) = Network::from_message(&self.message) else {
            return self.reject(issuer, ResponseCode::FORMAT);
        };
        if let Some(answer) = self.session_sign_on(issuer, &ask, covered) {
            answer.to_message(&mut self.reply);
            return self.answer(issuer);
        }
        let code = match ask.purpose {
            _ if !self.proven => ResponseCode::SECURITY,
            NetworkCode::SignOn => {
                self.signed_on = true;
                ResponseCode::APPROVED
            }
            NetworkCode::SignOff => {
                self.signed_on = false;
                ResponseCode::APPROVED
            }
            NetworkCode::CutoverStart | NetworkCode::CutoverEnd if self.signed_on => {
                tracing::info!(issuer = %issuer.name, what = ask.purpose.name(), day = ask.settlement, "cut-over");
                ResponseCode::APPROVED
            }
            NetworkCode::Echo if self.signed_on => ResponseCode::APPROVED,
            NetworkCode::Echo | NetworkCode::CutoverStart | NetworkCode::CutoverEnd => ResponseCode::SECURITY,
            NetworkCode::KeyChange | NetworkCode::Other(_) => {
                ResponseCode::from_wire(b"12").expect("two digits are a response code")
            }
        };
        ask.answer(code).to_message(&mut self.reply);
        self.answer(issuer);
    }

    /// Executes one message as its account's script says.
    fn request(&mut self, issuer: &Issuer, state: &mut State, request: &IssuerRequest) -> Next {
        state.totals.received += 1;
        let tag = issuer.common.tagger.tag(&request.account);
        let run = state.listed.get_mut(&tag.token).unwrap_or(&mut state.otherwise);
        let step = run.next(request.operation);
        let action = step.map_or(Action::Approve, |step| step.action);
        let answer = if step.is_none_or(|step| step.execute) {
            let verdict = issuer.decide(state, request, action);
            self.execute(issuer, state, verdict)
        } else {
            (ResponseCode::UNAVAILABLE, None)
        };
        let answer = IssuerAnswer {
            mti: request.mti().answer(),
            rrn: request.rrn,
            code: answer.0,
            approval: answer.1,
            repeated: request.repeated(),
        };
        request.answer_message(&answer, &mut self.reply);
        match action {
            Action::Approve | Action::Decline(_) => self.answer(issuer),
            Action::Duplicate => {
                self.answer(issuer);
                self.answer(issuer);
            }
            Action::Wrong(part) => {
                let (field, value) = part.field();
                self.reply.set(field, value);
                self.answer(issuer);
            }
            Action::Missing(part) => {
                self.reply.remove(part.field().0);
                self.answer(issuer);
            }
            Action::Silence => state.totals.unanswered += 1,
            Action::Disconnect => {
                state.totals.unanswered += 1;
                return Next::Close;
            }
            Action::AnswerAfter(ms) => {
                if self.delayed.len() >= MAX_DELAYED {
                    tracing::warn!(issuer = %issuer.name, "too many delayed answers; the connection is closed");
                    return Next::Close;
                }
                let start = self.out.len();
                self.answer(issuer);
                let bytes = self.out.split_off(start);
                self.delays += 1;
                self.delayed.insert((Instant::now() + Duration::from_millis(ms), self.delays), bytes);
            }
        }
        Next::Continue
    }

    /// Books what was decided, with a line for the journal.
    fn execute(
        &mut self,
        issuer: &Issuer,
        state: &mut State,
        verdict: Verdict,
    ) -> (ResponseCode, Option<ApprovalCode>) {
        match verdict {
            Verdict::Enter(entry) => {
                state.book.apply(&entry);
                write_line(&issuer.name, (issuer.common.wall_clock)().0, &entry, &mut self.lines);
                if entry.code.is_approved() {
                    state.totals.approved += 1;
                } else {
                    state.totals.declined += 1;
                }
                (entry.code, entry.approval)
            }
            Verdict::Again(code, approval) => {
                state.totals.repeated += 1;
                (code, approval)
            }
            Verdict::Refuse => {
                state.totals.refused += 1;
                (ResponseCode::from_wire(b"94").expect("two digits are a response code"), None)
            }
        }
    }

    /// Answers what could not be taken, echoing what could be read. Without a readable type there is no answer.
    fn reject(&mut self, issuer: &Issuer, code: ResponseCode) {
        if self.message.mti.0 == 0 || !self.message.mti.is_question() {
            return;
        }
        self.reply.clear(self.message.mti.answer());
        for field in [3, 4, 7, 11, 32, 37, 41, 42, 49, 70] {
            if let Some(value) = self.message.get(field) {
                self.reply.set(field, value);
            }
        }
        self.reply.set(39, code.wire());
        self.answer(issuer);
    }

    /// Appends `reply` to the outgoing bytes.
    fn answer(&mut self, issuer: &Issuer) {
        self.reply.tpdu = self.message.tpdu.map(Tpdu::answer);
        // Fields that a stranger chose get no MAC of a session's; with fixed keys hosts answer everything under theirs.
        let fixed = if let Keying::Static(keys) = &issuer.keying { Some(keys.get()) } else { None };
        let key = match &fixed {
            Some(keys) => keys.from_issuer.first(),
            None => self.session.as_ref().filter(|_| self.proven).map(|keys| &keys.from_issuer),
        };
        if let Err(error) = encode_frame(&issuer.dialect, &mut self.reply, key, &mut self.out) {
            tracing::error!(issuer = %issuer.name, %error, "an answer cannot be written");
        }
    }
}
