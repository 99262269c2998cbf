//! People in rooms, each with an open socket: how long a message takes from its sender to every member's socket, and a follow
//! to the followed; and whether each arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use super::Server;
use super::client::{Look, contains};
use super::support::person::{Person, client, text};
use super::tally::Tally;

/// Messages a second (requirements R70).
const SENDS_PER_SECOND: u32 = 20;
/// Follows a second.
const FOLLOWS_PER_SECOND: u32 = 2;
const AT_ONCE: usize = 64;
/// What has not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Plan {
    pub rooms: usize,
    pub members: usize,
    /// Whether people follow each other meanwhile.
    pub follows: bool,
}

struct Room {
    id: String,
    people: Vec<Person>,
}

pub async fn measure(what: &str, plan: &Plan, length: Duration) {
    let server = Server::start().await;
    let rooms = Arc::new(rooms(&server, plan).await);
    let began = Instant::now();
    let messages = Arc::new(Tally::new(began));
    let (told, last) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let look: Look = {
        let (messages, told, last) = (Arc::clone(&messages), Arc::clone(&told), Arc::clone(&last));
        Arc::new(move |frame: &[u8]| {
            // The whole message on the room's channel, not the hint on one's own.
            if contains(frame, b"\"event\":\"new-message\"") && contains(frame, b"private-room-") {
                messages.take(frame);
            } else if contains(frame, b"\"event\":\"notification\"") {
                told.fetch_add(1, Ordering::Relaxed);
                last.store(Tally::now(began) as u64, Ordering::Relaxed);
            }
        })
    };
    let wishes = rooms.iter().flat_map(|room| {
        room.people.iter().map(|person| {
            let channels = vec![format!("private-user-{}", person.id), format!("private-room-{}", room.id)];
            (Some(person.id.clone()), channels)
        })
    });
    let before = server.cpu();
    let listening = server.sockets(wishes.collect(), &look).await;
    // Who comes is told to the others a moment later: no part of what a message costs.
    server.settles().await;
    let cpu = server.cpu();
    let coming = (cpu - before) / listening.len() as f64;
    let started = Instant::now();
    let follows = Tally::new(began);
    let (sent, followed) = tokio::join!(
        send(&rooms, began, length),
        follow(&rooms, plan.follows, length, (&follows, &told, &last, began)),
    );
    let seconds = started.elapsed().as_secs_f64();
    let wanted = sent * plan.members as u64;
    let deadline = Instant::now() + PATIENCE;
    while messages.count() < wanted && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let lost = wanted - messages.count().min(wanted);
    println!("\n{what}: {coming:.0} us of processor time for each who came");
    println!(
        "{sent} messages to {wanted} sockets, p50 {:.1} ms, p99 {:.1} ms, {lost} lost; {:.0} % of one core",
        messages.quantile(0.5),
        messages.quantile(0.99),
        (server.cpu() - cpu) / seconds / 10_000.0
    );
    if plan.follows {
        println!("{followed} notifications: p50 {:.1} ms, p99 {:.1} ms", follows.quantile(0.5), follows.quantile(0.99));
    }
    assert_eq!((lost, messages.count()), (0, wanted), "each message came to each socket once");
    assert_eq!(listening.len(), plan.rooms * plan.members, "none was cut");
    drop(listening);
    assert!(server.running.stop().await.success());
}

async fn rooms(server: &Server, plan: &Plan) -> Vec<Room> {
    let http = client(Duration::from_secs(30));
    let mut making = JoinSet::new();
    let mut rooms = Vec::new();
    for number in 0..plan.rooms {
        let (http, address, members) = (http.clone(), server.running.address, plan.members);
        making.spawn(async move {
            let person = |nth| Person::new(&http, address, &format!("u{number}-{nth}"));
            let people: Vec<Person> = (0..members).map(person).collect();
            for person in &people {
                person.shows_up().await;
            }
            let id = people[0].creates_group("Kelas").await;
            let ids: Vec<&str> = people[1..].iter().map(|person| person.id.as_str()).collect();
            people[0].post(&format!("/api/chat/groups/{id}/members"), json!({ "userIds": ids })).await.ok();
            Room { id, people }
        });
        if making.len() >= AT_ONCE {
            rooms.push(making.join_next().await.expect("one is being made").expect("it is made"));
        }
    }
    while let Some(room) = making.join_next().await {
        rooms.push(room.expect("it is made"));
    }
    rooms
}

async fn send(rooms: &[Room], began: Instant, length: Duration) -> u64 {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / SENDS_PER_SECOND);
    let until = Instant::now() + length;
    let mut sending = JoinSet::new();
    let mut sent = 0;
    while Instant::now() < until {
        pace.tick().await;
        // A room and a sender in an order that repeats late.
        let room = &rooms[sent * 7_919 % rooms.len()];
        let person = room.people[sent * 31 % room.people.len()].clone();
        let room = room.id.clone();
        sent += 1;
        sending.spawn(async move {
            let content = format!("t={}. Baik, saya sudah menerima materinya, terima kasih banyak!", Tally::now(began));
            let answer = person.post("/api/chat/send", json!({ "roomId": room, "content": content })).await;
            text(&answer.ok()["message"]["id"]);
        });
    }
    while let Some(done) = sending.join_next().await {
        done.expect("it is sent");
    }
    sent as u64
}

type Heard<'a> = (&'a Tally, &'a AtomicU64, &'a AtomicU64, Instant);

/// One after the other, each waited for on the followed person's socket.
async fn follow(rooms: &[Room], wanted: bool, length: Duration, (tally, told, last, began): Heard<'_>) -> u64 {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / FOLLOWS_PER_SECOND);
    let until = Instant::now() + length;
    let mut followed = 0;
    while wanted && Instant::now() < until {
        pace.tick().await;
        let room = &rooms[followed * 104_729 % rooms.len()];
        let (from, to) = (&room.people[followed / rooms.len() % 9], &room.people[9]);
        let (before, asked) = (told.load(Ordering::Relaxed), Tally::now(began) as u64);
        from.post(&format!("/api/users/{}/follow?on=true", to.id), json!({})).await.ok();
        let deadline = Instant::now() + PATIENCE;
        while told.load(Ordering::Relaxed) == before {
            assert!(Instant::now() < deadline, "a follow was not notified");
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        tally.add(Duration::from_micros(last.load(Ordering::Relaxed).saturating_sub(asked)));
        followed += 1;
    }
    followed as u64
}
