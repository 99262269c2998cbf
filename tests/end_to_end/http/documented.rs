//! The document of the routes against the routes: what it says one may send is taken, what it says one gets is what comes.
//!
//! Every sample's right wish and its answer are held against the schemas, every wrong one's status against the statuses
//! told of. Strictly: a field that the document does not know is a failure too. Never in here: what a route ought to do.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Map, Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::text;
use super::samples::{Body, Sample, Wish, World};
use crate::support::told_frames::{self, Heard, close, validator};

on_every_backend![
    every_route_answers_as_it_is_documented,
    every_refusal_is_documented,
    a_part_of_a_file_is_answered_as_it_is_documented,
    what_older_clients_call_a_field_is_documented,
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
        let validator = validator(schema, &self.0);
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
            Body::Bytes(_) => {
                assert!(body["application/octet-stream"].is_object(), "{what} takes bytes");
                let form = &body["multipart/form-data"]["schema"]["properties"];
                assert!(["roomId", "name", "file"].iter().all(|field| form[field].is_object()), "{what}: {form}");
            }
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
        let wish = world.asks(&sample, &sample.right);
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
        let asked = |(wish, status, _): &(Wish, u16, _)| (wish.clone(), *status, world.asks(&sample, wish));
        let mut wishes: Vec<(Wish, u16, RequestBuilder)> = sample.wrong.iter().map(asked).collect();
        // It is somebody else's wish; what it gets is told of all the same.
        let foreign = sample.foreign.map(|status| (sample.right.clone(), status, world.foreigner_asks(&sample)));
        wishes.extend(foreign);
        for (wish, status, asked) in wishes {
            let what = format!("{} {wish:?}", sample.method);
            let answered = asked.send().await.expect("an answer");
            assert_eq!(answered.status().as_u16(), status, "{what}");
            let told = &document.operation(&sample)["responses"][status.to_string()];
            assert!(told.is_object(), "{what}: {status} is not told of");
            let schema = &document.followed(told)["content"]["application/problem+json"]["schema"];
            document.check(schema, &answered.json().await.expect("JSON"), &what);
        }
    }
    app.stop().await;
}

async fn a_part_of_a_file_is_answered_as_it_is_documented(app: TestApp) {
    let world = World::new(&app).await;
    let document = Document::of(&app, "/openapi.json").await;
    let is_file = |sample: &Sample| (&sample.method, sample.path) == (&Method::GET, "/api/uploads/{id}");
    let sample = world.samples().into_iter().find(is_file).expect("a sample");
    let operation = document.operation(&sample);
    let parameters: Vec<&Value> =
        operation["parameters"].as_array().expect("parameters").iter().map(|one| document.followed(one)).collect();
    let whole = world.asks(&sample, &sample.right).send().await.expect("an answer");
    let etag = whole.headers()["etag"].to_str().expect("ASCII").to_owned();
    for (headers, status) in [
        (vec![], 200),
        (vec![("Range", "bytes=1-2")], 206),
        (vec![("Range", "bytes=1-2"), ("If-Range", "\"another\"")], 200),
        (vec![("Range", "bytes=99-")], 416),
        (vec![("If-None-Match", etag.as_str())], 304),
    ] {
        let mut ask = world.asks(&sample, &sample.right);
        for (name, value) in &headers {
            assert!(parameters.iter().any(|one| one["in"] == "header" && one["name"] == *name), "{name}");
            ask = ask.header(*name, *value);
        }
        let answered = ask.send().await.expect("an answer");
        assert_eq!(answered.status().as_u16(), status, "{headers:?}");
        let told = &operation["responses"][status.to_string()];
        for name in told["headers"].as_object().expect("headers").keys() {
            assert!(answered.headers().contains_key(name), "{status} has {name}");
        }
        if status == 416 {
            assert_eq!(answered.headers()["content-type"], "application/problem+json");
            let schema = &told["content"]["application/problem+json"]["schema"];
            let problem: Value = answered.json().await.expect("JSON");
            document.check(schema, &problem, "416");
            assert_eq!(problem["errors"], json!([{"field": "Range", "reason": "the file has 4 bytes"}]));
        }
    }
    app.stop().await;
}

async fn what_older_clients_call_a_field_is_documented(app: TestApp) {
    let world = World::new(&app).await;
    let document = Document::of(&app, "/openapi.json").await;
    for (path, body) in
        [("/api/chat/start", json!({"participantId": "ben"})), ("/api/notifications", json!({"markAll": true}))]
    {
        let of_it = |sample: &Sample| sample.path == path && matches!(sample.right.body, Body::Json(_));
        let sample = world.samples().into_iter().find(of_it).expect("a sample");
        let sample = Sample { right: Wish { body: Body::Json(body), ..sample.right.clone() }, ..sample };
        document.check_request(&sample);
        let answered = world.asks(&sample, &sample.right).send().await.expect("an answer");
        assert!(answered.status().is_success(), "{path}: {answered:?}");
    }
    app.stop().await;
}

/// What `/api/sync` tells after all of the samples: the frames as their channels have them. What sockets are given is
/// looked at by their clients (`support::told_frames`).
async fn every_event_is_told_as_it_is_documented(app: TestApp) {
    let world = World::new(&app).await;
    let served = app.anonymous(Method::GET, "/asyncapi.json").send().await.expect("an answer");
    let kept: Value = serde_json::from_str(include_str!("../../../docs/asyncapi.json")).expect("JSON");
    assert!(served.json::<Value>().await.expect("JSON") == kept, "what is served is what is kept");
    let before = app.token(app.head().await);
    for sample in world.samples() {
        let wish = world.asks(&sample, &sample.right);
        assert!(wish.send().await.expect("an answer").status().is_success(), "{} {}", sample.method, sample.path);
    }
    let synced = world.ana.get(&format!("/api/sync?limit=500&after={before}")).await;
    let events = synced.ok()["events"].as_array().expect("events").clone();
    let mut seen = BTreeSet::new();
    for event in &events {
        let (name, channel) = (text(&event["event"]), text(&event["channel"]));
        assert_eq!(told_frames::check(&channel, &name, &event["data"]), Heard::AsTold, "{name} on {channel}");
        seen.insert((channel, name));
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
