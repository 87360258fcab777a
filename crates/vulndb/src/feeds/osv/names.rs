//! Which vulnerabilities an OSV record is about: ids, aliases, module stream, the vendor's word.

use plimsoll_model::{Ecosystem, Severity};

use super::super::ids::{embedded_cve, is_cve, push_once};

/// Bulletins about bugs and enhancements. They are no vulnerabilities unless they name one.
const NOT_SECURITY: [&str; 7] = ["ALBA-", "ALEA-", "RLBA-", "RLEA-", "RHBA-", "RHEA-", "MGAA-"];

/// Where the ids of a record stand.
pub(super) struct Ids {
    /// One finding each.
    pub(super) ids: Vec<String>,
    /// Other names of the same.
    pub(super) aliases: Vec<String>,
}

/// The ids of a record: itself if it is a CVE, else the CVEs among its aliases and upstream ids. The
/// bulletins of distributions put them in `related` (AlmaLinux, Rocky, Red Hat, SUSE, Mageia), which for
/// everybody else means only "similar". None for bulletins that are not about security.
pub(super) fn ids_of(
    record: &str,
    aliases: &[String],
    upstream: &[String],
    related: &[String],
    ecosystem: Ecosystem,
) -> Option<Ids> {
    let mut ids = Vec::new();
    for name in std::iter::once(record).chain(strings(aliases)).chain(strings(upstream)) {
        if let Some(cve) = cve_of(name) {
            push_once(&mut ids, cve.to_owned());
        }
    }
    if ids.is_empty() && ecosystem != Ecosystem::Bitnami {
        for cve in strings(related).filter_map(cve_of) {
            push_once(&mut ids, cve.to_owned());
        }
    }
    if ids.is_empty() {
        if NOT_SECURITY.iter().any(|prefix| record.starts_with(prefix)) {
            return None;
        }
        ids.push(record.to_owned());
    }
    let mut other = Vec::new();
    for name in strings(aliases).chain(strings(upstream)) {
        if cve_of(name).is_none() && name != record {
            push_once(&mut other, name.to_owned());
        }
    }
    // A record about one vulnerability is a name of it; a bulletin about several is not.
    if let [only] = ids.as_slice()
        && only != record
    {
        push_once(&mut other, record.to_owned());
    }
    Some(Ids { ids, aliases: other })
}

/// The vendor's word in front of a bulletin's title: `Important: gupnp security update`.
pub(super) fn severity_of_title(title: &str) -> Option<Severity> {
    title.split_once(':').and_then(|(word, _)| Severity::from_vendor_word(word))
}

/// The module streams that a bulletin's title names, parted by `|`: `Moderate: nodejs:18 security update`,
/// `Moderate: pki-core:10.6 and pki-deps:10.6 security update`. Which of them a package is of it does not say.
pub(super) fn modules_of_title(title: &str) -> Option<String> {
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
    };
    let is_stream = |word: &&str| {
        word.split_once(':').is_some_and(|(name, stream)| is_plain(name) && is_plain(stream))
    };
    let words = title.split_whitespace().map(|word| word.trim_end_matches(','));
    let streams: Vec<_> = words.filter(is_stream).collect();
    (!streams.is_empty()).then(|| streams.join("|"))
}

fn cve_of(name: &str) -> Option<&str> {
    if is_cve(name) { Some(name) } else { embedded_cve(name) }
}

fn strings(list: &[String]) -> impl Iterator<Item = &str> {
    list.iter().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `aliases`, `upstream` and `related` are given as one string each.
    fn check(record: &str, lists: [&str; 3], expected: Option<(&str, &str)>) {
        let [aliases, upstream, related] =
            lists.map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let ids = ids_of(record, &aliases, &upstream, &related, Ecosystem::AlmaLinux);
        let ids = ids.map(|ids| (ids.ids.join(" "), ids.aliases.join(" ")));
        assert_eq!(ids.as_ref().map(|(a, b)| (a.as_str(), b.as_str())), expected, "{record}");
    }

    #[test]
    fn the_cve_is_the_id_wherever_it_stands() {
        check("CVE-2020-0001", ["GHSA-x", "", "CVE-2020-0002"], Some(("CVE-2020-0001", "GHSA-x")));
        check("GHSA-x", ["CVE-2020-0001", "", ""], Some(("CVE-2020-0001", "GHSA-x")));
        check("CGA-1", ["", "CVE-2020-0001 GHSA-x", ""], Some(("CVE-2020-0001", "GHSA-x CGA-1")));
        check(
            "UBUNTU-CVE-2020-0001",
            ["", "CVE-2020-0001", "USN-1-1"],
            Some(("CVE-2020-0001", "UBUNTU-CVE-2020-0001")),
        );
        check("USN-1-1", ["", "UBUNTU-CVE-2020-0001", ""], Some(("CVE-2020-0001", "USN-1-1")));
        check(
            "ALSA-1",
            ["", "", "CVE-2020-0001 CVE-2020-0002"],
            Some(("CVE-2020-0001 CVE-2020-0002", "")),
        );
        check("ALSA-2", ["", "", ""], Some(("ALSA-2", "")));
        check("GHSA-y", ["GHSA-z", "", ""], Some(("GHSA-y", "GHSA-z")));
        check("ALBA-1", ["", "", ""], None);
        check("ALBA-2", ["", "", "CVE-2020-0001"], Some(("CVE-2020-0001", "ALBA-2")));
    }

    #[test]
    fn titles_carry_severity_and_module() {
        for (title, severity, module) in [
            ("Important: gupnp security update", Some(Severity::High), None),
            ("Moderate: nodejs:18 security update", Some(Severity::Medium), Some("nodejs:18")),
            ("container-tools:rhel8 bug fix update", None, Some("container-tools:rhel8")),
            ("Critical: php:7.4 and php:8.0", Some(Severity::Critical), Some("php:7.4|php:8.0")),
            ("Low: a:1, b:2, and c:rhel8 update", Some(Severity::Low), Some("a:1|b:2|c:rhel8")),
            ("Something else", None, None),
        ] {
            assert_eq!(severity_of_title(title), severity, "{title}");
            assert_eq!(modules_of_title(title).as_deref(), module, "{title}");
        }
    }
}
