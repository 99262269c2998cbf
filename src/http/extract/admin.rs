//! Who watches over the platform, for what only they may see or decide.
//!
//! By the word of their session. The platform's own word comes before it: who has another role in the directory since then
//! is no admin any more, whatever their session still says.

use aggregates::user::UserRole;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Actor;
use crate::http::problem::Problem;
use crate::http::state::AppState;

/// Shows nothing of them: who asks is a `Caller` or an [`Actor`].
#[derive(Debug, Clone, Copy)]
pub struct Admin;

impl FromRequestParts<AppState> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        if actor.identity.profile.role != Some(UserRole::Admin) {
            return Err(not_an_admin());
        }
        let known = app.views.inbox().users(std::slice::from_ref(actor.id())).await?;
        let role = known.first().and_then(|row| row.person.role.as_deref());
        if role.is_none_or(|role| role == UserRole::Admin.name()) { Ok(Self) } else { Err(not_an_admin()) }
    }
}

fn not_an_admin() -> Problem {
    Problem::forbidden("for the platform's admins")
}
