//! Configuration.

use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Config {
    pub server: ServerConfig,
}

#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Bytes of a request body.
    pub body_bytes_max: usize,
    /// How long a query waits for its view, in milliseconds.
    pub view_wait_ms_max: u64,
}

impl ServerConfig {
    pub fn view_wait(&self) -> Duration {
        Duration::from_millis(self.view_wait_ms_max)
    }
}
