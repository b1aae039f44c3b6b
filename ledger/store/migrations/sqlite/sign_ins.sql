-- What people sign in with, their sessions and attempts, in a file of its own beside the journal: hashes only. No row gives a right,
-- and the journal's chain does not cover them.
CREATE TABLE IF NOT EXISTS sign_ins (
    kind    INTEGER NOT NULL,       -- 1 credential, 2 session, 3 attempts, 4 use of a key
    key     BLOB    NOT NULL,
    value   BLOB    NOT NULL,
    version INTEGER NOT NULL,       -- raised with every change: a row is replaced only by one who has read it
    until   INTEGER NOT NULL,       -- milliseconds since 1970; worth nothing afterwards
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
