//! Tags as versions, without a rule per image.

mod newer;
mod parse;
mod wanted;

pub use newer::newer_tags;
pub(crate) use parse::rank;
pub use wanted::wanted_tags;
