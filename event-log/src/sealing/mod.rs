//! Words in, ciphertext out, and back as long as the key stands.
//!
//! Each user has a key of their own; what they say and how they are called is sealed with it before it is decided on, and
//! erasing them is dropping it. Separate because keys live apart from the log and its backups. `cipher` is what a sealed
//! text is, `keys` where keys are kept (one file per engine), `looking` a look that changes nothing there, `held` the keys
//! at hand, `unsealed` the log as readers see it. Never in here: a rule, what a view does with words.

mod cipher;
mod held;
pub mod keys;
pub mod looking;
mod postgres;
mod sqlite;
mod unsealed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aggregates::ids::UserId;
use aggregates::user::{UserErased, UserEvent};
use aggregates::words::HasWords;
use aggregates::{DomainEvent, KeyId, Unreadable};

use crate::caches::{CacheSize, LogCaches};
use crate::measures::WORDS_LOST;
use crate::port::EventLogError;
use crate::position::{LogId, Position};
use crate::recorded::RecordedEvent;
use crate::store_url::StoreUrl;
use cipher::Key;
use held::Held;
use keys::{Brought, Found, Identity, Kept, Offered, SharedKeys};

pub use unsealed::Unsealed;

/// A handle to the keys of one store. Clones share the keys at hand.
#[derive(Clone)]
pub struct Sealing {
    keys: SharedKeys,
    held: Arc<Mutex<Held>>,
}

impl Sealing {
    pub fn new(keys: SharedKeys) -> Self {
        Self::holding(keys, LogCaches::default().keys_max)
    }

    /// At most `keys_max` are at hand; the others are fetched when they come up.
    pub fn holding(keys: SharedKeys, keys_max: usize) -> Self {
        Self { keys, held: Arc::new(Mutex::new(Held::up_to(keys_max))) }
    }

    /// The keys that are kept at `url`.
    pub async fn open(url: &StoreUrl) -> Result<Self, EventLogError> {
        Self::open_holding(url, LogCaches::default().keys_max).await
    }

    pub async fn open_holding(url: &StoreUrl, keys_max: usize) -> Result<Self, EventLogError> {
        let keys: SharedKeys = match url {
            StoreUrl::Sqlite(directory) => Arc::new(sqlite::SqliteKeys::open(directory).await?),
            StoreUrl::Postgres(text) => Arc::new(postgres::PostgresKeys::open(text).await?),
        };
        Ok(Self::holding(keys, keys_max))
    }

    /// Seals whatever is not sealed yet, many commands or events at a time: keys that are missing are made and durable
    /// first, all in one go. The same words in the same place always give the same text.
    pub async fn seal<T: HasWords>(&self, items: &mut [T]) -> Result<(), EventLogError> {
        let mut missing: Vec<UserId> = Vec::new();
        {
            let mut held = self.held();
            // All that a command says is mostly one person's: one look for their key.
            let mut at_hand: Option<(UserId, Option<Arc<Key>>)> = None;
            for item in items.iter_mut() {
                item.visit_words(&mut |place, words| {
                    let Some(plain) = words.unsealed() else { return };
                    let (_, key) = match at_hand.take() {
                        Some(of) if of.0 == *place.owner => at_hand.insert(of),
                        Some(_) | None => at_hand.insert((place.owner.clone(), held.of_owner(place.owner))),
                    };
                    match key {
                        Some(key) => words.seal(key.seal(plain, &place)),
                        None => missing.push(place.owner.clone()),
                    }
                });
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let made = self.keys_of(missing).await?;
        for item in items {
            item.visit_words(&mut |place, words| {
                if let (Some(plain), Some(key)) = (words.unsealed(), made.get(place.owner)) {
                    words.seal(key.seal(plain, &place));
                }
            });
        }
        Ok(())
    }

    async fn keys_of(&self, mut owners: Vec<UserId>) -> Result<HashMap<UserId, Arc<Key>>, EventLogError> {
        owners.sort_unstable();
        owners.dedup();
        let offered: Vec<Offered> = owners.into_iter().map(Offered::random).collect::<Result<_, _>>()?;
        let mut keys = HashMap::with_capacity(offered.len());
        for stored in self.keys.keep(offered).await? {
            let key = Arc::new(Key::new(stored.id, &stored.secret)?);
            self.held().keep(Some(stored.owner.clone()), Arc::clone(&key));
            keys.insert(stored.owner, key);
        }
        Ok(keys)
    }

    /// The key that `owner`'s words are sealed with now; made when there is none and `make` says so. What an erasure
    /// names: with it no later key of theirs can have been used before.
    pub async fn key_of(&self, owner: &UserId, make: bool) -> Result<Option<KeyId>, EventLogError> {
        if make {
            return Ok(self.keys_of(vec![owner.clone()]).await?.get(owner).map(|key| key.id()));
        }
        Ok(self.all_keys_of(owner).await?.first().copied())
    }

    /// Every key of theirs that stands here, the one that seals first.
    pub async fn all_keys_of(&self, owner: &UserId) -> Result<Vec<KeyId>, EventLogError> {
        self.keys.of_owner(owner).await
    }

    /// Which keys these are, and of which log.
    pub async fn identity(&self) -> Result<Identity, EventLogError> {
        self.keys.identity().await
    }

    pub(crate) async fn claim(&self, log: LogId) -> Result<Identity, EventLogError> {
        self.keys.claim(log).await
    }

    pub(crate) async fn take_over(&self, log: LogId) -> Result<Identity, EventLogError> {
        self.keys.take_over(log).await
    }

    /// Opens the words of a page, its keys fetched in one question. Erasures in it are carried out first: whoever reads
    /// on behind one reads nothing that was sealed with what it names.
    pub async fn open_page(&self, mut events: Vec<&mut RecordedEvent>) -> Result<(), EventLogError> {
        let mut page: HashMap<KeyId, Opening> = HashMap::new();
        let mut erased: Vec<UserErased> = Vec::new();
        for recorded in events.iter_mut() {
            recorded.event.visit_words(&mut |_, words| {
                if let Some((key, _)) = words.closed() {
                    page.entry(key).or_insert(Opening::Missing);
                }
            });
            if let Some(erasure) = erasure(&recorded.event) {
                page.extend(erasure.keys.iter().map(|key| (*key, Opening::Missing)));
                self.forget(erasure);
                erased.push(erasure.clone());
            }
        }
        if page.is_empty() {
            return Ok(());
        }
        self.fetch(&mut page).await?;
        for erasure in &erased {
            // One that is missing as well: what was sealed with it is erased from here on and not lost, and a copy of it
            // that is put back finds its place taken.
            let left = |key: &KeyId| !matches!(page.get(key), Some(Opening::Erased));
            if erasure.keys.iter().any(left) {
                self.drop_keys(erasure).await?;
            }
            page.extend(erasure.keys.iter().map(|key| (*key, Opening::Erased)));
        }
        open_all(&mut events, &page);
        Ok(())
    }

    /// Opens words that lie elsewhere than in the log.
    pub async fn open_words<T: HasWords>(&self, items: &mut [T]) -> Result<(), EventLogError> {
        let mut page: HashMap<KeyId, Opening> = HashMap::new();
        for item in items.iter_mut() {
            item.visit_words(&mut |_, words| {
                if let Some((key, _)) = words.closed() {
                    page.insert(key, Opening::Missing);
                }
            });
        }
        self.fetch(&mut page).await?;
        for item in items {
            open_item(item, &page, &mut |_| ());
        }
        Ok(())
    }

    /// Which of these keys an erasure has dropped.
    pub async fn erased_among(&self, keys: &[KeyId]) -> Result<Vec<KeyId>, EventLogError> {
        let found = self.keys.find(keys).await?;
        Ok(found.into_iter().filter(|found| found.secret.is_none()).map(|found| found.id).collect())
    }

    async fn fetch(&self, page: &mut HashMap<KeyId, Opening>) -> Result<(), EventLogError> {
        let mut missing: Vec<KeyId> = Vec::new();
        {
            let mut held = self.held();
            for (id, opening) in page.iter_mut() {
                match held.by_id(*id) {
                    Some(key) => *opening = Opening::With(key),
                    None => missing.push(*id),
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        for Found { id, secret } in self.keys.find(&missing).await? {
            let opening = match secret {
                None => Opening::Erased,
                Some(secret) => {
                    let key = Arc::new(Key::new(id, &secret)?);
                    self.held().keep(None, Arc::clone(&key));
                    Opening::With(key)
                }
            };
            page.insert(id, opening);
        }
        Ok(())
    }

    /// Carries an erasure out: the keys it names are gone when this returns. As often as asked.
    pub async fn drop_keys(&self, erasure: &UserErased) -> Result<(), EventLogError> {
        self.forget(erasure);
        self.keys.drop_keys(&erasure.user_id, &erasure.keys).await?;
        // Fetched again meanwhile by another reader, before it was gone.
        self.forget(erasure);
        Ok(())
    }

    /// Takes the words out of an event that was sealed before an erasure and written behind it: what is shown of it is what
    /// a reader of the log will be shown for ever.
    pub(crate) fn lose_erased(&self, event: &mut DomainEvent) {
        let mut held = self.held();
        if held.any_erased() {
            event.visit_words(&mut |_, words| {
                if words.key().is_some_and(|key| held.is_erased(key)) {
                    words.lose(Unreadable::Erased);
                }
            });
        }
    }

    /// Lets go of the keys at hand that an erasure names: somebody else dropped them.
    fn forget(&self, erasure: &UserErased) {
        self.held().forget(&erasure.user_id, &erasure.keys);
    }

    /// Up to where in `log` every erasure is known to be carried out.
    pub(crate) async fn mended(&self, log: LogId) -> Result<Position, EventLogError> {
        self.keys.mended(log).await
    }

    pub(crate) async fn save_mended(&self, log: LogId, position: Position) -> Result<(), EventLogError> {
        self.keys.save_mended(log, position).await
    }

    /// Keys for a backup: up to `limit` behind `after`, by id.
    pub async fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Vec<Kept>, EventLogError> {
        self.keys.page(after, limit).await
    }

    /// Takes keys of a backup. The log must be opened after it: that drops again what its erasures name.
    pub async fn bring_in(&self, keys: Vec<Kept>) -> Result<Brought, EventLogError> {
        self.keys.bring_in(keys).await
    }

    /// Leaves nothing of dropped keys behind. `false`: a reader was in the way. May lock the keys for a moment.
    pub async fn scrub(&self) -> Result<bool, EventLogError> {
        self.keys.scrub().await
    }

    /// For operators.
    pub fn keys_at_hand(&self) -> CacheSize {
        let held = self.held();
        CacheSize { name: "keys", entries: held.keys(), entries_max: held.keys_max(), bytes: Some(held.bytes()) }
    }

    pub async fn close(&self) {
        self.keys.close().await;
    }

    // Every change under it is one insert or remove: a panic cannot leave it half changed.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the words under one key are opened.
enum Opening {
    With(Arc<Key>),
    Erased,
    Missing,
}

/// Opens what it can; `lost` is told of every word whose key is not there.
fn open_item(item: &mut dyn HasWords, page: &HashMap<KeyId, Opening>, lost: &mut dyn FnMut(KeyId)) {
    item.visit_words(&mut |place, words| {
        let Some((id, ciphertext)) = words.closed() else { return };
        let opened = match page.get(&id) {
            Some(Opening::With(key)) => key.open(ciphertext, &place).ok_or(Unreadable::Lost),
            Some(Opening::Erased) => Err(Unreadable::Erased),
            Some(Opening::Missing) | None => Err(Unreadable::Lost),
        };
        if opened == Err(Unreadable::Lost) {
            lost(id);
        }
        words.open(opened);
    });
}

fn open_all(events: &mut [&mut RecordedEvent], page: &HashMap<KeyId, Opening>) {
    let mut lost: Option<(KeyId, u64)> = None;
    for recorded in events {
        open_item(&mut recorded.event, page, &mut |id| lost = Some((id, lost.map_or(1, |(_, count)| count + 1))));
    }
    if let Some((key, words)) = lost {
        metrics::counter!(WORDS_LOST).increment(words);
        tracing::error!(%key, words, "words cannot be read: their key is lost or wrong; restore the backup of the keys");
    }
}

pub(crate) fn erasure(event: &DomainEvent) -> Option<&UserErased> {
    match event {
        DomainEvent::User(UserEvent::UserErased(erased)) => Some(erased),
        DomainEvent::User(UserEvent::UserRegistered(_) | UserEvent::ProfileChanged(_))
        | DomainEvent::Room(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => None,
    }
}
