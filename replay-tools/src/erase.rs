//! `replay erase`: somebody's words, names and addresses become unreadable.

use std::io::Write;
use std::time::Duration;

use aggregates::Timestamp;
use anyhow::Context;
use event_log::erasing::{EraseError, Erasure, erase, is_known};
use event_log::spoken::{EverythingSpoken, Spoken};
use event_log::{Position, SharedLog, StoreUrl, last_seen};
use jiff::Timestamp as Now;
use projections::{IfLost, UnitName, Views};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::arguments::{EraseWanted, Shared};
use crate::counting::Counting;
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::store;
use crate::uploads::{self, Removed};

/// How long the views may take to come as far as the erasure.
const VIEWS_PATIENCE: Duration = Duration::from_secs(600);

pub async fn run(shared: &Shared, wanted: &EraseWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log =
        store::open_also_without(shared, &url, &wanted.keys).await.map_err(|failure| not_erased(wanted, failure))?;
    // Of somebody unknown it is said before it is asked whether it is meant.
    let known = is_known(&log, &wanted.user).await.context("nobody was erased")?;
    let early = if known { None } else { Some(everything_spoken(&log, wanted).await?) };
    if early.as_ref().is_some_and(|spoken| spoken.keys.is_empty()) {
        return Err(nobody(wanted));
    }
    if !wanted.yes && !confirmed(wanted)? {
        let user = &wanted.user;
        return Err(Failure::usage(format!("nothing was erased: the answer was not {user} (--yes does not ask)")));
    }
    let spoken = match early {
        Some(spoken) => spoken,
        None => everything_spoken(&log, wanted).await?,
    };
    let at = Timestamp::from_millis(Now::now().as_millisecond());
    let erasure = match erase(&log, &wanted.user, &spoken.keys, at).await {
        Ok(erasure) => erasure,
        Err(EraseError::Unknown) => return Err(nobody(wanted)),
        Err(error) => return Err(anyhow::Error::new(error).context("nobody was erased").into()),
    };
    blank_views(&url, &log, erasure.position, wanted.keys.if_lost()).await?;
    forget_when_seen(&url, &log).await?;
    let uploads = uploads::remove_erased(shared, &url, &log).await?;
    let scrubbed = scrub(&url, &log, wanted.vacuum).await?;
    log.close().await;
    let erased = Erased { erasure, spoken, scrubbed, uploads };
    if shared.json {
        line(&serde_json::to_string_pretty(&erased.as_json(wanted))?)?;
    } else {
        erased.tell(wanted, &url)?;
    }
    let EverythingSpoken { unreadable, lost, never_sealed, .. } = erased.spoken;
    let left = unreadable > 0 || lost > 0 || never_sealed > 0;
    let unfinished = left || !scrubbed && (wanted.vacuum || matches!(url, StoreUrl::Sqlite(_)));
    Ok(if unfinished { Verdict::Differences } else { Verdict::Fine })
}

fn nobody(wanted: &EraseWanted) -> Failure {
    Failure::Refused(format!("{} has no entry and no words here", wanted.user))
}

/// Nothing was written, and no key was touched: whoever runs this in a script must not take it for done.
fn not_erased(wanted: &EraseWanted, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(text) => {
            Failure::Refused(format!("{} is not erased, their key is NOT dropped here: {text}", wanted.user))
        }
        Failure::Usage(_) | Failure::Unreachable(_) | Failure::CouldNotLook(_) | Failure::NobodyReads => failure,
    }
}

/// What there is to erase, and what it is sealed with. What comes in while this looks is erased and not counted.
async fn everything_spoken(log: &SharedLog, wanted: &EraseWanted) -> Result<EverythingSpoken, Failure> {
    let mut counting = Counting::new("looking for their words", log.head().await?.0);
    let seen = |position: Position| counting.is_at(position.0);
    let spoken = EverythingSpoken::by(log, &wanted.user, wanted.show.into(), seen).await?;
    counting.finish();
    Ok(spoken)
}

/// The views of a running server follow by themselves; without one they are brought forward here.
async fn blank_views(url: &StoreUrl, log: &SharedLog, position: Position, if_lost: IfLost) -> Result<(), Failure> {
    let views = Views::open_although(url, log.clone(), if_lost).await;
    let views =
        views.map_err(|error| Failure::of_view(error, "the key is gone, but views still show it".to_owned()))?;
    let stop = CancellationToken::new();
    let driving = tokio::spawn({
        let (views, stop) = (views.clone(), stop.clone());
        async move { views.run(stop).await }
    });
    for unit in UnitName::ALL {
        let blank = views.wait_for(unit, position, VIEWS_PATIENCE).await;
        blank.with_context(|| format!("the key is gone, but {unit} still shows what it had"))?;
    }
    stop.cancel();
    driving.await.context("the views cannot be driven")??;
    Ok(())
}

/// When somebody was here last lies outside log and views.
async fn forget_when_seen(url: &StoreUrl, log: &SharedLog) -> Result<(), Failure> {
    let left = "the key is gone, but when they were here last is still kept";
    let table = last_seen::open(url).await.context(left)?;
    last_seen::delete_erased(&*table, log).await.context(left)?;
    table.close().await;
    Ok(())
}

/// On SQLite always; on PostgreSQL it locks tables and is asked for.
async fn scrub(url: &StoreUrl, log: &SharedLog, vacuum: bool) -> Result<bool, Failure> {
    let wanted = match url {
        StoreUrl::Sqlite(_) => true,
        StoreUrl::Postgres(_) => vacuum,
    };
    if !wanted {
        return Ok(false);
    }
    let keys = match log.sealing() {
        Some(sealing) => sealing.scrub().await?,
        None => true,
    };
    Ok(projections::scrub(url).await? && keys)
}

struct Erased {
    erasure: Erasure,
    /// As it was before.
    spoken: EverythingSpoken,
    scrubbed: bool,
    uploads: Removed,
}

impl Erased {
    fn as_json(&self, wanted: &EraseWanted) -> Value {
        let Self { erasure, spoken, scrubbed, uploads } = self;
        let first = |one: &Spoken| json!({ "kind": one.kind, "id": one.id, "position": one.position.0 });
        json!({
            "user": wanted.user, "erased": erasure.now, "position": erasure.position.0, "scrubbed": scrubbed,
            "uploads": uploads.as_json(),
            "dropped_here": spoken.lost == 0,
            "unreadable": {
                "total": spoken.readable_total(),
                "by_kind": spoken.readable,
                "first": spoken.first.iter().map(first).collect::<Vec<_>>(),
                "erased_before": spoken.erased,
                "lost_before": spoken.lost,
                "not_looked_into": spoken.unreadable,
                "stays_in_the_log": spoken.never_sealed,
            },
        })
    }

    fn tell(&self, wanted: &EraseWanted, url: &StoreUrl) -> Result<(), Failure> {
        let Self { erasure, spoken, scrubbed, uploads } = self;
        let now = if erasure.now { "is erased" } else { "was erased before" };
        let keys = if spoken.lost == 0 { "the key is dropped" } else { "keys that are not here were NOT dropped here" };
        line(&format!("{} {now}, at position {}: {keys}, the views are blank", wanted.user, erasure.position))?;
        line("a server that runs lets go of names that it has at hand when it reads this: within a second")?;
        line(&uploads.to_string())?;
        line(&format!("{} events became unreadable", spoken.readable_total()))?;
        for (kind, count) in &spoken.readable {
            line(&format!("    {kind}: {count}"))?;
        }
        for Spoken { position, kind, id } in &spoken.first {
            line(&format!("    {kind} {id} at position {position}"))?;
        }
        let unnamed = spoken.readable_total().saturating_sub(spoken.first.len() as u64);
        if unnamed > 0 {
            line(&format!("    and {unnamed} more (--show N names more of them)"))?;
        }
        if spoken.erased > 0 {
            line(&format!("{} were erased before", spoken.erased))?;
        }
        if spoken.lost > 0 {
            line(&format!(
                "{} had lost their key before; the erasure names that key, and a backup of it brings nothing back",
                spoken.lost
            ))?;
        }
        if spoken.unreadable > 0 {
            line(&format!(
                "{} events of a later version could not be looked into: repeat this with the program that wrote them",
                spoken.unreadable
            ))?;
        }
        if spoken.never_sealed > 0 {
            line(&format!(
                "{} events have words of theirs that were never sealed (docs/erasure.md): nobody is shown them any more, and \
                 in the log they stay as they are",
                spoken.never_sealed
            ))?;
        }
        let left = match (url, scrubbed) {
            (StoreUrl::Sqlite(_), true) if spoken.never_sealed > 0 => "nothing else is left in the files of the store",
            (StoreUrl::Sqlite(_), true) => "nothing is left in the files of the store; backups keep what they had",
            (StoreUrl::Postgres(_), true) if spoken.never_sealed > 0 => {
                "nothing else is left in the tables; what PostgreSQL's WAL keeps is in docs/erasure.md"
            }
            (StoreUrl::Postgres(_), true) => {
                "nothing is left in the tables; files of PostgreSQL's WAL keep what was written until they are written over, \
                 and docs/erasure.md says how to be rid of that now; backups keep what they had"
            }
            (StoreUrl::Sqlite(_), false) => {
                "somebody is reading a view for long: repeat this to empty its write-ahead log"
            }
            (StoreUrl::Postgres(_), false) if wanted.vacuum => {
                "somebody is reading with a view of the database from before: repeat this to take dead rows away"
            }
            (StoreUrl::Postgres(_), false) => {
                "PostgreSQL keeps old rows until VACUUM and in its WAL until that is recycled (docs/erasure.md): \
                 --vacuum writes the views anew, locking each table meanwhile"
            }
        };
        Ok(line(left)?)
    }
}

/// Cannot be undone, so it is asked about. An answer that comes through a pipe is one; no answer is none.
fn confirmed(wanted: &EraseWanted) -> Result<bool, Failure> {
    let user = &wanted.user;
    write!(
        std::io::stderr(),
        "Every message, name and address of {user} becomes unreadable, for ever. Counts stay.\nType {user} to go on: "
    )?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == user.as_str())
}
