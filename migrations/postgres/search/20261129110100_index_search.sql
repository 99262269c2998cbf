-- What only questions and erasures need. Made at once with the tables, but by a rebuild after filling them.

-- A message has some twenty tokens, and each put in by itself costs more than the message's row: they are put in together,
-- from a list of what is still to be put in. It is short, because every room that is searched would read it from end to
-- end; a search puts in first what is left in it.
CREATE INDEX IF NOT EXISTS entries_terms ON entries USING gin (tokens) WITH (gin_pending_list_limit = 1024);
