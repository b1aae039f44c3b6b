//! What of a payment stands: no resolution, chargeback or clearing line is more, in any order of events.

mod billed;
mod deeds;
mod merchants;
mod once;

use super::*;
pub(super) use deeds::{Deed, deed, perform_deed};
use kazasu_ledger::record::{Silence, TransactionKind};
use kazasu_schemas::closing::{Against, Finding, ReconException, Resolution};
use kazasu_schemas::policy::{Floor, LiableParty, Offline, StandIn};
use kazasu_schemas::wire::issuer::IssuerOperation;
use std::collections::{BTreeMap, HashMap, HashSet};

const MOST: Yen = Yen::new(100_000_000);

fn policy(liable: LiableParty) -> Policy {
    let stand_in = StandIn { issuer: 1, tap: MOST, issuer_day: MOST, resident_day: MOST, liable };
    let floor = Some(Floor { otherwise: Some(MOST), ..Floor::default() });
    Policy { stand_in: vec![stand_in], offline: Some(Offline { resident_day: MOST, liable, floor }), ..points() }
}

pub(super) fn town(liable: LiableParty) -> Town {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    Town::under(policy(liable), list)
}

/// What each payment has at its issuer and at its merchant, from the records alone.
#[derive(Default)]
struct Ledger {
    accounts: Vec<AccountKey>,
    payment_of: HashMap<u64, u64>,
    stood_in: HashMap<u64, u64>,
    exceptions: HashMap<[u8; 16], u64>,
    /// Payments of which issuers refused a message.
    refused: HashSet<u64>,
    refunds: HashSet<u64>,
    /// By payment: what refunds were to give back at its issuer, and at its merchant.
    given_back: BTreeMap<u64, [i64; 2]>,
    proposals: HashMap<u64, [u8; 16]>,
    /// By payment: at the issuer, at the merchant.
    stands: BTreeMap<u64, [i64; 2]>,
    posted: BTreeMap<u64, [i64; 2]>,
    /// By record, without corrections.
    lines: BTreeMap<u64, [i64; 2]>,
}

impl Ledger {
    fn of(town: &Town) -> Ledger {
        let mut ledger = Ledger::default();
        for entry in &town.entries {
            ledger.record(entry.seq, &Body::read(&entry.body).unwrap());
        }
        ledger
    }

    fn moved(&self, body: &Body) -> [i64; 2] {
        use kazasu_ledger::TransferKind;
        let mut out = [0, 0];
        for t in body.transfers().iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_))) {
            let key = |id: kazasu_ledger::AccountId| self.accounts[usize::try_from(id.0).unwrap()];
            for (key, sign) in [(key(t.debit), 1), (key(t.credit), -1)] {
                match key {
                    AccountKey::IssuerReceivable(_) => out[0] += sign * t.amount.get(),
                    AccountKey::MerchantPayable(..) => out[1] -= sign * t.amount.get(),
                    _ => {}
                }
            }
        }
        out
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each record that this second reader of the journal knows")]
    fn record(&mut self, seq: u64, body: &Body) {
        for opening in body.opens() {
            if usize::try_from(opening.account.0).unwrap() == self.accounts.len() {
                self.accounts.push(opening.key);
            }
        }
        let moved = self.moved(body);
        let (tap, line) = match body {
            Body::Transaction(r) => {
                let original = r.original.and_then(|of| self.payment_of.get(&of).copied());
                let own = matches!(
                    r.kind,
                    TransactionKind::Purchase | TransactionKind::PurchaseAdvice | TransactionKind::Completion
                );
                if matches!(r.kind, TransactionKind::Refund | TransactionKind::RefundAdvice) {
                    self.refunds.insert(seq);
                }
                if let Some(payment) = if own { Some(seq) } else { original.or(Some(seq)) } {
                    self.payment_of.insert(seq, payment);
                }
                (seq, true)
            }
            Body::IssuerAnswered(r) => (r.tap, true),
            Body::StoodIn(r) => {
                self.stood_in.insert(seq, r.tap);
                (r.tap, true)
            }
            Body::LossBooked(r) => (self.stood_in.get(&r.message).copied().unwrap_or(r.message), false),
            Body::LossReturned(r) => (r.message, false),
            Body::Undone(r) => {
                if let Some(payment) = self.payment_of.get(&r.tap).copied() {
                    self.payment_of.insert(seq, payment);
                }
                (seq, true)
            }
            Body::ExceptionsOpened(r) => {
                self.exceptions.extend(r.exceptions.iter().map(|d| (d.id, d.own)));
                return;
            }
            Body::IssuerAcknowledged(r) => {
                self.exceptions.extend(r.raised.iter().map(|d| (d.id, d.own)));
                self.refused.extend(r.raised.iter().filter_map(|d| self.payment_of.get(&d.own)).copied());
                return;
            }
            Body::ApprovalRequested(r) => {
                if let Proposal::Resolve { id, .. } = &r.proposal {
                    self.proposals.insert(seq, *id);
                }
                return;
            }
            Body::ApprovalDecided(r) => {
                let own = self.proposals.get(&r.proposal).and_then(|id| self.exceptions.get(id)).copied();
                let Some(own) = own.filter(|own| *own > 0) else { return };
                (own, false)
            }
            _ => return,
        };
        let Some(payment) = self.payment_of.get(&tap).copied() else { return };
        let stands = self.stands.entry(payment).or_default();
        let posted = self.posted.entry(payment).or_default();
        let lines = self.lines.entry(tap).or_default();
        let given_back = self.given_back.entry(payment).or_default();
        if let Body::Transaction(r) = body
            && self.refunds.contains(&seq)
        {
            *given_back = [given_back[0] + r.to_issuer.map_or(0, |m| m.amount.get()), given_back[1] + r.amount.get()];
        }
        // An issuer that refuses a payment has given back a refund of it all the same: it is owed that much, and the merchant
        // that bears the payment owes it. So it is with one that does not know that a refund was undone.
        let knows_less =
            self.refused.contains(&payment) || self.refunds.contains(&tap) || (tap != payment && lines[0] > 0);
        let least = if knows_less { given_back.map(|yen| -yen) } else { [0, 0] };
        for side in 0..2 {
            stands[side] += moved[side];
            if line {
                lines[side] += moved[side];
            }
            if line && tap == payment {
                posted[side] += moved[side];
            }
            // What people book never takes more than there is, and never lets more stand than was paid. Below zero comes a
            // merchant that bears its payment and a refund that the issuer carried out for it; letting some of it stand again is right.
            if matches!(body, Body::ApprovalDecided(_)) && moved[side] != 0 {
                let fits = if moved[side] < 0 { stands[side] >= least[side] } else { stands[side] <= posted[side] };
                assert!(fits, "record {seq}, payment {payment}, side {side}: {} of {}", stands[side], posted[side]);
            }
        }
    }
}

impl Town {
    fn reject(&mut self, command: Command) -> Option<String> {
        self.event(&Event::Command(command)).rejected.map(|why| why.to_string())
    }

    /// Two people resolve an exception; why not, when it is refused.
    pub(super) fn resolve(&mut self, id: [u8; 16], how: Resolution) -> Result<(), String> {
        let (proposal, why) = (Box::new(Proposal::Resolve { id, how }), || "t".to_owned());
        let ask =
            Approvals::Request { proposal, source: kazasu_core::Document::default(), said: said("suzuki", why()) };
        if let Some(why) = self.reject(Command::Approvals(ask)) {
            return Err(why);
        }
        let settle = Approvals::Decide {
            proposal: self.state.seq,
            answer: kazasu_core::ApprovalAnswer::Approve,
            seen: None,
            said: said("tanaka", why()),
        };
        self.reject(Command::Approvals(settle)).map_or(Ok(()), Err)
    }

    fn raise(&mut self, party: &str, own: u64, ours: i64, theirs: i64) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.state.seq.to_be_bytes());
        id[8] = 7;
        let exception = ReconException {
            id,
            status: if theirs == 0 { "missing".into() } else { "amount_under".into() },
            party: party.into(),
            own,
            ours: Yen::new(ours),
            theirs: Yen::new(theirs),
            line: 0,
            day: self.state.day,
            why: "w".into(),
            proposal: "p".into(),
            finding: None,
            proposed: None,
        };
        self.ok(Command::Closing(Closing::Raise { run: 1, exceptions: vec![exception] }));
        id
    }

    fn dispute(&mut self, tap: u64, yen: i64) -> Result<[u8; 16], String> {
        let reference = format!("CB{}", self.state.seq);
        let ask = Closing::Dispute { tap, amount: Yen::new(yen), reference, said: said("sato", "w") };
        match self.reject(Command::Closing(ask)) {
            Some(why) => Err(why),
            None => Ok(self
                .state
                .exceptions(WhichExceptions::Open)
                .iter()
                .map(|d| d.exception.id)
                .find(|id| {
                    let Body::ExceptionsOpened(r) = Body::read(&self.entries.last().unwrap().body).unwrap() else {
                        return false;
                    };
                    r.exceptions[0].id == *id
                })
                .unwrap()),
        }
    }

    /// A payment that was approved in its issuer's place: its record, and the record whose message the issuer gets.
    pub(super) fn stand_in(&mut self, yen: i64) -> (Request, u64, u64) {
        let request = self.request(Operation::Purchase, 2, 0, yen);
        self.event(&Event::Request(request));
        let tap = self.state.seq;
        self.event(&Event::IssuerSilent { tap, why: Silence::NotSent });
        assert!(matches!(Body::read(&self.entries.last().unwrap().body).unwrap(), Body::StoodIn(_)));
        (request, tap, self.state.seq)
    }

    fn paid(&mut self, yen: i64) -> (Request, u64) {
        let request = self.request(Operation::Purchase, 2, 0, yen);
        self.send(&request, true);
        (request, self.state.seq - 1)
    }

    pub(super) fn acknowledge(&mut self, message: u64, code: ResponseCode) {
        self.event(&Event::IssuerAcknowledged { message, code });
    }

    fn owed(&self) -> i64 {
        self.balance(|k| *k == AccountKey::IssuerReceivable(1))
    }

    /// The clearing file of all days: what the issuer is told that it owes.
    fn billed(&self) -> i64 {
        let (from, until) = (NOON.jst_day(), self.state.day);
        let with = CompareWith { against: Against::Issuer, party: "1".into(), from, until };
        self.lines(&with).iter().map(|row| row.amount.get()).sum()
    }
}

const REFUSED: ResponseCode = ResponseCode::SECURITY;
