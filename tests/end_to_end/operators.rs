//! What a new operator stumbled over: what is refused in time, said whole, and not made in vain.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use crate::support::backend::Backend;
use crate::support::damage;
use crate::support::person::two_in_a_room;
use crate::support::running::Installation;

on_both_engines! {
    a_reactor_that_lost_its_checkpoint_is_named_and_comes_back_as_the_manual_says:
        a_lost_reactor_is_named_on_sqlite, a_lost_reactor_is_named_on_postgres;
    keys_are_backed_up_apart_or_not_at_all: keys_are_backed_up_apart_on_sqlite, keys_are_backed_up_apart_on_postgres;
    keys_of_another_log_are_refused_before_a_log_is_made: other_keys_are_refused_on_sqlite, other_keys_are_refused_on_postgres;
    somebody_unknown_is_said_to_be_so_before_it_is_asked: somebody_unknown_on_sqlite, somebody_unknown_on_postgres;
}

async fn a_reactor_that_lost_its_checkpoint_is_named_and_comes_back_as_the_manual_says(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    two_in_a_room(running.address).await;
    assert!(running.stop().await.success());
    damage::log(&store, "DELETE FROM reactor_checkpoints").await;
    for command in ["doctor", "status"] {
        let output = installation.replay(&[command]).await;
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(
            said(&output).contains("lost its checkpoint") && said(&output).contains("notification"),
            "{}",
            said(&output)
        );
    }
    let back = "INSERT INTO reactor_checkpoints (reactor, log_id, position) SELECT 'notification', log_id, 1 FROM log_identity";
    damage::log(&store, back).await;
    let running = installation.start().await;
    assert!(running.stop().await.success());
    assert_eq!(installation.replay(&["doctor"]).await.status.code(), Some(0));
}

async fn keys_are_backed_up_apart_or_not_at_all(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    two_in_a_room(running.address).await;
    assert!(running.stop().await.success());
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name).display().to_string();
    std::fs::write(at("file"), b"").expect("written");
    for keys in [at("b/keys"), at("file/keys"), at("file")] {
        let output = installation.replay(&["backup", "--to", &at("b"), "--keys-to", &keys]).await;
        assert_eq!(output.status.code(), Some(2), "{keys}: {}", said(&output));
        assert!(said(&output).contains("--keys-to"), "{}", said(&output));
        assert!(!Path::new(&at("b")).exists(), "nothing is left of it");
    }
    let neither = said(&installation.replay(&["backup"]).await);
    assert!(neither.contains("--to") && neither.contains("--keys-to"), "{neither}");
    let output = installation.replay(&["backup", "--to", &at("b"), "--keys-to", &at("deep/er/keys")]).await;
    assert!(output.status.success(), "{}", said(&output));
}

async fn keys_of_another_log_are_refused_before_a_log_is_made(backend: Backend) {
    let (Some(first), Some(second), Some(place)) =
        (backend.store().await, backend.store().await, backend.store().await)
    else {
        return;
    };
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name).display().to_string();
    for (store, name) in [(&first, "first"), (&second, "second")] {
        let installation = Installation::new(&store.url());
        let running = installation.start().await;
        let (ana, _ben, room) = two_in_a_room(running.address).await;
        ana.sends(&room, "halo").await;
        assert!(running.stop().await.success());
        let keys = at(&format!("{name}-keys"));
        let output = installation.replay(&["backup", "--to", &at(name), "--keys-to", &keys]).await;
        assert!(output.status.success(), "{}", said(&output));
    }
    let restored = Installation::new(&place.url());
    for (keys, code, told) in [("second-keys", 1, "not one word"), ("no-such-keys", 2, "--keys-from")] {
        let output = restored.replay(&["restore", "--from", &at("first"), "--keys-from", &at(keys)]).await;
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(said(&output).contains(told), "{}", said(&output));
        assert!(!event_log::exists(&place.store_url()).await.expect("can be looked for"), "no log was made");
    }
    let output = restored.replay(&["restore", "--from", &at("first")]).await;
    assert!(said(&output).contains(&format!("--keys-from FILE --database {}", place.store_url())), "{}", said(&output));
    let output = restored.replay(&["restore", "--keys-from", &at("first-keys")]).await;
    assert!(output.status.success(), "{}", said(&output));
}

async fn somebody_unknown_is_said_to_be_so_before_it_is_asked(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let output = installation.replay(&["erase", "nobody"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("no entry") && !said(&output).contains("Type nobody"), "{}", said(&output));
    assert!(running.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_not_converted_makes_no_store_and_is_told_so() {
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name).display().to_string();
    let archived = "{\"at\":\"2010-03-04T10:00:00Z\",\"room\":\"r\",\"log\":\"d\",\"line\":1,\"kind\":\"join\",\"from\":\"ana\",\"text\":\"\"}\n";
    std::fs::write(at("chat.jsonl"), archived.repeat(2_500)).expect("written");
    let installation = Installation::new(&format!("sqlite:{}", at("data")));
    let output = installation.replay(&["import", "--from", &at("chat.jsonl"), "--report", &at("refused")]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("replay convert irc") && said(&output).contains("2500 refused"),
        "{}",
        said(&output)
    );
    assert!(!Path::new(&at("data")).exists(), "no store is made of it");
    let mode = std::fs::metadata(at("refused")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "reasons quote what is in the lines");
    // What can be taken is taken, however much before it cannot.
    let user = "{\"kind\":\"user\",\"id\":\"ana\",\"name\":\"Ana\",\"at\":\"2020-01-01T00:00:00Z\"}\n";
    std::fs::write(at("mixed.jsonl"), archived.repeat(2_500) + user).expect("written");
    let output = installation.replay(&["import", "--from", &at("mixed.jsonl")]).await;
    assert!(said(&output).contains("2501 lines") && said(&output).contains("1 taken"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_that_never_was_is_retired_without_a_trace() {
    let store = Backend::Sqlite.store().await.expect("always there");
    let installation = Installation::new(&store.url());
    assert!(installation.start().await.stop().await.success());
    let retired = installation.replay(&["retire", "--format", "77", "--yes"]).await;
    assert!(retired.status.success() && said(&retired).contains("there was none"), "{}", said(&retired));
    let event_log::StoreUrl::Sqlite(folder) = store.store_url() else { panic!("SQLite has a folder") };
    let left: Vec<_> =
        std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("77")), "{left:?}");
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
