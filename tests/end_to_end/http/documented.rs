//! The document of the routes against the routes: what it says one may send is taken, what it says one gets is what comes.
//!
//! Every sample's right wish and its answer are held against the schemas, every wrong one's status against the statuses
//! told of. Strictly: a field that the document does not know is a failure too. Never in here: what a route ought to do.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::text;
use super::samples::{Body, Sample, Wish, World};

on_every_backend![
    every_route_answers_as_it_is_documented,
    every_refusal_is_documented,
    every_event_is_told_as_it_is_documented,
    the_documents_are_open_to_everybody_and_load_nothing_from_elsewhere,
];

struct Document(Value);

impl Document {
    /// From the server, as clients get it.
    async fn of(app: &TestApp, path: &str) -> Self {
        let asked = app.anonymous(Method::GET, path).send().await.expect("an answer");
        assert_eq!(asked.status(), StatusCode::OK, "{path}");
        assert_eq!(asked.headers()["content-type"], "application/json", "{path}");
        let mut document: Value = asked.json().await.expect("JSON");
        for schema in document["components"]["schemas"].as_object_mut().expect("schemas").values_mut() {
            close(schema);
        }
        Self(document)
    }

    fn operation(&self, sample: &Sample) -> &Value {
        let operation = &self.0["paths"][sample.path][sample.method.as_str().to_ascii_lowercase()];
        assert!(operation.is_object(), "{} {} is not documented", sample.method, sample.path);
        operation
    }

    fn followed<'a>(&'a self, value: &'a Value) -> &'a Value {
        let reference = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        reference.map_or(value, |pointer| self.0.pointer(pointer).expect("it leads somewhere"))
    }

    fn check(&self, schema: &Value, value: &Value, what: &str) {
        let whole = json!({"allOf": [schema], "components": self.0["components"]});
        let validator = jsonschema::options().should_validate_formats(true).build(&whole).expect("a valid schema");
        let wrong: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{what}: {wrong:#?}\n{value:#}");
    }

    fn check_request(&self, sample: &Sample) {
        let (operation, what) = (self.operation(sample), format!("{} {}", sample.method, sample.path));
        let body = &operation["requestBody"]["content"];
        match &sample.right.body {
            Body::None => assert!(body.is_null(), "{what} takes no body"),
            Body::Json(value) => self.check(&body["application/json"]["schema"], value, &what),
            Body::Bytes(_) => assert!(body["application/octet-stream"].is_object(), "{what} takes bytes"),
            Body::Form(form) => {
                let fields: Map<String, Value> = pairs(form).map(|(name, text)| (name, text.into())).collect();
                self.check(&body["application/x-www-form-urlencoded"]["schema"], &fields.into(), &what);
            }
        }
        let given: BTreeMap<String, String> =
            pairs(sample.right.url.split_once('?').map_or("", |(_, query)| query)).collect();
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let query: Vec<&Value> =
            parameters.iter().map(|one| self.followed(one)).filter(|one| one["in"] == "query").collect();
        for parameter in &query {
            let name = parameter["name"].as_str().expect("a name");
            match given.get(name) {
                Some(text) => self.check(&parameter["schema"], &typed(text), &format!("{what} ?{name}")),
                None => assert_eq!(parameter["required"], false, "{what} ?{name}"),
            }
        }
        let known = |name: &String| query.iter().any(|parameter| parameter["name"] == name.as_str());
        assert!(given.keys().all(known), "{what} takes {given:?}");
    }
}

/// Objects that are told of field by field have no other.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(Value::is_object) && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn pairs(encoded: &str) -> impl Iterator<Item = (String, String)> {
    url::form_urlencoded::parse(encoded.as_bytes()).into_owned()
}

/// A number or a truth value where it looks like one.
fn typed(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        Ok(_) | Err(_) => text.into(),
    }
}

async fn every_route_answers_as_it_is_documented(app: TestApp) {
    let world = World::new(&app).await;
    let document = Document::of(&app, "/openapi.json").await;
    for sample in world.samples() {
        document.check_request(&sample);
        let what = format!("{} {}", sample.method, sample.path);
        let wish = sample.right.onto(world.ana.ask(sample.method.clone(), &sample.right.url));
        let answered = wish.send().await.expect("an answer");
        let status = answered.status().as_u16().to_string();
        let told = &document.operation(&sample)["responses"][&status];
        assert!(told.is_object(), "{what} answers {status}");
        assert_eq!(
            answered.headers().contains_key("kabar-position"),
            told["headers"]["Kabar-Position"].is_object(),
            "{what}: its position"
        );
        if told["content"]["*/*"].is_object() {
            continue;
        }
        let media_type = answered.headers()["content-type"].to_str().expect("ASCII").to_owned();
        let schema = &told["content"][&media_type]["schema"];
        assert!(schema.is_object(), "{what} answers {media_type}");
        document.check(schema, &answered.json().await.expect("JSON"), &what);
    }
    app.stop().await;
}

async fn every_refusal_is_documented(app: TestApp) {
    let world = World::new(&app).await;
    let document = Document::of(&app, "/openapi.json").await;
    for sample in world.samples() {
        let mut wishes: Vec<(&Wish, u16)> = sample.wrong.iter().map(|(wish, status, _)| (wish, *status)).collect();
        // Eve's is another person's wish; what it gets is told of all the same.
        wishes.extend(sample.foreign.map(|status| (&sample.right, status)));
        for (wish, status) in wishes {
            let what = format!("{} {wish:?}", sample.method);
            let asker = if std::ptr::eq(wish, &sample.right) { &world.eve } else { &world.ana };
            let answered = wish.onto(asker.ask(sample.method.clone(), &wish.url)).send().await.expect("an answer");
            assert_eq!(answered.status().as_u16(), status, "{what}");
            let told = &document.operation(&sample)["responses"][status.to_string()];
            assert!(told.is_object(), "{what}: {status} is not told of");
            let schema = &document.followed(told)["content"]["application/problem+json"]["schema"];
            document.check(schema, &answered.json().await.expect("JSON"), &what);
        }
    }
    app.stop().await;
}

/// What `/api/sync` tells after all of the samples: the frames as their channels have them.
async fn every_event_is_told_as_it_is_documented(app: TestApp) {
    let world = World::new(&app).await;
    let document = Document::of(&app, "/asyncapi.json").await;
    let before = app.token(app.head().await);
    for sample in world.samples() {
        let wish = sample.right.onto(world.ana.ask(sample.method.clone(), &sample.right.url));
        assert!(wish.send().await.expect("an answer").status().is_success(), "{} {}", sample.method, sample.path);
    }
    let synced = world.ana.get(&format!("/api/sync?limit=500&after={before}")).await;
    let events = synced.ok()["events"].as_array().expect("events").clone();
    let mut seen = BTreeSet::new();
    for event in &events {
        let (name, channel) = (text(&event["event"]), text(&event["channel"]));
        let kind = if channel.starts_with("private-room-") { "room" } else { "user" };
        let told = &document.0["channels"][kind]["messages"][&name];
        assert!(told.is_object(), "{name} on {channel} is not told of");
        document.check(&document.followed(told)["payload"], &event["data"], &format!("{name} on {channel}"));
        seen.insert(format!("{kind} {name}"));
    }
    assert!(seen.len() >= 5, "{seen:?}");
    app.stop().await;
}

async fn the_documents_are_open_to_everybody_and_load_nothing_from_elsewhere(app: TestApp) {
    for (path, media_type) in
        [("/docs", "text/html"), ("/docs/page.js", "text/javascript"), ("/docs/page.css", "text/css")]
    {
        let answered = app.anonymous(Method::GET, path).send().await.expect("an answer");
        assert_eq!(answered.status(), StatusCode::OK, "{path}");
        let header = |name: &str| answered.headers()[name].to_str().expect("ASCII").to_owned();
        assert!(header("content-type").starts_with(media_type), "{path}");
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let text = answered.text().await.expect("text");
        for elsewhere in ["http://", "https://", "src=\"//", "@import"] {
            assert!(!text.contains(elsewhere), "{path} has {elsewhere}");
        }
    }
    app.stop().await;
}
