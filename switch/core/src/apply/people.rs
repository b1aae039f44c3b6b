//! The effects of records about people, merchants and programmes on several parts of the state.

use super::super::index::position;
use super::super::references::reference_key;
use super::super::refusal::MOST_PROGRAMMES;
use super::super::state::State;
use super::super::wallet::PointsOf;
use kazasu_ledger::record::{
    CertificateBound, Instrument, Linked, MerchantRegistered, Merged, NoticeEnded, Opening, PolicyActivated,
    ProgrammeFunded, PurseCredited, Replaced,
};
use kazasu_ledger::{AccountKey, Transfer};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::relief::Method;

impl State {
    pub(super) fn merchant_registered(&mut self, r: &MerchantRegistered) {
        let at = self.parties.merchant_registered(r);
        self.rules.merchant_registered(at, &self.parties.merchants[position(at)]);
    }

    pub(in super::super) fn linked(&mut self, ppid: Ppid, version: u32, from: Millis, instrument: Option<Instrument>) {
        // A person who links anew, or ends the link, does not wait for the instrument of before.
        if let Some(number) = self.approvals.shared_link_of(ppid) {
            self.approval_superseded(number);
        }
        // Who links anew needs no other instrument any more.
        if self.people.linked(ppid, version, from, instrument)
            && let Some(number) = self.approvals.retarget_of(ppid)
        {
            self.approval_superseded(number);
        }
    }

    pub(in super::super) fn retarget_decided(&mut self, ppid: Ppid, link: Option<&Linked>) {
        match link {
            Some(link) => self.linked(ppid, link.version, link.from, Some(link.instrument.clone())),
            None => self.people.retarget_turned_down(ppid),
        }
    }

    pub(super) fn merged(&mut self, r: &Merged) {
        self.people.merged(r);
        self.relief.merged(r.from.bytes(), r.into.bytes());
    }

    pub(super) fn replaced(&mut self, r: &Replaced) {
        let of_the_old = [
            self.approvals.retarget_of(r.from),
            self.approvals.shared_link_of(r.from),
            self.approvals.staff_link_of(r.from),
        ];
        let broken = self.people.replaced(r);
        self.relief.merged(r.from.bytes(), r.into.bytes());
        if let Some(link) = &r.link {
            self.linked(link.ppid, link.version, link.from, Some(link.instrument.clone()));
            if let Some(broken) = broken {
                let at = self.people.person(r.into);
                self.people.broke(at, link.version, broken.why, broken.since);
            }
        }
        for number in of_the_old.into_iter().flatten() {
            self.approval_superseded(number);
        }
    }

    pub(super) fn notice_ended(&mut self, r: &NoticeEnded) {
        if r.delivered {
            self.notices.remove(&r.notice);
        } else if let Some(owed) = self.notices.get_mut(&r.notice) {
            owed.dead = Some((r.attempts, r.problem.clone().unwrap_or_default()));
        }
    }

    pub(super) fn policy_activated(&mut self, r: &PolicyActivated) {
        self.programmes.policy_activated(r);
        self.rules.policy_activated(r);
        self.prepare_rules();
    }

    /// The rules of a tap, once the policy or a relief programme has changed.
    pub(in super::super) fn prepare_rules(&mut self) {
        // A business day that was ended early ends no programme.
        let at = self.at;
        let runs = |p: &&super::super::relief::Programme| p.terms.method == Method::Purse && !p.terms.is_over(at);
        let room = MOST_PROGRAMMES.saturating_sub(self.rules.own.purses.len());
        let relief: Vec<_> = self.relief.programmes.values().filter(runs).map(|p| p.terms.purse()).take(room).collect();
        self.rules.prepare(&relief, &self.parties.merchants);
    }

    pub(super) fn programme_funded(&mut self, r: &ProgrammeFunded) {
        let key = reference_key(r.programme, None, &r.reference);
        self.references.insert(key, r.transfers[0].amount);
    }

    pub(super) fn purse_credited(&mut self, r: &PurseCredited) {
        let at = self.people.person(r.ppid);
        self.opened(&r.opens);
        let key = reference_key(r.programme, Some(&r.ppid), &r.reference);
        self.references.insert(key, r.transfers[0].amount);
        debug_assert!(self.people.wallet_mut(at).purses.iter().any(|(_, id)| *id == r.transfers[0].credit));
    }

    /// Purses and points that were opened for people belong to them from here on.
    pub(in super::super) fn opened(&mut self, opens: &[Opening]) {
        for Opening { account, key } in opens {
            match *key {
                AccountKey::Purse(holder, programme) => {
                    self.people.wallet_mut(holder).purses.push((programme, *account));
                    self.programmes.purse_opened(programme, *account);
                }
                AccountKey::Points(holder, programme) => {
                    self.people.wallet_mut(holder).points.push(PointsOf::new(programme, *account));
                    self.programmes.points_opened(programme, *account);
                }
                _ => {}
            }
        }
    }

    /// Money may have come back into purses and points whose last day is over.
    pub(in super::super) fn came_back(&mut self, transfers: &[Transfer]) {
        self.programmes.came_back(&self.book, transfers);
    }

    pub(in super::super) fn certificate_bound(&mut self, r: &CertificateBound) {
        let holder = self.people.person(r.ppid);
        let card = &mut self.people.holders[position(holder)].card;
        self.certificates.bound(r, holder, card);
    }
}
