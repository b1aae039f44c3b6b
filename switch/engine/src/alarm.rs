//! The alarm of a node whose wall clock is not believed.

use crate::keeper::Suspect;
use std::time::{Duration, Instant};

/// Says that the wall clock is not believed: at once, and again and again until it is.
#[derive(Default, Debug)]
pub(crate) struct Alarm {
    said: Option<Instant>,
}

impl Alarm {
    const AGAIN: Duration = Duration::from_secs(60);

    pub(crate) fn look(&mut self, suspect: Option<Suspect>) {
        match suspect {
            Some(suspect) if self.said.is_none_or(|at| at.elapsed() >= Self::AGAIN) => {
                self.said = Some(Instant::now());
                tracing::error!(doubt = suspect.doubt.name(), "{suspect}");
            }
            Some(_) => {}
            None => {
                if self.said.take().is_some() {
                    tracing::info!("the wall clock is believed again");
                }
            }
        }
    }
}
