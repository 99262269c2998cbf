//! What a handler takes from a request, checked: one file per kind, each rejecting with a [`Problem`] that names the
//! field. Separate so that no handler ever sees an unvalidated value. Never in here: a decision about rooms or people.
//!
//! [`Problem`]: super::problem::Problem

mod actor;
mod admin;
mod after;
mod caller;
mod everything;
mod form;
mod idempotency;
mod json;
mod path;
mod query;
mod service;
mod wording;

pub use actor::{Actor, RequestId};
pub use admin::Admin;
pub use after::{AFTER_COOKIE, AFTER_HEADER, After, position_cookie};
pub use form::ValidForm;
pub use idempotency::IdempotencyKey;
pub use json::{InvalidFields, ValidJson, ValidLongJson};
pub use path::ValidPath;
pub use query::ValidQuery;
pub use service::Asking;
pub(crate) use wording::named;
