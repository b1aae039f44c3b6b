//! Fresh second factors: one that is shown for decisions names them by their fingerprints, and serves for no others.

use crate::Who;
use kazasu_ledger::record::Fingerprint;
use kazasu_sign_in::Fresh;
use sha2::{Digest, Sha256};

/// The fingerprint of a relief batch's release: of the batch and its file. Its rows are settled by then.
#[must_use]
pub(crate) fn release_fingerprint(batch: u32, file: &[u8; 32]) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(b"kazasu relief release\n");
    hash.update(batch.to_be_bytes());
    hash.update(file);
    Fingerprint(hash.finalize().into())
}

/// The caller as one who decides this: a second factor is fresh where it named the fingerprint.
pub(crate) fn deciding(who: &Who, fingerprint: &Fingerprint) -> Who {
    let whole = fingerprint.to_string();
    let is_named = who.named.iter().any(|named| named.len() >= Fingerprint::SHORT && whole.starts_with(named));
    Who { factor: if is_named { Fresh::Yes } else { Fresh::No }, ..who.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_schemas::attribution::Via;

    #[test]
    fn a_factor_serves_for_the_decisions_that_it_named_and_for_no_others() {
        let (one, other) = (release_fingerprint(1, &[7; 32]), release_fingerprint(2, &[7; 32]));
        assert_ne!(one, other, "the same file in another batch");
        let factor = |named: &[String], factor| {
            let who = Who { factor, named: named.into(), ..Who::anonymous(Via::Api) };
            [deciding(&who, &one).factor, deciding(&who, &other).factor]
        };
        assert_eq!(factor(&[], Fresh::Yes), [Fresh::No; 2], "fresh, and shown for nothing in particular");
        for named in [one.to_string(), one.short()] {
            assert_eq!(factor(&[named], Fresh::No), [Fresh::Yes, Fresh::No]);
        }
        assert_eq!(factor(&[one.short(), other.to_string()], Fresh::No), [Fresh::Yes; 2]);
        for named in ["", &one.to_string()[..11]] {
            assert_eq!(factor(&[named.to_owned()], Fresh::No), [Fresh::No; 2], "{named:?}");
        }
    }
}
