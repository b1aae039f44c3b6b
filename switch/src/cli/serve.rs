//! `kazasu serve`.

use crate::config::Config;
use crate::serve::Switch;
use kazasu_console::out::{self, OutputError};
use kazasu_tls::Look;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

pub(super) async fn run(path: &Path, json: bool) -> anyhow::Result<()> {
    // Before anybody is told that the switch is ready: who is told may ask it to stop at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // It never ends the switch, which may outlive its terminal: certificates are read again.
    let mut hang_up = signal(SignalKind::hangup())?;
    let config = Config::load(path)?;
    let dialects: Vec<String> = config.file.listeners.iter().map(|l| l.dialect.clone()).collect();
    let switch = tokio::select! {
        switch = Switch::start(config, None) => switch?,
        // Nothing was admitted yet; reading a long journal must not keep anyone.
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
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
            _ = hang_up.recv() => {
                tracing::info!("SIGHUP: certificates, keys and revocation lists are read again");
                switch.certificates.clone().reload_apart(Look::Always).await;
            }
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

/// Says where the switch listens.
fn announce(switch: &Switch, dialects: &[String], json: bool) -> Result<(), OutputError> {
    let listening: Vec<String> = switch.listening.iter().map(ToString::to_string).collect();
    let text = if json {
        let (http, pid) = (switch.http.to_string(), std::process::id());
        serde_json::json!({ "ready": true, "listening": listening, "http": http, "pid": pid }).to_string()
    } else {
        let pairs = listening.iter().zip(dialects);
        let acquirers: String = pairs.map(|(addr, dialect)| format!("  acquirers  {addr}  {dialect}\n")).collect();
        let scheme = if switch.certificates.http().is_some() { "https" } else { "http" };
        format!("かざす Kazasu is ready. 受付を開始しました。\n{acquirers}  status     {scheme}://{}/", switch.http)
    };
    out::write(format_args!("{text}\n"))?;
    out::flush()
}
