//! Refuses unprotected connections: a connection to or from another machine has TLS, or a MAC where messages have one; connections
//! between nodes are encrypted under each node's own key.

use super::file::{AcquirerFile, ConfigFile, IssuerFile, IssuerKeying};
use anyhow::bail;
use kazasu_text::configuration::ConfigText;
use kazasu_text::{Because, Quoted, Said, Text};
use kazasu_tls::{Fingerprint, is_loopback};

/// Checks that no message reaches another machine unprotected.
pub(super) fn check(file: &ConfigFile) -> anyhow::Result<()> {
    for issuer in &file.issuers {
        let IssuerFile { number, name, addr, mac, keys, tls, .. } = issuer;
        if tls.is_none() && mac.is_none() && !is_loopback(addr) {
            bail!(Said::of(&ConfigText::IssuerInClear { number: *number, name, addr: Quoted(addr) }));
        }
        if tls.is_none() && *keys == IssuerKeying::Static && !is_loopback(addr) {
            bail!(Said::of(&ConfigText::IssuerStatic { number: *number, name, addr: Quoted(addr) }));
        }
        if let Some(tls) = tls {
            pins(&tls.pins).because(|| Said::plain(format!("[[issuer]] {number} ({name}): tls.pins")))?;
            server_name(tls.name.as_deref(), addr)
                .because(|| Said::plain(format!("[[issuer]] {number} ({name}): tls")))?;
        }
    }
    let shut_out = shut_out(file);
    if !shut_out.is_empty() && shut_out.len() == file.acquirers.len() {
        let why = &Said::new(|language| {
            shut_out.iter().map(|why| why.in_language(language).into_owned()).collect::<Vec<_>>().join("\n")
        });
        bail!(Said::of(&ConfigText::NoSignOn { why }));
    }
    if file.http_tls.is_none() && !file.http_behind_proxy && !is_loopback(&file.http) {
        bail!(Said::of(&ConfigText::HttpInClear { addr: Quoted(&file.http) }));
    }
    let Some(cluster) = &file.cluster else { return Ok(()) };
    let outside = [Some(&cluster.listen), cluster.advertise.as_ref()].into_iter().flatten().find(|a| !is_loopback(a));
    if let Some(addr) = outside.filter(|_| cluster.nodes.is_empty()) {
        bail!(Said::of(&ConfigText::NodeKeys { addr: Quoted(addr) }));
    }
    Ok(())
}

/// Acquirers that can sign on at no listener, and why: those with client certificates need one with TLS, the others one without.
pub(super) fn shut_out(file: &ConfigFile) -> Vec<Said> {
    let has = |tls: bool| file.listeners.iter().any(|listener| listener.tls.is_some() == tls);
    let why = |acquirer: &AcquirerFile| {
        let AcquirerFile { id, name, certificates, .. } = acquirer;
        let acquirer = *id;
        match certificates.is_empty() {
            false if !has(true) => Some(Said::of(&ConfigText::NoTlsListener { acquirer, name })),
            true if !has(false) => Some(Said::of(&ConfigText::OnlyTlsListeners { acquirer, name })),
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
    let wrong = |_| Said::of(&ConfigText::HostName { got: Quoted(&name) }).into();
    name.clone().try_into().map_err(wrong)
}
