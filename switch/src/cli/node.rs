//! `kazasu node status` and `kazasu node handover`.

use super::CheckFailed;
use crate::client::{CallError, Limits, Switch};
use crate::config::Config;
use anyhow::Context;
use clap::{Args, Subcommand};
use kazasu_console::say;
use kazasu_report::{Cell, Kind, Report, ReportError, cells};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::text::thousands;
use kazasu_store::journal::{Leadership, Node, NodeStatus};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum NodeCommand {
    /// Shows every node of the store: who leads, how far each has followed, when it reported last.
    Status(Cluster),
    /// Makes a node's own pair of keys: one for its key file, one for the configuration of every node.
    Key,
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

/// Issuers are waited for, and then the successor.
const HANDOVER: Limits = Limits::within(std::time::Duration::from_secs(90));

pub(super) async fn run(command: NodeCommand) -> anyhow::Result<()> {
    match command {
        NodeCommand::Status(cluster) => status(&cluster).await,
        NodeCommand::Key => new_key(),
        NodeCommand::Handover { cluster, to } => hand_over(&cluster, to).await,
    }
}

fn new_key() -> anyhow::Result<()> {
    let (private, public) = crate::cluster::new_pair()?;
    say!("# [cluster] of the node's key file 鍵ファイル, which only its owner may read\nprivate = \"{}\"", *private);
    say!("# [cluster.nodes] of every node's configuration 全ノードの設定\nNODE = \"{public}\"");
    Ok(())
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

fn leads(node: &NodeStatus, lead: &Leadership) -> bool {
    node.node == lead.leader && !lead.released
}

fn role(node: &NodeStatus, lead: &Leadership) -> String {
    match (node.silent_seconds > SILENT, leads(node, lead)) {
        (true, true) => "silent leader".to_owned(),
        (true, false) => "silent".to_owned(),
        (false, _) => node.report.role.clone(),
    }
}

async fn status(cluster: &Cluster) -> anyhow::Result<()> {
    let config = Config::load(&cluster.config)?;
    let (lead, nodes, head) = look(&config).await?;
    if cluster.json {
        let list: Vec<_> = nodes
            .iter()
            .map(|n| {
                json!({ "node": n.node.name, "role": role(n, &lead), "leads": leads(n, &lead), "applied": n.report.applied,
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
    let place = config.store().place();
    super::report::print(&shown(&place, &lead, &nodes, head, kazasu_engine::clock::now())?);
    Ok(())
}

/// The nodes as a table.
fn shown(place: &str, lead: &Leadership, nodes: &[NodeStatus], head: u64, made: Millis) -> Result<Report, ReportError> {
    let row = |n: &NodeStatus| -> Vec<Cell> {
        cells![
            n.node.name.as_str(),
            role(n, lead),
            Cell::count(n.report.applied),
            Cell::count(head.saturating_sub(n.report.applied)),
            format!("{:.1} s", n.silent_seconds),
            n.node.address.as_str(),
            n.node.http.as_str(),
        ]
    };
    Report::build("ノードの状態", "Nodes", made)
        .subtitle(place)
        .subtitle(&format!("epoch {}, leader 主ノード {}, {} records", lead.epoch, lead.leader.name, thousands(head)))
        .sheet("ノード")
        .column("ノード", "node", Kind::Code)
        .column("役割", "role", Kind::Code)
        .column("適用済", "applied", Kind::Count)
        .column("遅れ", "lag", Kind::Count)
        .column("報告", "report", Kind::Code)
        .column("アドレス", "address", Kind::Code)
        .column("HTTP", "http", Kind::Code)
        .rows(nodes.iter().map(row))
        .finish()
}

async fn hand_over(cluster: &Cluster, to: String) -> anyhow::Result<()> {
    let config = Config::load(&cluster.config)?;
    let (lead, nodes, _) = look(&config).await?;
    if !to.is_empty() && !nodes.iter().any(|n| n.node.name == to && n.silent_seconds < SILENT) {
        return Err(CheckFailed(format!("no node {to} is running")).into());
    }
    let switch = Switch::new(&lead.leader.http, config.http_client(), &config.token);
    let body = match switch.post::<serde_json::Value>("/v1/handover", &json!({ "to": to }), HANDOVER).await {
        Ok(body) => body,
        Err(CallError::Rejected(why)) => return Err(CheckFailed(format!("{}: {why}", lead.leader.name)).into()),
        Err(CallError::Failed(error)) => return Err(error),
    };
    let new = body["leader"].as_str().unwrap_or_default();
    if cluster.json {
        say!("{}", json!({ "from": lead.leader.name, "to": new }));
    } else {
        say!("the lead went from {} to {new} 主ノードを交代しました", lead.leader.name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_report::table;
    use kazasu_store::journal::NodeReport;
    use unicode_width::UnicodeWidthStr;

    const MADE: Millis = Millis(0);

    fn node(name: &str, address: &str, http: &str) -> Node {
        Node { name: name.into(), address: address.into(), http: http.into(), ..Node::default() }
    }

    fn status_of(node: Node, role: &str, applied: u64, silent_seconds: f64) -> NodeStatus {
        let report = NodeReport { applied, role: role.into() };
        NodeStatus { node, report, beats: 1, silent_seconds, version: "0".into() }
    }

    #[test]
    fn nodes_are_a_table_of_80_columns() {
        let leader = node("node-a", "10.0.1.11:8600", "10.0.1.11:8080");
        let lead = Leadership { epoch: 3, leader: leader.clone(), ..Leadership::default() };
        let nodes = [
            status_of(leader, "leading", 1_868, 0.2),
            status_of(node("node-b", "10.0.1.12:8600", "10.0.1.12:8080"), "following", 1_868, 0.2),
            status_of(node("node-c", "10.0.1.13:8600", "10.0.1.13:8080"), "following", 1_790, 84.1),
        ];
        let expected = "\
ノードの状態  Nodes
postgres://db1.example/kazasu
epoch 3, leader 主ノード node-a, 1,868 records
作成日時 Made at 1970-01-01 09:00:00 JST

ノード  役割        適用済  遅れ  報告    アドレス        HTTP
node    role       applied   lag  report  address         http
------  ---------  -------  ----  ------  --------------  --------------
node-a  leading      1,868     0  0.2 s   10.0.1.11:8600  10.0.1.11:8080
node-b  following    1,868     0  0.2 s   10.0.1.12:8600  10.0.1.12:8080
node-c  silent       1,790    78  84.1 s  10.0.1.13:8600  10.0.1.13:8080
";
        let report = shown("postgres://db1.example/kazasu", &lead, &nodes, 1_868, MADE).unwrap();
        assert_eq!(table::text(&report), expected);
    }

    #[test]
    fn long_names_and_addresses_go_on_below_and_are_never_cut() {
        let name = "a-node-with-a-long-name.tokyo.example";
        let (address, http) = ("kazasu-1.internal.tokyo.example:8600", "kazasu-1.internal.tokyo.example:8080");
        let lead = Leadership { leader: node(name, address, http), ..Leadership::default() };
        let nodes = [status_of(lead.leader.clone(), "leading", 1_234_567_890, 123_456.7)];
        let place = format!("postgres://{}/kazasu", ["db.example"; 12].join(","));
        let text = table::text(&shown(&place, &lead, &nodes, 1_234_567_890, MADE).unwrap());
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        for whole in [name, address, http, "silent leader", "1,234,567,890", "123456.7 s"] {
            assert!(text.contains(whole), "{whole}: {text}");
        }
    }
}
