//! Statistics of what residents spent: trades, columns, and their data dictionary.

use crate::{Count, labels, texts};

labels! {
    /// Trades: groups of merchant categories.
    TradeLabel {
        Food "food": "食料品店", "Food shops";
        Restaurants "restaurants": "飲食店", "Restaurants";
        Clothing "clothing": "衣料品店", "Clothing shops";
        Health "health": "医療機関と薬局", "Health care and pharmacies";
        Home "home": "住まいと家電の店", "Home and household shops";
        Vehicles "vehicles": "自動車と燃料の店", "Vehicles and fuel";
        Stores "stores": "百貨店と総合店", "Department and general stores";
        Travel "travel": "交通と宿泊", "Transport and lodging";
        Utilities "utilities": "公共料金と通信", "Utilities and telecommunication";
        Leisure "leisure": "娯楽と趣味の店", "Leisure and hobby shops";
        Education "education": "教育", "Education";
        Public "public": "官公署", "Public offices";
        Further "further": "上記以外の業種", "All other trades";
    }
}

labels! {
    /// Columns of the statistics, by their codes.
    SpendingField {
        Month "month": "利用月", "Month of use";
        Payer "payer": "財源", "Whose money";
        Region "region": "店舗の地域", "Region of the shop";
        Trade "trade": "業種区分", "Trade";
        Tender "tender": "支払手段の区分", "Means of payment, in classes";
        Yen "yen": "返品を差し引いた利用額", "Yen after refunds";
        Payments "payments": "支払の件数", "Number of payments";
        PeopleAtLeast "people_at_least": "利用者数の下限", "People at least";
    }
}

texts! {
    /// What the columns of the statistics mean, and how few people are protected.
    SpendingText {
        MonthMeans:
            "営業日の属する月です。終わった月だけを公表し、公表後に変わることはありません。",
            "The month of the business day. Only months that are over are published, and they never change.";
        PayerMeans:
            "市町村の給付金で支払われた額はその市町村のコード（5桁）、それ以外は `general` です。",
            "The code of the city (5 digits) for money of its relief programmes, and `general` for all other money.";
        RegionMeans:
            "支払の時点で登録されていた店舗の地域です。登録がなければ `unknown` です。",
            "The region of the shop as it was registered at the time of the payment, or `unknown`.";
        TradeMeans: "店舗の業種コードをまとめた区分です。", "The group that the category of the shop belongs to.";
        TenderMeans:
            "支払手段です。複数の手段による支払は、手段ごとに数えます。",
            "The means of payment. A payment by several of them counts with each.";
        YenMeans:
            "支払から、その月に返品や取消で戻された額を引いた額です（円）。",
            "Payments less what refunds and reversals of the same month gave back, in yen.";
        PaymentsMeans: "支払の件数です。返品と取消は含みません。", "The number of payments, without refunds and reversals.";
        PeopleMeans:
            "利用者は少なくともこの人数です。10人単位に切り捨てています。",
            "At least so many people paid. It is rounded down to whole tens.";
        Protection { fewest: Count }:
            "{fewest}人に満たない区分は、ほかの区分と合わせて `other` とします。どの値も、値どうしの差も、{fewest}人以上の支払の合計です。",
            "A group of fewer than {fewest} people is joined with others as `other`. Each value, and each difference of values, is a sum over {fewest} people or more.";
    }
}
