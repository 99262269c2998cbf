//! Promise 7 under chaos: connections are cut at random and the server is killed while twenty people chat; everybody ends
//! with exactly the server's history, none missing, none twice, in order.
//!
//! Apart from the tests in `src/realtime` because here frames are lost in the sockets of a real network, and with the
//! server. The seed is printed; `SEED` replays the cuts, not the timing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::backend::Backend;
use crate::support::chaos_proxy::ChaosProxy;
use crate::support::irc_chat::{self, Act};
use crate::support::person::{Person, client, number, text};
use crate::support::pusher_js::PusherJs;
use crate::support::resuming_client::{Heard, ResumingClient, told};
use crate::support::running::{APP_KEY, Installation, announce, is_slow_build};
use crate::support::storm::{Count, open_rooms};

const PEOPLE: usize = 20;
const ROOMS: usize = 3;
/// Who send at the same time.
const KEYBOARDS: usize = 8;
/// Of the real chat, when somebody brought it.
const REAL_MESSAGES: usize = 3_000;
/// Of one wish, over all restarts.
const TRIES_MAX: usize = 500;
/// For everybody to have heard everything, from the beginning.
const PATIENCE: Duration = Duration::from_secs(240);

on_both_engines! {
    everybody_ends_with_the_servers_history:
        promise_7_twenty_people_end_with_the_servers_history_on_sqlite,
        promise_7_twenty_people_end_with_the_servers_history_on_postgres;
    everybody_ends_with_it_past_the_window:
        promise_7_past_the_window_a_reload_is_complete_on_sqlite,
        promise_7_past_the_window_a_reload_is_complete_on_postgres;
    pusher_js_ends_with_the_servers_history:
        promise_7_unmodified_pusher_js_ends_with_the_servers_history_on_sqlite,
        promise_7_unmodified_pusher_js_ends_with_the_servers_history_on_postgres;
}

async fn everybody_ends_with_the_servers_history(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    // Whoever is slow may be behind by all that is said, and is not to be told to reload for that.
    let installation = Installation::new(&store.url()).with("KABAR__REALTIME__REPLAY_FRAMES_MAX", "10000");
    let reloads = Chat::begin(installation).await.act_out(words(), true).await;
    assert_eq!(reloads, 0, "the window reaches back far enough for all of them");
}

/// With a window of a few events most who come back are told to reload.
async fn everybody_ends_with_it_past_the_window(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url()).with("KABAR__REALTIME__WINDOW_EVENTS_MAX", "15");
    let mut words = words();
    words.truncate(400);
    let reloads = Chat::begin(installation).await.act_out(words, false).await;
    assert!(reloads > 0, "nobody was away for long: the test shows nothing");
}

/// What is said: the small sample, or a part of the real chat.
fn words() -> Vec<String> {
    let lines = match irc_chat::large().filter(|_| !is_slow_build()) {
        Some(path) => irc_chat::read(&path, REAL_MESSAGES),
        None => irc_chat::read(&irc_chat::small(), usize::MAX),
    };
    let said = lines.into_iter().filter_map(|line| match line.act {
        Act::Say { text, .. } => Some(text),
        Act::Join | Act::Leave => None,
    });
    said.collect()
}

struct Chat {
    installation: Installation,
    people: Vec<Person>,
    rooms: Vec<String>,
    running: crate::support::running::Running,
}

/// How many messages there will be in each room.
type Expected = BTreeMap<String, usize>;

impl Chat {
    async fn begin(installation: Installation) -> Self {
        let running = installation.start().await;
        let http = client(Duration::from_secs(10));
        let people: Vec<Person> =
            (0..PEOPLE).map(|n| Person::new(&http, installation.address, &format!("person-{n}"))).collect();
        let rooms = open_rooms(&people, ROOMS).await;
        Self { installation, people, rooms, running }
    }

    fn room_channels(&self) -> Vec<String> {
        self.rooms.iter().map(|room| format!("private-room-{room}")).collect()
    }

    /// Everything is said while everybody listens; answers with how often somebody was told to reload, which nobody is
    /// while the window reaches back far enough.
    async fn act_out(mut self, words: Vec<String>, window: bool) -> usize {
        let seed: u64 = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
        announce(&format!("{} messages among {PEOPLE} people: SEED={seed}", words.len()));
        let expected = expected(&self.rooms, words.len());
        // As for a page that has loaded what there is: rooms without a word.
        let began = text(&self.people[0].get("/api/sync").await.ok()["position"]);
        let mut listeners = JoinSet::new();
        for (number, person) in self.people.iter().enumerate() {
            let own = format!("private-user-{}", person.id);
            let hints = (0..words.len()).filter(|index| speaker(*index) != number).count();
            let channels = [self.room_channels(), vec![own.clone()]].concat();
            let mut listener = ResumingClient::new(
                person.clone(),
                self.installation.address,
                &channels,
                seed.wrapping_add(number as u64),
            );
            listener.stands_at(&began);
            let expected = expected.clone();
            listeners.spawn(async move {
                // Nobody hints at a room that is loaded anew.
                let hinted = |heard: &Heard| !window || heard.get(&own).is_some_and(|own| own.len() >= hints);
                let all = listener.listen_until(|heard| has_everything(heard, &expected) && hinted(heard));
                let in_time = tokio::time::timeout(PATIENCE, all).await.is_ok();
                (listener, in_time)
            });
        }
        let (answers, mut senders) = self.begin_to_say(words);
        let third = expected.values().sum::<usize>() as u64 / 3;
        for _ in 0..2 {
            answers.reach(third, &mut senders).await;
            self.running.kill_9().await;
            self.running = self.installation.start().await;
        }
        while let Some(sender) = senders.join_next().await {
            sender.expect("a sender ends well");
        }
        let (listeners, in_time): (Vec<_>, Vec<_>) = listeners.join_all().await.into_iter().unzip();
        let late = listeners.iter().zip(in_time).filter(|(_, in_time)| !in_time);
        let late: Vec<String> = late.map(|(listener, _)| listener.summary()).collect();
        assert!(late.is_empty(), "of {expected:?} some miss something after {PATIENCE:?}:\n{}", late.join("\n"));
        self.compare(&listeners).await;
        announce(&format!("cut {} times", listeners.iter().map(|listener| listener.cuts).sum::<usize>()));
        assert!(self.running.stop().await.success());
        listeners.iter().map(|listener| listener.reloads).sum()
    }

    fn begin_to_say(&self, words: Vec<String>) -> (Arc<Count>, JoinSet<()>) {
        let (answers, words) = (Arc::new(Count::default()), Arc::new(words));
        let mut senders = JoinSet::new();
        for keyboard in 0..KEYBOARDS {
            let (answers, words) = (Arc::clone(&answers), Arc::clone(&words));
            let (people, rooms) = (self.people.clone(), self.rooms.clone());
            senders.spawn(async move {
                for (index, content) in words.iter().enumerate().filter(|(index, _)| index % KEYBOARDS == keyboard) {
                    let room = &rooms[index % rooms.len()];
                    say(&people[speaker(index)], room, index, content).await;
                    answers.one_more();
                }
            });
        }
        (answers, senders)
    }

    async fn compare(&self, listeners: &[ResumingClient]) {
        for (room, channel) in self.rooms.iter().zip(self.room_channels()) {
            let history = history(&self.people[0], room).await;
            let wanted = told(&history);
            for listener in listeners {
                let name = &listener.person.id;
                let heard = told(&listener.heard[&channel]);
                assert!(heard == wanted, "{name} on {channel}:\n{}", difference(&heard, &wanted));
            }
            for listener in listeners.iter().filter(|listener| listener.reloads == 0) {
                let own = &listener.heard[&format!("private-user-{}", listener.person.id)];
                let hints = own.iter().filter(|hint| hint["roomId"] == json!(room)).map(|hint| number(&hint["seq"]));
                let others = history.iter().filter(|message| message["senderId"] != json!(listener.person.id));
                let others: Vec<u64> = others.map(|message| number(&message["seq"])).collect();
                assert_eq!(hints.collect::<Vec<_>>(), others, "hints of {}", listener.person.id);
            }
        }
    }
}

/// Who says a line.
fn speaker(index: usize) -> usize {
    index * 7 % PEOPLE
}

fn expected(rooms: &[String], messages: usize) -> Expected {
    let count = |number: usize| (0..messages).filter(|index| index % rooms.len() == number).count();
    rooms.iter().enumerate().map(|(number, room)| (format!("private-room-{room}"), count(number))).collect()
}

fn has_everything(heard: &Heard, expected: &Expected) -> bool {
    expected.iter().all(|(channel, count)| {
        let last = heard.get(channel).and_then(|messages| messages.last());
        last.is_some_and(|last| last["seq"].as_u64() >= Some(*count as u64))
    })
}

/// Until it is answered: a server that was killed may or may not have written it, and the name makes it once.
async fn say(person: &Person, room: &str, index: usize, content: &str) {
    let wish = json!({ "roomId": room, "content": content, "clientMessageId": format!("line-{index}") });
    let mut retry = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..TRIES_MAX {
        match person.request(Method::POST, "/api/chat/send", Some(&wish)).await {
            Ok(answer) if answer.status.is_server_error() => {}
            Ok(answer) => {
                answer.ok();
                return;
            }
            Err(_) => {}
        }
        retry.tick().await;
    }
    panic!("line {index} was not answered in {TRIES_MAX} tries");
}

/// Oldest first.
async fn history(person: &Person, room: &str) -> Vec<Value> {
    let (mut messages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("/api/chat/messages?roomId={room}&limit=100{cursor}")).await.ok();
        let older = page["messages"].as_array().expect("messages").clone();
        messages.splice(0..0, older);
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return messages,
        }
    }
}

/// Where two histories part, without the words.
fn difference(heard: &[(String, u64, String)], wanted: &[(String, u64, String)]) -> String {
    let at = heard.iter().zip(wanted).position(|(heard, wanted)| heard != wanted);
    let at = at.unwrap_or_else(|| heard.len().min(wanted.len()));
    let around = |told: &[(String, u64, String)]| -> Vec<u64> {
        told.iter().skip(at.saturating_sub(3)).take(8).map(|(_, seq, _)| *seq).collect()
    };
    format!("{} heard, {} there; from {at}: {:?} for {:?}", heard.len(), wanted.len(), around(heard), around(wanted))
}

/// The front end's own library, the snippet of the manual, a network that breaks and a server that dies.
async fn pusher_js_ends_with_the_servers_history(backend: Backend) {
    if PusherJs::left_out("pusher-js that resumes") {
        return;
    }
    let Some(store) = backend.store().await else { return };
    let mut chat = Chat::begin(Installation::new(&store.url())).await;
    let proxy = ChaosProxy::before(chat.installation.address).await;
    let (room, channel) = (chat.rooms[0].clone(), chat.room_channels()[0].clone());
    let mut ben = connect(&chat.people[1], proxy.address()).await;
    ben.subscribe(&channel).await;
    let mut heard = Vec::new();
    for round in 0..6 {
        for line in 0..10 {
            let index = round * 100 + line;
            say(&chat.people[line], &room, index, &format!("line {index}")).await;
            if line == 5 {
                proxy.cut_now();
            }
        }
        if round % 2 == 1 {
            chat.running.kill_9().await;
            chat.running = chat.installation.start().await;
        }
        let wanted = (round + 1) * 10;
        while heard.len() < wanted {
            heard.push(ben.expect_on(&channel, "new-message").await);
        }
    }
    let history = history(&chat.people[0], &room).await;
    assert_eq!(told(&heard), told(&history));
    assert_eq!(ben.left_over(&channel).iter().filter(|seen| seen.event == "kabar:reload").count(), 0);
    assert!(chat.running.stop().await.success());
}

async fn connect(person: &Person, address: SocketAddr) -> PusherJs {
    PusherJs::connect_resuming(&person.id, address, APP_KEY, person.token()).await
}
