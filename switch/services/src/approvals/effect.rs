//! Computes the effect of a request: amounts, counts, payees, remaining amounts, and values before and after.

use super::differences::{Difference, between};
use super::facts;
use super::found::{ApprovalEffect, FileShown, Found, PayeeShown, RowShown, yen};
use super::{carried, files};
use crate::error::Result;
use crate::payees::{call_shown, masked, opened};
use crate::sentences::booked_as;
use crate::{Services, payer_text};
use kazasu_core::{ApprovalView, PaidBy, SettlementView, State, WhichExceptions};
use kazasu_ledger::record::{
    CardChange, CarriedChange, Correction, CorrectionKind, Destruction, FurtherShops, Instrument, Payee, PayeeChange,
    Proposal, RightsChange, RoleGrant,
};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{SealedAccount, Terms};
use kazasu_text::approvals::EffectText;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The largest number of payees in one answer.
const MOST_PAYEES: usize = 200;

/// The instrument that a proposal would link.
fn wanted(proposal: &Proposal) -> Option<&Instrument> {
    match proposal {
        Proposal::Retarget { instrument, .. } => Some(instrument),
        Proposal::Carried(change) => match &**change {
            CarriedChange::Link { instrument, .. } => Some(instrument),
            _ => None,
        },
        _ => None,
    }
}

impl Found {
    /// Reads the effect of a proposal from the state. The core thread runs it, so it does no long work.
    pub(super) fn of(state: &State, open: &ApprovalView) -> Found {
        match &open.proposal {
            Proposal::Programme(terms) => programme(state, terms),
            Proposal::Claim { batch, row, right } => claim(state, (*batch, *row), *right),
            Proposal::ReturnFunds { programme, amount, .. } => {
                let view = state.relief_programme(*programme);
                let fund = view.map(|v| Difference::new("fund_yen", v.fund.get(), v.fund.get() - amount.get()));
                let mut found = Found::plain(yen(*amount), fund.into_iter().collect());
                let payee = Payee::Fund { programme: *programme };
                found.accounts.extend(state.payee_account(&payee).and_then(|now| Some((payee, now.account?))));
                found
            }
            Proposal::Contracts(contracts) => {
                let (_, _, source) = state.contracts();
                let effect = ApprovalEffect { count: Some(contracts.contracts.len()), ..ApprovalEffect::default() };
                Found { effect, in_force: Some(source.to_owned()), ..Found::default() }
            }
            Proposal::Payout { settlements, total, .. } => paid(state, settlements, *total),
            Proposal::CancelPayout { payout } => {
                let found = state.payouts().into_iter().find(|p| p.number == *payout);
                let Some(found) = found else { return Found::default() };
                let mut out = paid(state, &found.settlements, found.total);
                let change = Difference::of("payout", None, None);
                out.effect.changes =
                    vec![change.words_before(&EffectText::PayoutOrdered).words_after(&EffectText::PayoutGivenUp)];
                out
            }
            Proposal::UndoBooking { reference, payer } => {
                let Some((became, amount)) = state.line_booked(reference, *payer) else { return Found::default() };
                let change = match payer {
                    Some(payer) => Difference::gone("booked_as", payer_text(payer)),
                    None => Difference::of("booked_as", None, None).words_before(&booked_as(&became)),
                };
                Found::plain(yen(amount), vec![change])
            }
            Proposal::Resolve { id, how } => {
                let all = state.exceptions(WhichExceptions::Open);
                let Some(found) = all.iter().find(|e| e.exception.id == *id) else { return Found::default() };
                let (ours, theirs) = (found.exception.ours, found.exception.theirs);
                let changes = vec![
                    Difference::new("yen", ours.get(), theirs.get()),
                    Difference::new("exception", "open", how.name()),
                ];
                Found::plain(Some(ours.get() - theirs.get()), changes)
            }
            Proposal::Retarget { ppid, .. } => Found::of_link(state, *ppid),
            Proposal::SharedLink(link) => {
                let now: Vec<String> = state.holders_of(&link.instrument).iter().map(ToString::to_string).collect();
                let then = format!("{}, {}", now.join(", "), link.ppid);
                Found::plain(None, vec![Difference::new("linked_by", now.join(", "), then)])
            }
            Proposal::Rights(change) => rights(state, change),
            Proposal::Destruction(key) => destruction(state, key),
            Proposal::Carried(change) => carried::found(state, change),
            Proposal::File(file) => files::found(file),
            Proposal::Correction(asked) => Found::plain(yen(asked.amount), corrected(state, asked)),
            Proposal::Card(change) => Found::plain(None, card(state, change)),
        }
    }
}

fn programme(state: &State, terms: &Terms) -> Found {
    let before = state.relief_programme(terms.number);
    let budget = terms.budget.get();
    let changes = match &before {
        None => vec![Difference::added("budget_yen", budget), Difference::added("budget_left_yen", budget)],
        Some(view) => {
            let (old, left) = (view.terms.budget.get(), view.budget_left.get());
            vec![
                Difference::new("budget_yen", old, budget),
                Difference::new("budget_left_yen", left, left + budget - old),
                Difference::new("ceiling_yen", view.terms.ceiling.get(), terms.ceiling.get()),
            ]
        }
    };
    let effect = ApprovalEffect { yen: Some(budget), changes, ..ApprovalEffect::default() };
    Found { effect, in_force: before.map(|view| view.source), ..Found::default() }
}

fn claim(state: &State, (batch, row): (u32, u32), right: Yen) -> Found {
    let found = state.relief_rows(batch, None, row, 1).into_iter().next().filter(|found| found.row == row);
    let Some(found) = found else { return Found::default() };
    let got = found.amount.get();
    let changes = vec![
        Difference::new("right_yen", got, right.get()),
        Difference::new("claimed_yen", found.claimed.get(), got - right.get()),
    ];
    Found::plain(Some(got - right.get()), changes)
}

fn paid(state: &State, settlements: &[u32], total: Yen) -> Found {
    let settlements: Vec<_> = state.settlements().into_iter().filter(|s| settlements.contains(&s.number)).collect();
    let count = Some(settlements.len());
    let effect = ApprovalEffect { yen: yen(total), count, ..ApprovalEffect::default() };
    let numbers: Vec<u32> = settlements.iter().map(|s| s.number).collect();
    let digest = state.payees_digest(&numbers).ok();
    let payees = settlements.iter().map(payee_of);
    let accounts = payees.filter_map(|payee| Some((payee, state.payee_account(&payee)?.account?))).collect();
    Found { effect, settlements, accounts, digest, ..Found::default() }
}

fn rights(state: &State, change: &RightsChange) -> Found {
    let changes = match change {
        RightsChange::Grant(grant) => grants(state, grant),
        RightsChange::Key(key) => {
            let (name, from) = (&key.name.to_string(), key.dates.from);
            let held = match key.dates.until {
                Some(until) => EffectText::KeyUntil { name, from, until },
                None => EffectText::KeyForGood { name, from },
            };
            vec![Difference::of("key", None, None).words_after(&held)]
        }
        RightsChange::StatementKey(key) => {
            let name = state.rights().name_of(&key.program.to_string()).unwrap_or_default().to_owned();
            vec![Difference::added("signs_with", format!("{name}: {}", hex::encode(key.public)))]
        }
        RightsChange::Shops(further) => shops(state, further),
        RightsChange::Reinvite(again) => {
            let name = state.rights().name_of(&again.person.to_string()).unwrap_or_default().to_owned();
            vec![Difference::of("signs_in_with", None, None).words_before(&EffectText::SignsIn { name: &name })]
        }
    };
    Found::plain(None, changes)
}

/// The shops of an organisation before and after, each with its merchant's name: what its people will see.
fn shops(state: &State, further: &FurtherShops) -> Vec<Difference> {
    let organisation = state.rights().organisation(further.organisation);
    let had = organisation.map(|one| one.shops.clone()).unwrap_or_default();
    let named = |shop: &(InstitutionId, MerchantId)| {
        let merchants = state.merchants();
        let found = merchants.iter().find(|one| (one.acquirer, one.id) == *shop);
        format!("{}/{} {}", shop.0, shop.1, found.map(|one| one.name.as_str()).unwrap_or_default())
            .trim_end()
            .to_owned()
    };
    let before: Vec<String> = had.iter().map(named).collect();
    let after: Vec<String> = had.iter().chain(&further.shops).map(named).collect();
    vec![Difference::new("shops", before.join(", "), after.join(", "))]
}

/// The roles of a holder before and after the grant.
fn grants(state: &State, grant: &RoleGrant) -> Vec<Difference> {
    let held: Vec<String> =
        state.rights().grants_of(grant.holder).map(|g| format!("{} {}", g.role.role, g.role.scope)).collect();
    let gets = format!("{} {}", grant.role.role, grant.role.scope);
    let after: Vec<&str> = held.iter().map(String::as_str).chain([gets.as_str()]).collect();
    vec![Difference::new("roles", held.join(", "), after.join(", "))]
}

/// The payment before and after the correction: its parts, the remaining amount, and the party that bears the loss.
fn corrected(state: &State, asked: &Correction) -> Vec<Difference> {
    let Some(payment) = state.payment(asked.payment) else { return Vec::new() };
    let place = format!("{}/{} {}", payment.acquirer, payment.merchant, payment.name);
    let receipt = format!("{} {} {}", payment.at.jst_text(), payment.terminal, payment.rrn);
    let back: Yen = payment.parts.iter().fold(Yen::ZERO, |all, part| Yen::new(all.get() + part.given_back.get()));
    let mut changes = vec![
        Difference::known("merchant", place),
        Difference::known("payment", receipt),
        Difference::known("amount_yen", payment.amount.get()),
    ];
    let shares = state.correction_parts(asked);
    for (at, part) in payment.parts.iter().enumerate() {
        let now = part.paid.get() - part.given_back.get();
        let then = shares.get(at).map_or(now, |share| now - share.get());
        changes.push(Difference::new(&format!("{}_yen", paid_by(part.by)), now, then));
    }
    let left = payment.left.get();
    changes.push(Difference::new("refunded_yen", back.get(), back.get() + asked.amount.get()));
    changes.push(Difference::new("left_yen", left, left - asked.amount.get()));
    if payment.left != asked.left {
        let then = Difference::new("left_yen_when_requested", asked.left.get(), "");
        changes.push(then.words_after(&EffectText::LeftChanged));
    }
    changes.push(Difference::known("borne_by", bearer(asked.kind)));
    changes
}

/// The code of the party that bears a correction.
pub(crate) fn bearer(kind: CorrectionKind) -> &'static str {
    match kind {
        CorrectionKind::Refund | CorrectionKind::Reduction => "merchant",
        CorrectionKind::WriteOff => "operator",
    }
}

/// The code of a part of a payment.
pub(crate) fn paid_by(by: PaidBy) -> String {
    match by {
        PaidBy::Purse(programme) => format!("purse_{programme}"),
        PaidBy::Points(programme) => format!("points_{programme}"),
        PaidBy::OnUs => "on_us".to_owned(),
        PaidBy::Issuer(issuer) => format!("issuer_{issuer}"),
        PaidBy::Claimed => "acquirer_claim".to_owned(),
        PaidBy::Lost => "lost".to_owned(),
    }
}

/// The card before and after the change.
fn card(state: &State, change: &CardChange) -> Vec<Difference> {
    let Some(resident) = state.resident(&change.ppid(), state.day) else { return Vec::new() };
    let before = crate::residents::card_word(resident.card);
    match change {
        CardChange::Lift { .. } => vec![Difference::new("card", before, "").words_after(&EffectText::CardGood)],
        CardChange::Bind { last_day, serial, .. } => {
            let was = resident.last_day.map_or_else(|| "-".to_owned(), |day| day.to_string());
            vec![
                Difference::added("certificate", serial),
                Difference::new("last_day", was, last_day),
                Difference::new("card", before, "").words_after(&EffectText::CardGoodUnlessListed),
            ]
        }
    }
}

fn destruction(state: &State, key: &Destruction) -> Found {
    let needs = state.seal_needs(key.version);
    let needed = needs.links + u64::try_from(needs.proposals + needs.relief_batches.len()).unwrap_or(u64::MAX);
    let needed = needed.saturating_add(needs.payees);
    let sealed = EffectText::Readable { key: &key.key, version: key.version };
    let change = Difference::of(crate::keys::purpose(&key.key), None, None);
    let changes = vec![
        change.words_before(&sealed).words_after(&EffectText::Unreadable),
        Difference::new("still_needed_by", needed, 0),
    ];
    Found::plain(None, changes)
}

impl Services {
    /// The effect of an open request.
    pub(super) fn effect(&self, open: &ApprovalView, found: Found) -> Result<ApprovalEffect> {
        let Found { mut effect, in_force, settlements, accounts, digest, instrument } = found;
        if !open.source.text.is_empty() {
            let text = open.source.text.as_bytes();
            let sha256 = hex::encode(Sha256::digest(text));
            effect.file = Some(FileShown { name: open.source.name.clone(), sha256, bytes: text.len() });
            let before = facts::of_toml(&in_force.unwrap_or_default());
            effect.changes.extend(between(&before, &facts::of_toml(&open.source.text)));
        }
        if !settlements.is_empty() {
            let stale = matches!(&open.proposal, Proposal::Payout { payees, .. } if Some(*payees) != digest);
            if stale {
                let now = "changed after the request: it cannot be approved any more".to_owned();
                effect.changes.push(Difference::new("accounts", "as requested", now));
            }
            self.payees(settlements, &accounts, &mut effect);
        }
        match &open.proposal {
            Proposal::Carried(change) => {
                if let CarriedChange::Payee(change) = &**change {
                    self.accounts_compared(open, (change, &accounts), &mut effect);
                }
            }
            Proposal::ReturnFunds { programme, .. } => {
                let account = self.account_shown(&Payee::Fund { programme: *programme }, &accounts);
                effect.changes.extend(account.map(|account| Difference::known("account", account)));
            }
            _ => {}
        }
        if let (Some((person, now, here)), Some(instrument)) = (instrument, wanted(&open.proposal)) {
            let shown = |m: crate::residents::MaskedInstrument| format!("{} {}", m.kind, m.number);
            let before = shown(self.masked(&now, here, &person));
            let after = shown(self.masked(instrument, None, &person));
            effect.changes.push(Difference::new("instrument", before, after));
        }
        Ok(effect)
    }

    /// Whom a payout pays, and on which account.
    fn payees(&self, mut settlements: Vec<SettlementView>, accounts: &Accounts, effect: &mut ApprovalEffect) {
        settlements.sort_by_key(|s| s.number);
        let largest = settlements.iter().max_by_key(|s| s.settlement.paid);
        for (which, row) in [("first", settlements.first()), ("last", settlements.last()), ("largest", largest)] {
            let shown = |s: &SettlementView| RowShown {
                which: which.to_owned(),
                row: format!("{} {}/{} {}", s.number, s.acquirer, s.merchant, s.name),
                yen: s.settlement.paid.get(),
            };
            effect.rows.extend(row.map(shown));
        }
        settlements.sort_by_key(|s| std::cmp::Reverse(s.settlement.paid));
        let payee = |s: &SettlementView| PayeeShown {
            settlement: s.number,
            merchant: format!("{}/{}", s.acquirer, s.merchant),
            name: s.name.clone(),
            account: self.account_shown(&payee_of(s), accounts),
            yen: s.settlement.paid.get(),
        };
        effect.payees = settlements.iter().take(MOST_PAYEES).map(payee).collect();
    }

    /// An account with its last digits, and its holder.
    fn account_shown(&self, payee: &Payee, accounts: &Accounts) -> Option<String> {
        let account = opened(&self.imports.vault, payee, accounts.get(payee)?).ok()?;
        Some(format!("{} {}", masked(&account), account.name))
    }

    /// The account in force beside the one that is asked for, field by field, and the call to the payee.
    fn accounts_compared(
        &self,
        open: &ApprovalView,
        (change, accounts): (&PayeeChange, &Accounts),
        effect: &mut ApprovalEffect,
    ) {
        let (vault, payee) = (&self.imports.vault, &change.payee);
        let fields = |account: Option<&SealedAccount>| {
            let account = account.and_then(|account| opened(vault, payee, account).ok());
            account.map(|account| {
                let bank = format!("{}-{} {} {}", account.bank, account.branch, account.bank_name, account.branch_name);
                [bank.trim().to_owned(), masked(&account), account.name.clone()]
            })
        };
        let before = fields(accounts.get(payee));
        let after = fields(change.account.as_ref());
        for (at, field) in ["bank", "account", "account_holder"].into_iter().enumerate() {
            let of = |fields: &Option<[String; 3]>| fields.as_ref().map(|fields| fields[at].clone());
            let (before, after) = (of(&before), of(&after));
            effect.changes.push(Difference { field: field.to_owned(), before, after, before_ja: None, after_ja: None });
        }
        let call = change.call.as_ref().or(open.called.as_ref().map(|called| &called.call));
        match call.and_then(|call| call_shown(vault, payee, call)) {
            Some(call) => {
                let noted_by = open.called.as_ref().map_or(&open.said.by, |called| &called.by);
                for (field, value) in [
                    ("called", &call.called),
                    ("called_number", &call.called_number),
                    ("called_at", &call.called_at),
                    ("called_by", &call.called_by),
                    ("call_noted_by", noted_by),
                ] {
                    effect.changes.push(Difference::known(field, value));
                }
            }
            None => effect.changes.push(Difference::known("called", "not yet: it cannot be approved")),
        }
    }
}

/// Payees' accounts in force.
type Accounts = BTreeMap<Payee, SealedAccount>;

fn payee_of(s: &SettlementView) -> Payee {
    Payee::Merchant { acquirer: s.acquirer, merchant: s.merchant }
}
