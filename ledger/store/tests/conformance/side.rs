//! Rows beside the journal: every engine keeps them alike.

use crate::{Engine, engines, open};
use kazasu_schemas::jst::Millis;
use kazasu_store::side::{SideRow, SideTable};

fn row(kind: u8, key: &[u8], value: &[u8], version: i64) -> SideRow {
    SideRow { kind, key: key.to_vec(), value: value.to_vec(), version, until: Millis(1_000) }
}

async fn keys(table: &mut dyn SideTable, prefix: &[u8], limit: u32) -> Vec<Vec<u8>> {
    table.list(1, prefix, limit).await.unwrap().into_iter().map(|row| row.key).collect()
}

#[tokio::test]
async fn a_row_is_replaced_only_by_one_who_has_read_it_and_survives_the_connection() {
    for Engine { name, store, .. } in &engines().await {
        // The tables of a shared store are there before; a file's folder is.
        open(store.as_ref()).await.close().await.unwrap();
        let mut table = store.side().await.unwrap();
        assert_eq!(table.get(1, b"a").await.unwrap(), None, "{name}");
        assert!(table.put(&row(1, b"a", b"first", 0)).await.unwrap(), "{name}");
        assert!(!table.put(&row(1, b"a", b"also first", 0)).await.unwrap(), "{name}: it is there");
        assert_eq!(table.get(1, b"a").await.unwrap(), Some(row(1, b"a", b"first", 1)), "{name}");
        let mut other = store.side().await.unwrap();
        assert!(other.put(&row(1, b"a", b"second", 1)).await.unwrap(), "{name}");
        assert!(!table.put(&row(1, b"a", b"lost", 1)).await.unwrap(), "{name}: it is another one by now");
        assert_eq!(table.get(1, b"a").await.unwrap(), Some(row(1, b"a", b"second", 2)), "{name}");
        assert!(!table.put(&row(1, b"none", b"x", 3)).await.unwrap(), "{name}: it is not there");
        assert!(table.delete(1, b"a").await.unwrap() && !table.delete(1, b"a").await.unwrap(), "{name}");
    }
}

#[tokio::test]
async fn rows_are_listed_by_the_beginning_of_their_keys_and_go_after_their_time() {
    for Engine { name, store, .. } in &engines().await {
        open(store.as_ref()).await.close().await.unwrap();
        let mut table = store.side().await.unwrap();
        let all: [&[u8]; 6] = [b"", b"\x00\x01", b"\x00\x01\xff", b"\x00\x02", b"\xff\xff", b"\xff\xff\x00"];
        for key in all {
            assert!(table.put(&row(1, key, b"x", 0)).await.unwrap(), "{name}");
            assert!(table.put(&row(2, key, b"of another kind", 0)).await.unwrap(), "{name}");
        }
        let table = table.as_mut();
        assert_eq!(keys(table, b"", 100).await, all, "{name}");
        assert_eq!(keys(table, b"\x00\x01", 100).await, [all[1], all[2]], "{name}");
        assert_eq!(keys(table, b"\xff", 100).await, [all[4], all[5]], "{name}");
        assert_eq!(keys(table, b"\xff\xff", 1).await, [all[4]], "{name}");
        assert_eq!(keys(table, b"\x01", 100).await, Vec::<Vec<u8>>::new(), "{name}");
        let late = SideRow { until: Millis(2_000), ..row(1, b"later", b"x", 0) };
        assert!(table.put(&late).await.unwrap(), "{name}");
        assert_eq!(table.purge(Millis(1_000)).await.unwrap(), 0, "{name}: its last moment");
        assert_eq!(table.purge(Millis(1_001)).await.unwrap(), 12, "{name}");
        assert_eq!(keys(table, b"", 100).await, [b"later".to_vec()], "{name}");
    }
}
