//! The rows of a batch, as a list.

use super::view::{RowView, no_batch};
use crate::access::{About, Name};
use crate::error::{Result, unfit};
use crate::list::{List, Wanted};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_schemas::relief::{Step, issue};
use kazasu_text::Quoted;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// Rows that a file takes at once.
const AT_ONCE: usize = 1_000;

/// Rows of a batch, in their order.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRows {
    /// The batch.
    pub batch: u32,
    /// Only those in this state, or with this issue.
    #[serde(default)]
    pub only: Option<String>,
    /// The first row.
    #[serde(default)]
    pub from: u32,
}

/// States of rows by which a page can be filtered, besides steps and issues.
const STATES: [&str; 14] = [
    "applied",
    "assessed",
    "refused",
    "waiting",
    "excluded",
    "credited",
    "sent",
    "returned",
    "claimed",
    "adjusted",
    "not_granted",
    "withheld",
    "unpaid",
    "cancelled",
];

fn is_a_state(only: &str) -> Result<()> {
    if STATES.contains(&only) || issue::NAMES.contains(&only) || Step::parse(only).is_some() {
        return Ok(());
    }
    let steps: Vec<&str> = Step::ALL.iter().map(|step| step.name()).filter(|name| !STATES.contains(name)).collect();
    let (states, steps, issues) = (STATES.join(", "), steps.join(", "), issue::NAMES.join(", "));
    let choices = &format!("{states}, {steps}, {issues}");
    Err(unfit("only", &ProblemText::OneOfAll { choices, got: Quoted(only) }))
}

impl Operation for ListRows {
    const NAME: Name = Name::ListRows;
    type Answer = Vec<RowView>;

    fn seen(rows: &Self::Answer) -> Vec<String> {
        rows.iter().filter_map(|row| row.ppid.clone()).collect()
    }

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<RowView>> {
        self.rows(services, who, Wanted { after: None, until: None, most: usize::MAX }).await
    }
}

impl List for ListRows {
    type Item = RowView;
    type Key = u32;

    const AT_ONCE: usize = AT_ONCE;

    fn key(row: &RowView) -> u32 {
        row.row
    }

    /// A batch may have a million rows: only those that are asked for are read.
    async fn rows(self, services: &Services, _: &Who, wanted: Wanted<u32>) -> Result<Vec<RowView>> {
        let ListRows { batch, only, from } = self;
        only.as_deref().map_or(Ok(()), is_a_state)?;
        let from = wanted.after.map_or(from, |last| from.max(last.saturating_add(1)));
        let rows = services.query(move |state| {
            state.relief_city(batch)?;
            Some(state.relief_rows(batch, only.as_deref(), from, wanted.most))
        });
        let rows = rows.await?.ok_or_else(|| no_batch(batch))?;
        Ok(rows.iter().map(RowView::from).collect())
    }
}
