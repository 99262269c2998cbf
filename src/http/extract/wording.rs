//! What serde says about a value, in the words of whoever sent it: no type of Rust's, no name of ours.
//!
//! Separate because body, form and query are read by three readers and answer in one voice. Never in here: the value
//! itself, which may be a secret in the wrong place.

use crate::http::problem::FieldError;

/// A reading error with the field it is about. Serde tells of missing fields at their parent; the name is in the text.
pub(crate) fn named(path: &str, message: &str) -> FieldError {
    // " at line 1 column 5" tells a program's author nothing that the path does not.
    let message = message.rsplit_once(" at line ").map_or(message, |(told, _)| told);
    let child = ["missing field `", "unknown field `", "duplicate field `"]
        .into_iter()
        .find_map(|told| message.strip_prefix(told)?.split('`').next());
    let field = match (path, child) {
        ("." | "?", Some(child)) => child.to_owned(),
        ("." | "?", None) => "body".to_owned(),
        // A field that is given twice is told of at itself.
        (path, Some(child)) if path.rsplit('.').next() == Some(child) => path.to_owned(),
        (path, Some(child)) => format!("{path}.{child}"),
        (path, None) => path.to_owned(),
    };
    FieldError { field: field.into(), reason: plain(message).into() }
}

fn plain(message: &str) -> String {
    const NUMBERS: [&str; 4] = [
        "invalid digit found in string",
        "cannot parse integer from empty string",
        "number too large to fit in target type",
        "number too small to fit in target type",
    ];
    if message.starts_with("missing field") {
        return "missing".to_owned();
    }
    if message.starts_with("duplicate field") {
        return "given twice".to_owned();
    }
    if message.starts_with("UUID parsing failed") {
        return "expected a uuid".to_owned();
    }
    if message.starts_with("provided string was not `true` or `false`") {
        return "expected true or false".to_owned();
    }
    if NUMBERS.contains(&message) {
        return "expected a whole number".to_owned();
    }
    let told = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    match message.split_once(", expected ") {
        Some((start, expected)) if told.iter().any(|told| start.starts_with(told)) => {
            format!("expected {}", thing(expected))
        }
        // Whatever else begins like this has the value in it.
        Some(_) | None if message.starts_with("invalid ") => "not what is expected here".to_owned(),
        Some(_) | None => message.to_owned(),
    }
}

/// What was expected, as JSON calls it.
fn thing(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        // Of a name among several.
        "string or map" => "a text".to_owned(),
        "a formatted UUID string" => "a uuid".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other => other.replace('`', ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_in_the_words_of_whoever_sent_it() {
        for (said, told) in [
            ("missing field `name` at line 1 column 2", "missing"),
            ("invalid type: integer `5`, expected a string at line 1 column 9", "expected a string"),
            ("invalid type: string \"hush\", expected usize", "expected a whole number, not negative"),
            ("invalid type: null, expected struct StartBody", "expected an object"),
            ("invalid length 0, expected struct StartBody with 1 element", "expected an object"),
            ("invalid digit found in string", "expected a whole number"),
            ("UUID parsing failed: invalid character: found `x` at 1", "expected a uuid"),
            ("unknown variant `hush`, expected one of `text`, `image`", "expected one of text, image"),
            ("unknown variant `hush`, expected `open` or `invite`", "expected open or invite"),
            ("provided string was not `true` or `false`", "expected true or false"),
            ("a seq counts from 1", "a seq counts from 1"),
        ] {
            assert_eq!(named(".", said).reason, told, "{said}");
        }
    }

    #[test]
    fn a_reason_names_its_field_where_serde_names_the_parent() {
        for (path, said, field) in [
            (".", "missing field `name`", "name"),
            ("owner", "missing field `name`", "owner.name"),
            ("name", "duplicate field `name`", "name"),
            ("userIds[1]", "invalid type: null, expected a string", "userIds[1]"),
            ("?", "EOF while parsing an object", "body"),
        ] {
            assert_eq!(named(path, said).field, field, "{said}");
        }
    }
}
