//! Searches, asked of whichever generation is live; asked again when it was just replaced.

use std::sync::Arc;

use async_trait::async_trait;
use event_log::Position;

use super::reads::{SearchAsk, SearchReads};
use super::rows::Hit;
use crate::store::UnitReads;
use crate::unit::{Live, Unit};
use crate::views::{ReadError, UnitName};

pub(crate) struct LiveSearch {
    unit: Arc<Unit>,
}

impl LiveSearch {
    pub(crate) fn new(unit: Arc<Unit>) -> Self {
        Self { unit }
    }

    fn reads(live: &Live) -> &dyn SearchReads {
        match &live.reads {
            UnitReads::Search(reads) => &**reads,
            UnitReads::Inbox(_) | UnitReads::Feed(_) => unreachable!("the unit search is opened with its own reads"),
        }
    }
}

macro_rules! ask {
    ($self:ident.$question:ident($($argument:ident),*)) => {{
        let live = $self.unit.live();
        match Self::reads(&live).$question($($argument),*).await {
            Err(ReadError::Unavailable { .. } | ReadError::Damaged { .. }) if $self.unit.reopened_since(&live).await => {
                Self::reads(&$self.unit.live()).$question($($argument),*).await
            }
            answer => answer,
        }
    }};
}

#[async_trait]
impl SearchReads for LiveSearch {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        ask!(self.checkpoint())
    }

    /// The engine stops by itself; this is for whoever waits for their turn, or for an engine that does not answer.
    async fn search(&self, ask: &SearchAsk) -> Result<Vec<Hit>, ReadError> {
        let asked = async { ask!(self.search(ask)) };
        match tokio::time::timeout(ask.patience, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(ReadError::TookTooLong { unit: UnitName::Search, patience: ask.patience }),
        }
    }
}
