//! Files in a folder of this machine, or of a disk that several share.
//!
//! ```text
//! KEY/FILE/bytes          KEY is the id of the owner's key, FILE a uuid
//! KEY/FILE/about.json
//! unfinished/ANY/..       on its way in; locked by whoever writes it
//! ```
//! A file appears by the renaming of its folder, after everything in it is on the disk: there is no half of one. All of it
//! is for its owner alone (0700, 0600).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aggregates::KeyId;
use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::id::UploadId;
use crate::store::{About, Arriving, AttachmentStore, ByteStream, StoreError, Used};

/// What the folder is called in the directory of a SQLite store.
pub const BESIDE: &str = "uploads";

const UNFINISHED: &str = "unfinished";
const BYTES: &str = "bytes";
const ABOUT: &str = "about.json";
/// Bytes read from the disk at a time.
const READ_BYTES: usize = 64 * 1024;
/// A folder that was made and has no file in it yet is somebody's who is just beginning.
const BEGINNING_MAX: Duration = Duration::from_secs(60);
/// Somebody may bring a file while a folder is removed; only so often.
const ERASE_TRIES_MAX: u32 = 10;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes the folder where it is not there.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = Self { root: root.into() };
        make_folder(&folder.root.join(UNFINISHED)).map_err(failed("making the folder of uploads"))?;
        Ok(folder)
    }

    /// `None` where there is no such folder: nothing is made.
    pub fn existing(root: impl Into<PathBuf>) -> Option<Self> {
        let root = root.into();
        root.is_dir().then_some(Self { root })
    }

    pub fn path(&self) -> &Path {
        &self.root
    }

    fn of_key(&self, key: KeyId) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn of(&self, id: UploadId) -> PathBuf {
        self.of_key(id.key).join(id.file.simple().to_string())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = self.clone();
        let done = tokio::task::spawn_blocking(move || work(folder)).await;
        done.map_err(io::Error::other).flatten().map_err(failed(doing))
    }
}

#[async_trait]
impl AttachmentStore for Folder {
    async fn begin(&self) -> Result<Box<dyn Arriving>, StoreError> {
        let begun = self.blocking("beginning an upload", |folder| {
            let home = folder.root.join(UNFINISHED).join(Uuid::new_v4().simple().to_string());
            make_folder(&home)?;
            let unfinished = Unfinished(Some(home.clone()));
            let file = new_file(&home.join(BYTES))?;
            // Whoever starts beside this process sees by it that somebody is at work here.
            file.lock()?;
            Ok((unfinished, file))
        });
        let (unfinished, file) = begun.await?;
        Ok(Box::new(ArrivingFile { folder: self.clone(), unfinished, file: tokio::fs::File::from_std(file) }))
    }

    async fn about(&self, id: UploadId) -> Result<Option<About>, StoreError> {
        let text = absent_is_none(tokio::fs::read(self.of(id).join(ABOUT)).await);
        let text = text.map_err(failed("reading what an upload is"))?;
        let about = text.map(|text| serde_json::from_slice(&text)).transpose();
        about.map_err(|error| failed("reading what an upload is")(io::Error::other(error)))
    }

    async fn read(&self, id: UploadId, bytes: Range<u64>) -> Result<Option<ByteStream>, StoreError> {
        let path = self.of(id).join(BYTES);
        let opened = absent_is_none(tokio::fs::File::open(path).await).map_err(failed("opening an upload"))?;
        let Some(mut file) = opened else { return Ok(None) };
        file.seek(SeekFrom::Start(bytes.start)).await.map_err(failed("reading an upload"))?;
        let wanted = file.take(bytes.end.saturating_sub(bytes.start));
        Ok(Some(ReaderStream::with_capacity(wanted, READ_BYTES).boxed()))
    }

    async fn used(&self, key: KeyId) -> Result<Used, StoreError> {
        self.blocking("counting somebody's uploads", move |folder| {
            let mut used = Used::default();
            for home in folders_in(&folder.of_key(key))? {
                // One that is removed in this moment counts for nothing.
                if let Some(metadata) = absent_is_none(std::fs::metadata(home.join(BYTES)))? {
                    used.files += 1;
                    used.bytes += metadata.len();
                }
            }
            Ok(used)
        })
        .await
    }

    async fn remove(&self, id: UploadId) -> Result<bool, StoreError> {
        self.blocking("removing an upload", move |folder| {
            // Out of sight in one step first: a crash in between leaves no half of it.
            let away = folder.root.join(UNFINISHED).join(Uuid::new_v4().simple().to_string());
            if absent_is_none(std::fs::rename(folder.of(id), &away))?.is_none() {
                return Ok(false);
            }
            std::fs::remove_dir_all(away)?;
            sync_folder(&folder.of_key(id.key))?;
            Ok(true)
        })
        .await
    }

    async fn erase(&self, key: KeyId) -> Result<bool, StoreError> {
        self.blocking("removing somebody's uploads", move |folder| {
            let home = folder.of_key(key);
            let mut tries = 0;
            let there = loop {
                tries += 1;
                match absent_is_none(std::fs::remove_dir_all(&home)) {
                    Ok(removed) => break removed.is_some() || tries > 1,
                    Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && tries < ERASE_TRIES_MAX => {}
                    Err(error) => return Err(error),
                }
            };
            sync_folder(&folder.root)?;
            Ok(there)
        })
        .await
    }

    async fn keys(&self) -> Result<Vec<KeyId>, StoreError> {
        self.blocking("listing the folders of uploads", |folder| {
            let homes = folders_in(&folder.root)?;
            Ok(homes.iter().filter_map(|home| KeyId::parse(home.file_name()?.to_str()?)).collect())
        })
        .await
    }

    async fn clear_unfinished(&self) -> Result<u64, StoreError> {
        self.blocking("removing unfinished uploads", |folder| {
            let mut cleared = 0;
            for home in folders_in(&folder.root.join(UNFINISHED))? {
                if is_abandoned(&home)? {
                    absent_is_none(std::fs::remove_dir_all(&home))?;
                    cleared += 1;
                }
            }
            Ok(cleared)
        })
        .await
    }
}

fn is_abandoned(home: &Path) -> io::Result<bool> {
    let Some(file) = absent_is_none(File::open(home.join(BYTES)))? else {
        let Some(metadata) = absent_is_none(std::fs::metadata(home))? else { return Ok(false) };
        return Ok(metadata.modified()?.elapsed().is_ok_and(|age| age > BEGINNING_MAX));
    };
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

struct ArrivingFile {
    folder: Folder,
    unfinished: Unfinished,
    file: tokio::fs::File,
}

#[async_trait]
impl Arriving for ArrivingFile {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).await.map_err(failed("writing an upload"))
    }

    async fn keep(self: Box<Self>, id: UploadId, about: &About) -> Result<bool, StoreError> {
        let Self { folder, mut unfinished, mut file } = *self;
        file.flush().await.map_err(failed("writing an upload"))?;
        file.sync_all().await.map_err(failed("writing an upload"))?;
        let about =
            serde_json::to_vec(about).map_err(|error| failed("describing an upload")(io::Error::other(error)))?;
        let kept = folder.blocking("keeping an upload", move |folder| {
            let Some(home) = unfinished.0.as_deref() else { return Ok(false) };
            let mut beside = new_file(&home.join(ABOUT))?;
            beside.write_all(&about)?;
            beside.sync_all()?;
            sync_folder(home)?;
            let of_key = folder.of_key(id.key);
            make_folder(&of_key)?;
            match std::fs::rename(home, folder.of(id)) {
                Ok(()) => drop(unfinished.0.take()),
                Err(error) if is_there(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
            sync_folder(&of_key)?;
            sync_folder(&folder.root)?;
            Ok(true)
        });
        let kept = kept.await;
        drop(file); // And with it the lock: nobody must take it for abandoned before it has its name.
        kept
    }
}

/// A folder that goes away unless it got another name.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(home) = self.0.take() else { return };
        let remove = move || {
            if let Err(error) = absent_is_none(std::fs::remove_dir_all(&home)) {
                tracing::warn!(%error, "an unfinished upload is left until the next start");
            }
        };
        // Freeing many blocks takes a moment, and this may be a task of the runtime.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError { doing, source }
}

fn absent_is_none<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_there(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty)
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match absent_is_none(File::open(path))? {
        Some(folder) => folder.sync_all(),
        None => Ok(()),
    }
}

fn folders_in(path: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(entries) = absent_is_none(std::fs::read_dir(path))? else { return Ok(Vec::new()) };
    entries.map(|entry| Ok(entry?.path())).collect()
}

#[cfg(test)]
mod tests;
