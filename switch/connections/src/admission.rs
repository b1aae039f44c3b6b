//! Admission: which connections a port takes, and which of them gives way when there are too many.
//!
//! A connection *waits* as long as its peer has not shown who it is (an acquirer: until it has signed on; another node: until it
//! has shown the key; HTTP: while no request is being served). Waiting connections may use only a share of the port. When that
//! share is full, the subnet with the most waiting connections loses its oldest one to the new connection. So a flood of silent
//! connections displaces itself: a peer from another subnet is displaced only when every subnet has as few connections as it,
//! and a peer from the same subnet only when the flood is faster than its sign-on.
//!
//! The locks here are held for a few steps without I/O, once or twice a connection (HTTP: a request), never for a tap.

mod descriptors;
mod failures;
mod proxies;
mod seldom;
mod subnet;
#[cfg(test)]
mod tests;

use failures::Failures;
use proxies::{ONE, Requests};

pub use descriptors::{Ports, share_descriptors};
pub use proxies::{Networks, RequestPlace};
pub use seldom::Seldom;
pub use subnet::{Prefixes, Subnet};

use hashbrown::HashMap;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The port that a gate stands before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Port {
    /// A listener for acquirers.
    Acquirers,
    /// Health, metrics and the API.
    Http,
    /// Other nodes.
    Nodes,
}

impl Port {
    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Port::Acquirers => "acquirers",
            Port::Http => "http",
            Port::Nodes => "nodes",
        }
    }
}

/// The reason why this side closes a connection, as metrics name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// The port has no place, and no waiting connection that could give way.
    TooMany,
    /// The subnet has no place, and no waiting connection that could give way.
    TooManyOfSubnet,
    /// A newer connection took its place while it waited.
    Displaced,
    /// It did not sign on in time.
    NoSignOn,
    /// Too many of its sign-ons failed.
    FailedSignOns,
    /// No message came for too long after the sign-on.
    Idle,
    /// A message (HTTP: a request's header) began and did not end in time.
    Unfinished,
    /// The peer took no answers.
    Write,
    /// The stream cannot be cut into messages.
    Framing,
    /// The TLS handshake failed or took too long.
    Tls,
    /// The certificate is not accepted any more.
    Revoked,
    /// Another node did not show the key.
    Handshake,
}

impl Closed {
    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Closed::TooMany => "too_many",
            Closed::TooManyOfSubnet => "too_many_of_subnet",
            Closed::Displaced => "displaced",
            Closed::NoSignOn => "no_sign_on",
            Closed::FailedSignOns => "failed_sign_ons",
            Closed::Idle => "idle",
            Closed::Unfinished => "unfinished",
            Closed::Write => "write",
            Closed::Framing => "framing",
            Closed::Tls => "tls",
            Closed::Revoked => "revoked",
            Closed::Handshake => "handshake",
        }
    }
}

/// The number of connections that a port takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Connections in all.
    pub connections: usize,
    /// Of them, those that wait.
    pub waiting: usize,
    /// Connections of one subnet.
    pub of_subnet: usize,
    /// Of them, those that wait.
    pub waiting_of_subnet: usize,
    /// Connections of one proxy that is trusted. They count against no subnet.
    pub of_proxy: usize,
    /// Sign-ons of one subnet that may fail in a minute, before each of its connections has one attempt only.
    pub failed_sign_ons_of_subnet: u32,
    /// The lengths of the subnets' prefixes.
    pub prefixes: Prefixes,
}

impl Bounds {
    /// The same shares of fewer connections.
    pub fn within(self, connections: usize) -> Bounds {
        let part = |n: usize| {
            let part = n.min(self.connections).saturating_mul(connections) / self.connections.max(1);
            part.clamp(1, connections.max(1))
        };
        Bounds {
            connections: connections.max(1),
            waiting: part(self.waiting),
            of_subnet: part(self.of_subnet),
            waiting_of_subnet: part(self.waiting_of_subnet),
            of_proxy: part(self.of_proxy),
            failed_sign_ons_of_subnet: self.failed_sign_ons_of_subnet,
            prefixes: self.prefixes,
        }
    }
}

/// Displaced connections that have not gone yet; more at one time are not displaced, so that sockets stay bounded.
const LEAVING: usize = 64;
/// The time that the next connection waits for those that were displaced to go.
const GOING: Duration = Duration::from_secs(1);
/// The pause after the system had no descriptor for a connection.
const NO_DESCRIPTOR: Duration = Duration::from_millis(100);

/// Stands before one port.
pub struct Gate {
    port: Port,
    bounds: Bounds,
    places: Mutex<Places>,
    /// A displaced connection has gone.
    gone: Notify,
    /// Lines about single connections.
    lines: Seldom,
    /// Sign-ons that failed, by subnet.
    failures: Failures,
    /// Proxies that are trusted.
    proxies: Networks,
    /// Requests of callers behind them.
    requests: Requests,
}

#[derive(Default)]
struct Places {
    /// The next number of a waiting connection; lower ones have waited longer.
    next: u64,
    open: usize,
    waiting: usize,
    leaving: usize,
    subnets: HashMap<Subnet, Share>,
}

/// The connections of one subnet.
#[derive(Default)]
struct Share {
    open: usize,
    /// Those that wait and may be displaced, the oldest first.
    waiting: BTreeMap<u64, Arc<Notify>>,
}

impl Places {
    /// The subnet with the most waiting connections; among equals the one whose oldest has waited longest.
    fn heaviest(&self) -> Option<Subnet> {
        let waiting = self.subnets.iter().filter(|(_, share)| !share.waiting.is_empty());
        let by = |share: &Share| (share.waiting.len(), share.waiting.keys().next().map(|n| Reverse(*n)));
        waiting.max_by_key(|(_, share)| by(share)).map(|(subnet, _)| *subnet)
    }

    /// Tells the oldest waiting connection of this subnet to go. False when none can be told.
    fn displace(&mut self, subnet: Subnet) -> bool {
        if self.leaving >= LEAVING {
            return false;
        }
        let Some(share) = self.subnets.get_mut(&subnet) else { return false };
        let Some((_, leave)) = share.waiting.pop_first() else { return false };
        share.open -= 1;
        self.open -= 1;
        self.waiting -= 1;
        self.leaving += 1;
        leave.notify_one();
        self.forget(subnet);
        true
    }

    fn displace_heaviest(&mut self) -> bool {
        self.heaviest().is_some_and(|subnet| self.displace(subnet))
    }

    /// Makes room for one more of this subnet, and counts the connections that give way.
    fn room(&mut self, subnet: Subnet, bounds: &Bounds, displaced: &mut usize) -> Result<(), Closed> {
        let (open, waiting) = self.subnets.get(&subnet).map_or((0, 0), |share| (share.open, share.waiting.len()));
        if open >= bounds.of_subnet || waiting >= bounds.waiting_of_subnet {
            if !self.displace(subnet) {
                return Err(Closed::TooManyOfSubnet);
            }
            *displaced += 1;
        }
        if self.open >= bounds.connections || self.waiting >= bounds.waiting {
            if !self.displace_heaviest() {
                return Err(Closed::TooMany);
            }
            *displaced += 1;
        }
        Ok(())
    }

    fn wait(&mut self, subnet: Subnet, leave: &Arc<Notify>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting += 1;
        self.subnets.entry(subnet).or_default().waiting.insert(number, leave.clone());
        number
    }

    /// It waits no more. False when it has been told to go before.
    fn is_served(&mut self, subnet: Subnet, number: u64) -> bool {
        let waited = self.subnets.get_mut(&subnet).and_then(|share| share.waiting.remove(&number)).is_some();
        if waited {
            self.waiting -= 1;
        }
        waited
    }

    fn forget(&mut self, subnet: Subnet) {
        if self.subnets.get(&subnet).is_some_and(|share| share.open == 0) {
            self.subnets.remove(&subnet);
        }
    }
}

impl Gate {
    /// A gate before a port that takes so much.
    #[must_use]
    pub fn new(port: Port, bounds: Bounds) -> Arc<Gate> {
        Gate::behind(port, bounds, Networks::default())
    }

    /// A gate behind proxies that are trusted.
    #[must_use]
    pub fn behind(port: Port, bounds: Bounds, proxies: Networks) -> Arc<Gate> {
        Arc::new(Gate {
            port,
            bounds,
            places: Mutex::default(),
            gone: Notify::new(),
            lines: Seldom::default(),
            failures: Failures::new(bounds.failed_sign_ons_of_subnet),
            proxies,
            requests: Requests::default(),
        })
    }

    /// The subnet of an address, as this port counts it.
    pub fn subnet(&self, peer: SocketAddr) -> Subnet {
        Subnet::of(peer.ip(), self.bounds.prefixes)
    }

    /// The same, without a port: of a caller behind a proxy.
    pub fn subnet_of(&self, caller: std::net::IpAddr) -> Subnet {
        Subnet::of(caller, self.bounds.prefixes)
    }

    /// A place for a request that a trusted proxy brought from a caller of this subnet; none where the subnet has as many requests
    /// under way as it might have connections.
    pub fn request_of(&self, subnet: Subnet) -> Option<RequestPlace> {
        self.requests.take(subnet, self.bounds.of_subnet)
    }

    /// The next connection that has a place. Those without one are closed. Can be called again after it was cancelled.
    pub async fn accept(self: &Arc<Self>, socket: &TcpListener) -> (TcpStream, Place) {
        loop {
            self.settled().await;
            match socket.accept().await {
                Ok((stream, peer)) => match self.admit(peer) {
                    Ok(place) => return (stream, place),
                    Err(why) => {
                        self.closed(why);
                        if let Some(untold) = self.lines.one_more() {
                            let (port, reason) = (self.port.name(), why.name());
                            tracing::warn!(port, %peer, reason, untold, "no place for this connection; it is closed");
                        }
                    }
                },
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => self.cannot_accept(&error).await,
            }
        }
    }

    /// Waits while as many displaced connections as may be have not gone yet: the next one could displace none, and would be
    /// closed for it.
    async fn settled(&self) {
        let settled = async {
            while self.places().leaving >= LEAVING {
                self.gone.notified().await;
            }
        };
        // One that does not go must not close the port.
        let _ = tokio::time::timeout(GOING, settled).await;
    }

    /// Usually too many open files. What waits makes room, and the port is tried again.
    async fn cannot_accept(&self, error: &std::io::Error) {
        metrics::counter!("kazasu_accept_errors_total", "port" => self.port.name()).increment(1);
        let displaced = self.places().displace_heaviest();
        if displaced {
            self.closed(Closed::Displaced);
        }
        if let Some(untold) = self.lines.one_more() {
            let port = self.port.name();
            tracing::warn!(port, %error, displaced, untold, "cannot accept a connection; trying again");
        }
        tokio::time::sleep(NO_DESCRIPTOR).await;
    }

    /// A place for a connection, which begins by waiting.
    pub fn admit(self: &Arc<Self>, peer: SocketAddr) -> Result<Place, Closed> {
        let (subnet, bounds) = if self.proxies.hold(peer.ip()) {
            let of_proxy = self.bounds.of_proxy;
            let own = Bounds { of_subnet: of_proxy, waiting_of_subnet: of_proxy, ..self.bounds };
            (Subnet::of(peer.ip(), ONE), own)
        } else {
            (self.subnet(peer), self.bounds)
        };
        let mut displaced = 0;
        let admitted = {
            let mut places = self.places();
            places.room(subnet, &bounds, &mut displaced).map(|()| {
                let leave = Arc::new(Notify::new());
                places.open += 1;
                places.subnets.entry(subnet).or_default().open += 1;
                let number = places.wait(subnet, &leave);
                (leave, number)
            })
        };
        (0..displaced).for_each(|_| self.closed(Closed::Displaced));
        let (leave, number) = admitted?;
        self.opened();
        let standing = Mutex::new(Standing::Waits(number));
        Ok(Place { gate: self.clone(), peer, subnet, standing, leave })
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection that this side closes.
    pub fn closed(&self, why: Closed) {
        let reason = why.name();
        match self.port {
            Port::Acquirers => metrics::counter!("kazasu_connections_closed_total", "reason" => reason).increment(1),
            Port::Http => metrics::counter!("kazasu_http_connections_closed_total", "reason" => reason).increment(1),
            Port::Nodes => metrics::counter!("kazasu_peer_connections_closed_total", "reason" => reason).increment(1),
        }
    }

    /// Some when a line about a single connection may be written: how many have been left out since the last one.
    pub fn line(&self) -> Option<u64> {
        self.lines.one_more()
    }

    fn opened(&self) {
        self.open_by(1.0);
    }

    fn open_by(&self, n: f64) {
        match self.port {
            Port::Acquirers => metrics::gauge!("kazasu_connections_open").increment(n),
            Port::Http => metrics::gauge!("kazasu_http_connections_open").increment(n),
            Port::Nodes => metrics::gauge!("kazasu_peer_connections_open").increment(n),
        }
    }
}

/// The peer was gone before it was accepted; the port is well.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// It waits, under this number.
    Waits(u64),
    /// It is served.
    Served,
    /// It has been told to go.
    Leaves,
}

/// A connection's place at its port, given back however the connection ends.
pub struct Place {
    gate: Arc<Gate>,
    peer: SocketAddr,
    subnet: Subnet,
    standing: Mutex<Standing>,
    leave: Arc<Notify>,
}

impl Place {
    /// Whose connection it is.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The subnet of the peer.
    #[must_use]
    pub fn subnet(&self) -> Subnet {
        self.subnet
    }

    /// The number of sign-ons that may fail on this connection: as many as configured, or one while its subnet has had too many.
    pub(crate) fn sign_ons_that_may_fail(&self, configured: u32) -> u32 {
        if self.gate.failures.too_many_of(self.subnet, Instant::now()) { 1 } else { configured }
    }

    /// So many more have failed.
    pub(crate) fn sign_on_failed(&self, more: u32) {
        if more > 0 {
            self.gate.failures.add(self.subnet, more, Instant::now());
        }
    }

    /// The gate that gave it.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The peer has shown who it is, or its request is being served: it can no longer be displaced. False when it has been told
    /// to go already.
    pub fn serve(&self) -> bool {
        let mut standing = self.standing();
        if let Standing::Waits(number) = *standing {
            let stays = self.gate.places().is_served(self.subnet, number);
            *standing = if stays { Standing::Served } else { Standing::Leaves };
        }
        *standing != Standing::Leaves
    }

    /// Has the peer shown who it is, or is its request being served?
    pub fn is_served(&self) -> bool {
        *self.standing() == Standing::Served
    }

    /// It waits again, as the youngest. Where too many wait, another one gives way.
    pub fn wait(&self) {
        let mut standing = self.standing();
        if *standing != Standing::Served {
            return;
        }
        let mut displaced = false;
        {
            let mut places = self.gate.places();
            if places.waiting >= self.gate.bounds.waiting {
                displaced = places.displace_heaviest();
            }
            *standing = Standing::Waits(places.wait(self.subnet, &self.leave));
        }
        if displaced {
            self.gate.closed(Closed::Displaced);
        }
    }

    /// Completes when a newer connection has taken this place.
    pub async fn displaced(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let standing = *self.standing();
        {
            let mut places = self.gate.places();
            let has_left = match standing {
                Standing::Waits(number) => !places.is_served(self.subnet, number),
                Standing::Served => false,
                Standing::Leaves => true,
            };
            if has_left {
                places.leaving -= 1;
                self.gate.gone.notify_one();
            } else {
                places.open -= 1;
                if let Some(share) = places.subnets.get_mut(&self.subnet) {
                    share.open -= 1;
                }
                places.forget(self.subnet);
            }
        }
        self.gate.open_by(-1.0);
    }
}
