//! `replay status`: how far everything is.

use aggregates::Timestamp;
use comfy_table::{Cell, Color, Table, presets};
use event_log::raw::{self, Reading};
use event_log::{Filter, Position, SharedLog, StoreUrl};
use projections::UnitState;
use serde::Serialize;

use crate::arguments::Shared;
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::store;

pub async fn run(shared: &Shared) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log = store::open(shared, &url).await?;
    let status = gather(&url, &log).await;
    log.close().await;
    let status = status?;
    if shared.json {
        line(&serde_json::to_string_pretty(&status)?)?;
    } else {
        print(&status)?;
    }
    Ok(if status.is_sound() { Verdict::Fine } else { Verdict::Differences })
}

#[derive(Debug, Serialize)]
struct Status {
    store: String,
    log_id: String,
    head: Position,
    /// Of the last event; `None` in an empty log.
    recorded_at: Option<Timestamp>,
    units: Vec<Unit>,
    reactors: Vec<Reactor>,
    /// Those that had a checkpoint once and have none: the server does not start them.
    reactors_lost: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Unit {
    unit: &'static str,
    /// Of its tables. Programs answer from their own.
    format: u32,
    generation: u32,
    state: &'static str,
    checkpoint: Position,
    /// `None` where it makes no sense: a closed generation, or a checkpoint that is not one of this log.
    #[serde(flatten)]
    lag: Option<Lag>,
    /// What of it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<String>,
}

#[derive(Debug, Serialize)]
struct Reactor {
    reactor: String,
    checkpoint: Position,
    /// `None`: its checkpoint lies past the head.
    #[serde(flatten)]
    lag: Option<Lag>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Lag {
    lag_events: u64,
    /// For how long the first event that it has not seen has been waiting.
    lag_seconds: f64,
}

impl Status {
    /// Whether every checkpoint is a place in this log.
    fn is_sound(&self) -> bool {
        let unsound = [name(UnitState::Foreign), name(UnitState::PastHead), name(UnitState::Damaged)];
        self.units.iter().all(|unit| !unsound.contains(&unit.state))
            && self.reactors_lost.is_empty()
            && self.reactors.iter().all(|reactor| reactor.lag.is_some())
    }
}

async fn gather(url: &StoreUrl, log: &SharedLog) -> Result<Status, Failure> {
    // Checkpoints first: read the other way round, a busy server would seem to be past its own head.
    let units = projections::status(url, log).await?;
    let reactors = log.reactors().await?;
    let reactors_lost = raw::look(url, Reading::Moving).await?.facts().await?.reactors.lost;
    let head = log.head().await?;
    let mut status = Status {
        store: url.to_string(),
        log_id: log.id().to_string(),
        head,
        recorded_at: recorded_behind(log, Position(head.0.saturating_sub(1))).await?,
        units: Vec::new(),
        reactors: Vec::new(),
        reactors_lost,
    };
    for unit in units {
        let lag = match unit.state {
            UnitState::Live | UnitState::Building => lag(log, unit.checkpoint, head).await?,
            UnitState::Closed | UnitState::Foreign | UnitState::PastHead | UnitState::Damaged => None,
        };
        status.units.push(Unit {
            unit: unit.unit.name(),
            format: unit.format.0,
            generation: unit.generation,
            state: name(unit.state),
            checkpoint: unit.checkpoint,
            lag,
            damage: unit.damage,
        });
    }
    for (reactor, checkpoint) in reactors {
        status.reactors.push(Reactor { lag: lag(log, checkpoint, head).await?, reactor, checkpoint });
    }
    Ok(status)
}

async fn lag(log: &SharedLog, checkpoint: Position, head: Position) -> Result<Option<Lag>, Failure> {
    let Some(lag_events) = head.0.checked_sub(checkpoint.0) else {
        return Ok(None);
    };
    let since = if lag_events == 0 { None } else { recorded_behind(log, checkpoint).await? };
    let waited_ms = since.map_or(0, |since| (store::now().as_millis() - since.as_millis()).max(0));
    Ok(Some(Lag { lag_events, lag_seconds: waited_ms as f64 / 1_000.0 }))
}

/// When the first event behind `position` was recorded.
async fn recorded_behind(log: &SharedLog, position: Position) -> Result<Option<Timestamp>, Failure> {
    let page = log.read_after(position, 1, Filter::All).await?;
    Ok(page.events.first().map(|recorded| recorded.recorded_at))
}

const fn name(state: UnitState) -> &'static str {
    match state {
        UnitState::Live => "live",
        UnitState::Building => "building",
        UnitState::Closed => "closed",
        UnitState::Foreign => "foreign",
        UnitState::PastHead => "past-head",
        UnitState::Damaged => "damaged",
    }
}

fn print(status: &Status) -> Result<(), Failure> {
    line(&format!("store     {}", status.store))?;
    line(&format!("log       {}", status.log_id))?;
    let recorded = status.recorded_at.map_or_else(|| "empty".to_owned(), |at| format!("recorded {at}"));
    line(&format!("head      {} ({recorded})", status.head))?;

    let mut table = table(["view", "format", "generation", "state", "checkpoint", "events behind", "seconds behind"]);
    for unit in &status.units {
        let mut row =
            vec![Cell::new(unit.unit), Cell::new(unit.format), Cell::new(unit.generation), state_cell(unit.state)];
        row.push(if unit.damage.is_some() { Cell::new("-") } else { Cell::new(unit.checkpoint) });
        row.extend(lag_cells(unit.lag));
        table.add_row(row);
    }
    line("")?;
    line(&if status.units.is_empty() { "no views yet: the server makes them".to_owned() } else { table.to_string() })?;

    for (unit, damage) in status.units.iter().filter_map(|unit| Some((unit.unit, unit.damage.as_ref()?))) {
        line(&format!("{unit}: {damage}: `replay rebuild {unit} --fresh` fills it anew from the log"))?;
    }
    for name in &status.reactors_lost {
        line(&format!(
            "reactor {name} has lost its checkpoint, the server does not start it: docs/backup.md says what to do"
        ))?;
    }
    if !status.reactors.is_empty() {
        let mut table = self::table(["reactor", "checkpoint", "events behind", "seconds behind"]);
        for reactor in &status.reactors {
            let mut row = vec![Cell::new(&reactor.reactor)];
            row.push(match reactor.lag {
                Some(_) => Cell::new(reactor.checkpoint),
                None => Cell::new(format!("{} (past the head)", reactor.checkpoint)).fg(Color::Red),
            });
            row.extend(lag_cells(reactor.lag));
            table.add_row(row);
        }
        line("")?;
        line(&table.to_string())?;
    }
    Ok(())
}

fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        table.force_no_tty();
    }
    table
}

fn state_cell(state: &str) -> Cell {
    let colour = match state {
        "live" => Color::Green,
        "foreign" | "past-head" | "damaged" => Color::Red,
        _ => Color::Yellow,
    };
    Cell::new(state).fg(colour)
}

fn lag_cells(lag: Option<Lag>) -> [Cell; 2] {
    match lag {
        Some(lag) => [Cell::new(lag.lag_events), Cell::new(format!("{:.1}", lag.lag_seconds))],
        None => [Cell::new("-"), Cell::new("-")],
    }
}
