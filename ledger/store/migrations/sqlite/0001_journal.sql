-- The journal: one row a record, in order, for ever.
--
-- `body` is the record as CBOR; `hash` covers this row and the hash of the row before it (see chain.rs), so the table can
-- be checked without the program that wrote it. The other columns repeat what the hash covers, for people and indexes.
-- An INTEGER PRIMARY KEY is the table's own key in SQLite: appending touches the last page of one B-tree and no index.
CREATE TABLE journal (
    seq  INTEGER PRIMARY KEY,       -- 1, 2, 3, … without a gap
    at   INTEGER NOT NULL,          -- milliseconds since 1970-01-01T00:00:00Z
    day  INTEGER NOT NULL,          -- business day: days since 1970-01-01 of the date in Japan
    kind INTEGER NOT NULL,          -- what the record is (record.rs, Body::kind)
    body BLOB    NOT NULL,
    hash BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- The records' transfers as plain columns, written in the same transaction as their record and never without it: what an
-- auditor sums with SQL. It holds nothing that is not in `body`; `kazasu ledger verify` compares the two.
CREATE TABLE transfers (
    seq    INTEGER NOT NULL,        -- the record
    leg    INTEGER NOT NULL,        -- 0 to 15, its place in the record
    kind   INTEGER NOT NULL,        -- 0 direct, 1 hold, 2 post, 3 void, 4 expire
    debit  INTEGER NOT NULL,        -- account number
    credit INTEGER NOT NULL,        -- account number
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (seq, leg)
) STRICT, WITHOUT ROWID;

-- Append-only: not even this program can change or remove what was written.
CREATE TRIGGER journal_is_never_updated BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER transfers_are_never_updated BEFORE UPDATE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;
CREATE TRIGGER transfers_are_never_deleted BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;

-- Who may append. Opening the journal for writing raises the epoch; each batch is written only while its writer's epoch is
-- still the current one, in the same transaction.
CREATE TABLE lead (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO lead (one, epoch) VALUES (1, 0);
