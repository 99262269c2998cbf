//! One route as OpenAPI has it: what its handler's signature says, and what the words about it add.

use axum::http::Method;
use schemars::Schema;
use serde_json::{Map, Value, json};

use super::words::Said;
use crate::config::Scope;
use crate::http::layers::service_gate::Guard;
use crate::http::routes::Route;
use crate::wire::schemas::Field;

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
    /// Answers with bytes, whole or in part.
    pub file: bool,
}

pub struct Body {
    pub media_type: &'static str,
    pub schema: Schema,
    /// Of any type, read as it comes; or the file of a form.
    pub is_file: bool,
}

impl Operation {
    /// Every status that is a no; the answers to them are under `#/components/responses`.
    fn problems(&self, route: &Route, said: &Said) -> Vec<u16> {
        let mut problems = vec![401, 429, 500, 503];
        problems.extend_from_slice(said.refusals);
        if route.method != Method::GET || route.guard != Guard::User {
            // A page that is not ours may not write by the platform's cookie; a key has its scopes.
            problems.push(403);
        }
        if names(route.path).any(|name| name != "userId") {
            problems.push(404);
        }
        if !self.path.is_empty() || !self.query.is_empty() || self.reads_after || self.keyed || self.body.is_some() {
            problems.push(422);
        }
        if let Some(body) = &self.body {
            problems.extend([400, 413]);
            if !body.is_file {
                problems.push(415);
            }
        }
        problems.sort_unstable();
        problems.dedup();
        problems
    }

    pub fn document(self, route: &Route, tag: &str, said: &Said) -> Value {
        let mut responses = Map::new();
        for status in self.problems(route, said) {
            responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{status}")}));
        }
        responses.insert("200".to_owned(), self.success(said));
        if self.file {
            for (status, description) in
                [("206", "The part that was asked for."), ("304", "As it was."), ("416", "No such part.")]
            {
                responses
                    .insert(status.to_owned(), json!({"description": description, "headers": file_headers(status)}));
            }
            responses["206"]["content"] = bytes();
            let problem = json!({"$ref": "#/components/schemas/Problem"});
            responses["416"]["content"] = json!({"application/problem+json": {"schema": problem}});
        }
        let mut documented = json!({
            "operationId": said.id, "tags": [tag], "summary": said.summary, "responses": responses,
        });
        if let Some(security) = security(route.guard) {
            documented["security"] = security;
        }
        let parameters = self.parameters(route.path);
        if !parameters.is_empty() {
            documented["parameters"] = parameters.into();
        }
        if let Some(body) = self.body {
            let mut content = json!({body.media_type: {"schema": body.schema}});
            if body.is_file {
                content["multipart/form-data"] = json!({"schema": form_of(&self.query)});
            }
            documented["requestBody"] = json!({"required": true, "content": content});
        }
        documented
    }

    fn success(&self, said: &Said) -> Value {
        let mut success = json!({"description": "Done."});
        if let Some(answer) = &self.answer {
            success["content"] = json!({"application/json": {"schema": answer}});
        }
        if self.file {
            success["content"] = bytes();
            success["headers"] = file_headers("200");
        }
        if self.writes && !said.off_the_log {
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
        let shared = [
            (self.reads_after, "after"),
            (self.reads_after, "Kabar-After"),
            (self.keyed, "Idempotency-Key"),
            (self.file, "Range"),
            (self.file, "If-Range"),
            (self.file, "If-None-Match"),
        ];
        for (_, name) in shared.into_iter().filter(|(there, _)| *there) {
            parameters.push(json!({"$ref": format!("#/components/parameters/{name}")}));
        }
        parameters
    }
}

fn bytes() -> Value {
    json!({"*/*": {"schema": {"description": "The bytes."}}})
}

/// What comes with a file, or with the word that there is no need of it.
fn file_headers(status: &str) -> Value {
    let names: &[&str] = match status {
        "200" | "304" => &["ETag", "Accept-Ranges"],
        _ => &["ETag", "Accept-Ranges", "Content-Range"],
    };
    let header = |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    names.iter().map(header).collect::<Map<_, _>>().into()
}

/// The same fields as the query has, and the file behind them.
fn form_of(query: &[Field]) -> Value {
    let mut fields: Map<String, Value> = query.iter().map(|field| (field.name.clone(), field.schema.clone())).collect();
    let file = "The bytes; last, because they are read as they come.";
    fields.insert("file".to_owned(), json!({"description": file}));
    json!({"type": "object", "properties": fields, "required": ["file"]})
}

/// Where it is not what the document says of all.
fn security(guard: Guard) -> Option<Value> {
    let service = |scope: Scope| json!({"service": [scope.name()]});
    match guard {
        Guard::User => None,
        Guard::Service(scope) => Some(json!([service(scope)])),
        Guard::ServiceOrAdmin(scope) => Some(json!([service(scope), {"bearer": []}, {"session": []}])),
    }
}

/// What stands between the braces of a path.
pub(super) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}
