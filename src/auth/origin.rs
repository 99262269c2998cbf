//! Whether the page that made a browser write is one of ours (cross-site request forgery).
//!
//! Browsers send `Origin` with every write, and `Sec-Fetch-Site` where they are not ancient. A write that comes with a
//! cookie and neither of them is refused: a program that is no browser uses a bearer token.

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

/// The origins whose pages may write.
#[derive(Debug, Clone)]
pub struct AllowedOrigins(Vec<String>);

/// The write came from a page that may not make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this page's origin may not write here: add it to cors.origins, or send a bearer token")]
pub struct ForeignOrigin;

impl AllowedOrigins {
    /// As `Config::allowed_origins` names them.
    pub fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    pub fn check(&self, headers: &HeaderMap) -> Result<(), ForeignOrigin> {
        let allowed = match (headers.get(ORIGIN), headers.get("sec-fetch-site")) {
            // `Origin: null` (sandboxed frames, redirects) is in no list.
            (Some(origin), _) => self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()),
            (None, Some(site)) => site == "same-origin",
            (None, None) => false,
        };
        if allowed { Ok(()) } else { Err(ForeignOrigin) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        AllowedOrigins::new(vec!["https://app.example.id".into()]).check(&headers).is_ok()
    }

    #[test]
    fn only_our_own_pages_may_write_by_cookie() {
        assert!(allowed(&[("origin", "https://app.example.id")]));
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        assert!(!allowed(&[]));
        assert!(!allowed(&[("origin", "null")]));
        assert!(!allowed(&[("origin", "https://app.example.id.evil.example")]));
        assert!(!allowed(&[("origin", "http://app.example.id")]));
        assert!(!allowed(&[("sec-fetch-site", "same-site")]));
        assert!(!allowed(&[("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn an_origin_outweighs_what_the_browser_says_of_the_site() {
        assert!(!allowed(&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")]));
    }
}
