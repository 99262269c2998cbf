-- What only questions need, and what keeps a second row out. Made at once with the tables, but by a rebuild after filling them.

CREATE INDEX IF NOT EXISTS notifications_of ON notifications (recipient_id, position);

CREATE INDEX IF NOT EXISTS subscribed_to ON subscriptions (user_id, topic_kind, target_id) WHERE to_position IS NULL;

CREATE INDEX IF NOT EXISTS subscribers_of ON subscriptions (topic_kind, target_id, user_id) WHERE to_position IS NULL;
