//! A resident as callers may see one: links with masked numbers, the card, purses, points and limits.

use crate::access::Name;
use crate::error::{Result, not_found};
use crate::fields::ppid;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{BreakReason, Broken, Holding, Resident, State};
use kazasu_ledger::record::{CardStatus, Instrument, OwnLimits};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::Yen;
use kazasu_security::vault::VaultError;
use kazasu_text::Text;
use kazasu_text::problems::NotFoundText;
use kazasu_text::residents::LinkText;
use serde::{Deserialize, Serialize};

/// Shows a person.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowResident {
    /// The person.
    pub ppid: String,
    /// The reason of staff for the look; portals look on behalf of the residents.
    #[serde(default)]
    pub why: Option<String>,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResidentView {
    /// The PPID.
    pub ppid: String,
    /// A temporary ID.
    pub temporary: bool,
    /// It was merged into another ID.
    pub merged: bool,
    /// `good`, `suspended` or `revoked`.
    pub card: String,
    /// The certificate's or temporary ID's last day.
    pub last_day: Option<String>,
    /// Links, the newest first.
    pub links: Vec<LinkView>,
    /// Purse money by programme.
    pub purses: Vec<PurseView>,
    /// Points by programme.
    pub points: Vec<PointsView>,
    /// The person's own limits.
    pub limits: OwnLimitsView,
    /// Limits that hold from a later day.
    pub limits_later: Option<OwnLimitsView>,
    /// Yen that count toward today's limit.
    pub today_yen: i64,
    /// Yen that count toward this month's limit.
    pub this_month_yen: i64,
    /// Yen that are left of the own limit of a day, today; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today_left_yen: Option<i64>,
    /// Yen that are left of the own limit of a month, this month; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub this_month_left_yen: Option<i64>,
    /// The link is in the queue of broken ones.
    pub link_broken: bool,
    /// The account is under several PPIDs.
    pub shared_account: bool,
}

/// One version of a link.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LinkView {
    /// Its number.
    pub version: u32,
    /// From when it holds.
    pub from: String,
    /// The instrument; none where the link ended.
    pub instrument: Option<MaskedInstrument>,
}

/// An instrument with its number masked.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MaskedInstrument {
    /// `credit`, `debit`, `bank` or `on_us`.
    pub kind: String,
    /// The issuer's number.
    pub issuer: Option<u16>,
    /// The masked number.
    pub number: String,
}

/// A person's yen of a purse, or points, of a programme.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HoldingView {
    /// The programme.
    pub programme: u16,
    /// Yen, of purse money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yen: Option<i64>,
    /// Points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
}

impl HoldingView {
    pub(crate) fn yen(h: &Holding) -> Self {
        HoldingView { programme: h.programme, yen: Some(h.available), points: None }
    }

    pub(crate) fn points(h: &Holding) -> Self {
        HoldingView { programme: h.programme, yen: None, points: Some(h.available) }
    }
}

/// A person's purse.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PurseView {
    /// The programme.
    pub programme: u16,
    /// Yen.
    pub yen: i64,
    /// The programme's name; absent when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The first day on which it can be spent, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<String>,
    /// The last day on which it can be spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
    /// The moment of the last day at which it ends, where that is before midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<String>,
}

impl PurseView {
    fn of(state: &State, held: &Holding) -> Self {
        let known = state.purse_programme(held.programme);
        PurseView {
            programme: held.programme,
            yen: held.available,
            name: known.map(|purse| purse.name.clone()),
            first_day: known.and_then(|purse| purse.from).map(|day| day.to_string()),
            last_day: known.and_then(|purse| purse.until).map(|day| day.to_string()),
            closes: known.and_then(|purse| purse.closes).map(|at| at.jst_text()),
        }
    }
}

/// A person's points.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PointsView {
    /// The programme.
    pub programme: u16,
    /// Points; below zero where more was taken back than was left.
    pub points: i64,
    /// The programme's name; absent when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The last day of the points, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
    /// Whether payments can be made with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemable: Option<bool>,
}

impl PointsView {
    fn of(state: &State, held: &Holding) -> Self {
        let known = state.point_programme(held.programme);
        PointsView {
            programme: held.programme,
            points: held.available,
            name: known.map(|points| points.name.clone()),
            last_day: known.and_then(|points| points.expires).map(|day| day.to_string()),
            redeemable: known.map(|points| points.redeemable),
        }
    }
}

/// A person's own limits.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OwnLimitsView {
    /// Yen per tap.
    pub tap_yen: Option<i64>,
    /// Yen per day.
    pub day_yen: Option<i64>,
    /// Yen per month.
    pub month_yen: Option<i64>,
    /// Decline beyond the month's limit.
    pub decline: bool,
    /// The day from which they hold, where that is later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl From<&OwnLimits> for OwnLimitsView {
    fn from(l: &OwnLimits) -> Self {
        let [tap_yen, day_yen, month_yen] = [l.tap, l.day, l.month].map(|limit| limit.map(Yen::get));
        OwnLimitsView { tap_yen, day_yen, month_yen, decline: l.decline, from: None }
    }
}

impl Operation for ShowResident {
    const NAME: Name = Name::ShowResident;
    type Answer = ResidentView;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<ResidentView> {
        let person = ppid("ppid", &self.ppid)?;
        let today = services.now().jst_day();
        let found = services.query(move |state| {
            let shown = |i: &Instrument| (i.clone(), deposit(state, i));
            let links: Vec<_> =
                state.link_versions(&person).map(|l| (l.version, l.from, l.instrument.as_ref().map(shown))).collect();
            let named = |r: Resident| {
                let purses = r.purses.iter().map(|held| PurseView::of(state, held)).collect();
                let points = r.points.iter().map(|held| PointsView::of(state, held)).collect();
                (r, links, (purses, points))
            };
            state.resident(&person, today).map(named)
        });
        let (r, links, has) =
            found.await?.ok_or_else(|| not_found(&NotFoundText::Person { ppid: &person.to_string() }))?;
        let link =
            |(version, from, instrument): (u32, kazasu_schemas::jst::Millis, Option<(Instrument, Option<u64>)>)| {
                let instrument = instrument.map(|(i, number)| services.masked(&i, number, &person));
                LinkView { version, from: from.jst_text(), instrument }
            };
        Ok(shown(&r, (&person, has), links.into_iter().map(link).collect()))
    }
}

/// A card's status, as programs write it.
pub(crate) fn card_word(status: CardStatus) -> &'static str {
    match status {
        CardStatus::Good => "good",
        CardStatus::Suspended => "suspended",
        CardStatus::Revoked => "revoked",
    }
}

type Has = (Vec<PurseView>, Vec<PointsView>);

fn shown(r: &Resident, (person, (purses, points)): (&Ppid, Has), links: Vec<LinkView>) -> ResidentView {
    let left = |limit: Option<Yen>, used: Yen| limit.map(|limit| (limit.get() - used.get()).max(0));
    let card = card_word(r.card);
    let later = r
        .later
        .as_ref()
        .map(|(from, limits)| OwnLimitsView { from: Some(from.to_string()), ..OwnLimitsView::from(limits) });
    ResidentView {
        ppid: person.to_string(),
        temporary: r.temporary,
        merged: r.merged,
        card: card.to_owned(),
        last_day: r.last_day.map(|d| d.to_string()),
        links,
        purses,
        points,
        limits: OwnLimitsView::from(&r.limits),
        limits_later: later,
        today_yen: r.today.get(),
        this_month_yen: r.this_month.get(),
        today_left_yen: left(r.limits.day, r.today),
        this_month_left_yen: left(r.limits.month, r.this_month),
        link_broken: r.broken,
        shared_account: r.shared_account,
    }
}

/// The number of an account that is kept here.
pub(crate) fn deposit(state: &State, instrument: &Instrument) -> Option<u64> {
    match instrument {
        Instrument::Deposit(account) => state.deposit_number(*account),
        Instrument::CreditCard(_) | Instrument::DebitCard(_) | Instrument::BankAccount(_) => None,
    }
}

/// Only the last three digits of an account are shown.
fn masked_account(number: u64) -> String {
    format!("*******{:03}", number % 1_000)
}

impl Services {
    /// An instrument with its number masked.
    pub(crate) fn masked(&self, instrument: &Instrument, here: Option<u64>, person: &Ppid) -> MaskedInstrument {
        let number = match instrument {
            Instrument::CreditCard(card) | Instrument::DebitCard(card) => {
                match self.imports.vault.open(&card.pan, person) {
                    Ok(pan) => pan.masked(),
                    // The year's key was destroyed on purpose.
                    Err(VaultError::Erased(_)) => "(erased)".to_owned(),
                    Err(_) => "(sealed)".to_owned(),
                }
            }
            Instrument::BankAccount(account) => masked_account(account.number),
            Instrument::Deposit(_) => here.map_or_else(|| "(on-us)".to_owned(), masked_account),
        };
        MaskedInstrument { kind: instrument.kind().to_owned(), issuer: instrument.issuer(), number }
    }
}

/// The queue of broken links.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBrokenLinks {}

/// A broken link.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BrokenLink {
    /// The person.
    pub ppid: String,
    /// The link's version.
    pub version: u32,
    /// The event that broke it.
    pub why: String,
    /// The time since which it is broken.
    pub since: String,
    /// The instrument that is proposed instead.
    pub proposal: Option<RetargetView>,
}

/// A proposed instrument.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RetargetView {
    /// The number under which it is decided; absent in journals that are older than it.
    pub approval: Option<u64>,
    /// The instrument.
    pub instrument: MaskedInstrument,
    /// The person who requested it.
    pub by: String,
}

fn break_reason(why: &BreakReason) -> String {
    match why {
        BreakReason::Issuer(code) => LinkText::IssuerDoesNotKnow { code: *code }.both(),
        BreakReason::Person(text) => text.clone(),
    }
}

impl Operation for ListBrokenLinks {
    const NAME: Name = Name::ListBrokenLinks;
    type Answer = Vec<BrokenLink>;

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.iter().map(|link| link.ppid.clone()).collect()
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<BrokenLink>> {
        let queue = services.query(|state| {
            let number = |b: &Broken| b.proposal.as_ref().and_then(|(i, _)| deposit(state, i));
            let all =
                state.broken_links().map(|(person, b)| (person, b.clone(), number(b), state.retarget_request(person)));
            all.collect::<Vec<(Ppid, Broken, Option<u64>, Option<u64>)>>()
        });
        let line = |(person, b, number, approval): &(Ppid, Broken, Option<u64>, Option<u64>)| BrokenLink {
            ppid: person.to_string(),
            version: b.version,
            why: break_reason(&b.why),
            since: b.since.jst_text(),
            proposal: b.proposal.as_ref().map(|(instrument, by)| RetargetView {
                approval: *approval,
                instrument: services.masked(instrument, *number, person),
                by: by.clone(),
            }),
        };
        Ok(queue.await?.iter().map(line).collect())
    }
}

/// Public-receipt accounts under several PPIDs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSharedAccounts {}

/// An account under several PPIDs.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SharedAccount {
    /// The account.
    pub instrument: MaskedInstrument,
    /// The people.
    pub ppids: Vec<String>,
}

impl Operation for ListSharedAccounts {
    const NAME: Name = Name::ListSharedAccounts;
    type Answer = Vec<SharedAccount>;

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.iter().flat_map(|account| account.ppids.iter().cloned()).collect()
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<SharedAccount>> {
        let shared = services.query(|state| {
            let all = state.shared_accounts().into_iter();
            all.map(|(i, people)| {
                let number = deposit(state, &i);
                (i, people, number)
            })
            .collect::<Vec<(Instrument, Vec<Ppid>, Option<u64>)>>()
        });
        let line = |(instrument, people, number): &(Instrument, Vec<Ppid>, Option<u64>)| SharedAccount {
            instrument: services.masked(instrument, *number, &people[0]),
            ppids: people.iter().map(ToString::to_string).collect(),
        };
        Ok(shared.await?.iter().map(line).collect())
    }
}
