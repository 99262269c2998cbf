//! Columns to our types, errors to ours. A column that holds nonsense is an error, never a guess.

use aggregates::Timestamp;
use aggregates::ids::UserId;
use event_log::Position;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::inbox::{FileRow, Mute};
use crate::store::StoreError;
use crate::store::names::{self, UnknownName};

/// `invalid_schema_name` and `undefined_table`: the generation was dropped.
const GONE: [&str; 2] = ["3F000", "42P01"];

pub(super) fn postgres_error(error: sqlx::Error) -> StoreError {
    use sqlx::Error::{ColumnDecode, ColumnIndexOutOfBounds, Decode};
    let code = error.as_database_error().and_then(|refusal| refusal.code());
    if code.is_some_and(|code| GONE.contains(&&*code)) {
        return StoreError::Gone;
    }
    if matches!(error, ColumnDecode { .. } | Decode(_) | ColumnIndexOutOfBounds { .. }) {
        return StoreError::Corrupt(crate::store::chain(&error));
    }
    StoreError::unreachable(error)
}

pub(super) fn nonsense(column: usize) -> impl FnOnce(UnknownName) -> sqlx::Error {
    move |error| sqlx::Error::ColumnDecode { index: column.to_string(), source: Box::new(error) }
}

/// A text column by one of the readers in [`names`].
pub(super) fn named<T>(row: &PgRow, column: usize, read: fn(&str) -> Result<T, UnknownName>) -> sqlx::Result<T> {
    read(row.try_get::<&str, _>(column)?).map_err(nonsense(column))
}

pub(super) fn user(row: &PgRow, column: usize) -> sqlx::Result<UserId> {
    named(row, column, names::user)
}

pub(super) fn maybe_user(row: &PgRow, column: usize) -> sqlx::Result<Option<UserId>> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(names::user).transpose().map_err(nonsense(column))
}

pub(super) fn number(row: &PgRow, column: usize) -> sqlx::Result<u64> {
    Ok(names::natural(row.try_get(column)?))
}

pub(super) fn position(row: &PgRow, column: usize) -> sqlx::Result<Position> {
    number(row, column).map(Position)
}

pub(super) fn moment(row: &PgRow, column: usize) -> sqlx::Result<Timestamp> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

pub(super) fn maybe_moment(row: &PgRow, column: usize) -> sqlx::Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

/// What is known of a file that a message carries.
pub(super) fn attached_file(row: &PgRow, column: usize) -> sqlx::Result<Option<FileRow>> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(names::file).transpose().map_err(nonsense(column))
}

/// Two columns: whether, and until when.
pub(super) fn maybe_mute(row: &PgRow, first: usize) -> sqlx::Result<Option<Mute>> {
    let until = maybe_moment(row, first + 1)?;
    Ok(row.try_get::<bool, _>(first)?.then_some(Mute { until }))
}
