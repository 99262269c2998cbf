//! An error with all its causes on one line, for those who can do something about the cause.

use std::error::Error;
use std::fmt;

/// A cause that the text before it has said already is not said again: some errors show their source themselves.
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !said.ends_with(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            source = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Told {
        text: &'static str,
        source: Option<Box<Told>>,
    }

    fn chain(texts: &[&'static str]) -> String {
        let told = texts.iter().rev().fold(None, |source, text| Some(Box::new(Told { text, source })));
        Chain(&*told.expect("one at least")).to_string()
    }

    #[test]
    fn every_cause_is_said_once() {
        assert_eq!(chain(&["the log cannot be opened", "no route"]), "the log cannot be opened: no route");
        assert_eq!(
            chain(&["opening", "database said: no such database", "no such database", "x"]),
            "opening: database said: no such database: x"
        );
        assert_eq!(chain(&["a", "a"]), "a");
    }
}
