//! Where requests go, from a base URL as people write it: with the path or without, with a slash at the end or without.
//!
//! A base URL without `/api` answers 200 with a page, and nothing is sent (requirements §7): so the path is ours to know.

use url::Url;

use crate::setting::InvalidSetting;

/// A base URL that something can be sent to.
pub(crate) fn parse_base(field: &str, text: &str) -> Result<Url, InvalidSetting> {
    let wrong = |reason: &str| Err(InvalidSetting::new(field, reason));
    let Ok(url) = Url::parse(text) else { return wrong("is no URL") };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return wrong("must begin with https:// or http:// and have a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("must hold no user and no password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("must have no ? and no #");
    }
    Ok(url)
}

/// `base` with `path` at its end. What of the path (or of `known`, its other forms) stands there already is not doubled;
/// a path in front of that (a proxy's) is kept.
pub(crate) fn endpoint(base: &Url, path: &[&str], known: &[&str]) -> Url {
    let ours = |segment: &str| path.contains(&segment) || known.contains(&segment);
    let given: Vec<&str> = base.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty()).collect();
    let kept = given.iter().rposition(|segment| !ours(segment)).map_or(0, |at| at + 1);
    let mut url = base.clone();
    url.set_path(&[&given[..kept], path].concat().join("/"));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_completed_and_never_doubled() {
        for (base, expected) in [
            ("https://api.x.id", "https://api.x.id/api/v1/send"),
            ("https://api.x.id/", "https://api.x.id/api/v1/send"),
            ("https://api.x.id/api", "https://api.x.id/api/v1/send"),
            ("https://api.x.id/api/", "https://api.x.id/api/v1/send"),
            ("https://api.x.id/v1", "https://api.x.id/api/v1/send"),
            ("https://api.x.id/api/v1/", "https://api.x.id/api/v1/send"),
            ("https://api.x.id/api/v1/send", "https://api.x.id/api/v1/send"),
            ("https://api.x.id/api/v2/send", "https://api.x.id/api/v1/send"),
            ("http://127.0.0.1:8080/proxy//api/", "http://127.0.0.1:8080/proxy/api/v1/send"),
            ("https://x.id/api/mail", "https://x.id/api/mail/api/v1/send"),
        ] {
            let base = parse_base("base_url", base).unwrap();
            assert_eq!(endpoint(&base, &["api", "v1", "send"], &["v2"]).as_str(), expected, "{base}");
        }
    }

    #[test]
    fn a_base_url_that_cannot_be_used_is_named() {
        for wrong in
            ["", "api.x.id", "ftp://x.id", "https://a:b@x.id", "https://a@x.id", "https://x.id?a=b", "https://x.id#a"]
        {
            assert_eq!(parse_base("base_url", wrong).expect_err(wrong).field, "base_url");
        }
    }
}
