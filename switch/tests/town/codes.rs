//! Response codes (DE39) by name, as terminals hear them.

pub(crate) const APPROVED: &str = "00";
pub(crate) const LOST_CARD: &str = "41";
pub(crate) const PIN_REQUIRED: &str = "55";
pub(crate) const LIMIT_EXCEEDED: &str = "61";
pub(crate) const RESTRICTED_CARD: &str = "62";
pub(crate) const SECURITY_VIOLATION: &str = "63";
pub(crate) const NO_ROUTE: &str = "92";
