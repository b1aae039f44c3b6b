//! Refuses unprotected connections: a connection to or from another machine has TLS, or a MAC where messages have one; connections
//! between nodes are encrypted under each node's own key.

use super::file::{AcquirerFile, ConfigFile, IssuerFile, IssuerKeying};
use anyhow::{Context, bail};
use kazasu_tls::{Fingerprint, is_loopback};

/// Checks that no message reaches another machine unprotected.
pub(super) fn check(file: &ConfigFile) -> anyhow::Result<()> {
    for issuer in &file.issuers {
        let IssuerFile { number, name, addr, mac, keys, tls, .. } = issuer;
        if tls.is_none() && mac.is_none() && !is_loopback(addr) {
            bail!(
                "[[issuer]] {number} ({name}): addr {addr:?} is another machine, and the connection has neither `tls` nor `mac`: card \
                 numbers could be read and answers changed on the way. Add tls = {{ ca, certificates, key }}, or mac and its keys"
            );
        }
        if tls.is_none() && *keys == IssuerKeying::Static && !is_loopback(addr) {
            bail!(
                "[[issuer]] {number} ({name}): addr {addr:?} is another machine, and keys = \"static\" without `tls`: what was recorded of one \
                 connection could be played back on another. Agree on keys = \"session\" with the issuer, or add tls = {{ ca, certificates, key }}"
            );
        }
        if let Some(tls) = tls {
            pins(&tls.pins).with_context(|| format!("[[issuer]] {number} ({name}): tls.pins"))?;
            server_name(tls.name.as_deref(), addr).with_context(|| format!("[[issuer]] {number} ({name}): tls"))?;
        }
    }
    let shut_out = shut_out(file);
    if !shut_out.is_empty() && shut_out.len() == file.acquirers.len() {
        bail!("no acquirer can sign on:\n{}", shut_out.join("\n"));
    }
    if file.http_tls.is_none() && !file.http_behind_proxy && !is_loopback(&file.http) {
        bail!(
            "http {:?} can be reached from other machines, and it has no TLS: tokens and residents' data could be read. Add [http_tls] with \
             certificates and key, or set http_behind_proxy = true when a proxy that does TLS is the only one to reach it",
            file.http
        );
    }
    let Some(cluster) = &file.cluster else { return Ok(()) };
    let outside = [Some(&cluster.listen), cluster.advertise.as_ref()].into_iter().flatten().find(|a| !is_loopback(a));
    if let Some(addr) = outside.filter(|_| cluster.nodes.is_empty()) {
        bail!(
            "cluster: nodes on other machines ({addr:?}) need keys of their own: name every node's public key in [cluster.nodes], and give \
             this one its own key (`kazasu key generate node.NAME` shows the public key)"
        );
    }
    Ok(())
}

/// Acquirers that can sign on at no listener, and why: those with client certificates need one with TLS, the others one without.
pub(super) fn shut_out(file: &ConfigFile) -> Vec<String> {
    let has = |tls: bool| file.listeners.iter().any(|listener| listener.tls.is_some() == tls);
    let why = |acquirer: &AcquirerFile| {
        let AcquirerFile { id, name, certificates, .. } = acquirer;
        match certificates.is_empty() {
            false if !has(true) => Some(format!(
                "[[acquirer]] {id} ({name}) has certificates and no [[listener]] has tls: it cannot sign on. Give a listener tls = {{ \
                 certificates, key, client_ca }}, or take the acquirer's certificates out"
            )),
            true if !has(false) => Some(format!(
                "[[acquirer]] {id} ({name}) has no certificates and every [[listener]] has tls: it cannot sign on. Put the SHA-256 of its \
                 client certificate into certificates, or add a listener without tls"
            )),
            true | false => None,
        }
    };
    file.acquirers.iter().filter_map(why).collect()
}

/// Fingerprints as people write them.
pub(super) fn pins(texts: &[String]) -> anyhow::Result<Vec<Fingerprint>> {
    Ok(texts.iter().map(|text| text.parse()).collect::<Result<_, kazasu_tls::FingerprintError>>()?)
}

/// The name that a server at this address must have.
pub(super) fn server_name(name: Option<&str>, addr: &str) -> anyhow::Result<rustls::pki_types::ServerName<'static>> {
    let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
    let name = name.unwrap_or(host).trim_matches(['[', ']']).to_owned();
    name.clone().try_into().with_context(|| format!("name {name:?} is no host name or address"))
}
