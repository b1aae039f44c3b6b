//! Advices: told in order, until an answer fits.

use super::*;

#[test]
fn an_advice_stays_owed_until_an_answer_fits() {
    for code in [b"00", b"12"] {
        for (field, wrong) in unfit(acknowledgement(1, code)) {
            let mut w = World::up();
            w.command(reversal(1));
            assert_eq!(w.sent(), ["0420 1"]);
            assert!(matches!(w.hears(wrong), Heard::Unfit { id: 1, .. }), "DE{field}");
            assert_eq!((w.told(), w.session.saf_depth()), (vec![], 1));
            w.pass(200).unwrap();
            assert_eq!(w.sent(), ["0421 1"], "it goes on being told");
            w.answered(1, b"00");
            assert_eq!(w.told(), [Report::Acknowledged { id: 1, code: ResponseCode::APPROVED }]);
        }
    }
}

#[test]
fn advices_go_in_order_within_the_window_and_repeat_with_growing_pauses() {
    let mut w = World::up();
    (1..=3).for_each(|id| w.command(reversal(id)));
    w.command(reversal(1));
    assert_eq!(w.session.saf_depth(), 3);
    assert_eq!(w.sent(), ["0420 1", "0420 2"]);
    let mut repeats = Vec::new();
    for _ in 0..40 {
        w.pass(50).unwrap();
        if w.sent().contains(&"0421 1".to_owned()) {
            repeats.push(w.now);
        }
    }
    assert_eq!(repeats, [200, 600, 1_400]);
    w.answered(1, b"00");
    assert_eq!(w.sent(), ["0420 3"]);
    w.answered(2, b"12");
    w.answered(3, b"00");
    w.answered(3, b"00");
    let expected = [
        Report::Acknowledged { id: 1, code: code(b"00") },
        Report::Acknowledged { id: 2, code: code(b"12") },
        Report::Acknowledged { id: 3, code: code(b"00") },
    ];
    assert_eq!(w.told(), expected);
    assert_eq!(w.session.saf_depth(), 0);
    w.pass(2_000).unwrap();
    assert_eq!(w.sent(), Vec::<String>::new());
}

#[test]
fn an_advice_about_another_waits_for_its_answer() {
    use IssuerOperation::{PurchaseAdvice, RefundAdvice, Reversal};
    let mut w = World::up();
    // A refund of what is advised first, between two that have nothing to do with them.
    let first = Command::Advice {
        id: 1,
        cause: cause(1),
        request: IssuerRequest { stan: Stan::wrapping(1), original: None, ..message(PurchaseAdvice) },
    };
    w.command(first);
    w.command(about(2, RefundAdvice, 1));
    assert_eq!(w.sent(), ["0220 1"]);
    w.pass(150).unwrap();
    assert_eq!(w.sent(), Vec::<String>::new());
    w.command(purchase(11));
    assert_eq!(w.sent(), ["0200 11"], "what is held back keeps nothing else waiting");
    w.pass(60).unwrap();
    assert_eq!(w.sent(), ["0221 1"]);
    w.answered(1, b"51");
    assert_eq!(w.sent(), ["0220 2"], "with any answer");
    // Two reversals of one message, the second for less; refunds of one payment need not wait for each other.
    w.answered(2, b"00");
    w.command(about(3, Reversal, 7));
    w.command(about(4, Reversal, 7));
    assert_eq!(w.sent(), ["0420 3"]);
    w.session.disconnected(w.now, w.encoded, &mut w.reports);
    w.pass(100).unwrap();
    w.connect();
    assert_eq!(w.sent(), ["0421 3"]);
    w.answered(3, b"00");
    assert_eq!(w.sent(), ["0420 4"]);
    w.answered(4, b"00");
    w.command(about(5, RefundAdvice, 7));
    w.command(about(6, RefundAdvice, 7));
    assert_eq!(w.sent(), ["0220 5", "0220 6"]);
    // One that cannot be written holds nothing back.
    w.command(about(8, Reversal, 5));
    w.session.unsendable(w.now, 5, &mut w.reports);
    w.answered(6, b"00");
    assert_eq!(w.sent(), ["0420 8"]);
}

#[test]
fn advices_survive_disconnects_and_wait_for_the_next_sign_on() {
    let mut w = World::new();
    w.command(reversal(1));
    assert_eq!(w.sent(), Vec::<String>::new());
    w.connect();
    assert_eq!(w.sent(), ["0420 1"]);
    w.session.disconnected(w.now, w.encoded, &mut w.reports);
    assert_eq!(w.told(), []);
    w.pass(100).unwrap();
    w.connect();
    assert_eq!(w.sent(), ["0421 1"]);
    w.answered(1, b"00");
    assert_eq!(w.told(), [Report::Acknowledged { id: 1, code: code(b"00") }]);
}

#[test]
fn requests_and_advices_take_turns() {
    let mut w = World::up();
    (1..=2).for_each(|id| w.command(reversal(id)));
    (11..=13).for_each(|id| w.command(purchase(id)));
    assert_eq!(w.sent(), ["0420 1", "0200 11", "0420 2", "0200 12", "0200 13"]);
}
