//! The rows beside a journal file: a file of their own in the same folder, so that a sign-in neither waits for a commit of taps nor
//! delays one.

use super::connect::{create_private, options, store_error};
use crate::journal::{StoreError, Task};
use crate::side::{SideRow, SideTable, behind};
use kazasu_schemas::jst::Millis;
use sqlx::sqlite::{SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqliteConnection};
use std::path::Path;

const CREATE: &str = include_str!("../../migrations/sqlite/sign_ins.sql");

/// The file's name beside the journal.
const FILE: &str = "sign-ins.db";

pub(super) struct SqliteSide {
    conn: SqliteConnection,
}

impl SqliteSide {
    /// Opens the file beside the journal at `journal`, and makes it where there is none.
    pub(super) async fn open(journal: &Path) -> Result<Self, StoreError> {
        let path = journal.with_file_name(FILE);
        create_private(&path)?;
        let options = options(&path).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let mut conn = options.connect().await.map_err(store_error)?;
        sqlx::raw_sql(CREATE).execute(&mut conn).await.map_err(store_error)?;
        Ok(SqliteSide { conn })
    }
}

fn row_of(kind: u8, row: &SqliteRow) -> Result<SideRow, sqlx::Error> {
    let until = Millis(row.try_get(3)?);
    Ok(SideRow { kind, key: row.try_get(0)?, value: row.try_get(1)?, version: row.try_get(2)?, until })
}

impl SideTable for SqliteSide {
    fn get<'a>(&'a mut self, kind: u8, key: &'a [u8]) -> Task<'a, Result<Option<SideRow>, StoreError>> {
        Box::pin(async move {
            let sql = "SELECT key, value, version, until FROM sign_ins WHERE kind = ? AND key = ?";
            let found = sqlx::query(sql).bind(i64::from(kind)).bind(key).fetch_optional(&mut self.conn).await;
            found.map_err(store_error)?.map(|row| row_of(kind, &row).map_err(store_error)).transpose()
        })
    }

    fn list<'a>(&'a mut self, kind: u8, prefix: &'a [u8], limit: u32) -> Task<'a, Result<Vec<SideRow>, StoreError>> {
        Box::pin(async move {
            let sql = "SELECT key, value, version, until FROM sign_ins \
                       WHERE kind = ? AND key >= ? AND (? IS NULL OR key < ?) ORDER BY key LIMIT ?";
            let end = behind(prefix);
            let asked =
                sqlx::query(sql).bind(i64::from(kind)).bind(prefix).bind(&end).bind(&end).bind(i64::from(limit));
            let rows = asked.fetch_all(&mut self.conn).await.map_err(store_error)?;
            rows.iter().map(|row| row_of(kind, row).map_err(store_error)).collect()
        })
    }

    fn put<'a>(&'a mut self, row: &'a SideRow) -> Task<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let done = if row.version == 0 {
                let sql = "INSERT INTO sign_ins (kind, key, value, version, until) VALUES (?, ?, ?, 1, ?) ON CONFLICT DO NOTHING";
                let new = sqlx::query(sql).bind(i64::from(row.kind)).bind(&row.key).bind(&row.value).bind(row.until.0);
                new.execute(&mut self.conn).await
            } else {
                let sql = "UPDATE sign_ins SET value = ?, until = ?, version = version + 1 \
                           WHERE kind = ? AND key = ? AND version = ?";
                let changed = sqlx::query(sql).bind(&row.value).bind(row.until.0).bind(i64::from(row.kind));
                changed.bind(&row.key).bind(row.version).execute(&mut self.conn).await
            };
            Ok(done.map_err(store_error)?.rows_affected() == 1)
        })
    }

    fn delete<'a>(&'a mut self, kind: u8, key: &'a [u8]) -> Task<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let sql = "DELETE FROM sign_ins WHERE kind = ? AND key = ?";
            let gone = sqlx::query(sql).bind(i64::from(kind)).bind(key).execute(&mut self.conn).await;
            Ok(gone.map_err(store_error)?.rows_affected() > 0)
        })
    }

    fn purge(&mut self, now: Millis) -> Task<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let sql = "DELETE FROM sign_ins WHERE until < ?";
            let gone = sqlx::query(sql).bind(now.0).execute(&mut self.conn).await.map_err(store_error)?;
            Ok(gone.rows_affected())
        })
    }
}
