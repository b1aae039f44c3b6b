//! The switch's connections. [`acquirer`] and [`issuers`] are the two sides of the wire, [`cluster`] joins several nodes; [`admission`] decides
//! which connections a port takes. [`certificates`] keeps their certificates, [`keys`] the keys of their messages.
//!
//! Wire formats end here: the core gets typed requests. Nothing here decides about money.
#![forbid(unsafe_code)]

pub mod acquirer;
pub mod admission;
pub mod certificates;
pub mod cluster;
pub mod issuers;
pub mod keys;
pub mod ports;
