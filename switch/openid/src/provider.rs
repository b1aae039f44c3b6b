//! One provider: how it is asked, and what of its answer is believed.

use crate::claims::Texts;
use crate::refused::{Refused, cut, is_unknown_key};
use crate::settings::{SecondFactor, Settings, SettingsError};
use crate::wire::Wire;
use kazasu_schemas::jst::Millis;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, IdToken, IdTokenClaims, IdTokenFields, IssuerUrl,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;

type Token = IdToken<Texts, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Claims = IdTokenClaims<Texts, CoreGenderClaim>;
type Tokens = StandardTokenResponse<
    IdTokenFields<
        Texts,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type Relying = Client<
    Texts,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Signatures that are taken: of a private key that only the provider has. Never `none`, and never a shared secret (HS256), for which
/// a public key could be passed off.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the provider says of itself, and its keys, are read again after so long; milliseconds.
const KEPT: i64 = 3_600_000;
/// Unknown keys make the switch read them again, but not more often than this; milliseconds.
const SOONEST: i64 = 60_000;
/// An ID token is of this attempt, so it is not older than this; milliseconds.
const OLDEST: i64 = 600_000;
/// Exchanges with one provider at one time.
const AT_ONCE: usize = 8;

/// What a person is sent to the provider for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To sign in; the provider may know the person already.
    SignIn,
    /// To show again who they are: the provider must ask, and say when it did.
    Again,
}

/// An attempt that begins.
pub struct Asked {
    /// Where the person's browser is to go.
    pub url: String,
    /// What is kept until it comes back.
    pub waiting: Waiting,
}

/// What is kept of an attempt until the browser comes back. It is as secret as a password.
#[derive(Clone)]
pub struct Waiting {
    /// The address to come back to.
    pub redirect: String,
    /// Against answers of another attempt.
    pub state: String,
    /// Against ID tokens of another attempt.
    pub nonce: String,
    /// Against codes that were taken on the way (PKCE).
    pub verifier: String,
    /// Why the person was sent.
    pub purpose: Purpose,
    /// When.
    pub at: Millis,
}

/// With what the browser came back.
#[derive(Clone, Copy)]
pub struct Came<'a> {
    /// The code.
    pub code: &'a str,
    /// The state.
    pub state: &'a str,
    /// The issuer, where the provider names it (RFC 9207).
    pub issuer: Option<&'a str>,
}

/// How many factors a sign-in counts as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Factors {
    /// One.
    One,
    /// Two: the provider says so in the way that the configuration names.
    Two,
}

/// What the provider proved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proved {
    /// Who signed in, as the provider names them for ever.
    pub subject: String,
    /// As how many factors it counts.
    pub factors: Factors,
    /// When the person showed who they are; the provider need not say it of a first sign-in.
    pub at: Option<Millis>,
}

struct Known {
    metadata: CoreProviderMetadata,
    read: Millis,
}

/// A provider. Clones share what was read of it.
#[derive(Clone)]
pub struct Provider(Arc<Shared>);

struct Shared {
    settings: Settings,
    issuer: IssuerUrl,
    wire: Wire,
    known: Mutex<Option<Known>>,
    places: Arc<Semaphore>,
}

impl Provider {
    /// From the configuration. Nothing is asked yet.
    pub fn new(settings: Settings) -> Result<Provider, SettingsError> {
        settings.check()?;
        let issuer = IssuerUrl::new(settings.issuer.clone());
        let issuer = issuer.map_err(|_| SettingsError::Issuer(settings.issuer.clone()))?;
        let (wire, places) = (Wire::new(settings.tls.clone()), Arc::new(Semaphore::new(AT_ONCE)));
        Ok(Provider(Arc::new(Shared { settings, issuer, wire, known: Mutex::default(), places })))
    }

    /// Its name in requests.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    /// Begins an attempt.
    pub async fn ask(&self, redirect: &str, purpose: Purpose, now: Millis) -> Result<Asked, Refused> {
        if !self.0.settings.takes_redirect(redirect) {
            return Err(Refused::Redirect);
        }
        let (shared, redirect) = (self.0.clone(), redirect.to_owned());
        self.blocking(move || shared.ask(redirect, purpose, now)).await
    }

    /// Takes the answer of an attempt: changes the code for an ID token, and checks it. An attempt is finished once; its keeper sees to it.
    pub async fn finish(&self, waiting: Waiting, came: Came<'_>, now: Millis) -> Result<Proved, Refused> {
        if came.state != waiting.state {
            return Err(Refused::State);
        }
        if came.issuer.is_some_and(|issuer| issuer != self.0.settings.issuer) {
            return Err(Refused::OtherProvider);
        }
        let (shared, code) = (self.0.clone(), came.code.to_owned());
        self.blocking(move || shared.finish(&waiting, code, now)).await
    }

    /// The HTTP client blocks: it works on a thread of its own, when a place is free.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let busy = |_| Refused::Unreachable("too many people sign in through it at this moment".to_owned());
        let place = self.0.places.clone().try_acquire_owned().map_err(busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        done.await.unwrap_or_else(|error| Err(Refused::Unreachable(cut(error))))
    }
}

impl Shared {
    fn ask(&self, redirect: String, purpose: Purpose, now: Millis) -> Result<Asked, Refused> {
        let client = self.client(&redirect, now, KEPT)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request =
            client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random).set_pkce_challenge(challenge);
        let request = match purpose {
            Purpose::SignIn => request,
            Purpose::Again => request.set_max_age(Duration::ZERO).add_prompt(CoreAuthPrompt::Login),
        };
        let (url, state, nonce) = request.url();
        let waiting = Waiting {
            redirect,
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            purpose,
            at: now,
        };
        Ok(Asked { url: url.into(), waiting })
    }

    fn finish(&self, waiting: &Waiting, code: String, now: Millis) -> Result<Proved, Refused> {
        let client = self.client(&waiting.redirect, now, KEPT)?;
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|_| Refused::Unreachable("it names no token endpoint".to_owned()))?;
        let verifier = PkceCodeVerifier::new(waiting.verifier.clone());
        let answer = request.set_pkce_verifier(verifier).request(&|request: HttpRequest| self.wire.ask(request));
        let tokens = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(why) => Refused::Code(cut(why)),
            RequestTokenError::Request(why) => Refused::Unreachable(cut(why)),
            RequestTokenError::Parse(why, _) => Refused::Token(format!("{} cannot be read", cut(why.path()))),
            RequestTokenError::Other(why) => Refused::Token(cut(why)),
        })?;
        let token = tokens.id_token().ok_or(Refused::NoIdToken)?;
        match self.checked(&client, token, (waiting, now)) {
            // The provider may have new keys.
            Err(error) if is_unknown_key(&error) => {
                let client = self.client(&waiting.redirect, now, SOONEST)?;
                self.checked(&client, token, (waiting, now))?.proved(&self.settings)
            }
            checked => checked?.proved(&self.settings),
        }
    }

    /// The client for a provider that was read at most `age` milliseconds ago.
    fn client(&self, redirect: &str, now: Millis, age: i64) -> Result<Relying, Refused> {
        let metadata = self.metadata(now, age)?;
        let secret = self.settings.secret.as_ref().map(|secret| ClientSecret::new(secret.as_str().to_owned()));
        let client = Relying::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), secret);
        Ok(client.set_redirect_uri(RedirectUrl::new(redirect.to_owned()).map_err(|_| Refused::Redirect)?))
    }

    fn metadata(&self, now: Millis, age: i64) -> Result<CoreProviderMetadata, Refused> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.as_ref().filter(|known| (0..age).contains(&(now.0 - known.read.0))) {
            return Ok(known.metadata.clone());
        }
        drop(kept);
        let found = CoreProviderMetadata::discover(&self.issuer, &|request: HttpRequest| self.wire.ask(request));
        let metadata = found.map_err(|error| {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            Refused::Unreachable(cut(format!("{error}{source}")))
        })?;
        let known = Known { metadata: metadata.clone(), read: now };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(metadata)
    }

    /// Checks the ID token with the switch's clock and leeway (OpenID Connect Core 1.0, 3.1.3.7).
    fn checked<'a>(
        &self,
        client: &Relying,
        token: &'a Token,
        (waiting, now): (&Waiting, Millis),
    ) -> Result<&'a Claims, ClaimsVerificationError> {
        let leeway = i64::try_from(self.settings.leeway.as_millis()).unwrap_or(0);
        let (purpose, asked) = (waiting.purpose, waiting.at);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_other_audience_verifier_fn(|_| false)
            .set_time_fn(move || moment(Millis(now.0 - leeway)).into())
            .set_issue_time_verifier_fn(move |issued| of_now(issued.timestamp_millis(), (now, leeway)))
            .set_auth_time_verifier_fn(move |shown| match (purpose, shown) {
                (Purpose::SignIn, _) => Ok(()),
                (Purpose::Again, None) => Err("the provider does not say when it was (auth_time)".to_owned()),
                (Purpose::Again, Some(shown)) => since(shown.timestamp_millis(), (asked, now), leeway),
            });
        token.claims(&verifier, &Nonce::new(waiting.nonce.clone()))
    }
}

fn moment(at: Millis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}

/// An ID token is made for its attempt: neither long ago nor later.
fn of_now(issued: i64, (now, leeway): (Millis, i64)) -> Result<(), String> {
    if issued > now.0.saturating_add(leeway) {
        return Err("it was issued in the future; compare the clocks".to_owned());
    }
    let oldest = now.0 - OLDEST - leeway;
    if issued < oldest { Err("it was issued too long ago".to_owned()) } else { Ok(()) }
}

/// Whole seconds, and clocks that differ by the leeway.
fn since(shown: i64, (asked, now): (Millis, Millis), leeway: i64) -> Result<(), String> {
    if shown + leeway + 999 < asked.0 {
        return Err("auth_time is before this attempt".to_owned());
    }
    if shown > now.0 + leeway { Err("auth_time is in the future; compare the clocks".to_owned()) } else { Ok(()) }
}

/// What of checked claims is kept.
trait Subject {
    fn proved(&self, settings: &Settings) -> Result<Proved, Refused>;
}

impl Subject for Claims {
    fn proved(&self, settings: &Settings) -> Result<Proved, Refused> {
        let claim = settings.person_claim.as_str();
        let subject = match claim {
            "sub" => Some(self.subject().as_str().to_owned()),
            other => self.additional_claims().0.get(other).cloned(),
        };
        let subject = subject.filter(|subject| !subject.is_empty() && subject.len() <= 255);
        let subject = subject.ok_or_else(|| Refused::Person(claim.to_owned()))?;
        let SecondFactor { amr, acr } = &settings.second_factor;
        let methods = self.auth_method_refs().is_some_and(|all| all.iter().any(|one| amr.iter().any(|m| **one == *m)));
        let class = self.auth_context_ref().is_some_and(|class| acr.iter().any(|known| **class == *known));
        let factors = if methods || class { Factors::Two } else { Factors::One };
        Ok(Proved { subject, factors, at: self.auth_time().map(|at| Millis(at.timestamp_millis())) })
    }
}
