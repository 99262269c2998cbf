//! Every route of users, one line each: what a client may ask is read, and iterated by tests, in this one place.
//!
//! `get`, `post` and the others are not axum's: they read off a handler what it takes and answers, for `openapi`.
//! All of them are behind a guard, the gate where nothing else is said: whoever is not signed in gets 401. User ids in
//! paths are called `{userId}`, see
//! `extract::ValidPath`.

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;

use super::chat::{
    conversations, groups, keeping, message_changes, message_reads, messages, places, reading, rooms, search, support,
    typing,
};
use super::layers::service_gate::{Guard, Guarded, guard};
use super::openapi::endpoint::{Endpoint, delete, get, patch, post, put};
use super::{
    AppState, notifications, people, preferences, presence, pusher_auth, relations, reports, sends, subscriptions,
    sync, uploads,
};
use crate::config::Scope;

/// One line of the table.
pub struct Route {
    pub method: Method,
    /// Parts in braces are ids: `{roomId}`, `{userId}`.
    pub path: &'static str,
    pub guard: Guard,
    pub(super) endpoint: Endpoint,
}

impl Route {
    fn new(method: Method, path: &'static str, endpoint: Endpoint) -> Self {
        Self { method, path, guard: Guard::User, endpoint }
    }

    fn guarded(self, guard: Guard) -> Self {
        Self { guard, ..self }
    }

    /// As the manual has it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Requirements §3.
pub fn routes() -> Vec<Route> {
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PATCH: Method = Method::PATCH;
    const DELETE: Method = Method::DELETE;
    let route = Route::new;
    let mut routes = vec![
        route(POST, "/api/chat/start", post(rooms::start)),
        route(GET, "/api/chat/rooms", get(rooms::rooms)),
        route(GET, "/api/chat/unread-count", get(rooms::unread_count)),
        route(POST, "/api/chat/groups", post(groups::create)),
        route(POST, "/api/chat/groups/{roomId}/join", post(groups::join)),
        route(POST, "/api/chat/groups/{roomId}/members", post(groups::add_members)),
        route(DELETE, "/api/chat/groups/{roomId}/members/{userId}", delete(groups::remove_member)),
        route(PATCH, "/api/chat/groups/{roomId}/members/{userId}", patch(keeping::change_role)),
        route(GET, "/api/chat/support", get(support::open_rooms)),
        route(GET, "/api/chat/rooms/{roomId}", get(keeping::room)),
        route(PATCH, "/api/chat/rooms/{roomId}", patch(keeping::change)),
        route(POST, "/api/chat/rooms/{roomId}/close", post(keeping::close)),
        route(POST, "/api/chat/rooms/{roomId}/reopen", post(keeping::reopen)),
        route(GET, "/api/chat/rooms/{roomId}/members", get(keeping::members)),
        route(GET, "/api/chat/rooms/{roomId}/pins", get(message_reads::pins)),
        route(PATCH, "/api/chat/rooms/{roomId}/place", patch(places::arrange)),
        route(POST, "/api/chat/send", post(messages::send)),
        route(GET, "/api/chat/messages", get(messages::messages)),
        route(PATCH, "/api/chat/messages", patch(message_changes::edit)),
        route(DELETE, "/api/chat/messages", delete(message_changes::delete)),
        route(GET, "/api/chat/messages/{messageId}", get(message_reads::message)),
        route(GET, "/api/chat/messages/{messageId}/replies", get(message_reads::replies)),
        route(GET, "/api/chat/messages/{messageId}/edits", get(message_reads::edits)),
        route(GET, "/api/chat/messages/{messageId}/readers", get(message_reads::readers)),
        route(POST, "/api/chat/messages/{messageId}/reactions", post(message_changes::react)),
        route(DELETE, "/api/chat/messages/{messageId}/reactions", delete(message_changes::unreact)),
        route(POST, "/api/chat/messages/{messageId}/pin", post(message_changes::pin)),
        route(DELETE, "/api/chat/messages/{messageId}/pin", delete(message_changes::unpin)),
        route(POST, "/api/chat/messages/{messageId}/forward", post(message_changes::forward)),
        route(GET, "/api/messages", get(conversations::conversations)),
        route(POST, "/api/messages", post(conversations::write)),
        route(GET, "/api/chat/search", get(search::search)),
        route(POST, "/api/chat/read", post(reading::read)),
        route(POST, "/api/chat/unread", post(places::mark_unread)),
        route(POST, "/api/chat/delivered", post(places::delivered)),
        route(POST, "/api/chat/typing", post(typing::typing)),
        route(GET, "/api/chat/typing", get(typing::typers)),
        route(POST, "/api/presence", post(presence::say)),
        route(POST, uploads::PATH, uploads::taking()),
        route(GET, "/api/uploads/{id}", uploads::handing_out()),
        route(DELETE, "/api/uploads/{id}", delete(uploads::remove)),
        route(GET, "/api/sync", get(sync::sync)),
        route(POST, "/api/pusher/auth", post(pusher_auth::auth)),
        route(POST, "/api/pusher/user-auth", post(pusher_auth::user_auth)),
    ];
    routes.extend(of_notifications());
    routes.extend(of_people());
    routes.extend(of_reports());
    routes
}

/// What people are told of, and what they want to be told of.
fn of_notifications() -> [Route; 14] {
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PUT: Method = Method::PUT;
    const PATCH: Method = Method::PATCH;
    const DELETE: Method = Method::DELETE;
    let route = Route::new;
    [
        route(GET, "/api/notifications", get(notifications::list)),
        route(PATCH, "/api/notifications", patch(notifications::mark)),
        route(DELETE, "/api/notifications", delete(notifications::delete)),
        route(GET, "/api/notifications/unread-count", get(notifications::unread_count)),
        route(POST, "/api/notifications/{notificationId}/archive", post(notifications::archive)),
        route(DELETE, "/api/notifications/{notificationId}/archive", delete(notifications::unarchive)),
        route(GET, "/api/notifications/preferences", get(preferences::own)),
        route(PUT, "/api/notifications/preferences", put(preferences::change_own)),
        route(GET, "/api/notifications/subscribe", get(subscriptions::own)),
        route(POST, "/api/notifications/subscribe", post(subscriptions::subscribe)),
        route(DELETE, "/api/notifications/subscribe", delete(subscriptions::unsubscribe)),
        route(POST, "/api/notifications/send", post(sends::send)).guarded(Guard::Service(Scope::Notifications)),
        route(POST, "/api/notifications/send-bulk", post(sends::send_bulk))
            .guarded(Guard::Service(Scope::Notifications)),
        route(POST, "/api/notifications/push-only", post(sends::push_only))
            .guarded(Guard::Service(Scope::Notifications)),
    ]
}

/// Who there is, and who follows or blocks whom.
fn of_people() -> [Route; 12] {
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PUT: Method = Method::PUT;
    const DELETE: Method = Method::DELETE;
    let route = Route::new;
    [
        route(PUT, "/api/users/{userId}", put(people::put)).guarded(Guard::Service(Scope::People)),
        route(POST, "/api/users/bulk", post(people::bulk)).guarded(Guard::Service(Scope::People)),
        route(GET, "/api/users/me", get(people::me)),
        route(GET, "/api/users/blocked", get(people::blocked)),
        route(GET, "/api/users/{userId}", get(people::profile)),
        route(POST, "/api/users/{userId}/follow", post(relations::follow)),
        route(GET, "/api/users/{userId}/follow", get(relations::follows)),
        route(DELETE, "/api/users/{userId}/follow", delete(relations::unfollow)),
        route(GET, "/api/users/{userId}/followers", get(relations::followers)),
        route(GET, "/api/users/{userId}/following", get(relations::following)),
        route(POST, "/api/users/{userId}/block", post(relations::block)),
        route(DELETE, "/api/users/{userId}/block", delete(relations::unblock)),
    ]
}

/// The last of them: what is reported.
fn of_reports() -> [Route; 5] {
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    let route = Route::new;
    [
        route(POST, "/api/reports", post(reports::file)),
        route(GET, "/api/reports", get(reports::own)),
        route(GET, "/api/admin/reports", get(reports::all)),
        route(GET, "/api/admin/reports/{reportId}", get(reports::one)),
        route(POST, "/api/admin/reports/{reportId}/resolve", post(reports::resolve)),
    ]
}

/// Whether there is a route that is written so: `METHOD /path`.
pub fn is_route(written: &str) -> bool {
    routes().iter().any(|route| written.split_once(' ') == Some((route.method.as_str(), route.path)))
}

/// The table as axum wants it, each route behind its guard.
pub(super) fn table(state: &AppState) -> Router<AppState> {
    let guarded = |behind| from_fn_with_state(Guarded { state: state.clone(), guard: behind }, guard);
    let table = routes().into_iter().fold(Router::new(), |router, route| {
        router.route(route.path, route.endpoint.handler.route_layer(guarded(route.guard)))
    });
    // Whoever puts somebody who is called as a path is hears why not, as by any other spelling of it.
    people::NO_IDS.iter().fold(table, |router, word| {
        let refusing = axum::routing::put(people::put_nobody).route_layer(guarded(Guard::Service(Scope::People)));
        router.route(&format!("/api/users/{word}"), refusing)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manual and the table, either way round: what is told is there, what is there is told.
    #[test]
    fn the_manual_tells_of_every_route_and_of_no_other() {
        let manual = include_str!("../../docs/http.md");
        let lines = manual.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let mut told: Vec<&str> = lines.filter(|told| told.contains(" /api/")).collect();
        let served: Vec<String> = routes().iter().map(Route::name).collect();
        let mut served: Vec<&str> = served.iter().map(String::as_str).collect();
        told.sort_unstable();
        served.sort_unstable();
        assert_eq!(told, served);
    }
}
