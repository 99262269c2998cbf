//! Compares the live rows with those that a rebuild from the first event makes (promise 4).

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use event_log::SharedLog;

use super::fill::Filling;
use super::rebuild::{self, Next};
use super::{DIFFERENCES_MAX, Difference, RebuildOptions, RepairReport, VerifyReport, touches};
use crate::store::{
    Generation, GenerationName, GenerationState, KeyedRow, Snapshot, StoreError, Table, UnitStore, tables,
};
use crate::unit::{self, Live};
use crate::views::UnitName;

/// Rows of each side in memory at a time.
const PAGE_ROWS: usize = 1_000;

pub(super) async fn run(
    unit: UnitName,
    store: &dyn UnitStore,
    log: &SharedLog,
    filling: &mut Filling<'_>,
) -> Result<VerifyReport, StoreError> {
    let (live, mut live_rows) = live_rows(store, log).await?;
    store.remove(&GenerationName::Scratch).await?;
    let compared = async {
        let scratch = store.make(&GenerationName::Scratch, log.id(), GenerationState::Building).await?;
        compare_with(unit, &live, &mut *live_rows, &*scratch, filling, log).await
    };
    let compared: Result<_, StoreError> = compared.await;
    let removed = store.remove(&GenerationName::Scratch).await;
    let report = compared?;
    removed?;
    Ok(report)
}

/// Compares, and where anything differs goes on as a rebuild does: with the same new rows.
pub(super) async fn repair(
    unit: UnitName,
    store: &dyn UnitStore,
    options: &RebuildOptions,
    log: &SharedLog,
    filling: &mut Filling<'_>,
) -> Result<RepairReport, StoreError> {
    let (live, mut live_rows) = live_rows(store, log).await?;
    unit::close_older(unit, store, &live, log).await?;
    let mut next = Next::find_or_make(store, log, options.fresh, false).await?;
    if next.resumed_at.is_some_and(|position| position > live_rows.standing().checkpoint) {
        drop(next);
        next = Next::find_or_make(store, log, true, false).await?;
    }
    let found = compare_with(unit, &live, &mut *live_rows, &*next.generation, filling, log).await?;
    drop(live_rows);
    if found.is_clean() {
        drop(next.generation);
        store.remove(&GenerationName::Numbered(next.number)).await?;
        return Ok(RepairReport { found, repaired: None });
    }
    rebuild::refuse_lost(filling, options.if_lost)?;
    // The comparison has filled it up to the live one: this goes on from there, and switches.
    drop(next);
    let repaired = rebuild::run(unit, store, &RebuildOptions { fresh: false, ..*options }, filling, log).await?;
    Ok(RepairReport { found, repaired: Some(repaired) })
}

/// From here on the live rows are seen as they are now, however the live view goes on.
async fn live_rows(store: &dyn UnitStore, log: &SharedLog) -> Result<(Arc<Live>, Box<dyn Snapshot>), StoreError> {
    let Some((live, _)) = unit::newest_ready(store).await? else {
        return Err(StoreError::Corrupt("there is none yet: start the server or rebuild it".to_owned()));
    };
    let rows = live.generation.snapshot().await?;
    unit::check(&rows.standing(), log).await?;
    Ok((live, rows))
}

/// Fills `aside` up to where the live rows are, and walks through both.
async fn compare_with(
    unit: UnitName,
    live: &Live,
    live_rows: &mut dyn Snapshot,
    aside: &dyn Generation,
    filling: &mut Filling<'_>,
    log: &SharedLog,
) -> Result<VerifyReport, StoreError> {
    let checkpoint = live_rows.standing().checkpoint;
    filling.to(aside, checkpoint).await?;
    filling.finish(aside, checkpoint).await?;
    let mut rebuilt_rows = aside.snapshot().await?;
    let mut findings = Findings::default();
    for table in tables(unit).iter().chain(live_rows.beside()) {
        compare(table, live_rows, &mut *rebuilt_rows, &mut findings).await?;
    }
    rebuilt_rows.end().await;
    live_rows.end().await;
    touches::name_events(unit, log, checkpoint, &mut findings.differences).await?;
    Ok(VerifyReport {
        unit,
        generation: live.number,
        checkpoint,
        events: filling.events,
        rows: findings.rows,
        differences: findings.differences,
        differences_total: findings.total,
        lost: filling.lost.clone(),
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
            touched_by: Vec::new(),
            touched_by_total: 0,
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
