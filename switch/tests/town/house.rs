//! The crates and what each may depend on: docs/ARCHITECTURE.md shows the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each crate, and those of this workspace that it may use. A line here changes with a decision record.
const MAY_USE: [(&str, &[&str]); 31] = [
    ("kazasu-schemas", &[]),
    ("kazasu-console", &[]),
    // What is wrong with its files is said in the reader's language.
    ("kazasu-tls", &["kazasu-text"]),
    ("kazasu-ledger", &["kazasu-schemas"]),
    ("kazasu-store", &["kazasu-schemas", "kazasu-ledger"]),
    ("kazasu-core", &["kazasu-schemas", "kazasu-ledger"]),
    ("kazasu-engine", &["kazasu-schemas", "kazasu-ledger", "kazasu-store", "kazasu-core"]),
    (
        "kazasu-projections",
        // Of texts it has those of findings, which `explain` shows in both languages.
        &[
            "kazasu-schemas",
            "kazasu-text",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-security",
            "kazasu-engine",
        ],
    ),
    // The catalogue of texts knows codes and values, and nothing that makes them.
    ("kazasu-text", &["kazasu-schemas"]),
    ("kazasu-report", &["kazasu-schemas", "kazasu-text"]),
    ("kazasu-documents", &["kazasu-schemas", "kazasu-text"]),
    // One reader for all tables that people bring, detail files too.
    ("kazasu-recon", &["kazasu-schemas", "kazasu-documents", "kazasu-text"]),
    // Keys' names and what must be done with them are said in the reader's language.
    ("kazasu-security", &["kazasu-schemas", "kazasu-text", "kazasu-ledger", "kazasu-console"]),
    // Keys in a device. Only the product uses it.
    ("kazasu-hsm", &["kazasu-schemas", "kazasu-text", "kazasu-ledger", "kazasu-security"]),
    // The log of who asked what stands apart from everything that it tells of.
    ("kazasu-security-log", &["kazasu-schemas", "kazasu-text"]),
    // How people prove who they are: it knows no right and no record.
    ("kazasu-sign-in", &["kazasu-schemas", "kazasu-store"]),
    // One provider of an organisation: it knows no person.
    ("kazasu-openid", &["kazasu-schemas", "kazasu-http-client"]),
    ("kazasu-issuer-adapter", &["kazasu-schemas", "kazasu-console", "kazasu-tls", "kazasu-text"]),
    ("kazasu-acquirer-sim", &["kazasu-schemas", "kazasu-console", "kazasu-tls", "kazasu-text"]),
    // Of the adapter it uses the routing table: which issuer a number belongs to.
    (
        "kazasu-services",
        &[
            "kazasu-schemas",
            "kazasu-text",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-projections",
            "kazasu-report",
            "kazasu-documents",
            "kazasu-recon",
            "kazasu-security",
            "kazasu-security-log",
            "kazasu-sign-in",
            "kazasu-openid",
            "kazasu-webhooks",
            "kazasu-issuer-adapter",
        ],
    ),
    ("kazasu-http-client", &["kazasu-tls", "kazasu-text"]),
    ("kazasu-outbox", &["kazasu-schemas", "kazasu-text", "kazasu-engine", "kazasu-http-client"]),
    // Rows beside the journal, and what is sent: what happened comes from the services.
    ("kazasu-webhooks", &["kazasu-schemas", "kazasu-store", "kazasu-engine", "kazasu-http-client"]),
    (
        "kazasu-checkpoint",
        &[
            "kazasu-schemas",
            "kazasu-text",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-engine",
            "kazasu-security",
            "kazasu-http-client",
        ],
    ),
    (
        "kazasu-connections",
        &[
            "kazasu-schemas",
            "kazasu-text",
            "kazasu-tls",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-security",
            "kazasu-issuer-adapter",
            "kazasu-outbox",
        ],
    ),
    // It shows the state of connections and checkpoints, and lets the lead be handed over.
    (
        "kazasu-api",
        &[
            "kazasu-schemas",
            "kazasu-text",
            "kazasu-console",
            "kazasu-tls",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-report",
            "kazasu-security-log",
            "kazasu-services",
            "kazasu-http-client",
            "kazasu-checkpoint",
            "kazasu-connections",
        ],
    ),
    // Pages ask the services as the API does, on the same address.
    (
        "kazasu-pages",
        &[
            "kazasu-schemas",
            "kazasu-text",
            "kazasu-ledger",
            "kazasu-engine",
            "kazasu-sign-in",
            "kazasu-services",
            "kazasu-api",
        ],
    ),
    // Of the adapter it uses the routing table.
    (
        "kazasu-serve",
        &[
            "kazasu-schemas",
            "kazasu-console",
            "kazasu-tls",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-projections",
            "kazasu-documents",
            "kazasu-text",
            "kazasu-security-log",
            "kazasu-services",
            "kazasu-security",
            "kazasu-hsm",
            "kazasu-sign-in",
            "kazasu-openid",
            "kazasu-http-client",
            "kazasu-issuer-adapter",
            "kazasu-outbox",
            "kazasu-webhooks",
            "kazasu-checkpoint",
            "kazasu-connections",
            "kazasu-api",
            "kazasu-pages",
        ],
    ),
    // It plays the product with both simulators; only the feature `demo` of `kazasu` brings it along.
    (
        "kazasu-demo",
        &[
            "kazasu-schemas",
            "kazasu-text",
            "kazasu-console",
            "kazasu-tls",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-report",
            "kazasu-recon",
            "kazasu-sign-in",
            "kazasu-services",
            "kazasu-security",
            "kazasu-issuer-adapter",
            "kazasu-acquirer-sim",
            "kazasu-connections",
            "kazasu-serve",
        ],
    ),
    (
        "kazasu",
        &[
            "kazasu-schemas",
            "kazasu-text",
            "kazasu-console",
            "kazasu-tls",
            "kazasu-ledger",
            "kazasu-store",
            "kazasu-core",
            "kazasu-engine",
            "kazasu-projections",
            "kazasu-report",
            "kazasu-documents",
            "kazasu-sign-in",
            "kazasu-security-log",
            "kazasu-services",
            "kazasu-security",
            "kazasu-hsm",
            "kazasu-http-client",
            "kazasu-webhooks",
            "kazasu-checkpoint",
            "kazasu-connections",
            "kazasu-api",
            "kazasu-serve",
            "kazasu-demo",
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
            "kazasu-projections",
            "kazasu-security",
            "kazasu-security-log",
            "kazasu-issuer-adapter",
            "kazasu-acquirer-sim",
            "kazasu-serve",
            "kazasu-demo",
        ],
    ),
];

/// Crates that decide, and what must not be reachable from them, however many crates lie between.
const PURE: [&str; 2] = ["kazasu-core", "kazasu-ledger"];
/// Random numbers are not among them: ciphers bring the crate along, and clippy refuses its use.
const IMPURE: [&str; 10] =
    ["tokio", "tokio-util", "sqlx", "serde_json", "axum", "rustls", "ureq", "rustix", "tracing", "cryptoki"];

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
fn the_architectures_table_of_crates_is_what_they_use() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ARCHITECTURE.md")).unwrap();
    let rows: BTreeMap<String, String> = text
        .lines()
        .filter(|line| line.starts_with("| `kazasu"))
        .flat_map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            let uses =
                cells[3].replace("the two simulators", "issuer-adapter acquirer-sim").replace("ledger/store", "store");
            cells[1].split('`').skip(1).step_by(2).map(|name| (name.to_owned(), uses.clone())).collect::<Vec<_>>()
        })
        .collect();
    let graph = Graph::read();
    for id in &graph.members {
        let (name, uses) = &graph.packages[id];
        let row = rows.get(name).unwrap_or_else(|| panic!("{name} has no row in docs/ARCHITECTURE.md"));
        let words: BTreeSet<&str> = row.split(|c: char| !(c.is_alphanumeric() || c == '-')).collect();
        for other in graph.members.iter().filter(|other| *other != id) {
            let short = graph.packages[other].0.trim_start_matches("kazasu-");
            let is_used = uses.contains(other);
            assert_eq!(words.contains(short), is_used, "{name} and {short}: docs/ARCHITECTURE.md says {row:?}");
        }
    }
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

/// Folders whose code has codes, and no text for people.
const WITHOUT_TEXT: [&str; 21] = [
    "schemas/src",
    "ledger/src",
    "ledger/store/src",
    "issuer-adapter/src",
    "switch/core/src",
    "switch/engine/src",
    "switch/projections/src",
    "switch/report/src",
    "switch/security/src",
    "switch/hsm/src",
    "switch/security-log/src",
    "switch/services/src",
    "switch/http-client/src",
    "switch/outbox/src",
    "switch/webhooks/src",
    "switch/checkpoint/src",
    "switch/connections/src",
    "switch/console/src",
    "switch/serve/src",
    "switch/src/cli",
    "switch/demo/src",
];

/// Where there is Japanese all the same, and why.
const JAPANESE: [(&str, &str); 23] = [
    ("schemas/src/calendar.rs", "the header of the calendar that the Cabinet Office publishes"),
    ("schemas/src/typed/amount.rs", "units that people type"),
    ("schemas/src/typed/date.rs", "eras that people type"),
    ("schemas/src/zengin/kana.rs", "the alphabet of banks"),
    ("switch/report/src/kana.rs", "the alphabet of spreadsheets"),
    ("switch/report/src/xlsx.rs", "the name of a font"),
    ("switch/report/src/pdf/face.rs", "letters that a font must have"),
    ("switch/report/src/pdf/letter.rs", "honorifics"),
    ("switch/report/src/pdf/lines.rs", "where lines break"),
    ("switch/services/src/bank.rs", "kinds of accounts, as people write them"),
    ("switch/services/src/payees/account.rs", "columns that people bring"),
    ("switch/services/src/import/links.rs", "columns that people bring"),
    ("switch/services/src/import/merchants.rs", "columns that people bring"),
    ("switch/services/src/residents/find.rs", "hyphens that people type between the letters of an ID"),
    ("switch/src/cli/help/page.rs", "punctuation, and where lines break"),
    ("switch/services/src/relief/import.rs", "columns that people bring"),
    ("switch/services/src/statement/read.rs", "eras, as banks write years, and the trade's word for cheques"),
    ("switch/demo/src/day.rs", "reasons that the town's people write"),
    ("switch/demo/src/sample/configuration.rs", "names of the sample town"),
    ("switch/demo/src/sample/parties.rs", "names of the sample town's merchants and issuers"),
    ("switch/demo/src/sample/people.rs", "applications and reasons of the sample town"),
    ("switch/demo/src/sign_in.rs", "names of the demo's merchant and office, and the reason that its people write"),
    ("switch/demo/src/relief.rs", "applications and reasons that the town's people write"),
];

fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

/// Sources below a folder, without those of tests.
fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_tests = path.file_stem().is_some_and(|stem| stem == "tests");
        if path.is_dir() && !is_tests {
            sources(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !is_tests {
            out.push(path);
        }
    }
}

/// Has its code Japanese? Comments may, and tests at its end.
fn speaks_japanese(source: &str) -> bool {
    let code = source.lines().take_while(|line| !line.starts_with("mod tests {"));
    code.map(|line| line.split("//").next().unwrap_or_default()).any(|line| line.contains(is_japanese))
}

#[test]
fn text_for_people_is_in_the_catalogue() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    WITHOUT_TEXT.iter().for_each(|folder| sources(&root.join(folder), &mut files));
    let found: BTreeSet<String> = files
        .iter()
        .filter(|path| speaks_japanese(&std::fs::read_to_string(path).unwrap()))
        .map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
        .collect();
    let known: BTreeSet<String> = JAPANESE.iter().map(|(path, _)| (*path).to_owned()).collect();
    let strange: Vec<_> = found.difference(&known).collect();
    assert!(strange.is_empty(), "text for people belongs to switch/text: {strange:?}");
    let idle: Vec<_> = known.difference(&found).collect();
    assert!(idle.is_empty(), "no Japanese is left there: {idle:?}");
}

/// Pronouns that hide the actor. Documents, comments and messages name it.
const WITHOUT_ACTOR: [&str; 4] =
    [concat!("who", "ever"), concat!("what", "ever"), concat!("which", "ever"), concat!("no", "body")];

#[test]
fn prose_names_the_actor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let listed = Command::new("git").current_dir(&root).args(["ls-files", "*.rs", "*.md", "*.toml"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    // History keeps its words.
    let is_history = |path: &&str| path.starts_with("docs/decisions/") || *path == "CHANGELOG.md";
    let mut read = 0;
    let mut found = Vec::new();
    for path in listed.lines().filter(|path| !is_history(path)) {
        let Ok(text) = std::fs::read_to_string(root.join(path)) else { continue };
        read += 1;
        for (number, line) in (1..).zip(text.lines()) {
            // A name in code, with underscores, is one word.
            let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_ascii_lowercase);
            if words.any(|word| WITHOUT_ACTOR.contains(&word.as_str())) {
                found.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(read > 300, "the sources were read: {read}");
    assert!(found.is_empty(), "name the person or the program:\n{}", found.join("\n"));
}
