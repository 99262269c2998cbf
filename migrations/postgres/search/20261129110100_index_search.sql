-- What only questions and erasures need. Made at once with the tables, but by a rebuild after filling them.

CREATE INDEX IF NOT EXISTS entries_terms ON entries USING gin (tokens);
