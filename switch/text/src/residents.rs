//! Residents: their statements, and links that broke.

use crate::responses::ResponseMeaning;
use crate::{Count, labels, texts};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
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
    /// Why a tap came to nothing, for the resident who asks.
    TapText {
        OwnTap { most: Yen, amount: Yen }:
            "ご本人が設定した1回の限度額は {most} で、今回の {amount} はそれを超えています。",
            "The resident's own limit per tap is {most}, and this tap was {amount}.";
        OwnDay { most: Yen, left: Yen, amount: Yen }:
            "ご本人が設定した1日の限度額は {most} です。残りは {left} で、今回の {amount} はそれを超えています。",
            "The resident's own limit of a day is {most}; {left} was left, and this tap was {amount}.";
        OwnMonth { most: Yen, left: Yen, amount: Yen }:
            "ご本人が設定した1か月の限度額は {most} です。残りは {left} で、今回の {amount} はそれを超えています。",
            "The resident's own limit of a month is {most}; {left} was left, and this tap was {amount}.";
        RuleTap { most: Yen, amount: Yen }:
            "1回の限度額は {most} で、今回の {amount} はそれを超えています。",
            "The limit per tap is {most}, and this tap was {amount}.";
        RuleDay { most: Yen, left: Yen, amount: Yen }:
            "1日の限度額は {most} です。残りは {left} で、今回の {amount} はそれを超えています。",
            "The limit of a day is {most}; {left} was left, and this tap was {amount}.";
        RuleMonth { most: Yen, left: Yen, amount: Yen }:
            "1か月の限度額は {most} です。残りは {left} で、今回の {amount} はそれを超えています。",
            "The limit of a month is {most}; {left} was left, and this tap was {amount}.";
        RuleDays { days: Count, most: Yen, left: Yen, amount: Yen }:
            "{days}日間の限度額は {most} です。残りは {left} で、今回の {amount} はそれを超えています。",
            "The limit of {days} days is {most}; {left} was left, and this tap was {amount}.";
        DayTaps { most: Count }:
            "1日に利用できるのは{most}回までです。", "The limit of a day is {most} taps, and they were used.";
        MonthTaps { most: Count }:
            "1か月に利用できるのは{most}回までです。", "The limit of a month is {most} taps, and they were used.";
        DaysTaps { days: Count, most: Count }:
            "{days}日間に利用できるのは{most}回までです。",
            "The limit of {days} days is {most} taps, and they were used.";
        Declined { meaning: ResponseMeaning, code: ResponseCode }:
            "カード会社または銀行が承認しませんでした：{meaning}（{code}）。",
            "The card company or bank declined it: {meaning} ({code}).";
        IssuerNotReached:
            "カード会社または銀行に接続できず、照会していません。",
            "The card company or bank could not be reached, and was not asked.";
        IssuerDidNotAnswer:
            "カード会社または銀行の応答がなかったため、取り消しました。",
            "The card company or bank did not answer, and the tap was undone.";
    }
}

texts! {
    /// Why a link broke, where no person said it.
    LinkText {
        IssuerDoesNotKnow { code: ResponseCode }: "発行者応答{code}", "the issuer does not know it ({code})";
    }
}
