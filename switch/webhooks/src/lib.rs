//! Events to programs by HTTP, as Standard Webhooks has it: signed, in the journal's order, at least once.
//!
//! An endpoint and its cursor are rows beside the journal, which every node of the store sees, so that nothing is lost with a process or a
//! change of lead: events are read from the journal behind the cursor, and the cursor moves when the receiver has taken one. Only the node
//! that leads sends. This crate knows no right and no record: what happened comes from a [`Feed`].
#![forbid(unsafe_code)]

mod book;
mod courier;
mod deliver;
mod feed;
mod post;
mod rows;
mod settings;
mod signature;
mod target;
mod verify;

pub use book::{Book, BookError, Changed, MOST_ENDPOINTS, NewEndpoint, Seal};
pub use courier::{Courier, Watched, test};
pub use feed::{Alert, Feed, News, Page, Stats, Tell};
pub use post::{Message, Post, Posted};
pub use rows::{Again, Attempt, Cursor, Endpoint, Fault, KEPT_ATTEMPTS, Piece, SealedSecret, Sent, Stage};
pub use settings::Settings;
pub use signature::{SecretError, WebhookSecret, header};
pub use target::{Networks, TargetError, is_public};
pub use verify::{Given, Likely, TOLERANCE, Verified, VerifyFault, verify};
