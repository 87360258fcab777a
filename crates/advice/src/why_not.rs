//! Why a remedy is not the recommended one, or not offered at all.

use plimsoll_model::{Finding, Package, RejectedRemedy, Remedy, RemedyAction, Scan};

use crate::action::{ACTIONS, word};

/// What a scan says of the remedies that `words` names: an action (`upgrade_base`), a target or the first
/// word of one (`openssl`, `debian:bookworm-slim`), or both (`upgrade_base debian:bookworm-slim`). One
/// sentence a line; never empty. The text holds names of the image: escape it for its medium.
pub fn why_not(words: &str, scan: &Scan) -> Vec<String> {
    let asked = Asked::of(words);
    let offered: Vec<&Remedy> =
        scan.remedies.iter().filter(|remedy| remedy.action != RemedyAction::None).collect();
    let mut lines = Vec::new();
    for (rank, remedy) in offered.iter().enumerate() {
        if asked.names(remedy.action, remedy.target.as_deref()) {
            lines.push(offered_line(remedy, rank, &offered));
        }
    }
    for rejected in &scan.rejected_remedies {
        if asked.names(rejected.action, Some(&rejected.target)) {
            let RejectedRemedy { action, target, reason } = rejected;
            lines.push(format!("{} {target} is not offered: {reason}", word(*action)));
        }
    }
    if lines.is_empty() {
        lines = unweighed(words, &asked, scan);
    }
    lines
}

/// What was asked about.
struct Asked<'w> {
    action: Option<RemedyAction>,
    target: &'w str,
}

impl<'w> Asked<'w> {
    fn of(words: &'w str) -> Self {
        let words = words.trim();
        let (first, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        match ACTIONS.iter().find(|action| word(**action) == first) {
            Some(action) => Self { action: Some(*action), target: rest.trim() },
            None => Self { action: None, target: words },
        }
    }

    fn names(&self, action: RemedyAction, target: Option<&str>) -> bool {
        let target = target.unwrap_or_default();
        let is_target = self.target.is_empty()
            || target == self.target
            || target.split(' ').next() == Some(self.target);
        is_target && self.action.is_none_or(|asked| asked == action)
    }
}

fn offered_line(remedy: &Remedy, rank: usize, offered: &[&Remedy]) -> String {
    let name = name(remedy);
    let effect = |remedy: &Remedy| {
        format!("clears {} and brings in {}", remedy.clears.len(), remedy.introduces.len())
    };
    let mut line = match offered.first() {
        Some(first) if rank > 0 => {
            let shared = remedy.clears.iter().filter(|key| first.clears.contains(key)).count();
            let only = remedy.clears.len() - shared;
            let besides = match (shared, only) {
                (_, 0) => "all of these too".to_owned(),
                (0, _) => "none of these".to_owned(),
                (shared, only) => format!("{shared} of these, but not the other {only}"),
            };
            format!(
                "{name} is number {} of {}: it {}; {} comes first: it {}, {besides}",
                rank + 1,
                offered.len(),
                effect(remedy),
                self::name(first),
                effect(first),
            )
        }
        _ => format!("{name} is the recommended one: it {}", effect(remedy)),
    };
    if let Some(caveat) = &remedy.reason {
        line.push_str(&format!(" ({caveat})"));
    }
    line
}

/// Why nothing of that name was weighed.
fn unweighed(words: &str, asked: &Asked<'_>, scan: &Scan) -> Vec<String> {
    let on_bases =
        [RemedyAction::UpgradeBase, RemedyAction::RebaseAndPatch].map(Some).contains(&asked.action);
    if on_bases && scan.base.is_none() {
        return vec!["no base was weighed: the image's own base is not known".to_owned()];
    }
    let installed = |package: &&Package| {
        let source = package.source.as_ref().is_some_and(|source| source.name == asked.target);
        source || package.name == asked.target
    };
    let packages: Vec<&Package> = scan.packages.iter().filter(installed).collect();
    if packages.is_empty() {
        return vec![format!("{words} was not weighed: nothing at hand has that name")];
    }
    let is_of = |finding: &&Finding| packages.iter().any(|p| p.id == finding.package);
    let findings: Vec<&Finding> =
        scan.findings.iter().filter(|f| f.suppressed.is_none()).filter(is_of).collect();
    if findings.is_empty() {
        return vec![format!("{} has no findings in force", asked.target)];
    }
    scan.remedies
        .iter()
        .filter(|remedy| findings.iter().any(|finding| remedy.clears.contains(&finding.key)))
        .map(|remedy| {
            let ids = ids(&findings, remedy);
            match remedy.action {
                RemedyAction::None => {
                    let reason = remedy.reason.as_deref().unwrap_or("no fix yet");
                    format!("nothing clears {ids} of {}: {reason}", asked.target)
                }
                _ => format!("{ids} of {} is cleared by {}", asked.target, name(remedy)),
            }
        })
        .collect()
}

/// Ids that a line names before it only counts.
const IDS_SHOWN: usize = 4;

/// The ids of those findings that a remedy speaks of, each once.
fn ids(findings: &[&Finding], remedy: &Remedy) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for finding in findings.iter().filter(|finding| remedy.clears.contains(&finding.key)) {
        if !ids.contains(&finding.id.as_str()) {
            ids.push(&finding.id);
        }
    }
    match ids.get(..IDS_SHOWN) {
        Some(shown) if ids.len() > IDS_SHOWN => {
            format!("{} and {} more", shown.join(", "), ids.len() - IDS_SHOWN)
        }
        _ => ids.join(", "),
    }
}

fn name(remedy: &Remedy) -> String {
    match &remedy.target {
        Some(target) => format!("{} {target}", word(remedy.action)),
        None => word(remedy.action).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::FindingKey;

    use super::*;
    use crate::tests::{finding, packages, scan};

    fn remedy(action: RemedyAction, target: Option<&str>, clears: &[&FindingKey]) -> Remedy {
        Remedy {
            action,
            target: target.map(str::to_owned),
            clears: clears.iter().copied().cloned().collect(),
            introduces: Vec::new(),
            changes: Vec::new(),
            reason: None,
        }
    }

    /// A newer base is recommended; openssl clears a part of that, curl something else.
    fn weighed() -> Scan {
        let findings = [
            finding("CVE-1", "openssl", None),
            finding("CVE-2", "openssl", None),
            finding("CVE-3", "curl", None),
            finding("CVE-4", "zlib", None),
        ];
        let [one, two, three, four] = findings.each_ref().map(|finding| &finding.key);
        let mut scan = scan();
        scan.packages = packages("openssl=1 curl=1 zlib=1 tzdata=1");
        scan.remedies = vec![
            remedy(RemedyAction::UpgradeBase, Some("debian:12"), &[one, two]),
            remedy(RemedyAction::UpgradePackages, Some("openssl 2"), &[one]),
            remedy(RemedyAction::UpgradePackages, Some("curl 2"), &[three]),
            Remedy {
                reason: Some("Debian will not fix it".to_owned()),
                ..remedy(RemedyAction::None, None, &[four])
            },
        ];
        scan.rejected_remedies = vec![RejectedRemedy {
            action: RemedyAction::UpgradeBase,
            target: "debian:11".to_owned(),
            reason: "it clears nothing".to_owned(),
        }];
        scan.findings = findings.into();
        scan
    }

    fn check(words: &str, expected: &[&str]) {
        assert_eq!(why_not(words, &weighed()), expected, "{words}");
    }

    #[test]
    fn what_was_weighed_says_why_it_is_not_first() {
        check(
            "debian:12",
            &["upgrade_base debian:12 is the recommended one: it clears 2 and brings in 0"],
        );
        check(
            "openssl",
            &[
                "upgrade_packages openssl 2 is number 2 of 3: it clears 1 and brings in 0; upgrade_base \
               debian:12 comes first: it clears 2 and brings in 0, all of these too",
            ],
        );
        check(
            "upgrade_packages curl 2",
            &[
                "upgrade_packages curl 2 is number 3 of 3: it clears 1 and brings in 0; upgrade_base \
               debian:12 comes first: it clears 2 and brings in 0, none of these",
            ],
        );
        check("debian:11", &["upgrade_base debian:11 is not offered: it clears nothing"]);
    }

    #[test]
    fn an_action_stands_for_all_its_targets() {
        check(
            "upgrade_base",
            &[
                "upgrade_base debian:12 is the recommended one: it clears 2 and brings in 0",
                "upgrade_base debian:11 is not offered: it clears nothing",
            ],
        );
        check("rebase_and_patch", &["no base was weighed: the image's own base is not known"]);
        check("upgrade_image", &["upgrade_image was not weighed: nothing at hand has that name"]);
    }

    #[test]
    fn a_package_without_a_remedy_says_what_becomes_of_its_findings() {
        check("zlib", &["nothing clears CVE-4 of zlib: Debian will not fix it"]);
        check("tzdata", &["tzdata has no findings in force"]);
        check("nosuch", &["nosuch was not weighed: nothing at hand has that name"]);
    }
}
