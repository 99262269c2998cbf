//! Makes a backup beside its place and moves it there when it is whole.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aggregates::Timestamp;
use event_log::LogId;
use event_log::raw::{RawEvent, Reactors};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::hashing::Hashing;
use super::{FORMAT, LINES, Line, MANIFEST, Manifest, VERSION};

type Lines = GzEncoder<Hashing<BufWriter<File>>>;

/// Dropped before it is finished, it leaves nothing behind.
pub struct Writer {
    to: PathBuf,
    /// Where it is made; taken away with its content unless it was moved to its place.
    aside: Aside,
    lines: Lines,
    log: LogId,
    head: i64,
    events: u64,
    reactors: u64,
}

struct Aside(Option<PathBuf>);

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What cannot be taken away is under a name that nobody takes for a backup.
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

impl Writer {
    /// `to` must not exist, or be an empty folder.
    pub fn begin(to: &Path, log: LogId, head: i64, reactors: &Reactors) -> io::Result<Self> {
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = to.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
        std::fs::create_dir_all(parent)?;
        let aside = parent.join(format!(".{}.{}.unfinished", name.to_string_lossy(), std::process::id()));
        // For its owner alone: it holds what people wrote to each other.
        DirBuilder::new().mode(0o700).create(&aside)?;
        let guard = Aside(Some(aside.clone()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(aside.join(LINES))?;
        let mut lines = GzEncoder::new(Hashing::new(BufWriter::new(file)), Compression::fast());
        line(&mut lines, &Line::Log { id: log, head })?;
        for reactor in &reactors.places {
            line(&mut lines, &Line::from(reactor))?;
        }
        for name in &reactors.lost {
            line(&mut lines, &Line::LostReactor { name: name.clone() })?;
        }
        let reactors = (reactors.places.len() + reactors.lost.len()) as u64;
        Ok(Self { to: to.to_owned(), aside: guard, lines, log, head, events: 0, reactors })
    }

    pub fn event(&mut self, event: RawEvent) -> io::Result<()> {
        self.events += 1;
        line(&mut self.lines, &Line::Event(Box::new(event.into())))
    }

    /// On the disk, whole, and only now under its name.
    pub fn finish(self, made_at: Timestamp) -> io::Result<Manifest> {
        let Self { to, mut aside, mut lines, log, head, events, reactors } = self;
        line(&mut lines, &Line::End { events, reactors })?;
        let (mut file, bytes, sha256) = lines.finish()?.finish();
        file.flush()?;
        file.get_ref().sync_all()?;
        let (format, file) = (FORMAT.to_owned(), LINES.to_owned());
        let manifest =
            Manifest { format, version: VERSION, made_at, log_id: log, head, events, reactors, file, bytes, sha256 };
        if let Some(path) = &aside.0 {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path.join(MANIFEST))?;
            file.write_all(serde_json::to_string_pretty(&manifest)?.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            File::open(path)?.sync_all()?;
            std::fs::rename(path, &to)?;
        }
        aside.0 = None;
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()?;
        Ok(manifest)
    }
}

fn line(lines: &mut Lines, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, line)?;
    lines.write_all(b"\n")
}
