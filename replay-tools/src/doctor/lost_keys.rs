//! Whether every key that a log's words are sealed with is there or was dropped: asked when keys have come to a log.

use std::fmt;

use event_log::StoreUrl;
use event_log::raw::{self, BEGINNING, Reading};
use serde_json::{Value, json};

use super::findings::Findings;
use super::keys::{KeyChecks, KeysSeen, LOST};
use super::{NAMED_MAX, PAGE_EVENTS};
use crate::counting::Counting;
use crate::outcome::Failure;

/// What is lost.
pub struct LostKeys {
    seen: KeysSeen,
    /// The first of it.
    examples: Vec<String>,
}

impl LostKeys {
    /// Reads the whole log once.
    pub async fn look(url: &StoreUrl, keys: &StoreUrl) -> Result<Self, Failure> {
        let mut log = raw::look(url, Reading::Moving).await?;
        let facts = log.facts().await?;
        let mut findings = Findings::new(NAMED_MAX);
        let mut checks = KeyChecks::at(keys, &facts, &mut findings).await?;
        let mut counting = Counting::new("looking for lost keys", facts.head.max(0).unsigned_abs());
        let (mut place, mut done) = (BEGINNING, 0);
        loop {
            let page = log.page(place, facts.head, PAGE_EVENTS).await?;
            let Some(last) = page.last() else { break };
            place = (last.position, last.event_id);
            done += page.len() as u64;
            let mut read: Vec<_> = page.iter().filter_map(|row| row.read().ok()).collect();
            checks.check(&mut read).await?;
            counting.is_at(done);
        }
        counting.finish();
        let seen = checks.finish(&mut findings);
        let found = findings.all().find(|finding| finding.what == LOST);
        let examples = found.map(|finding| finding.examples.clone()).unwrap_or_default();
        Ok(Self { seen, examples })
    }

    pub fn any(&self) -> bool {
        self.seen.lost.events + self.seen.untold > 0
    }

    pub fn as_json(&self) -> Value {
        let (lost, untold) = (&self.seen.lost, self.seen.untold);
        json!({ "users": lost.users, "events": lost.events + untold, "first": self.examples })
    }
}

impl fmt::Display for LostKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KeysSeen { lost, untold, .. } = &self.seen;
        let first = self.examples.join("; ");
        write!(f, "{} events of {} users cannot be read, their keys are not here", lost.events + untold, lost.users)?;
        if first.is_empty() { Ok(()) } else { write!(f, " ({first})") }
    }
}
