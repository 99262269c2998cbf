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
        Self::require(app, &actor).await
    }
}

impl Admin {
    /// For what only some wishes of a route ask for.
    pub async fn require(app: &AppState, actor: &Actor) -> Result<Self, Problem> {
        if Self::is(app, actor).await? { Ok(Self) } else { Err(Problem::forbidden("for the platform's admins")) }
    }

    /// For what others are shown as well, and they in more places.
    pub async fn is(app: &AppState, actor: &Actor) -> Result<bool, Problem> {
        if actor.identity.profile.role != Some(UserRole::Admin) {
            return Ok(false);
        }
        let known = app.views.inbox().users(std::slice::from_ref(actor.id())).await?;
        let role = known.first().and_then(|row| row.person.role.as_deref());
        Ok(role.is_none_or(|role| role == UserRole::Admin.name()))
    }
}
