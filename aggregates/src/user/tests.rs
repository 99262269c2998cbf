//! The rules of user, as given / when / then.
