//! Who is here, from sockets, heartbeats and the time. Pure: moments come in.
//!
//! `now` counts for how long something holds, `at` is what a clock shows.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use tokio::time::Instant;

use super::Presence;

/// How long something holds by itself.
#[derive(Debug, Clone, Copy)]
pub struct Holds {
    /// A heartbeat.
    pub heartbeat: Duration,
    /// Whoever is back within it has not gone: a page that is loaded again, a network that changes.
    pub grace: Duration,
}

/// Who was active in a room so recently has it before their eyes.
const ACTIVE_HOLDS: Duration = Duration::from_secs(60);
/// Of one person, so often at most.
const SAVED_EVERY: Duration = Duration::from_secs(60);
/// Rooms that one person was active in.
const ROOMS_EACH_MAX: usize = 8;

#[derive(Default)]
struct Person {
    is_connected: bool,
    /// Without a socket they are here until then.
    holds_until: Option<Instant>,
    /// `None`: the table has not been asked yet, and nobody is told anything.
    invisible: Option<bool>,
    /// What others were last told.
    told_online: bool,
    seen_at: Option<Timestamp>,
    saved: Option<(Instant, Timestamp)>,
    active: HashMap<RoomId, Instant>,
    /// When they are looked at again; other entries of theirs in the heap count for nothing.
    look_at: Option<Instant>,
}

impl Person {
    fn is_here(&self, now: Instant) -> bool {
        self.is_connected || self.holds_until.is_some_and(|until| until > now)
    }

    fn is_shown(&self, now: Instant) -> bool {
        self.invisible == Some(false) && self.is_here(now)
    }
}

pub struct Attendance {
    holds: Holds,
    /// More are not shown as online.
    people_max: usize,
    people: HashMap<UserId, Person>,
    /// When somebody is to be looked at again.
    ends: BinaryHeap<Reverse<(Instant, UserId)>>,
    /// Erased since it was last asked what is due.
    forgotten: Vec<UserId>,
}

/// Somebody came or went, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub user: UserId,
    pub is_online: bool,
    pub last_seen_at: Option<Timestamp>,
}

/// What is to be done now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Of whom it must be asked whether they hide.
    pub unknown: Vec<UserId>,
    pub changed: Vec<Changed>,
    pub to_save: Vec<(UserId, Timestamp)>,
    /// Of whom nothing may be kept.
    pub to_delete: Vec<UserId>,
}

impl Attendance {
    pub fn new(holds: Holds, people_max: usize) -> Self {
        Self { holds, people_max, people: HashMap::new(), ends: BinaryHeap::new(), forgotten: Vec::new() }
    }

    pub fn people(&self) -> usize {
        self.people.len()
    }

    pub fn people_max(&self) -> usize {
        self.people_max
    }

    fn person(&mut self, user: &UserId, now: Instant) -> Option<&mut Person> {
        if self.people.len() >= self.people_max && !self.people.contains_key(user) {
            return None;
        }
        let person = self.people.entry(user.clone()).or_default();
        // Looked at as soon as somebody has time.
        if person.look_at.is_none_or(|at| now < at) {
            person.look_at = Some(now);
            self.ends.push(Reverse((now, user.clone())));
        }
        Some(person)
    }

    pub fn connected(&mut self, user: &UserId, is_connected: bool, now: Instant, at: Timestamp) {
        let grace = now + self.holds.grace;
        let Some(person) = self.person(user, now) else { return };
        let was = std::mem::replace(&mut person.is_connected, is_connected);
        if was && !is_connected {
            person.holds_until = Some(person.holds_until.map_or(grace, |until| until.max(grace)));
        }
        person.seen_at = Some(at);
    }

    pub fn says(&mut self, user: &UserId, is_online: bool, room: Option<RoomId>, now: Instant, at: Timestamp) {
        let until = now + self.holds.heartbeat;
        let Some(person) = self.person(user, now) else { return };
        person.holds_until = is_online.then_some(until);
        person.seen_at = Some(at);
        if let (true, Some(room)) = (is_online, room) {
            note_active(person, room, now);
        }
    }

    /// Known from the table, or just said.
    pub fn hides(&mut self, user: &UserId, invisible: bool, now: Instant, at: Timestamp) {
        let Some(person) = self.person(user, now) else { return };
        if person.invisible == Some(true) && !invisible && person.is_here(now) {
            person.seen_at = Some(at);
        }
        person.invisible = Some(invisible);
    }

    /// It could not be asked whether they hide: to be asked again at `moment`.
    pub fn ask_again(&mut self, user: &UserId, moment: Instant) {
        if let Some(person) = self.people.get_mut(user).filter(|person| person.invisible.is_none()) {
            person.look_at = Some(moment);
            self.ends.push(Reverse((moment, user.clone())));
        }
    }

    pub fn is_unknown(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|person| person.invisible.is_none())
    }

    pub fn active_in(&mut self, room: RoomId, user: &UserId, now: Instant) {
        if let Some(person) = self.people.get_mut(user) {
            note_active(person, room, now);
        }
    }

    pub fn is_active_in(&self, room: RoomId, user: &UserId, now: Instant) -> bool {
        let active = self.people.get(user).and_then(|person| person.active.get(&room));
        active.is_some_and(|active| now.duration_since(*active) < ACTIVE_HOLDS)
    }

    pub fn forget(&mut self, user: &UserId) {
        // Whoever is still connected under the id is somebody new, and is looked at as one.
        if let Some(person) = self.people.remove(user)
            && person.is_connected
        {
            let anew = Person { is_connected: true, invisible: Some(false), told_online: true, ..Person::default() };
            self.people.insert(user.clone(), anew);
        }
        self.forgotten.push(user.clone());
    }

    pub fn take_forgotten(&mut self) -> Vec<UserId> {
        std::mem::take(&mut self.forgotten)
    }

    /// They could not be deleted yet.
    pub fn still_to_delete(&mut self, users: &[UserId]) {
        self.forgotten.extend_from_slice(users);
    }

    /// `None` for somebody who is not here, or hides.
    pub fn shown(&self, user: &UserId, at: Timestamp) -> Option<Presence> {
        let person = self.people.get(user).filter(|person| person.invisible == Some(false))?;
        let last_seen_at = if person.told_online { Some(at) } else { person.seen_at };
        Some(Presence { is_online: person.told_online, last_seen_at })
    }

    /// The moment of the next look; `None` while nothing ends by itself.
    pub fn next_look(&self) -> Option<Instant> {
        self.ends.peek().map(|Reverse((at, _))| *at)
    }

    /// Looks at everybody whose time has come.
    pub fn due(&mut self, now: Instant, at: Timestamp) -> Due {
        let mut due = Due { to_delete: self.take_forgotten(), ..Due::default() };
        while self.ends.peek().is_some_and(|Reverse((moment, _))| *moment <= now) {
            let Some(Reverse((moment, user))) = self.ends.pop() else { break };
            let Some(person) = self.people.get_mut(&user).filter(|person| person.look_at == Some(moment)) else {
                continue;
            };
            person.look_at = None;
            if let Some(again) = self.look_at(&user, now, at, &mut due)
                && let Some(person) = self.people.get_mut(&user)
            {
                person.look_at = Some(again);
                self.ends.push(Reverse((again, user)));
            }
        }
        due
    }

    /// When to look again; `None` when something must happen first.
    fn look_at(&mut self, user: &UserId, now: Instant, at: Timestamp, due: &mut Due) -> Option<Instant> {
        let person = self.people.get_mut(user)?;
        if person.invisible.is_none() {
            due.unknown.push(user.clone());
            return None;
        }
        let shown = person.is_shown(now);
        if shown != person.told_online {
            person.told_online = shown;
            if shown {
                person.seen_at = Some(at);
            }
            let last_seen_at = person.seen_at;
            due.changed.push(Changed { user: user.clone(), is_online: shown, last_seen_at });
        }
        let save_again = save(person, user, now, due);
        if !person.is_here(now) && save_again.is_none() {
            self.people.remove(user);
            return None;
        }
        let ends = person.holds_until.filter(|_| !person.is_connected).filter(|until| *until > now);
        [ends, save_again].into_iter().flatten().min()
    }

    /// Everybody's last moment, for a stop.
    pub fn all_to_save(&mut self, at: Timestamp) -> Vec<(UserId, Timestamp)> {
        let visible = self.people.iter().filter(|(_, person)| person.invisible == Some(false));
        visible
            .filter_map(|(user, person)| {
                let at = if person.told_online { Some(at) } else { person.seen_at };
                at.map(|at| (user.clone(), at))
            })
            .collect()
    }
}

/// Puts what is new of them on the list, or answers when it may be.
fn save(person: &mut Person, user: &UserId, now: Instant, due: &mut Due) -> Option<Instant> {
    let seen_at = person.seen_at.filter(|_| person.invisible == Some(false))?;
    match person.saved {
        Some((_, saved)) if saved == seen_at => None,
        Some((moment, _)) if now < moment + SAVED_EVERY => Some(moment + SAVED_EVERY),
        Some(_) | None => {
            person.saved = Some((now, seen_at));
            due.to_save.push((user.clone(), seen_at));
            None
        }
    }
}

fn note_active(person: &mut Person, room: RoomId, now: Instant) {
    person.active.retain(|_, at| now.duration_since(*at) < ACTIVE_HOLDS);
    if person.active.len() >= ROOMS_EACH_MAX && !person.active.contains_key(&room) {
        let oldest = person.active.iter().min_by_key(|(_, at)| **at).map(|(room, _)| *room);
        oldest.and_then(|oldest| person.active.remove(&oldest));
    }
    person.active.insert(room, now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SECOND: Duration = Duration::from_secs(1);
    const HEARTBEAT_HOLDS: Duration = Duration::from_secs(75);
    const GRACE: Duration = Duration::from_secs(10);

    fn ana() -> UserId {
        UserId::parse("ana").expect("an id")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    const PEOPLE_MAX: usize = 16;

    fn nobody() -> Attendance {
        Attendance::new(Holds { heartbeat: HEARTBEAT_HOLDS, grace: GRACE }, PEOPLE_MAX)
    }

    /// Somebody of whom the table knows whether they hide.
    fn known(invisible: bool, now: Instant) -> Attendance {
        let mut attendance = nobody();
        attendance.connected(&ana(), true, now, at(0));
        assert_eq!(attendance.due(now, at(0)).unknown, [ana()]);
        attendance.hides(&ana(), invisible, now, at(0));
        attendance
    }

    fn told(attendance: &mut Attendance, now: Instant, second: i64) -> Vec<bool> {
        attendance.due(now, at(second)).changed.into_iter().map(|changed| changed.is_online).collect()
    }

    #[test]
    fn a_quick_reconnect_tells_nobody_and_a_long_one_twice() {
        let start = Instant::now();
        let mut attendance = known(false, start);
        assert_eq!(told(&mut attendance, start, 0), [true]);
        attendance.connected(&ana(), false, start + SECOND, at(1));
        assert_eq!(told(&mut attendance, start + SECOND, 1), [false; 0]);
        attendance.connected(&ana(), true, start + 5 * SECOND, at(5));
        assert_eq!(told(&mut attendance, start + 60 * SECOND, 60), [false; 0]);
        attendance.connected(&ana(), false, start + 61 * SECOND, at(61));
        assert_eq!(told(&mut attendance, start + 61 * SECOND + GRACE, 71), [false]);
        assert_eq!(attendance.shown(&ana(), at(80)).and_then(|shown| shown.last_seen_at), Some(at(61)));
    }

    #[test]
    fn a_heartbeat_holds_for_a_while_and_is_taken_back_at_once() {
        let start = Instant::now();
        let mut attendance = nobody();
        attendance.says(&ana(), true, None, start, at(0));
        attendance.hides(&ana(), false, start, at(0));
        assert_eq!(told(&mut attendance, start, 0), [true]);
        attendance.says(&ana(), true, None, start + 30 * SECOND, at(30));
        assert_eq!(told(&mut attendance, start + HEARTBEAT_HOLDS, 75), [false; 0]);
        assert_eq!(told(&mut attendance, start + HEARTBEAT_HOLDS + 30 * SECOND, 105), [false]);
        attendance.says(&ana(), true, None, start + 200 * SECOND, at(200));
        attendance.hides(&ana(), false, start + 200 * SECOND, at(200));
        assert_eq!(told(&mut attendance, start + 200 * SECOND, 200), [true]);
        attendance.says(&ana(), false, None, start + 201 * SECOND, at(201));
        assert_eq!(told(&mut attendance, start + 201 * SECOND, 201), [false]);
    }

    #[test]
    fn who_hides_is_offline_to_others_and_leaves_no_trace() {
        let start = Instant::now();
        let mut attendance = known(true, start);
        let due = attendance.due(start + SECOND, at(1));
        assert_eq!((due.changed, due.to_save), (vec![], vec![]));
        assert_eq!(attendance.shown(&ana(), at(1)), None);
        attendance.hides(&ana(), false, start + 2 * SECOND, at(2));
        assert_eq!(told(&mut attendance, start + 2 * SECOND, 2), [true]);
        attendance.hides(&ana(), true, start + 3 * SECOND, at(3));
        assert_eq!(told(&mut attendance, start + 3 * SECOND, 3), [false]);
    }

    #[test]
    fn somebody_is_saved_once_a_minute_and_forgotten_when_they_are_gone_and_saved() {
        let start = Instant::now();
        let mut attendance = known(false, start);
        assert_eq!(attendance.due(start, at(0)).to_save.len(), 1);
        attendance.connected(&ana(), false, start + SECOND, at(1));
        let gone = start + SECOND + GRACE;
        assert_eq!(attendance.due(gone, at(11)).to_save, []);
        let minute = start + SAVED_EVERY;
        assert_eq!(attendance.next_look(), Some(minute));
        let saved = attendance.due(minute, at(60)).to_save;
        assert_eq!(saved, [(ana(), at(1))]);
        assert_eq!((attendance.people(), attendance.next_look()), (0, None));
    }

    #[test]
    fn promise_9_who_was_erased_is_deleted_behind_the_last_write_about_them() {
        let start = Instant::now();
        let mut attendance = known(false, start);
        assert_eq!(attendance.due(start, at(0)).to_save, [(ana(), at(0))]);
        attendance.forget(&ana());
        let due = attendance.due(start, at(1));
        assert_eq!((due.to_delete, due.to_save), (vec![ana()], vec![]));
        assert_eq!(attendance.due(start, at(2)).to_delete, []);
        attendance.still_to_delete(&[ana()]);
        assert_eq!(attendance.due(start, at(3)).to_delete, [ana()]);
    }

    #[test]
    fn who_was_active_in_a_room_has_it_open_for_a_minute() {
        let (start, room) = (Instant::now(), RoomId(Uuid::from_u128(1)));
        let mut attendance = nobody();
        attendance.says(&ana(), true, Some(room), start, at(0));
        assert!(attendance.is_active_in(room, &ana(), start + 59 * SECOND));
        assert!(!attendance.is_active_in(room, &ana(), start + 60 * SECOND));
        for number in 2..20 {
            attendance.active_in(RoomId(Uuid::from_u128(number)), &ana(), start + SECOND);
        }
        assert!(attendance.people[&ana()].active.len() <= ROOMS_EACH_MAX);
    }

    #[test]
    fn promise_8_no_more_people_are_remembered_than_the_limit() {
        let (mut attendance, now) = (nobody(), Instant::now());
        let user = |number: usize| UserId::parse(&format!("user-{number}")).expect("an id");
        for number in 0..PEOPLE_MAX + 5 {
            attendance.connected(&user(number), true, now, at(0));
            attendance.hides(&user(number), false, now, at(0));
        }
        assert_eq!((attendance.people(), attendance.people_max()), (PEOPLE_MAX, PEOPLE_MAX));
        assert!(attendance.shown(&user(PEOPLE_MAX - 1), at(0)).is_some());
        assert!(attendance.shown(&user(PEOPLE_MAX), at(0)).is_none(), "one too many");
    }
}
