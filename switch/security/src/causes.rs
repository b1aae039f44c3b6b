//! The errors of this crate as people read them, found by their types.

use crate::crl::CrlError;
use crate::key_block::KeyBlockError;
use crate::keys::{NameError, WrapError};
use crate::timestamp::ReplyError;
use crate::vault::VaultError;
use kazasu_text::audit::AuditText;
use kazasu_text::key_store::{KeyBlockText, KeyStoreText, UnlockText};
use kazasu_text::{Quoted, Said};
use std::error::Error;

/// The text of an error of this crate.
#[must_use]
pub fn of(error: &(dyn Error + 'static)) -> Option<Said> {
    let wrap = || error.downcast_ref::<WrapError>().map(WrapError::said);
    let vault = || error.downcast_ref::<VaultError>().map(|why| Said::of(&vault(*why)));
    let list = || error.downcast_ref::<CrlError>().map(CrlError::said);
    let block = || error.downcast_ref::<KeyBlockError>().map(block);
    let name = || error.downcast_ref::<NameError>().map(|why| Said::of(&KeyStoreText::Name { got: Quoted(&why.0) }));
    let stamp = || error.downcast_ref::<ReplyError>().map(stamp);
    wrap().or_else(vault).or_else(list).or_else(block).or_else(name).or_else(stamp)
}

fn vault(why: VaultError) -> UnlockText<'static> {
    match why {
        VaultError::UnknownKey(version) => UnlockText::VaultUnknown { version },
        VaultError::Erased(version) => UnlockText::VaultErased { version },
        VaultError::Sealed => UnlockText::VaultSealed,
        VaultError::KeyLength => UnlockText::VaultLength,
        VaultError::Random => UnlockText::NoRandom,
    }
}

fn block(why: &KeyBlockError) -> Said {
    let words = why.to_string();
    Said::of(&match why {
        KeyBlockError::Field { .. } => KeyBlockText::Field { words: &words },
        KeyBlockError::OtherKey { block, ours } => KeyBlockText::OtherKey { block, ours },
        KeyBlockError::NotAuthentic => KeyBlockText::NotAuthentic,
        KeyBlockError::KeyLength(bits) => KeyBlockText::KeyLength { bits: *bits },
        KeyBlockError::KeyData => KeyBlockText::KeyData,
        KeyBlockError::CheckValue => KeyBlockText::CheckValue,
    })
}

fn stamp(why: &ReplyError) -> Said {
    Said::of(&match why {
        ReplyError::Malformed(words) => AuditText::ReplyMalformed { words },
        ReplyError::Refused(status) => AuditText::ReplyRefused { status },
        ReplyError::Other(what) => AuditText::ReplyOther { what },
    })
}
