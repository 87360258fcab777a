//! Reports for a merge request or a chat, in the Markdown of GitHub and GitLab.
//!
//! Nothing foreign is markup: it stands in code spans and code blocks, in which neither mentions nor
//! links nor references to issues nor HTML are seen.

mod changes;
mod escape;
mod scan;
mod table;

pub use changes::changes_markdown;
pub(crate) use escape::for_markdown;
pub use scan::markdown;
