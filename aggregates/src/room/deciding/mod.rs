//! The rules, a page for each sort of wish.

mod keeping;
mod membership;
mod opening;
mod speaking;
