//! One file as it is at one moment, row by row, for comparing.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::{Map, Value};

use super::connections::{in_file, reading, sqlite_error};
use super::generation::{RawStanding, raw_standing};
use crate::store::{KeyKind, KeyedRow, Snapshot, Standing, StoreError, Table};
use crate::views::UnitName;

/// For every word of every room, which messages a search for it finds: how many, and sums that tell them from others.
const ANSWERS: &[Table] = &[Table { name: "answers", key: &[("term", KeyKind::Text)] }];

/// Holds a read transaction open: what others write meanwhile is not seen.
pub(super) struct SqliteSnapshot {
    path: PathBuf,
    unit: UnitName,
    /// Lent to a blocking task while rows are read.
    connection: Option<Connection>,
    standing: Standing,
    /// The table being read and the last key handed out.
    place: Option<(&'static str, Vec<rusqlite::types::Value>)>,
}

impl SqliteSnapshot {
    pub(super) fn open(path: &Path, unit: UnitName) -> Result<Self, StoreError> {
        let connection = reading(path)?;
        let begun = || -> rusqlite::Result<_> {
            if unit == UnitName::Search {
                connection.execute_batch("CREATE VIRTUAL TABLE temp.indexed USING fts5vocab(main, terms, instance)")?;
            }
            connection.execute_batch("BEGIN")?;
            raw_standing(&connection)
        };
        let standing = begun().map_err(sqlite_error).and_then(RawStanding::read).map_err(in_file(path))?;
        Ok(Self { path: path.to_owned(), unit, connection: Some(connection), standing, place: None })
    }
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    fn standing(&self) -> Standing {
        self.standing
    }

    async fn rows(&mut self, table: &'static Table, limit: usize) -> Result<Vec<KeyedRow>, StoreError> {
        let behind = match self.place.take() {
            Some((name, key)) if name == table.name => Some(key),
            Some(_) | None => None,
        };
        let connection = self.connection.take().ok_or(StoreError::Gone)?;
        let read = move || {
            let page = page(&connection, table, behind, limit);
            (connection, page)
        };
        let (connection, page) = tokio::task::spawn_blocking(read).await.map_err(StoreError::unreachable)?;
        self.connection = Some(connection);
        let (rows, last) = page.map_err(sqlite_error).map_err(in_file(&self.path))?;
        self.place = last.map(|key| (table.name, key));
        Ok(rows)
    }

    fn beside(&self) -> &'static [Table] {
        match self.unit {
            UnitName::Inbox | UnitName::Feed => &[],
            UnitName::Search => ANSWERS,
        }
    }
}

type Page = (Vec<KeyedRow>, Option<Vec<rusqlite::types::Value>>);

fn page(
    connection: &Connection,
    table: &Table,
    behind: Option<Vec<rusqlite::types::Value>>,
    limit: usize,
) -> rusqlite::Result<Page> {
    let keys: Vec<&str> = table.key.iter().map(|(column, _)| *column).collect();
    let keys = keys.join(", ");
    let condition = match &behind {
        Some(key) => format!("WHERE ({keys}) > ({})", vec!["?"; key.len()].join(", ")),
        None => String::new(),
    };
    let sql = if ANSWERS.contains(table) {
        let condition = if behind.is_some() { "term > ? AND" } else { "" };
        // A prime, and small: sums stay whole numbers. A colon alone is in no message, see `search_erasing`.
        format!(
            "SELECT term, term, count(*) AS found, sum(doc) AS places, sum((doc % 65521) * (doc % 65521)) AS mixed
             FROM temp.indexed WHERE {condition} term <> ':' GROUP BY term ORDER BY term LIMIT {limit}"
        )
    } else {
        format!("SELECT {keys}, * FROM {} {condition} ORDER BY {keys} LIMIT {limit}", table.name)
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut found = Vec::new();
    let mut last = behind;
    let mut rows = statement.query(params_from_iter(last.clone().unwrap_or_default()))?;
    while let Some(row) = rows.next()? {
        found.push(keyed(row, table, &columns)?);
        last = Some((0..table.key.len()).map(|column| row.get(column)).collect::<Result<_, _>>()?);
    }
    Ok((found, last))
}

fn keyed(row: &Row<'_>, table: &Table, columns: &[String]) -> rusqlite::Result<KeyedRow> {
    let mut key = Vec::with_capacity(table.key.len());
    for (column, (_, kind)) in table.key.iter().enumerate() {
        key.push(match kind {
            KeyKind::Text => row.get(column)?,
            KeyKind::Uuid => row.get::<_, uuid::Uuid>(column)?.to_string(),
            KeyKind::Number => format!("{:020}", row.get::<_, i64>(column)?),
        });
    }
    let mut json = Map::new();
    for (column, name) in columns.iter().enumerate().skip(table.key.len()) {
        json.insert(name.clone(), shown(row.get_ref(column)?));
    }
    Ok(KeyedRow { key, json: Value::Object(json).to_string() })
}

fn shown(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => {
            let id = uuid::Uuid::from_slice(bytes).map(|id| id.to_string());
            id.unwrap_or_else(|_| bytes.iter().map(|byte| format!("{byte:02x}")).collect()).into()
        }
    }
}
