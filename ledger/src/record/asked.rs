//! What a person asks for, or does without a second person, is signed by a key of the person's session: a request and its withdrawal, a
//! call to a payee, a row or step of a relief batch, an offline payment that one person decides.
//!
//! The core makes these records, so the key signs the record in its place: number, time and content. A copy of it elsewhere, and a record
//! that was changed, have no signature.

use super::*;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Signs a record for the person who asks for it. It waits for no device: the core asks it between two decisions.
pub trait RecordSigner: Send + Sync + std::fmt::Debug {
    /// The signature over a text of [`Body::asked_text`], with the certified key.
    fn prove(&self, text: &str) -> DecisionProof;
}

/// Who asks for a record that is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AskedBy {
    /// People only.
    People,
    /// A program asks for it as well, and signs nothing here: its key, or its own statement, says who it is.
    Programs,
}

/// A record that a person signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked<'a> {
    /// The person or program.
    pub by: &'a str,
    /// The person's signature; absent in records of before, and in those of programs.
    pub proof: Option<&'a DecisionProof>,
    /// Who may ask.
    pub of: AskedBy,
}

impl Body {
    /// Its requester and signature, where a record of this kind is signed.
    #[must_use]
    pub fn asked(&self) -> Option<Asked<'_>> {
        use kazasu_schemas::relief::Step;
        let (by, proof, of) = match self {
            Body::ApprovalRequested(r) if matches!(r.proposal, Proposal::SharedLink(_)) => {
                (&r.by, &r.proof, AskedBy::Programs)
            }
            Body::ApprovalRequested(r) => (&r.by, &r.proof, AskedBy::People),
            Body::ApprovalWithdrawn(r) => (&r.by, &r.proof, AskedBy::People),
            Body::PayeeCalled(r) => (&r.by, &r.proof, AskedBy::People),
            Body::AdviceDecided(r) => (&r.by, &r.proof, AskedBy::People),
            Body::ReliefRowSet(r) => (&r.by, &r.proof, AskedBy::Programs),
            Body::ReliefStepTaken(r) if r.step == Step::Applied => (&r.by, &r.proof, AskedBy::Programs),
            Body::ReliefStepTaken(r) => (&r.by, &r.proof, AskedBy::People),
            _ => return None,
        };
        Some(Asked { by, proof: proof.as_deref(), of })
    }

    /// The place of its signature, where a record of this kind is signed.
    fn proof_place(&mut self) -> Option<&mut Option<Box<DecisionProof>>> {
        match self {
            Body::ApprovalRequested(r) => Some(&mut r.proof),
            Body::ApprovalWithdrawn(r) => Some(&mut r.proof),
            Body::PayeeCalled(r) => Some(&mut r.proof),
            Body::AdviceDecided(r) => Some(&mut r.proof),
            Body::ReliefRowSet(r) => Some(&mut r.proof),
            Body::ReliefStepTaken(r) => Some(&mut r.proof),
            _ => None,
        }
    }

    /// What is signed of it in its place, as text that a person can read; none of a kind that is not signed. The content is the record's
    /// bytes without the signature.
    #[must_use]
    pub fn asked_text(&self, place: Place) -> Option<String> {
        let by = self.asked()?.by;
        let mut bare = self.clone();
        *bare.proof_place()? = None;
        let mut bytes = Vec::with_capacity(256);
        bare.write(&mut bytes);
        let (kind, Place { seq, at, .. }) = (self.name(), place);
        let mut out = format!("kazasu record 1\nrecord {seq}\nat {}\nkind {kind}\nby {by}\ncontent ", at.0);
        for byte in Sha256::digest(&bytes) {
            let _ = write!(out, "{byte:02x}");
        }
        out.push('\n');
        Some(out)
    }

    /// Adds the requester's signature, where a record of this kind is signed.
    pub fn sign(&mut self, place: Place, signer: &dyn RecordSigner) {
        if let Some(text) = self.asked_text(place)
            && let Some(proof) = self.proof_place()
        {
            *proof = Some(Box::new(signer.prove(&text)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_schemas::identity::PersonId;

    const PLACE: Place = Place { seq: 418, at: Millis(1_795_000_000_000), day: BusinessDay(20_780) };

    fn proof() -> DecisionProof {
        let key = DecisionKey {
            person: PersonId::new(3),
            session: [7; 6],
            holder: KeyHolder::Switch,
            from: Millis(1),
            until: Millis(2),
            public: [8; 32],
        };
        DecisionProof { key, certificate: [9; 65], signature: [10; 64] }
    }

    #[derive(Debug)]
    struct Always;

    impl RecordSigner for Always {
        fn prove(&self, _: &str) -> DecisionProof {
            proof()
        }
    }

    fn withdrawn(why: &str) -> Body {
        let (by, why, via) = ("per_3".to_owned(), why.to_owned(), Some(Via::Api));
        Body::ApprovalWithdrawn(ApprovalWithdrawn { proposal: 7, by, why, via, proof: None })
    }

    #[test]
    fn what_is_signed_is_the_record_in_its_place_without_the_signature() {
        let mut record = withdrawn("x");
        let text = record.asked_text(PLACE).unwrap();
        let begins = "kazasu record 1\nrecord 418\nat 1795000000000\nkind approval_withdrawn\nby per_3\ncontent ";
        assert!(text.starts_with(begins) && text.len() == begins.len() + 65, "{text}");
        record.sign(PLACE, &Always);
        let asked = record.asked().unwrap();
        assert_eq!((asked.by, asked.proof, asked.of), ("per_3", Some(&proof()), AskedBy::People));
        assert_eq!(record.asked_text(PLACE).unwrap(), text);
        let mut written = Vec::new();
        record.write(&mut written);
        assert_eq!(Body::read(&written).unwrap(), record);
        let others = [
            withdrawn("y").asked_text(PLACE),
            record.asked_text(Place { seq: 419, ..PLACE }),
            record.asked_text(Place { at: Millis(0), ..PLACE }),
        ];
        for other in others {
            assert_ne!(other.unwrap(), text);
        }
    }

    #[test]
    fn a_record_that_no_person_asks_for_is_not_signed() {
        let mut record = Body::ApprovalLapsed(ApprovalLapsed { proposal: 7, until: Millis(3) });
        let before = record.clone();
        record.sign(PLACE, &Always);
        assert_eq!((&record, record.asked_text(PLACE)), (&before, None));
    }
}
