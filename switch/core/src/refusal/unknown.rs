//! Refusals because what a command names is not there: nothing to wait for, and no state that could change it.

use super::{ApprovalRefusal, CorrectionRefusal, NotClosed, PayeeRefusal, Refusal, Rejected, RightsRefusal};

impl Rejected {
    /// Is it that what the command names is not there?
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Rejected::UnknownAcquirer(_)
            | Rejected::UnknownIssuer(_)
            | Rejected::UnknownDeposit(_)
            | Rejected::UnknownPpid(_)
            | Rejected::UnknownProgramme(_)
            | Rejected::UnknownNotice(_)
            | Rejected::NoCard(..)
            | Rejected::NoAdviceWaits(_)
            | Rejected::Approval(ApprovalRefusal::Unknown(_) | ApprovalRefusal::NoFile(_))
            | Rejected::Correction(CorrectionRefusal::NotPayment(_))
            | Rejected::Payee(PayeeRefusal::Unknown(_)) => true,
            Rejected::Rights(why) => matches!(
                **why,
                RightsRefusal::UnknownOrganisation(_)
                    | RightsRefusal::UnknownPerson(_)
                    | RightsRefusal::UnknownProgram(_)
                    | RightsRefusal::UnknownGrant(_)
            ),
            Rejected::Relief(why) => matches!(
                **why,
                Refusal::UnknownProgramme(_)
                    | Refusal::UnknownBatch(_)
                    | Refusal::UnknownRow(..)
                    | Refusal::UnknownFile(..)
            ),
            Rejected::Closing(why) => matches!(
                **why,
                NotClosed::UnknownMerchant(..)
                    | NotClosed::UnknownIssuer(_)
                    | NotClosed::UnknownSettlement(_)
                    | NotClosed::UnknownPayout(_)
                    | NotClosed::UnknownFile(..)
                    | NotClosed::UnknownException(_)
                    | NotClosed::UnknownLine(_)
            ),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_schemas::jst::BusinessDay;

    #[test]
    fn what_is_not_there_is_told_from_what_is_in_another_state() {
        let unknown: [Rejected; 6] = [
            Rejected::UnknownNotice(16),
            ApprovalRefusal::Unknown(7).into(),
            CorrectionRefusal::NotPayment(7).into(),
            RightsRefusal::UnknownGrant(kazasu_schemas::identity::GrantId::new(6)).into(),
            Refusal::UnknownBatch(3).into(),
            NotClosed::UnknownPayout(5).into(),
        ];
        for why in unknown {
            assert!(why.is_unknown(), "{why}");
        }
        let state: [Rejected; 5] = [
            ApprovalRefusal::SentBack(7).into(),
            CorrectionRefusal::NotPosted(7).into(),
            RightsRefusal::KeyTaken.into(),
            Refusal::Closed(3).into(),
            NotClosed::Open(BusinessDay(20_780)).into(),
        ];
        for why in state {
            assert!(!why.is_unknown(), "{why}");
        }
    }
}
