-- What only questions need, and what keeps a second message out. Made at once with the tables, but by a rebuild after filling them.

CREATE UNIQUE INDEX IF NOT EXISTS members_now ON members (user_id, room_id) WHERE to_position IS NULL;
-- Where somebody may have said something, also of those who left: for erasing them.
CREATE INDEX IF NOT EXISTS members_ever ON members (user_id, room_id);
CREATE INDEX IF NOT EXISTS participants_active ON participants (room_id, active_position DESC, user_id);
CREATE INDEX IF NOT EXISTS messages_in_room ON messages (room_id, position);
CREATE INDEX IF NOT EXISTS follows_from ON follows (from_id, position);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_seq ON messages (room_id, seq);
CREATE INDEX IF NOT EXISTS follows_to ON follows (to_id, position);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_id ON messages (message_id);
