//! Settlements of merchants: the lines of one, and its letter.

use crate::texts;
use kazasu_schemas::contract::Tender;
use kazasu_schemas::jst::BusinessDay;

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
