//! Bounds the bodies at one time. Each caller and each subnet has its own bound, so that one caller's unfinished bodies delay no
//! other caller.

use super::limits::HttpLimits;
use super::worded::worded;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hashbrown::HashMap;
use kazasu_connections::admission::Subnet;
use kazasu_text::requests::EdgeText;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The longest time that a body waits for another one of its caller.
const WAIT: Duration = Duration::from_secs(5);
/// Above this number, callers and subnets without a body are forgotten.
const FORGET_ABOVE: usize = 1_024;

/// Bodies that are being read or used.
pub struct Bodies {
    by_caller: Mutex<HashMap<String, Weak<Semaphore>>>,
    by_subnet: Mutex<HashMap<Subnet, Weak<Semaphore>>>,
    of_caller: usize,
    of_subnet: usize,
    wait: Duration,
}

/// One body's place, until the request is answered.
pub(super) struct Taken(
    #[allow(dead_code, reason = "the places are given back when they are dropped")] [Option<OwnedSemaphorePermit>; 2],
);

impl Bodies {
    /// With the room that each caller and each subnet has.
    #[must_use]
    pub fn new(limits: &HttpLimits) -> Arc<Bodies> {
        let (of_caller, of_subnet) = (limits.bodies_of_caller, limits.bodies_of_subnet);
        let (by_caller, by_subnet) = (Mutex::default(), Mutex::default());
        Arc::new(Bodies { by_caller, by_subnet, of_caller, of_subnet, wait: WAIT })
    }

    /// A place for a body of this caller. When its caller or its subnet has too many it waits a while, then it is refused.
    pub(super) async fn take(&self, caller: &str, subnet: Option<Subnet>) -> Result<Taken, Box<Response>> {
        let deadline = tokio::time::Instant::now() + self.wait;
        let room = async |room: Option<Arc<Semaphore>>, of: &'static str| match room {
            None => Ok(None),
            Some(room) => match tokio::time::timeout_at(deadline, room.acquire_owned()).await {
                Ok(Ok(permit)) => Ok(Some(permit)),
                Ok(Err(_)) | Err(_) => Err(refused(of)),
            },
        };
        // A caller without a session or key is bounded by the subnet alone.
        let named = (!caller.is_empty()).then(|| room_of(&self.by_caller, caller.to_owned(), self.of_caller));
        let by_caller = room(named, "caller").await?;
        let by_subnet = room(subnet.map(|subnet| room_of(&self.by_subnet, subnet, self.of_subnet)), "subnet").await?;
        Ok(Taken([by_caller, by_subnet]))
    }
}

fn room_of<K: Eq + std::hash::Hash>(rooms: &Mutex<HashMap<K, Weak<Semaphore>>>, key: K, most: usize) -> Arc<Semaphore> {
    let mut all = rooms.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() > FORGET_ABOVE {
        all.retain(|_, room| room.strong_count() > 0);
    }
    let room = all.entry(key).or_default();
    room.upgrade().unwrap_or_else(|| {
        let new = Arc::new(Semaphore::new(most));
        *room = Arc::downgrade(&new);
        new
    })
}

fn refused(of: &'static str) -> Box<Response> {
    metrics::counter!("kazasu_http_bodies_refused_total", "reason" => of).increment(1);
    let text = if of == "caller" { EdgeText::CallerBodies } else { EdgeText::SubnetBodies };
    let mut response = worded(StatusCode::TOO_MANY_REQUESTS, None, &text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    Box::new(response)
}

#[cfg(test)]
mod tests {
    use super::super::server::tests::limits;
    use super::*;
    use kazasu_connections::admission::Prefixes;

    #[tokio::test]
    async fn a_caller_and_a_subnet_with_too_many_bodies_delay_only_themselves() {
        let limits = HttpLimits { bodies_of_caller: 2, bodies_of_subnet: 3, ..limits() };
        let mut bodies = Bodies::new(&limits);
        Arc::get_mut(&mut bodies).unwrap().wait = Duration::from_millis(200);
        let from = |ip: &str| Some(Subnet::of(ip.parse().unwrap(), Prefixes { ipv4: 32, ipv6: 64 }));
        let (one, two) = (from("127.0.0.1"), from("127.0.0.2"));
        let status = |taken: Result<Taken, Box<Response>>| taken.err().map(|refusal| refusal.status().as_u16());
        let first = bodies.take("a", one).await.ok();
        let _second = bodies.take("a", one).await.ok().unwrap();
        assert_eq!(status(bodies.take("a", two).await), Some(429), "the caller has its two");
        let _third = bodies.take("b", one).await.ok().unwrap();
        assert_eq!(status(bodies.take("c", one).await), Some(429), "the subnet has its three");
        assert!(bodies.take("c", two).await.is_ok());
        // One that waits gets the place that becomes free.
        let (waits, ()) = tokio::join!(bodies.take("a", one), async { drop(first) });
        assert!(waits.is_ok());
    }
}
