-- What people sign in with, their sessions and attempts: hashes only. Every node sees them, so that a change of leader ends no session.
-- No row gives a right: rights are records of the journal, which no login can write past the functions. The journal's chain does not
-- cover this table, and its rows may change and go.
CREATE TABLE kazasu.sign_ins (
    kind    smallint NOT NULL,      -- 1 credential, 2 session, 3 attempts, 4 use of a key
    key     bytea    NOT NULL,
    value   bytea    NOT NULL,
    version bigint   NOT NULL,      -- raised with every change: a row is replaced only by one who has read it
    until   bigint   NOT NULL,      -- milliseconds since 1970; worth nothing afterwards
    PRIMARY KEY (kind, key)
);

-- A node reads and writes rows; it cannot empty the table at once, and a reader of the journal sees nothing of it.
GRANT SELECT, INSERT, UPDATE, DELETE ON kazasu.sign_ins TO kazasu_writer;
