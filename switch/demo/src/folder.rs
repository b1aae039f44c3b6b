//! The folder of a demo. Each kind has one of its own, and one that is continued must be of the same kind: what one kind leaves open,
//! another would count as its own.

use super::args::DemoArgs;
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a demo shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Taps,
    Day,
    Relief,
}

impl Kind {
    pub(super) fn of(args: &DemoArgs) -> Kind {
        match (args.day, args.relief) {
            (true, _) => Kind::Day,
            (false, true) => Kind::Relief,
            (false, false) => Kind::Taps,
        }
    }

    /// The option that asks for it.
    fn option(self) -> &'static str {
        match self {
            Kind::Taps => "no option",
            Kind::Day => "--day",
            Kind::Relief => "--relief",
        }
    }
}

/// What a folder was made for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    kind: Kind,
    store: String,
    seed: u64,
}

/// The seed of a new town when none is asked for.
const SEED: u64 = 1;
const FILE: &str = "demo.toml";

/// A demo's folder, before anything is written.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// A town is there already.
    pub(super) continued: bool,
    pub(super) seed: u64,
    made: Made,
}

impl Folder {
    /// The folder that is meant, if this demo can be played there.
    pub(super) fn find(args: &DemoArgs) -> anyhow::Result<Folder> {
        let kind = Kind::of(args);
        // A URL may hold a password.
        let store = if matches!(args.store.as_str(), "sqlite" | "postgres") { args.store.as_str() } else { "database" };
        let path = args.data.clone().unwrap_or_else(|| usual(kind, store));
        let continued = path.join("kazasu.toml").is_file();
        let before = match path.join(FILE) {
            file if file.is_file() => Some(read(&file)?),
            // Made before folders said what they are for.
            _ if continued => Some(Made { kind: Kind::Taps, store: store.to_owned(), seed: args.seed.unwrap_or(SEED) }),
            _ => None,
        };
        let seed = args.seed.or(before.as_ref().map(|made| made.seed)).unwrap_or(SEED);
        let made = Made { kind, store: store.to_owned(), seed };
        if let Some(before) = before {
            let (is, wanted) = (before.kind.option(), kind.option());
            let shown = path.display();
            ensure!(
                before.kind == kind,
                "{shown} is the folder of another demo ({is}), and this one ({wanted}) needs its own: leave --data out or name a \
                 new folder"
            );
            ensure!(
                before.store == made.store,
                "{shown} is the folder of a demo with --store {}, and this one needs its own: leave --data out or name a new folder",
                before.store
            );
            ensure!(
                before.seed == seed,
                "{shown} was made with --seed {}: its residents are not those of --seed {seed}. Leave --seed out or name a new folder",
                before.seed
            );
        }
        Ok(Folder { path, continued, seed, made })
    }

    /// Notes what the folder is for.
    pub(super) fn note(&self) -> anyhow::Result<()> {
        let text = toml::to_string(&self.made).context("what the folder is for")?;
        kazasu_security::files::write_private(&self.path.join(FILE), text.as_bytes())
    }
}

fn usual(kind: Kind, store: &str) -> PathBuf {
    let name = match kind {
        Kind::Taps => "demo",
        Kind::Day => "demo-day",
        Kind::Relief => "demo-relief",
    };
    let name = if store == "sqlite" { name.to_owned() } else { format!("{name}-{store}") };
    Path::new("kazasu-data").join(name)
}

fn read(file: &Path) -> anyhow::Result<Made> {
    toml::from_str(&kazasu_security::files::read_text(file)?).with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        demo: DemoArgs,
    }

    fn find(args: &[&str]) -> anyhow::Result<Folder> {
        Folder::find(&Cli::parse_from([&["demo"], args].concat()).demo)
    }

    #[test]
    fn each_kind_has_a_folder_of_its_own() {
        let all = [
            vec![],
            vec!["--day"],
            vec!["--relief"],
            vec!["--store", "postgres"],
            vec!["--store", "postgres://u:p@h/d"],
            vec!["--day", "--store", "postgres"],
        ];
        let mut folders: Vec<PathBuf> = all.iter().map(|args| find(args).unwrap().path).collect();
        assert_eq!(folders[0], Path::new("kazasu-data/demo"));
        assert!(folders.iter().all(|folder| !folder.display().to_string().contains(':')));
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), all.len());
    }

    #[test]
    fn a_folder_goes_on_as_it_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().to_str().unwrap();
        let first = find(&["--data", data, "--day", "--seed", "7"]).unwrap();
        assert_eq!((first.continued, first.seed), (false, 7));
        first.note().unwrap();
        std::fs::write(dir.path().join("kazasu.toml"), "").unwrap();
        let again = find(&["--data", data, "--day"]).unwrap();
        assert_eq!((again.continued, again.seed), (true, 7));
        for (args, says) in [
            (vec!["--data", data, "--relief"], "another demo (--day)"),
            (vec!["--data", data], "another demo (--day), and this one (no option)"),
            (vec!["--data", data, "--day", "--store", "postgres"], "--store sqlite"),
            (vec!["--data", data, "--day", "--seed", "8"], "was made with --seed 7"),
        ] {
            let error = find(&args).err().unwrap().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
