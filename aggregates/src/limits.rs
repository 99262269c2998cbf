//! How long what people give may be, wherever it comes from: a request, a session, an import.
//!
//! Separate because more than one way leads in. The limits of one aggregate alone stand with it.

/// Characters of a name of a group.
pub const NAME_CHARS_MAX: usize = 100;
/// Characters of the type of an attachment.
pub const MEDIA_TYPE_CHARS_MAX: usize = 200;
pub const URL_BYTES_MAX: usize = 2_048;
/// Characters of one thing that is known of somebody: a name, an address; longer ones are nobody's name.
pub const CLAIM_CHARS_MAX: usize = 2_000;
