//! Promise 9: erasing a user leaves their words, names and addresses readable nowhere, and every count right.

use aggregates::DomainEvent;
use aggregates::room::{AttachedFile, Attachment, RoomEvent, RoomKind};
use aggregates::words::HasWords;
use aggregates::{Sealed, Unreadable};
use event_log::{EventLog, Filter, Position, StoreUrl};
use projections::inbox::MessagePage;
use projections::{RebuildOptions, UnitName, Views, rebuild, scrub};

use crate::read_models::events::{added, opened, read, registered, relation, renamed, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verified;
use crate::read_models::tables;
use crate::read_models::told::worded as notified;
use crate::read_models::world::{Driven, World, room, until, user};
use crate::support::backend::Backend;
use crate::support::raw;

on_every_backend! {
    nothing_that_was_said_can_be_read_in_the_log,
    nothing_of_somebody_erased_is_left_anywhere_and_counts_stay,
    who_comes_back_is_somebody_new,
    an_erasure_that_died_before_its_key_was_dropped_is_carried_out_at_the_next_start,
    another_process_lets_go_of_the_key_when_it_reads_the_erasure,
    a_lost_key_is_blank_words_and_its_restore_brings_them_back,
    a_backup_of_the_keys_is_merged_into_those_that_were_made_since,
    somebody_who_said_more_than_one_transaction_blanks_is_erased_whole,
    a_text_moved_into_another_event_does_not_open,
    words_that_were_never_sealed_are_gone_from_every_reader,
}

/// Ana's, in every form a search might find them.
pub const ANAS: [&str; 10] = [
    "anasword",
    "Anaword",
    "anabel",
    "ANABEL_",
    "anabel@example.com",
    "cdn.example/anafile",
    "Anasroom",
    "anasclient",
    "anasfilename",
    "anasnotice",
];
const BENS: [&str; 3] = ["benssecret", "benjamin@example.com", "bensclient"];

/// Ana and Ben in a group of Ana's and a group of Ben's, cici follows Ana; Ana spoke last in the one, Ben in the other.
pub async fn full(world: &mut World) -> Position {
    let mut events = vec![
        registered(1, "ana", "ana"),
        renamed(2, "ana", "anabel"),
        registered(3, "ben", "benjamin"),
        registered(4, "cici", "cici"),
        opened(5, room(1), RoomKind::Group, Some("Anasroom"), &["ana", "ben"]),
        opened(6, room(2), RoomKind::Group, Some("Bens room"), &["ben", "ana", "cici"]),
        added(7, room(1), &["cici"], 0),
        relation(8, "cici", "ana", aggregates::relationship::RelationshipEvent::UserFollowed),
    ];
    // Enough that pages of the tables split.
    for seq in 1..=120 {
        // One that fills pages by itself: what it leaves free is not soon written over.
        let padding = if seq == 60 { "anasword ".repeat(880) } else { "x".repeat(seq as usize % 60) };
        let message = sent(10 + seq as i64, room(1), seq, "ana", &format!("anasword {seq} {padding}"));
        events.push(named(message, &format!("anasclient-{seq}")));
    }
    events.push(with_file(sent(200, room(2), 1, "ana", "Anaword"), "https://cdn.example/anafile.png"));
    events.push(named(sent(201, room(2), 2, "ben", "benssecret"), "bensclient"));
    events.push(read(202, room(1), "ben", 40));
    events.push(notified(203, 1, "ana", "anasnotice"));
    world.record(events).await
}

fn with_file(mut event: DomainEvent, url: &str) -> DomainEvent {
    if let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event {
        let name = Some(Sealed::new("anasfilename"));
        let file = Some(AttachedFile { name, bytes: 9, width: Some(3), height: None });
        message.attachment = Some(Attachment { url: Sealed::new(url), media_type: None, file });
    }
    event
}

/// As a device does that gives its messages ids of its own.
fn named(mut event: DomainEvent, client_id: &str) -> DomainEvent {
    if let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event {
        message.client_message_id = Some(Sealed::new(client_id));
    }
    event
}

async fn nothing_that_was_said_can_be_read_in_the_log(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    let found = raw::found(&world.store, &[&ANAS[..], &BENS].concat()).await;
    assert_eq!(found, [""; 0]);
    let events = events(&*world.log).await;
    assert_eq!(said(&events, "ben"), ["benssecret"], "and its readers read it all the same");
}

async fn nothing_of_somebody_erased_is_left_anywhere_and_counts_stay(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let head = full(&mut world).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    raw::sample(&world.store).await;
    let shown = raw::found(&world.store, &ANAS).await;
    assert!(shown.len() >= ANAS.len(), "the test looks where the words are: {shown:?}");
    let before = counts(&driven).await;

    let position = world.erase("ana").await;
    driven.caught_up(position).await;
    assert_eq!(counts(&driven).await, before);
    let people = driven.views.inbox().users(&[user("ana"), user("ben")]).await.expect("readable");
    assert_eq!(people.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["ben"]);
    let theirs = driven.views.inbox().room(room(1), &user("ben")).await.expect("readable").expect("is there");
    assert_eq!((theirs.name, theirs.last_message.as_deref(), theirs.last_seq), (None, Some(""), 120));
    let found = driven.views.inbox().messages(room(2), &user("ben"), MessagePage::Newest, 9).await.expect("readable");
    let said = found.expect("ben is in").messages;
    let ids: Vec<_> = said.iter().map(|row| row.client_message_id.as_deref()).collect();
    assert_eq!(ids, [None, Some("bensclient")], "nobody else's");
    assert_eq!((&said[0].attachment_url, &said[0].attached_file), (&None, &None));
    verified(&world, "after an erasure").await;
    driven.stop().await.expect("nothing unreadable");

    // On PostgreSQL a session that begins in that moment, of the server's own upkeep too, is in the way for a moment.
    until("nobody reads", async || scrub(&world.store.store_url()).await.expect("scrubbed")).await;
    world.log.sealing().expect("keys").scrub().await.expect("scrubbed");
    assert_eq!(raw::found_in_files(&world.store, &ANAS).await, [""; 0]);
    assert!(!raw::found(&world.store, &["benssecret"]).await.is_empty(), "nobody else is erased");

    for unit in UnitName::ALL {
        rebuild(&world.store.store_url(), world.store.open().await, unit, &RebuildOptions::default(), &|_| {})
            .await
            .expect("rebuilt");
    }
    verified(&world, "after a rebuild without the key").await;
    assert_eq!(raw::found(&world.store, &ANAS).await, [""; 0], "a rebuild brings nothing back");
}

async fn who_comes_back_is_somebody_new(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    world.erase("ana").await;
    let again = world.erase("ana").await;
    assert_eq!(again, world.head(), "twice is once");
    let head = world.record([registered(300, "ana", "nina"), sent(301, room(1), 121, "ana", "newwords")]).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    verified(&world, "after a return").await;
    assert_eq!(said(&events(&*world.store.open().await).await, "ana"), ["newwords"]);
    world.erase("ana").await;
    assert_eq!(said(&events(&*world.store.open().await).await, "ana"), [""; 0]);
    driven.stop().await.expect("nothing unreadable");
}

async fn an_erasure_that_died_before_its_key_was_dropped_is_carried_out_at_the_next_start(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    let sealing = world.log.sealing().expect("keys").clone();
    let key = sealing.key_of(&user("ana"), false).await.expect("readable").expect("she said something");
    let erased =
        aggregates::user::UserErased { user_id: user("ana"), keys: vec![key], at: crate::read_models::world::at(9) };
    // Written as by a process that dies right behind it: nobody here hears of it.
    world.record([DomainEvent::User(aggregates::user::UserEvent::UserErased(erased))]).await;
    assert_eq!(sealing.key_of(&user("ana"), false).await.expect("readable"), Some(key), "the key still stands");
    let restarted = world.store.open().await;
    let keys = restarted.sealing().expect("keys");
    assert_eq!(keys.key_of(&user("ana"), false).await.expect("readable"), None);
    assert_eq!(said(&events(&*restarted).await, "ana"), [""; 0]);
}

async fn another_process_lets_go_of_the_key_when_it_reads_the_erasure(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    let other = world.store.open().await;
    assert_eq!(said(&events(&*other).await, "ana").len(), 121, "it has the key at hand");
    let head = world.erase("ana").await;
    let page = other.read_after(Position(head.0 - 1), 10, Filter::All).await.expect("readable");
    assert_eq!(page.events.len(), 1, "the erasure passes on its tail");
    assert_eq!(said(&events(&*other).await, "ana"), [""; 0]);
    // And what it seals next is sealed with another key.
    let mut next = [sent(400, room(1), 121, "ana", "newwords")];
    other.sealing().expect("keys").seal(&mut next).await.expect("sealed");
    world.record(next).await;
    assert_eq!(said(&events(&*other).await, "ana"), ["newwords"]);
}

async fn a_lost_key_is_blank_words_and_its_restore_brings_them_back(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let head = full(&mut world).await;
    keys(&world, "CREATE TABLE backup AS SELECT * FROM KEYS WHERE owner = 'ana'; DELETE FROM KEYS WHERE owner = 'ana'")
        .await;
    let log = world.store.open().await;
    let lost = events(&*log).await;
    assert_eq!(said(&lost, "ana"), [""; 0]);
    assert_eq!(said(&lost, "ben"), ["benssecret"], "nobody else's");
    let mut why = None;
    lost[0].clone().visit_words(&mut |_, words| why = words.unreadable());
    assert_eq!(why, Some(Unreadable::Lost), "and it is said that this is a fault");

    let driven = Driven::start(projections::Views::open(&world.store.store_url(), log).await.expect("opens"));
    driven.caught_up(head).await;
    driven.stop().await.expect("a lost key stops nothing");
    keys(&world, "INSERT INTO KEYS SELECT * FROM backup").await;
    for unit in UnitName::ALL {
        rebuild(&world.store.store_url(), world.store.open().await, unit, &RebuildOptions::default(), &|_| {})
            .await
            .expect("rebuilt");
    }
    let views = world.views().await;
    let ana = views.inbox().users(&[user("ana")]).await.expect("readable").pop().expect("is there");
    assert_eq!(ana.person.name.as_deref(), Some("anabel"));
}

/// As a program of before wrote the ids of devices. What they say when they are back is somebody new's.
async fn words_that_were_never_sealed_are_gone_from_every_reader(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let plain = |nth: i64, seq: u64, sender: &str, id: &str| {
        let mut event = sent(nth, room(1), seq, sender, "x");
        if let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event {
            message.client_message_id = Some(Sealed::from_stored(id));
        }
        event
    };
    let opening = opened(1, room(1), RoomKind::Group, Some("Room"), &["ana", "ben"]);
    world.record([registered(0, "ana", "ana"), opening, plain(2, 1, "ana", "anasplain")]).await;
    world.record_with_originals([plain(3, 2, "ana", "anasplain"), plain(4, 3, "ben", "bensplain")]).await;
    let other = world.store.open().await;
    for log in [&world.log, &other] {
        assert_eq!(plain_ids(&**log).await, ["anasplain", "anasplain", "bensplain"]);
    }
    let head = world.erase("ana").await;
    assert_eq!(plain_ids(&*world.log).await, ["bensplain"], "the one that erased, from its memory and from the log");
    other.read_after(Position(head.0 - 1), 10, Filter::All).await.expect("the erasure passes");
    assert_eq!(plain_ids(&*other).await, ["bensplain"]);
    let head = world.record([registered(5, "ana", "nina"), plain(6, 4, "ana", "ninasplain")]).await;
    for log in [&world.log, &other, &world.store.open().await] {
        assert_eq!(plain_ids(&**log).await, ["bensplain", "ninasplain"]);
    }
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    verified(&world, "after an erasure of what was never sealed").await;
    driven.stop().await.expect("nothing unreadable");
}

async fn plain_ids(log: &dyn EventLog) -> Vec<String> {
    let ids = |mut event: DomainEvent| {
        let mut ids = Vec::new();
        event.visit_words(&mut |_, words| {
            ids.extend(words.words().filter(|id| id.ends_with("plain")).map(str::to_owned))
        });
        ids
    };
    events(log).await.into_iter().flat_map(ids).collect()
}

/// As docs/erasure.md says it, for both engines.
const MERGE: &str = "INSERT INTO KEYS (key_id, owner, secret) SELECT key_id, owner, secret FROM backup WHERE true
    ON CONFLICT DO NOTHING; DELETE FROM MENDED";

async fn a_backup_of_the_keys_is_merged_into_those_that_were_made_since(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    keys(&world, "CREATE TABLE backup AS SELECT * FROM KEYS").await;
    // Since then somebody was erased, and somebody came.
    world.erase("ben").await;
    world.record([registered(300, "dewi", "dewi"), sent(301, room(2), 3, "dewi", "dewisword")]).await;
    // A start behind it remembers that everything is carried out.
    world.store.open().await.close().await;
    keys(&world, "DELETE FROM KEYS WHERE owner <> 'dewi'").await;
    let lost = events(&*world.store.open().await).await;
    assert_eq!((said(&lost, "ana").len(), said(&lost, "dewi")), (0, vec!["dewisword".to_owned()]));

    keys(&world, MERGE).await;
    let log = world.store.open().await;
    let keys = log.sealing().expect("keys");
    // At once, not only when somebody reads past their erasure.
    assert_eq!(keys.key_of(&user("ben"), false).await.expect("readable"), None, "the backup had that key");
    let back = events(&*log).await;
    assert_eq!((said(&back, "ana").len(), said(&back, "dewi")), (121, vec!["dewisword".to_owned()]));
    assert_eq!(said(&back, "ben"), [""; 0], "who was erased stays so");
}

/// More rows than one transaction of the blanking looks at, in two rooms; live and by a rebuild.
async fn somebody_who_said_more_than_one_transaction_blanks_is_erased_whole(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let mut said = vec![registered(1, "ana", "ana"), registered(2, "ben", "ben")];
    for number in [1, 2] {
        said.push(opened(3, room(number), RoomKind::Group, Some("Kelas"), &["ana", "ben"]));
        let speaker = |seq: u64| if seq.is_multiple_of(3) { "ben" } else { "ana" };
        said.extend((1..=3_000).map(|seq| sent(4, room(number), seq, speaker(seq), &format!("{}sword", speaker(seq)))));
    }
    let head = world.record(said).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    assert_eq!(worded(&driven.views).await, (4_000, 2_000));
    few_at_a_time(&world).await;
    let erased = world.erase("ana").await;
    driven.caught_up(erased).await;
    assert_eq!(worded(&driven.views).await, (0, 2_000));
    verified(&world, "after the erasure").await;
    driven.stop().await.expect("nothing unreadable");
    rebuild(&world.store.store_url(), world.store.open().await, UnitName::Inbox, &RebuildOptions::default(), &|_| {})
        .await
        .expect("rebuilt");
    assert_eq!(worded(&world.views().await).await, (0, 2_000));
    verified(&world, "after a rebuild").await;
}

/// How many messages still have words: ana's, ben's.
async fn worded(views: &Views) -> (usize, usize) {
    let mut left = Vec::new();
    for number in [1, 2] {
        let all = MessagePage::After(Position::START);
        let found = views.inbox().messages(room(number), &user("ben"), all, 10_000).await.expect("readable");
        left.extend(found.expect("ben is in").messages);
    }
    let of = |sender| left.iter().filter(|row| row.sender_id == user(sender) && !row.content.is_empty()).count();
    (of("ana"), of("ben"))
}

/// From now on no statement may change many more messages than ana's share of what one transaction of the blanking looks
/// at: two thirds of 2,000. On SQLite, which
/// cannot count a statement's rows, a unit test holds it.
async fn few_at_a_time(world: &World) {
    let StoreUrl::Postgres(_) = world.store.store_url() else { return };
    let sql = "CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF (SELECT count(*) FROM changed) > 1400 THEN RAISE 'too many at once'; END IF; RETURN NULL; END $$;
        CREATE TRIGGER few AFTER UPDATE ON messages REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION few();";
    tables::run(&world.store, UnitName::Inbox, 1, sql).await;
}

async fn a_text_moved_into_another_event_does_not_open(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let mut first = [sent(1, room(1), 1, "ana", "anasword")];
    world.log.sealing().expect("keys").seal(&mut first).await.expect("sealed");
    let DomainEvent::Room(RoomEvent::MessageSent(message)) = &first[0] else { panic!("a message") };
    let stored = message.content.stored().expect("sealed").to_owned();
    let mut forged = [sent(2, room(1), 2, "ana", ""), sent(3, room(1), 3, "ben", "")];
    for event in &mut forged {
        event.visit_words(&mut |_, words| *words = Sealed::from_stored(stored.as_str()));
    }
    world.record(first.into_iter().chain(forged)).await;
    let events = events(&*world.store.open().await).await;
    assert_eq!((said(&events, "ana"), said(&events, "ben")), (vec!["anasword".to_owned()], vec![]));
}

pub async fn events(log: &dyn EventLog) -> Vec<DomainEvent> {
    let page = log.read_after(Position::START, 10_000, Filter::All).await.expect("readable");
    page.into_events().map(|recorded| recorded.event).collect()
}

/// What somebody said, as far as it can be read.
pub fn said(events: &[DomainEvent], sender: &str) -> Vec<String> {
    let words = |event: &DomainEvent| match event {
        DomainEvent::Room(RoomEvent::MessageSent(message)) if message.sender_id == user(sender) => {
            message.content.words().map(str::to_owned)
        }
        _ => None,
    };
    events.iter().filter_map(words).collect()
}

/// Unread, members, followers: everything that is counted.
async fn counts(driven: &Driven) -> (Vec<u64>, Vec<u64>, (u64, u64)) {
    let inbox = driven.views.inbox();
    let unread = inbox.unread_totals(&[user("ana"), user("ben"), user("cici")]).await.expect("readable");
    let mut members = Vec::new();
    for number in [1, 2] {
        let row = inbox.room(room(number), &user("ben")).await.expect("readable").expect("is there");
        members.push(row.participant_count);
    }
    (unread, members, inbox.follow_counts(&user("ana")).await.expect("readable"))
}

/// Runs statements on the keys; `KEYS` is their table.
async fn keys(world: &World, sql: &str) {
    match world.store.store_url() {
        StoreUrl::Sqlite(directory) => {
            let connection = rusqlite::Connection::open(directory.join("keys.db")).expect("the file opens");
            connection.busy_timeout(crate::read_models::world::PATIENCE).expect("valid");
            connection.execute_batch(&sql.replace("KEYS", "keys").replace("MENDED", "mended")).expect("valid SQL");
        }
        StoreUrl::Postgres(url) => {
            use sqlx::{Connection, Executor};
            let mut connection = sqlx::PgConnection::connect(&url).await.expect("the database answers");
            connection
                .execute(sql.replace("KEYS", "kabar_keys.keys").replace("MENDED", "kabar_keys.mended").as_str())
                .await
                .expect("valid SQL");
        }
    }
}
