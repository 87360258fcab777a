//! The names of rpm packages: put together and taken apart.

use std::cmp::Ordering;

use plimsoll_model::SourcePackage;

/// Names, versions and releases are short; metadata with longer ones is damaged or hostile.
pub(super) const MAX_WORD: usize = 256;

/// A text that may be a name, version, release or architecture.
pub(super) fn word(text: &str) -> Option<&str> {
    let is_word = !text.is_empty()
        && text.len() <= MAX_WORD
        && !text.contains(|c: char| c.is_control() || c.is_whitespace());
    is_word.then_some(text)
}

/// `epoch:version-release` as the inventory spells it: an epoch of zero is not written.
pub(super) fn evr(epoch: Option<&str>, version: &str, release: &str) -> String {
    match epoch.map(|epoch| epoch.trim_start_matches('0')) {
        None | Some("") => format!("{version}-{release}"),
        Some(epoch) => format!("{epoch}:{version}-{release}"),
    }
}

/// The epoch, `0` if none is written, and the rest.
pub(super) fn split_epoch(evr: &str) -> (&str, &str) {
    match evr.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("0", evr),
    }
}

/// rpm's order; versions that are none are equal to all.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    plimsoll_versions::rpm::compare(a, b).unwrap_or(Ordering::Equal)
}

/// `NAME-VERSION-RELEASE.src.rpm` (or `.nosrc.rpm`): the source package, without an epoch, which is not in it.
pub(super) fn source_of(source_rpm: &str) -> Option<SourcePackage> {
    let file = source_rpm.strip_suffix(".rpm")?;
    let stem = file.strip_suffix(".src").or_else(|| file.strip_suffix(".nosrc"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let name = word(name)?.to_owned();
    Some(SourcePackage { name, version: format!("{}-{}", word(version)?, word(release)?) })
}

/// `NAME-[EPOCH:]VERSION-RELEASE.ARCH` as module metadata lists packages: name, EVR, architecture.
pub(super) fn split_nevra(nevra: &str) -> Option<(&str, String, &str)> {
    let (rest, arch) = nevra.rsplit_once('.')?;
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let (epoch, version) = split_epoch(version);
    Some((word(name)?, evr(Some(epoch), word(version)?, word(release)?), word(arch)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_from_the_right() {
        let source =
            |rpm| source_of(rpm).map(|source| format!("{} {}", source.name, source.version));
        assert_eq!(source("python-a-1.2-3.el9.src.rpm").as_deref(), Some("python-a 1.2-3.el9"));
        assert_eq!(source("firmware-1-2.nosrc.rpm").as_deref(), Some("firmware 1-2"));
        assert_eq!(source("a-1-2.x86_64.rpm"), None);
        assert_eq!(source("a.src.rpm"), None);
        let nevra = |text| split_nevra(text).map(|(n, evr, arch)| format!("{n} {evr} {arch}"));
        assert_eq!(
            nevra("nodejs-full-i18n-1:18.2-2.module+el9+1.x86_64").as_deref(),
            Some("nodejs-full-i18n 1:18.2-2.module+el9+1 x86_64")
        );
        assert_eq!(nevra("npm-0:8-1.noarch").as_deref(), Some("npm 8-1 noarch"));
        assert_eq!(nevra("npm"), None);
    }

    #[test]
    fn an_epoch_of_zero_is_not_written() {
        for (epoch, expected) in [(None, "1-2"), (Some("0"), "1-2"), (Some("4"), "4:1-2")] {
            assert_eq!(evr(epoch, "1", "2"), expected);
        }
        assert_eq!(split_epoch("4:1-2"), ("4", "1-2"));
        assert_eq!(split_epoch("1-2"), ("0", "1-2"));
    }
}
