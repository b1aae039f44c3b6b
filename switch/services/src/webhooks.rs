//! Endpoints that events are sent to: registering, changing and switching them, their secrets, and what was sent.
//!
//! An endpoint belongs to a scope, not to the person who registered it: people go, and the shop's program is to go on hearing. Who keeps
//! endpoints of a scope is in `keepers`; deliveries themselves are the crate `kazasu-webhooks`.

mod change;
mod feed;
mod hooks;
mod keepers;
mod made;
mod read;
mod send;
mod view;

pub use change::{ChangeWebhook, RemoveWebhook, SwitchWebhook};
pub use feed::EventFeed;
pub use hooks::{Hooks, VaultSecrets};
pub use made::{RegisterWebhook, RotateWebhook, WebhookMade, WebhookSecretMade};
pub use send::{AskedAgain, ResendWebhook, TestWebhook};
pub use view::{
    AttemptView, ListAttempts, ListWebhooks, SecretView, ShowWebhook, WebhookView, WebhooksPage, outcome_of,
};
