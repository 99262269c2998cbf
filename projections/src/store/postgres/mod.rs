//! Views in PostgreSQL: one schema per generation of a unit.

use std::sync::Arc;

use async_trait::async_trait;
use event_log::LogId;
use sqlx::PgPool;

use super::{Generation, GenerationName, GenerationState, StoreError, UnitStore};
use crate::views::UnitName;

pub(crate) async fn connect(url: &str) -> Result<PgPool, StoreError> {
    sqlx::postgres::PgPoolOptions::new().connect(url).await.map_err(StoreError::unreachable)
}

pub(crate) struct PostgresStore {}

impl PostgresStore {
    pub(crate) fn new(_pool: PgPool, _unit: UnitName) -> Self {
        Self {}
    }
}

#[async_trait]
impl UnitStore for PostgresStore {
    async fn numbers(&self) -> Result<Vec<u32>, StoreError> {
        Err(StoreError::Gone)
    }

    async fn open(&self, _name: &GenerationName) -> Result<Option<Arc<dyn Generation>>, StoreError> {
        Err(StoreError::Gone)
    }

    async fn make(
        &self,
        _name: &GenerationName,
        _log: LogId,
        _state: GenerationState,
    ) -> Result<Arc<dyn Generation>, StoreError> {
        Err(StoreError::Gone)
    }

    async fn remove(&self, _name: &GenerationName) -> Result<(), StoreError> {
        Err(StoreError::Gone)
    }

    async fn lock_rebuild(&self) -> Result<Option<Box<dyn Send>>, StoreError> {
        Err(StoreError::Gone)
    }
}
