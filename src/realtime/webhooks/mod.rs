//! Webhooks: what happens on channels, told to the application's own servers (the protocol's webhooks, signed).
//!
//! `happening` is what may be told, `settling` holds back what a quick reconnect undoes, `sending` brings it to one URL.
//! Nothing of it ever holds the hub up: what does not fit into a queue is dropped, counted and said. May use `protocol`.

mod budget;
mod happening;
mod sending;
mod settling;

use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use happening::{EventKind, Happening};
pub use sending::Webhook;

use crate::realtime::measures::WebhookMeasures;
use crate::realtime::protocol::signature::Signer;
use budget::Budget;
use sending::{Batch, Target};
use settling::Settling;

/// What may wait to be looked at, and what that may weigh.
const HAPPENINGS_MAX: usize = 10_000;
const HAPPENINGS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Happenings in one request.
const BATCH_MAX: usize = 100;
/// How long what is left may take when the node stops.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// The hub's end: never waits.
pub struct Happenings {
    /// `None` where nobody is to be told.
    queue: Option<mpsc::Sender<Happening>>,
    budget: Budget,
    wanted: Vec<EventKind>,
    measures: WebhookMeasures,
}

/// The other end.
pub struct Heard {
    queue: mpsc::Receiver<Happening>,
    budget: Budget,
    measures: WebhookMeasures,
}

impl Heard {
    async fn wait(&mut self, heard: &mut Vec<Happening>) {
        self.queue.recv_many(heard, BATCH_MAX).await;
        self.weigh(heard);
    }

    fn take_rest(&mut self) -> Vec<Happening> {
        let rest: Vec<Happening> = std::iter::from_fn(|| self.queue.try_recv().ok()).collect();
        self.weigh(&rest);
        rest
    }

    fn weigh(&self, heard: &[Happening]) {
        self.budget.give(heard.iter().map(Happening::bytes).sum());
    }
}

impl Happenings {
    pub fn to(webhooks: &[Webhook]) -> (Self, Option<Heard>) {
        let mut wanted: Vec<EventKind> = webhooks.iter().flat_map(|webhook| webhook.events.iter().copied()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let (budget, measures) = (Budget::of(HAPPENINGS_BYTES_MAX), WebhookMeasures::new());
        if wanted.is_empty() {
            return (Self { queue: None, budget, wanted, measures }, None);
        }
        let (queue, waiting) = mpsc::channel(HAPPENINGS_MAX);
        let heard = Heard { queue: waiting, budget: budget.clone(), measures: measures.clone() };
        (Self { queue: Some(queue), budget, wanted, measures }, Some(heard))
    }

    /// `what` is made only where somebody wants it.
    pub fn tell(&self, kind: EventKind, what: impl FnOnce() -> Happening) {
        let Some(queue) = self.queue.as_ref().filter(|_| self.wanted.contains(&kind)) else { return };
        let what = what();
        let bytes = what.bytes();
        if !self.budget.take(bytes) {
            return self.measures.dropped.increment(1);
        }
        if queue.try_send(what).is_err() {
            self.budget.give(bytes);
            self.measures.dropped.increment(1);
        }
    }
}

/// Until `stop`, and then until everything that was heard is sent or [`LAST_PATIENCE`] is over.
pub(in crate::realtime) async fn run(
    webhooks: Vec<Webhook>,
    signer: Signer,
    mut waiting: Heard,
    stop: CancellationToken,
) {
    let mut senders = JoinSet::new();
    let mut start = |webhook| Target::start(webhook, (&signer, &waiting.measures), &stop, &mut senders);
    let targets: Vec<Target> = webhooks.iter().map(&mut start).collect();
    let mut settling = Settling::default();
    let mut heard = Vec::with_capacity(BATCH_MAX);
    loop {
        let over = async {
            match settling.next() {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let stopped = tokio::select! {
            () = waiting.wait(&mut heard) => false,
            () = over => false,
            () = stop.cancelled() => true,
        };
        let now = Instant::now();
        let mut settled: Vec<Happening> = heard.drain(..).filter_map(|it| settling.take(it, now)).collect();
        if stopped {
            settled.extend(waiting.take_rest().into_iter().filter_map(|it| settling.take(it, now)));
            settled.extend(settling.take_all());
        } else {
            settled.extend(settling.take_over(now));
        }
        hand_out(&targets, &settled);
        if stopped {
            break;
        }
    }
    drop(targets);
    let ended = async { while senders.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_PATIENCE, ended).await.is_err() {
        tracing::warn!("some webhooks were not sent in time");
    }
}

fn hand_out(targets: &[Target], settled: &[Happening]) {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    for some in settled.chunks(BATCH_MAX) {
        for target in targets {
            let wanted: Vec<&Happening> = some.iter().filter(|it| target.wants(it.kind())).collect();
            if !wanted.is_empty() {
                target.put(Batch::of(since, &wanted));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn spoken(bytes: usize) -> Happening {
        Happening::ClientEvent {
            channel: "private-x".to_owned(),
            event: "client-x".to_owned(),
            data: "x".repeat(bytes),
            socket_id: "1.2".to_owned(),
            user_id: None,
        }
    }

    /// Promise 8: what does not fit is dropped, by its number and by its weight, and there is room again behind it.
    #[tokio::test]
    async fn no_more_waits_than_may_by_number_and_by_weight() {
        let url = Url::parse("http://127.0.0.1/").expect("a URL");
        let (happenings, heard) = Happenings::to(&[Webhook::new(url, vec![EventKind::ClientEvent])]);
        let mut heard = heard.expect("somebody is to be told");
        for (bytes, fit) in [(1, HAPPENINGS_MAX), (10_000, HAPPENINGS_BYTES_MAX / spoken(10_000).bytes())] {
            for _ in 0..HAPPENINGS_MAX + 1 {
                happenings.tell(EventKind::ClientEvent, || spoken(bytes));
                happenings.tell(EventKind::CacheMiss, || unreachable!("nobody wants it"));
            }
            assert_eq!(heard.take_rest().len(), fit, "{bytes} bytes each");
        }
        happenings.tell(EventKind::ClientEvent, || spoken(1));
        let mut one = Vec::new();
        heard.wait(&mut one).await;
        assert_eq!(one, [spoken(1)]);
    }
}
