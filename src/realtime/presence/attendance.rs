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
/// Somebody comes so often at most, as others are told; whoever comes and goes in between is told of when it is over. Going
/// is told at once.
const COMES_EVERY: Duration = Duration::from_secs(3);

#[derive(Default)]
struct Person {
    is_connected: bool,
    /// Without a socket they are here until then.
    holds_until: Option<Instant>,
    /// `None`: the table has not been asked yet, and nobody is told anything.
    invisible: Option<bool>,
    /// What others were last told.
    told_online: bool,
    /// When they were last told to have come.
    came_at: Option<Instant>,
    /// They hide no more, and it is still to be shown where they are listed.
    to_list: bool,
    listed_at: Option<Instant>,
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

    /// From when on they may come again.
    fn comes_at(&self) -> Option<Instant> {
        self.came_at.map(|at| at + COMES_EVERY)
    }

    fn lists_at(&self) -> Option<Instant> {
        self.listed_at.map(|at| at + COMES_EVERY)
    }

    /// The end of the pause, while it lasts.
    fn rests_until(&self, now: Instant) -> Option<Instant> {
        [self.comes_at(), self.lists_at()].into_iter().flatten().filter(|at| *at > now).min()
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
    /// Those of them who were told to be here.
    gone: Vec<UserId>,
}

/// Somebody came or went, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub user: UserId,
    pub is_online: bool,
    /// Of who came. When somebody who went was last here is asked as for everybody: who hides must not be told by it.
    pub last_seen_at: Option<Timestamp>,
}

/// What is to be done now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Of whom it must be asked whether they hide.
    pub unknown: Vec<UserId>,
    /// Who hides no more, or never did.
    pub listed: Vec<UserId>,
    pub changed: Vec<Changed>,
    pub to_save: Vec<(UserId, Timestamp)>,
    /// Of whom nothing may be kept.
    pub to_delete: Vec<UserId>,
}

impl Attendance {
    pub fn new(holds: Holds, people_max: usize) -> Self {
        Self {
            holds,
            people_max,
            people: HashMap::new(),
            ends: BinaryHeap::new(),
            forgotten: Vec::new(),
            gone: Vec::new(),
        }
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

    /// Known from the table, or just said. False where no more people are remembered.
    pub fn hides(&mut self, user: &UserId, invisible: bool, now: Instant, at: Timestamp) -> bool {
        let Some(person) = self.person(user, now) else { return false };
        if person.invisible == Some(true) && !invisible && person.is_here(now) {
            person.seen_at = Some(at);
        }
        person.invisible = Some(invisible);
        person.to_list = !invisible;
        true
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

    /// Their sockets have been ended.
    pub fn forget(&mut self, user: &UserId) {
        if self.people.remove(user).is_some_and(|person| person.told_online) {
            self.gone.push(user.clone());
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
        let gone = std::mem::take(&mut self.gone).into_iter();
        let changed = gone.map(|user| Changed { user, is_online: false, last_seen_at: None }).collect();
        let mut due = Due { to_delete: self.take_forgotten(), changed, ..Due::default() };
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
        if person.to_list && person.lists_at().is_none_or(|lists_at| lists_at <= now) {
            (person.to_list, person.listed_at) = (false, Some(now));
            due.listed.push(user.clone());
        }
        let shown = person.is_shown(now);
        let may_come = person.comes_at().is_none_or(|comes_at| comes_at <= now);
        if shown != person.told_online && (may_come || !shown) {
            person.told_online = shown;
            if shown {
                (person.seen_at, person.came_at) = (Some(at), Some(now));
            }
            let last_seen_at = person.seen_at.filter(|_| shown);
            due.changed.push(Changed { user: user.clone(), is_online: shown, last_seen_at });
        }
        let save_again = save(person, user, now, due);
        let rest = person.rests_until(now);
        if !person.is_here(now) && save_again.is_none() && rest.is_none() {
            self.people.remove(user);
            return None;
        }
        let ends = person.holds_until.filter(|_| !person.is_connected).filter(|until| *until > now);
        [ends, save_again, rest].into_iter().flatten().min()
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
    fn who_comes_and_goes_again_and_again_is_told_of_twice_in_a_while_and_the_last_state_always() {
        let start = Instant::now();
        let mut attendance = nobody();
        let mut told_of = Vec::new();
        for flip in 0..30 {
            let now = start + flip * SECOND / 30;
            attendance.says(&ana(), flip % 2 == 0, None, now, at(0));
            attendance.hides(&ana(), false, now, at(0));
            told_of.extend(told(&mut attendance, now, 0));
        }
        assert_eq!(told_of, [true, false]);
        assert_eq!(told(&mut attendance, start + COMES_EVERY, 3), [false; 0], "they have gone");
        assert_eq!(attendance.due(start + 2 * SAVED_EVERY, at(120)).changed, []);
        assert_eq!(attendance.people(), 0, "and are forgotten");

        attendance.says(&ana(), true, None, start + 200 * SECOND, at(200));
        attendance.hides(&ana(), false, start + 200 * SECOND, at(200));
        assert_eq!(told(&mut attendance, start + 200 * SECOND, 200), [true]);
        for (is_online, wanted) in [(false, vec![false]), (true, vec![])] {
            attendance.says(&ana(), is_online, None, start + 201 * SECOND, at(201));
            assert_eq!(told(&mut attendance, start + 201 * SECOND, 201), wanted);
        }
        assert_eq!(attendance.next_look(), Some(start + 203 * SECOND));
        assert_eq!(told(&mut attendance, start + 203 * SECOND, 203), [true], "they are here");
    }

    #[test]
    fn who_shows_and_hides_themselves_again_and_again_is_listed_once_in_a_while_and_never_while_they_hide() {
        let start = Instant::now();
        let mut attendance = nobody();
        let mut listed = 0;
        for flip in 0..30 {
            let now = start + flip * SECOND / 30;
            attendance.hides(&ana(), flip % 2 == 1, now, at(0));
            listed += attendance.due(now, at(0)).listed.len();
        }
        assert_eq!(listed, 1);
        assert_eq!(attendance.due(start + 10 * SECOND, at(10)).listed, [], "they hide");
        attendance.hides(&ana(), false, start + 11 * SECOND, at(11));
        assert_eq!(attendance.due(start + 11 * SECOND, at(11)).listed, [ana()]);
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
