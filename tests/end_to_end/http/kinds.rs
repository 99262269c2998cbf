//! Rooms of every kind (requirements R1): opened once, kept by whom they belong to, closed and reopened.

use aggregates::user::UserRole;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Person, text};

on_every_backend![
    fifty_who_open_one_direct_room_at_once_get_one_room,
    a_mentor_and_a_student_have_one_session_and_nobody_joins_it,
    a_support_room_is_found_and_joined_by_the_platforms_admins_alone,
    an_owner_gives_roles_and_hands_the_group_over,
    a_group_is_renamed_pictured_slowed_and_closed_by_who_keeps_it,
    a_member_reads_from_their_join_where_history_begins_there,
    the_older_names_of_routes_show_the_same_rooms,
    what_is_written_to_somebody_answers_a_message_and_names_people,
];

async fn fifty_who_open_one_direct_room_at_once_get_one_room(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let opened = join_all((0..50).map(|nth| {
        let (from, to) = if nth % 2 == 0 { (&ana, &ben) } else { (&ben, &ana) };
        from.room_with(to)
    }))
    .await;
    assert!(opened.iter().all(|room| *room == opened[0]), "{opened:?}");
    let openings = app.events().await.into_iter().filter(|event| event.event.schema().name() == "room_opened");
    assert_eq!(openings.count(), 1);
    app.stop().await;
}

async fn started(person: &Person, body: Value) -> Value {
    person.post("/api/chat/start", body).await.ok()["room"].clone()
}

async fn a_mentor_and_a_student_have_one_session_and_nobody_joins_it(app: TestApp) {
    let mira = app.person_as("mira", UserRole::Mentor).await;
    let [sari, ben] = app.people(["sari", "ben"]).await;
    let wish = |other: &str| json!({"participantId": other, "type": "MENTOR_STUDENT"});
    let session = started(&sari, wish("mira")).await;
    assert_eq!((&session["type"], &session["user1Id"]), (&json!("MENTOR_STUDENT"), &json!("mira")));
    assert_eq!(session["role"], "MEMBER", "the mentor keeps the room");
    let named = json!({"participantId": "mira", "type": "MENTOR_STUDENT", "subject": "x"});
    sari.post("/api/chat/start", named).await.is_problem(422, Some("subject"));
    assert_eq!(session["id"], started(&mira, wish("sari")).await["id"]);
    let direct = sari.room_with(&mira).await;
    assert_ne!(direct, text(&session["id"]), "beside the direct room of the two");
    sari.post("/api/chat/start", wish("ben")).await.is_problem(422, Some("participantId"));
    let maya = app.person_as("maya", UserRole::Mentor).await;
    assert_eq!(started(&maya, wish("mira")).await["role"], "MEMBER", "of two mentors the one who was asked keeps it");

    let room = text(&session["id"]);
    ben.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.is_problem(404, None);
    mira.post(&format!("/api/chat/groups/{room}/members"), json!({"userIds": ["ben"]})).await.is_problem(422, None);
    sari.sends(&room, "kapan kelasnya?").await;
    sari.post(&format!("/api/chat/rooms/{room}/close"), json!({})).await.is_problem(403, None);
    let closed = mira.post(&format!("/api/chat/rooms/{room}/close"), json!({})).await.ok();
    assert_eq!(closed["room"]["isActive"], false);
    sari.post("/api/chat/send", json!({"roomId": room, "content": "x"})).await.is_problem(409, None);
    let reopened = mira.post(&format!("/api/chat/rooms/{room}/reopen"), json!({})).await.ok();
    assert_eq!(reopened["room"]["isActive"], true);
    sari.sends(&room, "terima kasih").await;
    mira.post("/api/users/sari/block", json!({})).await.ok();
    sari.post("/api/chat/send", json!({"roomId": room, "content": "x"})).await.is_problem(403, None);
    app.stop().await;
}

async fn a_support_room_is_found_and_joined_by_the_platforms_admins_alone(app: TestApp) {
    let admin = app.person_as("admin", UserRole::Admin).await;
    let [ben, cat] = app.people(["ben", "cat"]).await;
    let room = started(&ben, json!({"type": "SUPPORT", "subject": "Pembayaran"})).await;
    assert_eq!((&room["type"], &room["name"]), (&json!("SUPPORT"), &json!("Pembayaran")));
    let id = text(&room["id"]);
    let after = ben.post("/api/chat/send", json!({"roomId": id, "content": "tolong"})).await.position();

    let open = admin.get(&format!("/api/chat/support?after={after}")).await.ok();
    assert_eq!((&open["rooms"][0]["id"], &open["rooms"][0]["lastSeq"]), (&room["id"], &json!(1)));
    cat.get("/api/chat/support").await.is_problem(403, None);
    cat.post(&format!("/api/chat/groups/{id}/join"), json!({})).await.is_problem(404, None);
    admin.get(&format!("/api/chat/messages?roomId={id}")).await.is_problem(404, None);

    let joined = admin.post(&format!("/api/chat/groups/{id}/join"), json!({})).await.ok();
    assert_eq!(joined["room"]["role"], "ADMIN");
    admin.sends(&id, "kami bantu").await;
    ben.delete(&format!("/api/chat/groups/{id}/members/ben")).await.is_problem(422, Some("userId"));
    let closed = ben.post(&format!("/api/chat/rooms/{id}/close"), json!({})).await;
    let after = closed.position();
    closed.ok();
    assert_eq!(admin.get(&format!("/api/chat/support?after={after}")).await.ok()["rooms"], json!([]));
    app.stop().await;
}

async fn group(owner: &Person, wish: Value) -> String {
    text(&owner.post("/api/chat/groups", wish).await.ok()["room"]["id"])
}

async fn roles(person: &Person, room: &str) -> Vec<(String, String)> {
    let members = person.get(&format!("/api/chat/rooms/{room}/members")).await.ok()["members"].clone();
    members.as_array().expect("members").iter().map(|one| (text(&one["userId"]), text(&one["role"]))).collect()
}

async fn an_owner_gives_roles_and_hands_the_group_over(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let room = group(&ana, json!({"name": "Kelas", "memberIds": ["ben", "cat"]})).await;
    let path = |who: &str| format!("/api/chat/groups/{room}/members/{who}");
    ben.patch(&path("cat"), json!({"role": "ADMIN"})).await.is_problem(403, None);
    ana.patch(&path("ben"), json!({"role": "ADMIN"})).await.ok();
    // An admin removes members and no admins, and gives no roles.
    ben.patch(&path("cat"), json!({"role": "ADMIN"})).await.is_problem(403, None);
    ben.delete(&path("ana")).await.is_problem(403, None);
    ana.patch(&path("cat"), json!({"role": "OWNER"})).await.ok();
    let named = |who: &str, role: &str| (who.to_owned(), role.to_owned());
    assert_eq!(roles(&cat, &room).await, [named("ana", "ADMIN"), named("ben", "ADMIN"), named("cat", "OWNER")]);
    ana.patch(&path("ben"), json!({"role": "MEMBER"})).await.is_problem(403, None);
    let after = cat.delete(&path("ben")).await.position();

    let page = cat.get(&format!("/api/chat/rooms/{room}/members?limit=1&after={after}")).await.ok();
    assert_eq!((&page["members"][0]["userId"], &page["hasMore"]), (&json!("ana"), &json!(true)));
    let cursor = text(&page["nextCursor"]);
    let rest = cat.get(&format!("/api/chat/rooms/{room}/members?cursor={cursor}")).await.ok();
    assert_eq!((&rest["members"][0]["userId"], &rest["nextCursor"]), (&json!("cat"), &Value::Null));
    app.stop().await;
}

async fn a_group_is_renamed_pictured_slowed_and_closed_by_who_keeps_it(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = group(&ana, json!({"name": "Kelas", "memberIds": ["ben"]})).await;
    let path = format!("/api/chat/rooms/{room}");
    let wish = json!({"name": "Kelas Puisi", "avatar": "https://cdn.example.org/p.png", "joinPolicy": "invite",
        "slowModeSeconds": 600});
    ben.patch(&path, wish.clone()).await.is_problem(403, None);
    let changed = ana.patch(&path, wish).await.ok()["room"].clone();
    assert_eq!(
        (&changed["name"], &changed["avatar"]),
        (&json!("Kelas Puisi"), &json!("https://cdn.example.org/p.png"))
    );
    assert_eq!((&changed["joinPolicy"], &changed["slowModeSeconds"]), (&json!("invite"), &json!(600)));

    ben.sends(&room, "satu").await;
    let refused = ben.post("/api/chat/send", json!({"roomId": room, "content": "dua"})).await;
    refused.is_problem(429, None);
    let wait: u64 = refused.headers["retry-after"].to_str().expect("seconds").parse().expect("seconds");
    assert!((1..=600).contains(&wait), "{wait}");
    ana.sends(&room, "pemilik tidak menunggu").await;
    ana.sends(&room, "sama sekali").await;
    ana.patch(&path, json!({"slowModeSeconds": 0, "name": null})).await.ok();
    ben.sends(&room, "tiga").await;
    assert_eq!(ben.get(&path).await.ok()["room"]["name"], Value::Null);

    ben.post(&format!("{path}/close"), json!({})).await.is_problem(403, None);
    ana.post(&format!("{path}/close"), json!({})).await.ok();
    for person in [&ana, &ben] {
        person.post("/api/chat/send", json!({"roomId": room, "content": "x"})).await.is_problem(409, None);
    }
    let read = ben.get(&format!("/api/chat/messages?roomId={room}")).await.ok();
    assert_eq!(read["messages"].as_array().expect("messages").len(), 4, "a closed room is read");
    app.stop().await;
}

async fn a_member_reads_from_their_join_where_history_begins_there(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = group(&ana, json!({"name": "Kelas", "historyFrom": "join"})).await;
    let first = ana.sends(&room, "sebelum").await;
    ben.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.ok();
    let second = ana.sends(&room, "sesudah").await;
    let after = text(&second["position"]);
    let shown = ben.get(&format!("/api/chat/messages?roomId={room}&after={after}")).await.ok();
    let ids: Vec<&Value> = shown["messages"].as_array().expect("messages").iter().map(|one| &one["id"]).collect();
    assert_eq!((ids, &shown["hasMore"]), (vec![&second["id"]], &json!(false)));
    let id = text(&first["id"]);
    ben.get(&format!("/api/chat/messages/{id}")).await.is_problem(404, None);
    ben.post(&format!("/api/chat/messages/{id}/reactions"), json!({"emoji": "👍"})).await.is_problem(404, None);
    ben.post(&format!("/api/chat/messages/{id}/forward"), json!({"roomIds": [room]})).await.is_problem(404, None);
    let answer = json!({"roomId": room, "content": "x", "replyToId": id});
    ben.post("/api/chat/send", answer).await.is_problem(422, Some("replyToId"));
    for up_to in [json!(1), json!(id)] {
        for route in ["/api/chat/read", "/api/chat/delivered"] {
            ben.post(route, json!({"roomId": room, "upTo": up_to})).await.is_problem(422, Some("upTo"));
        }
    }
    assert_eq!(ben.unread(&after).await, json!(1), "nothing was read by a place that is not theirs");
    app.stop().await;
}

async fn the_older_names_of_routes_show_the_same_rooms(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let sent = ana.post("/api/messages", json!({"receiverId": "ben", "content": "halo"})).await;
    let after = sent.position();
    let sent = sent.ok();
    assert_eq!((&sent["message"]["content"], &sent["room"]["lastMessage"]), (&json!("halo"), &json!("halo")));
    let to = |id: &str| json!({"receiverId": id, "content": "halo"});
    ana.post("/api/messages", to("nobody")).await.is_problem(404, Some("receiverId"));
    ana.post("/api/messages", to("ana")).await.is_problem(422, Some("receiverId"));
    let conversations = ben.get(&format!("/api/messages?after={after}")).await.ok();
    let rooms = ben.get("/api/chat/rooms").await.ok();
    assert_eq!(conversations["conversations"], rooms["rooms"]);
    assert_eq!((&conversations["totalUnread"], &rooms["rooms"][0]["id"]), (&json!(1), &sent["room"]["id"]));
    app.stop().await;
}

/// As by the route of which it is the older name.
async fn what_is_written_to_somebody_answers_a_message_and_names_people(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let room = ana.room_with(&ben).await;
    let (question, foreign) = (ana.sends(&room, "siapa?").await, cat.room_with(&ben).await);
    let foreign = cat.sends(&foreign, "rahasia").await;
    let wish = |answered: &Value| json!({"receiverId": "ana", "content": "saya", "replyToId": answered["id"], "mentions": ["ana"], "mentionsAll": true});
    ben.post("/api/messages", wish(&foreign)).await.is_problem(422, Some("replyToId"));
    let said = ben.post("/api/messages", wish(&question)).await.ok()["message"].clone();
    assert_eq!((&said["roomId"], &said["replyToId"]), (&json!(room), &question["id"]));
    assert_eq!(said["replyTo"]["content"], "siapa?", "{said}");
    assert_eq!((&said["mentions"], &said["mentionsAll"]), (&json!(["ana"]), &json!(true)), "{said}");
    app.stop().await;
}
