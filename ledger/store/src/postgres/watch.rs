//! Reports of nodes, and who leads: the connection on which a node watches the others.

use super::connect::{Patience, get, signed, store_error, unsigned, within};
use crate::journal::{Leadership, Node, NodeReport, NodeStatus, StoreError, Task, Watch};
use kazasu_ledger::Seq;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

pub(super) struct PostgresWatch {
    conn: PgConnection,
    node: Node,
    patience: Patience,
}

impl PostgresWatch {
    pub(super) fn new(conn: PgConnection, node: Node, patience: Patience) -> Self {
        PostgresWatch { conn, node, patience }
    }

    /// One round trip: the report, and the lead with its holder's reports. The report just made is not visible to the
    /// statement that makes it, which does not matter: a node does not watch itself.
    async fn report(&mut self, report: &NodeReport) -> Result<Leadership, StoreError> {
        let sql = "WITH me AS (\
                INSERT INTO kazasu.nodes (node, incarnation, address, http, version, role, applied, beats, seen) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, 1, clock_timestamp()) \
                ON CONFLICT (node) DO UPDATE SET incarnation = $2, address = $3, http = $4, version = $5, role = $6, \
                applied = $7, seen = clock_timestamp(), \
                beats = CASE WHEN nodes.incarnation = $2 THEN nodes.beats + 1 ELSE 1 END) \
            SELECT l.epoch, l.node, l.incarnation, l.address, l.http, coalesce(n.beats, 0), l.released, l.successor, \
            coalesce(n.applied, 0) \
            FROM kazasu.lead l LEFT JOIN kazasu.nodes n ON n.node = l.node AND n.incarnation = l.incarnation \
            WHERE l.one = 1";
        let row = sqlx::query(sql)
            .bind(&self.node.name)
            .bind(self.node.incarnation.cast_signed())
            .bind(&self.node.address)
            .bind(&self.node.http)
            .bind(env!("CARGO_PKG_VERSION"))
            .bind(&report.role)
            .bind(signed(report.applied))
            .fetch_one(&mut self.conn)
            .await
            .map_err(store_error)?;
        leadership(&row)
    }

    async fn lead(&mut self) -> Result<Leadership, StoreError> {
        let sql = "SELECT l.epoch, l.node, l.incarnation, l.address, l.http, coalesce(n.beats, 0), l.released, l.successor, \
            coalesce(n.applied, 0) \
            FROM kazasu.lead l LEFT JOIN kazasu.nodes n ON n.node = l.node AND n.incarnation = l.incarnation \
            WHERE l.one = 1";
        leadership(&sqlx::query(sql).fetch_one(&mut self.conn).await.map_err(store_error)?)
    }

    async fn list(&mut self) -> Result<Vec<NodeStatus>, StoreError> {
        let sql = "SELECT node, incarnation, address, http, applied, role, beats, \
                   extract(epoch FROM clock_timestamp() - seen)::float8, version FROM kazasu.nodes ORDER BY node";
        let rows = sqlx::query(sql).fetch_all(&mut self.conn).await.map_err(store_error)?;
        let status = |row: &PgRow| {
            let applied: Seq = unsigned(get(row, 4)?)?;
            Ok(NodeStatus {
                node: node(row, 0)?,
                report: NodeReport { applied, role: get(row, 5)? },
                beats: get(row, 6)?,
                silent_seconds: get(row, 7)?,
                version: get(row, 8)?,
            })
        };
        rows.iter().map(status).collect()
    }

    async fn let_go(&mut self, epoch: u64, successor: String) -> Result<bool, StoreError> {
        let sql = "SELECT kazasu.release_lead($1, $2)";
        let done = sqlx::query(sql).bind(signed(epoch)).bind(successor).fetch_one(&mut self.conn).await;
        get(&done.map_err(store_error)?, 0)
    }
}

fn leadership(row: &PgRow) -> Result<Leadership, StoreError> {
    Ok(Leadership {
        epoch: unsigned(get(row, 0)?)?,
        leader: node(row, 1)?,
        beats: get(row, 5)?,
        released: get(row, 6)?,
        successor: get(row, 7)?,
        applied: unsigned(get(row, 8)?)?,
    })
}

/// Name, incarnation and addresses from column `at` on.
fn node(row: &PgRow, at: usize) -> Result<Node, StoreError> {
    Ok(Node {
        name: get(row, at)?,
        incarnation: get::<i64>(row, at + 1)?.cast_unsigned(),
        address: get(row, at + 2)?,
        http: get(row, at + 3)?,
    })
}

impl Watch for PostgresWatch {
    fn beat<'a>(&'a mut self, report: &'a NodeReport) -> Task<'a, Result<Leadership, StoreError>> {
        Box::pin(within(self.patience.connect, self.report(report)))
    }

    fn leadership(&mut self) -> Task<'_, Result<Leadership, StoreError>> {
        Box::pin(within(self.patience.connect, self.lead()))
    }

    fn nodes(&mut self) -> Task<'_, Result<Vec<NodeStatus>, StoreError>> {
        Box::pin(within(self.patience.connect, self.list()))
    }

    fn release(&mut self, epoch: u64, successor: String) -> Task<'_, Result<bool, StoreError>> {
        Box::pin(within(self.patience.connect, self.let_go(epoch, successor)))
    }
}
