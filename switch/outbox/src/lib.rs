//! Delivers notices to residents' portals, by webhook and by mail, at least once.
//!
//! A notice is durable in the journal before it comes here and stays owed until a record ends it. So nothing is kept on
//! disk here: after a restart or a take-over the engine offers the owed notices again. A receiver may therefore see a
//! notice twice and knows it by its id.
#![forbid(unsafe_code)]

mod channel;
mod config;
mod mail;
mod notice;
mod outbox;
mod queue;
#[cfg(test)]
mod testing;
mod url;
mod webhook;

pub use config::OutboxConfig;
pub use mail::MailConfig;
pub use notice::{Notice, NoticeKey, Outcome, Settle, Stats};
pub use outbox::Outbox;
pub use webhook::WebhookConfig;
