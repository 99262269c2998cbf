-- Which keys the words in here are sealed with: the id of the place that has them. One row; none before the first opening.
CREATE TABLE log_keys (
    one_row INTEGER PRIMARY KEY CHECK (one_row = 1),
    keys_id BLOB    NOT NULL
) STRICT;
