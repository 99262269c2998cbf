-- Every reactor that ever wrote a checkpoint. Never deleted: one that is known and has no checkpoint has lost it, and must
-- not begin anew at the head as a new one does.
CREATE TABLE reactors_known (
    reactor text PRIMARY KEY
);
INSERT INTO reactors_known (reactor) SELECT reactor FROM reactor_checkpoints;

CREATE FUNCTION kabar_know_reactor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reactors_known (reactor) VALUES (NEW.reactor) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER know_reactor AFTER INSERT ON reactor_checkpoints
    FOR EACH ROW EXECUTE FUNCTION kabar_know_reactor();
