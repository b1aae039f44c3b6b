//! Endpoints, their cursors, their attempts, and what is to be sent again: rows beside the journal.

use super::rows::{
    AGAIN, ATTEMPT, Again, Attempt, CURSOR, Cursor, ENDPOINT, Endpoint, FOR_EVER, KEPT_ATTEMPTS, KEPT_MS, SealedSecret,
    read, written,
};
use super::signature::{BYTES, WebhookSecret};
use data_encoding::BASE32_NOPAD;
use kazasu_engine::clock;
use kazasu_schemas::identity::Scope;
use kazasu_schemas::jst::Millis;
use kazasu_store::StoreError;
use kazasu_store::side::SideRow;
use kazasu_store::side_rows::SideRows;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Endpoints at most.
pub const MOST_ENDPOINTS: usize = 500;
/// Requests to send again that wait at most, of one endpoint.
const MOST_WAITING: usize = 20;
/// Attempts to write a row that others write too.
const TRIES: usize = 20;

/// Why a row was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The table beside the journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are as many endpoints, or requests to send again, as there may be.
    #[error("there are {0} already, which is the most")]
    Full(usize),
    /// No random bytes, or the vault does not seal.
    #[error("a secret cannot be made: {0}")]
    Secret(String),
    /// Others have written the row again and again.
    #[error("others are changing it; try again")]
    Contended,
}

type Result<T> = std::result::Result<T, BookError>;

/// Seals secrets.
pub trait Seal: Send + Sync {
    /// Seals a secret for what it is about.
    fn seal(&self, clear: &[u8], about: &[u8; 16]) -> Option<Vec<u8>>;
    /// Opens it again.
    fn open(&self, sealed: &[u8], about: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>>;
    /// Was it sealed under the key that seals now?
    fn is_current(&self, sealed: &[u8]) -> bool;
}

/// What an endpoint is registered with.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// See [`Endpoint`].
    pub url: String,
    /// See [`Endpoint`].
    pub kinds: Vec<String>,
    /// See [`Endpoint`].
    pub scope: Scope,
    /// See [`Endpoint`].
    pub note: String,
    /// Who registers it.
    pub by: String,
    /// Events after this record are sent.
    pub after: u64,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// It is so now.
    To(Box<Endpoint>),
    /// It was so.
    Not(Box<Endpoint>),
    /// There is no such endpoint.
    Unknown,
}

/// The rows.
#[derive(Clone)]
pub struct Book {
    rows: SideRows,
    seal: Arc<dyn Seal>,
}

fn random(bytes: usize) -> Result<Zeroizing<Vec<u8>>> {
    clock::random_bytes(bytes).map(Zeroizing::new).map_err(|error| BookError::Secret(error.to_string()))
}

/// What a secret of an endpoint is sealed for.
fn about(id: &str) -> [u8; 16] {
    let hash = Sha256::new().chain_update(b"webhook secret\0").chain_update(id).finalize();
    std::array::from_fn(|at| hash[at])
}

fn attempt_key(id: &str, number: u64) -> Vec<u8> {
    [id.as_bytes(), &[0], &(number % KEPT_ATTEMPTS).to_be_bytes()].concat()
}

fn prefix(id: &str) -> Vec<u8> {
    [id.as_bytes(), &[0]].concat()
}

impl Book {
    /// On the table beside the journal.
    #[must_use]
    pub fn new(rows: SideRows, seal: Arc<dyn Seal>) -> Book {
        Book { rows, seal }
    }

    /// Every endpoint with its id, in the order of ids.
    pub async fn all(&self) -> Result<Vec<(String, Endpoint)>> {
        let rows = self.rows.list(ENDPOINT, Vec::new()).await?;
        Ok(rows.iter().filter_map(|row| Some((String::from_utf8(row.key.clone()).ok()?, read(row)?))).collect())
    }

    /// An endpoint.
    pub async fn endpoint(&self, id: &str) -> Result<Option<Endpoint>> {
        Ok(self.rows.get(ENDPOINT, id.as_bytes().to_vec()).await?.as_ref().and_then(read))
    }

    /// Registers an endpoint; its id, and its secret, which is shown once.
    pub async fn register(&self, new: NewEndpoint) -> Result<(String, WebhookSecret)> {
        if self.all().await?.len() >= MOST_ENDPOINTS {
            return Err(BookError::Full(MOST_ENDPOINTS));
        }
        let id = format!("hook_{}", BASE32_NOPAD.encode(&random(10)?).to_ascii_lowercase());
        let (secret, sealed) = self.new_secret(&id)?;
        let NewEndpoint { url, kinds, scope, note, by, after } = new;
        let (switched_by, switched_why) = (String::new(), String::new());
        let at = clock::now();
        let (secrets, turns) = (vec![sealed], 0);
        let endpoint =
            Endpoint { url, kinds, scope, on: true, secrets, by, at, note, switched_by, switched_why, turns };
        // The cursor first: an endpoint without one would begin with the first record.
        let cursor = Cursor { after, ..Cursor::default() };
        self.rows.put(row(CURSOR, id.as_bytes(), written(&cursor))).await?;
        self.rows.put(row(ENDPOINT, id.as_bytes(), written(&endpoint))).await?;
        Ok((id, secret))
    }

    fn new_secret(&self, id: &str) -> Result<(WebhookSecret, SealedSecret)> {
        let bytes = random(BYTES)?;
        let secret = WebhookSecret::new(&bytes).map_err(|error| BookError::Secret(error.to_string()))?;
        let sealed = self.sealed(id, &secret)?;
        Ok((secret, SealedSecret { sealed, made: clock::now(), until: None }))
    }

    fn sealed(&self, id: &str, secret: &WebhookSecret) -> Result<Vec<u8>> {
        let sealed = self.seal.seal(secret.bytes(), &about(id));
        sealed.ok_or_else(|| BookError::Secret("the vault does not seal".to_owned()))
    }

    /// Changes an endpoint as it is read. `change` may be called again, when another has changed it meanwhile.
    pub async fn change(&self, id: &str, mut change: impl FnMut(&mut Endpoint)) -> Result<Changed> {
        for _ in 0..TRIES {
            let Some(there) = self.rows.get(ENDPOINT, id.as_bytes().to_vec()).await? else {
                return Ok(Changed::Unknown);
            };
            let Some(before) = read::<Endpoint>(&there) else { return Ok(Changed::Unknown) };
            let mut after = before.clone();
            change(&mut after);
            if after == before {
                return Ok(Changed::Not(Box::new(before)));
            }
            if self.rows.put(SideRow { value: written(&after), ..there }).await? {
                return Ok(Changed::To(Box::new(after)));
            }
        }
        Err(BookError::Contended)
    }

    /// Removes an endpoint with its cursor, its attempts, and what was to be sent again. False when there was none.
    pub async fn remove(&self, id: &str) -> Result<bool> {
        let there = self.rows.delete(ENDPOINT, id.as_bytes().to_vec()).await?;
        self.rows.delete(CURSOR, id.as_bytes().to_vec()).await?;
        for kind in [AGAIN, ATTEMPT] {
            for row in self.rows.list(kind, prefix(id)).await? {
                self.rows.delete(kind, row.key).await?;
            }
        }
        Ok(there)
    }

    /// Gives an endpoint a new secret. The one before signs beside it for `overlap`; an older one ends at once.
    pub async fn rotate(&self, id: &str, overlap: Duration) -> Result<Option<WebhookSecret>> {
        let (secret, sealed) = self.new_secret(id)?;
        let now = clock::now();
        let overlap_ms = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX);
        let until = Millis(now.0.saturating_add(overlap_ms));
        let changed = self.change(id, |endpoint| {
            let before = endpoint.secrets.pop().filter(|_| !overlap.is_zero());
            endpoint.secrets = before.map(|one| SealedSecret { until: Some(until), ..one }).into_iter().collect();
            endpoint.secrets.push(sealed.clone());
        });
        Ok(match changed.await? {
            Changed::To(_) | Changed::Not(_) => Some(secret),
            Changed::Unknown => None,
        })
    }

    /// The secrets that sign now, the newest first; none when one of them cannot be opened.
    #[must_use]
    pub fn secrets(&self, id: &str, endpoint: &Endpoint) -> Option<Vec<WebhookSecret>> {
        let now = clock::now();
        let live = endpoint.secrets.iter().rev().filter(|one| one.until.is_none_or(|until| now < until));
        let open = |one: &SealedSecret| WebhookSecret::new(&self.seal.open(&one.sealed, &about(id))?).ok();
        live.map(open).collect()
    }

    /// Seals secrets again that were sealed under an older key, and forgets those that sign no more.
    pub async fn renew(&self, id: &str, endpoint: &Endpoint) -> Result<()> {
        let now = clock::now();
        let is_over = |one: &SealedSecret| one.until.is_some_and(|until| until <= now);
        if endpoint.secrets.iter().all(|one| self.seal.is_current(&one.sealed) && !is_over(one)) {
            return Ok(());
        }
        let again = |one: &mut SealedSecret| {
            let open = self.seal.open(&one.sealed, &about(id)).and_then(|clear| WebhookSecret::new(&clear).ok());
            if let Some(sealed) = open.and_then(|secret| self.sealed(id, &secret).ok()) {
                one.sealed = sealed;
            }
        };
        let changed = self.change(id, |endpoint| {
            endpoint.secrets.retain(|one| !is_over(one));
            endpoint.secrets.iter_mut().filter(|one| !self.seal.is_current(&one.sealed)).for_each(again);
        });
        changed.await.map(drop)
    }

    /// How far an endpoint has been told, and the row's version.
    pub async fn cursor(&self, id: &str) -> Result<Option<(Cursor, i64)>> {
        let row = self.rows.get(CURSOR, id.as_bytes().to_vec()).await?;
        Ok(row.as_ref().and_then(|row| Some((read(row)?, row.version))))
    }

    /// Writes a cursor that was read with this version; false when it is another one by now.
    pub async fn put_cursor(&self, id: &str, (cursor, version): (&Cursor, i64)) -> Result<bool> {
        Ok(self.rows.put(SideRow { version, ..row(CURSOR, id.as_bytes(), written(cursor)) }).await?)
    }

    /// Changes a cursor as it is read; none when there is no such endpoint.
    pub async fn change_cursor(&self, id: &str, mut change: impl FnMut(&mut Cursor)) -> Result<Option<Cursor>> {
        for _ in 0..TRIES {
            let Some((mut cursor, version)) = self.cursor(id).await? else { return Ok(None) };
            change(&mut cursor);
            if self.put_cursor(id, (&cursor, version)).await? {
                return Ok(Some(cursor));
            }
        }
        Err(BookError::Contended)
    }

    /// The attempts that are kept, the newest first.
    pub async fn attempts(&self, id: &str) -> Result<Vec<Attempt>> {
        let rows = self.rows.list(ATTEMPT, prefix(id)).await?;
        let mut attempts: Vec<Attempt> = rows.iter().filter_map(read).collect();
        attempts.sort_by_key(|one| std::cmp::Reverse(one.number));
        Ok(attempts)
    }

    /// Keeps an attempt in the place of the oldest one.
    pub async fn note(&self, id: &str, attempt: &Attempt) -> Result<()> {
        let key = attempt_key(id, attempt.number);
        let version = self.rows.get(ATTEMPT, key.clone()).await?.map_or(0, |row| row.version);
        let until = Millis(attempt.at.0.saturating_add(KEPT_MS));
        self.rows.put(SideRow { kind: ATTEMPT, key, value: written(attempt), version, until }).await?;
        Ok(())
    }

    /// Asks to send events again, behind what was asked before.
    pub async fn send_again(&self, id: &str, again: &Again) -> Result<()> {
        let rows = self.rows.list(AGAIN, prefix(id)).await?;
        if rows.len() >= MOST_WAITING {
            return Err(BookError::Full(MOST_WAITING));
        }
        let now = clock::now();
        let order = u64::try_from(now.0).unwrap_or(0).to_be_bytes();
        let key = [&prefix(id)[..], &order[..], &random(4)?[..]].concat();
        let until = Millis(now.0.saturating_add(KEPT_MS));
        self.rows.put(SideRow { until, ..row(AGAIN, &key, written(again)) }).await?;
        Ok(())
    }

    /// What is to be sent again first, with its row.
    pub(crate) async fn next_again(&self, id: &str) -> Result<Option<(Again, SideRow)>> {
        let rows = self.rows.list(AGAIN, prefix(id)).await?;
        Ok(rows.into_iter().find_map(|row| Some((read::<Again>(&row)?, row))))
    }

    /// What is left of it; nothing when it is done.
    pub(crate) async fn put_again(&self, again: &Again, row: SideRow) -> Result<()> {
        if again.left.is_empty() {
            self.rows.delete(AGAIN, row.key).await?;
        } else {
            self.rows.put(SideRow { value: written(again), ..row }).await?;
        }
        Ok(())
    }
}

fn row(kind: u8, key: &[u8], value: Vec<u8>) -> SideRow {
    SideRow { kind, key: key.to_vec(), value, version: 0, until: FOR_EVER }
}
