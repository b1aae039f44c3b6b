//! Towards the issuers: the link (a protocol without socket or clock, and the task that drives it), routing of card numbers
//! and bank codes, and the issuers' simulator.
#![forbid(unsafe_code)]

pub mod clock;
pub mod driver;
pub mod link;
pub mod routing;
pub mod sim;
