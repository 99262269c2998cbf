//! What is shown of the sample's room in which everything became of something, in a form that two stores can be compared by.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::person::{Person, client, text};
use crate::support::running::Installation;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a member is shown of the room in which everything happened.
pub async fn archive(installation: &Installation, after: &str) -> Value {
    let http = client(PATIENCE);
    let [rara, sari] = ["rara", "sari"].map(|id| Person::new(&http, installation.address, id));
    let rooms_of = async |person: &Person| {
        person.get(&format!("/api/chat/rooms?limit=100&after={after}")).await.ok()["rooms"].clone()
    };
    let types = |rooms: &Value| -> BTreeSet<String> {
        rooms.as_array().expect("rooms").iter().map(|room| text(&room["type"])).collect()
    };
    let (of_rara, of_sari) = (rooms_of(&rara).await, rooms_of(&sari).await);
    let room = of_rara.as_array().expect("rooms").iter().find(|room| room["name"] == "Arsip Lama");
    let room = text(&room.expect("it was renamed")["id"]);
    let without = |mut list: Value, field: &str| {
        list.as_array_mut().expect("a list").iter_mut().filter_map(Value::as_object_mut).for_each(|one| {
            one.remove(field);
        });
        list
    };
    let messages = rara.get(&format!("/api/chat/messages?roomId={room}")).await.ok()["messages"].clone();
    let messages = without(without(messages, "position"), "sender");
    let members = rara.get(&format!("/api/chat/rooms/{room}/members")).await.ok()["members"].clone();
    let members = without(members, "user");
    let edits =
        rara.get(&format!("/api/chat/messages/{}/edits", text(&messages[0]["id"]))).await.ok()["versions"].clone();
    json!({ "messages": messages, "edits": edits, "members": members, "rara": types(&of_rara), "sari": types(&of_sari) })
}
