//! The tables behind the views, reached as no part of the program reaches them: to break them.

use event_log::StoreUrl;
use projections::UnitName;
use sqlx::{Connection, Executor, PgConnection};

use crate::support::backend::TestStore;

/// Every table of a unit, `unit` included.
pub fn tables(unit: UnitName) -> &'static [&'static str] {
    match unit {
        UnitName::Inbox => {
            &["unit", "rooms", "members", "participants", "messages", "users", "follows", "follow_counts", "blocks"]
        }
        UnitName::Feed => &["unit", "notifications", "feeds"],
    }
}

/// Runs statements on one generation of a unit.
pub async fn run(store: &TestStore, unit: UnitName, generation: u32, sql: &str) {
    match store.store_url() {
        StoreUrl::Sqlite(directory) => {
            let path = directory.join(format!("{}-2-g{generation}.db", unit.name()));
            let connection = rusqlite::Connection::open(path).expect("the file opens");
            connection.busy_timeout(crate::read_models::world::PATIENCE).expect("valid");
            connection.execute_batch(sql).expect("valid SQL");
        }
        StoreUrl::Postgres(url) => {
            let mut connection = PgConnection::connect(&url).await.expect("the database answers");
            let path = format!("SET search_path TO {}_2_g{generation}", unit.name());
            connection.execute(path.as_str()).await.expect("valid SQL");
            connection.execute(sql).await.expect("valid SQL");
        }
    }
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
