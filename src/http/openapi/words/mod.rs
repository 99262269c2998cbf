//! What no type can say about a route: what it is for, what clients call it, and which of a rule's refusals it has.
//!
//! One file for each topic, one line for each route. A route that is missing here, and a line whose route is gone, fail a
//! test of `openapi`. Never in here: fields, parameters, statuses that follow from what a handler takes.

mod messages;
mod notifications;
mod people;
mod realtime;
mod reports;
mod rooms;
mod uploads;

use axum::http::Method;

/// A part of the interface.
pub struct Topic {
    pub tag: &'static str,
    pub about: &'static str,
    pub said: Vec<Said>,
}

/// About one route.
pub struct Said {
    pub method: Method,
    pub path: &'static str,
    /// What generated clients call it.
    pub id: &'static str,
    pub summary: &'static str,
    /// Statuses of refusals that do not follow from its form.
    pub refusals: &'static [u16],
    /// What it changes is not in the log, and has no position there.
    pub off_the_log: bool,
}

impl Said {
    fn new(method: Method, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self { method, path, id, summary, refusals: &[], off_the_log: false }
    }

    fn refuses(self, refusals: &'static [u16]) -> Self {
        Self { refusals, ..self }
    }

    fn off_the_log(self) -> Self {
        Self { off_the_log: true, ..self }
    }
}

fn get(path: &'static str, id: &'static str, summary: &'static str) -> Said {
    Said::new(Method::GET, path, id, summary)
}

fn post(path: &'static str, id: &'static str, summary: &'static str) -> Said {
    Said::new(Method::POST, path, id, summary)
}

fn put(path: &'static str, id: &'static str, summary: &'static str) -> Said {
    Said::new(Method::PUT, path, id, summary)
}

fn patch(path: &'static str, id: &'static str, summary: &'static str) -> Said {
    Said::new(Method::PATCH, path, id, summary)
}

fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Said {
    Said::new(Method::DELETE, path, id, summary)
}

/// In the order in which a reader meets them.
pub fn topics() -> Vec<Topic> {
    vec![
        rooms::topic(),
        messages::topic(),
        uploads::topic(),
        people::topic(),
        notifications::topic(),
        reports::topic(),
        realtime::topic(),
    ]
}
