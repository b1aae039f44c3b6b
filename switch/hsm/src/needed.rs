//! Mechanisms that a token needs.

use cryptoki::mechanism::MechanismType;

/// A mechanism, its name, and what needs it.
pub(crate) type Needed = (MechanismType, &'static str, &'static str);

pub(crate) const WRAP: Needed = (MechanismType::AES_GCM, "CKM_AES_GCM", "wrapping keys");
pub(crate) const SIGN: Needed = (MechanismType::EDDSA, "CKM_EDDSA", "signing");
pub(crate) const MAKE_WRAPPING: Needed = (MechanismType::AES_KEY_GEN, "CKM_AES_KEY_GEN", "making a wrapping key");
pub(crate) const MAKE_SIGNING: Needed =
    (MechanismType::ECC_EDWARDS_KEY_PAIR_GEN, "CKM_EC_EDWARDS_KEY_PAIR_GEN", "making a signing key");
/// The mechanisms that a token must have; the last two only where keys are made here.
pub(crate) const NEEDED: [Needed; 4] = [WRAP, SIGN, MAKE_WRAPPING, MAKE_SIGNING];
