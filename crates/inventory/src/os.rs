//! Which system an image is, and how long that is cared for.

mod alpine;
mod cousins;
mod distribution;
mod os_release;
mod support;

use jiff::civil::Date;
use plimsoll_model::{Ecosystem, Os};

use crate::wanted::MAX_TEXT;

/// How a system names itself, before the program's own knowledge is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `ID`: lower case, `linux` where os-release has none.
    pub id: String,
    /// `ID_LIKE`: what it derives from, closest first.
    pub id_like: Vec<String>,
    /// `VERSION_ID`.
    pub version_id: Option<String>,
    /// `VERSION`, which says more than `VERSION_ID` on some systems (openEuler's service packs).
    pub version: Option<String>,
    /// `VERSION_CODENAME`, or the word in parentheses in `VERSION`.
    pub codename: Option<String>,
    /// `PRETTY_NAME`.
    pub pretty_name: Option<String>,
    /// Alpine: the branch that `/etc/apk/repositories` names (`3.20`, `edge`).
    pub apk_branch: Option<String>,
    /// Debian: whether `/etc/debian_version` says that the release is not out (`trixie/sid`).
    pub unreleased: bool,
}

/// What `os-release` and its older cousins say. `text` gives the content of a file of the image.
///
/// os-release decides where it names a system (os-release(5): `/etc` before `/usr/lib`); the files
/// that distributions had before it are asked otherwise.
pub fn identify(text: &mut dyn FnMut(&str) -> Option<Vec<u8>>) -> Option<Identity> {
    let mut read = |path: &str| {
        let bytes = text(path).filter(|bytes| bytes.len() as u64 <= MAX_TEXT)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut identity = ["etc/os-release", "usr/lib/os-release"]
        .into_iter()
        .find_map(|path| os_release::parse(&read(path)?))
        .or_else(|| cousins::identify(&mut read))?;
    if identity.id == "alpine" {
        identity.apk_branch = read("etc/apk/repositories").and_then(|text| alpine::branch(&text));
    }
    if identity.id == "debian"
        && identity.version_id.is_none()
        && let Some(version) = read("etc/debian_version")
    {
        cousins::debian_version(&version, &mut identity);
    }
    Some(identity)
}

/// The system as the documents show it, with what the program knows of it on the day `as_of`.
pub fn complete(identity: &Identity, as_of: Date) -> Os {
    let known = distribution::find(identity);
    let support = known.as_ref().and_then(|known| known.support);
    Os {
        id: identity.id.clone(),
        version_id: identity.version_id.clone(),
        codename: identity
            .codename
            .clone()
            .or_else(|| support.and_then(|release| release.codename).map(str::to_owned)),
        pretty_name: identity.pretty_name.clone(),
        eol: support.and_then(|release| release.phase_on(as_of)),
        ecosystem: known.as_ref().map(|known| known.ecosystem),
        scope: known.and_then(|known| known.scope),
    }
}

/// Whose packages a known system has.
pub(crate) fn ecosystem(identity: &Identity) -> Option<Ecosystem> {
    distribution::ecosystem(&identity.id)
}

/// Whose packages a system has that is none of the known: those of what it says to derive from.
pub(crate) fn likely_ecosystem(identity: &Identity) -> Option<Ecosystem> {
    identity.id_like.iter().find_map(|id| distribution::ecosystem(id))
}

#[cfg(test)]
mod tests;
