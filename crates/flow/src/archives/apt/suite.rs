//! One suite: asked, judged, and its indexes read.

use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_distro::{AskedSuite, Index, Judge, JudgedRelease, Pocket, Release, SignedRelease};
use plimsoll_model::{ArchiveStatus, ArchiveSuite};

use super::index::index;
use crate::archives::Archives;
use crate::archives::documents::{Age, Answer as Signed, Asking};
use crate::archives::keys::Keys;
use crate::event::{Event, Observer};

/// An `InRelease` of a large suite has some 200 KB.
const MAX_RELEASE_BYTES: u64 = 8 << 20;

/// What a suite answered.
pub(super) struct Answer {
    pub(super) asked: AskedSuite,
    pub(super) suite: ArchiveSuite,
    pub(super) pocket: Pocket,
    /// Set where its word counts.
    pub(super) release: Option<Release>,
    /// Those that could be read.
    pub(super) indexes: Vec<ComponentIndex>,
    /// Whether its word counts, all that was asked of it could be read, and its silence is an answer.
    pub(super) is_whole: bool,
    pub(super) age: Age,
    /// When the archive said last that there is nothing newer.
    pub(super) checked: Option<Timestamp>,
}

pub(super) struct ComponentIndex {
    pub(super) component: String,
    pub(super) architecture: String,
    pub(super) index: Arc<Index>,
}

/// Why a suite cannot be used.
pub(super) enum Failure {
    Unreachable(String),
    Inconsistent(String),
}

impl Answer {
    /// Whether it is this suite of this archive, and whole.
    pub(super) fn is_whole_of(&self, suite: &AskedSuite) -> bool {
        self.is_whole && self.asked.base == suite.base && self.asked.suite == suite.suite
    }
}

/// Asks a suite. An archive that changed between its release and its index is asked once more.
pub(super) fn answer(
    archives: &Archives<'_>,
    keys: &Keys,
    asked: AskedSuite,
    observer: Observer<'_>,
) -> Answer {
    observer(Event::ArchiveStarted { suite: asked.suite.clone() });
    let answer = match ask(archives, keys, &asked, Asking::Patiently) {
        Err(Failure::Inconsistent(_)) => ask(archives, keys, &asked, Asking::Again),
        first => first,
    };
    observer(Event::ArchiveDone { suite: asked.suite.clone() });
    match answer {
        Ok(answer) => answer,
        Err(Failure::Unreachable(why)) => unreachable(asked, &why),
        Err(Failure::Inconsistent(why)) => {
            Answer { suite: asked.inconsistent(&why), ..unreachable(asked, &why) }
        }
    }
}

pub(super) fn unreachable(asked: AskedSuite, why: &str) -> Answer {
    Answer {
        suite: asked.unreachable(why),
        pocket: asked.pocket,
        asked,
        release: None,
        indexes: Vec::new(),
        is_whole: false,
        age: Age::Fresh,
        checked: None,
    }
}

fn ask(
    archives: &Archives<'_>,
    keys: &Keys,
    asked: &AskedSuite,
    asking: Asking,
) -> Result<Answer, Failure> {
    let Statement { judged, names, age, checked } = statement(archives, keys, asked, asking)?;
    let JudgedRelease { suite, pocket, release } = judged;
    let mut answer =
        Answer { suite, pocket, age, checked: Some(checked), ..unreachable(asked.clone(), "") };
    let documents = || names.iter().map(|name| asked.url(name));
    let status = answer.suite.status;
    if status.is_usable() {
        answer.age.tell(&mut answer.suite);
    }
    let Some(release) = release.filter(|_| status.is_usable()) else {
        match status {
            // The archive's own last word, for runs that are offline.
            ArchiveStatus::Expired => documents().for_each(|it| archives.documents.accept(&it)),
            _ => documents().for_each(|it| archives.documents.reject(&it)),
        }
        return Ok(answer);
    };
    let mut unread = Vec::new();
    for component in components(asked) {
        for architecture in &asked.architectures {
            for file in release.packages_files(component, architecture) {
                match index(archives, asked, &release, &file) {
                    Ok(index) => answer.indexes.push(ComponentIndex {
                        component: component.unwrap_or_default().to_owned(),
                        architecture: architecture.clone(),
                        index,
                    }),
                    Err(Failure::Inconsistent(why)) if asking == Asking::Patiently => {
                        return Err(Failure::Inconsistent(why));
                    }
                    Err(failure) => unread.push(failure),
                }
            }
        }
    }
    if answer.indexes.is_empty() {
        return Err(unread.into_iter().next().unwrap_or_else(|| nothing(asked)));
    }
    // Only what was used is remembered: a date without its index must not lock the next run out.
    archives.note(&asked.url(""), answer.suite.date);
    documents().for_each(|document| archives.documents.accept(&document));
    answer.is_whole = unread.is_empty() && answer.age.counts();
    for Failure::Unreachable(why) | Failure::Inconsistent(why) in unread {
        answer.suite.reason = Some(match answer.suite.reason.take() {
            Some(reason) => format!("{reason}; {why}"),
            None => why,
        });
    }
    answer.release = Some(release);
    Ok(answer)
}

fn nothing(asked: &AskedSuite) -> Failure {
    let (components, architectures) = (asked.components.join(", "), asked.architectures.join(", "));
    Failure::Unreachable(format!("it has no packages of {components} for {architectures}"))
}

/// The components, or the one place of packages that a flat repository has.
fn components(asked: &AskedSuite) -> Vec<Option<&str>> {
    match asked.components.as_slice() {
        [] => vec![None],
        components => components.iter().map(|component| Some(component.as_str())).collect(),
    }
}

/// The judged release of a suite.
struct Statement {
    judged: JudgedRelease,
    /// The documents it was judged by.
    names: &'static [&'static str],
    age: Age,
    checked: Timestamp,
}

fn statement(
    archives: &Archives<'_>,
    keys: &Keys,
    asked: &AskedSuite,
    asking: Asking,
) -> Result<Statement, Failure> {
    let Keys { distribution, operator } = keys;
    let judge =
        Judge { distribution, operator: operator.as_ref(), now: archives.session.speaking_for() };
    let seen = archives.seen(&asked.url(""));
    let get = |name| archives.documents.get(&asked.url(name), MAX_RELEASE_BYTES, asking);
    let is_offline = archives.documents.is_offline();
    let why = match get("InRelease") {
        Ok(Some(Signed { document, age })) => {
            let judged = judge.release(asked, SignedRelease::Inline(&document.bytes), seen);
            let checked = document.checked;
            return Ok(Statement { judged, names: &["InRelease"], age, checked });
        }
        Ok(None) => format!("{} is not there", asked.url("InRelease")),
        // Only what is there is kept: an archive without it looks as if it had never been asked for it.
        Err(why) if is_offline => why,
        Err(why) => return Err(Failure::Unreachable(why)),
    };
    let Signed { document: release, age } = match get("Release") {
        Ok(Some(release)) => release,
        Err(why) if !is_offline => return Err(Failure::Unreachable(why)),
        Ok(None) | Err(_) => return Err(Failure::Unreachable(why)),
    };
    let signature = match get("Release.gpg") {
        Ok(signature) => signature,
        Err(_) if is_offline => None,
        Err(why) => return Err(Failure::Unreachable(why)),
    };
    let signed = SignedRelease::Detached {
        release: &release.bytes,
        signature: signature.as_ref().map(|signature| signature.document.bytes.as_slice()),
    };
    let judged = judge.release(asked, signed, seen);
    if judged.suite.status == ArchiveStatus::WronglySigned && asking == Asking::Patiently {
        // The signature may be that of the next release.
        return Err(Failure::Inconsistent(judged.suite.reason.unwrap_or_default()));
    }
    let (age, checked) = match signature {
        Some(signature) => {
            (age.max(signature.age), release.checked.min(signature.document.checked))
        }
        None => (age, release.checked),
    };
    Ok(Statement { judged, names: &["Release", "Release.gpg"], age, checked })
}
