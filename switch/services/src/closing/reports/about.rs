//! The subject of a report, and the common parts of all reports.

use crate::error::{Result, ServiceError};
use kazasu_schemas::jst::BusinessDay;

/// The subject of a report.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// The business day, or the last one.
    pub(super) day: Option<BusinessDay>,
    /// The record up to which balances count.
    pub(super) seq: Option<u64>,
    /// The settlement.
    pub(super) settlement: Option<u32>,
}

pub(super) fn other(error: impl Into<anyhow::Error>) -> ServiceError {
    ServiceError::Other(error.into())
}

pub(super) type Built = Result<kazasu_report::Builder>;
