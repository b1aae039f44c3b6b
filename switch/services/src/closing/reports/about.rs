//! The subject of a report, and the common parts of all reports.

use crate::error::{Result, ServiceError, unfit};
use kazasu_schemas::jst::BusinessDay;
use kazasu_text::Quoted;
use kazasu_text::problems::ProblemText;

/// The subject of a report.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// The business day, or the last one.
    pub(super) day: Option<BusinessDay>,
    /// The record up to which balances count.
    pub(super) seq: Option<u64>,
    /// The month.
    pub(super) month: Option<Month>,
    /// The settlement.
    pub(super) settlement: Option<u32>,
}

impl About {
    /// Whether it is about a day, or about a month with the day.
    pub(super) fn has(&self, day: BusinessDay) -> bool {
        self.day.is_none_or(|wanted| wanted == day) && self.month.is_none_or(|month| month.has(day))
    }
}

pub(super) fn other(error: impl Into<anyhow::Error>) -> ServiceError {
    ServiceError::Other(error.into())
}

pub(super) type Built = Result<kazasu_report::Builder>;

/// The first and the last day of a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Month {
    pub(super) first: BusinessDay,
    pub(super) last: BusinessDay,
}

impl Month {
    /// Reads a month like 2026-11.
    pub(super) fn read(text: &str) -> Result<Month> {
        let first =
            Some(text).filter(|text| text.len() == 7).and_then(|text| BusinessDay::parse(&format!("{text}-01")));
        let first = first.ok_or_else(|| unfit("month", &ProblemText::MonthForm { got: Quoted(text) }))?;
        let mut last = first;
        while last.next().month() == first.month() {
            last = last.next();
        }
        Ok(Month { first, last })
    }

    pub(super) fn has(self, day: BusinessDay) -> bool {
        self.first <= day && day <= self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_as_people_write_it() {
        let month = Month::read("2028-02").unwrap();
        assert_eq!((month.first.to_string(), month.last.to_string()), ("2028-02-01".into(), "2028-02-29".into()));
        for wrong in ["", "2026", "2026-13", "2026-1", "2026-11-01", "11-2026"] {
            assert!(Month::read(wrong).is_err(), "{wrong}");
        }
    }
}
