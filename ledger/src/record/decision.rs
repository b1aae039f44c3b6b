//! What a person's decision is signed with: a key of the person's session, and the journal's statement whose key it is.

use super::*;
use crate::signed::Signature;
use kazasu_schemas::identity::PersonId;
use std::fmt::Write as _;

/// Where the private half of a decision key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum KeyHolder {
    /// With the person: the switch has never had it.
    #[n(0)]
    Person,
    /// Derived from the session's secret for each request, and kept nowhere: of sessions of other programs than the command line.
    #[n(1)]
    Switch,
}

impl KeyHolder {
    /// As texts that are signed name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            KeyHolder::Person => "person",
            KeyHolder::Switch => "switch",
        }
    }
}

/// The key of one session of a person, with which decisions are signed. The key that signs days and checkpoints has signed
/// [`DecisionKey::text`] when the person signed in.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct DecisionKey {
    /// Whose.
    #[n(0)]
    pub person: PersonId,
    /// The session: the first six bytes of the hash of its secret, as lists of sessions show it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub session: [u8; 6],
    /// Where its private half is.
    #[n(2)]
    pub holder: KeyHolder,
    /// From when on it is good: a moment before the person signed in.
    #[n(3)]
    pub from: Millis,
    /// Until when.
    #[n(4)]
    pub until: Millis,
    /// Its public half (Ed25519).
    #[cbor(n(5), with = "minicbor::bytes")]
    pub public: [u8; 32],
}

impl DecisionKey {
    /// What is signed of it, as text that a person can read.
    #[must_use]
    pub fn text(&self, book: &str) -> String {
        let DecisionKey { person, session, holder, from, until, public } = self;
        let mut out = format!("kazasu decision key 1\nbook {book}\nperson {person}\nsession ");
        hex(&mut out, session);
        let _ = write!(out, "\nheld by {}\nfrom {}\nuntil {}\npublic ", holder.name(), from.0, until.0);
        hex(&mut out, public);
        out.push('\n');
        out
    }

    /// Was it good at this moment?
    #[must_use]
    pub fn is_good_at(&self, at: Millis) -> bool {
        self.from <= at && at <= self.until
    }
}

/// A person's signature under a decision, with the certified key: an auditor needs the journal and the public key of its signer.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct DecisionProof {
    /// The key.
    #[n(0)]
    pub key: DecisionKey,
    /// The certificate: a signature over the key's text, with the version of the key that made it in front.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub certificate: [u8; 65],
    /// The key's signature over the text of the decision: [`decision_text`].
    #[cbor(n(2), with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

impl DecisionProof {
    /// The certificate's signature.
    #[must_use]
    pub fn certificate(&self) -> Signature {
        Signature::read(&self.certificate).expect("65 bytes are a signature with its version")
    }
}

/// A decision as it is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecisionSigned<'a> {
    /// The request's number.
    pub approval: u64,
    /// `approve`, `send_back` or `deny`.
    pub answer: &'a str,
    /// What was looked at.
    pub fingerprint: Fingerprint,
    /// The reason, as the record has it.
    pub why: &'a str,
}

/// What is signed of a decision, as text that a person can read. The fingerprint is over the request's record in its place, so it
/// names the book's request and no other; the reason comes last and has no line breaks.
#[must_use]
pub fn decision_text(decision: &DecisionSigned<'_>) -> String {
    let DecisionSigned { approval, answer, fingerprint, why } = decision;
    format!("kazasu decision 1\napproval {approval}\nanswer {answer}\nfingerprint {fingerprint}\nwhy {why}\n")
}

fn hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_of_a_decision_is_text_for_people() {
        let (person, public) = (PersonId::new(3), [0xab; 32]);
        let key = DecisionKey {
            person,
            session: [1, 2, 3, 4, 5, 0xfe],
            holder: KeyHolder::Person,
            from: Millis(1_795_000_000_000),
            until: Millis(1_795_000_060_000),
            public,
        };
        let expected = format!(
            "kazasu decision key 1\nbook かざす町\nperson per_3\nsession 0102030405fe\nheld by person\nfrom 1795000000000\n\
             until 1795000060000\npublic {}\n",
            "ab".repeat(32)
        );
        assert_eq!(key.text("かざす町"), expected);
        assert!(key.is_good_at(key.from) && key.is_good_at(key.until));
        assert!(!key.is_good_at(Millis(key.from.0 - 1)) && !key.is_good_at(Millis(key.until.0 + 1)));
        let decision =
            DecisionSigned { approval: 7, answer: "deny", fingerprint: Fingerprint([0x0c; 32]), why: "未承認" };
        let expected =
            format!("kazasu decision 1\napproval 7\nanswer deny\nfingerprint {}\nwhy 未承認\n", "0c".repeat(32));
        assert_eq!(decision_text(&decision), expected);
    }

    #[test]
    fn a_proof_is_read_back_and_a_decision_of_before_has_none() {
        let key = DecisionKey {
            person: PersonId::new(3),
            session: [7; 6],
            holder: KeyHolder::Switch,
            from: Millis(1),
            until: Millis(2),
            public: [8; 32],
        };
        let proof = DecisionProof { key, certificate: [9; 65], signature: [10; 64] };
        assert_eq!((proof.certificate().key, proof.certificate().bytes), (9, [9; 64]));
        let sent_back = |proof| ApprovalSentBack {
            proposal: 1,
            fingerprint: Fingerprint([0; 32]),
            until: Millis(3),
            by: "per_3".into(),
            why: "x".into(),
            via: None,
            proof,
        };
        let written = |body: &Body| {
            let mut out = Vec::new();
            body.write(&mut out);
            out
        };
        let signed = Body::ApprovalSentBack(sent_back(Some(Box::new(proof))));
        assert_eq!(Body::read(&written(&signed)).unwrap(), signed);
        let before = Body::ApprovalSentBack(sent_back(None));
        let (without, with) = (written(&before), written(&signed));
        assert_eq!(Body::read(&without).unwrap(), before);
        assert!(with.len() < without.len() + 230, "a proof takes {} bytes", with.len() - without.len());
    }
}
