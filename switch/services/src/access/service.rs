//! The services, by their addresses.

/// The service of an operation; each has an address of its own for programs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Service {
    /// Residents, merchants, policy, and the work of operators.
    Operations,
    /// Closing days: finance staff.
    Closing,
    /// Relief: cities.
    Relief,
    /// People, their rights and their sessions.
    People,
    /// Requests that two people decide.
    Approvals,
    /// Endpoints that events are sent to.
    Webhooks,
}

impl Service {
    /// The name that programs write.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Service::Operations => "operations",
            Service::Closing => "closing",
            Service::Relief => "relief",
            Service::People => "people",
            Service::Approvals => "approvals",
            Service::Webhooks => "webhooks",
        }
    }
}
