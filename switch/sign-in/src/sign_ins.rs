//! Signing in and out: the one place that puts passwords, codes, sessions and the throttle together.

use crate::allowed::Allowed;
use crate::code::OneTime;
use crate::error::{Means, Result, SignInError};
use crate::password;
use crate::rows::{CREDENTIAL, Credential, FOR_EVER, KEY_USE, KeyUse, NONCE, SESSION, Session, read, written};
use crate::secret::{Secret, SecretKind};
use crate::throttle::{self, Counter, network_of};
use kazasu_schemas::identity::{NameKey, PersonId, ProgramId, SignIn, Via};
use kazasu_schemas::jst::Millis;
use kazasu_store::Store;
use kazasu_store::side::SideRow;
use kazasu_store::side_rows::SideRows;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use webauthn_rs_core::WebauthnCore;
use zeroize::Zeroizing;

/// Passwords that are hashed at one time: each takes 19 MiB and a core.
const AT_ONCE: usize = 4;
/// An attempt waits for one of them so long at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// A session's last use is written when it is older than this.
const USED: i64 = 60_000;

/// Draws so many random bytes from the operating system.
pub type Draw = fn(usize) -> Option<Vec<u8>>;

/// Seals what cannot be hashed: the secret of one-time codes. `about` is the credential's number; sealed for one, it opens for no other.
pub trait Seal: Send + Sync {
    /// Seals.
    fn seal(&self, clear: &[u8], about: &[u8; 16]) -> Option<Vec<u8>>;
    /// Opens.
    fn open(&self, sealed: &[u8], about: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>>;
}

/// Whether a person may sign in without a second factor to a role that asks for one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecondFactor {
    /// Roles that ask for one are only in force with one.
    Required,
    /// The place has no second factor: a password alone is enough, and has fifteen characters.
    Off,
}

/// The rules of sessions.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A session that was not used for so long has ended; milliseconds.
    pub idle: i64,
    /// A session ends so long after it began; milliseconds.
    pub longest: i64,
    /// A second factor is fresh for so long; milliseconds.
    pub fresh: i64,
    /// Second factors.
    pub second_factor: SecondFactor,
    /// The means of signing in.
    pub allowed: Allowed,
}

impl Default for Rules {
    fn default() -> Self {
        let (second_factor, allowed) = (SecondFactor::Required, Allowed::default());
        Rules { idle: 30 * 60_000, longest: 9 * 3_600_000, fresh: 5 * 60_000, second_factor, allowed }
    }
}

/// An attempt to sign in.
pub struct Attempt<'a> {
    /// The name as it was typed.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// A one-time code or a recovery code.
    pub code: Option<&'a str>,
    /// From where.
    pub address: IpAddr,
    /// Through what.
    pub via: Via,
}

/// The person of that name, where there is one who may sign in.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The person.
    pub person: PersonId,
    /// What the person signs in with.
    pub credential: [u8; 16],
    /// The record that last changed what the person may do.
    pub rights: u64,
}

/// A person has signed in.
pub struct SignedIn {
    /// The session's secret; shown once.
    pub session: Secret,
    /// How.
    pub sign_in: SignIn,
    /// Recovery codes that are left.
    pub recovery_left: usize,
}

/// Which session, for lists; it is no secret.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct SessionId(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl SessionId {
    /// As people see it: the first 12 digits of the hash.
    #[must_use]
    pub fn short(&self) -> String {
        let hash = self.0.get(4..10).unwrap_or_default();
        data_encoding::HEXLOWER.encode(hash)
    }
}

/// Whether a second factor is fresh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fresh {
    /// Shown a moment ago.
    Yes,
    /// Shown too long ago, or never.
    No,
}

/// A session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionView {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// When it began.
    pub begun: Millis,
    /// When it was used last.
    pub used: Millis,
    /// The record that had last changed what the person may do when it began.
    pub rights: u64,
    /// How the person signed in.
    pub sign_in: SignIn,
    /// Through what.
    pub via: Via,
    /// The network from which.
    pub network: String,
    /// Whether a second factor is fresh that was shown for nothing in particular.
    pub factor: Fresh,
    /// The decisions for which a fresh second factor was shown: fingerprints, or their beginnings.
    pub named: Vec<String>,
    /// What [`SignIns::keep_with`] kept.
    pub kept: Option<Vec<u8>>,
}

/// A second factor that is shown again.
pub struct Shown<'a> {
    /// The code that the app shows, or a recovery code.
    pub code: &'a str,
    /// The moment.
    pub now: Millis,
    /// Fingerprints of the decisions that it is for, or their beginnings; none: for what has no fingerprint.
    pub named: Vec<String>,
}

/// A second factor that was shown again, by any means.
#[derive(Clone, Debug)]
pub struct Freshened {
    /// When it was shown.
    pub shown: Millis,
    /// The moment.
    pub now: Millis,
    /// As of [`Shown`].
    pub named: Vec<String>,
}

/// Where passkeys are used: the domain and its pages.
#[derive(Clone)]
pub struct PasskeyPlace(pub(crate) Arc<WebauthnCore>);

/// The facts of the sign-in that begins a session.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// How the person signed in.
    pub sign_in: SignIn,
    /// Through what.
    pub via: Via,
    /// From where.
    pub address: IpAddr,
    /// When the person showed a second factor.
    pub factor: Option<Millis>,
}

/// Signs people in and out. Clones share everything.
#[derive(Clone)]
pub struct SignIns {
    pub(crate) table: SideRows,
    slots: Arc<Semaphore>,
    pub(crate) seal: Arc<dyn Seal>,
    draw: Draw,
    rules: Rules,
    /// Absent where no passkeys are configured.
    pub(crate) passkeys: Option<Arc<WebauthnCore>>,
}

impl SignIns {
    /// On the rows beside this journal. Must be called within a tokio runtime.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, seal: Arc<dyn Seal>, (draw, rules): (Draw, Rules)) -> SignIns {
        let (table, slots) = (SideRows::of(store), Arc::new(Semaphore::new(AT_ONCE)));
        SignIns { table, slots, seal, draw, rules, passkeys: None }
    }

    /// The same with passkeys.
    #[must_use]
    pub fn with_passkeys(self, passkeys: Option<PasskeyPlace>) -> SignIns {
        SignIns { passkeys: passkeys.map(|place| place.0), ..self }
    }

    /// The rules of sessions.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N]> {
        let bytes = (self.draw)(N).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or(SignInError::Failed("the operating system gives no random bytes"))
    }

    /// A new key or invitation.
    pub fn secret(&self, kind: SecretKind) -> Result<Secret> {
        Ok(Secret::new(kind, self.random()?))
    }

    /// Hashes or verifies on a thread of its own, when one of four places is free.
    pub(crate) async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = tokio::time::timeout(PATIENCE, self.slots.clone().acquire_owned()).await;
        let place = place.map_err(|_| SignInError::Busy)?.map_err(|_| SignInError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        done.await.map_err(|_| SignInError::Failed("the hash broke off"))
    }

    /// Signs a person in. `known` is the person of that name, where there is one: the answer and the time are the same without.
    pub async fn sign_in(&self, attempt: Attempt<'_>, known: Option<Known>, now: Millis) -> Result<SignedIn> {
        self.rules.allowed.check(Means::Password)?;
        if attempt.code.is_some() {
            self.rules.allowed.check(Means::OneTimeCodes)?;
        }
        let name = NameKey::of(attempt.name);
        let network = network_of(attempt.address);
        let counted = self.count(&name, &network, now).await?;
        let key = known.map_or([0; 16], |known| known.credential);
        let row = self.table.get(CREDENTIAL, key.to_vec()).await?;
        let kept: Option<Credential> = row.as_ref().and_then(read);
        // Who has no password takes the same time.
        let phc = kept.as_ref().map(|kept| kept.password.as_str()).filter(|phc| !phc.is_empty());
        let phc = phc.unwrap_or(password::NO_PERSON).to_owned();
        let clear = Zeroizing::new(attempt.password.chars().take(password::LONGEST_PASSWORD + 1).collect::<String>());
        let right = self.hashing(move || password::verify(&phc, &clear)).await?;
        let (Some(known), Some(row), Some(kept), true) = (known, row, kept, right) else {
            return Err(SignInError::Wrong);
        };
        let (sign_in, left) = self.second(Kept { row, kept, key }, attempt.code, now).await?;
        self.uncount(counted, (&name, &network), now).await?;
        let factor = (sign_in != SignIn::Password).then_some(now);
        let proof = Proof { sign_in, via: attempt.via, address: attempt.address, factor };
        Ok(SignedIn { recovery_left: left, ..self.begin(known, proof, now).await? })
    }

    /// Begins the session of a person who has proved who they are.
    pub async fn begin(&self, known: Known, proof: Proof, now: Millis) -> Result<SignedIn> {
        let session = Secret::session(known.person, self.random()?);
        let Proof { sign_in, via, address, factor } = proof;
        let (rights, network) = (known.rights, network_of(address));
        let begun = Session { begun: now, used: now, rights, sign_in, via, network, factor, kept: None, named: None };
        let row = new_row(SESSION, session_key(known.person, &session), (written(&begun), self.ends(&begun)));
        self.table.put(row).await?;
        Ok(SignedIn { session, sign_in, recovery_left: 0 })
    }

    /// Checks the second factor of a credential that has one; each code is good once.
    async fn second(&self, kept: Kept, code: Option<&str>, now: Millis) -> Result<(SignIn, usize)> {
        let Kept { row, mut kept, key } = kept;
        let Some(sealed) = &kept.one_time else {
            return if code.is_none() { Ok((SignIn::Password, 0)) } else { Err(SignInError::Wrong) };
        };
        let code = code.ok_or(SignInError::Wrong)?;
        let sign_in = if let Some(at) = position(&kept.recovery, code) {
            kept.recovery.remove(at);
            SignIn::PasswordAndRecovery
        } else {
            let clear =
                self.seal.open(sealed, &key).ok_or(SignInError::Failed("the vault opens no one-time secret"))?;
            let step = OneTime::of(clear).step_of(code, seconds(now)).filter(|step| *step > kept.step);
            kept.step = step.ok_or(SignInError::Wrong)?;
            SignIn::PasswordAndCode
        };
        let left = kept.recovery.len();
        // Another attempt with the same code was faster.
        let taken = self.table.put(SideRow { value: written(&kept), ..row }).await?;
        if taken { Ok((sign_in, left)) } else { Err(SignInError::Wrong) }
    }

    /// Shows a second factor again, for what asks for a fresh one. Where it names decisions it serves for those alone.
    pub async fn step_up(&self, session: &SessionView, known: Known, shown: Shown<'_>) -> Result<()> {
        let Shown { code, now, named } = shown;
        self.rules.allowed.check(Means::OneTimeCodes)?;
        let name = NameKey::of(&known.person.to_string());
        let counted = self.count(&name, &session.network, now).await?;
        let row = self.table.get(CREDENTIAL, known.credential.to_vec()).await?.ok_or(SignInError::Wrong)?;
        let kept: Credential = read(&row).ok_or(SignInError::Wrong)?;
        let (sign_in, _) = self.second(Kept { row, kept, key: known.credential }, Some(code), now).await?;
        if sign_in == SignIn::Password {
            return Err(SignInError::Wrong);
        }
        self.uncount(counted, (&name, &session.network), now).await?;
        self.freshen(&session.id, Freshened { shown: now, now, named }).await
    }

    /// The person of this session has shown a second factor at a moment. Where it names decisions it serves for those alone.
    pub async fn freshen(&self, session: &SessionId, freshened: Freshened) -> Result<()> {
        let Freshened { shown, now, named } = freshened;
        let row = self.table.get(SESSION, session.0.clone()).await?.ok_or(SignInError::Wrong)?;
        let found: Session = read(&row).ok_or(SignInError::Wrong)?;
        let named = (!named.is_empty()).then_some(named);
        let changed = Session { factor: Some(shown), named, used: now, ..found };
        let until = self.ends(&changed);
        self.table.put(SideRow { value: written(&changed), until, ..row }).await?;
        Ok(())
    }

    /// Keeps something with a session, as long as that lasts.
    pub async fn keep_with(&self, session: &Secret, kept: Vec<u8>) -> Result<()> {
        let person = session.person().ok_or(SignInError::Wrong)?;
        let row = self.table.get(SESSION, session_key(person, session)).await?.ok_or(SignInError::Wrong)?;
        let found: Session = read(&row).ok_or(SignInError::Wrong)?;
        let value = written(&Session { kept: Some(kept), ..found });
        if self.table.put(SideRow { value, ..row }).await? { Ok(()) } else { Err(SignInError::Busy) }
    }

    /// Counts an attempt before it is looked at, or says how long to wait.
    async fn count(&self, name: &NameKey, network: &str, now: Millis) -> Result<&'static [Counter]> {
        let pair = self.table.get(crate::rows::ATTEMPTS, Counter::Pair.key(name, network)).await?;
        let is_known = throttle::count(pair.as_ref(), now).known;
        // Where the person has signed in before, what others try elsewhere delays no one.
        let counters: &[Counter] = if is_known { &[Counter::Pair, Counter::Network] } else { &Counter::ALL };
        // First every wait, then every count: an attempt that is not looked at counts for no one and writes nothing.
        for counter in counters {
            let row = self.table.get(crate::rows::ATTEMPTS, counter.key(name, network)).await?;
            waited(*counter, throttle::count(row.as_ref(), now), now)?;
        }
        for counter in counters {
            self.bump(*counter, (name, network), now).await?;
        }
        Ok(counters)
    }

    pub(crate) async fn bump(&self, counter: Counter, (name, network): (&NameKey, &str), now: Millis) -> Result<()> {
        for _ in 0..16 {
            let key = counter.key(name, network);
            let row = self.table.get(crate::rows::ATTEMPTS, key.clone()).await?;
            let mut attempts = throttle::count(row.as_ref(), now);
            waited(counter, attempts, now)?;
            (attempts.failures, attempts.last) = (attempts.failures.saturating_add(1), now.0);
            if self.table.put(throttle::row(row.as_ref(), key, attempts)).await? {
                return Ok(());
            }
        }
        Err(SignInError::Busy)
    }

    /// A good attempt takes its own count back, and makes the network one that the person is known from.
    pub(crate) async fn uncount(
        &self,
        counted: &[Counter],
        (name, network): (&NameKey, &str),
        now: Millis,
    ) -> Result<()> {
        for counter in counted.iter().copied() {
            let key = counter.key(name, network);
            let row = self.table.get(crate::rows::ATTEMPTS, key.clone()).await?;
            let mut attempts = throttle::count(row.as_ref(), now);
            attempts.failures = match counter {
                Counter::Pair => 0,
                Counter::Name | Counter::Network => attempts.failures.saturating_sub(1),
            };
            (attempts.last, attempts.known) = (now.0, counter == Counter::Pair);
            // Another attempt counted in between: its count stays.
            self.table.put(throttle::row(row.as_ref(), key, attempts)).await?;
        }
        Ok(())
    }

    fn ends(&self, session: &Session) -> Millis {
        let idle = session.used.0.saturating_add(self.rules.idle);
        Millis(idle.min(session.begun.0.saturating_add(self.rules.longest)))
    }

    /// The session of a secret, which counts as used. None when it is not known, or has ended. Whether the person's rights have changed
    /// since is for the asker to compare.
    pub async fn session(&self, secret: &Secret, now: Millis) -> Result<Option<SessionView>> {
        let Some(person) = secret.person() else { return Ok(None) };
        let key = session_key(person, secret);
        let Some(row) = self.table.get(SESSION, key.clone()).await? else { return Ok(None) };
        let Some(mut found) = read::<Session>(&row).filter(|found| now <= self.ends(found)) else { return Ok(None) };
        if now.0 - found.used.0 > USED {
            found.used = now;
            let until = self.ends(&found);
            // Another request was faster and wrote about the same, or there is no room: the session is good all the same.
            let _ = self.table.put(SideRow { value: written(&found), until, ..row }).await;
        }
        Ok(Some(self.view(person, key, (found, now))))
    }

    fn view(&self, person: PersonId, key: Vec<u8>, (session, now): (Session, Millis)) -> SessionView {
        let is_fresh = session.factor.is_some_and(|shown| now.0 - shown.0 <= self.rules.fresh && shown.0 <= now.0);
        let Session { begun, used, rights, sign_in, via, network, kept, named, .. } = session;
        let named = named.unwrap_or_default();
        let factor = if is_fresh && named.is_empty() { Fresh::Yes } else { Fresh::No };
        let named = if is_fresh { named } else { Vec::new() };
        SessionView { id: SessionId(key), person, begun, used, rights, sign_in, via, network, factor, named, kept }
    }

    /// A person's sessions that have not ended, in no order that means something.
    pub async fn sessions(&self, person: PersonId, now: Millis) -> Result<Vec<SessionView>> {
        let rows = self.table.list(SESSION, person.get().to_be_bytes().to_vec()).await?;
        let open = rows.into_iter().filter_map(|row| {
            let found: Session = read(&row).filter(|found| now <= self.ends(found))?;
            Some(self.view(person, row.key, (found, now)))
        });
        Ok(open.collect())
    }

    /// Ends a session. False when it had ended.
    pub async fn sign_out(&self, id: &SessionId) -> Result<bool> {
        Ok(self.table.delete(SESSION, id.0.clone()).await?)
    }

    /// Ends all sessions of a person. Gives their number.
    pub async fn sign_out_everywhere(&self, person: PersonId) -> Result<usize> {
        let mut ended = 0;
        loop {
            // A list has an end; what lies behind it is in the next one.
            let rows = self.table.list(SESSION, person.get().to_be_bytes().to_vec()).await?;
            if rows.is_empty() {
                return Ok(ended);
            }
            for row in rows {
                ended += usize::from(self.table.delete(SESSION, row.key).await?);
            }
        }
    }

    /// Remembers that a program's key was used, to the minute.
    pub async fn key_used(&self, hash: &[u8; 32], address: IpAddr, now: Millis) -> Result<()> {
        let row = self.table.get(KEY_USE, hash.to_vec()).await?;
        let network = network_of(address);
        let last = row.as_ref().and_then(read::<KeyUse>);
        if last.is_some_and(|last| now.0 - last.at.0 <= USED && last.network == network) {
            return Ok(());
        }
        let value = written(&KeyUse { at: now, network });
        let version = row.map_or(0, |row| row.version);
        self.table.put(SideRow { kind: KEY_USE, key: hash.to_vec(), value, version, until: FOR_EVER }).await?;
        Ok(())
    }

    /// When and from which network a key was used last.
    pub async fn last_use(&self, hash: &[u8; 32]) -> Result<Option<(Millis, String)>> {
        let row = self.table.get(KEY_USE, hash.to_vec()).await?;
        Ok(row.as_ref().and_then(read::<KeyUse>).map(|last| (last.at, last.network)))
    }

    /// Remembers that a portal has used this nonce. False when it has used it before, on this node or another. `until`: from then on no
    /// statement with it is taken, and it may be forgotten.
    pub async fn used_first(&self, portal: ProgramId, nonce: &[u8; 16], until: Millis) -> Result<bool> {
        let mut key = portal.get().to_be_bytes().to_vec();
        key.extend_from_slice(nonce);
        Ok(self.table.put(new_row(NONCE, key, (Vec::new(), until))).await?)
    }

    /// Removes sessions, attempts and nonces that are worth nothing any more.
    pub async fn tidy(&self, now: Millis) -> Result<u64> {
        Ok(self.table.purge(now).await?)
    }
}

/// Refuses an attempt that comes too early.
pub(crate) fn waited(counter: Counter, attempts: crate::rows::Attempts, now: Millis) -> Result<()> {
    match throttle::wait(counter, attempts, now) {
        0 => Ok(()),
        wait => Err(SignInError::Wait(u64::try_from(wait).unwrap_or(0).div_ceil(1_000))),
    }
}

/// A credential as it was read.
struct Kept {
    row: SideRow,
    kept: Credential,
    key: [u8; 16],
}

pub(crate) fn new_row(kind: u8, key: Vec<u8>, (value, until): (Vec<u8>, Millis)) -> SideRow {
    SideRow { kind, key, value, version: 0, until }
}

fn session_key(person: PersonId, secret: &Secret) -> Vec<u8> {
    let mut key = person.get().to_be_bytes().to_vec();
    key.extend_from_slice(&secret.hash());
    key
}

pub(crate) fn seconds(now: Millis) -> u64 {
    u64::try_from(now.0 / 1_000).unwrap_or(0)
}

pub(crate) fn recovery_hash(code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(plain.to_ascii_lowercase().as_bytes()).into()
}

/// Which of the recovery codes it is.
fn position(recovery: &[minicbor::bytes::ByteArray<32>], code: &str) -> Option<usize> {
    let hash = recovery_hash(code);
    recovery.iter().position(|kept| bool::from(kept.as_slice().ct_eq(&hash)))
}
