//! Response codes (DE39) by name, as terminals hear them.

pub(crate) const APPROVED: &str = "00";
