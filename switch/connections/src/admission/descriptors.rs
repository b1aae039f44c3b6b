//! Descriptors: all ports together take fewer connections than the process may have open files, so that the journal, the database
//! and the issuers' connections always find one.

use super::Bounds;
use kazasu_text::Said;
use kazasu_text::tls::PartyText;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept back for the journal, the database, issuers, other nodes, deliveries, reports and logs.
const RESERVED: usize = 256;
/// Without so many for connections nothing starts.
const FEWEST: usize = 64;

/// The bounds of every port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ports {
    /// One for each listener for acquirers.
    pub listeners: Vec<Bounds>,
    /// Health, metrics and the API.
    pub http: Bounds,
    /// Other nodes.
    pub nodes: Option<Bounds>,
}

impl Ports {
    fn all(&mut self) -> impl Iterator<Item = &mut Bounds> {
        self.listeners.iter_mut().chain([&mut self.http]).chain(self.nodes.as_mut())
    }
}

/// Raises the process's limit of open files as far as it may and needs to. Where that is not enough, every port gets the same part of
/// what is configured, which the log says.
pub fn share_descriptors(ports: Ports) -> anyhow::Result<Ports> {
    let mut asked = ports.clone();
    let wanted: usize = asked.all().map(|bounds| bounds.connections).sum();
    fit(ports, wanted, open_files(wanted + RESERVED))
}

fn fit(mut ports: Ports, wanted: usize, open_files: usize) -> anyhow::Result<Ports> {
    let room = open_files.saturating_sub(RESERVED);
    if wanted <= room {
        return Ok(ports);
    }
    anyhow::ensure!(
        room >= FEWEST,
        Said::of(&PartyText::OpenFiles { open: open_files.into(), least: (RESERVED + FEWEST).into() })
    );
    for bounds in ports.all() {
        *bounds = bounds.within(bounds.connections.saturating_mul(room) / wanted);
    }
    tracing::warn!(
        open_files,
        wanted = wanted + RESERVED,
        connections = room,
        "fewer open files than [limits] and [limits.http] need: every port takes fewer connections; raise `ulimit -n` \
         (LimitNOFILE in the unit)"
    );
    Ok(ports)
}

/// The number of files that the process may have open, after the soft limit was raised to `wanted` where the hard one allows it.
fn open_files(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let soft = limit.current.unwrap_or(u64::MAX);
    let raised = wanted.min(limit.maximum.unwrap_or(u64::MAX));
    let soft = if raised > soft {
        let new = Rlimit { current: Some(raised), maximum: limit.maximum };
        setrlimit(Resource::Nofile, new).map_or(soft, |()| raised)
    } else {
        soft
    };
    usize::try_from(soft).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::Prefixes;
    use super::*;

    fn ports() -> Ports {
        let prefixes = Prefixes { ipv4: 32, ipv6: 64 };
        let bounds = Bounds {
            connections: 4_000,
            waiting: 1_000,
            of_subnet: 2_000,
            waiting_of_subnet: 200,
            of_proxy: 12,
            failed_sign_ons_of_subnet: 1,
            prefixes,
        };
        Ports { listeners: vec![bounds; 2], http: bounds.within(1_000), nodes: Some(bounds.within(1_000)) }
    }

    #[test]
    fn all_ports_together_leave_descriptors_for_the_journal() {
        assert_eq!(fit(ports(), 10_000, 10_000 + RESERVED).unwrap(), ports());
        let mut fewer = fit(ports(), 10_000, 1_000 + RESERVED).unwrap();
        assert!(fewer.all().map(|bounds| bounds.connections).sum::<usize>() <= 1_000);
        let listener = fewer.listeners[0];
        assert_eq!(
            [listener.connections, listener.waiting, listener.of_subnet, listener.waiting_of_subnet],
            [400, 100, 200, 20]
        );
        let error = fit(ports(), 10_000, RESERVED + FEWEST - 1).unwrap_err().to_string();
        assert!(error.contains("ulimit -n") && error.contains("319"), "{error}");
    }
}
