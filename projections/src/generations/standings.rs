//! Where every generation says it stands, without a judgement and without the log.

use event_log::{LogId, Position, StoreUrl};

use crate::store::{self, Format, GenerationState, StoreError, UnitStore};
use crate::unit;
use crate::views::{ReadError, UnitName};

/// What one generation says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitStanding {
    pub unit: UnitName,
    pub format: Format,
    pub generation: u32,
    /// The log it was made from.
    pub log: LogId,
    pub checkpoint: Position,
    pub stage: UnitStage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitStage {
    Building,
    Ready,
    Closed,
}

/// See [`standings`].
#[derive(Debug, Default)]
pub struct Standings {
    pub found: Vec<UnitStanding>,
    /// Those that cannot say anything: each names what cannot be read.
    pub damaged: Vec<ReadError>,
}

/// Every generation of every unit and format, the oldest first. Makes nothing: an empty store has none.
pub async fn standings(url: &StoreUrl) -> Result<Standings, ReadError> {
    let mut all = Standings::default();
    for (unit, store) in store::connect(url, Format::CURRENT).await.map_err(|error| error.of(UnitName::Inbox))? {
        of_unit(unit, &*store, &mut all).await.map_err(|error| error.of(unit))?;
    }
    Ok(all)
}

async fn of_unit(unit: UnitName, store: &dyn UnitStore, all: &mut Standings) -> Result<(), StoreError> {
    for (format, number) in store.all().await? {
        // One that was begun and not finished has nothing to say of itself.
        let standing = match unit::stood(&*store.in_format(format), number).await {
            Ok(Some((_, standing))) => standing,
            Ok(None) => continue,
            Err(error) if error.is_damage() => {
                all.damaged.push(error.of(unit));
                continue;
            }
            Err(error) => return Err(error),
        };
        let stage = match standing.state {
            GenerationState::Building => UnitStage::Building,
            GenerationState::Ready => UnitStage::Ready,
            GenerationState::Closed => UnitStage::Closed,
        };
        let (log, checkpoint) = (standing.log, standing.checkpoint);
        all.found.push(UnitStanding { unit, format, generation: number, log, checkpoint, stage });
    }
    Ok(())
}
