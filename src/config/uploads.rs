//! Files that people send: where they lie, and how much.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::Invalid;

/// Attachments that clients upload. Past a size 413 or 422, past a number at once 429 or 503; each says which.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UploadsConfig {
    /// The folder they are kept in; several nodes need one that they share. Default: `uploads` in the directory of a SQLite
    /// store; on PostgreSQL none, and nothing can be uploaded.
    pub folder: Option<PathBuf>,
    /// Bytes of one file; a longer one is 413. Default 26,214,400.
    pub bytes_max: u64,
    /// Bytes of all files of one user; at least `uploads.bytes_max`. Default 1,073,741,824.
    pub user_bytes_max: u64,
    /// Files of one user. Default 10,000.
    pub user_files_max: u64,
    /// Files that are coming in at once; one more is 503. Each takes up to 400 KB of memory. Default 64.
    pub at_once_max: usize,
    /// Of those, files of one user; one more is 429. Default 4.
    pub user_at_once_max: u32,
    /// Seconds that may pass without a byte of a file, then 408. Default 30.
    pub stall_seconds_max: u64,
    /// Seconds that a file may take to come in, then 408; at least `uploads.stall_seconds_max`. Default 600.
    pub seconds_max: u64,
}

impl Default for UploadsConfig {
    fn default() -> Self {
        Self {
            folder: None,
            bytes_max: 25 * 1024 * 1024,
            user_bytes_max: 1024 * 1024 * 1024,
            user_files_max: 10_000,
            at_once_max: 64,
            user_at_once_max: 4,
            stall_seconds_max: 30,
            seconds_max: 600,
        }
    }
}

impl UploadsConfig {
    pub fn stall_time(&self) -> Duration {
        Duration::from_secs(self.stall_seconds_max)
    }

    pub fn time(&self) -> Duration {
        Duration::from_secs(self.seconds_max)
    }

    /// What cannot be so.
    pub(super) fn wrong(&self) -> Vec<Invalid> {
        let least = [
            ("uploads.bytes_max", self.bytes_max, 1),
            ("uploads.user_bytes_max", self.user_bytes_max, self.bytes_max),
            ("uploads.user_files_max", self.user_files_max, 1),
            ("uploads.at_once_max", self.at_once_max as u64, 1),
            ("uploads.user_at_once_max", u64::from(self.user_at_once_max), 1),
            ("uploads.stall_seconds_max", self.stall_seconds_max, 1),
            ("uploads.seconds_max", self.seconds_max, self.stall_seconds_max),
        ];
        let too_little = least.into_iter().filter(|(_, value, least)| value < least);
        too_little.map(|(key, _, least)| Invalid::new(key, format!("at least {least}"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_room_for_one_file_at_least_and_all_of_it_is_said_at_once() {
        let mut config = UploadsConfig::default();
        assert_eq!(config.wrong(), []);
        config.user_bytes_max = config.bytes_max - 1;
        config.seconds_max = 29;
        config.at_once_max = 0;
        let keys: Vec<_> = config.wrong().into_iter().map(|invalid| invalid.key).collect();
        assert_eq!(keys, ["uploads.user_bytes_max", "uploads.at_once_max", "uploads.seconds_max"]);
    }
}
