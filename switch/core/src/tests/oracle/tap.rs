//! The fate of one tap of the oracle.

use super::*;

impl Tap {
    pub(super) fn new(id: u64, who: usize, instr: Instr, day: BusinessDay, t: TapIn) -> Self {
        Tap {
            id,
            completion: None,
            who,
            instr,
            merchant: t.merchant,
            day,
            op: t.op,
            yen: t.yen,
            pin: t.pin,
            partial: t.partial,
            state: State::Refused,
            tenders: Vec::new(),
            grants: Vec::new(),
            limits: Vec::new(),
            stood_in: None,
            over_limit: false,
            over_offline: false,
            card_not_good: false,
            crl_based: false,
            most: None,
        }
    }

    /// The id that later messages must name.
    pub(super) fn open_id(&self) -> u64 {
        self.completion.unwrap_or(self.id)
    }

    pub(super) fn held(&self) -> i64 {
        self.tenders.iter().map(|tender| tender.held).sum()
    }

    pub(super) fn stands(&self) -> i64 {
        self.tenders.iter().map(Tender::stands).sum()
    }

    pub(super) fn instrument(&self) -> impl Iterator<Item = &Tender> {
        self.tenders.iter().filter(|tender| tender.source.is_instrument())
    }

    pub(super) fn held_part(&self) -> i64 {
        self.instrument().map(|tender| tender.held).sum()
    }

    /// Its amount in limit windows: refunds give nothing back.
    pub(super) fn counted_yen(&self) -> i64 {
        self.instrument().map(|tender| tender.held + tender.posted - tender.reversed).sum()
    }

    /// Its count in limit windows: zero when it is undone altogether.
    pub(super) fn counted_times(&self) -> u32 {
        let refunded: i64 = self.tenders.iter().map(|tender| tender.refunded).sum();
        if self.held() + self.stands() == 0 && refunded == 0 { 0 } else { 1 }
    }

    /// The instrument part that earns: what is held, or posted and not given back.
    pub(super) fn earning_part(&self) -> i64 {
        self.instrument().map(|tender| tender.held + tender.stands()).sum()
    }

    /// The posted points of one of its grants, less what was taken back.
    pub(super) fn posted_points(&self, grant: &Grant) -> i64 {
        let paid: i64 = self.instrument().map(|tender| tender.posted).sum();
        let left: i64 = self.instrument().map(Tender::stands).sum();
        portion(grant.posted, left, paid)
    }

    /// Everything that one of its grants takes from the budget.
    pub(super) fn net_points(&self, grant: &Grant) -> i64 {
        grant.held + self.posted_points(grant)
    }

    /// Keeps so much of the holds, in tender order, and releases the rest.
    pub(super) fn keep(&mut self, yen: i64) {
        let part_before = self.held_part();
        let mut left = yen;
        for tender in &mut self.tenders {
            tender.held = tender.held.min(left);
            left -= tender.held;
        }
        let part_after = self.held_part();
        for grant in &mut self.grants {
            grant.held = portion(grant.held, part_after, part_before);
        }
    }

    /// Turns all that is held into postings.
    pub(super) fn post(&mut self) {
        for tender in &mut self.tenders {
            tender.posted = tender.held;
            tender.held = 0;
        }
        for grant in &mut self.grants {
            grant.posted = grant.held;
            grant.held = 0;
        }
        self.state = State::Posted;
    }

    /// It is approved: a purchase is posted, an authorization stays held.
    pub(super) fn approve(&mut self) {
        match self.op {
            Op::Purchase | Op::PurchaseAdvice => self.post(),
            Op::Authorize | Op::AuthorizationAdvice => self.state = State::Held,
        }
    }

    /// Undoes all but so much.
    pub(super) fn leave(&mut self, remains: i64) {
        if self.state == State::Held {
            if remains < self.held() {
                self.keep(remains);
                if remains == 0 {
                    self.state = State::Undone;
                }
            }
        } else if remains < self.stands() {
            let shares = self.shares(self.stands() - remains);
            for (tender, share) in self.tenders.iter_mut().zip(shares) {
                tender.reversed += share;
            }
            // What was refunded before stays a payment that was refunded.
            if remains == 0 && self.tenders.iter().all(|tender| tender.refunded == 0) {
                self.state = State::Undone;
            }
        }
    }

    /// It has its outcome: what reversals said meanwhile takes effect.
    pub(super) fn reverse_later(&mut self) {
        if let Some(remains) = self.most {
            self.leave(remains);
        }
    }

    /// Releases everything.
    pub(super) fn release(&mut self, state: State) {
        self.keep(0);
        self.state = state;
    }

    /// The tenders' shares of an amount that is given back: first what no account covered, then in proportion.
    pub(super) fn shares(&self, yen: i64) -> Vec<i64> {
        let uncovered = self.tenders.iter().filter(|tender| tender.source == Source::Shortfall);
        let shortfall: i64 = uncovered.map(Tender::stands).sum();
        let to_shortfall = shortfall.min(yen);
        let rest = yen - to_shortfall;
        let sum = self.stands() - shortfall;
        let mut so_far = 0;
        let mut given = 0;
        let mut shares = Vec::new();
        for tender in &self.tenders {
            if tender.source == Source::Shortfall {
                // A tap has one such tender at most.
                shares.push(to_shortfall);
                continue;
            }
            so_far += tender.stands();
            let up_to_here = portion(so_far, rest, sum);
            shares.push(up_to_here - given);
            given = up_to_here;
        }
        shares
    }
}
