//! Errors of every part of the switch as people read them, found by their types.

use crate::lock::InUse;
use kazasu_core::ReplayError;
use kazasu_engine::CommandError;
use kazasu_hsm::HsmError;
use kazasu_issuer_adapter::routing::RoutingError;
use kazasu_openid::SettingsError;
use kazasu_schemas::iso8583::dialect::DialectError;
use kazasu_services::ServiceError;
use kazasu_text::sign_in::SignInSettingsText;
use kazasu_text::stores::StoreText;
use kazasu_text::tls::PartyText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Quoted, Said};
use kazasu_tls::FingerprintError;
use std::error::Error;

/// The text of an error that the catalogue has words for.
#[must_use]
pub fn of(error: &(dyn Error + 'static)) -> Option<Said> {
    let device = || error.downcast_ref::<HsmError>().map(HsmError::said);
    let pin = || error.downcast_ref::<FingerprintError>().map(FingerprintError::said);
    let route = || error.downcast_ref::<RoutingError>().map(route);
    let provider = || error.downcast_ref::<SettingsError>().map(provider);
    let dialect = || error.downcast_ref::<DialectError>().map(dialect);
    let in_use = || error.downcast_ref::<InUse>().map(in_use);
    let command = || error.downcast_ref::<CommandError>().map(|why| of_service(&why.clone().into()));
    let replay = || error.downcast_ref::<ReplayError>().map(replay);
    let service = || error.downcast_ref::<ServiceError>().map(of_service);
    let of_services = kazasu_services::causes::of(error);
    of_services
        .or_else(service)
        .or_else(command)
        .or_else(replay)
        .or_else(device)
        .or_else(pin)
        .or_else(route)
        .or_else(provider)
        .or_else(dialect)
        .or_else(in_use)
}

fn of_service(why: &ServiceError) -> Said {
    Said::new(|language| why.in_language(language))
}

fn replay(why: &ReplayError) -> Said {
    match why {
        ReplayError::Draft(refused) => {
            let refused = of_service(&CommandError::Rejected(refused.clone()).into());
            Said::of(&UsageText::DraftCannotFollow { why: &refused })
        }
        ReplayError::Journal(rule) => Said::of(&UsageText::JournalBroken { words: &rule.to_string() }),
    }
}

fn route(why: &RoutingError) -> Said {
    Said::of(&match why {
        RoutingError::Bin(got) => PartyText::Bin { got: Quoted(got) },
        RoutingError::BankCode(got) => PartyText::BankCode { got: Quoted(got) },
        RoutingError::BinTaken { prefix, first, second } => {
            PartyText::BinTaken { prefix, first: *first, second: *second }
        }
        RoutingError::BankTaken { code, first, second } => {
            PartyText::BankTaken { code, first: *first, second: *second }
        }
    })
}

fn provider(why: &SettingsError) -> Said {
    Said::of(&match why {
        SettingsError::Issuer(got) => SignInSettingsText::Issuer { got },
        SettingsError::PersonClaim(got) => SignInSettingsText::PersonClaim { got },
        SettingsError::Redirect(got) => SignInSettingsText::Redirect { got },
    })
}

fn dialect(why: &DialectError) -> Said {
    let words = why.to_string();
    Said::exactly(&PartyText::Dialect { words: &words }, words.clone())
}

fn in_use(why: &InUse) -> Said {
    Said::exactly(&StoreText::InUse { folder: why.folder() }, why.to_string())
}
