//! Why a text is no name, no id and no scope.

use crate::argument::Quoted;
use crate::said::Said;
use crate::{Count, texts};
use kazasu_schemas::identity::{IdentityError, NameError};

texts! {
    /// Why a text is no name.
    NameText<'a> {
        Blank: "目に見える文字を1文字から60文字で指定してください", "expected 1 to 60 visible characters, got none";
        Long { got: Count }: "60文字以内で指定してください（入力は{got}文字）", "expected 1 to 60 characters, got {got}";
        Invisible { place: Count, code: &'a str }:
            "{place}文字目の {code} は、見えない文字、または書字方向を変える文字です。取り除いてください",
            "character {place} is {code}, a control character, a change of the direction of writing, or a character without width; type the \
             name without it";
    }
}

texts! {
    /// Why a text is no id or no scope.
    IdText<'a> {
        Identity { prefix: &'a str, got: Quoted<'a> }:
            "{prefix}3 のように、{prefix} に1以上の番号を続けて指定してください（入力は{got}）",
            "expected {prefix} and a number from 1 on, for example {prefix}3, got {got}";
        Scope { got: Quoted<'a> }:
            "`all`、`city:市町村コード`、`merchant:org_番号`、`shop:契約会社/加盟店`、`acquirer:契約会社`、`issuer:番号` のいずれかを指定してください（入力は{got}）",
            "expected all, city:CODE, merchant:org_N, shop:ACQUIRER/MERCHANT, acquirer:ID or issuer:N, got {got}";
    }
}

/// A name that cannot be taken.
#[must_use]
pub fn name(error: &NameError) -> Said {
    Said::of(&match *error {
        NameError::Blank => NameText::Blank,
        NameError::Long(got) => NameText::Long { got: got.into() },
        NameError::Invisible(code, place) => {
            return Said::of(&NameText::Invisible { place: place.into(), code: &format!("U+{code:04X}") });
        }
    })
}

/// A text that is no id of a person, a program or an organisation.
#[must_use]
pub fn identity(error: &IdentityError) -> Said {
    Said::of(&IdText::Identity { prefix: error.prefix, got: Quoted(&error.got) })
}
