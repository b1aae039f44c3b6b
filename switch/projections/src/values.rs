//! Numbers and persons as files beside the journal have them.

use anyhow::Context;
use kazasu_schemas::ids::Ppid;

pub(crate) fn signed(n: u64) -> i64 {
    i64::try_from(n).expect("a journal of fewer than 2^63 records")
}

pub(crate) fn ppid(bytes: &[u8]) -> anyhow::Result<Ppid> {
    Ok(Ppid::from_bytes(bytes.try_into().context("a PPID has 16 bytes")?))
}
