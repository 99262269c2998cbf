//! Where lines go: stdout, or a file that is there only when it is whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::outcome::Failure;

const BUFFER_BYTES: usize = 256 * 1024;

pub struct Sink {
    output: Output,
}

enum Output {
    Stdout(BufWriter<io::Stdout>),
    File(Aside),
}

/// Dropped before it is finished, it is taken away.
struct Aside {
    writer: BufWriter<File>,
    path: PathBuf,
    to: PathBuf,
    finished: bool,
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be taken away is under a name that nobody takes for the result.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Sink {
    pub fn is_stdout(to: &Path) -> bool {
        to == Path::new("-")
    }

    /// `-` is stdout; a file must not exist.
    pub fn open(to: &Path) -> Result<Self, Failure> {
        if Self::is_stdout(to) {
            let output = Output::Stdout(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()));
            return Ok(Self { output });
        }
        let refused = |error: &dyn std::fmt::Display| Failure::usage(format!("--to {}: {error}", to.display()));
        if to.exists() {
            return Err(refused(&"it exists, and nothing is written over"));
        }
        let name = to.file_name().ok_or_else(|| refused(&"it has no name"))?;
        let path = to.with_file_name(format!(".{}.{}.unfinished", name.to_string_lossy(), std::process::id()));
        // For its owner alone: it holds what people wrote to each other.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let writer = BufWriter::with_capacity(BUFFER_BYTES, file.map_err(|error| refused(&error))?);
        Ok(Self { output: Output::File(Aside { writer, path, to: to.to_owned(), finished: false }) })
    }

    pub fn line(&mut self, text: &str) -> io::Result<()> {
        let writer: &mut dyn Write = match &mut self.output {
            Output::Stdout(writer) => writer,
            Output::File(aside) => &mut aside.writer,
        };
        writer.write_all(text.as_bytes())?;
        writer.write_all(b"\n")
    }

    pub fn finish(self) -> Result<(), Failure> {
        match self.output {
            Output::Stdout(mut writer) => Ok(writer.flush()?),
            Output::File(mut aside) => {
                let finished = aside.writer.flush().and_then(|()| aside.writer.get_ref().sync_all());
                let finished = finished.and_then(|()| std::fs::rename(&aside.path, &aside.to));
                finished.with_context(|| format!("{} cannot be written", aside.to.display()))?;
                aside.finished = true;
                Ok(())
            }
        }
    }
}
