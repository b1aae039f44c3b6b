//! A national ID card that was replaced by one with another PPID: the new PPID takes the old one's place.

use crate::access::Name;
use crate::approvals::{Asked, Change};
use crate::error::{Result, ServiceError};
use crate::fields::{ppid, reason};
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::Command;
use kazasu_ledger::record::{Card, CarriedChange, Instrument, MovedLink, Replacement};
use kazasu_schemas::ids::Ppid;
use serde::{Deserialize, Serialize};

/// Requests approval for the PPID of a new card to take the place of the old one's, with everything that belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceCard {
    /// The PPID of the card that was replaced.
    pub from: String,
    /// The PPID of the new card.
    pub into: String,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ReplaceCard {
    const NAME: Name = Name::ReplaceCard;
    type Answer = Asked;

    fn subject(&self) -> Subject {
        Subject::residents([self.from.clone(), self.into.clone()]).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Asked> {
        let (from, into) = (ppid("from", &self.from)?, ppid("into", &self.into)?);
        let why = reason("why", &self.why)?;
        let link = services.query(move |state| {
            let link = state.link_to_move(&from, &into)?;
            Some((link.version, link.instrument.clone()?))
        });
        let link = match link.await? {
            Some((version, instrument)) => {
                Some(MovedLink { version, instrument: services.sealed_for(instrument, (&from, &into))? })
            }
            None => None,
        };
        let replacement = Box::new(Replacement { from, into, link });
        let alone = Command::Replace { replacement: replacement.clone(), said: who.says(why.clone()) };
        services.ask(Change::plain(CarriedChange::Replace(replacement), alone), who, why).await
    }
}

impl Services {
    /// An instrument of one ID for another: a card number is sealed for the one whose link it is.
    fn sealed_for(&self, instrument: Instrument, (from, into): (&Ppid, &Ppid)) -> Result<Instrument> {
        let again = |card: Card| -> Result<Card> {
            let wrong = |e| ServiceError::Other(anyhow::anyhow!("the card of {from}: {e}"));
            let vault = &self.imports.vault;
            let pan = vault.open(&card.pan, from).map_err(wrong)?;
            Ok(Card { pan: vault.seal(&pan, into).map_err(wrong)?, ..card })
        };
        Ok(match instrument {
            Instrument::CreditCard(card) => Instrument::CreditCard(again(card)?),
            Instrument::DebitCard(card) => Instrument::DebitCard(again(card)?),
            other @ (Instrument::BankAccount(_) | Instrument::Deposit(_)) => other,
        })
    }
}
