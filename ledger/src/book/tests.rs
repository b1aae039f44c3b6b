use super::*;
use proptest::prelude::*;

fn yen(n: i64) -> Yen {
    Yen::new(n)
}

/// Bank, two deposits, an issuer.
fn book() -> (Book, [AccountId; 4]) {
    let mut book = Book::default();
    let keys = [AccountKey::Bank, AccountKey::Deposit(1), AccountKey::Deposit(2), AccountKey::IssuerReceivable(1)];
    let ids = keys.map(|key| {
        let id = book.next_account();
        book.open(id, key);
        id
    });
    book.apply(1, &[Transfer::direct(ids[0], ids[1], yen(1_000))]).unwrap();
    (book, ids)
}

#[test]
fn a_deposit_cannot_be_overdrawn_by_postings_or_holds() {
    let (mut book, [bank, a, b, _]) = book();
    let refusal = RuleError::Insufficient { account: a, available: yen(1_000) };
    assert_eq!(book.check(&[Transfer::direct(a, b, yen(1_001))]), Err(refusal));
    assert_eq!(book.check(&[Transfer::direct(a, b, yen(600)), Transfer::direct(a, bank, yen(401))]), Err(refusal));
    book.apply(2, &[Transfer::hold(a, b, yen(700))]).unwrap();
    assert_eq!(book.account(a).unwrap().available(), yen(300));
    assert_eq!(book.account(a).unwrap().balance(), yen(1_000));
    assert_eq!(book.account(b).unwrap().available(), yen(0), "an incoming hold cannot be spent");
    assert!(matches!(book.check(&[Transfer::direct(a, bank, yen(301))]), Err(RuleError::Insufficient { .. })));
    assert!(book.is_balanced());
}

#[test]
fn a_hold_is_posted_and_voided_in_parts_and_never_beyond() {
    let (mut book, [_, a, b, issuer]) = book();
    let hold = HoldId::new(2, 0);
    book.apply(2, &[Transfer::hold(a, b, yen(700))]).unwrap();
    let part = |kind, amount| Transfer { kind, debit: a, credit: b, amount: yen(amount) };
    assert_eq!(
        book.check(&[part(TransferKind::Post(hold), 500), part(TransferKind::Void(hold), 201)]),
        Err(RuleError::AboveHold { hold, left: yen(200), asked: yen(201) })
    );
    let elsewhere = Transfer { kind: TransferKind::Post(hold), debit: issuer, credit: b, amount: yen(1) };
    assert_eq!(book.check(&[elsewhere]), Err(RuleError::OtherAccounts(hold)));
    book.apply(3, &[part(TransferKind::Post(hold), 500), part(TransferKind::Void(hold), 200)]).unwrap();
    assert_eq!(book.account(a).unwrap().available(), yen(500));
    assert_eq!(book.account(b).unwrap().balance(), yen(500));
    assert_eq!(book.check(&[part(TransferKind::Post(hold), 1)]), Err(RuleError::UnknownHold(hold)));
    assert_eq!(book.open_holds(), 0);
    assert!(book.is_balanced());
}

#[test]
fn nonsense_is_refused_by_name() {
    let (book, [bank, a, b, _]) = book();
    let unknown = AccountId(99);
    assert_eq!(book.check(&[Transfer::direct(a, b, yen(0))]), Err(RuleError::NotPositive(yen(0))));
    assert_eq!(book.check(&[Transfer::direct(a, b, yen(-5))]), Err(RuleError::NotPositive(yen(-5))));
    assert_eq!(book.check(&[Transfer::direct(a, unknown, yen(1))]), Err(RuleError::UnknownAccount(unknown)));
    assert_eq!(book.check(&[Transfer::direct(a, a, yen(1))]), Err(RuleError::SameAccount(a)));
    assert_eq!(book.check(&[Transfer::direct(bank, b, yen(1)); 32]), Ok(()));
    assert_eq!(book.check(&[Transfer::direct(bank, b, yen(1)); 33]), Err(RuleError::TooMany));
    let mut late = [Transfer::direct(bank, b, yen(1)); 17];
    late[16] = Transfer::hold(bank, b, yen(1));
    assert_eq!(book.check(&late), Err(RuleError::TooMany), "a hold's number has room for 16 places");
    assert_eq!(book.check(&[Transfer::direct(bank, a, yen(i64::MAX))]), Err(RuleError::Overflow(bank)));
    assert_eq!(book.check(&[Transfer::direct(bank, a, yen(i64::MAX / 4 + 1))]), Err(RuleError::Overflow(bank)));
}

#[derive(Debug, Clone)]
enum Move {
    Direct(usize, usize, i64),
    Hold(usize, usize, i64),
    Settle(usize, i64, i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let any_move = prop_oneof![
        (0..4_usize, 0..4_usize, -5..2_000_i64).prop_map(|(d, c, n)| Move::Direct(d, c, n)),
        (0..4_usize, 0..4_usize, -5..2_000_i64).prop_map(|(d, c, n)| Move::Hold(d, c, n)),
        (0..40_usize, 0..1_500_i64, 0..1_500_i64).prop_map(|(h, post, void)| Move::Settle(h, post, void)),
    ];
    prop::collection::vec(any_move, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// For all transfers tried, in any order: the book balances, no deposit falls below zero, and a refusal changes nothing.
    #[test]
    fn no_sequence_of_transfers_breaks_the_book(moves in moves(), step in 1_usize..4) {
        let (mut book, ids) = book();
        let (mut audits, mut steps) = (0, 0);
        let mut holds: Vec<(HoldId, AccountId, AccountId)> = Vec::new();
        for (seq, m) in (10_u64..).zip(moves) {
            let transfers = match m {
                Move::Direct(d, c, n) => vec![Transfer::direct(ids[d], ids[c], yen(n))],
                Move::Hold(d, c, n) => vec![Transfer::hold(ids[d], ids[c], yen(n))],
                Move::Settle(h, post, void) => {
                    let Some(&(hold, debit, credit)) = holds.get(h) else { continue };
                    vec![
                        Transfer { kind: TransferKind::Post(hold), debit, credit, amount: yen(post) },
                        Transfer { kind: TransferKind::Void(hold), debit, credit, amount: yen(void) },
                    ]
                }
            };
            let before = book.clone();
            match book.apply(seq, &transfers) {
                Ok(()) => {
                    if transfers[0].kind == TransferKind::Hold {
                        holds.push((HoldId::new(seq, 0), transfers[0].debit, transfers[0].credit));
                    }
                }
                Err(_) => prop_assert_eq!(&before, &book),
            }
            prop_assert!(book.is_balanced());
            // An audit that goes on while the book changes ends with the same finding.
            let found = book.audit(step);
            prop_assert_ne!(found, Some(false));
            audits += usize::from(found.is_some());
            steps += 1;
        }
        prop_assert!(audits >= steps / 4, "it comes to its end again and again");
    }
}

#[test]
fn an_audit_finds_what_does_not_balance_wherever_it_has_come_to() {
    for damaged in 0..4 {
        for seen in 0..4 {
            let (mut book, [_, a, b, _]) = book();
            book.apply(2, &[Transfer::hold(a, b, yen(10))]).unwrap();
            assert_eq!(book.audit(seen), None);
            book.apply(3, &[Transfer::direct(a, b, yen(100))]).unwrap();
            book.accounts[damaged].debits = yen(book.accounts[damaged].debits.get() + 1);
            assert!(!book.is_balanced());
            // What was damaged behind it is found the next time round.
            let found: Vec<bool> = (0..3).filter_map(|_| book.audit(4)).collect();
            assert_eq!(found[1..], [false, false], "account {damaged}, {seen} seen");
        }
    }
}

#[test]
fn a_hold_that_was_allowed_can_be_posted_even_at_the_end_of_the_range() {
    let (mut book, [bank, _, _, issuer]) = book();
    let limit = i64::MAX / 4;
    let hold = HoldId::new(2, 0);
    book.apply(2, &[Transfer::hold(issuer, bank, yen(1_000))]).unwrap();
    // Others may use the range up, but not the part that is promised.
    let rest = limit - 1_000;
    assert!(matches!(book.check(&[Transfer::direct(issuer, bank, yen(rest + 1))]), Err(RuleError::Overflow(_))));
    book.apply(3, &[Transfer::direct(issuer, bank, yen(rest))]).unwrap();
    assert!(matches!(book.check(&[Transfer::hold(issuer, bank, yen(1))]), Err(RuleError::Overflow(_))));
    let post = Transfer { kind: TransferKind::Post(hold), debit: issuer, credit: bank, amount: yen(1_000) };
    book.apply(4, &[post]).unwrap();
    assert_eq!(book.account(issuer).unwrap().debits, yen(limit));
}
