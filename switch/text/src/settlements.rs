//! Settlements of merchants: the lines of one, the reasons for each amount, and its letter.

use crate::{Count, texts};
use kazasu_schemas::contract::Tender;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

texts! {
    /// What a settlement consists of, and its letter.
    SettlementText<'a> {
        Heading { settlement: u32, merchant: &'a str, name: &'a str }:
            "精算番号 {settlement}  {merchant} {name}", "Settlement {settlement}  {merchant} {name}";
        Period { from: BusinessDay, until: BusinessDay }: "対象期間 {from} – {until}", "Period {from} – {until}";
        Sales { tender: Tender }: "売上 {tender}", "Sales {tender}";
        Refunds { tender: Tender }: "返品 {tender}", "Refunds {tender}";
        NetSales: "売上計", "Net sales";
        Fees: "手数料", "Fees";
        Tax: "消費税", "Tax on fees";
        PointsFunded { programme: u16 }: "ポイント原資 事業{programme}", "Points funded, programme {programme}";
        Adjustments: "調整", "Adjustments";
        ChargedBack: "チャージバック", "Charged back";
        ChargebackFees: "チャージバック手数料", "Fees of chargebacks";
        Reserve: "留保", "Reserve";
        Released: "留保解除", "Released";
        CarriedBefore: "前期繰越", "Carried from before";
        CarriedForward: "次期繰越", "Carried forward";
        Paid: "支払額", "Paid";
        LetterNumber { settlement: u32 }: "精算 {settlement}", "Settlement {settlement}";
        LetterAmount: "お振込金額", "Amount transferred";
        LetterDate: "お振込日", "Date of transfer";
    }
}

texts! {
    /// Why an amount of a settlement is what it is: a sentence for each of its parts.
    WhyText<'a> {
        Sales { day: BusinessDay, count: Count, tender: Tender }:
            "{day}の{tender}の売上{count}件の合計です。", "{count} payments with {tender} on {day}, added up.";
        Refunds { day: BusinessDay, count: Count, tender: Tender }:
            "{day}の{tender}の返品{count}件の合計です。", "{count} refunds of {tender} on {day}, added up.";
        FeeOfPayments { day: BusinessDay, tender: Tender, contract: u32, rule: u32, net: Yen, exact: &'a str }:
            "{day}の{tender}の取引（返品を差し引いて{net}）に、契約{contract}の料率{rule}を適用しました。端数処理の前の手数料は{exact}円で、取引ごとに円単位に丸めて合計しています。",
            "On {day}, rule {rule} of contract {contract} took the payments with {tender}, {net} after refunds. Their fees are {exact} yen before rounding; the fee of each payment is rounded to whole yen, and the rounded fees are added up.";
        FeeOfDay { day: BusinessDay, tender: Tender, contract: u32, rule: u32, net: Yen, exact: &'a str }:
            "{day}の{tender}の取引（返品を差し引いて{net}）に、契約{contract}の料率{rule}を適用しました。端数処理の前の手数料は{exact}円で、その日の合計を円単位に丸めています。",
            "On {day}, rule {rule} of contract {contract} took the payments with {tender}, {net} after refunds. Their fees are {exact} yen before rounding; the sum of the day is rounded to whole yen.";
        Tax { base: Yen, rate: &'a str, exact: &'a str }:
            "手数料{base}の{rate}は{exact}円です。精算ごとに1回だけ円単位に丸めます。",
            "{rate} of {base} in fees is {exact} yen. The tax is rounded to whole yen once for the settlement.";
        Chargebacks { day: BusinessDay, count: Count }:
            "{day}に記帳したチャージバック{count}件の合計です。", "{count} chargebacks that were booked on {day}, added up.";
        ChargebackFees { day: BusinessDay, count: Count, each: Yen }:
            "{day}に記帳したチャージバック{count}件の手数料で、1件につき{each}です。",
            "The fee of {each} for each of {count} chargebacks that were booked on {day}.";
        PointsFunded { day: BusinessDay, programme: u16 }:
            "{day}に事業{programme}のポイントで支払われた額です。契約により、この加盟店が負担します。",
            "The points of programme {programme} that residents paid with on {day}. By its contract, this merchant funds them.";
        Adjusted { day: BusinessDay }: "{day}に記帳した調整の合計です。", "Adjustments that were booked on {day}, added up.";
        WithoutContract { day: BusinessDay }:
            "{day}の取引です。契約が始まる前のため、手数料はかかりません。",
            "The payments of {day}. They are of before the contract, and cost no fee.";
        CarriedBefore { settlement: u32 }: "精算{settlement}から繰り越した額です。", "Carried over from settlement {settlement}.";
        Released { settlement: u32, day: BusinessDay }:
            "精算{settlement}で留保した額です。{day}に留保の期間が終わりました。",
            "Kept in reserve by settlement {settlement}, until {day}.";
        Reserved { net: Yen, rate: &'a str, until: BusinessDay }:
            "売上から返品を差し引いた{net}の{rate}を、{until}まで留保します。円未満は切り捨てます。",
            "{rate} of {net} in sales after refunds stays in reserve until {until}. Fractions of a yen are dropped.";
        ReservedLess { rate: &'a str, until: BusinessDay }:
            "留保の率は{rate}ですが、残る額がそれより少ないため、残る額だけを{until}まで留保します。",
            "The reserve is {rate} of the sales, but less is left: all that is left stays in reserve until {until}.";
        BelowMinimum { least: Yen }:
            "契約の最低支払額{least}に満たないため支払わず、次の精算に繰り越します。",
            "It is below the least payout of the contract, {least}, and is carried over to the next settlement.";
        Owed:
            "差引きで加盟店の負担が上回ったため、次の精算で差し引きます。",
            "The deductions are more than the sales. The next settlement takes the rest.";
        Unexplained: "記録からは理由を示せない額です。", "The records do not explain this amount.";
    }
}
