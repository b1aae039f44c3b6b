//! A TCP proxy that a test can freeze or cut, as a network does.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

const PASS: u8 = 0;
const FROZEN: u8 = 1;
const ENDED: u8 = 3;

/// Between a node and a server.
pub(crate) struct Proxy {
    port: u16,
    mode: Arc<AtomicU8>,
    /// Connections made before this number changed are closed.
    generation: Arc<AtomicU64>,
    cut: Arc<AtomicU8>,
}

impl Proxy {
    /// Passes connections on to a port of this machine.
    pub(crate) fn to(target: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy {
            port: listener.local_addr().unwrap().port(),
            mode: Arc::default(),
            generation: Arc::default(),
            cut: Arc::default(),
        };
        let (mode, generation, cut) = (proxy.mode.clone(), proxy.generation.clone(), proxy.cut.clone());
        std::thread::spawn(move || {
            for incoming in listener.incoming() {
                if mode.load(Ordering::Acquire) == ENDED {
                    return;
                }
                let Ok(near) = incoming else { continue };
                // Before the look at `cut`: a connection that is made while everything is cut is of the old generation.
                let born = generation.load(Ordering::Acquire);
                if cut.load(Ordering::Acquire) != 0 {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (mode, generation) = (mode.clone(), generation.clone());
                    std::thread::spawn(move || pass(from, to, &mode, &generation, born));
                }
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Nothing passes any more, and no side is told.
    pub(crate) fn freeze(&self) {
        self.mode.store(FROZEN, Ordering::Release);
    }

    /// Every connection breaks, and no new one is made.
    pub(crate) fn cut(&self) {
        self.cut.store(1, Ordering::Release);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// As before.
    pub(crate) fn heal(&self) {
        self.mode.store(PASS, Ordering::Release);
        self.cut.store(0, Ordering::Release);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.mode.store(ENDED, Ordering::Release);
        self.generation.fetch_add(1, Ordering::AcqRel);
        // Wakes the listener, so that it ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, mode: &AtomicU8, generation: &AtomicU64, born: u64) {
    let mut buffer = [0; 64 * 1024];
    from.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    while generation.load(Ordering::Acquire) == born {
        if mode.load(Ordering::Acquire) == FROZEN {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                // What was read before the freeze is held back by it, like the rest.
                while mode.load(Ordering::Acquire) == FROZEN && generation.load(Ordering::Acquire) == born {
                    std::thread::sleep(Duration::from_millis(5));
                }
                if to.write_all(&buffer[..n]).is_err() {
                    break;
                }
            }
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}
