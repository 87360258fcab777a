//! The distributions the program knows, by the `ID` of their os-release.

use plimsoll_model::{Ecosystem, Scope};

use super::support::{self, Release};
use super::{Identity, alpine};

/// What the program knows of a system.
pub(super) struct Known {
    pub(super) ecosystem: Ecosystem,
    /// None where the release cannot be told, or has no advisories of its own.
    pub(super) scope: Option<Scope>,
    pub(super) support: Option<&'static Release>,
}

/// Whose packages a distribution has.
pub(super) fn ecosystem(id: &str) -> Option<Ecosystem> {
    Some(match id {
        // Raspbian rebuilds Debian for older processors, with Debian's versions.
        "debian" | "raspbian" => Ecosystem::Debian,
        "ubuntu" => Ecosystem::Ubuntu,
        "alpine" => Ecosystem::Alpine,
        "wolfi" => Ecosystem::Wolfi,
        "chainguard" => Ecosystem::Chainguard,
        "minimos" => Ecosystem::MinimOs,
        "rhel" => Ecosystem::RedHat,
        "centos" => Ecosystem::CentOs,
        "almalinux" => Ecosystem::AlmaLinux,
        "rocky" => Ecosystem::Rocky,
        "ol" => Ecosystem::Oracle,
        "amzn" => Ecosystem::Amazon,
        "fedora" => Ecosystem::Fedora,
        "sles" | "sled" | "sles_sap" | "sle_hpc" | "sle-micro" | "sl-micro" | "suse" => {
            Ecosystem::Suse
        }
        "opensuse" | "opensuse-leap" | "opensuse-tumbleweed" => Ecosystem::OpenSuse,
        "mariner" | "azurelinux" => Ecosystem::AzureLinux,
        "photon" => Ecosystem::Photon,
        "mageia" => Ecosystem::Mageia,
        "openeuler" => Ecosystem::OpenEuler,
        _ => return None,
    })
}

/// What is known of the system that names itself so.
pub(super) fn find(identity: &Identity) -> Option<Known> {
    let ecosystem = ecosystem(&identity.id)?;
    let release = release(ecosystem, identity);
    let rolling =
        matches!(ecosystem, Ecosystem::Wolfi | Ecosystem::Chainguard | Ecosystem::MinimOs);
    // SUSE's transactional systems number their releases differently from the server's advisories.
    let judged = !matches!(identity.id.as_str(), "sle-micro" | "sl-micro");
    let scope = match &release {
        _ if rolling => Some(Scope::rolling(ecosystem)),
        // A release that is no scope (odd characters) has no advisories either.
        Some(release) if judged => format!("{ecosystem}:{release}").parse().ok(),
        _ => None,
    };
    let stream = ecosystem == Ecosystem::CentOs
        && identity.pretty_name.as_deref().is_some_and(|name| name.contains("Stream"));
    let table = match ecosystem {
        _ if !judged => &[],
        Ecosystem::CentOs if stream => support::CENTOS_STREAM,
        _ => support::of(ecosystem),
    };
    let support = release.and_then(|wanted| table.iter().find(|release| release.version == wanted));
    Some(Known { ecosystem, scope, support })
}

/// The release in the words of the distribution's advisories.
fn release(ecosystem: Ecosystem, identity: &Identity) -> Option<String> {
    let version = identity.version_id.as_deref();
    match ecosystem {
        Ecosystem::Debian => debian(identity),
        Ecosystem::Alpine => {
            identity.apk_branch.clone().or_else(|| alpine::branch_of_version(version?))
        }
        Ecosystem::Amazon => Some(match major(version?) {
            // The first Amazon Linux was named by year and month.
            year if year.starts_with("201") => "1".to_owned(),
            other => other.to_owned(),
        }),
        Ecosystem::OpenSuse if identity.id == "opensuse-tumbleweed" => {
            Some("tumbleweed".to_owned())
        }
        Ecosystem::OpenEuler => Some(open_euler(version?, identity.version.as_deref())),
        Ecosystem::AzureLinux | Ecosystem::Photon => Some(up_to_minor(version?).to_owned()),
        Ecosystem::RedHat
        | Ecosystem::CentOs
        | Ecosystem::AlmaLinux
        | Ecosystem::Rocky
        | Ecosystem::Oracle
        | Ecosystem::Mageia
        | Ecosystem::Fedora => Some(major(version?).to_owned()),
        _ => version.map(str::to_owned),
    }
}

/// Testing and unstable have no `VERSION_ID`, but name the release they will become.
fn debian(identity: &Identity) -> Option<String> {
    if let Some(version) = &identity.version_id {
        // Releases before 7 have advisories by their second number.
        let is_old = major(version).parse::<u32>().is_ok_and(|major| major < 7);
        return Some(if is_old { up_to_minor(version) } else { major(version) }.to_owned());
    }
    let codename = identity.codename.as_deref()?;
    let known = support::of(Ecosystem::Debian)
        .iter()
        .find(|release| release.codename == Some(codename))
        .map(|release| release.version.to_owned());
    known.or_else(|| (identity.unreleased || codename == "sid").then(|| "sid".to_owned()))
}

/// `22.03 (LTS-SP3)` is `22.03_LTS_SP3`: each service pack has advisories of its own.
fn open_euler(version_id: &str, version: Option<&str>) -> String {
    let pack = version
        .and_then(|version| version.split_once('('))
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(pack, _)| pack.replace('-', "_"));
    match pack {
        Some(pack) => format!("{version_id}_{pack}"),
        None => version_id.to_owned(),
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

fn up_to_minor(version: &str) -> &str {
    match version.match_indices('.').nth(1) {
        Some((end, _)) => &version[..end],
        None => version,
    }
}
