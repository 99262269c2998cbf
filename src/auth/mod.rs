//! Who somebody is: verifies session tokens of the platform (NextAuth v4, Auth.js v5) and our own JWT.
//!
//! Separate so that cryptography and token formats are read in one small room. Verify only: the platform's tokens are
//! never re-issued, and nothing in here says what somebody may do. Never in here: a clock (the moment comes in), a
//! reason of a failed verification in an answer.

mod claims;
mod credentials;
mod jwe;
mod jwt;
pub mod nextauth;
mod origin;
mod services;

use aggregates::Timestamp;
use aggregates::ids::UserId;
use aggregates::user::Profile;
use axum::http::HeaderMap;

pub use credentials::Carrier;
pub use jwt::{NewToken, TokenError, mint};
pub use origin::{AllowedOrigins, ForeignOrigin};
pub use services::{Service, ServiceKeys};

use crate::config::AuthConfig;
use credentials::Credential;

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub user_id: UserId,
    /// What the token says of them: fills gaps of the directory, never wins over it.
    pub profile: Profile,
}

/// A verified session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub identity: Identity,
    pub carrier: Carrier,
}

/// Nobody we know. Safe to show: does not say which check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    #[error("sign in first")]
    NoCredentials,
    #[error("the session is not valid or has ended: sign in again")]
    Invalid,
}

/// Verifies session tokens. Keys are derived once.
#[derive(Debug)]
pub struct Authenticator {
    nextauth: nextauth::SessionKeys,
    jwt: jwt::Verifier,
}

impl Authenticator {
    pub fn new(config: &AuthConfig) -> Self {
        Self { nextauth: nextauth::SessionKeys::of(&config.nextauth_secrets), jwt: jwt::Verifier::new(&config.jwt) }
    }

    /// Finds and verifies the session of a request. A bearer token comes before cookies; one that is wrong is not
    /// made up for by a cookie.
    pub fn authenticate(&self, headers: &HeaderMap, now: Timestamp) -> Result<Session, Unauthenticated> {
        let found = credentials::of(headers)?;
        if found.is_empty() {
            return Err(Unauthenticated::NoCredentials);
        }
        found.iter().find_map(|credential| self.verify(credential, now)).ok_or(Unauthenticated::Invalid)
    }

    fn verify(&self, credential: &Credential, now: Timestamp) -> Option<Session> {
        // A JWE has five parts, a JWT three.
        let claims = match credential.token.split('.').count() {
            5 => self.nextauth.claims(&credential.token, credential.cookie),
            3 => self.jwt.claims(&credential.token),
            _ => None,
        }?;
        let identity = claims.identity_at(now)?;
        Some(Session { identity, carrier: credential.carrier() })
    }
}

#[cfg(test)]
mod tests;
