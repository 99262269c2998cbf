//! The tables behind the views, reached as no part of the program reaches them: to break them.

use event_log::StoreUrl;
use projections::{Format, UnitName};
use sqlx::Row;

use crate::support::backend::TestStore;
pub use crate::support::damage::{tables, view as run};

#[derive(Debug)]
pub struct Column {
    pub table: String,
    pub name: String,
    /// As the engine calls it.
    kind: String,
}

/// Every column of every table of a generation, but of what it says of itself, of what filling notes, and of the tables
/// that an index of SQLite is made of.
pub async fn columns(store: &TestStore, unit: UnitName, generation: u32) -> Vec<Column> {
    let mut columns: Vec<Column> = match store.store_url() {
        StoreUrl::Sqlite(_) => {
            let sql = "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c
                WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
            let connection = in_file(store, unit, generation);
            let mut statement = connection.prepare(sql).expect("valid SQL");
            let column =
                |row: &rusqlite::Row<'_>| Ok(Column { table: row.get(0)?, name: row.get(1)?, kind: row.get(2)? });
            statement.query_map([], column).expect("valid SQL").map(|column| column.expect("a column")).collect()
        }
        StoreUrl::Postgres(_) => {
            let sql = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
                WHERE table_schema = $1 ORDER BY 1, ordinal_position";
            let schema = schema(unit, generation);
            let rows = sqlx::query(sql).bind(schema).fetch_all(&mut store.superuser().await).await.expect("columns");
            rows.iter().map(|row| Column { table: row.get(0), name: row.get(1), kind: row.get(2) }).collect()
        }
    };
    columns.retain(|column| !["unit", "erased"].contains(&column.table.as_str()) && !column.table.starts_with("terms"));
    columns
}

/// A table of the first generation as it was, to be changed and put back.
pub struct Kept<'a> {
    store: &'a TestStore,
    unit: UnitName,
    table: &'a str,
}

impl<'a> Kept<'a> {
    pub async fn of(store: &'a TestStore, unit: UnitName, table: &'a str) -> Self {
        run(store, unit, 1, &format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
        Self { store, unit, table }
    }

    /// Another value in every row; answers how many there are.
    pub async fn change(&self, Column { table, name, kind }: &Column) -> u64 {
        let other = match kind.to_lowercase().as_str() {
            // So much that no two rows meet.
            "integer" | "bigint" | "smallint" => format!("coalesce({name}, 0) + 1000000000"),
            "text" => format!("coalesce({name}, '') || 'x'"),
            "blob" => "randomblob(16)".to_owned(),
            "uuid" => "gen_random_uuid()".to_owned(),
            "boolean" => format!("NOT {name}"),
            "tsvector" => format!("{name} || 'other'::tsvector"),
            unknown => panic!("{table}.{name}: what is another value of type {unknown}?"),
        };
        run(self.store, self.unit, 1, &format!("UPDATE {table} SET {name} = {other}")).await
    }

    pub async fn put_back(self) {
        let Self { store, unit, table } = self;
        let sql = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept");
        run(store, unit, 1, &sql).await;
    }
}

/// How far a generation says it is.
pub async fn checkpoint(store: &TestStore, unit: UnitName, generation: u32) -> i64 {
    match store.store_url() {
        StoreUrl::Sqlite(_) => {
            let asked = in_file(store, unit, generation).query_row("SELECT checkpoint FROM unit", [], |row| row.get(0));
            asked.expect("a checkpoint")
        }
        StoreUrl::Postgres(_) => {
            let sql = format!("SELECT checkpoint FROM {}.unit", schema(unit, generation));
            sqlx::query_scalar(&sql).fetch_one(&mut store.superuser().await).await.expect("a checkpoint")
        }
    }
}

/// What there is for views to be in: files, but those that come and go with a connection; or schemas.
pub async fn places(store: &TestStore) -> Vec<String> {
    let mut places: Vec<String> = match store.store_url() {
        StoreUrl::Sqlite(directory) => std::fs::read_dir(directory)
            .expect("the directory of the store")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| !["-wal", "-shm", ".lock"].iter().any(|end| name.ends_with(end)))
            .collect(),
        StoreUrl::Postgres(_) => sqlx::query_scalar("SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_'")
            .fetch_all(&mut store.superuser().await)
            .await
            .expect("the schemas"),
    };
    places.sort();
    places
}

/// A generation cannot say any more what has become of it, until it is let go.
pub async fn hold_state(store: &TestStore, unit: UnitName, generation: u32) {
    let sql = match store.store_url() {
        StoreUrl::Sqlite(_) => {
            "CREATE TRIGGER held BEFORE UPDATE OF state ON unit BEGIN SELECT RAISE(ABORT, 'held'); END"
        }
        StoreUrl::Postgres(_) => {
            "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'held'; END $$;
             CREATE TRIGGER held BEFORE UPDATE OF state ON unit FOR EACH ROW EXECUTE FUNCTION held()"
        }
    };
    run(store, unit, generation, sql).await;
}

pub async fn let_state_go(store: &TestStore, unit: UnitName, generation: u32) {
    let sql = match store.store_url() {
        StoreUrl::Sqlite(_) => "DROP TRIGGER held",
        StoreUrl::Postgres(_) => "DROP FUNCTION held() CASCADE",
    };
    run(store, unit, generation, sql).await;
}

fn in_file(store: &TestStore, unit: UnitName, generation: u32) -> rusqlite::Connection {
    let StoreUrl::Sqlite(directory) = store.store_url() else { panic!("this is about SQLite") };
    let path = directory.join(format!("{unit}-{}-g{generation}.db", Format::CURRENT));
    rusqlite::Connection::open(path).expect("the file opens")
}

fn schema(unit: UnitName, generation: u32) -> String {
    format!("{unit}_{}_g{generation}", Format::CURRENT)
}

/// Whatever writes to `table` fails from now on.
pub async fn break_table(store: &TestStore, unit: UnitName, table: &str) {
    let sql = match store.store_url() {
        StoreUrl::Sqlite(_) => ["INSERT", "UPDATE", "DELETE"]
            .map(|verb| {
                format!("CREATE TRIGGER crash_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'crash'); END;")
            })
            .concat(),
        StoreUrl::Postgres(_) => format!(
            "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'crash'; END $$;
             CREATE TRIGGER crash BEFORE INSERT OR UPDATE OR DELETE ON {table}
             FOR EACH ROW EXECUTE FUNCTION crash();"
        ),
    };
    run(store, unit, 1, &sql).await;
}

pub async fn mend_table(store: &TestStore, unit: UnitName) {
    let sql = match store.store_url() {
        StoreUrl::Sqlite(_) => "DROP TRIGGER crash_INSERT; DROP TRIGGER crash_UPDATE; DROP TRIGGER crash_DELETE;",
        StoreUrl::Postgres(_) => "DROP FUNCTION crash() CASCADE",
    };
    run(store, unit, 1, sql).await;
}
