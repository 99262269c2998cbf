//! Long answers go out compressed, for whoever says that they can read it.
//!
//! Lists repeat the same names hundreds of times: gzip takes nine tenths of them away. Short answers, which most are,
//! pass as they are: they fit into a packet or a few, and sends are not to pay for lists. Nothing but JSON is
//! touched: what else there may be is compressed already, or is a stream. docs/adr/0015 says what this may give away
//! to somebody who listens, and why strangers' pages get plain answers.

use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// Shorter ones stay as they are.
const BYTES_MIN: u16 = 4_096;
/// Of 1..9. More takes longer than it saves on any network that a browser is on.
const LEVEL: i32 = 3;
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// gzip only, which every browser and every other client reads.
pub fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Precise(LEVEL))
        .compress_when(SizeAbove::new(BYTES_MIN).and(is_json))
}

/// Both kinds of our answers: what was asked for, and a problem.
fn is_json(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"application/json") || kind.starts_with(b"application/problem+json"))
}

/// A page of another site may have a browser ask in its user's name as often as it likes, and whoever listens then reads
/// from the lengths of compressed answers what is in them. Browsers say where a request comes from. A token that the
/// page had to know itself is no such request.
pub async fn plain_for_strangers(mut request: Request) -> Request {
    let headers = request.headers_mut();
    let stranger = headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site");
    if stranger && !headers.contains_key(AUTHORIZATION) {
        headers.remove(ACCEPT_ENCODING);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::map_request;
    use axum::response::{IntoResponse, Response};
    use axum::routing::get;
    use tower::{ServiceBuilder, ServiceExt};

    async fn encoding(request: axum::http::request::Builder) -> (u16, bool) {
        let of = |kind: &'static str, bytes: usize| async move {
            let mut response = Body::from("x".repeat(bytes)).into_response();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        };
        let app: Router = Router::new()
            .route("/list", get(move || of("application/json", 5_000)))
            .route("/short", get(move || of("application/json", 4_000)))
            .route("/problem", get(move || of("application/problem+json", 5_000)))
            .route("/picture", get(move || of("image/png", 5_000)))
            .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
            .route("/same", get(|| async { StatusCode::NOT_MODIFIED }))
            .layer(ServiceBuilder::new().layer(map_request(plain_for_strangers)).layer(layer()));
        let request = request.header(ACCEPT_ENCODING, "gzip").body(Body::empty()).unwrap();
        let response: Response = app.oneshot(request).await.unwrap();
        (response.status().as_u16(), response.headers().contains_key("content-encoding"))
    }

    #[tokio::test]
    async fn long_json_is_compressed_and_nothing_else() {
        for (path, answer) in [
            ("/list", (200, true)),
            ("/problem", (200, true)),
            ("/short", (200, false)),
            ("/picture", (200, false)),
            ("/empty", (204, false)),
            ("/same", (304, false)),
        ] {
            assert_eq!(encoding(Request::get(path)).await, answer, "{path}");
        }
    }

    #[tokio::test]
    async fn another_sites_page_gets_plain_answers_unless_it_brings_a_token() {
        let from = |site: &str| Request::get("/list").header("sec-fetch-site", site);
        for site in ["same-origin", "same-site", "none"] {
            assert_eq!(encoding(from(site)).await, (200, true), "{site}");
        }
        assert_eq!(encoding(from("cross-site")).await, (200, false));
        assert_eq!(encoding(from("cross-site").header("authorization", "Bearer x")).await, (200, true));
    }
}
