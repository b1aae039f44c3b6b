//! The whole switch as a user runs it: the real binary, real sockets, a real journal file, simulated issuers and acquirers
//! that speak the wire. Every test makes a town of its own on free ports in a folder of its own.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic, and documents itself by its name")]

mod audit;
mod bad_input;
mod bank;
mod circles;
mod clock;
mod closing;
mod cluster;
mod codes;
mod corrections;
mod crash;
mod decisions;
mod demo;
mod dialects;
mod doors;
mod front;
mod full_disk;
mod harness;
mod house;
mod hsm;
mod imports;
mod issuer_sign_on;
mod keys;
mod language;
mod payees;
mod payments;
mod people;
mod proxy;
mod relief;
mod revoked;
mod rules;
mod runs_on;
mod samples;
mod scenarios;
mod security_log;
mod shape;
mod sign_in;
mod sign_on;
mod statements;
mod step_up;
mod strict;
mod tables;
mod tls;
mod two;
