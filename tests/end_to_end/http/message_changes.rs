//! What becomes of a message (requirements R2): edited, deleted, reacted to, pinned, forwarded, answered, found again.

use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Person, text};

on_every_backend![
    an_edit_keeps_what_was_said_before,
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
    assert_eq!(ben.get(&format!("/api/chat/messages/{id}/edits")).await.ok()["versions"], json!([]));
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
