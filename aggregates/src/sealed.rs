//! What people said and how they are called: carried by the rules, never looked into by them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Words that belong to a user.
///
/// Commands validate words before they get here; no rule reads them. `Debug` does not show them, so that a log line
/// about a command or an event never holds what somebody wrote. The stored form is plain text until the log seals it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(Arc<str>);

impl Sealed {
    pub fn new(words: impl Into<Arc<str>>) -> Self {
        Self(words.into())
    }

    /// For read models and the wire. Rules have no business in here.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
