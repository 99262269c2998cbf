//! The composition root: everything is constructed here, started here and stopped here, in this order and no other.
//!
//! Separate so that who depends on whom is read on one page. Never in here: a rule, a route, a default.
//!
//! A task that ends before it is asked to makes /readyz red; the process stays up and answers what it still can.

use std::sync::Arc;
use std::time::Duration;

use aggregates::notification::Surroundings;
use aggregates::policy::channels::{Channel, Channels};
use event_log::tying::OtherKeys;
use event_log::{
    Door, DoorOptions, EventLogError, IfOthers, InUse, LogCaches, OpenError, Position, SharedLog, StoreUrl,
};
use metrics_exporter_prometheus::PrometheusHandle;
use projections::{IfLost, ReadError, Views};
use providers::{DeliveryChannel, InvalidSetting, Outside, ProviderKind};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::auth::Authenticator;
use crate::clock::{SharedClock, SystemClock};
use crate::commands::Commands;
use crate::config::{CachesConfig, Config};
use crate::delivered;
use crate::directory::Directory;
use crate::http::layers::gate::Gate;
use crate::http::listener::BoundedListener;
use crate::http::operations::Health;
use crate::http::serving;
use crate::http::{self, AppState, Handles};
use crate::reactor::Reactor;
use crate::realtime::{AppCredentials, Attending, MasterKey, Realtime, RealtimeConfig};
use crate::unseen::Unseen;
use crate::uploads::Uploads;

/// What comes from outside the program; tests bring their own.
#[derive(Clone)]
pub struct Ports {
    pub clock: SharedClock,
    /// Where measurements are kept, when somebody set up a recorder.
    pub metrics: Option<PrometheusHandle>,
}

impl Default for Ports {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), metrics: None }
    }
}

/// The backend, built and not yet running.
pub struct App {
    state: AppState,
    reactor: Reactor,
    unseen: Unseen,
}

/// The backend cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("database.url or database.keys_url is not right")]
    Url(#[from] event_log::store_url::InvalidStoreUrl),
    #[error("the event log cannot be opened")]
    Log(#[source] EventLogError),
    /// Nothing was written.
    #[error(transparent)]
    Keys(Box<OtherKeys>),
    /// Nothing was changed.
    #[error(transparent)]
    InUse(InUse),
    #[error("the views cannot be opened")]
    Views(#[source] ReadError),
    #[error("the table of who was last seen when cannot be opened")]
    LastSeen(#[source] EventLogError),
    #[error("the folder of uploads cannot be used (uploads.folder)")]
    Uploads(#[source] attachments::StoreError),
    #[error("the services for push, e-mail and WhatsApp cannot be made: {}", lines(.0))]
    Outside(Vec<InvalidSetting>),
}

fn lines(wrong: &[InvalidSetting]) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl App {
    /// Opens log and views and connects everything. `config` must have been settled and found valid.
    pub async fn build(config: Config, ports: Ports) -> Result<Self, BuildError> {
        let url = StoreUrl::parse(config.database.url.reveal())?;
        let keys = StoreUrl::parse(config.database.keys_url().reveal())?;
        let log = open_log(&url, &keys, config.database.keys_lost, log_caches(&config.caches)).await?;
        let door = Door::open(log.clone(), door_options(&config)).await.map_err(BuildError::Log)?;
        // A new format that misses words is not shown in the place of one that has them, until it is said to.
        let if_lost = if config.database.keys_lost { IfLost::GoOn } else { IfLost::Refuse };
        let views = Views::open_although(&url, log.clone(), if_lost).await.map_err(BuildError::Views)?;

        let folder = config.uploads_folder();
        let uploads =
            Uploads::open(folder.as_deref(), log.clone(), config.uploads.clone()).map_err(BuildError::Uploads)?;
        let directory = Directory::new(views.clone(), &config.caches);
        let commands = Commands::new(door.clone(), log.clone(), views.clone(), ports.clock.clone(), directory.filled());
        let last_seen = event_log::last_seen::open(&url).await.map_err(BuildError::LastSeen)?;
        let attending = Attending { table: last_seen.clone(), clock: ports.clock.clone() };
        let realtime =
            Realtime::new(realtime_config(&config), log.clone(), views.clone(), directory.clone(), attending);
        let unseen = Unseen::new(last_seen, log.clone());
        let outside = Outside::try_new(&config.outside()).map_err(BuildError::Outside)?;
        let reactor = Reactor::new(log.clone(), views.clone(), door.clone(), surroundings(&outside));
        let auth = Arc::new(Authenticator::new(&config.auth));
        let gate = Arc::new(Gate::new(&config, auth, ports.clock.clone()));
        let state = AppState::new(Handles {
            config: Arc::new(config),
            clock: ports.clock,
            commands,
            views,
            log_id: log.id(),
            realtime,
            directory,
            uploads,
            gate,
            log,
            door,
            reactor: reactor.health(),
            health: Arc::new(Health::default()),
            metrics: ports.metrics,
        });
        Ok(Self { state, reactor, unseen })
    }

    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Whether nothing has ever happened here.
    pub async fn is_new(&self) -> Result<bool, EventLogError> {
        Ok(self.state.log.head().await? == Position::START)
    }

    /// Serves `listener` until `shutdown`, then stops in order: not ready; no new requests, those begun are finished
    /// and sockets sent away; the reactor; the door, after everything it let in is answered; views; the log.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) {
        let Self { state, reactor, unseen } = self;
        let Stops { realtime: stop_realtime, reactor: stop_reactor, uploads: stop_uploads, views: stop_views } =
            Stops::default();
        let mut realtime = Task::start("realtime", &state.health, &stop_realtime, {
            let (realtime, stop) = (state.realtime.clone(), stop_realtime.clone());
            async move { realtime.run(stop).await }
        });
        let mut reacting = Task::start("reactor", &state.health, &stop_reactor, {
            let stop = stop_reactor.clone();
            async move { reactor.run(stop).await }
        });
        let mut uploading = Task::start("uploads", &state.health, &stop_uploads, {
            let (uploads, stop) = (state.uploads.clone(), stop_uploads.clone());
            async move { uploads.run(stop).await }
        });
        let mut forgetting = Task::start("last-seen", &state.health, &stop_uploads, {
            let stop = stop_uploads.clone();
            async move { unseen.run(stop).await }
        });
        let mut viewing = Task::start("views", &state.health, &stop_views, {
            let (views, stop) = (state.views.clone(), stop_views.clone());
            async move { views.run(stop).await }
        });
        let mut delivering = state.realtime.arrivals().map(|arrived| {
            let (commands, stop) = (state.commands.clone(), stop_realtime.clone());
            Task::start("delivered", &state.health, &stop_realtime, async move {
                delivered::run(commands, arrived, stop).await;
                Ok::<(), std::convert::Infallible>(())
            })
        });
        let upkeep = state.metrics.clone().map(keep_measurements);

        serve(&state, listener, &shutdown, &stop_realtime).await;
        stop_realtime.cancel();
        realtime.ended().await;
        if let Some(delivering) = &mut delivering {
            delivering.ended().await;
        }
        stop_reactor.cancel();
        reacting.ended().await;
        stop_uploads.cancel();
        uploading.ended().await;
        forgetting.ended().await;
        state.door.close().await;
        stop_views.cancel();
        viewing.ended().await;
        state.log.close().await;
        if let Some(upkeep) = upkeep {
            upkeep.abort();
        }
    }
}

/// Refuses keys that are not those of the log, unless the operator says that its own are lost.
async fn open_log(
    url: &StoreUrl,
    keys: &StoreUrl,
    keys_lost: bool,
    caches: LogCaches,
) -> Result<SharedLog, BuildError> {
    let if_others = if keys_lost { IfOthers::GiveUp } else { IfOthers::Refuse };
    let (log, given_up) = event_log::open_caching(url, keys, if_others, caches).await.map_err(|error| match error {
        OpenError::Log(error) => BuildError::Log(error),
        OpenError::Keys(others) => BuildError::Keys(others),
        OpenError::InUse(in_use) => BuildError::InUse(in_use),
    })?;
    if given_up {
        tracing::warn!(log = %url, %keys, "the log has new keys; what was sealed before stays unread");
    }
    if keys_lost {
        tracing::warn!("database.keys_lost is set: take it out, or the next loss of the keys goes unnoticed");
    }
    Ok(log)
}

#[derive(Default)]
struct Stops {
    realtime: CancellationToken,
    reactor: CancellationToken,
    uploads: CancellationToken,
    views: CancellationToken,
}

/// Answers requests until `shutdown`, then those that were begun, as long as the configuration allows.
async fn serve(
    state: &AppState,
    listener: TcpListener,
    shutdown: &CancellationToken,
    stop_realtime: &CancellationToken,
) {
    let listener = BoundedListener::new(listener, state.config.server.connections_max);
    let head_time = state.config.server.head_time();
    let serving = serving::serve(listener, http::router(state.clone()), head_time, shutdown.clone());
    tokio::pin!(serving);
    // Told to stop while this looks, it may have ended before the other branch is heard.
    let ended = tokio::select! {
        biased;
        () = shutdown.cancelled() => false,
        () = &mut serving => true,
    };
    tracing::info!("stopping");
    state.health.drain();
    stop_realtime.cancel();
    if !ended && tokio::time::timeout(state.config.server.drain_time(), serving).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

/// A part of the program that runs until it is told to stop.
struct Task(JoinSet<()>);

impl Task {
    fn start<E: std::error::Error + Send + 'static>(
        name: &'static str,
        health: &Arc<Health>,
        stop: &CancellationToken,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> Self {
        let (health, stop) = (health.clone(), stop.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // A task of its own, so that a panic in it is an end like any other.
            let mut work = JoinSet::from_iter([work]);
            let reason = match work.join_next().await {
                Some(Ok(Ok(()))) | None if stop.is_cancelled() => return,
                Some(Ok(Ok(()))) | None => "it ended".to_owned(),
                Some(Ok(Err(error))) => event_log::Chain(&error).to_string(),
                Some(Err(error)) => error.to_string(),
            };
            health.task_ended(name, reason);
        });
        Self(tasks)
    }

    /// Waits for the end.
    async fn ended(&mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

/// Histograms gather until somebody looks; without this they would grow where nobody does.
fn keep_measurements(recorded: PrometheusHandle) -> tokio::task::JoinHandle<()> {
    const PERIOD: Duration = Duration::from_secs(5);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PERIOD).await;
            recorded.run_upkeep();
        }
    })
}

/// What leads outside, as decisions want to know it: every channel that has a service, and those among them where a user's
/// id is address enough.
pub fn surroundings(outside: &Outside) -> Surroundings {
    let those = |leads: &dyn Fn(DeliveryChannel) -> bool| -> Channels {
        DeliveryChannel::ALL.into_iter().filter(|channel| leads(*channel)).map(decided_as).collect()
    };
    // What is an address to a service: `providers::Address`.
    let takes_users = |kind: ProviderKind| matches!(kind, ProviderKind::OneSignal);
    Surroundings {
        configured: those(&|channel| !outside.of(channel).is_empty()),
        by_user_id: those(&|channel| outside.of(channel).iter().any(|provider| takes_users(provider.kind()))),
        ..Surroundings::default()
    }
}

const fn decided_as(channel: DeliveryChannel) -> Channel {
    match channel {
        DeliveryChannel::Push => Channel::Push,
        DeliveryChannel::Email => Channel::Email,
        DeliveryChannel::WhatsApp => Channel::WhatsApp,
    }
}

fn log_caches(config: &CachesConfig) -> LogCaches {
    LogCaches {
        keys_max: config.keys_max,
        tail_events_max: config.log_events_max,
        tail_bytes_max: config.log_bytes_max,
    }
}

fn door_options(config: &Config) -> DoorOptions {
    let door = &config.door;
    DoorOptions {
        batch_commands_max: door.batch_commands_max,
        queue_commands_max: door.queue_commands_max,
        command_budget: Duration::from_millis(door.command_ms_max),
        cached_streams_max: door.cached_streams_max,
        recent_commands_max: config.caches.commands_max,
        ..DoorOptions::default()
    }
}

fn realtime_config(config: &Config) -> RealtimeConfig {
    let section = &config.realtime;
    let secret = section.secret.as_ref().map(|secret| secret.reveal().to_owned()).unwrap_or_default();
    let master_key = section.encryption_master_key.as_ref();
    let app = AppCredentials { id: section.app_id.clone(), key: section.key.clone(), secret };
    RealtimeConfig {
        connections_max: section.connections_max,
        connections_per_user_max: section.connections_per_user_max,
        channels_per_connection_max: section.channels_per_connection_max,
        message_bytes_max: section.message_bytes_max,
        outgoing_frames_max: section.outgoing_frames_max,
        activity_timeout: Duration::from_secs(section.activity_timeout_seconds),
        pong_timeout: Duration::from_secs(section.pong_timeout_seconds),
        view_patience: config.server.view_wait(),
        drain: Duration::from_millis(section.drain_ms_max),
        read_frames_members_max: section.read_frames_members_max,
        gather: Duration::from_millis(section.gather_ms),
        legacy_event_names: section.legacy_event_names,
        window_bytes_max: section.window_bytes_max,
        window_events_max: section.window_events_max,
        replay_frames_max: section.replay_frames_max,
        receipts: section.receipts,
        receipt_interval: Duration::from_millis(section.receipt_interval_ms),
        legacy_channels: section.legacy_channels,
        presence_members_max: section.presence_members_max,
        client_events_per_second: section.client_events_per_second,
        subscription_counts: section.subscription_counts,
        cache_channels_max: section.cache_channels_max,
        webhooks: section.webhooks.iter().filter_map(|webhook| webhook.webhook().ok()).collect(),
        // Looked at by `Config::validate`.
        encryption_master_key: master_key.and_then(|key| MasterKey::parse(key.reveal()).ok()),
        rooms_remembered_max: config.caches.rooms_max,
        heartbeat: Duration::from_secs(section.heartbeat_seconds),
        presence_grace: Duration::from_millis(section.presence_grace_ms),
        presence_people_max: section.presence_people_max,
        ..RealtimeConfig::new(app)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::load;

    const WEBPUSH: [(&str, &str); 3] = [
        (
            "KABAR__PUSH__WEBPUSH__PUBLIC_KEY",
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        ),
        ("KABAR__PUSH__WEBPUSH__PRIVATE_KEY", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        ("KABAR__PUSH__WEBPUSH__CONTACT", "mailto:ops@example.id"),
    ];
    const ONESIGNAL: [(&str, &str); 2] =
        [("ONESIGNAL_APP_ID", "11111111-2222-4333-8444-555555555555"), ("ONESIGNAL_REST_API_KEY", "hush")];

    /// Channels that are configured, and those that a user's id is enough for.
    fn surrounded(given: &[&[(&str, &str)]]) -> [Channels; 2] {
        let base = [("NEXTAUTH_URL", "https://app.example.id")];
        let pairs = given.iter().copied().chain([&base[..]]).flatten();
        let environment: BTreeMap<_, _> =
            pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let outside = load(None, &environment).expect("right").outside();
        let Surroundings { configured, by_user_id, in_room } =
            surroundings(&Outside::try_new(&outside).expect("right"));
        assert!(!in_room);
        [configured, by_user_id]
    }

    #[test]
    fn what_is_configured_surrounds_decisions_and_only_onesignal_knows_users_by_their_ids() {
        let push = Channels::of(&[Channel::Push]);
        assert_eq!(surrounded(&[]), [Channels::NONE; 2]);
        assert_eq!(surrounded(&[&ONESIGNAL]), [push; 2]);
        assert_eq!(surrounded(&[&WEBPUSH]), [push, Channels::NONE], "browsers are known by their subscriptions");
        assert_eq!(surrounded(&[&WEBPUSH, &ONESIGNAL]), [push; 2]);
        let others = [
            ("STARSENDER_API_KEY", "hush"),
            ("KABAR__EMAIL__SMTP__HOST", "smtp.example.id"),
            ("KABAR__EMAIL__FROM_NAME", "Kabar"),
            ("KABAR__EMAIL__FROM_ADDRESS", "kabar@example.id"),
        ];
        assert_eq!(surrounded(&[&others]), [Channels::of(&[Channel::Email, Channel::WhatsApp]), Channels::NONE]);
    }

    #[test]
    fn what_an_order_leaves_out_surrounds_nothing() {
        let order = [("KABAR__PUSH__ORDER", "webpush")];
        assert_eq!(surrounded(&[&ONESIGNAL, &order]), [Channels::NONE; 2]);
        assert_eq!(surrounded(&[&ONESIGNAL, &WEBPUSH, &order]), [Channels::of(&[Channel::Push]), Channels::NONE]);
    }
}
