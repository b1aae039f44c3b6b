-- The tables as the server describes them once every migration of ledger/store/migrations/sqlite was applied.
-- Why they are so is written there. Made by: KAZASU_WRITE_SCHEMA=1 cargo test -p kazasu-ledger schema

CREATE TABLE journal (
    seq  INTEGER PRIMARY KEY,       -- 1, 2, 3, … without a gap
    at   INTEGER NOT NULL,          -- milliseconds since 1970-01-01T00:00:00Z
    day  INTEGER NOT NULL,          -- business day: days since 1970-01-01 of the date in Japan
    kind INTEGER NOT NULL,          -- what the record is (record.rs, Body::kind)
    body BLOB    NOT NULL,
    hash BLOB    NOT NULL CHECK (length(hash) = 32)
, signature BLOB CHECK (length(signature) = 65)) STRICT;
CREATE TABLE lead (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL
, incarnation INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE transfers (
    seq    INTEGER NOT NULL,        -- the record
    leg    INTEGER NOT NULL,        -- 0 to 15, its place in the record
    kind   INTEGER NOT NULL,        -- 0 direct, 1 hold, 2 post, 3 void, 4 expire
    debit  INTEGER NOT NULL,        -- account number
    credit INTEGER NOT NULL,        -- account number
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (seq, leg)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_updated BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_only_continues BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a record must follow the last one'); END;
CREATE TRIGGER transfers_are_never_deleted BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;
CREATE TRIGGER transfers_are_never_replaced BEFORE INSERT ON transfers
WHEN EXISTS (SELECT 1 FROM transfers WHERE seq = NEW.seq AND leg = NEW.leg)
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;
CREATE TRIGGER transfers_are_never_updated BEFORE UPDATE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;
