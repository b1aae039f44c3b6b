-- One door to the journal: a node's login may no longer write the tables. It calls functions that belong to the tables' owner,
-- and these check what a login with INSERT could get wrong on purpose: epoch, order, hash chain, transfers.

-- The last record of each commit batch carries its node's signature over its place and hash: one byte for the key's version, then
-- 64 of Ed25519. It is NULL on the other records, and in books whose nodes have no key. The database cannot make one.
ALTER TABLE kazasu.journal ADD COLUMN signature bytea CHECK (octet_length(signature) = 65);

-- Every node shares one login, and the epoch can be read. So the lead is held by a token besides: drawn when the lead is taken,
-- told to nobody but the session that took it, and kept here only as its SHA-256.
ALTER TABLE kazasu.lead ADD COLUMN token bytea NOT NULL DEFAULT '\x';

-- Takes the lead: if the epoch is what the caller expects (NULL: whatever it is), or if this very process holds it already. Gives the
-- new epoch and the token, or no row.
CREATE FUNCTION kazasu.take_lead(expected bigint, new_node text, new_incarnation bigint, new_address text, new_http text)
RETURNS TABLE (new_epoch bigint, new_token text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
$$;

-- The leader lets go in good order. False, and nothing is done, when the epoch is another one.
CREATE FUNCTION kazasu.release_lead(my_epoch bigint, next_node text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE kazasu.lead AS l SET released = true, successor = next_node WHERE l.one = 1 AND l.epoch = my_epoch;
    RETURN FOUND;
END
$$;

-- One commit batch, whole or not at all, in one call and without a statement for a row. It gives the epoch that is in force: when that
-- is not the caller's, nothing was written, because another node leads.
--
-- The share of the lead's row is held until the batch is durable, so a new leader waits for the batch or the batch sees its epoch.
-- Each statement of the function has a snapshot of its own: what follows the wait sees what the wait was for.
-- `unique_violation` means that records are there already, which a writer in doubt settles by reading; every other error is final.
CREATE FUNCTION kazasu.append(
    my_epoch bigint, my_token text, first_seq bigint,
    r_at bigint[], r_day integer[], r_kind smallint[], r_body bytea[], r_hash bytea[], r_signature bytea[],
    t_seq bigint[], t_leg smallint[], t_kind smallint[], t_debit bigint[], t_credit bigint[], t_amount bigint[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
$$;

-- Functions may be called by everybody unless it is said otherwise.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA kazasu FROM PUBLIC;
REVOKE INSERT ON kazasu.journal, kazasu.transfers FROM kazasu_writer;
REVOKE UPDATE ON kazasu.lead FROM kazasu_writer;
GRANT EXECUTE ON FUNCTION
    kazasu.take_lead(bigint, text, bigint, text, text),
    kazasu.release_lead(bigint, text),
    kazasu.append(bigint, text, bigint, bigint[], integer[], smallint[], bytea[], bytea[], bytea[],
                  bigint[], smallint[], smallint[], bigint[], bigint[], bigint[])
TO kazasu_writer;
