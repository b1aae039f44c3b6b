//! What the tests of the outbox and of the channels share.

use super::{Notice, NoticeKey, OutboxConfig, Outcome, Settle};
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::secret::Key;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

#[derive(Debug, PartialEq)]
pub(super) struct Settled {
    pub(super) key: NoticeKey,
    pub(super) outcome: Outcome,
    pub(super) attempts: u32,
    pub(super) problem: Option<String>,
}

struct Sink(mpsc::UnboundedSender<Settled>);

impl Settle for Sink {
    fn settle(&self, key: NoticeKey, outcome: Outcome, attempts: u32, problem: Option<String>) {
        let _ = self.0.send(Settled { key, outcome, attempts, problem });
    }
}

/// What the outbox settles.
pub(super) struct Journal(mpsc::UnboundedReceiver<Settled>);

impl Journal {
    pub(super) fn open() -> (Arc<dyn Settle>, Journal) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Arc::new(Sink(sender)), Journal(receiver))
    }

    pub(super) async fn next(&mut self) -> Settled {
        tokio::time::timeout(Duration::from_secs(20), self.0.recv()).await.unwrap().unwrap()
    }

    /// Waits and finds that nothing more is settled.
    pub(super) async fn stays_empty(&mut self, wait: Duration) {
        let settled = tokio::time::timeout(wait, self.0.recv()).await;
        assert!(settled.is_err(), "{settled:?}");
    }

    /// Waits until no task is left that could settle.
    pub(super) async fn ends(&mut self) {
        let settled = tokio::time::timeout(Duration::from_secs(20), self.0.recv()).await.unwrap();
        assert_eq!(settled, None);
    }
}

pub(super) fn notice(number: u64) -> Notice {
    Notice {
        id: format!("{number}-0"),
        kind: "spend_alert",
        ppid: "01JD3M8Q5W7RZX9A2BCD4EFGHK".into(),
        percent: 80,
        month: "2026-11".into(),
        used_yen: 41_250,
        limit_yen: 50_000,
        at: "2026-11-20T18:04:05+09:00".into(),
    }
}

/// Small pauses; no receiver yet.
pub(super) fn config() -> OutboxConfig {
    OutboxConfig {
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(200),
        timeout: Duration::from_secs(5),
        ..OutboxConfig::default()
    }
}

/// Keys that sign notices.
pub(super) fn keys(bytes: &[u8]) -> Arc<InForce<Vec<Key>>> {
    let key = |byte: &u8| Key::new(vec![*byte; 32]).unwrap();
    Arc::new(InForce::new(bytes.iter().map(key).collect()))
}

pub(super) fn delivered(key: NoticeKey, attempts: u32) -> Settled {
    Settled { key, outcome: Outcome::Delivered, attempts, problem: None }
}
