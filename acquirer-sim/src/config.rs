//! `acquirer.toml`: how an acquirer reaches the switch, and whom it knows.

use anyhow::Context;
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, Ppid, TerminalId};
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_schemas::secret::Key;
use kazasu_schemas::utf8;
use kazasu_schemas::wire::PpidPlace;
use kazasu_tls::{Client, ClientFiles, OwnFiles, Party};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    addr: String,
    id: InstitutionId,
    dialect: String,
    mac: MacAlgorithm,
    #[serde(default)]
    ppid_in: PpidPlace,
    master_key: String,
    /// Of files that were made when sign-on had keys of its own: it stays unused.
    #[serde(rename = "to_switch_key")]
    _to_switch_key: Option<serde::de::IgnoredAny>,
    /// The same.
    #[serde(rename = "from_switch_key")]
    _from_switch_key: Option<serde::de::IgnoredAny>,
    cards_file: Option<PathBuf>,
    tls: Option<TlsFile>,
    #[serde(default)]
    cards: BTreeMap<String, String>,
    #[serde(default)]
    merchant: Vec<MerchantFile>,
}

/// `tls` of the file: how the switch is recognised, and what the acquirer shows. PEM files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFile {
    /// Authorities of the switch's certificate.
    pub ca: PathBuf,
    /// The acquirer's certificate chain.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The name that the switch's certificate has; the host of `addr` when it is left out.
    pub name: Option<String>,
}

impl TlsFile {
    /// Reads the files, relative to a folder, for a connection to `addr`.
    pub fn client(&self, base: &Path, addr: &str) -> anyhow::Result<Arc<Client>> {
        let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
        let name = self.name.as_deref().unwrap_or(host).trim_matches(['[', ']']).to_owned();
        let files = ClientFiles {
            own: Some(OwnFiles { certificates: base.join(&self.certificates), key: base.join(&self.key) }),
            authorities: base.join(&self.ca),
            revocations: Vec::new(),
            name: name.clone().try_into().with_context(|| format!("name {name:?} is no host name"))?,
            server: Party::default(),
        };
        Ok(Arc::new(Client::load(files)?))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MerchantFile {
    id: MerchantId,
    mcc: String,
    terminals: Vec<TerminalId>,
    alias: Option<String>,
}

/// A merchant and its terminals.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// DE42.
    pub id: MerchantId,
    /// DE18.
    pub mcc: Mcc,
    /// DE41.
    pub terminals: Vec<TerminalId>,
    /// What scenarios call it.
    pub alias: Option<String>,
}

/// An acquirer, ready to connect.
#[derive(Clone, Debug)]
pub struct AcquirerConfig {
    /// Host and port of the switch.
    pub addr: String,
    /// DE32.
    pub id: InstitutionId,
    /// What the port speaks.
    pub dialect: Arc<Dialect>,
    /// MAC function.
    pub mac: MacAlgorithm,
    /// Where the PPID travels.
    pub ppid_in: PpidPlace,
    /// Session keys follow from it.
    pub master: Key,
    /// Its clock is ahead by so many milliseconds: of a switch whose clock was set for a test or a demonstration.
    pub ahead: i64,
    /// A CSV file whose column `ppid` lists residents.
    pub cards_file: Option<PathBuf>,
    /// TLS, when the port speaks it.
    pub tls: Option<Arc<Client>>,
    /// Cards by alias.
    pub cards: BTreeMap<String, Ppid>,
    /// Merchants.
    pub merchants: Vec<Merchant>,
}

impl AcquirerConfig {
    /// Reads the file.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let base = path.parent().unwrap_or(Path::new("."));
        Self::parse(utf8::without_mark(&text), base).with_context(|| path.display().to_string())
    }

    fn parse(text: &str, base: &Path) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text).map_err(|e| anyhow::anyhow!("{}", e.message()))?;
        let dialect = match Dialect::shipped(&file.dialect) {
            Some(dialect) => dialect,
            None => {
                let path = base.join(&file.dialect);
                let shipped = Dialect::SHIPPED.join(", ");
                let text = std::fs::read_to_string(&path).with_context(|| {
                    format!("dialect {:?} is none of {shipped}, and {} cannot be read", file.dialect, path.display())
                })?;
                Dialect::parse(utf8::without_mark(&text))?
            }
        };
        let key = |text: &str, name: &'static str| Key::from_hex(text).context(name);
        let mut cards = BTreeMap::new();
        for (alias, ppid) in file.cards {
            let ppid = ppid.parse().map_err(|e| anyhow::anyhow!("cards.{alias}: {e}"))?;
            cards.insert(alias, ppid);
        }
        let merchants = file.merchant.into_iter().map(|m| {
            let mcc = m.mcc.parse().with_context(|| format!("merchant {}: mcc", m.id))?;
            anyhow::ensure!(!m.terminals.is_empty(), "merchant {}: at least one terminal is needed", m.id);
            Ok(Merchant { id: m.id, mcc, terminals: m.terminals, alias: m.alias })
        });
        let tls = file.tls.map(|tls| tls.client(base, &file.addr)).transpose().context("tls")?;
        Ok(AcquirerConfig {
            addr: file.addr,
            tls,
            id: file.id,
            dialect: Arc::new(dialect),
            mac: file.mac,
            ppid_in: file.ppid_in,
            master: key(&file.master_key, "master_key")?,
            ahead: 0,
            cards_file: file.cards_file.map(|p| base.join(p)),
            cards,
            merchants: merchants.collect::<anyhow::Result<_>>()?,
        })
    }

    /// What its clock says.
    #[must_use]
    pub fn now(&self) -> Millis {
        Millis(crate::clock::now().0 + self.ahead)
    }

    /// A merchant by alias.
    #[must_use]
    pub fn merchant(&self, alias: &str) -> Option<&Merchant> {
        self.merchants.iter().find(|m| m.alias.as_deref() == Some(alias))
    }

    /// The residents of `cards_file`: every PPID in its column `ppid`, each once, named cards left out.
    pub fn residents(&self) -> anyhow::Result<Vec<Ppid>> {
        let path = self.cards_file.as_ref().context("cards_file is not set")?;
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let column = header.split(',').position(|c| c.trim().trim_start_matches('\u{feff}') == "ppid");
        let column = column.with_context(|| format!("{}: the header has no column ppid", path.display()))?;
        let named: std::collections::BTreeSet<Ppid> = self.cards.values().copied().collect();
        let mut out = Vec::new();
        for (line, n) in lines.zip(2..) {
            let value = line.split(',').nth(column).unwrap_or_default().trim();
            let ppid: Ppid = value.parse().with_context(|| format!("{} line {n}", path.display()))?;
            if !named.contains(&ppid) {
                out.push(ppid);
            }
        }
        Ok(out)
    }
}
