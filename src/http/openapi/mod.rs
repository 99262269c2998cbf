//! OpenAPI 3.1: the document of every route of users, and a page to read it on.
//!
//! Parameters, bodies and answers are read off the handlers themselves (`endpoint`), schemas off the types that they
//! read and write (`schemas`); only what no type can say is said by hand, in `words`, one line for each route. So it
//! cannot tell of a field that is not there. Never in here: anything that differs from one request to the next.

pub mod endpoint;
mod inputs;
mod operation;
mod page;
mod shared;
mod words;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::routes::{Route, routes};
use crate::wire::schemas::{SameName, Schemas};
use operation::Operation;
use words::Said;

pub use page::router;

/// Why there is no document; tests find it before anybody else does.
#[derive(Debug, thiserror::Error)]
pub enum Undocumented {
    #[error("src/http/openapi/words says nothing about {0}")]
    Unsaid(String),
    #[error("src/http/openapi/words tells of {0}, which is no route")]
    NoRoute(String),
    #[error("{0} has another number of braces than its handler takes")]
    Braces(String),
    #[error(transparent)]
    SameName(#[from] SameName),
}

/// The whole document.
pub fn document() -> Result<Value, Undocumented> {
    let mut schemas = Schemas::empty();
    let mut said = said();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes() {
        let name = (route.path, route.method.as_str().to_ascii_lowercase());
        let (tag, said) = said.remove(&name).ok_or_else(|| Undocumented::Unsaid(route.name()))?;
        let documented = documented(&route, &mut schemas, tag, &said)?;
        paths.entry(route.path).or_default().insert(name.1, documented);
    }
    if let Some((path, method)) = said.keys().next() {
        return Err(Undocumented::NoRoute(format!("{} {path}", method.to_ascii_uppercase())));
    }
    let problem = shared::problem(&mut schemas);
    let tags: Vec<Value> =
        words::topics().iter().map(|topic| json!({"name": topic.tag, "description": topic.about})).collect();
    Ok(json!({
        "openapi": "3.1.0",
        "info": shared::about(),
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"session": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas.into_components()?,
            "responses": shared::responses(&problem),
            "parameters": shared::parameters(),
            "headers": shared::headers(),
            "securitySchemes": shared::security(),
        },
    }))
}

fn documented(route: &Route, schemas: &mut Schemas, tag: &str, said: &Said) -> Result<Value, Undocumented> {
    let mut operation = Operation::default();
    (route.endpoint.describe)(schemas, &mut operation);
    if operation::names(route.path).count() != operation.path.len() {
        return Err(Undocumented::Braces(route.name()));
    }
    Ok(operation.document(route, tag, said))
}

/// The words by path and method.
fn said() -> BTreeMap<(&'static str, String), (&'static str, Said)> {
    let lines = words::topics().into_iter().flat_map(|topic| topic.said.into_iter().map(move |said| (topic.tag, said)));
    lines.map(|(tag, said)| ((said.path, said.method.as_str().to_ascii_lowercase()), (tag, said))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_table_is_documented_and_no_other() {
        let document = document().expect("a document");
        let paths = document["paths"].as_object().expect("paths");
        let documented: usize = paths.values().map(|path| path.as_object().expect("methods").len()).sum();
        assert_eq!(documented, routes().len());
        let lines = words::topics().iter().map(|topic| topic.said.len()).sum::<usize>();
        assert_eq!(lines, routes().len(), "a route is said twice");
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let mut names: Vec<&str> =
            words::topics().iter().flat_map(|topic| topic.said.iter().map(|said| said.id)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    /// Every reference leads somewhere.
    #[test]
    fn nothing_is_referred_to_that_is_not_there() {
        let document = document().expect("a document");
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(references.len() > 100, "{references:?}");
        for reference in references {
            let pointer = reference.strip_prefix('#').expect("within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                into.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| collect(value, into));
            }
            Value::Array(items) => items.iter().for_each(|value| collect(value, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
