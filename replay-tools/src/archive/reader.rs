//! Reads a backup, and trusts nothing of it that it has not checked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use event_log::LogId;
use event_log::raw::{RawEvent, RawReactor, Reactors};
use flate2::read::GzDecoder;

use super::hashing::Hashing;
use super::{ArchiveError, FORMAT, LINES, Line, MANIFEST, Manifest, VERSION};

/// A manifest is some hundred bytes.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// A backup whose checksum is right; its lines are compared with its manifest as they are read.
pub struct Reader {
    manifest: Manifest,
    lines: BufReader<GzDecoder<BufReader<File>>>,
    text: String,
    reactors: Reactors,
    /// The first event, met behind the reactors.
    first: Option<Line>,
    events: u64,
    last_position: i64,
    ended: bool,
}

impl Reader {
    /// Reads the whole file once, for its checksum, before anything is made of it.
    pub fn open(from: &Path) -> Result<Self, ArchiveError> {
        let manifest = manifest(&from.join(MANIFEST))?;
        let path = from.join(LINES);
        check_sum(&path, &manifest)?;
        let file = File::open(&path).map_err(|error| unreadable(&path, error))?;
        let lines = BufReader::with_capacity(BUFFER_BYTES, GzDecoder::new(BufReader::new(file)));
        let mut reader = Self {
            manifest,
            lines,
            text: String::new(),
            reactors: Reactors::default(),
            first: None,
            events: 0,
            last_position: 0,
            ended: false,
        };
        reader.begin()?;
        Ok(reader)
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn reactors(&self) -> &Reactors {
        &self.reactors
    }

    /// The next events, at most `limit`; none at the end, when everything was there.
    pub fn page(&mut self, limit: usize) -> Result<Vec<RawEvent>, ArchiveError> {
        let mut events = Vec::new();
        while !self.ended && events.len() < limit {
            let line = match self.first.take() {
                Some(line) => line,
                None => self.line()?,
            };
            match line {
                Line::Event(event) => {
                    if event.position <= self.last_position {
                        return Err(damaged(format!(
                            "position {} comes behind {}",
                            event.position, self.last_position
                        )));
                    }
                    self.last_position = event.position;
                    self.events += 1;
                    events.push((*event).into());
                }
                Line::End { events, reactors } => self.end(events, reactors)?,
                Line::Log { .. } | Line::Reactor { .. } | Line::LostReactor { .. } => {
                    return Err(damaged("a line stands where it does not belong".to_owned()));
                }
            }
        }
        Ok(events)
    }

    fn begin(&mut self) -> Result<(), ArchiveError> {
        match self.line()? {
            Line::Log { id, head } => self.same_log(id, head)?,
            Line::Reactor { .. } | Line::LostReactor { .. } | Line::Event(_) | Line::End { .. } => {
                return Err(damaged("it does not begin with the log it is of".to_owned()));
            }
        }
        loop {
            match self.line()? {
                Line::Reactor { name, log_id, position } => {
                    self.reactors.places.push(RawReactor { name, log: log_id, position });
                }
                Line::LostReactor { name } => self.reactors.lost.push(name),
                other @ (Line::Log { .. } | Line::Event(_) | Line::End { .. }) => {
                    self.first = Some(other);
                    return Ok(());
                }
            }
        }
    }

    fn same_log(&self, id: LogId, head: i64) -> Result<(), ArchiveError> {
        if id == self.manifest.log_id && head == self.manifest.head {
            return Ok(());
        }
        Err(damaged(format!(
            "the manifest says log {} and head {}, the file {id} and {head}",
            self.manifest.log_id, self.manifest.head
        )))
    }

    fn end(&mut self, events: u64, reactors: u64) -> Result<(), ArchiveError> {
        let said = (self.manifest.events, self.manifest.reactors);
        let read = (self.events, (self.reactors.places.len() + self.reactors.lost.len()) as u64);
        if said != read || (events, reactors) != read {
            return Err(damaged(format!(
                "the manifest says {} events and {} reactors, the file has {} and {}",
                said.0, said.1, read.0, read.1
            )));
        }
        if self.last_position != self.manifest.head {
            return Err(damaged(format!("its head is {}, it ends at {}", self.manifest.head, self.last_position)));
        }
        self.ended = true;
        Ok(())
    }

    fn line(&mut self) -> Result<Line, ArchiveError> {
        self.text.clear();
        let read = self.lines.read_line(&mut self.text).map_err(|error| damaged(error.to_string()))?;
        if read == 0 {
            return Err(damaged("it ends in the middle".to_owned()));
        }
        serde_json::from_str(&self.text).map_err(|error| damaged(format!("a line cannot be read: {error}")))
    }
}

fn manifest(path: &PathBuf) -> Result<Manifest, ArchiveError> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let mut text = String::new();
    file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text).map_err(|error| unreadable(path, error))?;
    let read: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| ArchiveError::NotOne(format!("{}: {error}", path.display())))?;
    if read["format"] != FORMAT {
        return Err(ArchiveError::NotOne(format!("{} is of another program", path.display())));
    }
    // Before the other fields, which a later version may have changed.
    match read["version"].as_u64() {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => return Err(ArchiveError::OtherVersion(u32::try_from(version).unwrap_or(u32::MAX))),
        None => return Err(ArchiveError::NotOne(format!("{} has no version", path.display()))),
    }
    serde_json::from_value(read).map_err(|error| damaged(format!("{}: {error}", path.display())))
}

fn check_sum(path: &PathBuf, manifest: &Manifest) -> Result<(), ArchiveError> {
    let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
    let mut hashing = Hashing::new(io::sink());
    io::copy(&mut file, &mut hashing).map_err(|error| unreadable(path, error))?;
    let (_, bytes, sha256) = hashing.finish();
    if bytes != manifest.bytes {
        return Err(damaged(format!("{LINES} has {bytes} bytes, the manifest says {}", manifest.bytes)));
    }
    if sha256 != manifest.sha256 {
        return Err(damaged(format!("the checksum of {LINES} is not that of the manifest")));
    }
    Ok(())
}

fn unreadable(path: &Path, error: io::Error) -> ArchiveError {
    ArchiveError::File(path.display().to_string(), error)
}

fn damaged(what: String) -> ArchiveError {
    ArchiveError::Damaged(what)
}
