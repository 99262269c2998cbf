//! Our own tokens: HS256 and nothing else, for services, tests and people without the platform.

use aggregates::Timestamp;
use aggregates::ids::UserId;
use aggregates::user::UserRole;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;

use super::claims::Claims;
use super::jwe::TOKEN_BYTES_MAX;
use crate::config::JwtConfig;

pub struct Verifier {
    keys: Vec<DecodingKey>,
    validation: Validation,
}

impl Verifier {
    pub fn new(config: &JwtConfig) -> Self {
        // The algorithm is ours to choose, never the token's: `none` and public-key tricks end here.
        let mut validation = Validation::new(Algorithm::HS256);
        // When a token holds is asked of `Claims`, with our clock and the tolerance of the platform's tokens.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.required_spec_claims = ["exp".to_owned()].into();
        validation.validate_aud = config.audience.is_some();
        if let Some(audience) = &config.audience {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        if let Some(issuer) = &config.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        let keys = config.secrets.iter().map(|secret| DecodingKey::from_secret(secret.reveal().as_bytes())).collect();
        Self { keys, validation }
    }

    /// What a token says, if one of the secrets signed it.
    pub fn claims(&self, token: &str) -> Option<Claims> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let decode = |key| jsonwebtoken::decode::<Claims>(token, key, &self.validation).ok();
        self.keys.iter().find_map(decode).map(|token| token.claims)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verifier({} secrets)", self.keys.len())
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    pub user_id: &'a UserId,
    pub name: Option<&'a str>,
    pub username: Option<&'a str>,
    /// Fills the directory where it says none; what the platform put there stays.
    pub role: Option<UserRole>,
    pub issued_at: Timestamp,
    pub seconds: u32,
}

/// No token can be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("auth.jwt.secrets is empty: there is nothing to sign with")]
    NoSecret,
    #[error("the token cannot be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

/// Signs a token with the current secret, for the demo and for `kabar token`.
pub fn mint(config: &JwtConfig, token: &NewToken<'_>) -> Result<String, TokenError> {
    #[derive(Serialize)]
    struct Body<'a> {
        sub: &'a str,
        iat: i64,
        exp: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        iss: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        aud: Option<&'a str>,
    }
    let secret = config.secrets.first().ok_or(TokenError::NoSecret)?;
    let iat = token.issued_at.as_millis() / 1_000;
    let body = Body {
        sub: token.user_id.as_str(),
        iat,
        exp: iat + i64::from(token.seconds),
        name: token.name,
        username: token.username,
        role: token.role.map(UserRole::name),
        iss: config.issuer.as_deref(),
        aud: config.audience.as_deref(),
    };
    let key = EncodingKey::from_secret(secret.reveal().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &body, &key).map_err(TokenError::Signing)
}
