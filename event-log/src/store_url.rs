//! Where things are kept, as one URL.

use std::fmt;
use std::path::{Path, PathBuf};

/// A parsed `database.url`.
///
/// `Debug` and `Display` do not show passwords.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `sqlite:DIRECTORY`: log, views and keys are files of their own in it.
    Sqlite(PathBuf),
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    Postgres(String),
}

/// The URL names no store that this program has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStoreUrl {
    #[error("esdb:// (EventStoreDB) is not supported yet: use sqlite:DIRECTORY or postgres://")]
    EventStoreDbNotYet,
    #[error("expected sqlite:DIRECTORY or postgres://USER@HOST/DATABASE")]
    Unknown,
    #[error("sqlite: needs a directory, as in sqlite:./data")]
    NoDirectory,
}

impl StoreUrl {
    pub fn parse(text: &str) -> Result<Self, InvalidStoreUrl> {
        if let Some(directory) = text.strip_prefix("sqlite:") {
            let directory = directory.strip_prefix("//").unwrap_or(directory);
            if directory.is_empty() {
                return Err(InvalidStoreUrl::NoDirectory);
            }
            return Ok(Self::Sqlite(PathBuf::from(directory)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        if ["esdb://", "esdb+discover://", "kurrentdb://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(InvalidStoreUrl::EventStoreDbNotYet);
        }
        Err(InvalidStoreUrl::Unknown)
    }

    /// A file of the SQLite store; the log is `log.db`.
    pub fn file(directory: &Path, name: &str) -> PathBuf {
        directory.join(format!("{name}.db"))
    }
}

impl std::str::FromStr for StoreUrl {
    type Err = InvalidStoreUrl;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(directory) => write!(f, "sqlite:{}", directory.display()),
            Self::Postgres(text) => match url::Url::parse(text) {
                Ok(mut parsed) => {
                    if parsed.password().is_some() && parsed.set_password(Some("***")).is_err() {
                        return f.write_str("postgres://***");
                    }
                    parsed.fmt(f)
                }
                Err(_) => f.write_str("postgres://***"),
            },
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_recognised() {
        assert_eq!(StoreUrl::parse("sqlite:./data"), Ok(StoreUrl::Sqlite("./data".into())));
        assert_eq!(StoreUrl::parse("sqlite:///var/lib/kabar"), Ok(StoreUrl::Sqlite("/var/lib/kabar".into())));
        assert!(matches!(StoreUrl::parse("postgres://a@b/c"), Ok(StoreUrl::Postgres(_))));
        assert_eq!(StoreUrl::parse("sqlite:"), Err(InvalidStoreUrl::NoDirectory));
        assert_eq!(StoreUrl::parse("esdb://x"), Err(InvalidStoreUrl::EventStoreDbNotYet));
        assert_eq!(StoreUrl::parse("mysql://x"), Err(InvalidStoreUrl::Unknown));
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = StoreUrl::parse("postgres://kabar:hunter2@db/kabar").expect("valid");
        assert!(!format!("{url} {url:?}").contains("hunter2"));
    }
}
