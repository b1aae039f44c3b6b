//! What a step sends, made from the acquirer's configuration and from messages before it.

use super::Player;
use crate::config::Merchant;
use crate::scenario::file::{Step, What, parse_mti};
use anyhow::{Context, bail};
use kazasu_schemas::ids::{Ppid, Rrn, Stan};
use kazasu_schemas::iso8583::{Message, Mti};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Network, NetworkCode, Operation, Options, PpidPlace, Request, Totals};

impl Player<'_> {
    pub(super) fn override_fields(&self, step: &Step, message: &mut Message) -> anyhow::Result<()> {
        if let Some(mti) = step.mti.as_deref().and_then(parse_mti) {
            message.mti = mti;
        }
        if let Some(text) = &step.ppid {
            match self.config.ppid_in {
                PpidPlace::De102 => message.set(102, text.as_bytes()),
                PpidPlace::De48 => message.set(48, format!("PP{:03}{text}", text.len()).as_bytes()),
            };
        }
        for (field, value) in &step.set {
            message.set(field.parse()?, value.as_bytes());
        }
        for field in &step.without {
            message.remove(*field);
        }
        Ok(())
    }

    fn next_stan(&mut self) -> Stan {
        self.seq += 1;
        Stan::wrapping(self.seq)
    }

    pub(super) fn network(&mut self, step: &Step, purpose: NetworkCode, message: &mut Message) -> anyhow::Result<()> {
        let stan = self.next_stan();
        let mut network = Network::request(purpose, self.config.id, stan, self.config.now().transmission());
        if step.send == Some(What::SignOn) {
            network = network.with(crate::clock::nonce()?.question());
        }
        network.to_message(message);
        Ok(())
    }

    pub(super) fn totals(&mut self, step: &Step, message: &mut Message) -> anyhow::Result<()> {
        let base = match &step.of {
            None => DayTotals::default(),
            Some(name) => {
                let answer = self.remembered[name].answer.as_ref().with_context(|| format!("{name} has no answer"))?;
                Totals::from_message(answer)?.day
            }
        };
        let now = self.config.now();
        let totals = Totals {
            mti: Mti(500),
            transmission: now.transmission(),
            stan: self.next_stan(),
            date: now.jst_day().mmdd(),
            acquirer: self.config.id,
            code: None,
            settlement: None,
            day: step.totals.unwrap_or_default().on(base),
        };
        totals.to_message(message);
        Ok(())
    }

    fn card(&self, alias: &str) -> anyhow::Result<Ppid> {
        let known = || self.config.cards.keys().cloned().collect::<Vec<_>>().join(", ");
        self.config.cards.get(alias).copied().with_context(|| format!("there is no card {alias:?}; known: {}", known()))
    }

    fn merchant(&self, alias: &str) -> anyhow::Result<&Merchant> {
        self.config.merchant(alias).with_context(|| {
            let known: Vec<&str> = self.config.merchants.iter().filter_map(|m| m.alias.as_deref()).collect();
            format!("there is no merchant {alias:?}; known: {}", known.join(", "))
        })
    }

    pub(super) fn request(&mut self, step: &Step, what: What) -> anyhow::Result<Request> {
        let (mti, processing, operation) = payment_type(what)?;
        let original = match &step.of {
            None => None,
            Some(name) => Some(self.remembered[name].request.with_context(|| format!("{name} is no payment message"))?),
        };
        let stan = self.next_stan();
        let now = self.config.now();
        let (local_time, local_date) = now.local();
        let mut request = match original {
            Some(original) => Request { original: Some(original.as_original()), ..original },
            None => self.first_of_its_kind(step)?,
        };
        request.options = options(step);
        request.mti = Mti(mti);
        request.operation = Some(operation);
        request.processing = if operation == Operation::Reversal { request.processing } else { processing };
        request.transmission = now.transmission();
        request.stan = stan;
        request.local_time = Some(local_time);
        request.local_date = Some(local_date);
        if let Some(alias) = &step.card {
            request.ppid = Some(self.card(alias)?);
        }
        if let (Some(alias), Some(_)) = (&step.at, original) {
            let merchant = self.merchant(alias)?;
            (request.merchant, request.terminal) = (merchant.id, merchant.terminals[0]);
        }
        if let Some(amount) = step.amount {
            request.amount = Yen::new(i64::try_from(amount).context("amount")?);
        }
        request.replacement = step.remains.map(|yen| i64::try_from(yen).map(Yen::new)).transpose()?;
        Ok(request)
    }

    /// A message about no other: the step's merchant and terminal, and nothing else yet.
    fn first_of_its_kind(&self, step: &Step) -> anyhow::Result<Request> {
        let merchant = self.merchant(step.at.as_deref().context("at")?)?;
        let Some(terminal) = step.terminal.checked_sub(1).and_then(|n| merchant.terminals.get(n)) else {
            bail!("{} has terminals 1 to {}", merchant.id, merchant.terminals.len());
        };
        Ok(Request {
            mti: Mti(0),
            operation: None,
            processing: 0,
            amount: Yen::ZERO,
            transmission: self.config.now().transmission(),
            stan: Stan::wrapping(self.seq),
            local_time: None,
            local_date: None,
            mcc: Some(merchant.mcc),
            entry_mode: if step.pin { 71 } else { 72 },
            acquirer: self.config.id,
            rrn: Rrn::from_number(self.seq),
            terminal: *terminal,
            merchant: merchant.id,
            currency: 392,
            ppid: None,
            original: None,
            replacement: None,
            options: Options::default(),
        })
    }
}

/// Message type, processing code and operation of a payment message.
fn payment_type(what: What) -> anyhow::Result<(u16, u32, Operation)> {
    Ok(match what {
        What::Authorize => (100, 0, Operation::Authorize),
        What::Purchase => (200, 0, Operation::Purchase),
        What::Refund => (200, 200_000, Operation::Refund),
        What::Balance => (200, 300_000, Operation::BalanceInquiry),
        What::BalanceAuthorization => (100, 300_000, Operation::BalanceInquiry),
        What::AuthorizationAdvice => (120, 0, Operation::AuthorizationAdvice),
        What::Completion => (220, 0, Operation::Completion),
        What::PurchaseAdvice => (220, 0, Operation::PurchaseAdvice),
        What::RefundAdvice => (220, 200_000, Operation::RefundAdvice),
        What::Reversal => (400, 0, Operation::Reversal),
        What::ReversalAdvice => (420, 0, Operation::Reversal),
        other => bail!("{other:?} is no payment message"),
    })
}

fn options(step: &Step) -> Options {
    match (step.partial, step.use_points) {
        (false, false) => Options::default(),
        (true, false) => Options::PARTIAL,
        (false, true) => Options::USE_POINTS,
        (true, true) => Options::PARTIAL.with(Options::USE_POINTS),
    }
}
