//! Finding the store that is meant, and opening its log. Never makes one.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aggregates::Timestamp;
use anyhow::Context;
use event_log::tying::OtherKeys;
use event_log::{IfOthers, OpenError, SharedLog, StoreUrl};

use crate::arguments::{KeysLost, Shared};
use crate::outcome::Failure;

/// Where the server keeps things when it is told nothing.
const DEFAULT_URL: &str = "sqlite:./data";
const DEFAULT_CONFIG: &str = "kabar.toml";
const UPLOADS_VARIABLE: &str = "KABAR__UPLOADS__FOLDER";

/// `--database`, the environment (clap has both), the configuration file, the server's default: in this order.
pub fn locate(shared: &Shared) -> Result<StoreUrl, Failure> {
    let text = match &shared.database {
        Some(url) => url.clone(),
        None => of_configuration(shared, "database.url")?.unwrap_or_else(|| DEFAULT_URL.to_owned()),
    };
    // The text itself is not shown: it may hold a password.
    StoreUrl::parse(&text).map_err(|error| Failure::usage(format!("--database: {error}")))
}

/// Where the keys of the log at `log` are: `--keys`, the environment, the configuration file, beside the log. Of a log that
/// is named on the command line only the first and the last.
pub fn keys(shared: &Shared, log: &StoreUrl) -> Result<StoreUrl, Failure> {
    let text = match &shared.keys {
        Some(url) => Some(url.clone()),
        None if shared.keys_beside => None,
        None => of_configuration(shared, "database.keys_url")?,
    };
    let Some(text) = text else { return Ok(log.clone()) };
    StoreUrl::parse(&text).map_err(|error| Failure::usage(format!("--keys: {error}")))
}

/// Where uploads lie: the environment, the configuration file, the directory of a SQLite store.
pub fn uploads(shared: &Shared, log: &StoreUrl) -> Result<Option<PathBuf>, Failure> {
    let told = std::env::var(UPLOADS_VARIABLE).ok().filter(|folder| !folder.is_empty());
    let told = match told {
        Some(folder) => Some(folder),
        None => of_configuration(shared, "uploads.folder")?,
    };
    Ok(match (told, log) {
        (Some(folder), _) => Some(PathBuf::from(folder)),
        (None, StoreUrl::Sqlite(directory)) => Some(directory.join(attachments::folder::BESIDE)),
        (None, StoreUrl::Postgres(_)) => None,
    })
}

/// The log of a store that is there.
pub async fn open(shared: &Shared, url: &StoreUrl) -> Result<SharedLog, Failure> {
    require(url).await?;
    open_or_make(shared, url, false).await
}

/// The same; when its keys are `lost`, with new ones.
pub async fn open_also_without(shared: &Shared, url: &StoreUrl, lost: &KeysLost) -> Result<SharedLog, Failure> {
    require(url).await?;
    open_or_make(shared, url, lost.keys_lost).await
}

/// The log, made where there is none.
pub async fn open_or_make(shared: &Shared, url: &StoreUrl, keys_lost: bool) -> Result<SharedLog, Failure> {
    let keys = keys(shared, url)?;
    let if_others = if keys_lost { IfOthers::GiveUp } else { IfOthers::Refuse };
    match event_log::open_or_give_up(url, &keys, if_others).await {
        Ok((log, given_up)) => {
            if given_up {
                eprintln!("replay: the log of {url} has new keys, at {keys}; what was sealed before stays unread");
            }
            Ok(log)
        }
        Err(error) => Err(not_opened(shared, url, error)),
    }
}

pub fn not_opened(shared: &Shared, url: &StoreUrl, error: OpenError) -> Failure {
    match error {
        OpenError::Keys(others) => refused(shared, &others),
        OpenError::InUse(in_use) => Failure::Refused(in_use.to_string()),
        OpenError::Log(error) => anyhow::Error::new(error).context(format!("the log of {url} cannot be opened")).into(),
    }
}

/// Keys that are not those of the log.
pub fn refused(shared: &Shared, others: &OtherKeys) -> Failure {
    let hint = if shared.keys_beside {
        ". (--database was given and --keys was not: they were looked for beside the log)"
    } else {
        ""
    };
    Failure::Refused(format!("{others}{hint}"))
}

/// Refuses a place where there is no log.
pub async fn require(url: &StoreUrl) -> Result<(), Failure> {
    let found = event_log::exists(url).await.with_context(|| format!("{url} cannot be reached"))?;
    if !found {
        return Err(Failure::usage(format!(
            "there is no Kabar store at {url} (the server makes it when it starts; replay never does)"
        )));
    }
    Ok(())
}

pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What the server's configuration file says, if there is one.
fn of_configuration(shared: &Shared, key: &str) -> Result<Option<String>, Failure> {
    match &shared.config {
        Some(file) => configured(file, key),
        None if Path::new(DEFAULT_CONFIG).exists() => configured(Path::new(DEFAULT_CONFIG), key),
        None => Ok(None),
    }
}

fn configured(file: &Path, key: &str) -> Result<Option<String>, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", file.display()));
    let settings = config::Config::builder()
        .add_source(config::File::from(file).format(config::FileFormat::Toml))
        .build()
        .map_err(|error| unreadable(&error))?;
    match settings.get_string(key) {
        Ok(url) => Ok(Some(url)),
        Err(config::ConfigError::NotFound(_)) => Ok(None),
        Err(error) => Err(unreadable(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(database: Option<&str>, config: Option<&Path>) -> Shared {
        let (database, config) = (database.map(str::to_owned), config.map(Path::to_owned));
        Shared { database, keys: None, keys_beside: false, config, json: false }
    }

    #[test]
    fn the_command_line_comes_before_the_configuration_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kabar.toml");
        std::fs::write(&file, "[database]\nurl = \"sqlite:/from/file\"\n[http]\nport = 1\n").expect("written");
        let from_file = locate(&shared(None, Some(&file))).expect("readable");
        assert_eq!(from_file.to_string(), "sqlite:/from/file");
        let beside = keys(&shared(None, Some(&file)), &from_file).expect("readable");
        assert_eq!(beside, from_file, "nothing is said of keys");
        let from_line = locate(&shared(Some("sqlite:/from/line"), Some(&file))).expect("readable");
        assert_eq!(from_line.to_string(), "sqlite:/from/line");
    }

    #[test]
    fn keys_are_where_the_server_has_them_unless_a_log_is_named_on_the_command_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kabar.toml");
        std::fs::write(&file, "[database]\nkeys_url = \"sqlite:/keys/from/file\"\n").expect("written");
        let log = StoreUrl::Sqlite("/a/log".into());
        let told = shared(Some("sqlite:/a/log"), Some(&file));
        assert_eq!(keys(&told, &log).expect("readable").to_string(), "sqlite:/keys/from/file");
        let beside = Shared { keys_beside: true, ..shared(Some("sqlite:/a/log"), Some(&file)) };
        assert_eq!(keys(&beside, &log).expect("readable"), log);
        let told = Shared { keys: Some("sqlite:/keys/from/line".to_owned()), ..told };
        assert_eq!(keys(&told, &log).expect("readable").to_string(), "sqlite:/keys/from/line");
        let Err(Failure::Usage(text)) =
            keys(&Shared { keys: Some("mysql://root:hunter2@db".to_owned()), ..told }, &log)
        else {
            panic!("mysql keeps no keys");
        };
        assert!(text.contains("--keys") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_store_that_makes_no_sense_is_refused_without_showing_its_password() {
        let Err(Failure::Usage(text)) = locate(&shared(Some("mysql://root:hunter2@db/x"), None)) else {
            panic!("mysql is not a store");
        };
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[tokio::test]
    async fn a_store_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let absent = folder.path().join("absent");
        let Err(Failure::Usage(text)) = open(&shared(None, None), &StoreUrl::Sqlite(absent.clone())).await else {
            panic!("there is no store");
        };
        assert!(text.contains("no Kabar store"), "{text}");
        assert!(!absent.exists());
    }
}
