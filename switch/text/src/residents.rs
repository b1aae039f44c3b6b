//! Residents: their statements, and links that broke.

use crate::{labels, texts};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::wire::ResponseCode;

labels! {
    /// What a line of a statement is.
    StatementKind {
        Refund "refund": "返品", "refund";
        Reversal "reversal": "取消", "reversal";
        Authorization "authorization": "仮売上", "authorization";
        Completion "completion": "売上確定", "completion";
        Payment "payment": "支払", "payment";
    }
}

texts! {
    /// A resident's statement and its letter.
    StatementText {
        Resident { person: Ppid }: "利用者 {person}", "Resident {person}";
        Period { from: BusinessDay, until: BusinessDay }: "期間 {from} – {until}", "Period {from} – {until}";
        Uncovered:
            "対象外は、残高・口座等で賄えず、ご利用者ではなく加盟店側または運営者の負担となる額です。",
            "What is uncovered is borne by the shop's side or the operator.";
    }
}

texts! {
    /// Why a link broke, where no person said it.
    LinkText {
        IssuerDoesNotKnow { code: ResponseCode }: "発行者応答{code}", "the issuer does not know it ({code})";
    }
}
