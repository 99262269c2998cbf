//! The rules of notification, as given / when / then.
