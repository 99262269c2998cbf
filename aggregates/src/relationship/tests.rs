//! The rules of relationship, as given / when / then.
