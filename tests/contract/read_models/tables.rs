//! The tables behind the views, reached as no part of the program reaches them: to break them.

use event_log::StoreUrl;
use projections::UnitName;

use crate::support::backend::TestStore;
pub use crate::support::damage::view as run;

/// Every table of a unit, `unit` included.
pub fn tables(unit: UnitName) -> &'static [&'static str] {
    match unit {
        UnitName::Inbox => {
            &["unit", "rooms", "members", "participants", "messages", "users", "follows", "follow_counts", "blocks"]
        }
        UnitName::Feed => &["unit", "notifications", "feeds"],
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
