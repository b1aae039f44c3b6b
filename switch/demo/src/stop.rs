//! Ctrl-C and SIGTERM: the first one ends the traffic and shows the summary, the second one ends the program.

use kazasu_console::{say, tell};
use kazasu_store::postgres::local::LocalServer;
use kazasu_text::demo::DemoText;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// What the demo started and nothing else would end.
static SERVER: Mutex<Option<LocalServer>> = Mutex::new(None);

/// The demo's database server ends when the program does.
pub(super) fn keep(server: Option<LocalServer>) {
    *SERVER.lock().unwrap_or_else(PoisonError::into_inner) = server;
}

/// Ends the demo's database server, if there is one.
pub(super) fn end_server() {
    drop(SERVER.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// What was asked for at the keyboard.
#[derive(Clone, Default)]
pub(super) struct Stop {
    asked: Arc<AtomicBool>,
}

impl Stop {
    /// Listens from now on, until the program ends.
    pub(super) fn watch() -> anyhow::Result<Stop> {
        let stop = Stop::default();
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let asked = stop.asked.clone();
        tokio::spawn(async move {
            loop {
                let number = tokio::select! {
                    _ = interrupt.recv() => 2,
                    _ = terminate.recv() => 15,
                };
                if asked.swap(true, Ordering::AcqRel) {
                    // What is durable stays so; nothing else is worth waiting for.
                    end_server();
                    std::process::exit(128 + number);
                }
                tell!("\n{}", crate::language::shown(&DemoText::Ending));
            }
        });
        Ok(stop)
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Keeps the switch open for who looks at it, at a terminal, until Ctrl-C.
    pub(super) async fn stay_open(&self, status: &str) {
        if self.is_asked() || !std::io::stdout().is_terminal() {
            return;
        }
        say!("\n{}", crate::language::shown(&DemoText::StaysOpen { status }));
        while !self.is_asked() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
