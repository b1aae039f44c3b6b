//! Writes to the security log the requests that no service sees: unknown tokens, unknown addresses, unreadable bodies. A flood of them
//! becomes one line for each network and minute, with a count.

use axum::http::Method;
use axum::response::Response;
use kazasu_connections::admission::Subnet;
use kazasu_security_log::value::Word;
use kazasu_security_log::{Event, KeyUse, Log, Refusal, Refusals};
use kazasu_services::Who;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An answer of the services: the security log has its line already.
#[derive(Clone, Copy, Debug)]
pub struct Told;

/// Lines of one network within one minute; further refusals are counted.
const LINES: u32 = 60;

/// The time over which refusals of one network are counted together.
const MINUTE: Duration = Duration::from_secs(60);

/// The time after which the use of a token from the same network is a line again.
const HOUR: Duration = Duration::from_secs(3_600);

/// The number of remembered networks and tokens. Further networks count together.
const MOST: usize = 10_000;

/// The key of a count.
#[derive(Default)]
struct Seen {
    refused: HashMap<Option<Subnet>, Minute>,
    keys: HashMap<(String, Option<Subnet>), Instant>,
}

/// Refusals of one network.
struct Minute {
    began: Instant,
    lines: u32,
    counted: u64,
    status: u16,
}

/// The facts of a request for a line.
pub(super) struct Asked {
    /// The caller's subnet.
    pub(super) subnet: Option<Subnet>,
    /// GET, POST, ….
    pub(super) method: Method,
    /// The address's path.
    pub(super) path: String,
    /// The caller, if a token names one.
    pub(super) who: Option<Who>,
}

/// The edge's part of the log. Nothing is written while its lock is held: lines go to the log's queue.
pub struct Edge {
    log: Arc<Log>,
    seen: Mutex<Seen>,
}

impl Edge {
    /// The edge of this process.
    #[must_use]
    pub fn new(log: Arc<Log>) -> Arc<Edge> {
        Arc::new(Edge { log, seen: Mutex::default() })
    }

    /// A request was answered.
    pub(super) fn answered(&self, asked: &Asked, response: &Response) {
        if let Some(who) = &asked.who {
            self.key_used(who, asked.subnet);
        }
        let refused = response.status().is_client_error() && response.extensions().get::<Told>().is_none();
        if refused {
            self.refused(asked, response.status().as_u16());
        }
    }

    fn key_used(&self, who: &Who, subnet: Option<Subnet>) {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (who.name.clone(), subnet);
        if seen.keys.get(&key).is_some_and(|at| now.duration_since(*at) < HOUR) {
            return;
        }
        if seen.keys.len() >= MOST {
            seen.keys.retain(|_, at| now.duration_since(*at) < HOUR);
        }
        if seen.keys.len() < MOST {
            seen.keys.insert(key, now);
        }
        drop(seen);
        let (by, caller) = kazasu_services::actor(who);
        self.log.note(Event::KeyUsed(KeyUse { by, caller, network: network(subnet) }));
    }

    fn refused(&self, asked: &Asked, status: u16) {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.refused.contains_key(&asked.subnet) || seen.refused.len() < MOST;
        let key = if known { asked.subnet } else { None };
        let fresh = || Minute { began: now, lines: 0, counted: 0, status };
        let minute = seen.refused.entry(key).or_insert_with(fresh);
        let over = (now.duration_since(minute.began) >= MINUTE).then(|| std::mem::replace(minute, fresh()));
        minute.status = status;
        let line = minute.lines < LINES;
        if line {
            minute.lines += 1;
        } else {
            minute.counted += 1;
        }
        drop(seen);
        if let Some(over) = over {
            self.tell(key, &over);
        }
        if line {
            let by = asked.who.as_ref().map(|who| kazasu_services::actor(who).0);
            let (method, route) = (Word::new(asked.method.as_str()), Word::new(&pattern(&asked.path)));
            let network = network(asked.subnet);
            self.log.note(Event::RequestRefused(Refusal { by, network, method, route, status: status.into() }));
        }
    }

    fn tell(&self, subnet: Option<Subnet>, minute: &Minute) {
        if minute.counted > 0 {
            let (network, status) = (network(subnet), minute.status.into());
            self.log.note(Event::RequestsRefused(Refusals { network, status, count: minute.counted }));
        }
    }

    /// Writes the counts of networks whose minute is over; the clock's tick calls it.
    pub fn sweep(&self) {
        self.take(|minute| minute.began.elapsed() >= MINUTE);
    }

    /// Writes the counts of all networks, when the switch ends.
    pub fn finish(&self) {
        self.take(|_| true);
    }

    fn take(&self, is_over: impl Fn(&Minute) -> bool) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let over: Vec<_> = seen.refused.extract_if(|_, minute| is_over(minute)).collect();
        drop(seen);
        over.iter().for_each(|(subnet, minute)| self.tell(*subnet, minute));
    }
}

fn network(subnet: Option<Subnet>) -> Word {
    Word::new(&subnet.map_or_else(|| "others".to_owned(), |subnet| subnet.to_string()))
}

/// An address without its variable parts: no reader of the log may see a PPID or a name in it.
fn pattern(path: &str) -> String {
    let is_word = |part: &str| part.len() <= 16 && part.chars().all(|c| c.is_ascii_lowercase());
    let shown = |part: &str| if is_word(part) || part == "v1" { part.to_owned() } else { "{}".to_owned() };
    let parts: Vec<String> = path.split('/').take(8).map(shown).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use kazasu_connections::admission::Prefixes;
    use kazasu_schemas::identity::Via;
    use kazasu_schemas::jst::Millis;
    use kazasu_security_log::{Filter, SecurityField, Settings, search};
    use kazasu_services::CallerKind;
    use std::ops::ControlFlow;

    fn subnet(last: u8) -> Option<Subnet> {
        Some(Subnet::of([203, 0, 113, last].into(), Prefixes { ipv4: 32, ipv6: 64 }))
    }

    fn asked(last: u8) -> Asked {
        Asked { subnet: subnet(last), method: Method::GET, path: "/api/v1/status".into(), who: None }
    }

    fn told(response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        response.extensions_mut().insert(Told);
        response
    }

    #[tokio::test]
    async fn a_flood_becomes_one_line_with_a_count_and_hides_no_other_network() {
        let dir = tempfile::tempdir().unwrap();
        let log = Arc::new(Log::start(Settings::new(dir.path(), "alone", || Millis(0))).unwrap());
        let edge = Edge::new(log.clone());
        let refused = StatusCode::UNAUTHORIZED.into_response();
        (0..10_000).for_each(|_| edge.answered(&asked(1), &refused));
        edge.answered(&asked(2), &refused);
        edge.answered(&asked(3), &told(StatusCode::FORBIDDEN));
        edge.answered(&asked(3), &StatusCode::OK.into_response());
        let who = Who { name: "per_1".into(), kind: CallerKind::Person, ..Who::anonymous(Via::Api) };
        (0..5).for_each(|_| edge.answered(&Asked { who: Some(who.clone()), ..asked(4) }, &told(StatusCode::FORBIDDEN)));
        edge.sweep();
        edge.finish();
        log.close().await;
        let mut lines = Vec::new();
        search(dir.path(), &Filter::default(), |_, line| {
            let network = line.text(SecurityField::Network);
            lines.extend(network.map(|network| (line.event.clone(), network, line.text(SecurityField::Count))));
            ControlFlow::Continue(())
        })
        .unwrap();
        let of = |network: &str| lines.iter().filter(|line| line.1 == network).collect::<Vec<_>>();
        assert_eq!(of("203.0.113.1").len(), 61);
        let counted = &of("203.0.113.1")[60];
        assert_eq!((counted.0.as_str(), counted.2.as_deref()), ("requests_refused", Some("9940")));
        assert_eq!(of("203.0.113.2").len(), 1);
        assert_eq!(of("203.0.113.3").len(), 0, "what the services told of is told once");
        assert_eq!(of("203.0.113.4")[0].0, "key_used");
        assert_eq!(of("203.0.113.4").len(), 1, "once an hour");
    }

    #[test]
    fn a_line_has_no_part_of_an_address_that_somebody_filled_in() {
        assert_eq!(pattern("/v1/residents/AAAQEAYEAUDAOCAJBIFQYDIOB4/link"), "/v1/residents/{}/link");
        assert_eq!(pattern("/v1/relief/programmes/12/batches"), "/v1/relief/programmes/{}/batches");
        assert_eq!(pattern("/.env"), "/{}");
        assert_eq!(pattern("/v1/merchants/27000001/M1"), "/v1/merchants/{}/{}");
        assert_eq!(pattern("/"), "/");
    }
}
