//! Who asked and who decided: is each request, step and decision of a person signed by a key of that person's session, and each decision
//! of what had been requested?
//!
//! A record that was slipped in, or changed with every later hash computed again, has no such signature: neither the database nor a
//! node has the private half of the key.

use super::fault::Fault;
use kazasu_ledger::record::{Asked, AskedBy, DecisionProof, DecisionSigned, Fingerprint, decision_text};
use kazasu_ledger::{Body, Entry, Seq};
use kazasu_schemas::identity::ProgramId;
use ring::signature::{ED25519, UnparsedPublicKey};
use std::collections::BTreeMap;

/// Decisions, or what people ask for, and the signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Records with a good signature.
    pub signed: u64,
    /// The first of them. From here on every such record of a person has one.
    pub since: Option<Seq>,
    /// Records from before it, which have none.
    pub before: u64,
    /// Records that programs asked for, which sign nothing here.
    pub of_programs: u64,
    /// Were the certificates of the keys checked against trusted keys?
    pub checked: bool,
}

/// A decision: both kinds of its record alike.
struct Decided<'a> {
    approval: u64,
    answer: &'static str,
    fingerprint: Option<Fingerprint>,
    by: &'a str,
    why: &'a str,
    proof: Option<&'a DecisionProof>,
}

impl<'a> Decided<'a> {
    fn of(body: &'a Body) -> Option<Decided<'a>> {
        match body {
            Body::ApprovalDecided(r) => Some(Decided {
                approval: r.proposal,
                answer: if r.approved { "approve" } else { "deny" },
                fingerprint: r.fingerprint,
                by: &r.by,
                why: &r.why,
                proof: r.proof.as_deref(),
            }),
            Body::ApprovalSentBack(r) => Some(Decided {
                approval: r.proposal,
                answer: "send_back",
                fingerprint: Some(r.fingerprint),
                by: &r.by,
                why: &r.why,
                proof: r.proof.as_deref(),
            }),
            _ => None,
        }
    }
}

/// Findings that a message names at most.
const NAMED: usize = 20;

/// The fold.
#[derive(Debug)]
pub(super) struct DecisionCheck {
    trusted: Vec<[u8; 32]>,
    book: String,
    /// Requests that are open, as they were asked for last.
    open: BTreeMap<u64, Fingerprint>,
    out: Decisions,
    /// Requests and steps.
    asked: Decisions,
    /// Records that no person signed, or not as they are.
    findings: Vec<Finding>,
}

/// A record that no person signed, or not as it is.
#[derive(Clone, Copy, Debug)]
struct Finding {
    seq: Seq,
    /// What it is.
    what: &'static str,
    problem: &'static str,
}

impl DecisionCheck {
    pub(super) fn new(trusted: Vec<[u8; 32]>) -> Self {
        let out = Decisions { checked: !trusted.is_empty(), ..Decisions::default() };
        let asked = out.clone();
        DecisionCheck { trusted, book: String::new(), open: BTreeMap::new(), out, asked, findings: Vec::new() }
    }

    pub(super) fn record(&mut self, entry: &Entry, body: &Body) {
        match body {
            Body::Opened(opened) => self.book.clone_from(&opened.book),
            Body::ApprovalRequested(r) => {
                self.open.insert(r.replaces.unwrap_or(entry.seq), Fingerprint::of(entry.place(), r));
            }
            Body::ApprovalWithdrawn(r) => drop(self.open.remove(&r.proposal)),
            Body::ApprovalLapsed(r) => drop(self.open.remove(&r.proposal)),
            _ => {}
        }
        if let Some(asked) = body.asked() {
            self.asked(entry, body, asked);
        }
        let Some(decided) = Decided::of(body) else { return };
        match self.problem(entry, &decided) {
            Err(problem) => self.findings.push(Finding { seq: entry.seq, what: "a decision", problem }),
            Ok(true) => {
                self.out.signed += 1;
                self.out.since.get_or_insert(entry.seq);
            }
            Ok(false) => self.out.before += 1,
        }
        if matches!(body, Body::ApprovalDecided(_)) {
            self.open.remove(&decided.approval);
        }
    }

    /// What a person asked for, or a program.
    fn asked(&mut self, entry: &Entry, body: &Body, asked: Asked<'_>) {
        let problem = match asked.proof {
            None if asked.of == AskedBy::Programs && asked.by.parse::<ProgramId>().is_ok() => {
                self.asked.of_programs += 1;
                return;
            }
            None if self.asked.since.is_none() => {
                self.asked.before += 1;
                return;
            }
            None => Some("no person signed it"),
            Some(proof) => {
                let text = body.asked_text(entry.place()).unwrap_or_default();
                self.proof_problem(entry, (proof, asked.by), &text)
            }
        };
        match problem {
            Some(problem) => self.findings.push(Finding { seq: entry.seq, what: "a request or a step", problem }),
            None => {
                self.asked.signed += 1;
                self.asked.since.get_or_insert(entry.seq);
            }
        }
    }

    /// What is wrong with a signature under this text of this person.
    fn proof_problem(&self, entry: &Entry, (proof, by): (&DecisionProof, &str), text: &str) -> Option<&'static str> {
        if !good(&proof.key.public, text.as_bytes(), &proof.signature) {
            return Some("the signature is not of this record");
        }
        if proof.key.person.to_string() != by {
            return Some("the key that signed is another person's");
        }
        if !proof.key.is_good_at(entry.at) {
            return Some("the key that signed was not good at that time");
        }
        let (text, certificate) = (proof.key.text(&self.book), proof.certificate());
        let certified = |key: &[u8; 32]| good(key, text.as_bytes(), &certificate.bytes);
        if self.out.checked && !self.trusted.iter().any(certified) {
            return Some("no trusted key has certified the key that signed");
        }
        None
    }

    /// Is it signed, or from before decisions were signed? Otherwise, what is wrong with it.
    fn problem(&self, entry: &Entry, decided: &Decided<'_>) -> Result<bool, &'static str> {
        let Some(proof) = decided.proof else {
            let first = self.out.since.is_none();
            return if first { Ok(false) } else { Err("no person signed it") };
        };
        let fingerprint = decided.fingerprint.ok_or("it is signed and names no fingerprint")?;
        if self.open.get(&decided.approval).is_some_and(|asked| *asked != fingerprint) {
            return Err("its fingerprint is not that of the request as it was recorded");
        }
        let Decided { approval, answer, why, .. } = *decided;
        let text = decision_text(&DecisionSigned { approval, answer, fingerprint, why });
        match self.proof_problem(entry, (proof, decided.by), &text) {
            Some(problem) => Err(problem),
            None => Ok(true),
        }
    }

    /// What people decided, and what they asked for.
    pub(super) fn finish(self) -> Result<(Decisions, Decisions), Fault> {
        let Some((Finding { seq, what, problem }, others)) = self.findings.split_first() else {
            return Ok((self.out, self.asked));
        };
        let mut problem = format!("is {what} that is not as a person signed it: {problem}");
        if !others.is_empty() {
            let named = others.iter().take(NAMED).map(|Finding { seq, problem, .. }| format!("{seq} ({problem})"));
            problem += &format!("; so are {} others: {}", others.len(), named.collect::<Vec<_>>().join(", "));
        }
        Err(Fault { seq: *seq, problem })
    }
}

fn good(public: &[u8; 32], text: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(text, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_ledger::record::{
        AdviceDecided, ApprovalWithdrawn, DecisionKey, KeyHolder, Opened, Place, RecordSigner, ReliefRowSet,
        ReliefStepTaken,
    };
    use kazasu_ledger::{AccountId, transfer::Transfers};
    use kazasu_schemas::identity::PersonId;
    use kazasu_schemas::jst::{BusinessDay, Millis};
    use kazasu_schemas::money::Yen;
    use kazasu_schemas::relief::{RowChange, Step};
    use ring::signature::{Ed25519KeyPair, KeyPair};

    const BOOK: &str = "town";

    /// A person's key, certified by the journal's signer.
    struct Session {
        own: Ed25519KeyPair,
        key: DecisionKey,
        certificate: [u8; 65],
    }

    impl std::fmt::Debug for Session {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "Session({})", self.key.person)
        }
    }

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn public(pair: &Ed25519KeyPair) -> [u8; 32] {
        pair.public_key().as_ref().try_into().unwrap()
    }

    impl Session {
        /// Of a person, certified by the key of this seed.
        fn of(person: u32, signer: u8) -> Session {
            let own = pair(u8::try_from(person).unwrap());
            let (from, until) = (Millis(0), Millis(1_000));
            let (person, public) = (PersonId::new(person), public(&own));
            let key = DecisionKey { person, session: [1; 6], holder: KeyHolder::Switch, from, until, public };
            let mut certificate = [1; 65];
            certificate[1..].copy_from_slice(pair(signer).sign(key.text(BOOK).as_bytes()).as_ref());
            Session { own, key, certificate }
        }
    }

    impl RecordSigner for Session {
        fn prove(&self, text: &str) -> DecisionProof {
            let signature = self.own.sign(text.as_bytes()).as_ref().try_into().unwrap();
            DecisionProof { key: self.key.clone(), certificate: self.certificate, signature }
        }
    }

    const SIGNER: u8 = 200;

    fn step(by: &str, step: Step) -> Body {
        Body::ReliefStepTaken(ReliefStepTaken {
            batch: 0,
            step,
            count: 2,
            total: Yen::new(60_000),
            value_date: None,
            transfers: Transfers::new(),
            by: by.into(),
            why: "checked".into(),
            refused: 0,
            withheld: None,
            reconsiders: true,
            via: None,
            proof: None,
        })
    }

    fn row(by: &str) -> Body {
        let (by, why, change) = (by.into(), "a copy".into(), RowChange::Exclude);
        let (batch, row, issues, reconsiders, via, proof) = (0, 1, 0, true, None, None);
        Body::ReliefRowSet(ReliefRowSet { batch, row, change, issues, by, why, reconsiders, via, proof })
    }

    fn entry(seq: Seq, at: i64, body: &Body) -> Entry {
        let mut bytes = Vec::new();
        body.write(&mut bytes);
        Entry {
            seq,
            at: Millis(at),
            day: BusinessDay(1),
            kind: body.kind(),
            body: bytes,
            hash: [0; 32],
            signature: None,
            transfers: Transfers::new(),
        }
    }

    /// As the core signs it in its place.
    fn signed(seq: Seq, by: &Session, mut body: Body) -> Body {
        body.sign(Place { seq, at: Millis(10), day: BusinessDay(1) }, by);
        body
    }

    /// A journal of these records from number 2 on.
    fn checked(records: Vec<Body>) -> Result<Decisions, String> {
        let mut check = DecisionCheck::new(vec![public(&pair(SIGNER))]);
        let opened = Body::Opened(Opened { format: 1, book: BOOK.into(), bank: AccountId(0) });
        for (body, seq) in std::iter::once(opened).chain(records).zip(1..) {
            check.record(&entry(seq, 10, &body), &body);
        }
        check.finish().map(|(_, asked)| asked).map_err(|fault| format!("{}: {}", fault.seq, fault.problem))
    }

    #[test]
    fn steps_rows_and_withdrawals_are_counted_by_who_signed_them() {
        let officer = Session::of(3, SIGNER);
        let withdrawn = |by: &str| {
            let (by, why, via, proof) = (by.into(), "mistaken".into(), None, None);
            Body::ApprovalWithdrawn(ApprovalWithdrawn { proposal: 1, by, why, via, proof })
        };
        let journal = vec![
            step("per_3", Step::Assessed),
            withdrawn("sato"),
            signed(4, &officer, step("per_3", Step::Decided)),
            signed(5, &officer, withdrawn("per_3")),
            signed(6, &officer, row("per_3")),
            row("key_5"),
            step("key_5", Step::Applied),
        ];
        let asked = checked(journal).unwrap();
        assert_eq!((asked.signed, asked.since, asked.before, asked.of_programs), (3, Some(4), 2, 2));
        assert!(asked.checked);
    }

    #[test]
    fn a_step_that_no_person_signed_is_named() {
        let (officer, stranger) = (Session::of(3, SIGNER), Session::of(4, 201));
        let first = || signed(2, &officer, step("per_3", Step::Assessed));
        let other_sum = match signed(3, &officer, step("per_3", Step::Decided)) {
            Body::ReliefStepTaken(taken) => Body::ReliefStepTaken(ReliefStepTaken { total: Yen::new(90_000), ..taken }),
            other => other,
        };
        let advice = AdviceDecided {
            tap: 1,
            accepted: true,
            transfers: Transfers::new(),
            to_issuer: None,
            ruled: None,
            by: "offline".into(),
            why: "x".into(),
            via: None,
            proof: None,
        };
        for (forged, problem) in [
            (step("per_3", Step::Decided), "no person signed it"),
            (step("offline", Step::Released), "no person signed it"),
            (step("key_5", Step::Released), "no person signed it"),
            (Body::AdviceDecided(advice), "no person signed it"),
            (other_sum, "the signature is not of this record"),
            // A copy of a record at another place.
            (first(), "the signature is not of this record"),
            (signed(3, &officer, step("per_9", Step::Decided)), "the key that signed is another person's"),
            (signed(3, &stranger, step("per_4", Step::Decided)), "no trusted key has certified the key that signed"),
        ] {
            let told = checked(vec![first(), forged]).unwrap_err();
            assert_eq!(told, format!("3: is a request or a step that is not as a person signed it: {problem}"));
        }
    }

    #[test]
    fn a_key_signs_nothing_after_its_session() {
        let officer = Session::of(3, SIGNER);
        let mut late = step("per_3", Step::Assessed);
        late.sign(Place { seq: 2, at: Millis(1_001), day: BusinessDay(1) }, &officer);
        let mut check = DecisionCheck::new(vec![public(&pair(SIGNER))]);
        let opened = Body::Opened(Opened { format: 1, book: BOOK.into(), bank: AccountId(0) });
        check.record(&entry(1, 10, &opened), &opened);
        check.record(&entry(2, 1_001, &late), &late);
        assert!(check.finish().unwrap_err().problem.ends_with("the key that signed was not good at that time"));
    }
}
