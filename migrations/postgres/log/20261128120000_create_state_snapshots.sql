-- What streams had come to, so that a long one need not be read from its beginning. Only ever a cache: what is wrong in
-- here is passed over and made anew, and deleting all of it loses nothing. Not part of a backup.
-- event_id is that of the event it ends with: a log that went back and on again has another one there.
CREATE TABLE state_snapshots (
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    sequence       bigint NOT NULL,
    event_id       uuid   NOT NULL,
    log_id         uuid   NOT NULL,
    format         bigint NOT NULL,
    state          text   NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
);
