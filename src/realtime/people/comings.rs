//! Who came and who went since presence last asked.

use std::collections::HashMap;
use std::sync::Arc;

use aggregates::ids::UserId;
use tokio::sync::Notify;

/// Whose first socket listens, or whose last one is gone, since it was last asked. At most everybody who is connected.
#[derive(Default)]
pub struct Comings {
    users: HashMap<UserId, bool>,
    erased: Vec<UserId>,
    called: Arc<Notify>,
}

impl Comings {
    pub fn note(&mut self, user: &UserId, is_connected: bool) {
        self.users.insert(user.clone(), is_connected);
        self.called.notify_one();
    }

    /// Nobody is to be remembered under this id; whoever comes from now on is somebody new.
    pub fn erased(&mut self, user: &UserId) {
        self.users.remove(user);
        self.erased.push(user.clone());
        self.called.notify_one();
    }

    pub fn call(&self) {
        self.called.notify_one();
    }

    /// Wakes whoever waits for comings and goings.
    pub fn called(&self) -> Arc<Notify> {
        self.called.clone()
    }

    /// Who was erased, then who came and went.
    pub fn take(&mut self) -> (Vec<UserId>, HashMap<UserId, bool>) {
        (std::mem::take(&mut self.erased), std::mem::take(&mut self.users))
    }
}
