//! Promise 5 where something leaves: the program is killed while a service holds its answer, and several processes share the work.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::simulated::onesignal::{APP_ID, KEY as ONESIGNAL_KEY, OneSignal};
use crate::simulated::server::Simulator;
use crate::simulated::starsender::{KEY, Starsender};
use crate::simulated::told::Told;
use crate::support::backend::Backend;
use crate::support::person::{Person, client, text};
use crate::support::running::Installation;

const SERVICE_KEY: &str = "0123456789abcdef0123456789abcdef";
/// A deadline comes ten seconds after the time that an attempt may take.
const PATIENCE: Duration = Duration::from_secs(60);
const NOTICES: usize = 40;

on_both_engines! {
    what_may_have_been_sent_when_the_program_was_killed_is_not_sent_again: unrecognised_on_sqlite, unrecognised_on_postgres;
    what_a_service_recognises_is_sent_again_and_arrives_once: recognised_on_sqlite, recognised_on_postgres;
}

fn installation(url: &str, simulator: &Simulator) -> Installation {
    Installation::new(url)
        .with("KABAR__AUTH__SERVICE_KEYS", &format!("platform:people+notifications:{SERVICE_KEY}"))
        .with("KABAR__PLATFORM__BASE_URL", "https://platform.example")
        .with("KABAR__DELIVERY__CONNECT_MS_MAX", "1000")
        .with("KABAR__DELIVERY__ATTEMPT_MS_MAX", "1500")
        .with("KABAR__DELIVERY__BACKOFF_MS", "20")
        .with("KABAR__WHATSAPP__STARSENDER__BASE_URL", &simulator.url())
        .with("KABAR__WHATSAPP__STARSENDER__API_KEY", KEY)
}

/// Ana as she is known to a process, and wants to hear by telephone.
async fn ana(installation: &Installation) -> Person {
    let ana = Person::new(&client(PATIENCE), installation.address, "ana");
    ana.shows_up().await;
    let put = ana.ask_by(SERVICE_KEY, Method::PUT, "/api/users/ana").json(&json!({"phone": "0812 3456 7890"}));
    assert!(put.send().await.expect("an answer").status().is_success());
    let wishes = ana.ask(Method::PUT, "/api/notifications/preferences").json(&json!({"enableAllWhatsApp": true}));
    assert!(wishes.send().await.expect("an answer").status().is_success());
    ana
}

async fn sent(ana: &Person, title: &str, channel: &str) -> String {
    let notice = json!({"userId": "ana", "type": "SYSTEM", "title": title, "message": "Halo",
        "channels": ["IN_APP", channel]});
    let request = ana.ask_by(SERVICE_KEY, Method::POST, "/api/notifications/send").json(&notice);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    text(&answer["notificationId"])
}

/// What became of it on a channel, once it is no longer on its way.
async fn ended(ana: &Person, id: &str, channel: &str) -> String {
    let asked = async {
        loop {
            let feed = ana.get("/api/notifications?limit=100").await.ok();
            let entries = feed["notifications"].as_array().expect("a list").clone();
            let state = entries.iter().find(|entry| entry["id"] == id).map(|entry| entry["channels"][channel].clone());
            match state.as_ref().and_then(Value::as_str) {
                None | Some("waiting" | "under_way") => tokio::task::yield_now().await,
                Some(state) => return state.to_owned(),
            }
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it comes to an end")
}

async fn what_may_have_been_sent_when_the_program_was_killed_is_not_sent_again(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let simulator = Simulator::start(Starsender).await;
    let installation = installation(&store.url(), &simulator);
    let running = installation.start().await;
    let person = ana(&installation).await;
    simulator.tell(Told::TakeThenHang);
    let id = sent(&person, "Sekali", "WHATSAPP").await;
    simulator.wait_for_requests(1).await;
    running.kill_9().await;
    let running = installation.start().await;
    assert_eq!(ended(&person, &id, "WHATSAPP").await, "abandoned");
    assert_eq!(simulator.sends().values().sum::<usize>(), 1);
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

async fn what_a_service_recognises_is_sent_again_and_arrives_once(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let simulator = Simulator::start(OneSignal { is_legacy: false }).await;
    let installation = installation(&store.url(), &simulator)
        .with("KABAR__PUSH__ONESIGNAL__BASE_URL", &simulator.url())
        .with("KABAR__PUSH__ONESIGNAL__APP_ID", APP_ID)
        .with("KABAR__PUSH__ONESIGNAL__API_KEY", ONESIGNAL_KEY);
    let running = installation.start().await;
    let person = ana(&installation).await;
    simulator.tell(Told::TakeThenHang);
    let id = sent(&person, "Sekali", "PUSH").await;
    simulator.wait_for_requests(1).await;
    running.kill_9().await;
    let running = installation.start().await;
    assert_eq!(ended(&person, &id, "PUSH").await, "accepted");
    let sends = simulator.sends();
    assert_eq!((sends.len(), sends.values().sum::<usize>()), (1, 1), "{sends:?}");
    assert!(simulator.requests_count() > 1, "it was asked again");
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_send_each_delivery_once_on_postgres() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let simulator = Simulator::start(Starsender).await;
    let [first, second] = [(); 2].map(|()| installation(&store.url(), &simulator));
    let (one, other) = (first.start().await, second.start().await);
    let person = ana(&first).await;
    let beside = Person::new(&client(PATIENCE), second.address, "ana");
    let mut ids = Vec::new();
    for number in 0..NOTICES {
        let by = if number % 2 == 0 { &person } else { &beside };
        ids.push(sent(by, &format!("Nomor {number}"), "WHATSAPP").await);
    }
    for id in &ids {
        assert_eq!(ended(&person, id, "WHATSAPP").await, "accepted");
    }
    let sends = simulator.sends();
    assert_eq!((sends.len(), sends.values().sum::<usize>()), (NOTICES, NOTICES), "{sends:?}");
    assert!(one.stop().await.success() && other.stop().await.success());
    first.verify_is_clean().await;
}
