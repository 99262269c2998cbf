//! What can be asked of `replay`, and its manual.

mod following;
mod stores;

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use event_log::{Position, PositionToken};
use projections::{IfLost, Pace, RebuildOptions, UnitName};
use url::Url;

pub use following::Server;
pub use stores::{KeysLost, Shared};

const AFTER_HELP: &str = "\
Exit codes:
  0    done, nothing to complain of
  1    differences found (and, by repair, left), or something was refused (by the server; a damaged backup; a place that
       is not empty; lines of an import); the output says what
  2    the wish makes no sense (unknown flag, store that does not exist); doctor: it could not look
  3    the store or the server cannot be reached or read
  130  interrupted (Ctrl-C); nothing half-done is left in use, a rebuild can be gone on with

Examples:
  replay status
  replay --database postgres://kabar@db/kabar status --json
  replay rebuild inbox
  replay rebuild --all --parallel --events-per-second 20000
  replay verify --all
  replay repair inbox --yes
  replay retire --format 1 --yes
  replay doctor --json
  replay backup --to /backups/kabar-2026-11-28
  replay restore --from /backups/kabar-2026-11-28 --database sqlite:./restored
  replay restore --keys-from /safe/keys-2026-11-28.jsonl
  replay erase user-17
  replay convert irc --from chat.jsonl.gz --to - | replay import --from - --report refused.jsonl
  replay export --to kabar.jsonl
  replay tail --from 0 --kind room --no-follow --json | jq .event
  replay tail --url ws://127.0.0.1:8080 --token \"$TOKEN\" --channel private-user-ana";

/// Reads Kabar's log again: how far everything is, views rebuilt and verified, events as they come.
///
/// Nothing in here can send an e-mail, a push or a frame: that code is not part of this program.
#[derive(Debug, Parser)]
#[command(name = "replay", version, after_help = AFTER_HELP, max_term_width = 120)]
pub struct Arguments {
    /// The store: sqlite:DIRECTORY or postgres://USER:PASSWORD@HOST/DATABASE. It must exist
    ///
    /// When absent: `database.url` of the configuration file, and without one sqlite:./data.
    #[arg(long, global = true, value_name = "URL", env = "KABAR__DATABASE__URL", hide_env_values = true)]
    pub database: Option<String>,

    /// Where the keys of words are, when they are not beside the log: a URL like that of --database
    ///
    /// When absent: the log's own place if --database is given on the command line, else `database.keys_url` of the
    /// configuration file, and without one the log's own place.
    #[arg(long, global = true, value_name = "URL", env = "KABAR__DATABASE__KEYS_URL", hide_env_values = true)]
    pub keys: Option<String>,

    /// The configuration file of the server [default: kabar.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Answers as JSON: one document, or one line per event where it follows
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Wanted,
}

#[derive(Debug, Subcommand)]
pub enum Wanted {
    /// How far the log, its views and its reactors are
    ///
    /// Exit 1 when a checkpoint lies past the head of the log: the log lost events, or it is another one.
    Status,
    /// Makes a view anew from the first event, beside the live one, and switches when it has caught up
    ///
    /// Reads go on meanwhile. Interrupted or killed, the live view stays as it is and the same command goes on where it
    /// was. While somebody writes to the log, it rests as long as it works, unless --full-speed.
    Rebuild(RebuildWanted),
    /// Compares a view, row by row, with what a rebuild from the first event gives
    ///
    /// Changes nothing. Prints the rows that differ, with the events that touched them, and exits 1 if there are any.
    Verify(VerifyWanted),
    /// Compares as verify does and, with --yes, puts right rows in the place of those that differ
    ///
    /// Where nothing differs nothing is changed. The switch is that of rebuild: reads go on. Exit 0: nothing differed,
    /// or it is repaired; exit 1: it differs, and nothing was changed because --yes was not said.
    Repair(RepairWanted),
    /// After a deploy, removes the views of an older format, which no program uses any more
    ///
    /// Refused (exit 1) while a program of that format runs, and when the views of this program's own format are not
    /// live or not as far.
    Retire(RetireWanted),
    /// Looks over the whole log: order, streams, every event readable, orphans, checkpoints
    ///
    /// Changes nothing and stops nobody; beside a running server too. Exit 1 when something is not as it should be, 2
    /// when it could not look.
    Doctor,
    /// Writes log and reactor checkpoints, as they are at one moment, to a new folder; beside a running server too
    ///
    /// Views are not in it: a restore makes them anew.
    Backup(BackupWanted),
    /// Makes a log from a backup, of any engine, in a place that has none
    ///
    /// It becomes a log of its own, under a new id: positions that clients hold of the old one mean "reload". Interrupted,
    /// there is no log, and the next restore begins anew.
    Restore(RestoreWanted),
    /// Makes everything that a user ever said or was called unreadable, for ever; counts stay
    ///
    /// The user's key is dropped and the views are blanked, also while the server runs. Asks first, or takes --yes.
    Erase(EraseWanted),
    /// Writes history, one JSON object per line, into the log with its own times; beside a running server too
    ///
    /// docs/import.md describes the lines. Lines that were imported before add nothing, so what was interrupted is run
    /// again. A refused line is reported with its number, field and reason, and everything else goes on: exit 1. Nobody is
    /// notified. Where there is no store, one is made.
    Import(ImportWanted),
    /// Writes the log as lines that `import` takes, or as events; what goes in comes out
    ///
    /// Words of people who were erased are not in it.
    Export(ExportWanted),
    /// Makes lines that `import` takes from an archive of another program
    Convert(ConvertWanted),
    /// Prints events as they are recorded; with --url, the frames of one channel of a running server
    Tail(Box<TailWanted>),
}

#[derive(Debug, Args)]
pub struct RebuildWanted {
    #[command(flatten)]
    choice: RequiredUnit,
    #[command(flatten)]
    pace: PaceWanted,
    #[command(flatten)]
    pub keys: KeysLost,
    /// Every view at once instead of one after the other
    #[arg(long)]
    pub parallel: bool,
}

#[derive(Debug, Args)]
struct PaceWanted {
    /// Begin at the first event also where an interrupted rebuild could be gone on with
    #[arg(long)]
    fresh: bool,
    /// Read at most so many events a second (of each view)
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    events_per_second: Option<NonZeroU64>,
    /// Do not make room for whoever writes to the log meanwhile
    #[arg(long)]
    full_speed: bool,
}

impl PaceWanted {
    fn options(&self, if_lost: IfLost) -> RebuildOptions {
        let pace = Pace { events_per_second: self.events_per_second, yields: !self.full_speed };
        RebuildOptions { fresh: self.fresh, pace, if_lost, ..RebuildOptions::default() }
    }
}

#[derive(Debug, Args)]
pub struct RepairWanted {
    #[command(flatten)]
    choice: RequiredUnit,
    #[command(flatten)]
    pace: PaceWanted,
    #[command(flatten)]
    pub keys: KeysLost,
    /// Really change something
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct RetireWanted {
    /// The format (see `replay status`)
    #[arg(long, value_name = "N")]
    pub format: u32,
    #[command(flatten)]
    pub keys: KeysLost,
    /// Really delete it
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct RequiredUnit {
    /// Which view: inbox, feed or search
    #[arg(value_name = "UNIT", value_parser = unit)]
    unit: Option<UnitName>,
    /// Every view
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
pub struct VerifyWanted {
    /// Which view: inbox, feed or search; every view when absent
    #[arg(value_name = "UNIT", value_parser = unit, conflicts_with = "all")]
    unit: Option<UnitName>,
    /// Every view, one after the other (the default)
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct BackupWanted {
    /// The folder to make; it must not exist
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// A file to make for the keys of words, which are not in the backup; keep it elsewhere, and not for as long
    #[arg(long, value_name = "FILE")]
    pub keys_to: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("brought").args(["from", "keys_from", "adopt_keys", "keys_lost"]).required(true).multiple(true)))]
pub struct RestoreWanted {
    /// The folder that `replay backup` has made
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// The file of keys; without --from they come back to a log that is there, whose server is stopped
    #[arg(long, value_name = "FILE")]
    pub keys_from: Option<PathBuf>,
    /// Takes the keys at --keys over from the log that they belong to, which must be gone: it is refused from then on
    #[arg(long, conflicts_with_all = ["keys_from", "keys_lost"])]
    pub adopt_keys: bool,
    #[command(flatten)]
    pub keys: KeysLost,
}

#[derive(Debug, Args)]
pub struct EraseWanted {
    /// Whom, by the platform's id
    #[arg(value_name = "USER")]
    pub user: aggregates::ids::UserId,
    #[command(flatten)]
    pub keys: KeysLost,
    /// Without asking
    #[arg(long)]
    pub yes: bool,
    /// How many of the events that become unreadable are named
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub show: u16,
    /// On PostgreSQL: write the tables of the views anew, so that no old row stays in them (locks each meanwhile)
    #[arg(long)]
    pub vacuum: bool,
}

#[derive(Debug, Args)]
pub struct ImportWanted {
    /// The lines; may be packed with gzip; - is stdin
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    #[command(flatten)]
    pub keys: KeysLost,
    /// Decides everything and writes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where every refused line is written down, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ExportWanted {
    /// The file to make, which must not exist; - is stdout
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    #[arg(long, value_enum, default_value = "import")]
    pub format: ExportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Lines that `replay import` takes
    Import,
    /// Every event with its position, times and metadata
    Events,
}

#[derive(Debug, Args)]
pub struct ConvertWanted {
    /// What kind of archive
    #[arg(value_enum, value_name = "KIND")]
    pub archive: Archived,
    /// The archive; may be packed with gzip; - is stdin
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// The file to make, which must not exist; - is stdout
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Where every line that could not be converted is written down, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Archived {
    /// JSON lines of an IRC log: at, room, log, line, kind, from, text, reply_to, to
    Irc,
}

#[derive(Debug, Args)]
pub struct TailWanted {
    /// Start behind this position (0: the first event; a Kabar-Position is understood too)
    #[arg(long, value_name = "POSITION", value_parser = Start::parse, conflicts_with = "url")]
    pub from: Option<Start>,
    /// Start with the last N events, when --from does not say otherwise
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    pub last: u64,
    /// Only streams of this kind; may be repeated
    #[arg(long, value_name = "KIND", value_parser = kind, conflicts_with = "url")]
    pub kind: Vec<aggregates::AggregateKind>,
    /// Stop at the head instead of waiting for more
    #[arg(long, conflicts_with = "url")]
    pub no_follow: bool,

    /// A running server (http://HOST:PORT, https://HOST, ws:// or wss://) instead of the log
    #[arg(long, value_name = "URL", requires_all = ["token", "channel"], help_heading = "Follow a channel of a server")]
    url: Option<Url>,
    /// The server's app key
    #[arg(
        long,
        value_name = "APPKEY",
        env = "PUSHER_APP_KEY",
        default_value = "kabar",
        help_heading = "Follow a channel of a server"
    )]
    key: String,
    /// As whom: a session token. Better in the environment, where a list of processes does not show it
    #[arg(
        long,
        value_name = "TOKEN",
        env = "KABAR_TOKEN",
        hide_env_values = true,
        help_heading = "Follow a channel of a server"
    )]
    token: Option<String>,
    /// Which channel, for instance private-user-ana
    #[arg(long, value_name = "CHANNEL", requires = "url", help_heading = "Follow a channel of a server")]
    channel: Option<String>,
}

/// Where a reader of the log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Plain(Position),
    /// Must be of the same log.
    Token(PositionToken),
}

impl Start {
    fn parse(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Plain(Position(number)));
        }
        text.parse()
            .map(Self::Token)
            .map_err(|_| "expected a number or the value of a Kabar-Position header".to_owned())
    }
}

impl RebuildWanted {
    pub fn units(&self) -> Vec<UnitName> {
        units(self.choice.unit)
    }

    pub fn options(&self) -> RebuildOptions {
        self.pace.options(self.keys.if_lost())
    }
}

impl RepairWanted {
    pub fn units(&self) -> Vec<UnitName> {
        units(self.choice.unit)
    }

    pub fn options(&self) -> RebuildOptions {
        self.pace.options(self.keys.if_lost())
    }
}

impl VerifyWanted {
    pub fn units(&self) -> Vec<UnitName> {
        units(self.unit)
    }
}

fn units(one: Option<UnitName>) -> Vec<UnitName> {
    one.map_or_else(|| UnitName::ALL.to_vec(), |unit| vec![unit])
}

fn unit(text: &str) -> Result<UnitName, String> {
    let known = UnitName::ALL.map(UnitName::name);
    UnitName::ALL
        .into_iter()
        .find(|unit| unit.name() == text)
        .ok_or_else(|| format!("expected one of {}; every view is --all", known.join(", ")))
}

fn at_least_one(text: &str) -> Result<NonZeroU64, String> {
    text.parse().map_err(|_| "expected a whole number of events, 1 or more; without it there is no limit".to_owned())
}

fn kind(text: &str) -> Result<aggregates::AggregateKind, String> {
    let known = aggregates::AggregateKind::ALL.map(aggregates::AggregateKind::name);
    aggregates::AggregateKind::parse(text).ok_or_else(|| format!("expected one of {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_manual_names_every_exit_code_and_an_example_of_every_command() {
        let manual = Arguments::command().render_long_help().to_string();
        let commands = "status rebuild verify repair retire tail doctor backup restore erase import export convert";
        let commands = commands.split(' ').map(|command| format!("replay {command}"));
        for told in ["0  ", "1  ", "2  ", "3  ", "130"].map(str::to_owned).into_iter().chain(commands) {
            assert!(manual.contains(&told), "{told:?} is not in the manual:\n{manual}");
        }
    }

    #[test]
    fn a_rebuild_needs_to_be_told_what() {
        assert!(parsed("replay rebuild").is_err());
        assert!(parsed("replay rebuild inbox --all").is_err());
        assert!(parsed("replay rebuild --all").is_ok());
        assert!(parsed("replay rebuild --all --parallel --fresh --events-per-second 5 --full-speed").is_ok());
        assert!(parsed("replay rebuild --all --events-per-second 0").is_err());
        assert!(parsed("replay repair").is_err());
        assert!(parsed("replay retire --yes").is_err());
        let unknown = parsed("replay rebuild inbx").expect_err("no such unit");
        assert!(unknown.to_string().contains("inbox, feed, search"), "{unknown}");
    }

    #[test]
    fn following_a_server_takes_all_it_needs() {
        assert!(parsed("replay tail --url ws://h:1 --token t").is_err());
        assert!(parsed("replay tail --url ws://h:1 --token t --channel c").is_ok());
        assert!(parsed("replay tail --url ws://h:1 --token t --channel c --from 3").is_err());
    }

    #[test]
    fn a_place_to_start_is_a_number_or_a_position_token() {
        assert_eq!(Start::parse("7"), Ok(Start::Plain(Position(7))));
        assert!(matches!(Start::parse("00000000000000000000000000000007-3"), Ok(Start::Token(_))));
        assert!(Start::parse("yesterday").is_err());
    }
}
