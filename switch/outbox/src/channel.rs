//! One way to tell: what it makes of a notice, and the threads that it may block.

use super::Notice;
use kazasu_engine::tasks::{Kind, at_once, fault};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// One way to tell. It may block until the time-out that it was made with.
pub(super) trait Tell: Send + Sync + 'static {
    fn tell(&self, notice: &Notice) -> Verdict;
}

/// What a receiver made of an attempt.
#[derive(Debug)]
pub(super) enum Verdict {
    Accepted,
    /// It will most likely never take this notice.
    Refused(String),
    /// It may take it later, at the earliest after a pause that it asked for.
    Failed {
        problem: String,
        not_before: Duration,
    },
}

impl Verdict {
    pub(super) fn failed(problem: impl Into<String>) -> Self {
        Verdict::Failed { problem: problem.into(), not_before: Duration::ZERO }
    }
}

/// A way to tell and its share of threads: a receiver that drips its answer must not take them all.
#[derive(Clone)]
pub(super) struct Channel {
    pub(super) name: &'static str,
    pub(super) tell: Arc<dyn Tell>,
    pub(super) threads: Arc<Semaphore>,
}

impl Channel {
    pub(super) async fn tell(self, notice: Arc<Notice>, timeout: Duration) -> Verdict {
        let Channel { tell, threads, .. } = self;
        let told = tokio::time::timeout(timeout, async move {
            let thread = threads.acquire_owned().await.ok()?;
            let telling = tokio::task::spawn_blocking(move || {
                let verdict = at_once(Kind::Delivery, || {
                    fault(Kind::Delivery);
                    tell.tell(&notice)
                });
                drop(thread);
                verdict
            });
            telling.await.ok().flatten()
        });
        match told.await {
            Ok(Some(verdict)) => verdict,
            Ok(None) => Verdict::failed("the attempt broke off"),
            Err(_) => Verdict::failed(format!("no answer within {timeout:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    struct Bad;

    impl Tell for Bad {
        fn tell(&self, _: &Notice) -> Verdict {
            panic!("a bad receiver")
        }
    }

    #[tokio::test]
    async fn an_attempt_that_panics_fails_and_gives_its_thread_back() {
        let threads = Arc::new(Semaphore::new(1));
        let channel = Channel { name: "bad", tell: Arc::new(Bad), threads: threads.clone() };
        for _ in 0..2 {
            let told = channel.clone().tell(Arc::new(testing::notice(1)), Duration::from_secs(10)).await;
            assert!(matches!(told, Verdict::Failed { problem, .. } if problem == "the attempt broke off"));
        }
        assert_eq!(threads.available_permits(), 1);
    }
}
