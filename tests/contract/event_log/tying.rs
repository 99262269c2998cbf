//! A log and its keys find each other: at the first opening, by two at once, and after a program that knew nothing of it.

use aggregates::KeyId;
use event_log::sealing::keys::Kept;
use event_log::sealing::looking::KeysLook;
use event_log::tying::{Verdict, judge};
use event_log::{OpenError, Position, Sealing, SharedLog, StoreUrl, open_with_keys};

use super::drafts::{Draft, user};
use super::every_log;
use super::silent_keys::{of_user, registered};
use crate::support::backend::TestStore;
use crate::support::damage;

every_log![
    those_who_open_a_new_log_at_once_agree,
    two_places_of_keys_for_a_new_log_are_not_both_taken,
    a_log_of_before_is_tied_to_the_keys_that_open_it_and_to_no_others,
    keys_of_before_are_brought_up_to_date_and_tied,
    a_log_without_words_takes_new_keys_only_until_it_is_tied,
    keys_come_back_all_or_none,
];

const OPENERS: usize = 6;
/// More than an engine takes in one statement.
const KEYS: usize = 2_500;

async fn those_who_open_a_new_log_at_once_agree(store: &TestStore) {
    let url = store.store_url();
    let opened = futures_util::future::join_all((0..OPENERS).map(|_| open_with_keys(&url, &url))).await;
    for log in opened {
        log.unwrap_or_else(|error| panic!("{}", event_log::Chain(&error))).close().await;
    }
    assert!(matches!(judge(&url, &url).await, Ok(Verdict::Tied(_))));
}

async fn two_places_of_keys_for_a_new_log_are_not_both_taken(store: &TestStore) {
    let (url, home) = (store.store_url(), tempfile::tempdir().expect("a folder"));
    let places: Vec<StoreUrl> = (0..OPENERS).map(|n| StoreUrl::Sqlite(home.path().join(n.to_string()))).collect();
    let opened = futures_util::future::join_all(places.iter().map(|keys| open_with_keys(&url, keys))).await;
    let (mut won, mut refused) = (0, 0);
    for log in opened {
        match log {
            Ok(log) => {
                won += 1;
                log.close().await;
            }
            Err(OpenError::Keys(_)) => refused += 1,
            Err(error @ (OpenError::InUse(_) | OpenError::Log(_))) => panic!("{}", event_log::Chain(&error)),
        }
    }
    assert_eq!((won, refused), (1, OPENERS - 1));
}

/// A log with one word of ana's.
async fn with_a_word(store: &TestStore) -> SharedLog {
    let log = store.open().await;
    let theirs = of_user(&log, "ana", 1, registered("ana")).await;
    Draft::at(Position(0)).event(theirs).append(&*log).await.expect("written");
    log
}

/// As a program of before left it.
async fn untied(store: &TestStore) {
    damage::log(store, "DELETE FROM log_keys").await;
    damage::keys(store, "DROP TABLE older_keys; DROP TABLE keys_identity").await;
    if let StoreUrl::Sqlite(_) = store.store_url() {
        damage::keys(store, "PRAGMA user_version = 1").await;
    }
}

async fn is_refused(log: &StoreUrl, keys: &StoreUrl) -> bool {
    match open_with_keys(log, keys).await {
        Ok(log) => {
            log.close().await;
            false
        }
        Err(OpenError::Keys(_)) => true,
        Err(error @ (OpenError::InUse(_) | OpenError::Log(_))) => panic!("{error}"),
    }
}

async fn a_log_of_before_is_tied_to_the_keys_that_open_it_and_to_no_others(store: &TestStore) {
    with_a_word(store).await.close().await;
    untied(store).await;
    let (url, home) = (store.store_url(), tempfile::tempdir().expect("a folder"));
    let none = StoreUrl::Sqlite(home.path().join("none"));
    assert!(is_refused(&url, &none).await);
    assert!(!home.path().join("none").exists(), "and nothing is made");
    let others = StoreUrl::Sqlite(home.path().join("others"));
    let sealing = Sealing::open(&others).await.expect("keys");
    sealing.key_of(&user("ana"), true).await.expect("another key of the same person");
    sealing.close().await;
    assert!(is_refused(&url, &others).await);
    assert!(KeysLook::at(&others).await.expect("a look").identity().await.expect("made").expect("made").log.is_none());
    assert!(!is_refused(&url, &url).await);
    assert!(matches!(judge(&url, &url).await, Ok(Verdict::Tied(_))), "tied by opening it");
    assert!(is_refused(&url, &others).await);
}

async fn keys_of_before_are_brought_up_to_date_and_tied(store: &TestStore) {
    let log = with_a_word(store).await;
    let key = log.sealing().expect("keys").key_of(&user("ana"), false).await.expect("readable");
    log.close().await;
    untied(store).await;
    let log = store.open().await;
    let sealing = log.sealing().expect("keys");
    assert_eq!(sealing.key_of(&user("ana"), false).await.expect("readable"), key);
    assert_eq!(sealing.identity().await.expect("made").log, Some(log.id()));
    log.close().await;
}

async fn a_log_without_words_takes_new_keys_only_until_it_is_tied(store: &TestStore) {
    let (url, home) = (store.store_url(), tempfile::tempdir().expect("a folder"));
    store.open().await.close().await;
    let elsewhere = StoreUrl::Sqlite(home.path().join("keys"));
    assert!(is_refused(&url, &elsewhere).await, "it was opened with those beside it");
    damage::log(store, "DELETE FROM log_keys").await;
    assert!(!is_refused(&url, &elsewhere).await, "of before, and there is nothing to lose");
    assert!(is_refused(&url, &url).await);
}

async fn keys_come_back_all_or_none(store: &TestStore) {
    let sealing = Sealing::open(&store.store_url()).await.expect("keys");
    let full = match store.store_url() {
        StoreUrl::Sqlite(_) => {
            "CREATE TRIGGER no_room BEFORE INSERT ON keys WHEN NEW.owner = 'the-last' BEGIN SELECT RAISE(ABORT, 'full'); END"
        }
        StoreUrl::Postgres(_) => {
            "CREATE FUNCTION kabar_keys.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF NEW.owner = 'the-last' THEN RAISE EXCEPTION 'full'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER no_room BEFORE INSERT ON kabar_keys.keys FOR EACH ROW EXECUTE FUNCTION kabar_keys.no_room()"
        }
    };
    damage::keys(store, full).await;
    let kept = |number: usize, owner: &str| Kept {
        owner: user(owner),
        id: KeyId::parse(&format!("{number:022}")).expect("an id"),
        secret: Some([7; 32]),
        seals: true,
    };
    let mut keys: Vec<Kept> = (1..KEYS).map(|number| kept(number, &format!("user-{number}"))).collect();
    keys.push(kept(KEYS, "the-last"));
    assert!(sealing.bring_in(keys.clone()).await.is_err());
    assert_eq!(sealing.page(None, 10).await.expect("readable").len(), 0);
    keys.pop();
    let brought = sealing.bring_in(keys).await.expect("brought in");
    assert_eq!((brought.new, brought.known), (KEYS as u64 - 1, 0));
}
