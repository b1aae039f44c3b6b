//! The vault's keys and the journal: numbers are sealed again under a newer key, cards get their hashes under a newer lookup key, and a
//! key is destroyed when nothing that is used needs it.

use crate::access::{About, Name};
use crate::approvals::Request;
use crate::error::{Result, ServiceError, not_now, unfit};
use crate::fields::reason;
use crate::operation::{Operation, Recorded, Requested};
use crate::payees::sealed_again;
use crate::{Services, Who};
use kazasu_core::{Command, SealNeeds, SealedNumber, State};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{CardHash, CarriedChange, Destruction, Instrument, Proposal, Replacement};
use kazasu_text::key_refusals::KeyNeedText;
use kazasu_text::problems::ProblemText;
use kazasu_text::{AnyOf, Count, Language, Quoted, Text};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Seals every card number again that is not sealed under the current key, and finds each card by its hash under the newest lookup key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSeals {}

/// The result of sealing again.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SealsRotated {
    /// `done`, or what has to be decided before older keys can go.
    pub result: String,
    /// Numbers that were sealed again, or got a hash under a newer lookup key.
    pub resealed: u64,
    /// The current key's version.
    pub key_version: u8,
    /// People whose proposed instrument is sealed under an older key.
    pub open_proposals: Vec<String>,
    /// Relief batches whose accounts are sealed under an older key.
    pub relief_batches: Vec<u32>,
    /// Payees' accounts that were sealed again.
    #[serde(default)]
    pub payees: u64,
}

impl Operation for RotateSeals {
    const NAME: Name = Name::RotateSeals;
    type Answer = SealsRotated;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<SealsRotated> {
        let current = services.imports.vault.cards_version();
        let for_accounts = services.imports.vault.accounts_version();
        // Looked at first: what is proposed while numbers are sealed again is sealed under the current key.
        let open_proposals = services.proposals_sealed_otherwise(current).await?;
        let resealed = services.seal_again(current).await?;
        let payees = services.seal_payees_again(who).await?;
        // A proposal is sealed as it was made: it must be decided before the older key can go.
        let relief_batches = services.query(move |state| state.relief_sealed_otherwise(for_accounts)).await?;
        let result = match (open_proposals.is_empty(), relief_batches.is_empty()) {
            (true, true) => "done",
            (false, _) => "proposals to be decided first",
            // Accounts of payees are sealed once, for one transfer file: they are needed until that is done.
            (true, false) => "relief batches to be reported or cancelled first",
        };
        Ok(SealsRotated {
            result: result.to_owned(),
            resealed,
            key_version: current,
            open_proposals,
            relief_batches,
            payees,
        })
    }
}

/// Card link versions that are looked at together.
const AT_ONCE: usize = 4_096;

impl Services {
    async fn proposals_sealed_otherwise(&self, current: u8) -> Result<Vec<String>> {
        let people = self.query(move |state| {
            let retargets =
                state.broken_links().filter_map(|(person, broken)| Some((person, broken.proposal.clone()?.0)));
            let shared = state.approvals().into_iter().filter_map(|open| match open.proposal {
                Proposal::SharedLink(link) => Some((link.ppid, link.instrument)),
                Proposal::Carried(change) => match *change {
                    CarriedChange::Link { ppid, instrument, .. } => Some((ppid, *instrument)),
                    CarriedChange::Replace(replacement) => {
                        let Replacement { into, link, .. } = *replacement;
                        link.map(|link| (into, link.instrument))
                    }
                    _ => None,
                },
                _ => None,
            });
            let cards = retargets.chain(shared).filter_map(|(person, instrument)| match instrument {
                Instrument::CreditCard(card) | Instrument::DebitCard(card) => Some((person, card.pan.first().copied())),
                Instrument::BankAccount(_) | Instrument::Deposit(_) => None,
            });
            let others = cards.filter(|(_, version)| *version != Some(current));
            others.map(|(person, _)| person.to_string()).collect::<Vec<_>>()
        });
        people.await
    }

    /// A card number as it is to be sealed, with its hash under the newest lookup key; `None` where both are as they should be.
    fn again(&self, current: u8, number: &SealedNumber) -> Result<Option<(Box<[u8]>, CardHash)>> {
        let (person, version, sealed, token) = number;
        let vault = &self.imports.vault;
        let older = sealed.first() != Some(&current);
        // Under the first lookup key a card's token is its hash.
        if !older && vault.newest_lookup() == 1 {
            return Ok(None);
        }
        let wrong = |e| ServiceError::Other(anyhow::anyhow!("link version {version} of {person}: {e}"));
        let pan = vault.open(sealed, person).map_err(wrong)?;
        let hash = CardHash(vault.newest_token(&pan));
        if !older && hash.0 == *token {
            return Ok(None);
        }
        let sealed = if older { vault.seal(&pan, person).map_err(wrong)? } else { sealed.clone().into() };
        Ok(Some((sealed, hash)))
    }

    /// Seals card numbers again that are sealed under an older key, a few thousand at a time. Gives how many.
    async fn seal_again(&self, current: u8) -> Result<u64> {
        let engine = self.engine()?;
        let (mut resealed, mut from) = (0_u64, Some(0));
        while let Some(at) = from {
            let (numbers, next) = self.query(move |state| state.sealed_numbers(at, AT_ONCE)).await?;
            from = next;
            let mut answers = Vec::new();
            for number in &numbers {
                if let Some((pan, hash)) = self.again(current, number)? {
                    let (ppid, version) = (number.0, number.1);
                    answers.push(engine.command_later(Command::Reseal { ppid, version, pan, alias: Some(hash) }));
                }
            }
            for answer in answers {
                let done = answer.await.map_err(|_| ServiceError::Command(CommandError::Stopping))??;
                resealed += u64::from(done == kazasu_core::Done::Recorded);
            }
        }
        Ok(resealed)
    }

    /// Seals payees' accounts again that are sealed under an older key. Gives how many.
    async fn seal_payees_again(&self, who: &Who) -> Result<u64> {
        let mut resealed = 0;
        for one in self.query(State::payees).await? {
            let Some(account) = one.account else { continue };
            if let Some(account) = sealed_again(&self.imports.vault, &one.payee, &account)? {
                let (payee, account, maker) = (one.payee, Box::new(account), Some(self.maker(who)));
                let done = self.command(Command::ResealPayee { payee, account, maker }).await?;
                resealed += u64::from(done == kazasu_core::Done::Recorded);
            }
        }
        Ok(resealed)
    }

    /// Card link versions whose card is not found by its hash under the newest lookup key.
    async fn without_newest_hash(&self) -> Result<usize> {
        let vault = self.imports.vault.clone();
        let (mut missing, mut from) = (0_usize, Some(0));
        while let Some(at) = from {
            let (numbers, next) = self.query(move |state| state.sealed_numbers(at, AT_ONCE)).await?;
            from = next;
            let mut hashes = Vec::new();
            for (person, version, sealed, token) in &numbers {
                let wrong = |e| ServiceError::Other(anyhow::anyhow!("link version {version} of {person}: {e}"));
                hashes.push((*token, CardHash(vault.newest_token(&vault.open(sealed, person).map_err(wrong)?))));
            }
            missing += self
                .query(move |state| hashes.iter().filter(|(token, hash)| !state.is_found_by(*token, *hash)).count())
                .await?;
        }
        Ok(missing)
    }
}

/// Asks for the uses of a key version that are still left.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowKeyNeeds {
    /// `vault.cards`, `vault.accounts` or `lookup`.
    pub key: String,
    /// The version.
    pub version: u8,
}

/// Reasons against taking a version out of use.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeyNeeds {
    /// The uses that are left; the version may go when there is none.
    pub needed_by: Vec<KeyNeed>,
}

/// A use of a key version that is left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "use", rename_all = "snake_case")]
pub enum KeyNeed {
    /// So many link versions are sealed under it.
    Links {
        /// Link versions.
        links: u64,
    },
    /// So many instruments of approval requests are sealed under it.
    ApprovalRequests {
        /// Instruments.
        instruments: u64,
    },
    /// Accounts of relief batches are sealed under it.
    ReliefBatches {
        /// The batches.
        batches: Vec<u32>,
    },
    /// So many payees' accounts are sealed under it.
    PayeeAccounts {
        /// Accounts.
        accounts: u64,
    },
    /// So many link versions have no hash under the newest version.
    LinksWithoutHash {
        /// Link versions.
        links: u64,
    },
    /// Relief programmes under way compare households by hashes under the oldest version.
    ReliefProgrammes {
        /// The programmes.
        programmes: Vec<u16>,
    },
}

impl Text for KeyNeed {
    fn in_language(&self, language: Language) -> Cow<'static, str> {
        match self {
            KeyNeed::Links { links } => KeyNeedText::Links { links: Count(*links) }.in_language(language),
            KeyNeed::ApprovalRequests { instruments } => {
                KeyNeedText::Proposals { instruments: Count(*instruments) }.in_language(language)
            }
            KeyNeed::ReliefBatches { batches } => {
                KeyNeedText::ReliefBatches { batches: &listed(batches) }.in_language(language)
            }
            KeyNeed::PayeeAccounts { accounts } => {
                KeyNeedText::PayeeAccounts { accounts: Count(*accounts) }.in_language(language)
            }
            KeyNeed::LinksWithoutHash { links } => {
                KeyNeedText::LinksWithoutHash { links: Count(*links) }.in_language(language)
            }
            KeyNeed::ReliefProgrammes { programmes } => {
                KeyNeedText::ReliefProgrammes { programmes: &listed(programmes) }.in_language(language)
            }
        }
    }
}

fn listed<T: ToString>(numbers: &[T]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Operation for ShowKeyNeeds {
    const NAME: Name = Name::ShowKeyNeeds;
    type Answer = KeyNeeds;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<KeyNeeds> {
        let version = self.version;
        match self.key.as_str() {
            "vault.cards" | "vault.accounts" => {
                let needs = services.query(move |state| state.seal_needs(version)).await?;
                Ok(KeyNeeds { needed_by: uses(needs) })
            }
            "lookup" => {
                let mut needed_by = Vec::new();
                let missing = services.without_newest_hash().await?;
                if missing > 0 {
                    needed_by.push(KeyNeed::LinksWithoutHash { links: u64::try_from(missing).unwrap_or(u64::MAX) });
                }
                let programmes = services.query(kazasu_core::State::relief_under_way).await?;
                if !programmes.is_empty() {
                    needed_by.push(KeyNeed::ReliefProgrammes { programmes });
                }
                Ok(KeyNeeds { needed_by })
            }
            other => Err(unfit(
                "key",
                &ProblemText::OneOf {
                    choices: AnyOf(&["vault.cards", "vault.accounts", "lookup"]),
                    got: Quoted(other),
                },
            )),
        }
    }
}

fn uses(needs: SealNeeds) -> Vec<KeyNeed> {
    let SealNeeds { links, proposals, relief_batches: batches, payees: accounts } = needs;
    let instruments = u64::try_from(proposals).unwrap_or(u64::MAX);
    let mut out = Vec::new();
    out.extend((links > 0).then_some(KeyNeed::Links { links }));
    out.extend((instruments > 0).then_some(KeyNeed::ApprovalRequests { instruments }));
    out.extend((!batches.is_empty()).then_some(KeyNeed::ReliefBatches { batches }));
    out.extend((accounts > 0).then_some(KeyNeed::PayeeAccounts { accounts }));
    out
}

/// The purpose of a key of the vault, in words.
pub(crate) fn purpose(key: &str) -> &'static str {
    match key {
        "vault.cards" => "card numbers",
        "vault.accounts" => "payees' accounts and names",
        _ => "another key",
    }
}

/// Asks another person to approve that a key of the vault is destroyed.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestDestruction {
    /// `vault.cards` or `vault.accounts`.
    pub key: String,
    /// The version.
    pub version: u8,
    /// The fiscal year that it sealed in.
    pub fiscal_year: Option<u16>,
    /// Its check value.
    pub kcv: String,
    /// Why.
    pub why: String,
}

/// A key of the vault is destroyed, as an approved request says. What it sealed is erased, in this journal and in every copy of it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordDestruction {
    /// `vault.cards` or `vault.accounts`.
    pub key: String,
    /// The version.
    pub version: u8,
    /// The fiscal year that it sealed in.
    pub fiscal_year: Option<u16>,
    /// Its check value.
    pub kcv: String,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Services {
    /// A version that can be destroyed, as far as this program knows.
    fn destructible(&self, key: Destruction) -> Result<Destruction> {
        let Destruction { key: name, version, kcv, .. } = &key;
        if !matches!(name.as_str(), "vault.cards" | "vault.accounts") {
            let choices = AnyOf(&["vault.cards", "vault.accounts"]);
            return Err(unfit("key", &ProblemText::OneOf { choices, got: Quoted(name) }));
        }
        if kcv.len() != 6 || !kcv.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(unfit("kcv", &ProblemText::SixHexadecimal));
        }
        let vault = &self.imports.vault;
        if *version == vault.cards_version() || *version == vault.accounts_version() {
            return Err(not_now("version", &ProblemText::SealsNow { version: *version, key: name }));
        }
        Ok(key)
    }
}

impl Operation for RequestDestruction {
    const NAME: Name = Name::RequestDestruction;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let RequestDestruction { key, version, fiscal_year, kcv, why } = self;
        let key = services.destructible(Destruction { key, version, fiscal_year, kcv })?;
        services.request_approval(Request::plain(Proposal::Destruction(Box::new(key)), who, why), who).await
    }
}

impl Operation for RecordDestruction {
    const NAME: Name = Name::RecordDestruction;
    type Answer = Recorded;

    fn about(&self) -> Result<About> {
        let RecordDestruction { key, version, fiscal_year, kcv, .. } = self.clone();
        Ok(About::Key(Destruction { key, version, fiscal_year, kcv }))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let RecordDestruction { key, version, fiscal_year, kcv, why } = self;
        let key = services.destructible(Destruction { key, version, fiscal_year, kcv })?;
        let said = who.says(reason("why", &why)?);
        Ok(services.command(Command::DestroyKey { key: Box::new(key), said }).await?.into())
    }
}
