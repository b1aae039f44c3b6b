-- The journal in PostgreSQL: one row a record, in order, for ever. The same as in SQLite, in this engine's own words.
--
-- Everything lives in the schema `kazasu`; one database holds one book.

-- Three roles, none of which can log in: people and programs get logins that are members of one of them.
--   the owner of the database   creates and migrates these tables, and is used for nothing else;
--   kazasu_writer               what a node does: it may add, never change or remove;
--   kazasu_reader               reports, auditors: it may look.
-- Roles belong to the whole server, so another book on it may have made them already.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kazasu_writer') THEN
        CREATE ROLE kazasu_writer NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kazasu_reader') THEN
        CREATE ROLE kazasu_reader NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- two books were set up at the same moment
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the roles kazasu_writer and kazasu_reader do not exist and % may not create them', current_user
            USING HINT = 'Have an administrator run: CREATE ROLE kazasu_writer NOLOGIN; CREATE ROLE kazasu_reader NOLOGIN;';
END
$$;

-- `body` is the record as CBOR; `hash` covers this row and the hash of the row before it, so the table can be checked
-- without the program that wrote it. The other columns repeat what the hash covers, for people and queries.
-- The fixed-width columns come first and in falling order of width, so that rows have no padding between columns.
CREATE TABLE kazasu.journal (
    seq  bigint   PRIMARY KEY CHECK (seq > 0),  -- 1, 2, 3, … without a gap
    at   bigint   NOT NULL,                     -- milliseconds since 1970-01-01T00:00:00Z
    day  integer  NOT NULL,                     -- business day: days since 1970-01-01 of the date in Japan
    kind smallint NOT NULL,                     -- what the record is (record.rs, Body::kind)
    body bytea    NOT NULL,
    hash bytea    NOT NULL CHECK (octet_length(hash) = 32)
);

-- The records' transfers as plain columns, written by the same statement as their record and never without it: what an
-- auditor sums with SQL. It holds nothing that is not in `body`; `kazasu ledger verify` compares the two.
-- There is no foreign key to the journal: it would look each row up again on the one path that must be short.
CREATE TABLE kazasu.transfers (
    seq    bigint   NOT NULL,                   -- the record
    debit  bigint   NOT NULL,                   -- account number
    credit bigint   NOT NULL,                   -- account number
    amount bigint   NOT NULL CHECK (amount > 0),
    leg    smallint NOT NULL,                   -- 0 to 15, its place in the record
    kind   smallint NOT NULL,                   -- 0 direct, 1 hold, 2 post, 3 void, 4 expire
    PRIMARY KEY (seq, leg)
);

-- Append-only: nobody may change or remove what was written, not even the tables' owner by mistake. The triggers fire once
-- a statement and only for statements that nobody should send, so appending does not feel them.
CREATE FUNCTION kazasu.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kazasu.journal
    FOR EACH STATEMENT EXECUTE FUNCTION kazasu.refuse();
CREATE TRIGGER transfers_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kazasu.transfers
    FOR EACH STATEMENT EXECUTE FUNCTION kazasu.refuse();

-- Who may append. Taking the lead raises the epoch; a batch is written only by a statement that holds a share of this row
-- and finds its own epoch in it. So a writer that lost the lead can keep nothing, whatever its clock says.
CREATE TABLE kazasu.lead (
    one         smallint    PRIMARY KEY CHECK (one = 1),
    epoch       bigint      NOT NULL,
    node        text        NOT NULL,           -- the node's name
    incarnation bigint      NOT NULL,           -- drawn at random when its process began
    address     text        NOT NULL,           -- where other nodes reach it
    http        text        NOT NULL,           -- where its status page is
    since       timestamptz NOT NULL,
    released    boolean     NOT NULL,           -- it has let go in good order
    successor   text        NOT NULL            -- and wants this node to follow; '' for any
);
INSERT INTO kazasu.lead VALUES (1, 0, '', 0, '', '', now(), false, '');

-- What nodes report of themselves. Nothing here decides who may write; a report that stays out is a reason to try.
-- Rows are rewritten all the time, so pages keep room for their next versions.
CREATE TABLE kazasu.nodes (
    node        text        PRIMARY KEY,
    incarnation bigint      NOT NULL,
    address     text        NOT NULL,
    http        text        NOT NULL,
    version     text        NOT NULL,
    role        text        NOT NULL,
    applied     bigint      NOT NULL,           -- the last record that its state contains
    beats       bigint      NOT NULL,           -- reports of this incarnation
    seen        timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Privileges: PUBLIC has none on new tables, and gets none.
GRANT USAGE ON SCHEMA kazasu TO kazasu_writer, kazasu_reader;
GRANT SELECT, INSERT ON kazasu.journal, kazasu.transfers TO kazasu_writer;
GRANT SELECT, UPDATE ON kazasu.lead TO kazasu_writer;
GRANT SELECT, INSERT, UPDATE ON kazasu.nodes TO kazasu_writer;
GRANT SELECT ON kazasu.migrations TO kazasu_writer;
GRANT SELECT ON kazasu.journal, kazasu.transfers, kazasu.lead, kazasu.nodes, kazasu.migrations TO kazasu_reader;
REVOKE EXECUTE ON FUNCTION kazasu.refuse() FROM PUBLIC;
