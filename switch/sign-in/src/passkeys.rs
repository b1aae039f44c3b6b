//! Passkeys (WebAuthn): made by an authenticator that checks its holder, so that each counts as two factors.
//!
//! The library checks challenge, origin, signature and counter. This file keeps the credentials, sealed, one row each, and asks for what the
//! library leaves to its user: that the holder was verified, that the passkey is the one of the person who is named by it, and that
//! a counter is taken once. A person needs to type no name: the authenticator has the credential's number as the user's handle.

use crate::error::{Means, PasskeyProblem, Result, SignInError};
use crate::flows::{Flow, FlowFor};
use crate::rows::{CREDENTIAL, Credential, FOR_EVER, PASSKEY, Passkey, read, written};
use crate::secret::Secret;
use crate::sign_ins::{PasskeyPlace, SignIns, new_row};
use data_encoding::HEXLOWER;
use kazasu_schemas::identity::PersonId;
use kazasu_schemas::jst::Millis;
use kazasu_store::side::SideRow;
use minicbor::bytes::ByteArray;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AuthenticationState, CreationChallengeResponse, PublicKeyCredential, RegisterPublicKeyCredential,
    RegistrationState, RequestChallengeResponse, UserVerificationPolicy,
};

/// The library's data of a passkey.
type Kept = webauthn_rs_core::proto::Credential;

/// The largest number of passkeys of a person.
const MOST: usize = 20;
/// The largest number of characters of a label.
const LONGEST_LABEL: usize = 60;
/// The time that a browser waits for its user, in milliseconds.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A setting of passkeys that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlaceError {
    /// No domain.
    Domain(String),
    /// A page outside the domain, or no page.
    Origin {
        /// The domain.
        domain: String,
        /// The page.
        got: String,
    },
    /// No page of this domain is named.
    NoOrigin(String),
}

impl PasskeyPlace {
    /// The domain of the pages (`kazasu.example.jp`), the name that authenticators show, and the pages' origins
    /// (`https://kazasu.example.jp`).
    pub fn new(domain: &str, name: &str, origins: &[String]) -> std::result::Result<PasskeyPlace, PlaceError> {
        let is_domain = !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
        if !is_domain {
            return Err(PlaceError::Domain(domain.to_owned()));
        }
        let mut urls = Vec::new();
        for origin in origins {
            let wrong = || PlaceError::Origin { domain: domain.to_owned(), got: origin.clone() };
            let url = Url::parse(origin).map_err(|_| wrong())?;
            let host = url.host_str().unwrap_or_default();
            let is_within = host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
            let is_safe = url.scheme() == "https" || (url.scheme() == "http" && host == "localhost");
            if !is_safe || !is_within || url.path() != "/" || url.query().is_some() {
                return Err(wrong());
            }
            urls.push(url);
        }
        if urls.is_empty() {
            return Err(PlaceError::NoOrigin(domain.to_owned()));
        }
        // Other subdomains and ports are other places.
        let core = WebauthnCore::new_unsafe_experts_only(name, domain, urls, TIMEOUT, Some(false), Some(false));
        Ok(PasskeyPlace(Arc::new(core)))
    }
}

/// The person and the purpose of a new passkey.
pub struct PasskeyRequest<'a> {
    /// The purpose: to join, or to add a passkey.
    pub purpose: FlowFor,
    /// The credential that it is to belong to; a new one for a person who joins.
    pub credential: Option<[u8; 16]>,
    /// The name that the authenticator shows.
    pub name: &'a str,
    /// The network of the caller.
    pub address: IpAddr,
}

/// The second request of an attempt: its secret, and the answer of the authenticator.
pub struct PasskeyAnswer<'a, T> {
    /// The secret that names the attempt.
    pub attempt: &'a str,
    /// The answer, as the browser gives it.
    pub response: &'a T,
}

impl<T> Clone for PasskeyAnswer<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PasskeyAnswer<'_, T> {}

/// A passkey that an authenticator made and that the switch does not keep yet.
pub struct Registered {
    /// The purpose.
    pub purpose: FlowFor,
    /// The credential that it belongs to.
    pub credential: [u8; 16],
    kept: Kept,
}

/// A passkey that an authenticator proved.
pub struct Asserted {
    /// The purpose.
    pub purpose: FlowFor,
    /// The person.
    pub person: PersonId,
    /// The credential that it belongs to; the journal says whether it is the person's.
    pub credential: [u8; 16],
}

/// A passkey, for lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PasskeyView {
    /// Its name in lists: twelve hexadecimal digits.
    pub id: String,
    /// The label that its owner chose.
    pub label: String,
    /// The time of its addition.
    pub added: Millis,
    /// The time of its last use.
    pub used: Option<Millis>,
    /// Whether its authenticator copies it to other devices of its owner.
    pub copied: bool,
}

fn row_key(credential: &[u8; 16], id: &[u8]) -> Vec<u8> {
    let hash = Sha256::digest(id);
    credential.iter().chain(&hash[..16]).copied().collect()
}

fn shown_id(key: &[u8]) -> String {
    HEXLOWER.encode(key.get(16..22).unwrap_or_default())
}

fn problem(error: WebauthnError) -> SignInError {
    SignInError::Passkey(match error {
        WebauthnError::UserNotVerified => PasskeyProblem::NotVerified,
        WebauthnError::MismatchedChallenge => PasskeyProblem::Challenge,
        WebauthnError::InvalidRPOrigin => PasskeyProblem::Origin,
        WebauthnError::CredentialPossibleCompromise => PasskeyProblem::Counter,
        WebauthnError::CredentialNotFound => PasskeyProblem::Unknown,
        other => PasskeyProblem::Other(other.to_string()),
    })
}

const UNKNOWN: SignInError = SignInError::Passkey(PasskeyProblem::Unknown);

impl SignIns {
    fn place(&self) -> Result<&WebauthnCore> {
        self.rules().allowed.check(Means::Passkeys)?;
        self.passkeys.as_deref().ok_or(SignInError::Off(Means::Passkeys))
    }

    /// Begins to make a passkey. Returns the options for the browser, and the secret that names the attempt.
    pub async fn make_passkey(
        &self,
        wanted: PasskeyRequest<'_>,
        now: Millis,
    ) -> Result<(CreationChallengeResponse, Secret)> {
        let core = self.place()?;
        let credential = match wanted.credential {
            Some(known) => known,
            None => self.random()?,
        };
        let there: Vec<Kept> = self.rows_of(&credential).await?.into_iter().map(|(_, _, kept)| kept).collect();
        if there.len() >= MOST {
            return Err(SignInError::Passkey(PasskeyProblem::TooMany));
        }
        let exclude = there.into_iter().map(|kept| kept.cred_id).collect();
        let builder = core.new_challenge_register_builder(&credential, wanted.name, wanted.name).map_err(problem)?;
        let builder = builder
            .user_verification_policy(UserVerificationPolicy::Required)
            .require_resident_key(true)
            .exclude_credentials(Some(exclude));
        let (options, state) = core.generate_challenge_register(builder).map_err(problem)?;
        let state = serde_json::to_vec(&state).map_err(|_| SignInError::Failed("the challenge cannot be kept"))?;
        let flow = Flow::Registration(wanted.purpose, credential.into(), state.into());
        let attempt = self.begin_flow(&flow, wanted.address, now).await?;
        Ok((options, attempt))
    }

    /// Checks a new passkey. Does not keep it.
    pub async fn made_passkey(
        &self,
        answer: PasskeyAnswer<'_, RegisterPublicKeyCredential>,
        now: Millis,
    ) -> Result<Registered> {
        let core = self.place()?;
        let Flow::Registration(purpose, credential, state) = self.take_flow(answer.attempt, now).await? else {
            return Err(SignInError::Flow);
        };
        let state: RegistrationState = serde_json::from_slice(&state).map_err(|_| SignInError::Flow)?;
        let kept = core.register_credential(answer.response, &state, None).map_err(problem)?;
        if !kept.user_verified {
            return Err(SignInError::Passkey(PasskeyProblem::NotVerified));
        }
        Ok(Registered { purpose, credential: *credential, kept })
    }

    /// Keeps a checked passkey.
    pub async fn keep_passkey(
        &self,
        person: PersonId,
        (registered, label): (Registered, &str),
        now: Millis,
    ) -> Result<()> {
        let Registered { credential, kept, .. } = registered;
        let label: String = label.chars().filter(|c| !c.is_control()).take(LONGEST_LABEL).collect();
        let sealed = self.sealed(&kept, &credential)?;
        let row = Passkey { person, sealed, label, added: now, used: None };
        let key = row_key(&credential, &kept.cred_id);
        let is_new = self.table.put(new_row(PASSKEY, key, (written(&row), FOR_EVER))).await?;
        if is_new { Ok(()) } else { Err(SignInError::Flow) }
    }

    /// Begins to prove a passkey: of this credential, or of any person who holds one.
    pub async fn ask_passkey(
        &self,
        (purpose, credential): (FlowFor, Option<[u8; 16]>),
        address: IpAddr,
        now: Millis,
    ) -> Result<(RequestChallengeResponse, Secret)> {
        let core = self.place()?;
        let there = match &credential {
            Some(credential) => self.rows_of(credential).await?.into_iter().map(|(_, _, kept)| kept).collect(),
            None => Vec::new(),
        };
        let policy = Some(UserVerificationPolicy::Required);
        let builder = core.new_challenge_authenticate_builder(there, policy).map_err(problem)?;
        let (options, mut state) = core.generate_challenge_authenticate(builder).map_err(problem)?;
        // The rows are read again when the answer comes: one that was removed meanwhile is worth nothing.
        state.set_allowed_credentials(Vec::new());
        let state = serde_json::to_vec(&state).map_err(|_| SignInError::Failed("the challenge cannot be kept"))?;
        let flow = Flow::Assertion(purpose, credential.map(ByteArray::from), state.into());
        let attempt = self.begin_flow(&flow, address, now).await?;
        Ok((options, attempt))
    }

    /// Checks a proof and stores its counter.
    pub async fn proved_passkey(
        &self,
        answer: PasskeyAnswer<'_, PublicKeyCredential>,
        now: Millis,
    ) -> Result<Asserted> {
        let core = self.place()?;
        let Flow::Assertion(purpose, expected, state) = self.take_flow(answer.attempt, now).await? else {
            return Err(SignInError::Flow);
        };
        let state: AuthenticationState = serde_json::from_slice(&state).map_err(|_| SignInError::Flow)?;
        let handle = answer.response.get_user_unique_id().map(<[u8; 16]>::try_from);
        let handle = handle.transpose().map_err(|_| UNKNOWN)?;
        let credential = match (expected, handle) {
            (Some(expected), Some(handle)) if *expected != handle => return Err(UNKNOWN),
            (Some(expected), _) => *expected,
            (None, Some(handle)) => handle,
            (None, None) => return Err(UNKNOWN),
        };
        let key = row_key(&credential, &answer.response.raw_id);
        let row = self.table.get(PASSKEY, key).await?.ok_or(UNKNOWN)?;
        let mut found: Passkey = read(&row).ok_or(UNKNOWN)?;
        let mut kept = self.opened(&found, &credential).ok_or(UNKNOWN)?;
        let proved = core.authenticate_single_credential(answer.response, &state, &kept).map_err(problem)?;
        if !proved.user_verified() {
            return Err(SignInError::Passkey(PasskeyProblem::NotVerified));
        }
        (kept.counter, kept.backup_state) = (proved.counter(), proved.backup_state());
        (found.sealed, found.used) = (self.sealed(&kept, &credential)?, Some(now));
        let person = found.person;
        // Another proof of the same passkey was faster: each counter is taken once.
        let is_taken = self.table.put(SideRow { value: written(&found), ..row }).await?;
        if is_taken { Ok(Asserted { purpose, person, credential }) } else { Err(SignInError::Flow) }
    }

    /// A person's passkeys, the oldest first.
    pub async fn passkeys(&self, credential: &[u8; 16]) -> Result<Vec<PasskeyView>> {
        let mut views: Vec<PasskeyView> = self.rows_of(credential).await?.into_iter().map(view).collect();
        views.sort_by(|a, b| (a.added, &a.id).cmp(&(b.added, &b.id)));
        Ok(views)
    }

    /// Removes a passkey, by its name in lists. False when there is none. The last means of signing in stays.
    pub async fn remove_passkey(&self, credential: &[u8; 16], id: &str) -> Result<bool> {
        let all = self.rows_of(credential).await?;
        let Some((row, ..)) = all.iter().find(|(row, ..)| shown_id(&row.key) == id) else { return Ok(false) };
        let kept = self.table.get(CREDENTIAL, credential.to_vec()).await?;
        let others: Option<Credential> = kept.as_ref().and_then(read);
        let is_last = all.len() == 1 && others.is_none_or(|o| o.password.is_empty() && o.provider.is_none());
        if is_last {
            return Err(SignInError::Passkey(PasskeyProblem::Last));
        }
        Ok(self.table.delete(PASSKEY, row.key.clone()).await?)
    }

    async fn rows_of(&self, credential: &[u8; 16]) -> Result<Vec<(SideRow, Passkey, Kept)>> {
        let rows = self.table.list(PASSKEY, credential.to_vec()).await?;
        let all = rows.into_iter().filter_map(|row| {
            let found: Passkey = read(&row)?;
            let kept = self.opened(&found, credential)?;
            Some((row, found, kept))
        });
        Ok(all.collect())
    }

    fn sealed(&self, kept: &Kept, credential: &[u8; 16]) -> Result<Vec<u8>> {
        let clear = serde_json::to_vec(kept).map_err(|_| SignInError::Failed("the passkey cannot be kept"))?;
        self.seal.seal(&clear, credential).ok_or(SignInError::Failed("the vault seals nothing"))
    }

    fn opened(&self, found: &Passkey, credential: &[u8; 16]) -> Option<Kept> {
        let clear = self.seal.open(&found.sealed, credential)?;
        serde_json::from_slice(&clear).ok()
    }
}

fn view((row, found, kept): (SideRow, Passkey, Kept)) -> PasskeyView {
    let Passkey { label, added, used, .. } = found;
    PasskeyView { id: shown_id(&row.key), label, added, used, copied: kept.backup_state }
}
