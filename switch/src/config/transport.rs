//! What protects connections: TLS files as the configuration names them, and where none is no choice. A connection to or from another
//! machine has TLS, or a MAC where messages have one; between nodes it is encrypted under each node's own key.

use super::{Config, ConfigFile, IssuerFile, ListenerFile};
use crate::client::{Http, HttpTls};
use anyhow::{Context, bail};
use kazasu_tls::{ClientFiles, Fingerprint, OwnFiles, Party, ServerFiles, is_loopback};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Nothing reaches another machine unprotected.
pub(super) fn check(file: &ConfigFile) -> anyhow::Result<()> {
    for issuer in &file.issuers {
        let IssuerFile { number, name, addr, mac, tls, .. } = issuer;
        if tls.is_none() && mac.is_none() && !is_loopback(addr) {
            bail!(
                "[[issuer]] {number} ({name}): addr {addr:?} is another machine, and the connection has neither `tls` nor `mac`: card \
                 numbers could be read and answers changed on the way. Add tls = {{ ca, certificates, key }}, or mac and its keys in the key file"
            );
        }
        if let Some(tls) = tls {
            pins(&tls.pins).with_context(|| format!("[[issuer]] {number} ({name}): tls.pins"))?;
            server_name(tls.name.as_deref(), addr).with_context(|| format!("[[issuer]] {number} ({name}): tls"))?;
        }
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
             this one its cluster.private in the key file (`kazasu node key` makes a pair)"
        );
    }
    Ok(())
}

fn pins(texts: &[String]) -> anyhow::Result<Vec<Fingerprint>> {
    Ok(texts.iter().map(|text| text.parse()).collect::<Result<_, kazasu_tls::FingerprintError>>()?)
}

/// The name that a server at this address must have.
fn server_name(name: Option<&str>, addr: &str) -> anyhow::Result<rustls::pki_types::ServerName<'static>> {
    let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
    let name = name.unwrap_or(host).trim_matches(['[', ']']).to_owned();
    name.clone().try_into().with_context(|| format!("name {name:?} is no host name or address"))
}

impl Config {
    /// What is allowed and worth knowing.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let clear = |issuer: &&IssuerFile| issuer.tls.is_none() && !is_loopback(&issuer.addr);
        let of = |issuer: &IssuerFile| {
            let IssuerFile { number, name, .. } = issuer;
            format!("[[issuer]] {number} ({name}) has a MAC and no tls: its card numbers can be read on the way")
        };
        let mut notes: Vec<String> = self.file.issuers.iter().filter(clear).map(of).collect();
        let keys = self.file.listeners.iter().filter_map(|listener| Some(&listener.tls.as_ref()?.key));
        let keys = keys.chain(self.file.issuers.iter().filter_map(|issuer| Some(&issuer.tls.as_ref()?.key)));
        let keys = keys.chain(self.file.http_tls.as_ref().map(|tls| &tls.key)).map(|key| self.base.join(key));
        let open: BTreeSet<PathBuf> = keys.filter(|path| super::only_owner_reads(path).is_err()).collect();
        notes.extend(open.iter().map(|path| {
            format!("{}: a private key that others may read, or that is not there; run: chmod 600 {0}", path.display())
        }));
        notes
    }

    fn own(&self, certificates: &Path, key: &Path) -> OwnFiles {
        OwnFiles { certificates: self.base.join(certificates), key: self.base.join(key) }
    }

    fn all(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        paths.iter().map(|path| self.base.join(path)).collect()
    }

    /// TLS files of a listener.
    #[must_use]
    pub fn listener_tls(&self, listener: &ListenerFile) -> Option<ServerFiles> {
        listener.tls.as_ref().map(|tls| ServerFiles {
            own: self.own(&tls.certificates, &tls.key),
            client_authorities: Some(self.base.join(&tls.client_ca)),
            revocations: self.all(&tls.crls),
            // Which acquirer it is shows at its sign-on.
            clients: Party::default(),
        })
    }

    /// TLS files of an issuer's connection.
    pub fn issuer_tls(&self, issuer: &IssuerFile) -> anyhow::Result<Option<ClientFiles>> {
        let Some(tls) = &issuer.tls else { return Ok(None) };
        Ok(Some(ClientFiles {
            own: Some(self.own(&tls.certificates, &tls.key)),
            authorities: self.base.join(&tls.ca),
            revocations: self.all(&tls.crls),
            name: server_name(tls.name.as_deref(), &issuer.addr)?,
            server: Party { fingerprints: pins(&tls.pins)?, names: Vec::new() },
        }))
    }

    /// TLS files of the HTTP address.
    #[must_use]
    pub fn http_tls(&self) -> Option<ServerFiles> {
        self.file.http_tls.as_ref().map(|tls| ServerFiles {
            own: self.own(&tls.certificates, &tls.key),
            client_authorities: tls.client_ca.as_ref().map(|path| self.base.join(path)),
            revocations: self.all(&tls.crls),
            clients: Party::default(),
        })
    }

    /// How the command line reaches the HTTP of this configuration's switches.
    pub(crate) fn http_client(&self) -> Http {
        Http(self.file.http_tls.as_ref().map(|tls| HttpTls {
            authorities: tls.ca.as_ref().map(|path| self.base.join(path)),
            own: tls.client_ca.as_ref().map(|_| self.own(&tls.certificates, &tls.key)),
            name: tls.name.clone(),
        }))
    }
}
