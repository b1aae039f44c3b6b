//! What several files, parties and references say of one payment is booked once.

use super::*;

#[test]
fn a_refused_stand_in_is_booked_once() {
    for liable in [LiableParty::Operator, LiableParty::Merchant] {
        let mut town = town(liable);
        let (_, tap, message) = town.stand_in(1_000);
        let day = town.state.day;
        // The issuer's file of the day lacks it before the issuer has heard of it.
        let missing = town.raise("issuer 1", tap, 1_000, 0);
        let disputed = town.dispute(tap, 400).unwrap();
        town.acknowledge(message, REFUSED);
        assert!(matches!(Body::read(&town.entries.last().unwrap().body).unwrap(), Body::LossBooked(_)));
        assert_eq!((town.owed(), town.billed()), (0, 0), "{liable:?}: the clearing file bills nothing");
        for id in [missing, disputed] {
            for how in [Resolution::BookedIssuer, Resolution::BookedMerchant, Resolution::WrittenOff] {
                let why = town.resolve(id, how).unwrap_err();
                assert!(why.contains("nothing stands at its issuer: it refused it afterwards"), "{how:?}: {why}");
            }
        }
        assert!(town.dispute(tap, 1).unwrap_err().contains("it refused it afterwards"));
        town.resolve(missing, Resolution::Explained).unwrap();
        town.resolve(disputed, Resolution::Explained).unwrap();
        assert_eq!(town.owed(), 0);
        // A right file of the issuer lacks it, and nothing is missing.
        town.end_day();
        let with = CompareWith { against: Against::Issuer, party: "1".into(), from: day, until: day };
        let rules = super::super::super::compare::rules(&Default::default(), &with);
        let mut writer = Writer::new(Vec::new()).unwrap();
        writer.row(&Row::new(Kind::Purchase, Yen::new(5), day)).unwrap();
        let bytes = writer.finish().unwrap().out;
        let (.., outcome) = compared(&with, &town.lines(&with), &bytes, &rules).unwrap();
        let found: Vec<&str> = outcome.exceptions.iter().map(|e| name(e.status)).collect();
        assert_eq!(found, ["unexpected"], "{liable:?}");
    }
}

#[test]
fn a_loss_of_a_later_day_is_in_the_line_of_its_own() {
    let mut town = town(LiableParty::Operator);
    let day = town.state.day;
    let (.., message) = town.stand_in(1_000);
    let with = CompareWith { against: Against::Issuer, party: "1".into(), from: day, until: day };
    town.end_day();
    assert_eq!(town.lines(&with).iter().map(|row| row.amount.get()).sum::<i64>(), 1_000);
    town.acknowledge(message, REFUSED);
    assert_eq!(town.lines(&with), [], "however the days lie");
}

#[test]
fn a_missing_payment_and_its_chargeback_take_it_once() {
    use Resolution::{BookedIssuer, BookedMerchant, WrittenOff};
    for (first, second) in [
        (BookedIssuer, BookedIssuer),
        (BookedMerchant, BookedMerchant),
        (BookedIssuer, BookedMerchant),
        (WrittenOff, BookedIssuer),
    ] {
        for order in [false, true] {
            let mut town = town(LiableParty::Operator);
            let (_, tap) = town.paid(3_000);
            let missing = town.raise("issuer 1", tap, 3_000, 0);
            let disputed = town.dispute(tap, 3_000).unwrap();
            let (a, b) = if order { (missing, disputed) } else { (disputed, missing) };
            town.resolve(a, first).unwrap();
            assert_eq!((town.owed(), town.billed()), (0, 0));
            let why = town.resolve(b, second).unwrap_err();
            assert!(why.contains("¥0 stands at its issuer"), "{why}");
            assert_eq!(town.owed(), 0);
            town.resolve(b, Resolution::Explained).unwrap();
        }
    }
}

#[test]
fn two_parties_take_a_payment_of_its_merchant_once() {
    let mut town = town(LiableParty::Operator);
    let (request, tap) = town.paid(3_000);
    let acquirers = town.raise("acquirer 27000001", tap, 3_000, 1_000);
    town.resolve(acquirers, Resolution::BookedMerchant).unwrap();
    let issuers = town.raise("issuer 1", tap, 3_000, 0);
    let why = town.resolve(issuers, Resolution::BookedMerchant).unwrap_err();
    assert!(why.contains("¥1,000 stands at its merchant"), "{why}");
    // The merchant has ¥1,000 of it: no more is refunded.
    let refund = town.about(Operation::Refund, &request, 1_001);
    let answer = town.event(&Event::Request(refund));
    assert!(
        matches!(answer.body, Some(Body::Transaction(t)) if matches!(t.verdict, kazasu_ledger::record::Verdict::Refused(_)))
    );
    let refund = town.about(Operation::Refund, &request, 1_000);
    town.send(&refund, true);
    assert_eq!(town.owed(), 2_000);
    town.resolve(issuers, Resolution::BookedIssuer).unwrap_err();
    let disputed = town.dispute(tap, 2_000).unwrap();
    town.resolve(disputed, Resolution::BookedMerchant).unwrap_err();
    town.resolve(disputed, Resolution::BookedIssuer).unwrap();
    assert_eq!((town.owed(), town.billed()), (0, 0));
}

#[test]
fn a_chargebacks_reference_is_one_sum() {
    let mut town = town(LiableParty::Operator);
    let (_, tap) = town.paid(3_000);
    let dispute =
        |yen| Closing::Dispute { tap, amount: Yen::new(yen), reference: "CB-1".into(), said: said("sato", "w") };
    town.ok(Command::Closing(dispute(3_000)));
    assert_eq!(town.reject(Command::Closing(dispute(3_000))), None, "the same once more");
    let why = town.reject(Command::Closing(dispute(1))).unwrap();
    assert!(why.contains("CB-1") && why.contains("3,000"), "{why}");
}

#[test]
fn a_refund_that_its_issuer_lacks_stands_again_once() {
    let mut town = town(LiableParty::Operator);
    let (request, _) = town.paid(3_000);
    let refund = town.about(Operation::Refund, &request, 1_000);
    town.send(&refund, true);
    let record = town.state.seq - 1;
    let missing = town.raise("issuer 1", record, -1_000, 0);
    town.resolve(missing, Resolution::BookedMerchant).unwrap();
    assert_eq!((town.owed(), town.billed()), (3_000, 3_000));
    // Reversing the refund gives nothing a second time.
    let undo = town.about(Operation::Reversal, &refund, 1_000);
    town.send(&undo, true);
    assert_eq!(town.owed(), 3_000);
    let again = town.raise("issuer 1", record, -1_000, -500);
    assert!(town.resolve(again, Resolution::BookedIssuer).unwrap_err().contains("¥0 stands at its issuer"));
}

#[test]
fn what_an_issuer_refuses_of_what_it_was_told_is_an_exception() {
    let mut town = town(LiableParty::Issuer);
    let exceptions = |town: &Town| {
        let open = town.state.exceptions(WhichExceptions::Open);
        open.iter().map(|d| (d.exception.own, d.exception.ours.get(), d.exception.theirs.get())).collect::<Vec<_>>()
    };
    // A completion.
    let hold = town.request(Operation::Authorize, 2, 0, 5_000);
    town.send(&hold, true);
    let completion = town.about(Operation::Completion, &hold, 4_000);
    town.send(&completion, true);
    let completed = town.state.seq;
    town.acknowledge(completed, REFUSED);
    assert_eq!(exceptions(&town), [(completed, 4_000, 0)]);
    let open = town.state.exceptions(WhichExceptions::Open);
    let exception = &open[0].exception;
    assert_eq!((exception.status.as_str(), exception.party.as_str()), ("refused_advice", "issuer 1"));
    let Some(Finding::AdviceRefused { code, operation, amount, message, .. }) = exception.finding.as_deref() else {
        panic!("{exception:?}");
    };
    assert_eq!((code.as_str(), *operation, *amount), ("63", IssuerOperation::Completion, Yen::new(4_000)));
    assert_eq!(*message, completed);
    town.acknowledge(completed, REFUSED);
    assert_eq!(exceptions(&town).len(), 1, "once");
    let id = exception.id;
    assert!(town.resolve(id, Resolution::BookedMerchant).is_ok());
    assert_eq!((town.owed(), town.billed()), (0, 0));
    let twice = town.raise("issuer 1", completed, 4_000, 0);
    assert!(town.resolve(twice, Resolution::BookedIssuer).is_err(), "it was taken already");
    town.resolve(twice, Resolution::Explained).unwrap();

    // A reversal of a payment.
    let (paid, _) = town.paid(700);
    let reversal = town.about(Operation::Reversal, &paid, 700);
    town.send(&reversal, true);
    let reversed = town.state.seq;
    town.acknowledge(reversed, REFUSED);
    assert_eq!(exceptions(&town), [(reversed, -700, 0)]);
    let id = town.state.exceptions(WhichExceptions::Open)[0].exception.id;
    town.resolve(id, Resolution::BookedMerchant).unwrap();
    assert_eq!((town.owed(), town.billed()), (700, 700), "it was paid after all");
    let twice = town.raise("issuer 1", reversed, -700, 0);
    assert!(town.resolve(twice, Resolution::BookedIssuer).is_err(), "once");
    town.resolve(twice, Resolution::Explained).unwrap();

    // A reversal of a payment without an answer: nothing is in the books, and the whole may stand there.
    let buy = town.request(Operation::Purchase, 2, 0, 900);
    town.event(&Event::Request(buy));
    let tap = town.state.seq;
    town.event(&Event::IssuerSilent { tap, why: Silence::TimedOut });
    let message = town.state.seq;
    town.acknowledge(message, REFUSED);
    assert_eq!(exceptions(&town), [(tap, 0, 900)]);
    let id = town.state.exceptions(WhichExceptions::Open)[0].exception.id;
    town.resolve(id, Resolution::Explained).unwrap();

    // A payment that the issuer was told of and that it is to bear.
    let (_, tap, message) = town.stand_in(300);
    town.acknowledge(message, REFUSED);
    assert_eq!(exceptions(&town), [(tap, 300, 0)]);
    let mut again = State::new();
    for entry in &town.entries {
        let record = Record { at: entry.at, day: entry.day, body: Body::read(&entry.body).unwrap() };
        again.apply(entry.seq, &record).unwrap();
    }
    assert_eq!(again, town.state);
}

/// What an open exception is about stays in memory; of what left it, no more is booked than its line.
#[test]
fn a_payment_that_left_the_memory_is_taken_once() {
    let mut town = town(LiableParty::Operator);
    let days = |town: &mut Town| {
        for _ in 0..4 {
            town.now = Millis(town.now.0 + 86_400_000);
            town.event(&Event::Tick { keep_days: 1 });
        }
    };
    let (_, tap) = town.paid(3_000);
    let (_, other) = town.paid(800);
    let missing = town.raise("issuer 1", tap, 3_000, 0);
    days(&mut town);
    assert!(town.state.tap_by_seq(tap).is_some() && town.state.tap_by_seq(other).is_none());
    town.resolve(missing, Resolution::BookedMerchant).unwrap();
    days(&mut town);
    assert!(town.state.tap_by_seq(tap).is_none());
    assert!(town.dispute(tap, 1).is_err());
    let again = town.raise("issuer 1", tap, 3_000, 0);
    let why = town.resolve(again, Resolution::BookedIssuer).unwrap_err();
    assert!(why.contains("¥0 stands at the other side"), "{why}");
    // A line of which nothing was booked is booked up to its amount, and once.
    for (theirs, good) in [(300, true), (0, false)] {
        let less = town.raise("issuer 1", other, 800, theirs);
        assert_eq!(town.resolve(less, Resolution::BookedIssuer).is_ok(), good);
    }
    assert_eq!((town.owed(), town.billed()), (300, 300));
}
