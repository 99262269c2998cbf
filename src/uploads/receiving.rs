//! One file on its way in: chunk by chunk to the disk, counted, looked at, and kept when it is whole.

use std::time::Duration;

use aggregates::ids::{RoomId, UserId};
use aggregates::{KeyId, Sealed, Timestamp};
use attachments::{About, Arriving, HEAD_BYTES_MAX, UploadId, sniff};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;
use uuid::Uuid;

use super::allowance::Coming;
use super::{Place, UploadError, Uploads};

/// What somebody sends; its bytes come beside it.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Of the upload: the same for the same wish.
    pub file: Uuid,
    pub owner: UserId,
    pub room: RoomId,
    pub name: Option<String>,
    /// As the client says; believed only where it is too much.
    pub bytes_told: Option<u64>,
    pub at: Timestamp,
}

/// The body ended before it was whole, or is not what it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body broke off or cannot be read")]
pub struct BodyBroken;

impl Uploads {
    /// Takes a file in. The same wish again finds the file of the first time, and its bytes are not read.
    pub async fn receive(
        &self,
        parcel: Parcel,
        chunks: impl Stream<Item = Result<Bytes, BodyBroken>> + Send,
    ) -> Result<(UploadId, About), UploadError> {
        let place = self.place()?;
        let key = place.sealing.key_of(&parcel.owner, true).await?.ok_or(UploadError::Erased)?;
        let id = UploadId { key, file: parcel.file };
        if let Some(about) = self.about(id).await? {
            return Ok((id, about));
        }
        if parcel.bytes_told.is_some_and(|bytes| bytes > place.config.bytes_max) {
            return Err(UploadError::TooLarge(place.config.bytes_max));
        }
        let _place = place.places.try_acquire().map_err(|_| UploadError::Busy)?;
        let coming = place.allowance.enter(key)?;
        coming.counted(place.store.used(key).await?)?;
        let taking = take(place, coming, id, parcel, chunks);
        timeout(place.config.time(), taking).await.map_err(|_| UploadError::TooSlow)??;
        // Erased while this was on its way: whoever read the erasure may have looked for files before.
        let about = self.about(id).await?;
        match about {
            Some(about) if place.stands(&about.owner, key).await? => Ok((id, about)),
            Some(_) | None => {
                place.store.erase(key).await?;
                Err(UploadError::Erased)
            }
        }
    }
}

impl Place {
    async fn stands(&self, owner: &UserId, key: KeyId) -> Result<bool, UploadError> {
        Ok(self.sealing.all_keys_of(owner).await?.contains(&key))
    }
}

async fn take(
    place: &Place,
    mut coming: Coming,
    id: UploadId,
    parcel: Parcel,
    chunks: impl Stream<Item = Result<Bytes, BodyBroken>>,
) -> Result<(), UploadError> {
    let mut arriving = place.store.begin().await?;
    let mut file = Measured { bytes: 0, bytes_max: place.config.bytes_max, head: Vec::new() };
    let mut chunks = std::pin::pin!(chunks);
    while let Some(chunk) = next(&mut chunks, place.config.stall_time()).await? {
        file.grows(&chunk)?;
        coming.grows(chunk.len() as u64)?;
        arriving.write(&chunk).await?;
    }
    keep(place, arriving, id, parcel, file).await?;
    coming.is_kept();
    Ok(())
}

/// A client that is silent is given up, one that is slow is not.
async fn next(
    chunks: &mut (impl Stream<Item = Result<Bytes, BodyBroken>> + Unpin),
    patience: Duration,
) -> Result<Option<Bytes>, UploadError> {
    match timeout(patience, chunks.next()).await {
        Ok(chunk) => Ok(chunk.transpose()?),
        Err(_) => Err(UploadError::TooSlow),
    }
}

async fn keep(
    place: &Place,
    arriving: Box<dyn Arriving>,
    id: UploadId,
    parcel: Parcel,
    file: Measured,
) -> Result<(), UploadError> {
    if file.bytes == 0 {
        return Err(UploadError::Empty);
    }
    let kind = sniff(&file.head)?;
    let (width, height) = kind.size.unzip();
    let about = About {
        file: id.file,
        owner: parcel.owner,
        room: parcel.room,
        kind: kind.media_type.to_owned(),
        bytes: file.bytes,
        width,
        height,
        name: parcel.name.map(Sealed::new),
        at: parcel.at,
    };
    let mut sealed = [about];
    place.sealing.seal(&mut sealed).await?;
    let [about] = sealed;
    // They were erased and have another key by now.
    if about.name.as_ref().and_then(Sealed::key).is_some_and(|key| key != id.key) {
        return Err(UploadError::Erased);
    }
    arriving.keep(id, &about).await?;
    Ok(())
}

struct Measured {
    bytes: u64,
    bytes_max: u64,
    head: Vec<u8>,
}

impl Measured {
    fn grows(&mut self, chunk: &[u8]) -> Result<(), UploadError> {
        self.bytes += chunk.len() as u64;
        if self.bytes > self.bytes_max {
            return Err(UploadError::TooLarge(self.bytes_max));
        }
        let wanted = chunk.len().min(HEAD_BYTES_MAX - self.head.len());
        self.head.extend_from_slice(&chunk[..wanted]);
        Ok(())
    }
}
