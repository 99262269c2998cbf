-- What only questions and erasures need. Made at once with the tables, but by a rebuild after filling them.

-- Without a list of what is still to be put in: every room that is searched would read it from end to end.
CREATE INDEX IF NOT EXISTS entries_terms ON entries USING gin (tokens) WITH (fastupdate = off);
