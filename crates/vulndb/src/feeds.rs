//! The feeds: what there is, where it comes from, and how each format is read.

mod catalogue;
mod codename;
mod cvss;
mod debian_lists;
mod debian_tracker;
mod epss;
mod ids;
mod kev;
mod osv;
mod oval;
mod reading;
mod secdb;

pub use catalogue::{Feed, Format, Source, Standing, all, find, for_scope, priority};
pub use debian_lists::read as read_debian_list;
pub use debian_tracker::read as read_debian_tracker;
pub use epss::read as read_epss;
pub use kev::read as read_kev;
pub use osv::{read_record as read_osv_record, read_zip as read_osv_zip};
pub use oval::{Profile as OvalProfile, read as read_oval};
pub use reading::{FeedError, Reading};
pub use secdb::read as read_secdb;
