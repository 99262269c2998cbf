//! Being built.
pub struct Reactor {}
impl Reactor {
    pub fn new(_: event_log::SharedLog, _: projections::Views, _: event_log::Door) -> Self {
        Self {}
    }
    pub async fn run(self, s: tokio_util::sync::CancellationToken) -> Result<(), event_log::EventLogError> {
        s.cancelled().await;
        Ok(())
    }
}
