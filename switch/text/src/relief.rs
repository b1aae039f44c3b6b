//! Relief: steps of a batch, why rows are not paid, and a programme's final report.

use crate::{Count, Label, Text, labels, meanings, texts};
use kazasu_schemas::ids::Mcc;
use kazasu_schemas::relief::Step;

meanings! {
    Step {
        Applied: "申請", "applied";
        Assessed: "審査済", "assessed";
        Decided: "支給決定", "decided";
        Committed: "支出負担行為", "committed";
        Ordered: "支出命令", "ordered";
        Released: "会計確認・送出", "released";
        Reported: "実績報告済", "reported";
        Cancelled: "取消", "cancelled";
    }
}

labels! {
    /// What is wrong with a row: the codes of `kazasu_schemas::relief::issue::NAMES`, in their order.
    RowIssue {
        NoId "no_id": "IDなし", "no identifier";
        UnknownId "unknown_id": "未登録のID", "unknown identifier";
        CardNotGood "card_not_good": "カード利用不可", "card cannot be used";
        NoAccount "no_account": "口座なし", "no account";
        AboveCeiling "above_ceiling": "上限超過", "above the ceiling";
        Duplicate "duplicate": "重複", "duplicate";
        SmallerDamage "smaller_damage": "他の被害が上位", "another damage is larger";
        SharedAccount "shared_account": "口座の重複", "shared account";
        LinkBroken "link_broken": "紐付け不良", "broken link";
        Supplement "supplement": "追加支給", "supplement";
    }
}

labels! {
    /// Why a row is not paid, where nothing is wrong with it.
    Unpaid {
        Excluded "excluded": "除外", "excluded";
        Returned "returned": "返戻", "returned by the bank";
        Cancelled "cancelled": "取消", "cancelled";
        NotGranted "not_granted": "対象外", "not granted";
    }
}

/// The name of a reason not to pay a row, by its code. Reasons without a name of their own mean that the row was not granted.
#[must_use]
pub fn why_unpaid(code: &str) -> Box<dyn Text> {
    match (RowIssue::of(code), Unpaid::of(code)) {
        (Some(issue), _) => Box::new(issue),
        (None, found) => Box::new(found.unwrap_or(Unpaid::NotGranted)),
    }
}

texts! {
    /// What to do about rows that are not paid.
    UnpaidText {
        ReadInAgain:
            "この世帯には有効な行がありません。別のファイルで再度取り込んでください。",
            "no row stands for these households: read their rows in with another file";
    }
}

labels! {
    /// Categories of merchants (ISO 18245) that have a name.
    Category {
        Transport "transport": "交通", "transport";
        Taxi "taxi": "タクシー", "taxi";
        Hardware "hardware": "金物・建材", "hardware";
        Groceries "groceries": "食料品", "groceries";
        Bakery "bakery": "パン", "bakery";
        FoodStalls "food_stalls": "食品・直売所", "food stalls";
        Fuel "fuel": "燃料", "fuel";
        Furniture "furniture": "家具", "furniture";
        Appliances "appliances": "家電", "appliances";
        Restaurants "restaurants": "飲食", "restaurants";
        Pharmacy "pharmacy": "薬局", "pharmacy";
        Liquor "liquor": "酒類", "liquor";
        Books "books": "書籍", "books";
        CareGoods "care_goods": "介護用品", "care goods";
        Hairdressers "hairdressers": "理美容", "hairdressers";
        Baths "baths": "入浴・保養", "baths";
        Games "games": "遊技", "games";
        Medical "medical": "医療", "medical";
        PublicCounters "public_counters": "公共窓口", "public counters";
    }
}

impl Category {
    /// The category of a merchant; none for those that are rare here.
    #[must_use]
    pub fn named(mcc: Mcc) -> Option<Category> {
        Some(match mcc.get() {
            4111 | 4131 => Category::Transport,
            4121 => Category::Taxi,
            5251 => Category::Hardware,
            5411 => Category::Groceries,
            5462 => Category::Bakery,
            5499 => Category::FoodStalls,
            5541 | 5542 => Category::Fuel,
            5712 => Category::Furniture,
            5722 => Category::Appliances,
            5812 | 5814 => Category::Restaurants,
            5912 => Category::Pharmacy,
            5921 => Category::Liquor,
            5942 => Category::Books,
            5975 => Category::CareGoods,
            7230 => Category::Hairdressers,
            7298 => Category::Baths,
            7994 => Category::Games,
            8011 | 8062 => Category::Medical,
            9399 => Category::PublicCounters,
            _ => return None,
        })
    }
}

labels! {
    /// The money of a programme in its final report.
    BudgetLine {
        Budget "budget": "予算額", "Budget";
        Committed "committed": "支出負担行為額", "Committed and not paid";
        BudgetLeft "budget_left": "予算残額", "Budget left";
        Given "given": "支給額", "Given";
        Spent "spent": "利用額", "Spent";
        Returned "returned": "振込不能・返戻", "Returned by the bank";
        Repaid "repaid": "返還", "Given back by payees";
        Owed "owed": "返還請求残", "Still owed by payees";
        Expired "expired": "期限失効", "Expired unspent";
        Unspent "unspent": "未利用残高", "Unspent in purses";
        Transit "transit": "未達", "In transit";
        Fund "fund": "原資残高", "Left in the fund";
        ToCity "to_city": "市町村へ返納", "Paid back to the city";
    }
}

texts! {
    /// Lines and notes of a final report.
    FinalReportText<'a> {
        LegalBasis { basis: &'a str }: "根拠 {basis}", "Legal basis {basis}";
        BudgetLine { line: &'a str }: "予算科目 {line}", "Budget line {line}";
        Period { from: &'a str, until: &'a str }: "期間 {from} – {until}", "Period {from} – {until}";
        BreakdownFollows: "内訳は事業の終了後に示します。", "The breakdown follows when the programme is over.";
        FewAreJoined { fewest: Count }:
            "{fewest}人未満の区分は合算しています。", "Lines about fewer than {fewest} people are added together.";
        TooFew { fewest: Count }:
            "利用者が{fewest}人未満のため内訳を示しません。", "Fewer than {fewest} people spent: no breakdown.";
        UnknownArea: "不明", "unknown";
        Others { joined: Count }: "その他 {joined} 区分", "{joined} others";
    }
}
