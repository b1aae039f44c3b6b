//! What portals and operators may see, as JSON.

use super::{AskError, Desk, ppid, value};
use kazasu_core::{BreakReason, Broken, Merchant, Resident, State};
use kazasu_ledger::record::{CardStatus, Instrument, OwnLimits};
use kazasu_schemas::ids::{IdError, InstitutionId, MerchantId, Ppid};
use kazasu_schemas::money::Yen;
use serde_json::{Value, json};

fn break_reason(why: &BreakReason) -> String {
    match why {
        BreakReason::Issuer(code) => format!("発行者応答{code} the issuer does not know it ({code})"),
        BreakReason::Person(text) => text.clone(),
    }
}

impl Desk {
    /// Offline payments above their floor limit that wait for a person.
    pub async fn waiting_advices(&self) -> Result<Value, AskError> {
        let advices = self.ask(|state| state.waiting_advices()).await?;
        let shown = advices.into_iter().map(|a| {
            let (acquirer, merchant, class) = a.merchant;
            json!({ "record": a.record, "at": a.at.jst_text(), "acquirer": acquirer, "merchant": merchant, "class": class,
                "terminal": a.terminal, "yen": a.amount.get(), "uncovered_yen": a.uncovered.get(),
                "floor_yen": a.floor.get() })
        });
        Ok(shown.collect::<Vec<Value>>().into())
    }

    /// What may be known about a person, as JSON; `None` when the PPID is not known.
    pub async fn resident(&self, text: &str) -> Result<Option<Value>, AskError> {
        let person = ppid("ppid", text)?;
        let today = self.now().jst_day();
        let found = self
            .ask(move |state| {
                let shown = |i: &Instrument| (i.clone(), deposit(state, i));
                let links: Vec<_> = state
                    .link_versions(&person)
                    .map(|l| (l.version, l.from, l.instrument.as_ref().map(shown)))
                    .collect();
                state.resident(&person, today).map(|r| (r, links))
            })
            .await?;
        Ok(found.map(|(resident, links)| {
            let links: Vec<Value> = links
                .into_iter()
                .map(|(version, from, instrument)| {
                    json!({ "version": version, "from": from.jst_text(), "instrument": instrument.map(|(i, held)| self.instrument(&i, held, &person)) })
                })
                .collect();
            let mut out = resident_json(&resident);
            out["ppid"] = person.to_string().into();
            out["links"] = links.into();
            out
        }))
    }

    /// An instrument with its number masked.
    fn instrument(&self, instrument: &Instrument, held: Option<u64>, person: &Ppid) -> Value {
        let number = match instrument {
            Instrument::CreditCard(card) | Instrument::DebitCard(card) => {
                self.imports.vault.open(&card.pan, person).map_or_else(|_| "(sealed)".to_owned(), |pan| pan.masked())
            }
            Instrument::BankAccount(account) => masked_account(account.number),
            Instrument::Deposit(_) => held.map_or_else(|| "(held here)".to_owned(), masked_account),
        };
        json!({ "kind": instrument.kind(), "issuer": instrument.issuer(), "number": number })
    }

    /// The queue of broken links.
    pub async fn broken_links(&self) -> Result<Value, AskError> {
        let queue: Vec<(Ppid, Broken, Option<u64>)> = self
            .ask(|state| {
                let held = |b: &Broken| b.proposal.as_ref().and_then(|(i, _)| deposit(state, i));
                state.broken_links().map(|(p, b)| (p, b.clone(), held(b))).collect()
            })
            .await?;
        let line = |(person, b, held): &(Ppid, Broken, Option<u64>)| {
            let proposal = b.proposal.as_ref();
            json!({ "ppid": person.to_string(), "version": b.version, "why": break_reason(&b.why), "since": b.since.jst_text(),
                "proposal": proposal.map(|(i, by)| json!({ "instrument": self.instrument(i, *held, person), "by": by })) })
        };
        Ok(queue.iter().map(line).collect())
    }

    /// Public-receipt accounts under several PPIDs.
    pub async fn shared_accounts(&self) -> Result<Value, AskError> {
        let shared: Vec<(Instrument, Vec<Ppid>, Option<u64>)> = self
            .ask(|state| {
                let all = state.shared_accounts().into_iter();
                all.map(|(i, people)| {
                    let held = deposit(state, &i);
                    (i, people, held)
                })
                .collect()
            })
            .await?;
        let line = |(instrument, people, held): &(Instrument, Vec<Ppid>, Option<u64>)| {
            let names: Vec<String> = people.iter().map(ToString::to_string).collect();
            json!({ "instrument": self.instrument(instrument, *held, &people[0]), "ppids": names })
        };
        Ok(shared.iter().map(line).collect())
    }

    /// Every merchant, in the order of their acquirers and IDs.
    pub async fn merchants(&self) -> Result<Value, AskError> {
        self.ask(|state| {
            let mut all: Vec<_> = state.merchants().iter().collect();
            all.sort_by_key(|m| (m.acquirer, m.id));
            all.into_iter().map(merchant_json).collect()
        })
        .await
    }

    /// The merchants with an ID: `ACQUIRER/MERCHANT` names one, `MERCHANT` one of each acquirer that has it.
    pub async fn merchant(&self, id: &str) -> Result<Value, AskError> {
        let (acquirer, merchant) = match id.split_once('/') {
            Some((acquirer, merchant)) => (Some(acquirer), merchant),
            None => (None, id),
        };
        let acquirer: Option<InstitutionId> =
            acquirer.map(str::parse).transpose().map_err(|e: IdError| value("acquirer", e))?;
        let merchant: MerchantId = merchant.parse().map_err(|e: IdError| value("merchant", e))?;
        self.ask(move |state| {
            let found =
                state.merchants().iter().filter(|m| m.id == merchant && acquirer.is_none_or(|a| a == m.acquirer));
            found.map(merchant_json).collect()
        })
        .await
    }

    /// Notices that are owed; those that were given up say why.
    pub async fn notices(&self) -> Result<Value, AskError> {
        const MOST: usize = 10_000;
        let all: Vec<_> = self.ask(|state| state.notices().take(MOST).map(|(k, o)| (k, o.clone())).collect()).await?;
        let line = |(key, owed): &(u64, kazasu_core::Owed)| {
            let dead = owed.dead.as_ref();
            json!({ "notice": format!("{}-{}", key / 16, key % 16), "ppid": owed.ppid.to_string(), "percent": owed.percent,
                "month": owed.counted.to_string().get(..7), "used_yen": owed.used.get(), "limit_yen": owed.limit.get(),
                "at": owed.at.jst_text(),
                "dead_lettered": dead.map(|(attempts, problem)| json!({ "attempts": attempts, "problem": problem })) })
        };
        Ok(all.iter().map(line).collect())
    }

    /// The policy in force.
    pub async fn policy(&self) -> Result<Value, AskError> {
        self.ask(|state| {
            let (version, policy, source) = state.policy();
            let (funds, budgets) = state.programmes();
            let sums = |list: Vec<kazasu_core::Holding>, unit: &str| -> Value {
                list.iter().map(|h| json!({ "programme": h.programme, unit: h.available })).collect()
            };
            json!({ "version": version, "name": policy.name, "source": source,
                "purse_funds": sums(funds, "yen"), "point_budgets": sums(budgets, "points"),
                "card_status_lists": state.card_lists().map(|(scope, number, issued, n)|
                    json!({ "about": scope, "number": number, "issued": issued.jst_text(), "certificates": n }))
                    .collect::<Vec<_>>() })
        })
        .await
    }
}

fn merchant_json(m: &Merchant) -> Value {
    let terminals: Vec<String> = m.terminals.iter().map(ToString::to_string).collect();
    json!({ "acquirer": m.acquirer.to_string(), "merchant": m.id.to_string(), "name": m.name, "mcc": m.mcc.to_string(),
        "terminals": terminals, "closed": m.closed, "class": m.traits.class, "tags": m.traits.tags, "region": m.traits.region })
}

fn deposit(state: &State, instrument: &Instrument) -> Option<u64> {
    match instrument {
        Instrument::Deposit(account) => state.deposit_number(*account),
        _ => None,
    }
}

/// Only the last three digits of an account are shown.
fn masked_account(number: u64) -> String {
    format!("*******{:03}", number % 1_000)
}

fn limits_json(l: &OwnLimits) -> Value {
    json!({ "tap_yen": l.tap.map(Yen::get), "day_yen": l.day.map(Yen::get), "month_yen": l.month.map(Yen::get),
        "decline": l.decline })
}

fn resident_json(r: &Resident) -> Value {
    let card = match r.card {
        CardStatus::Good => "good",
        CardStatus::Suspended => "suspended",
        CardStatus::Revoked => "revoked",
    };
    let later = r.later.map(|(from, limits)| {
        let mut out = limits_json(&limits);
        out["from"] = from.to_string().into();
        out
    });
    let held = |list: &[kazasu_core::Holding], unit: &str| -> Value {
        list.iter().map(|h| json!({ "programme": h.programme, unit: h.available })).collect()
    };
    json!({
        "temporary": r.temporary,
        "merged": r.merged,
        "card": card,
        "last_day": r.last_day.map(|d| d.to_string()),
        "purses": held(&r.purses, "yen"),
        "points": held(&r.points, "points"),
        "limits": limits_json(&r.limits),
        "limits_later": later,
        "today_yen": r.today.get(),
        "this_month_yen": r.this_month.get(),
        "link_broken": r.broken,
        "shared_account": r.shared_account,
    })
}
