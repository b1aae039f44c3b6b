//! What a run found, for programs and for people.

use super::rules::{Ruled, TURNS, WINDOW, median};
use super::stand::{PathKind, TapsArgs};
use crate::baseline_sql::{self, Best};
use kazasu_acquirer_sim::load::LoadReport;
use kazasu_console::{print_text, say};
use kazasu_report::table::{Align, Lines};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Medians in microseconds of one tap at a time and of the disk's fdatasync: back to back, and with a pause, since an idle
/// machine and its disk need time to wake.
pub(super) struct Alone {
    pub(super) tap: u64,
    pub(super) fdatasync: f64,
    pub(super) tap_paced: u64,
    pub(super) fdatasync_paced: f64,
}

/// What a tap costs: processor time by part in microseconds, and with a database server bytes of its log and on its disk.
pub(super) struct Cost {
    pub(super) cpu: BTreeMap<String, f64>,
    pub(super) bytes: Option<(u64, u64)>,
    /// Seconds to start on the journal that the run left, and memory after it.
    pub(super) again: Value,
}

/// What a run found.
pub(super) struct Found {
    pub(super) report: LoadReport,
    pub(super) alone: Alone,
    pub(super) cost: Cost,
    /// Messages a second that the generator and an echo manage.
    pub(super) echo: Option<f64>,
    pub(super) usual: Option<Usual>,
    pub(super) ruled: Option<Ruled>,
    /// In the journal.
    pub(super) records: u64,
}

/// The usual design on the same server, beside the most that Kazasu does there.
pub(super) struct Usual {
    pub(super) peak: f64,
    pub(super) many: Best,
    pub(super) hot: Best,
}

impl Found {
    /// Prints it, as one JSON object or as text.
    pub(super) fn print(&self, args: &TapsArgs) {
        let out = self.json(args);
        if args.json {
            say!("{out}");
            return;
        }
        self.print_costs(&out);
        if let Some(usual) = &self.usual {
            usual.print();
        }
        if let Some(ruled) = &self.ruled {
            self.print_ruled(ruled, args.connections);
        }
        if let Some(tps) = self.echo {
            say!("  echo ceiling  {tps:.0}/s: same generator and framing, no logic");
        }
    }

    fn json(&self, args: &TapsArgs) -> Value {
        let (report, alone, cost) = (&self.report, &self.alone, &self.cost);
        let again = &cost.again;
        let mut out = report.json();
        out["store"] = json!(args.store.name());
        out["path"] = json!(if args.path == PathKind::OnUs { "on-us" } else { "off-us" });
        out["connections"] = json!(args.connections);
        out["residents"] = json!(args.residents);
        out["records"] = json!(self.records);
        out["merchants"] = json!(args.merchants);
        out["alone_p50_us"] = json!(alone.tap);
        out["fdatasync_us"] = json!(alone.fdatasync.round());
        out["alone_paced_p50_us"] = json!(alone.tap_paced);
        out["fdatasync_paced_us"] = json!(alone.fdatasync_paced.round());
        out["restart_s"] = again["start_s"].clone();
        out["restart_bytes"] = match (again["rss"].as_u64(), again["rss_before"].as_u64()) {
            (Some(after), Some(before)) => json!(after - before),
            _ => Value::Null,
        };
        out["cpu_us_per_tap"] = json!(cost.cpu);
        out["wal_bytes_per_tap"] = json!(cost.bytes.map(|(wal, _)| wal));
        out["stored_bytes_per_tap"] = json!(cost.bytes.map(|(_, stored)| stored));
        out["echo_tps"] = self.echo.map_or(Value::Null, |tps| json!(tps.round()));
        if let Some(Usual { peak, many, hot }) = &self.usual {
            if let (Value::Object(out), Value::Object(fields)) = (&mut out, baseline_sql::json(many, hot)) {
                out.extend(fields);
            }
            out["highest_tps"] = json!(peak.round());
            out["ratio"] = json!((peak / many.tps * 10.0).round() / 10.0);
            out["ratio_hot"] = json!((peak / hot.tps * 10.0).round() / 10.0);
        }
        if let Some(ruled) = &self.ruled {
            out["with_rules"] = json!({
                "p50_us": ruled.same.percentile(50.0), "p99_us": ruled.same.percentile(99.0),
                "errors": ruled.same.error_count(), "cpu_us_per_tap": ruled.cpu,
                "most_without": ruled.without.map(f64::round), "most_with": ruled.with.map(f64::round),
                "ratio": ((median(ruled.with) / median(ruled.without) * 1000.0).round() / 1000.0),
            });
        }
        out
    }

    fn print_costs(&self, out: &Value) {
        let (cost, records) = (&self.cost, self.records);
        print_text!("{}", self.report.text());
        let Alone { tap, fdatasync, tap_paced, fdatasync_paced } = &self.alone;
        say!("  one tap alone p50 {tap} µs back to back (fdatasync here: {fdatasync:.0} µs)");
        say!("                p50 {tap_paced} µs after 10 ms of silence (fdatasync likewise: {fdatasync_paced:.0} µs)");
        let parts: Vec<String> = cost.cpu.iter().map(|(part, us)| format!("{part} {us} µs")).collect();
        say!("  processor     a tap: {}", parts.join(", "));
        if let Some((wal, stored)) = cost.bytes {
            say!("  database      a tap: {wal} bytes of log, {stored} bytes stored");
        }
        say!("  ledger        {records} records, {}; starts again in {} s", out["store"], out["restart_s"]);
    }

    fn print_ruled(&self, ruled: &Ruled, connections: u32) {
        let core = |cpu: &BTreeMap<String, f64>| cpu.get("core").copied().unwrap_or(0.0);
        let mut lines = Lines::new(2, [Align::Left, Align::Right, Align::Right]);
        lines.row([&"", &"without rules", &"with rules"]);
        let p99 = (self.report.percentile(99.0), ruled.same.percentile(99.0));
        lines.row([&"p99 at this rate", &format!("{} µs", p99.0), &format!("{} µs", p99.1)]);
        lines.row([&"core a tap", &format!("{} µs", core(&self.cost.cpu)), &format!("{} µs", core(&ruled.cpu))]);
        let (without, with) = (median(ruled.without), median(ruled.with));
        lines.row([&"most taps", &format!("{without:.0}/s"), &format!("{with:.0}/s")]);
        let (percent, window) = (with / without * 100.0, WINDOW * u64::from(connections));
        lines.words(format!("  that is {percent:.0} %, medians of {TURNS} turns with {window} under way"));
        print_text!("{}", lines.text());
    }
}

impl Usual {
    fn print(&self) {
        let Usual { peak, many, hot } = self;
        say!("  highest rate  {peak:.0}/s with p99 below the limit and no error");
        for (what, best) in [("1,000 merchants", many), ("one hot merchant", hot)] {
            say!(
                "  usual design  {:>6.0}/s with {what} ({} clients, p99 {:.1} ms): 1/{:.1} of that",
                best.tps,
                best.clients,
                best.p99_ms,
                peak / best.tps
            );
        }
    }
}
