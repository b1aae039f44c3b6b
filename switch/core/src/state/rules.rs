//! The policy in force, prepared for deciding: which limits and programmes look at a tap of each merchant.

use super::super::index::position;
use super::parties::Merchant;
use kazasu_ledger::record::PolicyActivated;
use kazasu_schemas::canonical;
use kazasu_schemas::policy::{Kind, Kinds, Limit, Policy, PurseProgramme, Shop, Window, in_ranges};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The policy in force.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) struct Rules {
    pub(in super::super) version: u32,
    /// The rules in force: the policy, and the purses of relief programmes that run.
    pub(in super::super) policy: Arc<Policy>,
    /// The policy as it was activated.
    pub(in super::super) own: Arc<Policy>,
    pub(in super::super) source: Arc<str>,
    /// Limits by what the tap is paid with: credit, debit, bank, held, nothing linked.
    by_kind: [u64; 5],
    /// Limits that look only at taps without PIN.
    without_pin: u64,
    /// Limits of days and months that look at every tap.
    pub(in super::super) general: u64,
    /// Position of each purse programme in the order of spending.
    pub(in super::super) rank: Vec<u8>,
    /// Their results for each merchant, by position.
    pub(in super::super) merchants: Vec<MerchantRules>,
    /// Numbers that limits have ever had, with their meaning.
    pub(in super::super) numbers: BTreeMap<u8, Limit>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules::new(0, Arc::new(Policy::initial()), Arc::from(""), &[])
    }
}

/// The policy's bits for a merchant: limits (by number), purse and point programmes (by position).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(in super::super) struct MerchantRules {
    pub(in super::super) limits: u64,
    pub(in super::super) purses: u64,
    pub(in super::super) points: u64,
}

fn index(kind: Option<Kind>) -> usize {
    match kind {
        Some(Kind::Credit) => 0,
        Some(Kind::Debit) => 1,
        Some(Kind::Bank) => 2,
        Some(Kind::OnUs) => 3,
        None => 4,
    }
}

impl Rules {
    /// `relief` are the purses of relief programmes that run.
    fn new(version: u32, own: Arc<Policy>, source: Arc<str>, relief: &[PurseProgramme]) -> Self {
        let policy = match relief {
            [] => own.clone(),
            _ => {
                let mut policy = (*own).clone();
                policy.purses.extend(relief.iter().cloned());
                policy.purses.sort_by_key(|p| p.number);
                Arc::new(policy)
            }
        };
        let mut by_kind = [0; 5];
        let (mut without_pin, mut general) = (0, 0);
        for limit in &policy.limits {
            let bit = 1 << limit.number;
            for kind in Kind::ALL.into_iter().filter(|kind| limit.instruments.has(*kind)) {
                by_kind[index(Some(kind))] |= bit;
            }
            let all = limit.instruments == Kinds::ALL;
            if all {
                by_kind[index(None)] |= bit;
            }
            if limit.without_pin {
                without_pin |= bit;
            }
            let anywhere = limit.mcc.is_none() && limit.class.is_none() && !limit.without_pin && all;
            if anywhere && limit.window != Window::Tap && limit.amount.is_some() {
                general |= bit;
            }
        }
        let mut order: Vec<usize> = (0..policy.purses.len()).collect();
        order.sort_by_key(|at| {
            let purse = &policy.purses[*at];
            (purse.until.is_none(), purse.until, purse.closes.is_none(), purse.closes, purse.number)
        });
        let mut rank = vec![0; order.len()];
        for (place, at) in (0..).zip(order) {
            rank[at] = place;
        }
        let (merchants, numbers) = Default::default();
        Rules { version, policy, own, source, by_kind, without_pin, general, rank, merchants, numbers }
    }

    /// Its results for merchants are prepared anew after it, see [`Rules::prepare`].
    pub(in super::super) fn policy_activated(&mut self, r: &PolicyActivated) {
        let mut numbers = std::mem::take(&mut self.numbers);
        for limit in &r.policy.limits {
            numbers.entry(limit.number).or_insert_with(|| limit.clone());
        }
        let (own, source) = (Arc::new(r.policy.clone()), Arc::from(r.source.as_str()));
        *self = Rules { numbers, ..Rules::new(r.version, own, source, &[]) };
    }

    /// The rules of a tap, once the policy or a relief programme has changed.
    pub(in super::super) fn prepare(&mut self, relief: &[PurseProgramme], merchants: &[Merchant]) {
        let Rules { version, own, source, numbers, .. } = std::mem::take(self);
        *self = Rules { numbers, ..Rules::new(version, own, source, relief) };
        self.merchants = merchants.iter().map(|merchant| self.of_merchant(merchant)).collect();
    }

    /// The merchant at this position is new, or another one than before.
    pub(in super::super) fn merchant_registered(&mut self, at: u32, merchant: &Merchant) {
        let rules = self.of_merchant(merchant);
        match self.merchants.get_mut(position(at)) {
            Some(known) => *known = rules,
            None => self.merchants.push(rules),
        }
    }

    fn of_merchant(&self, merchant: &Merchant) -> MerchantRules {
        let traits = &merchant.traits;
        let shop = Shop {
            acquirer: merchant.acquirer,
            merchant: merchant.id,
            mcc: merchant.mcc,
            tags: &traits.tags,
            region: &traits.region,
        };
        let mut rules = MerchantRules::default();
        for limit in &self.policy.limits {
            let mcc = limit.mcc.as_ref().is_none_or(|ranges| in_ranges(ranges, merchant.mcc));
            if mcc && limit.class.as_ref().is_none_or(|class| canonical::same(class, &traits.class)) {
                rules.limits |= 1 << limit.number;
            }
        }
        for (at, purse) in self.policy.purses.iter().enumerate().filter(|(_, p)| p.place.takes(shop)) {
            debug_assert!(purse.number > 0);
            rules.purses |= 1 << at;
        }
        for (at, programme) in self.policy.points.iter().enumerate().filter(|(_, p)| p.place.takes(shop)) {
            debug_assert!(programme.number > 0);
            rules.points |= 1 << at;
        }
        rules
    }

    /// The limits that look at a tap.
    pub(in super::super) fn limits(&self, merchant: MerchantRules, kind: Option<Kind>, pin: Pin) -> u64 {
        let without_pin = match pin {
            Pin::Entered => !self.without_pin,
            Pin::Absent => u64::MAX,
        };
        merchant.limits & self.by_kind[index(kind)] & without_pin
    }
}

/// Whether the person entered a PIN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Pin {
    Entered,
    Absent,
}

impl Pin {
    /// DE22's third digit: 1 for a PIN.
    pub(in super::super) fn of(entry_mode: u16) -> Self {
        if entry_mode % 10 == 1 { Pin::Entered } else { Pin::Absent }
    }
}
