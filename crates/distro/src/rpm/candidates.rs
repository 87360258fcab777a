//! Which updates are pending: what of all offers a package manager would take, in groups by source.

use std::collections::BTreeMap;

use plimsoll_model::{HeldBack, Package};

use super::configuration::{Configuration, Repository};
use super::modules::{Active, Modules};
use super::nevra::{compare, split_epoch};
use super::offers::{Offer, choose, newest_installed, offers};
use super::primary::Available;
use super::system::System;
use super::updateinfo::{Notice, Noticed};
use crate::pending::{Bulletin, Pending, PendingBinary};

/// What a usable repository offers.
#[derive(Clone, Debug)]
pub struct Index {
    /// The repository.
    pub repository: Repository,
    /// Its packages of interest.
    pub packages: Vec<Available>,
    /// Its advisories; none where it ships no `updateinfo`.
    pub notices: Option<Vec<Notice>>,
    /// Its modules.
    pub modules: Modules,
}

/// What is asked: which updates are pending.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The system.
    pub system: &'a System,
    /// What is installed; packages other than rpm's are passed over.
    pub installed: &'a [Package],
    /// How the package manager is set up.
    pub configuration: &'a Configuration,
    /// What the usable repositories offer.
    pub indexes: &'a [Index],
}

/// A pending update, with what leads to its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The update.
    pub pending: Pending,
    /// Where its repository's other metadata has the changelog: the package's hash.
    pub pkgid: String,
    /// What the repository says about it.
    pub advice: Advice,
}

/// Whether the repository's advisories speak of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// One brings the candidate's very version.
    Covers,
    /// The repository has advisories, but none brings this version.
    Silent,
    /// The repository ships no advisories.
    Missing,
}

/// Answers which updates are pending, as `dnf check-update` does.
///
/// Of each installed name and architecture the newest version counts, of kernels too; a package of no architecture may
/// follow one that has one, and the other way round. Of repositories that offer a name only those with the best priority
/// count. A package of a module counts within the stream in force. What is excluded or locked is reported as held
/// back, unless something newer than the installed version remains without it. What only an `Obsoletes` of another
/// package would replace is not seen.
///
/// The updates are in the order of their sources; those that are held back stand beside those that are not.
pub fn pending(question: &Question<'_>) -> Vec<Candidate> {
    let mut modules = Modules::default();
    question.indexes.iter().for_each(|index| modules.extend(&index.modules));
    let labels = question.installed.iter().filter_map(|package| package.module.as_deref());
    let active = modules.active(&question.configuration.streams, labels);
    let offers = offers(question, &active);
    let mut groups: BTreeMap<GroupKey<'_>, Vec<Choice<'_>>> = BTreeMap::new();
    for installed in newest_installed(question.installed) {
        let offered = offers.get(installed.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        if let Some(offer) = choose(question.system, installed, offered) {
            let choice = Choice { installed, offer };
            groups.entry(choice.group()).or_default().push(choice);
        }
    }
    let notices = notices(question.indexes, &active);
    groups.into_iter().map(|(key, choices)| candidate(&notices, &key, &choices)).collect()
}

/// The update of an installed package.
struct Choice<'a> {
    installed: &'a Package,
    offer: Offer<'a>,
}

/// Updates with the same of all these are one: the source and its version, the repository, what holds it back.
type GroupKey<'a> = (&'a str, &'a str, &'a str, Option<HeldBack>);

impl<'a> Choice<'a> {
    fn group(&self) -> GroupKey<'a> {
        let Offer { index, package, held_back } = self.offer;
        let (source, version) = match &package.source {
            Some(source) => (source.name.as_str(), source.version.as_str()),
            None => (package.name.as_str(), split_epoch(&package.evr).1),
        };
        (source, version, &index.repository.id, held_back)
    }

    /// The version of the source that is installed.
    fn installed_source(&self) -> &'a str {
        let source = self.installed.source.as_ref();
        source.map_or(&self.installed.version, |source| &source.version)
    }
}

fn candidate(notices: &Notices<'_>, key: &GroupKey<'_>, choices: &[Choice<'_>]) -> Candidate {
    let (source, version, repository, held_back) = *key;
    let (installed, candidate) = versions(version, choices);
    let (bulletins, covers) = bulletins(notices, choices);
    let has_notices = choices.iter().any(|choice| choice.offer.index.notices.is_some());
    let binaries = choices.iter().map(|Choice { installed, offer }| PendingBinary {
        package: installed.id.clone(),
        name: installed.name.clone(),
        arch: installed.arch.clone(),
        installed: installed.version.clone(),
        candidate: offer.package.evr.clone(),
    });
    Candidate {
        pkgid: choices.first().map(|choice| choice.offer.package.pkgid.clone()).unwrap_or_default(),
        advice: match (covers, has_notices) {
            (true, _) => Advice::Covers,
            (false, true) => Advice::Silent,
            (false, false) => Advice::Missing,
        },
        pending: Pending {
            source: source.to_owned(),
            installed,
            candidate,
            suite: repository.to_owned(),
            security: bulletins.iter().any(|bulletin| bulletin.security),
            held_back,
            binaries: binaries.collect(),
            bulletins,
        },
    }
}

/// The installed and the offered version of the source, the lowest installed where its packages differ.
///
/// A source rpm's name has no epoch, and the packages of some sources (perl) have several; where they do, epochs say
/// nothing about the source and are left out of both versions.
fn versions(offered: &str, choices: &[Choice<'_>]) -> (String, String) {
    let epoch_of = |evr| split_epoch(evr).0;
    let is_plain = choices.windows(2).all(|pair| match pair {
        [a, b] => {
            epoch_of(a.installed_source()) == epoch_of(b.installed_source())
                && epoch_of(&a.offer.package.evr) == epoch_of(&b.offer.package.evr)
        }
        _ => true,
    });
    let installed = choices.iter().map(Choice::installed_source);
    let epoch = choices.first().map_or("0", |choice| epoch_of(&choice.offer.package.evr));
    if is_plain {
        let candidate = match epoch {
            "0" => offered.to_owned(),
            epoch => format!("{epoch}:{offered}"),
        };
        let lowest = installed.min_by(|a, b| compare(a, b)).unwrap_or_default();
        return (lowest.to_owned(), candidate);
    }
    let lowest = installed.map(|evr| split_epoch(evr).1).min_by(|a, b| compare(a, b));
    (lowest.unwrap_or_default().to_owned(), offered.to_owned())
}

/// What advisories say of packages, by the packages' names.
type Notices<'a> = BTreeMap<&'a str, Vec<(&'a Noticed, &'a Bulletin)>>;

/// The advisories of all repositories, as far as they are not about streams that are not in force.
fn notices<'a>(indexes: &'a [Index], active: &Active<'_>) -> Notices<'a> {
    let mut notices = Notices::new();
    for notice in indexes.iter().filter_map(|index| index.notices.as_deref()).flatten() {
        for noticed in &notice.packages {
            if noticed.module.as_deref().is_none_or(|module| active.has(module)) {
                notices.entry(&noticed.name).or_default().push((noticed, &notice.bulletin));
            }
        }
    }
    notices
}

/// The advisories that bring a version above what is installed and up to what is offered, the newest first; and
/// whether one brings what is offered.
fn bulletins(notices: &Notices<'_>, choices: &[Choice<'_>]) -> (Vec<Bulletin>, bool) {
    let mut found: BTreeMap<&str, &Bulletin> = BTreeMap::new();
    let mut covers = false;
    for Choice { installed, offer } in choices {
        let package = offer.package;
        for (noticed, bulletin) in notices.get(package.name.as_str()).into_iter().flatten() {
            let reach = compare(&noticed.evr, &package.evr);
            let is_news = compare(&noticed.evr, &installed.version).is_gt() && reach.is_le();
            if noticed.arch == package.arch && is_news {
                covers |= reach.is_eq();
                found.entry(&bulletin.id).or_insert(bulletin);
            }
        }
    }
    let mut bulletins: Vec<_> = found.into_values().cloned().collect();
    bulletins.sort_by(|a, b| b.issued.cmp(&a.issued).then_with(|| b.id.cmp(&a.id)));
    (bulletins, covers)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Ecosystem, SourcePackage};

    use super::*;
    use crate::rpm::testing::installed;
    use crate::rpm::updateinfo::Noticed;

    fn available(name: &str, evr: &str, arch: &str, source: (&str, &str)) -> Available {
        Available {
            name: name.to_owned(),
            evr: evr.to_owned(),
            arch: arch.to_owned(),
            source: Some(SourcePackage { name: source.0.to_owned(), version: source.1.to_owned() }),
            pkgid: format!("{name}-{evr}"),
        }
    }

    /// Installed: name, EVR, architecture, the source's version; offered: name, EVR, architecture, version of the source
    /// `s`; expected: the installed and the offered version of the source, and its binaries.
    fn check(
        installed_packages: &[(&str, &str, &str, &str)],
        offered: &[(&str, &str, &str, &str)],
        expected: &[(&str, &str, &[&str])],
    ) {
        let system = System {
            ecosystem: Ecosystem::Rocky,
            id: "rocky".to_owned(),
            version_id: "9".to_owned(),
            arch: "x86_64".to_owned(),
        };
        let configuration = Configuration::read([("etc/yum.repos.d/a.repo", REPO)], &system);
        let installed: Vec<_> = installed_packages
            .iter()
            .map(|&(name, evr, arch, source)| {
                let mut package = installed(name, evr, arch);
                package.source =
                    Some(SourcePackage { name: "s".to_owned(), version: source.to_owned() });
                package
            })
            .collect();
        let packages = offered
            .iter()
            .map(|&(name, evr, arch, source)| available(name, evr, arch, ("s", source)))
            .collect();
        let index = Index {
            repository: configuration.repositories[0].clone(),
            packages,
            notices: None,
            modules: Modules::default(),
        };
        let found = pending(&Question {
            system: &system,
            installed: &installed,
            configuration: &configuration,
            indexes: &[index],
        });
        let found: Vec<_> = found
            .iter()
            .map(|candidate| {
                let Pending { installed, candidate, binaries, .. } = &candidate.pending;
                let binaries: Vec<_> = binaries
                    .iter()
                    .map(|b| format!("{} {}", b.name, b.arch.as_deref().unwrap_or_default()))
                    .collect();
                (installed.as_str(), candidate.as_str(), binaries)
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(i, c, binaries)| (*i, *c, binaries.iter().map(ToString::to_string).collect()))
            .collect();
        assert_eq!(found, expected);
    }

    const REPO: &[u8] = b"[r]\nbaseurl=https://download.rockylinux.org/x/\n";

    #[test]
    fn packages_of_one_source_are_one_update() {
        check(
            &[("a", "1:1-1", "x86_64", "1:1-1"), ("b", "1:1-2", "noarch", "1:1-2")],
            &[("a", "1:1-3", "x86_64", "1-3"), ("b", "1:1-3", "noarch", "1-3")],
            &[("1:1-1", "1:1-3", &["a x86_64", "b noarch"])],
        );
        // One source, two versions on offer: two updates.
        check(
            &[("a", "1-1", "noarch", "1-1"), ("b", "1-1", "noarch", "1-1")],
            &[("a", "1-3", "noarch", "1-3"), ("b", "1-2", "noarch", "1-2")],
            &[("1-1", "1-2", &["b noarch"]), ("1-1", "1-3", &["a noarch"])],
        );
    }

    #[test]
    fn epochs_that_differ_within_a_source_are_not_the_sources() {
        check(
            &[
                ("perl", "4:5.30-1", "x86_64", "4:5.30-1"),
                ("perl-Errno", "1.28-1", "x86_64", "5.30-1"),
            ],
            &[
                ("perl", "4:5.32-1", "x86_64", "5.32-1"),
                ("perl-Errno", "1.30-1", "x86_64", "5.32-1"),
            ],
            &[("5.30-1", "5.32-1", &["perl x86_64", "perl-Errno x86_64"])],
        );
        // A new epoch of all of them is the source's.
        check(
            &[("a", "9-1", "noarch", "9-1")],
            &[("a", "1:1-1", "noarch", "1-1")],
            &[("9-1", "1:1-1", &["a noarch"])],
        );
    }

    #[test]
    fn a_package_follows_one_of_its_architecture_or_of_none() {
        let installed = |arch| ("a", "1-1", arch, "1-1");
        let offered = |arch| ("a", "2-1", arch, "2-1");
        for (before, after, follows) in [
            ("x86_64", "x86_64", true),
            ("x86_64", "noarch", true),
            ("noarch", "x86_64", true),
            ("noarch", "i686", false),
            ("x86_64", "i686", false),
            ("i686", "i686", true),
        ] {
            let binary = format!("a {before}");
            let expected: &[(&str, &str, &[&str])] = &[("1-1", "2-1", &[&binary])];
            check(&[installed(before)], &[offered(after)], if follows { expected } else { &[] });
        }
    }

    #[test]
    fn of_kernels_the_newest_counts_and_equal_versions_are_no_update() {
        check(
            &[("kernel", "5-1", "noarch", "5-1"), ("kernel", "6-1", "noarch", "6-1")],
            &[("kernel", "5-2", "noarch", "5-2"), ("kernel", "6-1", "noarch", "6-1")],
            &[],
        );
        check(
            &[("kernel", "5-1", "noarch", "5-1"), ("kernel", "6-1", "noarch", "6-1")],
            &[("kernel", "6-2", "noarch", "6-2")],
            &[("6-1", "6-2", &["kernel noarch"])],
        );
    }

    #[test]
    fn an_advisory_in_one_repository_speaks_of_a_package_in_another() {
        let system = System {
            ecosystem: Ecosystem::Rocky,
            id: "rocky".to_owned(),
            version_id: "9".to_owned(),
            arch: "x86_64".to_owned(),
        };
        let configuration = Configuration::read([("etc/yum.repos.d/a.repo", REPO)], &system);
        let repository = configuration.repositories[0].clone();
        let bulletin = |id: &str, issued: &str| Bulletin {
            id: id.to_owned(),
            security: true,
            severity: None,
            ids: Vec::new(),
            title: None,
            description: None,
            issued: issued.parse().ok(),
        };
        let notice = |id: &str, issued: &str, evr: &str, arch: &str| Notice {
            bulletin: bulletin(id, issued),
            packages: vec![Noticed {
                name: "a".to_owned(),
                evr: evr.to_owned(),
                arch: arch.to_owned(),
                module: None,
            }],
        };
        let notices = vec![
            notice("at-installed", "2026-01-01T00:00:00Z", "1-1", "x86_64"),
            notice("between", "2026-02-01T00:00:00Z", "1-2", "x86_64"),
            notice("other-arch", "2026-02-01T00:00:00Z", "1-2", "aarch64"),
            notice("candidate", "2026-03-01T00:00:00Z", "1-3", "x86_64"),
            notice("beyond", "2026-04-01T00:00:00Z", "1-4", "x86_64"),
        ];
        let index = |packages, notices| Index {
            repository: repository.clone(),
            packages,
            notices,
            modules: Modules::default(),
        };
        let indexes = [
            index(vec![available("a", "1-3", "x86_64", ("a", "1-3"))], None),
            index(Vec::new(), Some(notices)),
        ];
        let found = pending(&Question {
            system: &system,
            installed: &[installed("a", "1-1", "x86_64")],
            configuration: &configuration,
            indexes: &indexes,
        });
        let [candidate] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(candidate.advice, Advice::Covers);
        assert!(candidate.pending.security);
        let ids: Vec<_> = candidate.pending.bulletins.iter().map(|b| b.id.as_str()).collect();
        assert_eq!(ids, ["candidate", "between"]);
    }
}
