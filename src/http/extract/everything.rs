//! All that is wrong with a request, where serde stops at the first.
//!
//! Something possible is put in the place of what is wrong, and the rest is read again: whatever is wrong beside it is
//! found that way, for every shape of request and without a second description of it. Only where a request is refused.

use crate::http::problem::FieldError;

/// Fields that are named at most; who has more wrong finds the others at the next try.
const FIELDS_MAX: usize = 16;

/// What may be possible where something else is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Substitute {
    Absent,
    /// A uuid: it is an id of ours, an id of a user and a text.
    Text,
    Number,
    True,
    List,
}

const SUBSTITUTES: [Substitute; 5] =
    [Substitute::Absent, Substitute::Text, Substitute::Number, Substitute::True, Substitute::List];

pub(super) const TEXT: &str = "00000000-0000-0000-0000-000000000001";

pub(super) type Replaced = Vec<(String, Substitute)>;

/// What is wrong beside `first`, and the value as it would be with the wrong parts replaced, if it comes to one.
/// `read` reads the request with these parts replaced.
pub(super) fn everything<T>(
    first: FieldError,
    read: impl Fn(&Replaced) -> Result<T, FieldError>,
) -> (Vec<FieldError>, Option<(T, Replaced)>) {
    let (mut found, mut replaced) = (vec![first], Replaced::new());
    while let Some(last) = found.last() {
        let name = top(&last.field).to_owned();
        if found.len() > FIELDS_MAX || is_among(&replaced, &name) {
            break;
        }
        let mut next = None;
        for substitute in SUBSTITUTES {
            replaced.push((name.clone(), substitute));
            match read(&replaced) {
                Ok(value) => return (found, Some((value, replaced))),
                Err(error) if !is_among(&replaced, &error.field) => {
                    next = Some(error);
                    break;
                }
                Err(_) => drop(replaced.pop()),
            }
        }
        match next {
            Some(error) => found.push(error),
            None => break,
        }
    }
    (found, None)
}

/// Whether a field lies in a part that was replaced.
pub(super) fn is_among(replaced: &Replaced, field: &str) -> bool {
    replaced.iter().any(|(name, _)| name == top(field))
}

/// `userIds[3].name` lies in `userIds`.
fn top(field: &str) -> &str {
    field.split(['.', '[']).next().unwrap_or(field)
}
