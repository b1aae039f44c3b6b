//! Folding what was booked for lines into the state.

use super::super::closing::{SettlementState, received_key};
use super::super::index::position;
use super::super::money::{minus, plus};
use super::super::relief::RowState;
use super::super::state::State;
use super::{Became, Line, Lines, Payment, line_key};
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{
    Aside, LineSetAside, LineUndone, MoneyReceived, Opening, Payer, PayoutReturned, PayoutTaken, ReliefReturned,
    ReliefSent,
};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;

impl Lines {
    /// The fate of a line: its name, its amount, the time of its booking, and its author.
    fn became(&mut self, key: [u8; 16], (reference, amount): (&str, Yen), (at, by): (Millis, &str), became: Became) {
        let (reference, by) = (reference.into(), by.into());
        let line = Line { reference, became: Some(became), amount, at, by, city: None };
        self.known.insert(key, line);
    }

    fn fees_opened(&mut self, opens: &[Opening]) {
        for Opening { account, key } in opens {
            if *key == AccountKey::BankFees {
                self.fees = Some(*account);
            }
        }
    }
}

impl State {
    pub(in super::super) fn payout_taken(&mut self, at: Millis, r: &PayoutTaken) {
        let became = Became::Taken { payout: r.payout, file: r.file };
        self.lines.became(line_key(&r.reference), (&r.reference, r.transfers[0].amount), (at, &r.by), became);
        self.of_file(r.payout, r.file, SettlementState::Paid(r.payout));
        if let Some(payout) = self.closing.payouts.get_mut(&r.payout) {
            payout.taken.insert(r.file);
        }
    }

    fn of_file(&mut self, payout: u64, file: u16, to: SettlementState) {
        let Some(there) = self.closing.payouts.get(&payout) else { return };
        for number in there.of_file(file).to_vec() {
            self.closing.settlements[position(number - 1)].state = to;
        }
    }

    pub(in super::super) fn payout_returned(&mut self, at: Millis, r: &PayoutReturned) {
        self.lines.fees_opened(&r.opens);
        let became = Became::Returned { payout: r.payout, settlement: r.settlement, fee: r.fee };
        self.lines.became(line_key(&r.reference), (&r.reference, r.transfers[0].amount), (at, &r.by), became);
        self.carry(r.settlement, SettlementState::Returned(r.payout), plus);
    }

    /// A settlement's payment is carried for its merchant, or no longer.
    fn carry(&mut self, settlement: u32, to: SettlementState, change: fn(Yen, Yen) -> Yen) {
        let settled = &mut self.closing.settlements[position(settlement - 1)];
        settled.state = to;
        let standing = self.closing.standings.entry(settled.merchant).or_default();
        standing.carried = change(standing.carried, settled.settlement.paid);
    }

    pub(in super::super) fn money_received(&mut self, at: Millis, r: &MoneyReceived) {
        let (key, amount) = (received_key(r.from, &r.reference), r.transfers[0].amount);
        self.references.insert(key, amount);
        let known = if r.statement.is_some() { line_key(&r.reference) } else { key };
        self.lines.became(known, (&r.reference, amount), (at, &r.by), Became::Received { from: r.from });
        self.lines.payments.entry(r.from).or_default().push(Payment {
            key,
            amount,
            day: r.day.unwrap_or_else(|| at.jst_day()),
            reference: r.reference.as_str().into(),
            statement: r.statement,
            by: r.by.as_str().into(),
        });
    }

    pub(in super::super) fn relief_sent(&mut self, at: Millis, r: &ReliefSent) {
        let became = Became::Sent { batch: r.batch, file: r.file };
        self.lines.became(line_key(&r.reference), (&r.reference, r.transfers[0].amount), (at, &r.by), became);
        self.rows_of_file(r.batch, r.file, RowState::Sent);
        self.relief.batches[position(r.batch)].sent.insert(r.file);
    }

    fn rows_of_file(&mut self, batch: u32, file: u16, to: RowState) {
        let there = &mut self.relief.batches[position(batch)];
        for row in there.rows_of_file(file).to_vec() {
            there.rows[position(row)].state = to;
        }
    }

    pub(in super::super) fn relief_returned(&mut self, at: Millis, r: &ReliefReturned) {
        self.lines.fees_opened(&r.opens);
        let counted = self.counts_no_more(r.batch, r.row);
        self.change_share(r.batch, r.row, |share, amount| share.released = minus(share.released, amount));
        let row = &mut self.relief.batches[position(r.batch)].rows[position(r.row)];
        let claimed = std::mem::take(&mut row.claimed);
        row.state = RowState::Returned;
        let became = Became::CameBack { batch: r.batch, row: r.row, fee: r.fee, claimed };
        self.lines.became(line_key(&r.reference), (&r.reference, r.transfers[0].amount), (at, &r.by), became);
        if r.reconsiders {
            self.has_room_again(r.batch, counted);
        }
    }

    pub(in super::super) fn line_set_aside(&mut self, at: Millis, r: &LineSetAside) {
        let key = line_key(&r.line);
        self.lines.became(key, (&r.line, Yen::ZERO), (at, &r.by), Became::Aside(r.aside.clone()));
        if let Some(line) = self.lines.known.get_mut(&key) {
            line.city = r.city.as_deref().map(Into::into);
        }
    }

    pub(in super::super) fn line_undone(&mut self, at: Millis, r: &LineUndone) {
        let (key, amount) = match self.lines.find(&r.line) {
            Some((key, line)) => (key, line.amount),
            None => (line_key(&r.line), Yen::ZERO),
        };
        self.undo(key, Some(Became::Corrected));
        let became = Became::Corrects(r.line.clone());
        self.lines.became(line_key(&r.correction), (&r.correction, amount), (at, &r.by), became);
    }

    /// Two people undid it.
    pub(in super::super) fn booking_undone(&mut self, reference: &str, payer: Option<Payer>) {
        let key = payer.map_or_else(|| line_key(reference), |from| received_key(from, reference));
        self.undo(key, None);
    }

    fn undo(&mut self, key: [u8; 16], now: Option<Became>) {
        let Some(line) = self.lines.known.get_mut(&key) else { return };
        let (was, reference) = (std::mem::replace(&mut line.became, now), line.reference.clone());
        let Some(was) = was else { return };
        match was {
            Became::Taken { payout, file } => {
                self.of_file(payout, file, SettlementState::Ordered(payout));
                if let Some(payout) = self.closing.payouts.get_mut(&payout) {
                    payout.taken.remove(&file);
                }
            }
            Became::Returned { payout, settlement, .. } => {
                self.carry(settlement, SettlementState::Paid(payout), minus);
            }
            Became::Received { from } => {
                let key = received_key(from, &reference);
                self.references.remove(&key);
                if let Some(payments) = self.lines.payments.get_mut(&from) {
                    payments.retain(|payment| payment.key != key);
                }
            }
            Became::Sent { batch, file } => {
                self.rows_of_file(batch, file, RowState::Waiting);
                self.relief.batches[position(batch)].sent.remove(&file);
            }
            Became::CameBack { batch, row, claimed, .. } => {
                let there = &mut self.relief.batches[position(batch)].rows[position(row)];
                there.state = RowState::Sent;
                there.claimed = claimed;
                self.counts(batch, row);
                self.change_share(batch, row, |share, amount| share.released = plus(share.released, amount));
            }
            Became::Aside(Aside::NotOurs | Aside::Same(_) | Aside::Corrected(_))
            | Became::Corrects(_)
            | Became::Corrected => {}
        }
    }
}
