//! The answers after events: every question of both units, spelled out.

use aggregates::ids::GroupId;
use aggregates::notification::NotificationType;
use aggregates::relationship::RelationshipEvent;
use aggregates::room::{HistoryFrom, Role, RoomKind};
use event_log::Position;
use projections::feed::{FeedFilter, FeedPage};
use projections::inbox::{MessagePage, RoomCursor, RoomNature, RoomsAsk, Stay};

use crate::read_models::events::{
    added, feed_read, marked, message_id, notification_id, opened, opened_in, raised, read, registered, relation,
    removed, renamed, role, sent,
};
use crate::read_models::on_every_backend;
use crate::read_models::world::{Driven, World, at, room, user};
use crate::support::backend::Backend;

on_every_backend! {
    a_message_is_shown_counted_and_read,
    who_rejoins_starts_at_the_rejoin,
    a_groups_rooms_are_found_of_who_is_in_them_now,
    rooms_come_latest_first_and_are_found_by_name,
    messages_page_both_ways,
    members_come_most_recently_active_first,
    follows_are_counted_and_paged,
    a_feed_is_read_in_the_order_of_the_log,
    a_feed_is_filtered_and_paged,
}

async fn a_message_is_shown_counted_and_read(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (direct, long) = (room(1), "ü".repeat(150));
    let position = world
        .record([
            registered(1, "ana", "Ana"),
            opened(2, direct, RoomKind::Direct, None, &["ben", "ana"]),
            sent(3, direct, 1, "ana", "hi"),
            sent(4, direct, 2, "ana", &long),
        ])
        .await;
    driven.caught_up(position).await;
    let inbox = driven.views.inbox();

    let ben = inbox.room(direct, &user("ben")).await.expect("answered").expect("a member");
    assert_eq!((ben.unread, ben.last_seq, ben.participant_count), (2, 2, 2));
    assert_eq!(ben.pair, Some((user("ana"), user("ben"))), "sorted, whoever opened it");
    assert_eq!(ben.last_message.as_deref(), Some("ü".repeat(100).as_str()));
    assert_eq!((ben.last_message_at, ben.created_at, ben.updated_at), (Some(at(4)), at(2), at(4)));
    let ana = inbox.member(direct, &user("ana")).await.expect("answered").expect("a member");
    assert_eq!((ana.unread, ana.read_seq, ana.last_read_at), (0, 2, Some(at(4))), "own words are read");
    assert_eq!(inbox.room(direct, &user("cleo")).await.expect("answered"), None, "a stranger sees nothing");

    let position = world.record([read(5, direct, "ben", 1), read(6, direct, "ana", 1)]).await;
    driven.caught_up(position).await;
    assert_eq!(inbox.unread_totals(&[user("ben"), user("cleo"), user("ana")]).await.expect("answered"), [1, 0, 0]);
    let ana = inbox.member(direct, &user("ana")).await.expect("answered").expect("a member");
    assert_eq!((ana.read_seq, ana.last_read_at), (2, Some(at(4))), "a pointer never goes back");
    let message = inbox.message_by_seq(direct, 2, &user("ben")).await.expect("answered").expect("there");
    assert_eq!((message.content, message.sender_id, message.id), (long, user("ana"), message_id(direct, 2)));
    assert_eq!(inbox.checkpoint().await.expect("answered"), position);
    let people = inbox.users(&[user("ben"), user("ana")]).await.expect("answered");
    assert_eq!(people.len(), 1, "ben never told who he is");
    assert_eq!(people[0].person.name.as_deref(), Some("Ana"));
    driven.stop().await.expect("nothing was wrong");
}

async fn who_rejoins_starts_at_the_rejoin(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let group = room(1);
    world
        .record([
            opened(1, group, RoomKind::Group, Some("Kopi"), &["ana", "ben"]),
            sent(2, group, 1, "ana", "one"),
            sent(3, group, 2, "ana", "two"),
            removed(4, group, "ben"),
            sent(5, group, 3, "ana", "three"),
        ])
        .await;
    let away = world.head();
    driven.caught_up(away).await;
    let inbox = driven.views.inbox();
    assert_eq!(inbox.member(group, &user("ben")).await.expect("answered"), None);
    assert_eq!(inbox.memberships(&user("ben")).await.expect("answered"), (vec![], away));
    assert_eq!(inbox.member_ids(group, 10).await.expect("answered"), [user("ana")]);

    let back = world.record([added(6, group, &["ben"], 3), sent(7, group, 4, "ana", "four")]).await;
    driven.caught_up(back).await;
    let ben = inbox.member(group, &user("ben")).await.expect("answered").expect("back");
    assert_eq!((ben.unread, ben.read_seq, ben.joined_at), (1, 0, at(6)));
    assert_eq!(
        inbox.memberships(&user("ben")).await.expect("answered"),
        (vec![Stay { room_id: group, from: Position(back.0 - 1), join_seq: 3 }], back)
    );

    let ben = user("ben");
    let went_out = |after, until| inbox.went_out(&ben, Position(after), until, 10);
    let removal = Position(away.0 - 1);
    assert_eq!(went_out(0, back).await.expect("answered"), [(group, removal)], "also who is back");
    assert_eq!(went_out(removal.0, back).await.expect("answered"), []);
    assert_eq!(went_out(0, Position(removal.0 - 1)).await.expect("answered"), []);
    let nature = inbox.room_nature(group).await.expect("answered").expect("opened");
    assert_eq!(nature, RoomNature { pair: None, history_from: HistoryFrom::Start });
    assert_eq!(inbox.room_nature(room(9)).await.expect("answered"), None);

    let position = world
        .record([
            role(8, group, "ben", Role::Admin),
            // Left, back and speaking again within one batch.
            removed(9, group, "ben"),
            added(10, group, &["ben"], 4),
            sent(11, group, 5, "ben", "five"),
        ])
        .await;
    driven.caught_up(position).await;
    let ben = inbox.member(group, &user("ben")).await.expect("answered").expect("back again");
    assert_eq!((ben.unread, ben.read_seq, ben.role), (0, 5, Role::Member));
    let seen = inbox.room(group, &user("ben")).await.expect("answered").expect("a member");
    assert_eq!(seen.participant_count, 2);
    driven.stop().await.expect("nothing was wrong");
}

async fn a_groups_rooms_are_found_of_who_is_in_them_now(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let position = world
        .record([
            opened_in(1, "kelas-7", room(1), &["ana", "ben"]),
            opened_in(2, "kelas-7", room(2), &["ana", "ben"]),
            opened_in(3, "kelas-8", room(3), &["ana", "ben"]),
            opened(4, room(4), RoomKind::Group, Some("Kopi"), &["ben"]),
            removed(5, room(2), "ben"),
        ])
        .await;
    driven.caught_up(position).await;
    let found = async |who: &str, group: &str| {
        let group = GroupId::parse(group).expect("an id");
        driven.views.inbox().memberships_in(&user(who), &group).await.expect("answered")
    };
    assert_eq!(found("ana", "kelas-7").await, [room(1), room(2)]);
    assert_eq!(found("ben", "kelas-7").await, [room(1)]);
    assert_eq!(found("ben", "kelas-8").await, [room(3)]);
    assert_eq!((found("cleo", "kelas-7").await, found("ana", "kelas-9").await), (vec![], vec![]));
    driven.stop().await.expect("nothing was wrong");
}

async fn rooms_come_latest_first_and_are_found_by_name(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (kopi, ben, quiet) = (room(1), room(2), room(3));
    let position = world
        .record([
            registered(1, "ben", "Bernadétte"),
            opened(2, kopi, RoomKind::Group, Some("KÓPI 100%"), &["ana", "cleo"]),
            opened(3, ben, RoomKind::Direct, None, &["ana", "ben"]),
            opened(4, quiet, RoomKind::Group, Some("Quiet"), &["ana"]),
            sent(5, kopi, 1, "cleo", "hi"),
        ])
        .await;
    driven.caught_up(position).await;
    let inbox = driven.views.inbox();
    let ana = user("ana");
    let ids = |rooms: &[(projections::inbox::RoomRow, RoomCursor)]| -> Vec<_> {
        rooms.iter().map(|(room, _)| room.id).collect()
    };

    let ask = RoomsAsk { limit: 10, ..RoomsAsk::default() };
    let all = inbox.rooms_of(&ana, &ask).await.expect("answered").rooms;
    assert_eq!(ids(&all), [kopi, quiet, ben]);
    let first = inbox.rooms_of(&ana, &RoomsAsk { limit: 1, ..ask }).await.expect("answered").rooms;
    let rest = inbox.rooms_of(&ana, &RoomsAsk { after: Some(first[0].1), ..ask }).await.expect("answered").rooms;
    assert_eq!(ids(&rest), [quiet, ben], "a page begins behind the one before");
    for (search, found) in [
        ("kópi", vec![kopi]),
        ("100%", vec![kopi]),
        ("%", vec![kopi]),
        ("BERNADÉT", vec![ben]),
        ("nadétte_", vec![ben]),
        ("ana", vec![]),
        ("  ", vec![kopi, quiet, ben]),
    ] {
        let rooms = inbox.rooms_of(&ana, &RoomsAsk { search: Some(search), ..ask }).await.expect("answered");
        assert_eq!(ids(&rooms.rooms), found, "searching {search:?}");
        assert_eq!(rooms.total_unread, 1, "whatever is searched for");
    }
    let position = world.record([renamed(6, "ben", "Zoë")]).await;
    driven.caught_up(position).await;
    let renamed = inbox.rooms_of(&ana, &RoomsAsk { search: Some("zoË"), ..ask }).await.expect("answered");
    assert_eq!(ids(&renamed.rooms), [ben]);
    driven.stop().await.expect("nothing was wrong");
}

async fn messages_page_both_ways(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (group, other) = (room(1), room(2));
    world
        .record([
            opened(1, group, RoomKind::Group, Some("A"), &["ana"]),
            opened(2, other, RoomKind::Group, Some("B"), &["ana"]),
        ])
        .await;
    for seq in 1..=5 {
        world.record([sent(3, group, seq, "ana", "x"), sent(3, other, seq, "ana", "y")]).await;
    }
    driven.caught_up(world.head()).await;
    let inbox = driven.views.inbox();
    let seqs = |messages: &[projections::inbox::MessageRow]| messages.iter().map(|row| row.seq).collect::<Vec<_>>();

    let ana = user("ana");
    let page = async |page| {
        let found = inbox.messages(group, &ana, page, 2).await.expect("answered");
        found.expect("a member").messages
    };
    let newest = page(MessagePage::Newest).await;
    assert_eq!(seqs(&newest), [4, 5]);
    let before = page(MessagePage::Before(newest[0].position)).await;
    assert_eq!(seqs(&before), [2, 3]);
    let after = page(MessagePage::After(before[0].position)).await;
    assert_eq!(seqs(&after), [3, 4]);
    let asked = [message_id(other, 1), message_id(group, 9), message_id(group, 1)];
    let found = inbox.messages_by_id(&asked, &ana).await;
    let found: Vec<_> = found.expect("answered").into_iter().map(|row| row.room_id).collect();
    assert_eq!(found, [other, group], "in the order asked");
    driven.stop().await.expect("nothing was wrong");
}

async fn members_come_most_recently_active_first(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (group, other) = (room(1), room(2));
    let position = world
        .record([
            opened(1, group, RoomKind::Group, Some("A"), &["ana", "ben", "cleo", "dian"]),
            opened(2, other, RoomKind::Group, Some("B"), &["eko"]),
            sent(3, group, 1, "cleo", "x"),
            read(4, group, "ben", 1),
            read(5, group, "dian", 1),
            removed(6, group, "dian"),
        ])
        .await;
    driven.caught_up(position).await;
    let inbox = driven.views.inbox();
    let names = |members: Vec<projections::inbox::MemberRow>| -> Vec<String> {
        members.into_iter().map(|member| member.user_id.to_string()).collect()
    };
    assert_eq!(names(inbox.members(&[other, group], 10).await.expect("answered")), ["eko", "ben", "cleo", "ana"]);
    assert_eq!(names(inbox.members(&[group], 2).await.expect("answered")), ["ben", "cleo"]);
    driven.stop().await.expect("nothing was wrong");
}

async fn follows_are_counted_and_paged(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let follow = |nth, from, to| relation(nth, from, to, RelationshipEvent::UserFollowed);
    let position = world
        .record([
            follow(1, "ana", "ben"),
            follow(2, "cleo", "ben"),
            follow(3, "ben", "ana"),
            follow(4, "cleo", "ben"),
            relation(5, "dian", "ana", RelationshipEvent::UserBlocked),
        ])
        .await;
    driven.caught_up(position).await;
    let inbox = driven.views.inbox();
    let (ana, ben, cleo, dian) = (user("ana"), user("ben"), user("cleo"), user("dian"));
    assert_eq!(inbox.follow_counts(&ben).await.expect("answered"), (2, 1), "a repeated follow is one");
    assert!(inbox.follows(&cleo, &ben).await.expect("answered"));
    assert!(!inbox.follows(&ben, &cleo).await.expect("answered"));
    assert!(inbox.blocks(&dian, &ana).await.expect("answered") && !inbox.blocks(&ana, &dian).await.expect("answered"));
    let followers = inbox.followers(&ben, &ben, None, 10).await.expect("answered");
    let seen: Vec<_> = followers.iter().map(|row| (row.user_id.as_str(), row.is_following)).collect();
    assert_eq!(seen, [("cleo", false), ("ana", true)], "latest first; whether the asking one follows them");
    let behind = inbox.followers(&ben, &ben, Some(followers[0].position), 10).await.expect("answered");
    assert_eq!(behind[0].user_id, ana);
    assert_eq!(inbox.following(&ana, &cleo, None, 10).await.expect("answered")[0].followed_at, at(1));

    let position = world
        .record([
            relation(6, "ana", "ben", RelationshipEvent::UserUnfollowed),
            relation(7, "ana", "ben", RelationshipEvent::UserUnfollowed),
            relation(8, "dian", "ana", RelationshipEvent::UserUnblocked),
        ])
        .await;
    driven.caught_up(position).await;
    assert_eq!(inbox.follow_counts(&ben).await.expect("answered"), (1, 1));
    assert_eq!(inbox.follow_counts(&ana).await.expect("answered"), (1, 0));
    assert!(!inbox.blocks(&dian, &ana).await.expect("answered"));
    driven.stop().await.expect("nothing was wrong");
}

async fn a_feed_is_read_in_the_order_of_the_log(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let kind = NotificationType::Follower;
    let second = world.record([raised(1, 1, "ana", kind), raised(2, 2, "ana", kind), raised(3, 9, "ben", kind)]).await;
    let second = event_log::Position(second.0 - 1);
    let position = world
        .record([
            raised(4, 3, "ana", kind),
            marked(5, 1, "ana", true),
            feed_read(6, "ana", second),
            marked(7, 2, "ana", false),
        ])
        .await;
    driven.caught_up(position).await;
    let feed = driven.views.feed();
    let (ana, ben) = (user("ana"), user("ben"));
    let list = feed.list(&ana, &FeedFilter::default(), FeedPage::Offset(0), 10).await.expect("answered");
    let seen: Vec<_> = list.iter().map(|entry| (entry.notification.id, entry.notification.read_at)).collect();
    assert_eq!(
        seen,
        [
            (notification_id(3), None),        // raised behind what was read
            (notification_id(2), None),        // marked unread afterwards
            (notification_id(1), Some(at(5))), // read before: keeps its moment
        ]
    );
    assert_eq!(feed.unread_counts(&[ben.clone(), ana.clone()]).await.expect("answered"), [1, 2]);

    let position = world.record([feed_read(8, "ana", world.head()), feed_read(9, "ben", second)]).await;
    driven.caught_up(position).await;
    assert_eq!(feed.unread_counts(&[ben, ana.clone()]).await.expect("answered"), [1, 0]);
    let by_id = feed.by_ids(&ana, &[notification_id(9), notification_id(2)]).await.expect("answered");
    assert_eq!(by_id.len(), 1, "somebody else's is not there");
    assert_eq!(by_id[0].notification.read_at, Some(at(8)));
    driven.stop().await.expect("nothing was wrong");
}

async fn a_feed_is_filtered_and_paged(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let kinds = [NotificationType::Follower, NotificationType::Mention, NotificationType::Comment];
    for number in 1..=6_u32 {
        let kind = kinds[number as usize % 3];
        world.record([raised(i64::from(number), u128::from(number), "ana", kind)]).await;
    }
    let position = world.record([marked(9, 6, "ana", true)]).await;
    driven.caught_up(position).await;
    let feed = driven.views.feed();
    let ana = user("ana");
    let ask = async |kinds: &[NotificationType], unread_only, page| -> Vec<u128> {
        let filter = FeedFilter { kinds: kinds.to_vec(), unread_only, archived: false };
        let rows = feed.list(&ana, &filter, page, 2).await.expect("answered");
        rows.into_iter().map(|entry| entry.notification.id.0.as_u128()).collect()
    };
    assert_eq!(ask(&[], false, FeedPage::Offset(0)).await, [6, 5]);
    assert_eq!(ask(&[], false, FeedPage::Offset(4)).await, [2, 1]);
    assert_eq!(ask(&[], true, FeedPage::Offset(0)).await, [5, 4]);
    assert_eq!(ask(&kinds[..2], false, FeedPage::Offset(1)).await, [4, 3]);
    let last = feed.list(&ana, &FeedFilter::default(), FeedPage::Offset(1), 1).await.expect("answered");
    assert_eq!(ask(&[], false, FeedPage::Before(last[0].notification.position)).await, [4, 3]);
    driven.stop().await.expect("nothing was wrong");
}
