//! The keys of words as a file of lines, the same for every engine: written by `backup --keys-to`, taken back by
//! `restore --keys-from`.
//!
//! A file of its own, so that it can be kept elsewhere than the backup of the log, and be deleted sooner. Whole or not
//! there: it is made beside its place, and its last line has the checksum of those before it.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aggregates::KeyId;
use aggregates::ids::UserId;
use anyhow::Context;
use event_log::sealing::keys::{Brought, Identity, Kept, KeysId, Secret};
use event_log::{LogId, Sealing, StoreUrl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::archive::Hashing;
use crate::outcome::Failure;

const FORMAT: &str = "kabar-keys";
const VERSION: u32 = 1;
/// How such a file begins.
const BEGINS: &str = "{\"keys\":{\"format\":\"kabar-keys\"";
/// Keys in memory at a time.
const PAGE_KEYS: usize = 2_000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// Which keys these are, and of which log; a program of before does not say it.
    Keys {
        format: String,
        version: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keys_id: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log_id: Option<Uuid>,
    },
    /// Without a secret: dropped, and to stay so. An older one of its owner's opens, and seals nothing.
    Key {
        id: String,
        owner: UserId,
        secret: Option<String>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        older: bool,
    },
    End {
        keys: u64,
        sha256: String,
    },
}

/// Writes every key there is; how many.
pub async fn write(keys: &StoreUrl, to: &Path) -> Result<u64, Failure> {
    if to.exists() {
        return Err(Failure::usage(format!("--keys-to: {} is there already", to.display())));
    }
    let in_place = || format!("{} cannot be written", to.display());
    let sealing = Sealing::open(keys).await.with_context(|| format!("the keys at {keys} cannot be read"))?;
    let mut file = KeysFile::begin(to, sealing.identity().await?).with_context(in_place)?;
    let (mut after, mut count) = (None, 0);
    loop {
        let page = sealing.page(after, PAGE_KEYS).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        count += page.len() as u64;
        for Kept { owner, id, secret, seals } in page {
            let secret = secret.map(|secret| in_hexadecimal(&secret));
            file.line(&Line::Key { id: id.to_string(), owner, secret, older: !seals }).with_context(in_place)?;
        }
    }
    sealing.close().await;
    file.finish(count).with_context(in_place)?;
    Ok(count)
}

/// A file that was found sound, with all that is in it: some hundred bytes for a user.
pub struct Copied {
    pub keys: Vec<Kept>,
    /// Of which keys and of which log it is a copy; a file of a program of before does not say it.
    pub keys_id: Option<KeysId>,
    pub log_id: Option<LogId>,
}

impl Copied {
    pub fn read(from: &Path) -> Result<Self, Failure> {
        read(from).map_err(|what| Failure::Refused(format!("{}: {what}", from.display())))
    }

    /// Those that open something.
    pub fn ids(&self) -> HashSet<KeyId> {
        self.keys.iter().filter(|key| key.secret.is_some()).map(|key| key.id).collect()
    }

    /// Brings them back, all or none. What is there stays, what was dropped stays dropped; erasures must be looked through
    /// again, as opening the log does.
    pub async fn bring_in(self, keys: &StoreUrl) -> Result<Brought, Failure> {
        let sealing = Sealing::open(keys).await.with_context(|| format!("the keys at {keys} cannot be written"))?;
        let brought = sealing.bring_in(self.keys).await;
        sealing.close().await;
        Ok(brought?)
    }
}

struct KeysFile {
    to: PathBuf,
    aside: PathBuf,
    lines: Option<Hashing<BufWriter<File>>>,
}

impl KeysFile {
    fn begin(to: &Path, of: Identity) -> io::Result<Self> {
        let name = to.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
        clear_unfinished(folder_of(to));
        let aside = to.with_file_name(format!(".{}.{}.unfinished", name.to_string_lossy(), std::process::id()));
        // For its owner alone: with it, every word in the log can be read.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        // As long as it is written: see `clear_unfinished`.
        file.lock()?;
        let lines = Some(Hashing::new(BufWriter::new(file)));
        let mut begun = Self { to: to.to_owned(), aside, lines };
        let (keys_id, log_id) = (Some(of.id.0), of.log.map(|log| log.0));
        begun.line(&Line::Keys { format: FORMAT.to_owned(), version: VERSION, keys_id, log_id })?;
        Ok(begun)
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        let lines = self.lines.as_mut().ok_or_else(|| io::Error::other("it is finished"))?;
        serde_json::to_writer(&mut *lines, line)?;
        lines.write_all(b"\n")
    }

    fn finish(mut self, keys: u64) -> io::Result<()> {
        let Some(lines) = self.lines.take() else { return Ok(()) };
        let (mut file, _, sha256) = lines.finish();
        serde_json::to_writer(&mut file, &Line::End { keys, sha256 })?;
        file.write_all(b"\n")?;
        file.flush()?;
        file.get_ref().sync_all()?;
        std::fs::rename(&self.aside, &self.to)?;
        File::open(folder_of(&self.to))?.sync_all()
    }
}

impl Drop for KeysFile {
    fn drop(&mut self) {
        // Moved to its place, it is not there any more.
        let _ = std::fs::remove_file(&self.aside);
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Deletes what killed backups of keys left in `folder`, whatever they were to be called: keys that nobody would look for.
/// One that is being written is locked. What cannot be deleted is said, and is no reason to go without a backup.
fn clear_unfinished(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let unfinished = name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(".unfinished"));
        if unfinished && is_left_behind(&entry.path()) {
            match std::fs::remove_file(entry.path()) {
                Ok(()) => eprintln!("replay: {}, which a killed backup had left, is deleted", entry.path().display()),
                Err(error) => eprintln!("replay: {} has keys and cannot be deleted: {error}", entry.path().display()),
            }
        }
    }
}

/// A file of ours that nobody writes any more. Without a first line nothing is in it yet.
fn is_left_behind(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut begins = String::new();
    let begun = (&file).take(BEGINS.len() as u64).read_to_string(&mut begins);
    begun.is_ok() && begins == BEGINS && file.try_lock().is_ok()
}

/// Nothing is taken of a file that is not whole.
fn read(from: &Path) -> Result<Copied, String> {
    let file = File::open(from).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut hashing = Hashing::new(io::sink());
    let (mut keys, mut of, mut ended) = (Vec::new(), None, false);
    for text in BufReader::new(file).lines() {
        let text = text.map_err(|error| format!("it cannot be read: {error}"))?;
        let line: Line = serde_json::from_str(&text).map_err(|error| format!("a line cannot be read: {error}"))?;
        match line {
            Line::Keys { format, version, keys_id, log_id }
                if of.is_none() && format == FORMAT && version == VERSION =>
            {
                of = Some((keys_id.map(KeysId), log_id.map(LogId)));
            }
            Line::Key { id, owner, secret, older } if of.is_some() && !ended => {
                let id = KeyId::parse(&id).ok_or("a key has no id")?;
                let secret = secret.map(|text| from_hexadecimal(&text).ok_or("a key is not one")).transpose()?;
                keys.push(Kept { owner, id, secret, seals: !older });
            }
            Line::End { keys: count, sha256 } if of.is_some() && !ended => {
                if count != keys.len() as u64
                    || sha256 != std::mem::replace(&mut hashing, Hashing::new(io::sink())).finish().2
                {
                    return Err("it is damaged: its end does not fit".to_owned());
                }
                ended = true;
            }
            Line::Keys { .. } | Line::Key { .. } | Line::End { .. } => {
                return Err(format!("it is not a {FORMAT} of version {VERSION}"));
            }
        }
        hashing
            .write_all(text.as_bytes())
            .and_then(|()| hashing.write_all(b"\n"))
            .map_err(|error| error.to_string())?;
    }
    match of {
        Some((keys_id, log_id)) if ended => Ok(Copied { keys, keys_id, log_id }),
        Some(_) | None => Err("it is damaged: it has no end".to_owned()),
    }
}

fn in_hexadecimal(secret: &Secret) -> String {
    secret.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hexadecimal(text: &str) -> Option<Secret> {
    let mut secret = Secret::default();
    if text.len() != 2 * secret.len() || !text.is_ascii() {
        return None;
    }
    for (index, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn copied(from: &Path, keys: &StoreUrl) -> Result<Brought, Failure> {
        Copied::read(from)?.bring_in(keys).await
    }

    #[tokio::test]
    async fn keys_come_back_to_another_place_and_a_damaged_file_brings_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| StoreUrl::Sqlite(folder.path().join(name));
        let (ana, ben) = (UserId::parse("ana").expect("an id"), UserId::parse("ben").expect("an id"));
        let sealing = Sealing::open(&place("first")).await.expect("keys");
        let key = sealing.key_of(&ana, true).await.expect("made");
        let dropped = sealing.key_of(&ben, true).await.expect("made").expect("made");
        let at = aggregates::Timestamp::from_millis(0);
        let erased = aggregates::user::UserErased { user_id: ben.clone(), keys: vec![dropped], at };
        sealing.drop_keys(&erased).await.expect("dropped");

        let file = folder.path().join("keys.jsonl");
        assert_eq!(write(&place("first"), &file).await.ok(), Some(2));
        assert!(matches!(write(&place("first"), &file).await, Err(Failure::Usage(_))), "never written over");
        let brought = |new, known| Some(Brought { new, known });
        assert_eq!(copied(&file, &place("second")).await.ok(), brought(2, 0));
        assert_eq!(copied(&file, &place("second")).await.ok(), brought(0, 2));
        let second = Sealing::open(&place("second")).await.expect("keys");
        assert_eq!(second.key_of(&ana, false).await.expect("readable"), key);
        assert_eq!(second.key_of(&ben, false).await.expect("readable"), None, "dropped stays dropped");

        // Whoever has another key by now seals with it, and both open; a key that was dropped since stays dropped.
        let third = Sealing::open(&place("third")).await.expect("keys");
        let other = third.key_of(&ana, true).await.expect("made");
        assert_eq!(copied(&file, &place("third")).await.ok(), brought(2, 0));
        assert_eq!(third.key_of(&ana, false).await.expect("readable"), other);
        let both: Vec<_> = other.into_iter().chain(key).collect();
        assert_eq!(third.all_keys_of(&ana).await.expect("readable"), both);
        let erased = aggregates::user::UserErased { user_id: ana.clone(), keys: key.into_iter().collect(), at };
        second.drop_keys(&erased).await.expect("dropped");
        assert_eq!(copied(&file, &place("second")).await.ok(), brought(0, 2));
        assert_eq!(second.key_of(&ana, false).await.expect("readable"), None);

        let whole = std::fs::read_to_string(&file).expect("readable");
        let without_end = whole.lines().take(3).map(|line| format!("{line}\n")).collect::<String>();
        let without_key = whole.lines().filter(|line| !line.contains("\"ana\"")).map(|line| format!("{line}\n"));
        for damaged in [without_end, without_key.collect(), whole.replace("\"ana\"", "\"eva\""), String::new()] {
            std::fs::write(&file, damaged).expect("written");
            assert!(matches!(copied(&file, &place("fourth")).await, Err(Failure::Refused(_))));
        }
        assert!(!folder.path().join("fourth").exists(), "nothing is made of it");
    }

    #[tokio::test]
    async fn what_a_killed_backup_left_is_deleted_by_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = StoreUrl::Sqlite(folder.path().join("keys"));
        Sealing::open(&keys).await.expect("made").close().await;
        let (killed, running) =
            (folder.path().join(".a.jsonl.1.unfinished"), folder.path().join(".b.jsonl.2.unfinished"));
        let others = folder.path().join(".c.3.unfinished");
        let begun = "{\"keys\":{\"format\":\"kabar-keys\",\"version\":1}}\n{\"key\":{\"secret\":\"00";
        for (file, text) in [(&killed, begun), (&running, begun), (&others, "of somebody else")] {
            std::fs::write(file, text).expect("written");
        }
        let writing = File::open(&running).expect("opens");
        writing.lock().expect("as its writer does");
        assert_eq!(write(&keys, &folder.path().join("d.jsonl")).await.ok(), Some(0));
        assert_eq!((killed.exists(), running.exists(), others.exists()), (false, true, true));
    }

    #[tokio::test]
    async fn a_file_says_whose_keys_are_in_it_and_which_of_them_only_open() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| StoreUrl::Sqlite(folder.path().join(name));
        let ana = UserId::parse("ana").expect("an id");
        let file = |name: &str| folder.path().join(name);
        let first = Sealing::open(&place("first")).await.expect("keys");
        let old = first.key_of(&ana, true).await.expect("made").expect("made");
        write(&place("first"), &file("old.jsonl")).await.expect("written");
        let second = Sealing::open(&place("second")).await.expect("keys");
        let new = second.key_of(&ana, true).await.expect("made").expect("made");
        copied(&file("old.jsonl"), &place("second")).await.expect("brought in");
        write(&place("second"), &file("both.jsonl")).await.expect("written");
        let Ok(both) = Copied::read(&file("both.jsonl")) else { panic!("it is sound") };
        assert_eq!(both.keys_id, Some(second.identity().await.expect("known").id));
        let older: Vec<_> = both.keys.iter().filter(|key| !key.seals).map(|key| key.id).collect();
        assert_eq!(older, [old]);
        both.bring_in(&place("third")).await.expect("brought in");
        let third = Sealing::open(&place("third")).await.expect("keys");
        assert_eq!(third.key_of(&ana, false).await.expect("readable"), Some(new), "whichever comes first by its id");

        let of_before = std::fs::read_to_string(file("old.jsonl")).expect("lines");
        assert!(!of_before.contains("older"), "nothing that a program of before need not know");
    }
}
