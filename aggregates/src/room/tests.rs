//! The rules of room, as given / when / then.
