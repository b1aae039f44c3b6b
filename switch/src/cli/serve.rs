//! `kazasu serve`.

use crate::language::shown;
use kazasu_console::logs::Format;
use kazasu_console::out::{self, OutputError};
use kazasu_serve::Switch;
use kazasu_serve::config::Config;
use kazasu_text::cli::CliText;
use kazasu_tls::Look;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

pub(super) async fn run(path: &Path, format: Format) -> anyhow::Result<()> {
    // Before the switch reports that it is ready: a reader of that report may stop it at once.
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
    if let Err(error) = announce(&switch, &dialects, format) {
        // The service manager does not know of the start; the switch answers taps all the same.
        tracing::warn!(%error, "the service manager could not be told that the switch is ready");
    }
    let mut watch = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = hang_up.recv() => {
                tracing::info!("SIGHUP: certificates, revocation lists and the key store are read again");
                switch.certificates.clone().reload_apart(Look::Always).await;
                switch.keys.clone().reload_apart(kazasu_connections::keys::Look::Always).await;
            }
            _ = watch.tick() => {
                if switch.engine.health().finished.load(Ordering::Acquire) {
                    let why = switch.engine.health().halted().unwrap_or_default();
                    return Err(super::common::CheckFailed(why).into());
                }
            }
        }
    }
    tracing::info!("stopping: finishing what was admitted");
    switch.stop().await
}

/// Says where the switch listens.
fn announce(switch: &Switch, dialects: &[String], format: Format) -> Result<(), OutputError> {
    let listening: Vec<String> = switch.listening.iter().map(ToString::to_string).collect();
    let text = if format == Format::Json {
        let (http, pid) = (switch.http.to_string(), std::process::id());
        serde_json::json!({ "ready": true, "listening": listening, "http": http, "pid": pid }).to_string()
    } else {
        let pairs = listening.iter().zip(dialects);
        let listens =
            |(addr, dialect): (&String, &String)| format!("  {}\n", shown(&CliText::ListensAt { addr, dialect }));
        let acquirers: String = pairs.map(listens).collect();
        let scheme = if switch.certificates.http().is_some() { "https" } else { "http" };
        shown(&CliText::Ready { acquirers: &acquirers, status: &format!("{scheme}://{}/", switch.http) })
    };
    out::write(format_args!("{text}\n"))?;
    out::flush()
}
