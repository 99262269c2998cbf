//! Being built.

#[derive(Clone)]
pub struct Commands {}
