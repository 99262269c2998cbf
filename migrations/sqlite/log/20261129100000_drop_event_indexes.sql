-- Where an id and where a stream is stands in a file of its own, which follows this one (log-index.db, ADR 0016): in here an
-- append only writes at the end. The writer itself refuses an id or a place in a stream that is taken.
DROP INDEX IF EXISTS events_by_stream;
DROP INDEX IF EXISTS events_by_id;
