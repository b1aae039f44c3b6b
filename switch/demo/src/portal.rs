//! A resident links a card through the portal: what the portal signs of the person comes with the request, and the record keeps it. It comes
//! last, because the portal's key takes two administrators, and from then on no keeper opens the book alone.

use super::sample::{PORTAL_SEED, card_number, everybody, named_ppid, portal_key};
use super::town::{OpenTown, Play};
use anyhow::Context;
use kazasu_engine::clock;
use kazasu_schemas::identity::ActorId;
use kazasu_schemas::portal::{PortalOperation, Proven, Statement, request_digest};
use kazasu_schemas::secret::Key;
use kazasu_security::portal::signed;
use kazasu_security::signing::SeedKey;
use kazasu_serve::config::Config;
use kazasu_services::residents::SetLink;
use kazasu_services::{Outcome, Presented, Services, Source, Watch, Who};
use kazasu_text::demo::DemoText;
use std::sync::Arc;

/// Cards of issuer 1 that no other resident of the town has.
const PREFIX: &str = "490000";
const FIRST_NUMBER: u64 = 930_000_001;

/// The town's people join, where they have not yet, and a resident is linked.
pub(super) async fn resident_links(play: &Play, town: &OpenTown) -> anyhow::Result<()> {
    let config = Config::load(&play.data.join("kazasu.toml"))?;
    let source = Source::Engine(town.leader().engine.clone());
    let services = kazasu_serve::services(&config, source, town.store.clone(), Watch::nothing());
    let people = play.data.join("people");
    if !services.query(|state| state.rights().is_administered()).await? {
        everybody(&services, &config, &people).await?;
    } else if !people.join(PORTAL_SEED).exists() {
        // The town's people joined when the demonstration began, and signed in through its links.
        portal_key(&services, &people).await?;
    }
    let seed = kazasu_security::files::read_text(&people.join(PORTAL_SEED))?;
    let key = SeedKey::new(&Key::from_hex(seed.trim()).map_err(|_| anyhow::anyhow!("the portal's key is no key"))?)?;
    let nth = services.query(|state| state.seq).await?;
    let ask = SetLink {
        ppid: named_ppid(&format!("of the portal {nth}")).to_string(),
        kind: "credit".to_owned(),
        number: card_number(PREFIX, FIRST_NUMBER + nth),
        pin_verified: false,
        from: None,
    };
    let who = presenting(&services, &ask, &key).await?;
    let linked = services.call(ask, &who).await?;
    anyhow::ensure!(linked.result == Outcome::Recorded, "the resident of the portal is linked already");
    play.tell(&DemoText::LinkedByPortal);
    Ok(())
}

/// The portal, with what it signs for this request.
async fn presenting(services: &Services, ask: &SetLink, key: &SeedKey) -> anyhow::Result<Who> {
    let who = services.in_process("portal").await?;
    let Some(ActorId::Program(portal)) = who.id else { anyhow::bail!("the portal is a program") };
    let nonce = clock::random_bytes(16)?.try_into().map_err(|_| anyhow::anyhow!("sixteen random bytes"))?;
    let request = request_digest("PUT", &format!("/api/v1/residents/{}/link", ask.ppid), &[]);
    let statement = Statement {
        portal,
        resident: ask.ppid.parse().context("a PPID")?,
        proven: Proven::CardPin,
        at: services.now(),
        operation: PortalOperation::Link,
        request,
        nonce,
    };
    let presented = Some(Arc::new(Presented { header: signed(&statement, key)?, request }));
    Ok(Who { presented, ..who })
}
