//! How a command that was not carried out, or a page that is not there, is shown.

use crate::commands::Failure;
use crate::http::problem::Problem;
use crate::queries::NoPage;
use crate::realtime::NotKnown;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Command(error) => error.into(),
            Failure::Lagging(lagging) => lagging.into(),
            Failure::View(error) => error.into(),
            Failure::Log(error) => Self::unavailable_fault(&error),
            Failure::Invalid { field, reason } => Self::invalid(field, reason),
            Failure::Partly { done, wished, source } => Self::from(*source).explained(format!(
                "{done} of {wished} were carried out; ask again for all of them under the same Idempotency-Key, what is done \
                 already stays as it is"
            )),
            Failure::Gone(what) => Self::conflict(what),
            Failure::Unknown(what) => Self::not_found(what),
            Failure::UnknownIn { field, what } => Self::not_found(what).naming(field, what),
        }
    }
}

impl From<NotKnown> for Problem {
    fn from(error: NotKnown) -> Self {
        match error {
            NotKnown::Lagging(lagging) => lagging.into(),
            NotKnown::View(error) => error.into(),
            NotKnown::Log(error) => Self::unavailable_fault(&error),
            NotKnown::Behind => Self::unavailable_fault(&error),
        }
    }
}

impl From<NoPage> for Problem {
    fn from(none: NoPage) -> Self {
        let text = none.to_string();
        match none {
            NoPage::Room => Self::not_found(text),
            NoPage::Anchor(field) => Self::invalid(field, text),
            NoPage::View(error) => error.into(),
        }
    }
}
