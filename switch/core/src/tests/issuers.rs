use super::codes::*;
use super::*;
use kazasu_schemas::wire::issuer::IssuerOperation;

fn asked(town: &mut Town, operation: Operation, yen: i64) -> (Request, Seq) {
    let request = town.request(operation, AT_ISSUER, yen);
    let decision = town.send(&request);
    assert_eq!(code(&decision), "waits");
    let (seq, message) = sent(&decision).unwrap();
    assert_eq!((message.issuer, message.amount.get()), (ISSUER, yen));
    (request, seq)
}

#[test]
fn the_amount_is_held_until_the_issuer_answers() {
    let mut town = Town::new();
    let (request, seq) = asked(&mut town, Operation::Purchase, 800);
    assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 800), 0));
    assert_eq!(code(&town.send(&request)), "waits", "a duplicate waits for the same outcome");
    let decision = town.issuer_says(seq, APPROVED);
    assert_eq!(waiting_code(&decision).unwrap(), APPROVED);
    assert_eq!((town.receivable(), town.payable("SHOP")), ((800, 0), 800));
    let records = town.journal.len();
    assert!(town.issuer_says(seq, APPROVED).body.is_some(), "an answer twice is recorded as late");
    assert_eq!((town.receivable(), town.journal.len()), ((800, 0), records + 1));
    assert_eq!(town.code(&request), APPROVED);
    town.check_replay();
}

#[test]
fn a_decline_releases_the_hold() {
    let mut town = Town::new();
    let (request, seq) = asked(&mut town, Operation::Purchase, 800);
    assert_eq!(waiting_code(&town.issuer_says(seq, "43")).unwrap(), "43");
    assert_eq!(town.receivable(), (0, 0));
    assert_eq!(town.code(&request), "43");
}

#[test]
fn a_code_that_no_terminal_knows_becomes_05_and_stays_in_the_record() {
    for (theirs, ours) in [
        ("Z9", "05"),
        ("94", "05"),
        ("30", "05"),
        ("63", "05"),
        ("25", "05"),
        ("68", "05"),
        ("95", "05"),
        ("01", "05"),
        ("99", "05"),
        ("a0", "05"),
        ("05", "05"),
        ("51", "51"),
        ("75", "75"),
        ("91", "91"),
        ("14", "14"),
    ] {
        let mut town = Town::new();
        let (request, seq) = asked(&mut town, Operation::Purchase, 800);
        let decision = town.issuer_says(seq, theirs);
        assert_eq!(waiting_code(&decision).unwrap(), ours, "{theirs}");
        let Some(Body::IssuerAnswered(record)) = decision.body else { panic!("{theirs}") };
        assert_eq!(record.code.as_str(), theirs, "the record keeps what the issuer said");
        assert_eq!(town.code(&request), ours, "and a repeat hears the same");
        town.check_replay();
    }
}

#[test]
fn an_answer_that_does_not_fit_leaves_the_outcome_unknown_and_is_reversed() {
    let mut town = Town::new();
    let (request, seq) = asked(&mut town, Operation::Purchase, 800);
    let decision = town.issuer_silent(seq, Silence::Unfit);
    assert_eq!(waiting_code(&decision).unwrap(), UNAVAILABLE);
    let (_, message) = sent(&decision).unwrap();
    assert_eq!((message.operation, message.amount.get(), message.about), (IssuerOperation::Reversal, 800, Some(seq)));
    assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 0));
    assert_eq!(town.code(&request), UNAVAILABLE);
    town.check_replay();
}

#[test]
fn silence_is_declined_and_reversed_until_acknowledged_and_a_late_approval_changes_nothing() {
    let mut town = Town::new();
    let (request, seq) = asked(&mut town, Operation::Purchase, 800);
    let decision = town.issuer_silent(seq, Silence::TimedOut);
    assert_eq!(waiting_code(&decision).unwrap(), UNAVAILABLE);
    let (reversal, message) = sent(&decision).unwrap();
    assert_eq!((message.operation, message.about), (IssuerOperation::Reversal, Some(seq)));
    assert_eq!(town.state.unacknowledged().collect::<Vec<_>>(), [(reversal, message)]);
    let own: InstitutionId = "10000001".parse().unwrap();
    let out = town.state.outgoing(reversal, message, own).unwrap();
    let original = out.original.unwrap();
    assert_eq!((original.mti, original.stan), (Mti(200), Stan::wrapping(seq)));
    assert_eq!((out.cause.acquirer, out.cause.stan, out.cause_rrn), (acquirer(), request.stan, request.rrn));
    assert_eq!(town.state.record_of(&request), Some(seq));
    assert_eq!(town.state.tap_of_message(reversal).map(|tap| tap.seq), Some(seq));
    town.issuer_says(seq, APPROVED);
    assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 0));
    town.event(&Event::IssuerAcknowledged { message: reversal, code: ResponseCode::APPROVED });
    assert_eq!(town.state.unacknowledged().count(), 0);
    let again = town.event(&Event::IssuerAcknowledged { message: reversal, code: ResponseCode::APPROVED });
    assert_eq!(again.body, None);
    town.check_replay();
}

#[test]
fn what_was_certainly_not_sent_needs_no_reversal() {
    let mut town = Town::new();
    let (_, seq) = asked(&mut town, Operation::Purchase, 800);
    let decision = town.issuer_silent(seq, Silence::NotSent);
    assert_eq!((waiting_code(&decision).unwrap().as_str(), sent(&decision)), (UNAVAILABLE, None));
    assert_eq!((town.receivable(), town.state.unacknowledged().count()), ((0, 0), 0));
}

#[test]
fn a_reversal_that_overtakes_the_issuer_answers_whoever_waits() {
    let mut town = Town::new();
    let (request, seq) = asked(&mut town, Operation::Purchase, 800);
    let reversal = town.about(Operation::Reversal, &request, 800);
    let decision = town.send(&reversal);
    assert_eq!((code(&decision).as_str(), waiting_code(&decision).unwrap().as_str()), (APPROVED, DUPLICATE));
    assert_eq!(sent(&decision).unwrap().1.about, Some(seq));
    town.issuer_says(seq, APPROVED);
    assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 0));
    town.check_replay();
}

#[test]
fn authorize_then_complete_tells_the_issuer() {
    let mut town = Town::new();
    let (request, seq) = asked(&mut town, Operation::Authorize, 5_000);
    let early = town.about(Operation::Completion, &request, 1);
    assert_eq!(town.code(&early), INVALID_TRANSACTION);
    town.issuer_says(seq, APPROVED);
    assert_eq!(town.receivable(), (0, 5_000));
    let completion = town.about(Operation::Completion, &request, 4_000);
    let decision = town.send(&completion);
    assert_eq!(code(&decision), APPROVED);
    let (_, message) = sent(&decision).unwrap();
    assert_eq!(
        (message.operation, message.about, message.amount.get()),
        (IssuerOperation::Completion, Some(seq), 4_000)
    );
    assert_eq!((town.receivable(), town.payable("SHOP")), ((4_000, 0), 4_000));
    town.check_replay();
}

#[test]
fn a_refund_at_the_issuer_counts_from_the_moment_it_is_asked_for() {
    let mut town = Town::new();
    let (request, seq) = asked(&mut town, Operation::Purchase, 1_000);
    town.issuer_says(seq, APPROVED);
    let refund = town.about(Operation::Refund, &request, 700);
    let decision = town.send(&refund);
    let (refund_seq, message) = sent(&decision).unwrap();
    assert_eq!(message.operation, IssuerOperation::Refund);
    let more = town.about(Operation::Refund, &request, 301);
    assert_eq!(town.code(&more), INVALID_AMOUNT);
    assert_eq!(waiting_code(&town.issuer_says(refund_seq, DO_NOT_HONOUR)).unwrap(), DO_NOT_HONOUR);
    let again = town.about(Operation::Refund, &request, 1_000);
    let (again_seq, _) = sent(&town.send(&again)).unwrap();
    town.issuer_says(again_seq, APPROVED);
    assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 0));
    town.check_replay();
}

#[test]
fn after_a_restart_pending_taps_are_reversed() {
    let mut town = Town::new();
    let (request, seq) = asked(&mut town, Operation::Purchase, 800);
    assert_eq!(town.state.pending_taps().collect::<Vec<_>>(), [seq]);
    let decision = town.issuer_silent(seq, Silence::Restarted);
    assert!(sent(&decision).is_some());
    assert_eq!(town.state.pending_taps().count(), 0);
    assert_eq!(town.code(&request), UNAVAILABLE, "the acquirer that asks again gets the outcome");
}
