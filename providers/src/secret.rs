//! A text that must never be shown: `Debug` is `***`, there is no `Display`, and it is never serialised.

use std::fmt;

use aws_lc_rs::{constant_time, digest};
use serde::Deserialize;

#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether somebody gave this secret, in a time that says nothing about it, its length included. An empty secret was
    /// never configured, and nobody knows it.
    pub fn is(&self, given: &str) -> bool {
        let [own, given] = [&self.0, given].map(|text| digest::digest(&digest::SHA256, text.as_bytes()));
        let same = constant_time::verify_slices_are_equal(own.as_ref(), given.as_ref()).is_ok();
        same && !self.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
        assert_eq!(Secret::new("hunter2").reveal(), "hunter2");
    }

    #[test]
    fn only_the_secret_itself_is_the_secret() {
        let secret = Secret::new("hunter2");
        assert!(secret.is("hunter2"));
        for wrong in ["", "hunter", "hunter22", "Hunter2"] {
            assert!(!secret.is(wrong), "{wrong}");
        }
        assert!(!Secret::default().is(""), "what was never configured lets nobody in");
    }
}
