//! Being built.

#[derive(Clone)]
pub struct Directory {}
