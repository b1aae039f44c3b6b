//! Who taps where and how much: a town's day, made from a seed.

use super::fleet::{Fleet, Mix};
use super::plan::LoadPlan;
use kazasu_schemas::ids::{InstitutionId, Mcc, Ppid, Rrn, Stan};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::{Millis, TransmissionTime};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Operation, Request};
use std::sync::Arc;

/// SplitMix64: small, fast, the same on every machine.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).expect("32 bits")) / 4_294_967_296.0
    }
}

/// The PPID of resident `index` of a town with this seed.
#[must_use]
pub fn sample_ppid(seed: u64, index: u64) -> Ppid {
    let mut dice = Dice::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ index);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&dice.next().to_be_bytes());
    bytes[8..].copy_from_slice(&dice.next().to_be_bytes());
    Ppid::from_bytes(bytes)
}

/// Makes requests.
pub(super) struct Traffic {
    fleet: Arc<Fleet>,
    acquirer: InstitutionId,
    dice: Dice,
    mix: Mix,
    prefix: u64,
}

impl Traffic {
    /// The plan's places and cards; retrieval reference numbers begin after `prefix`.
    pub(super) fn new(plan: &LoadPlan, mix: Mix, seed: u64, prefix: u64) -> Self {
        Traffic { fleet: plan.fleet.clone(), acquirer: plan.acquirer.id, dice: Dice::new(seed), mix, prefix }
    }

    pub(super) fn mix(&self) -> Mix {
        self.mix
    }

    pub(super) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// A new payment or authorization, made at this moment.
    pub(super) fn payment(&mut self, n: u64, stan: Stan, at: Millis) -> Request {
        let weights = &self.fleet.weights;
        let dart = self.dice.unit() * weights.last().copied().unwrap_or(1.0);
        let place = &self.fleet.places[weights.partition_point(|w| *w < dart).min(weights.len() - 1)];
        let terminals = u64::try_from(place.terminals.len()).expect("few");
        let terminal = place.terminals[usize::try_from(self.dice.below(terminals)).expect("few")];
        let cards = u64::try_from(self.fleet.cards.len()).expect("fits");
        let card = self.fleet.cards[usize::try_from(self.dice.below(cards)).expect("fits")];
        let (merchant, mcc) = (place.merchant, place.mcc);
        let amount = self.amount(mcc);
        let authorize = self.mix == Mix::Realistic && self.dice.below(100) == 0;
        let (local_time, local_date) = at.local();
        Request {
            mti: Mti(if authorize { 100 } else { 200 }),
            operation: Some(if authorize { Operation::Authorize } else { Operation::Purchase }),
            processing: 0,
            amount: Yen::new(amount),
            transmission: at.transmission(),
            stan,
            local_time: Some(local_time),
            local_date: Some(local_date),
            mcc: Some(mcc),
            entry_mode: 72,
            acquirer: self.acquirer,
            rrn: Rrn::from_number(self.prefix + n),
            terminal,
            merchant,
            currency: 392,
            ppid: Some(card),
            original: None,
            replacement: None,
            options: Default::default(),
        }
    }

    /// Yen as they are usual for the trade.
    fn amount(&mut self, mcc: Mcc) -> i64 {
        if self.mix == Mix::Purchases {
            return 1;
        }
        let (least, spread) = match mcc.get() {
            4111 | 4131 => (180, 240),
            4121 => (700, 2_500),
            5411 | 5499 | 5462 => (150, 3_500),
            5812 => (500, 2_000),
            8011 | 8062 => (300, 5_000),
            9399 => (200, 1_500),
            5541 => (2_000, 5_000),
            _ => (300, 4_000),
        };
        let spread = self.dice.below(spread).min(self.dice.below(spread));
        i64::try_from(least + spread).expect("small")
    }
}

/// A refund, reversal or completion of an earlier message.
pub(super) fn about(original: &Request, operation: Operation, stan: Stan, transmission: TransmissionTime) -> Request {
    let (mti, processing) = match operation {
        Operation::Refund => (200, 200_000),
        Operation::Completion => (220, 0),
        _ => (420, 0),
    };
    Request {
        mti: Mti(mti),
        operation: Some(operation),
        processing,
        transmission,
        stan,
        original: Some(original.as_original()),
        ..*original
    }
}
