//! `modules.yaml`: which packages belong to which stream of a module, and which streams are in force.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::configuration::StreamChoice;
use super::nevra::split_nevra;
use super::primary::MAX_PROBLEMS;
use super::wanted::Wanted;

/// Fedora's and Red Hat's module metadata have some 10 MB.
const MAX_BYTES: usize = 128 << 20;

/// One document, a stream of one architecture, has some 100 kB.
const MAX_DOCUMENT: usize = 8 << 20;

/// Red Hat has some thousand documents in all.
const MAX_DOCUMENTS: usize = 100_000;

/// Which packages belong to which streams of modules, of all repositories together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    /// By name, EVR and architecture: the streams (`nodejs:18`) that a package belongs to.
    artifacts: HashMap<(String, String, String), HashSet<String>>,
    /// By `nodejs:18`: the names of its packages.
    names: BTreeMap<String, HashSet<String>>,
    /// By module: the stream that counts where nobody chose.
    defaults: BTreeMap<String, String>,
    /// Documents that could not be read.
    pub problems: Vec<String>,
}

/// Reads `modules.yaml`, unpacked, as far as it is about packages with names of interest.
pub fn read_modules(yaml: &[u8], wanted: &Wanted) -> Modules {
    let mut modules = Modules::default();
    let text = match str::from_utf8(yaml) {
        Ok(text) if text.len() <= MAX_BYTES => text,
        Ok(_) => {
            modules.problem(format!("modules.yaml has more than {MAX_BYTES} bytes"));
            return modules;
        }
        Err(_) => {
            modules.problem("modules.yaml is not UTF-8".to_owned());
            return modules;
        }
    };
    for (number, document) in documents(text).zip(1_u32..).map(|(d, n)| (n, d)) {
        match parse(document) {
            Ok(document) => modules.add(document, wanted),
            Err(why) => modules.problem(format!("modules.yaml, document {number}: {why}")),
        }
    }
    modules
}

impl Modules {
    /// Adds what another repository says.
    pub(super) fn extend(&mut self, other: &Self) {
        for (package, streams) in &other.artifacts {
            let known = self.artifacts.entry(package.clone()).or_default();
            known.extend(streams.iter().cloned());
        }
        for (stream, names) in &other.names {
            self.names.entry(stream.clone()).or_default().extend(names.iter().cloned());
        }
        for (module, stream) in &other.defaults {
            self.defaults.entry(module.clone()).or_insert_with(|| stream.clone());
        }
    }

    /// The streams that are in force: what an administrator chose; else the one that installed packages are of; else
    /// the default.
    pub(super) fn active<'m>(
        &'m self,
        choices: &'m [StreamChoice],
        installed: impl Iterator<Item = &'m str>,
    ) -> Active<'m> {
        let mut streams: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for choice in choices {
            streams.insert(&choice.module, choice.stream.as_deref());
        }
        for (module, stream) in installed.filter_map(|label| label.split_once(':')) {
            streams.entry(module).or_insert(Some(stream));
        }
        for (module, stream) in &self.defaults {
            streams.entry(module).or_insert(Some(stream));
        }
        let active: HashSet<String> = streams
            .into_iter()
            .filter_map(|(module, stream)| Some(format!("{module}:{}", stream?)))
            .collect();
        let names = active.iter().filter_map(|stream| self.names.get(stream));
        let names = names.flatten().map(String::as_str).collect();
        Active { modules: self, streams: active, names }
    }

    fn add(&mut self, document: Document, wanted: &Wanted) {
        let Document { document, data } = document;
        match (document.as_str(), data) {
            ("modulemd", Data { name: Some(module), stream: Some(stream), artifacts, .. }) => {
                let label = format!("{module}:{stream}");
                for artifact in &artifacts.rpms {
                    let Some((name, evr, arch)) = split_nevra(artifact) else { continue };
                    // Sources are listed beside what was built of them.
                    if !wanted.has(name) || matches!(arch, "src" | "nosrc") {
                        continue;
                    }
                    self.names.entry(label.clone()).or_default().insert(name.to_owned());
                    let package = (name.to_owned(), evr, arch.to_owned());
                    self.artifacts.entry(package).or_default().insert(label.clone());
                }
            }
            ("modulemd-defaults", Data { module: Some(module), stream: Some(stream), .. }) => {
                self.defaults.entry(module).or_insert(stream);
            }
            _ => {}
        }
    }

    fn problem(&mut self, problem: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// The streams in force, and what they do to packages.
pub(super) struct Active<'m> {
    modules: &'m Modules,
    streams: HashSet<String>,
    /// The packages of these streams: of others with the same name none is taken.
    names: HashSet<&'m str>,
}

impl Active<'_> {
    /// Whether a package may be taken: of a stream in force, or of no stream and with no namesake in one.
    pub(super) fn admits(&self, name: &str, evr: &str, arch: &str, is_hotfix: bool) -> bool {
        let package = (name.to_owned(), evr.to_owned(), arch.to_owned());
        match self.modules.artifacts.get(&package) {
            Some(streams) => streams.iter().any(|stream| self.has(stream)),
            None => is_hotfix || !self.names.contains(name),
        }
    }

    /// Whether a stream (`nodejs:18`) is in force.
    pub(super) fn has(&self, stream: &str) -> bool {
        self.streams.contains(stream)
    }
}

/// The documents of a stream of YAML, each to be read by itself: one that is broken does not take the others along.
/// Within a document a line cannot begin so (YAML 1.2.2, section 9.1.2).
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("---").map(|(at, _)| at).filter(|&at| {
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at + 3..).unwrap_or_default();
        (before.is_empty() || before.ends_with('\n'))
            && (behind.is_empty() || behind.starts_with(char::is_whitespace))
    });
    let mut bounds: Vec<usize> = [0].into_iter().chain(starts.take(MAX_DOCUMENTS)).collect();
    bounds.push(text.len());
    bounds.dedup();
    let pairs: Vec<_> =
        bounds.windows(2).map(|pair| (pair.first().copied(), pair.last().copied())).collect();
    pairs
        .into_iter()
        .filter_map(move |(start, end)| text.get(start?..end?))
        .filter(|document| !document.trim_start_matches("---").trim().is_empty())
}

fn parse(document: &str) -> Result<Document, String> {
    if document.len() > MAX_DOCUMENT {
        return Err(format!("more than {MAX_DOCUMENT} bytes"));
    }
    let first_line = |error: serde_saphyr::Error| {
        error.to_string().lines().next().unwrap_or_default().to_owned()
    };
    // An end marker may stand between two documents.
    let document = document.trim_end().trim_end_matches("...");
    serde_saphyr::from_str(document).map_err(first_line)
}

#[derive(Deserialize)]
struct Document {
    document: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    /// Of a stream.
    name: Option<String>,
    /// Of defaults.
    module: Option<String>,
    stream: Option<String>,
    artifacts: Artifacts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Artifacts {
    rpms: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::testing::installed;

    const YAML: &str = "---\ndocument: modulemd\nversion: 2\ndata:\n  name: nodejs\n  stream: 18\n  version: 1\n  \
        context: a\n  arch: x86_64\n  description: >-\n    --- is not a start\n  artifacts:\n    rpms:\n    \
        - nodejs-1:18.2-2.module.x86_64\n    - nodejs-1:18.2-2.module.src\n    - other-0:1-1.noarch\n...\n\
        ---\ndocument: modulemd\ndata:\n  name: nodejs\n  stream: \"20\"\n  artifacts:\n    rpms: \
        [nodejs-1:20.1-1.module.x86_64]\n\
        ---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: nodejs\n  stream: \"20\"\n\
        ---\ndocument: [\n\
        ---\ndocument: modulemd-obsoletes\nversion: 1\ndata:\n  module: x\n";

    fn modules() -> Modules {
        read_modules(YAML.as_bytes(), &Wanted::of(&[installed("nodejs", "1-1", "x86_64")]))
    }

    #[test]
    fn a_package_is_taken_from_the_stream_in_force_only() {
        let modules = modules();
        assert_eq!(modules.problems.len(), 1, "{:?}", modules.problems);
        assert!(modules.problems[0].starts_with("modules.yaml, document 4: "));
        let check = |choices: &[(&str, Option<&str>)], label: Option<&str>, expected: [bool; 3]| {
            let choices: Vec<_> = choices
                .iter()
                .map(|(module, stream)| StreamChoice {
                    module: (*module).to_owned(),
                    stream: stream.map(str::to_owned),
                })
                .collect();
            let active = modules.active(&choices, label.into_iter());
            let admits = |evr| active.admits("nodejs", evr, "x86_64", false);
            let found = [admits("1:18.2-2.module"), admits("1:20.1-1.module"), admits("1:16-1")];
            assert_eq!(found, expected, "{choices:?} {label:?}");
        };
        check(&[], None, [false, true, false]);
        check(&[], Some("nodejs:18"), [true, false, false]);
        check(&[("nodejs", Some("18"))], Some("nodejs:20"), [true, false, false]);
        check(&[("nodejs", None)], None, [false, false, true]);
        let active = modules.active(&[], [].into_iter());
        assert!(active.admits("nodejs", "1:16-1", "x86_64", true), "a hotfix competes");
        assert!(active.admits("bash", "5-1", "x86_64", false));
    }

    #[test]
    fn what_is_no_yaml_is_a_problem() {
        let wanted = Wanted::default();
        assert_eq!(read_modules(b"\xff", &wanted).problems, ["modules.yaml is not UTF-8"]);
        assert_eq!(read_modules(b"", &wanted), Modules::default());
        assert_eq!(read_modules(b"---\n---\n", &wanted), Modules::default());
    }
}
