//! The switch's HTTP API. [`addresses`] says which address takes which operation, for the routes and for the client alike; [`doors`] carries
//! out an operation that came as a JSON object, which [`json`] reads strictly; [`http`] serves, and [`client`] is the other end.
//!
//! The services decide who may ask. Nothing here decides about money.
#![forbid(unsafe_code)]

pub mod addresses;
pub mod client;
pub mod doors;
pub mod http;
pub mod json;
pub mod kinds;
pub mod openapi;
pub mod routes;
