//! The core on its own: a small town, messages in, records and answers out.

mod agreement;
mod approvals;
mod attribution;
mod certificates;
mod corrections;
mod days;
mod floor;
mod follow_ups;
mod issuers;
mod kinds;
mod merchants;
mod model;
mod oracle;
mod payees;
mod payments;
mod random;
mod refusals;
mod relief;
mod rules;
mod two_people;

use super::*;
use kazasu_ledger::record::{BankAccount, Instrument, Record, Silence, ToIssuer};
use kazasu_ledger::{Body, Seq};
use kazasu_schemas::attribution::{Attribution, Via};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, Ppid, Rrn, Stan, TerminalId};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Answer, Operation, Request, ResponseCode};

pub(super) const NOON: Millis = Millis(1_795_402_800_000);
pub(super) const ISSUER: u16 = 1;

/// A person's attribution in a test.
pub(super) fn said(by: impl Into<String>, why: impl Into<String>) -> Attribution {
    Attribution::new(by, why, Via::Api)
}

/// Has ¥10,000 in an on-us account.
pub(super) const RICH: u8 = 1;
/// Has ¥500 in an on-us account.
pub(super) const POOR: u8 = 2;
/// Pays at the issuer, from a bank account.
pub(super) const AT_ISSUER: u8 = 3;
/// Had an on-us account linked, and has nothing now.
pub(super) const UNLINKED: u8 = 4;
/// Has a bank account whose issuer is not configured.
pub(super) const UNROUTED: u8 = 5;
/// Never registered.
pub(super) const STRANGER: u8 = 99;

/// Response codes (DE39) as tests name them.
pub(super) mod codes {
    pub(in super::super) const APPROVED: &str = "00";
    pub(in super::super) const UNKNOWN_MERCHANT: &str = "03";
    pub(in super::super) const DO_NOT_HONOUR: &str = "05";
    pub(in super::super) const INVALID_TRANSACTION: &str = "12";
    pub(in super::super) const INVALID_AMOUNT: &str = "13";
    pub(in super::super) const NO_SUCH_CARD: &str = "14";
    pub(in super::super) const ORIGINAL_NOT_FOUND: &str = "25";
    pub(in super::super) const INSUFFICIENT_FUNDS: &str = "51";
    pub(in super::super) const NOT_PERMITTED: &str = "57";
    pub(in super::super) const TERMINAL_NOT_PERMITTED: &str = "58";
    pub(in super::super) const ABOVE_LIMIT: &str = "61";
    pub(in super::super) const UNAVAILABLE: &str = "91";
    pub(in super::super) const NO_ROUTE: &str = "92";
    pub(in super::super) const DUPLICATE: &str = "94";
    pub(in super::super) const OUT_OF_BALANCE: &str = "95";
}

/// A state with its journal, driven by events.
pub(super) struct Town {
    pub(super) state: State,
    pub(super) journal: Vec<Record>,
    pub(super) now: Millis,
    stan: u32,
}

/// A person by number: [`RICH`], [`POOR`], [`AT_ISSUER`], [`UNLINKED`], [`UNROUTED`], or [`STRANGER`].
pub(super) fn person(n: u8) -> Ppid {
    Ppid::from_bytes([n; 16])
}

pub(super) fn acquirer() -> InstitutionId {
    "27000001".parse().unwrap()
}

impl Town {
    pub(super) fn new() -> Self {
        let mut town = Town { state: State::new(), journal: Vec::new(), now: NOON, stan: 0 };
        let merchant = |id: &str, terminals: &[&str], closed| Command::RegisterMerchant {
            acquirer: acquirer(),
            merchant: id.parse::<MerchantId>().unwrap(),
            name: id.to_owned(),
            mcc: "5411".parse::<Mcc>().unwrap(),
            terminals: terminals.iter().map(|t| t.parse::<TerminalId>().unwrap()).collect(),
            closed,
            traits: Default::default(),
        };
        let bank = |issuer| Link::Instrument(Instrument::BankAccount(BankAccount { issuer, number: 77 }));
        let fund = |number, yen| Command::Fund { number, amount: Yen::new(yen), reference: "test".into(), maker: None };
        for command in [
            Command::Open { book: "test".into() },
            Command::RegisterAcquirer { acquirer: acquirer(), name: "A".into() },
            Command::RegisterIssuer { issuer: ISSUER, name: "I".into() },
            merchant("SHOP", &["T1", "T2"], false),
            merchant("OTHER", &["T9"], false),
            merchant("CLOSED", &["TC"], true),
            Command::OpenDeposit { number: 1, maker: None },
            Command::OpenDeposit { number: 2, maker: None },
            Command::OpenDeposit { number: 4, maker: None },
            fund(1, 10_000),
            fund(2, 500),
            Command::Link {
                ppid: person(RICH),
                from: None,
                to: Link::Deposit(1),
                origin: kazasu_ledger::record::LinkOrigin::Import,
                by: "test".into(),
            },
            Command::Link {
                ppid: person(POOR),
                from: None,
                to: Link::Deposit(2),
                origin: kazasu_ledger::record::LinkOrigin::Import,
                by: "test".into(),
            },
            Command::Link {
                ppid: person(AT_ISSUER),
                from: None,
                to: bank(ISSUER),
                origin: kazasu_ledger::record::LinkOrigin::Import,
                by: "test".into(),
            },
            Command::Link {
                ppid: person(UNLINKED),
                from: None,
                to: Link::Deposit(4),
                origin: kazasu_ledger::record::LinkOrigin::Import,
                by: "test".into(),
            },
            Command::Unlink { ppid: person(UNLINKED), from: None, by: "test".into() },
            Command::Link {
                ppid: person(UNROUTED),
                from: None,
                to: bank(NO_ISSUER),
                origin: kazasu_ledger::record::LinkOrigin::Import,
                by: "test".into(),
            },
        ] {
            let decision = town.event(&Event::Command(command));
            assert_eq!(decision.rejected, None);
        }
        town
    }

    /// Decides, applies, keeps the record; a second opinion checks that deciding changed nothing.
    pub(super) fn event(&mut self, event: &Event) -> Decision {
        let decision = decide(&self.state, self.now, event);
        self.carry_out(&decision);
        let mut rounds = 0;
        while let Some(more) = left_to_undo(&self.state) {
            self.carry_out(&more);
            rounds += 1;
            assert!(rounds < 100, "what is left to undo ends");
        }
        decision
    }

    fn carry_out(&mut self, decision: &Decision) {
        if let Some(body) = decision.body.clone() {
            let day = if matches!(body, Body::Opened(_)) { self.now.jst_day() } else { self.state.day };
            let record = Record { at: self.now.max(self.state.at), day, body };
            self.state.apply(self.state.seq + 1, &record).unwrap();
            self.journal.push(record);
        }
        assert!(self.state.book.is_balanced());
        for effect in &decision.effects {
            if let Effect::Send(seq, message) = effect {
                let outgoing = self.state.outgoing(*seq, *message, "10000001".parse().unwrap());
                assert!(outgoing.is_some(), "a message that is caused can be made: {message:?}");
            }
        }
    }

    pub(super) fn request(&mut self, operation: Operation, who: u8, yen: i64) -> Request {
        self.stan += 1;
        let (mti, processing) = match operation {
            Operation::Authorize => (100, 0),
            Operation::Purchase => (200, 0),
            Operation::Refund => (200, 200_000),
            Operation::BalanceInquiry => (100, 300_000),
            Operation::AuthorizationAdvice => (120, 0),
            Operation::Completion | Operation::PurchaseAdvice => (220, 0),
            Operation::RefundAdvice => (220, 200_000),
            Operation::Reversal => (420, 0),
        };
        Request {
            mti: Mti(mti),
            operation: Some(operation),
            processing,
            amount: Yen::new(yen),
            transmission: self.now.transmission(),
            stan: Stan::wrapping(u64::from(self.stan)),
            local_time: None,
            local_date: None,
            mcc: None,
            entry_mode: 72,
            acquirer: acquirer(),
            rrn: Rrn::from_number(u64::from(self.stan)),
            terminal: "T1".parse().unwrap(),
            merchant: "SHOP".parse().unwrap(),
            currency: 392,
            ppid: Some(person(who)),
            original: None,
            replacement: None,
            options: Default::default(),
        }
    }

    /// A message about an earlier one.
    pub(super) fn about(&mut self, operation: Operation, original: &Request, yen: i64) -> Request {
        let mut request = self.request(operation, 0, yen);
        request.ppid = original.ppid;
        request.original = Some(original.as_original());
        request.rrn = original.rrn;
        request
    }

    pub(super) fn send(&mut self, request: &Request) -> Decision {
        self.event(&Event::Request(*request))
    }

    /// The code of an answer that needs no issuer.
    pub(super) fn code(&mut self, request: &Request) -> String {
        code(&self.send(request))
    }

    pub(super) fn purchase(&mut self, who: u8, yen: i64) -> (Request, String) {
        let request = self.request(Operation::Purchase, who, yen);
        let code = self.code(&request);
        (request, code)
    }

    pub(super) fn available(&self, account: u64) -> i64 {
        let id = self.state.parties.deposits[&account];
        self.state.book.account(id).unwrap().available().get()
    }

    /// The amount that a person with an on-us account can spend; the account's number is the person's.
    pub(super) fn available_to(&self, who: u8) -> i64 {
        self.available(who.into())
    }

    pub(super) fn payable(&self, merchant: &str) -> i64 {
        let key = (acquirer(), merchant.parse().unwrap());
        let merchant = &self.state.parties.merchants[usize::try_from(self.state.parties.merchant_at[&key]).unwrap()];
        self.state.book.account(merchant.payable).unwrap().balance().get()
    }

    pub(super) fn receivable(&self) -> (i64, i64) {
        let account = self.state.book.account(self.state.parties.issuers[&ISSUER]).unwrap();
        (account.balance().get(), account.debits_held.get())
    }

    pub(super) fn shortfall(&self) -> i64 {
        self.state.book.account(self.state.parties.acquirers[&acquirer()]).unwrap().balance().get()
    }

    pub(super) fn issuer_says(&mut self, message: Seq, code: &str) -> Decision {
        let code = ResponseCode::from_wire(code.as_bytes()).unwrap();
        self.event(&Event::IssuerAnswered { message, code, approval: None })
    }

    pub(super) fn issuer_silent(&mut self, tap: Seq, why: Silence) -> Decision {
        self.event(&Event::IssuerSilent { tap, why })
    }

    /// Replaying the journal gives the same state.
    pub(super) fn check_replay(&self) {
        let mut again = State::new();
        for (record, seq) in self.journal.iter().zip(1..) {
            let mut bytes = Vec::new();
            record.body.write(&mut bytes);
            let body = Body::read(&bytes).unwrap();
            assert_eq!(body, record.body, "a record reads back as it was written");
            again.apply(seq, &Record { body, ..record.clone() }).unwrap();
        }
        assert!(again == self.state, "the state is the fold of the journal");
    }
}

pub(super) fn answer(decision: &Decision) -> Option<Answer> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::Answer(answer) => Some(*answer),
        _ => None,
    })
}

pub(super) fn code(decision: &Decision) -> String {
    match answer(decision) {
        Some(answer) => answer.code.to_string(),
        None => "waits".to_owned(),
    }
}

pub(super) fn waiting_code(decision: &Decision) -> Option<String> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::AnswerWaiting(_, answer) => Some(answer.code.to_string()),
        _ => None,
    })
}

pub(super) fn sent(decision: &Decision) -> Option<(Seq, ToIssuer)> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::Send(seq, message) => Some((*seq, *message)),
        _ => None,
    })
}
