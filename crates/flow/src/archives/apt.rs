//! apt's archives: which suites an image has, what they answer, and what is newer there.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use plimsoll_distro::{
    AptState, AptSystem, AskedSuite, CompiledIndex, Index, IndexFile, Judge, JudgedRelease, Offer,
    PackagesFile, Pending, Pocket, Preferences, Release, SignedRelease, archives_to_ask,
    pending_updates, suites,
};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{ArchiveSuite, Package, Problem, Scope};
use plimsoll_unpack::{Decoder, Limits};

use super::changelogs::{Deb, Wanted};
use super::keys::{Keys, keys};
use super::{Archives, NewerSource, Outlook, Words};
use crate::error::chain;
use crate::event::{Event, Observer};
use crate::side_by_side::side_by_side;

/// An `InRelease` of a large suite has some 200 KB.
const MAX_RELEASE_BYTES: u64 = 8 << 20;
/// `Packages.xz` of Debian's main suite has 9 MB, of Ubuntu's universe 20 MB.
const MAX_INDEX_BYTES: u64 = 64 << 20;
/// How many suites are asked at once: Debian has four with backports, Ubuntu as many.
const SUITES_AT_ONCE: usize = 4;

/// What a suite answered.
pub(crate) struct Answer {
    asked: AskedSuite,
    suite: ArchiveSuite,
    pocket: Pocket,
    /// Set where its word counts.
    release: Option<Release>,
    indexes: Vec<ComponentIndex>,
}

struct ComponentIndex {
    component: String,
    architecture: String,
    index: Arc<Index>,
}

/// The security suite of a release: what its feed is made from.
pub(crate) struct SecuritySuite {
    pub(crate) suite: ArchiveSuite,
    pub(crate) release: Release,
    pub(crate) indexes: Vec<Arc<Index>>,
}

/// What the archives of the image have that is newer. None where the image's release is not known.
pub(super) fn outlook(
    archives: &Archives<'_>,
    image: &ImageInventory,
    observer: Observer<'_>,
) -> Option<Outlook> {
    let scope = image.os.as_ref()?.scope.clone()?;
    let architectures = architectures(image);
    let files = &image.manager_files;
    let system = AptSystem { scope: &scope, architectures: &architectures };
    let request = archives_to_ask(files, system, &|host| archives.is_allowed(host));
    let mut outlook = Outlook { problems: request.problems, ..Outlook::default() };
    let answers = match keys(archives.session, scope.ecosystem) {
        Ok(keys) => side_by_side(request.ask, SUITES_AT_ONCE, |asked| {
            answer(archives, &keys, asked, observer)
        }),
        Err(why) => {
            request.ask.into_iter().map(|asked| Arc::new(unreachable(asked, &why))).collect()
        }
    };
    outlook.suites = answers.iter().map(|answer| answer.suite.clone()).collect();
    outlook.suites.extend(request.not_asked);
    let mut security = answers.iter().filter(|a| a.asked.pocket == Pocket::Security).peekable();
    outlook.is_whole =
        security.peek().is_some() && security.all(|answer| answer.suite.status.is_usable());

    let preferences = Preferences::of(files);
    outlook.problems.extend(preferences.problems.iter().cloned());
    let holds: BTreeSet<String> = held(image);
    let machine_id = files.get("etc/machine-id").and_then(|id| std::str::from_utf8(id).ok());
    let packages = apt_packages(&image.packages);
    let state = AptState {
        packages: &packages,
        native: architectures.first().map_or("amd64", String::as_str),
        holds: &holds,
        machine_id: machine_id.map(str::trim).filter(|id| !id.is_empty()),
    };
    match pending_updates(state, &offers(&answers), &preferences) {
        Ok(found) => {
            outlook.problems.extend(found.problems);
            outlook.updates = found
                .pending
                .into_iter()
                .map(|pending| NewerSource {
                    words: Words::Changelog(wanted(&pending, &answers)),
                    pending,
                })
                .collect();
        }
        Err(error) => {
            outlook.is_whole = false;
            outlook.problems.push(problem("the index of an archive", chain(&error)));
        }
    }
    Some(outlook)
}

/// The security suite of a release, for the packages of one architecture.
pub(crate) fn security_suite(
    archives: &Archives<'_>,
    scope: &Scope,
    architecture: &str,
    observer: Observer<'_>,
) -> Result<SecuritySuite, String> {
    let suite = suites(scope, architecture)
        .unwrap_or_default()
        .into_iter()
        .find(|suite| suite.pocket == Pocket::Security)
        .ok_or_else(|| format!("{scope} has no security suite that is still served"))?;
    let keys = keys(archives.session, scope.ecosystem)?;
    let asked = AskedSuite::official(&suite, &["main"], &[architecture.to_owned()]);
    let answer = answer(archives, &keys, asked, observer);
    let ArchiveSuite { suite, status, reason, .. } = &answer.suite;
    let Some(release) = answer.release.clone().filter(|_| status.is_usable()) else {
        let reason = reason.as_deref().unwrap_or(status.as_str());
        return Err(format!("{suite}: {reason}"));
    };
    let indexes = answer.indexes.iter().map(|found| Arc::clone(&found.index)).collect();
    Ok(SecuritySuite { suite: answer.suite.clone(), release, indexes })
}

/// Asks a suite, or takes what it answered in this run. An archive that changed between its release and its
/// index is asked once more.
fn answer(
    archives: &Archives<'_>,
    keys: &Keys,
    asked: AskedSuite,
    observer: Observer<'_>,
) -> Arc<Answer> {
    let key = format!("{} {:?} {:?}", asked.url(""), asked.components, asked.architectures);
    let known = archives.suites.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(known) = known {
        return known;
    }
    observer(Event::ArchiveStarted { suite: asked.suite.clone() });
    let first = ask(archives, keys, &asked, false);
    let answer = match first {
        Err(Failure::Inconsistent(_)) => ask(archives, keys, &asked, true),
        first => first,
    };
    observer(Event::ArchiveDone { suite: asked.suite.clone() });
    let answer = Arc::new(match answer {
        Ok(answer) => answer,
        Err(Failure::Unreachable(why)) => unreachable(asked, &why),
        Err(Failure::Inconsistent(why)) => {
            let suite = asked.inconsistent(&why);
            Answer { suite, ..unreachable(asked, &why) }
        }
    });
    let mut suites = archives.suites.lock().unwrap_or_else(PoisonError::into_inner);
    suites.insert(key, Arc::clone(&answer));
    answer
}

enum Failure {
    Unreachable(String),
    Inconsistent(String),
}

fn unreachable(asked: AskedSuite, why: &str) -> Answer {
    let suite = asked.unreachable(why);
    Answer { suite, pocket: asked.pocket, asked, release: None, indexes: Vec::new() }
}

fn ask(
    archives: &Archives<'_>,
    keys: &Keys,
    asked: &AskedSuite,
    now: bool,
) -> Result<Answer, Failure> {
    let JudgedRelease { suite, pocket, release } = judge(archives, keys, asked, now)?;
    let mut answer =
        Answer { asked: asked.clone(), suite, pocket, release: None, indexes: Vec::new() };
    let Some(release) = release.filter(|_| answer.suite.status.is_usable()) else {
        return Ok(answer);
    };
    for component in components(asked) {
        for architecture in &asked.architectures {
            for file in release.packages_files(component, architecture) {
                answer.indexes.push(ComponentIndex {
                    component: component.unwrap_or_default().to_owned(),
                    architecture: architecture.clone(),
                    index: index(archives, asked, &release, &file)?,
                });
            }
        }
    }
    if answer.indexes.is_empty() {
        return Err(Failure::Unreachable(format!(
            "it has no packages of {} for {}",
            asked.components.join(", "),
            asked.architectures.join(", ")
        )));
    }
    // Only what was used is remembered: a date without its index must not lock the next run out.
    archives.note(&asked.url(""), answer.suite.date);
    answer.release = Some(release);
    Ok(answer)
}

/// The components, or the one place of packages that a flat repository has.
fn components(asked: &AskedSuite) -> Vec<Option<&str>> {
    match asked.components.as_slice() {
        [] => vec![None],
        components => components.iter().map(|component| Some(component.as_str())).collect(),
    }
}

fn judge(
    archives: &Archives<'_>,
    keys: &Keys,
    asked: &AskedSuite,
    now: bool,
) -> Result<JudgedRelease, Failure> {
    let Keys { distribution, operator } = keys;
    let judge =
        Judge { distribution, operator: operator.as_ref(), now: archives.session.speaking_for() };
    let seen = archives.seen(&asked.url(""));
    let get = |name: &str| {
        archives.document(&asked.url(name), MAX_RELEASE_BYTES, now).map_err(Failure::Unreachable)
    };
    if let Some(signed) = get("InRelease")? {
        return Ok(judge.release(asked, SignedRelease::Inline(&signed.bytes), seen));
    }
    let Some(release) = get("Release")? else {
        return Err(Failure::Unreachable(format!("{} is not there", asked.url("InRelease"))));
    };
    let signature = get("Release.gpg")?;
    let signature = signature.as_ref().map(|signature| signature.bytes.as_slice());
    let detached = SignedRelease::Detached { release: &release.bytes, signature };
    Ok(judge.release(asked, detached, seen))
}

/// An index of packages, compiled: in this run, in the cache, or read from the archive.
fn index(
    archives: &Archives<'_>,
    asked: &AskedSuite,
    release: &Release,
    packages: &PackagesFile<'_>,
) -> Result<Arc<Index>, Failure> {
    let IndexFile { sha256, path, .. } = packages.file;
    let known = |archives: &Archives<'_>| {
        archives.indexes.lock().unwrap_or_else(PoisonError::into_inner).get(sha256).cloned()
    };
    if let Some(known) = known(archives) {
        return Ok(known);
    }
    let place = archives.kept.path("packages", sha256);
    let index = match Index::open(&place) {
        Ok(index) => index,
        Err(_) => {
            let packed = packed(archives, asked, release, packages.file)?;
            let unpacked = Decoder::buffered(packed.as_slice(), &Limits::default())
                .map_err(|error| Failure::Unreachable(format!("{path}: {}", chain(&error))))?;
            let compiled = CompiledIndex::of(unpacked)
                .map_err(|error| Failure::Unreachable(format!("{path}: {}", chain(&error))))?;
            let bytes = compiled.to_bytes();
            match archives.kept.write(&place, &bytes).ok().and_then(|()| Index::open(&place).ok()) {
                Some(index) => index,
                // A cache that cannot be written costs memory, not the answer.
                None => Index::from_bytes(path, bytes)
                    .map_err(|error| Failure::Unreachable(format!("{path}: {}", chain(&error))))?,
            }
        }
    };
    let index = Arc::new(index);
    let mut indexes = archives.indexes.lock().unwrap_or_else(PoisonError::into_inner);
    indexes.insert(sha256.clone(), Arc::clone(&index));
    Ok(index)
}

/// The index as the archive has it. By hash where it can: the plain name may already belong to the next update.
fn packed(
    archives: &Archives<'_>,
    asked: &AskedSuite,
    release: &Release,
    file: &IndexFile,
) -> Result<Vec<u8>, Failure> {
    let by_hash = asked.url(&file.by_hash_path());
    let plain = asked.url(&file.path);
    let get = |address: &str| {
        let limit = file.size.min(MAX_INDEX_BYTES);
        archives.file(address, limit).map_err(Failure::Unreachable)
    };
    let found = match release.by_hash {
        true => get(&by_hash).ok().flatten(),
        false => None,
    };
    let bytes = match found {
        Some(found) => found,
        None => {
            get(&plain)?.ok_or_else(|| Failure::Inconsistent(format!("{plain} is not there")))?
        }
    };
    file.check(&bytes).map_err(|error| Failure::Inconsistent(chain(&error)))?;
    Ok(bytes)
}

fn offers(answers: &[Arc<Answer>]) -> Vec<Offer<'_>> {
    let mut offers = Vec::new();
    for answer in answers {
        let Some(release) = &answer.release else { continue };
        offers.extend(answer.indexes.iter().map(|found| Offer {
            suite: &answer.suite.suite,
            site: &answer.asked.site,
            pocket: answer.pocket,
            release,
            component: &found.component,
            architecture: &found.architecture,
            index: &found.index,
        }));
    }
    offers
}

/// Where the changelog of an update is: in any package of that version of the source.
fn wanted(pending: &Pending, answers: &[Arc<Answer>]) -> Wanted {
    let mut debs = Vec::new();
    for answer in answers.iter().filter(|answer| answer.suite.suite == pending.suite) {
        for found in &answer.indexes {
            let entries = found.index.source(&pending.source, &pending.candidate);
            for entry in entries.into_iter().flatten() {
                let (Some(filename), Some(size), Some(sha256)) =
                    (entry.filename, entry.size, entry.sha256)
                else {
                    continue;
                };
                debs.push(Deb {
                    package: entry.name.to_owned(),
                    address: answer.asked.deb_url(filename),
                    size,
                    sha256: hexadecimal(&sha256),
                });
            }
        }
    }
    debs.sort_by(|a, b| (a.size, &a.package).cmp(&(b.size, &b.package)));
    debs.dedup_by(|a, b| a.sha256 == b.sha256);
    Wanted { source: pending.source.clone(), version: pending.candidate.clone(), debs }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// dpkg's architectures of the image, its own first: that of most packages.
fn architectures(image: &ImageInventory) -> Vec<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for arch in image.packages.iter().filter(|p| is_apt(p)).filter_map(|p| p.arch.as_deref()) {
        match counts.iter_mut().find(|(known, _)| *known == arch) {
            _ if arch == "all" => {}
            Some((_, count)) => *count += 1,
            None => counts.push((arch, 1)),
        }
    }
    counts.sort_by(|(a, many), (b, more)| more.cmp(many).then(a.cmp(b)));
    counts.into_iter().map(|(arch, _)| arch.to_owned()).collect()
}

fn is_apt(package: &Package) -> bool {
    use plimsoll_model::Ecosystem::{Debian, Ubuntu};
    matches!(package.ecosystem, Debian | Ubuntu)
}

fn apt_packages(packages: &[Package]) -> Vec<Package> {
    packages.iter().filter(|package| is_apt(package)).cloned().collect()
}

/// The packages on hold as `name:arch`.
fn held(image: &ImageInventory) -> BTreeSet<String> {
    let held = image.packages.iter().filter(|package| image.held.contains(&package.id));
    held.map(|package| match &package.arch {
        Some(arch) => format!("{}:{arch}", package.name),
        None => package.name.clone(),
    })
    .collect()
}

fn problem(path: &str, message: String) -> Problem {
    Problem { path: path.to_owned(), layer: None, message }
}
