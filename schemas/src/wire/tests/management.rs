//! Totals and network messages: layout, the sign of the net, and what is said about wrong ones.

use super::time;
use crate::ids::Stan;
use crate::iso8583::{Message, Mti};
use crate::money::Yen;
use crate::wire::totals::DayTotals;
use crate::wire::{Network, NetworkCode, ResponseCode, Totals};

fn day() -> DayTotals {
    DayTotals {
        credits: 1,
        credit_reversals: 0,
        debits: 120,
        debit_reversals: 2,
        credit_amount: Yen::new(1_280),
        credit_reversal_amount: Yen::new(80),
        debit_amount: Yen::new(345_678),
        debit_reversal_amount: Yen::new(2_560),
    }
}

fn totals(day: DayTotals) -> Message {
    let totals = Totals {
        mti: Mti(500),
        transmission: time("1123150000"),
        stan: Stan::wrapping(900),
        date: 1_123,
        acquirer: "270001".parse().unwrap(),
        code: None,
        settlement: None,
        day,
    };
    let mut message = Message::default();
    totals.to_message(&mut message);
    message
}

#[test]
fn the_net_of_a_day_has_its_published_sign() {
    // (1,280 − 80) − (345,678 − 2,560): debits outweigh.
    let mut message = totals(day());
    assert_eq!(message.get(97), Some(&b"D0000000000341918"[..]));
    assert_eq!((message.get(50), message.get(99)), (Some(&b"392"[..]), Some(&b"270001"[..])));
    assert!(Totals::from_message(&message).is_ok());
    message.set(97, b"C0000000000341918");
    assert_eq!(
        Totals::from_message(&message).unwrap_err().to_string(),
        "DE97: net settlement must be (86 - 87) - (88 - 89) = -¥341,918"
    );
    // The other published rule, 86 + 87 − 88 − 89, is refused.
    message.set(97, b"D0000000000346878");
    assert!(Totals::from_message(&message).is_err());
    let refunds = DayTotals { credit_amount: Yen::new(7), ..DayTotals::default() };
    assert_eq!(totals(refunds).get(97), Some(&b"C0000000000000007"[..]));
    // Nothing is C, never D.
    let mut nothing = totals(DayTotals::default());
    assert_eq!(nothing.get(97), Some(&b"C0000000000000000"[..]));
    nothing.set(97, b"D0000000000000000");
    assert!(Totals::from_message(&nothing).is_err());
}

#[test]
fn totals_that_do_not_fit_or_are_missing_are_refused() {
    let mut message = totals(day());
    for field in [86, 89] {
        message.set(field, b"9999999999999999");
    }
    assert_eq!(
        Totals::from_message(&message).unwrap_err().to_string(),
        "DE97: the net of these totals has more than 16 digits"
    );
    for field in [7, 11, 15, 32, 74, 75, 76, 77, 86, 87, 88, 89, 97] {
        let mut message = totals(day());
        message.remove(field);
        let error = Totals::from_message(&message).unwrap_err();
        assert_eq!(error.to_string(), format!("DE{field}: is mandatory in a 0500"));
    }
    let mut message = totals(day());
    assert_eq!(Totals::from_message(message.set(15, b"1301")).unwrap_err().to_string(), "DE15: must be a date MMDD");
    let mut message = totals(day());
    assert_eq!(Totals::from_message(message.set(66, b" ")).unwrap_err().to_string(), "DE66: must be digits");
    assert_eq!(Totals::from_message(message.set(66, b"10")).unwrap_err().to_string(), "DE66: must be one digit");
}

#[test]
fn network_messages_say_what_is_missing_and_hide_what_is_private() {
    let request =
        Network::request(NetworkCode::SignOn, "270001".parse().unwrap(), Stan::wrapping(7), time("1123061530"));
    let request = request.with(b"NA032x".to_vec());
    assert_eq!(format!("{request:?}"), "Network(0800 sign_on 270001 STAN 000007 DE48 [6 bytes])");
    let mut message = Message::default();
    request.to_message(&mut message);
    for field in [7, 11, 32, 70] {
        let mut message = message.clone();
        message.remove(field);
        assert_eq!(
            Network::from_message(&message).unwrap_err().to_string(),
            format!("DE{field}: is mandatory in a 0800")
        );
    }
    let answer = request.answer(ResponseCode::APPROVED);
    assert_eq!(format!("{answer:?}"), "Network(0810 sign_on 270001 STAN 000007 DE39=00)");
    assert_eq!(
        Network::from_message(message.set(39, b" 0")).unwrap_err().to_string(),
        "DE39: must be 2 letters or digits"
    );
}
