//! Privileges: the login of a node must not be able to write the tables itself, and their protections must be as the
//! migrations made it.

use super::connect::{Logins, PostgresStore, get, store_error};
use super::migrate::MIGRATIONS;
use crate::journal::StoreError;
use sqlx::PgConnection;

/// True when the login behind this connection, or the role that it took, may write the tables itself.
const WRITES_ITSELF: &str = "\
SELECT session_user::text, bool_or(\
    has_table_privilege(session_user, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') \
    OR has_table_privilege('kazasu_writer', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') \
    OR pg_has_role(session_user, c.relowner, 'MEMBER')) \
FROM pg_class c WHERE c.oid IN ('kazasu.journal'::regclass, 'kazasu.transfers'::regclass)";

/// The triggers that refuse changes; each must fire for all logins.
const TRIGGERS: [&str; 2] = ["journal_is_append_only", "transfers_are_append_only"];

impl PostgresStore {
    /// Refuses a login with which a thief of the node's password could write records past the functions.
    pub(super) async fn refuse_owner(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        let row = sqlx::query(WRITES_ITSELF).fetch_one(conn).await.map_err(store_error)?;
        let (login, writes_itself): (String, bool) = (get(&row, 0)?, get(&row, 1)?);
        if !writes_itself {
            return Ok(());
        }
        let problem = format!(
            "the login {login} owns the tables or may write them itself, so its password is enough to forge records; \
             a node needs a login that is a member of kazasu_writer and kazasu_reader only \
             (CREATE ROLE … LOGIN IN ROLE kazasu_writer, kazasu_reader)"
        );
        match self.logins {
            Logins::Separate => Err(StoreError::new(problem)),
            Logins::Any => {
                tracing::warn!(%login, "{problem}; it is taken because the database is on this machine");
                Ok(())
            }
        }
    }
}

/// Protections of the tables that are not as the migrations made them. A reader may look at all of this.
pub(super) async fn guards(conn: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let mut out = Vec::new();
    triggers(conn, &mut out).await?;
    functions(conn, &mut out).await?;
    let sql = "SELECT grantee::text, privilege_type::text, table_name::text FROM (\
        SELECT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END AS grantee, x.privilege_type, \
        c.relname AS table_name FROM pg_class c, aclexplode(c.relacl) x \
        WHERE c.oid IN ('kazasu.journal'::regclass, 'kazasu.transfers'::regclass, 'kazasu.lead'::regclass) \
        AND x.grantee <> c.relowner AND x.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')) AS g \
        ORDER BY 3, 1, 2";
    for row in sqlx::query(sql).fetch_all(&mut *conn).await.map_err(store_error)? {
        let (grantee, privilege, table): (String, String, String) = (get(&row, 0)?, get(&row, 1)?, get(&row, 2)?);
        out.push(format!("{grantee} has {privilege} on kazasu.{table}, which only its owner should have"));
    }
    Ok(out)
}

async fn triggers(conn: &mut PgConnection, out: &mut Vec<String>) -> Result<(), StoreError> {
    // tgtype 58: before a statement that updates, deletes or truncates.
    let sql = "SELECT t.tgname::text, t.tgenabled = ANY ('{O,A}'::\"char\"[]) AND t.tgtype = 58 AND p.proname = 'refuse' \
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_proc p ON p.oid = t.tgfoid \
        WHERE n.nspname = 'kazasu' AND NOT t.tgisinternal ORDER BY 1";
    let mut found = Vec::new();
    for row in sqlx::query(sql).fetch_all(conn).await.map_err(store_error)? {
        let (name, works): (String, bool) = (get(&row, 0)?, get(&row, 1)?);
        match (TRIGGERS.contains(&name.as_str()), works) {
            (true, true) => found.push(name),
            (true, false) => {
                out.push(format!("the trigger {name} is disabled, or is not what the migrations made"));
                found.push(name);
            }
            (false, _) => out.push(format!("there is a trigger {name}, which the migrations do not make")),
        }
    }
    let missing = TRIGGERS.iter().filter(|name| !found.iter().any(|found| found == *name));
    out.extend(missing.map(|name| format!("the trigger {name} is missing")));
    Ok(())
}

/// A function's text is in its catalogue as the migration had it between its dollar signs.
async fn functions(conn: &mut PgConnection, out: &mut Vec<String>) -> Result<(), StoreError> {
    let sql = "SELECT p.proname::text, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
        WHERE n.nspname = 'kazasu' ORDER BY 1";
    let texts = MIGRATIONS.map(|(_, _, sql)| sql);
    let mut found = Vec::new();
    for row in sqlx::query(sql).fetch_all(conn).await.map_err(store_error)? {
        let (name, body): (String, String) = (get(&row, 0)?, get(&row, 1)?);
        let made =
            |sql: &&str| sql.contains(&format!("FUNCTION kazasu.{name}(")) && sql.contains(&format!("$${body}$$"));
        if !texts.iter().any(made) {
            out.push(format!("the function kazasu.{name} is not as the migrations made it"));
        }
        found.push(name);
    }
    let wanted = ["append", "refuse", "release_lead", "take_lead"];
    let missing = wanted.iter().filter(|name| !found.iter().any(|found| found == *name));
    out.extend(missing.map(|name| format!("the function kazasu.{name} is missing")));
    Ok(())
}
