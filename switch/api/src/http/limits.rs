//! Bounds of HTTP connections and requests.

use std::time::Duration;

/// Bounds of each connection and request.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Requests of one caller in a minute.
    pub requests_of_caller: u32,
    /// Bodies of one caller at one time.
    pub bodies_of_caller: usize,
    /// Bodies of one subnet at one time.
    pub bodies_of_subnet: usize,
    /// A new connection's first header is there by then.
    pub header: Duration,
    /// A connection without a further header for this long is closed.
    pub idle: Duration,
    /// A whole body is there by then.
    pub body: Duration,
    /// A body of which nothing comes for this long is given up.
    pub body_pause: Duration,
    /// A peer that takes nothing of an answer for this long is closed.
    pub write: Duration,
}
