//! The tables: commented migration files, applied by the database's owner, and the check that they are what this program
//! expects.

use super::connect::{PostgresStore, Purpose, get, store_error};
use crate::journal::{StoreError, StoreFault};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, PgConnection, SqlSafeStr};
use std::borrow::Cow;
use std::fmt::Write as _;

/// The migrations, oldest first: number, name, text.
pub(super) const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "journal", include_str!("../../migrations/postgres/0001_journal.sql")),
    (2, "one_door", include_str!("../../migrations/postgres/0002_one_door.sql")),
    (3, "sign_ins", include_str!("../../migrations/postgres/0003_sign_ins.sql")),
];

fn migrator() -> Migrator {
    let all = MIGRATIONS.iter().map(|(version, name, sql)| {
        Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, (*sql).into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(all.collect());
    migrator.create_schema("kazasu");
    migrator.dangerous_set_table_name("kazasu.migrations");
    migrator
}

/// Brings the tables up to date. The login must own the database (or its schema `kazasu`), and be allowed to create the two
/// roles unless they exist. Returns how many migrations were new.
pub async fn migrate(store: &PostgresStore) -> Result<usize, StoreError> {
    let mut conn = store.primary(Purpose::Migrate).await?;
    let before = applied(&mut conn).await?.len();
    // See the same call for SQLite.
    migrator().run_direct(None, &mut conn, false).await.map_err(|e| StoreError::new(e.to_string()))?;
    let after = applied(&mut conn).await?.len();
    conn.close().await.map_err(store_error)?;
    Ok(after - before)
}

async fn applied(conn: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    let exists = sqlx::query("SELECT to_regclass('kazasu.migrations') IS NOT NULL").fetch_one(&mut *conn).await;
    if !get::<bool>(&exists.map_err(store_error)?, 0)? {
        return Ok(Vec::new());
    }
    let sql = "SELECT version FROM kazasu.migrations WHERE success ORDER BY version";
    let rows = sqlx::query(sql).fetch_all(conn).await.map_err(store_error)?;
    rows.iter().map(|row| get(row, 0)).collect()
}

/// Are the tables those that this program was made for?
pub(super) async fn check(conn: &mut PgConnection) -> Result<(), StoreError> {
    let found = applied(conn).await?;
    let expected: Vec<i64> = MIGRATIONS.iter().map(|(version, ..)| *version).collect();
    if found == expected {
        return Ok(());
    }
    let newest = found.last().copied().unwrap_or(0);
    let wanted = expected.last().copied().unwrap_or(0);
    let words = if newest < wanted {
        format!(
            "the tables are at version {newest}, this program needs {wanted}: run `kazasu store migrate` as the owner"
        )
    } else {
        format!("the tables are at version {newest}, this program knows {wanted}: use a newer program")
    };
    Err(StoreError::of(StoreFault::Tables { found: newest, wanted }, words))
}

/// The schema as the server describes it, in a fixed order: what the documented schema is compared with.
pub async fn dump_schema(store: &PostgresStore) -> Result<String, StoreError> {
    let mut conn = store.primary(Purpose::Migrate).await?;
    let mut out = String::new();
    for (heading, sql) in [
        (
            "columns",
            "SELECT format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), \
             CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
             WHERE n.nspname = 'kazasu' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped \
             AND c.relname <> 'migrations' ORDER BY c.relname, a.attnum",
        ),
        (
            "constraints",
            "SELECT format('%s %s', r.relname, pg_get_constraintdef(c.oid)) FROM pg_constraint c \
             JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace \
             WHERE n.nspname = 'kazasu' AND r.relname <> 'migrations' AND c.contype IN ('p', 'u', 'c', 'f') ORDER BY 1",
        ),
        (
            "indexes",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'kazasu' AND tablename <> 'migrations' ORDER BY 1",
        ),
        (
            "triggers",
            "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid \
             JOIN pg_namespace n ON n.oid = r.relnamespace WHERE n.nspname = 'kazasu' AND NOT t.tgisinternal ORDER BY 1",
        ),
        (
            "functions",
            "SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
             WHERE n.nspname = 'kazasu' ORDER BY 1",
        ),
        (
            "privileges",
            "SELECT format('%s %s', name, grants) FROM (\
             SELECT c.relname::text AS name, array_to_string(ARRAY(SELECT format('%s:%s', CASE WHEN x.grantee = 0 THEN 'public' \
             ELSE x.grantee::regrole::text END, x.privilege_type) \
             FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner ORDER BY 1), ' ') AS grants \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'kazasu' AND c.relkind = 'r') AS t \
             ORDER BY 1",
        ),
    ] {
        writeln!(out, "-- {heading}").expect("writing to memory does not fail");
        for row in sqlx::query(sql).fetch_all(&mut conn).await.map_err(store_error)? {
            writeln!(out, "{}", get::<String>(&row, 0)?).expect("writing to memory does not fail");
        }
    }
    conn.close().await.map_err(store_error)?;
    Ok(out)
}
