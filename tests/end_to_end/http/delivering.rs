//! What leads outside, from the platform's request to a simulated service and back into the feed.

use kabar::config::Config;
use providers::{DeliveryChannel, Secret, StarsenderSettings, WhatsAppSettings};
use reqwest::Method;
use serde_json::{Value, json};

use super::app::{PATIENCE, SERVICE_KEY, TestApp};
use super::person::{Answer, Person, answer, text};
use crate::simulated::server::Simulator;
use crate::simulated::starsender::{KEY, Starsender};
use crate::simulated::told::Told;
use crate::support::backend::Backend;

on_both_engines! {
    what_is_sent_goes_out_once_and_the_feed_says_so: sent_on_sqlite, sent_on_postgres;
    what_fails_for_now_is_tried_again_and_what_fails_for_good_is_not: failed_on_sqlite, failed_on_postgres;
    an_answer_that_was_lost_is_no_reason_to_send_twice_unless_that_was_asked_for: lost_on_sqlite, lost_on_postgres;
    what_one_does_not_want_to_hear_by_that_channel_never_leaves: unwanted_on_sqlite, unwanted_on_postgres;
}

const BASE_URL: &str = "https://platform.example";

/// With WhatsApp by the simulated service, and short waits.
fn by_whatsapp(config: &mut Config, simulator: &Simulator) {
    let starsender = StarsenderSettings { api_key: Secret::new(KEY), base_url: Some(simulator.url()) };
    config.whatsapp = WhatsAppSettings { starsender: Some(starsender), ..WhatsAppSettings::default() };
    config.platform.base_url = Some(BASE_URL.to_owned());
    config.delivery.attempts_max = 3;
    (config.delivery.backoff_ms, config.delivery.backoff_ms_max) = (20, 40);
}

async fn started(backend: Backend, change: impl FnOnce(&mut Config)) -> Option<(TestApp, Simulator, Person)> {
    let simulator = Simulator::start(Starsender).await;
    let configured = |config: &mut Config| {
        by_whatsapp(config, &simulator);
        change(config);
    };
    let app = TestApp::with(backend, configured).await?;
    let ana = reachable(&app).await;
    Some((app, simulator, ana))
}

/// Ana, who has a phone and wants to hear by it.
async fn reachable(app: &TestApp) -> Person {
    let ana = app.person("ana").await;
    service(app, Method::PUT, "/api/users/ana", json!({"phone": "0812 3456 7890"})).await.ok();
    let wishes = json!({"enableAllWhatsApp": true});
    answer(ana.ask(Method::PUT, "/api/notifications/preferences").json(&wishes)).await.ok();
    ana
}

async fn service(app: &TestApp, method: Method, path: &str, body: Value) -> Answer {
    answer(app.anonymous(method, path).bearer_auth(SERVICE_KEY).json(&body)).await
}

fn notice(channels: &[&str]) -> Value {
    json!({"userId": "ana", "type": "MEMBERSHIP", "title": "Membership", "message": "Berakhir hari ini",
        "link": "/membership", "channels": channels})
}

/// Its id.
async fn sent(app: &TestApp, notice: Value) -> String {
    text(&service(app, Method::POST, "/api/notifications/send", notice).await.ok()["notificationId"])
}

/// As her feed shows it, once `channel` is no longer on its way.
async fn ended(ana: &Person, id: &str, channel: &str) -> Value {
    let asked = async {
        loop {
            let feed = ana.get("/api/notifications").await.ok();
            let entries = feed["notifications"].as_array().expect("a list").clone();
            if let Some(entry) = entries.into_iter().find(|entry| entry["id"] == id)
                && !matches!(entry["channels"][channel].as_str(), None | Some("waiting" | "under_way"))
            {
                return entry;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it comes to an end")
}

async fn what_is_sent_goes_out_once_and_the_feed_says_so(backend: Backend) {
    let Some((app, simulator, ana)) = started(backend, |_| {}).await else { return };
    let id = sent(&app, notice(&["IN_APP", "WHATSAPP"])).await;
    let entry = ended(&ana, &id, "WHATSAPP").await;
    assert_eq!(entry["channels"], json!({"IN_APP": "accepted", "WHATSAPP": "accepted"}));
    assert_eq!((&entry["title"], &entry["isSent"]), (&json!("Membership"), &json!(true)));
    assert_eq!(simulator.requests_count(), 1);
    let asked = simulator.last().json();
    assert_eq!(asked["to"], "6281234567890");
    let said = asked["body"].as_str().expect("text");
    for part in ["Membership", "Berakhir hari ini", "https://platform.example/membership"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    app.stop().await;
}

async fn what_fails_for_now_is_tried_again_and_what_fails_for_good_is_not(backend: Backend) {
    let Some((app, simulator, ana)) = started(backend, |_| {}).await else { return };
    let in_turn = [
        (vec![Told::status(503), Told::Succeed], "accepted", 2),
        (vec![Told::say(200, "Nomor tidak valid")], "rejected", 1),
        (vec![Told::status(503), Told::status(503), Told::status(503)], "abandoned", 3),
    ];
    let mut requests = 0;
    for (told, state, attempts) in in_turn {
        told.into_iter().for_each(|told| simulator.tell(told));
        let id = sent(&app, notice(&["IN_APP", "WHATSAPP"])).await;
        assert_eq!(ended(&ana, &id, "WHATSAPP").await["channels"]["WHATSAPP"], state);
        requests += attempts;
        assert_eq!(simulator.requests_count(), requests, "{state}");
    }
    app.stop().await;
}

async fn an_answer_that_was_lost_is_no_reason_to_send_twice_unless_that_was_asked_for(backend: Backend) {
    for (repeats, state, sends) in [(vec![], "abandoned", 1), (vec![DeliveryChannel::WhatsApp], "accepted", 2)] {
        let change = |config: &mut Config| config.delivery.retry_ambiguous = repeats;
        let Some((app, simulator, ana)) = started(backend, change).await else { return };
        simulator.tell(Told::TakeThenDrop);
        let id = sent(&app, notice(&["IN_APP", "WHATSAPP"])).await;
        assert_eq!(ended(&ana, &id, "WHATSAPP").await["channels"]["WHATSAPP"], state);
        assert_eq!(simulator.sends().values().sum::<usize>(), sends, "{state}");
        app.stop().await;
    }
}

async fn what_one_does_not_want_to_hear_by_that_channel_never_leaves(backend: Backend) {
    let Some((app, simulator, ana)) = started(backend, |_| {}).await else { return };
    let off = json!({"enableAllWhatsApp": false});
    answer(ana.ask(Method::PUT, "/api/notifications/preferences").json(&off)).await.ok();
    let id = sent(&app, notice(&["IN_APP", "WHATSAPP", "EMAIL", "PUSH"])).await;
    let entry = ended(&ana, &id, "WHATSAPP").await;
    let suppressed =
        json!({"IN_APP": "accepted", "WHATSAPP": "suppressed", "EMAIL": "suppressed", "PUSH": "suppressed"});
    assert_eq!(entry["channels"], suppressed);
    app.stop().await;
    assert_eq!(simulator.requests_count(), 0);
}
