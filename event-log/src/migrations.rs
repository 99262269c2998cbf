//! Brings the schema of a SQLite file up to date: numbered steps, each taken once, all in one transaction.
//!
//! Shared by every SQLite file of Kabar (the log here, the views' own files in `projections`), because the rule is the
//! same: a list that only ever grows at its end, and a file that remembers how many steps it has taken
//! (`PRAGMA user_version`). Never in here: the steps themselves.

use rusqlite::{Connection, TransactionBehavior};

/// One step, named as its file is: `YYYYMMDDHHMMSS_verb_noun`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub name: &'static str,
    pub sql: &'static str,
}

/// The file cannot be brought to the form this program needs.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the file has taken {taken} steps, this program knows {known}: it was made by a later version")]
    FromTheFuture { taken: usize, known: usize },
    #[error("step {name} cannot be taken")]
    Step { name: &'static str, source: rusqlite::Error },
    #[error("the number of steps taken cannot be read or written")]
    Version(#[source] rusqlite::Error),
}

/// Takes the steps that the file has not taken yet: all of them or none. Safe beside other processes doing the same.
pub fn migrate(connection: &mut Connection, steps: &[Migration]) -> Result<(), MigrationError> {
    // Looked at before locking: an up-to-date file is opened without a write.
    if steps_taken(connection, steps)? == steps.len() {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(MigrationError::Version)?;
    let taken = steps_taken(&transaction, steps)?;
    for step in &steps[taken..] {
        transaction.execute_batch(step.sql).map_err(|source| MigrationError::Step { name: step.name, source })?;
    }
    transaction.pragma_update(None, "user_version", steps.len()).map_err(MigrationError::Version)?;
    transaction.commit().map_err(MigrationError::Version)
}

fn steps_taken(connection: &Connection, steps: &[Migration]) -> Result<usize, MigrationError> {
    let taken: usize =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(MigrationError::Version)?;
    if taken > steps.len() {
        return Err(MigrationError::FromTheFuture { taken, known: steps.len() });
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration { name: "20260101000000_create_a", sql: "CREATE TABLE a (x)" };
    const SECOND: Migration = Migration { name: "20260102000000_create_b", sql: "CREATE TABLE b (x)" };
    const BROKEN: Migration = Migration { name: "20260103000000_break", sql: "CREATE TABLE c (x); CREATE NONSENSE" };

    fn tables(connection: &Connection) -> Vec<String> {
        let mut statement = connection.prepare("SELECT name FROM sqlite_schema ORDER BY name").expect("valid");
        statement.query_map([], |row| row.get(0)).expect("valid").map(|name| name.expect("text")).collect()
    }

    #[test]
    fn each_step_is_taken_once() {
        let mut connection = Connection::open_in_memory().expect("memory");
        migrate(&mut connection, &[FIRST]).expect("first");
        migrate(&mut connection, &[FIRST, SECOND]).expect("second");
        migrate(&mut connection, &[FIRST, SECOND]).expect("nothing to do");
        assert_eq!(tables(&connection), ["a", "b"]);
    }

    #[test]
    fn a_broken_step_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().expect("memory");
        let error = migrate(&mut connection, &[FIRST, BROKEN]).expect_err("the last step is nonsense");
        assert!(matches!(error, MigrationError::Step { name: "20260103000000_break", .. }), "{error:?}");
        assert_eq!(tables(&connection), [""; 0]);
    }

    #[test]
    fn a_file_of_a_later_version_is_refused() {
        let mut connection = Connection::open_in_memory().expect("memory");
        migrate(&mut connection, &[FIRST, SECOND]).expect("both");
        let error = migrate(&mut connection, &[FIRST]).expect_err("one step is unknown");
        assert!(matches!(error, MigrationError::FromTheFuture { taken: 2, known: 1 }), "{error:?}");
    }
}
