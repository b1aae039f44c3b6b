//! A history with every kind of record from 90 on: it is read again as it was written, under the draft of a policy as well, and what people
//! asked for in it is signed.

use super::rules::{ask, policy, town_with};
use super::two_people::administer;
use super::*;
use crate::{ApprovalAnswer, Approvals, Document, Replay};
use kazasu_ledger::record::{
    CallBack, CarriedChange, DecisionKey, DecisionProof, Destruction, FileEnded, FileOf, FileRequest, KINDS, KeyHolder,
    MovedLink, Payee, PayeeChange, Place, Proposal, RecordSigner, Replacement,
};
use kazasu_schemas::identity::PersonId;
use kazasu_schemas::relief::SealedAccount;
use std::collections::BTreeSet;
use std::sync::Arc;

const DAY: i64 = 24 * 3_600_000;

fn key() -> Destruction {
    Destruction { key: "vault.cards".into(), version: 7, fiscal_year: Some(2026), kcv: "0A1B2C".into() }
}

fn payee(n: u8) -> PayeeChange {
    let payee = Payee::Merchant { acquirer: acquirer(), merchant: "SHOP".parse().unwrap() };
    let account = SealedAccount { sealed: vec![1, n], token: [n; 16], name: [n; 16] };
    PayeeChange { payee, account: Some(account), call: None }
}

fn file() -> FileRequest {
    FileRequest {
        of: FileOf::Merchants,
        digest: [7; 32],
        bytes: 100,
        sheet: None,
        rows: 1,
        changing: 1,
        refused: 0,
        opening: Yen::ZERO,
        shown: Vec::new(),
        changes: Vec::new(),
    }
}

/// Requested by per_1; its number.
fn requested(town: &mut Town, proposal: Proposal) -> Seq {
    let (proposal, source, said) = (Box::new(proposal), Document::default(), said("per_1", "asked"));
    ask(town, Command::Approvals(Approvals::Request { proposal, source, said })).unwrap();
    town.state.approvals().last().unwrap().number
}

fn answered(town: &mut Town, proposal: Seq, answer: ApprovalAnswer) {
    let seen = Some(town.state.approval(proposal).unwrap().fingerprint);
    ask(town, Command::Approvals(Approvals::Decide { proposal, answer, seen, said: said("per_2", "looked at") }))
        .unwrap();
}

fn withdrawal(proposal: Seq) -> Command {
    Command::Approvals(Approvals::Withdraw { proposal, said: said("per_1", "mistaken") })
}

fn kinds(town: &Town) -> BTreeSet<u8> {
    town.journal.iter().flat_map(|record| [record.body.kind(), record.body.carried().kind()]).collect()
}

/// A town of before there was an access administrator, and then of two people.
fn history() -> Town {
    let mut town = town_with(policy());
    ask(&mut town, Command::TakePayees { digest: [1; 32], accounts: 1 }).unwrap();
    ask(&mut town, Command::SetPayee { change: Box::new(payee(1)), maker: None }).unwrap();
    let (from, into) = (person(POOR), person(77));
    let moved = town.state.link_to_move(&from, &into);
    let link = moved.map(|link| MovedLink { version: link.version, instrument: link.instrument.clone().unwrap() });
    let replacement = Box::new(Replacement { from, into, link });
    ask(&mut town, Command::Replace { replacement, said: said("offline", "a new card") }).unwrap();
    administer(&mut town);
    // Paid under the policy in force; the draft is another one from here on.
    assert_eq!(town.purchase(RICH, 100).1, "00");
    let destruction = requested(&mut town, Proposal::Destruction(Box::new(key())));
    answered(&mut town, destruction, ApprovalAnswer::SendBack);
    ask(&mut town, withdrawal(destruction)).unwrap();
    let destruction = requested(&mut town, Proposal::Destruction(Box::new(key())));
    answered(&mut town, destruction, ApprovalAnswer::Approve);
    ask(&mut town, Command::DestroyKey { key: Box::new(key()), said: said("per_1", "done") }).unwrap();
    let approval = requested(&mut town, Proposal::File(Box::new(file())));
    answered(&mut town, approval, ApprovalAnswer::Approve);
    let ended = FileEnded { approval, recorded: 1, unchanged: 0, refused: 0, by: "per_1".into(), via: None };
    ask(&mut town, Command::EndFile { ended: Box::new(ended) }).unwrap();
    let change = requested(&mut town, Proposal::Carried(Box::new(CarriedChange::Payee(Box::new(payee(2))))));
    let call = Box::new(CallBack { sealed: vec![1], token: [7; 16] });
    let seen = town.state.approval(change).unwrap().fingerprint;
    let called = Approvals::CalledBack { proposal: change, seen, call, said: said("per_3", "") };
    ask(&mut town, Command::Approvals(called)).unwrap();
    answered(&mut town, change, ApprovalAnswer::Approve);
    // The last request is not decided in its time.
    let fund = CarriedChange::Fund { programme: 1, amount: Yen::new(700), reference: "late".into() };
    requested(&mut town, Proposal::Carried(Box::new(fund)));
    town.now = Millis(town.now.0 + 20 * DAY);
    for _ in 0..40 {
        town.event(&Event::Tick { keep_days: 10 });
    }
    assert!(town.state.approvals().is_empty());
    town
}

#[test]
fn a_history_with_every_kind_from_90_on_is_read_again_and_under_a_draft() {
    let mut town = history();
    let missing: Vec<_> = KINDS.iter().filter(|(kind, _)| *kind >= 90 && !kinds(&town).contains(kind)).collect();
    assert!(missing.is_empty(), "a new kind belongs into this history: {missing:?}");
    assert_eq!(town.purchase(RICH, 100).1, "00");
    town.check_replay();
    let mut replay = Replay::new(policy(), Millis(0), Millis(i64::MAX), 10);
    for (record, seq) in town.journal.iter().zip(1..) {
        replay.record(seq, record).unwrap();
    }
    assert_eq!((replay.taps, replay.changes.len()), (2, 0), "what people decided moves no tap");
}

/// Signs with the text itself, so that a test can tell what was signed.
#[derive(Debug)]
struct Hand;

impl RecordSigner for Hand {
    fn prove(&self, text: &str) -> DecisionProof {
        let mut signature = [0; 64];
        let digest = text.bytes().rev().take(64);
        signature.iter_mut().zip(digest).for_each(|(at, byte)| *at = byte);
        let key = DecisionKey {
            person: PersonId::new(1),
            session: [7; 6],
            holder: KeyHolder::Switch,
            from: Millis(1),
            until: Millis(2),
            public: [8; 32],
        };
        DecisionProof { key, certificate: [9; 65], signature }
    }
}

#[test]
fn what_a_person_asks_for_is_signed_in_its_place() {
    let mut town = town_with(policy());
    administer(&mut town);
    let by_hand = |command: Command| Command::Asked { signer: Arc::new(Hand), command: Box::new(command) };
    let (proposal, source) = (Box::new(Proposal::Destruction(Box::new(key()))), Document::default());
    let request = Approvals::Request { proposal, source, said: said("per_1", "the year is over") };
    ask(&mut town, by_hand(Command::Approvals(request.clone()))).unwrap();
    let open = town.state.approvals().remove(0);
    let records = town.journal.len();
    ask(&mut town, by_hand(Command::Approvals(request))).unwrap();
    assert_eq!(town.journal.len(), records, "the same once more is no second request, however it is signed");
    // It takes two people with a signature as well.
    let alone = by_hand(Command::TakePayees { digest: [1; 32], accounts: 1 });
    assert!(ask(&mut town, alone).unwrap_err().contains("takes two people"));
    ask(&mut town, by_hand(withdrawal(open.number))).unwrap();
    // A record that no person asks for stays as it is.
    let (day, clock) = (town.now.jst_day(), Some((town.now, town.now)));
    ask(&mut town, by_hand(Command::ConfirmClock { day, clock, said: said("per_1", "x") })).unwrap();
    let mut signed = Vec::new();
    for (record, seq) in town.journal.iter().zip(1..) {
        let Some(asked) = record.body.asked() else { continue };
        let place = Place { seq, at: record.at, day: record.day };
        let text = record.body.asked_text(place).unwrap();
        assert_eq!(asked.proof, Some(&Hand.prove(&text)), "{text}");
        signed.push(record.body.name());
    }
    assert_eq!(signed, ["approval_requested", "approval_withdrawn"]);
    town.check_replay();
}
