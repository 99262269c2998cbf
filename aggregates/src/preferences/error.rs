//! Preferences never refuse: whose they are follows from who asks, and all that can be said of them may be.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PreferencesError {}
