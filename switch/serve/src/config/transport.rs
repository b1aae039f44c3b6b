//! The TLS files of connections, as the configuration names them.

use super::Config;
use super::file::{IssuerFile, IssuerKeying, ListenerFile};
use super::protection::{pins, server_name, shut_out};
use kazasu_api::client::{Http, HttpTls};
use kazasu_connections::certificates::{CertificateFiles, IssuerFiles};
use kazasu_text::Said;
use kazasu_text::tls::TlsText;
use kazasu_tls::{ClientFiles, OwnFiles, Party, ServerFiles, is_loopback};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl Config {
    /// Allowed settings that an operator should know about.
    #[must_use]
    pub fn notes(&self) -> Vec<Said> {
        let clear = |issuer: &&IssuerFile| issuer.tls.is_none() && !is_loopback(&issuer.addr);
        let of = |issuer: &IssuerFile| Said::of(&TlsText::CardsInClear { number: issuer.number, name: &issuer.name });
        let mut notes: Vec<Said> = self.file.issuers.iter().filter(clear).map(of).collect();
        notes.extend(shut_out(&self.file));
        let fixed = |issuer: &&IssuerFile| issuer.mac.is_some() && issuer.keys == IssuerKeying::Static;
        notes.extend(
            self.file
                .issuers
                .iter()
                .filter(fixed)
                .map(|IssuerFile { number, name, .. }| Said::of(&TlsText::FixedKeys { number: *number, name })),
        );
        let keys = self.file.listeners.iter().filter_map(|listener| Some(&listener.tls.as_ref()?.key));
        let keys = keys.chain(self.file.issuers.iter().filter_map(|issuer| Some(&issuer.tls.as_ref()?.key)));
        let keys = keys.chain(self.file.http_tls.as_ref().map(|tls| &tls.key)).map(|key| self.base.join(key));
        let open: BTreeSet<PathBuf> =
            keys.filter(|path| kazasu_security::files::only_owner_reads(path).is_err()).collect();
        notes.extend(open.iter().map(|path| Said::of(&TlsText::KeyReadable { path: &path.display().to_string() })));
        notes
    }

    fn own(&self, certificates: &Path, key: &Path) -> OwnFiles {
        OwnFiles { certificates: self.base.join(certificates), key: self.base.join(key) }
    }

    fn all(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        paths.iter().map(|path| self.base.join(path)).collect()
    }

    /// The TLS files of every connection.
    pub fn certificate_files(&self) -> anyhow::Result<CertificateFiles> {
        let listeners = self.file.listeners.iter().map(|listener| (listener.addr.clone(), self.listener_tls(listener)));
        let mut issuers = Vec::new();
        for issuer in &self.file.issuers {
            if let Some(files) = self.issuer_tls(issuer)? {
                issuers.push(IssuerFiles { number: issuer.number, name: issuer.name.clone(), files });
            }
        }
        let http = self.http_tls().map(|files| (self.file.http.clone(), files));
        Ok(CertificateFiles { listeners: listeners.collect(), issuers, http })
    }

    /// TLS files of a listener.
    #[must_use]
    fn listener_tls(&self, listener: &ListenerFile) -> Option<ServerFiles> {
        listener.tls.as_ref().map(|tls| ServerFiles {
            own: self.own(&tls.certificates, &tls.key),
            client_authorities: Some(self.base.join(&tls.client_ca)),
            revocations: self.all(&tls.crls),
            // The sign-on names the acquirer.
            clients: Party::default(),
        })
    }

    /// TLS files of an issuer's connection.
    fn issuer_tls(&self, issuer: &IssuerFile) -> anyhow::Result<Option<ClientFiles>> {
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
    fn http_tls(&self) -> Option<ServerFiles> {
        self.file.http_tls.as_ref().map(|tls| ServerFiles {
            own: self.own(&tls.certificates, &tls.key),
            client_authorities: tls.client_ca.as_ref().map(|path| self.base.join(path)),
            revocations: self.all(&tls.crls),
            clients: Party::default(),
        })
    }

    /// The command line's way to the HTTP of this configuration's switches.
    pub fn http_client(&self) -> Http {
        Http(self.file.http_tls.as_ref().map(|tls| HttpTls {
            authorities: tls.ca.as_ref().map(|path| self.base.join(path)),
            own: tls.client_ca.as_ref().map(|_| self.own(&tls.certificates, &tls.key)),
            name: tls.name.clone(),
        }))
    }
}
