//! Signing in and out at the command line. Passwords, codes, keys and invitations are read from standard input, so that they are in no
//! list of processes; a terminal does not show them.

use super::backend::{query, show};
use super::common::Common;
use super::provider::{Wanted, through};
use super::{place, proof};
use crate::language::shown;
use anyhow::Context;
use clap::Args;
use kazasu_api::client::Switch;
use kazasu_console::{say, tell};
use kazasu_schemas::secret::Key;
use kazasu_security::keys::SigningKey;
use kazasu_serve::config::Config;
use kazasu_services::people::{
    Join, OneTimeFields, SignInPerson, SignInProvider, SignOut, SignedInAnswer, StepUp, WhoAmI,
};
use kazasu_sign_in::{OneTime, Secret, totp_url};
use kazasu_text::keys::SignInText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Because, Said};
use std::io::{BufRead, IsTerminal};
use std::path::Path;
use zeroize::Zeroizing;

/// `kazasu login`.
#[derive(Args)]
pub(super) struct LoginArgs {
    /// Your name or id; asked for when absent.
    #[arg(long)]
    name: Option<String>,
    /// Keep a program's key instead, which is read from standard input.
    #[arg(long, conflicts_with_all = ["name", "again"])]
    key: bool,
    /// Show a second factor again, in the session that you have.
    #[arg(long)]
    again: bool,
    /// With --again: the fingerprint of a decision that it is for, as `approval show` or `relief preview` prints it; once for each. The
    /// factor serves for these decisions alone.
    #[arg(long, requires = "again")]
    fingerprint: Vec<String>,
    /// Through your organisation's provider, in a browser.
    #[arg(long, conflicts_with_all = ["name", "key"])]
    oidc: bool,
    /// Which provider, where there are several.
    #[arg(long, requires = "oidc")]
    provider: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Whether a terminal shows what is typed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typed {
    /// It does.
    Shown,
    /// It does not: a secret.
    Hidden,
}

/// A line of standard input; a terminal does not show a secret one.
fn line(prompt: &SignInText<'_>, typed: Typed) -> anyhow::Result<Zeroizing<String>> {
    let stdin = std::io::stdin();
    let hidden = (typed == Typed::Hidden && stdin.is_terminal()).then(Hidden::begin).transpose()?;
    if stdin.is_terminal() {
        tell!("{}:", shown(prompt));
    }
    let mut text = Zeroizing::new(String::new());
    stdin.lock().read_line(&mut text).because(|| Said::of(&UsageText::StandardInput))?;
    drop(hidden);
    let text = Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned());
    anyhow::ensure!(!text.is_empty(), shown(&SignInText::LineExpected { prompt: &shown(prompt) }));
    Ok(text)
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin() -> anyhow::Result<Hidden> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin())?;
        let mut now = before.clone();
        now.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &now)?;
        Ok(Hidden(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // There is nothing better to do when it fails.
        let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Flush, &self.0);
    }
}

/// The running switch, asked anonymously or with this proof.
async fn switch(config: &Config, proof: Option<&str>) -> anyhow::Result<Switch> {
    let http = place::running(config).await?;
    let http = http.with_context(|| shown(&SignInText::NoSwitch))?;
    Ok(Switch::new(&http, config.http_client(), proof))
}

pub(super) async fn login(args: LoginArgs) -> anyhow::Result<()> {
    let LoginArgs { name, key, again, fingerprint, oidc, provider, common } = args;
    let (config, path) = (Config::load(&common.config)?, proof::path(&common)?);
    if again {
        let proof = proof::find(&config, &common)?;
        let switch = switch(&config, proof.as_ref().map(|proof| proof.as_str())).await?;
        let ask = if oidc {
            let oidc = Some(through(&switch, provider, Wanted::Again).await?);
            StepUp { code: None, fingerprints: fingerprint, oidc, passkey: None }
        } else {
            let code = line(&SignInText::Code, Typed::Hidden)?.to_string();
            StepUp { code: Some(code), fingerprints: fingerprint, oidc: None, passkey: None }
        };
        return show(switch.call(&ask).await, &common);
    }
    if oidc {
        let switch = switch(&config, None).await?;
        let oidc = through(&switch, provider, Wanted::SignIn).await?;
        let (own, seed) = kazasu_security::decision::fresh()?;
        let done = switch.call(&SignInProvider { oidc, public: Some(hex::encode(own.public_key())) }).await;
        return begun(done?, Kept { config: &config, path: &path, seed: &seed }, &common).await;
    }
    if key {
        let key = line(&SignInText::ProgramKey, Typed::Hidden)?;
        Secret::read(&key)?;
        let who = switch(&config, Some(&key)).await?.call(&WhoAmI {}).await;
        let who = who?;
        proof::keep(&path, &key)?;
        return show(Ok(who), &common);
    }
    let name = match name {
        Some(name) => Zeroizing::new(name),
        None => line(&SignInText::Name, Typed::Shown)?,
    };
    let password = line(&SignInText::Password, Typed::Hidden)?;
    let code = code()?;
    // The private half stays here: the switch certifies the public one for this session.
    let (own, seed) = kazasu_security::decision::fresh()?;
    let ask = SignInPerson {
        name: name.to_string(),
        password: password.to_string(),
        code: code.map(|c| c.to_string()),
        public: Some(hex::encode(own.public_key())),
    };
    let done = switch(&config, None).await?.call(&ask).await;
    begun(done?, Kept { config: &config, path: &path, seed: &seed }, &common).await
}

/// Where a session is kept, and the private half of its key.
struct Kept<'a> {
    config: &'a Config,
    path: &'a Path,
    seed: &'a Key,
}

/// Keeps the session that began, with its key, and shows whose it is.
async fn begun(done: SignedInAnswer, kept: Kept<'_>, common: &Common) -> anyhow::Result<()> {
    proof::keep_with_key(kept.path, &done.session, kept.seed)?;
    let who = switch(kept.config, Some(&done.session)).await?.call(&WhoAmI {}).await;
    show(who, common)
}

/// A code, or none from an empty line.
fn code() -> anyhow::Result<Option<Zeroizing<String>>> {
    if std::io::stdin().is_terminal() {
        tell!("{}:", shown(&SignInText::CodeOrRecovery));
    }
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut text).because(|| Said::of(&UsageText::StandardInput))?;
    let text = Zeroizing::new(text.trim().to_owned());
    Ok((!text.is_empty()).then_some(text))
}

pub(super) async fn logout(common: Common) -> anyhow::Result<()> {
    let (config, path) = (Config::load(&common.config)?, proof::path(&common)?);
    let found = match (proof::find(&config, &common)?, path.exists()) {
        (Some(proof), true) => Some(proof),
        _ => None,
    };
    // The session file goes in any case, also while no switch runs: the session itself ends by its time.
    proof::forget(&path)?;
    let ended = match found {
        Some(proof) => Some(switch(&config, Some(&proof)).await?.call(&SignOut {}).await),
        None => None,
    };
    match ended {
        Some(result) => show(result, &common),
        None => {
            say!("{}", shown(&SignInText::NoSession));
            Ok(())
        }
    }
}

pub(super) async fn whoami(common: Common) -> anyhow::Result<()> {
    query(WhoAmI {}, &common).await
}

/// `kazasu person join`.
#[derive(Args)]
pub(super) struct JoinArgs {
    /// Sign in with a password alone, of fifteen characters or more.
    #[arg(long)]
    without_second_factor: bool,
    /// Through your organisation's provider, in a browser, instead of a password.
    #[arg(long, conflicts_with = "without_second_factor")]
    oidc: bool,
    /// Which provider, where there are several.
    #[arg(long, requires = "oidc")]
    provider: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn join(args: JoinArgs) -> anyhow::Result<()> {
    let JoinArgs { without_second_factor, oidc, provider, common } = args;
    let config = Config::load(&common.config)?;
    let switch = switch(&config, None).await?;
    let invitation = line(&SignInText::Invitation, Typed::Hidden)?;
    Secret::read(&invitation)?;
    if oidc {
        let account = through(&switch, provider, Wanted::Join(invitation.to_string())).await?;
        let (invitation, oidc) = (invitation.to_string(), Some(account));
        let ask = Join { invitation, password: None, one_time: None, passkey: None, oidc };
        return show(switch.call(&ask).await, &common);
    }
    let password = line(&SignInText::Password, Typed::Hidden)?;
    let one_time = if without_second_factor { None } else { Some(one_time()?) };
    let (invitation, password) = (invitation.to_string(), Some(password.to_string()));
    let ask = Join { invitation, password, one_time, passkey: None, oidc: None };
    show(switch.call(&ask).await, &common)
}

/// A new secret for the person's app, and the code that the app shows for it.
fn one_time() -> anyhow::Result<OneTimeFields> {
    let random = kazasu_engine::clock::random_bytes(20)?;
    let random = random.try_into().map_err(|_| anyhow::anyhow!("twenty random bytes"))?;
    let secret = OneTime::new(random);
    tell!("{}\n  {}\n  {}", shown(&SignInText::AddToApp), secret.text().as_str(), totp_url("kazasu", &secret).as_str());
    let code = line(&SignInText::CodeOfApp, Typed::Hidden)?;
    Ok(OneTimeFields { secret: secret.text().to_string(), code: code.to_string() })
}
