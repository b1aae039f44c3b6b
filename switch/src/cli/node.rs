//! `kazasu node status` and `kazasu node handover`.

use super::common::{CheckFailed, Common};
use crate::language::shown;
use clap::{Args, Subcommand};
use kazasu_api::client::CallError;
use kazasu_console::say;
use kazasu_http_client::Limits;
use kazasu_report::{Cell, Kind, Report, ReportError, cells};
use kazasu_schemas::jst::Millis;
use kazasu_serve::config::Config;
use kazasu_store::journal::{Leadership, Node, NodeStatus};
use kazasu_text::cli::CliText;
use kazasu_text::columns::NodeColumn;
use kazasu_text::reports::{ReportText, Sheet, Title};
use kazasu_text::stores::StoreText;
use kazasu_text::{Count, Said, Text};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum NodeCommand {
    /// Shows every node of the store: the leader, each node's last applied record and last report.
    Status(Cluster),
    /// Lets another node lead without refusing a tap: before an upgrade, or to move the work.
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
    /// The file with your session; your own folder's when absent.
    #[arg(long)]
    session: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A node that has not reported for this long is not running, or cut off from the store.
const SILENT: f64 = 3.0;

/// The time for issuers' answers, and then for the successor.
const HANDOVER: Limits = Limits::within(std::time::Duration::from_secs(90));

pub(super) async fn run(command: NodeCommand) -> anyhow::Result<()> {
    match command {
        NodeCommand::Status(cluster) => status(&cluster).await,
        NodeCommand::Handover { cluster, to } => hand_over(&cluster, to).await,
    }
}

/// A cluster as its store shows it.
struct Seen {
    /// The leader.
    lead: Leadership,
    /// Every node.
    nodes: Vec<NodeStatus>,
    /// The journal's last record.
    head: u64,
}

async fn leadership(config: &Config) -> anyhow::Result<Seen> {
    let store = config.store();
    let shared = store.shared().ok_or_else(|| Said::of(&StoreText::OneNode))?;
    let mut watch = shared.watch(Node { name: "status".into(), ..Node::alone() }).await?;
    let lead = watch.leadership().await?;
    let nodes = watch.nodes().await?;
    let head = store.reader().await?.head().await?;
    Ok(Seen { lead, nodes, head: head.seq })
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
    let seen = leadership(&config).await?;
    let Seen { lead, nodes, head } = &seen;
    if cluster.json {
        let list: Vec<_> = nodes
            .iter()
            .map(|n| {
                json!({ "node": n.node.name, "role": role(n, lead), "leads": leads(n, lead), "applied": n.report.applied,
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
    super::report::print(&table_of(&place, &seen, kazasu_engine::clock::now())?);
    Ok(())
}

/// The nodes as a table.
fn table_of(place: &str, seen: &Seen, made: Millis) -> Result<Report, ReportError> {
    let Seen { lead, nodes, head } = seen;
    let head = *head;
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
    let cluster = ReportText::Cluster { epoch: lead.epoch, leader: &lead.leader.name, records: Count(head) };
    Report::titled(Title::Nodes, made)
        .subtitle(place)
        .subtitle(&cluster.ja())
        .subtitle(&cluster.en())
        .sheet(&Sheet::Nodes.ja())
        .labelled(NodeColumn::Node, Kind::Code)
        .labelled(NodeColumn::Role, Kind::Code)
        .labelled(NodeColumn::Applied, Kind::Count)
        .labelled(NodeColumn::Lag, Kind::Count)
        .labelled(NodeColumn::Report, Kind::Code)
        .labelled(NodeColumn::Address, Kind::Code)
        .labelled(NodeColumn::Http, Kind::Code)
        .rows(nodes.iter().map(row))
        .finish()
}

async fn hand_over(cluster: &Cluster, to: String) -> anyhow::Result<()> {
    let config = Config::load(&cluster.config)?;
    let Seen { lead, nodes, .. } = leadership(&config).await?;
    if !to.is_empty() && !nodes.iter().any(|n| n.node.name == to && n.silent_seconds < SILENT) {
        return Err(CheckFailed(format!("no node {to} is running")).into());
    }
    let common = Common { config: cluster.config.clone(), session: cluster.session.clone(), json: cluster.json };
    let switch = super::backend::running(&config, &common, &lead.leader.http).await?;
    let body = match switch.post::<serde_json::Value>("/handover", &json!({ "to": to }), HANDOVER).await {
        Ok(body) => body,
        Err(CallError::Rejected(why)) => return Err(CheckFailed(format!("{}: {why}", lead.leader.name)).into()),
        Err(CallError::Failed(error)) => return Err(error),
    };
    let new = body["leader"].as_str().unwrap_or_default();
    if cluster.json {
        say!("{}", json!({ "from": lead.leader.name, "to": new }));
    } else {
        say!("{}", shown(&CliText::LeadWent { from: &lead.leader.name, to: new }));
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
エポック 3、主ノード node-a、記録1,868件
epoch 3, leader node-a, 1,868 records
作成日時 Made at 1970-01-01 09:00:00 JST

ノード  役割        適用済  遅れ  報告    アドレス        HTTP
node    role       applied   lag  report  address         http
------  ---------  -------  ----  ------  --------------  --------------
node-a  leading      1,868     0  0.2 s   10.0.1.11:8600  10.0.1.11:8080
node-b  following    1,868     0  0.2 s   10.0.1.12:8600  10.0.1.12:8080
node-c  silent       1,790    78  84.1 s  10.0.1.13:8600  10.0.1.13:8080
";
        let report =
            table_of("postgres://db1.example/kazasu", &Seen { lead, nodes: nodes.into(), head: 1_868 }, MADE).unwrap();
        assert_eq!(table::text(&report), expected);
    }

    #[test]
    fn long_names_and_addresses_go_on_below_and_are_never_cut() {
        let name = "a-node-with-a-long-name.tokyo.example";
        let (address, http) = ("kazasu-1.internal.tokyo.example:8600", "kazasu-1.internal.tokyo.example:8080");
        let lead = Leadership { leader: node(name, address, http), ..Leadership::default() };
        let nodes = [status_of(lead.leader.clone(), "leading", 1_234_567_890, 123_456.7)];
        let place = format!("postgres://{}/kazasu", ["db.example"; 12].join(","));
        let text =
            table::text(&table_of(&place, &Seen { lead, nodes: nodes.into(), head: 1_234_567_890 }, MADE).unwrap());
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        for whole in [name, address, http, "silent leader", "1,234,567,890", "123456.7 s"] {
            assert!(text.contains(whole), "{whole}: {text}");
        }
    }
}
