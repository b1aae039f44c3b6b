//! Any typed message, through the bytes of each shipped dialect, is the same message again; and reading typed messages from
//! any fields at all never panics.

use super::through;
use crate::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Rrn, Stan, TerminalId};
use crate::iso8583::{Dialect, Message, Mti};
use crate::jst::TransmissionTime;
use crate::money::{JPY_NUMERIC, MAX_WIRE_AMOUNT, Yen};
use crate::secret::Pan;
use crate::wire::issuer::{Account, IssuerAnswer, IssuerOperation, IssuerRequest};
use crate::wire::totals::DayTotals;
use crate::wire::{Network, NetworkCode, Operation, Options, Original, PpidPlace, Request, ResponseCode, Totals};
use proptest::option;
use proptest::prelude::*;
use std::sync::LazyLock;

static DIALECTS: LazyLock<[Dialect; 3]> = LazyLock::new(|| Dialect::SHIPPED.map(|n| Dialect::shipped(n).unwrap()));

fn transmission() -> impl Strategy<Value = TransmissionTime> {
    (1..=12_u32, 1..=29_u32, 0..24_u32, 0..60_u32, 0..60_u32).prop_filter_map("a date", |(mo, d, h, m, s)| {
        TransmissionTime::from_wire(format!("{mo:02}{d:02}{h:02}{m:02}{s:02}").as_bytes())
    })
}

fn stan() -> impl Strategy<Value = Stan> {
    any::<u64>().prop_map(Stan::wrapping)
}

fn institution() -> impl Strategy<Value = InstitutionId> {
    "[0-9]{1,11}".prop_map(|t| t.parse().unwrap())
}

fn terminal() -> impl Strategy<Value = TerminalId> {
    "[!-~][ -~]{0,7}".prop_map(|t| t.parse().unwrap())
}

fn merchant() -> impl Strategy<Value = MerchantId> {
    "[!-~][ -~]{0,14}".prop_map(|t| t.parse().unwrap())
}

fn rrn() -> impl Strategy<Value = Rrn> {
    "[0-9A-Za-z][0-9A-Za-z ]{0,11}".prop_map(|t| t.parse().unwrap())
}

fn mcc() -> impl Strategy<Value = Mcc> {
    (0..=9_999_u16).prop_map(|n| Mcc::new(n).unwrap())
}

fn yen() -> impl Strategy<Value = Yen> {
    prop_oneof![Just(0), Just(1), Just(MAX_WIRE_AMOUNT), 0..=MAX_WIRE_AMOUNT].prop_map(Yen::new)
}

fn original() -> impl Strategy<Value = Original> {
    (0..1000_u16, stan(), transmission(), institution()).prop_map(|(m, s, t, a)| Original::new(Mti(m), s, t, a))
}

/// Message types and processing codes that have an operation, and some that have none.
fn kind() -> impl Strategy<Value = (u16, u32)> {
    let mti = prop::sample::select(vec![100, 101, 120, 121, 200, 201, 220, 221, 400, 401, 420, 421, 600]);
    let processing = prop_oneof![Just(0), Just(3_000), Just(200_000), Just(300_000), 0..=999_999_u32];
    (mti, processing)
}

fn request() -> impl Strategy<Value = Request> {
    let about = (kind(), yen(), prop_oneof![3 => Just(JPY_NUMERIC), 1 => 0..=999_u16], 0..=999_u16);
    let when =
        (transmission(), stan(), option::of((0..24_u32, 0..60_u32, 0..60_u32)), option::of((1..=12_u16, 1..=28_u16)));
    let who = (option::of(mcc()), institution(), rrn(), terminal(), merchant(), option::of(any::<[u8; 16]>()));
    (about, when, who, option::of(original()), option::of(yen()), 0..4_u8).prop_map(
        |(about, when, who, original, replacement, options)| {
            let ((mti, processing), amount, currency, entry_mode) = about;
            let (transmission, stan, time, date) = when;
            let (mcc, acquirer, rrn, terminal, merchant, ppid) = who;
            let reversal = matches!(mti, 400..=421);
            let original = original.or(reversal.then(|| Original::new(Mti(200), stan, transmission, acquirer)));
            let ppid = ppid.or((!reversal).then_some([7; 16])).map(Ppid::from_bytes);
            let mut request = Request {
                mti: Mti(mti),
                operation: None,
                processing,
                amount,
                transmission,
                stan,
                local_time: time.map(|(h, m, s)| h * 10_000 + m * 100 + s),
                local_date: date.map(|(m, d)| m * 100 + d),
                mcc,
                entry_mode,
                acquirer,
                rrn,
                terminal,
                merchant,
                currency,
                ppid,
                original,
                replacement,
                options: Options(options),
            };
            let mut message = Message::default();
            request.to_message(PpidPlace::De102, &mut message);
            request.operation = Request::from_message(&message, PpidPlace::De102).expect("complete").operation;
            request
        },
    )
}

fn day_totals() -> impl Strategy<Value = DayTotals> {
    let count = || 0..=9_999_999_999_u64;
    let amount = || (0..=4_999_999_999_999_999_i64).prop_map(Yen::new);
    ((count(), count(), count(), count()), (amount(), amount(), amount(), amount())).prop_map(|(n, a)| DayTotals {
        credits: n.0,
        credit_reversals: n.1,
        debits: n.2,
        debit_reversals: n.3,
        credit_amount: a.0,
        credit_reversal_amount: a.1,
        debit_amount: a.2,
        debit_reversal_amount: a.3,
    })
}

fn code() -> impl Strategy<Value = ResponseCode> {
    "[0-9A-Z]{2}".prop_map(|t| ResponseCode::from_wire(t.as_bytes()).unwrap())
}

fn totals() -> impl Strategy<Value = Totals> {
    let head =
        (prop::sample::select(vec![500, 501, 510]), transmission(), stan(), (1..=12_u16, 1..=28_u16), institution());
    (head, option::of(code()), option::of(1..=3_u8), day_totals()).prop_map(|(head, code, settlement, day)| {
        let (mti, transmission, stan, (m, d), acquirer) = head;
        Totals { mti: Mti(mti), transmission, stan, date: m * 100 + d, acquirer, code, settlement, day }
    })
}

fn network() -> impl Strategy<Value = Network> {
    let purposes = vec![
        NetworkCode::SignOn,
        NetworkCode::SignOff,
        NetworkCode::KeyChange,
        NetworkCode::CutoverStart,
        NetworkCode::CutoverEnd,
        NetworkCode::Echo,
        NetworkCode::Other(999),
    ];
    let head = (prop::sample::select(vec![800, 801, 810]), transmission(), stan(), institution());
    let private = option::of(prop::collection::vec(any::<u8>(), 0..180));
    (head, option::of(code()), prop::sample::select(purposes), private).prop_map(|(head, code, purpose, private)| {
        let (mti, transmission, stan, institution) = head;
        {
            let settlement = matches!(purpose, NetworkCode::CutoverStart | NetworkCode::CutoverEnd).then_some(1_231);
            Network { mti: Mti(mti), transmission, stan, institution, code, purpose, private, settlement }
        }
    })
}

fn issuer_request() -> impl Strategy<Value = IssuerRequest> {
    let operations = vec![
        IssuerOperation::Authorize,
        IssuerOperation::Purchase,
        IssuerOperation::Refund,
        IssuerOperation::Completion,
        IssuerOperation::PurchaseAdvice,
        IssuerOperation::RefundAdvice,
        IssuerOperation::Reversal,
    ];
    let account = prop_oneof![
        Just(Account::Card(Pan::parse(b"4111111111111111").unwrap())),
        "[0-9]{10}".prop_map(Account::Bank),
    ];
    let what = (prop::sample::select(operations), any::<bool>(), account, yen(), 0..=999_u16);
    let who = (transmission(), stan(), mcc(), institution(), rrn(), terminal(), merchant());
    (what, who, original(), option::of(yen())).prop_map(|(what, who, original, replacement)| {
        let (operation, repeat, account, amount, entry_mode) = what;
        let (transmission, stan, mcc, acquirer, rrn, terminal, merchant) = who;
        let refers = matches!(operation, IssuerOperation::Completion | IssuerOperation::Reversal);
        IssuerRequest {
            operation,
            repeat,
            account,
            amount,
            transmission,
            stan,
            mcc,
            entry_mode,
            acquirer,
            rrn,
            terminal,
            merchant,
            original: refers.then_some(original),
            replacement: replacement.filter(|_| operation == IssuerOperation::Reversal),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests(request in request(), which in 0..3_usize, de48 in any::<bool>()) {
        let place = if de48 { PpidPlace::De48 } else { PpidPlace::De102 };
        let mut message = Message::default();
        request.to_message(place, &mut message);
        let back = Request::from_message(&through(&DIALECTS[which], &message), place).expect("complete");
        prop_assert_eq!(back, request);
        prop_assert_eq!(back.fingerprint(), request.fingerprint());
        let repeat = Request { mti: Mti(request.mti.0 | 1), ..request };
        prop_assert_eq!(repeat.fingerprint(), request.fingerprint());
        prop_assert_eq!(repeat.as_original(), request.as_original());
        let other = Request { amount: Yen::new(request.amount.get() ^ 1), ..request };
        prop_assert_ne!(other.fingerprint(), request.fingerprint());
        if back.operation == Some(Operation::Reversal) {
            prop_assert!(back.original.is_some());
        }
    }

    #[test]
    fn original_data(original in original()) {
        prop_assert_eq!(Original::from_wire(&original.wire()).unwrap(), original);
    }

    #[test]
    fn day_totals_messages(totals in totals(), which in 0..3_usize) {
        let mut message = Message::default();
        totals.to_message(&mut message);
        prop_assert_eq!(Totals::from_message(&through(&DIALECTS[which], &message)).unwrap(), totals);
    }

    #[test]
    fn network_messages(network in network(), which in 0..3_usize) {
        let mut message = Message::default();
        network.to_message(&mut message);
        prop_assert_eq!(Network::from_message(&through(&DIALECTS[which], &message)).unwrap(), network);
    }

    #[test]
    fn issuer_messages(request in issuer_request(), which in 0..3_usize, number in any::<u64>()) {
        let dialect = &DIALECTS[which];
        let mut message = Message::default();
        request.to_message(&mut message);
        let back = IssuerRequest::from_message(&through(dialect, &message)).expect("complete");
        let mut again = Message::default();
        back.to_message(&mut again);
        prop_assert_eq!(&again, &message);
        prop_assert_eq!((back.operation, back.repeat), (request.operation, request.repeat));
        prop_assert_eq!(back.as_original(), request.as_original());

        let answer = IssuerAnswer {
            mti: request.mti().answer(),
            rrn: request.rrn,
            code: ResponseCode::APPROVED,
            approval: Some(ApprovalCode::from_number(number)),
            repeated: request.repeated(),
        };
        request.answer_message(&answer, &mut message);
        prop_assert_eq!(IssuerAnswer::from_message(&through(dialect, &message)).unwrap(), answer);
        let shown = format!("{request:?}");
        let hidden = match &request.account {
            Account::Card(_) => "4111111111111111".to_owned(),
            Account::Bank(account) => format!("\"{account}\""),
        };
        prop_assert!(!shown.contains(&hidden), "an account number is in {shown}");
    }

    /// A message whose fields hold anything that the codec lets through, and more.
    #[test]
    fn any_fields_are_read_or_refused(
        mti in prop::sample::select(vec![100_u16, 120, 200, 220, 400, 420, 500, 800, 810]),
        fields in prop::collection::vec((2..=128_u8, prop::collection::vec(any::<u8>(), 0..44)), 0..30),
        base in request(),
    ) {
        let mut message = Message::default();
        base.to_message(PpidPlace::De102, &mut message);
        message.mti = Mti(mti);
        for (field, value) in &fields {
            if *field != 65 {
                message.set(*field, value);
            }
        }
        for place in [PpidPlace::De102, PpidPlace::De48] {
            if let Ok(request) = Request::from_message(&message, place) {
                let _ = request.fingerprint();
                let mut again = Message::default();
                request.to_message(place, &mut again);
            }
        }
        let _ = Totals::from_message(&message);
        let _ = Network::from_message(&message);
        let _ = IssuerRequest::from_message(&message);
        let _ = IssuerAnswer::from_message(&message);
    }
}
