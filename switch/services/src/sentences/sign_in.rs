//! Refusals of passkeys and providers.

use crate::people::ProviderRefusal;
use kazasu_openid::Refused;
use kazasu_sign_in::{Means, PasskeyProblem, SignInError};
use kazasu_text::sign_in::{MeansLabel, ProviderText, SignInRefusalText};
use kazasu_text::{Language, Text};

fn label(means: Means) -> MeansLabel {
    match means {
        Means::Password => MeansLabel::Password,
        Means::OneTimeCodes => MeansLabel::OneTimeCodes,
        Means::Passkeys => MeansLabel::Passkeys,
        Means::Providers => MeansLabel::Providers,
    }
}

/// A refusal that is not about names, passwords and codes.
pub(super) fn refusal(error: &SignInError, language: Language) -> String {
    let text = match error {
        SignInError::Off(means) => SignInRefusalText::Off { means: label(*means) },
        SignInError::NoMeans => SignInRefusalText::NoMeans,
        SignInError::Flow => SignInRefusalText::FlowOver,
        SignInError::FlowOther => SignInRefusalText::FlowOther,
        SignInError::Passkey(PasskeyProblem::Unknown) => SignInRefusalText::PasskeyUnknown,
        SignInError::Passkey(PasskeyProblem::NotVerified) => SignInRefusalText::PasskeyNotVerified,
        SignInError::Passkey(PasskeyProblem::Challenge) => SignInRefusalText::PasskeyChallenge,
        SignInError::Passkey(PasskeyProblem::Origin) => SignInRefusalText::PasskeyOrigin,
        SignInError::Passkey(PasskeyProblem::Counter) => SignInRefusalText::PasskeyCounter,
        SignInError::Passkey(PasskeyProblem::TooMany) => SignInRefusalText::PasskeyTooMany,
        SignInError::Passkey(PasskeyProblem::Last) => SignInRefusalText::PasskeyLast,
        SignInError::Passkey(PasskeyProblem::Other(why)) => SignInRefusalText::PasskeyOther { why },
        other => return other.to_string(),
    };
    text.in_language(language).into_owned()
}

/// Why a sign-in through a provider is refused.
pub(super) fn provider(why: &ProviderRefusal, language: Language) -> String {
    let text = match why {
        ProviderRefusal::None => ProviderText::NoProvider,
        ProviderRefusal::Unknown(known) => ProviderText::Unknown { known },
        ProviderRefusal::NotLinked => ProviderText::NotLinked,
        ProviderRefusal::OtherPerson => ProviderText::OtherPerson,
        ProviderRefusal::Taken => ProviderText::Taken,
        ProviderRefusal::OtherOrganisation(provider) => ProviderText::OtherOrganisation { provider },
        ProviderRefusal::OneFactor => ProviderText::OneFactor,
        ProviderRefusal::Provider(why) => match why {
            Refused::Unreachable(why) => ProviderText::Unreachable { why },
            Refused::Redirect => ProviderText::Redirect,
            Refused::State => ProviderText::State,
            Refused::OtherProvider => ProviderText::OtherProvider,
            Refused::Code(why) => ProviderText::Code { why },
            Refused::NoIdToken => ProviderText::NoIdToken,
            Refused::Signature(why) => ProviderText::Signature { why },
            Refused::Issuer(why) => ProviderText::Issuer { why },
            Refused::Audience(why) => ProviderText::Audience { why },
            Refused::Nonce => ProviderText::Nonce,
            Refused::Time(why) => ProviderText::Time { why },
            Refused::AuthTime(why) => ProviderText::AuthTime { why },
            Refused::Person(claim) => ProviderText::PersonClaim { claim },
            Refused::Token(why) => ProviderText::Token { why },
        },
    };
    text.in_language(language).into_owned()
}
