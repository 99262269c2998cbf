-- What only questions need, and what keeps a second message out. Made at once with the tables, but by a rebuild after filling them.

CREATE UNIQUE INDEX IF NOT EXISTS members_now ON members (user_id, room_id) WHERE to_position IS NULL;
-- Where somebody may have said something, also of those who left: for erasing them.
CREATE INDEX IF NOT EXISTS members_ever ON members (user_id, room_id);
-- With how far they ever read: who has seen a message is counted in here.
CREATE INDEX IF NOT EXISTS participants_active ON participants (room_id, active_position DESC, user_id, seen_seq);
CREATE INDEX IF NOT EXISTS messages_in_room ON messages (room_id, position);
CREATE INDEX IF NOT EXISTS follows_from ON follows (from_id, position);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_seq ON messages (room_id, seq);
CREATE INDEX IF NOT EXISTS follows_to ON follows (to_id, position);
-- Who blocks somebody: asked whenever they connect.
CREATE INDEX IF NOT EXISTS blocks_to ON blocks (to_id, from_id);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_id ON messages (message_id);
-- Only for rooms, messages and words that the question is about: a plain message is in none of these.
CREATE INDEX IF NOT EXISTS rooms_of_support ON rooms (position) WHERE kind = 'SUPPORT' AND closed = 0;
CREATE INDEX IF NOT EXISTS messages_replying ON messages (reply_to, position) WHERE reply_to IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_forwarded ON messages (forwarded_author_id, position)
    WHERE forwarded_author_id IS NOT NULL;
-- Who may fetch a file. Addresses elsewhere may be long, and nobody asks for them.
CREATE INDEX IF NOT EXISTS messages_carrying ON messages (attachment_url, room_id, seq)
    WHERE attachment_url GLOB '/api/uploads/*';
CREATE INDEX IF NOT EXISTS edits_of_message ON message_edits (room_id, seq, position);
-- For erasing who said them.
CREATE INDEX IF NOT EXISTS edits_by_sender ON message_edits (sender_id, position);
CREATE INDEX IF NOT EXISTS reactions_first ON reactions (room_id, seq, emoji, position);
CREATE INDEX IF NOT EXISTS mentions_of ON mentions (user_id, room_id, seq);
CREATE INDEX IF NOT EXISTS reports_latest ON reports (position);
CREATE INDEX IF NOT EXISTS reports_open ON reports (position) WHERE resolved_position IS NULL;
CREATE INDEX IF NOT EXISTS reports_resolved ON reports (position) WHERE resolved_position IS NOT NULL;
-- One's own, and for erasing who filed them.
CREATE INDEX IF NOT EXISTS reports_by_reporter ON reports (reporter_id, position);
-- For erasing whom they are about, and who resolved them.
CREATE INDEX IF NOT EXISTS reports_about ON reports (about_id, position);
CREATE INDEX IF NOT EXISTS reports_about_resolved ON reports (about_id, resolved_position);
CREATE INDEX IF NOT EXISTS reports_by_resolver ON reports (resolved_by, resolved_position);
