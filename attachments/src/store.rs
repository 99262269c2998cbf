//! What every place for files promises. A local folder keeps it now; a bucket can.

use std::ops::Range;
use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use aggregates::words::{Field, HasWords, Place, Visit};
use aggregates::{KeyId, Sealed, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::UploadId;

/// A file's small description. It lies beside the bytes and goes with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    pub file: Uuid,
    pub owner: UserId,
    /// Whose members may have it.
    pub room: RoomId,
    /// The media type, as the bytes say it.
    pub kind: String,
    pub bytes: u64,
    /// In pixels, of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// What its owner calls it: their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    pub at: Timestamp,
}

impl HasWords for About {
    fn visit_words(&mut self, visit: &mut Visit<'_>) {
        let Self { file, owner, room: _, kind: _, bytes: _, width: _, height: _, name, at: _ } = self;
        if let Some(name) = name {
            visit(Place { owner, field: Field::FileName, of: *file }, name);
        }
    }
}

/// What somebody's files take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    pub files: u64,
    pub bytes: u64,
}

/// The place cannot do its work. Never the caller's fault.
#[derive(Debug, thiserror::Error)]
#[error("{doing} failed")]
pub struct StoreError {
    pub doing: &'static str,
    #[source]
    pub source: std::io::Error,
}

pub type ByteStream = BoxStream<'static, std::io::Result<Bytes>>;

#[async_trait]
pub trait AttachmentStore: Send + Sync + 'static {
    /// Begins to take a file. Nobody sees anything of it until it is kept; dropped, nothing of it is left.
    async fn begin(&self) -> Result<Box<dyn Arriving>, StoreError>;

    async fn about(&self, id: UploadId) -> Result<Option<About>, StoreError>;

    /// Some of its bytes, read as they are asked for. `None` when it is not there (any more).
    async fn read(&self, id: UploadId, bytes: Range<u64>) -> Result<Option<ByteStream>, StoreError>;

    /// What lies under a key.
    async fn used(&self, key: KeyId) -> Result<Used, StoreError>;

    /// Removes one file. Whether it was there.
    async fn remove(&self, id: UploadId) -> Result<bool, StoreError>;

    /// Removes everything that lies under a key. Whether there was anything.
    async fn erase(&self, key: KeyId) -> Result<bool, StoreError>;

    /// Every key that something lies under: as many as there are people who sent files.
    async fn keys(&self) -> Result<Vec<KeyId>, StoreError>;

    /// Removes what was begun and never kept, but for what somebody is still sending. How many.
    async fn clear_unfinished(&self) -> Result<u64, StoreError>;
}

pub type SharedStore = Arc<dyn AttachmentStore>;

/// A file on its way in.
#[async_trait]
pub trait Arriving: Send {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// Makes it a file that can be found, whole and durable, or nothing. One that is there already under this id stays as
    /// it is: `false`.
    async fn keep(self: Box<Self>, id: UploadId, about: &About) -> Result<bool, StoreError>;
}
