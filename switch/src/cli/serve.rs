//! `kazasu serve`.

use crate::config::Config;
use crate::serve::Switch;
use kazasu_console::out::{self, OutputError};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) async fn run(path: &Path, json: bool) -> anyhow::Result<()> {
    // Before anybody is told that the switch is ready: who is told may ask it to stop at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = HangUp::new()?;
    let config = Config::load(path)?;
    let dialects: Vec<String> = config.file.listeners.iter().map(|l| l.dialect.clone()).collect();
    let switch = tokio::select! {
        switch = Switch::start(config, None) => switch?,
        // Nothing was admitted yet; reading a long journal must not keep anyone.
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
        () = hang_up.comes() => return Ok(()),
    };
    if let Err(error) = announce(&switch, &dialects, json) {
        // Who started it is not told; taps are answered all the same.
        tracing::warn!(%error, "nobody could be told that the switch is ready");
    }
    let mut watch = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            () = hang_up.comes() => break,
            _ = watch.tick() => {
                if switch.engine.health().finished.load(Ordering::Acquire) {
                    let why = switch.engine.health().halted().unwrap_or_default();
                    return Err(super::CheckFailed(why).into());
                }
            }
        }
    }
    tracing::info!("stopping: finishing what was admitted");
    switch.stop().await
}

/// The terminal is closed (SIGHUP). That ends the switch in good order, unless the process was started with the signal ignored (`nohup`).
struct HangUp(Option<Signal>);

impl HangUp {
    fn new() -> anyhow::Result<HangUp> {
        Ok(HangUp(match is_ignored() {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        }))
    }

    async fn comes(&mut self) {
        match &mut self.0 {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

/// Was SIGHUP ignored when this process began? Listening for it would end that. The kernel tells it as a mask of signals.
fn is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores(&status, SignalKind::hangup().as_raw_value())
}

/// Does a process with this `/proc/…/status` ignore the signal?
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
}

/// Says where the switch listens.
fn announce(switch: &Switch, dialects: &[String], json: bool) -> Result<(), OutputError> {
    let listening: Vec<String> = switch.listening.iter().map(ToString::to_string).collect();
    let text = if json {
        let (http, pid) = (switch.http.to_string(), std::process::id());
        serde_json::json!({ "ready": true, "listening": listening, "http": http, "pid": pid }).to_string()
    } else {
        let pairs = listening.iter().zip(dialects);
        let acquirers: String = pairs.map(|(addr, dialect)| format!("  acquirers  {addr}  {dialect}\n")).collect();
        format!("かざす Kazasu is ready. 受付を開始しました。\n{acquirers}  status     http://{}/", switch.http)
    };
    out::write(format_args!("{text}\n"))?;
    out::flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_is_ignored_is_known_by_the_mask() {
        let status = "Name:\tkazasu\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n";
        assert!(ignores(status, 1) && ignores(status, 13));
        assert!(!ignores(status, 2) && !ignores(status, 15) && !ignores(status, 0));
        assert!(!ignores("Name:\tkazasu\n", 1) && !ignores("", 1));
    }
}
