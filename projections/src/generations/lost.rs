//! Words that nobody can open because their key is lost, met while a view was filled: how many, and whose.
//!
//! A view that is there may have been made while the key was, and be the last that has them. So whoever fills another one
//! counts, and it is not shown before somebody has said that it may be. Never in here: the words, and those of people who
//! were erased, which are to be blank.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aggregates::ids::UserId;
use aggregates::user::UserEvent;
use aggregates::words::{Field, HasWords};
use aggregates::{DomainEvent, Unreadable};
use event_log::{Page, RecordedEvent};

use crate::views::UnitName;

/// People who are told apart; of more only the sum is known.
const USERS_MAX: usize = 100_000;
/// People who are named in a sentence.
const NAMED_MAX: usize = 10;

/// What to do where words are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfLost {
    /// Nothing takes a view's place that has less words than it.
    #[default]
    Refuse,
    /// The operator has said that they are lost for good.
    GoOn,
}

/// Words under keys that are lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LostWords {
    by_user: BTreeMap<UserId, u64>,
    of_others: u64,
}

impl LostWords {
    pub fn total(&self) -> u64 {
        self.by_user.values().sum::<u64>() + self.of_others
    }

    pub fn any(&self) -> bool {
        self.total() > 0
    }

    /// How many words of whom; of more than 100,000 people the rest is only in the total.
    pub fn by_user(&self) -> &BTreeMap<UserId, u64> {
        &self.by_user
    }

    pub(super) fn take(&mut self, met: Vec<Met>) {
        for met in met {
            match met {
                Met::Lost(user) => {
                    if let Some(words) = self.by_user.get_mut(&user) {
                        *words += 1;
                    } else if self.by_user.len() < USERS_MAX {
                        self.by_user.insert(user, 1);
                    } else {
                        self.of_others += 1;
                    }
                }
                // Every view is blank of them from here on.
                Met::Erased(user) => {
                    self.by_user.remove(&user);
                }
            }
        }
    }
}

/// `12 words of 2 people (ana 7, ben 5)`, those with most words first.
impl fmt::Display for LostWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut named: Vec<(&UserId, u64)> = self.by_user.iter().map(|(user, words)| (user, *words)).collect();
        named.sort_by_key(|(user, words)| (std::cmp::Reverse(*words), *user));
        let rest = named.len().saturating_sub(NAMED_MAX);
        let named: Vec<String> = named.iter().take(NAMED_MAX).map(|(user, words)| format!("{user} {words}")).collect();
        let people = if self.of_others > 0 { format!("more than {USERS_MAX}") } else { self.by_user.len().to_string() };
        write!(f, "{} words of {people} people ({}", self.total(), named.join(", "))?;
        if rest > 0 {
            write!(f, " and {rest} more")?;
        }
        f.write_str(")")
    }
}

/// What a page has to say of lost words, in the order of the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Met {
    Lost(UserId),
    Erased(UserId),
}

impl Met {
    /// Whether words were among it.
    pub(super) fn any_lost(met: &[Self]) -> bool {
        met.iter().any(|one| matches!(one, Self::Lost(_)))
    }

    pub(super) fn in_page(unit: UnitName, page: &mut Page) -> Vec<Self> {
        let mut met = Vec::new();
        for recorded in &mut page.events {
            // Nearly always it is ours alone.
            match Arc::get_mut(recorded) {
                Some(recorded) => Self::look(unit, recorded, &mut met),
                None => Self::look(unit, &mut RecordedEvent::clone(recorded), &mut met),
            }
        }
        met
    }

    fn look(unit: UnitName, recorded: &mut RecordedEvent, met: &mut Vec<Self>) {
        recorded.event.visit_words(&mut |place, words| {
            if shows(unit, place.field) && words.unreadable() == Some(Unreadable::Lost) {
                met.push(Self::Lost(place.owner.clone()));
            }
        });
        if let DomainEvent::User(UserEvent::UserErased(erased)) = &recorded.event {
            met.push(Self::Erased(erased.user_id.clone()));
        }
    }
}

/// The feed reads of people for their erasures alone, and has no words but those that a notification came with.
fn shows(unit: UnitName, field: Field) -> bool {
    match unit {
        UnitName::Inbox | UnitName::Search => true,
        UnitName::Feed => field == Field::NotificationContent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::parse(name).expect("a valid id")
    }

    #[test]
    fn those_with_most_words_are_named_and_whoever_was_erased_is_not() {
        let mut lost = LostWords::default();
        assert!(!lost.any());
        let met = ["ben", "ana", "cici", "ana"].map(|name| Met::Lost(user(name)));
        lost.take(met.into_iter().chain([Met::Erased(user("cici"))]).collect());
        assert_eq!(lost.to_string(), "3 words of 2 people (ana 2, ben 1)");
        lost.take((0..20).map(|number| Met::Lost(user(&format!("u{number:02}")))).collect());
        let said = lost.to_string();
        assert!(said.starts_with("23 words of 22 people (ana 2, ben 1, u00 1,") && said.ends_with(" and 12 more)"));
    }

    #[test]
    fn promise_8_people_past_the_limit_are_only_counted() {
        let mut lost = LostWords::default();
        lost.take((0..USERS_MAX + 5).map(|number| Met::Lost(user(&number.to_string()))).collect());
        assert_eq!((lost.by_user.len(), lost.total()), (USERS_MAX, USERS_MAX as u64 + 5));
        assert!(lost.to_string().contains("of more than 100000 people"), "{lost}");
    }
}
