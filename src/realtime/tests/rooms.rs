//! What is heard in rooms, and by whom.

use aggregates::ids::{CommandId, RoomId};
use aggregates::participant::Arrangement;
use aggregates::{Metadata, Timestamp};
use event_log::PositionToken;
use serde_json::json;
use uuid::Uuid;

use super::client::{Client, Frame};
use super::world::{World, at, user};

#[tokio::test]
async fn a_message_reaches_who_has_the_room_open_and_the_own_channel_of_other_members() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let (mut ana, mut ben) = (world.in_room("ana", room).await, world.in_room("ben", room).await);
    let words = "halo ".repeat(20);
    let position = world.send(room, "ana", &words).await;
    let channel = format!("private-room-{room}");

    let message = ben.expect("new-message", &channel).await;
    assert_eq!(message, ana.expect("new-message", &channel).await, "the sender's own socket hears it too");
    assert_eq!((&message["content"], &message["seq"]), (&json!(words), &json!(1)));
    assert_eq!((&message["receiverId"], &message["sender"]["name"]), (&json!("ben"), &json!("Ana")));
    assert_eq!(message["position"], format!("{}-{position}", world.log.id()));

    let hint = ben.expect("new-message", "private-user-ben").await;
    assert_eq!(
        hint,
        json!({ "roomId": room, "senderName": "Ana", "content": "halo ".repeat(10), "muted": false, "seq": 1,
                "position": message["position"] })
    );
    let read = ben.expect("message-read", &channel).await;
    assert_eq!((&read["userId"], &read["upTo"], &read["upToSeq"]), (&json!("ana"), &message["id"], &json!(1)));
    assert_eq!(ben.expect("messages-read", &channel).await, read, "older clients bind this name");
    world.told(position).await;
    let hints = ana.seen_on("private-user-ana").await;
    assert!(!hints.contains(&"new-message".to_owned()), "the sender is not told of their own message: {hints:?}");
}

#[tokio::test]
async fn a_hint_says_whether_its_room_is_muted_until_it_is_not() {
    let world = World::start().await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let own = |name: &str| format!("private-user-{name}");
    let mut clients = Vec::new();
    // Ben's mute comes from the tail, Cat's from the view.
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", &own("ben")).await;
    for name in ["ben", "cat"] {
        world.arrange(room, name, Arrangement::Muted { until: None }).await;
    }
    let mut cat = world.client().await;
    world.subscribe(&mut cat, "cat", &own("cat")).await;
    clients.extend([(ben, "ben"), (cat, "cat")]);
    let muted = async |world: &World, clients: &mut Vec<(Client, &str)>| {
        world.send(room, "ana", "halo").await;
        let mut said = Vec::new();
        for (client, name) in clients {
            said.push(client.expect("new-message", &own(name)).await["muted"] == true);
        }
        said
    };
    assert_eq!(muted(&world, &mut clients).await, [true, true]);
    world.arrange(room, "ben", Arrangement::Unmuted).await;
    world.arrange(room, "cat", Arrangement::Pinned).await;
    assert_eq!(muted(&world, &mut clients).await, [false, true]);
    // Messages are of one moment here: the mutes end before and behind it.
    let shortly = |ms: i64| Some(Timestamp::from_millis(at().as_millis() + ms));
    world.arrange(room, "ben", Arrangement::Muted { until: shortly(1) }).await;
    world.arrange(room, "cat", Arrangement::Muted { until: shortly(0) }).await;
    assert_eq!(muted(&world, &mut clients).await, [true, false]);
    // Who comes back to a room finds it as they left it.
    world.remove(room, "ana", "ben").await;
    world.add(room, "ana", &["ben"]).await;
    assert_eq!(muted(&world, &mut clients).await, [true, false]);
    let mut again = world.client().await;
    world.subscribe(&mut again, "ben", &own("ben")).await;
    clients.push((again, "ben"));
    assert_eq!(muted(&world, &mut clients).await, [true, false, true]);
}

#[tokio::test]
async fn a_node_that_was_started_later_knows_what_is_muted() {
    let world = World::start().await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let before = world.log.head().await.expect("a head");
    world.arrange(room, "ben", Arrangement::Muted { until: None }).await;
    world.send(room, "ana", "sebelum").await;
    let node = world.another_node().await;
    let from = PositionToken { log: world.log.id(), position: before }.to_string();
    for (name, muted) in [("ben", true), ("cat", false)] {
        let channel = format!("private-user-{name}");
        let mut client = Client::connect(node).await;
        world.ask_after(&mut client, name, &channel, Some(&from)).await;
        let replayed = client.expect("new-message", &channel).await;
        assert_eq!((&replayed["content"], &replayed["muted"]), (&json!("sebelum"), &json!(muted)), "{name}");
        world.send(room, "ana", "sesudah").await;
        let told = client.expect("new-message", &channel).await;
        assert_eq!((&told["content"], &told["muted"]), (&json!("sesudah"), &json!(muted)), "{name}");
    }
}

#[tokio::test]
async fn a_stranger_is_refused_and_hears_nothing() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let mut cat = world.client().await;
    world.ask(&mut cat, "cat", &channel).await;
    let error = cat.expect("pusher:subscription_error", &channel).await;
    assert_eq!((&error["type"], &error["status"]), (&json!("AuthError"), &json!(403)));
    let position = world.send(room, "ana", "psst").await;
    world.told(position).await;
    assert_eq!(cat.seen().await, vec![]);
}

#[tokio::test]
async fn a_removed_member_is_cut_at_once_and_hears_nothing_after_it() {
    let world = World::start().await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let channel = format!("private-room-{room}");
    let (mut ben, mut cat) = (world.in_room("ben", room).await, world.in_room("cat", room).await);
    let mut bens_phone = world.in_room("ben", room).await;
    world.remove(room, "ana", "ben").await;
    let position = world.send(room, "ana", "tanpa ben").await;
    for client in [&mut ben, &mut bens_phone] {
        assert_eq!(client.expect("pusher:subscription_error", &channel).await["status"], 403);
    }
    let left = cat.expect("user-left", &channel).await;
    assert_eq!((&left["userId"], &left["userName"], &left["by"]), (&json!("ben"), &json!("Ben"), &json!("ana")));
    cat.expect("new-message", &channel).await;
    world.told(position).await;
    let heard = |frames: Vec<super::client::Frame>| frames.iter().any(|frame| frame.event == "new-message");
    assert!(!heard(ben.seen().await) && !heard(bens_phone.seen().await));
    world.ask(&mut ben, "ben", &channel).await;
    assert_eq!(ben.expect("pusher:subscription_error", &channel).await["status"], 403);
}

#[tokio::test]
async fn who_comes_in_may_listen_and_hears_what_is_said_from_then_on() {
    let world = World::start().await;
    let room = world.group("ana", &[]).await;
    let channel = format!("private-room-{room}");
    let mut ana = world.in_room("ana", room).await;
    // Connected before, so that membership comes from the tail.
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", "private-user-ben").await;
    world.send(room, "ana", "sebelum").await;
    world.add(room, "ana", &["ben"]).await;
    let joined = ana.expect("user-joined", &channel).await;
    assert_eq!((&joined["userId"], &joined["by"]), (&json!("ben"), &json!("ana")));
    world.subscribe(&mut ben, "ben", &channel).await;
    world.send(room, "ana", "sesudah").await;
    assert_eq!(ben.expect("new-message", &channel).await["content"], "sesudah");
    assert_eq!(ben.expect("new-message", "private-user-ben").await["content"], "sesudah");
}

#[tokio::test]
async fn what_is_said_the_moment_a_room_is_opened_is_told_to_who_was_connected_before() {
    // A node that keeps frames for those who are away makes them of everything, whoever listens.
    let world = World::start_with(|config| config.window_bytes_max = 0).await;
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", "private-user-ben").await;
    // So that the door has at hand what stands between the two: else it would look first, and hear the words before.
    world.group("ana", &["ben"]).await;
    // Side by side, so that the door writes openings and first words together and the tail reads them as one page.
    let rooms: Vec<RoomId> = (0..20).map(|_| RoomId(Uuid::new_v4())).collect();
    let begin = |room: &RoomId| {
        let room = *room;
        let world = &world;
        async move { tokio::join!(world.open_group(room, "ana", &["ben"]), world.send(room, "ana", "pertama")) }
    };
    futures_util::future::join_all(rooms.iter().map(begin)).await;
    let mut told = std::collections::BTreeSet::new();
    for _ in &rooms {
        told.insert(ben.expect("new-message", "private-user-ben").await["roomId"].clone().to_string());
    }
    assert_eq!(told.len(), rooms.len());
    while ben.expect("unread", "private-user-ben").await["chat"] != 20 {}
}

#[tokio::test]
async fn messages_of_a_room_come_in_order_and_none_is_missed_while_subscribing() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let channel = format!("private-room-{room}");
    let sending = async {
        for number in 0..60 {
            world.send(room, "ana", &number.to_string()).await;
        }
    };
    let listening = async {
        let mut ben = world.client().await;
        world.subscribe(&mut ben, "ben", &channel).await;
        // What the views show now came before, what the socket brings came after: together they are everything.
        let newest = projections::inbox::MessagePage::Newest;
        let shown = world.views.inbox().messages(room, &user("ben"), newest, 100).await;
        let shown = shown.expect("messages").expect("ben is in").messages.last().map_or(0, |message| message.seq);
        (ben, shown)
    };
    let ((), (mut ben, shown)) = tokio::join!(sending, listening);
    let mut heard = Vec::new();
    while heard.last().copied().unwrap_or(shown) < 60 {
        heard.push(ben.expect("new-message", &channel).await["seq"].as_u64().expect("a number"));
    }
    assert!(heard.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{heard:?}");
    assert!(heard.first().is_none_or(|first| *first <= shown + 1), "shown {shown}, then heard {heard:?}");
}

#[tokio::test]
async fn the_socket_that_asked_hears_nothing_of_it_and_the_others_do() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let (mut desk, mut phone) = (world.in_room("ana", room).await, world.in_room("ana", room).await);
    let command = CommandId(Uuid::new_v4());
    world.realtime.skip_socket(command, desk.id);
    let metadata = Metadata { command: Some(command), ..Metadata::default() };
    let position = world.send_as(room, "ana", "dari meja", metadata).await;
    phone.expect("new-message", &channel).await;
    phone.expect("message-read", &channel).await;
    world.told(position).await;
    assert_eq!(desk.seen_on(&channel).await, Vec::<String>::new());
}

#[tokio::test]
async fn reading_is_told_first_at_once_then_gathered_with_the_last_always_told() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let mut ana = world.in_room("ana", room).await;
    let bens = |read: &serde_json::Value| read["userId"] == "ben";
    let mut last = 0;
    for number in 1..=10_u64 {
        world.send(room, "ana", &number.to_string()).await;
        world.read(room, "ben").await;
    }
    let mut told = Vec::new();
    while last < 10 {
        let read = ana.expect("message-read", &channel).await;
        if bens(&read) {
            last = read["upToSeq"].as_u64().expect("a number");
            told.push(last);
        }
    }
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "reading never goes backwards: {told:?}");
    assert!(told.len() < 10, "ten reads within moments are fewer frames: {told:?}");
}

#[tokio::test]
async fn in_a_room_above_the_limit_reading_is_not_told() {
    let world = World::start_with(|config| config.read_frames_members_max = 2).await;
    let (small, large) = (world.group("ana", &["ben"]).await, world.group("ana", &["ben", "cat"]).await);
    let mut ana = world.in_room("ana", small).await;
    world.subscribe(&mut ana, "ana", &format!("private-room-{large}")).await;
    world.send(large, "ana", "satu").await;
    world.read(large, "ben").await;
    world.send(small, "ana", "satu").await;
    world.read(small, "ben").await;
    // Frames of reading come in the order of the log's events, one task tells them: the large room's would be first.
    let in_small = format!("private-room-{small}");
    while ana.expect("message-read", &in_small).await["userId"] != "ben" {}
    let in_large = ana.seen_on(&format!("private-room-{large}")).await;
    assert!(!in_large.contains(&"message-read".to_owned()), "{in_large:?}");
}

#[tokio::test]
async fn in_a_room_that_grows_past_the_limit_reading_is_told_no_longer() {
    let world = World::start_with(|config| config.read_frames_members_max = 2).await;
    let (grows, small) = (world.group("ana", &["ben"]).await, world.group("ana", &["ben"]).await);
    let [in_grown, in_small] = [grows, small].map(|room| format!("private-room-{room}"));
    let mut ana = world.in_room("ana", grows).await;
    world.subscribe(&mut ana, "ana", &in_small).await;
    world.send(grows, "ana", "satu").await;
    world.read(grows, "ben").await;
    while ana.expect("message-read", &in_grown).await["userId"] != "ben" {}
    world.add(grows, "ana", &["cat"]).await;
    world.send(grows, "cat", "dua").await;
    world.send(small, "ana", "satu").await;
    world.read(small, "ben").await;
    while ana.expect("message-read", &in_small).await["userId"] != "ben" {}
    let of_cat = |frame: &Frame| frame.event == "message-read" && frame.data["userId"] == "cat";
    let seen = ana.seen().await;
    assert!(!seen.iter().any(of_cat), "{seen:?}");
}

#[tokio::test]
async fn typing_reaches_the_others_and_ends_when_it_is_said_to() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let (mut ana, mut ben) = (world.in_room("ana", room).await, world.in_room("ben", room).await);
    world.realtime.typing(room, &user("ana"), true, Some(ana.id)).await;
    world.realtime.typing(room, &user("ana"), true, Some(ana.id)).await;
    assert_eq!(world.realtime.typing_users(room), vec![user("ana")]);
    world.realtime.typing(room, &user("ana"), false, Some(ana.id)).await;
    assert_eq!(world.realtime.typing_users(room), vec![]);
    let data = |is_typing: bool| json!({ "roomId": room, "userId": "ana", "userName": "Ana", "isTyping": is_typing });
    assert_eq!(ben.expect("user-typing", &channel).await, data(true));
    assert_eq!(ben.expect("user-typing", &channel).await, data(false), "the repeat was not told");
    assert_eq!(ben.expect("typing", &channel).await, data(true));
    let heard = ana.seen_on(&channel).await;
    assert!(!heard.iter().any(|event| event.ends_with("typing")), "{heard:?}");
}

#[tokio::test]
async fn what_was_imported_is_not_told_but_counts_for_who_is_in_a_room() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let mut ben: Client = world.in_room("ben", room).await;
    world.send_imported(room, "ana", "dulu").await;
    world.send(room, "ana", "kini").await;
    let heard = ben.expect("new-message", &format!("private-room-{room}")).await;
    assert_eq!((&heard["content"], &heard["seq"]), (&json!("kini"), &json!(2)));
}
