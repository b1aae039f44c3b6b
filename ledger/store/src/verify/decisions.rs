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
