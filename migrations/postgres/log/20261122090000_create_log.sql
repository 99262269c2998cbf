-- The event log. The first seven columns and the primary key are those of postgres-es 0.5, so that a stock postgres-es
-- program can read and write beside Kabar; the rest is ours.
CREATE TABLE events (
    aggregate_type text COLLATE "C"             NOT NULL,
    aggregate_id   text COLLATE "C"             NOT NULL,
    sequence       bigint CHECK (sequence >= 0) NOT NULL,
    event_type     text                         NOT NULL,
    event_version  text                         NOT NULL,
    payload        json                         NOT NULL,
    metadata       json                         NOT NULL,
    position       bigint                       NOT NULL,
    event_id       uuid                         NOT NULL,
    recorded_at    timestamptz                  NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
CREATE UNIQUE INDEX events_position ON events (position);
CREATE UNIQUE INDEX events_event_id ON events (event_id);

-- Only for stock postgres-es programs that were told to make snapshots; Kabar neither reads nor writes it.
CREATE TABLE snapshots (
    aggregate_type   text                                 NOT NULL,
    aggregate_id     text                                 NOT NULL,
    last_sequence    bigint CHECK (last_sequence >= 0)    NOT NULL,
    current_snapshot bigint CHECK (current_snapshot >= 0) NOT NULL,
    payload          json                                 NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)
);

-- Which log this is. One row.
CREATE TABLE log_identity (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_id uuid NOT NULL
);
INSERT INTO log_identity (log_id) VALUES (gen_random_uuid());

-- How far each reactor has come, and in which log. Backed up with the log, never reset.
CREATE TABLE reactor_checkpoints (
    reactor  text PRIMARY KEY,
    log_id   uuid   NOT NULL,
    position bigint NOT NULL
);

-- Writers queue here; positions are given under it, so commit order is position order and no reader sees a gap.
CREATE FUNCTION kabar_take_log() RETURNS void LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock(4954371190118801) $$;

-- Stock postgres-es writers do not know of positions: the same lock, the same order, the same NOTIFY.
CREATE FUNCTION kabar_place_stock_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_position int8;
    last_at timestamptz;
BEGIN
    PERFORM kabar_take_log();
    SELECT e.position, e.recorded_at INTO last_position, last_at FROM events e ORDER BY e.position DESC LIMIT 1;
    NEW.position := coalesce(last_position, 0) + 1;
    NEW.event_id := coalesce(NEW.event_id, gen_random_uuid());
    NEW.recorded_at := greatest(clock_timestamp(), last_at);
    PERFORM pg_notify('kabar_log', NEW.position::text);
    RETURN NEW;
END $$;
CREATE TRIGGER place_stock_event BEFORE INSERT ON events
    FOR EACH ROW WHEN (NEW.position IS NULL) EXECUTE FUNCTION kabar_place_stock_event();

-- One batch. c_*: own streams, broken by any later event. g_*: guards, broken by later events of the named kinds
-- (joined by commas). e_*: the events. Everything decided on rests on positions up to `known`; what lies behind it was
-- written by others, comes back in f_*, and leaves out the groups it breaks. More of it than `tail_max`: nothing is
-- written, `behind` is true. One statement, so one round trip and one commit.
CREATE FUNCTION kabar_append(
    known int8, tail_max int8,
    c_group int4[], c_type text[], c_id text[], c_version int8[],
    g_group int4[], g_type text[], g_id text[], g_version int8[], g_kinds text[],
    e_group int4[], e_type text[], e_id text[], e_sequence int8[], e_event uuid[], e_name text[], e_version text[],
    e_payload text[], e_metadata text[],
    OUT base int8, OUT behind boolean, OUT left_out int4[], OUT recorded_ms int8,
    OUT f_position int8[], OUT f_type text[], OUT f_id text[], OUT f_sequence int8[], OUT f_event uuid[],
    OUT f_name text[], OUT f_version text[], OUT f_payload text[], OUT f_metadata text[], OUT f_at int8[]
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    at timestamptz;
BEGIN
    PERFORM kabar_take_log();
    SELECT e.position, e.recorded_at INTO base, at FROM events e ORDER BY e.position DESC LIMIT 1;
    base := coalesce(base, 0);
    at := greatest(clock_timestamp(), at);
    recorded_ms := (extract(epoch FROM at) * 1000)::int8;
    behind := false;
    IF base < known THEN
        RAISE EXCEPTION 'the log went back' USING ERRCODE = 'KB001', DETAIL = base::text;
    END IF;
    IF base - known > tail_max THEN
        behind := true;
        RETURN;
    END IF;
    IF base > known THEN
        SELECT array_agg(x.position), array_agg(x.aggregate_type), array_agg(x.aggregate_id), array_agg(x.sequence),
               array_agg(x.event_id), array_agg(x.event_type), array_agg(x.event_version), array_agg(x.payload::text),
               array_agg(x.metadata::text), array_agg((extract(epoch FROM x.recorded_at) * 1000)::int8)
          INTO f_position, f_type, f_id, f_sequence, f_event, f_name, f_version, f_payload, f_metadata, f_at
          FROM (SELECT * FROM events e WHERE e.position > known ORDER BY e.position) x;
        SELECT array_agg(DISTINCT broken.grp ORDER BY broken.grp) INTO left_out FROM (
            SELECT c.grp FROM unnest(f_type, f_id, f_sequence) f(type, id, seq)
              JOIN unnest(c_group, c_type, c_id, c_version) c(grp, type, id, version)
                ON f.type = c.type AND f.id = c.id AND f.seq > c.version
            UNION ALL
            SELECT g.grp FROM unnest(f_type, f_id, f_sequence, f_name) f(type, id, seq, name)
              JOIN unnest(g_group, g_type, g_id, g_version, g_kinds) g(grp, type, id, version, kinds)
                ON f.type = g.type AND f.id = g.id AND f.seq > g.version AND f.name = ANY (string_to_array(g.kinds, ','))
        ) broken;
    END IF;
    IF cardinality(e_event) = 0 THEN
        RETURN;
    END IF;
    IF left_out IS NULL THEN
        INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                            position, event_id, recorded_at)
        SELECT u.type, u.id, u.seq, u.name, u.version, u.payload::json, u.metadata::json, base + u.o, u.event, at
          FROM unnest(e_type, e_id, e_sequence, e_event, e_name, e_version, e_payload, e_metadata)
               WITH ORDINALITY u(type, id, seq, event, name, version, payload, metadata, o);
    ELSE
        INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                            position, event_id, recorded_at)
        SELECT u.type, u.id, u.seq, u.name, u.version, u.payload::json, u.metadata::json,
               base + row_number() OVER (ORDER BY u.o), u.event, at
          FROM unnest(e_group, e_type, e_id, e_sequence, e_event, e_name, e_version, e_payload, e_metadata)
               WITH ORDINALITY u(grp, type, id, seq, event, name, version, payload, metadata, o)
         WHERE NOT u.grp = ANY (left_out);
    END IF;
END $$;

-- After a lost answer: behind the lock, so that whatever was under way has landed or never will.
CREATE FUNCTION kabar_find(ids uuid[])
RETURNS TABLE (event_id uuid, "position" int8, aggregate_type text, aggregate_id text, sequence int8)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM kabar_take_log();
    RETURN QUERY SELECT e.event_id, e.position, e.aggregate_type, e.aggregate_id, e.sequence
                   FROM events e WHERE e.event_id = ANY (ids);
END $$;
