//! What becomes of a message (requirements R2): edited, deleted, reacted to, pinned, forwarded, answered, found again.

use projections::inbox::PEOPLE_SHOWN_MAX;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Person, answer, text};

on_every_backend![
    an_edit_keeps_what_was_said_before,
    a_message_of_another_room_is_none_of_this_one,
    a_file_keeps_its_place_without_words,
    a_reaction_that_is_not_shown_among_many_is_taken_back,
    what_was_carried_on_is_still_its_first_authors,
    a_message_goes_nowhere_when_one_of_the_rooms_is_not_theirs,
    a_message_is_carried_as_far_as_it_may_go_and_the_rest_is_said,
    a_deleted_message_leaves_its_place,
    reactions_are_one_of_each_emoji_per_person,
    pins_are_shown_newest_first_and_go_with_their_message,
    forwarded_words_are_their_authors,
    answers_to_a_message_are_listed,
    a_page_begins_around_a_message_or_at_the_first_unread,
    mentions_name_members_and_are_counted_until_read,
    a_resend_under_its_client_id_is_the_same_message_for_ever,
    what_is_so_already_is_answered_and_not_written,
    across_a_block_nothing_is_pinned_in_a_room_of_two,
];

async fn shown(person: &Person, id: &Value) -> Value {
    person.get(&format!("/api/chat/messages/{}", text(id))).await.ok()["message"].clone()
}

async fn trio(app: &TestApp) -> ([Person; 3], String) {
    let people = app.people(["ana", "ben", "cat"]).await;
    let wish = json!({"name": "Kelas", "memberIds": ["ben", "cat"]});
    let room = text(&people[0].post("/api/chat/groups", wish).await.ok()["room"]["id"]);
    (people, room)
}

async fn an_edit_keeps_what_was_said_before(app: TestApp) {
    let ([ana, ben, _cat], room) = trio(&app).await;
    let message = ben.sends(&room, "satu").await;
    let edit = |content: &str| json!({"messageId": message["id"], "content": content});
    ana.patch("/api/chat/messages", edit("x")).await.is_problem(403, None);
    let edited = ben.patch("/api/chat/messages", edit("dua")).await.ok()["message"].clone();
    assert_eq!((&edited["content"], &edited["isEdited"]), (&json!("dua"), &json!(true)));
    assert_eq!((&edited["seq"], &edited["createdAt"]), (&message["seq"], &message["createdAt"]));
    let after = ben.patch("/api/chat/messages", edit("tiga")).await.position();
    let id = text(&message["id"]);
    let versions = ana.get(&format!("/api/chat/messages/{id}/edits?after={after}")).await.ok()["versions"].clone();
    let said: Vec<String> =
        versions.as_array().expect("versions").iter().map(|version| text(&version["content"])).collect();
    assert_eq!(said, ["satu", "dua", "tiga"]);
    assert_eq!(ana.get(&format!("/api/chat/rooms/{room}")).await.ok()["room"]["lastMessage"], "tiga");
    ben.delete(&format!("/api/chat/messages?id={id}")).await.ok();
    ben.patch("/api/chat/messages", edit("empat")).await.is_problem(409, None);
    ana.patch("/api/chat/messages", edit("empat")).await.is_problem(403, None);
    assert_eq!(ben.get(&format!("/api/chat/messages/{id}/edits")).await.ok()["versions"], json!([]));
    app.stop().await;
}

async fn a_message_of_another_room_is_none_of_this_one(app: TestApp) {
    let ([ana, ben, _cat], room) = trio(&app).await;
    let other = ana.room_with(&ben).await;
    let elsewhere = ana.sends(&other, "di tempat lain").await["id"].clone();
    ana.sends(&room, "di sini").await;
    let before = app.head().await;
    for (path, wish, field) in [
        ("/api/chat/send", json!({"roomId": room, "content": "x", "replyToId": elsewhere}), "replyToId"),
        ("/api/chat/read", json!({"roomId": room, "upTo": elsewhere}), "upTo"),
        ("/api/chat/unread", json!({"roomId": room, "messageId": elsewhere}), "messageId"),
        ("/api/chat/delivered", json!({"roomId": room, "upTo": elsewhere}), "upTo"),
    ] {
        ben.post(path, wish).await.is_problem(422, Some(field));
    }
    for field in ["beforeId", "afterId", "aroundId"] {
        let path = format!("/api/chat/messages?roomId={room}&{field}={}", text(&elsewhere));
        ben.get(&path).await.is_problem(422, Some(field));
    }
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn a_file_keeps_its_place_without_words(app: TestApp) {
    let ([ana, _ben, _cat], room) = trio(&app).await;
    let wish = json!({"roomId": room, "content": "lihat", "attachmentUrl": "https://a.example/b.png"});
    let file = ana.post("/api/chat/send", wish).await.ok()["message"]["id"].clone();
    let edit = |id: &Value| json!({"messageId": id, "content": ""});
    let edited = ana.patch("/api/chat/messages", edit(&file)).await.ok()["message"].clone();
    assert_eq!((&edited["content"], &edited["isEdited"]), (&json!(""), &json!(true)));
    let words = ana.sends(&room, "kata").await["id"].clone();
    ana.patch("/api/chat/messages", edit(&words)).await.is_problem(422, Some("content"));
    app.stop().await;
}

/// Of whoever is not among those that an answer names it is not known whether they did.
async fn a_reaction_that_is_not_shown_among_many_is_taken_back(app: TestApp) {
    let names: Vec<String> = (0..PEOPLE_SHOWN_MAX).map(|nth| format!("person-{nth:02}")).collect();
    let mut people = Vec::new();
    for name in &names {
        people.push(app.person(name).await);
    }
    let [ana, last, never] = app.people(["ana", "last", "never"]).await;
    let members: Vec<&str> = names.iter().map(String::as_str).chain(["last", "never"]).collect();
    let made = ana.post("/api/chat/groups", json!({"name": "Ramai", "memberIds": members})).await.ok();
    let message = ana.sends(&text(&made["room"]["id"]), "siapa ikut?").await;
    let path = format!("/api/chat/messages/{}/reactions", text(&message["id"]));
    for person in people.iter().chain([&last]) {
        person.post(&path, json!({"emoji": "👍"})).await.ok();
    }
    let of = |message: &Value| (message["reactionCounts"]["👍"].clone(), message["reactions"]["👍"].clone());
    let reacted = of(&shown(&ana, &message["id"]).await);
    assert_eq!(reacted, (json!(PEOPLE_SHOWN_MAX + 1), json!(names)));
    let left = last.post(&path, json!({"emoji": "👍", "on": false})).await.ok()["message"].clone();
    assert_eq!(of(&left).0, json!(PEOPLE_SHOWN_MAX));
    never.post(&path, json!({"emoji": "👍"})).await.ok();
    assert_eq!(of(&shown(&ana, &message["id"]).await).0, json!(PEOPLE_SHOWN_MAX + 1));
    app.stop().await;
}

/// With them its words go, from wherever they were brought to, and come back with nobody of that name.
async fn what_was_carried_on_is_still_its_first_authors(app: TestApp) {
    let ([ana, ben, cat], room) = trio(&app).await;
    let original = ana.sends(&room, "resep rahasia").await;
    let forward = async |who: &Person, message: &Value, to: &str| {
        let path = format!("/api/chat/messages/{}/forward", text(&message["id"]));
        who.post(&path, json!({"roomIds": [to]})).await
    };
    let direct = ben.room_with(&cat).await;
    let first = forward(&ben, &original, &direct).await.ok()["messages"][0].clone();
    let alone = text(&cat.post("/api/chat/groups", json!({"name": "Catatan"})).await.ok()["room"]["id"]);
    let second = forward(&cat, &first, &alone).await.ok()["messages"][0].clone();
    assert_eq!(second["content"], "resep rahasia");
    let after = app.token(app.erases("ana").await);
    cat.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    assert_eq!(
        (shown(&cat, &first["id"]).await["content"].clone(), shown(&cat, &second["id"]).await["content"].clone()),
        (json!(""), json!(""))
    );
    app.person("ana").await;
    for message in [&original, &first, &second] {
        let who = if message == &original { &ben } else { &cat };
        forward(who, message, &alone).await.is_problem(404, None);
    }
    app.stop().await;
}

async fn a_message_goes_nowhere_when_one_of_the_rooms_is_not_theirs(app: TestApp) {
    let ([ana, ben, _cat], room) = trio(&app).await;
    let theirs = text(&ana.post("/api/chat/groups", json!({"name": "Bukan Ben"})).await.ok()["room"]["id"]);
    let message = ana.sends(&room, "kabar").await;
    let path = format!("/api/chat/messages/{}/forward", text(&message["id"]));
    let before = app.head().await;
    ben.post(&path, json!({"roomIds": [room, theirs]})).await.is_problem(404, Some("roomIds[1]"));
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn a_message_is_carried_as_far_as_it_may_go_and_the_rest_is_said(app: TestApp) {
    let ([ana, ben, _cat], room) = trio(&app).await;
    let made = json!({"name": "Tutup", "memberIds": ["ben"]});
    let closed = text(&ana.post("/api/chat/groups", made).await.ok()["room"]["id"]);
    ana.post(&format!("/api/chat/rooms/{closed}/close"), json!({})).await.ok();
    let message = ana.sends(&room, "kabar").await;
    let path = format!("/api/chat/messages/{}/forward", text(&message["id"]));
    let before = app.head().await;
    let carry = async || {
        let request = ben.ask(Method::POST, &path).header("Idempotency-Key", "k");
        answer(request.json(&json!({"roomIds": [room, closed]}))).await
    };
    let partly = carry().await;
    partly.is_problem(409, None);
    assert!(text(&partly.body["detail"]).starts_with("1 of 2 were carried out"), "{}", partly.body);
    assert_eq!(app.head().await.0, before.0 + 1);
    // Asked again when there is nothing any more that could be carried: it was not carried everywhere.
    ana.delete(&format!("/api/chat/messages?id={}", text(&message["id"]))).await.ok();
    let head = app.head().await;
    let again = carry().await;
    again.is_problem(409, None);
    assert!(text(&again.body["detail"]).starts_with("1 of 2 were carried out"), "{}", again.body);
    assert_eq!(app.head().await, head);
    app.stop().await;
}

async fn a_deleted_message_leaves_its_place(app: TestApp) {
    let ([ana, ben, cat], room) = trio(&app).await;
    let first = ben.sends(&room, "satu").await;
    let second = ben.sends(&room, "dua").await;
    let path = |message: &Value| format!("/api/chat/messages?id={}", text(&message["id"]));
    cat.delete(&path(&second)).await.is_problem(403, None);
    let deleted = ana.delete(&path(&second)).await;
    let after = deleted.position();
    let gone = deleted.ok()["message"].clone();
    assert_eq!((&gone["content"], &gone["isDeleted"]), (&json!("Pesan telah dihapus"), &json!(true)));
    assert_eq!((&gone["deletedBy"], &gone["seq"]), (&json!("ana"), &json!(2)));
    let list = cat.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    assert_eq!((&list["rooms"][0]["lastMessage"], &list["totalUnread"]), (&json!("Pesan telah dihapus"), &json!(1)));
    let before = app.head().await;
    ana.delete(&path(&second)).await.ok();
    assert_eq!(app.head().await, before, "it is deleted already");
    ben.post(&format!("/api/chat/messages/{}/reactions", text(&second["id"])), json!({"emoji": "👍"}))
        .await
        .is_problem(409, None);
    let history = cat.get(&format!("/api/chat/messages?roomId={room}")).await.ok()["messages"].clone();
    let seqs: Vec<&Value> = history.as_array().expect("messages").iter().map(|message| &message["seq"]).collect();
    assert_eq!(seqs, [&first["seq"], &second["seq"]]);
    app.stop().await;
}

async fn reactions_are_one_of_each_emoji_per_person(app: TestApp) {
    let ([ana, ben, cat], room) = trio(&app).await;
    let message = ana.sends(&room, "siapa ikut?").await;
    let path = format!("/api/chat/messages/{}/reactions", text(&message["id"]));
    for (person, emoji) in [(&ben, "👍"), (&ben, "👍"), (&cat, "👍"), (&ben, "❤️")] {
        person.post(&path, json!({"emoji": emoji})).await.ok();
    }
    let reacted = shown(&ana, &message["id"]).await;
    assert_eq!(reacted["reactions"], json!({"👍": ["ben", "cat"], "❤️": ["ben"]}));
    assert_eq!(reacted["reactionCounts"], json!({"👍": 2, "❤️": 1}));
    ben.delete(&format!("{path}?emoji=%F0%9F%91%8D")).await.ok();
    let after = cat.post(&path, json!({"emoji": "👍", "on": false})).await.position();
    let left = ana.get(&format!("/api/chat/messages/{}?after={after}", text(&message["id"]))).await.ok();
    assert_eq!(left["message"]["reactions"], json!({"❤️": ["ben"]}));
    app.stop().await;
}

async fn pins_are_shown_newest_first_and_go_with_their_message(app: TestApp) {
    let ([ana, ben, _cat], room) = trio(&app).await;
    let [one, two] = [ben.sends(&room, "satu").await, ben.sends(&room, "dua").await];
    let pin = |message: &Value| format!("/api/chat/messages/{}/pin", text(&message["id"]));
    ben.post(&pin(&one), json!({})).await.is_problem(403, None);
    assert_eq!(ana.post(&pin(&one), json!({})).await.ok()["message"]["isPinned"], true);
    ana.post(&pin(&two), json!({})).await.ok();
    let pins = async |after: &str| {
        let answer = ben.get(&format!("/api/chat/rooms/{room}/pins?after={after}")).await.ok();
        let ids = answer["messages"].as_array().expect("messages").iter().map(|message| message["id"].clone());
        ids.collect::<Vec<_>>()
    };
    let head = app.token(app.head().await);
    assert_eq!(pins(&head).await, [two["id"].clone(), one["id"].clone()]);
    ana.delete(&pin(&one)).await.ok();
    let after = ben.delete(&format!("/api/chat/messages?id={}", text(&two["id"]))).await.position();
    assert!(pins(&after).await.is_empty());
    app.stop().await;
}

async fn forwarded_words_are_their_authors(app: TestApp) {
    let ([ana, ben, cat], room) = trio(&app).await;
    let original = ben.sends(&room, "resep rendang").await;
    let direct = ana.room_with(&cat).await;
    let path = format!("/api/chat/messages/{}/forward", text(&original["id"]));
    let carried = ana.post(&path, json!({"roomIds": [direct, room]})).await.ok()["messages"].clone();
    assert_eq!((&carried[0]["roomId"], &carried[1]["roomId"]), (&json!(direct), &json!(room)));
    assert_eq!((&carried[0]["senderId"], &carried[0]["isForwarded"]), (&json!("ana"), &json!(true)));
    assert_eq!(carried[0]["content"], "resep rendang");
    let edit = json!({"messageId": carried[0]["id"], "content": "resep saya"});
    ana.patch("/api/chat/messages", edit).await.is_problem(422, Some("messageId"));

    let after = app.token(app.erases("ben").await);
    let read = cat.get(&format!("/api/chat/messages?roomId={direct}&after={after}")).await.ok();
    assert_eq!(read["messages"][0]["content"], "", "with its author the words went");
    ana.post(&path, json!({"roomIds": [direct]})).await.is_problem(404, None);
    app.stop().await;
}

async fn answers_to_a_message_are_listed(app: TestApp) {
    let ([ana, ben, cat], room) = trio(&app).await;
    let question = ana.sends(&room, "jam berapa?").await;
    let answer = |content: &str| json!({"roomId": room, "content": content, "replyToId": question["id"]});
    ben.post("/api/chat/send", answer("tujuh")).await.ok();
    ana.sends(&room, "bukan jawaban").await;
    let after = cat.post("/api/chat/send", answer("delapan")).await.position();
    let path = format!("/api/chat/messages/{}/replies", text(&question["id"]));
    let page = ana.get(&format!("{path}?limit=1&after={after}")).await.ok();
    assert_eq!((&page["messages"][0]["content"], &page["hasMore"]), (&json!("tujuh"), &json!(true)));
    let rest = ana.get(&format!("{path}?cursor={}", text(&page["nextCursor"]))).await.ok();
    assert_eq!((&rest["messages"][0]["content"], &rest["hasMore"]), (&json!("delapan"), &json!(false)));
    app.stop().await;
}

async fn a_page_begins_around_a_message_or_at_the_first_unread(app: TestApp) {
    let ([ana, ben, _cat], room) = trio(&app).await;
    let mut ids = Vec::new();
    for number in 1..=9 {
        ids.push(text(&ana.sends(&room, &number.to_string()).await["id"]));
    }
    let after = ben.post("/api/chat/read", json!({"roomId": room, "upTo": 6})).await.position();
    let page = async |query: &str| {
        let answer = ben.get(&format!("/api/chat/messages?roomId={room}&after={after}&{query}")).await.ok();
        let said: Vec<String> =
            answer["messages"].as_array().expect("messages").iter().map(|one| text(&one["content"])).collect();
        (said, answer["hasMore"].clone(), answer["hasNewer"].clone())
    };
    let (said, older, newer) = page(&format!("aroundId={}&limit=3", ids[4])).await;
    assert!(said.contains(&"5".to_owned()) && said.len() == 3, "{said:?}");
    assert_eq!((older, newer), (json!(true), json!(true)));
    let (said, ..) = page("from=unread&limit=2").await;
    assert_eq!(said, ["7", "8"]);
    // Asked for forward, there are more where there are newer ones.
    let (said, more, newer) = page(&format!("afterId={}&limit=2", ids[5])).await;
    assert_eq!((said, more, newer), (vec!["7".to_owned(), "8".to_owned()], json!(true), json!(true)));
    let (said, more, newer) = page(&format!("afterId={}&limit=2", ids[6])).await;
    assert_eq!((said, more, newer), (vec!["8".to_owned(), "9".to_owned()], json!(false), json!(false)));
    app.stop().await;
}

async fn mentions_name_members_and_are_counted_until_read(app: TestApp) {
    let ([ana, ben, cat], room) = trio(&app).await;
    let call = json!({"roomId": room, "content": "@ben", "mentions": ["ben", "nobody", "ana"]});
    let sent = ana.post("/api/chat/send", call).await.ok()["message"].clone();
    assert_eq!(sent["mentions"], json!(["ben"]), "who is not here, and the sender, are not named");
    let all = json!({"roomId": room, "content": "@semua", "mentionsAll": true});
    cat.post("/api/chat/send", all.clone()).await.is_problem(403, None);
    let after = ana.post("/api/chat/send", all).await.position();
    let mentioned = async |person: &Person, after: &str| {
        let room = person.get(&format!("/api/chat/rooms/{room}?after={after}")).await.ok()["room"].clone();
        room["mentionCount"].clone()
    };
    assert_eq!((mentioned(&ben, &after).await, mentioned(&cat, &after).await), (json!(2), json!(1)));
    let after = ben.post("/api/chat/read", json!({"roomId": room})).await.position();
    assert_eq!(mentioned(&ben, &after).await, json!(0));
    app.stop().await;
}

async fn a_resend_under_its_client_id_is_the_same_message_for_ever(app: TestApp) {
    let ([ana, ben, _cat], room) = trio(&app).await;
    let wish = json!({"roomId": room, "content": "sekali", "clientMessageId": "c-1"});
    let first = ben.post("/api/chat/send", wish.clone()).await.ok()["message"].clone();
    ana.sends(&room, "di antaranya").await;
    ana.delete(&format!("/api/chat/messages?id={}", text(&first["id"]))).await.ok();
    let again = ben.post("/api/chat/send", wish).await.ok()["message"].clone();
    for same in ["id", "seq", "position", "createdAt"] {
        assert_eq!(again[same], first[same], "{same}");
    }
    assert_eq!(again["isDeleted"], true, "shown as it is now");
    app.stop().await;
}

async fn what_is_so_already_is_answered_and_not_written(app: TestApp) {
    let ([ana, ben, _cat], room) = trio(&app).await;
    let message = ana.sends(&room, "siapa ikut?").await;
    let id = text(&message["id"]);
    let (reactions, room_path) = (format!("/api/chat/messages/{id}/reactions"), format!("/api/chat/rooms/{room}"));
    let edit = |mentions: Value| json!({"messageId": id, "content": "ayo", "mentions": mentions});
    ben.post(&reactions, json!({"emoji": "👍"})).await.ok();
    ana.patch("/api/chat/messages", edit(json!(["ben"]))).await.ok();
    ana.patch(&room_path, json!({"name": "Kelas Puisi", "avatar": "https://a.example/b"})).await.ok();

    let before = app.head().await;
    let again = ben.post(&reactions, json!({"emoji": "👍"})).await;
    assert_eq!(again.position(), app.token(before));
    assert_eq!(again.ok()["message"]["reactions"], json!({"👍": ["ben"]}));
    ben.delete(&format!("{reactions}?emoji=%E2%9D%A4%EF%B8%8F")).await.ok();
    ana.delete(&format!("{reactions}?emoji=%F0%9F%91%8D")).await.ok();
    let edited = ana.patch("/api/chat/messages", edit(json!(["ben", "ana", "nobody", "ben"]))).await.ok();
    assert_eq!((&edited["message"]["content"], &edited["message"]["isEdited"]), (&json!("ayo"), &json!(true)));
    let renamed = ana.patch(&room_path, json!({"name": "Kelas Puisi", "avatar": "https://a.example/b"})).await.ok();
    assert_eq!(renamed["room"]["name"], "Kelas Puisi");
    ben.patch(&room_path, json!({"name": "Kelas Puisi"})).await.is_problem(403, None);
    assert_eq!(app.head().await, before, "all of it was so already");

    ana.patch("/api/chat/messages", edit(json!([]))).await.ok();
    ana.patch(&room_path, json!({"name": "Kelas Prosa", "avatar": "https://a.example/b"})).await.ok();
    ben.delete(&format!("{reactions}?emoji=%F0%9F%91%8D")).await.ok();
    ben.post(&reactions, json!({"emoji": "👍"})).await.ok();
    let written = app.events().await.into_iter().filter(|event| event.position > before).count();
    assert_eq!(written, 4, "what changes is written");
    app.stop().await;
}

async fn across_a_block_nothing_is_pinned_in_a_room_of_two(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let [one, two] = [ana.sends(&room, "satu").await, ben.sends(&room, "dua").await];
    let pin = |message: &Value| format!("/api/chat/messages/{}/pin", text(&message["id"]));
    ben.post(&pin(&one), json!({})).await.ok();
    ana.post("/api/users/ben/block", json!({})).await.ok();
    for person in [&ana, &ben] {
        person.post(&pin(&two), json!({})).await.is_problem(403, None);
        person.delete(&pin(&one)).await.is_problem(403, None);
    }
    ana.delete("/api/users/ben/block").await.ok();
    ben.delete(&pin(&one)).await.ok();
    app.stop().await;
}
