//! What each extractor takes from a request, said once for every handler that has it.

use aggregates::ids::{MessageId, NotificationId, ReportId, RoomId, UserId};
use attachments::UploadId;
use axum::extract::Request;
use axum::http::HeaderMap;
use schemars::{JsonSchema, Schema};

use super::endpoint::TakenIn;
use super::operation::{Body, Operation};
use crate::commands::{Caller, Program};
use crate::http::extract::{
    Actor, Admin, After, IdempotencyKey, ValidForm, ValidJson, ValidLongJson, ValidPath, ValidQuery,
};
use crate::wire::names::UploadIdText;
use crate::wire::schemas::Schemas;

impl TakenIn for Actor {
    fn describe(_: &mut Schemas, _: &mut Operation) {}
}

/// That whoever is none is refused, the words of the route say.
impl TakenIn for Admin {
    fn describe(_: &mut Schemas, _: &mut Operation) {}
}

impl TakenIn for After {
    fn describe(_: &mut Schemas, operation: &mut Operation) {
        operation.reads_after = true;
    }
}

impl TakenIn for IdempotencyKey {
    fn describe(_: &mut Schemas, operation: &mut Operation) {
        operation.keyed = true;
    }
}

/// Whoever wants something changed.
impl TakenIn for Caller {
    fn describe(_: &mut Schemas, operation: &mut Operation) {
        operation.keyed = true;
        operation.writes = true;
    }
}

/// One of the platform's own.
impl TakenIn for Program {
    fn describe(schemas: &mut Schemas, operation: &mut Operation) {
        Caller::describe(schemas, operation);
    }
}

/// The handler reads the body itself, as it comes: a file, or a form with one.
impl TakenIn for Request {
    fn describe(_: &mut Schemas, operation: &mut Operation) {
        let (media_type, schema) = ("application/octet-stream", Schema::default());
        operation.body = Some(Body { media_type, schema, is_file: true });
    }
}

/// Which of them it reads no type says: those of whoever answers with a file are said with the answer.
impl TakenIn for HeaderMap {
    fn describe(_: &mut Schemas, _: &mut Operation) {}
}

impl<T: JsonSchema, const BYTES_MAX: usize> TakenIn for ValidLongJson<T, BYTES_MAX> {
    fn describe(schemas: &mut Schemas, operation: &mut Operation) {
        ValidJson::<T>::describe(schemas, operation);
    }
}

impl<T: JsonSchema> TakenIn for ValidJson<T> {
    fn describe(schemas: &mut Schemas, operation: &mut Operation) {
        let (media_type, schema) = ("application/json", schemas.taken_in::<T>());
        operation.body = Some(Body { media_type, schema, is_file: false });
    }
}

impl<T: JsonSchema> TakenIn for ValidForm<T> {
    fn describe(schemas: &mut Schemas, operation: &mut Operation) {
        let media_type = "application/x-www-form-urlencoded";
        operation.body = Some(Body { media_type, schema: schemas.taken_in::<T>(), is_file: false });
    }
}

impl<T: JsonSchema> TakenIn for ValidQuery<T> {
    fn describe(schemas: &mut Schemas, operation: &mut Operation) {
        operation.query = schemas.fields::<T>();
    }
}

impl<T: PathParts> TakenIn for ValidPath<T> {
    fn describe(schemas: &mut Schemas, operation: &mut Operation) {
        operation.path = T::schemas(schemas);
    }
}

/// Ids in a path, in the order of its braces.
#[diagnostic::on_unimplemented(note = "implement `PathParts` for it in src/http/openapi/inputs.rs")]
pub trait PathParts {
    fn schemas(schemas: &mut Schemas) -> Vec<Schema>;
}

macro_rules! single_parts {
    ($($id:ident),+) => {$(
        impl PathParts for $id {
            fn schemas(schemas: &mut Schemas) -> Vec<Schema> {
                vec![schemas.taken_in::<Self>()]
            }
        }
    )+};
}

single_parts!(MessageId, NotificationId, ReportId, RoomId, UserId);

impl PathParts for UploadId {
    fn schemas(schemas: &mut Schemas) -> Vec<Schema> {
        vec![schemas.taken_in::<UploadIdText>()]
    }
}

impl<A: PathParts, B: PathParts> PathParts for (A, B) {
    fn schemas(schemas: &mut Schemas) -> Vec<Schema> {
        [A::schemas(schemas), B::schemas(schemas)].concat()
    }
}
