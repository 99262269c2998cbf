//! Whether a request of the HTTP API was signed with the application's secret, and recently.
//!
//! The signature covers method, path, query and, by its MD5, the body. A wrong one is 401 and says which check failed: who
//! sets up an SDK needs to know, and who has no secret learns nothing by it.

use std::collections::BTreeMap;

use aggregates::Timestamp;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use http_body_util::LengthLimitError;
use md5::{Digest, Md5};

use super::Api;
use crate::http::Problem;
use crate::realtime::protocol::signature::Signer;

/// Ten events of 10 KB, escaped, and what stands around them.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Seconds that a request's time may be off.
const TIME_DIFFERENCE_MAX: i64 = 600;
const SIGNATURE: &str = "auth_signature";

/// A request that the application made.
pub(super) struct Signed {
    pub query: BTreeMap<String, String>,
    pub body: Bytes,
}

/// Why it cannot be said that the application made it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsigned {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("auth_key is not the key of this application")]
    Key,
    #[error("auth_version must be 1.0")]
    Version,
    #[error("auth_timestamp must be within {TIME_DIFFERENCE_MAX} s of the server's time, in seconds since 1970: {0}")]
    Time(i64),
    #[error("body_md5 is not the MD5 of the body in hex")]
    Body,
    #[error("auth_signature is not valid for this method, path, query and secret")]
    Signature,
}

/// What is signed.
pub(super) struct Asked<'a> {
    pub method: &'a str,
    /// As it was sent.
    pub path: &'a str,
    pub query: &'a BTreeMap<String, String>,
    pub body: &'a [u8],
}

impl FromRequest<Api> for Signed {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| {
            let too_long = std::error::Error::source(&error).is_some_and(|source| source.is::<LengthLimitError>());
            match too_long {
                true => Problem::too_large(BODY_BYTES_MAX),
                false => Problem::malformed("body", "the body broke off"),
            }
        })?;
        let query = parameters(parts.uri.query().unwrap_or_default());
        let inner = &api.realtime.0;
        let asked = Asked { method: parts.method.as_str(), path: parts.uri.path(), query: &query, body: &body };
        verify(&inner.signer, &asked, api.clock.now())
            .map_err(|unsigned| Problem::unauthenticated(unsigned.to_string()))?;
        let ids = RawPathParams::from_request_parts(&mut parts, api).await.map_err(|_| Problem::broken())?;
        if !ids.iter().any(|(name, value)| name == "app" && value == inner.config.app.id) {
            return Err(Problem::unauthenticated("there is no application with this id and key"));
        }
        Ok(Self { query, body })
    }
}

/// By name in small letters, as they are signed.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, value)| (name.to_lowercase(), value.into_owned())).collect()
}

pub(super) fn verify(signer: &Signer, asked: &Asked<'_>, now: Timestamp) -> Result<(), Unsigned> {
    let given = |name: &'static str| asked.query.get(name).map(String::as_str).ok_or(Unsigned::Missing(name));
    if given("auth_key")? != signer.key() {
        return Err(Unsigned::Key);
    }
    if given("auth_version")? != "1.0" {
        return Err(Unsigned::Version);
    }
    let now = now.as_millis() / 1_000;
    let at: i64 = given("auth_timestamp")?.parse().map_err(|_| Unsigned::Time(now))?;
    if now.abs_diff(at) > TIME_DIFFERENCE_MAX.unsigned_abs() {
        return Err(Unsigned::Time(now));
    }
    if !asked.body.is_empty() && !given("body_md5")?.eq_ignore_ascii_case(&hex::encode(Md5::digest(asked.body))) {
        return Err(Unsigned::Body);
    }
    let signature = given(SIGNATURE)?;
    // SDKs sign the path as they send it; some send it escaped and sign it as it was before.
    let unescaped = percent_encoding::percent_decode_str(asked.path).decode_utf8_lossy();
    let signed = [asked.path, &*unescaped].iter().any(|path| signer.signed(text(asked, path).as_bytes(), signature));
    if signed { Ok(()) } else { Err(Unsigned::Signature) }
}

/// `METHOD\nPATH\nname=value&..`, by name, values as they are meant.
fn text(asked: &Asked<'_>, path: &str) -> String {
    let pairs = asked.query.iter().filter(|(name, _)| *name != SIGNATURE);
    let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}\n{path}\n{}", asked.method, query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::AppCredentials;

    /// The worked example of the protocol's documentation.
    const BODY: &str = r#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#;
    const QUERY: &str = "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0&\
                         body_md5=ec365a775a4cd0599faeb73354201b6f&\
                         auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c";
    const AT: i64 = 1_353_088_179;

    fn verdict(query: &str, body: &str, at: i64) -> Result<(), Unsigned> {
        let signer = Signer::new(&AppCredentials {
            id: "3".into(),
            key: "278d425bdf160c739803".into(),
            secret: "7ad3773142a6692b25b8".into(),
        });
        let query = parameters(query);
        let asked = Asked { method: "POST", path: "/apps/3/events", query: &query, body: body.as_bytes() };
        verify(&signer, &asked, Timestamp::from_millis(at * 1_000))
    }

    #[test]
    fn a_request_is_signed_as_the_documentation_shows() {
        assert_eq!(verdict(QUERY, BODY, AT), Ok(()));
        let upper = QUERY.replace("auth_key", "Auth_Key");
        assert_eq!(verdict(&upper, BODY, AT), Ok(()), "names are signed in small letters");
    }

    #[test]
    fn whatever_is_wrong_is_said() {
        let with = |from: &str, to: &str| verdict(&QUERY.replace(from, to), BODY, AT);
        assert_eq!(with("auth_signature=da", "auth_signature=db"), Err(Unsigned::Signature));
        assert_eq!(with("auth_signature=da", "auth_signature=zz"), Err(Unsigned::Signature));
        assert_eq!(with("&auth_version=1.0", "&auth_version=1.0&more=1"), Err(Unsigned::Signature));
        assert_eq!(with("278d", "378d"), Err(Unsigned::Key));
        assert_eq!(with("auth_version=1.0", "auth_version=2.0"), Err(Unsigned::Version));
        assert_eq!(with("auth_timestamp=1353088179", "auth_timestamp=soon"), Err(Unsigned::Time(AT)));
        assert_eq!(with("auth_key", "key"), Err(Unsigned::Missing("auth_key")));
        assert_eq!(with("body_md5", "md5"), Err(Unsigned::Missing("body_md5")));
        assert_eq!(with("auth_signature", "signature"), Err(Unsigned::Missing("auth_signature")));
        assert_eq!(verdict(QUERY, &BODY.replace("foo", "fop"), AT), Err(Unsigned::Body));
        assert_eq!(verdict("", BODY, AT), Err(Unsigned::Missing("auth_key")));
    }

    #[test]
    fn a_request_is_good_for_ten_minutes_either_way() {
        for off in [-600, 600] {
            assert_eq!(verdict(QUERY, BODY, AT + off), Ok(()), "{off}");
        }
        for off in [-601, 601] {
            assert_eq!(verdict(QUERY, BODY, AT + off), Err(Unsigned::Time(AT + off)), "{off}");
        }
    }
}
