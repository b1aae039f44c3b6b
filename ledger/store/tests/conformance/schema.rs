//! The migrations, one after the other, lead to the schema that the documentation shows.

use crate::open;
use crate::server::Server;
use kazasu_store::sqlite::SqliteStore;
use std::path::{Path, PathBuf};

/// Compares with the documented schema; with `KAZASU_WRITE_SCHEMA=1` in the environment it is written instead.
fn documented(name: &str, found: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(name);
    let heading = format!(
        "-- The tables as the server describes them once every migration of ledger/store/migrations/{} was applied.\n\
         -- Why they are so is written there. Made by: KAZASU_WRITE_SCHEMA=1 cargo test -p kazasu-ledger schema\n\n",
        name.trim_end_matches(".sql")
    );
    let text = heading + found;
    if std::env::var_os("KAZASU_WRITE_SCHEMA").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "docs/schema/{name} is not what the migrations make:\n{text}");
}

#[tokio::test]
async fn sqlite_migrations_make_the_documented_schema() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    open(&SqliteStore::new(&path)).await.close().await.unwrap();
    documented("sqlite.sql", &kazasu_store::sqlite::dump_schema(&path).await.unwrap());
}

#[tokio::test]
async fn postgres_migrations_make_the_documented_schema() {
    let server = Server::shared();
    let store = server.database().await;
    documented("postgres.sql", &kazasu_store::postgres::dump_schema(&store).await.unwrap());
    // Migrating again changes nothing.
    assert_eq!(kazasu_store::postgres::migrate(&store).await.unwrap(), 0);
}
