-- What only questions and erasures need. Made at once with the tables, but by a rebuild after filling them, or when it meets
-- the first erasure.

-- Each notification is in one of these three.
CREATE INDEX IF NOT EXISTS notifications_of ON notifications (recipient_id, position)
    WHERE in_feed AND archived_at IS NULL;

CREATE INDEX IF NOT EXISTS notifications_archived ON notifications (recipient_id, position)
    WHERE in_feed AND archived_at IS NOT NULL;

CREATE INDEX IF NOT EXISTS notifications_kept ON notifications (recipient_id, position) WHERE NOT in_feed;

CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (channel, due, notification_id) WHERE due IS NOT NULL;

CREATE INDEX IF NOT EXISTS subscribed_to ON subscriptions (user_id, topic_kind, target_id) WHERE to_position IS NULL;

CREATE INDEX IF NOT EXISTS subscribers_of ON subscriptions (topic_kind, target_id, user_id) WHERE to_position IS NULL;
