//! The unit `search`: which words were said where.
//!
//! Answers which messages may hold what is searched for, in rooms that whoever asks names; whether they may read there,
//! and what the messages say now, is asked of the inbox. Nothing of a text can be read out of here but its words, and of
//! those who were erased, or what was deleted, not even these.

pub(crate) mod batch;
pub(crate) mod live;
pub(crate) mod newest;
pub mod project;
pub mod reads;
pub mod rows;
mod snippet;
mod wanted;
pub(crate) mod words;

pub use reads::{SearchAsk, SearchReads, SearchedRoom};
pub use rows::Hit;
pub use snippet::Snippet;
pub(crate) use wanted::Sought;
pub use wanted::{NotSearchable, SEARCHED_CHARS_MAX, SEARCHED_WORDS_MAX, Wanted};
