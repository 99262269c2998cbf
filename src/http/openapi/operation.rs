//! One route as OpenAPI has it: what its handler's signature says, and what the words about it add.

use axum::http::Method;
use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::wire::schemas::Field;
use super::words::Said;

/// What a handler's parameters and answer say about it.
#[derive(Default)]
pub struct Operation {
    /// In the order of the braces.
    pub path: Vec<Schema>,
    pub query: Vec<Field>,
    pub body: Option<Body>,
    pub answer: Option<Schema>,
    /// Waits for a position.
    pub reads_after: bool,
    /// Takes an `Idempotency-Key`.
    pub keyed: bool,
    /// Answers with the position of what was written.
    pub writes: bool,
}

pub struct Body {
    pub media_type: &'static str,
    pub schema: Schema,
}

impl Operation {
    /// Every status that is a no, with the name of its answer under `#/components/responses`.
    fn problems(&self, method: &Method, path: &str, said: &Said) -> Vec<u16> {
        let mut problems = vec![401, 429, 500, 503];
        problems.extend_from_slice(said.refusals);
        if *method != Method::GET {
            // A page that is not ours may not write by the platform's cookie.
            problems.push(403);
        }
        if names(path).any(|name| name != "userId") {
            problems.push(404);
        }
        if !self.path.is_empty() || !self.query.is_empty() || self.reads_after || self.keyed || self.body.is_some() {
            problems.push(422);
        }
        if let Some(body) = &self.body {
            problems.extend([413, 415]);
            if body.media_type == "application/json" {
                problems.push(400);
            }
        }
        problems.sort_unstable();
        problems.dedup();
        problems
    }

    pub fn document(self, method: &Method, path: &str, tag: &str, said: &Said) -> Value {
        let mut responses = Map::new();
        for status in self.problems(method, path, said) {
            responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{status}")}));
        }
        responses.insert("200".to_owned(), self.success());
        let mut documented = json!({
            "operationId": said.id, "tags": [tag], "summary": said.summary, "responses": responses,
        });
        let parameters = self.parameters(path);
        if !parameters.is_empty() {
            documented["parameters"] = parameters.into();
        }
        if let Some(body) = self.body {
            let content = json!({body.media_type: {"schema": body.schema}});
            documented["requestBody"] = json!({"required": true, "content": content});
        }
        documented
    }

    fn success(&self) -> Value {
        let mut success = json!({"description": "Done."});
        if let Some(answer) = &self.answer {
            success["content"] = json!({"application/json": {"schema": answer}});
        }
        if self.writes {
            success["headers"] = json!({"Kabar-Position": {"$ref": "#/components/headers/Kabar-Position"}});
        }
        success
    }

    fn parameters(&self, path: &str) -> Vec<Value> {
        let mut parameters: Vec<Value> = names(path)
            .zip(&self.path)
            .map(|(name, schema)| json!({"name": name, "in": "path", "required": true, "schema": schema}))
            .collect();
        for field in &self.query {
            let mut parameter =
                json!({"name": field.name, "in": "query", "required": field.required, "schema": field.schema});
            if let Some(description) = &field.description {
                parameter["description"] = description.clone();
            }
            parameters.push(parameter);
        }
        let shared = [(self.reads_after, "after"), (self.reads_after, "Kabar-After"), (self.keyed, "Idempotency-Key")];
        for (_, name) in shared.into_iter().filter(|(there, _)| *there) {
            parameters.push(json!({"$ref": format!("#/components/parameters/{name}")}));
        }
        parameters
    }
}

/// What stands between the braces of a path.
pub(super) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}
