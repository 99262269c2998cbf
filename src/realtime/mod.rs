//! Being built.

#[derive(Clone)]
pub struct Realtime {}
