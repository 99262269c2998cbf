//! One HTTP client for every provider: bounded in time and in what it reads, and it goes nowhere but where it was told.
//!
//! Separate so that "was the request taken?" is answered in one place. Never in here: what any provider's answer means.

mod answer;
mod endpoint;
mod retry_after;

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use crate::limits::AttemptLimits;
use crate::outcome::{Outcome, Reason};

pub(crate) use answer::Answer;
pub(crate) use endpoint::{endpoint, parse_base};

/// How long an unused connection is kept: less than the 5 s after which servers commonly close theirs. A request that
/// meets a closing connection is a lost answer, and with providers that take no idempotency key that is ambiguous.
const IDLE_MAX: Duration = Duration::from_secs(4);
const IDLE_CONNECTIONS_PER_HOST_MAX: usize = 64;

/// The client that all providers share, with its pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    client: Client,
    answer_bytes_max: usize,
}

/// No client can be made: the TLS library refuses its own defaults.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    #[error("no HTTP client can be made")]
    Client(#[from] reqwest::Error),
}

/// A request without an answer.
pub(crate) enum Lost {
    /// No connection was made, so nothing left.
    NotSent(&'static str),
    /// It left, or may have.
    MaybeTaken(&'static str),
}

impl Lost {
    pub fn outcome(self, takes_idempotency_key: bool) -> Outcome {
        match self {
            Self::NotSent(why) => Outcome::unavailable(Reason::new(why)),
            Self::MaybeTaken(why) => Outcome::lost(Reason::new(why), takes_idempotency_key),
        }
    }
}

impl Http {
    /// Never installs a TLS provider for the process and needs none installed: the client brings its own, because one
    /// crate of the family panics where one is there already and another where none is (dependencies.md).
    pub fn try_new(limits: &AttemptLimits) -> Result<Self, HttpError> {
        let client = Client::builder()
            .use_preconfigured_tls(tls()?)
            .connect_timeout(limits.connect())
            .timeout(limits.attempt())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST_MAX)
            // What is sent holds keys, addresses and words: it goes to the URL that was configured and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("kabar/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, answer_bytes_max: limits.answer_bytes_max })
    }

    pub(crate) fn post(&self, url: &Url) -> RequestBuilder {
        self.client.post(url.clone())
    }

    /// Sends once and reads as much of the answer as is allowed.
    pub(crate) async fn ask(&self, request: RequestBuilder) -> Result<Answer, Lost> {
        let response = request.send().await.map_err(lost)?;
        Ok(self.read(response).await)
    }

    /// The status is known; a body that ends early or does not end takes nothing from it.
    async fn read(&self, mut response: Response) -> Answer {
        let mut answer = Answer::of(&response);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let left = self.answer_bytes_max - answer.body.len();
                    answer.body.extend_from_slice(&chunk[..chunk.len().min(left)]);
                    if chunk.len() > left {
                        // Dropping it closes the connection: nobody reads on.
                        return answer;
                    }
                }
                Ok(None) => {
                    answer.is_whole = true;
                    return answer;
                }
                Err(_) => return answer,
            }
        }
    }
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The error itself goes to the log at most, without its URL: a Web Push URL is a secret.
fn lost(error: reqwest::Error) -> Lost {
    let lost = if error.is_builder() {
        Lost::NotSent("the request could not be made")
    } else if error.is_connect() {
        Lost::NotSent(no_connection(&error))
    } else if error.is_timeout() {
        Lost::MaybeTaken("no answer in time")
    } else {
        Lost::MaybeTaken("the connection ended without an answer")
    };
    let error = error.without_url();
    let causes = causes(&error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
    tracing::debug!(causes, "a provider did not answer");
    lost
}

fn no_connection(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        return "no connection in time";
    }
    let is_tls = causes(error).any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_tls));
    if is_tls { "no connection: TLS failed" } else { "no connection" }
}

/// What rustls says is wrapped once by tokio-rustls and once more by hyper-rustls, and `source` passes over such wraps.
fn is_tls(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<rustls::Error>() || inner.downcast_ref::<io::Error>().is_some_and(is_tls))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), cause)
}

fn cause<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    (*error).source()
}
