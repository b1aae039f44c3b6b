//! `kazasu webhook`: endpoints that events are sent to, what was sent, and checking a message as its receiver does.

use super::backend::{one, query};
use super::common::Common;
use crate::language::shown;
use anyhow::Context;
use clap::{Args, Subcommand};
use kazasu_console::say;
use kazasu_services::webhooks::{
    ChangeWebhook, ListAttempts, ListWebhooks, RegisterWebhook, RemoveWebhook, ResendWebhook, RotateWebhook,
    ShowWebhook, SwitchWebhook, TestWebhook,
};
use kazasu_text::Said;
use kazasu_text::webhooks::WebhookText;
use kazasu_webhooks::{Given, Likely, VerifyFault, WebhookSecret, verify};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The longest body that is read.
const MOST: u64 = 1024 * 1024;

/// `kazasu webhook`.
#[derive(Subcommand)]
pub(super) enum WebhookCommand {
    /// Registers an endpoint, and shows its secret once.
    Register(RegisterArgs),
    /// Lists the endpoints, and how they stand.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// An endpoint, and how it stands.
    Show {
        /// Its id, hook_….
        webhook: String,
        #[command(flatten)]
        common: Common,
    },
    /// Changes an endpoint's address, kinds or note; what is left out stays.
    Change(ChangeArgs),
    /// Switches an endpoint on, from where it stood; one that is on is tried at once.
    On {
        /// Its id, hook_….
        webhook: String,
        /// The reason.
        #[arg(long)]
        why: String,
        /// The record after which events are sent, instead of where it stood.
        #[arg(long)]
        after: Option<u64>,
        #[command(flatten)]
        common: Common,
    },
    /// Switches an endpoint off; it keeps its place in the journal.
    Off {
        /// Its id, hook_….
        webhook: String,
        /// The reason.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Removes an endpoint with its secrets and its place in the journal.
    Remove {
        /// Its id, hook_….
        webhook: String,
        /// The reason.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Gives an endpoint a new secret, and shows it once; the one before signs beside it for a while.
    Rotate {
        /// Its id, hook_….
        webhook: String,
        /// Hours for which the secret before signs too, 0 to 720; 24 when absent.
        #[arg(long)]
        overlap_hours: Option<u16>,
        #[command(flatten)]
        common: Common,
    },
    /// Sends a test event now, and says what became of it.
    Test {
        /// Its id, hook_….
        webhook: String,
        #[command(flatten)]
        common: Common,
    },
    /// Lists the newest attempts of an endpoint.
    Attempts {
        /// Its id, hook_….
        webhook: String,
        /// Only of this event, evt_….
        #[arg(long)]
        event: Option<String>,
        /// Only those that failed.
        #[arg(long)]
        failed: bool,
        /// Attempts at most, 1 to 500; 100 when absent.
        #[arg(long)]
        limit: Option<u16>,
        #[command(flatten)]
        common: Common,
    },
    /// Sends events again, with the ids that they had: one, a range of records, or all that failed.
    Resend(ResendArgs),
    /// Checks a message as its receiver does, and names the fault.
    Verify(VerifyArgs),
}

/// `kazasu webhook register`.
#[derive(Args)]
pub(super) struct RegisterArgs {
    /// Its address, https://….
    url: String,
    /// What events are about: merchant:org_3, shop:27000001/M1, city:13361, acquirer:27000001 or all.
    #[arg(long)]
    scope: String,
    /// A kind of event, payment.approved or payment.*; once for each. All when absent.
    #[arg(long = "kind")]
    kinds: Vec<String>,
    /// What it is for.
    #[arg(long)]
    note: Option<String>,
    /// The record after which events are sent; from now on when absent.
    #[arg(long)]
    after: Option<u64>,
    #[command(flatten)]
    common: Common,
}

/// `kazasu webhook change`.
#[derive(Args)]
pub(super) struct ChangeArgs {
    /// Its id, hook_….
    webhook: String,
    /// The new address.
    #[arg(long)]
    url: Option<String>,
    /// A kind of event from now on; once for each.
    #[arg(long = "kind", conflicts_with = "all_kinds")]
    kinds: Vec<String>,
    /// All kinds from now on.
    #[arg(long)]
    all_kinds: bool,
    /// What it is for.
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// `kazasu webhook resend`.
#[derive(Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["event", "from", "failed"])))]
pub(super) struct ResendArgs {
    /// Its id, hook_….
    webhook: String,
    /// This event, evt_….
    #[arg(long)]
    event: Option<String>,
    /// Events from this record on.
    #[arg(long)]
    from: Option<u64>,
    /// The last record of the range; the journal's last when absent.
    #[arg(long, requires = "from")]
    until: Option<u64>,
    /// All events whose last attempt failed.
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    common: Common,
}

/// `kazasu webhook verify`.
#[derive(Args)]
pub(super) struct VerifyArgs {
    /// The file of secrets, whsec_…, one a line.
    #[arg(long)]
    secrets: PathBuf,
    /// The file of the message's header lines.
    #[arg(long)]
    headers: PathBuf,
    /// The file of the body's bytes as they came; standard input when absent.
    body: Option<PathBuf>,
    /// Seconds by which clocks may differ.
    #[arg(long, default_value_t = kazasu_webhooks::TOLERANCE)]
    tolerance: u32,
}

pub(super) async fn run(command: WebhookCommand) -> anyhow::Result<()> {
    match command {
        WebhookCommand::Register(RegisterArgs { url, scope, kinds, note, after, common }) => {
            one(RegisterWebhook { url, scope, kinds, note, after }, &common).await
        }
        WebhookCommand::List { common } => query(ListWebhooks {}, &common).await,
        WebhookCommand::Show { webhook, common } => query(ShowWebhook { webhook }, &common).await,
        WebhookCommand::Change(ChangeArgs { webhook, url, kinds, all_kinds, note, common }) => {
            let kinds = (all_kinds || !kinds.is_empty()).then_some(kinds);
            one(ChangeWebhook { webhook, url, kinds, note }, &common).await
        }
        WebhookCommand::On { webhook, why, after, common } => {
            one(SwitchWebhook { webhook, on: true, why, after }, &common).await
        }
        WebhookCommand::Off { webhook, why, common } => {
            one(SwitchWebhook { webhook, on: false, why, after: None }, &common).await
        }
        WebhookCommand::Remove { webhook, why, common } => one(RemoveWebhook { webhook, why }, &common).await,
        WebhookCommand::Rotate { webhook, overlap_hours, common } => {
            one(RotateWebhook { webhook, overlap_hours }, &common).await
        }
        WebhookCommand::Test { webhook, common } => one(TestWebhook { webhook }, &common).await,
        WebhookCommand::Attempts { webhook, event, failed, limit, common } => {
            query(ListAttempts { webhook, event, failed, limit }, &common).await
        }
        WebhookCommand::Resend(ResendArgs { webhook, event, from, until, failed, common }) => {
            one(ResendWebhook { webhook, event, from, until, failed }, &common).await
        }
        WebhookCommand::Verify(args) => check(&args),
    }
}

fn file(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The secrets of a file, one a line.
fn secrets(path: &Path) -> anyhow::Result<Vec<WebhookSecret>> {
    let text = zeroize::Zeroizing::new(file(path)?);
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let read = |(line, text): (u64, &str)| {
        // The text is not repeated: it may be a secret.
        WebhookSecret::read(text).map_err(|_| Said::of(&WebhookText::SecretLine { line }).into())
    };
    lines.map(read).collect()
}

/// The bytes of the body, not more and not fewer.
fn body(path: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match path {
        Some(path) => {
            let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
            file.take(MOST + 1).read_to_end(&mut bytes)?
        }
        None => std::io::stdin().take(MOST + 1).read_to_end(&mut bytes)?,
    };
    let is_short = u64::try_from(bytes.len()).is_ok_and(|len| len <= MOST);
    anyhow::ensure!(is_short, Said::of(&WebhookText::LongBody { most: MOST }));
    Ok(bytes)
}

fn check(args: &VerifyArgs) -> anyhow::Result<()> {
    let (secrets, headers) = (secrets(&args.secrets)?, file(&args.headers)?);
    let value = |name: &str| {
        let mut lines = headers.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    };
    let bytes = body(args.body.as_deref())?;
    let (id, timestamp, signature) = (value("webhook-id"), value("webhook-timestamp"), value("webhook-signature"));
    let given = Given { id, timestamp, signature, body: &bytes };
    let now = kazasu_engine::clock::now().0.div_euclid(1_000);
    match verify(&secrets, &given, (now, args.tolerance)) {
        Ok(verified) => {
            let secret = u64::try_from(verified.secret + 1).unwrap_or(u64::MAX);
            say!("{}", shown(&WebhookText::Good { secret, seconds: verified.age }));
            Ok(())
        }
        Err(fault) => anyhow::bail!(said(fault)),
    }
}

fn said(fault: VerifyFault) -> Said {
    Said::of(&match fault {
        VerifyFault::Missing(header) => WebhookText::MissingHeader { header },
        VerifyFault::Timestamp => WebhookText::Timestamp,
        VerifyFault::TooOld(seconds) => WebhookText::TooOld { seconds },
        VerifyFault::TooNew(seconds) => WebhookText::TooNew { seconds },
        VerifyFault::NoSignature => WebhookText::NoSignature,
        VerifyFault::NoSecret => WebhookText::NoSecret,
        VerifyFault::Wrong(Likely::Altered) => WebhookText::Altered,
        VerifyFault::Wrong(Likely::LineEnd) => WebhookText::LineEnd,
        VerifyFault::Wrong(Likely::LineEnds) => WebhookText::LineEnds,
        VerifyFault::Wrong(Likely::ByteOrderMark) => WebhookText::ByteOrderMark,
        VerifyFault::Wrong(Likely::BodyAlone) => WebhookText::BodyAlone,
    })
}
