//! OSV's ecosystem strings (`Ubuntu:22.04:LTS`, `Alpine:v3.20`) and the scopes they mean here.

use plimsoll_model::{Ecosystem, PackageKind, Scope};

/// The scope of an ecosystem string; none for systems that are not covered here.
///
/// Fixes that need a subscription or another support stream are no fixes of the plain release, so they
/// have scopes of their own: `ubuntu:22.04_pro`, `suse:15.3_ltss`, `redhat:9.2_eus`.
pub(super) fn scope_of(text: &str) -> Option<Scope> {
    let (name, release) = text.split_once(':').unwrap_or((text, ""));
    let (ecosystem, release) = match name {
        "Debian" => (Ecosystem::Debian, release.to_owned()),
        "Ubuntu" => (Ecosystem::Ubuntu, ubuntu(release)?),
        "Alpine" => (Ecosystem::Alpine, release.strip_prefix('v').unwrap_or(release).to_owned()),
        "AlmaLinux" => (Ecosystem::AlmaLinux, release.to_owned()),
        "Rocky Linux" => (Ecosystem::Rocky, release.to_owned()),
        "Red Hat" => (Ecosystem::RedHat, red_hat(release)?),
        "SUSE" => (Ecosystem::Suse, suse(release)?),
        "openSUSE" => (Ecosystem::OpenSuse, open_suse(release)?),
        "Mageia" => (Ecosystem::Mageia, release.to_owned()),
        "openEuler" => (Ecosystem::OpenEuler, release.replace('-', "_")),
        "Photon OS" => (Ecosystem::Photon, release.to_owned()),
        "Azure Linux" => (Ecosystem::AzureLinux, azure(release)),
        "Wolfi" => return Some(Scope::rolling(Ecosystem::Wolfi)),
        "Chainguard" => return Some(Scope::rolling(Ecosystem::Chainguard)),
        "MinimOS" => return Some(Scope::rolling(Ecosystem::MinimOs)),
        "Bitnami" | "bitnami" => return Some(Scope::rolling(Ecosystem::Bitnami)),
        _ => return None,
    };
    // The scope's own rules decide whether the release is one; `Debian` without any is none.
    format!("{ecosystem}:{release}").parse().ok()
}

/// Whether the records of an ecosystem name source or binary packages (OSV schema, `ecosystems.json`;
/// AlmaLinux says "source" there but lists binary packages, and Red Hat may use either).
pub(super) fn kind_of(ecosystem: Ecosystem) -> PackageKind {
    match ecosystem {
        Ecosystem::AlmaLinux | Ecosystem::Photon | Ecosystem::Bitnami => PackageKind::Binary,
        Ecosystem::RedHat
        | Ecosystem::Wolfi
        | Ecosystem::Chainguard
        | Ecosystem::MinimOs
        | Ecosystem::AzureLinux => PackageKind::Either,
        _ => PackageKind::Source,
    }
}

/// `22.04:LTS`, `25.10`, `Pro:18.04:LTS`; FIPS and real-time streams are not covered.
fn ubuntu(release: &str) -> Option<String> {
    let (pro, release) = match release.strip_prefix("Pro:") {
        Some(release) => ("_pro", release),
        None => ("", release),
    };
    let number = release.strip_suffix(":LTS").unwrap_or(release);
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_number.then(|| format!("{number}{pro}"))
}

/// `enterprise_linux:9::baseos`, `rhel_eus:9.2::appstream`; other products are not covered.
fn red_hat(cpe: &str) -> Option<String> {
    let mut parts = cpe.split(':');
    let (product, version) = (parts.next()?, parts.next()?);
    match product {
        "enterprise_linux" => Some(version.to_owned()),
        "rhel_eus" => Some(format!("{version}_eus")),
        _ => None,
    }
}

/// `Linux Enterprise Server 15 SP5`, `Linux Enterprise Module for Basesystem 15 SP5`,
/// `Linux Enterprise Server 15 SP3-LTSS`, `Linux Micro 6.1`.
fn suse(product: &str) -> Option<String> {
    let (_, version) = product
        .strip_prefix("Linux Enterprise ")?
        .split_once(|c: char| c.is_ascii_digit())
        .map(|(name, rest)| (name, &product[product.len() - rest.len() - 1..]))?;
    let (version, suffix) = match version.split_once("-LTSS") {
        Some((version, _)) => (version, "_ltss"),
        None => (version, ""),
    };
    let number = version.trim().replace(" SP", ".");
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_number.then(|| format!("{number}{suffix}"))
}

/// `Leap 15.6`, `Tumbleweed`.
fn open_suse(release: &str) -> Option<String> {
    match release.strip_prefix("Leap ") {
        Some(number) => Some(number.to_owned()),
        None => (release == "Tumbleweed").then(|| "tumbleweed".to_owned()),
    }
}

/// `3` is what os-release calls `3.0`.
fn azure(release: &str) -> String {
    if release.contains('.') { release.to_owned() } else { format!("{release}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecosystem_strings_become_scopes() {
        for (text, expected) in [
            ("Debian:12", Some("debian:12")),
            ("Debian:sid", Some("debian:sid")),
            ("Debian", None),
            ("Ubuntu:22.04:LTS", Some("ubuntu:22.04")),
            ("Ubuntu:25.10", Some("ubuntu:25.10")),
            ("Ubuntu:Pro:18.04:LTS", Some("ubuntu:18.04_pro")),
            ("Ubuntu:Pro:FIPS-updates:20.04:LTS", None),
            ("Alpine:v3.20", Some("alpine:3.20")),
            ("Alpine:edge", Some("alpine:edge")),
            ("AlmaLinux:8", Some("almalinux:8")),
            ("Rocky Linux:9", Some("rocky:9")),
            ("Red Hat:enterprise_linux:9::baseos", Some("redhat:9")),
            ("Red Hat:rhel_eus:9.2::appstream", Some("redhat:9.2_eus")),
            ("Red Hat:openshift:4.15::el9", None),
            ("SUSE:Linux Enterprise Server 15 SP5", Some("suse:15.5")),
            ("SUSE:Linux Enterprise Server 15 SP3-LTSS", Some("suse:15.3_ltss")),
            ("SUSE:Linux Enterprise Module for Basesystem 15 SP6", Some("suse:15.6")),
            ("SUSE:Linux Micro 6.1", None),
            ("openSUSE:Leap 15.6", Some("opensuse:15.6")),
            ("openSUSE:Tumbleweed", Some("opensuse:tumbleweed")),
            ("Mageia:9", Some("mageia:9")),
            ("openEuler:22.03-LTS-SP3", Some("openeuler:22.03_LTS_SP3")),
            ("Azure Linux:3", Some("azurelinux:3.0")),
            ("Photon OS:4.0", Some("photon:4.0")),
            ("Wolfi", Some("wolfi")),
            ("Bitnami", Some("bitnami")),
            ("bitnami", Some("bitnami")),
            ("npm", None),
            ("Root:Debian:12", None),
            ("Debian:../12", None),
            ("", None),
        ] {
            assert_eq!(
                scope_of(text).map(|scope| scope.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
