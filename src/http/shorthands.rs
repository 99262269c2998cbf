//! What nearly every handler says, said shorter.

use crate::commands::WishId;
use crate::http::state::AppState;
use crate::queries::Queries;
use crate::realtime::SocketId;

impl AppState {
    pub(super) fn queries(&self) -> Queries<'_> {
        Queries {
            views: &self.views,
            directory: &self.directory,
            realtime: &self.realtime,
            log: self.log_id,
            now: self.clock.now(),
        }
    }

    /// The socket that a wish was made at gets no frame of it. To be said before the wish is carried out.
    pub(super) fn skip_socket(&self, id: WishId, socket: Option<SocketId>) {
        if let Some(socket) = socket {
            self.realtime.skip_socket(id.command, socket);
        }
    }
}
