-- Which keys the words in here are sealed with: the id of the place that has them. One row; none before the first opening.
CREATE TABLE log_keys (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    keys_id uuid NOT NULL
);
