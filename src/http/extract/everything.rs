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

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: usize) -> FieldError {
        FieldError { field: format!("f{name}[0]").into(), reason: "wrong".into() }
    }

    /// A request of so many fields, each of which must be a list.
    fn named(fields: usize) -> (usize, bool) {
        let read = |replaced: &Replaced| {
            let right = |name: usize| replaced.contains(&(format!("f{name}"), Substitute::List));
            (0..fields).find(|name| !right(*name)).map_or(Ok(()), |name| Err(wrong(name)))
        };
        let (found, rest) = everything(wrong(0), read);
        (found.len(), rest.is_some())
    }

    #[test]
    fn every_field_is_named_up_to_a_limit() {
        assert_eq!([named(1), named(3), named(FIELDS_MAX)], [(1, true), (3, true), (FIELDS_MAX, true)]);
        assert_eq!(named(1_000), (FIELDS_MAX + 1, false));
    }

    #[test]
    fn a_field_that_nothing_fits_is_named_and_ends_the_search() {
        let (found, rest) = everything(wrong(0), |_| Err::<(), _>(wrong(0)));
        assert_eq!((found.len(), rest.is_some()), (1, false));
    }
}
