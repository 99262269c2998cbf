//! Secrets for whoever starts Kabar without any: made once, kept beside the SQLite database, readable by its owner only.
//!
//! Only on SQLite, where there is a directory of our own and one machine. Several nodes on PostgreSQL would each make
//! their own and refuse each other's tokens: there missing secrets are an error that `Config::validate` names.

use std::io::Write;
use std::path::{Path, PathBuf};

use event_log::StoreUrl;
use serde::{Deserialize, Serialize};

use super::{Config, DemoMode, Secret};

const FILE: &str = "secrets.json";
const SECRET_BYTES: usize = 32;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MadeSecrets {
    jwt_secret: String,
    pusher_secret: String,
}

/// The file of made secrets cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the secrets in {path} cannot be kept")]
pub struct MadeSecretsError {
    path: PathBuf,
    source: std::io::Error,
}

/// Makes ready to start: fills missing secrets and decides what `demo.mode = "auto"` means.
pub fn settle(mut config: Config) -> Result<Config, MadeSecretsError> {
    if config.demo.mode == DemoMode::Auto {
        config.demo.mode = if is_bare(&config) { DemoMode::On } else { DemoMode::Off };
    }
    fill_missing_secrets(&mut config)?;
    Ok(config)
}

/// Whether there is something to sign a token with that a server would believe, without making it up.
pub fn can_sign(config: &Config) -> bool {
    // Beside secrets of the platform none of ours is made or believed.
    let made = config.auth.nextauth_secrets.is_empty()
        && match StoreUrl::parse(config.database.url.reveal()) {
            Ok(StoreUrl::Sqlite(directory)) => directory.join(FILE).exists(),
            Ok(StoreUrl::Postgres(_)) | Err(_) => false,
        };
    made || !config.auth.jwt.secrets.is_empty()
}

/// On SQLite, without any secret of somebody's own, and nothing reaches real people: somebody tries Kabar out.
fn is_bare(config: &Config) -> bool {
    let sqlite = matches!(StoreUrl::parse(config.database.url.reveal()), Ok(StoreUrl::Sqlite(_)));
    let secrets = !config.auth.jwt.secrets.is_empty() || !config.auth.nextauth_secrets.is_empty();
    sqlite && !secrets && config.realtime.secret.is_none() && !config.reaches_outside()
}

/// Fills `auth.jwt.secrets` and `realtime.secret` where nothing is configured and the store is SQLite. What is
/// configured is never replaced, and nothing is made when nothing is missing.
fn fill_missing_secrets(config: &mut Config) -> Result<(), MadeSecretsError> {
    let Ok(StoreUrl::Sqlite(directory)) = StoreUrl::parse(config.database.url.reveal()) else { return Ok(()) };
    let jwt_missing = config.auth.jwt.secrets.is_empty() && config.auth.nextauth_secrets.is_empty();
    let pusher_missing = config.realtime.secret.is_none();
    if !jwt_missing && !pusher_missing {
        return Ok(());
    }
    let path = directory.join(FILE);
    let made = read_or_make(&directory, &path).map_err(|source| MadeSecretsError { path, source })?;
    if jwt_missing {
        config.auth.jwt.secrets = vec![Secret::new(made.jwt_secret)];
    }
    if pusher_missing {
        config.realtime.secret = Some(Secret::new(made.pusher_secret));
    }
    Ok(())
}

fn read_or_make(directory: &Path, path: &Path) -> std::io::Result<MadeSecrets> {
    if let Some(made) = read(path)? {
        return Ok(made);
    }
    make_private_directory(directory)?;
    let made = MadeSecrets { jwt_secret: random_text(), pusher_secret: random_text() };
    // Written aside and linked into place: a crash leaves no half file, and of two starters the first one's file stays.
    let aside = directory.join(format!("{FILE}.{}", uuid::Uuid::new_v4()));
    let written = write_private(&aside, &serde_json::to_vec_pretty(&made)?).and_then(|()| link(&aside, path));
    std::fs::remove_file(&aside)?;
    written?;
    read(path)?.ok_or_else(|| std::io::Error::other("vanished while it was made"))
}

fn read(path: &Path) -> std::io::Result<Option<MadeSecrets>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(from, to) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

/// Often the first to make the data directory, which holds what people wrote to each other.
fn make_private_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(directory)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn random_text() -> String {
    hex::encode(rand::random::<[u8; SECRET_BYTES]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_sqlite(directory: &Path) -> Config {
        let mut config = Config::default();
        config.database.url = Secret::new(format!("sqlite:{}", directory.display()));
        config
    }

    #[test]
    fn secrets_are_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let (mut first, mut second) = (on_sqlite(directory.path()), on_sqlite(directory.path()));
        fill_missing_secrets(&mut first).unwrap();
        fill_missing_secrets(&mut second).unwrap();
        assert_eq!(first.validate(), []);
        assert_eq!(first.auth.jwt.secrets, second.auth.jwt.secrets);
        assert_eq!(first.realtime.secret, second.realtime.secret);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        fill_missing_secrets(&mut on_sqlite(directory.path())).unwrap();
        let mode = std::fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_configured_stays_and_then_nothing_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = on_sqlite(directory.path());
        config.auth.nextauth_secrets = vec![Secret::new("platform")];
        config.realtime.secret = Some(Secret::new("mine"));
        fill_missing_secrets(&mut config).unwrap();
        assert!(config.auth.jwt.secrets.is_empty());
        assert_eq!(config.realtime.secret, Some(Secret::new("mine")));
        assert!(!directory.path().join(FILE).exists());
    }

    #[test]
    fn where_no_server_has_been_there_is_nothing_to_sign_with() {
        let directory = tempfile::tempdir().unwrap();
        let absent = directory.path().join("data");
        let mut config = on_sqlite(&absent);
        assert!(!can_sign(&config));
        assert!(!absent.exists(), "looking makes nothing");
        fill_missing_secrets(&mut on_sqlite(&absent)).unwrap();
        assert!(can_sign(&config));
        config.auth.nextauth_secrets = vec![Secret::new("platform")];
        assert!(!can_sign(&config), "a server here believes the platform's tokens alone");
        config.auth.jwt.secrets = vec![Secret::new("mine")];
        assert!(can_sign(&config));
    }

    #[test]
    fn the_demo_is_for_whoever_configured_no_secret_and_reaches_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let bare = on_sqlite(directory.path());
        assert_eq!(settle(bare.clone()).unwrap().demo.mode, DemoMode::On);
        let mut serious = bare.clone();
        serious.auth.nextauth_secrets = vec![Secret::new("platform")];
        assert_eq!(settle(serious).unwrap().demo.mode, DemoMode::Off);
        let mut outside = bare;
        outside.push.onesignal = Some(providers::OneSignalSettings::default());
        assert_eq!(settle(outside).unwrap().demo.mode, DemoMode::Off, "nobody's phone is for trying out");
    }

    #[test]
    fn on_postgresql_nothing_is_made_and_the_missing_keys_are_named() {
        let mut config = Config::default();
        config.database.url = Secret::new("postgres://kabar@db/kabar");
        fill_missing_secrets(&mut config).unwrap();
        let keys: Vec<_> = config.validate().into_iter().map(|invalid| invalid.key).collect();
        assert_eq!(keys, ["auth.jwt.secrets", "realtime.secret"]);
    }
}
