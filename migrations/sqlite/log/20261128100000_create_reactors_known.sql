-- Every reactor that ever wrote a checkpoint. Never deleted: one that is known and has no checkpoint has lost it, and must
-- not begin anew at the head as a new one does.
CREATE TABLE reactors_known (
    reactor TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

INSERT INTO reactors_known (reactor) SELECT reactor FROM reactor_checkpoints;

CREATE TRIGGER know_reactor AFTER INSERT ON reactor_checkpoints BEGIN
    INSERT OR IGNORE INTO reactors_known (reactor) VALUES (NEW.reactor);
END;
