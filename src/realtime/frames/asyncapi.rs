//! AsyncAPI 3: the document of Kabar's own channels, and what is told on them.
//!
//! What a frame says is read off the types that frames are made of; which event is told where is said once, in `events`.
//! Separate from `tail`, which tells them. Never in here: what pages say to each other on channels of their own.

use aggregates::ids::UserId;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use crate::realtime::frames::{self, EventName};
use crate::realtime::protocol::{MEMBER_ADDED, MEMBER_REMOVED, RELOAD, ToReload};
use crate::wire::schemas::{SameName, Schemas};
use crate::wire::{Message, Notification};

/// A channel and how one is called.
struct Channel {
    id: &'static str,
    address: &'static str,
    parameter: (&'static str, &'static str),
    about: &'static str,
}

const USER: Channel = Channel {
    id: "user",
    address: "private-user-{userId}",
    parameter: ("userId", "Whoever subscribes: nobody else may."),
    about: "What concerns one person.",
};

const ROOM: Channel = Channel {
    id: "room",
    address: "private-room-{roomId}",
    parameter: ("roomId", "The room's id."),
    about: "What happens in a room, to its members.",
};

const PRESENCE: Channel = Channel {
    id: "presence",
    address: "presence-room-{roomId}",
    parameter: ("roomId", "The room's id."),
    about: "Which members of a room are here. All of them come with the subscription, as the protocol has it; pusher-js gives \
        what follows as `pusher:member_added` and `pusher:member_removed`.",
};

const GROUP: Channel = Channel {
    id: "group",
    address: "private-group-{groupId}",
    parameter: ("groupId", "The platform's own id of a group that a room of whoever subscribes belongs to."),
    about: "For whoever is in a room of the group. Kabar itself says nothing there; the application's server may.",
};

const ENCRYPTED_USER: Channel = Channel {
    id: "encryptedUser",
    address: "private-encrypted-user-{userId}",
    about: "For the same people as `private-user-{userId}`; what the application's server sends there Kabar cannot read.",
    ..USER
};

const ENCRYPTED_ROOM: Channel = Channel {
    id: "encryptedRoom",
    address: "private-encrypted-room-{roomId}",
    about: "For the same people as `private-room-{roomId}`; what the application's server sends there Kabar cannot read.",
    ..ROOM
};

const ENCRYPTED_GROUP: Channel = Channel {
    id: "encryptedGroup",
    address: "private-encrypted-group-{groupId}",
    about: "For the same people as `private-group-{groupId}`; what the application's server sends there Kabar cannot read.",
    ..GROUP
};

// For the document alone: the roster keeps members as text.

/// Somebody who is here, as the others see them.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "nothing but its schema is wanted")]
struct PresentMember {
    user_id: UserId,
    #[schemars(skip_serializing_if = "Option::is_none")]
    user_info: Option<PresentMemberInfo>,
}

/// What does not fit into the protocol's 1 KB is left out.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "nothing but its schema is wanted")]
struct PresentMemberInfo {
    #[schemars(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "nothing but its schema is wanted")]
struct AbsentMember {
    user_id: UserId,
}

/// One event of a channel.
struct Told {
    event: EventName,
    about: &'static str,
    payload: Value,
}

/// A channel with everything that is told on it.
fn channels(schemas: &mut Schemas) -> Vec<(Channel, Vec<Told>)> {
    let mut channels = vec![(USER, to_a_user(schemas)), (ROOM, to_a_room(schemas))];
    channels.iter_mut().for_each(|(_, events)| events.push(to_reload(schemas)));
    channels.push((PRESENCE, to_who_is_here(schemas)));
    channels.extend([GROUP, ENCRYPTED_USER, ENCRYPTED_ROOM, ENCRYPTED_GROUP].map(|channel| (channel, Vec::new())));
    channels
}

fn to_who_is_here(schemas: &mut Schemas) -> Vec<Told> {
    let (came, went) = (EventName::only(MEMBER_ADDED), EventName::only(MEMBER_REMOVED));
    vec![
        told::<PresentMember>(schemas, came, "Somebody's first connection has come."),
        told::<AbsentMember>(schemas, went, "Their last one has gone, or they were removed from the room."),
    ]
}

fn to_reload(schemas: &mut Schemas) -> Told {
    let about = "What was missed cannot be replayed: load anew what is shown of this channel.";
    told::<ToReload<'_>>(schemas, EventName::only(RELOAD), about)
}

fn told<T: JsonSchema>(schemas: &mut Schemas, event: EventName, about: &'static str) -> Told {
    Told { event, about, payload: schemas.given_back::<T>().into() }
}

fn to_a_user(schemas: &mut Schemas) -> Vec<Told> {
    vec![
        told::<frames::MessageHint<'_>>(
            schemas,
            frames::NEW_MESSAGE,
            "Something was said in a room of theirs. Not to the sender; the whole message is on the room's channel.",
        ),
        told::<frames::Unread<'_>>(
            schemas,
            frames::UNREAD,
            "The counts, after a change of either; at most once a second, the last always.",
        ),
        told::<Notification>(schemas, frames::NOTIFICATION, "A notification, as GET /api/notifications has it."),
        told::<frames::NotificationRead<'_>>(schemas, frames::NOTIFICATION_READ, "Read on some device of theirs."),
        told::<frames::NotificationDeleted<'_>>(
            schemas,
            frames::NOTIFICATION_DELETED,
            "Deleted on some device of theirs.",
        ),
        told::<frames::NewFollower<'_>>(
            schemas,
            frames::NEW_FOLLOWER,
            "Somebody follows them, and they want to hear of it; just before the notification of it.",
        ),
        told::<frames::UserUnfollowed<'_>>(schemas, frames::USER_UNFOLLOWED, "Somebody follows them no more."),
    ]
}

fn to_a_room(schemas: &mut Schemas) -> Vec<Told> {
    vec![
        told::<Message>(schemas, frames::NEW_MESSAGE, "The message, as GET /api/chat/messages has it."),
        told::<frames::MessageRead<'_>>(
            schemas,
            frames::MESSAGE_READ,
            "Somebody has read up to there. Who sends has read: one with the sender's own id comes after each message.",
        ),
        told::<Message>(schemas, frames::MESSAGE_EDITED, "The message as it is now."),
        told::<frames::MessageGone<'_>>(schemas, frames::MESSAGE_DELETED, "Its place stays, its words go."),
        told::<frames::Reaction<'_>>(schemas, frames::MESSAGE_REACTION, "An emoji was set or taken back."),
        told::<frames::MessagePin<'_>>(schemas, frames::MESSAGE_PINNED, "Pinned, or no more."),
        told::<frames::MessageDelivered<'_>>(
            schemas,
            frames::MESSAGE_DELIVERED,
            "A device of theirs has got it; in direct rooms.",
        ),
        told::<frames::RoomUpdated<'_>>(schemas, frames::ROOM_UPDATED, "Something about the room: ask for it anew."),
        told::<frames::UserTyping<'_>>(
            schemas,
            frames::USER_TYPING,
            "Ends by itself after 5 s; never to the typer's own sockets.",
        ),
        told::<frames::UserStatus<'_>>(
            schemas,
            frames::USER_STATUS,
            "A member came online or went; to some of the others, and never of who hides.",
        ),
        told::<frames::Passage<'_>>(schemas, frames::USER_JOINED, "Somebody came, or was brought."),
        told::<frames::Passage<'_>>(schemas, frames::USER_LEFT, "Somebody left, or was removed."),
    ]
}

/// The whole document.
pub fn document() -> Result<Value, SameName> {
    let mut schemas = Schemas::empty();
    let (mut shown, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for (channel, events) in channels(&mut schemas) {
        let mut own = Map::new();
        for Told { event, about, payload } in events {
            let id = format!("{}.{}", channel.id, event.name);
            own.insert(event.name.to_owned(), json!({"$ref": format!("#/components/messages/{id}")}));
            let mut message = json!({"name": event.name, "summary": about, "payload": payload});
            if let Some(legacy) = event.legacy {
                message["x-second-name"] = legacy.into();
            }
            messages.insert(id, message);
        }
        let (parameter, description) = channel.parameter;
        if !own.is_empty() {
            let reference = json!({"$ref": format!("#/channels/{}", channel.id)});
            operations.insert(
                format!("tell-{}", channel.id),
                json!({"action": "send", "channel": reference, "summary": channel.about}),
            );
        }
        let parameters = json!({parameter: {"description": description}});
        shown.insert(
            channel.id.to_owned(),
            json!({"address": channel.address, "description": channel.about, "parameters": parameters, "messages": own}),
        );
    }
    Ok(json!({
        "asyncapi": "3.0.0",
        "info": about(),
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": shown,
        "operations": operations,
        "components": {"schemas": schemas.into_components()?, "messages": messages},
    }))
}

fn about() -> Value {
    json!({
        "title": "Kabar's channels",
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": "Apache-2.0"},
        "description": "Pusher's protocol 7. A frame is {event, channel, data}; `data` is a text, and what is described \
            here is the JSON in it. All of these channels are signed by POST /api/pusher/auth, for whoever may listen. \
            With `realtime.legacy_event_names` an event that has an `x-second-name` is sent a second time under it.",
    })
}

fn servers() -> Value {
    let server = |protocol: &str| {
        json!({
            "host": "{host}", "pathname": "/app/{key}", "protocol": protocol,
            "variables": {
                "host": {"description": "Where Kabar is reached.", "default": "127.0.0.1:8080"},
                "key": {"description": "`realtime.key`."},
            },
        })
    };
    json!({"plain": server("ws"), "secure": server("wss")})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Read out of the file that has them, so that no list has to be kept.
    #[test]
    fn every_event_is_told_of_and_no_other() {
        let quoted = |line: &'static str| line.split('"').skip(1).step_by(2);
        let constants = include_str!("payloads.rs").lines().filter(|line| line.starts_with("pub const "));
        let sent: BTreeSet<&str> = constants.flat_map(quoted).chain([RELOAD, MEMBER_ADDED, MEMBER_REMOVED]).collect();
        let told: BTreeSet<&str> = channels(&mut Schemas::empty())
            .into_iter()
            .flat_map(|(_, events)| events)
            .flat_map(|told| [Some(told.event.name), told.event.legacy])
            .flatten()
            .collect();
        assert!(sent.len() > 10, "{sent:?}");
        assert_eq!(told, sent);
    }

    /// It is kept beside the manual as well, for whoever reads there.
    #[test]
    fn the_kept_document_is_the_one_that_is_made() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/asyncapi.json");
        let made = document().expect("a document");
        if std::env::var("KABAR_REGENERATE").is_ok_and(|value| value == "1") {
            std::fs::write(file, format!("{made:#}\n")).expect("the file can be written");
        }
        let kept: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("a file")).expect("JSON");
        assert!(kept == made, "docs/asyncapi.json is out of date: KABAR_REGENERATE=1 writes it anew");
    }
}
