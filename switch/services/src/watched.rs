//! As what each operation stands in the security log.

use crate::access::Name;

/// As what an operation stands in the security log. Each name has its row: a new operation does not compile without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watched {
    /// It may change something. The journal has what it changed.
    Command,
    /// It shows nothing of a resident.
    Question,
    /// It shows something of residents.
    Look,
    /// It shows in full what is masked elsewhere: bank accounts.
    Reveal,
    /// Its answer is a file of data.
    Export,
    /// It shows the security log.
    LogRead,
}

impl Name {
    /// As what it stands in the security log.
    #[must_use]
    pub fn watched(self) -> Watched {
        use Name::*;
        match self {
            SetLink | RemoveLink | BreakLink | ProposeRetarget | DecideLink | RotateSeals | SetCard
            | LiftSuspension | BindCard | BindCertificate | ApplyStatusList | IssueTemporary | MergePeople
            | ReplaceCard | SetLimits | SetSpendable | ChooseNotices | FundProgramme | CreditPurse | ActivatePolicy
            | RetryNotice | DecideAdvice | ConfirmClock | HandOver | ImportLinks | ImportMerchants
            | RequestDestruction | RecordDestruction => Watched::Command,
            LookAtLinks | ShowResident | FindResident | FindTransactions | ShowTransaction | ShowTaps
            | ListResidentShops | ResidentStatement | ListBrokenLinks | ListWaitingLinks | ListSharedAccounts
            | ListNotices => Watched::Look,
            LookAtMerchants
            | ListMerchants
            | ShowMerchant
            | ListShops
            | ShowTakings
            | ListTerminals
            | AskQuote
            | ListResidentEvents
            | ListShopSettlements
            | ExplainSettlement
            | ListShopPayouts
            | ShowShopContract
            | ListEvents
            | ListAdvices
            | ShowPolicy
            | ShowKeyNeeds
            | ShowSpendingDictionary => Watched::Question,
            ProposeContracts | CutOver | MarkReconciled | SettleDay | SignDay | ProposePayout | ProposeCancelPayout
            | NoteException | OpenDispute | ProposeResolution | BookReceived | ProposeUndo | CompareFile
            | ReadPayoutStatement | SetPayee | EndPayee | CallPayee | ImportPayees | RefundPayment | ReducePayment
            | WriteOffPayment => Watched::Command,
            ListDays | ListSettlements | ListPayouts | ListRuns | ListTotals | ListExceptions | ShowContracts
            | ListPayees | LookAtPayees => Watched::Question,
            Explain | ShowPayment => Watched::Look,
            MakePayoutFiles | MakeTransferFiles | RevealPayee => Watched::Reveal,
            MakeReport | MakeLetter | MakeClearingFile | ReliefReport | ShowSpending => Watched::Export,
            ProposeProgramme | ProposeClaim | ProposeReturn | FundRelief | ChangeRow | TakeStep | BookRepaid
            | BookReturned | BookSent | ProposeReliefUndo | ImportApplications | ReadReliefStatement => {
                Watched::Command
            }
            ListProgrammes | ShowProgramme | ListApprovals | ShowProgress => Watched::Question,
            ShowBatch | ListRows => Watched::Look,
            ApproveRequest | SendBackRequest | DenyRequest | WithdrawRequest | DecideMany => Watched::Command,
            ShowApproval => Watched::Look,
            ReadSecurityLog | VerifySecurityLog => Watched::LogRead,
            Found | SetOrganisation | InvitePerson | EndPerson | EndGrant | RevokeKey | RequestGrant
            | RequestReinvite | RequestKey | RequestStatementKey | RequestShops | RotateKey | Join | SignInPerson
            | StepUp | SignOut | EndSessions | StartProvider | SignInProvider | AskPasskey | SignInPasskey
            | StartPasskey | AddPasskey | RemovePasskey => Watched::Command,
            WhoAmI | ListSessions | ListPasskeys | ListPeople | ListKeys | ListOrganisations | PeopleReport
            | ShowMatrix => Watched::Question,
            RegisterWebhook | ChangeWebhook | SwitchWebhook | RemoveWebhook | RotateWebhook | TestWebhook
            | ResendWebhook => Watched::Command,
            ListWebhooks | ShowWebhook | ListAttempts => Watched::Question,
        }
    }
}
