//! The tables and triggers of a journal file: how the migrations make them, and whether a file still has them so.

use super::connect::store_error;
use crate::journal::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row, SqlSafeStr, SqliteConnection};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The migrations, oldest first: commented files beside the source, built in.
const ALL: [(i64, &str, &str); 3] = [
    (1, "journal", include_str!("../../migrations/sqlite/0001_journal.sql")),
    (2, "incarnation", include_str!("../../migrations/sqlite/0002_incarnation.sql")),
    (3, "signed", include_str!("../../migrations/sqlite/0003_signed.sql")),
];

pub(super) fn migrator() -> Migrator {
    until(i64::MAX)
}

/// The migrations up to this one.
fn until(newest: i64) -> Migrator {
    let wanted = ALL.into_iter().filter(|(version, ..)| *version <= newest);
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(wanted.map(migration).collect())
}

/// Triggers and tables with their text, by kind and name. An added index does not change the content of the file.
async fn protected(conn: &mut SqliteConnection) -> Result<BTreeMap<(String, String), String>, StoreError> {
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE type = 'trigger' \
               OR (type = 'table' AND name IN ('journal', 'transfers', 'lead'))";
    let rows = sqlx::query(sql).fetch_all(conn).await.map_err(store_error)?;
    let text = |row: &sqlx::sqlite::SqliteRow, at: usize| row.try_get::<String, _>(at).map_err(store_error);
    rows.iter().map(|row| Ok(((text(row, 0)?, text(row, 1)?), text(row, 2)?))).collect()
}

/// Tables and triggers of the file that are not as its migrations made them.
pub(super) async fn missing(conn: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
    let row = sqlx::query(sql).fetch_one(&mut *conn).await.map_err(store_error)?;
    let version: i64 = row.try_get(0).map_err(store_error)?;
    let mut model = SqliteConnectOptions::new().in_memory(true).connect().await.map_err(store_error)?;
    let made = until(version).run_direct(None, &mut model, false).await;
    made.map_err(|e| StoreError::new(e.to_string()))?;
    let (expected, found) = (protected(&mut model).await?, protected(conn).await?);
    let mut out = Vec::new();
    for ((kind, name), text) in &expected {
        match found.get(&(kind.clone(), name.clone())) {
            None => out.push(format!("the {kind} {name} is missing")),
            Some(other) if other != text => out.push(format!("the {kind} {name} is not as the migrations made it")),
            Some(_) => {}
        }
    }
    let added = found.keys().filter(|key| !expected.contains_key(*key));
    out.extend(added.map(|(kind, name)| format!("there is a {kind} {name}, which the migrations do not make")));
    Ok(out)
}
