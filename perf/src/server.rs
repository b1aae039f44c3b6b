//! A PostgreSQL server for one measurement, from this machine's binaries, in a folder below the current one or, where that
//! folder is closed to the server's user, below the system's temporary one.

use anyhow::Context;
use kazasu_ledger::postgres::local::LocalServer;
use kazasu_ledger::postgres::{PostgresStore, migrate};
use std::os::unix::fs::PermissionsExt;

/// The server and its folder; both end with it.
pub(crate) struct Server {
    server: LocalServer,
    _dir: tempfile::TempDir,
}

/// What differs from the server's own defaults: memory and log sizes that anyone would set. Everything that durability rests
/// on is at its default: fsync, full_page_writes and synchronous_commit are on.
pub(crate) const SETTINGS: [&str; 3] = ["shared_buffers=512MB", "max_wal_size=4GB", "max_connections=80"];

impl Server {
    pub(crate) fn start() -> anyhow::Result<Server> {
        let password = hex::encode(kazasu::clock::random_bytes(16)?);
        let start = |dir: tempfile::TempDir| -> anyhow::Result<Server> {
            std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755))?;
            let server = LocalServer::create(&dir.path().join("pg"), &password, &SETTINGS)?;
            Ok(Server { server, _dir: dir })
        };
        let here = std::path::absolute(".")?;
        let near = tempfile::Builder::new().prefix("kazasu-perf").tempdir_in(here)?;
        let server = start(near).or_else(|_| start(tempfile::tempdir()?)).context("a PostgreSQL server to measure")?;
        server.server.sql("postgres", "CREATE DATABASE baseline")?;
        Ok(server)
    }

    /// A new database with the ledger's tables.
    pub(crate) async fn store(&self) -> anyhow::Result<PostgresStore> {
        self.server.sql("postgres", "CREATE DATABASE kazasu")?;
        let store = PostgresStore::new(self.server.url("kazasu").parse()?);
        migrate(&store).await?;
        Ok(store)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    pub(crate) fn sql(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        Ok(self.server.sql(database, statement)?)
    }
}
