//! Which archives an image's packages come from, and which of them may be asked.
//!
//! An image is hostile until proven: what stands in its lists of sources causes a request only where it means the
//! distribution's own archive, which is asked at its own host, or a host that the operator allowed.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{ArchiveStatus, ArchiveSuite, Ecosystem, Problem, Scope};

use crate::apt::address::{Address, without_credentials};
use crate::apt::asked::{AskedSuite, SuiteKeys};
use crate::apt::entry::is_inside;
use crate::apt::image_keys::image_keyring;
use crate::apt::known::known_archive;
use crate::apt::sources::{Source, SourceKind, Sources, parse_deb822_sources, parse_sources_list};
use crate::apt::suites::{Pocket, Suite, suites};
use crate::limits::{MAX_ASKED, MAX_NOT_ASKED};

/// The system whose packages are to be updated.
#[derive(Clone, Copy, Debug)]
pub struct AptSystem<'a> {
    /// The distribution and its release.
    pub scope: &'a Scope,
    /// dpkg's architectures, its own first, then foreign ones.
    pub architectures: &'a [String],
}

/// What to ask for a system's packages.
#[derive(Clone, Debug, Default)]
pub struct AptRequest {
    /// The suites to ask; the security suite of a known release is always among them.
    pub ask: Vec<AskedSuite>,
    /// The suites that the image names and that are not asked, with the reason.
    pub not_asked: Vec<ArchiveSuite>,
    /// Parts of the image's files that could not be read.
    pub problems: Vec<Problem>,
}

/// Works out what to ask from an image's files under `etc/apt` and its keyrings, named by their paths without a slash
/// in front. `is_allowed` says whether the operator allows a host, given in lower case without its port.
///
/// Sources without a signature are asked too: that they have none is for [`Judge`](crate::Judge) to find, whatever
/// `[trusted=yes]` says.
pub fn archives_to_ask(
    files: &BTreeMap<String, Vec<u8>>,
    system: AptSystem<'_>,
    is_allowed: &dyn Fn(&str) -> bool,
) -> AptRequest {
    let release = system.architectures.first().and_then(|native| suites(system.scope, native));
    let release = release.unwrap_or_default();
    let codename = release.first().map(|suite| suite.codename);
    let mut asking = Asking { files, system, codename, is_allowed, request: AptRequest::default() };
    for (path, bytes) in source_lists(files) {
        let sources = asking.read(path, bytes);
        for source in sources.iter().filter(|s| s.enabled && s.kinds.contains(&SourceKind::Binary))
        {
            asking.add(path, source);
        }
    }
    let mut request = asking.request;
    add_release(&mut request.ask, &release, system);
    request
}

/// apt's lists, in its order.
fn source_lists(files: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = (&str, &[u8])> {
    let is_part = |path: &str| {
        path.strip_prefix("etc/apt/sources.list.d/").is_some_and(|name| {
            !name.contains('/') && (name.ends_with(".list") || name.ends_with(".sources"))
        })
    };
    let main = files.get_key_value("etc/apt/sources.list");
    let parts = files.iter().filter(move |(path, _)| is_part(path));
    main.into_iter().chain(parts).map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
}

/// The release's own suites where the image names none of them, and its security suite in any case.
fn add_release(ask: &mut Vec<AskedSuite>, release: &[Suite], system: AptSystem<'_>) {
    let Some(codename) = release.first().map(|suite| suite.codename) else { return };
    // Others name their suites after releases too, such as `bookworm-pgdg`, or `bookworm` with components of their own.
    let is_own = |asked: &&AskedSuite| {
        let (release, pocket) = Pocket::split(&asked.suite);
        let has_main = asked.components.iter().any(|component| component == "main");
        release == codename && pocket != Pocket::Other && has_main
    };
    let names_own = ask.iter().any(|asked| is_own(&asked));
    let components: BTreeSet<&str> = ask
        .iter()
        .filter(is_own)
        .filter(|asked| asked.pocket == Pocket::Main)
        .flat_map(|asked| asked.components.iter().map(String::as_str))
        .collect();
    let components: Vec<String> = match components.is_empty() {
        true => {
            default_components(system.scope.ecosystem).iter().map(ToString::to_string).collect()
        }
        false => components.into_iter().map(str::to_owned).collect(),
    };
    let components: Vec<&str> = components.iter().map(String::as_str).collect();
    for suite in release.iter().filter(|suite| !names_own || suite.pocket == Pocket::Security) {
        let official = AskedSuite::official(suite, &components, system.architectures);
        merge(ask, official);
    }
}

/// As the images of the distributions have them.
fn default_components(ecosystem: Ecosystem) -> &'static [&'static str] {
    match ecosystem {
        Ecosystem::Ubuntu => &["main", "restricted", "universe", "multiverse"],
        _ => &["main"],
    }
}

/// One suite is asked once, whatever mirrors it was named by.
fn merge(ask: &mut Vec<AskedSuite>, new: AskedSuite) {
    fn add(known: &mut Vec<String>, new: Vec<String>) {
        for word in new {
            if !known.contains(&word) {
                known.push(word);
            }
        }
    }
    match ask.iter_mut().find(|known| known.base == new.base && known.suite == new.suite) {
        Some(known) => {
            add(&mut known.components, new.components);
            add(&mut known.architectures, new.architectures);
        }
        None => ask.push(new),
    }
}

struct Asking<'a> {
    files: &'a BTreeMap<String, Vec<u8>>,
    system: AptSystem<'a>,
    codename: Option<&'static str>,
    is_allowed: &'a dyn Fn(&str) -> bool,
    request: AptRequest,
}

impl Asking<'_> {
    fn read(&mut self, path: &str, bytes: &[u8]) -> Vec<Source> {
        let text = String::from_utf8_lossy(bytes);
        let read = match path.ends_with(".sources") {
            true => parse_deb822_sources(&text),
            false => Ok(parse_sources_list(&text)),
        };
        let Sources { sources, problems } = read.unwrap_or_else(|error| {
            self.problem(path, error.to_string());
            Sources::default()
        });
        for problem in problems {
            self.problem(path, problem.to_string());
        }
        sources
    }

    fn problem(&mut self, path: &str, message: String) {
        let problem = Problem { path: path.to_owned(), layer: None, message };
        if !self.request.problems.contains(&problem) {
            self.request.problems.push(problem);
        }
    }

    fn add(&mut self, path: &str, source: &Source) {
        let architectures = self.architectures(source);
        if architectures.is_empty() {
            let line = source.line;
            let message = format!("line {line}: for none of the system's architectures");
            return self.problem(path, message);
        }
        for uri in &source.uris {
            for suite in &source.suites {
                let full = self.request.ask.len() >= MAX_ASKED
                    || self.request.not_asked.len() >= MAX_NOT_ASKED;
                if full {
                    return self.problem(path, "more suites than any system has".to_owned());
                }
                // apt asks for each architecture; such sources have one in practice.
                let native = architectures.first().map_or("", String::as_str);
                let uri = uri.replace("$(ARCH)", native);
                let suite = suite.replace("$(ARCH)", native);
                match self.ask(path, source, &uri, &suite) {
                    Ok(mut asked) => {
                        asked.architectures.clone_from(&architectures);
                        merge(&mut self.request.ask, asked);
                    }
                    Err(reason) => self.refuse(&uri, &suite, reason),
                }
            }
        }
    }

    /// Those of the system that a source is for.
    fn architectures(&self, source: &Source) -> Vec<String> {
        let is_named = |name: &&String| {
            source.architectures.is_empty() || source.architectures.contains(*name)
        };
        self.system.architectures.iter().filter(is_named).cloned().collect()
    }

    fn ask(
        &mut self,
        path: &str,
        source: &Source,
        uri: &str,
        suite: &str,
    ) -> Result<AskedSuite, String> {
        let ecosystem = self.system.scope.ecosystem;
        let address = Address::parse(uri)?;
        if !is_suite(suite) || !source.components.iter().all(|component| is_inside(component)) {
            return Err("the suite or a component is no path".to_owned());
        }
        let (release, named_pocket) = Pocket::split(suite);
        let (base, pocket, keys) = match known_archive(ecosystem, &address, named_pocket) {
            Some(known) => (known.base(), named_pocket, SuiteKeys::Distribution),
            None if (self.is_allowed)(&address.host) => {
                let (keyring, problems) = image_keyring(self.files, &source.signed_by);
                for problem in problems {
                    let line = source.line;
                    self.problem(
                        path,
                        format!("line {line}: {problem}", problem = problem.message),
                    );
                }
                // A mirror of the distribution, if the signature says so too.
                let is_own = Some(release) == self.codename;
                let pocket = if is_own { named_pocket } else { Pocket::Other };
                (address.base(), pocket, SuiteKeys::Image(keyring))
            }
            None => {
                let kind = address.forbidden_kind();
                return Err(kind.unwrap_or("not a host of the distribution").to_owned());
            }
        };
        Ok(AskedSuite {
            base,
            suite: suite.to_owned(),
            components: source.components.clone(),
            architectures: Vec::new(),
            pocket,
            keys,
            site: address.host,
            ecosystem,
            codename: self.codename.map(str::to_owned),
        })
    }

    fn refuse(&mut self, uri: &str, suite: &str, reason: String) {
        let address =
            Address::parse(uri).map_or_else(|_| without_credentials(uri), |address| address.name());
        let refused = ArchiveSuite {
            suite: suite.chars().take(200).collect(),
            address,
            signed_by: None,
            date: None,
            valid_until: None,
            status: ArchiveStatus::NotAllowed,
            reason: Some(reason),
        };
        if !self.request.not_asked.contains(&refused) {
            self.request.not_asked.push(refused);
        }
    }
}

/// A name or a path that stays below the archive.
fn is_suite(suite: &str) -> bool {
    let path = suite.trim_start_matches("./").trim_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._+~/".contains(c);
    (path.is_empty() && suite.ends_with('/')) || (is_inside(path) && path.chars().all(is_plain))
}

#[cfg(test)]
mod tests;
