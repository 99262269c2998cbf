//! What the views should say, counted in the simplest way there is. Also makes up events that the rules allow.

mod acts;
mod choices;
mod notes;
mod reports;
mod rooms;

use std::collections::{BTreeMap, BTreeSet};

use aggregates::DomainEvent;
use aggregates::feed::FeedEvent;
use aggregates::ids::{NotificationId, ReportId, RoomId, UserId};
use aggregates::policy::settings::Settings;
use aggregates::relationship::RelationshipEvent;
use event_log::Position;
use projections::Views;
use projections::feed::SubscriptionRow;
use projections::inbox::ReportRow;

pub use self::acts::Act;
use self::notes::Note;
use self::rooms::{Place, Room};
use crate::read_models::world::user;

const PEOPLE: [&str; 4] = ["ana", "ben", "cleo", "dian"];

#[derive(Default)]
pub struct Naive {
    rooms: BTreeMap<RoomId, Room>,
    places: BTreeMap<(RoomId, UserId), Place>,
    follows: BTreeSet<(UserId, UserId)>,
    blocks: BTreeSet<(UserId, UserId)>,
    /// Without those that are gone; the order is that of the log.
    notes: Vec<Note>,
    /// Whose each notification was that was ever raised.
    recipients: BTreeMap<NotificationId, UserId>,
    /// The highest number of any.
    raised: u128,
    people: BTreeSet<UserId>,
    reports: BTreeMap<ReportId, ReportRow>,
    settings: BTreeMap<UserId, Settings>,
    /// Also those that have ended.
    stretches: Vec<SubscriptionRow>,
    happened: i64,
}

impl Naive {
    pub fn take(&mut self, event: &DomainEvent, position: Position) {
        self.happened += 1;
        match event {
            DomainEvent::Room(event) => self.take_room(event, position),
            DomainEvent::Participant(event) => self.take_place(event, position),
            DomainEvent::Relationship(event) => {
                let pair = |directed: &aggregates::relationship::Directed| (directed.from.clone(), directed.to.clone());
                match event {
                    RelationshipEvent::UserFollowed(event) => self.follows.insert(pair(event)),
                    RelationshipEvent::UserUnfollowed(event) => self.follows.remove(&pair(event)),
                    RelationshipEvent::UserBlocked(event) => self.blocks.insert(pair(event)),
                    RelationshipEvent::UserUnblocked(event) => self.blocks.remove(&pair(event)),
                };
            }
            DomainEvent::Notification(event) => self.take_note(event, position),
            DomainEvent::Feed(FeedEvent::FeedRead(event)) => self.read_feed(&event.user_id, event.up_to, event.at),
            DomainEvent::User(event) => {
                use aggregates::user::{ProfileChanged, UserErased, UserEvent, UserRegistered};
                match event {
                    UserEvent::UserRegistered(UserRegistered { user_id, .. })
                    | UserEvent::ProfileChanged(ProfileChanged { user_id, .. }) => {
                        self.people.insert(user_id.clone());
                    }
                    UserEvent::UserErased(UserErased { user_id, .. }) => {
                        self.people.remove(user_id);
                        self.rooms.values_mut().for_each(|room| room.forget_words_of(user_id));
                        self.forget_reports_of(user_id);
                        self.forget_choices_of(user_id);
                        self.forget_notes_of(user_id);
                    }
                }
            }
            DomainEvent::Report(event) => self.take_report(event, position),
            DomainEvent::Preferences(event) => self.take_preferences(event),
            DomainEvent::Subscription(event) => self.take_subscription(event, position),
        }
    }

    /// Asks the views everything that was counted here.
    pub async fn compare(&self, views: &Views) -> Result<(), String> {
        for name in PEOPLE {
            self.compare_rooms(views, &user(name)).await?;
            self.compare_messages(views, &user(name)).await?;
            self.compare_relations(views, &user(name)).await?;
            self.compare_feed(views, &user(name)).await?;
        }
        self.compare_due(views).await?;
        self.compare_choices(views).await?;
        self.compare_reports(views).await
    }

    async fn compare_relations(&self, views: &Views, who: &UserId) -> Result<(), String> {
        let followers = self.follows.iter().filter(|(_, to)| to == who).count() as u64;
        let following = self.follows.iter().filter(|(from, _)| from == who).count() as u64;
        let counted = views.inbox().follow_counts(who).await.expect("answered");
        same("follow counts", counted, (followers, following))?;
        for name in PEOPLE {
            let other = user(name);
            let pair = (who.clone(), other.clone());
            let follows = views.inbox().follows(who, &other).await.expect("answered");
            same("follows", follows, self.follows.contains(&pair))?;
            let blocks = views.inbox().blocks(who, &other).await.expect("answered");
            same("blocks", blocks, self.blocks.contains(&pair))?;
        }
        let around = views.inbox().blocks_around(who, 1_000).await.expect("answered");
        let others = |those: Vec<UserId>| those.into_iter().collect::<BTreeSet<_>>();
        let blocks = self.blocks.iter().filter(|(from, _)| from == who).map(|(_, to)| to.clone());
        same("whom they block", others(around.blocks), blocks.collect())?;
        let blocked_by = self.blocks.iter().filter(|(_, to)| to == who).map(|(from, _)| from.clone());
        same("who blocks them", others(around.blocked_by), blocked_by.collect())?;
        Ok(())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, shown: T, counted: T) -> Result<(), String> {
    if shown == counted { Ok(()) } else { Err(format!("{what}: shown {shown:?}, counted {counted:?}")) }
}
