//! Reading messages: who may, which page, and what is told of each message.

use aggregates::participant::Arrangement;
use aggregates::room::{RoomEvent, RoomKind};
use projections::inbox::{Archived, MessagePage, MessagesFound, Mute, MutedRoom, RoomsAsk};

use crate::read_models::events::{
    added, answering, arranged, deleted, delivered, edited, forwarding, from_join, message_id, naming, opened, pinned,
    reacted, read, registered, removed, sent, turned, unread_again,
};
use crate::read_models::on_every_backend;
use crate::read_models::world::{Driven, World, at, room, user};
use crate::support::backend::Backend;

on_every_backend! {
    nobody_outside_reads_anything,
    history_begins_at_the_join_where_it_was_opened_so,
    a_page_says_whether_there_is_more_on_either_side,
    a_message_is_told_with_everything_that_became_of_it,
    behind_its_deletion_nothing_of_a_message_changes,
    a_mark_of_unread_counts_what_one_said_oneself,
    rooms_are_kept_as_their_members_like,
    a_direct_room_knows_what_was_delivered,
    support_rooms_that_are_open_are_listed_for_whoever_helps,
    members_are_paged_by_their_ids,
    of_a_crowd_that_reacted_and_read_the_first_are_named_and_all_are_counted,
}

fn seqs(found: &MessagesFound) -> (Vec<u64>, bool, bool) {
    (found.messages.iter().map(|row| row.seq).collect(), found.older, found.newer)
}

async fn nobody_outside_reads_anything(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (group, other) = (room(1), room(2));
    let head = world
        .record([
            opened(1, group, RoomKind::Group, Some("A"), &["ana", "ben"]),
            opened(2, other, RoomKind::Group, Some("B"), &["cleo"]),
            sent(3, group, 1, "ana", "secret"),
            answering(sent(4, group, 2, "ana", "more"), message_id(group, 1)),
            pinned(5, group, 1, "ana", true),
            removed(6, group, "ben"),
        ])
        .await;
    driven.caught_up(head).await;
    let inbox = driven.views.inbox();
    let id = message_id(group, 1);
    // Who left, who is in another room, who is nowhere; and a room that is not there.
    for who in ["ben", "cleo", "eko"].map(user) {
        for page in [MessagePage::Newest, MessagePage::Unread, MessagePage::Around(id)] {
            assert_eq!(inbox.messages(group, &who, page, 9).await.expect("answered"), None, "{who} {page:?}");
            assert_eq!(inbox.messages(room(7), &who, page, 9).await.expect("answered"), None);
        }
        assert_eq!(inbox.messages_by_id(&[id], &who).await.expect("answered"), []);
        assert_eq!(inbox.message_by_seq(group, 1, &who).await.expect("answered"), None);
        assert_eq!(inbox.replies(id, &who, None, 9).await.expect("answered"), None);
        assert_eq!(inbox.pins(group, &who, 9).await.expect("answered"), None);
        assert_eq!(inbox.versions(id, &who, 9).await.expect("answered"), None);
        assert_eq!(inbox.read_by(id, &who).await.expect("answered"), None);
        assert_eq!(inbox.members_by_id(group, &who, None, 9).await.expect("answered"), None);
    }
    // Cleo asks around a message of another room in her own.
    let page = inbox.messages(other, &user("cleo"), MessagePage::Around(id), 9).await.expect("answered");
    assert_eq!(page, None);
    let empty = inbox.messages(other, &user("cleo"), MessagePage::Newest, 9).await.expect("answered");
    assert_eq!(empty, Some(MessagesFound::default()), "hers is empty and not refused");
    driven.stop().await.expect("nothing was wrong");
}

async fn history_begins_at_the_join_where_it_was_opened_so(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (late, whole) = (room(1), room(2));
    world
        .record([
            from_join(opened(1, late, RoomKind::Group, Some("A"), &["ana", "ben"])),
            opened(2, whole, RoomKind::Group, Some("B"), &["ana", "ben"]),
        ])
        .await;
    for id in [late, whole] {
        world
            .record([
                sent(3, id, 1, "ana", "one"),
                pinned(4, id, 1, "ana", true),
                sent(5, id, 2, "ana", "two"),
                removed(6, id, "ben"),
                sent(7, id, 3, "ana", "three"),
                added(8, id, &["ben"], 3),
                answering(sent(9, id, 4, "ana", "four"), message_id(id, 1)),
                answering(sent(10, id, 5, "ana", "five"), message_id(id, 4)),
            ])
            .await;
    }
    driven.caught_up(world.head()).await;
    let (inbox, ben, ana) = (driven.views.inbox(), user("ben"), user("ana"));
    let head = world.record([added(11, late, &["cleo"], 5), added(11, whole, &["cleo"], 5)]).await;
    driven.caught_up(head).await;
    for (id, shown) in [(late, None), (whole, Some("five"))] {
        let row = inbox.room(id, &user("cleo")).await.expect("answered").expect("a member");
        assert_eq!(row.last_message.as_deref(), shown, "nor in the list of rooms");
    }
    let page =
        async |id, who, page| seqs(&inbox.messages(id, who, page, 9).await.expect("answered").expect("a member"));
    assert_eq!(page(late, &ana, MessagePage::Newest).await, (vec![1, 2, 3, 4, 5], false, false), "since the opening");
    assert_eq!(
        page(late, &ben, MessagePage::Newest).await,
        (vec![4, 5], false, false),
        "nothing from before, or while away"
    );
    assert_eq!(page(whole, &ben, MessagePage::Newest).await, (vec![1, 2, 3, 4, 5], false, false));
    for (id, readable) in [(late, false), (whole, true)] {
        let old = message_id(id, 2);
        assert_eq!(inbox.messages_by_id(&[old], &ben).await.expect("answered").len(), usize::from(readable));
        assert_eq!(inbox.message_by_seq(id, 2, &ben).await.expect("answered").is_some(), readable);
        assert_eq!(inbox.versions(old, &ben, 9).await.expect("answered").is_some(), readable);
        assert_eq!(inbox.read_by(old, &ben).await.expect("answered").is_some(), readable);
        let around = inbox.messages(id, &ben, MessagePage::Around(old), 9).await.expect("answered");
        assert_eq!(around.is_some(), readable);
        let pins = inbox.pins(id, &ben, 9).await.expect("answered").expect("a member");
        assert_eq!(pins.len(), usize::from(readable));
        assert_eq!(inbox.replies(message_id(id, 1), &ben, None, 9).await.expect("answered").is_some(), readable);
        let replies = inbox.replies(message_id(id, 4), &ben, None, 9).await.expect("answered").expect("readable");
        assert_eq!(seqs(&replies), (vec![5], false, false));
    }
    driven.stop().await.expect("nothing was wrong");
}

async fn a_page_says_whether_there_is_more_on_either_side(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let group = room(1);
    world.record([opened(1, group, RoomKind::Group, Some("A"), &["ana", "ben"])]).await;
    world.record((1..=9).map(|seq| sent(2, group, seq, "ana", "x"))).await;
    let head = world.record([read(3, group, "ben", 6)]).await;
    driven.caught_up(head).await;
    let (inbox, ben) = (driven.views.inbox(), user("ben"));
    let page = async |page, limit| inbox.messages(group, &ben, page, limit).await.expect("answered").expect("a member");
    let newest = page(MessagePage::Newest, 2).await;
    assert_eq!(seqs(&newest), (vec![8, 9], true, false));
    let before = page(MessagePage::Before(newest.messages[0].position), 3).await;
    assert_eq!(seqs(&before), (vec![5, 6, 7], true, true));
    let first = page(MessagePage::Before(before.messages[0].position), 9).await;
    assert_eq!(seqs(&first), (vec![1, 2, 3, 4], false, true));
    let after = page(MessagePage::After(first.messages[3].position), 2).await;
    assert_eq!(seqs(&after), (vec![5, 6], true, true));
    assert_eq!(seqs(&page(MessagePage::Around(message_id(group, 5)), 5).await), (vec![3, 4, 5, 6, 7], true, true));
    assert_eq!(seqs(&page(MessagePage::Around(message_id(group, 1)), 4).await), (vec![1, 2], false, true));
    assert_eq!(seqs(&page(MessagePage::Unread, 2).await), (vec![7, 8], true, true), "from the first that is unread");
    let head = world.record([read(4, group, "ben", 9)]).await;
    driven.caught_up(head).await;
    assert_eq!(seqs(&page(MessagePage::Unread, 2).await), (vec![8, 9], true, false), "the newest when all is read");
    let replies: Vec<_> =
        (10..=12).map(|seq| answering(sent(5, group, seq, "ben", "y"), message_id(group, 3))).collect();
    let head = world.record(replies).await;
    driven.caught_up(head).await;
    let ask =
        async |after| inbox.replies(message_id(group, 3), &ben, after, 2).await.expect("answered").expect("readable");
    let replies = ask(None).await;
    assert_eq!(seqs(&replies), (vec![10, 11], false, true));
    assert_eq!(seqs(&ask(Some(replies.messages[1].position)).await), (vec![12], true, false));
    driven.stop().await.expect("nothing was wrong");
}

async fn a_message_is_told_with_everything_that_became_of_it(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let group = room(1);
    let head = world
        .record([
            registered(1, "ana", "Ana"),
            opened(2, group, RoomKind::Group, Some("A"), &["ana", "ben", "cleo"]),
            naming(sent(3, group, 1, "ana", "first"), &["ben"], false),
            forwarding(sent(4, group, 2, "ben", "of dian"), room(8), 3, "dian"),
            reacted(5, group, 1, "cleo", "🎉", true),
            reacted(6, group, 1, "ben", "👍", true),
            reacted(7, group, 1, "ana", "🎉", true),
            reacted(8, group, 1, "ana", "🎉", true),
            reacted(9, group, 1, "ben", "👍", false),
            reacted(10, group, 1, "ana", "👍", true),
            naming(edited(11, group, 1, "ana", "second"), &["cleo"], false),
            naming(edited(12, group, 1, "ana", "third"), &["cleo", "ben"], true),
            pinned(13, group, 1, "ben", true),
            pinned(14, group, 2, "ana", true),
        ])
        .await;
    driven.caught_up(head).await;
    let (inbox, cleo) = (driven.views.inbox(), user("cleo"));
    let found = inbox.messages(group, &cleo, MessagePage::Newest, 9).await.expect("answered").expect("a member");
    let first = &found.messages[0];
    assert_eq!((first.content.as_str(), first.edited_at, first.created_at), ("third", Some(at(12)), at(3)));
    assert_eq!((first.mentions.clone(), first.mentions_all), (vec![user("ben"), user("cleo")], true));
    let reactions: Vec<_> =
        first.reactions.iter().map(|one| (one.emoji.as_str(), one.count, one.users.clone())).collect();
    let expected = [("🎉", 2, vec![user("cleo"), user("ana")]), ("👍", 1, vec![user("ana")])];
    assert_eq!(reactions, expected, "the first used first, once each");
    assert_eq!(first.pinned.as_ref().map(|pinned| (&pinned.by, pinned.at)), Some((&user("ben"), at(13))));
    let forwarded = found.messages[1].forwarded.clone().expect("it says where it is from");
    assert_eq!(
        (forwarded.room_id, forwarded.message_id, forwarded.author_id),
        (room(8), message_id(room(8), 3), user("dian"))
    );
    for alone in [
        inbox.messages_by_id(&[first.id], &cleo).await.expect("answered").remove(0),
        inbox.message_by_seq(group, 1, &cleo).await.expect("answered").expect("there"),
    ] {
        assert_eq!(alone, *first, "the same however it is asked for");
    }
    let pins = inbox.pins(group, &cleo, 9).await.expect("answered").expect("a member");
    assert_eq!(pins, [found.messages[1].clone(), first.clone()], "what was pinned last comes first");
    assert_eq!(inbox.pins(group, &cleo, 1).await.expect("answered").expect("a member").len(), 1);
    let versions = inbox.versions(first.id, &cleo, 9).await.expect("answered").expect("readable");
    let said: Vec<_> = versions.iter().map(|version| (version.content.as_str(), version.at)).collect();
    assert_eq!(said, [("first", at(3)), ("second", at(11)), ("third", at(12))]);
    let latest = inbox.versions(first.id, &cleo, 2).await.expect("answered").expect("readable");
    assert_eq!(latest, versions[1..]);
    let shown = async |who| inbox.room(group, &user(who)).await.expect("answered").expect("a member");
    assert_eq!(
        shown("cleo").await.last_message.as_deref(),
        Some("of dian"),
        "an edit of another one changes nothing there"
    );
    let mentions = [shown("ana").await.mentions, shown("ben").await.mentions, shown("cleo").await.mentions];
    assert_eq!(mentions, [0, 0, 1], "not one's own, not what is read, and once whatever names them");
    driven.stop().await.expect("nothing was wrong");
}

async fn behind_its_deletion_nothing_of_a_message_changes(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let group = room(1);
    world
        .record([
            opened(1, group, RoomKind::Group, Some("A"), &["ana", "ben", "cleo"]),
            sent(2, group, 1, "ana", "kept"),
            naming(sent(3, group, 2, "ana", "gone"), &["ben"], true),
            reacted(4, group, 2, "ben", "👍", true),
            pinned(5, group, 2, "ana", true),
            edited(6, group, 2, "ana", "gone again"),
        ])
        .await;
    let head = world
        .record([
            deleted(7, group, 2, "ana", "ben"),
            deleted(8, group, 2, "ana", "ana"),
            naming(edited(9, group, 2, "ana", "back"), &["cleo"], true),
            reacted(10, group, 2, "cleo", "🎉", true),
            reacted(11, group, 2, "ben", "👍", false),
            pinned(12, group, 2, "ana", true),
        ])
        .await;
    driven.caught_up(head).await;
    let (inbox, cleo) = (driven.views.inbox(), user("cleo"));
    let found = inbox.messages(group, &cleo, MessagePage::Newest, 9).await.expect("answered").expect("a member");
    let row = &found.messages[1];
    assert_eq!((row.content.as_str(), row.edited_at, row.pinned.as_ref()), ("", None, None));
    assert_eq!((row.mentions.len(), row.mentions_all, row.reactions.len()), (0, false, 0));
    let deletion = row.deleted.clone().expect("deleted");
    assert_eq!((deletion.by, deletion.at), (user("ben"), at(7)), "the first deletion is it");
    assert_eq!(inbox.versions(row.id, &cleo, 9).await.expect("answered"), Some(vec![]));
    let shown = inbox.room(group, &cleo).await.expect("answered").expect("a member");
    assert_eq!((shown.last_message, shown.last_deleted, shown.last_message_at), (None, true, Some(at(3))));
    assert_eq!((shown.unread, shown.mentions, shown.last_seq), (1, 0, 2), "and nobody waits for it");
    let head = world.record([sent(13, group, 3, "ben", "on")]).await;
    driven.caught_up(head).await;
    let shown = inbox.room(group, &cleo).await.expect("answered").expect("a member");
    assert_eq!((shown.last_message.as_deref(), shown.last_deleted, shown.unread), (Some("on"), false, 2));
    driven.stop().await.expect("nothing was wrong");
}

async fn a_mark_of_unread_counts_what_one_said_oneself(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let group = room(1);
    let head = world
        .record([
            opened(1, group, RoomKind::Group, Some("A"), &["ana", "ben"]),
            sent(2, group, 1, "ben", "one"),
            sent(3, group, 2, "ana", "two"),
            sent(4, group, 3, "ana", "three"),
            deleted(5, group, 2, "ana", "ana"),
        ])
        .await;
    driven.caught_up(head).await;
    let (inbox, ana) = (driven.views.inbox(), user("ana"));
    let shown = async || {
        let row = inbox.room(group, &ana).await.expect("answered").expect("a member");
        (row.unread, row.read_seq, inbox.unread_totals(std::slice::from_ref(&ana)).await.expect("answered"))
    };
    assert_eq!(shown().await, (0, 3, vec![0]));
    let head = world.record([unread_again(6, group, "ana", 0)]).await;
    driven.caught_up(head).await;
    assert_eq!(shown().await, (2, 0, vec![2]), "her own as well, but for the deleted one");
    let head = world.record([read(7, group, "ana", 1), sent(8, group, 4, "ben", "four")]).await;
    driven.caught_up(head).await;
    assert_eq!(shown().await, (2, 1, vec![2]));
    let head = world.record([sent(9, group, 5, "ana", "five")]).await;
    driven.caught_up(head).await;
    assert_eq!(shown().await, (0, 5, vec![0]), "whoever speaks has read");
    driven.stop().await.expect("nothing was wrong");
}

async fn rooms_are_kept_as_their_members_like(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (first, second, third) = (room(1), room(2), room(3));
    let head = world
        .record([
            opened(1, first, RoomKind::Group, Some("A"), &["ana", "ben"]),
            opened(2, second, RoomKind::Direct, None, &["ana", "ben"]),
            opened(3, third, RoomKind::MentorStudent, None, &["ben", "ana"]),
            sent(4, first, 1, "ben", "x"),
            sent(5, second, 1, "ben", "x"),
            sent(6, third, 1, "ben", "x"),
            arranged(7, first, "ana", Arrangement::Pinned),
            arranged(8, second, "ana", Arrangement::Archived { seq: 1 }),
            arranged(9, third, "ana", Arrangement::Muted { until: Some(at(100)) }),
        ])
        .await;
    driven.caught_up(head).await;
    let (inbox, ana) = (driven.views.inbox(), user("ana"));
    let all = RoomsAsk { limit: 9, ..RoomsAsk::default() };
    let list = async |ask| {
        let found = inbox.rooms_of(&ana, &ask).await.expect("answered");
        (found.rooms.iter().map(|(room, _)| room.id).collect::<Vec<_>>(), found.total_unread)
    };
    assert_eq!(list(all).await, (vec![first, third, second], 2), "pinned first; muted counts, archived does not");
    assert_eq!(list(RoomsAsk { archived: Archived::Only, ..all }).await.0, [second]);
    assert_eq!(list(RoomsAsk { archived: Archived::Without, ..all }).await.0, [first, third]);
    assert_eq!(list(RoomsAsk { kind: Some(RoomKind::MentorStudent), ..all }).await.0, [third]);
    let muted = MutedRoom { room_id: third, mute: Mute { until: Some(at(100)) } };
    assert_eq!(inbox.mutes(&ana).await.expect("answered"), (vec![muted], head));
    assert_eq!(inbox.mutes(&user("ben")).await.expect("answered"), (vec![], head), "everybody for themselves");
    assert!(muted.mute.holds_at(at(99)) && !muted.mute.holds_at(at(100)));
    let page = inbox.rooms_of(&ana, &RoomsAsk { limit: 1, ..all }).await.expect("answered");
    assert_eq!(
        list(RoomsAsk { after: Some(page.rooms[0].1), ..all }).await.0,
        [third, second],
        "behind the pinned one"
    );

    let head = world
        .record([
            sent(10, second, 2, "ben", "again"),
            arranged(11, first, "ana", Arrangement::Unpinned),
            arranged(12, third, "ana", Arrangement::Unmuted),
        ])
        .await;
    driven.caught_up(head).await;
    assert_eq!(list(all).await, (vec![second, third, first], 4), "something was said: it is back");
    assert_eq!(list(RoomsAsk { archived: Archived::Only, ..all }).await.0, []);
    assert_eq!(inbox.mutes(&ana).await.expect("answered"), (vec![], head));
    let mute = Arrangement::Muted { until: Some(at(100)) };
    let head = world.record([arranged(13, third, "ana", mute), removed(14, third, "ana")]).await;
    driven.caught_up(head).await;
    assert_eq!(inbox.mutes(&ana).await.expect("answered"), (vec![muted], head), "for when she comes back");
    let head = world.record([added(15, third, &["ana"], 1)]).await;
    driven.caught_up(head).await;
    assert_eq!(inbox.mutes(&ana).await.expect("answered"), (vec![muted], head));
    driven.stop().await.expect("nothing was wrong");
}

async fn a_direct_room_knows_what_was_delivered(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let direct = room(1);
    let head = world
        .record([
            opened(1, direct, RoomKind::Direct, None, &["ana", "ben"]),
            sent(2, direct, 1, "ana", "one"),
            sent(3, direct, 2, "ana", "two"),
            sent(4, direct, 3, "ana", "three"),
            delivered(5, direct, "ben", 2),
            delivered(6, direct, "ben", 1),
        ])
        .await;
    driven.caught_up(head).await;
    let inbox = driven.views.inbox();
    let ben = async || inbox.member(direct, &user("ben")).await.expect("answered").expect("a member");
    let reached = async || (ben().await.delivered_seq, ben().await.delivered_at);
    assert_eq!(reached().await, (2, Some(at(5))), "never back");
    assert_eq!(ben().await.unread, 3, "what has arrived is not read");
    let head = world.record([read(7, direct, "ben", 3)]).await;
    driven.caught_up(head).await;
    assert_eq!(reached().await, (3, Some(at(7))), "what was read has arrived");
    driven.stop().await.expect("nothing was wrong");
}

async fn support_rooms_that_are_open_are_listed_for_whoever_helps(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let head = world
        .record([
            opened(1, room(1), RoomKind::Support, Some("One"), &["ana"]),
            opened(2, room(2), RoomKind::Group, Some("No"), &["ana"]),
            opened(3, room(3), RoomKind::Support, Some("Three"), &["ben"]),
            opened(4, room(4), RoomKind::Support, None, &["ben"]),
            sent(5, room(1), 1, "ana", "help"),
            turned(6, room(3), "ben", RoomEvent::RoomClosed),
        ])
        .await;
    driven.caught_up(head).await;
    let inbox = driven.views.inbox();
    let page = async |after, limit| inbox.open_support_rooms(after, limit).await.expect("answered");
    let open = page(None, 9).await;
    assert_eq!(open.iter().map(|row| row.room_id).collect::<Vec<_>>(), [room(4), room(1)], "opened last first");
    let one = (open[1].name.as_deref(), open[1].opened_by.clone(), open[1].participant_count, open[1].last_seq);
    assert_eq!(one, (Some("One"), user("ana"), 1, 1));
    assert_eq!((open[1].last_message_at, open[1].created_at), (Some(at(5)), at(1)));
    assert_eq!(page(Some(open[0].position), 9).await, open[1..]);
    let head = world.record([turned(7, room(3), "ben", RoomEvent::RoomReopened)]).await;
    driven.caught_up(head).await;
    assert_eq!(page(None, 2).await.iter().map(|row| row.room_id).collect::<Vec<_>>(), [room(4), room(3)]);
    driven.stop().await.expect("nothing was wrong");
}

async fn members_are_paged_by_their_ids(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let group = room(1);
    let head = world
        .record([
            opened(1, group, RoomKind::Group, Some("A"), &["cleo", "ana", "dian", "ben"]),
            sent(2, group, 1, "ana", "x"),
            read(3, group, "dian", 1),
            removed(4, group, "ben"),
        ])
        .await;
    driven.caught_up(head).await;
    let (inbox, ana, zoe) = (driven.views.inbox(), user("ana"), user("zoe"));
    let page = async |after, limit| {
        let found = inbox.members_by_id(group, &ana, after, limit).await.expect("answered").expect("a member");
        found.into_iter().map(|row| (row.user_id.to_string(), row.read_seq)).collect::<Vec<_>>()
    };
    let places =
        |places: &[(&str, u64)]| places.iter().map(|(name, seq)| ((*name).to_owned(), *seq)).collect::<Vec<_>>();
    assert_eq!(page(None, 9).await, places(&[("ana", 1), ("cleo", 0), ("dian", 1)]));
    assert_eq!(page(Some(&ana), 1).await, places(&[("cleo", 0)]));
    assert_eq!(page(Some(&zoe), 9).await, [], "behind the last there is nobody, and that is no refusal");
    driven.stop().await.expect("nothing was wrong");
}

async fn of_a_crowd_that_reacted_and_read_the_first_are_named_and_all_are_counted(backend: Backend) {
    const CROWD: usize = 120;
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let crowd = room(1);
    let crowding: Vec<String> = (0..CROWD).map(|number| format!("m{number:03}")).collect();
    let everybody: Vec<&str> = crowding.iter().map(String::as_str).collect();
    world
        .record([
            opened(1, crowd, RoomKind::Group, Some("Crowd"), &["ana"]),
            added(2, crowd, &everybody, 0),
            sent(3, crowd, 1, "ana", "hi"),
            sent(4, crowd, 2, "ana", "ho"),
        ])
        .await;
    // From the last to the first; one in ten reads the first message only.
    let done = everybody.iter().rev().enumerate().flat_map(|(nth, who)| {
        let up_to = if nth % 10 == 0 { 1 } else { 2 };
        [reacted(5, crowd, 1, who, "👍", true), read(6, crowd, who, up_to)]
    });
    world.record(done.collect::<Vec<_>>()).await;
    driven.caught_up(world.head()).await;
    let (inbox, ana) = (driven.views.inbox(), user("ana"));
    let row = inbox.message_by_seq(crowd, 1, &ana).await.expect("answered").expect("there");
    let [reaction] = &row.reactions[..] else { panic!("{:?}", row.reactions) };
    assert_eq!((reaction.count, reaction.users.len(), &reaction.users[0]), (120, 50, &user("m119")));
    let first = inbox.read_by(row.id, &ana).await.expect("answered").expect("readable");
    assert_eq!(
        (first.count, first.users.len(), &first.users[0]),
        (120, 50, &user("m000")),
        "who read last comes first"
    );
    let second = inbox.read_by(message_id(crowd, 2), &ana).await.expect("answered").expect("readable");
    assert_eq!((second.count, second.users.contains(&user("m119"))), (108, false));
    driven.stop().await.expect("nothing was wrong");
}
