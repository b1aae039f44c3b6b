//! `kazasu serve`.

use crate::config::Config;
use crate::serve::Switch;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

pub(super) async fn run(path: &Path, json: bool) -> anyhow::Result<()> {
    // Before anybody is told that the switch is ready: who is told may ask it to stop at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let config = Config::load(path)?;
    let dialects: Vec<String> = config.file.listeners.iter().map(|l| l.dialect.clone()).collect();
    let switch = tokio::select! {
        switch = Switch::start(config, None) => switch?,
        // Nothing was admitted yet; reading a long journal must not keep anyone.
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    if json {
        let listening: Vec<String> = switch.listening.iter().map(ToString::to_string).collect();
        let pid = std::process::id();
        println!(
            "{}",
            serde_json::json!({ "ready": true, "listening": listening, "http": switch.http.to_string(), "pid": pid })
        );
    } else {
        println!("かざす Kazasu is ready. 受付を開始しました。");
        for (addr, dialect) in switch.listening.iter().zip(dialects) {
            println!("  acquirers  {addr}  {dialect}");
        }
        println!("  status     http://{}/", switch.http);
    }
    let mut watch = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = watch.tick() => {
                if switch.engine.health().finished.load(Ordering::Acquire) {
                    let why = switch.engine.health().halted().unwrap_or_default();
                    return Err(super::Found(why).into());
                }
            }
        }
    }
    tracing::info!("stopping: finishing what was admitted");
    switch.stop().await
}
