//! How a command ended, for people and for scripts.

use std::process::ExitCode;

use event_log::Chain;
use projections::ReadError;
use serde_json::json;

/// A command that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    /// Something is not as it should be: the output says what.
    Differences,
    /// Ctrl-C.
    Interrupted,
}

impl Verdict {
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Fine => 0,
            Self::Differences => 1,
            // As shells have it: 128 + SIGINT.
            Self::Interrupted => 130,
        })
    }
}

/// A command that could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// The wish makes no sense: exit 2, like a flag that does not exist.
    Usage(String),
    /// The server said no, or something must not be used as it is: exit 1.
    Refused(String),
    /// Store or server cannot be reached or read: exit 3.
    Unreachable(anyhow::Error),
    /// The doctor could not look: exit 2, because its 1 says that it has looked.
    CouldNotLook(anyhow::Error),
    /// Nobody reads our output any more (`replay tail | head`): no failure at all.
    NobodyReads,
}

impl Failure {
    pub fn usage(what: impl Into<String>) -> Self {
        Self::Usage(what.into())
    }

    /// Something was to be done to a view, and was not. Words that are lost are no fault of the store: the operator decides.
    pub fn of_view(error: ReadError, what: String) -> Self {
        match error {
            ReadError::WordsLost { .. } => Self::Refused(format!("{what}: {error}")),
            ReadError::Unavailable { .. }
            | ReadError::TookTooLong { .. }
            | ReadError::Corrupt { .. }
            | ReadError::Damaged { .. } => Self::Unreachable(anyhow::Error::new(error).context(what)),
        }
    }

    /// Says it on stderr, as JSON when everything else is.
    pub fn report(self, json: bool) -> ExitCode {
        let (code, text) = match self {
            Self::NobodyReads => return ExitCode::SUCCESS,
            Self::Refused(text) => (1, text),
            Self::Usage(text) => (2, text),
            Self::CouldNotLook(error) => (2, Chain(&*error).to_string()),
            // The whole chain: the operator is the one who can do something about the cause.
            Self::Unreachable(error) => (3, Chain(&*error).to_string()),
        };
        if json {
            eprintln!("{}", json!({ "error": text, "exit": code }));
        } else {
            eprintln!("replay: {text}");
        }
        ExitCode::from(code)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Unreachable(error)
    }
}

impl From<event_log::EventLogError> for Failure {
    fn from(error: event_log::EventLogError) -> Self {
        Self::Unreachable(error.into())
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Unreachable(error.into())
    }
}

/// Writing to stdout.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::NobodyReads
        } else {
            Self::Unreachable(anyhow::Error::new(error).context("the output cannot be written"))
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreachable(anyhow::Error::new(error).context("an answer cannot be written as JSON"))
    }
}
