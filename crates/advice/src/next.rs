//! What to type next.

use plimsoll_model::{CoverageStatus, Remedy, RemedyAction, Scan, Scope};

/// The command that leads on from a scan: to the recommended remedy, or to the data that is missing. None
/// where there is nothing to do.
pub fn next_command(scan: &Scan) -> Option<String> {
    let image = quoted(&scan.image.reference);
    let recommended = scan.remedies.iter().find(|remedy| remedy.action != RemedyAction::None);
    if let Some(remedy) = recommended {
        return Some(match remedy.action {
            RemedyAction::UpgradeImage => upgrade_image(scan, remedy),
            RemedyAction::UpgradeBase | RemedyAction::RebaseAndPatch => {
                format!("plimsoll base {image}")
            }
            RemedyAction::UpgradePackages => format!("plimsoll changes {image}"),
            RemedyAction::BumpDependency | RemedyAction::None => {
                format!("plimsoll scan {image} --by package")
            }
        });
    }
    let without_data = scan.coverage.iter().find(|line| {
        matches!(line.status, CoverageStatus::NoData | CoverageStatus::Stale)
            && line.scope.parse::<Scope>().is_ok()
    });
    without_data.map(|line| format!("plimsoll db update {}", line.scope))
}

/// The engine that has the image fetches the newer one; elsewhere it is looked at first.
fn upgrade_image(scan: &Scan, remedy: &Remedy) -> String {
    let target = remedy.target.as_deref().unwrap_or(&scan.image.reference);
    let without_transport = |name: &str| {
        let rest = name.strip_prefix("docker:").or_else(|| name.strip_prefix("podman:"));
        quoted(rest.unwrap_or(name))
    };
    match scan.image.source.as_str() {
        engine @ ("docker" | "podman") => format!("{engine} pull {}", without_transport(target)),
        _ => format!("plimsoll scan {}", quoted(target)),
    }
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/:@+-=%".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Coverage;

    use super::*;
    use crate::tests::scan;

    fn remedy(action: RemedyAction, target: Option<&str>) -> Remedy {
        Remedy {
            action,
            target: target.map(str::to_owned),
            clears: Vec::new(),
            introduces: Vec::new(),
            changes: Vec::new(),
            reason: None,
        }
    }

    #[test]
    fn the_recommended_remedy_leads_on() {
        let check = |source: &str, reference: &str, remedy: Remedy, expected: &str| {
            let mut scan = scan();
            scan.image.reference = reference.to_owned();
            scan.image.source = source.to_owned();
            scan.remedies = vec![remedy];
            assert_eq!(next_command(&scan).as_deref(), Some(expected));
        };
        let image = |target| remedy(RemedyAction::UpgradeImage, Some(target));
        check("docker", "shop:1.4", image("shop:1.4"), "docker pull shop:1.4");
        check("podman", "podman:nginx:1", image("podman:nginx:1"), "podman pull nginx:1");
        check("registry", "nginx:1.30", image("nginx:1.31"), "plimsoll scan nginx:1.31");
        let base = remedy(RemedyAction::UpgradeBase, Some("debian:12"));
        check("docker", "shop:1.4", base, "plimsoll base shop:1.4");
        let packages = remedy(RemedyAction::UpgradePackages, Some("openssl 3"));
        check("oci", "oci:it's here", packages, r"plimsoll changes 'oci:it'\''s here'");
    }

    #[test]
    fn missing_data_is_fetched_where_nothing_else_is_to_do() {
        let line = |scope: &str, status| Coverage {
            scope: scope.to_owned(),
            status,
            feed: None,
            as_of: None,
        };
        let check = |lines: Vec<Coverage>, expected: Option<&str>| {
            let remedies = vec![remedy(RemedyAction::None, None)];
            let scan = Scan { coverage: lines, remedies, ..scan() };
            assert_eq!(next_command(&scan).as_deref(), expected);
        };
        check(Vec::new(), None);
        check(vec![line("debian:12", CoverageStatus::Evaluated)], None);
        check(vec![line("debian:12", CoverageStatus::Stale)], Some("plimsoll db update debian:12"));
        check(vec![line("var/lib/dpkg/status", CoverageStatus::NoData)], None);
        check(vec![line("slackware", CoverageStatus::Unsupported)], None);
    }
}
