//! Keys that are not those of a log, and what is to be done then. Every way out that is named in here works when it is gone.

use std::fmt;

use crate::position::LogId;
use crate::sealing::keys::{Identity, KeysId};
use crate::store_url::StoreUrl;

/// Keys that are not those of the log.
#[derive(Debug)]
pub struct OtherKeys {
    pub(super) log: StoreUrl,
    pub(super) keys: StoreUrl,
    /// `None`: there is no log yet.
    pub(super) log_id: Option<LogId>,
    /// What the log is tied to.
    pub tied_to: Option<KeysId>,
    /// `None`: nothing is there, or what a program of before made.
    pub(super) found: Option<Identity>,
    /// Whether any key is there.
    pub any: bool,
}

impl OtherKeys {
    /// No key is there and no other log claims the place: the log's new keys may be made there.
    pub fn may_be_made_there(&self) -> bool {
        !self.any && self.claimed_by_another().is_none()
    }

    /// Keys of this log's may be brought in: there are none yet, or none but those that were brought in for it before.
    pub fn may_be_filled(&self) -> bool {
        self.claimed_by_another().is_none() && (!self.any || self.found.is_some_and(|found| found.log.is_some()))
    }

    /// As it turned out when both were open.
    pub(super) fn now(
        log: &StoreUrl,
        keys: &StoreUrl,
        log_id: LogId,
        tied_to: Option<KeysId>,
        found: Identity,
    ) -> Self {
        let (log, keys) = (log.clone(), keys.clone());
        Self { log, keys, log_id: Some(log_id), tied_to, found: Some(found), any: true }
    }

    pub fn claimed_by_another(&self) -> Option<LogId> {
        self.found.and_then(|found| found.log).filter(|log| Some(*log) != self.log_id)
    }

    /// Of a place that another log claims, which may be there or gone.
    fn of_another(&self, f: &mut fmt::Formatter<'_>, owner: LogId) -> fmt::Result {
        let Self { log, keys, log_id, tied_to, .. } = self;
        let away = match keys {
            StoreUrl::Sqlite(directory) => format!("move {} away", StoreUrl::file(directory, "keys").display()),
            StoreUrl::Postgres(_) => "rename the schema kabar_keys there".to_owned(),
        };
        write!(f, "the keys at {keys} are those of the log {owner}, not of that at {log}")?;
        match (log_id, tied_to) {
            (None, _) => write!(
                f,
                ", where there is none. A new log needs an empty place for its keys (--keys, database.keys_url). If the log \
                 {owner} is gone, `replay restore --from DIR --adopt-keys` brings a backup of it back and keeps these keys; \
                 if you begin anew on purpose, {away}"
            ),
            (Some(_), None) => write!(
                f,
                ", which has none yet. If the log {owner} is gone, `replay restore --adopt-keys` gives them to this one. \
                 Else name an empty place: `replay restore --keys PLACE --keys-from FILE` brings a backup of its keys there, \
                 or, if there is none, `replay restore --keys PLACE --keys-lost` goes on without (then --keys, \
                 database.keys_url: PLACE). If you begin anew on purpose, {away}"
            ),
            (Some(_), Some(tied_to)) => write!(
                f,
                ", which has the keys {tied_to}. Say where those are (--keys, database.keys_url). If they are lost, name an \
                 empty place: `replay restore --keys PLACE --keys-from FILE` brings a backup of them there, or, if there is \
                 none, `replay restore --keys PLACE --keys-lost` goes on without (docs/erasure.md)"
            ),
        }
    }
}

impl fmt::Display for OtherKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, keys, found, tied_to, any, .. } = self;
        if let Some(owner) = self.claimed_by_another() {
            return self.of_another(f, owner);
        }
        let words = match tied_to {
            Some(id) => format!("sealed with the keys {id}"),
            None => "sealed with others".to_owned(),
        };
        match found {
            Some(Identity { id, .. }) if *any => {
                write!(f, "the keys at {keys} ({id}) are not those of the log at {log}: its words are {words}")?;
            }
            None if *any => write!(f, "the keys at {keys} open nothing of the log at {log}")?,
            Some(_) | None => write!(f, "there are no keys at {keys}, and words of the log at {log} are {words}")?,
        }
        f.write_str(
            ". Say where its keys are (--keys, database.keys_url). If they are lost: `replay restore --keys-from FILE` \
             brings a backup of them back; if there is none, --keys-lost (of the server: database.keys_lost) goes on \
             without them (docs/erasure.md)",
        )
    }
}

impl std::error::Error for OtherKeys {}
