//! The effects of the messages.

use super::*;

impl Oracle {
    pub(in super::super) fn tap(&mut self, id: u64, now: Millis, t: TapIn) -> Out {
        match t.op {
            Op::Purchase | Op::Authorize => self.request(id, now, t),
            Op::PurchaseAdvice | Op::AuthorizationAdvice => self.advice(id, now, t),
        }
    }

    pub(super) fn request(&mut self, id: u64, now: Millis, t: TapIn) -> Out {
        let mut tap = Tap::new(id, t.who, self.people[t.who].instr, now.jst_day(), t);
        let out = self.decide(&mut tap, now, t.use_points);
        match out {
            Out::Refused(_) => tap.tenders.clear(),
            Out::Approved { .. } => {
                self.count_and_grant(&mut tap);
                tap.approve();
            }
            Out::Waits => {
                self.count_and_grant(&mut tap);
                tap.state = State::Waiting;
            }
        }
        self.open_point_accounts(&tap);
        self.taps.push(tap);
        out
    }

    /// Steps 3 to 8 of a request; the tenders of an approved or waiting tap are in it afterwards, as holds.
    pub(super) fn decide(&self, tap: &mut Tap, now: Millis, use_points: bool) -> Out {
        // 3. The card.
        if let Some(code) = self.card_refuses(tap.who, tap.day) {
            return Out::Refused(code);
        }
        // 4. The status list.
        if let Some(validity) = self.policy.validity {
            let Some(issued) = self.list_at else { return Out::Refused("91") };
            let age = now.0 - issued.0;
            if age > i64::from(validity.stale_hours) * HOUR_MS {
                return Out::Refused("91");
            }
            if age > i64::from(validity.fresh_hours) * HOUR_MS {
                if tap.yen > validity.stale_cap.get() {
                    return Out::Refused("61");
                }
                tap.crl_based = true;
            }
        }
        // 5. The PIN.
        if self.policy.no_pin.is_some_and(|ceiling| !tap.pin && tap.yen > ceiling.get()) {
            return Out::Refused("55");
        }
        // 6. Who pays.
        tap.tenders = self.purses_and_points(tap, use_points);
        let covered = tap.held();
        let part = tap.yen - covered;
        if part == 0 {
            return Out::Approved { yen: tap.yen, code: "00" };
        }
        if tap.instr == Instr::None {
            if tap.partial && covered > 0 {
                return Out::Approved { yen: covered, code: "10" };
            }
            return Out::Refused(if self.has_purse_money(tap.who) { "57" } else { "14" });
        }
        // 7. Limits.
        if let Some(code) = self.limits_refuse(tap, part) {
            return Out::Refused(code);
        }
        // 8. Money.
        match tap.instr {
            Instr::None => unreachable!("answered in step 6"),
            Instr::Issuer { issuer, .. } => {
                if !self.issuers.contains(&issuer) {
                    return Out::Refused("92");
                }
                tap.tenders.push(Tender::hold(Source::Issuer, part));
                Out::Waits
            }
            Instr::Deposit(deposit) => {
                let there_is = self.deposit(deposit).max(0);
                if there_is >= part {
                    tap.tenders.push(Tender::hold(Source::Deposit(deposit), part));
                    return Out::Approved { yen: tap.yen, code: "00" };
                }
                if !tap.partial || covered + there_is == 0 {
                    return Out::Refused("51");
                }
                if there_is > 0 {
                    tap.tenders.push(Tender::hold(Source::Deposit(deposit), there_is));
                }
                Out::Approved { yen: covered + there_is, code: "10" }
            }
        }
    }

    /// It has happened already: booked against all rules, and flagged.
    pub(super) fn advice(&mut self, id: u64, now: Millis, t: TapIn) -> Out {
        let who = self.root(t.who);
        let mut tap = Tap::new(id, who, self.people[who].instr, now.jst_day(), t);
        tap.card_not_good = self.card_refuses(t.who, tap.day).is_some();
        tap.tenders = self.purses_and_points(&tap, t.use_points);
        let part = tap.yen - tap.held();
        if part > 0 {
            tap.over_limit = self.limits_refuse(&tap, part).is_some();
            let (source, covers) = match tap.instr {
                Instr::None => (Source::Shortfall, 0),
                Instr::Deposit(deposit) => (Source::Deposit(deposit), self.deposit(deposit).clamp(0, part)),
                Instr::Issuer { issuer, .. } if self.issuers.contains(&issuer) => (Source::Issuer, part),
                Instr::Issuer { .. } => (Source::Shortfall, 0),
            };
            if covers > 0 {
                tap.tenders.push(Tender::hold(source, covers));
            }
            if covers < part {
                tap.tenders.push(Tender::hold(Source::Shortfall, part - covers));
            }
        }
        if t.op == Op::PurchaseAdvice
            && let Some(offline) = &self.policy.offline
        {
            tap.over_offline = self.offline_used(who, now) + t.yen > offline.resident_day.get();
        }
        self.count_and_grant(&mut tap);
        tap.approve();
        self.open_point_accounts(&tap);
        self.taps.push(tap);
        Out::Approved { yen: t.yen, code: "00" }
    }

    /// The issuer's answer to a waiting tap.
    pub(in super::super) fn issuer_says(&mut self, id: u64, _now: Millis, yes: bool) -> Out {
        let Some(tap) = self.waiting(id) else { return Out::Refused("late") };
        if yes {
            tap.approve();
            tap.reverse_later();
            return Out::Approved { yen: tap.yen, code: "00" };
        }
        let covered = tap.held() - tap.held_part();
        if tap.partial && covered > 0 {
            // Purses and points come first in tender order.
            tap.keep(covered);
            tap.approve();
            tap.reverse_later();
            return Out::Approved { yen: covered, code: "10" };
        }
        tap.release(State::Refused);
        Out::Refused("05")
    }

    /// The issuer's link is down, so it was not asked.
    pub(in super::super) fn silent_not_sent(&mut self, id: u64, now: Millis) -> Out {
        let Some(at) = self.taps.iter().position(|tap| tap.id == id && tap.state == State::Waiting) else {
            return Out::Refused("late");
        };
        let day = now.jst_day();
        let stood_in = self.stands_in(&self.taps[at], day);
        let tap = &mut self.taps[at];
        if stood_in.is_some() {
            tap.stood_in = stood_in;
            tap.approve();
            tap.reverse_later();
            return Out::Approved { yen: tap.yen, code: "00" };
        }
        tap.release(State::Refused);
        Out::Refused("91")
    }

    /// The issuer was asked and did not answer.
    pub(in super::super) fn silent_timeout(&mut self, id: u64) -> Out {
        let Some(tap) = self.waiting(id) else { return Out::Refused("late") };
        tap.release(State::Refused);
        Out::Refused("91")
    }

    /// Takes what was really used of a held authorization.
    pub(in super::super) fn complete(&mut self, id: u64, new_id: u64, _now: Millis, yen: i64) -> Out {
        let Some(tap) = self.open(id) else { return Out::Refused("12") };
        if tap.state != State::Held {
            return Out::Refused("12");
        }
        if yen > tap.held() {
            return Out::Refused("13");
        }
        tap.keep(yen);
        tap.post();
        tap.completion = Some(new_id);
        Out::Approved { yen, code: "00" }
    }

    /// Gives a part of a payment back. Nothing refers to `_new_id` later.
    pub(in super::super) fn refund(&mut self, id: u64, _new_id: u64, _now: Millis, yen: i64) -> Out {
        let Some(tap) = self.open(id) else { return Out::Refused("12") };
        if tap.state != State::Posted {
            return Out::Refused("12");
        }
        if yen > tap.stands() {
            return Out::Refused("13");
        }
        let shares = tap.shares(yen);
        for (tender, share) in tap.tenders.iter_mut().zip(shares) {
            tender.refunded += share;
        }
        Out::Approved { yen, code: "00" }
    }

    /// Undoes a tap, or all but what remains of it.
    pub(in super::super) fn reverse(&mut self, id: u64, _now: Millis, remains: i64) -> Out {
        let done = Out::Approved { yen: 0, code: "00" };
        let Some(tap) = self.open(id) else { return done };
        match tap.state {
            State::Refused | State::Undone => {}
            // What may remain holds once the issuer has answered.
            State::Waiting if remains > 0 => tap.most = Some(tap.most.map_or(remains, |most| most.min(remains))),
            State::Waiting => tap.release(State::Undone),
            State::Held | State::Posted => tap.leave(remains),
        }
        done
    }
}
