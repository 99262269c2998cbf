//! The rules of participant, as given / when / then.
