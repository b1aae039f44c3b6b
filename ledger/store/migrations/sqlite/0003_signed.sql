-- The last record of each commit batch carries its node's signature over its place and hash: one byte for the key's version, then
-- 64 of Ed25519. It is NULL on the other records, and in books whose nodes have no key. SQLite cannot make one.
ALTER TABLE journal ADD COLUMN signature BLOB CHECK (length(signature) = 65);

-- INSERT OR REPLACE takes the old row away without asking the triggers that watch deletions, unless the connection wants it so
-- (recursive_triggers). A trigger before the insertion is always asked.
CREATE TRIGGER journal_only_continues BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a record must follow the last one'); END;
CREATE TRIGGER transfers_are_never_replaced BEFORE INSERT ON transfers
WHEN EXISTS (SELECT 1 FROM transfers WHERE seq = NEW.seq AND leg = NEW.leg)
BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END;
