//! What became of people goes in and comes out: other names, other roles, what they have no more.

use aggregates::ids::{CommandId, RoomId, UserId};
use aggregates::room::{OpenMentorSession, RoomCommand};
use aggregates::user::{Change, Profile, ProfileChanges, PutProfile, PutUser, UserCommand, UserEvent, UserRole};
use aggregates::{Command, DomainEvent, Metadata, Sealed, StreamId, Timestamp};
use event_log::{Door, DoorOptions, RecordedEvent, Wish};
use uuid::Uuid;

use crate::importing::{exported, file};
use crate::support::answers::report;
use crate::support::backend::{Backend, TestStore};
use crate::support::naive::whole_log;
use crate::support::person::number;
use crate::support::running::Installation;

on_both_engines! {
    what_the_platform_changed_of_somebody_goes_in_and_comes_out: changes_on_sqlite, changes_on_postgres;
}

fn user(id: &str) -> UserId {
    UserId::parse(id).expect("an id")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_600_000_000_000 + second * 1_000)
}

/// Who became a mentor has opened a session since, and it is as much a part of the history as what was there before.
async fn live(store: &TestStore) {
    let log = store.open().await;
    let door = Door::open(log.clone(), DoorOptions::default()).await.expect("the door opens");
    let rara = || user("rara");
    let fill = |id: &str, name: &str, role| {
        let words = |text: &str| Some(Sealed::new(text));
        let profile = Profile { name: words(name), phone: words("+62811"), role: Some(role), ..Profile::default() };
        Command::User(UserCommand::FillProfile(PutProfile { user_id: user(id), profile, at: at(0) }))
    };
    let changes = ProfileChanges {
        name: Change::Set(Sealed::new("Rara Putri")),
        phone: Change::Clear,
        role: Change::Set(UserRole::Mentor),
        ..ProfileChanges::default()
    };
    let session = OpenMentorSession {
        room_id: RoomId::mentor_session(&rara(), &user("budi")),
        opened_by: user("budi"),
        mentor: rara(),
        student: user("budi"),
        is_mentor: false,
        student_exists: false,
        blocked: false,
        at: at(2),
    };
    let room = StreamId::room(session.room_id);
    for (stream, command) in [
        (StreamId::user(&rara()), fill("rara", "Rara", UserRole::MemberFree)),
        (StreamId::user(&user("budi")), fill("budi", "Budi", UserRole::MemberFree)),
        (StreamId::user(&rara()), Command::User(UserCommand::Put(PutUser { user_id: rara(), changes, at: at(1) }))),
        (room, Command::Room(RoomCommand::OpenMentorSession(session))),
    ] {
        let id = CommandId(Uuid::new_v4());
        let wish = Wish { stream, command, id, repeatable: false, metadata: Metadata::default() };
        door.execute(wish).await.expect("carried out");
    }
    drop(door);
    log.close().await;
}

/// What is known of somebody at last.
fn known(events: &[RecordedEvent], id: &str) -> (Option<String>, Option<String>, Option<UserRole>) {
    let profile = events.iter().rev().find_map(|recorded| match &recorded.event {
        DomainEvent::User(UserEvent::UserRegistered(event)) if event.user_id == user(id) => Some(&event.profile),
        DomainEvent::User(UserEvent::ProfileChanged(event)) if event.user_id == user(id) => Some(&event.profile),
        _ => None,
    });
    let profile = profile.expect("they are known");
    let words = |words: &Option<Sealed>| words.as_ref().map(|words| words.reveal().to_owned());
    (words(&profile.name), words(&profile.phone), profile.role)
}

async fn events_of(store: &TestStore) -> Vec<RecordedEvent> {
    let log = store.open().await;
    let events = whole_log(&*log).await;
    log.close().await;
    events
}

async fn what_the_platform_changed_of_somebody_goes_in_and_comes_out(backend: Backend) {
    let (Some(store), Some(place)) = (backend.store().await, backend.store().await) else { return };
    let home = tempfile::tempdir().expect("a folder");
    let [here, there] = [&store, &place].map(|store| Installation::new(&store.url()));
    live(&store).await;
    let first = exported(&here, &home, "first").await;
    let path = home.path().join("first").display().to_string();
    let taken = report(&there.replay(&["import", "--json", "--from", &path]).await, 0);
    assert_eq!((number(&taken["taken"]), number(&taken["refused"])), (4, 0), "{taken}");
    let events = events_of(&place).await;
    assert_eq!(known(&events, "rara"), (Some("Rara Putri".to_owned()), None, Some(UserRole::Mentor)));
    assert_eq!(known(&events, "budi").0.as_deref(), Some("Budi"));
    assert_eq!(exported(&there, &home, "second").await, first);
    let again = report(&there.replay(&["import", "--json", "--from", &path]).await, 0);
    assert_eq!(number(&again["events"]), 0, "{again}");

    // A line that says less takes nothing away.
    let line = "{\"kind\":\"user\",\"id\":\"rara\",\"name\":\"Rara Lama\",\"at\":\"2020-01-01T00:00:00Z\"}";
    report(&there.replay(&["import", "--json", "--from", &file(&home, "more.jsonl", line)]).await, 0);
    assert_eq!(known(&events_of(&place).await, "rara").0.as_deref(), Some("Rara Putri"));
}
