//! The HTTP server's loop: it takes connections through the gate and serves each within its times.

use super::forwarded::Proxies;
use super::limits::HttpLimits;
use super::socket::Socket;
use super::worded::{reader_of, worded_in};
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use kazasu_connections::admission::{Closed, Gate, Place, Subnet};
use kazasu_engine::tasks::{Kind, Tasks, fault};
use kazasu_text::Language;
use kazasu_text::requests::EdgeText;
use kazasu_tls::LazyStream;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// The HTTP port and its service.
pub(super) struct Server {
    pub(super) port: TcpListener,
    pub(super) gate: Arc<Gate>,
    pub(super) app: Router,
    pub(super) limits: HttpLimits,
    /// TLS, when the address speaks it.
    pub(super) tls: Option<Arc<kazasu_tls::Server>>,
    /// Proxies that say who calls.
    pub(super) proxies: Arc<Proxies>,
    pub(super) tasks: Tasks,
}

impl Server {
    /// Serves until shutdown, and completes every accepted request. It can be run again after it broke off: the port stays open.
    pub(super) async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let open = TaskTracker::new();
        loop {
            fault(Kind::Http);
            let (stream, place) = tokio::select! {
                accepted = self.gate.accept(&self.port) => accepted,
                // An error means that the sender is gone, which is a shutdown too.
                _ = shutdown.changed() => break,
            };
            // A peer that is gone already has no address any more.
            let address = stream.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
            let serving = Serving {
                app: self.app.clone(),
                guest: Arc::new(GuestState { place, address, has_asked: AtomicBool::new(false) }),
                proxies: self.proxies.clone(),
                limits: self.limits,
                shutdown: shutdown.clone(),
            };
            // The connection's own task waits for the handshake, within the time of a first header.
            let stream = match &self.tls {
                Some(tls) => LazyStream::accept(tls, stream, self.limits.header),
                None => stream.into(),
            };
            let tasks = self.tasks.clone();
            open.spawn(async move { tasks.once(Kind::HttpConnection, serving.connection(stream)).await });
        }
        open.close();
        open.wait().await;
    }
}

/// The caller of a request: the other end of its connection, or whom a trusted proxy there names.
#[derive(Clone, Debug)]
pub struct Guest {
    address: IpAddr,
    subnet: Subnet,
}

/// The other end of a connection.
struct GuestState {
    place: Place,
    address: IpAddr,
    /// Has the first header come?
    has_asked: AtomicBool,
}

impl Guest {
    /// The caller's address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    pub(super) fn subnet(&self) -> Subnet {
        self.subnet
    }
}

/// A request that is being served. Afterwards its connection waits again.
struct Busy(Arc<GuestState>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.place.wait();
    }
}

/// One connection.
struct Serving {
    app: Router,
    guest: Arc<GuestState>,
    proxies: Arc<Proxies>,
    limits: HttpLimits,
    shutdown: watch::Receiver<bool>,
}

impl Serving {
    async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut self, stream: S) {
        let opened = Instant::now();
        let (state, inner) = (self.guest.clone(), TowerToHyperService::new(self.app));
        let (guest, proxies) = (self.guest, self.proxies);
        let service = service_fn(move |mut request: Request<Incoming>| {
            guest.has_asked.store(true, Ordering::Release);
            guest.place.serve();
            let busy = Busy(guest.clone());
            let address = proxies.caller(guest.address, request.headers());
            let gate = guest.place.gate();
            let subnet = gate.subnet_of(address);
            request.extensions_mut().insert(Guest { address, subnet });
            // The proxy's connections are bounded as the proxy's; what comes through them, as its caller's.
            let is_behind = address.to_canonical() != guest.address.to_canonical();
            let place = is_behind.then(|| gate.request_of(subnet));
            let language = reader_of(request.headers()).unwrap_or(Language::English);
            let answer = (!matches!(place, Some(None))).then(|| inner.call(request));
            async move {
                let answer = match answer {
                    Some(answer) => answer.await,
                    None => Ok(too_many_requests(language)),
                };
                drop((busy, place));
                answer
            }
        });
        let socket = Socket::new(stream, self.limits.write);
        let revoked = socket.revoked();
        let mut server = http1::Builder::new();
        // The time between an answer and the next header counts too.
        server.timer(TokioTimer::new()).header_read_timeout(self.limits.idle);
        let mut served = pin!(server.serve_connection(TokioIo::new(socket), service));
        let mut first = pin!(tokio::time::sleep_until((opened + self.limits.header).into()));
        let (mut watches_first, mut is_stopping) = (true, false);
        loop {
            tokio::select! {
                end = served.as_mut() => return ended(end, &state, revoked.load(Ordering::Acquire).then_some(Closed::Revoked)),
                () = state.place.displaced() => return,
                () = first.as_mut(), if watches_first => {
                    if !state.has_asked.load(Ordering::Acquire) {
                        return state.place.gate().closed(Closed::Unfinished);
                    }
                    watches_first = false;
                }
                _ = self.shutdown.changed(), if !is_stopping => {
                    is_stopping = true;
                    served.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// The answer to a request of a subnet that has too many under way behind proxies.
fn too_many_requests(language: Language) -> Response {
    metrics::counter!("kazasu_http_requests_refused_total").increment(1);
    let mut response = worded_in(language, StatusCode::TOO_MANY_REQUESTS, &EdgeText::SubnetRequests);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// Counts a connection that the switch closed.
fn ended(end: hyper::Result<()>, state: &GuestState, refused: Option<Closed>) {
    if let Some(why) = refused {
        state.place.gate().closed(why);
        if let Some(untold) = state.place.gate().line() {
            let peer = state.place.peer();
            tracing::warn!(%peer, untold, "the client's certificate is not accepted any more; an HTTP connection is closed");
        }
        return;
    }
    let Err(error) = end else { return };
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
    if error.is_timeout() {
        state.place.gate().closed(Closed::Idle);
    } else if source.is_some_and(|source| source.kind() == std::io::ErrorKind::TimedOut) {
        state.place.gate().closed(Closed::Write);
    }
    tracing::debug!(%error, peer = %state.place.peer(), "an HTTP connection ended");
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use axum::routing::{get, post};
    use kazasu_connections::admission::{Bounds, Port, Prefixes};
    use kazasu_engine::tasks::AbortOnDrop;
    use std::net::SocketAddr;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpSocket, TcpStream};

    /// Small times, so that tests see them end.
    pub(in crate::http) fn limits() -> HttpLimits {
        HttpLimits {
            requests_of_caller: 6_000,
            bodies_of_caller: 16,
            bodies_of_subnet: 64,
            header: Duration::from_millis(300),
            idle: Duration::from_millis(900),
            body: Duration::from_secs(2),
            body_pause: Duration::from_millis(300),
            write: Duration::from_millis(500),
        }
    }

    pub(in crate::http) fn gate() -> Arc<Gate> {
        let prefixes = Prefixes { ipv4: 32, ipv6: 64 };
        Gate::new(
            Port::Http,
            Bounds {
                connections: 16,
                waiting: 8,
                of_subnet: 12,
                waiting_of_subnet: 4,
                of_proxy: 12,
                failed_sign_ons_of_subnet: 1,
                prefixes,
            },
        )
    }

    async fn large() -> Vec<u8> {
        vec![b'x'; 64 << 20]
    }

    struct Running {
        addr: SocketAddr,
        stop: watch::Sender<bool>,
        _serving: AbortOnDrop<()>,
    }

    async fn running() -> Running {
        let app = Router::new().route("/", get(|| async { "here" })).route("/large", get(large)).route(
            "/slow",
            post(|| async {
                tokio::time::sleep(Duration::from_millis(600)).await;
                "done"
            }),
        );
        let port = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let addr = SocketAddr::from(([127, 0, 0, 1], port.local_addr().unwrap().port()));
        let (proxies, tasks) = (Arc::default(), Tasks::default());
        let server = Server { port, gate: gate(), app, limits: limits(), tls: None, proxies, tasks };
        let (stop, shutdown) = watch::channel(false);
        let _serving = AbortOnDrop(tokio::spawn(async move { server.run(shutdown).await }));
        Running { addr, stop, _serving }
    }

    async fn from(host: u8, addr: SocketAddr) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, host], 0))).unwrap();
        socket.connect(addr).await.unwrap()
    }

    /// The bytes until one side ends the connection.
    async fn rest(stream: &mut TcpStream) -> (String, Duration) {
        let (begin, mut bytes) = (Instant::now(), Vec::new());
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
        assert!(end.is_ok(), "the connection stays open");
        (String::from_utf8_lossy(&bytes).into_owned(), begin.elapsed())
    }

    async fn answers(stream: &mut TcpStream) -> bool {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: s\r\n\r\n").await.unwrap();
        let mut answer = [0; 16];
        stream.read_exact(&mut answer).await.is_ok_and(|_| answer.starts_with(b"HTTP/1.1 200 "))
    }

    #[tokio::test]
    async fn silent_half_and_idle_connections_are_closed_in_time() {
        let running = running().await;
        let (mut silent, mut half, mut idle) =
            (from(1, running.addr).await, from(1, running.addr).await, from(1, running.addr).await);
        half.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
        assert!(answers(&mut idle).await);
        let ((_, silent), (said, half), (_, idle)) = tokio::join!(rest(&mut silent), rest(&mut half), rest(&mut idle));
        let early = |time: Duration, due| time < Duration::from_millis(due);
        assert!(!early(silent, 200) && !early(half, 200) && !early(idle, 800), "{silent:?} {half:?} {idle:?}");
        assert!(!said.contains("200"), "{said}");
    }

    #[tokio::test]
    async fn a_flood_of_silent_connections_keeps_nobody_out() {
        let running = running().await;
        let mut flood = Vec::new();
        for n in 0..40 {
            flood.push(from(1, running.addr).await);
            if n % 10 == 0 {
                assert!(answers(&mut from(2, running.addr).await).await, "{n}: from another address");
                assert!(answers(&mut from(1, running.addr).await).await, "{n}: from the same address");
            }
        }
    }

    #[tokio::test]
    async fn a_request_that_is_served_is_not_displaced_and_ends_after_shutdown() {
        let running = running().await;
        let mut slow = from(1, running.addr).await;
        slow.write_all(b"POST /slow HTTP/1.1\r\nhost: s\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut flood = Vec::new();
        for _ in 0..20 {
            flood.push(from(1, running.addr).await);
        }
        running.stop.send(true).unwrap();
        assert!(rest(&mut slow).await.0.ends_with("done"));
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_of_its_answer_is_closed() {
        let running = running().await;
        let mut slow = from(1, running.addr).await;
        slow.write_all(b"GET /large HTTP/1.1\r\nhost: s\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        // The bytes in the sockets still arrive, and then the answer ends early.
        let mut bytes = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(5), slow.read_to_end(&mut bytes)).await.unwrap();
        assert!(bytes.len() < 64 << 20, "{}", bytes.len());
    }
}
