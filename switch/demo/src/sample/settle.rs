//! The sample town's people, joined: two access administrators and whom its configuration names. What they sign in with is written beside
//! the configuration, readable by its owner only. This is for trying things out: in earnest each person chooses a password alone.

use super::town::hex_key;
use anyhow::Context;
use kazasu_connections::issuers::Issuers;
use kazasu_engine::{Engine, Health, NoForwarder, Surroundings, clock};
use kazasu_schemas::identity::Via;
use kazasu_schemas::jst::BusinessDay;
use kazasu_security::keys::{Purpose, SigningKey, fresh};
use kazasu_security::signing::SeedKey;
use kazasu_serve::config::Config;
use kazasu_serve::{Sharing, engine_config, lock};
use kazasu_services::approvals::ApproveRequest;
use kazasu_services::people::{Found, Join, OneTimeFields, RequestStatementKey, SignInPerson};
use kazasu_services::{Services, Source, Watch, Who};
use kazasu_sign_in::OneTime;
use kazasu_store::Node;
use std::path::Path;
use std::sync::Arc;

/// The town's access administrators.
pub const ADMINISTRATORS: [&str; 2] = ["ando", "baba"];
/// And those whom its configuration names.
pub(crate) const PEOPLE: [&str; 3] = ["sato", "suzuki", "tanaka"];
/// The file with the key with which the town's portal signs.
pub(crate) const PORTAL_SEED: &str = "portal.seed";
/// The town's portal.
const PORTAL: &str = "portal";

/// Lets all people of the town in `dir` join, on its journal, while no switch runs. `people/NAME.toml` has each person's means of
/// signing in, `people/NAME.session` a session that has begun now, `people/portal.seed` the key with which the portal signs.
pub async fn settle(dir: &Path) -> anyhow::Result<()> {
    let config = Config::load(&dir.join("kazasu.toml"))?;
    let _lock = lock(&config.data_dir)?;
    let issuers = Issuers::without_connections(config.vault.clone(), config.file.id);
    let settings = engine_config(&config, Node { name: "import".into(), ..Node::alone() }, Sharing::Alone, None);
    let (forwarder, health) = (Arc::new(NoForwarder), Arc::new(Health::default()));
    let around = Surroundings { store: config.store(), issuers, forwarder, health };
    let (engine, core) = Engine::start(settings, around).await?;
    let services = kazasu_serve::services(&config, Source::Engine(engine.clone()), config.store(), Watch::nothing());
    let done = everybody(&services, &config, &dir.join("people")).await;
    engine.stop();
    tokio::task::spawn_blocking(move || core.join()).await?.map_err(|_| anyhow::anyhow!("the core panicked"))?;
    done
}

/// Lets all people join; see [`settle`].
pub(crate) async fn everybody(services: &Services, config: &Config, folder: &Path) -> anyhow::Result<()> {
    kazasu_security::files::private_folder(folder)?;
    services.adopt(&config.callers).await?;
    let mut invitations = Vec::new();
    // All people are invited before the first administrator joins: from then on a right requires two people.
    for name in PEOPLE.into_iter().chain(ADMINISTRATORS) {
        let invited = services.call(Found { name: name.to_owned() }, &Who::keeper()).await?;
        invitations.push((name, invited.invitation));
    }
    for (name, invitation) in invitations {
        one(services, (name, invitation), folder).await?;
    }
    portal_key(services, folder).await
}

/// The town's portal signs what it says of residents: one administrator asks for its key, the other decides.
pub(crate) async fn portal_key(services: &Services, folder: &Path) -> anyhow::Result<()> {
    let seed = fresh(Purpose::SignAudit, None)?;
    let public = hex::encode(SeedKey::new(&seed)?.public_key());
    let (program, why) = (PORTAL.to_owned(), "the sample town".to_owned());
    let until = BusinessDay(services.now().jst_day().0 + 365).to_string();
    let ask = RequestStatementKey { program, public, from: None, until, why: why.clone() };
    let [ando, baba] = ADMINISTRATORS;
    let asked = services.call(ask, &services.in_process(ando).await?).await?;
    let (approval, fingerprint) = asked.proposal.zip(asked.fingerprint).context("the request for the portal's key")?;
    services
        .call(ApproveRequest { approval, fingerprint, why, signature: None }, &services.in_process(baba).await?)
        .await?;
    kazasu_security::files::write_new(&folder.join(PORTAL_SEED), hex::encode(seed.expose()).as_bytes())
}

/// What a person signs in with.
struct Chosen {
    secret: OneTime,
    password: String,
}

async fn one(services: &Services, invited: (&str, String), folder: &Path) -> anyhow::Result<()> {
    let name = invited.0;
    let now = u64::try_from(services.now().0 / 1_000)?;
    let Chosen { secret, password } = joins(services, invited, (folder, now)).await?;
    // A code is good once: the next one is taken already.
    let code = secret.at(now + 30);
    let ask = SignInPerson { name: name.to_owned(), password, code, public: None };
    let signed_in = services.call(ask, &Who::anonymous(Via::CommandLine)).await?;
    kazasu_security::files::write_new(&folder.join(format!("{name}.session")), signed_in.session.as_bytes())
}

/// A person joins with the app's code of this second. `NAME.toml` in the folder has what the person signs in with.
pub(crate) async fn join(services: &Services, invited: (&str, String), at: (&Path, u64)) -> anyhow::Result<()> {
    joins(services, invited, at).await.map(drop)
}

async fn joins(
    services: &Services,
    (name, invitation): (&str, String),
    (folder, now): (&Path, u64),
) -> anyhow::Result<Chosen> {
    let random = clock::random_bytes(20)?.try_into().map_err(|_| anyhow::anyhow!("twenty random bytes"))?;
    let (secret, password) = (OneTime::new(random), hex_key(16)?);
    let code = secret.at(now).context("a one-time code")?;
    let one_time = Some(OneTimeFields { secret: secret.text().to_string(), code });
    let who = Who::anonymous(Via::CommandLine);
    let joined = services
        .call(Join { invitation, password: Some(password.clone()), one_time, passkey: None, oidc: None }, &who)
        .await?;
    let recovery: Vec<String> = joined.recovery_codes.iter().map(|code| format!("\"{code}\"")).collect();
    let text = format!(
        "# Secret. What {name} ({}) signs in with; for trying things out only.\nname = \"{name}\"\npassword = \"{password}\"\n\
         one_time = \"{}\"\nrecovery = [{}]\n",
        joined.person,
        secret.text().as_str(),
        recovery.join(", ")
    );
    kazasu_security::files::write_new(&folder.join(format!("{name}.toml")), text.as_bytes())?;
    Ok(Chosen { secret, password })
}
