//! Finds images: names to places, places to manifests.

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_model::{Digest, ImageName};

use crate::config::Config;
use crate::error::Error;
use crate::host::Host;
use crate::manifest::Manifest;
use crate::names::candidates;
use crate::registries::{Pin, Source, Trust};
use crate::repository::{Repository, Wanted};
use crate::tags::Tags;

/// A client of all registries. Cloning it is cheap; connections, tokens and what is known about
/// hosts are shared.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    config: Arc<Config>,
    fetch: plimsoll_fetch::Client,
    hosts: Mutex<HashMap<(String, Trust), Arc<Host>>>,
}

/// An image that was found.
#[derive(Debug)]
pub struct Opened {
    /// Its full name: what a short name turned out to be.
    pub name: ImageName,
    /// Where it was found, for everything else that is read of it.
    pub repository: Repository,
    /// What the name leads to: a manifest or an index.
    pub manifest: Manifest,
    /// Places that were asked before, in order, and did not have it.
    pub passed_over: Vec<Attempt>,
}

/// A place that did not have an image.
#[derive(Debug)]
pub struct Attempt {
    /// Host and repository.
    pub place: String,
    /// Why not.
    pub error: Error,
}

impl Client {
    /// A client; nothing is contacted yet.
    pub fn new(config: Config, fetch: plimsoll_fetch::Client) -> Self {
        let shared = Shared { config: Arc::new(config), fetch, hosts: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Finds an image: short names are completed, mirrors are asked first, and the first place that
    /// has it is taken.
    pub fn open(&self, name: &ImageName) -> Result<Opened, Error> {
        let (found, manifest) = self.first(name, Repository::find)?;
        let First { name, repository, passed_over } = found;
        Ok(Opened { name, repository, manifest, passed_over })
    }

    /// The digest that a name has now. Where the registry states it, its word is taken and nothing
    /// is read: good for asking whether an image has changed, not for trusting one.
    pub fn digest(&self, name: &ImageName) -> Result<Digest, Error> {
        self.first(name, Repository::digest).map(|(_, digest)| digest)
    }

    /// At most `limit` tags of the repository that a name is in; its tag or digest does not matter.
    pub fn tags(&self, name: &ImageName, limit: usize) -> Result<Tags, Error> {
        let (found, (tags, complete)) = self.first(name, |repository, _| repository.tags(limit))?;
        Ok(Tags { name: ImageName { tag: None, digest: None, ..found.name }, tags, complete })
    }

    /// The first answer of the places that `name` may mean.
    fn first<T>(
        &self,
        name: &ImageName,
        ask: impl Fn(&Repository, Wanted<'_>) -> Result<T, Error>,
    ) -> Result<(First, T), Error> {
        let registries = &self.shared.config.registries;
        let mut passed_over = Vec::new();
        for candidate in candidates(name, registries)? {
            let (wanted, pin) = wanted(&candidate)?;
            let host = candidate.registry.as_deref().unwrap_or_default();
            for source in registries.sources(host, &candidate.repository, pin)? {
                let place = format!("{}/{}", source.host, source.path);
                let outcome = self.repository(source).and_then(|repository| {
                    let answer = ask(&repository, wanted)?;
                    Ok((repository, answer))
                });
                match outcome {
                    Ok((repository, answer)) => {
                        let name = candidate.clone();
                        return Ok((First { name, repository, passed_over }, answer));
                    }
                    Err(error) => passed_over.push(Attempt { place, error }),
                }
            }
        }
        match passed_over.pop() {
            Some(only) if passed_over.is_empty() => Err(only.error),
            last => {
                passed_over.extend(last);
                Err(Error::Nowhere { name: name.to_string(), attempts: passed_over })
            }
        }
    }

    fn repository(&self, source: Source) -> Result<Repository, Error> {
        let Source { host, path, trust } = source;
        let mut hosts = self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (host, trust);
        if let Some(host) = hosts.get(&key) {
            return Ok(Repository::new(Arc::clone(host), path));
        }
        let Shared { config, fetch, .. } = &*self.shared;
        let host = Arc::new(Host::new(&key.0, trust, Arc::clone(config), fetch)?);
        hosts.insert(key, Arc::clone(&host));
        Ok(Repository::new(host, path))
    }
}

struct First {
    name: ImageName,
    repository: Repository,
    passed_over: Vec<Attempt>,
}

fn wanted(name: &ImageName) -> Result<(Wanted<'_>, Pin), Error> {
    match (&name.digest, &name.tag) {
        (Some(digest), _) => Ok((Wanted::Digest(digest), Pin::Digest)),
        (None, Some(tag)) => Ok((Wanted::Tag(tag), Pin::Tag)),
        (None, None) => Err(Error::Name { name: name.to_string(), why: "it has no tag" }),
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The causes too: nobody follows the chain of an error in a list.
        write!(f, "{}", self.error)?;
        let mut cause = self.error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
