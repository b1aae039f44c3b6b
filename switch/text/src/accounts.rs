//! The chart of accounts.

use crate::meanings;
use kazasu_schemas::heading::Heading;

meanings! {
    Heading {
        Bank: "銀行預金", "bank";
        Deposit: "公金受取預り金", "resident deposits";
        MerchantPayable: "加盟店未払金", "merchant payable";
        IssuerReceivable: "発行者未収金", "issuer receivable";
        AdviceShortfall: "事後通知不足金", "advice shortfall";
        PurseFund: "給付事業預り金", "purse funds";
        Purse: "給付金残高", "resident purses";
        PointsIssued: "ポイント発行枠", "points issued";
        PointBudget: "ポイント予算残", "point budgets";
        Points: "ポイント残高", "resident points";
        PointsSpent: "ポイント利用", "points spent";
        PointsExpired: "ポイント失効", "points expired";
        FunderReceivable: "原資負担者未収金", "funder receivable";
        StandInLoss: "代行承認損失", "stand-in loss";
        ReliefBudgeted: "給付予算", "relief budgeted";
        ReliefBudget: "給付予算残", "relief budget left";
        ReliefCommitted: "支出負担行為済", "relief committed";
        ReliefExecuted: "支出済", "relief paid";
        ReliefTransit: "給付未達", "relief in transit";
        ReliefReceivable: "給付返還請求", "relief receivable";
        ReliefClaims: "給付返還未納", "relief claims";
        FeeIncome: "加盟店手数料", "fee income";
        FeeTax: "仮受消費税", "tax on fees";
        PayoutTransit: "振込未達", "payouts in transit";
        Interchange: "インターチェンジ", "interchange";
        Differences: "照合差額", "reconciliation differences";
        BankFees: "銀行手数料", "bank fees";
    }
}
