//! Statements from their bytes to the book: what is certain is booked once, and nothing else is.

mod bank;
mod damaged;
mod doubles;
mod random;
mod undone;

use super::matching::{Candidate, Finding};
use super::*;
use kazasu_core::{Approvals, Closing, Decision, Event, PayoutView, SettlementState, decide};
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{Body, MadeFile, Payee, PayeeChange, Payer, Proposal, Record};
use kazasu_schemas::attribution::{Attribution, Via};
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::closing::DayState;
use kazasu_schemas::contract::{ByTender, Period, Settlement, Tender};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Format, Funding, SealedAccount};
use kazasu_schemas::zengin::statement::{Entry, Header, LongAccountNumber, Sheet, TransactionKind};
use kazasu_schemas::zengin::{AccountKind, LineEnding};
use sha2::{Digest, Sha256};

/// 2026-11-24, noon in Japan, and the day on which statements are read: a Thursday.
const NOON: Millis = Millis(1_795_489_200_000);

/// What a person says in a test.
fn said(by: impl Into<String>, why: impl Into<String>) -> Attribution {
    Attribution::new(by, why, Via::Api)
}

fn day(text: &str) -> BusinessDay {
    BusinessDay::parse(text).unwrap()
}

fn today() -> BusinessDay {
    day("2026-12-03")
}

fn merchant(n: usize) -> (kazasu_schemas::ids::InstitutionId, kazasu_schemas::ids::MerchantId) {
    ("27000001".parse().unwrap(), format!("SHOP{n}").parse().unwrap())
}

/// A keyed hash of a payee's name, without a key.
fn hidden(name: &str) -> [u8; 16] {
    Sha256::digest(name)[..16].try_into().unwrap()
}

/// A book with merchants whose settlements are due, driven by statements.
struct Office {
    state: State,
    journal: Vec<Record>,
    now: Millis,
    payout: Arc<PayoutConfig>,
}

impl Office {
    /// One merchant for each amount, settled for it.
    fn new(amounts: &[i64]) -> Office {
        let payout = PayoutConfig {
            funding: Funding {
                client_code: "0000009999".into(),
                client_name: "ｶｻﾞｽ".into(),
                bank: "9999".into(),
                bank_name: "ﾐﾅﾄ".into(),
                branch: "001".into(),
                branch_name: "ﾎﾝﾃﾝ".into(),
                kind: 1,
                account: "1000001".into(),
                most: 10,
            },
            payers: vec![("ｻｸﾗｶ-ﾄﾞ".into(), Payer::Issuer(1)), ("ﾋﾊﾞﾘ".into(), Payer::Issuer(2))],
            return_fees: vec![Yen::new(440)],
        };
        let mut office = Office { state: State::new(), journal: Vec::new(), now: NOON, payout: Arc::new(payout) };
        office.ok(Command::Open { book: "test".into() });
        office.ok(Command::RegisterAcquirer { acquirer: merchant(0).0, name: "A".into() });
        for issuer in [1, 2] {
            office.ok(Command::RegisterIssuer { issuer, name: "I".into() });
        }
        for n in 0..amounts.len() {
            office.ok(Command::RegisterMerchant {
                acquirer: merchant(n).0,
                merchant: merchant(n).1,
                name: format!("shop {n}"),
                mcc: "5411".parse().unwrap(),
                terminals: Vec::new(),
                closed: false,
                traits: Default::default(),
            });
            let (acquirer, merchant) = merchant(n);
            let payee = Payee::Merchant { acquirer, merchant };
            let at_the_bank = crate::bank::name_at_the_bank(&format!("ｶﾒｲﾃﾝ {n}")).unwrap();
            let account = SealedAccount { sealed: vec![1], token: [1; 16], name: hidden(&at_the_bank) };
            let change = Box::new(PayeeChange { payee, account: Some(account), call: None });
            office.ok(Command::SetPayee { change, maker: None });
        }
        let ended = office.state.day;
        office.now = Millis(office.now.0 + 86_400_000);
        office.event(&Event::Tick { keep_days: 400 });
        office.settle(ended, amounts);
        office
    }

    fn settle(&mut self, ended: BusinessDay, amounts: &[i64]) {
        let mark = |state| Command::Closing(Closing::Mark { day: ended, state, said: said("t", "t") });
        self.ok(mark(DayState::Reconciled));
        for (n, yen) in amounts.iter().enumerate() {
            let (acquirer, id) = merchant(n);
            let carried = self.state.standing(acquirer, id).carried;
            self.ok(Command::Closing(Closing::SettleMerchant {
                acquirer,
                merchant: id,
                settlement: Box::new(settled(ended, *yen, carried)),
                points: Vec::new(),
                value_date: today(),
            }));
        }
        self.ok(mark(DayState::Settled));
    }

    fn event(&mut self, event: &Event) -> Decision {
        let decision = decide(&self.state, self.now, event);
        if let Some(body) = decision.body.clone() {
            let day = if matches!(body, Body::Opened(_)) { self.now.jst_day() } else { self.state.day };
            let mut bytes = Vec::new();
            body.write(&mut bytes);
            assert_eq!(Body::read(&bytes).unwrap(), body, "a record reads back as it was written");
            let record = Record { at: self.now.max(self.state.at), day, body };
            self.state.apply(self.state.seq + 1, &record).unwrap();
            self.journal.push(record);
        }
        assert!(self.state.book.is_balanced());
        decision
    }

    fn ok(&mut self, command: Command) {
        assert_eq!(self.event(&Event::Command(command)).rejected, None);
    }

    fn refused(&mut self, command: Command) -> String {
        crate::sentences::said(&self.event(&Event::Command(command)).rejected.expect("it is refused")).to_string()
    }

    /// Two people decide it; the proposal's number, or why it is refused.
    fn decided(&mut self, proposal: Proposal) -> Result<u64, String> {
        let ask = Approvals::Request {
            proposal: Box::new(proposal),
            source: kazasu_core::Document::default(),
            said: said("suzuki", "t"),
        };
        if let Some(why) = self.event(&Event::Command(Command::Approvals(ask))).rejected {
            return Err(crate::sentences::said(&why).to_string());
        }
        let proposal = self.state.seq;
        self.ok(Command::Approvals(Approvals::Decide {
            proposal,
            answer: kazasu_core::ApprovalAnswer::Approve,
            seen: None,
            said: said("tanaka", "t"),
        }));
        Ok(proposal)
    }

    /// A payout of these settlements with its file.
    fn payout(&mut self, settlements: &[u32]) -> u64 {
        let all = self.state.settlements();
        let of = |n: &u32| all.iter().find(|s| s.number == *n).unwrap().settlement.paid.get();
        let total = Yen::new(settlements.iter().map(of).sum());
        let value_date = today();
        let settlements = settlements.to_vec();
        let count = u32::try_from(settlements.len()).unwrap();
        let payout = self.decided(Proposal::Payout { settlements, total, value_date, payees: [0; 32] }).unwrap();
        let files = vec![MadeFile { count, total, digest: [1; 32] }];
        self.ok(Command::Closing(Closing::FileMade { payout, format: Format::Zengin, files, by: "tanaka".into() }));
        payout
    }

    fn view(&self, payout: u64) -> PayoutView {
        self.state.payouts().into_iter().find(|p| p.number == payout).unwrap()
    }

    fn settlement(&self, number: u32) -> SettlementState {
        self.state.settlements()[usize::try_from(number - 1).unwrap()].state
    }

    fn balance(&self, key: AccountKey) -> i64 {
        self.state.positions(|k| *k == key).iter().map(|p| p.balance.get()).sum()
    }

    /// Reads a file as the service does; each line's record and outcome.
    fn read_as(&mut self, bytes: &[u8], ask: &Reading) -> Result<Vec<(usize, Finding)>, String> {
        let read = statement::read(bytes).map_err(|e| e.to_string())?;
        let today = ask.today.unwrap_or_else(today);
        let faults = read::faults(&read, today, Calendar::built_in());
        let mut rows = rows(&read, &faults, hidden);
        let reading = ReadBy {
            reader: Reader::Payouts,
            cities: Vec::new(),
            payout: Some(self.payout.clone()),
            word: ask.word.as_ref(),
        };
        let picture = picture(&self.state, &mut rows, reading);
        let digest = FileDigest(Sha256::digest(bytes).into());
        let chosen = choose(&rows, &picture, ask, !faults.texts.is_empty()).map_err(|e| e.to_string())?;
        let mut out = Vec::new();
        for at in order(&rows, &chosen) {
            let (row, (finding, alike)) = (&rows[at], chosen[at].clone());
            let Finding::Book(what) = finding else {
                out.push((row.record, finding));
                continue;
            };
            let line = StatementLine {
                reference: row.reference.clone(),
                what: what.clone(),
                day: Some(row.entry.posting_date),
                statement: Some(digest),
                alike,
                seen: Some(picture.seen(row)),
                said: said("sato", ask.why.clone()),
            };
            let before = self.state.seq;
            let rejected = match ask.run {
                Run::Look if waits_for_another_line(&what, &picture) => None,
                Run::Look => self.state.would_book(&line),
                Run::Book => {
                    let decision = self.event(&Event::Command(Command::Line(Box::new(line))));
                    assert!(decision.rejected.is_some() || self.state.seq == before + 1, "what is planned is new");
                    decision.rejected
                }
            };
            let refused = |why| Finding::said(crate::sentences::said(&why), Vec::new());
            out.push((row.record, rejected.map_or(Finding::Book(what), refused)));
        }
        out.sort_by_key(|(record, _)| *record);
        Ok(out)
    }

    fn read(&mut self, bytes: &[u8]) -> Vec<(usize, Finding)> {
        self.read_as(bytes, &Reading::default()).unwrap()
    }

    /// A person's word about one record.
    fn said(&mut self, bytes: &[u8], record: usize, is: &str) -> Result<Vec<(usize, Finding)>, String> {
        let ask = Reading::new(Run::Book, None, (Some(record), Some(is)), Some("asked the bank")).unwrap();
        self.read_as(bytes, &ask)
    }

    fn check_replay(&self) {
        let mut again = State::new();
        for (record, seq) in self.journal.iter().zip(1..) {
            again.apply(seq, record).unwrap();
        }
        assert!(again == self.state, "the state is the fold of the journal");
    }
}

fn settled(ended: BusinessDay, yen: i64, carried: Yen) -> Settlement {
    let mut gross = ByTender::default();
    *gross.get_mut(Tender::OnUs) = Yen::new(yen);
    Settlement {
        contract: 1,
        period: Period { from: ended, until: ended },
        gross,
        refunds: ByTender::default(),
        fee: Yen::ZERO,
        interchange: Yen::ZERO,
        chargeback_fee: Yen::ZERO,
        tax: Yen::ZERO,
        points_funding: Yen::ZERO,
        chargebacks: Yen::ZERO,
        adjustments: Yen::ZERO,
        reserved: Yen::ZERO,
        held_until: None,
        released: Yen::ZERO,
        carried_before: carried,
        paid: Yen::new(yen + carried.get()),
        carried_forward: Yen::ZERO,
    }
}

/// A line of the bank.
fn line(direction: Direction, yen: i64, payer: &str, edi: &str) -> Entry {
    Entry {
        inquiry_number: 0,
        posting_date: today(),
        value_date: today(),
        direction,
        kind: TransactionKind::Transfer,
        amount: Yen::new(yen),
        uncleared: Yen::ZERO,
        payer_code: String::new(),
        payer_name: payer.into(),
        bank_name: String::new(),
        branch_name: String::new(),
        remarks: String::new(),
        edi: edi.into(),
    }
}

fn out(yen: i64) -> Entry {
    line(Direction::Out, yen, "ﾌﾘｺﾐ", "")
}

fn came(yen: i64, payer: &str, edi: &str) -> Entry {
    line(Direction::In, yen, payer, edi)
}

fn header() -> Header {
    Header {
        created: today(),
        from: BusinessDay(today().0 - 5),
        to: today(),
        bank: "9999".parse().unwrap(),
        bank_name: "ﾐﾅﾄ".into(),
        branch: "001".parse().unwrap(),
        branch_name: "ﾎﾝﾃﾝ".into(),
        kind: AccountKind::Ordinary,
        number: LongAccountNumber::new(1_000_001).unwrap(),
        account_name: "ｶｻﾞｽ".into(),
        opening_balance: None,
    }
}

fn file(entries: &[Entry]) -> Vec<u8> {
    let header = header();
    statement::write(&[Sheet { header: &header, entries, closing_balance: None }], LineEnding::None).unwrap()
}

/// Why a line is open, in English, and its candidates.
fn open(finding: &Finding) -> (String, &[Candidate]) {
    match finding {
        Finding::Open { why, candidates } => {
            let all = candidates.iter().map(|candidate| &candidate.what).chain([why]);
            for text in all {
                assert_eq!(kazasu_text::latin::words(&kazasu_text::Text::ja(text)), [""; 0], "{text:?}");
            }
            (why.to_string(), candidates)
        }
        Finding::Book(_) | Finding::Known => panic!("{finding:?} is not open"),
    }
}

fn all_open(found: &[(usize, Finding)]) -> bool {
    found.iter().all(|(_, f)| matches!(f, Finding::Open { .. }))
}
