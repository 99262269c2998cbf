//! Files of people who were erased, removed where this program reaches them.
//!
//! Never in here: deciding who is erased. That a key was dropped is what counts.

use std::fmt;
use std::path::PathBuf;

use anyhow::Context;
use attachments::{Folder, erase_all};
use event_log::{SharedLog, StoreUrl};
use serde_json::{Value, json};

use crate::arguments::Shared;
use crate::outcome::Failure;
use crate::store;

/// What came of it.
pub enum Removed {
    /// From how many people's folders; 0 where a server that runs was first, or nobody of them ever sent a file.
    From { people: u64, folder: PathBuf },
    /// There is no such folder on this machine, or nobody said where it is.
    NotSeen,
}

/// Not only of those who are erased now: of everybody who was, and of whom a stop left something.
pub async fn remove_erased(shared: &Shared, url: &StoreUrl, log: &SharedLog) -> Result<Removed, Failure> {
    let (Some(path), Some(sealing)) = (store::uploads(shared, url)?, log.sealing()) else {
        return Ok(Removed::NotSeen);
    };
    let Some(folder) = Folder::existing(path.clone()) else { return Ok(Removed::NotSeen) };
    let removed = erase_all(&folder, sealing).await;
    let people = removed.with_context(|| format!("the key is gone, but files are left in {}", path.display()))?;
    Ok(Removed::From { people, folder: path })
}

impl Removed {
    pub fn as_json(&self) -> Value {
        match self {
            Self::From { people, folder } => json!({ "folder": folder.display().to_string(), "people": people }),
            Self::NotSeen => Value::Null,
        }
    }
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From { people: 0, folder } => write!(f, "no uploads of theirs are in {}", folder.display()),
            Self::From { folder, .. } => write!(f, "their uploads are removed from {}", folder.display()),
            Self::NotSeen => f.write_str(
                "no folder of uploads was found here: a server removes those that it has when it reads this, or starts",
            ),
        }
    }
}
