//! The crates and what each may depend on: docs/ARCHITECTURE.md shows the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Each crate, and those of this workspace that it may use. A line here changes with a decision record.
const MAY_USE: [(&str, &[&str]); 17] = [
    ("kazasu-schemas", &[]),
    ("kazasu-console", &[]),
    ("kazasu-tls", &[]),
    ("kazasu-ledger", &["kazasu-schemas"]),
    ("kazasu-store", &["kazasu-schemas", "kazasu-ledger"]),
    ("kazasu-core", &["kazasu-schemas", "kazasu-ledger"]),
    ("kazasu-engine", &["kazasu-schemas", "kazasu-ledger", "kazasu-store", "kazasu-core"]),
    (
        "kazasu-projections",
        &["kazasu-schemas", "kazasu-ledger", "kazasu-store", "kazasu-core", "kazasu-security", "kazasu-engine"],
    ),
    ("kazasu-report", &["kazasu-schemas"]),
    ("kazasu-documents", &["kazasu-schemas"]),
    // One reader for all tables that people bring, detail files too.
    ("kazasu-recon", &["kazasu-schemas", "kazasu-documents"]),
    ("kazasu-security", &["kazasu-schemas", "kazasu-ledger", "kazasu-console"]),
    ("kazasu-issuer-adapter", &["kazasu-schemas", "kazasu-console", "kazasu-tls"]),
    ("kazasu-acquirer-sim", &["kazasu-schemas", "kazasu-console", "kazasu-tls"]),
    // Of the adapter it uses the routing table: which issuer a number belongs to.
    (
        "kazasu-services",
        &[
            "kazasu-schemas",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-projections",
            "kazasu-report",
            "kazasu-documents",
            "kazasu-recon",
            "kazasu-security",
            "kazasu-issuer-adapter",
        ],
    ),
    (
        "kazasu",
        &[
            "kazasu-schemas",
            "kazasu-console",
            "kazasu-tls",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-projections",
            "kazasu-report",
            "kazasu-documents",
            "kazasu-recon",
            "kazasu-security",
            "kazasu-services",
            "kazasu-issuer-adapter",
            "kazasu-acquirer-sim",
        ],
    ),
    (
        "kazasu-perf",
        &[
            "kazasu-schemas",
            "kazasu-console",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-report",
            "kazasu-recon",
            "kazasu-services",
            "kazasu-issuer-adapter",
            "kazasu-acquirer-sim",
            "kazasu",
        ],
    ),
];

/// Crates that decide, and what must not be reachable from them, however many crates lie between.
const PURE: [&str; 2] = ["kazasu-core", "kazasu-ledger"];
/// Random numbers are not among them: ciphers bring the crate along, and clippy refuses its use.
const IMPURE: [&str; 9] = ["tokio", "tokio-util", "sqlx", "serde_json", "axum", "rustls", "ureq", "rustix", "tracing"];

/// What this machine builds for. What other systems would need was not fetched.
fn host() -> String {
    let out = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

struct Graph {
    /// By package id: the name, and the ids of what it is built with, tests left out.
    packages: BTreeMap<String, (String, Vec<String>)>,
    members: BTreeSet<String>,
}

impl Graph {
    fn read() -> Graph {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let mut command = Command::new(env!("CARGO"));
        command.args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()]);
        command.arg("--manifest-path").arg(manifest);
        let out = command.output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let names: BTreeMap<String, String> = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let uses = |node: &serde_json::Value| {
            let deps = node["deps"].as_array().unwrap().iter();
            let built =
                deps.filter(|dep| dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null()));
            built.map(|dep| text(&dep["pkg"])).collect::<Vec<_>>()
        };
        let nodes = metadata["resolve"]["nodes"].as_array().unwrap().iter();
        let packages = nodes.map(|node| (text(&node["id"]), (names[&text(&node["id"])].clone(), uses(node)))).collect();
        let members = metadata["workspace_members"].as_array().unwrap().iter().map(text).collect();
        Graph { packages, members }
    }

    /// Names of everything that is built into a package.
    fn reaches(&self, id: &str) -> BTreeSet<&str> {
        let (mut found, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(id) = open.pop() {
            for uses in &self.packages[id].1 {
                if found.insert(self.packages[uses].0.as_str()) {
                    open.push(uses);
                }
            }
        }
        found
    }
}

#[test]
fn crates_depend_on_what_they_may_and_those_that_decide_reach_no_io() {
    let graph = Graph::read();
    let may: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    for id in &graph.members {
        let (name, uses) = &graph.packages[id];
        let allowed = may.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the table of crates"));
        let of_ours = uses.iter().filter(|id| graph.members.contains(*id)).map(|id| graph.packages[id].0.as_str());
        for used in of_ours {
            assert!(allowed.contains(&used), "{name} uses {used}, which the table of crates does not allow");
        }
        if PURE.contains(&name.as_str()) {
            let reached = graph.reaches(id);
            let impure: Vec<_> = IMPURE.iter().filter(|bad| reached.contains(**bad)).collect();
            assert!(impure.is_empty(), "{name} reaches {impure:?}");
            assert!(reached.contains("kazasu-schemas"), "the graph was read");
        }
    }
    let named = graph.members.iter().filter(|id| may.contains_key(graph.packages[*id].0.as_str())).count();
    assert_eq!(named, graph.members.len());
}

#[test]
fn what_is_installed_links_no_simulator() {
    let tree = |features: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        command.args([
            "tree",
            "-p",
            "kazasu",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--locked",
            "--offline",
            "-f",
            "{p} {f}",
        ]);
        let out = command.args(features).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let simulates = |tree: &str| {
        let adapter = tree.lines().find(|line| line.starts_with("kazasu-issuer-adapter ")).unwrap();
        [tree.contains("kazasu-acquirer-sim "), adapter.ends_with("sim")]
    };
    assert_eq!(simulates(&tree(&[])), [true, true], "the first command of the README plays a town");
    assert_eq!(simulates(&tree(&["--no-default-features"])), [false, false]);
}
