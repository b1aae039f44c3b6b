//! Fees, day by day: a fold of the journal that says what each merchant's day came to, what was charged for each tap, and what each
//! issuer owes. It decides nothing and is rebuilt from the journal at any time, with the same result.

use crate::journal_index::{JournalIndex, MerchantKey, Move};
use hashbrown::HashMap;
use kazasu_ledger::record::{self, CutOver, Fold, Place, Proposal, TotalsCompared};
use kazasu_ledger::{AccountKey, Body, Seq, TransferKind};
use kazasu_schemas::contract::{
    Allowance, Brand, ByTender, Charged, Contract, Contracts, DayFees, DayTotals, Period, Product, Refund, Scope,
    TapFact, TapFee, Tariff, Tender,
};
use kazasu_schemas::ids::{InstitutionId, Mcc, Ppid};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_security::vault::Vault;
use kazasu_store::Reader;
use kazasu_store::records::{Placed, Records};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A merchant's business day.
#[derive(Clone, Debug)]
pub struct MerchantDay {
    /// The contract that charged it.
    pub contract: Option<u32>,
    /// The contracts of that day, where one charged it.
    pub contracts: Option<Arc<Contracts>>,
    /// The movements, by tender.
    pub totals: DayTotals,
    /// Fees by its contract; `None` where no contract settles it.
    pub fees: Option<DayFees>,
    /// Payments with points of programmes that the merchant funds, here or anywhere; together the totals' `points_funding`.
    pub funding: BTreeMap<u16, Yen>,
}

/// An issuer's business day: what it owes for it, and what it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IssuerDay {
    /// The amount that it owes for the day, in yen; below zero when it is owed.
    pub net: i64,
    /// Interchange that it keeps, yen.
    pub interchange: i64,
    /// Payments and refunds that its instruments paid or got.
    pub taps: u64,
}

/// A business day that ended.
#[derive(Clone, Debug, Default)]
pub struct DayBook {
    /// By merchant.
    pub merchants: BTreeMap<MerchantKey, MerchantDay>,
    /// By issuer.
    pub issuers: BTreeMap<u16, IssuerDay>,
}

/// Interchange of a tap.
#[derive(Clone, Copy, Debug)]
struct KeptOf {
    issuer: u16,
    interchange: i64,
    /// The part of the tap that the issuer owes.
    amount: i64,
    day: BusinessDay,
}

impl KeptOf {
    /// The amount that the issuer does not keep because it owes that much less.
    fn less(&mut self, less: Yen) -> i64 {
        let left = self.amount - less.get();
        // Nothing is left, or another sign than before: it keeps nothing.
        let keeps = if left == 0 || left.signum() != self.amount.signum() {
            0
        } else {
            let scaled = i128::from(self.interchange) * i128::from(left) / i128::from(self.amount);
            i64::try_from(scaled).unwrap_or(self.interchange)
        };
        let back = self.interchange - keeps;
        (self.interchange, self.amount) = (keeps, left);
        back
    }
}

#[derive(Clone, Copy, Debug)]
struct Fact {
    moved: Move,
}

/// The movements for a merchant on a day, added up.
#[derive(Default)]
struct Together {
    adjustments: Yen,
    chargebacks: Yen,
    chargeback_cases: u32,
    /// By tap and means of payment: the amount, and the payment that it gives back of.
    merged: BTreeMap<(u64, Tender), (Yen, Option<u64>)>,
    /// The issuers behind the taps.
    issuers: HashMap<u64, u16>,
}

impl Together {
    fn of(list: &[Fact]) -> Self {
        let mut all = Together::default();
        for Fact { moved } in list {
            if moved.chargeback {
                all.chargebacks = sum(all.chargebacks, Yen::new(-moved.amount.get()));
                all.chargeback_cases += 1;
                continue;
            }
            if moved.correction {
                all.adjustments = sum(all.adjustments, moved.amount);
                continue;
            }
            let there = all.merged.entry((moved.tap, moved.tender)).or_insert((Yen::ZERO, moved.of.or(moved.again)));
            there.0 = sum(there.0, moved.amount);
            if let Some(issuer) = moved.issuer {
                all.issuers.insert(moved.tap, issuer);
            }
        }
        all
    }

    /// Totals with what no fee is charged for.
    fn with(&self, totals: DayTotals) -> DayTotals {
        let &Together { adjustments, chargebacks, chargeback_cases, .. } = self;
        DayTotals { adjustments, chargebacks, chargeback_cases, ..totals }
    }
}

/// The fold.
pub struct FeeProjection {
    /// The reading of the journal below.
    pub index: JournalIndex,
    vault: Option<Arc<Vault>>,
    /// The last record that was read.
    pub seq: Seq,
    contracts: Option<Arc<Contracts>>,
    tariffs: HashMap<u32, Arc<Tariff>>,
    facts: HashMap<MerchantKey, Vec<Fact>>,
    issuers: BTreeMap<u16, IssuerDay>,
    /// The parts that issuers keep of taps, as long as it may turn out that they do not owe them; by tap.
    kept: HashMap<u64, KeptOf>,
    /// The part of a tap of the open day that an issuer does not owe.
    unowed: HashMap<u64, Yen>,
    /// The amounts that point programmes' funders came to owe on the day, in the order of the records.
    funded: Vec<Move>,
    /// The merchant that funds a payment with points, if one does: it also gets what is given back of it.
    funders: HashMap<(u64, u16), (Option<MerchantKey>, BusinessDay)>,
    allowances: HashMap<MerchantKey, Allowance>,
    charged: HashMap<(u64, Tender), Charged>,
    given_back: HashMap<(u64, Tender), Yen>,
    cards: HashMap<(Ppid, u32), (Brand, Product)>,
    /// Days that ended.
    pub days: BTreeMap<BusinessDay, DayBook>,
    /// The last totals that an acquirer asked about (0500), for each of its days: what it said and what stood here.
    pub totals: BTreeMap<(BusinessDay, InstitutionId), TotalsCompared>,
    /// Whose taps are kept line by line, and of which days.
    watch: Option<(MerchantKey, BusinessDay, BusinessDay)>,
    /// The taps of the watched merchant.
    pub lines: Vec<Line>,
}

/// One tap's part in a merchant's day.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Its business day.
    pub day: BusinessDay,
    /// The facts that the contract looks at.
    pub fact: TapFact,
    /// The merchant's fee on it.
    pub fee: Yen,
    /// The issuer's part of the fee.
    pub interchange: Yen,
}

impl FeeProjection {
    /// Empty books. The vault tells card brands apart, where contracts ask for them.
    pub fn new(vault: Option<Arc<Vault>>) -> Self {
        FeeProjection {
            index: JournalIndex::default(),
            vault,
            seq: 0,
            contracts: None,
            tariffs: HashMap::new(),
            facts: HashMap::new(),
            issuers: BTreeMap::new(),
            kept: HashMap::new(),
            unowed: HashMap::new(),
            funded: Vec::new(),
            funders: HashMap::new(),
            allowances: HashMap::new(),
            charged: HashMap::new(),
            given_back: HashMap::new(),
            cards: HashMap::new(),
            days: BTreeMap::new(),
            totals: BTreeMap::new(),
            watch: None,
            lines: Vec::new(),
        }
    }

    /// Books that keep a merchant's taps of some days line by line.
    pub fn watching(vault: Option<Arc<Vault>>, merchant: MerchantKey, from: BusinessDay, until: BusinessDay) -> Self {
        FeeProjection { watch: Some((merchant, from, until)), ..FeeProjection::new(vault) }
    }

    /// Reads on to the journal's end.
    pub async fn catch_up(&mut self, reader: &mut dyn Reader) -> anyhow::Result<()> {
        let mut records = Records::from(reader, self.seq + 1);
        while let Some(page) = records.page().await? {
            for Placed { entry, body } in &page {
                self.record(entry.place(), body)?;
            }
        }
        Ok(())
    }

    /// The next record.
    pub fn record(&mut self, place: Place, body: &Body) -> anyhow::Result<()> {
        self.seq = place.seq;
        for moved in self.index.record(place, body) {
            if let Some(issuer) = moved.issuer.filter(|_| !moved.correction) {
                self.issuers.entry(issuer).or_default().taps += 1;
            }
            if moved.programme.is_some() {
                self.funded.push(moved);
            }
            self.facts.entry(moved.merchant).or_default().push(Fact { moved });
        }
        // An issuer keeps nothing of what it does not owe. Of a chargeback it keeps its part, as the merchant's fee stays.
        for restated in
            self.index.restated(place.seq, body).into_iter().filter(|r| !r.chargeback && r.party.starts_with("issuer "))
        {
            match self.kept.get_mut(&restated.tap) {
                Some(kept) => {
                    let back = kept.less(restated.less);
                    self.issuers.entry(kept.issuer).or_default().interchange -= back;
                }
                None => {
                    let all = self.unowed.entry(restated.tap).or_default();
                    *all = sum(*all, restated.less);
                }
            }
        }
        // All that changes what an issuer owes, but for what it keeps and what it pays.
        if !matches!(body, Body::IssuerSettled(_) | Body::MoneyReceived(_)) {
            for t in body.transfers().iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_)))
            {
                // What it pays, and a payment that is undone, moves between it and the bank.
                if [t.debit, t.credit].iter().any(|id| self.index.key(*id) == Some(&AccountKey::Bank)) {
                    continue;
                }
                for (id, sign) in [(t.debit, 1), (t.credit, -1)] {
                    if let Some(AccountKey::IssuerReceivable(issuer)) = self.index.key(id) {
                        self.issuers.entry(*issuer).or_default().net += sign * t.amount.get();
                    }
                }
            }
        }
        body.fold(place, self)
    }

    fn day_over(&mut self, r: &CutOver) -> anyhow::Result<()> {
        let mut book = DayBook::default();
        let mut funding = self.funding(r.closed);
        for key in funding.keys() {
            self.facts.entry(*key).or_default();
        }
        let mut facts: Vec<_> = std::mem::take(&mut self.facts).into_iter().collect();
        facts.sort_by_key(|(key, _)| *key);
        let mut fees = Vec::new();
        for (key, list) in facts {
            let mut day = self.merchant_day(&key, r.closed, &list, &mut fees)?;
            day.funding = funding.remove(&key).unwrap_or_default();
            day.totals.points_funding = day.funding.values().fold(Yen::ZERO, |all, yen| sum(all, *yen));
            book.merchants.insert(key, day);
        }
        book.issuers = std::mem::take(&mut self.issuers);
        self.days.insert(r.closed, book);
        // What can be refunded no more needs no fee of its own any more.
        let keep = r.forget_before;
        self.charged.retain(|_, charged| charged.day >= keep);
        self.funders.retain(|_, (_, day)| *day >= keep);
        self.kept.retain(|_, kept| kept.day >= keep);
        self.unowed.clear();
        let charged = &self.charged;
        self.given_back.retain(|key, _| charged.contains_key(key));
        Ok(())
    }

    /// The amounts that merchants owe for the day as funders of points, each by programme. A payment's own day fixes its funder, who gets
    /// what is given back of it later. What no merchant funds stays with the programme's own funder.
    fn funding(&mut self, day: BusinessDay) -> BTreeMap<MerchantKey, BTreeMap<u16, Yen>> {
        let mut out = BTreeMap::<MerchantKey, BTreeMap<u16, Yen>>::new();
        for moved in std::mem::take(&mut self.funded) {
            let Some(programme) = moved.programme else { continue };
            let payment = moved.of.or(moved.again);
            let known = self.funders.get(&(payment.unwrap_or(moved.tap), programme)).map(|(funder, _)| *funder);
            let funder = match (known, payment) {
                (Some(funder), _) => funder,
                (None, Some(_)) => None,
                (None, None) => {
                    let funder = self.funder(programme, day);
                    self.funders.insert((moved.tap, programme), (funder, day));
                    funder
                }
            };
            // A merchant that nothing settles any more gets and owes nothing.
            let settles = |key: &MerchantKey| {
                self.contracts.as_ref().is_some_and(|contracts| self.index.contract(contracts, key, day).is_some())
            };
            if let Some(key) = funder.filter(settles) {
                let owes = out.entry(key).or_default().entry(programme).or_default();
                *owes = sum(*owes, moved.amount);
            }
        }
        out
    }

    /// The amounts that a merchant funded on the days of a period that ended, by programme.
    pub fn funding_of(&self, key: MerchantKey, period: Period) -> BTreeMap<u16, Yen> {
        let mut out = BTreeMap::<u16, Yen>::new();
        let days = self.days.range(period.from..=period.until).filter_map(|(_, book)| book.merchants.get(&key));
        for (programme, yen) in days.flat_map(|m| &m.funding) {
            let all = out.entry(*programme).or_default();
            *all = sum(*all, *yen);
        }
        out.retain(|_, yen| *yen != Yen::ZERO);
        out
    }

    /// The merchants that fund these programmes on the day after the last that ended.
    pub fn funders_now(&self, programmes: &[u16]) -> BTreeMap<u16, MerchantKey> {
        let day = self.days.keys().next_back().map_or_else(|| kazasu_engine::clock::now().jst_day(), |day| day.next());
        programmes.iter().filter_map(|n| Some((*n, self.funder(*n, day)?))).collect()
    }

    /// The merchant whose contract says on this day that it funds the programme.
    fn funder(&self, programme: u16, day: BusinessDay) -> Option<MerchantKey> {
        let contracts = self.contracts.as_ref()?;
        let contract = contracts.contracts.iter().find(|c| c.in_force(day) && c.funds_points.contains(&programme))?;
        match &contract.scope {
            Scope::Merchants(list) => match list[..] {
                [key] if self.index.merchants.contains_key(&key) => Some(key),
                _ => None,
            },
            Scope::Default | Scope::Group { .. } => None,
        }
    }

    /// Brand and product of the card behind a tap.
    fn card(&mut self, tap: u64) -> (Brand, Product) {
        let unknown = (Brand::NONE, Product::UNKNOWN);
        let (Some(link), Some(contracts), Some(vault)) = (self.index.link_of(tap), &self.contracts, &self.vault) else {
            return unknown;
        };
        if let Some(known) = self.cards.get(&link) {
            return *known;
        }
        let found = self
            .index
            .card_digits(tap, vault)
            .map_or(unknown, |digits| (contracts.brand_of(&digits), contracts.product_of(&digits)));
        self.cards.insert(link, found);
        found
    }

    fn merchant_day(
        &mut self,
        key: &MerchantKey,
        day: BusinessDay,
        list: &[Fact],
        fees: &mut Vec<TapFee>,
    ) -> anyhow::Result<MerchantDay> {
        let mcc = self.index.merchants.get(key).map(|m| m.mcc);
        let mcc = mcc.ok_or_else(|| anyhow::anyhow!("merchant {}/{} was never registered", key.0, key.1))?;
        let mut moved = Together::of(list);
        let facts = self.tap_facts(mcc, &mut moved);
        let contract = self.contracts.clone().and_then(|contracts| {
            let contract = self.index.contract(&contracts, key, day)?.clone();
            Some((contracts, contract))
        });
        let Some((contracts, contract)) = contract else {
            let mut totals = moved.with(DayTotals { day, ..DayTotals::default() });
            for fact in &facts {
                add(&mut totals, fact);
            }
            let (contract, contracts, fees) = (None, None, None);
            return Ok(MerchantDay { contract, contracts, totals, fees, funding: BTreeMap::new() });
        };
        let tariff = self.tariff(&contract, &contracts)?;
        let allowance = self.allowances.entry(*key).or_default();
        let day_fees = tariff.charge(day, &facts, allowance, fees)?;
        day_fees.assert_adds_up(fees);
        self.note_lines(key, day, &facts, fees);
        self.note_interchange(day, &facts, fees, &moved.issuers);
        let totals = moved.with(DayTotals::of(&day_fees));
        let (contract, contracts, fees) = (Some(contract.number), Some(contracts), Some(day_fees));
        Ok(MerchantDay { contract, contracts, totals, fees, funding: BTreeMap::new() })
    }

    /// The kinds of lines for which fees are charged. A line that cannot be a payment or its refund is a correction.
    fn tap_facts(&mut self, mcc: Mcc, moved: &mut Together) -> Vec<TapFact> {
        let merged = std::mem::take(&mut moved.merged);
        let mut facts: Vec<TapFact> = Vec::with_capacity(merged.len());
        for ((tap, tender), (amount, of)) in merged {
            if amount == Yen::ZERO {
                continue;
            }
            let refund = of.map(|of| Refund {
                of,
                before: self.given_back.get(&(of, tender)).copied().unwrap_or_default(),
                charged: self.charged.get(&(of, tender)).copied(),
            });
            if let Some(refund) = refund {
                // More than is left of what was charged, or an undone refund that is not known, is a correction: one odd tap
                // ends no day.
                let here = || {
                    let at = facts.binary_search_by_key(&(refund.of, tender), |f| (f.seq, f.tender)).ok()?;
                    facts[at].refund.is_none().then_some(facts[at].amount)
                };
                let charged = refund.charged.map(|c| c.amount).or_else(here);
                let back = sum(refund.before, Yen::new(-amount.get()));
                if back < Yen::ZERO || charged.is_none_or(|charged| back > charged) {
                    moved.adjustments = sum(moved.adjustments, amount);
                    continue;
                }
                self.given_back.insert((refund.of, tender), back);
            } else if amount < Yen::ZERO {
                moved.adjustments = sum(moved.adjustments, amount);
                continue;
            }
            let (brand, product) =
                if tender.is_card() { self.card(of.unwrap_or(tap)) } else { (Brand::NONE, Product::UNKNOWN) };
            facts.push(TapFact { seq: tap, tender, brand, product, mcc, amount, refund });
        }
        facts
    }

    fn tariff(&mut self, contract: &Contract, contracts: &Contracts) -> anyhow::Result<Arc<Tariff>> {
        if let Some(tariff) = self.tariffs.get(&contract.number) {
            return Ok(tariff.clone());
        }
        let tariff = Arc::new(Tariff::new(contract, contracts)?);
        self.tariffs.insert(contract.number, tariff.clone());
        Ok(tariff)
    }

    /// Keeps what was charged: for refunds, and where the merchant is looked at, line by line.
    fn note_lines(&mut self, key: &MerchantKey, day: BusinessDay, facts: &[TapFact], fees: &[TapFee]) {
        if self.watch.is_some_and(|(merchant, from, until)| merchant == *key && from <= day && day <= until) {
            let line = |(fact, fee): (&TapFact, &TapFee)| Line {
                day,
                fact: *fact,
                fee: fee.fee,
                interchange: fee.interchange,
            };
            self.lines.extend(facts.iter().zip(fees.iter()).map(line));
        }
        for (fact, fee) in facts.iter().zip(fees.iter()) {
            if fact.refund.is_none() {
                self.charged.insert((fact.seq, fact.tender), fee.charged(day, fact));
            }
        }
    }

    /// Keeps what the issuers behind the taps keep of them.
    fn note_interchange(&mut self, day: BusinessDay, facts: &[TapFact], fees: &[TapFee], issuers: &HashMap<u64, u16>) {
        for fact in facts.iter().zip(fees.iter()).filter(|(fact, _)| fact.tender.is_card()) {
            if let Some(issuer) = issuers.get(&fact.0.seq) {
                let (interchange, amount) = (fact.1.interchange.get(), fact.0.amount.get());
                let mut kept = KeptOf { issuer: *issuer, interchange, amount, day };
                let back = self.unowed.get(&fact.0.seq).map_or(0, |less| kept.less(*less));
                self.issuers.entry(*issuer).or_default().interchange += interchange - back;
                if interchange != 0 {
                    self.kept.insert(fact.0.seq, kept);
                }
            }
        }
    }

    /// Acquirers and issuers with taps on a day that ended, as `acquirer 27000001` and `issuer 1`.
    pub fn parties(&self, day: BusinessDay) -> Vec<String> {
        let Some(book) = self.days.get(&day) else { return Vec::new() };
        let moved = |m: &MerchantDay| m.totals.gross.sum() + m.totals.refunds.sum() > 0;
        let acquirers: std::collections::BTreeSet<_> =
            book.merchants.iter().filter(|(_, m)| moved(m)).map(|(key, _)| key.0).collect();
        let issuers = book.issuers.iter().filter(|(_, i)| i.taps > 0).map(|(n, _)| format!("issuer {n}"));
        let acquirers = acquirers.iter().map(|a| format!("acquirer {a}"));
        // Totals that an acquirer asked about last, and that did not agree.
        let totals = self.totals.iter().filter(|((of, _), t)| *of == day && t.ours != t.theirs);
        acquirers.chain(issuers).chain(totals.map(|((_, a), _)| format!("totals {a}"))).collect()
    }

    /// The contracts in force after the last record.
    pub fn contracts(&self) -> Option<Arc<Contracts>> {
        self.contracts.clone()
    }
}

/// Movements are counted for every kind alike; these kinds say more.
impl Fold for FeeProjection {
    type Error = anyhow::Error;

    fn approval_decided(&mut self, _: Place, r: &record::ApprovalDecided) -> anyhow::Result<()> {
        if r.approved
            && let Some(Proposal::Contracts(contracts)) = self.index.proposals.remove(&r.proposal)
        {
            self.contracts = Some(Arc::new(*contracts));
            self.tariffs.clear();
            self.cards.clear();
        }
        Ok(())
    }

    fn cut_over(&mut self, _: Place, r: &CutOver) -> anyhow::Result<()> {
        self.day_over(r)
    }

    fn totals_compared(&mut self, _: Place, r: &TotalsCompared) -> anyhow::Result<()> {
        self.totals.insert((r.about, r.acquirer), r.clone());
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended replaced opened acquirer_registered issuer_registered merchant_registered deposit_opened funded linked unlinked tapped
        issuer_answered issuer_silent issuer_late issuer_acknowledged policy_activated temporary_issued merged
        card_status_set certificate_bound list_applied own_limits_set notices_chosen programme_funded purse_credited lapsed
        link_broken retarget_proposed retarget_decided resealed stood_in loss_booked notice_ended approval_requested
        relief_batch_opened relief_rows_added relief_row_set relief_step_taken relief_credited relief_file_made
        relief_sent relief_returned relief_repaid day_marked merchant_settled issuer_settled money_received
        payout_file_made payout_taken payout_returned recon_ran exceptions_opened exception_noted head_signed
        undone loss_returned issuer_notified exceptions_ended line_undone line_set_aside approval_sent_back approval_withdrawn approval_lapsed key_destroyed clock_confirmed clock_kept
        advice_decided
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}

/// The sum of two amounts of one book, which never leave the range.
pub fn sum(a: Yen, b: Yen) -> Yen {
    a.checked_add(b).expect("sums of a journal's amounts stay far below 2^63")
}

fn add(totals: &mut DayTotals, fact: &TapFact) {
    let (side, amount): (&mut ByTender, Yen) = if fact.amount > Yen::ZERO {
        (&mut totals.gross, fact.amount)
    } else {
        (&mut totals.refunds, Yen::new(-fact.amount.get()))
    };
    let there = side.get_mut(fact.tender);
    *there = sum(*there, amount);
}
