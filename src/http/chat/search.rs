//! Searching what was said.

use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use axum::extract::State;
use garde::Validate;
use projections::UnitName;
use projections::search::Wanted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::cursor::PositionCursor;
use crate::http::extract::{Actor, After, ValidQuery};
use crate::http::validity::optional;
use crate::http::{Answer, AppState, Problem};
use crate::queries::Searched;
use crate::wire::names::CursorText;
use crate::wire::search::SearchResult;

const RESULTS_DEFAULT: usize = 20;
/// Longer, and what was found until then is the page; 503 where that is nothing.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct SearchQuery {
    #[garde(custom(searchable))]
    #[schemars(length(min = 1, max = 200))]
    q: String,
    room_id: Option<RoomId>,
    #[serde(default, deserialize_with = "optional")]
    sender_id: Option<UserId>,
    /// Sent at that moment or later.
    since: Option<Timestamp>,
    /// Sent before it.
    until: Option<Timestamp>,
    has_attachment: Option<bool>,
    #[garde(range(min = 1, max = 100))]
    limit: Option<usize>,
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<CursorText>")]
    cursor: Option<PositionCursor>,
}

fn searchable(text: &str, (): &()) -> garde::Result {
    Wanted::parse(text).map(drop).map_err(garde::Error::new)
}

impl SearchQuery {
    fn searched(self) -> Result<Searched, Problem> {
        let wanted = Wanted::parse(&self.q).map_err(|error| Problem::invalid("q", error.to_string()))?;
        Ok(Searched {
            wanted,
            room: self.room_id,
            sender: self.sender_id,
            since: self.since,
            until: self.until,
            has_attachment: self.has_attachment,
            before: self.cursor.map(|PositionCursor(position)| position),
            limit: self.limit.unwrap_or(RESULTS_DEFAULT),
        })
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchAnswer {
    results: Vec<SearchResult>,
    has_more: bool,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/chat/search`
pub async fn search(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<SearchQuery>,
) -> Result<Answer<SearchAnswer>, Problem> {
    let searched = query.searched()?;
    tokio::try_join!(after.wait_for(&app, UnitName::Inbox), after.wait_for(&app, UnitName::Search))?;
    let page = app.queries().search(actor.id(), searched, PATIENCE).await?;
    Ok(Answer::shown(SearchAnswer {
        has_more: page.next.is_some(),
        next_cursor: page.next.map(|next| PositionCursor(next).to_string()),
        results: page.results,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::FromRequestParts;
    use axum::http::Request;

    #[tokio::test]
    async fn whatever_is_wrong_is_said_in_plain_words() {
        let (mut parts, ()) = Request::get("/?q=halo&roomId=zz&senderId=a%20b").body(()).expect("right").into_parts();
        let problem = ValidQuery::<SearchQuery>::from_request_parts(&mut parts, &()).await.expect_err("two are wrong");
        let said: Vec<(&str, &str)> = problem.errors().iter().map(|error| (&*error.field, &*error.reason)).collect();
        let user = "a user id is 1 to 128 characters of A-Z a-z 0-9 _ - = @ , . ;";
        assert_eq!(said, [("roomId", "expected a uuid"), ("senderId", user)]);
    }
}
