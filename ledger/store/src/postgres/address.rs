//! The address of a PostgreSQL store: a URL that may name several servers, as libpq writes it.

use crate::journal::{StoreError, StoreFault, UrlProblem};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::fmt;
use std::str::FromStr;

/// `postgres://user:password@host1:port1,host2:port2/database?sslmode=verify-full&sslrootcert=ca.pem`: the servers of one
/// database, of which at any time one is the primary. Parameters are those of libpq that sqlx knows. A password is better
/// kept out of the URL, in the key file or in `~/.pgpass`.
#[derive(Clone)]
pub struct Address {
    servers: Vec<(String, PgConnectOptions)>,
    database: String,
    shown: String,
}

impl Address {
    /// True when `text` looks like a PostgreSQL URL rather than a file.
    #[must_use]
    pub fn is_url(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// The same servers and database with this password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        for (_, options) in &mut self.servers {
            *options = std::mem::take(options).password(password);
        }
        self
    }

    /// The servers with the options to connect to each, in the order of the URL.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&str, &PgConnectOptions)> {
        self.servers.iter().map(|(name, options)| (name.as_str(), options))
    }

    /// True when every server is on this machine or must show a certificate that fits its name.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.servers.iter().all(|(_, o)| is_here(o.get_host()) || matches!(o.get_ssl_mode(), PgSslMode::VerifyFull))
    }

    /// True when every server is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.servers.iter().all(|(_, options)| is_here(options.get_host()))
    }

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }
}

fn is_here(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]")
}

/// Without user and password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl FromStr for Address {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let wrong = |problem: UrlProblem, what: &str| {
            let words =
                format!("a PostgreSQL URL is postgres://user@host:port,host:port/database?sslmode=verify-full; {what}");
            StoreError::of(StoreFault::Url(problem), words)
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong(UrlProblem::NoScheme, "this has no ://"))?;
        if !Address::is_url(text) {
            return Err(wrong(UrlProblem::OtherScheme, &format!("this begins with {scheme}://")));
        }
        let (path, query) = rest.split_once('?').map_or((rest, ""), |(path, query)| (path, query));
        let (authority, database) =
            path.split_once('/').ok_or_else(|| wrong(UrlProblem::NoDatabase, "this names no database"))?;
        if database.is_empty() || database.contains('/') {
            return Err(wrong(UrlProblem::NoDatabase, "this names no database"));
        }
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        if hosts.is_empty() {
            return Err(wrong(UrlProblem::NoHost, "this names no host"));
        }
        let mut servers = Vec::new();
        for host in hosts.split(',') {
            if host.is_empty() {
                return Err(wrong(UrlProblem::NoHost, "one of the hosts is empty"));
            }
            let user = user.map(|user| format!("{user}@")).unwrap_or_default();
            let query = if query.is_empty() { String::new() } else { format!("?{query}") };
            let one = format!("postgres://{user}{host}/{database}{query}");
            // The parser's error may quote the URL, password included, so only its kind is told.
            let options = PgConnectOptions::from_str(&one).map_err(|_| {
                wrong(UrlProblem::Other, &format!("host {host} or one of the parameters cannot be read"))
            })?;
            servers.push((host.to_owned(), options));
        }
        let (database, shown) = (database.to_owned(), format!("postgres://{hosts}/{database}"));
        Ok(Address { servers, database, shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, shown: &str, servers: &[(&str, u16)]) {
        let address: Address = url.parse().unwrap();
        assert_eq!(address.to_string(), shown);
        assert!(!format!("{address:?}").contains("secret"));
        let found: Vec<_> = address.servers().map(|(_, o)| (o.get_host().to_owned(), o.get_port())).collect();
        assert_eq!(found, servers.iter().map(|(h, p)| ((*h).to_owned(), *p)).collect::<Vec<_>>());
    }

    #[test]
    fn one_or_several_servers_and_never_the_password() {
        check("postgres://u:secret@db1/book", "postgres://db1/book", &[("db1", 5432)]);
        check(
            "postgresql://u:secret@db1:5433,10.0.0.2:5434,[::1]:5435/book?sslmode=require",
            "postgres://db1:5433,10.0.0.2:5434,[::1]:5435/book",
            &[("db1", 5433), ("10.0.0.2", 5434), ("[::1]", 5435)],
        );
        for (url, verified) in [
            ("postgres://u@127.0.0.1:5/book", true),
            ("postgres://u@db1/book", false),
            ("postgres://u@db1/book?sslmode=require", false),
            ("postgres://u@db1,db2/book?sslmode=verify-full", true),
        ] {
            assert_eq!(url.parse::<Address>().unwrap().is_verified(), verified, "{url}");
        }
        for (url, local) in [
            ("postgres://u@127.0.0.1:5/book", true),
            ("postgres://u@localhost,[::1]:7/book", true),
            ("postgres://u@localhost,db1/book", false),
            ("postgres://u@127.0.0.1.example/book", false),
        ] {
            assert_eq!(url.parse::<Address>().unwrap().is_local(), local, "{url}");
        }
        let address: Address = "postgres://u@h/book".parse().unwrap();
        assert_eq!(address.database(), "book");
        assert!(!format!("{:?}", address.with_password("secret")).contains("secret"));
    }

    #[test]
    fn what_cannot_be_a_store_is_named() {
        for (url, says) in [
            ("journal.db", "no ://"),
            ("mysql://u@h/book", "mysql"),
            ("postgres://u@h", "names no database"),
            ("postgres://u@h/", "names no database"),
            ("postgres:///book", "names no host"),
            ("postgres://u@h1,,h2/book", "empty"),
            ("postgres://u:secret@h:notaport/book", "host h:notaport"),
            ("postgres://u:secret@h/book?sslmode=sometimes", "parameters"),
        ] {
            let error = url.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{url}: {error}");
        }
    }
}
