//! A small Kabar for tests: log, views, door, realtime and a server on a port of its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{CommandId, GroupId, MessageId, RoomId, UserId};
use aggregates::notification::Surroundings;
use aggregates::participant::{Arrange, Arrangement, MarkRead, ParticipantCommand, ReadUpTo};
use aggregates::policy::follower::notify_of_follower;
use aggregates::preferences::{ChangePreferences, PreferencesCommand, SettingsPatch};
use aggregates::relationship::{Directed, Relate, RelationshipCommand};
use aggregates::room::{
    AddMembers, CreateGroup, HistoryFrom, JoinPolicy, MessageKind, OpenDirect, RemoveMember, RoomCommand, SendMessage,
};
use aggregates::user::{Profile, PutProfile, UserCommand};
use aggregates::{Command, Metadata, Origin, Sealed, StreamId, Timestamp};
use event_log::{CommandError, Decided, Door, DoorOptions, Position, SharedLog, StoreUrl, Wish};
use projections::{UnitName, Views};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::client::Client;
use crate::clock::SystemClock;
use crate::config::CachesConfig;
use crate::directory::Directory;
use crate::realtime::PusherChannel;
use crate::realtime::{AppCredentials, Attending, Realtime, RealtimeConfig, api_router, router};

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct World {
    pub directory: tempfile::TempDir,
    pub log: SharedLog,
    pub views: Views,
    pub door: Door,
    pub realtime: Realtime,
    pub address: SocketAddr,
    /// Pusher's HTTP API.
    pub api: axum::Router,
    /// Stops realtime alone.
    pub stop_realtime: CancellationToken,
    pub realtime_ended: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
        self.stop_realtime.cancel();
    }
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

async fn attending_on(url: &StoreUrl) -> Attending {
    let table = event_log::last_seen::open(url).await.expect("the table opens");
    Attending { table, clock: Arc::new(SystemClock) }
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Of another node on the same store.
    async fn attending(&self) -> Attending {
        attending_on(&StoreUrl::Sqlite(self.directory.path().to_owned())).await
    }

    /// A second node on the same log, which begins now.
    pub async fn another_node(&self) -> SocketAddr {
        let people = Directory::new(self.views.clone(), &CachesConfig::default());
        let config = self.realtime.0.config.clone();
        let node = Realtime::new(config, self.log.clone(), self.views.clone(), people, self.attending().await);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(axum::serve(listener, router::<()>(node.clone(), Arc::new(visitor))).into_future());
        tokio::spawn(async move { node.run(CancellationToken::new()).await.expect("realtime runs") });
        address
    }

    pub async fn start_with(configure: impl FnOnce(&mut RealtimeConfig)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = StoreUrl::Sqlite(directory.path().to_owned());
        let log = event_log::open(&url).await.expect("the log opens");
        let views = Views::open(&url, log.clone()).await.expect("the views open");
        let door = Door::open(log.clone(), DoorOptions::default()).await.expect("the door opens");
        let app = AppCredentials { id: "1".into(), key: "key".into(), secret: "secret".into() };
        let mut config = RealtimeConfig { drain: Duration::from_millis(50), ..RealtimeConfig::new(app) };
        // Long enough to be told from "at once", short enough to wait for.
        config.gather = Duration::from_millis(200);
        configure(&mut config);
        let attending = attending_on(&url).await;
        let people = Directory::new(views.clone(), &CachesConfig::default());
        let realtime = Realtime::new(config, log.clone(), views.clone(), people, attending);
        let (stop, stop_realtime) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn({
            let (views, stop) = (views.clone(), stop.clone());
            async move { views.run(stop).await.expect("the views run") }
        });
        let realtime_ended = tokio::spawn({
            let (realtime, stop) = (realtime.clone(), stop_realtime.clone());
            async move { realtime.run(stop).await.expect("realtime runs") }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let served = axum::serve(listener, router::<()>(realtime.clone(), Arc::new(visitor)));
        tokio::spawn(served.with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
        let api = api_router::<()>(realtime.clone(), Arc::new(SystemClock));
        let world = Self { api, directory, log, views, door, realtime, address, stop_realtime, realtime_ended, stop };
        for name in ["ana", "ben", "cat"] {
            world.register(name).await;
        }
        world
    }

    async fn wish(&self, stream: StreamId, command: Command, metadata: Metadata) -> Result<Decided, CommandError> {
        let id = metadata.command.unwrap_or(CommandId(Uuid::new_v4()));
        let metadata = Metadata { command: Some(id), ..metadata };
        self.door.execute(Wish { stream, command, id, repeatable: false, metadata }).await
    }

    pub async fn done(&self, stream: StreamId, command: Command) -> Position {
        self.wish(stream, command, Metadata::default()).await.expect("carried out").position
    }

    /// When both views and this node's sockets have everything up to `position`.
    pub async fn told(&self, position: Position) {
        for unit in UnitName::ALL {
            self.views.wait_for(unit, position, PATIENCE).await.expect("the view gets there");
        }
        let mut progress = self.realtime.0.hub.progress();
        let delivered = progress.wait_for(|delivered| delivered.is_some_and(|delivered| delivered >= position));
        tokio::time::timeout(PATIENCE, delivered).await.expect("the tail gets there").expect("it runs");
    }

    pub async fn register(&self, name: &str) -> Position {
        let words = |text: String| Some(Sealed::new(text));
        let profile = Profile {
            name: words(format!("{}{}", name[..1].to_uppercase(), &name[1..])),
            username: words(format!("{name}.u")),
            ..Profile::default()
        };
        let put = PutProfile { user_id: user(name), profile, at: at() };
        self.done(StreamId::user(&user(name)), Command::User(UserCommand::FillProfile(put))).await
    }

    pub async fn direct(&self, a: &str, b: &str) -> RoomId {
        let room_id = RoomId::direct(&user(a), &user(b));
        let command = RoomCommand::OpenDirect(OpenDirect {
            room_id,
            opened_by: user(a),
            other: user(b),
            other_exists: true,
            blocked: false,
            at: at(),
        });
        let position = self.done(StreamId::room(room_id), Command::Room(command)).await;
        self.told(position).await;
        room_id
    }

    pub async fn group(&self, owner: &str, members: &[&str]) -> RoomId {
        let room_id = RoomId(Uuid::new_v4());
        let position = self.open_group(room_id, owner, members).await;
        self.told(position).await;
        room_id
    }

    /// A room of one of the platform's own groups.
    pub async fn group_room(&self, group: &str, owner: &str, members: &[&str]) -> RoomId {
        let room_id = RoomId(Uuid::new_v4());
        let position = self.open(room_id, owner, members, GroupId::parse(group).ok(), HistoryFrom::Start).await;
        self.told(position).await;
        room_id
    }

    /// One whose members read from their join on.
    pub async fn group_from_join(&self, owner: &str, members: &[&str]) -> RoomId {
        let room_id = RoomId(Uuid::new_v4());
        let position = self.open(room_id, owner, members, None, HistoryFrom::Join).await;
        self.told(position).await;
        room_id
    }

    /// Without waiting until anybody has heard of it.
    pub async fn open_group(&self, room_id: RoomId, owner: &str, members: &[&str]) -> Position {
        self.open(room_id, owner, members, None, HistoryFrom::Start).await
    }

    async fn open(
        &self,
        room_id: RoomId,
        owner: &str,
        members: &[&str],
        group_id: Option<GroupId>,
        history_from: HistoryFrom,
    ) -> Position {
        let command = RoomCommand::CreateGroup(CreateGroup {
            room_id,
            created_by: user(owner),
            members: members.iter().map(|name| user(name)).collect(),
            apart: BTreeSet::new(),
            name: Sealed::new("Kelas"),
            avatar: None,
            group_id,
            join_policy: JoinPolicy::Open,
            history_from,
            at: at(),
        });
        self.done(StreamId::room(room_id), Command::Room(command)).await
    }

    pub async fn send(&self, room: RoomId, from: &str, words: &str) -> Position {
        self.send_as(room, from, words, Metadata::default()).await
    }

    pub async fn send_imported(&self, room: RoomId, from: &str, words: &str) -> Position {
        self.send_as(room, from, words, Metadata { origin: Origin::Import, ..Metadata::default() }).await
    }

    pub async fn send_as(&self, room_id: RoomId, from: &str, words: &str, metadata: Metadata) -> Position {
        self.send_named(MessageId(Uuid::new_v4()), (room_id, from, words), metadata).await
    }

    pub async fn send_named(
        &self,
        message_id: MessageId,
        (room_id, from, words): (RoomId, &str, &str),
        metadata: Metadata,
    ) -> Position {
        let command = RoomCommand::SendMessage(SendMessage {
            room_id,
            message_id,
            sender_id: user(from),
            kind: MessageKind::Text,
            content: Sealed::new(words),
            attachment: None,
            reply_to: None,
            mentions: vec![],
            mentions_all: false,
            forwarded: None,
            client_message_id: None,
            blocked: false,
            author_gone: false,
            at: at(),
        });
        let sent = self.wish(StreamId::room(room_id), Command::Room(command), metadata).await;
        sent.expect("sent").position
    }

    pub async fn read(&self, room_id: RoomId, by: &str) -> Position {
        let up_to = ReadUpTo::Last;
        let command = MarkRead { room_id, user_id: user(by), up_to, membership: None, at: at() };
        let stream = StreamId::participant(room_id, &user(by));
        self.done(stream, Command::Participant(ParticipantCommand::MarkRead(command))).await
    }

    pub async fn arrange(&self, room_id: RoomId, who: &str, wish: Arrangement) -> Position {
        let command = Arrange { room_id, user_id: user(who), wish, membership: None, at: at() };
        let stream = StreamId::participant(room_id, &user(who));
        let position = self.done(stream, Command::Participant(ParticipantCommand::Arrange(command))).await;
        self.told(position).await;
        position
    }

    pub async fn add(&self, room_id: RoomId, by: &str, members: &[&str]) -> Position {
        let members = members.iter().map(|name| user(name)).collect();
        let command = RoomCommand::AddMembers(AddMembers {
            room_id,
            added_by: user(by),
            members,
            apart: BTreeSet::new(),
            at: at(),
        });
        self.done(StreamId::room(room_id), Command::Room(command)).await
    }

    pub async fn remove(&self, room_id: RoomId, by: &str, who: &str) -> Position {
        let command = RemoveMember { room_id, user_id: user(who), removed_by: user(by), at: at() };
        self.done(StreamId::room(room_id), Command::Room(RoomCommand::RemoveMember(command))).await
    }

    pub async fn relate(&self, from: &str, to: &str, command: fn(Relate) -> RelationshipCommand) -> Position {
        let relate = Relate { from: user(from), to: user(to), to_exists: true, at: at() };
        let stream = StreamId::relationship(&aggregates::ids::UserPair::new(&user(from), &user(to)));
        self.done(stream, Command::Relationship(command(relate))).await
    }

    /// A follow, and what the reactor makes of it.
    pub async fn follows(&self, from: &str, to: &str) -> Position {
        self.relate(from, to, RelationshipCommand::Follow).await;
        let followed = Directed { from: user(from), to: user(to), at: at() };
        let (id, raise) = notify_of_follower(&followed, Surroundings::default());
        self.done(StreamId::notification(id), Command::Notification(raise)).await
    }

    pub async fn prefers(&self, who: &str, patch: SettingsPatch) -> Position {
        let change = ChangePreferences { user_id: user(who), patch, erased_before: 0, at: at() };
        let command = Command::Preferences(PreferencesCommand::Change(change));
        self.done(StreamId::preferences(&user(who)), command).await
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Asks as `who`, with a valid signature; the answer is still to come.
    pub async fn ask(&self, client: &mut Client, who: &str, channel: &str) {
        self.ask_after(client, who, channel, None).await;
    }

    /// The same of somebody who has heard the channel up to `resume`.
    pub async fn ask_after(&self, client: &mut Client, who: &str, channel: &str, resume: Option<&str>) {
        let parsed = PusherChannel::parse(channel).expect("a channel");
        let resume = resume.map(|text| text.parse().expect("a place to resume from"));
        let signed = self.realtime.authorise(&user(who), client.id, &parsed, (None, resume));
        let data = json!({ "channel": channel, "auth": signed.auth, "channel_data": signed.channel_data });
        client.say("pusher:subscribe", data).await;
    }

    pub async fn subscribe(&self, client: &mut Client, who: &str, channel: &str) {
        self.ask(client, who, channel).await;
        client.expect("pusher_internal:subscription_succeeded", channel).await;
    }

    /// Signs in with what a server of the application's would sign; the answer is still to come.
    pub async fn ask_to_sign_in(&self, client: &mut Client, user_data: serde_json::Value) {
        let user_data = user_data.to_string();
        let auth = self.realtime.0.signer.user(&client.id.to_string(), &user_data);
        client.say("pusher:signin", json!({ "auth": auth, "user_data": user_data })).await;
    }

    pub async fn sign_in(&self, client: &mut Client, who: &str) {
        self.ask_to_sign_in(client, json!({ "id": who })).await;
        client.expect("pusher:signin_success", "").await;
    }

    /// Without any signature, as pusher-js does for public channels.
    pub async fn ask_unsigned(&self, client: &mut Client, channel: &str) {
        client.say("pusher:subscribe", json!({ "channel": channel, "auth": "" })).await;
    }

    /// Subscribes with `channel_data` as another server would sign it; the answer is still to come.
    pub async fn ask_with(&self, client: &mut Client, channel: &str, channel_data: &str) {
        let auth = self.realtime.0.signer.channel(&client.id.to_string(), channel, Some(channel_data));
        let data = json!({ "channel": channel, "auth": auth, "channel_data": channel_data });
        client.say("pusher:subscribe", data).await;
    }

    /// A client of `who`, who has heard `channel` up to `resume` and is being given the rest.
    pub async fn resumed(&self, who: &str, channel: &str, resume: &str) -> Client {
        let mut client = self.client().await;
        self.ask_after(&mut client, who, channel, Some(resume)).await;
        client.expect("pusher_internal:subscription_succeeded", channel).await;
        client
    }

    /// A client of `who`, on their own channel and this room's.
    pub async fn in_room(&self, who: &str, room: RoomId) -> Client {
        let mut client = self.client().await;
        self.subscribe(&mut client, who, &format!("private-user-{who}")).await;
        self.subscribe(&mut client, who, &format!("private-room-{room}")).await;
        client
    }
}

/// Stands for the session of a request: `http` reads it, with everything that must be looked at.
pub(crate) fn visitor(headers: &axum::http::HeaderMap) -> Option<UserId> {
    headers.get("x-session-of").and_then(|value| UserId::parse(value.to_str().ok()?).ok())
}

pub(crate) fn at() -> Timestamp {
    Timestamp::from_millis(1_795_328_222_045)
}
