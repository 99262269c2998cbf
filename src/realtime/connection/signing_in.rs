//! `pusher:signin`: who a connection says it is, and whether that was signed.

use crate::realtime::hub::{NotSignedIn, SignedIn};
use crate::realtime::inner::Inner;
use crate::realtime::protocol::claims::{UserClaims, WATCHLIST_MAX};
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::protocol::{self, ErrorCode, SignIn};
use crate::realtime::subscription::subscribing::{Answer, TOO_MANY_OF_ONE_USER};

/// `pusher:signin`. What is wrong with it is an answer, and the connection stays; one connection of theirs too many goes.
pub(super) fn sign_in(inner: &Inner, socket: SocketId, request: &SignIn) -> Result<(), Answer> {
    let refuse = |why: &str| Answer::Say(protocol::error_with(ErrorCode::Unauthorized, why));
    if !inner.signer.permits_user(&request.auth, &socket.to_string(), &request.user_data) {
        return Err(refuse("the signature is not valid for this socket and user_data"));
    }
    let claims = UserClaims::parse(&request.user_data).map_err(|error| refuse(&error.to_string()))?;
    let too_long = claims.watchlist_too_long;
    let UserClaims { user, info, watchlist, .. } = claims;
    let signed_in = SignedIn::by_signature(user, info, watchlist);
    let success = protocol::signin_success(&request.user_data);
    let warning = too_long.then(|| {
        let said = format!("a watchlist has at most {WATCHLIST_MAX} users: the first {WATCHLIST_MAX} are watched");
        protocol::error_with(ErrorCode::WatchlistTooLong, &said)
    });
    inner.hub.sign_in(socket, signed_in, std::iter::once(success).chain(warning)).map_err(|not| match not {
        NotSignedIn::AnotherUser => refuse("this connection is signed in as another user"),
        NotSignedIn::TooManyConnections => Answer::Close(TOO_MANY_OF_ONE_USER.0, TOO_MANY_OF_ONE_USER.1),
    })
}
