//! Three people to try Kabar with, made when the database is new, and what to paste to be one of them.
//!
//! They come in by commands like everybody else. Their tokens are printed once and kept nowhere; `kabar token` makes
//! others.

use std::fmt;

use aggregates::Sealed;
use aggregates::ids::{InvalidUserId, UserId};
use aggregates::user::Profile;
use uuid::Uuid;

use crate::auth::{NewToken, TokenError, mint};
use crate::commands::{Caller, Failure};
use crate::http::AppState;

/// (id and user name, display name)
const PEOPLE: [(&str, &str); 3] = [("rara", "Rara Putri"), ("budi", "Budi Santoso"), ("citra", "Citra Lestari")];
pub const TOKEN_DAYS: u32 = 30;
pub const SECONDS_PER_DAY: u32 = 24 * 60 * 60;

/// The demo cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("a demo user cannot be registered")]
    Register(#[from] Failure),
    #[error("a demo user has no token")]
    Token(#[from] TokenError),
    #[error(transparent)]
    Id(#[from] InvalidUserId),
}

/// Who there is, with their tokens. `Display` is what a shell takes: `export RARA=…`.
pub struct Demo(Vec<(&'static str, String)>);

/// Registers the demo's people and makes their tokens.
pub async fn set_up(state: &AppState) -> Result<Demo, DemoError> {
    let mut people = Vec::new();
    for (id, name) in PEOPLE {
        let user_id = UserId::parse(id)?;
        let profile = Profile { name: Some(Sealed::new(name)), username: Some(Sealed::new(id)), ..Profile::default() };
        let caller = Caller { user_id: user_id.clone(), request: Uuid::now_v7(), key: None };
        state.commands.fill_profile(&caller, &profile).await?;
        let token = mint(
            &state.config.auth.jwt,
            &NewToken {
                user_id: &user_id,
                name: Some(name),
                username: Some(id),
                role: None,
                issued_at: state.clock.now(),
                seconds: TOKEN_DAYS * SECONDS_PER_DAY,
            },
        )?;
        people.push((id, token));
    }
    Ok(Demo(people))
}

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# The database is new. Three people to try it with; their tokens end in {TOKEN_DAYS} days:")?;
        for (id, token) in &self.0 {
            writeln!(f, "export {}={token}", id.to_ascii_uppercase())?;
        }
        Ok(())
    }
}
