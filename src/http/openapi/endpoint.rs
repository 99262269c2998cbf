//! Handlers that describe themselves: what a handler takes and gives back is read off its own signature.
//!
//! `get`, `post` and the others stand where axum's of the same name would stand in the route table. A handler whose
//! parameter or answer cannot be described does not compile there. Separate from `operation`, which is what there is to
//! say. Never in here: a route.

use std::future::Future;

use axum::Json;
use axum::extract::State;
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{
    MethodRouter, delete as axum_delete, get as axum_get, patch as axum_patch, post as axum_post, put as axum_put,
};
use schemars::JsonSchema;

use super::operation::Operation;
use crate::http::answer::Success;
use crate::http::{Answer, AppState, Problem};
use crate::wire::schemas::Schemas;

/// A handler and what it says about itself.
pub struct Endpoint {
    pub(in crate::http) handler: MethodRouter<AppState>,
    pub(super) describe: fn(&mut Schemas, &mut Operation),
}

impl Endpoint {
    /// The same, with something around it.
    pub fn with(self, around: impl FnOnce(MethodRouter<AppState>) -> MethodRouter<AppState>) -> Self {
        Self { handler: around(self.handler), ..self }
    }
}

/// What a handler may take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it takes from a request",
    note = "implement `TakenIn` for it in src/http/openapi/inputs.rs"
)]
pub trait TakenIn {
    fn describe(schemas: &mut Schemas, operation: &mut Operation);
}

/// What a handler may answer with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it answers",
    note = "implement `GivenBack` for it in src/http/openapi/endpoint.rs"
)]
pub trait GivenBack {
    fn describe(schemas: &mut Schemas, operation: &mut Operation);
}

impl<T: JsonSchema> GivenBack for Result<Answer<T>, Problem> {
    fn describe(schemas: &mut Schemas, operation: &mut Operation) {
        operation.answer = Some(schemas.given_back::<Success<T>>());
    }
}

impl<T: JsonSchema> GivenBack for Result<Json<T>, Problem> {
    fn describe(schemas: &mut Schemas, operation: &mut Operation) {
        operation.answer = Some(schemas.given_back::<T>());
    }
}

/// A file, whole or in part.
impl GivenBack for Result<Response, Problem> {
    fn describe(_: &mut Schemas, operation: &mut Operation) {
        operation.file = true;
    }
}

impl TakenIn for State<AppState> {
    fn describe(_: &mut Schemas, _: &mut Operation) {}
}

/// Handlers whose every parameter and answer can be described. `Parameters` tells the number of them apart.
pub trait Described<Parameters> {
    fn describe(schemas: &mut Schemas, operation: &mut Operation);
}

macro_rules! described {
    ($($parameter:ident),+) => {
        impl<F, Answering, $($parameter),+> Described<($($parameter,)+)> for F
        where
            F: Fn($($parameter),+) -> Answering,
            Answering: Future<Output: GivenBack>,
            $($parameter: TakenIn),+
        {
            fn describe(schemas: &mut Schemas, operation: &mut Operation) {
                $($parameter::describe(schemas, operation);)+
                <Answering::Output as GivenBack>::describe(schemas, operation);
            }
        }
    };
}

described!(A);
described!(A, B);
described!(A, B, C);
described!(A, B, C, D);
described!(A, B, C, D, E);
described!(A, B, C, D, E, G);

macro_rules! methods {
    ($($method:ident: $routed:ident),+ $(,)?) => {$(
        pub fn $method<H, T, P>(handler: H) -> Endpoint
        where
            H: Handler<T, AppState> + Described<P>,
            T: 'static,
        {
            Endpoint { handler: $routed(handler), describe: H::describe }
        }
    )+};
}

methods! {
    get: axum_get,
    post: axum_post,
    put: axum_put,
    patch: axum_patch,
    delete: axum_delete,
}
