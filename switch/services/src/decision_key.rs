//! The key with which a person's decisions are signed: of one session, and certified when the person signed in.

use crate::error::{Result, ServiceError, unfit};
use kazasu_ledger::record::{DecisionKey, DecisionProof, DecisionSigned, RecordSigner};
use kazasu_ledger::signed::Signature;
use kazasu_security::decision;
use kazasu_security::keys::SigningKey;
use kazasu_security::signing::SeedKey;
use kazasu_sign_in::Secret;
use kazasu_text::problems::ProblemText;
use minicbor::{Decode, Encode};
use std::sync::Arc;

/// A key of a session and its certificate.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct CertifiedKey {
    /// The key.
    #[n(0)]
    pub key: DecisionKey,
    /// The version of the key that certified it, and the signature.
    #[cbor(n(1), with = "minicbor::bytes")]
    certificate: [u8; 65],
}

impl CertifiedKey {
    /// With the signature over the key's text.
    #[must_use]
    pub fn new(key: DecisionKey, certificate: Signature) -> CertifiedKey {
        CertifiedKey { key, certificate: certificate.stored() }
    }
}

/// The certified keys of a session, as they lie beside it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) struct SessionKeys {
    /// Signs what the person decides.
    #[n(0)]
    pub(crate) decides: CertifiedKey,
    /// Signs what the person asks for, where another key than that one does: the person has the private half of the first, and this one is
    /// derived from the session's secret.
    #[n(1)]
    pub(crate) asks: Option<CertifiedKey>,
}

impl SessionKeys {
    /// As they are kept.
    #[must_use]
    pub(crate) fn kept(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("writing to memory does not fail")
    }

    /// What [`SessionKeys::kept`] gave; none of what this version cannot read, such as the one key of a session that began before there were
    /// two.
    #[must_use]
    pub(crate) fn read(kept: &[u8]) -> Option<SessionKeys> {
        minicbor::decode(kept).ok()
    }
}

/// Where this process has the private half from.
#[derive(Clone, Debug)]
pub enum Private {
    /// It does not have it: the person signs.
    Person,
    /// It is derived from the session's secret.
    Session(Secret),
    /// It was drawn for work inside this process.
    Drawn(Arc<SeedKey>),
}

/// The means of signing a caller's decisions.
#[derive(Clone, Debug)]
pub struct DecisionSigner {
    /// The key.
    pub certified: CertifiedKey,
    /// Its private half.
    pub private: Private,
}

impl DecisionSigner {
    /// The private half, where it is here.
    fn own(&self) -> Result<Option<Arc<SeedKey>>> {
        Ok(match &self.private {
            Private::Person => None,
            Private::Session(secret) => {
                Some(Arc::new(decision::derived(secret.expose()).map_err(ServiceError::Other)?))
            }
            Private::Drawn(own) => Some(own.clone()),
        })
    }

    /// The key with which the core signs what the person asks for; none where only the person has it.
    pub(crate) fn asking(&self) -> Result<Option<AskingKey>> {
        Ok(self.own()?.map(|own| AskingKey { own, certified: self.certified.clone() }))
    }

    /// Signs the decision, or checks the signature that came with it (128 hexadecimal digits).
    pub(crate) fn proof(&self, asked: &DecisionSigned<'_>, given: Option<&str>) -> Result<DecisionProof> {
        let CertifiedKey { key, certificate } = &self.certified;
        let signature = match (self.own()?, given) {
            (Some(own), None) => decision::sign(&own, asked).map_err(ServiceError::inside)?,
            (Some(_), Some(_)) => return Err(unfit("signature", &ProblemText::SignatureNotAsked)),
            (None, None) => return Err(unfit("signature", &ProblemText::SignatureMissing)),
            (None, Some(text)) => {
                let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
                bytes.ok_or_else(|| unfit("signature", &ProblemText::SignatureForm))?
            }
        };
        // Also of one that was made here: a key that is not the certified one signs nothing.
        if !decision::is_decision_signed(&key.public, asked, &signature) {
            return Err(unfit("signature", &ProblemText::SignatureBad));
        }
        Ok(DecisionProof { key: key.clone(), certificate: *certificate, signature })
    }
}

/// Signs the records of what a person asks for.
#[derive(Debug)]
pub(crate) struct AskingKey {
    own: Arc<SeedKey>,
    certified: CertifiedKey,
}

impl AskingKey {
    /// The key and its certificate.
    pub(crate) fn certified(&self) -> (&DecisionKey, Signature) {
        let CertifiedKey { key, certificate } = &self.certified;
        (key, Signature::read(certificate).expect("65 bytes are a signature with its version"))
    }
}

impl RecordSigner for AskingKey {
    fn prove(&self, text: &str) -> DecisionProof {
        let signature = self.own.sign(text.as_bytes()).expect("a key in memory signs any text");
        let CertifiedKey { key, certificate } = self.certified.clone();
        DecisionProof { key, certificate, signature }
    }
}
