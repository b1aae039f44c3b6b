//! The demo's people, and links that sign each of them in once at the console. They join in the folder's ledger the first time that
//! somebody looks; what they sign in with is in `people/NAME.toml` of the folder, for second factors too.

use crate::language::shown;
use crate::sample::{self, ADMINISTRATORS, PEOPLE};
use crate::town::{OpenTown, Play};
use anyhow::Context;
use kazasu_engine::clock;
use kazasu_schemas::identity::Role;
use kazasu_services::approvals::ApproveRequest;
use kazasu_services::people::{Found, InvitePerson, RequestGrant, SetOrganisation};
use kazasu_services::{Services, Who};
use kazasu_sign_in::OneTime;
use kazasu_text::demo::{DemoLabel, DemoText};
use std::path::Path;

/// People whom the sample's configuration does not name, each with a role.
const MORE: [(&str, Role); 3] =
    [("mise", Role::MerchantOwner), ("reji", Role::MerchantCashier), ("kansa", Role::Auditor)];
/// The shop of the merchant's people.
const SHOP: &str = "27000001/M10000000000001";
/// The merchant, and the auditor's office.
const MERCHANT: &str = "丸山商店";
const OFFICE: &str = "監査室";

/// What a person of the demo signs in with, as its file says it.
#[derive(serde::Deserialize)]
struct Means {
    name: String,
    password: zeroize::Zeroizing<String>,
    one_time: String,
}

/// Shows the console's address, and a link for each person.
pub(super) async fn show(play: &Play, town: &OpenTown) -> anyhow::Result<()> {
    let folder = play.data.join("people");
    let services = &town.leader().services;
    let address = format!("http://{}", town.switches[0].http);
    play.fact(DemoLabel::Console, &format!("{address}/"));
    if let Err(error) = settled(services, &folder).await {
        play.tell(&DemoText::NoLinks { why: &format!("{error:#}") });
        return Ok(());
    }
    play.tell(&DemoText::Links { folder: &folder.display().to_string() });
    for name in PEOPLE.into_iter().chain(MORE.map(|(name, _)| name)).chain(ADMINISTRATORS) {
        let text = kazasu_security::files::read_text(&folder.join(format!("{name}.toml")))?;
        let Means { name, password, one_time } = toml::from_str(&text)?;
        let who = services.in_process(&name).await?;
        let mut roles: Vec<String> = who.held.iter().map(|held| shown(&held.role)).collect();
        roles.dedup();
        let app = OneTime::read(&one_time).context("the secret of one-time codes")?;
        let means = kazasu_serve::Means { name: name.clone(), password, app };
        let path = town.switches[0].sign_in_links.add(means, &clock::random_bytes(16)?);
        play.say(&format!("     {name}  {}\n       {address}{path}", roles.join(" · ")));
    }
    play.say("");
    Ok(())
}

/// Everybody has joined, now or in an earlier demo in this folder.
async fn settled(services: &Services, folder: &Path) -> anyhow::Result<()> {
    kazasu_security::files::private_folder(folder)?;
    let is_there = |name: &str| folder.join(format!("{name}.toml")).exists();
    if ADMINISTRATORS.iter().any(|name| !is_there(name)) {
        let mut invited = Vec::new();
        // All are invited before the first administrator joins: from then on a right requires two people.
        for name in PEOPLE.into_iter().chain(ADMINISTRATORS) {
            invited.push((name, services.call(Found { name: name.to_owned() }, &Who::keeper()).await?.invitation));
        }
        for one in invited {
            join(services, one, folder).await?;
        }
    }
    if is_there(MORE[2].0) {
        return Ok(());
    }
    organisation(services, ("merchant", MERCHANT, vec![SHOP.to_owned()])).await?;
    organisation(services, ("operator", OFFICE, Vec::new())).await?;
    for (name, role) in MORE {
        let (scope, at) =
            if role == Role::Auditor { ("all".to_owned(), OFFICE) } else { (format!("shop:{SHOP}"), MERCHANT) };
        granted(services, name, (role, &scope, at), folder).await?;
    }
    Ok(())
}

/// The reason in the records.
const WHY: &str = "デモ";

async fn organisation(services: &Services, (kind, name, shops): (&str, &str, Vec<String>)) -> anyhow::Result<()> {
    let (kind, name, why) = (kind.to_owned(), name.to_owned(), WHY.to_owned());
    let set = SetOrganisation { organisation: None, kind, name, shops, why };
    services.call(set, &services.in_process(ADMINISTRATORS[0]).await?).await?;
    Ok(())
}

/// One administrator invites a person and asks for the role, the other decides.
async fn granted(
    services: &Services,
    name: &str,
    (role, scope, organisation): (Role, &str, &str),
    folder: &Path,
) -> anyhow::Result<()> {
    let [asks, decides] = ADMINISTRATORS;
    let (organisation, why) = (organisation.to_owned(), WHY.to_owned());
    let invite = InvitePerson {
        name: name.to_owned(),
        organisation,
        second_administrator: false,
        hours: None,
        why: why.clone(),
    };
    let invited = services.call(invite, &services.in_process(asks).await?).await?;
    let role = format!("{role} {scope}");
    let grant =
        RequestGrant { holder: name.to_owned(), role, from: None, until: None, deputy_for: None, why: why.clone() };
    let asked = services.call(grant, &services.in_process(asks).await?).await?;
    let (approval, fingerprint) = asked.proposal.zip(asked.fingerprint).context("the request for a role")?;
    let approve = ApproveRequest { approval, fingerprint, why, signature: None };
    services.call(approve, &services.in_process(decides).await?).await?;
    join(services, (name, invited.invitation), folder).await
}

/// The code of the step before is good too: the present one is left for the link.
async fn join(services: &Services, invited: (&str, String), folder: &Path) -> anyhow::Result<()> {
    let now = u64::try_from(services.now().0 / 1_000)?;
    sample::join(services, invited, (folder, now.saturating_sub(30))).await
}
