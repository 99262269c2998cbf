//! Files that people attach: taking them in, showing them to whoever may see them, and letting them go with their owner.
//!
//! Where they lie and what they are is the crate `attachments`. Separate from `commands` because nothing of it is an event:
//! only the message that carries one is. Never in here: HTTP, a rule about rooms.

mod allowance;
mod erasing;
mod receiving;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use aggregates::room::{AttachedFile, Attachment};
use aggregates::{KeyId, Sealed};
use attachments::{About, ByteStream, Folder, SharedStore, StoreError, UploadId};
use event_log::{EventLogError, Sealing, SharedLog};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::UploadsConfig;
use allowance::Allowance;

pub use receiving::{BodyBroken, Parcel};

/// Clones share everything.
#[derive(Clone)]
pub struct Uploads(Option<Arc<Place>>);

struct Place {
    store: SharedStore,
    sealing: Sealing,
    log: SharedLog,
    config: UploadsConfig,
    allowance: Allowance,
    /// Files that are coming in.
    places: Semaphore,
}

/// Why a file was not taken, or not shown.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("nothing can be uploaded here: uploads.folder is not set")]
    NotHere,
    #[error("a file has at most {0} bytes (uploads.bytes_max)")]
    TooLarge(u64),
    #[error("an empty file is none")]
    Empty,
    #[error(transparent)]
    Dangerous(#[from] attachments::Dangerous),
    #[error("your files may have {0} bytes together (uploads.user_bytes_max): delete some")]
    BytesSpent(u64),
    #[error("you may have {0} files (uploads.user_files_max): delete some")]
    FilesSpent(u64),
    #[error("only {0} of your files can come in at once (uploads.user_at_once_max)")]
    TooManyOfYours(u32),
    #[error("too many files are coming in; nothing was kept")]
    Busy,
    #[error("the file did not come in time; nothing was kept")]
    TooSlow,
    #[error(transparent)]
    Body(#[from] BodyBroken),
    /// Whoever sends was erased while they sent.
    #[error("nothing was kept: you are not known any more")]
    Erased,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Log(#[from] EventLogError),
}

/// An upload as a message carries it, its words laid open.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachable {
    pub attachment: Attachment,
    /// What it is kept under, and its name was sealed with.
    pub key: KeyId,
}

impl Uploads {
    /// Those in `folder`, which is made where it is not there.
    pub fn open(folder: Option<&Path>, log: SharedLog, config: UploadsConfig) -> Result<Self, StoreError> {
        let (Some(folder), Some(sealing)) = (folder, log.sealing().cloned()) else { return Ok(Self(None)) };
        let store: SharedStore = Arc::new(Folder::open(folder)?);
        let places = Semaphore::new(config.at_once_max);
        let allowance = Allowance::new(&config);
        Ok(Self(Some(Arc::new(Place { store, sealing, log, config, allowance, places }))))
    }

    fn place(&self) -> Result<&Place, UploadError> {
        self.0.as_deref().ok_or(UploadError::NotHere)
    }

    /// What an upload is, its name readable where it can be.
    pub async fn about(&self, id: UploadId) -> Result<Option<About>, UploadError> {
        let Some(place) = self.0.as_deref() else { return Ok(None) };
        let Some(mut about) = place.store.about(id).await? else { return Ok(None) };
        place.sealing.open_words(std::slice::from_mut(&mut about)).await?;
        Ok(Some(about))
    }

    pub async fn read(&self, id: UploadId, bytes: Range<u64>) -> Result<Option<ByteStream>, UploadError> {
        Ok(self.place()?.store.read(id, bytes).await?)
    }

    /// What `sender` attaches in `room`: an upload of theirs, of that very room. `None` for everything else.
    pub async fn attachable(
        &self,
        id: UploadId,
        room: RoomId,
        sender: &UserId,
    ) -> Result<Option<Attachable>, UploadError> {
        let about = self.about(id).await?;
        let Some(about) = about.filter(|about| about.room == room && about.owner == *sender) else { return Ok(None) };
        let About { kind, bytes, width, height, name, .. } = about;
        let name = name.as_ref().and_then(Sealed::words).map(Sealed::new);
        let file = Some(AttachedFile { name, bytes, width, height });
        // However it was spelled: who may fetch it is found by its address.
        let attachment = Attachment { url: Sealed::new(id.address()), media_type: Some(kind), file };
        Ok(Some(Attachable { attachment, key: id.key }))
    }

    /// Removes a file of `owner`; somebody else's is not there.
    pub async fn remove(&self, id: UploadId, owner: &UserId) -> Result<bool, UploadError> {
        match self.about(id).await? {
            Some(about) if about.owner == *owner => Ok(self.place()?.store.remove(id).await?),
            Some(_) | None => Ok(false),
        }
    }

    /// Removes what nobody may find any more, then follows the log, until `stop`.
    pub async fn run(&self, stop: CancellationToken) -> Result<(), EventLogError> {
        match self.0.as_deref() {
            Some(place) => erasing::run(place, &stop).await,
            None => {
                stop.cancelled().await;
                Ok(())
            }
        }
    }
}
