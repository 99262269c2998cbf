//! Where lines come from: a file or stdin, packed or not, read and taken apart on a thread of its own.
//!
//! Bounded: a few chunks wait at most, and a line that is too long is refused without being kept.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc;

use super::line::{Line, Refused};
use crate::outcome::Failure;

/// A message of 8,000 characters, each written as an escape, is 96 kB.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
const CHUNK_LINES: usize = 2_000;
const CHUNKS_WAITING_MAX: usize = 4;
const BUFFER_BYTES: usize = 256 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];

pub type Parsed = Vec<(u64, Result<Line, Refused>)>;

/// Lines on their way.
pub struct Source {
    chunks: mpsc::Receiver<io::Result<Parsed>>,
    pub read: Bytes,
}

/// How much of the file was read, as it lies there.
#[derive(Clone)]
pub struct Bytes {
    read: Arc<AtomicU64>,
    /// `None` for stdin.
    pub of: Option<u64>,
}

impl Bytes {
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl Source {
    /// `-` is stdin.
    pub fn open(from: &Path) -> Result<Self, Failure> {
        let (mut input, read) = open(from)?;
        let (sender, chunks) = mpsc::channel(CHUNKS_WAITING_MAX);
        std::thread::spawn(move || {
            let mut number = 0;
            loop {
                let chunk = chunk(&mut *input, &mut number);
                let ended = !matches!(&chunk, Ok(lines) if !lines.is_empty());
                if sender.blocking_send(chunk).is_err() || ended {
                    return;
                }
            }
        });
        Ok(Self { chunks, read })
    }

    /// The next lines with their numbers; none at the end.
    pub async fn next(&mut self) -> Result<Parsed, Failure> {
        match self.chunks.recv().await {
            Some(chunk) => Ok(chunk.context("the lines cannot be read")?),
            None => Ok(Vec::new()),
        }
    }
}

/// A reader of what is there, unpacked where it is packed.
pub fn open(from: &Path) -> Result<(Box<dyn BufRead + Send>, Bytes), Failure> {
    let read = Arc::new(AtomicU64::new(0));
    let (raw, of): (Box<dyn Read + Send>, Option<u64>) = if from == Path::new("-") {
        (Box::new(io::stdin()), None)
    } else {
        let unreadable = |error: io::Error| Failure::usage(format!("{}: {error}", from.display()));
        let file = File::open(from).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        (Box::new(file), Some(bytes))
    };
    let counted = Counted { raw, read: Arc::clone(&read) };
    let mut input = BufReader::with_capacity(BUFFER_BYTES, counted);
    let packed = input.fill_buf().context("the lines cannot be read")?.starts_with(&GZIP);
    let input: Box<dyn BufRead + Send> = if packed {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(input)))
    } else {
        Box::new(input)
    };
    Ok((input, Bytes { read, of }))
}

struct Counted {
    raw: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.raw.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn chunk(input: &mut dyn BufRead, number: &mut u64) -> io::Result<Parsed> {
    let mut lines = Vec::with_capacity(CHUNK_LINES);
    let mut text = Vec::new();
    while lines.len() < CHUNK_LINES {
        let Some(whole) = next_line(input, &mut text)? else { break };
        *number += 1;
        if !whole {
            lines.push((*number, Err(Refused::new("line", format!("at most {LINE_BYTES_MAX} bytes")))));
        } else if !text.trim_ascii().is_empty() {
            lines.push((*number, Line::parse(&text)));
        }
    }
    Ok(lines)
}

/// `None` at the end, `false` for a line that was too long and is gone.
pub fn next_line(input: &mut dyn BufRead, text: &mut Vec<u8>) -> io::Result<Option<bool>> {
    text.clear();
    let read = input.take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', text)?;
    if read == 0 {
        return Ok(None);
    }
    if read <= LINE_BYTES_MAX || text.ends_with(b"\n") {
        return Ok(Some(true));
    }
    loop {
        text.clear();
        if input.take(LINE_BYTES_MAX as u64).read_until(b'\n', text)? == 0 || text.ends_with(b"\n") {
            text.clear();
            return Ok(Some(false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_refused_and_the_next_one_read() {
        let long = format!(
            "{}\n\n{{\"kind\":\"erasure\",\"user\":\"a\",\"at\":\"2026-01-01T00:00:00Z\"}}",
            "x".repeat(3 * LINE_BYTES_MAX)
        );
        let mut number = 0;
        let lines = chunk(&mut long.as_bytes(), &mut number).expect("readable");
        assert_eq!(
            lines.iter().map(|(number, line)| (*number, line.is_ok())).collect::<Vec<_>>(),
            [(1, false), (3, true)]
        );
    }
}
