//! What still needs a version of a key: links and batches of the journal, connections of every node, the journal's last signatures.

use super::share::Version;
use crate::cli::backend::Backend;
use crate::cli::place;
use crate::language::{language, shown};
use anyhow::Context;
use kazasu_api::client::Switch;
use kazasu_ledger::Head;
use kazasu_ledger::signed::batch_text;
use kazasu_security::keys::{KeyName, Purpose};
use kazasu_security::portal::is_signed;
use kazasu_serve::config::Config;
use kazasu_services::keys::{KeyNeed, ShowKeyNeeds};
use kazasu_text::keys::KeyText;
use kazasu_text::{Count, Text};
use serde_json::Value;

/// A use of a version that is left.
pub(super) enum Need {
    /// The journal's data, as a code with its numbers.
    Data(KeyNeed),
    /// A connection or a signature, in the reader's language.
    Running(String),
}

impl Need {
    /// The use, in the reader's language.
    pub(super) fn shown(&self) -> String {
        match self {
            Need::Data(need) => need.in_language(language()).into_owned(),
            Need::Running(text) => text.clone(),
        }
    }
}

/// The uses of this version that are left, as far as the running nodes or the journal say.
pub(super) async fn needed_by(name: &KeyName, version: u8, which: &Version) -> anyhow::Result<Vec<Need>> {
    let act = &which.act;
    match name.purpose() {
        Purpose::SealCards | Purpose::SealAccounts | Purpose::Lookup => {
            let config = Config::load(&act.config)?;
            let backend = Backend::questions(&config, &act.common()).await?;
            let needs = backend.call(ShowKeyNeeds { key: name.to_string(), version }).await?;
            Ok(needs.needed_by.into_iter().map(Need::Data).collect())
        }
        Purpose::AcquirerMaster => running(connections(&Config::load(&act.config)?, name, version).await?),
        Purpose::SignAudit | Purpose::SignBatches => {
            let config = Config::load(&act.config)?;
            let public = {
                let (store, _lock) = super::share::Place::of(&act.config)?.open(name)?;
                store.entry(name, version)?.public.clone()
            };
            let public = public.context("a key that signs has a public half in the store")?;
            let public = <[u8; 32]>::try_from(hex::decode(public)?.as_slice()).context("a public key of 32 bytes")?;
            running(last_signed(&config, name.purpose(), &public).await?)
        }
        Purpose::IssuerMaster
        | Purpose::ToIssuer
        | Purpose::FromIssuer
        | Purpose::ClusterShared
        | Purpose::NodePrivate
        | Purpose::Webhook
        | Purpose::Protection => Ok(Vec::new()),
    }
}

fn running(texts: Vec<String>) -> anyhow::Result<Vec<Need>> {
    Ok(texts.into_iter().map(Need::Running).collect())
}

/// Connections that are signed on under this version, on every node that runs. A node that cannot be asked is a reason too.
async fn connections(config: &Config, name: &KeyName, version: u8) -> anyhow::Result<Vec<String>> {
    let mut out = Vec::new();
    for place::RunningNode { node, http } in place::running_nodes(config).await? {
        let status: Result<Value, _> = Switch::new(&http, config.http_client(), None).get("/status").await;
        let Ok(status) = status else {
            out.push(shown(&KeyText::NodeNotAsked { node: &node, http: &http }));
            continue;
        };
        let keys = status["keys"]["keys"].as_array().into_iter().flatten();
        let this = keys.filter(|key| key["key"] == name.to_string() && key["version"] == version);
        let open: u64 = this.filter_map(|key| key["connections"].as_u64()).sum();
        if open > 0 {
            out.push(shown(&KeyText::SignedOnUnder { connections: Count(open), node: &node }));
        }
    }
    Ok(out)
}

/// The journal's last signatures, as far as they are this key's: a node that cannot check the last one does not lead.
async fn last_signed(config: &Config, purpose: Purpose, public: &[u8; 32]) -> anyhow::Result<Vec<String>> {
    let mut out = Vec::new();
    let store = config.store();
    let mut reader = store.reader().await?;
    let head = reader.head().await?;
    let last = reader.scan(head.seq, 1).await?.pop();
    let batch = last.as_ref().and_then(|entry| entry.signature.map(|signature| (entry, signature)));
    if let Some((entry, signature)) = batch
        && is_signed(public, &batch_text(&Head { seq: entry.seq, hash: entry.hash }), &signature.bytes)
    {
        out.push(shown(&KeyText::SignedLastBatch { record: Count(entry.seq) }));
    }
    let checkpoint = kazasu_checkpoint::last_of(&config.checkpoints.file)?;
    if let Some(last) = checkpoint.filter(|last| purpose == Purpose::SignAudit && last.public == *public) {
        out.push(shown(&KeyText::SignedLastCheckpoint { record: Count(last.seq) }));
    }
    Ok(out)
}
