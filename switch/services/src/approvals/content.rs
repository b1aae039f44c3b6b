//! The content of a request: the values that its requester filled in, by kind of request.

use super::facts::{self, Facts};
use crate::payees::{CallShown, call_shown, masked, opened};
use crate::residents::MaskedInstrument;
use crate::{Services, payer_text};
use kazasu_core::{ApprovalView, Document, State};
use kazasu_ledger::record::{
    CardChange, CardStatus, CarriedChange, FileOf, FileRequest, Instrument, MovedLink, PayeeChange, Proposal,
    Replacement, RightsChange,
};
use kazasu_schemas::identity::{ActorId, OrganisationId, PersonId, ProgramId, Role, Scope};
use kazasu_schemas::ids::Ppid;
use kazasu_text::corrections::CorrectionLabel;
use kazasu_text::{Label, Text};
use serde::{Deserialize, Serialize};

/// A value of a file, with the path that leads to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FactView {
    /// The path: `contract[2].rules[1].rate`.
    pub field: String,
    /// The value.
    pub value: String,
}

fn listed(facts: Facts) -> Vec<FactView> {
    facts.into_iter().map(|(field, value)| FactView { field, value }).collect()
}

/// The values that a requester filled in.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the commands of the same names explain the fields")]
pub enum ApprovalContent {
    Programme {
        programme: u16,
        name: String,
        city: String,
        budget_yen: i64,
        ceiling_yen: i64,
        until: String,
        /// Every value of the file.
        file: Vec<FactView>,
    },
    Claim {
        batch: u32,
        row: u32,
        right_yen: i64,
    },
    ReturnFunds {
        programme: u16,
        yen: i64,
        reference: String,
    },
    Contracts {
        name: String,
        contracts: usize,
        /// Every value of the file.
        file: Vec<FactView>,
    },
    Payout {
        settlements: Vec<u32>,
        yen: i64,
        value_date: String,
        accounts_sha256: String,
    },
    UndoBooking {
        line: String,
        payer: Option<String>,
    },
    CancelPayout {
        payout: u64,
    },
    Retarget {
        ppid: String,
        instrument: MaskedInstrument,
    },
    Resolve {
        exception: String,
        how: String,
    },
    Grant {
        #[schemars(with = "String")]
        holder: ActorId,
        holder_name: String,
        #[schemars(with = "String")]
        role: Role,
        #[schemars(with = "String")]
        scope: Scope,
        from: String,
        until: Option<String>,
        #[schemars(with = "Option<String>")]
        deputy_for: Option<PersonId>,
    },
    ProgramKey {
        #[schemars(with = "Option<String>")]
        program: Option<ProgramId>,
        name: String,
        roles: Vec<String>,
        from: String,
        until: Option<String>,
        networks: Vec<String>,
    },
    Reinvite {
        #[schemars(with = "String")]
        person: PersonId,
        person_name: String,
        until: String,
    },
    SharedLink {
        ppid: String,
        instrument: MaskedInstrument,
    },
    Correction {
        /// The payment's record.
        payment: u64,
        /// `refund`, `reduction` or `write_off`.
        what: String,
        what_ja: String,
        /// The amount that is given back, in yen.
        yen: i64,
        /// The amount that could be given back at the time of the request, in yen.
        left_yen: i64,
        /// The resident whose payment it is.
        ppid: Option<String>,
    },
    LiftSuspension {
        ppid: String,
        /// What is lifted: `suspended`, or `revoked`.
        of: String,
    },
    BindCard {
        ppid: String,
        serial: String,
        issuer: Option<String>,
        last_day: String,
    },
    StatementKey {
        #[schemars(with = "String")]
        program: ProgramId,
        public: String,
        from: String,
        until: Option<String>,
    },
    Shops {
        #[schemars(with = "String")]
        organisation: OrganisationId,
        organisation_name: String,
        /// The further shops: `ACQUIRER/MERCHANT`.
        shops: Vec<String>,
    },
    Fund {
        programme: u16,
        yen: i64,
        reference: String,
    },
    CreditPurse {
        ppid: String,
        programme: u16,
        yen: i64,
        reference: String,
    },
    Policy {
        name: String,
        /// Every value of the file.
        file: Vec<FactView>,
    },
    Merge {
        from: String,
        into: String,
    },
    Link {
        ppid: String,
        instrument: MaskedInstrument,
        from: Option<String>,
    },
    Replace {
        from: String,
        into: String,
        /// The link that goes over.
        instrument: Option<MaskedInstrument>,
    },
    Payee {
        payee: String,
        /// Bank, branch and the last digits; absent where the account ends.
        account: Option<String>,
        holder: Option<String>,
        /// The beginning of the account's keyed hash: another account has another, also where the last digits are the same.
        account_token: Option<String>,
        /// The call that the requester made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<CallShown>,
    },
    Payees(FileContent),
    Merchants(FileContent),
    Links(FileContent),
    Destruction {
        key: String,
        /// The purpose of the key.
        purpose: String,
        version: u8,
        fiscal_year: Option<u16>,
        kcv: String,
    },
}

/// A file whose rows the switch shall record. The requester sends the file again after the approval, and the switch compares its hash.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileContent {
    /// Its name.
    pub name: String,
    /// SHA-256.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// The workbook's sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Rows.
    pub rows: u64,
    /// Rows that change the state.
    pub changing: u64,
    /// Rows that the switch refuses.
    pub refused: u64,
    /// The sum of opening balances, in yen.
    pub opening_yen: i64,
}

impl FileContent {
    fn of(file: &FileRequest, name: &str) -> FileContent {
        FileContent {
            name: name.to_owned(),
            sha256: hex::encode(file.digest),
            bytes: file.bytes,
            sheet: file.sheet.clone(),
            rows: file.rows,
            changing: file.changing,
            refused: file.refused,
            opening_yen: file.opening.get(),
        }
    }
}

/// Values of the state that the content contains.
pub(super) struct Known {
    /// The number of the on-us account of a new instrument.
    deposit: Option<u64>,
    /// The name of the person or program that gets a right.
    name: String,
    /// The resident of the payment that is corrected.
    payer: Option<Ppid>,
}

impl Known {
    /// The values that this proposal needs.
    pub(super) fn of(state: &State, proposal: &Proposal) -> Known {
        let deposit = match proposal {
            Proposal::Retarget { instrument, .. } => crate::residents::deposit(state, instrument),
            Proposal::SharedLink(link) => crate::residents::deposit(state, &link.instrument),
            Proposal::Carried(change) => match &**change {
                CarriedChange::Link { instrument, .. } => crate::residents::deposit(state, instrument),
                CarriedChange::Replace(replacement) => {
                    replacement.link.as_ref().and_then(|link| crate::residents::deposit(state, &link.instrument))
                }
                CarriedChange::Fund { .. }
                | CarriedChange::Credit { .. }
                | CarriedChange::Policy(_)
                | CarriedChange::Payee(_)
                | CarriedChange::Merge { .. } => None,
            },
            _ => None,
        };
        let named = |id: String| state.rights().name_of(&id).unwrap_or_default().to_owned();
        let name = match proposal {
            Proposal::Rights(change) => match &**change {
                RightsChange::Grant(grant) => named(grant.holder.to_string()),
                RightsChange::Reinvite(again) => named(again.person.to_string()),
                RightsChange::Key(key) => key.name.clone(),
                RightsChange::StatementKey(key) => named(key.program.to_string()),
                RightsChange::Shops(further) => {
                    let found = state.rights().organisation(further.organisation);
                    found.map(|one| one.name.clone()).unwrap_or_default()
                }
            },
            _ => String::new(),
        };
        let payer = match proposal {
            Proposal::Correction(correction) => state.payment(correction.payment).and_then(|payment| payment.ppid),
            _ => None,
        };
        Known { deposit, name, payer }
    }
}

impl Services {
    /// The values that the requester filled in.
    pub(super) fn content(&self, open: &ApprovalView, known: &Known) -> ApprovalContent {
        self.content_of((&open.proposal, &open.source), known)
    }

    pub(super) fn content_of(&self, (proposal, source): (&Proposal, &Document), known: &Known) -> ApprovalContent {
        match proposal {
            Proposal::Programme(t) => ApprovalContent::Programme {
                programme: t.number,
                name: t.name.clone(),
                city: t.city.clone(),
                budget_yen: t.budget.get(),
                ceiling_yen: t.ceiling.get(),
                until: t.closes.map_or_else(|| t.until.to_string(), |c| c.jst_text()),
                file: listed(facts::of_toml(&source.text)),
            },
            Proposal::Claim { batch, row, right } => {
                ApprovalContent::Claim { batch: *batch, row: *row, right_yen: right.get() }
            }
            Proposal::ReturnFunds { programme, amount, reference } => {
                ApprovalContent::ReturnFunds { programme: *programme, yen: amount.get(), reference: reference.clone() }
            }
            Proposal::Contracts(contracts) => ApprovalContent::Contracts {
                name: contracts.name.to_string(),
                contracts: contracts.contracts.len(),
                file: listed(facts::of_toml(&source.text)),
            },
            Proposal::Payout { settlements, total, value_date, payees } => ApprovalContent::Payout {
                settlements: settlements.clone(),
                yen: total.get(),
                value_date: value_date.to_string(),
                accounts_sha256: hex::encode(payees),
            },
            Proposal::UndoBooking { reference, payer } => {
                ApprovalContent::UndoBooking { line: reference.clone(), payer: payer.as_ref().map(payer_text) }
            }
            Proposal::Rights(change) => of_rights(change, known),
            Proposal::Carried(change) => self.of_carried((change, source), known),
            Proposal::File(file) => match file.of {
                FileOf::Payees => ApprovalContent::Payees(FileContent::of(file, &source.name)),
                FileOf::Merchants => ApprovalContent::Merchants(FileContent::of(file, &source.name)),
                FileOf::Links => ApprovalContent::Links(FileContent::of(file, &source.name)),
            },
            Proposal::CancelPayout { payout } => ApprovalContent::CancelPayout { payout: *payout },
            Proposal::Retarget { ppid, instrument } => ApprovalContent::Retarget {
                ppid: ppid.to_string(),
                instrument: self.masked_for(instrument, (known.deposit, ppid)),
            },
            Proposal::SharedLink(link) => ApprovalContent::SharedLink {
                ppid: link.ppid.to_string(),
                instrument: self.masked_for(&link.instrument, (known.deposit, &link.ppid)),
            },
            Proposal::Resolve { id, how } => {
                ApprovalContent::Resolve { exception: hex::encode(id), how: how.name().to_owned() }
            }
            Proposal::Correction(asked) => ApprovalContent::Correction {
                payment: asked.payment,
                what: asked.kind.name().to_owned(),
                what_ja: CorrectionLabel::of(asked.kind.name()).map_or_else(String::new, |word| word.ja().into_owned()),
                yen: asked.amount.get(),
                left_yen: asked.left.get(),
                ppid: known.payer.map(|ppid| ppid.to_string()),
            },
            Proposal::Card(change) => of_card(change),
            Proposal::Destruction(key) => ApprovalContent::Destruction {
                key: key.key.clone(),
                purpose: crate::keys::purpose(&key.key).to_owned(),
                version: key.version,
                fiscal_year: key.fiscal_year,
                kcv: key.kcv.clone(),
            },
        }
    }

    fn of_carried(&self, (change, source): (&CarriedChange, &Document), known: &Known) -> ApprovalContent {
        match change {
            CarriedChange::Fund { programme, amount, reference } => {
                ApprovalContent::Fund { programme: *programme, yen: amount.get(), reference: reference.clone() }
            }
            CarriedChange::Credit { ppid, programme, amount, reference } => ApprovalContent::CreditPurse {
                ppid: ppid.to_string(),
                programme: *programme,
                yen: amount.get(),
                reference: reference.clone(),
            },
            CarriedChange::Policy(policy) => {
                ApprovalContent::Policy { name: policy.name.to_string(), file: listed(facts::of_toml(&source.text)) }
            }
            CarriedChange::Merge { from, into } => {
                ApprovalContent::Merge { from: from.to_string(), into: into.to_string() }
            }
            CarriedChange::Link { ppid, instrument, from } => ApprovalContent::Link {
                ppid: ppid.to_string(),
                instrument: self.masked_for(instrument, (known.deposit, ppid)),
                from: from.map(|from| from.jst_text()),
            },
            CarriedChange::Replace(replacement) => {
                let Replacement { from, into, link } = &**replacement;
                let masked = |link: &MovedLink| self.masked_for(&link.instrument, (known.deposit, into));
                let instrument = link.as_ref().map(masked);
                ApprovalContent::Replace { from: from.to_string(), into: into.to_string(), instrument }
            }
            CarriedChange::Payee(change) => self.of_payee(change),
        }
    }

    fn of_payee(&self, change: &PayeeChange) -> ApprovalContent {
        let vault = &self.imports.vault;
        let account = change.account.as_ref().and_then(|account| opened(vault, &change.payee, account).ok());
        ApprovalContent::Payee {
            payee: change.payee.to_string(),
            account: account.as_ref().map(masked),
            holder: account.map(|account| account.name),
            account_token: change.account.as_ref().map(|account| hex::encode(&account.token[..6])),
            call: change.call.as_ref().and_then(|call| call_shown(vault, &change.payee, call)),
        }
    }

    fn masked_for(
        &self,
        instrument: &Instrument,
        (here, person): (Option<u64>, &kazasu_schemas::ids::Ppid),
    ) -> MaskedInstrument {
        self.masked(instrument, here, person)
    }
}

fn of_card(change: &CardChange) -> ApprovalContent {
    match change {
        CardChange::Lift { ppid, of } => {
            let of = crate::residents::card_word(of.unwrap_or(CardStatus::Suspended)).to_owned();
            ApprovalContent::LiftSuspension { ppid: ppid.to_string(), of }
        }
        CardChange::Bind { ppid, serial, issuer, last_day } => ApprovalContent::BindCard {
            ppid: ppid.to_string(),
            serial: serial.to_string(),
            issuer: issuer.clone(),
            last_day: last_day.to_string(),
        },
    }
}

fn of_rights(change: &RightsChange, known: &Known) -> ApprovalContent {
    match change {
        RightsChange::Grant(grant) => ApprovalContent::Grant {
            holder: grant.holder,
            holder_name: known.name.clone(),
            role: grant.role.role,
            scope: grant.role.scope.clone(),
            from: grant.dates.from.to_string(),
            until: grant.dates.until.map(|day| day.to_string()),
            deputy_for: grant.deputy_for,
        },
        RightsChange::Key(key) => ApprovalContent::ProgramKey {
            program: key.program,
            name: key.name.clone(),
            roles: key.roles.iter().map(|role| format!("{} {}", role.role, role.scope)).collect(),
            from: key.dates.from.to_string(),
            until: key.dates.until.map(|day| day.to_string()),
            networks: key.networks.clone(),
        },
        RightsChange::StatementKey(key) => ApprovalContent::StatementKey {
            program: key.program,
            public: hex::encode(key.public),
            from: key.dates.from.to_string(),
            until: key.dates.until.map(|day| day.to_string()),
        },
        RightsChange::Shops(further) => ApprovalContent::Shops {
            organisation: further.organisation,
            organisation_name: known.name.clone(),
            shops: further.shops.iter().map(|(acquirer, merchant)| format!("{acquirer}/{merchant}")).collect(),
        },
        RightsChange::Reinvite(again) => ApprovalContent::Reinvite {
            person: again.person,
            person_name: known.name.clone(),
            until: again.until.jst_text(),
        },
    }
}
