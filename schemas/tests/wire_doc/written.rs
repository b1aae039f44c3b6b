//! The samples as this crate writes them. The document must hold exactly these.

use super::document::{self, blessing, key, nonces, text};
use kazasu_schemas::ids::{ApprovalCode, Mcc, Ppid, Rrn, Stan};
use kazasu_schemas::iso8583::{Dialect, Message, Mti};
use kazasu_schemas::jst::TransmissionTime;
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::Pan;
use kazasu_schemas::wire::issuer::{Account, IssuerAnswer, IssuerOperation, IssuerRequest};
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{
    Answer, Balance, IssuerNonces, Network, NetworkCode, Nonce, Operation, Original, PpidPlace, Refusal, Request,
    ResponseCode, Totals,
};

const SESSION: Pair = Pair { to: "session to-switch", from: "session from-switch" };
const CMAC: Pair = Pair { to: "cmac session to-switch", from: "cmac session from-switch" };
const ISSUER: Pair = Pair { to: "issuer session to-issuer", from: "issuer session from-issuer" };
const NONE: Pair = Pair { to: "none", from: "none" };

/// The keys of a question and its answer.
#[derive(Clone, Copy)]
struct Pair {
    to: &'static str,
    from: &'static str,
}

struct Written {
    name: String,
    dialect: &'static str,
    key: &'static str,
    message: Message,
}

/// The samples in the making.
#[derive(Default)]
struct Book(Vec<Written>);

impl Book {
    fn put(&mut self, name: &str, dialect: &'static str, key: &'static str, message: &Message) {
        self.0.push(Written { name: name.to_owned(), dialect, key, message: message.clone() });
    }

    fn network(&mut self, name: &str, keys: Pair, question: &Network, answer: &Network) {
        let mut message = Message::default();
        question.to_message(&mut message);
        self.put(name, "iso87-ascii", keys.to, &message);
        answer.to_message(&mut message);
        self.put(&format!("{name} answer"), "iso87-ascii", keys.from, &message);
    }

    fn request(&mut self, name: &str, request: &Request) {
        let mut message = Message::default();
        request.to_message(PpidPlace::De102, &mut message);
        self.put(name, "iso87-ascii", SESSION.to, &message);
    }

    fn answer(&mut self, name: &str, request: &Request, answer: &Answer) {
        let mut message = Message::default();
        request.answer_message(answer, PpidPlace::De102, &mut message);
        self.put(name, "iso87-ascii", SESSION.from, &message);
    }

    fn pair(&mut self, name: &str, request: &Request, answer: &Answer) {
        self.request(name, request);
        self.answer(&format!("{name} answer"), request, answer);
    }
}

fn time(seconds: u32) -> TransmissionTime {
    TransmissionTime::from_wire(format!("11230615{seconds:02}").as_bytes()).expect("a time")
}

fn approved(n: u64) -> Answer {
    Answer { approval: Some(ApprovalCode::from_number(n)), ..Answer::code(ResponseCode::APPROVED) }
}

/// A message of the `n`-th tap of the story that the document tells.
fn tap(mti: u16, processing: u32, n: u32, amount: i64) -> Request {
    Request {
        mti: Mti(mti),
        operation: Some(match (mti, processing) {
            (_, 300_000) => Operation::BalanceInquiry,
            _ => Operation::Purchase, // the writer asks for nothing else than the inquiry
        }),
        processing,
        amount: Yen::new(amount),
        transmission: time(n),
        stan: Stan::wrapping(u64::from(n)),
        local_time: Some(151_500 + n),
        local_date: Some(1_123),
        mcc: Some(Mcc::new(5_411).expect("an MCC")),
        entry_mode: 72,
        acquirer: "270001".parse().expect("digits"),
        rrn: Rrn::from_number(632_706_000_000 + u64::from(n)),
        terminal: "T0000001".parse().expect("a terminal"),
        merchant: "M00000000000001".parse().expect("a merchant"),
        currency: 392,
        ppid: Some(Ppid::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])),
        original: None,
        replacement: None,
        options: Default::default(),
    }
}

fn about(mut request: Request, original: &Request) -> Request {
    request.original = Some(original.as_original());
    request
}

fn reversal(mti: u16, n: u32, original: &Request) -> Request {
    let mut request = about(tap(mti, original.processing, n, original.amount.get()), original);
    request.rrn = original.rrn;
    request.mcc = None;
    request.entry_mode = 0;
    request.ppid = None;
    request
}

fn ask(acquirer: &str, purpose: NetworkCode, n: u32) -> Network {
    Network::request(purpose, acquirer.parse().expect("digits"), Stan::wrapping(u64::from(n)), time(n))
}

fn network(book: &mut Book) {
    let sign_on = ask("270001", NetworkCode::SignOn, 1).with(nonces().acquirer.question());
    let answer = sign_on.answer(ResponseCode::APPROVED).with(nonces().answer());
    book.network("sign-on", NONE, &sign_on, &answer);
    let proof = ask("270001", NetworkCode::KeyChange, 2);
    book.network("proof", SESSION, &proof, &proof.answer(ResponseCode::APPROVED));

    let echo = ask("270001", NetworkCode::Echo, 4);
    book.network("echo", SESSION, &echo, &echo.answer(ResponseCode::APPROVED));
    let sign_off = ask("270001", NetworkCode::SignOff, 59);
    book.network("sign-off", SESSION, &sign_off, &sign_off.answer(ResponseCode::APPROVED));
}

fn payments(book: &mut Book) {
    let purchase = tap(200, 0, 10, 1_280);
    book.pair("purchase", &purchase, &approved(1));
    book.request("purchase repeat", &Request { mti: Mti(201), ..purchase });
    book.answer("purchase refused", &purchase, &Answer::code(Refusal::UnknownPpid.code()));

    let authorization = tap(100, 0, 11, 15_000);
    book.pair("authorization", &authorization, &approved(2));
    book.pair("completion", &about(tap(220, 0, 12, 9_840), &authorization), &approved(3));
    book.pair("authorization advice", &tap(120, 0, 13, 3_000), &approved(4));
    book.pair("offline purchase", &tap(220, 0, 14, 540), &approved(5));

    let mut inquiry = tap(200, 300_000, 15, 0);
    inquiry.mcc = None;
    let mut balance = approved(6);
    balance.balance = Some(Balance { ledger: Yen::new(23_450), available: Yen::new(18_450) });
    book.pair("balance inquiry", &inquiry, &balance);

    book.pair("refund", &about(tap(200, 200_000, 16, 300), &purchase), &approved(7));
    book.pair("refund advice", &about(tap(220, 200_000, 17, 200), &purchase), &approved(8));
    book.pair("reversal", &reversal(400, 18, &purchase), &approved(9));
    let mut partial = reversal(420, 19, &authorization);
    partial.replacement = Some(Yen::new(9_840));
    book.pair("partial reversal", &partial, &approved(10));
}

fn day(book: &mut Book) {
    let mut totals = Totals {
        mti: Mti(500),
        transmission: time(20),
        stan: Stan::wrapping(20),
        date: 1_123,
        acquirer: "270001".parse().expect("digits"),
        code: None,
        settlement: None,
        day: DayTotals {
            credits: 2,
            credit_reversals: 0,
            debits: 120,
            debit_reversals: 2,
            credit_amount: Yen::new(500),
            credit_reversal_amount: Yen::ZERO,
            debit_amount: Yen::new(345_678),
            debit_reversal_amount: Yen::new(2_560),
        },
    };
    let mut message = Message::default();
    totals.to_message(&mut message);
    book.put("totals", "iso87-ascii", SESSION.to, &message);
    totals.mti = Mti(510);
    totals.code = Some(ResponseCode::APPROVED);
    totals.settlement = Some(1);
    totals.to_message(&mut message);
    book.put("totals answer", "iso87-ascii", SESSION.from, &message);
}

/// The same purchase written otherwise.
fn variants(book: &mut Book) {
    let purchase = tap(200, 0, 10, 1_280);
    let mut message = Message::default();
    purchase.to_message(PpidPlace::De102, &mut message);
    book.put("purchase in iso87-binary", "iso87-binary", SESSION.to, &message);
    book.put("purchase in iso87-bcd", "iso87-bcd", SESSION.to, &message);
    purchase.to_message(PpidPlace::De48, &mut message);
    book.put("purchase with the PPID in DE48", "iso87-ascii", SESSION.to, &message);

    let mut other = purchase;
    other.acquirer = "270002".parse().expect("digits");
    other.to_message(PpidPlace::De102, &mut message);
    book.put("purchase with AES-CMAC", "iso87-ascii", CMAC.to, &message);
    other.answer_message(&approved(11), PpidPlace::De102, &mut message);
    book.put("purchase with AES-CMAC answer", "iso87-ascii", CMAC.from, &message);
    let proof = ask("270002", NetworkCode::KeyChange, 2);
    book.network("proof with AES-CMAC", CMAC, &proof, &proof.answer(ResponseCode::APPROVED));
}

fn issuer(book: &mut Book) {
    let mut request = IssuerRequest {
        operation: IssuerOperation::Purchase,
        repeat: false,
        account: Account::Card(Pan::parse(b"9900000000000010").expect("a test number")),
        amount: Yen::new(1_280),
        transmission: time(30),
        stan: Stan::wrapping(30),
        mcc: Mcc::new(5_411).expect("an MCC"),
        entry_mode: 72,
        acquirer: "900001".parse().expect("digits"),
        rrn: Rrn::from_number(77),
        terminal: "T0000001".parse().expect("a terminal"),
        merchant: "M00000000000001".parse().expect("a merchant"),
        original: None,
        replacement: None,
    };
    let mut answer = IssuerAnswer {
        mti: Mti(210),
        rrn: request.rrn,
        code: ResponseCode::APPROVED,
        approval: Some(ApprovalCode::from_number(12)),
        repeated: request.repeated(),
    };
    let mut message = Message::default();
    request.to_message(&mut message);
    book.put("issuer purchase", "iso87-ascii", NONE.to, &message);
    request.answer_message(&answer, &mut message);
    book.put("issuer purchase answer", "iso87-ascii", NONE.from, &message);

    request.original = Some(Original::new(Mti(200), request.stan, request.transmission, request.acquirer));
    request.operation = IssuerOperation::Reversal;
    request.account = Account::Bank("0011234567".to_owned());
    (request.stan, request.transmission) = (Stan::wrapping(31), time(31));
    request.rrn = Rrn::from_number(78);
    request.to_message(&mut message);
    book.put("issuer reversal", "iso87-ascii", NONE.to, &message);
    answer.approval = None;
    request.answer_message(&answer, &mut message);
    book.put("issuer reversal answer", "iso87-ascii", NONE.from, &message);
}

/// With the nonces that the document names.
fn issuer_sign_on(book: &mut Book) {
    let from = |first: u8| Nonce::new(std::array::from_fn(|n| first + u8::try_from(n).expect("below 16")));
    let nonces = IssuerNonces { switch: from(0x50), issuer: from(0xb0) };
    let ask = |purpose, n: u32| {
        Network::request(purpose, "900001".parse().expect("digits"), Stan::wrapping(u64::from(n)), time(n))
    };
    let question = ask(NetworkCode::SignOn, 32).with(nonces.switch.to_issuer());
    let answer = question.answer(ResponseCode::APPROVED).with(nonces.answer());
    book.network("sign-on towards an issuer", NONE, &question, &answer);
    let proof = ask(NetworkCode::KeyChange, 33);
    book.network("proof towards an issuer", ISSUER, &proof, &proof.answer(ResponseCode::APPROVED));
}

fn blocks(document: &str) -> Vec<(String, String)> {
    let mut book = Book::default();
    network(&mut book);
    payments(&mut book);
    day(&mut book);
    variants(&mut book);
    issuer(&mut book);
    issuer_sign_on(&mut book);
    let write = |mut sample: Written| {
        let dialect = Dialect::shipped(sample.dialect).expect("shipped");
        let key = (sample.key != "none").then(|| key(document, sample.key));
        let mut frame = bytes::BytesMut::new();
        encode_frame(&dialect, &mut sample.message, key.as_ref(), &mut frame).expect("a message");
        // With the MAC as it went out.
        let mut message = Message::default();
        dialect.decode(&frame[dialect.framing.header_len()..], &mut message).expect("a message");
        let block = document::block(&sample.name, sample.key, &dialect, &frame, &message);
        (sample.name, block)
    };
    book.0.into_iter().map(write).collect()
}

#[test]
fn the_document_holds_what_this_crate_writes() {
    let document = text();
    let mut wanted = document.clone();
    for (name, block) in blocks(&document) {
        wanted = document::replace(&wanted, &name, &block);
    }
    if blessing() {
        std::fs::write(document::docs().join("WIRE.md"), &wanted).expect("docs/WIRE.md is writable");
    }
    assert!(
        blessing() || wanted == document,
        "docs/WIRE.md differs; look at `KAZASU_BLESS=1 cargo test -p kazasu-schemas`"
    );
}

#[test]
fn every_sample_of_the_document_is_written_here() {
    let document = text();
    let here: Vec<String> = blocks(&document).into_iter().map(|(name, _)| name).collect();
    let marks = document.matches("<!-- sample: ").count();
    assert_eq!(marks, here.len(), "a sample in docs/WIRE.md that no test writes, or the other way round");
}
