//! The schemas of everything that goes in or out, each under its type's name, as `#/components/schemas` holds them.
//!
//! What goes in and what comes out are described apart: a field that may be left out going in is always there coming out.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where the schemas are found in the document.
const HOME: &str = "/components/schemas";

pub struct Schemas {
    taken_in: SchemaGenerator,
    given_back: SchemaGenerator,
}

/// One field of an object.
pub struct Field {
    pub name: String,
    pub required: bool,
    pub description: Option<Value>,
    pub schema: Value,
}

/// Two types have one name, or one type is another thing going in than coming out: rename one of them.
#[derive(Debug, thiserror::Error)]
#[error("two different schemas are called {0}")]
pub struct SameName(pub String);

impl Schemas {
    pub fn empty() -> Self {
        let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = HOME.into());
        Self {
            taken_in: settings().for_deserialize().into_generator(),
            given_back: settings().for_serialize().into_generator(),
        }
    }

    /// Of what clients send.
    pub fn taken_in<T: JsonSchema>(&mut self) -> Schema {
        self.taken_in.subschema_for::<T>()
    }

    /// Of what they get.
    pub fn given_back<T: JsonSchema>(&mut self) -> Schema {
        self.given_back.subschema_for::<T>()
    }

    /// Of an object whose fields are sent one by one, such as a query.
    pub fn fields<T: JsonSchema>(&mut self) -> Vec<Field> {
        let mut schema = T::json_schema(&mut self.taken_in);
        let required: BTreeSet<String> = texts(schema.get("required"));
        let Some(Value::Object(properties)) = schema.remove("properties") else { return Vec::new() };
        let field = |(name, mut schema): (String, Value)| {
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description")).map(told);
            without_null(&mut schema);
            Field { required: required.contains(&name), name, description, schema }
        };
        properties.into_iter().map(field).collect()
    }

    /// All of them by name.
    pub fn into_components(mut self) -> Result<Map<String, Value>, SameName> {
        let mut all = self.taken_in.take_definitions(true);
        for (name, schema) in self.given_back.take_definitions(true) {
            match all.get(&name) {
                Some(known) if *known != schema => return Err(SameName(name)),
                Some(_) => {}
                None => drop(all.insert(name, schema)),
            }
        }
        // Where two types of one direction have one name, the generator puts a number behind the second.
        if let Some(name) = all.keys().find(|name| name.ends_with(|last: char| last.is_ascii_digit())) {
            return Err(SameName(name.clone()));
        }
        for schema in all.values_mut() {
            if let Ok(schema) = <&mut Schema>::try_from(schema) {
                tidy(schema);
            }
        }
        Ok(all)
    }
}

/// For `#[schemars(transform = ..)]`: the field may go in under a second name, which serde knows and no schema says.
pub fn also_called(name: &'static str, second: &'static str) -> impl FnMut(&mut Schema) {
    move |schema| {
        let Some(Value::Object(fields)) = schema.get_mut("properties") else { return };
        let Some(mut field) = fields.get(name).cloned() else { return };
        field["description"] = format!("`{name}`, as older clients call it.").into();
        field["deprecated"] = true.into();
        fields.insert(second.to_owned(), field);
    }
}

/// Descriptions are doc comments: their links to types mean nothing to a client.
fn tidy(schema: &mut Schema) {
    if let Some(description) = schema.remove("description") {
        schema.insert("description".to_owned(), told(description));
    }
    schema.remove("title");
    transform_subschemas(&mut RecursiveTransform(|inner: &mut Schema| tidy_one(inner)), schema);
}

fn tidy_one(schema: &mut Schema) {
    if let Some(description) = schema.remove("description") {
        schema.insert("description".to_owned(), told(description));
    }
}

fn told(description: Value) -> Value {
    let text = description.as_str().unwrap_or_default();
    Value::String(text.replace("[`", "`").replace("`]", "`").replace('\n', " "))
}

/// A parameter that is not there is left out: there is no null in a query.
fn without_null(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(kinds)) = object.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(any)) = object.get_mut("anyOf") {
        any.retain(|one| one.get("type") != Some(&Value::from("null")));
        if let [only] = any.as_slice() {
            *schema = only.clone();
        }
    }
}

fn texts(list: Option<&Value>) -> BTreeSet<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
