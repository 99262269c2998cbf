//! Which store is meant, and what was said of its keys.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches};
use projections::IfLost;

use super::Arguments;

/// What every command needs.
#[derive(Debug)]
pub struct Shared {
    pub database: Option<String>,
    pub keys: Option<String>,
    /// The store was named on the command line, its keys were not: they are beside it. What the environment or a file says
    /// of keys is said of the store that is named there.
    pub keys_beside: bool,
    pub config: Option<PathBuf>,
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct KeysLost {
    /// Keys of this log are lost: goes on without them, all lost, with new ones; what they sealed stays unread
    ///
    /// Only for when no backup of them is left. Where some are lost and some are not, rebuild, repair and retire go on without
    /// the words that cannot be read. Where all are, and while no program has the log open, the log is tied to the place that
    /// --keys names (or the one beside it); whoever names the old one is refused from then on. Keys that turn up later are
    /// merged by restore --keys-from.
    #[arg(long)]
    pub keys_lost: bool,
}

impl KeysLost {
    /// What becomes of a view whose words are lost.
    pub fn if_lost(&self) -> IfLost {
        if self.keys_lost { IfLost::GoOn } else { IfLost::Refuse }
    }
}

impl Arguments {
    /// Reads the command line, or ends the program and says what is wrong with it.
    pub fn read() -> (Self, Shared) {
        let matches = Self::command().get_matches();
        let arguments = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let shared = arguments.shared(&matches);
        (arguments, shared)
    }

    fn shared(&self, matches: &ArgMatches) -> Shared {
        let named = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        let keys_beside = named("database") && !named("keys");
        Shared {
            database: self.database.clone(),
            keys: self.keys.clone().filter(|_| !keys_beside),
            keys_beside,
            config: self.config.clone(),
            json: self.json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_named_has_its_keys_beside_it_unless_they_are_named_too() {
        let shared = |line: &str| {
            let matches = Arguments::command().try_get_matches_from(line.split(' ')).expect("right");
            Arguments::from_arg_matches(&matches).expect("right").shared(&matches)
        };
        for line in ["replay --database sqlite:a status", "replay status --database sqlite:a"] {
            assert!(shared(line).keys_beside, "{line}");
        }
        let both = shared("replay --database sqlite:a status --keys sqlite:b");
        assert_eq!((both.keys_beside, both.keys.as_deref()), (false, Some("sqlite:b")));
        assert!(!shared("replay status").keys_beside);
    }
}
