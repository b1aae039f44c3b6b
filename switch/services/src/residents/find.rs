//! Finding the one resident who calls: by the PPID or temporary ID that is read out, or by a receipt.

use crate::access::Name;
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::fields::day;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_documents::table_file::narrow;
use kazasu_projections::statements::Receipt;
use kazasu_schemas::ids::{Ppid, TerminalId};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_text::problems::{NotFoundText, ProblemText};
use kazasu_text::readings;
use serde::{Deserialize, Serialize};

/// A receipt's time may be so far from the payment's, milliseconds.
const NEAR: i64 = 15 * 60_000;

/// Finds a resident: by `ppid`, or by `terminal`, `at` and `amount` of a receipt.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindResident {
    /// A PPID or temporary ID as it is read out: in groups, in small letters, 0, 1 and 8 for O, I and B.
    #[serde(default)]
    pub ppid: Option<String>,
    /// The terminal that the receipt names.
    #[serde(default)]
    pub terminal: Option<String>,
    /// The receipt's day, or its time with the offset: then a quarter of an hour around it.
    #[serde(default)]
    pub at: Option<String>,
    /// The receipt's amount, yen.
    #[serde(default)]
    pub amount: Option<i64>,
    /// Why.
    #[serde(default)]
    pub why: Option<String>,
}

/// A resident who may be the caller.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundResident {
    /// The PPID.
    pub ppid: String,
    /// A temporary ID.
    pub temporary: bool,
    /// The payment's record, of a receipt.
    pub record: Option<u64>,
    /// When it was paid.
    pub at: Option<String>,
}

/// A PPID as it is read out. Base32 has no 0, 1 and 8, which people read where they see O, I and B.
fn spoken(text: &str) -> Result<Ppid> {
    let plain = narrow(text);
    let kept = plain.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | 'ー' | '.' | ','));
    let read = kept.map(|c| match c.to_ascii_uppercase() {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        other => other,
    });
    let text: String = read.take(Ppid::LEN + 1).collect();
    text.parse().map_err(|_| unfit("ppid", &ProblemText::PpidSpoken))
}

impl FindResident {
    fn receipt(&self) -> Result<Option<(TerminalId, Millis, Millis, Yen)>> {
        let (Some(terminal), Some(at), Some(amount)) = (&self.terminal, &self.at, self.amount) else {
            return Ok(None);
        };
        let terminal =
            narrow(terminal).trim().parse::<TerminalId>().map_err(|e| unfit("terminal", &readings::id(&e)))?;
        let (from, before) = match day("at", at) {
            Ok(day) => (day.start(), day.next().start()),
            Err(_) => {
                let at = crate::fields::moment("at", at)?;
                (Millis(at.0 - NEAR), Millis(at.0 + NEAR))
            }
        };
        Ok(Some((terminal, from, before, Yen::new(amount))))
    }
}

impl Operation for FindResident {
    const NAME: Name = Name::FindResident;
    type Answer = Vec<FoundResident>;

    fn subject(&self) -> Subject {
        let named = self.ppid.as_deref().and_then(|text| spoken(text).ok()).map(|ppid| ppid.to_string());
        Subject::residents(named).because(self.why.as_deref())
    }

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.iter().map(|found| found.ppid.clone()).collect()
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<FoundResident>> {
        let found: Vec<(Ppid, Option<(u64, Millis)>)> = match (&self.ppid, self.receipt()?) {
            (Some(text), None) if self.terminal.is_none() => vec![(spoken(text)?, None)],
            (None, Some((terminal, from, before, amount))) => {
                let merchants = services.query(move |state| {
                    let of = state.merchants().iter().filter(|one| one.terminals.contains(&terminal));
                    of.map(|one| (one.acquirer, one.id)).collect::<Vec<_>>()
                });
                let merchants = merchants.await?;
                if merchants.is_empty() {
                    return Err(unfit(
                        "terminal",
                        &ProblemText::TerminalOfMerchant { terminal: &terminal.to_string() },
                    ));
                }
                let statements = &services.closing_context()?.statements;
                let receipt = Receipt { merchants, from, before, amount };
                let found = statements.of_receipt(receipt).await.map_err(ServiceError::Other)?;
                found.into_iter().map(|one| (one.person, Some((one.record, one.at)))).collect()
            }
            _ => return Err(unfit("ppid", &ProblemText::PpidOrReceipt)),
        };
        let today = services.now().jst_day();
        let known = services.query(move |state| {
            let shown = |(ppid, payment): (Ppid, Option<(u64, Millis)>)| {
                let resident = state.resident(&ppid, today)?;
                let (record, at) = payment.map(|(record, at)| (record, at.jst_text())).unzip();
                Some(FoundResident { ppid: ppid.to_string(), temporary: resident.temporary, record, at })
            };
            found.into_iter().filter_map(shown).collect::<Vec<_>>()
        });
        let known = known.await?;
        if known.is_empty() {
            return Err(not_found(&NotFoundText::NoCallerFound));
        }
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ppid_is_found_as_people_read_it_out() {
        let ppid: Ppid = "53AKFI53K7TYTUKXXJ2ZZC4KXM".parse().unwrap();
        for text in [
            "53AK FI53 K7TY TUKX XJ2Z ZC4K XM",
            "53ak-fi53-k7ty-tukx-xj2z-zc4k-xm",
            "５３ＡＫＦＩ５３K7TYTUKXXJ2ZZC4KXM",
            "53AKF153K7TYTUKXXJ2ZZC4KXM",
        ] {
            assert_eq!(spoken(text).unwrap(), ppid, "{text}");
        }
        for wrong in ["", "53AK", "53AKFI53K7TYTUKXXJ2ZZC4KXM7", "53AKFI53K7TYTUKXXJ2ZZC4KX9"] {
            let told = spoken(wrong).unwrap_err().to_string();
            assert!(told.contains("26 letters") && !told.contains("53AK"), "{told}");
        }
    }
}
