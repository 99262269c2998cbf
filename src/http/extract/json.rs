//! A JSON body, read and validated.
//!
//! 415 unless it is JSON by its content type; 413 past the limit; 400 when it is no JSON, with the place; 422 when it
//! is JSON of another shape or with impossible values, every field named. Trailing text after the value is no JSON.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::everything::{Substitute, TEXT, everything, is_among};
use super::wording::named;
use crate::http::problem::{FieldError, Problem};
use crate::http::state::AppState;

/// A longer body is not read again to find all that is wrong with it.
const READ_AGAIN_BYTES_MAX: usize = 16 * 1024;

/// A body that was understood and is possible.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

/// What is wrong with a value, all of it. Anything with `#[derive(garde::Validate)]` and no context has it.
pub trait InvalidFields {
    fn invalid_fields(&self) -> Vec<FieldError>;
}

impl<T: garde::Validate<Context = ()>> InvalidFields for T {
    fn invalid_fields(&self) -> Vec<FieldError> {
        let Err(report) = self.validate() else { return Vec::new() };
        report
            .iter()
            .map(|(path, error)| FieldError {
                field: camel_case(&path.to_string()).into(),
                reason: error.message().to_owned().into(),
            })
            .collect()
    }
}

impl<T: DeserializeOwned + InvalidFields> FromRequest<AppState> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let bytes_max = state.config.server.body_bytes_max;
        let bytes = body_of(request, bytes_max).await?;
        parse(&bytes).map(Self)
    }
}

/// The same, of at most `BYTES_MAX` whatever other bodies may have.
#[derive(Debug)]
pub struct ValidLongJson<T, const BYTES_MAX: usize>(pub T);

impl<T: DeserializeOwned + InvalidFields, const BYTES_MAX: usize> FromRequest<AppState>
    for ValidLongJson<T, BYTES_MAX>
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let bytes = body_of(request, BYTES_MAX.max(state.config.server.body_bytes_max)).await?;
        parse(&bytes).map(Self)
    }
}

/// The whole body, at most `bytes_max` of it.
pub(crate) async fn body_of(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    axum::body::to_bytes(request.into_body(), bytes_max).await.map_err(|error| {
        let limit =
            std::error::Error::source(&error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if limit { Problem::too_large(bytes_max) } else { Problem::malformed("body", "the body broke off") }
    })
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if json { Ok(()) } else { Err(Problem::unsupported_media_type("application/json")) }
}

fn parse<T: DeserializeOwned + InvalidFields>(bytes: &[u8]) -> Result<T, Problem> {
    require_object(bytes)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => Problem::invalid_fields(all_wrong::<T>(bytes, named(&path, &inner.to_string()))),
            // Of a number in the place of a name serde_json says the same as of no JSON at all.
            Category::Syntax if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() => {
                Problem::invalid_fields(all_wrong::<T>(bytes, named(&path, "expected a text")))
            }
            Category::Syntax | Category::Eof | Category::Io => not_json(&path, &inner),
        }
    })?;
    reader.end().map_err(|error| not_json(".", &error))?;
    let errors = value.invalid_fields();
    if errors.is_empty() { Ok(value) } else { Err(Problem::invalid_fields(errors)) }
}

/// serde would take a list for an object, its first element for the first field.
fn require_object(bytes: &[u8]) -> Result<(), Problem> {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Ok(()),
        Some(_) | None => match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            Ok(_) => Err(Problem::invalid("body", "expected an object")),
            Err(error) => Err(not_json(".", &error)),
        },
    }
}

fn all_wrong<T: DeserializeOwned + InvalidFields>(bytes: &[u8], first: FieldError) -> Vec<FieldError> {
    if bytes.len() > READ_AGAIN_BYTES_MAX {
        return vec![first];
    }
    let Ok(object) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return vec![first] };
    let (mut found, rest) = everything(first, |replaced| {
        let mut object = object.clone();
        for (name, substitute) in replaced {
            match value_of(*substitute) {
                Some(value) => object.insert(name.clone(), value),
                None => object.remove(name),
            };
        }
        serde_path_to_error::deserialize::<_, T>(Value::Object(object))
            .map_err(|error| named(&error.path().to_string(), &error.inner().to_string()))
    });
    if let Some((value, replaced)) = rest {
        found.extend(value.invalid_fields().into_iter().filter(|error| !is_among(&replaced, &error.field)));
    }
    found
}

fn value_of(substitute: Substitute) -> Option<Value> {
    match substitute {
        Substitute::Absent => None,
        Substitute::Text => Some(TEXT.into()),
        Substitute::Number => Some(1.into()),
        Substitute::True => Some(true.into()),
        Substitute::List => Some(Value::Array(Vec::new())),
    }
}

fn not_json(path: &str, error: &serde_json::Error) -> Problem {
    let field = if matches!(path, "." | "?") { "body".to_owned() } else { path.to_owned() };
    Problem::malformed(field, format!("not JSON at line {} column {}", error.line(), error.column()))
}

/// garde names fields as Rust does; the wire is camelCase.
fn camel_case(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut upper = false;
    for character in path.chars() {
        match character {
            '_' => upper = !text.is_empty(),
            other if upper => {
                text.extend(other.to_uppercase());
                upper = false;
            }
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregates::ids::UserId;
    use garde::Validate;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(rename_all = "camelCase")]
    struct Wish {
        #[garde(skip)]
        #[serde(rename = "userIds")]
        users: Vec<UserId>,
        #[garde(length(chars, min = 1, max = 3))]
        group_name: String,
    }

    fn wrong(text: &str) -> (u16, String) {
        let problem = parse::<Wish>(text.as_bytes()).expect_err(text);
        (problem.status().as_u16(), problem.errors()[0].field.to_string())
    }

    #[test]
    fn a_body_of_the_right_shape_is_taken() {
        let wish: Wish = parse(br#"{"userIds": ["ana"], "groupName": "abc", "more": 1}"#).unwrap();
        assert_eq!((wish.users.len(), wish.group_name.as_str()), (1, "abc"));
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        assert_eq!(wrong("").0, 400);
        assert_eq!(wrong(r#"{"userIds": ["#).0, 400);
        assert_eq!(wrong(r#"{"userIds": [], "groupName": "a"} x"#), (400, "body".into()));
        assert_eq!(wrong("{\"userIds\": [\"\u{1}\"]}"), (400, "userIds[0]".into()));
    }

    #[test]
    fn what_has_another_shape_is_invalid_and_named() {
        assert_eq!(wrong(r#"{"userIds": ["ana", "a b"], "groupName": "a"}"#), (422, "userIds[1]".into()));
        assert_eq!(wrong(r#"{"userIds": []}"#), (422, "groupName".into()));
        assert_eq!(wrong(r#"{"userIds": [], "groupName": 5}"#), (422, "groupName".into()));
        assert_eq!(wrong(r#"{"userIds": [], "groupName": "long"}"#), (422, "groupName".into()));
        assert_eq!(wrong(r#"{"userIds": [], "groupName": "a", "groupName": "b"}"#), (422, "groupName".into()));
    }

    #[test]
    fn a_body_is_an_object() {
        for other in ["[1]", "[]", "null", "5", "\"a\"", r#"[["ana"], "abc"]"#] {
            let problem = parse::<Wish>(other.as_bytes()).expect_err(other);
            assert_eq!((problem.status().as_u16(), &*problem.errors()[0].field), (422, "body"), "{other}");
            assert_eq!(problem.errors()[0].reason, "expected an object");
        }
        assert_eq!(wrong("{"), (400, "body".into()));
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let all = |text: &str| -> Vec<String> {
            let problem = parse::<Wish>(text.as_bytes()).expect_err(text);
            problem.errors().iter().map(|error| format!("{}: {}", error.field, error.reason)).collect()
        };
        assert_eq!(all("{}"), ["userIds: missing", "groupName: missing"]);
        assert_eq!(
            all(r#"{"userIds": 5, "groupName": null}"#),
            ["userIds: expected a list", "groupName: expected a string"]
        );
        assert_eq!(all(r#"{"userIds": [7], "groupName": "long"}"#)[1..], ["groupName: length is greater than 3"]);
        assert_eq!(all(r#"{"groupName": "abc"}"#), ["userIds: missing"]);
        let long = format!(r#"{{"more": "{}"}}"#, "x".repeat(READ_AGAIN_BYTES_MAX));
        assert_eq!(all(&long).len(), 1, "a long body is read once");
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        assert_eq!(wrong(&"[".repeat(100_000)).0, 400);
        assert_eq!(wrong(&format!(r#"{{"x":{}"#, "[".repeat(100_000))).0, 400);
    }
}
