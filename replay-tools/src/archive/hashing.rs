//! Bytes on their way, counted and hashed.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

pub struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W> Hashing<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    /// The writer, how many bytes went through, and their hash in hexadecimal.
    pub fn finish(self) -> (W, u64, String) {
        let hash = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        (self.inner, self.bytes, hash)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
