//! Processor time by part, as the kernel counts it: this process's threads by their names, and a server's processes.

use std::collections::BTreeMap;

/// Linux counts processor time in hundredths of a second in /proc, on every machine that this runs on.
const TICK_US: u64 = 10_000;

/// Microseconds by part since some beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cpu(BTreeMap<String, u64>);

impl Cpu {
    /// Now. `others` are the processes of a database server.
    pub(crate) fn now(others: &[u32]) -> Cpu {
        let mut out: BTreeMap<String, u64> = BTreeMap::new();
        for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            *out.entry(part(name.trim()).to_owned()).or_default() += time(&task.path().join("stat"));
        }
        for pid in others {
            *out.entry("database".into()).or_default() += time(format!("/proc/{pid}/stat").as_ref());
        }
        Cpu(out)
    }

    /// What was used since `before`, in microseconds for each of `n`.
    pub(crate) fn per(&self, before: &Cpu, n: u64) -> BTreeMap<String, f64> {
        let used = |(part, now): (&String, &u64)| {
            let used = now.saturating_sub(before.0.get(part).copied().unwrap_or(0));
            let used = f64::from(u32::try_from(used / TICK_US).unwrap_or(u32::MAX)) * 10_000.0;
            (part.clone(), (used / f64::from(u32::try_from(n.max(1)).unwrap_or(u32::MAX)) * 100.0).round() / 100.0)
        };
        self.0.iter().map(used).filter(|(_, us)| *us > 0.0).collect()
    }
}

fn part(thread: &str) -> &str {
    match thread {
        "kazasu-core" => "core",
        "kazasu-commit" => "commit",
        name if name.starts_with("sqlx-sqlite") => "sqlite",
        name if name.starts_with("kazasu-wal") => "sqlite",
        // TLS, framing, codec and MAC of acquirers' and issuers' connections, and the simulated issuers.
        name if name.starts_with("tokio") => "connections",
        _ => "rest",
    }
}

fn time(stat: &std::path::Path) -> u64 {
    let text = std::fs::read_to_string(stat).unwrap_or_default();
    let after = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let fields: Vec<u64> = after.split(' ').skip(11).take(2).filter_map(|f| f.parse().ok()).collect();
    fields.iter().sum::<u64>() * TICK_US
}
