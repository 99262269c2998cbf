//! The keys of words as a file of lines, the same for every engine: written by `backup --keys-to`, taken back by
//! `restore --keys-from`.
//!
//! A file of its own, so that it can be kept elsewhere than the backup of the log, and be deleted sooner. Whole or not
//! there: it is made beside its place, and its last line has the checksum of those before it.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aggregates::KeyId;
use aggregates::ids::UserId;
use anyhow::Context;
use event_log::sealing::keys::{Brought, Kept, Secret};
use event_log::{Sealing, StoreUrl};
use serde::{Deserialize, Serialize};

use crate::archive::Hashing;
use crate::outcome::Failure;

const FORMAT: &str = "kabar-keys";
const VERSION: u32 = 1;
/// Keys in memory at a time.
const PAGE_KEYS: usize = 2_000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Keys {
        format: String,
        version: u32,
    },
    /// Without a secret: dropped, and to stay so.
    Key {
        id: String,
        owner: UserId,
        secret: Option<String>,
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
    let mut file = KeysFile::begin(to).with_context(in_place)?;
    let (mut after, mut count) = (None, 0);
    loop {
        let page = sealing.page(after, PAGE_KEYS).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        count += page.len() as u64;
        for Kept { owner, id, secret } in page {
            let secret = secret.map(|secret| in_hexadecimal(&secret));
            file.line(&Line::Key { id: id.to_string(), owner, secret }).with_context(in_place)?;
        }
    }
    sealing.close().await;
    file.finish(count).with_context(in_place)?;
    Ok(count)
}

/// Whether the whole file is sound; the keys in it that open something.
pub fn check(from: &Path) -> Result<HashSet<KeyId>, Failure> {
    let keys = read(from).map_err(|what| Failure::Refused(format!("{}: {what}", from.display())))?;
    Ok(keys.iter().filter(|key| key.secret.is_some()).map(|key| key.id).collect())
}

/// Takes them back, once the whole file was found sound. What is there stays, what was dropped stays dropped; erasures must
/// be looked through again, as opening the log does.
pub async fn bring_in(from: &Path, keys: &StoreUrl) -> Result<Brought, Failure> {
    let refused = |what: String| Failure::Refused(format!("{}: {what}", from.display()));
    let all = read(from).map_err(refused)?;
    let sealing = Sealing::open(keys).await.with_context(|| format!("the keys at {keys} cannot be written"))?;
    let mut sum = Brought::default();
    for page in all.chunks(PAGE_KEYS) {
        let brought = sealing.bring_in(page.to_vec()).await?;
        sum.new += brought.new;
        sum.known += brought.known;
    }
    sealing.close().await;
    Ok(sum)
}

struct KeysFile {
    to: PathBuf,
    aside: PathBuf,
    lines: Option<Hashing<BufWriter<File>>>,
}

impl KeysFile {
    fn begin(to: &Path) -> io::Result<Self> {
        let name = to.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
        let aside = to.with_file_name(format!(".{}.{}.unfinished", name.to_string_lossy(), std::process::id()));
        // For its owner alone: with it, every word in the log can be read.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        let lines = Some(Hashing::new(BufWriter::new(file)));
        let mut begun = Self { to: to.to_owned(), aside, lines };
        begun.line(&Line::Keys { format: FORMAT.to_owned(), version: VERSION })?;
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
        let parent = self.to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()
    }
}

impl Drop for KeysFile {
    fn drop(&mut self) {
        // Moved to its place, it is not there any more.
        let _ = std::fs::remove_file(&self.aside);
    }
}

/// All of them: some hundred bytes for a user, and nothing is taken of a file that is not whole.
fn read(from: &Path) -> Result<Vec<Kept>, String> {
    let file = File::open(from).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut hashing = Hashing::new(io::sink());
    let (mut keys, mut begun, mut ended) = (Vec::new(), false, false);
    for text in BufReader::new(file).lines() {
        let text = text.map_err(|error| format!("it cannot be read: {error}"))?;
        let line: Line = serde_json::from_str(&text).map_err(|error| format!("a line cannot be read: {error}"))?;
        match line {
            Line::Keys { format, version } if !begun && format == FORMAT && version == VERSION => begun = true,
            Line::Key { id, owner, secret } if begun && !ended => {
                let id = KeyId::parse(&id).ok_or("a key has no id")?;
                let secret = secret.map(|text| from_hexadecimal(&text).ok_or("a key is not one")).transpose()?;
                keys.push(Kept { owner, id, secret });
            }
            Line::End { keys: count, sha256 } if begun && !ended => {
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
    if ended { Ok(keys) } else { Err("it is damaged: it has no end".to_owned()) }
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
        assert_eq!(bring_in(&file, &place("second")).await.ok(), brought(2, 0));
        assert_eq!(bring_in(&file, &place("second")).await.ok(), brought(0, 2));
        let second = Sealing::open(&place("second")).await.expect("keys");
        assert_eq!(second.key_of(&ana, false).await.expect("readable"), key);
        assert_eq!(second.key_of(&ben, false).await.expect("readable"), None, "dropped stays dropped");

        // Whoever has another key by now seals with it, and both open; a key that was dropped since stays dropped.
        let third = Sealing::open(&place("third")).await.expect("keys");
        let other = third.key_of(&ana, true).await.expect("made");
        assert_eq!(bring_in(&file, &place("third")).await.ok(), brought(2, 0));
        assert_eq!(third.key_of(&ana, false).await.expect("readable"), other);
        let both: Vec<_> = other.into_iter().chain(key).collect();
        assert_eq!(third.all_keys_of(&ana).await.expect("readable"), both);
        let erased = aggregates::user::UserErased { user_id: ana.clone(), keys: key.into_iter().collect(), at };
        second.drop_keys(&erased).await.expect("dropped");
        assert_eq!(bring_in(&file, &place("second")).await.ok(), brought(0, 2));
        assert_eq!(second.key_of(&ana, false).await.expect("readable"), None);

        let whole = std::fs::read_to_string(&file).expect("readable");
        let without_end = whole.lines().take(3).map(|line| format!("{line}\n")).collect::<String>();
        let without_key = whole.lines().filter(|line| !line.contains("\"ana\"")).map(|line| format!("{line}\n"));
        for damaged in [without_end, without_key.collect(), whole.replace("\"ana\"", "\"eva\""), String::new()] {
            std::fs::write(&file, damaged).expect("written");
            assert!(matches!(bring_in(&file, &place("fourth")).await, Err(Failure::Refused(_))));
        }
        assert!(!folder.path().join("fourth").exists(), "nothing is made of it");
    }
}
