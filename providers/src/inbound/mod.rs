//! What comes back from outside: receipts, payments, people's own messages. Verified and understood, purely: no clock, no
//! network, no store.
//!
//! The order is the caller's: prove who it is ([`proof`]), store the body, answer 2xx, and only then understand it. A body
//! that cannot be understood is an error that names the field; one that says nothing to us is an empty list.

mod fields;
pub mod mailketing;
pub mod onesignal;
pub mod proof;
mod settings;
pub mod starsender;
pub mod whatsapp_cloud;
pub mod xendit;

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::outcome::Reason;
use crate::phone::PhoneNumber;

pub use fields::InvalidBody;
pub use settings::{ALIASES, WebhookSecrets};
pub use xendit::{Amount, Payment, PaymentStatus};

/// What one webhook body may tell several of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    Receipt(Receipt),
    Message(IncomingMessage),
}

/// What became of something that we sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    pub kind: ReceiptKind,
    /// Ours, where the provider gives it back.
    pub delivery_id: Option<Uuid>,
    /// Theirs, as it was in `Outcome::Accepted`.
    pub provider_id: Option<String>,
    /// Whom it is about, as this provider names them: a user's id, an e-mail address, digits of a phone.
    pub recipient: Option<String>,
    /// Where a click went.
    pub link: Option<String>,
    /// The provider's reason for a bounce or a failure, without addresses and numbers.
    pub reason: Option<Reason>,
    pub at: Option<Timestamp>,
    /// The same for every repeat of this receipt, and another for every other one.
    pub dedupe_key: String,
    /// Whether anybody could have sent it: it comes from a browser and is signed by nobody. Good for counting, not for
    /// deciding.
    pub is_hint: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptKind {
    /// The provider passed it on.
    Sent,
    /// It is on the recipient's device or in their mailbox.
    Delivered,
    /// It was shown, opened or read.
    Seen,
    Clicked,
    Dismissed,
    /// The address does not work: suppress it.
    Bounced,
    Failed,
    /// The recipient wants no more of it.
    Unsubscribed,
}

/// What somebody wrote to our number.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingMessage {
    pub from: PhoneNumber,
    pub text: String,
    pub at: Option<Timestamp>,
    pub dedupe_key: String,
}

/// Whom it is about is nobody's business.
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("kind", &self.kind)
            .field("delivery_id", &self.delivery_id)
            .field("provider_id", &self.provider_id)
            .field("is_hint", &self.is_hint)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for IncomingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingMessage").field("at", &self.at).finish_non_exhaustive()
    }
}
