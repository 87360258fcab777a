//! The tags of a repository.

use std::collections::BTreeSet;

use plimsoll_fetch::{Limit, Request};
use plimsoll_model::ImageName;
use serde::Deserialize;

use crate::error::Error;
use crate::link::next_query;
use crate::repository::Repository;

/// The tags of a repository.
#[derive(Debug)]
pub struct Tags {
    /// The full name of the repository, without a tag.
    pub name: ImageName,
    /// The tags, sorted, each once.
    pub tags: Vec<String>,
    /// Whether these are all.
    pub complete: bool,
}

/// Tags asked for at once; more are given by few registries.
const PAGE: usize = 1_000;
/// A repository with more tags than these pages hold is one of builds, not of releases.
const MAX_PAGES: usize = 200;
/// Some registries send all tags on one page; 100,000 of them fit.
const PAGE_LIMIT: Limit = Limit { bytes: 16 << 20, name: "list of tags" };

#[derive(Deserialize)]
struct Page {
    /// `null` where all were deleted.
    tags: Option<Vec<String>>,
}

impl Repository {
    /// At most `limit` tags, and whether these are all.
    pub fn tags(&self, limit: usize) -> Result<(Vec<String>, bool), Error> {
        let what = format!("the tags of {}", self.path());
        let mut tags = BTreeSet::new();
        let mut query = format!("n={}", PAGE.min(limit.max(1)));
        let mut asked = BTreeSet::new();
        for _ in 0..MAX_PAGES {
            let rest = format!("tags/list?{query}");
            let response = self.ask(&rest, &what, |url| Request::get(url).limit(PAGE_LIMIT))?;
            let next = next_query(response.header_values("link"));
            let bytes = response.bytes().map_err(|error| self.body_error(&what, error))?;
            let page: Page =
                serde_json::from_slice(&bytes).map_err(|error| self.no_list(&what, &error))?;
            let usable = page.tags.unwrap_or_default().into_iter().filter(|tag| is_tag(tag));
            tags.extend(usable);
            if tags.len() > limit {
                return Ok((tags.into_iter().take(limit).collect(), false));
            }
            // A registry that sends us in circles has told all it will.
            match next.filter(|_| asked.insert(query)) {
                Some(next) => query = next,
                None => return Ok((tags.into_iter().collect(), true)),
            }
        }
        Ok((tags.into_iter().collect(), false))
    }
}

/// What is no tag is none: nobody could ask for it.
fn is_tag(tag: &str) -> bool {
    format!("x:{tag}").parse::<ImageName>().is_ok_and(|name| name.tag.as_deref() == Some(tag))
}
