//! The log: where decisions are made durable, in one total order, and read back by everything else.
//!
//! `port` says what a log is; `sqlite` and `postgres` are logs; `sealing` keeps words unreadable in them; `door` is the one
//! way in for commands. Separate so that
//! the order of events, the one thing that must never be wrong, is in one room with one contract suite over every
//! backend. Never in here: rules (they are in `aggregates`), read models, anything that sends.

// Linked for its SQLite alone.
use libsqlite3_hotbundle as _;

pub mod caches;
pub mod chain;
pub mod cqrs;
pub mod door;
pub mod erasing;
pub mod existing;
mod forwarding;
mod heard;
mod in_use;
pub mod last_seen;
pub mod loading;
pub mod measures;
pub mod migrations;
pub mod new_file;
pub mod open;
mod plain;
pub mod port;
pub mod position;
pub mod postgres;
pub mod raw;
mod reactor_place;
pub mod recorded;
pub mod sealing;
mod snapshots;
pub mod spoken;
pub mod sqlite;
pub mod store_url;
pub mod subscription;
pub mod tail;
pub mod tying;

pub use caches::{CacheSize, LogCaches};
pub use chain::Chain;
pub use cqrs::KabarEventStore;
pub use door::{CommandError, Decided, Door, DoorOptions, Outcome, Wish};
pub use existing::exists;
pub use in_use::{Alone, InUse};
pub use open::{IfOthers, OpenError, open, open_caching, open_or_give_up, open_with_keys};
pub use port::{EventLog, EventLogError, Filter, LogWrapper, Page, SharedLog};
pub use position::{LogId, Position, PositionToken};
pub use recorded::RecordedEvent;
pub use sealing::Sealing;
pub use store_url::StoreUrl;
pub use subscription::Subscription;
pub use tail::TailedLog;
