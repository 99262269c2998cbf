//! cqrs-es's own framework drives our store: the rules and the log speak its language, on every backend.

use std::collections::HashMap;

use aggregates::ids::RoomId;
use aggregates::room::{Room, RoomError};
use aggregates::{AggregateKind, StreamId};
use cqrs_es::{AggregateContext, AggregateError, CqrsFramework, EventStore};
use event_log::KabarEventStore;
use uuid::Uuid;

use super::drafts::{a_room_of, create, send, user, words};
use super::every_log;
use crate::support::backend::TestStore;

every_log![
    commands_of_cqrs_es_are_carried_out_at_the_expected_version,
    a_lost_race_is_a_conflict_and_other_streams_are_none,
];

async fn commands_of_cqrs_es_are_carried_out_at_the_expected_version(store: &TestStore) {
    let log = store.open().await;
    let kabar = KabarEventStore::new(log.clone());
    let cqrs: CqrsFramework<Room, _> = CqrsFramework::new(kabar.clone(), vec![], ());
    let room = RoomId(Uuid::new_v4());
    let id = room.to_string();

    cqrs.execute(&id, create(room)).await.expect("created");
    cqrs.execute(&id, create(room)).await.expect("a repeat changes nothing");
    let metadata = HashMap::from([("actor".to_owned(), "ben".to_owned())]);
    cqrs.execute_with_metadata(&id, send(room, "ben", "halo"), metadata.clone()).await.expect("sent");
    let refused = cqrs.execute(&id, send(room, "cici", "halo")).await;
    assert!(matches!(refused, Err(AggregateError::UserError(RoomError::NotFound))), "{refused:?}");

    let stream = log.read_stream(&StreamId::room(room), 0, 10).await.expect("readable");
    assert_eq!(stream.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(words(&stream), ["halo"]);
    assert_eq!(stream[1].metadata.actor, Some(user("ben")));

    let events = EventStore::<Room>::load_events(&kabar, &id).await.expect("readable");
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(events[1].metadata, metadata);
    let mut loaded = EventStore::<Room>::load_aggregate(&kabar, &id).await.expect("readable");
    assert!(loaded.aggregate().membership(&user("ben")).is_some_and(|member| member.last_seq == 1));
}

async fn a_lost_race_is_a_conflict_and_other_streams_are_none(store: &TestStore) {
    let log = store.open().await;
    let kabar = KabarEventStore::new(log.clone());
    let room = RoomId(Uuid::new_v4());
    let id = room.to_string();
    assert_eq!(AggregateKind::parse(<Room as cqrs_es::Aggregate>::TYPE), Some(AggregateKind::Room));

    let mut first = EventStore::<Room>::load_aggregate(&kabar, &id).await.expect("readable");
    let second = EventStore::<Room>::load_aggregate(&kabar, &id).await.expect("readable");
    let events = first.aggregate().decide(&create(room)).expect("allowed");
    // Far more than one answer carries, in streams that are nobody's business here.
    a_room_of(&*log, 3_000).await;

    let committed = kabar.commit(events.clone(), first, HashMap::new()).await.expect("other streams do not matter");
    assert_eq!(committed.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1]);
    let lost = kabar.commit(events, second, HashMap::new()).await;
    assert!(matches!(lost, Err(AggregateError::AggregateConflict)), "{lost:?}");
    assert_eq!(log.read_stream(&StreamId::room(room), 0, 10).await.expect("readable").len(), 1);
}
