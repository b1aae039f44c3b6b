//! After any history, the core and the oracle say the same.

use super::histories::{cases, history};
use super::*;

#[test]
fn the_core_and_the_oracle_agree() {
    let config =
        ProptestConfig { max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::with_cases(cases()) };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let seen = std::cell::RefCell::new(BTreeMap::new());
    let result = runner.run(&history(), |(now, policy, steps)| {
        let mut both = Both::new(now, policy);
        let last = steps.len() - 1;
        for (at, step) in steps.into_iter().enumerate() {
            both.play(step);
            if at % 6 == 5 || at == last {
                both.compare();
            }
        }
        both.town.check_replay();
        both.note(&mut seen.borrow_mut());
        Ok(())
    });
    let seen = seen.into_inner();
    if let Err(error) = result {
        panic!("{error}");
    }
    // Agreement counts only where something happened.
    let expected = [
        "refused 14",
        "refused 41",
        "refused 51",
        "refused 54",
        "refused 55",
        "refused 57",
        "refused 61",
        "refused 62",
        "refused 65",
        "refused 91",
        "refused 92",
        "approved",
        "pending",
        "partial",
        "purse",
        "points redeemed",
        "points granted",
        "points clawed back",
        "shortfall",
        "completed",
        "refunded",
        "reversed",
        "stood in",
        "declined",
        "declined in part",
        "unanswered",
        "merged",
        "told",
        "over_limit",
        "over_offline",
        "card_not_good",
        "crl_based",
    ];
    let least = if cases() >= 10_000 { 20 } else { 0 };
    for what in expected {
        let n = seen.get(what).copied().unwrap_or(0);
        assert!(n >= least, "{what} came {n} times: {seen:?}");
    }
    println!("{seen:?}");
}

impl Both {
    /// The events of this history, so that the test knows that it tested something.
    fn note(&self, seen: &mut BTreeMap<String, u64>) {
        let mut add = |what: &str| *seen.entry(what.to_owned()).or_default() += 1;
        let key = |id| self.town.state.book.account(id).unwrap().key;
        for record in &self.town.journal {
            for t in record.body.transfers() {
                match (key(t.debit), key(t.credit)) {
                    (AccountKey::Purse(..), _) => add("purse"),
                    (AccountKey::Points(..), AccountKey::PointsSpent(_)) => add("points redeemed"),
                    (AccountKey::PointBudget(_), AccountKey::Points(..)) => add("points granted"),
                    (AccountKey::Points(..), AccountKey::PointBudget(_)) => add("points clawed back"),
                    (AccountKey::AdviceShortfall(_), _) => add("shortfall"),
                    _ => {}
                }
            }
            match &record.body {
                Body::Transaction(tapped) => {
                    use kazasu_ledger::record::{TransactionKind, Verdict};
                    match tapped.verdict {
                        Verdict::Refused(refusal) => add(&format!("refused {}", refusal.code())),
                        Verdict::Approved(_) => add("approved"),
                        Verdict::Pending => add("pending"),
                    }
                    match tapped.kind {
                        TransactionKind::Completion => add("completed"),
                        TransactionKind::RefundAdvice => add("refunded"),
                        TransactionKind::Reversal if !tapped.transfers.is_empty() => add("reversed"),
                        _ => {}
                    }
                    let ruled = tapped.ruled.clone().unwrap_or_default();
                    if ruled.approved.is_some() {
                        add("partial");
                    }
                    if !ruled.alerts.is_empty() {
                        add("told");
                    }
                    for (bit, name) in flag::NAMES {
                        if ruled.flags & bit != 0 {
                            add(name);
                        }
                    }
                }
                Body::StoodIn(_) => add("stood in"),
                Body::IssuerAnswered(r) if !r.code.is_approved() => {
                    add(if r.ruled.is_some() { "declined in part" } else { "declined" });
                }
                Body::IssuerSilent(_) => add("unanswered"),
                Body::Merged(_) => add("merged"),
                _ => {}
            }
        }
    }
}
