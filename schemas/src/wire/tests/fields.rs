//! The meaning of each field, the fields that may be missing, and the errors of wrong ones.

use super::{purchase, refused, request_of, time};
use crate::ids::{ApprovalCode, Mcc, Ppid, Rrn, Stan};
use crate::iso8583::{Message, Mti};
use crate::money::Yen;
use crate::wire::{Answer, Balance, Operation, Original, PpidPlace, Request, ResponseCode};

#[test]
fn the_operation_follows_from_type_processing_and_original() {
    let original = Some(purchase().as_original());
    let table = [
        (100, 0, None, Some(Operation::Authorize)),
        (101, 3_000, None, Some(Operation::Authorize)),
        (200, 0, None, Some(Operation::Purchase)),
        (201, 0, None, Some(Operation::Purchase)),
        (200, 200_000, original, Some(Operation::Refund)),
        (200, 200_030, None, Some(Operation::Refund)),
        (100, 300_000, None, Some(Operation::BalanceInquiry)),
        (200, 310_000, None, None),
        (200, 300_000, None, Some(Operation::BalanceInquiry)),
        (120, 0, None, Some(Operation::AuthorizationAdvice)),
        (121, 0, None, Some(Operation::AuthorizationAdvice)),
        (220, 0, original, Some(Operation::Completion)),
        (221, 0, original, Some(Operation::Completion)),
        (220, 0, None, Some(Operation::PurchaseAdvice)),
        (220, 200_000, original, Some(Operation::RefundAdvice)),
        (400, 0, original, Some(Operation::Reversal)),
        (401, 200_000, original, Some(Operation::Reversal)),
        (420, 0, original, Some(Operation::Reversal)),
        (421, 990_000, original, Some(Operation::Reversal)),
        (100, 200_000, None, None),
        (200, 10_000, None, None),
        (120, 200_000, None, None),
        (220, 300_000, None, None),
        (210, 0, None, None),
        (600, 0, None, None),
    ];
    for (mti, processing, original, expected) in table {
        assert_eq!(request_of(mti, processing, original).operation, expected, "{mti:04} {processing:06}");
    }
    let advices = [
        Operation::AuthorizationAdvice,
        Operation::Completion,
        Operation::PurchaseAdvice,
        Operation::RefundAdvice,
        Operation::Reversal,
    ];
    assert!(advices.into_iter().all(Operation::is_advice));
    let requests = [Operation::Authorize, Operation::Purchase, Operation::Refund, Operation::BalanceInquiry];
    assert!(!requests.into_iter().any(Operation::is_advice));
}

#[test]
fn message_types_answer_repeat_and_classify() {
    for (mti, first, answer, class) in [
        (100, 100, 110, 1),
        (101, 100, 110, 1),
        (121, 120, 130, 1),
        (201, 200, 210, 2),
        (220, 220, 230, 2),
        (401, 400, 410, 4),
        (421, 420, 430, 4),
        (501, 500, 510, 5),
        (801, 800, 810, 8),
    ] {
        let mti = Mti(mti);
        assert_eq!((mti.without_repeat(), mti.answer(), mti.class()), (Mti(first), Mti(answer), class), "{mti}");
        assert!(mti.is_question() && !mti.answer().is_question());
    }
}

#[test]
fn every_mandatory_field_is_missed_by_number() {
    for field in [3, 4, 7, 11, 22, 32, 37, 41, 42, 49] {
        let said = refused(|m| {
            m.remove(field);
        });
        assert_eq!(said, format!("DE{field}: is mandatory in a 0200"));
    }
    let said = refused(|m| {
        m.remove(102);
    });
    assert_eq!(said, "DE102: the PPID is mandatory in a 0200");
    for field in [12, 13, 18] {
        let mut message = Message::default();
        purchase().to_message(PpidPlace::De102, &mut message);
        message.remove(field);
        assert!(Request::from_message(&message, PpidPlace::De102).is_ok(), "DE{field} is optional");
    }
}

#[test]
fn an_inquiry_needs_no_amount_and_a_reversal_no_ppid() {
    let mut message = Message::default();
    let mut inquiry = request_of(200, 300_000, None);
    inquiry.amount = Yen::ZERO;
    inquiry.to_message(PpidPlace::De102, &mut message);
    assert!(!message.has(4) && !message.has(49));
    assert_eq!(Request::from_message(&message, PpidPlace::De102).unwrap(), inquiry);

    let mut reversal = request_of(400, 0, Some(purchase().as_original()));
    reversal.ppid = None;
    reversal.entry_mode = 0;
    reversal.mcc = None;
    reversal.to_message(PpidPlace::De102, &mut message);
    assert!(!message.has(22) && !message.has(102));
    assert_eq!(Request::from_message(&message, PpidPlace::De102).unwrap(), reversal);
    message.remove(90);
    let error = Request::from_message(&message, PpidPlace::De102).unwrap_err();
    assert_eq!((error.field, error.to_string().as_str()), (90, "DE90: is mandatory in a 0400"));
}

#[test]
fn an_unspecified_entry_mode_is_written() {
    let mut message = Message::default();
    let mut request = purchase();
    request.entry_mode = 0;
    request.to_message(PpidPlace::De102, &mut message);
    assert_eq!(message.get(22), Some(&b"000"[..]));
    assert_eq!(Request::from_message(&message, PpidPlace::De102).unwrap(), request);
}

#[test]
fn impossible_values_are_named() {
    let with = |field: u8, value: &'static [u8]| {
        refused(move |m| {
            m.set(field, value);
        })
    };
    assert_eq!(with(7, b"1323061530"), "DE7: must be a date and time MMDDhhmmss");
    assert_eq!(with(12, b"240000"), "DE12: must be a time hhmmss");
    assert_eq!(with(13, b"0230"), "DE13: must be a date MMDD");
    assert_eq!(with(32, b""), "DE32: must be 1 to 11 digits");
    assert_eq!(with(37, b" 32706000123"), "DE37: must not be blank or begin with a space");
    assert_eq!(with(41, b"        "), "DE41: must not be blank or begin with a space");
    assert_eq!(with(41, b"T\xb1      "), "DE41: must be printable ASCII");
    assert_eq!(with(42, b" M0000000000001"), "DE42: must not be blank or begin with a space");
    assert_eq!(with(102, b"AAAQEAYEAUDAOCAJBIFQYDIOB"), "DE102: PPID must be 26 base32 characters");
    assert_eq!(with(102, b"AAAQEAYEAUDAOCAJBIFQYDIOB1"), "DE102: PPID base32 is A-Z and 2-7");
    assert_eq!(
        with(102, b"AAAQEAYEAUDAOCAJBIFQYDIOB5"),
        "DE102: PPID the last character must leave its two spare bits zero"
    );
    let original = |digits: &'static [u8]| with(90, digits);
    assert_eq!(
        original(b"120000012311230615300000027000100000000000"),
        "DE90: original data elements: message type must begin with 0"
    );
    assert_eq!(
        original(b"020000012313230615300000027000100000000000"),
        "DE90: original data elements: transmission time must be MMDDhhmmss"
    );
    assert_eq!(original(b"0200000123"), "DE90: original data elements: must be 42 digits");
    assert_eq!(
        with(95, b"00000000050X000000000000C00000000C00000000"),
        "DE95: replacement amounts: the first 12 characters must be digits"
    );
}

#[test]
fn a_ppid_error_shows_no_more_of_it_than_debug_does() {
    let error = "AAAQEAYEAUDAOCAJBIFQYDIOB1".parse::<Ppid>().unwrap_err().to_string();
    assert_eq!(error, "PPID: base32 is A-Z and 2-7 (got \"AAAQ\")");
}

#[test]
fn the_ppid_is_found_among_other_subelements_of_de48() {
    let ppid = Ppid::from_bytes(*b"0123456789abcdef");
    let read = |de48: &str| {
        let mut message = Message::default();
        purchase().to_message(PpidPlace::De102, &mut message);
        message.remove(102).set(48, de48.as_bytes());
        Request::from_message(&message, PpidPlace::De48).map(|r| r.ppid).map_err(|e| e.to_string())
    };
    assert_eq!(read(&format!("PP026{ppid}")), Ok(Some(ppid)));
    assert_eq!(read(&format!("AB003xyzZZ000PP026{ppid}CD001q")), Ok(Some(ppid)));
    assert_eq!(read("AB003xyz"), Err("DE48: the PPID is mandatory in a 0200".into()));
    assert_eq!(read(""), Err("DE48: the PPID is mandatory in a 0200".into()));
    assert_eq!(read("PP02"), Err("DE48: the PPID is mandatory in a 0200".into()));
    assert_eq!(read("AB00x"), Err("DE48: subelements are written tag (2), length (3 digits), value".into()));
    assert_eq!(read("AB999xyz"), Err("DE48: subelements are written tag (2), length (3 digits), value".into()));
    assert_eq!(read("PP003xyz"), Err("DE48: PPID must be 26 base32 characters".into()));
}

#[test]
fn de90_and_de95_have_their_published_layout() {
    let mut reversal = request_of(
        420,
        0,
        Some(Original::new(Mti(201), Stan::wrapping(123), time("1123061530"), "00270001".parse().unwrap())),
    );
    reversal.replacement = Some(Yen::new(500));
    let mut message = Message::default();
    reversal.to_message(PpidPlace::De102, &mut message);
    // Type without the repeat, STAN, DE7, acquirer and forwarder right-justified.
    assert_eq!(message.get(90), Some(&b"020000012311230615300000027000100000000000"[..]));
    assert_eq!(message.get(95), Some(&b"000000000500000000000000C00000000C00000000"[..]));
    let read = Request::from_message(&message, PpidPlace::De102).unwrap();
    assert_eq!(read.original.unwrap().mti, Mti(200));
    assert_eq!(read.replacement, Some(Yen::new(500)));
}

#[test]
fn an_answer_echoes_what_the_specification_lists() {
    let mut request = request_of(221, 0, Some(purchase().as_original()));
    request.replacement = None;
    let answer = Answer {
        code: ResponseCode::APPROVED,
        approval: Some(ApprovalCode::from_number(35)),
        balance: Some(Balance { ledger: Yen::new(5_000), available: Yen::new(-20) }),
        ..Answer::code(ResponseCode::APPROVED)
    };
    let mut message = Message::default();
    request.answer_message(&answer, PpidPlace::De102, &mut message);
    assert_eq!(message.mti, Mti(230));
    let fields: Vec<u8> = message.fields().collect();
    assert_eq!(fields, [3, 4, 7, 11, 12, 13, 32, 37, 38, 39, 41, 42, 49, 54, 90, 102]);
    assert_eq!(message.get(38), Some(&b"00000Z"[..]));
    assert_eq!(message.get(54), Some(&b"0001392C0000000050000002392D000000000020"[..]));
    assert_eq!(Balance::from_wire(message.get(54).unwrap()), answer.balance);
    assert_eq!(Balance::from_wire(b"0001392C000000005000"), None);
    let mut asked = Message::default();
    request.to_message(PpidPlace::De102, &mut asked);
    for field in fields.into_iter().filter(|f| ![38, 39, 54].contains(f)) {
        assert_eq!(message.get(field), asked.get(field), "DE{field} comes back as it was sent");
    }
}

type Change<'a> = &'a dyn Fn(&mut Request);

#[test]
fn repeats_have_one_fingerprint_and_every_change_another() {
    let original = Some(purchase().as_original());
    let one = request_of(220, 0, original);
    let same = |change: &dyn Fn(&mut Request)| {
        let mut other = one;
        change(&mut other);
        other.fingerprint() == one.fingerprint()
    };
    // A repeat, its local time, and the fields of the key itself.
    assert!(same(&|r| r.mti = Mti(221)));
    assert!(same(&|r| r.local_time = None));
    assert!(same(&|r| r.local_date = Some(1_124)));
    assert!(same(&|r| r.stan = Stan::wrapping(124)));
    assert!(same(&|r| r.transmission = time("1123061531")));
    let changes: [(&str, Change<'_>); 20] = [
        ("type", &|r| r.mti = Mti(200)),
        ("processing", &|r| r.processing = 1),
        ("amount", &|r| r.amount = Yen::new(1_281)),
        ("no mcc", &|r| r.mcc = None),
        ("mcc", &|r| r.mcc = Some(Mcc::new(5_412).unwrap())),
        ("entry mode", &|r| r.entry_mode = 71),
        ("acquirer", &|r| r.acquirer = "270002".parse().unwrap()),
        ("rrn", &|r| r.rrn = Rrn::from_number(1)),
        ("terminal", &|r| r.terminal = "T0000002".parse().unwrap()),
        ("merchant", &|r| r.merchant = "M00000000000002".parse().unwrap()),
        ("currency", &|r| r.currency = 840),
        ("no ppid", &|r| r.ppid = None),
        ("ppid", &|r| r.ppid = Some(Ppid::from_bytes([1; 16]))),
        ("no original", &|r| r.original = None),
        ("original's stan", &|r| r.original.as_mut().unwrap().stan = Stan::wrapping(9)),
        ("original's type", &|r| r.original.as_mut().unwrap().mti = Mti(100)),
        ("original's time", &|r| r.original.as_mut().unwrap().transmission = time("0101000000")),
        ("original's acquirer", &|r| r.original.as_mut().unwrap().acquirer = *b"00000000001"),
        ("replacement zero", &|r| r.replacement = Some(Yen::ZERO)),
        ("replacement", &|r| r.replacement = Some(Yen::new(500))),
    ];
    let mut seen = std::collections::BTreeSet::from([one.fingerprint()]);
    for (what, change) in changes {
        let mut other = one;
        change(&mut other);
        assert!(seen.insert(other.fingerprint()), "{what} must change the fingerprint");
    }
    let (mut anonymous, mut zero) = (one, one);
    anonymous.ppid = None;
    zero.ppid = Some(Ppid::from_bytes([0; 16]));
    assert_ne!(anonymous.fingerprint(), zero.fingerprint(), "no PPID is another content than the PPID zero");
}
