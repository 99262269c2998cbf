//! What every request passes on its way in and out, outermost first: its id and span (`observe`), security headers,
//! CORS, panics, load and time (`load`), positions, compression (`compress`); then, for routes of users, who they are and
//! how much they may (`gate`). Separate so that a handler sees none of it. Never in here: anything about one route but its class of limit.

pub mod compress;
pub mod gate;
pub mod load;
pub mod observe;
pub mod positions;
pub mod rate_limit;
pub mod security;
pub mod service_gate;
