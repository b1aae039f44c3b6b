//! `[sign_in]`, `[passkeys]` and `[[oidc]]`: the means of signing in.

use anyhow::ensure;
use kazasu_http_client::Tls;
use kazasu_openid::{Provider, SecondFactor as ProviderFactor, Settings};
use kazasu_schemas::canonical::same;
use kazasu_services::people::OrganisationProvider;
use kazasu_sign_in::{Allowed, PasskeyPlace, PlaceError, Rules, SecondFactor};
use kazasu_text::configuration::ConfigText;
use kazasu_text::sign_in::SignInSettingsText;
use kazasu_text::{Because, Quoted, Said};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How far a provider's clock may be from the switch's.
const LEEWAY: Duration = Duration::from_secs(60);

/// `[sign_in]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct SignInFile {
    /// `required`, or `off` where neither telephones nor other second factors are allowed.
    pub second_factor: SecondFactorFile,
    /// The means that this place uses.
    pub factors: Vec<FactorFile>,
    /// A session ends after so many minutes without use.
    pub idle_minutes: u32,
    /// A session ends so many minutes after its beginning.
    pub longest_minutes: u32,
}

/// Second factors.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorFile {
    /// Roles that require a second factor are in force only with one.
    Required,
    /// A password of fifteen characters is enough.
    Off,
}

/// A means of signing in.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum FactorFile {
    /// Passwords.
    Password,
    /// One-time codes of an app, and recovery codes.
    Totp,
    /// Passkeys.
    Passkeys,
    /// Providers of organisations.
    Oidc,
}

/// `[passkeys]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct PasskeysFile {
    /// The domain of the pages: passkeys are for it and no other.
    pub domain: String,
    /// The name that authenticators show.
    #[serde(default = "default_name")]
    pub name: String,
    /// The pages' origins: `https://…`.
    pub origins: Vec<String>,
}

fn default_name() -> String {
    "Kazasu".to_owned()
}

/// `[[oidc]]`: a provider of an organisation.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct OidcFile {
    /// Its name in requests.
    pub name: String,
    /// The organisation whose people sign in through it, by id or name.
    pub organisation: String,
    /// Its issuer, exactly as it names itself.
    pub issuer: String,
    /// The switch's name at the provider.
    pub client_id: String,
    /// The file of the switch's secret there, relative to this file; none of a public client.
    pub secret_file: Option<PathBuf>,
    /// The claim that names the person for ever.
    #[serde(default = "default_claim")]
    pub person_claim: String,
    /// Methods (`amr`) of which one makes it two factors.
    #[serde(default)]
    pub amr: Vec<String>,
    /// Classes (`acr`) of which one makes it two factors.
    #[serde(default)]
    pub acr: Vec<String>,
    /// Addresses to come back to, besides loopback.
    #[serde(default)]
    pub redirects: Vec<String>,
    /// Authorities (PEM) that are trusted besides the platform's; relative to this file.
    pub authorities: Option<PathBuf>,
}

fn default_claim() -> String {
    "sub".to_owned()
}

impl Default for SignInFile {
    fn default() -> Self {
        SignInFile {
            second_factor: SecondFactorFile::Required,
            factors: vec![FactorFile::Password, FactorFile::Totp, FactorFile::Passkeys, FactorFile::Oidc],
            idle_minutes: 30,
            longest_minutes: 540,
        }
    }
}

impl SignInFile {
    fn check(&self) -> anyhow::Result<()> {
        let (idle, longest) = (self.idle_minutes, self.longest_minutes);
        let range = |key, least: u32, most, got: u32| {
            let (least, got) = (u64::from(least), u64::from(got));
            Said::of(&ConfigText::Range { key, least, most, got })
        };
        ensure!((1..=120).contains(&idle), range("sign_in.idle_minutes", 1, 120, idle));
        ensure!((idle..=1_440).contains(&longest), range("sign_in.longest_minutes", idle, 1_440, longest));
        Ok(())
    }

    fn has(&self, factor: FactorFile) -> bool {
        self.factors.contains(&factor)
    }

    /// For the services.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let second_factor = match self.second_factor {
            SecondFactorFile::Required => SecondFactor::Required,
            SecondFactorFile::Off => SecondFactor::Off,
        };
        let millis = |minutes: u32| i64::from(minutes) * 60_000;
        let (idle, longest) = (millis(self.idle_minutes), millis(self.longest_minutes));
        let allowed = Allowed {
            passwords: self.has(FactorFile::Password),
            one_time_codes: self.has(FactorFile::Totp),
            passkeys: self.has(FactorFile::Passkeys),
            providers: self.has(FactorFile::Oidc),
        };
        Rules { idle, longest, second_factor, allowed, ..Rules::default() }
    }
}

/// The means of signing in that are not in the rows beside the journal.
#[derive(Clone)]
pub struct SignInConfig {
    /// Where passkeys are used.
    pub passkeys: Option<PasskeyPlace>,
    /// Providers of organisations.
    pub providers: Arc<Vec<OrganisationProvider>>,
}

/// The sections about signing in, as the file has them.
pub(super) struct Sections<'a> {
    pub(super) sign_in: &'a SignInFile,
    pub(super) passkeys: Option<&'a PasskeysFile>,
    pub(super) oidc: &'a [OidcFile],
}

impl SignInConfig {
    /// Reads and checks the sections. Errors name the key.
    pub(super) fn read(file: &Sections<'_>, base: &Path) -> anyhow::Result<SignInConfig> {
        file.sign_in.check()?;
        let place = |f: &PasskeysFile| PasskeyPlace::new(&f.domain, &f.name, &f.origins);
        let passkeys = file.passkeys.map(place).transpose();
        let passkeys = passkeys.map_err(|problem| unusable(&problem))?;
        let mut providers: Vec<OrganisationProvider> = Vec::new();
        for one in file.oidc {
            let is_twice = providers.iter().any(|known| same(known.provider.name(), &one.name));
            ensure!(!is_twice, Said::of(&ConfigText::ProviderTwice { name: Quoted(&one.name) }));
            let provider = provider(one, base).because(|| Said::plain(format!("[[oidc]] {}", one.name)))?;
            providers.push(OrganisationProvider { provider, organisation: one.organisation.clone() });
        }
        a_person_can_sign_in(file)?;
        Ok(SignInConfig { passkeys, providers: Arc::new(providers) })
    }
}

/// A place that leaves no person a way in is a mistake, and so is one where no person could have a role that takes two factors.
fn a_person_can_sign_in(file: &Sections<'_>) -> anyhow::Result<()> {
    let sign_in = file.sign_in;
    let has_passkeys = sign_in.has(FactorFile::Passkeys) && file.passkeys.is_some();
    let has_providers = sign_in.has(FactorFile::Oidc) && !file.oidc.is_empty();
    ensure!(sign_in.has(FactorFile::Password) || has_passkeys || has_providers, Said::of(&ConfigText::NoSignIn));
    let has_codes = sign_in.has(FactorFile::Password) && sign_in.has(FactorFile::Totp);
    let counts = |one: &OidcFile| !one.amr.is_empty() || !one.acr.is_empty();
    let has_two = has_codes || has_passkeys || (has_providers && file.oidc.iter().any(counts));
    ensure!(has_two || sign_in.second_factor == SecondFactorFile::Off, Said::of(&ConfigText::NoSecondFactor));
    Ok(())
}

/// What is wrong with `[passkeys]`.
fn unusable(problem: &PlaceError) -> Said {
    Said::of(&match problem {
        PlaceError::Domain(got) => SignInSettingsText::Domain { got },
        PlaceError::Origin { domain, got } => SignInSettingsText::Origin { domain, got },
        PlaceError::NoOrigin(domain) => SignInSettingsText::NoOrigin { domain },
    })
}

fn provider(one: &OidcFile, base: &Path) -> anyhow::Result<Provider> {
    let secret = match &one.secret_file {
        None => None,
        Some(path) => {
            let path = base.join(path);
            kazasu_security::files::only_owner_reads(&path)?;
            let text = Zeroizing::new(kazasu_security::files::read_text(&path)?);
            let secret = Zeroizing::new(text.trim().to_owned());
            let empty = ConfigText::EmptyFile { key: "secret_file", path: &path.display().to_string() };
            ensure!(!secret.is_empty(), Said::of(&empty));
            Some(secret)
        }
    };
    let is_clear = one.issuer.starts_with("http://");
    let authorities = one.authorities.as_ref().map(|path| base.join(path));
    let tls = if is_clear { None } else { Some(Tls::trusting("oidc", authorities.as_deref())?) };
    let settings = Settings {
        name: one.name.clone(),
        issuer: one.issuer.clone(),
        client_id: one.client_id.clone(),
        secret,
        person_claim: one.person_claim.clone(),
        second_factor: ProviderFactor { amr: one.amr.clone(), acr: one.acr.clone() },
        redirects: one.redirects.clone(),
        tls,
        leeway: LEEWAY,
    };
    Ok(Provider::new(settings)?)
}
