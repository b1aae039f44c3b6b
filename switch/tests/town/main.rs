//! The whole switch as a user runs it: the real binary, real sockets, a real journal file, simulated issuers and acquirers
//! that speak the wire. Every test makes a town of its own on free ports in a folder of its own.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic, and documents itself by its name")]

mod audit;
mod bad_input;
mod bank;
mod clock;
mod closing;
mod cluster;
mod codes;
mod crash;
mod demo;
mod dialects;
mod doors;
mod full_disk;
mod harness;
mod house;
mod imports;
mod proxy;
mod relief;
mod rules;
mod runs_on;
mod samples;
mod scenarios;
mod sign_on;
mod strict;
mod tables;
mod tls;
