//! Notifications that go further than the feed: what is due, what becomes of it, and what is kept from the feed, put away in
//! it, deleted there, or begins anew.

use aggregates::Timestamp;
use aggregates::notification::{NotificationEvent, NotificationType};
use aggregates::policy::channels::Channel;
use aggregates::policy::choosing::Suppression;
use aggregates::policy::content::Content;
use aggregates::policy::retrying::Became;
use event_log::StoreUrl;
use projections::feed::{DeliveryRow, DeliveryState, DueDelivery, FeedEntry, FeedFilter, FeedPage};
use projections::{RebuildOptions, UnitName, Views, rebuild};

use crate::read_models::events::{
    chose, course, erased, feed_read, marked, noted, notification_id, raised, registered, subscribed,
};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::{verified, verify};
use crate::read_models::tables;
use crate::read_models::told::{decided, ended, kept, scheduled, started, suppressed, worded};
use crate::read_models::world::{Driven, World, at, user};
use crate::support::backend::Backend;

on_every_backend! {
    what_is_due_comes_the_oldest_first_and_it_is_said_when_the_next_is,
    a_delivery_goes_from_state_to_state,
    an_attempt_that_was_given_up_may_still_be_accepted,
    what_was_kept_from_the_feed_is_in_nobodys_and_is_delivered_all_the_same,
    what_is_put_away_is_listed_by_itself_and_counts_as_before,
    what_is_deleted_counts_no_more_and_its_delivery_goes_on,
    what_nobody_was_told_of_begins_anew,
    whoever_was_erased_comes_back_to_nothing,
    somebody_who_was_told_more_than_one_transaction_deletes_is_erased_whole,
    a_delivery_that_drifted_is_found_with_what_it_came_of,
}

const PUSH: Channel = Channel::Push;
const EMAIL: Channel = Channel::Email;

async fn on(backend: Backend) -> Option<(World, Driven)> {
    let world = World::on(backend).await?;
    let driven = Driven::start(world.views().await);
    Some((world, driven))
}

async fn done(world: &World, driven: Driven) {
    verified(world, "at the end").await;
    driven.stop().await.expect("nothing was wrong");
}

async fn list(views: &Views, who: &str, archived: bool) -> Vec<FeedEntry> {
    let filter = FeedFilter { archived, ..FeedFilter::default() };
    views.feed().list(&user(who), &filter, FeedPage::Offset(0), 10_000).await.expect("answered")
}

async fn listed(views: &Views, who: &str, archived: bool) -> Vec<u128> {
    let entries = list(views, who, archived).await;
    entries.into_iter().map(|entry| entry.notification.id.0.as_u128()).collect()
}

async fn unread(views: &Views, who: &str) -> u64 {
    views.feed().unread_counts(&[user(who)]).await.expect("answered")[0]
}

/// Of somebody's notification on a channel.
async fn delivery(views: &Views, who: &str, number: u128, channel: Channel) -> Option<DeliveryRow> {
    let found = views.feed().raised(&user(who), notification_id(number)).await.expect("answered");
    found.and_then(|entry| entry.deliveries.into_iter().find(|row| row.channel == channel))
}

/// On all channels, the oldest first.
pub(super) async fn all_due(views: &Views, now: Timestamp, limit: usize) -> Vec<DueDelivery> {
    let mut all = Vec::new();
    for channel in Channel::ALL {
        all.extend(views.feed().due(channel, now, limit).await.expect("answered"));
    }
    all.sort_by_key(|one| (one.delivery.due, one.delivery.notification_id, one.delivery.channel.name()));
    all.truncate(limit);
    all
}

pub(super) async fn next_due(views: &Views) -> Option<Timestamp> {
    let mut next = None;
    for channel in Channel::ALL {
        let due = views.feed().next_due(channel).await.expect("answered");
        next = [next, due].into_iter().flatten().min();
    }
    next
}

async fn due(views: &Views, nth: i64, limit: usize) -> Vec<(u128, Channel)> {
    let due = all_due(views, at(nth), limit).await;
    due.into_iter().map(|one| (one.delivery.notification_id.0.as_u128(), one.delivery.channel)).collect()
}

async fn what_is_due_comes_the_oldest_first_and_it_is_said_when_the_next_is(backend: Backend) {
    let Some((mut world, driven)) = on(backend).await else { return };
    let views = &driven.views;
    assert_eq!(next_due(views).await, None);
    let position = world
        .record([
            worded(1, 1, "ana", "words"),
            decided(1, 1, "ana", PUSH, scheduled(at(30))),
            decided(1, 1, "ana", EMAIL, scheduled(at(10))),
            raised(2, 2, "ben", NotificationType::Follower),
            decided(2, 2, "ben", PUSH, scheduled(at(20))),
            decided(2, 2, "ben", EMAIL, suppressed(Suppression::NoAddress)),
        ])
        .await;
    driven.caught_up(position).await;
    assert_eq!(next_due(views).await, Some(at(10)));
    assert_eq!(due(views, 9, 10).await, []);
    assert_eq!(due(views, 20, 10).await, [(1, EMAIL), (2, PUSH)]);
    assert_eq!(due(views, 99, 2).await, [(1, EMAIL), (2, PUSH)]);
    let first = all_due(views, at(10), 1).await.pop().expect("is due");
    let content = first.notification.content.as_deref().and_then(Content::parse).expect("its words");
    assert_eq!((content.title.as_str(), first.notification.critical), ("words", true));
    assert_eq!(first.delivery.position, first.notification.position);

    // What is under way comes back when nobody says what came of it.
    let position = world.record([started(10, 1, "ana", EMAIL, 1, "smtp")]).await;
    driven.caught_up(position).await;
    assert_eq!(due(views, 39, 10).await, [(2, PUSH), (1, PUSH)]);
    assert_eq!(due(views, 40, 10).await, [(2, PUSH), (1, PUSH), (1, EMAIL)]);
    let ends = [ended(11, 1, "ana", EMAIL, 1, Became::Accepted), decided(12, 2, "ben", PUSH, scheduled(at(50)))];
    driven.caught_up(world.record(ends).await).await;
    assert_eq!(next_due(views).await, Some(at(30)));
    assert_eq!(due(views, 99, 10).await, [(1, PUSH), (2, PUSH)]);
    done(&world, driven).await;
}

async fn a_delivery_goes_from_state_to_state(backend: Backend) {
    use DeliveryState::{Accepted, Rejected, Suppressed, UnderWay, Waiting};
    let Some((mut world, driven)) = on(backend).await else { return };
    let deferred =
        |nth, provider: Option<&str>| Became::Deferred { due: at(nth), provider: provider.map(str::to_owned) };
    let other = Some("webpush");
    let steps = [
        (decided(1, 1, "ana", PUSH, scheduled(at(5))), (Waiting, None, Some(5), 0, None)),
        (started(5, 1, "ana", PUSH, 1, "onesignal"), (UnderWay, None, Some(35), 1, Some("onesignal"))),
        // The one that it was at is asked again, where nobody else is named.
        (
            ended(6, 1, "ana", PUSH, 1, deferred(9, None)),
            (Waiting, Some("said unavailable"), Some(9), 1, Some("onesignal")),
        ),
        (started(9, 1, "ana", PUSH, 2, "onesignal"), (UnderWay, None, Some(39), 2, Some("onesignal"))),
        (ended(10, 1, "ana", PUSH, 2, deferred(10, other)), (Waiting, Some("said unavailable"), Some(10), 2, other)),
        // Quiet hours have begun.
        (decided(11, 1, "ana", PUSH, scheduled(at(60))), (Waiting, None, Some(60), 2, other)),
        (started(60, 1, "ana", PUSH, 3, "webpush"), (UnderWay, None, Some(90), 3, other)),
        (ended(61, 1, "ana", PUSH, 3, Became::Rejected), (Rejected, Some("said refused"), None, 3, other)),
        (decided(62, 1, "ana", EMAIL, scheduled(at(62))), (Waiting, None, Some(62), 0, None)),
        (started(63, 1, "ana", EMAIL, 1, "smtp"), (UnderWay, None, Some(93), 1, Some("smtp"))),
        (ended(64, 1, "ana", EMAIL, 1, Became::Accepted), (Accepted, None, None, 1, Some("smtp"))),
        (
            decided(65, 1, "ana", Channel::WhatsApp, suppressed(Suppression::MatrixOff)),
            (Suppressed, Some("matrix_off"), None, 0, None),
        ),
    ];
    world.record([raised(1, 1, "ana", NotificationType::Follower)]).await;
    for (event, (state, reason, due, attempts, provider)) in steps {
        let channel = match &event {
            aggregates::DomainEvent::Notification(NotificationEvent::DeliveryDecided(event)) => event.channel,
            aggregates::DomainEvent::Notification(NotificationEvent::AttemptStarted(event)) => event.channel,
            aggregates::DomainEvent::Notification(NotificationEvent::AttemptEnded(event)) => event.channel,
            other => panic!("{other:?}"),
        };
        driven.caught_up(world.record([event.clone()]).await).await;
        let row = delivery(&driven.views, "ana", 1, channel).await.expect("is there");
        let shown = (row.state, row.reason.as_deref(), row.due, row.attempts, row.provider.as_deref());
        assert_eq!(shown, (state, reason, due.map(at), attempts, provider), "{event:?}");
        let accepted = (row.provider_id.as_deref(), row.accepted_at);
        let expected = if state == Accepted { (Some("theirs-1"), Some(at(64))) } else { (None, None) };
        assert_eq!(accepted, expected, "{event:?}");
    }
    let [entry]: [FeedEntry; 1] = list(&driven.views, "ana", false).await.try_into().expect("one entry");
    let channels: Vec<Channel> = entry.deliveries.iter().map(|row| row.channel).collect();
    assert_eq!(channels, [EMAIL, PUSH, Channel::WhatsApp], "a page comes with all of them");
    done(&world, driven).await;
}

async fn an_attempt_that_was_given_up_may_still_be_accepted(backend: Backend) {
    let Some((mut world, driven)) = on(backend).await else { return };
    let position = world
        .record([
            raised(1, 1, "ana", NotificationType::Follower),
            decided(1, 1, "ana", PUSH, scheduled(at(1))),
            started(2, 1, "ana", PUSH, 1, "onesignal"),
            ended(3, 1, "ana", PUSH, 1, Became::Abandoned),
            ended(4, 1, "ana", PUSH, 1, Became::Accepted),
            // Of what was never to go there nothing can end.
            ended(4, 1, "ana", EMAIL, 1, Became::Accepted),
        ])
        .await;
    driven.caught_up(position).await;
    let row = delivery(&driven.views, "ana", 1, PUSH).await.expect("is there");
    assert_eq!((row.state, row.accepted_at, row.reason), (DeliveryState::Accepted, Some(at(4)), None));
    assert_eq!(delivery(&driven.views, "ana", 1, EMAIL).await, None);
    done(&world, driven).await;
}

async fn what_was_kept_from_the_feed_is_in_nobodys_and_is_delivered_all_the_same(backend: Backend) {
    let Some((mut world, driven)) = on(backend).await else { return };
    let position = world
        .record([
            kept(worded(1, 1, "ana", "kept")),
            decided(1, 1, "ana", EMAIL, scheduled(at(2))),
            raised(2, 2, "ana", NotificationType::Follower),
        ])
        .await;
    driven.caught_up(position).await;
    let views = &driven.views;
    assert_eq!((listed(views, "ana", false).await, unread(views, "ana").await), (vec![2], 1));
    assert_eq!(due(views, 2, 10).await, [(1, EMAIL)]);
    // Marks that an older program let through.
    let marks = [
        marked(3, 1, "ana", true),
        marked(4, 1, "ana", false),
        noted(5, 1, "ana", NotificationEvent::NotificationArchived),
        noted(6, 1, "ana", NotificationEvent::NotificationClicked),
        feed_read(7, "ana", position),
    ];
    driven.caught_up(world.record(marks).await).await;
    assert_eq!((listed(views, "ana", false).await, unread(views, "ana").await), (vec![2], 0));
    assert_eq!(listed(views, "ana", true).await, [0; 0]);
    let entry = views.feed().raised(&user("ana"), notification_id(1)).await.expect("answered").expect("is there");
    let row = entry.notification;
    assert_eq!((row.in_feed, row.read_at, row.archived_at, row.clicked_at), (false, None, None, Some(at(6))));
    let by_id = views.feed().by_ids(&user("ana"), &[notification_id(1), notification_id(2)]).await.expect("answered");
    assert_eq!(by_id.len(), 1);
    assert_eq!(views.feed().raised(&user("ben"), notification_id(1)).await.expect("answered"), None, "ana's");
    done(&world, driven).await;
}

async fn what_is_put_away_is_listed_by_itself_and_counts_as_before(backend: Backend) {
    let Some((mut world, driven)) = on(backend).await else { return };
    let kind = NotificationType::Follower;
    world.record((1..=4_i64).map(|number| raised(number, number.unsigned_abs().into(), "ana", kind))).await;
    let archive = |nth, number| noted(nth, number, "ana", NotificationEvent::NotificationArchived);
    let position = world.record([archive(5, 1), archive(6, 3), marked(7, 3, "ana", true)]).await;
    driven.caught_up(position).await;
    let views = &driven.views;
    assert_eq!((listed(views, "ana", false).await, listed(views, "ana", true).await), (vec![4, 2], vec![3, 1]));
    assert_eq!(unread(views, "ana").await, 3, "also what is put away");
    let entry = list(views, "ana", true).await.remove(0);
    assert_eq!((entry.notification.archived_at, entry.notification.read_at), (Some(at(6)), Some(at(7))));
    let filter = FeedFilter { archived: true, unread_only: true, ..FeedFilter::default() };
    let found = views.feed().list(&user("ana"), &filter, FeedPage::Before(position), 9).await.expect("answered");
    assert_eq!(found.len(), 1);

    let back = noted(8, 1, "ana", NotificationEvent::NotificationUnarchived);
    driven.caught_up(world.record([back, feed_read(9, "ana", position)]).await).await;
    assert_eq!((listed(views, "ana", false).await, listed(views, "ana", true).await), (vec![4, 2, 1], vec![3]));
    assert_eq!(unread(views, "ana").await, 0);
    done(&world, driven).await;
}

async fn what_is_deleted_counts_no_more_and_its_delivery_goes_on(backend: Backend) {
    let Some((mut world, driven)) = on(backend).await else { return };
    let delete = |nth, number| noted(nth, number, "ana", NotificationEvent::NotificationDeleted);
    world
        .record([
            worded(1, 1, "ana", "unread"),
            decided(1, 1, "ana", EMAIL, scheduled(at(1))),
            started(2, 1, "ana", EMAIL, 1, "smtp"),
            worded(3, 2, "ana", "read"),
            marked(4, 2, "ana", true),
            worded(5, 3, "ana", "stays"),
        ])
        .await;
    driven.caught_up(world.head()).await;
    assert_eq!(unread(&driven.views, "ana").await, 2);
    // Together with a look at the whole feed, and apart.
    driven.caught_up(world.record([delete(6, 1), marked(7, 1, "ana", false)]).await).await;
    let views = &driven.views;
    assert_eq!((listed(views, "ana", false).await, unread(views, "ana").await), (vec![3, 2], 1));
    driven.caught_up(world.record([delete(8, 2), feed_read(9, "ana", world.head())]).await).await;
    assert_eq!((listed(views, "ana", false).await, unread(views, "ana").await), (vec![3], 0));
    driven.caught_up(world.record([marked(10, 3, "ana", false), delete(11, 3)]).await).await;
    assert_eq!((listed(views, "ana", false).await, unread(views, "ana").await), (vec![], 0));
    let entry = views.feed().raised(&user("ana"), notification_id(1)).await.expect("answered").expect("is there");
    assert_eq!((entry.notification.in_feed, entry.notification.content), (false, None));
    assert_eq!(due(views, 99, 9).await, [(1, EMAIL)], "somebody waits for its outcome");
    driven.caught_up(world.record([ended(12, 1, "ana", EMAIL, 1, Became::Accepted)]).await).await;
    let row = delivery(views, "ana", 1, EMAIL).await.expect("is there");
    assert_eq!(row.state, DeliveryState::Accepted);
    done(&world, driven).await;
}

async fn what_nobody_was_told_of_begins_anew(backend: Backend) {
    let Some((mut world, driven)) = on(backend).await else { return };
    let off = suppressed(Suppression::ChannelOff);
    let position = world
        .record([
            kept(worded(1, 1, "ana", "first")),
            decided(1, 1, "ana", PUSH, off),
            decided(1, 1, "ana", EMAIL, off),
            noted(2, 1, "ana", NotificationEvent::NotificationClicked),
        ])
        .await;
    driven.caught_up(position).await;
    let anew = [raised(3, 1, "ana", NotificationType::Mention), decided(3, 1, "ana", PUSH, scheduled(at(4)))];
    let position = world.record(anew).await;
    driven.caught_up(position).await;
    let views = &driven.views;
    assert_eq!((listed(views, "ana", false).await, unread(views, "ana").await), (vec![1], 1));
    let [FeedEntry { notification: row, deliveries }]: [FeedEntry; 1] =
        list(views, "ana", false).await.try_into().expect("one");
    assert_eq!((row.kind, row.content, row.clicked_at), (NotificationType::Mention, None, None));
    assert_eq!(row.position.0, position.0 - 1, "where it began anew");
    let left: Vec<_> = deliveries.iter().map(|row| (row.channel, row.state)).collect();
    assert_eq!(left, [(PUSH, DeliveryState::Waiting)], "nothing is left of what was decided before");
    // Twice in one batch, and over an entry that counts: no rule does that, and the count holds all the same.
    let twice = [
        raised(5, 1, "ana", NotificationType::Mention),
        raised(6, 2, "ana", NotificationType::Mention),
        kept(raised(7, 2, "ana", NotificationType::Mention)),
        raised(8, 2, "ana", NotificationType::Mention),
    ];
    driven.caught_up(world.record(twice).await).await;
    assert_eq!((listed(views, "ana", false).await, unread(views, "ana").await), (vec![2, 1], 2));
    done(&world, driven).await;
}

async fn whoever_was_erased_comes_back_to_nothing(backend: Backend) {
    let Some((mut world, driven)) = on(backend).await else { return };
    let kind = NotificationType::Follower;
    let position = world
        .record([
            registered(1, "ana", "ana"),
            worded(2, 1, "ana", "unread"),
            decided(2, 1, "ana", EMAIL, scheduled(at(2))),
            started(3, 1, "ana", EMAIL, 1, "smtp"),
            kept(worded(3, 2, "ana", "kept")),
            decided(3, 2, "ana", PUSH, scheduled(at(3))),
            raised(4, 3, "ana", kind),
            noted(4, 3, "ana", NotificationEvent::NotificationArchived),
            raised(5, 4, "ben", kind),
            decided(5, 4, "ben", PUSH, scheduled(at(5))),
        ])
        .await;
    driven.caught_up(position).await;
    // What goes, what comes behind it, and what comes too late, in one batch.
    let behind = [
        raised(6, 5, "ana", kind),
        decided(6, 5, "ana", PUSH, scheduled(at(6))),
        marked(6, 3, "ana", true),
        feed_read(6, "ana", position),
        erased(7, "ana"),
        ended(8, 1, "ana", EMAIL, 1, Became::Accepted),
        decided(8, 2, "ana", PUSH, suppressed(Suppression::Gone)),
        marked(8, 1, "ana", false),
        // Of the same cause, for somebody new.
        raised(9, 3, "ana", kind),
        raised(9, 6, "ana", kind),
        decided(9, 6, "ana", PUSH, scheduled(at(9))),
    ];
    let position = world.record(behind).await;
    driven.caught_up(position).await;
    begins_with_nothing(&driven.views).await;
    verified(&world, "after an erasure").await;
    let read = [feed_read(10, "ana", position), marked(11, 3, "ana", false)];
    driven.caught_up(world.record(read).await).await;
    assert_eq!(unread(&driven.views, "ana").await, 1);
    driven.stop().await.expect("nothing was wrong");
    let (url, options) = (world.store.store_url(), RebuildOptions::default());
    rebuild(&url, world.log.clone(), UnitName::Feed, &options, &|_| {}).await.expect("rebuilt");
    let rebuilt = Driven::start(world.views().await);
    assert_eq!(unread(&rebuilt.views, "ana").await, 1);
    done(&world, rebuilt).await;
}

async fn begins_with_nothing(views: &Views) {
    assert_eq!((listed(views, "ana", false).await, unread(views, "ana").await), (vec![6, 3], 2));
    assert_eq!(listed(views, "ana", true).await, [0; 0]);
    for number in [1, 2, 5] {
        let found = views.feed().raised(&user("ana"), notification_id(number)).await.expect("answered");
        assert_eq!(found, None, "{number} was somebody else's");
    }
    assert_eq!(due(views, 99, 9).await, [(4, PUSH), (6, PUSH)]);
    assert_eq!((listed(views, "ben", false).await, unread(views, "ben").await), (vec![4], 1));
}

/// More rows than one transaction of an erasure deletes, in every place where they are; live and by a rebuild.
async fn somebody_who_was_told_more_than_one_transaction_deletes_is_erased_whole(backend: Backend) {
    const EACH: u128 = 2_300;
    let Some((mut world, driven)) = on(backend).await else { return };
    let mut told =
        vec![registered(1, "ana", "ana"), chose(1, "ana", aggregates::policy::settings::Settings::default())];
    for number in 1..=EACH {
        let kind = NotificationType::Follower;
        told.push(raised(2, number, "ana", kind));
        told.push(decided(2, number, "ana", PUSH, scheduled(at(2))));
        told.push(kept(raised(2, EACH + number, "ana", kind)));
        told.push(raised(2, 2 * EACH + number, "ben", kind));
    }
    for course_number in 0..2_300 {
        told.push(subscribed(3, "ana", course(&format!("c-{course_number}")), &[PUSH], false));
    }
    let head = world.record(told).await;
    driven.caught_up(head).await;
    assert_eq!(unread(&driven.views, "ana").await, 2_300);
    few_at_a_time(&world).await;
    driven.caught_up(world.record([erased(4, "ana")]).await).await;
    all_of_ben(&driven.views).await;
    verified(&world, "after the erasure").await;
    driven.stop().await.expect("nothing was wrong");
    let (url, options) = (world.store.store_url(), RebuildOptions::default());
    rebuild(&url, world.log.clone(), UnitName::Feed, &options, &|_| {}).await.expect("rebuilt");
    let rebuilt = Driven::start(world.views().await);
    all_of_ben(&rebuilt.views).await;
    done(&world, rebuilt).await;
}

async fn all_of_ben(views: &Views) {
    assert_eq!((list(views, "ana", false).await.len(), unread(views, "ana").await), (0, 0));
    assert_eq!((list(views, "ben", false).await.len(), unread(views, "ben").await), (2_300, 2_300));
    assert_eq!(next_due(views).await, None);
    let any = projections::feed::TopicFilter::default();
    assert_eq!(views.feed().subscriptions(&user("ana"), &any, None, 9).await.expect("answered"), []);
}

/// From now on no statement may delete more rows than one transaction of an erasure does. On SQLite, which cannot count a
/// statement's rows, a unit test holds it.
async fn few_at_a_time(world: &World) {
    let StoreUrl::Postgres(_) = world.store.store_url() else { return };
    let mut sql = "CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF (SELECT count(*) FROM gone) > 2000 THEN RAISE 'too many at once'; END IF; RETURN NULL; END $$;"
        .to_owned();
    for table in ["notifications", "deliveries", "subscriptions"] {
        sql.push_str(&format!(
            "CREATE TRIGGER few AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
             FOR EACH STATEMENT EXECUTE FUNCTION few();"
        ));
    }
    tables::run(&world.store, UnitName::Feed, 1, &sql).await;
}

async fn a_delivery_that_drifted_is_found_with_what_it_came_of(backend: Backend) {
    let Some((mut world, driven)) = on(backend).await else { return };
    let position = world
        .record([
            raised(1, 1, "ana", NotificationType::Follower),
            decided(1, 1, "ana", PUSH, scheduled(at(1))),
            decided(1, 1, "ana", EMAIL, scheduled(at(1))),
            started(2, 1, "ana", PUSH, 1, "onesignal"),
            feed_read(3, "ana", world.head()),
        ])
        .await;
    driven.caught_up(position).await;
    driven.stop().await.expect("nothing was wrong");
    tables::run(&world.store, UnitName::Feed, 1, "UPDATE deliveries SET due = 7 WHERE channel = 'PUSH'").await;
    let report = verify(&world, UnitName::Feed).await;
    let found: Vec<(&str, Vec<&str>)> = report
        .differences
        .iter()
        .map(|one| (one.table, one.touched_by.iter().map(|touching| touching.event).collect()))
        .collect();
    assert_eq!(
        found,
        [("deliveries", vec!["notification_raised", "delivery_decided", "attempt_started"])],
        "{report:?}"
    );
}
