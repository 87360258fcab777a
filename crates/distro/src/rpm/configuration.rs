//! The set-up of dnf, yum and zypper in an image: repositories, variables, excludes, locks, streams.

use std::collections::BTreeMap;

use super::ini::{self, Section};
use super::patterns::{Lock, MAX_PATTERNS, Pattern, parse_locks, parse_zypper_locks};
use super::system::{System, expand};

/// Where variables are defined: a file each, named as the variable.
const VARIABLES: [&str; 3] = ["etc/dnf/vars", "etc/yum/vars", "etc/zypp/vars.d"];

/// dnf defines a handful itself, administrators a few more.
const MAX_VARIABLES: usize = 100;

/// A part of an address.
const MAX_VALUE: usize = 1024;

/// A machine has some dozen repositories; by subscription Red Hat's file names some thousand.
const MAX_REPOSITORIES: usize = 20_000;

/// Of what is wrong in the files of one image, so much is kept.
const MAX_PROBLEMS: usize = 100;

/// What dnf takes where nothing is said (dnf.conf(5)); zypper has the same number.
pub(super) const DEFAULT_PRIORITY: i32 = 99;

/// See [`DEFAULT_PRIORITY`].
pub(super) const DEFAULT_COST: i32 = 1000;

/// How the package manager of an image is set up. Its addresses are text of the image: judged by
/// [`places`](super::places()) before any is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The repositories, disabled ones too, by file and place.
    pub repositories: Vec<Repository>,
    /// Packages that are taken from no repository.
    pub excludes: Vec<Pattern>,
    /// If any: the only packages that are taken.
    pub includes: Vec<Pattern>,
    /// Versions that packages are locked to.
    pub locks: Vec<Lock>,
    /// What was decided about module streams.
    pub streams: Vec<StreamChoice>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// A `[section]` of a `.repo` file, its variables replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its id: `baseos`.
    pub id: String,
    /// Its addresses (`baseurl`).
    pub addresses: Vec<String>,
    /// Who knows further addresses.
    pub mirrors: Option<Mirrors>,
    /// Whether it is used.
    pub is_enabled: bool,
    /// Whether its metadata must be signed (`repo_gpgcheck`).
    pub signature: Demand,
    /// Where its keys are: files of the image or addresses.
    pub keys: Vec<String>,
    /// Packages not taken from it.
    pub excludes: Vec<Pattern>,
    /// If any: the only packages taken from it.
    pub includes: Vec<Pattern>,
    /// The lower, the better.
    pub priority: i32,
    /// Decides between equals; the lower, the better.
    pub cost: i32,
    /// Whether its packages compete with those of modules.
    pub module_hotfixes: bool,
}

/// Who knows the addresses of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mirrors {
    /// A text with one address a line.
    List(String),
    /// An XML document with addresses and hashes.
    Metalink(String),
}

/// Whether something must be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// It may be there.
    #[default]
    Optional,
    /// It must be there.
    Required,
}

/// What an administrator decided about the streams of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamChoice {
    /// The module: `nodejs`.
    pub module: String,
    /// The stream that is enabled; none if the module is disabled.
    pub stream: Option<String>,
}

impl Configuration {
    /// Reads the files of an image that set up dnf, yum and zypper, each with its path without the leading slash; other
    /// files are passed over.
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>, system: &System) -> Self {
        let mut configuration = Self::default();
        let mut texts = BTreeMap::new();
        for (path, bytes) in files {
            match (FileKind::of(path), str::from_utf8(bytes)) {
                (None, _) => {}
                (Some(kind), Ok(text)) => drop(texts.insert(path, (kind, text))),
                (Some(_), Err(_)) => configuration.problem(format!("{path}: not UTF-8")),
            }
        }
        let mut variables = system.variables();
        for (kind, text) in texts.values() {
            if let FileKind::Variable(name) = kind {
                // Of a file that sets a variable the first line counts.
                let value = text.lines().next().unwrap_or_default().trim();
                if value.len() > MAX_VALUE || variables.len() >= MAX_VARIABLES {
                    configuration.problem(format!("variable {name}: too long, or one too many"));
                    continue;
                }
                variables.insert((*name).to_owned(), value.to_owned());
            }
        }
        for (path, (kind, text)) in texts {
            match kind {
                FileKind::Variable(_) => {}
                FileKind::Locks => configuration.read_locks(path, parse_locks(text)),
                FileKind::ZypperLocks => configuration.read_locks(path, parse_zypper_locks(text)),
                FileKind::Module => {
                    let sections = ini::parse(text);
                    let choices = sections.iter().filter_map(stream_choice);
                    if !extend(&mut configuration.streams, choices) {
                        configuration.too_many(path, "choices of streams");
                    }
                }
                FileKind::Sections => {
                    for section in ini::parse(text) {
                        configuration.read_section(path, &section, &variables);
                    }
                }
            }
        }
        configuration
    }

    fn read_locks(&mut self, path: &str, locks: Vec<Lock>) {
        if !extend(&mut self.locks, locks) {
            self.too_many(path, "locks");
        }
    }

    fn read_section(
        &mut self,
        path: &str,
        section: &Section,
        variables: &BTreeMap<String, String>,
    ) {
        if section.name == "main" {
            let includes = patterns(&section.list("includepkgs"));
            let is_whole = extend(&mut self.excludes, excludes(section))
                & extend(&mut self.includes, includes);
            if !is_whole {
                self.too_many(path, "excluded or included packages");
            }
            return;
        }
        if self.repositories.len() == MAX_REPOSITORIES {
            self.problem(format!("{path}: more than {MAX_REPOSITORIES} repositories"));
            return;
        }
        let repository = repository(section, variables);
        if repository.addresses.is_empty() && repository.mirrors.is_none() {
            if repository.is_enabled {
                self.problem(format!("{path}: repository {} has no address", repository.id));
            }
            return;
        }
        self.repositories.push(repository);
    }

    fn too_many(&mut self, path: &str, what: &str) {
        self.problem(format!("{path}: more than {MAX_PATTERNS} {what}"));
    }

    fn problem(&mut self, problem: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// Adds to a list as far as it may grow, over all files; whether everything fitted.
fn extend<T>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) -> bool {
    let mut more = more.into_iter();
    list.extend(more.by_ref().take(MAX_PATTERNS.saturating_sub(list.len())));
    more.next().is_none()
}

/// What a file is, by its path.
#[derive(Clone, Copy)]
enum FileKind<'p> {
    /// Repositories, and the settings of all.
    Sections,
    /// The value of the variable with this name.
    Variable(&'p str),
    /// What was decided about a module.
    Module,
    /// The locks of dnf or yum.
    Locks,
    /// The locks of zypper.
    ZypperLocks,
}

impl<'p> FileKind<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let (directory, name) = path.rsplit_once('/')?;
        match (directory, name) {
            ("etc/yum.repos.d" | "etc/zypp/repos.d", name) if name.ends_with(".repo") => {
                Some(Self::Sections)
            }
            ("etc/dnf", "dnf.conf") | ("etc", "yum.conf") => Some(Self::Sections),
            ("etc/dnf/modules.d", name) if name.ends_with(".module") => Some(Self::Module),
            ("etc/dnf/plugins" | "etc/yum/pluginconf.d", "versionlock.list") => Some(Self::Locks),
            ("etc/zypp", "locks") => Some(Self::ZypperLocks),
            (directory, name) if VARIABLES.contains(&directory) && !name.is_empty() => {
                Some(Self::Variable(name))
            }
            _ => None,
        }
    }
}

fn repository(section: &Section, variables: &BTreeMap<String, String>) -> Repository {
    let expanded = |text: &str| expand(text, variables);
    let list = |key| section.list(key).iter().map(|text| expanded(text)).collect();
    let address = |key| section.get(key).map(&expanded).filter(|address| !address.is_empty());
    // Old files have a metalink as mirrorlist.
    let mirrors = address("metalink").map(Mirrors::Metalink).or_else(|| {
        address("mirrorlist").map(|address| match address.contains("metalink") {
            true => Mirrors::Metalink(address),
            false => Mirrors::List(address),
        })
    });
    Repository {
        id: section.name.clone(),
        addresses: list("baseurl"),
        mirrors,
        is_enabled: section.flag("enabled").unwrap_or(true),
        signature: match section.flag("repo_gpgcheck") {
            Some(true) => Demand::Required,
            _ => Demand::Optional,
        },
        keys: list("gpgkey"),
        excludes: excludes(section),
        includes: patterns(&section.list("includepkgs")),
        priority: section.number("priority").unwrap_or(DEFAULT_PRIORITY),
        cost: section.number("cost").unwrap_or(DEFAULT_COST),
        module_hotfixes: section.flag("module_hotfixes").unwrap_or(false),
    }
}

fn excludes(section: &Section) -> Vec<Pattern> {
    let mut list = section.list("exclude");
    list.extend(section.list("excludepkgs"));
    patterns(&list)
}

fn patterns(list: &[String]) -> Vec<Pattern> {
    list.iter().filter_map(|text| Pattern::parse(text)).take(MAX_PATTERNS).collect()
}

/// `[nodejs]` with `stream=18` and `state=enabled`.
fn stream_choice(section: &Section) -> Option<StreamChoice> {
    let module = section.get("name").unwrap_or(&section.name).to_owned();
    let stream = section.get("stream").filter(|stream| !stream.is_empty());
    match section.get("state")? {
        "enabled" => Some(StreamChoice { module, stream: Some(stream?.to_owned()) }),
        "disabled" => Some(StreamChoice { module, stream: None }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Ecosystem;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    fn read(files: &[(&str, &str)]) -> Configuration {
        let system = System {
            ecosystem: Ecosystem::Rocky,
            id: "rocky".to_owned(),
            version_id: "9.3".to_owned(),
            arch: "x86_64".to_owned(),
        };
        let files = files.iter().map(|(path, text)| (*path, text.as_bytes()));
        Configuration::read(files, &system)
    }

    #[test]
    fn the_repositories_of_an_image() {
        let found = read(&[
            ("etc/dnf/vars/contentdir", "pub/rocky\n"),
            (
                "etc/yum.repos.d/rocky.repo",
                "[baseos]\nname=Rocky Linux $releasever\n\
                 mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=BaseOS-$releasever\n\
                 #baseurl=http://dl.rockylinux.org/x\ngpgcheck=1\nenabled=1\n\
                 gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-$releasever\nexclude=kernel* ,zsh\n\
                 [extras-debug]\nbaseurl=http://dl.rockylinux.org/$contentdir/$releasever/\n  https://second/$arch\n\
                 enabled=0\npriority=10\ncost=5\nmodule_hotfixes=1\nrepo_gpgcheck=true\nincludepkgs=a\n\
                 [nothing]\nenabled=1\n",
            ),
            ("etc/dnf/dnf.conf", "[main]\ngpgcheck=1\nexcludepkgs=bash\n"),
            ("etc/dnf/plugins/versionlock.list", "curl-0:8-1.*\n"),
            (
                "etc/dnf/modules.d/nodejs.module",
                "[nodejs]\nname=nodejs\nprofiles=\nstate=enabled\nstream=18\n",
            ),
            ("etc/dnf/modules.d/php.module", "[php]\nname=php\nstate=disabled\nstream=\n"),
            ("etc/passwd", "[other]\nbaseurl=http://x/\n"),
        ]);
        let [baseos, extras] = found.repositories.as_slice() else { panic!("{found:?}") };
        assert_eq!(baseos.id, "baseos");
        let list = "https://mirrors.rockylinux.org/mirrorlist?arch=x86_64&repo=BaseOS-9";
        assert_eq!(baseos.mirrors, Some(Mirrors::List(list.to_owned())));
        assert_eq!(baseos.keys, ["file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9"]);
        assert_eq!(baseos.excludes, [pattern("kernel*"), pattern("zsh")]);
        assert_eq!((baseos.priority, baseos.cost), (99, 1000));
        assert!(baseos.is_enabled && baseos.signature == Demand::Optional);
        assert_eq!(
            extras.addresses,
            ["http://dl.rockylinux.org/pub/rocky/9/", "https://second/x86_64"]
        );
        assert_eq!((extras.priority, extras.cost), (10, 5));
        assert!(!extras.is_enabled && extras.signature == Demand::Required);
        assert!(extras.module_hotfixes);
        assert_eq!(extras.includes, [pattern("a")]);
        assert_eq!(found.excludes, [pattern("bash")]);
        assert_eq!(found.locks.len(), 1);
        let choice = |module: &str, stream: Option<&str>| StreamChoice {
            module: module.to_owned(),
            stream: stream.map(str::to_owned),
        };
        assert_eq!(found.streams, [choice("nodejs", Some("18")), choice("php", None)]);
        assert_eq!(
            found.problems,
            ["etc/yum.repos.d/rocky.repo: repository nothing has no address"]
        );
    }

    #[test]
    fn lists_are_limited_over_all_files() {
        let locks: String = (0..700).map(|n| format!("a{n}-0:1-1.*\n")).collect();
        let excludes = format!("[main]\nexclude={}\n", "x,".repeat(700)).repeat(2);
        let value = "x".repeat(MAX_VALUE + 1);
        let found = read(&[
            ("etc/dnf/plugins/versionlock.list", &locks),
            ("etc/yum/pluginconf.d/versionlock.list", &locks),
            ("etc/dnf/dnf.conf", &excludes),
            ("etc/dnf/vars/long", &value),
            ("etc/yum.repos.d/a.repo", "[a]\nbaseurl=https://h/$long/\n"),
        ]);
        assert_eq!((found.locks.len(), found.excludes.len()), (MAX_PATTERNS, MAX_PATTERNS));
        assert_eq!(found.repositories[0].addresses, ["https://h/$long/"]);
        assert_eq!(
            found.problems,
            [
                "variable long: too long, or one too many",
                "etc/dnf/dnf.conf: more than 1000 excluded or included packages",
                "etc/yum/pluginconf.d/versionlock.list: more than 1000 locks",
            ]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_a_problem_of_their_file() {
        let system = System {
            ecosystem: Ecosystem::Rocky,
            id: String::new(),
            version_id: "9".to_owned(),
            arch: "x86_64".to_owned(),
        };
        let files = [("etc/yum.repos.d/a.repo", &b"\xff"[..])];
        let found = Configuration::read(files, &system);
        assert_eq!(found.problems, ["etc/yum.repos.d/a.repo: not UTF-8"]);
    }

    #[test]
    fn only_the_files_of_the_package_manager_count() {
        for (path, expected) in [
            ("etc/yum.repos.d/a.repo", true),
            ("etc/yum.repos.d/a.repo.rpmnew", false),
            ("etc/yum.repos.d/sub/a.repo", false),
            ("etc/dnf/vars/stream", true),
            ("etc/dnf/vars/", false),
            ("etc/yum.conf", true),
            ("etc/yum.conf.d", false),
            ("srv/etc/yum.conf", false),
            ("etc/zypp/locks", true),
            ("etc/apt/sources.list", false),
        ] {
            assert_eq!(FileKind::of(path).is_some(), expected, "{path}");
        }
    }
}
