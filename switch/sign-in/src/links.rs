//! Links subjects of providers to people. A link belongs to a credential: the switch makes it when a person joins, and the next invitation
//! ends it. No name and no e-mail address makes a link.

use crate::error::{Result, SignInError};
use crate::rows::{FOR_EVER, LINK, Link, read, written};
use crate::sign_ins::SignIns;
use kazasu_schemas::identity::PersonId;
use kazasu_store::side::SideRow;
use minicbor::bytes::ByteVec;
use sha2::{Digest, Sha256};

/// The person of a subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Linked {
    /// The person.
    pub person: PersonId,
    /// The credential that the link belongs to; the journal says whether it is the person's.
    pub credential: [u8; 16],
}

fn key(issuer: &str, subject: &str) -> [u8; 32] {
    let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes();
    let hash = Sha256::new().chain_update(length).chain_update(issuer).chain_update(subject);
    hash.finalize().into()
}

fn about(key: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|at| key[at])
}

impl SignIns {
    /// The person of the subject.
    pub async fn linked(&self, issuer: &str, subject: &str) -> Result<Option<Linked>> {
        let key = key(issuer, subject);
        let row = self.table.get(LINK, key.to_vec()).await?;
        let sealed: Option<ByteVec> = row.as_ref().and_then(read);
        let clear = sealed.and_then(|sealed| self.seal.open(&sealed, &about(&key)));
        let link: Option<Link> = clear.and_then(|clear| minicbor::decode(&clear).ok());
        Ok(link.map(|link| Linked { person: link.person, credential: *link.credential }))
    }

    /// Links a subject. The caller decides whether the link may be taken from the person who had it before.
    pub(crate) async fn link(&self, (issuer, subject): (&str, &str), to: Linked) -> Result<()> {
        let key = key(issuer, subject);
        let version = self.table.get(LINK, key.to_vec()).await?.map_or(0, |row| row.version);
        let link = Link { person: to.person, credential: to.credential.into() };
        let sealed = self.seal.seal(&written(&link), &about(&key));
        let sealed = sealed.ok_or(SignInError::Failed("the vault seals nothing"))?;
        let value = written(&ByteVec::from(sealed));
        let row = SideRow { kind: LINK, key: key.to_vec(), value, version, until: FOR_EVER };
        // Another request has linked the same subject meanwhile.
        if self.table.put(row).await? { Ok(()) } else { Err(SignInError::Busy) }
    }
}
