//! Compares the live rows with those that a rebuild from the first event makes (promise 4).

use std::cmp::Ordering;
use std::collections::VecDeque;

use event_log::SharedLog;

use super::{DIFFERENCES_MAX, Difference, Progress, VerifyReport, advance_telling};
use crate::store::{GenerationName, GenerationState, KeyedRow, Snapshot, StoreError, Table, UnitStore, tables};
use crate::unit;
use crate::views::UnitName;

/// Rows of each side in memory at a time.
const PAGE_ROWS: usize = 1_000;

pub(super) async fn run(
    unit: UnitName,
    store: &dyn UnitStore,
    log: &SharedLog,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<VerifyReport, StoreError> {
    let Some((live, _)) = unit::newest_ready(store).await? else {
        return Err(StoreError::Corrupt("there is none yet: start the server or rebuild it".to_owned()));
    };
    // From here on the live rows are seen as they are now, however the live view goes on.
    let mut live_rows = live.generation.snapshot().await?;
    unit::check(&live_rows.standing(), log).await?;
    let checkpoint = live_rows.standing().checkpoint;

    store.remove(&GenerationName::Scratch).await?;
    let compared = async {
        let scratch = store.make(&GenerationName::Scratch, log.id(), GenerationState::Building).await?;
        let mut events = 0;
        advance_telling((unit, &*scratch), log, checkpoint, &mut events, on_progress).await?;
        let mut rebuilt_rows = scratch.snapshot().await?;
        let mut findings = Findings::default();
        for table in tables(unit) {
            compare(table, &mut *live_rows, &mut *rebuilt_rows, &mut findings).await?;
        }
        Ok::<_, StoreError>((events, findings))
    };
    let compared: Result<_, StoreError> = compared.await;
    let removed = store.remove(&GenerationName::Scratch).await;
    let (events, findings) = compared?;
    removed?;
    Ok(VerifyReport {
        unit,
        generation: live.number,
        checkpoint,
        events,
        rows: findings.rows,
        differences: findings.differences,
        differences_total: findings.total,
    })
}

#[derive(Default)]
struct Findings {
    rows: u64,
    differences: Vec<Difference>,
    total: u64,
}

impl Findings {
    fn differ(&mut self, table: &'static Table, live: Option<KeyedRow>, rebuilt: Option<KeyedRow>) {
        self.total += 1;
        if self.differences.len() == DIFFERENCES_MAX {
            return;
        }
        let key = live.as_ref().or(rebuilt.as_ref()).map(|row| row.key.join("/")).unwrap_or_default();
        self.differences.push(Difference {
            table: table.name,
            key,
            live: live.map(|row| row.json),
            rebuilt: rebuilt.map(|row| row.json),
        });
    }
}

/// One side of a comparison: rows by key, a page at a time.
struct Side<'a> {
    snapshot: &'a mut dyn Snapshot,
    table: &'static Table,
    page: VecDeque<KeyedRow>,
    ended: bool,
}

impl Side<'_> {
    async fn fill(&mut self) -> Result<(), StoreError> {
        if self.page.is_empty() && !self.ended {
            self.page = self.snapshot.rows(self.table, PAGE_ROWS).await?.into();
            self.ended = self.page.is_empty();
        }
        Ok(())
    }
}

/// Walks both sides in the order of their keys.
async fn compare(
    table: &'static Table,
    live: &mut dyn Snapshot,
    rebuilt: &mut dyn Snapshot,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let side = |snapshot| Side { snapshot, table, page: VecDeque::new(), ended: false };
    let (mut live, mut rebuilt) = (side(live), side(rebuilt));
    loop {
        live.fill().await?;
        rebuilt.fill().await?;
        let order = match (live.page.front(), rebuilt.page.front()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(live), Some(rebuilt)) => live.key.cmp(&rebuilt.key),
        };
        findings.rows += 1;
        let live = if order.is_le() { live.page.pop_front() } else { None };
        let rebuilt = if order.is_ge() { rebuilt.page.pop_front() } else { None };
        if live != rebuilt {
            findings.differ(table, live, rebuilt);
        }
    }
}
