//! `kazasu node status` and `kazasu node handover`.

use super::Found;
use crate::config::Config;
use anyhow::Context;
use clap::{Args, Subcommand};
use kazasu_console::say;
use kazasu_schemas::text::thousands;
use kazasu_store::journal::{Leadership, Node, NodeStatus};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum NodeCommand {
    /// Shows every node of the store: who leads, how far each has followed, when it reported last.
    Status(Cluster),
    /// Lets another node lead, without a tap being refused: before an upgrade, or to move the work.
    Handover {
        #[command(flatten)]
        cluster: Cluster,
        /// The node that is to lead; any when it is left out.
        #[arg(long, default_value = "")]
        to: String,
    },
}

#[derive(Args)]
pub(super) struct Cluster {
    /// The configuration file of any of the nodes.
    #[arg(long, default_value = "kazasu.toml")]
    config: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A node that has not reported for this long is not running, or cut off from the store.
const SILENT: f64 = 3.0;

pub(super) async fn run(command: NodeCommand) -> anyhow::Result<()> {
    match command {
        NodeCommand::Status(cluster) => status(&cluster).await,
        NodeCommand::Handover { cluster, to } => hand_over(&cluster, to).await,
    }
}

/// Who leads, every node, and the journal's last record.
async fn look(config: &Config) -> anyhow::Result<(Leadership, Vec<NodeStatus>, u64)> {
    let store = config.store();
    let shared = store.shared().context("this configuration's store is a file: it has one node")?;
    let mut watch = shared.watch(Node { name: "status".into(), ..Node::alone() }).await?;
    let lead = watch.leadership().await?;
    let nodes = watch.nodes().await?;
    let head = store.reader().await?.head().await?;
    Ok((lead, nodes, head.seq))
}

async fn status(cluster: &Cluster) -> anyhow::Result<()> {
    let config = Config::load(&cluster.config)?;
    let (lead, nodes, head) = look(&config).await?;
    let leads = |n: &NodeStatus| n.node == lead.leader && !lead.released;
    let role = |n: &NodeStatus| match (n.silent_seconds > SILENT, leads(n)) {
        (true, true) => "silent leader".to_owned(),
        (true, false) => "silent".to_owned(),
        (false, _) => n.report.role.clone(),
    };
    if cluster.json {
        let list: Vec<_> = nodes
            .iter()
            .map(|n| {
                json!({ "node": n.node.name, "role": role(n), "leads": leads(n), "applied": n.report.applied,
                    "lag": head.saturating_sub(n.report.applied), "silent_seconds": (n.silent_seconds * 1_000.0).round() / 1_000.0,
                    "address": n.node.address, "http": n.node.http, "version": n.version })
            })
            .collect();
        say!(
            "{}",
            json!({ "epoch": lead.epoch, "leader": lead.leader.name, "released": lead.released, "records": head, "nodes": list })
        );
        return Ok(());
    }
    say!("{}", config.store().place());
    say!("  epoch {}, leader 主ノード {}, {} records\n", lead.epoch, lead.leader.name, thousands(head));
    say!(
        "  {:<16} {:<14} {:>12} {:>8} {:>9}  {:<22} http",
        "ノード node",
        "役割 role",
        "applied",
        "lag",
        "report",
        "address"
    );
    for n in &nodes {
        say!(
            "  {:<18} {:<16} {:>12} {:>8} {:>7.1} s  {:<22} {}",
            n.node.name,
            role(n),
            thousands(n.report.applied),
            thousands(head.saturating_sub(n.report.applied)),
            n.silent_seconds,
            n.node.address,
            n.node.http
        );
    }
    Ok(())
}

async fn hand_over(cluster: &Cluster, to: String) -> anyhow::Result<()> {
    let config = Config::load(&cluster.config)?;
    let (lead, nodes, _) = look(&config).await?;
    if !to.is_empty() && !nodes.iter().any(|n| n.node.name == to && n.silent_seconds < SILENT) {
        return Err(Found(format!("no node {to} is running")).into());
    }
    let asked = json!({ "to": to }).to_string().into_bytes();
    let limit = Some(std::time::Duration::from_secs(90));
    let (status, text) = super::call(&lead.leader.http, "/v1/handover", &config.token, Some(asked), limit).await?;
    let body = serde_json::from_str(&text).unwrap_or(json!({ "error": text }));
    if status != 200 {
        return Err(Found(format!("{}: {}", lead.leader.name, body["error"].as_str().unwrap_or("refused"))).into());
    }
    let new = body["leader"].as_str().unwrap_or_default();
    if cluster.json {
        say!("{}", json!({ "from": lead.leader.name, "to": new }));
    } else {
        say!("the lead went from {} to {new} 主ノードを交代しました", lead.leader.name);
    }
    Ok(())
}
