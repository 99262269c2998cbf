//! Everything a store keeps, byte by byte, whatever it is called: units and tables that come later are in it as well.

use std::path::{Path, PathBuf};

use event_log::StoreUrl;
use sqlx::{Connection, PgConnection, Row};

use super::backend::TestStore;

/// Each of `words` that is anywhere in the store, with where.
pub async fn found(store: &TestStore, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, bytes) in everything(store).await {
        for word in words {
            if has(&bytes, word.as_bytes()) {
                found.push(format!("{word:?} in {place}"));
            }
        }
    }
    found
}

/// Has PostgreSQL look at its tables, as it does by itself every now and then: it keeps samples of what it sees.
pub async fn sample(store: &TestStore) {
    if matches!(store.store_url(), StoreUrl::Postgres(_)) {
        sqlx::query("ANALYZE").execute(&mut store.superuser().await).await.expect("carried out");
    }
}

/// What PostgreSQL keeps of columns, for planning.
async fn samples(store: &TestStore) -> String {
    let sql = "SELECT coalesce(string_agg(s::text, E'\\n'), '') FROM pg_statistic s";
    sqlx::query_scalar(sql).fetch_one(&mut store.superuser().await).await.expect("samples")
}

async fn everything(store: &TestStore) -> Vec<(String, Vec<u8>)> {
    match store.store_url() {
        StoreUrl::Sqlite(directory) => files_below(&directory),
        StoreUrl::Postgres(url) => files_of_the_database(store, &url).await,
    }
}

/// Uploads lie in folders of their own.
fn files_below(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).expect("the directory of the store");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = |path: PathBuf| match path.is_dir() {
        true => files_below(&path),
        false => vec![(path.display().to_string(), std::fs::read(&path).expect("readable"))],
    };
    paths.flat_map(files).collect()
}

/// Every row of every table of the database as text, and what PostgreSQL keeps of them.
async fn files_of_the_database(store: &TestStore, url: &str) -> Vec<(String, Vec<u8>)> {
    let mut connection = PgConnection::connect(url).await.expect("the database answers");
    let tables = sqlx::query(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the tables");
    let mut all = vec![("samples".to_owned(), samples(store).await.into_bytes())];
    for table in tables {
        let table: String = table.get(0);
        let sql = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");
        let text: String = sqlx::query_scalar(&sql).fetch_one(&mut connection).await.expect("the rows");
        all.push((table, text.into_bytes()));
    }
    all
}

/// The heap and index files themselves; only a superuser may. `CHECKPOINT` first: they are as memory has them then.
pub async fn found_in_files(store: &TestStore, words: &[&str]) -> Vec<String> {
    let mut found = found(store, words).await;
    for (name, bytes) in files_of_the_server(store).await {
        for word in words {
            if has(&bytes, word.as_bytes()) {
                found.push(format!("{word:?} in the file of {name}"));
            }
        }
    }
    found
}

/// Each file that has these bytes.
pub async fn bytes_in_files(store: &TestStore, wanted: &[u8]) -> Vec<String> {
    let files = match store.store_url() {
        StoreUrl::Sqlite(_) => everything(store).await,
        StoreUrl::Postgres(_) => files_of_the_server(store).await,
    };
    files.into_iter().filter(|(_, bytes)| has(bytes, wanted)).map(|(name, _)| name).collect()
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// None on SQLite, whose files are all there is anyway.
async fn files_of_the_server(store: &TestStore) -> Vec<(String, Vec<u8>)> {
    if !matches!(store.store_url(), StoreUrl::Postgres(_)) {
        return Vec::new();
    }
    let mut superuser = store.superuser().await;
    sqlx::query("CHECKPOINT").execute(&mut superuser).await.expect("carried out");
    let files = sqlx::query(
        "SELECT c.relname::text, pg_read_binary_file(pg_relation_filepath(c.oid)) FROM pg_class c
         WHERE c.relkind IN ('r', 'i', 't', 'm') AND (c.oid >= 16384 OR c.relname IN ('pg_statistic', 'pg_toast_2619'))
         AND pg_relation_filepath(c.oid) IS NOT NULL",
    )
    .fetch_all(&mut superuser)
    .await
    .expect("the files");
    files.iter().map(|file| (file.get(0), file.get(1))).collect()
}
