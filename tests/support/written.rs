//! How many rows of a unit are written and looked at, by triggers of the test's own: the engines' own counters come late or
//! not at all.

use std::collections::BTreeMap;

use event_log::StoreUrl;
use projections::{Format, UnitName};

use super::backend::TestStore;
use super::damage::{tables, view as run};

/// From now on every row written is counted, by table; `unit` is left out, where a checkpoint may be stored at any time.
pub async fn count(store: &TestStore, unit: UnitName) {
    let tables = tables(unit).iter().filter(|table| **table != "unit");
    let sql: String = match store.store_url() {
        StoreUrl::Sqlite(_) => {
            let each = tables.flat_map(|table| {
                ["INSERT", "UPDATE", "DELETE"].map(|verb| {
                    format!(
                        "CREATE TRIGGER written_{table}_{verb} AFTER {verb} ON {table}
                         BEGIN INSERT INTO written VALUES ('{table}', 'ROW'); END;"
                    )
                })
            });
            std::iter::once("CREATE TABLE written (what TEXT, level TEXT);".to_owned()).chain(each).collect()
        }
        StoreUrl::Postgres(_) => {
            let each = tables.flat_map(|table| {
                ["ROW", "STATEMENT"].map(|level| {
                    format!(
                        "CREATE TRIGGER written_{level} AFTER INSERT OR UPDATE OR DELETE ON {table}
                         FOR EACH {level} EXECUTE FUNCTION written();"
                    )
                })
            });
            let first = "CREATE TABLE written (what text, level text);
                CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                    EXECUTE format('INSERT INTO %I.written VALUES (%L, %L)', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_LEVEL);
                    RETURN NULL;
                END $$;";
            std::iter::once(first.to_owned()).chain(each).collect()
        }
    };
    run(store, unit, 1, &sql).await;
}

/// From now on it is noted how many rows were looked at, whenever the inbox takes in messages. Only PostgreSQL says it.
pub async fn note_looks(store: &TestStore) {
    if matches!(store.store_url(), StoreUrl::Sqlite(_)) {
        return;
    }
    // What a session counts of its own, until it hands it on to everybody's counters and begins at 0 again.
    let sql = "CREATE TABLE looks (nth bigint GENERATED ALWAYS AS IDENTITY, so_far bigint);
        CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            EXECUTE format('INSERT INTO %I.looks (so_far)
                SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
                WHERE schemaname = %L', TG_TABLE_SCHEMA, TG_TABLE_SCHEMA);
            RETURN NULL;
        END $$;
        CREATE TRIGGER looks AFTER INSERT ON messages FOR EACH STATEMENT EXECUTE FUNCTION looks();";
    run(store, UnitName::Inbox, 1, sql).await;
}

/// Rows that were looked at for each time the inbox took in messages, but for the first.
pub async fn looks(store: &TestStore) -> Vec<i64> {
    if matches!(store.store_url(), StoreUrl::Sqlite(_)) {
        return Vec::new();
    }
    let sql = format!("SELECT so_far FROM inbox_{}_g1.looks ORDER BY nth", Format::CURRENT);
    let so_far: Vec<i64> = sqlx::query_scalar(&sql).fetch_all(&mut store.superuser().await).await.expect("answered");
    so_far.windows(2).map(|two| if two[1] < two[0] { two[1] } else { two[1] - two[0] }).collect()
}

/// Rows written since it was last asked, by table.
pub async fn rows(store: &TestStore, unit: UnitName) -> BTreeMap<String, i64> {
    taken(store, unit, "ROW").await
}

/// Statements that wrote since it was last asked, by table; one that inserts or else updates counts as both. Only
/// PostgreSQL says it.
pub async fn statements(store: &TestStore, unit: UnitName) -> BTreeMap<String, i64> {
    taken(store, unit, "STATEMENT").await
}

async fn taken(store: &TestStore, unit: UnitName, level: &str) -> BTreeMap<String, i64> {
    const COUNT: &str = "SELECT what, count(*) FROM written WHERE level =";
    let counted: Vec<(String, i64)> = match store.store_url() {
        StoreUrl::Sqlite(directory) => {
            let path = directory.join(format!("{unit}-{}-g1.db", Format::CURRENT));
            let connection = rusqlite::Connection::open(path).expect("the file opens");
            let sql = format!("{COUNT} '{level}' GROUP BY what");
            let mut statement = connection.prepare(&sql).expect("valid SQL");
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("answered");
            rows.collect::<Result<_, _>>().expect("readable")
        }
        StoreUrl::Postgres(_) => {
            let mut connection = store.superuser().await;
            let sql = format!("{COUNT} $1 GROUP BY what")
                .replace("written", &format!("{unit}_{}_g1.written", Format::CURRENT));
            sqlx::query_as(&sql).bind(level).fetch_all(&mut connection).await.expect("answered")
        }
    };
    run(store, unit, 1, &format!("DELETE FROM written WHERE level = '{level}'")).await;
    counted.into_iter().collect()
}
