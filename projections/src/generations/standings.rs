//! Where every generation says it stands, without a judgement and without the log.

use event_log::{LogId, Position, StoreUrl};

use crate::store::{self, Format, GenerationName, GenerationState, StoreError, UnitStore};
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

/// Every generation of every unit and format, the oldest first. Makes nothing: an empty store has none.
pub async fn standings(url: &StoreUrl) -> Result<Vec<UnitStanding>, ReadError> {
    let mut found = Vec::new();
    for (unit, store) in store::connect(url, Format::CURRENT).await.map_err(|error| error.of(UnitName::Inbox))? {
        found.extend(of_unit(unit, &*store).await.map_err(|error| error.of(unit))?);
    }
    Ok(found)
}

async fn of_unit(unit: UnitName, store: &dyn UnitStore) -> Result<Vec<UnitStanding>, StoreError> {
    let mut found = Vec::new();
    for (format, number) in store.all().await? {
        // One that was begun and not finished has nothing to say of itself.
        let opened = store.in_format(format).open(&GenerationName::Numbered(number)).await?;
        let Some(generation) = opened else { continue };
        let standing = generation.standing().await?;
        let stage = match standing.state {
            GenerationState::Building => UnitStage::Building,
            GenerationState::Ready => UnitStage::Ready,
            GenerationState::Closed => UnitStage::Closed,
        };
        let (log, checkpoint) = (standing.log, standing.checkpoint);
        found.push(UnitStanding { unit, format, generation: number, log, checkpoint, stage });
    }
    Ok(found)
}
