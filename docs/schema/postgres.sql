-- The tables as the server describes them once every migration of ledger/store/migrations/postgres was applied.
-- Why they are so is written there. Made by: KAZASU_WRITE_SCHEMA=1 cargo test -p kazasu-ledger schema

-- columns
journal.seq bigint not null
journal.at bigint not null
journal.day integer not null
journal.kind smallint not null
journal.body bytea not null
journal.hash bytea not null
journal.signature bytea
lead.one smallint not null
lead.epoch bigint not null
lead.node text not null
lead.incarnation bigint not null
lead.address text not null
lead.http text not null
lead.since timestamp with time zone not null
lead.released boolean not null
lead.successor text not null
lead.token bytea not null default '\x'::bytea
nodes.node text not null
nodes.incarnation bigint not null
nodes.address text not null
nodes.http text not null
nodes.version text not null
nodes.role text not null
nodes.applied bigint not null
nodes.beats bigint not null
nodes.seen timestamp with time zone not null
sign_ins.kind smallint not null
sign_ins.key bytea not null
sign_ins.value bytea not null
sign_ins.version bigint not null
sign_ins.until bigint not null
transfers.seq bigint not null
transfers.debit bigint not null
transfers.credit bigint not null
transfers.amount bigint not null
transfers.leg smallint not null
transfers.kind smallint not null
-- constraints
journal CHECK ((octet_length(hash) = 32))
journal CHECK ((octet_length(signature) = 65))
journal CHECK ((seq > 0))
journal PRIMARY KEY (seq)
lead CHECK ((one = 1))
lead PRIMARY KEY (one)
nodes PRIMARY KEY (node)
sign_ins PRIMARY KEY (kind, key)
transfers CHECK ((amount > 0))
transfers PRIMARY KEY (seq, leg)
-- indexes
CREATE UNIQUE INDEX journal_pkey ON kazasu.journal USING btree (seq)
CREATE UNIQUE INDEX lead_pkey ON kazasu.lead USING btree (one)
CREATE UNIQUE INDEX nodes_pkey ON kazasu.nodes USING btree (node)
CREATE UNIQUE INDEX sign_ins_pkey ON kazasu.sign_ins USING btree (kind, key)
CREATE UNIQUE INDEX transfers_pkey ON kazasu.transfers USING btree (seq, leg)
-- triggers
CREATE TRIGGER journal_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON kazasu.journal FOR EACH STATEMENT EXECUTE FUNCTION kazasu.refuse()
CREATE TRIGGER transfers_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON kazasu.transfers FOR EACH STATEMENT EXECUTE FUNCTION kazasu.refuse()
-- functions
CREATE OR REPLACE FUNCTION kazasu.append(my_epoch bigint, my_token text, first_seq bigint, r_at bigint[], r_day integer[], r_kind smallint[], r_body bytea[], r_hash bytea[], r_signature bytea[], t_seq bigint[], t_leg smallint[], t_kind smallint[], t_debit bigint[], t_credit bigint[], t_amount bigint[])
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    current_epoch bigint;
    current_token bytea;
    head_seq bigint := 0;
    head_hash bytea := decode(repeat('00', 32), 'hex');
    last_seq bigint := first_seq + cardinality(r_hash) - 1;
    written bigint;
BEGIN
    SELECT l.epoch, l.token INTO STRICT current_epoch, current_token FROM kazasu.lead l WHERE l.one = 1 FOR SHARE;
    IF current_epoch <> my_epoch THEN
        RETURN current_epoch;
    END IF;
    IF current_token IS DISTINCT FROM sha256(convert_to(my_token, 'UTF8')) THEN
        RAISE EXCEPTION 'epoch % is held by another session: only the session that took the lead may append', my_epoch
            USING ERRCODE = 'check_violation';
    END IF;

    SELECT j.seq, j.hash INTO head_seq, head_hash FROM kazasu.journal j ORDER BY j.seq DESC LIMIT 1;
    IF NOT FOUND THEN
        head_seq := 0;
        head_hash := decode(repeat('00', 32), 'hex');
    END IF;
    IF first_seq <= head_seq THEN
        RAISE EXCEPTION 'record % is there already: the journal ends with record %', first_seq, head_seq
            USING ERRCODE = 'unique_violation';
    ELSIF first_seq > head_seq + 1 THEN
        RAISE EXCEPTION 'record % does not follow: the journal ends with record %', first_seq, head_seq
            USING ERRCODE = 'check_violation';
    END IF;

    -- Each record beside the hash before it. The array of those is longer by one, which makes a last row without a hash.
    INSERT INTO kazasu.journal (seq, at, day, kind, body, hash, signature)
    SELECT first_seq + r.n - 1, r.at, r.day, r.kind, r.body, r.hash, r.signature
    FROM unnest(r_at, r_day, r_kind, r_body, r_hash, r_signature, array_prepend(head_hash, r_hash)) WITH ORDINALITY
         AS r (at, day, kind, body, hash, signature, before, n)
    WHERE r.hash = sha256(r.before || int8send(first_seq + r.n - 1) || int8send(r.at) || int4send(r.day)
                          || substring(int2send(r.kind) FROM 2) || r.body);
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> cardinality(r_hash) THEN
        RAISE EXCEPTION 'of the records % to % at least one has a hash that does not follow from its content and the record before it',
            first_seq, last_seq USING ERRCODE = 'check_violation';
    END IF;

    INSERT INTO kazasu.transfers (seq, leg, kind, debit, credit, amount)
    SELECT t.seq, t.leg, t.kind, t.debit, t.credit, t.amount
    FROM unnest(t_seq, t_leg, t_kind, t_debit, t_credit, t_amount) AS t (seq, leg, kind, debit, credit, amount)
    WHERE t.seq BETWEEN first_seq AND last_seq;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> cardinality(t_seq) THEN
        RAISE EXCEPTION 'transfers of other records than % to %', first_seq, last_seq USING ERRCODE = 'check_violation';
    END IF;
    RETURN current_epoch;
END
$function$

CREATE OR REPLACE FUNCTION kazasu.refuse()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$function$

CREATE OR REPLACE FUNCTION kazasu.release_lead(my_epoch bigint, next_node text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    UPDATE kazasu.lead AS l SET released = true, successor = next_node WHERE l.one = 1 AND l.epoch = my_epoch;
    RETURN FOUND;
END
$function$

CREATE OR REPLACE FUNCTION kazasu.take_lead(expected bigint, new_node text, new_incarnation bigint, new_address text, new_http text)
 RETURNS TABLE(new_epoch bigint, new_token text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    drawn text := gen_random_uuid()::text || gen_random_uuid()::text;
BEGIN
    UPDATE kazasu.lead AS l
    SET epoch = l.epoch + 1, node = new_node, incarnation = new_incarnation, address = new_address, http = new_http,
        since = clock_timestamp(), released = false, successor = '', token = sha256(convert_to(drawn, 'UTF8'))
    WHERE l.one = 1
      AND (expected IS NULL OR l.epoch = expected
           OR (l.node = new_node AND l.incarnation = new_incarnation AND l.incarnation <> 0 AND l.epoch > expected))
    RETURNING l.epoch INTO new_epoch;
    IF FOUND THEN
        new_token := drawn;
        RETURN NEXT;
    END IF;
END
$function$

-- privileges
journal kazasu_reader:SELECT kazasu_writer:SELECT
lead kazasu_reader:SELECT kazasu_writer:SELECT
migrations kazasu_reader:SELECT kazasu_writer:SELECT
nodes kazasu_reader:SELECT kazasu_writer:INSERT kazasu_writer:SELECT kazasu_writer:UPDATE
sign_ins kazasu_writer:DELETE kazasu_writer:INSERT kazasu_writer:SELECT kazasu_writer:UPDATE
transfers kazasu_reader:SELECT kazasu_writer:SELECT
