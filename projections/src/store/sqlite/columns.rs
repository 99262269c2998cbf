//! Columns to our types. A column that holds nonsense is an error, never a guess.

use aggregates::Timestamp;
use aggregates::ids::UserId;
use event_log::Position;
use rusqlite::types::Type;
use rusqlite::{Result, Row};

use crate::inbox::{FileRow, Mute};
use crate::store::names::{self, UnknownName};

pub(super) fn nonsense(column: usize) -> impl FnOnce(UnknownName) -> rusqlite::Error {
    move |error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// A text column by one of the readers in [`names`].
pub(super) fn named<T>(row: &Row<'_>, column: usize, read: fn(&str) -> Result<T, UnknownName>) -> Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    read(text).map_err(nonsense(column))
}

pub(super) fn user(row: &Row<'_>, column: usize) -> Result<UserId> {
    named(row, column, names::user)
}

pub(super) fn maybe_user(row: &Row<'_>, column: usize) -> Result<Option<UserId>> {
    match row.get_ref(column)?.as_str_or_null()? {
        Some(text) => names::user(text).map(Some).map_err(nonsense(column)),
        None => Ok(None),
    }
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64> {
    Ok(names::natural(row.get(column)?))
}

pub(super) fn position(row: &Row<'_>, column: usize) -> Result<Position> {
    number(row, column).map(Position)
}

pub(super) fn moment(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    Ok(Timestamp::from_millis(row.get(column)?))
}

pub(super) fn maybe_moment(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis))
}

/// What is known of a file that a message carries.
pub(super) fn attached_file(row: &Row<'_>, column: usize) -> Result<Option<FileRow>> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    text.map(names::file).transpose().map_err(nonsense(column))
}

/// Two columns: whether, and until when.
pub(super) fn maybe_mute(row: &Row<'_>, first: usize) -> Result<Option<Mute>> {
    let until = maybe_moment(row, first + 1)?;
    Ok(row.get::<_, bool>(first)?.then_some(Mute { until }))
}
