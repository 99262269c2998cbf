//! Chat of many people, acted out over HTTP against the built binary: the views must say what a naive count over the log
//! says, for every member of every room.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aggregates::ids::{RoomId, UserId};
use event_log::{PositionToken, SharedLog};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::SetOnce;
use tokio::task::JoinSet;

use crate::support::backend::{Backend, TestStore};
use crate::support::irc_chat::{self, Act, Line};
use crate::support::naive::{Rooms, whole_log};
use crate::support::person::{Answer, Person, client, number, text};
use crate::support::running::{Installation, announce, is_slow_build};

/// People at their keyboards at the same time; each has a connection that stays open.
const KEYBOARDS: usize = 64;
/// A machine that does many other things may answer 503 to a command whose time is spent: nothing was written then.
const TRIES_MAX: usize = 20;
/// Messages of the real chat against a program that was built without optimisation.
const SLOW_BUILD_MESSAGES_MAX: usize = 20_000;
/// All of it would take more than four minutes on two cores, beside the run on SQLite.
const POSTGRES_MESSAGES_MAX: usize = 50_000;

#[tokio::test]
async fn every_unread_count_of_the_small_chat_is_what_the_log_says_on_sqlite() {
    small_chat(Backend::Sqlite).await;
}

#[tokio::test]
async fn every_unread_count_of_the_small_chat_is_what_the_log_says_on_postgres() {
    small_chat(Backend::Postgres).await;
}

async fn small_chat(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    act_out_and_compare(&store, irc_chat::read(&irc_chat::small(), usize::MAX)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unread_count_of_the_real_chat_is_what_the_log_says_on_sqlite() {
    real_chat(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unread_count_of_the_real_chat_is_what_the_log_says_on_postgres() {
    real_chat(Backend::Postgres).await;
}

async fn real_chat(backend: Backend) {
    let Some(path) = irc_chat::large() else {
        announce(&format!("NOT RUN: the real chat on {}: KABAR_IRC_SAMPLE is not set", backend.name()));
        return;
    };
    let Some(store) = backend.store().await else { return };
    let (part, limit) = match backend {
        Backend::Sqlite | Backend::Postgres if is_slow_build() => ("the first", SLOW_BUILD_MESSAGES_MAX),
        Backend::Sqlite => ("all", usize::MAX),
        Backend::Postgres => ("the first", POSTGRES_MESSAGES_MAX),
    };
    let lines = irc_chat::read(&path, limit);
    let messages = lines.iter().filter(|line| matches!(line.act, Act::Say { .. })).count();
    let people: HashSet<&UserId> = lines.iter().map(|line| &line.who).collect();
    let what = format!("the real chat on {}: {part} {messages} messages of {} people", backend.name(), people.len());
    let began = Instant::now();
    act_out_and_compare(&store, lines).await;
    announce(&format!("RUN: {what}, {:.0} s with all comparisons", began.elapsed().as_secs_f64()));
}

async fn act_out_and_compare(store: &TestStore, lines: Vec<Line>) {
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let play = Arc::new(Play::prepare(installation.address, lines).await);
    let expected = play.lines.iter().filter(|line| matches!(line.act, Act::Say { .. })).count();
    act_out(&play).await;

    let log = store.open().await;
    let rooms = Rooms::of(&whole_log(&*log).await);
    rooms.assert_gapless();
    assert_eq!(rooms.by_id().len(), expected, "messages in the log");
    read_a_little(&play, &rooms).await;
    compare(&play, &log).await;

    log.close().await;
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// Everything that those who act it out share.
struct Play {
    lines: Vec<Line>,
    /// The id of each line's message, once it was answered; `None` for lines that are no message.
    answered: Vec<SetOnce<Option<String>>>,
    /// Names of the archive to ids.
    rooms: HashMap<String, String>,
    /// Who opened a room is in it without joining.
    owners: HashSet<(String, UserId)>,
    http: Client,
    address: SocketAddr,
}

impl Play {
    /// Opens the rooms: whoever is first in the archive opens it.
    async fn prepare(address: SocketAddr, lines: Vec<Line>) -> Self {
        let http = client(Duration::from_secs(30));
        let (mut rooms, mut owners) = (HashMap::new(), HashSet::new());
        for line in &lines {
            if !rooms.contains_key(&line.room) {
                let owner = Person::new(&http, address, line.who.as_str());
                rooms.insert(line.room.clone(), owner.creates_group(&line.room).await);
                owners.insert((line.room.clone(), line.who.clone()));
            }
        }
        let answered = lines.iter().map(|_| SetOnce::new()).collect();
        Self { lines, answered, rooms, owners, http, address }
    }

    fn person(&self, user: &UserId) -> Person {
        Person::new(&self.http, self.address, user.as_str())
    }
}

/// Everybody's lines in their own order, different people's at once; an answer to a message comes after it.
async fn act_out(play: &Arc<Play>) {
    let mut keyboards = JoinSet::new();
    for keyboard in 0..KEYBOARDS {
        let play = Arc::clone(play);
        keyboards.spawn(async move {
            let mut here = Here { inside: play.owners.clone(), people: HashMap::new() };
            for (index, line) in play.lines.iter().enumerate().filter(|(_, line)| seat(&line.who) == keyboard) {
                let message = here.act(&play, line).await;
                play.answered[index].set(message).expect("each line is acted out once");
            }
        });
    }
    finish(keyboards).await;
}

/// What one keyboard knows: nobody sits at two of them, so nobody else changes it.
struct Here {
    inside: HashSet<(String, UserId)>,
    people: HashMap<UserId, Person>,
}

impl Here {
    /// Answers with the id of the message, if it is one.
    async fn act(&mut self, play: &Play, line: &Line) -> Option<String> {
        let person = self.people.entry(line.who.clone()).or_insert_with(|| play.person(&line.who)).clone();
        let room = &play.rooms[&line.room];
        let place = (line.room.clone(), line.who.clone());
        match &line.act {
            Act::Join => {
                insist(&person, Method::POST, &format!("/api/chat/groups/{room}/join"), Some(json!({}))).await.ok();
                self.inside.insert(place);
                None
            }
            Act::Leave => {
                let path = format!("/api/chat/groups/{room}/members/{}", person.id);
                insist(&person, Method::DELETE, &path, None).await.ok();
                self.inside.remove(&place);
                None
            }
            Act::Say { name, text: words, reply_to } => {
                // Archives begin in the middle: many speak whom nobody saw come in.
                if self.inside.insert(place) {
                    insist(&person, Method::POST, &format!("/api/chat/groups/{room}/join"), Some(json!({}))).await.ok();
                }
                let mut wish = json!({ "roomId": room, "content": words, "clientMessageId": name });
                if let Some(earlier) = reply_to
                    && let Some(id) = play.answered[*earlier].wait().await
                {
                    wish["replyToId"] = Value::from(id.as_str());
                }
                let answer = insist(&person, Method::POST, "/api/chat/send", Some(wish)).await.ok();
                Some(text(&answer["message"]["id"]))
            }
        }
    }
}

/// Some read up to somewhere: places that sending alone would not make.
async fn read_a_little(play: &Arc<Play>, rooms: &Rooms) {
    let mut keyboards = JoinSet::new();
    let reads: Vec<(Person, RoomId, u64)> = rooms
        .members
        .iter()
        .flat_map(|(room, members)| members.keys().map(move |user| (*room, user)))
        .filter(|(_, user)| draw(user).is_multiple_of(3))
        .filter_map(|(room, user)| {
            let last = rooms.said.get(&room).map_or(0, |said| said.len() as u64);
            (last > 0).then(|| (play.person(user), room, 1 + draw(user) / 3 % last))
        })
        .collect();
    let reads = Arc::new(reads);
    for keyboard in 0..KEYBOARDS {
        let reads = Arc::clone(&reads);
        keyboards.spawn(async move {
            for (person, room, up_to) in reads.iter().skip(keyboard).step_by(KEYBOARDS) {
                let wish = json!({ "roomId": room, "upTo": up_to });
                insist(person, Method::POST, "/api/chat/read", Some(wish)).await.ok();
            }
        });
    }
    finish(keyboards).await;
}

/// Everybody's unread counts, as they are shown, beside those of the log.
async fn compare(play: &Arc<Play>, log: &SharedLog) {
    let events = whole_log(&**log).await;
    let after = PositionToken { log: log.id(), position: events.last().expect("something was said").position };
    let mut expected: BTreeMap<UserId, BTreeMap<String, u64>> = BTreeMap::new();
    for ((room, user), unread) in Rooms::of(&events).unread() {
        expected.entry(user).or_default().insert(room.to_string(), unread);
    }
    assert!(!expected.is_empty());
    let expected: Arc<Vec<_>> = Arc::new(expected.into_iter().collect());
    let mut keyboards = JoinSet::new();
    for keyboard in 0..KEYBOARDS {
        let (play, expected) = (Arc::clone(play), Arc::clone(&expected));
        keyboards.spawn(async move {
            for (user, unread) in expected.iter().skip(keyboard).step_by(KEYBOARDS) {
                let path = format!("/api/chat/rooms?limit=100&after={after}");
                let shown = insist(&play.person(user), Method::GET, &path, None).await.ok();
                let rooms = shown["rooms"].as_array().expect("rooms");
                let counts: BTreeMap<String, u64> =
                    rooms.iter().map(|room| (text(&room["id"]), number(&room["unreadCount"]))).collect();
                assert_eq!(&counts, unread, "unread of {user}");
                assert_eq!(number(&shown["totalUnread"]), unread.values().sum::<u64>(), "unread of {user} in all");
            }
        });
    }
    finish(keyboards).await;
}

/// Asks again while the server says that it had no time (and wrote nothing).
async fn insist(person: &Person, method: Method, path: &str, body: Option<Value>) -> Answer {
    for _ in 0..TRIES_MAX {
        let answer = person.request(method.clone(), path, body.as_ref()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{} asked {path} and got no answer: {error:?}", person.id));
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return answer;
        }
    }
    panic!("{} asked {path} {TRIES_MAX} times and the server never had time", person.id)
}

/// One that fails ends the others: they might wait for it for ever.
async fn finish(mut keyboards: JoinSet<()>) {
    while let Some(ended) = keyboards.join_next().await {
        if let Err(error) = ended {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

fn seat(user: &UserId) -> usize {
    usize::try_from(draw(user) % KEYBOARDS as u64).expect("below the number of keyboards")
}

/// The same number for the same person in every run.
fn draw(user: &UserId) -> u64 {
    let mut hasher = DefaultHasher::new();
    user.as_str().hash(&mut hasher);
    hasher.finish()
}
