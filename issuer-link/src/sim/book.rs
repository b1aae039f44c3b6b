//! One issuer's accounts: what was reserved, taken, given back and undone, once each, whatever is repeated.

use super::config::{IssuerSimFile, Script};
use hashbrown::HashMap;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Stan};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::TransmissionTime;
use kazasu_schemas::wire::issuer::{Account, IssuerAnswer, IssuerOperation, IssuerRequest};
use kazasu_schemas::wire::{Original, ResponseCode};
use serde::{Deserialize, Serialize};

/// What identifies a message: DE7, DE11, DE32 and the type's class.
type Key = (TransmissionTime, Stan, InstitutionId, u8);

/// What a message did.
#[derive(Clone, Debug)]
struct Done {
    rrn: u64,
    operation: Option<IssuerOperation>,
    account: Option<String>,
    /// What stands because of it: reserved or taken above zero, given back below.
    stands: i64,
    reserved: bool,
    code: ResponseCode,
    approval: Option<ApprovalCode>,
    /// The authorization that this message completed: undoing it undoes that.
    completes: Option<Key>,
}

/// A line of an issuer's journal: no account numbers, only their last four characters.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Line {
    /// The issuer.
    pub(super) issuer: String,
    /// DE37's number.
    pub(super) rrn: u64,
    /// The message type.
    pub(super) mti: u16,
    /// The account's last four characters.
    pub(super) account: String,
    /// DE4.
    pub(super) amount: i64,
    /// DE39 that was decided.
    pub(super) code: String,
    /// The message of which this line changes what stands: itself, or its original.
    pub(super) about: u64,
    /// What stands of that message now.
    pub(super) stands: i64,
}

/// An account's state.
#[derive(Clone, Debug)]
struct Balance {
    available: i64,
    script: Script,
    requests: u64,
    misbehaved: u64,
}

/// The accounts of one issuer.
#[derive(Debug)]
pub struct Book {
    name: String,
    accounts: HashMap<String, Balance>,
    default: Option<(i64, Script)>,
    done: HashMap<Key, Done>,
    approvals: u64,
}

/// A decision: the answer, how to misbehave with it, and what to write down.
pub(super) struct Decided {
    pub(super) answer: IssuerAnswer,
    pub(super) script: Option<Script>,
    pub(super) line: Option<Line>,
}

fn text(account: &Account) -> String {
    match account {
        Account::Card(pan) => String::from_utf8_lossy(pan.expose()).into_owned(),
        Account::Bank(number) => number.clone(),
    }
}

fn key(request: &IssuerRequest) -> Key {
    (request.transmission, request.stan, request.acquirer, request.mti().class())
}

impl Book {
    /// The accounts as configured.
    #[must_use]
    pub fn new(file: &IssuerSimFile) -> Self {
        let balance = |b: i64, script: &Script| Balance { available: b, script: script.clone(), requests: 0, misbehaved: 0 };
        Book {
            name: file.name.clone(),
            accounts: file.accounts.iter().map(|a| (a.number.clone(), balance(a.balance, &a.script))).collect(),
            default: file.default_account.as_ref().map(|d| (d.balance, d.script.clone())),
            done: HashMap::new(),
            approvals: 0,
        }
    }

    fn account(&mut self, number: &str) -> Option<&mut Balance> {
        if !self.accounts.contains_key(number) {
            let (available, script) = self.default.clone()?;
            self.accounts.insert(number.to_owned(), Balance { available, script, requests: 0, misbehaved: 0 });
        }
        self.accounts.get_mut(number)
    }

    /// Decides a message; a repeat gets the stored answer and does nothing.
    pub(super) fn decide(&mut self, request: &IssuerRequest) -> Decided {
        let number = text(&request.account);
        let script = self.misbehaviour(&number, request.operation);
        if let Some(done) = self.done.get(&key(request)) {
            return Decided { answer: answer(request, done.code, done.approval), script, line: None };
        }
        let skip = script.as_ref().is_some_and(|s| !s.execute);
        if skip {
            return Decided { answer: answer(request, ResponseCode::MALFUNCTION, None), script, line: None };
        }
        let declined = script.as_ref().and_then(|s| s.decline.as_ref());
        let result = match declined.and_then(|code| ResponseCode::from_wire(code.as_bytes())) {
            Some(code) => Err(code),
            None => self.execute(request, &number),
        };
        let (code, approval, stands) = match result {
            Ok(stands) => {
                self.approvals += 1;
                (ResponseCode::APPROVED, Some(ApprovalCode::from_number(self.approvals)), stands)
            }
            Err(code) => (code, None, 0),
        };
        let rrn = request.rrn.number().unwrap_or(0);
        let tail = number.len().saturating_sub(4);
        let about = self.about(request).unwrap_or(rrn);
        let line = Line {
            issuer: self.name.clone(),
            rrn,
            mti: request.mti().0,
            account: number[tail..].to_owned(),
            amount: request.amount.get(),
            code: code.to_string(),
            about,
            stands,
        };
        let own = if about == rrn { stands } else { 0 };
        let reserved = request.operation == IssuerOperation::Authorize && code.is_approved();
        let completes = match request.operation {
            IssuerOperation::Completion => request.original.as_ref().and_then(|o| self.original(o)),
            _ => None,
        };
        let operation = Some(request.operation);
        let done = Done { rrn, operation, account: Some(number), stands: own, reserved, code, approval, completes };
        self.done.insert(key(request), done);
        Decided { answer: answer(request, code, approval), script, line: Some(line) }
    }

    /// The script, when it is this message's turn to be treated by it. Advices and reversals are always answered.
    fn misbehaviour(&mut self, number: &str, operation: IssuerOperation) -> Option<Script> {
        if operation.is_advice() {
            return None;
        }
        let account = self.account(number)?;
        account.requests += 1;
        let turn = account.requests.is_multiple_of(account.script.every) && account.misbehaved < account.script.times;
        if !turn || account.script == Script::default() {
            return None;
        }
        account.misbehaved += 1;
        Some(account.script.clone())
    }

    /// The key of the message that DE90 names; for a completion, that of the authorization it completed.
    fn original(&self, original: &Original) -> Option<Key> {
        let digits = original.acquirer.iter().position(|d| *d != b'0').map_or(&b"0"[..], |at| &original.acquirer[at..]);
        let acquirer = InstitutionId::from_wire(digits).ok()?;
        let key = (original.transmission, original.stan, acquirer, original.mti.class());
        Some(self.done.get(&key).and_then(|done| done.completes).unwrap_or(key))
    }

    /// The number of the message that a completion or reversal changes.
    fn about(&self, request: &IssuerRequest) -> Option<u64> {
        match request.operation {
            IssuerOperation::Completion | IssuerOperation::Reversal => {
                let key = self.original(request.original.as_ref()?)?;
                self.done.get(&key).map(|done| done.rrn).filter(|rrn| *rrn != 0)
            }
            IssuerOperation::Authorize
            | IssuerOperation::Purchase
            | IssuerOperation::Refund
            | IssuerOperation::PurchaseAdvice
            | IssuerOperation::RefundAdvice => None,
        }
    }

    /// Moves money; the result is what stands of the message that it is about.
    fn execute(&mut self, request: &IssuerRequest, number: &str) -> Result<i64, ResponseCode> {
        let no_account = ResponseCode::from_wire(b"14").expect("a code");
        let funds = ResponseCode::from_wire(b"51").expect("a code");
        let yen = request.amount.get();
        match request.operation {
            IssuerOperation::Authorize | IssuerOperation::Purchase => {
                let account = self.account(number).ok_or(no_account)?;
                if account.available < yen {
                    return Err(funds);
                }
                account.available -= yen;
                Ok(yen)
            }
            // Advices must be accepted: the account may fall below zero.
            IssuerOperation::PurchaseAdvice => {
                self.account(number).ok_or(no_account)?.available -= yen;
                Ok(yen)
            }
            IssuerOperation::Refund | IssuerOperation::RefundAdvice => {
                self.account(number).ok_or(no_account)?.available += yen;
                Ok(-yen)
            }
            IssuerOperation::Completion => self.change(request, Some(yen)),
            IssuerOperation::Reversal => self.change(request, request.replacement.map(|yen| yen.get())),
        }
    }

    /// Sets what stands of the original to `to` (a reversal without DE95: to nothing). An original that never came is
    /// remembered, so that it is refused when it comes.
    fn change(&mut self, request: &IssuerRequest, to: Option<i64>) -> Result<i64, ResponseCode> {
        let not_found = ResponseCode::from_wire(b"25").expect("a code");
        let key = request.original.as_ref().and_then(|o| self.original(o)).ok_or(not_found)?;
        let completion = request.operation == IssuerOperation::Completion;
        let Some(done) = self.done.get_mut(&key) else {
            if completion {
                return Err(not_found);
            }
            let code = ResponseCode::from_wire(b"94").expect("a code");
            let tombstone = Done {
                rrn: 0,
                operation: None,
                account: None,
                stands: 0,
                reserved: false,
                code,
                approval: None,
                completes: None,
            };
            self.done.insert(key, tombstone);
            return Ok(0);
        };
        let refund = matches!(done.operation, Some(IssuerOperation::Refund | IssuerOperation::RefundAdvice));
        let to = to.map_or(0, |yen| if refund { -yen } else { yen });
        let delta = done.stands - to;
        done.stands = to;
        done.reserved &= !completion;
        let account = done.account.clone();
        if let Some(account) = account.and_then(|a| self.accounts.get_mut(&a)) {
            account.available += delta;
        }
        Ok(to)
    }
}

fn answer(request: &IssuerRequest, code: ResponseCode, approval: Option<ApprovalCode>) -> IssuerAnswer {
    IssuerAnswer { mti: Mti(request.mti().answer().0), rrn: request.rrn, code, approval }
}
