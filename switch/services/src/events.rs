//! What happened, for programs: thin events in the journal's order, each with the numbers by which the rest is asked. The journal is the
//! memory, so that a program that was away reads on where it stood, from any point of the past.

mod bounds;
mod fold;
mod lookup;
mod model;
mod read;
mod residents;
mod viewer;

pub use model::Event;
pub(crate) use model::{KINDS, Told};
pub(crate) use read::Bounds;
pub use residents::{ListResidentEvents, ResidentEvent, ResidentEvents};
pub(crate) use viewer::Viewer;

use crate::access::Name;
use crate::error::{Result, unfit};
use crate::operation::Operation;
use crate::{Services, Who};
use bounds::{MOST, MOST_RECORDS, USUAL};
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// Events after a point of the journal, in its order. Merchants' people and programs see those of their own shops, cashiers without what
/// the shop is paid; partners see those of the shops that they connect, and cities' people those of their city.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    /// The sequence that was read last: `next` of the answer before. 0 begins with the first record.
    #[serde(default)]
    pub after: u64,
    /// Events at most, 1 to 1,000; 100 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// A page of events.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EventsPage {
    /// The events, in the journal's order.
    pub events: Vec<Event>,
    /// Ask for what is `after` this next. It goes on also where the page has no event.
    pub next: u64,
    /// Whether records behind `next` stand in the journal already.
    pub more: bool,
}

impl Operation for ListEvents {
    const NAME: Name = Name::ListEvents;
    type Answer = EventsPage;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<EventsPage> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            let (least, most, got) = (1, u64::from(MOST), u64::from(limit));
            return Err(unfit("limit", &ProblemText::Range { least, most, got }));
        }
        let viewer = Viewer::of(services, who).await?;
        let bounds = Bounds { events: limit.into(), records: MOST_RECORDS };
        let read = services.read_events(self.after, bounds, |told| viewer.sees(told)).await?;
        let events = read.told.into_iter().map(|told| told.event).collect();
        Ok(EventsPage { events, more: read.next < read.head, next: read.next })
    }
}
