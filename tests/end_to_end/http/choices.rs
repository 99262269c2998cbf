//! Preferences and subscriptions, as somebody chooses them.

use aggregates::ids::UserId;
use aggregates::subscription::{Join, SubscriptionCommand, Topic};
use aggregates::{Command, StreamId, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Answer, Person, answer};

on_every_backend![
    preferences_change_by_what_is_named_and_are_ones_own,
    a_subscription_is_made_changed_listed_and_ended,
    an_explicit_unsubscribe_is_remembered_until_one_subscribes_again,
    a_choice_under_a_key_is_made_once_and_answered_as_it_is_now,
    nobody_subscribes_to_themselves_or_to_nobody,
    who_comes_back_after_an_erasure_has_chosen_nothing,
];

const PREFERENCES: &str = "/api/notifications/preferences";
const SUBSCRIBE: &str = "/api/notifications/subscribe";
/// Than any of these tests: 2100.
const LATER: i64 = 4_102_444_800_000;

async fn put(person: &Person, body: Value) -> Answer {
    answer(person.ask(Method::PUT, PREFERENCES).json(&body)).await
}

async fn preferences(person: &Person, after: &str) -> Value {
    person.get(&format!("{PREFERENCES}?after={after}")).await.ok()["preferences"].clone()
}

async fn subscriptions(person: &Person, query: &str) -> Value {
    person.get(&format!("{SUBSCRIBE}?{query}")).await.ok()["subscriptions"].clone()
}

fn to(kind: &str, id: &str) -> Value {
    json!({"subscriptionType": kind, "targetId": id})
}

/// As what the platform tells will do: no route of a person's does.
async fn joins(app: &TestApp, person: &Person, kind: &str, id: &str) {
    let topic: Topic = serde_json::from_value(json!({"kind": kind, "target_id": id})).expect("a topic");
    let user_id = UserId::parse(&person.id).expect("an id");
    let stream = StreamId::subscription(&user_id, &topic);
    let join = Join { user_id, topic, target_exists: false, erased_before: 0, at: Timestamp::from_millis(LATER) };
    app.decides_elsewhere(stream, Command::Subscription(SubscriptionCommand::Join(join))).await;
}

fn defaults() -> Value {
    json!({
        "enableAllEmail": true, "enableAllWhatsApp": false, "enableAllPush": true, "enableAllInApp": true,
        "chatNotifications": true, "commentNotifications": true, "postNotifications": true, "courseNotifications": true,
        "eventNotifications": true, "transactionNotifications": true, "followerNotifications": true,
        "achievementNotifications": true, "systemNotifications": true, "affiliateNotifications": true,
        "enableQuietHours": false, "quietHoursStart": "22:00", "quietHoursEnd": "07:00",
        "timeZone": null, "locale": null, "matrix": {},
    })
}

fn with(mut known: Value, changes: Value) -> Value {
    let more = changes.as_object().expect("an object").clone();
    known.as_object_mut().expect("an object").extend(more);
    known
}

async fn preferences_change_by_what_is_named_and_are_ones_own(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    assert_eq!(ana.get(PREFERENCES).await.ok()["preferences"], defaults());
    let wish = json!({"enableAllPush": false, "chatNotifications": false, "quietHoursStart": "21:30", "locale": "en",
        "timeZone": "Asia/Makassar", "matrix": {"POST": {"PUSH": true, "EMAIL": false}}});
    let changed = put(&ana, wish.clone()).await;
    let (after, shown) = (changed.position(), changed.ok()["preferences"].clone());
    assert_eq!(shown, with(defaults(), wish));
    assert_eq!(preferences(&ana, &after).await, shown);
    assert_eq!(preferences(&ben, &after).await, defaults(), "nobody else's");

    let head = app.head().await;
    let same = put(&ana, shown.clone()).await;
    assert_eq!((app.head().await, same.ok()["preferences"].clone()), (head, shown.clone()), "what it is already");
    assert_eq!(put(&ana, json!({})).await.ok()["preferences"], shown);
    let cells =
        json!({"timeZone": null, "locale": null, "matrix": {"POST": {"PUSH": null}, "FOLLOW": {"pusher": false}}});
    let changed = put(&ana, cells).await;
    let left = json!({"timeZone": null, "locale": null,
        "matrix": {"POST": {"EMAIL": false}, "FOLLOWER": {"IN_APP": false}}});
    assert_eq!(preferences(&ana, &changed.position()).await, with(shown, left));
    put(&ana, json!({"matrix": {"POST": {"PUSH": "x"}}})).await.is_problem(422, Some("matrix.POST.PUSH"));
    put(&ana, json!({"timeZone": "WIB", "locale": "id"})).await.is_problem(422, Some("timeZone"));
    app.stop().await;
}

async fn a_subscription_is_made_changed_listed_and_ended(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let made = ana.post(SUBSCRIBE, to("COURSE", "c-1")).await.ok();
    let all_but_whatsapp = json!({"subscriptionType": "COURSE", "targetId": "c-1", "enableEmail": true,
        "enableWhatsApp": false, "enablePush": true, "enableInApp": true, "isAutoSubscribed": false});
    assert_eq!((&made["message"], &made["subscription"]), (&json!("Subscribed successfully"), &all_but_whatsapp));
    // By the older name, and changed in two things alone.
    let wish = json!({"targetType": "COURSE", "targetId": "c-1",
        "preferences": {"enableWhatsApp": true, "enablePush": false, "enableEmail": null}});
    let changed = ana.post(SUBSCRIBE, wish).await.ok()["subscription"].clone();
    assert_eq!(changed, with(all_but_whatsapp, json!({"enableWhatsApp": true, "enablePush": false})));
    for (kind, id) in [("GROUP", "g-1"), ("EVENT", "e-1"), ("POST", "p-1"), ("USER", "ben")] {
        ana.post(SUBSCRIBE, to(kind, id)).await.ok();
    }
    let last = ben.post(SUBSCRIBE, to("COURSE", "c-1")).await.position();
    let kinds = async |query: String| -> Vec<String> {
        let listed = subscriptions(&ana, &query).await;
        let kind = |one: &Value| one["subscriptionType"].as_str().expect("a type").to_owned();
        listed.as_array().expect("a list").iter().map(kind).collect()
    };
    assert_eq!(kinds(format!("after={last}")).await, ["COURSE", "EVENT", "GROUP", "POST", "USER"]);
    assert_eq!(kinds("subscriptionType=POST".to_owned()).await, ["POST"]);
    assert_eq!(kinds("targetType=POST&targetId=p-2".to_owned()).await, [""; 0]);
    assert_eq!(subscriptions(&ana, "targetId=c-1").await, json!([changed]));
    let first = ana.get(&format!("{SUBSCRIBE}?limit=2")).await.ok();
    let cursor = first["nextCursor"].as_str().expect("there are more").to_owned();
    assert_eq!(kinds(format!("limit=2&cursor={cursor}")).await, ["GROUP", "POST"]);

    let ended = ana.delete(&format!("{SUBSCRIBE}?subscriptionType=COURSE&targetId=c-1")).await;
    let after = ended.position();
    assert_eq!(ended.ok(), json!({"success": true, "message": "Unsubscribed successfully"}));
    ana.delete(&format!("{SUBSCRIBE}?targetType=EVENT&targetId=e-1")).await.ok();
    assert_eq!(subscriptions(&ana, &format!("targetId=c-1&after={after}")).await, json!([]));
    let bens = subscriptions(&ben, "").await;
    assert_eq!((bens[0]["targetId"].clone(), bens[1].clone()), (json!("c-1"), Value::Null), "his is his own");
    app.stop().await;
}

async fn an_explicit_unsubscribe_is_remembered_until_one_subscribes_again(app: TestApp) {
    let ana = app.person("ana").await;
    let off = format!("{SUBSCRIBE}?subscriptionType=COURSE&targetId=c-1");
    // Also of whoever is not subscribed: it is written down, once.
    let before = app.head().await;
    let declined = ana.delete(&off).await.position();
    assert_eq!(app.head().await.0, before.0 + 1);
    assert_eq!(ana.delete(&off).await.position(), declined);
    assert_eq!(app.head().await.0, before.0 + 1, "said twice it is said once");
    joins(&app, &ana, "COURSE", "c-1").await;
    assert_eq!(app.head().await.0, before.0 + 1, "joining subscribes nobody who said no");
    assert_eq!(subscriptions(&ana, &format!("after={declined}")).await, json!([]));

    let again = ana.post(SUBSCRIBE, to("COURSE", "c-1")).await;
    assert_eq!(subscriptions(&ana, &format!("after={}", again.position())).await, json!([again.ok()["subscription"]]));
    joins(&app, &ana, "COURSE", "c-2").await;
    let head = app.token(app.head().await);
    let joined = subscriptions(&ana, &format!("targetId=c-2&after={head}")).await;
    assert_eq!(joined[0]["isAutoSubscribed"], json!(true), "whoever said nothing is subscribed by joining");
    let own = ana.post(SUBSCRIBE, to("COURSE", "c-2")).await.ok();
    assert_eq!(own["subscription"]["isAutoSubscribed"], json!(false), "and it is their own once they ask for it");
    app.stop().await;
}

async fn a_choice_under_a_key_is_made_once_and_answered_as_it_is_now(app: TestApp) {
    let ana = app.person("ana").await;
    let ask = async |method: Method, path: &str, body: Value| {
        answer(ana.ask(method, path).header("Idempotency-Key", "k").json(&body)).await
    };
    let head = app.head().await;
    let first = ask(Method::POST, SUBSCRIBE, to("COURSE", "c-1")).await;
    // Another body under the same key gets the first one's answer.
    let again = ask(Method::POST, SUBSCRIBE, to("COURSE", "c-2")).await;
    assert_eq!((app.head().await.0, first.position()), (head.0 + 1, again.position()));
    assert_eq!(first.ok()["subscription"], again.ok()["subscription"]);
    let off = format!("{SUBSCRIBE}?subscriptionType=COURSE&targetId=c-1");
    let ended = ask(Method::DELETE, &off, json!({})).await.position();
    ask(Method::DELETE, &off, json!({})).await.ok();
    assert_eq!(app.head().await.0, head.0 + 2, "a key of one route is none of another");
    assert_eq!(subscriptions(&ana, &format!("after={ended}")).await, json!([]));
    let repeated = ask(Method::POST, SUBSCRIBE, to("COURSE", "c-1")).await.ok();
    assert_eq!((app.head().await.0, &repeated["subscription"]), (head.0 + 2, &Value::Null), "it has ended since");

    let chosen = ask(Method::PUT, PREFERENCES, json!({"locale": "en"})).await;
    let later = put(&ana, json!({"locale": "id", "chatNotifications": false})).await.position();
    preferences(&ana, &later).await;
    let repeated = ask(Method::PUT, PREFERENCES, json!({"locale": "en"})).await;
    assert_eq!((app.head().await.0, chosen.position()), (head.0 + 4, repeated.position()));
    let now = repeated.ok()["preferences"].clone();
    assert_eq!((&now["locale"], &now["chatNotifications"]), (&json!("id"), &json!(false)));
    app.stop().await;
}

async fn nobody_subscribes_to_themselves_or_to_nobody(app: TestApp) {
    let [ana, _ben] = app.people(["ana", "ben"]).await;
    let head = app.head().await;
    ana.post(SUBSCRIBE, to("USER", "ana")).await.is_problem(422, Some("targetId"));
    ana.post(SUBSCRIBE, to("USER", "nobody")).await.is_problem(404, Some("targetId"));
    ana.post(SUBSCRIBE, to("user", "ben")).await.is_problem(422, Some("subscriptionType"));
    ana.post(SUBSCRIBE, to("COURSE", "kelas desain")).await.is_problem(422, Some("targetId"));
    assert_eq!(app.head().await, head, "nothing of it was written");
    ana.post(SUBSCRIBE, to("GROUP", "ana")).await.ok();
    ana.post(SUBSCRIBE, to("USER", "ben")).await.ok();
    assert_eq!(answer(app.anonymous(Method::GET, SUBSCRIBE)).await.status.as_u16(), 401);
    app.stop().await;
}

async fn who_comes_back_after_an_erasure_has_chosen_nothing(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    put(&ana, json!({"chatNotifications": false, "locale": "en"})).await.ok();
    ana.post(SUBSCRIBE, to("COURSE", "c-1")).await.ok();
    ana.delete(&format!("{SUBSCRIBE}?subscriptionType=COURSE&targetId=c-2")).await.ok();
    ben.post(SUBSCRIBE, to("USER", "ana")).await.ok();
    app.erases("ana").await;
    let head = app.token(app.head().await);
    assert_eq!(preferences(&ana, &head).await, defaults());
    assert_eq!(subscriptions(&ana, &format!("after={head}")).await, json!([]));
    assert_eq!(subscriptions(&ben, &format!("after={head}")).await[0]["targetId"], json!("ana"), "that is Ben's");
    // Of what was chosen before nothing comes back with the first choice, and the same as before is a choice again.
    let chosen = put(&ana, json!({"chatNotifications": false})).await;
    let after = chosen.position();
    assert_eq!(preferences(&ana, &after).await, with(defaults(), json!({"chatNotifications": false})));
    ana.post(SUBSCRIBE, to("COURSE", "c-1")).await.ok();
    // She may join what she declined before.
    joins(&app, &ana, "COURSE", "c-2").await;
    let head = app.token(app.head().await);
    let listed = subscriptions(&ana, &format!("after={head}")).await;
    assert_eq!((&listed[0]["targetId"], &listed[1]["targetId"]), (&json!("c-1"), &json!("c-2")));
    app.stop().await;
}
