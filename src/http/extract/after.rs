//! Read your writes: the position a query must have seen before it answers.
//!
//! Three ways to say it, the highest wins: the query parameter `after`, the header `Kabar-After`, and the cookie
//! `kabar_after`, which every command's answer sets for a short while so that an unchanged front end reads its own
//! writes too. An explicit position that is no position, or of another log, is 422 and named: whoever sent it keeps
//! state and must reload. A cookie that is, is passed over: the browser cannot help it. The same goes for a position past
//! the head, which nobody was ever given (or a log that was restored from an older backup has lost): waiting for it would
//! keep the place of somebody who waits for good reason.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use event_log::{LogId, Position, PositionToken};
use projections::UnitName;

use crate::commands::Failure;
use crate::http::problem::Problem;
use crate::http::state::AppState;

const AFTER_PARAMETER: &str = "after";
pub const AFTER_HEADER: &str = "Kabar-After";
pub const AFTER_COOKIE: &str = "kabar_after";

/// A view is nearly always there within it, and nobody has asked how far the log is.
const USUALLY_THERE: Duration = Duration::from_millis(50);

/// What a query must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct After {
    /// By the query or the header: the field and the position.
    explicit: Option<(&'static str, Position)>,
    cookie: Option<Position>,
}

impl After {
    /// Waits until `unit` shows it, as long as the configuration says; then 503 naming the unit. 422 for a position that the
    /// log does not have.
    pub async fn wait_for(self, state: &AppState, unit: UnitName) -> Result<(), Problem> {
        let explicit = self.explicit.map(|(_, position)| position);
        let Some(position) = explicit.max(self.cookie) else { return Ok(()) };
        let patience = state.config.server.view_wait();
        if state.views.wait_for(unit, position, patience.min(USUALLY_THERE)).await.is_ok() {
            return Ok(());
        }
        let head = state.log.head().await.map_err(Failure::from)?;
        if let Some((field, _)) = self.explicit.filter(|(_, position)| *position > head) {
            return Err(Problem::invalid(field, "a position that the log does not have: reload and start anew"));
        }
        let Some(position) = explicit.max(self.cookie.filter(|position| *position <= head)) else { return Ok(()) };
        let rest = patience.saturating_sub(USUALLY_THERE);
        state.views.wait_for(unit, position, rest).await.map_err(Problem::from)
    }
}

impl FromRequestParts<AppState> for After {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let asked = query.into_iter().find(|(name, _)| name == AFTER_PARAMETER).map(|(_, value)| value.into_owned());
        said(state.log_id, asked.as_deref(), &parts.headers)
    }
}

fn said(log: LogId, query: Option<&str>, headers: &HeaderMap) -> Result<After, Problem> {
    // An empty parameter is what a client without a position sends.
    let query = query.filter(|text| !text.is_empty()).map(|text| explicit(log, AFTER_PARAMETER, text)).transpose()?;
    let header = match headers.get(AFTER_HEADER) {
        Some(value) => Some(explicit(log, AFTER_HEADER, value.to_str().unwrap_or_default())?),
        None => None,
    };
    let query = query.map(|position| (AFTER_PARAMETER, position));
    let header = header.map(|position| (AFTER_HEADER, position));
    let explicit = [query, header].into_iter().flatten().max_by_key(|(_, position)| *position);
    Ok(After { explicit, cookie: position_cookie(log, headers) })
}

fn explicit(log: LogId, field: &'static str, text: &str) -> Result<Position, Problem> {
    let token: PositionToken =
        text.parse().map_err(|error: event_log::position::InvalidToken| Problem::invalid(field, error.to_string()))?;
    if token.log == log {
        Ok(token.position)
    } else {
        Err(Problem::invalid(field, "a position of another log: reload and start anew"))
    }
}

/// What the read-your-writes cookie says, if it says anything about this log.
pub fn position_cookie(log: LogId, headers: &HeaderMap) -> Option<Position> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(AFTER_COOKIE)?.strip_prefix('='))
        .filter_map(|text| text.parse::<PositionToken>().ok())
        .filter(|token| token.log == log)
        .map(|token| token.position)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const LOG: LogId = LogId(Uuid::from_u128(1));
    const OTHER: LogId = LogId(Uuid::from_u128(2));

    fn token(log: LogId, position: u64) -> String {
        PositionToken { log, position: Position(position) }.to_string()
    }

    fn headers(after: Option<&str>, cookie: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(after) = after {
            headers.insert(AFTER_HEADER, after.parse().unwrap());
        }
        if let Some(cookie) = cookie {
            headers.insert(COOKIE, format!("a=b; {AFTER_COOKIE}={cookie}; c=d").parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_highest_of_the_three_wins() {
        let headers = headers(Some(&token(LOG, 5)), Some(&token(LOG, 7)));
        let all = After { explicit: Some(("after", Position(6))), cookie: Some(Position(7)) };
        assert_eq!(said(LOG, Some(&token(LOG, 6)), &headers), Ok(all));
        assert_eq!(said(LOG, None, &headers).map(|after| after.explicit), Ok(Some((AFTER_HEADER, Position(5)))));
        assert_eq!(said(LOG, None, &HeaderMap::new()), Ok(After::default()));
        assert_eq!(said(LOG, Some(""), &HeaderMap::new()), Ok(After::default()));
    }

    #[test]
    fn an_explicit_position_must_be_one_of_this_log() {
        for wrong in ["5", "x", &token(OTHER, 5)] {
            let problem = said(LOG, Some(wrong), &HeaderMap::new()).expect_err(wrong);
            assert_eq!((problem.status().as_u16(), &*problem.errors()[0].field), (422, "after"));
            let problem = said(LOG, None, &headers(Some(wrong), None)).expect_err(wrong);
            assert_eq!(&*problem.errors()[0].field, AFTER_HEADER);
        }
    }

    #[test]
    fn a_cookie_of_another_log_is_passed_over() {
        for wrong in ["5", "", &token(OTHER, 5)] {
            assert_eq!(said(LOG, None, &headers(None, Some(wrong))), Ok(After::default()), "{wrong}");
        }
    }
}
