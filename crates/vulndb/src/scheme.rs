//! The version order of an ecosystem.

use std::borrow::Cow;
use std::cmp::Ordering;

use plimsoll_model::Ecosystem;
use plimsoll_versions::{InvalidVersion, Scheme};

/// Orders two versions of an ecosystem as matching does.
pub fn compare(ecosystem: Ecosystem, a: &str, b: &str) -> Result<Ordering, InvalidVersion> {
    let [a, b] = [a, b].map(|version| spelling(ecosystem, version));
    plimsoll_versions::compare(scheme_of(ecosystem), &a, &b)
}

/// Appends the bytes by which a version of an ecosystem is ordered.
pub(crate) fn sort_key(
    ecosystem: Ecosystem,
    version: &str,
    key: &mut Vec<u8>,
) -> Result<(), InvalidVersion> {
    plimsoll_versions::sort_key(scheme_of(ecosystem), &spelling(ecosystem, version), key)
}

fn scheme_of(ecosystem: Ecosystem) -> Scheme {
    match ecosystem.purl_type() {
        "deb" => Scheme::Dpkg,
        "apk" => Scheme::Apk,
        "rpm" => Scheme::Rpm,
        // Bitnami, and the language ecosystems until they have schemes of their own.
        _ => Scheme::Semver,
    }
}

/// Bitnami writes the dates that MinIO calls versions with leading zeros (`2023.03.20`), which semver forbids.
fn spelling(ecosystem: Ecosystem, version: &str) -> Cow<'_, str> {
    let has_leading_zero = |text: &str| text.len() > 1 && text.starts_with('0');
    let core = version.split(['-', '+']).next().unwrap_or(version);
    if ecosystem != Ecosystem::Bitnami || !core.split('.').any(has_leading_zero) {
        return Cow::Borrowed(version);
    }
    let numbers: Vec<&str> = core
        .split('.')
        .map(|number| match number.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        })
        .collect();
    Cow::Owned(format!("{}{}", numbers.join("."), version.get(core.len()..).unwrap_or("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_versions_are_ordered() {
        for (a, b, order) in [
            ("2023.03.20", "2023.3.20", Ordering::Equal),
            ("2023.03.20", "2023.11.02", Ordering::Less),
            ("1.0.0-rc.1", "1.0.0", Ordering::Less),
            ("00.1.0", "0.1.0", Ordering::Equal),
        ] {
            assert_eq!(compare(Ecosystem::Bitnami, a, b), Ok(order), "{a} {b}");
        }
        assert!(compare(Ecosystem::Bitnami, "nightly.2026-03-10.0", "1.0.0").is_err());
    }
}
