//! The rows beside the journal, in the same database: every node sees them.

use super::connect::{PostgresStore, Purpose, get, store_error};
use super::migrate;
use crate::journal::{StoreError, Task};
use crate::side::{SideRow, SideTable, behind};
use kazasu_schemas::jst::Millis;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

pub(super) struct PostgresSide {
    conn: PgConnection,
}

impl PostgresSide {
    pub(super) async fn open(store: &PostgresStore) -> Result<Self, StoreError> {
        let mut conn = store.primary(Purpose::Side).await?;
        migrate::check(&mut conn).await?;
        Ok(PostgresSide { conn })
    }
}

fn row_of(kind: u8, row: &PgRow) -> Result<SideRow, StoreError> {
    let (version, until) = (get(row, 2)?, Millis(get(row, 3)?));
    Ok(SideRow { kind, key: get(row, 0)?, value: get(row, 1)?, version, until })
}

impl SideTable for PostgresSide {
    fn get<'a>(&'a mut self, kind: u8, key: &'a [u8]) -> Task<'a, Result<Option<SideRow>, StoreError>> {
        Box::pin(async move {
            let sql = "SELECT key, value, version, until FROM kazasu.sign_ins WHERE kind = $1 AND key = $2";
            let found = sqlx::query(sql).bind(i16::from(kind)).bind(key).fetch_optional(&mut self.conn).await;
            found.map_err(store_error)?.map(|row| row_of(kind, &row)).transpose()
        })
    }

    fn list<'a>(&'a mut self, kind: u8, prefix: &'a [u8], limit: u32) -> Task<'a, Result<Vec<SideRow>, StoreError>> {
        Box::pin(async move {
            let sql = "SELECT key, value, version, until FROM kazasu.sign_ins \
                       WHERE kind = $1 AND key >= $2 AND ($3::bytea IS NULL OR key < $3) ORDER BY key LIMIT $4";
            let asked = sqlx::query(sql).bind(i16::from(kind)).bind(prefix).bind(behind(prefix)).bind(i64::from(limit));
            let rows = asked.fetch_all(&mut self.conn).await.map_err(store_error)?;
            rows.iter().map(|row| row_of(kind, row)).collect()
        })
    }

    fn put<'a>(&'a mut self, row: &'a SideRow) -> Task<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let done = if row.version == 0 {
                let sql = "INSERT INTO kazasu.sign_ins (kind, key, value, version, until) VALUES ($1, $2, $3, 1, $4) \
                           ON CONFLICT DO NOTHING";
                let new = sqlx::query(sql).bind(i16::from(row.kind)).bind(&row.key).bind(&row.value).bind(row.until.0);
                new.execute(&mut self.conn).await
            } else {
                let sql = "UPDATE kazasu.sign_ins SET value = $1, until = $2, version = version + 1 \
                           WHERE kind = $3 AND key = $4 AND version = $5";
                let changed = sqlx::query(sql).bind(&row.value).bind(row.until.0).bind(i16::from(row.kind));
                changed.bind(&row.key).bind(row.version).execute(&mut self.conn).await
            };
            Ok(done.map_err(store_error)?.rows_affected() == 1)
        })
    }

    fn delete<'a>(&'a mut self, kind: u8, key: &'a [u8]) -> Task<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let sql = "DELETE FROM kazasu.sign_ins WHERE kind = $1 AND key = $2";
            let gone = sqlx::query(sql).bind(i16::from(kind)).bind(key).execute(&mut self.conn).await;
            Ok(gone.map_err(store_error)?.rows_affected() > 0)
        })
    }

    fn purge(&mut self, now: Millis) -> Task<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let sql = "DELETE FROM kazasu.sign_ins WHERE until < $1";
            let gone = sqlx::query(sql).bind(now.0).execute(&mut self.conn).await.map_err(store_error)?;
            Ok(gone.rows_affected())
        })
    }
}
