//! Where a request carries its token: `Authorization: Bearer`, or the platform's session cookies, whole or in chunks.

use std::borrow::Cow;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};

use super::Unauthenticated;
use super::nextauth::COOKIES;

/// Chunks of a session cookie that are looked for: 16 kB are four.
const CHUNKS_MAX: usize = 8;

/// How a token came. A browser sends cookies whoever's page asked it to, so writes by cookie need their origin checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    Bearer,
    Cookie,
}

/// A token, not yet believed.
#[derive(Debug, PartialEq)]
pub struct Credential {
    pub token: String,
    /// The cookie it came in.
    pub cookie: Option<&'static str>,
}

impl Credential {
    pub fn bearer(token: &str) -> Self {
        // NextAuth percent-encodes; its tokens and ours have no character that would need it.
        let token = percent_encoding::percent_decode_str(token).decode_utf8().unwrap_or(Cow::Borrowed(""));
        Self { token: token.into_owned(), cookie: None }
    }

    pub fn carrier(&self) -> Carrier {
        match self.cookie {
            None => Carrier::Bearer,
            Some(_) => Carrier::Cookie,
        }
    }
}

/// Every token of a request, in the order they are to be tried. Fails on an `Authorization` that is no bearer token.
pub fn of(headers: &HeaderMap) -> Result<Vec<Credential>, Unauthenticated> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let text = value.to_str().map_err(|_| Unauthenticated::Invalid)?;
        let (scheme, token) = text.split_once(' ').ok_or(Unauthenticated::Invalid)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Unauthenticated::Invalid);
        }
        return Ok(vec![Credential::bearer(token.trim())]);
    }
    let cookies: Vec<(&str, &str)> = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .collect();
    Ok(COOKIES.into_iter().filter_map(|name| in_cookie(&cookies, name)).collect())
}

fn in_cookie(cookies: &[(&str, &str)], name: &'static str) -> Option<Credential> {
    let value_of = |wanted: &str| cookies.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let token: String = match value_of(name) {
        Some(whole) => whole.to_owned(),
        // By number, not by the order they were sent in; up to the first that is missing.
        None => (0..CHUNKS_MAX).map_while(|chunk| value_of(&format!("{name}.{chunk}"))).collect(),
    };
    (!token.is_empty()).then_some(Credential { token, cookie: Some(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(pairs: &[(&str, &str)]) -> Result<Vec<String>, Unauthenticated> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(axum::http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        of(&headers).map(|found| found.into_iter().map(|credential| credential.token).collect())
    }

    #[test]
    fn a_bearer_token_hides_cookies() {
        let pairs = [("authorization", "bearer a%2Eb"), ("cookie", "next-auth.session-token=c")];
        assert_eq!(tokens(&pairs), Ok(vec!["a.b".to_owned()]));
    }

    #[test]
    fn another_scheme_is_refused_and_not_passed_over() {
        for value in ["Basic YTpi", "Bearer", ""] {
            assert_eq!(tokens(&[("authorization", value)]), Err(Unauthenticated::Invalid), "{value}");
        }
    }

    #[test]
    fn chunks_are_put_together_by_number() {
        let pairs = [
            ("cookie", "x=y; next-auth.session-token.1=B; next-auth.session-token.0=A"),
            ("cookie", "next-auth.session-token.2=C; next-auth.session-token.4=E"),
        ];
        assert_eq!(tokens(&pairs), Ok(vec!["ABC".to_owned()]));
    }

    #[test]
    fn the_secure_cookie_comes_first() {
        let pairs = [("cookie", "authjs.session-token=plain; __Secure-authjs.session-token=secure; other=1")];
        assert_eq!(tokens(&pairs), Ok(vec!["secure".to_owned(), "plain".to_owned()]));
        assert_eq!(tokens(&[]), Ok(vec![]));
    }
}
