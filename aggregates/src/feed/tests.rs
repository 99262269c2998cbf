//! The rules of feed, as given / when / then.
