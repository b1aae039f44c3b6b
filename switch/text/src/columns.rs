//! Columns of reports. The code is the key in JSON and the second line of a header.

use crate::{labels, texts};

labels! {
    /// Merchants, one a line.
    MerchantListColumn {
        Merchant "merchant": "加盟店", "Merchant";
        Mcc "mcc": "業種", "Category";
        Terminals "terminals": "端末", "Terminals";
        Closed "closed": "閉店", "Closed";
        Name "name": "名称", "Name";
    }
}

labels! {
    /// Payees' accounts, one a line.
    PayeeColumn {
        Payee "payee": "支払先", "Payee";
        Account "account": "口座", "Account";
        Holder "holder": "口座名義", "Holder";
        Waits "approval": "起案", "Request";
    }
}

labels! {
    /// Payments, one a line.
    PaymentColumn {
        Record "record": "記録", "Record";
        At "at": "日時", "Time";
        Kind "kind": "種別", "Kind";
        Amount "yen": "金額", "Amount";
        State "state": "状態", "State";
        LastFour "last4": "下4桁", "Last 4";
        Name "name": "加盟店", "Shop";
    }
}

labels! {
    /// Nodes, one a line.
    NodeColumn {
        Node "node": "ノード", "Node";
        Role "role": "役割", "Role";
        Applied "applied": "適用済", "Applied";
        Lag "lag": "遅れ", "Behind";
        Report "report": "報告", "Last report";
        Address "address": "アドレス", "Address";
        Http "http": "HTTP", "HTTP";
    }
}

labels! {
    /// Decisions that a draft policy changes, as counts.
    ReplayColumn {
        Before "before": "変更前", "Before";
        After "after": "変更後", "After";
        Taps "taps": "取引", "Taps";
        Yen "yen": "金額", "Amount";
    }
}

labels! {
    /// The same, tap by tap.
    ReplayedTapColumn {
        Record "record": "記録番号", "Record";
        Time "time": "時刻", "Time";
        Merchant "merchant": "加盟店", "Merchant";
        Yen "yen": "金額", "Amount";
        Before "before": "変更前", "Before";
        After "after": "変更後", "After";
    }
}

labels! {
    /// Settlements of merchants, one a line.
    SettlementColumn {
        Settlement "settlement": "番号", "Number";
        Merchant "merchant": "加盟店", "Merchant";
        Name "name": "名称", "Name";
        From "from": "自", "From";
        Until "until": "至", "Until";
        Gross "gross": "売上", "Sales";
        Refunds "refunds": "返品", "Refunds";
        Fee "fee": "手数料", "Fees";
        Interchange "interchange": "うち交換手数料", "Of which interchange";
        Tax "tax": "消費税", "Tax on fees";
        PointsFunding "points_funding": "ポイント原資", "Points funded";
        Adjustments "adjustments": "調整", "Adjustments";
        Chargebacks "chargebacks": "チャージバック", "Charged back";
        ChargebackFee "chargeback_fee": "同手数料", "Fees of chargebacks";
        Reserved "reserved": "留保", "Reserve";
        Released "released": "留保解除", "Released";
        CarriedBefore "carried_before": "前期繰越", "Carried from before";
        Paid "paid": "支払額", "Paid";
        CarriedForward "carried_forward": "次期繰越", "Carried forward";
        ValueDate "value_date": "支払日", "Payment date";
        State "state": "状態", "State";
    }
}

labels! {
    /// Sums of money, one a line.
    SummaryColumn {
        Item "item": "項目", "Item";
        Yen "yen": "金額", "Amount";
    }
}

labels! {
    /// The taps of a settlement.
    SettledTapColumn {
        Day "day": "営業日", "Business day";
        Record "record": "記録番号", "Record";
        Original "original": "元取引", "Original";
        OwnDay "own_day": "取引日", "Day of the tap";
        Terminal "terminal": "端末", "Terminal";
        Rrn "rrn": "RRN", "RRN";
        Approval "approval": "承認番号", "Approval code";
        Tender "tender": "支払手段", "Means of payment";
        Gross "gross": "金額", "Amount";
        Fee "fee": "手数料", "Fees";
        Interchange "interchange": "うち交換手数料", "Of which interchange";
        Net "net": "差引", "Net";
        Batch "batch": "精算番号", "Settlement";
    }
}

labels! {
    /// Fees by means of payment, brand and category.
    FeeColumn {
        Tender "tender": "支払手段", "Means of payment";
        Brand "brand": "ブランド", "Brand";
        Mcc "mcc": "業種", "Category";
        Taps "taps": "件数", "Count";
        Gross "gross": "売上", "Sales";
        Refunds "refunds": "返品", "Refunds";
        Fee "fee": "手数料", "Fees";
        Interchange "interchange": "うち交換手数料", "Of which interchange";
    }
}

labels! {
    /// What issuers owe.
    IssuerColumn {
        Issuer "issuer": "番号", "Number";
        Name "name": "名称", "Name";
        Taps "taps": "件数", "Count";
        Net "net": "売上（締切日まで）", "Sales up to the cutover";
        Interchange "interchange": "交換手数料", "Interchange";
        Due "due": "差引請求額", "Net claim";
        Receivable "receivable": "未収残高", "Receivable";
    }
}

labels! {
    /// Relief by programme.
    ProgrammeColumn {
        Programme "programme": "事業", "Programme";
        Name "name": "名称", "Name";
        City "city": "市町村", "City";
        BudgetLine "budget_line": "予算科目", "Budget line";
        Budget "budget": "予算", "Budget";
        Paid "paid": "支出済", "Relief paid";
        InPurses "in_purses": "給付残高", "In purses";
        Transit "transit": "未達", "In transit";
        Fund "fund": "原資残高", "Left in the fund";
        Receivable "receivable": "返還請求残", "Still owed by payees";
    }
}

labels! {
    /// Points by programme.
    PointColumn {
        Programme "programme": "事業", "Programme";
        Name "name": "名称", "Name";
        Funder "funder": "原資負担者", "Funder";
        BudgetLine "budget_line": "予算科目", "Budget line";
        BudgetLeft "budget_left": "予算残", "Budget left";
        Held "held": "残高", "Outstanding";
        Spent "spent": "利用", "Used";
        Expired "expired": "失効", "Expired";
        FunderOwes "funder_owes": "原資請求残", "Still owed by the funder";
        SettledWith "settled_with": "精算で徴収する加盟店", "Merchant whose settlements pay it";
    }
}

labels! {
    /// Open exceptions.
    ExceptionColumn {
        Exception "exception": "差異", "Exception";
        Status "status": "状態", "State";
        Party "party": "相手", "Other party";
        Day "day": "営業日", "Business day";
        AgeDays "age_days": "経過日数", "Age in days";
        Record "record": "記録番号", "Record";
        Line "line": "相手の行", "Their line";
        Ours "ours": "当方", "Ours";
        Theirs "theirs": "先方", "Theirs";
        Owner "owner": "担当", "In charge";
        Why "why": "理由", "Reason";
        Proposal "proposal": "提案", "Proposal";
    }
}

labels! {
    /// Losses of standing in for issuers.
    LossColumn {
        Record "record": "記録番号", "Record";
        At "at": "日時", "Time";
        Day "day": "営業日", "Business day";
        Tap "tap": "取引", "Tap";
        ResponseCode "de39": "DE39", "DE39";
        Liable "liable": "負担", "Borne by";
        Yen "yen": "金額", "Amount";
    }
}

labels! {
    /// Taps that were booked although a rule spoke against them.
    FlaggedTapColumn {
        Record "record": "記録番号", "Record";
        At "at": "日時", "Time";
        Day "day": "営業日", "Business day";
        OwnDay "own_day": "取引日", "Day of the tap";
        Merchant "merchant": "加盟店", "Merchant";
        Yen "yen": "金額", "Amount";
        Flags "flags": "しるし", "Flags";
        NamesRecord "names_record": "指す記録", "Record that it names";
    }
}

labels! {
    /// Headings of a trial balance.
    HeadingColumn {
        Heading "heading": "科目", "Heading";
        Accounts "accounts": "口座数", "Accounts";
        DebitBalance "debit_balance": "借方残高", "Debit balance";
        Debits "debits": "借方合計", "Debits";
        Credits "credits": "貸方合計", "Credits";
        CreditBalance "credit_balance": "貸方残高", "Credit balance";
    }
}

labels! {
    /// Value that was issued and not used.
    OutstandingColumn {
        Kind "kind": "種別", "Kind";
        Programme "programme": "事業", "Programme";
        Name "name": "名称", "Name";
        Issuer "issuer": "発行者", "Issuer";
        Outstanding "outstanding": "未使用残高", "Not used";
        Law "law": "区分", "Class";
    }
}

labels! {
    /// A resident's statement.
    StatementColumn {
        At "at": "日時", "Time";
        Merchant "merchant": "加盟店", "Merchant";
        Kind "kind": "種別", "Kind";
        Amount "amount": "金額", "Amount";
        Relief "relief": "給付金", "Relief";
        Points "points": "ポイント", "Points";
        Instrument "instrument": "カード・口座", "Card or account";
        Uncovered "uncovered": "対象外", "Uncovered";
    }
}

labels! {
    /// What was spent of a programme, after the first column.
    FinalReportColumn {
        Yen "yen": "利用額", "Spent";
        Payments "payments": "件数", "Count";
        People "people": "人数", "People";
    }
}

texts! {
    /// The first column of a sheet about spending: its key is `line` under every label.
    SpendingColumn {
        Line: "区分", "Class";
        Category: "業種", "Category";
        Area: "地域", "Area";
        Week: "週（月曜）", "Week (Monday)";
    }
}
