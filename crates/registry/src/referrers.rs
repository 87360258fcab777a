//! What refers to an image: signatures, lists of packages, provenance.

use std::collections::BTreeSet;

use plimsoll_fetch::{Limit, Request};
use plimsoll_model::Digest;
use serde::Deserialize;

use crate::error::Error;
use crate::link::next_query;
use crate::repository::{Repository, Wanted};

/// A manifest that names another one as its subject, as a list has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Referrer {
    pub(crate) digest: Digest,
    /// What is attached with it.
    pub(crate) artifact_type: Option<String>,
}

/// A list is an index, and as large as one at most.
const LIST_LIMIT: Limit = Limit { bytes: 4 << 20, name: "list of referrers" };
/// Images have some dozens of referrers, which fit on one page.
const MAX_PAGES: usize = 20;

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<serde_json::Value>,
}

impl Repository {
    /// What refers to a manifest. Where the registry has no list of its own, the index is read that clients keep for
    /// it under a tag made of the digest; none is none.
    pub(crate) fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>, Error> {
        match self.listed(subject) {
            Err(error) if has_no_list(&error) => self.tagged_list(subject),
            found => found,
        }
    }

    fn listed(&self, subject: &Digest) -> Result<Vec<Referrer>, Error> {
        let what = format!("the referrers of {subject}");
        let (mut found, mut asked) = (Vec::new(), BTreeSet::new());
        let mut rest = format!("referrers/{subject}");
        while asked.len() < MAX_PAGES {
            let response = self.ask(&rest, &what, |url| Request::get(url).limit(LIST_LIMIT))?;
            let next = next_query(response.header_values("link"));
            let bytes = response.bytes().map_err(|error| self.body_error(&what, error))?;
            found.extend(self.members(&what, &bytes)?);
            match next.filter(|_| asked.insert(rest)) {
                Some(query) => rest = format!("referrers/{subject}?{query}"),
                None => break,
            }
        }
        Ok(found)
    }

    /// OCI distribution specification, "Referrers Tag Schema".
    fn tagged_list(&self, subject: &Digest) -> Result<Vec<Referrer>, Error> {
        let hex = subject.hex();
        // A tag has at most 128 characters, which cuts the digests of sha512.
        let tag = format!("{}-{}", subject.algorithm().as_str(), hex.get(..64).unwrap_or(hex));
        match self.find(Wanted::Tag(&tag)) {
            Ok(manifest) if manifest.kind.is_index() => self.members(&tag, &manifest.bytes),
            Ok(_) => Ok(Vec::new()),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Members that are no descriptors are none.
    fn members(&self, what: &str, list: &[u8]) -> Result<Vec<Referrer>, Error> {
        let index: Index =
            serde_json::from_slice(list).map_err(|error| self.no_list(what, &error))?;
        let members = index.manifests.into_iter();
        Ok(members.filter_map(|member| serde_json::from_value(member).ok()).collect())
    }
}

/// Whether an answer means that the registry does not know the question.
fn has_no_list(error: &Error) -> bool {
    error.is_not_found() || matches!(error, Error::Status { status: 400 | 405 | 501, .. })
}
