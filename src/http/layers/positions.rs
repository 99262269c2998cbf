//! Turns the position a command was answered at into the header `Kabar-Position` and the read-your-writes cookie.

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use event_log::{LogId, PositionToken};

use crate::config::Config;
use crate::http::answer::AnsweredAt;
use crate::http::extract::{AFTER_COOKIE, position_cookie};

pub const POSITION_HEADER: HeaderName = HeaderName::from_static("kabar-position");
/// Views are milliseconds behind; a page that loads later than this sees its writes without help.
const COOKIE_SECONDS: u32 = 30;

#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    pub log_id: LogId,
    /// Whether browsers are to send the cookie over TLS only.
    pub secure: bool,
}

impl Stamp {
    pub fn new(config: &Config, log_id: LogId) -> Self {
        Self { log_id, secure: config.base_url().starts_with("https://") }
    }
}

pub async fn stamp(State(stamp): State<Stamp>, request: Request, next: Next) -> Response {
    let had = position_cookie(stamp.log_id, request.headers());
    let mut response = next.run(request).await;
    let Some(&AnsweredAt(position)) = response.extensions().get::<AnsweredAt>() else { return response };

    let token = PositionToken { log: stamp.log_id, position };
    // Answers may overtake each other: the cookie only goes forward.
    let latest = PositionToken { position: position.max(had.unwrap_or_default()), ..token };
    let secure = if stamp.secure { "; Secure" } else { "" };
    let cookie = format!("{AFTER_COOKIE}={latest}; Path=/; Max-Age={COOKIE_SECONDS}; SameSite=Lax; HttpOnly{secure}");
    if let (Ok(token), Ok(cookie)) = (HeaderValue::from_str(&token.to_string()), HeaderValue::from_str(&cookie)) {
        response.headers_mut().insert(POSITION_HEADER, token);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::answer::Answer;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use event_log::Position;
    use tower::ServiceExt;
    use uuid::Uuid;

    const LOG: LogId = LogId(Uuid::from_u128(1));

    async fn answer(cookie: Option<String>, secure: bool) -> (Option<String>, Option<String>) {
        let app: Router = Router::new()
            .route("/", get(|| async { Answer::decided(Position(5), serde_json::json!({})) }))
            .layer(axum::middleware::from_fn_with_state(Stamp { log_id: LOG, secure }, stamp));
        let mut request = Request::get("/");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let text = |name: HeaderName| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (text(POSITION_HEADER), text(SET_COOKIE))
    }

    #[tokio::test]
    async fn a_command_is_answered_with_its_position_and_the_cookie() {
        let token = PositionToken { log: LOG, position: Position(5) }.to_string();
        let (position, cookie) = answer(None, false).await;
        assert_eq!(position, Some(token.clone()));
        assert_eq!(cookie, Some(format!("kabar_after={token}; Path=/; Max-Age=30; SameSite=Lax; HttpOnly")));
        assert!(answer(None, true).await.1.unwrap().ends_with("; Secure"));
    }

    #[tokio::test]
    async fn an_overtaken_answer_does_not_take_the_cookie_back() {
        let later = PositionToken { log: LOG, position: Position(9) };
        let (position, cookie) = answer(Some(format!("kabar_after={later}")), false).await;
        assert!(position.unwrap().ends_with("-5"));
        assert!(cookie.unwrap().contains("-9;"));
    }
}
