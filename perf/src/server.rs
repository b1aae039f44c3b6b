//! A PostgreSQL server for one measurement, from this machine's binaries, in a folder below the current one or, where that
//! folder is closed to the server's user, below the system's temporary one.

use anyhow::Context;
use kazasu_store::postgres::local::LocalServer;
use kazasu_store::postgres::{PostgresStore, migrate};
use std::os::unix::fs::PermissionsExt;

/// The server and its folder; both end with it.
pub(crate) struct Server {
    server: LocalServer,
    _dir: tempfile::TempDir,
}

/// What differs from the server's own defaults: memory and log sizes that anyone would set. Everything that durability rests
/// on is at its default: fsync, full_page_writes and synchronous_commit are on.
pub(crate) const SETTINGS: [&str; 4] =
    ["shared_buffers=512MB", "min_wal_size=3GB", "max_wal_size=6GB", "max_connections=80"];

/// A server that has been at work for a while writes its log into files that it has used before; a new one makes each file
/// first, 16 MiB of zeros that it waits for. So that the first minute is measured like every other, the files are made before.
const WORN_IN: &str = "DO $$ BEGIN FOR n IN 1..150 LOOP \
    PERFORM pg_logical_emit_message(false, 'kazasu', 'a log file to be used again'); PERFORM pg_switch_wal(); \
    END LOOP; END $$";

impl Server {
    pub(crate) fn start() -> anyhow::Result<Server> {
        let password = hex::encode(kazasu_engine::clock::random_bytes(16)?);
        let start = |dir: tempfile::TempDir| -> anyhow::Result<Server> {
            std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755))?;
            let server = LocalServer::create(&dir.path().join("pg"), &password, &SETTINGS)?;
            Ok(Server { server, _dir: dir })
        };
        let here = std::path::absolute(".")?;
        let near = tempfile::Builder::new().prefix("kazasu-perf").tempdir_in(here)?;
        let server = start(near).or_else(|_| start(tempfile::tempdir()?)).context("a PostgreSQL server to measure")?;
        server.server.sql("postgres", "CREATE DATABASE baseline")?;
        server.server.sql("postgres", WORN_IN)?;
        server.server.sql("postgres", "CHECKPOINT")?;
        Ok(server)
    }

    /// A new database with the ledger's tables.
    pub(crate) async fn store(&self) -> anyhow::Result<PostgresStore> {
        self.server.sql("postgres", "CREATE DATABASE kazasu")?;
        migrate(&PostgresStore::new(self.server.url("kazasu").parse()?)).await?;
        Ok(PostgresStore::new(self.server.node_url("kazasu").parse()?))
    }

    pub(crate) fn processes(&self) -> Vec<u32> {
        self.server.processes()
    }

    /// Bytes of log written since the server began, and bytes of the ledger's database.
    pub(crate) fn bytes(&self) -> anyhow::Result<(u64, u64)> {
        let wal = self.sql("kazasu", "SELECT pg_current_wal_insert_lsn() - '0/0'")?;
        Ok((wal.parse()?, self.sql("kazasu", "SELECT pg_database_size('kazasu')")?.parse()?))
    }

    pub(crate) fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    pub(crate) fn sql(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        Ok(self.server.sql(database, statement)?)
    }
}
