//! The rules of a feed.

use super::commands::FeedCommand;
use super::error::FeedError;
use super::events::{FeedEvent, FeedRead};
use super::state::Feed;

impl Feed {
    pub fn decide(&self, command: &FeedCommand) -> Result<Vec<FeedEvent>, FeedError> {
        match command {
            FeedCommand::MarkRead(command) => Ok(vec![FeedEvent::FeedRead(FeedRead {
                user_id: command.user_id.clone(),
                up_to: command.up_to,
                at: command.at,
            })]),
        }
    }
}
