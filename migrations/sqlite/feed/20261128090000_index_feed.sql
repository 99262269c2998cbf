-- What only questions need, and what keeps a second row out. Made at once with the tables, but by a rebuild after filling them.

CREATE INDEX IF NOT EXISTS notifications_of ON notifications (recipient_id, position);
