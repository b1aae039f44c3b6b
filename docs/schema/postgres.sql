-- The tables as the server describes them once every migration of ledger/store/migrations/postgres was applied.
-- Why they are so is written there. Made by: KAZASU_WRITE_SCHEMA=1 cargo test -p kazasu-ledger schema

-- columns
journal.seq bigint not null
journal.at bigint not null
journal.day integer not null
journal.kind smallint not null
journal.body bytea not null
journal.hash bytea not null
lead.one smallint not null
lead.epoch bigint not null
lead.node text not null
lead.incarnation bigint not null
lead.address text not null
lead.http text not null
lead.since timestamp with time zone not null
lead.released boolean not null
lead.successor text not null
nodes.node text not null
nodes.incarnation bigint not null
nodes.address text not null
nodes.http text not null
nodes.version text not null
nodes.role text not null
nodes.applied bigint not null
nodes.beats bigint not null
nodes.seen timestamp with time zone not null
transfers.seq bigint not null
transfers.debit bigint not null
transfers.credit bigint not null
transfers.amount bigint not null
transfers.leg smallint not null
transfers.kind smallint not null
-- constraints
journal CHECK ((octet_length(hash) = 32))
journal CHECK ((seq > 0))
journal PRIMARY KEY (seq)
lead CHECK ((one = 1))
lead PRIMARY KEY (one)
nodes PRIMARY KEY (node)
transfers CHECK ((amount > 0))
transfers PRIMARY KEY (seq, leg)
-- indexes
CREATE UNIQUE INDEX journal_pkey ON kazasu.journal USING btree (seq)
CREATE UNIQUE INDEX lead_pkey ON kazasu.lead USING btree (one)
CREATE UNIQUE INDEX nodes_pkey ON kazasu.nodes USING btree (node)
CREATE UNIQUE INDEX transfers_pkey ON kazasu.transfers USING btree (seq, leg)
-- triggers
CREATE TRIGGER journal_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON kazasu.journal FOR EACH STATEMENT EXECUTE FUNCTION kazasu.refuse()
CREATE TRIGGER transfers_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON kazasu.transfers FOR EACH STATEMENT EXECUTE FUNCTION kazasu.refuse()
-- functions
CREATE OR REPLACE FUNCTION kazasu.refuse()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$function$

-- privileges
journal kazasu_reader:SELECT kazasu_writer:INSERT kazasu_writer:SELECT
lead kazasu_reader:SELECT kazasu_writer:SELECT kazasu_writer:UPDATE
migrations kazasu_reader:SELECT kazasu_writer:SELECT
nodes kazasu_reader:SELECT kazasu_writer:INSERT kazasu_writer:SELECT kazasu_writer:UPDATE
transfers kazasu_reader:SELECT kazasu_writer:INSERT kazasu_writer:SELECT
