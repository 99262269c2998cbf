//! Nothing that arrives after a block or a removal was acknowledged is accepted, at whatever door; and a busy room does
//! not stop its readers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aggregates::ids::RoomId;

use super::callers::*;
use crate::event_log::every_log;
use crate::support::backend::TestStore;

every_log!(
    nothing_is_accepted_after_a_block_was_acknowledged,
    nothing_is_accepted_after_a_removal_was_acknowledged,
    facts_decided_in_the_same_batch_count,
    a_busy_room_does_not_stop_its_readers,
);

async fn nothing_is_accepted_after_a_block_was_acknowledged(store: &TestStore) {
    let (blocking, sending) = (door(store).await, door(store).await);
    let room = RoomId::direct(&user("ana"), &user("ben"));
    for name in ["ana", "ben"] {
        blocking.execute(register(name)).await.expect("registered");
    }
    sending.execute(open_direct("ana", "ben")).await.expect("opened");
    let blocked = Arc::new(AtomicBool::new(false));
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (sending, blocked) = (sending.clone(), Arc::clone(&blocked));
        senders.spawn(async move {
            loop {
                let after = blocked.load(Ordering::SeqCst);
                match sending.execute(send(room, "ana")).await {
                    Ok(_) => assert!(!after, "accepted after the block was acknowledged"),
                    refusal => {
                        assert_eq!(refused(refusal), "you cannot write to this person");
                        return;
                    }
                }
            }
        });
    }
    sending.execute(send(room, "ben")).await.expect("not blocked yet");
    blocking.execute(block("ben", "ana")).await.expect("blocked");
    blocked.store(true, Ordering::SeqCst);
    while let Some(sender) = senders.join_next().await {
        sender.expect("the promise holds");
    }
}

async fn nothing_is_accepted_after_a_removal_was_acknowledged(store: &TestStore) {
    let (removing, other) = (door(store).await, door(store).await);
    removing.execute(create_group(group(1), &["ana", "ben"])).await.expect("created");
    other.execute(send(group(1), "ana")).await.expect("sent");
    other.execute(read(group(1), "ben")).await.expect("read");
    removing.execute(send(group(1), "ana")).await.expect("sent");
    removing.execute(remove(group(1), "ben", "ana")).await.expect("removed");
    assert_eq!(refused(other.execute(read(group(1), "ben")).await), "there is no such room");
    assert_eq!(refused(other.execute(send(group(1), "ben")).await), "there is no such room");
}

/// The block and the message come together: whichever is decided first, the log never has a message after the block.
async fn facts_decided_in_the_same_batch_count(store: &TestStore) {
    let door = door(store).await;
    for name in ["ana", "ben"] {
        door.execute(register(name)).await.expect("registered");
    }
    door.execute(open_direct("ana", "ben")).await.expect("opened");
    let room = RoomId::direct(&user("ana"), &user("ben"));
    door.execute(send(room, "ana")).await.expect("sent");
    let mut together = tokio::task::JoinSet::new();
    for number in 0..40 {
        let door = door.clone();
        together.spawn(async move {
            let wish = if number == 20 { block("ben", "ana") } else { send(room, "ana") };
            let _ = door.execute(wish).await;
        });
    }
    while together.join_next().await.is_some() {}
    let events = whole_log(store).await;
    let place = |name: &str| events.iter().rposition(|recorded| recorded.event.schema().name() == name);
    assert!(place("message_sent") < place("user_blocked"), "a message behind the block");
    assert_eq!(place("user_blocked"), Some(events.len() - 1), "nothing follows the block");
}

async fn a_busy_room_does_not_stop_its_readers(store: &TestStore) {
    let (writing, reading) = (door(store).await, door(store).await);
    writing.execute(create_group(group(1), &["ana", "ben"])).await.expect("created");
    let first = writing.execute(send(group(1), "ana")).await.expect("sent");
    let (first, ..) = message_of(&first);
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let done = Arc::clone(&done);
        async move {
            while !done.load(Ordering::SeqCst) {
                writing.execute(send(group(1), "ana")).await.expect("sent");
            }
        }
    });
    for _ in 0..30 {
        let decided = reading.execute(read_up_to(group(1), "ben", first)).await.expect("read");
        assert_eq!(decided.tries, 1, "a message in the room must not break a read of an earlier one");
        // "Everything" is what is last when it is decided, so a later message breaks it, but only once.
        let decided = reading.execute(read(group(1), "ben")).await.expect("read");
        assert!(decided.tries <= 3, "{} tries", decided.tries);
    }
    done.store(true, Ordering::SeqCst);
    writer.await.expect("the writer is fine");
}
