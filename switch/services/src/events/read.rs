//! Reading events from the journal, in its order.

use super::bounds::AT_ONCE;
use super::fold::EventFold;
use super::lookup::Known;
use super::model::Told;
use crate::Services;
use crate::error::{Result, ServiceError};
use kazasu_ledger::Body;
use kazasu_ledger::record::Place;

/// What one reading reads at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Events; those of the last record may be more.
    pub(crate) events: usize,
    /// Records.
    pub(crate) records: u64,
}

/// What was read.
pub(crate) struct ReadEvents {
    /// The events.
    pub(crate) told: Vec<Told>,
    /// The last record that was looked at.
    pub(crate) next: u64,
    /// The journal's last record, as far as this node's state has it.
    pub(crate) head: u64,
}

impl Services {
    /// Events of records after this one, those that are `shown`.
    pub(crate) async fn read_events(
        &self,
        after: u64,
        bounds: Bounds,
        shown: impl Fn(&Told) -> bool + Send,
    ) -> Result<ReadEvents> {
        let context = self.closing_context()?;
        let mut reader = context.store.reader().await.map_err(ServiceError::inside)?;
        // What a record concerns is looked up in the state, which may stand behind the journal on a node that follows.
        let known_to = self.query(|state| state.seq).await?;
        let head = reader.head().await.map_err(ServiceError::inside)?.seq.min(known_to);
        let (mut all, mut next) = (Vec::new(), after.min(head));
        let last = next.saturating_add(bounds.records).min(head);
        let mut known = Known::default();
        'reading: while next < last {
            let room = usize::try_from(last - next).unwrap_or(AT_ONCE).min(AT_ONCE);
            let entries = reader.scan(next + 1, room).await.map_err(ServiceError::inside)?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let body = Body::read(&entry.body).map_err(ServiceError::inside)?;
                let mut fold = EventFold::default();
                let place = Place { seq: entry.seq, at: entry.at, day: entry.day };
                let Ok(()) = body.fold(place, &mut fold);
                for (number, raw) in fold.events.into_iter().enumerate() {
                    // The parts are numbered before they are filtered: an event has one id for every reader.
                    for (part, of) in known.of(self, &raw).await?.into_iter().enumerate() {
                        let event = raw.event(place, (number, part), &of);
                        let told = Told { event, shop: of.shop, city: of.city };
                        if shown(&told) {
                            all.push(told);
                        }
                    }
                }
                // A record's events stay together.
                next = entry.seq;
                if all.len() >= bounds.events {
                    break 'reading;
                }
            }
        }
        Ok(ReadEvents { told: all, next, head })
    }
}
