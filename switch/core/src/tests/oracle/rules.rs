//! The rules one by one.

use super::*;

impl Oracle {
    /// The person to whom everything of this one belongs.
    pub(super) fn root(&self, who: usize) -> usize {
        let mut person = who;
        while let Some(into) = self.people[person].merged_into {
            person = into;
        }
        person
    }

    /// Whose accounts are the person's, in the order in which they pay.
    pub(super) fn family(&self, who: usize) -> &[usize] {
        &self.people[self.root(who)].family
    }

    /// The person's taps, those from before a merger included.
    pub(super) fn taps_of(&self, who: usize) -> impl Iterator<Item = &Tap> {
        let person = self.root(who);
        self.taps.iter().filter(move |tap| self.root(tap.who) == person)
    }

    /// The tap that a later message means, when its id is not closed by a completion.
    pub(super) fn open(&mut self, id: u64) -> Option<&mut Tap> {
        self.taps.iter_mut().find(|tap| tap.open_id() == id)
    }

    pub(super) fn waiting(&mut self, id: u64) -> Option<&mut Tap> {
        self.taps.iter_mut().find(|tap| tap.id == id && tap.state == State::Waiting)
    }

    /// Everything that taps hold of an account or have taken from it for good.
    pub(super) fn taken_from(&self, source: Source) -> i64 {
        let tenders = self.taps.iter().flat_map(|tap| &tap.tenders);
        tenders.filter(|tender| tender.source == source).map(|tender| tender.held + tender.stands()).sum()
    }

    pub(super) fn purse_account(&self, owner: usize, programme: u16) -> i64 {
        let credits = self.credits.iter().filter(|credit| credit.0 == owner && credit.1 == programme);
        let paid_in: i64 = credits.map(|credit| credit.2).sum();
        paid_in - self.taken_from(Source::Purse { owner, programme })
    }

    pub(super) fn point_account(&self, owner: usize, programme: u16) -> i64 {
        let mut points = 0;
        for tap in &self.taps {
            for grant in &tap.grants {
                if grant.owner == owner && grant.programme == programme {
                    points += tap.posted_points(grant);
                }
            }
        }
        points - self.taken_from(Source::Points { owner, programme })
    }

    /// Any purse money at all, for any goods?
    pub(super) fn has_purse_money(&self, who: usize) -> bool {
        let family = self.family(who);
        self.credits.iter().any(|credit| family.contains(&credit.0) && self.purse_account(credit.0, credit.1) > 0)
    }

    pub(super) fn card_refuses(&self, who: usize, day: BusinessDay) -> Option<&'static str> {
        if self.people[who].merged_into.is_some() {
            return Some("62");
        }
        match self.people[who].card {
            Card::Good => None,
            Card::Held => Some("41"),
            Card::Revoked => Some("62"),
            Card::LastDay(last) => (day > last).then_some("54"),
        }
    }

    /// The tenders before the instrument, as holds.
    pub(super) fn purses_and_points(&self, tap: &Tap, use_points: bool) -> Vec<Tender> {
        let merchant = &self.merchants[tap.merchant];
        let family = self.family(tap.who);

        // Each account with its place in the order: last day, number, the person's own before merged ones.
        let mut purses = Vec::new();
        for programme in &self.policy.purses {
            let begun = programme.from.is_none_or(|from| from <= tap.day);
            let over = programme.until.is_some_and(|until| until < tap.day);
            if !begun || over || !allows(&programme.place, merchant) {
                continue;
            }
            for (place, owner) in family.iter().enumerate() {
                let there_is = self.purse_account(*owner, programme.number);
                if there_is > 0 {
                    let order = (programme.until.unwrap_or(NEVER), programme.number, place);
                    let source = Source::Purse { owner: *owner, programme: programme.number };
                    purses.push((order, source, there_is));
                }
            }
        }
        purses.sort_by_key(|purse| purse.0);
        purses.truncate(MOST_PURSES);

        let mut points = Vec::new();
        for programme in self.policy.points.iter().filter(|_| use_points) {
            let over = programme.expires.is_some_and(|expires| expires < tap.day);
            if !programme.redeemable || tap.day < programme.from || over || !allows(&programme.place, merchant) {
                continue;
            }
            for (place, owner) in family.iter().enumerate() {
                let there_is = self.point_account(*owner, programme.number);
                if there_is > 0 {
                    let order = (programme.expires.unwrap_or(NEVER), programme.number, place);
                    let source = Source::Points { owner: *owner, programme: programme.number };
                    points.push((order, source, there_is));
                }
            }
        }
        points.sort_by_key(|account| account.0);
        points.truncate(MOST_POINTS);

        let mut left = tap.yen;
        let mut tenders = Vec::new();
        for (_, source, there_is) in purses.into_iter().chain(points) {
            let pays = there_is.min(left);
            if pays > 0 {
                tenders.push(Tender::hold(source, pays));
                left -= pays;
            }
        }
        tenders
    }

    /// Does the limit look at this tap?
    pub(super) fn concerns(&self, limit: &Limit, tap: &Tap) -> bool {
        let merchant = &self.merchants[tap.merchant];
        let kind = tap.instr.kind();
        let mcc = limit.mcc.as_ref().is_none_or(|ranges| within(ranges, merchant.mcc));
        let class = limit.class.as_ref().is_none_or(|class| *class == merchant.class);
        let paid_with = limit.instruments == Kinds::ALL || kind.is_some_and(|kind| limit.instruments.has(kind));
        let whose = limit.per == Per::Resident || kind.is_some();
        let pin = !limit.without_pin || !tap.pin;
        mcc && class && paid_with && whose && pin
    }

    /// The content of a limit's window on a day.
    pub(super) fn window(&self, limit: &Limit, who: usize, instr: Instr, day: BusinessDay) -> (i64, u32) {
        let person = self.root(who);
        let mut yen = 0;
        let mut count = 0;
        for tap in &self.taps {
            let inside = match limit.window {
                Window::Tap => false,
                Window::Day => tap.day == day,
                Window::Month => tap.day.month() == day.month(),
                Window::Days(days) => tap.day <= day && tap.day.0 > day.0 - i32::from(days),
            };
            let theirs = match limit.per {
                Per::Resident => self.root(tap.who) == person,
                Per::Instrument => tap.instr.same(instr),
            };
            if inside && theirs && tap.limits.contains(&limit.number) {
                yen += tap.counted_yen();
                count += tap.counted_times();
            }
        }
        (yen, count)
    }

    /// Step 7: may the instrument pay this part?
    pub(super) fn limits_refuse(&self, tap: &Tap, part: i64) -> Option<&'static str> {
        let person = self.root(tap.who);
        let own = self.people[person].own;

        // Per tap.
        if own.tap.is_some_and(|most| part > most) {
            return Some("61");
        }
        for limit in self.policy.limits.iter().filter(|limit| self.concerns(limit, tap)) {
            if limit.window == Window::Tap && limit.amount.is_some_and(|most| part > most.get()) {
                return Some("61");
            }
        }

        // Other amounts.
        let own_day: i64 = self.taps_of(person).filter(|other| other.day == tap.day).map(Tap::counted_yen).sum();
        if own.day.is_some_and(|most| own_day + part > most) {
            return Some("61");
        }
        let month = tap.day.month();
        let of_month = self.taps_of(person).filter(|other| other.day.month() == month);
        let own_month: i64 = of_month.map(Tap::counted_yen).sum();
        if own.month_declines && own.month.is_some_and(|most| own_month + part > most) {
            return Some("61");
        }
        for limit in self.policy.limits.iter().filter(|limit| self.concerns(limit, tap)) {
            let (yen, _) = self.window(limit, person, tap.instr, tap.day);
            if limit.window != Window::Tap && limit.amount.is_some_and(|most| yen + part > most.get()) {
                return Some("61");
            }
        }

        // Counts.
        for limit in self.policy.limits.iter().filter(|limit| self.concerns(limit, tap)) {
            let (_, count) = self.window(limit, person, tap.instr, tap.day);
            if limit.count.is_some_and(|most| count + 1 > most) {
                return Some("65");
            }
        }
        None
    }

    /// The limits that count an approved or waiting tap, and the points that it earns. Its tenders are holds.
    pub(super) fn count_and_grant(&self, tap: &mut Tap) {
        if tap.held_part() == 0 {
            return;
        }
        let limits = self.policy.limits.iter().filter(|limit| self.concerns(limit, tap));
        tap.limits = limits.map(|limit| limit.number).collect();
        tap.grants = self.grants(tap);
    }

    /// A person's account of a programme begins with the first point, or the first tap that its month counts.
    pub(super) fn open_point_accounts(&mut self, tap: &Tap) {
        for grant in &tap.grants {
            let month = self.policy.points.iter().any(|p| p.number == grant.programme && p.rounding == Rounding::Month);
            if grant.held + grant.posted > 0 || month {
                self.point_accounts.insert((grant.owner, grant.programme));
            }
        }
    }

    pub(super) fn grants(&self, tap: &Tap) -> Vec<Grant> {
        let mut grants = Vec::new();
        let Some(kind) = tap.instr.kind() else { return grants };
        let merchant = &self.merchants[tap.merchant];
        let owner = self.root(tap.who);
        let part = tap.held_part();

        let mut programmes: Vec<&PointProgramme> = self.policy.points.iter().collect();
        programmes.sort_by_key(|programme| programme.number);
        for programme in programmes {
            let in_period = programme.from <= tap.day && tap.day <= programme.until;
            let here = allows(&programme.place, merchant) && programme.instruments.has(kind);
            if !in_period || !here || part < programme.minimum.get() || self.another_granted(programme, tap, &grants) {
                continue;
            }
            if grants.len() == MOST_GRANTS {
                break;
            }

            let number = programme.number;
            let (month, life) = self.granted_by(owner, number, tap.day);
            let mut points = match programme.rounding {
                Rounding::Tap => points_for(programme, tap.day, part),
                Rounding::Month => {
                    let parts = self.month_earning_parts(owner, number, tap.day) + part;
                    points_for(programme, tap.day, parts) - month
                }
            };
            if let Some(most) = programme.cap_tap {
                points = points.min(most);
            }
            if let Some(most) = programme.cap_month {
                points = points.min(most - month);
            }
            if let Some(most) = programme.cap_life {
                points = points.min(most - life);
            }
            points = points.min(self.budget_left(number)).max(0);
            // Into the account that there is: the person's own before one that came with a temporary ID.
            let family = self.family(tap.who);
            let account = family.iter().copied().find(|member| self.point_accounts.contains(&(*member, number)));
            grants.push(Grant { programme: number, owner: account.unwrap_or(owner), held: points, posted: 0 });
        }
        grants
    }

    /// Has another programme with the same word granted to the person, on earlier taps or just now on this one?
    pub(super) fn another_granted(&self, programme: &PointProgramme, tap: &Tap, just_now: &[Grant]) -> bool {
        let Some(word) = &programme.one_of else { return false };
        for other in &self.policy.points {
            if other.number == programme.number || other.one_of.as_ref() != Some(word) {
                continue;
            }
            let (_, before) = self.granted_by(tap.who, other.number, tap.day);
            let on_this_tap = just_now.iter().filter(|grant| grant.programme == other.number);
            let now: i64 = on_this_tap.map(|grant| grant.held).sum();
            if before + now > 0 {
                return true;
            }
        }
        false
    }

    /// A programme's points for a person, net: in the day's month, and in all.
    pub(super) fn granted_by(&self, who: usize, programme: u16, day: BusinessDay) -> (i64, i64) {
        let mut month = 0;
        let mut life = 0;
        for tap in self.taps_of(who) {
            for grant in tap.grants.iter().filter(|grant| grant.programme == programme) {
                life += tap.net_points(grant);
                if tap.day.month() == day.month() {
                    month += tap.net_points(grant);
                }
            }
        }
        (month, life)
    }

    /// The amount that has earned in a programme in the day's month.
    pub(super) fn month_earning_parts(&self, who: usize, programme: u16, day: BusinessDay) -> i64 {
        let this_month = self.taps_of(who).filter(|tap| tap.day.month() == day.month());
        let earning = this_month.filter(|tap| tap.grants.iter().any(|grant| grant.programme == programme));
        earning.map(Tap::earning_part).sum()
    }

    /// All points that a programme has granted, pending ones included, less those taken back.
    pub(super) fn taken_from_budget(&self, programme: u16) -> i64 {
        let mut points = 0;
        for tap in &self.taps {
            for grant in tap.grants.iter().filter(|grant| grant.programme == programme) {
                points += tap.net_points(grant);
            }
        }
        points
    }

    /// May the switch approve a waiting tap in its issuer's place? Later reversals do not shrink the day's sums.
    pub(super) fn stands_in(&self, tap: &Tap, day: BusinessDay) -> Option<StoodIn> {
        let Instr::Issuer { issuer, .. } = tap.instr else { return None };
        if tap.op != Op::Purchase {
            return None;
        }
        let rules = self.policy.stand_in.iter().find(|rules| rules.issuer == issuer)?;
        let part = tap.held_part();
        let person = self.root(tap.who);
        let mut of_issuer = 0;
        let mut of_person = 0;
        for other in &self.taps {
            let Some(earlier) = &other.stood_in else { continue };
            if earlier.day != day {
                continue;
            }
            if earlier.issuer == issuer {
                of_issuer += earlier.part;
            }
            if self.root(other.who) == person {
                of_person += earlier.part;
            }
        }
        let allowed = part <= rules.tap.get()
            && of_issuer + part <= rules.issuer_day.get()
            && of_person + part <= rules.resident_day.get();
        allowed.then_some(StoodIn { issuer, day, part })
    }
}
