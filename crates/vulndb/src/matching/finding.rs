//! What the witnesses of one vulnerability of one package come to.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::Timestamp;
use plimsoll_model::{
    Cvss, Finding, FindingKey, Origin, Package, Problem, Severity, SeveritySource, State,
};
use plimsoll_table::TableError;

use super::ShardView;
use super::installed::{Group, Role, Side, binary_side, source_side};
use super::merge::{ById, merge_aliases, subsume_archive};
use super::outrank::is_outranked;
use super::rank::{Rank, Ranks, worst};
use super::witness::{Applies, Witness, applies, speaks_of, witnesses};
use crate::feeds::Standing;
use crate::scheme::compare;

/// Addresses of one finding; witnesses of a kernel CVE bring dozens.
const MAX_URLS: usize = 10;

/// What findings are made with: the shards of one scope, strongest first, and what ranks them.
pub(super) struct Judge<'v> {
    pub(super) views: &'v [&'v ShardView<'v>],
    /// Whether any of them names source packages, and binary ones.
    pub(super) by_source: bool,
    pub(super) by_binary: bool,
    pub(super) ranks: Ranks<'v>,
}

impl<'v> Judge<'v> {
    /// Judges the packages of one source.
    pub(super) fn group(
        &mut self,
        group: &Group<'_>,
        findings: &mut Vec<Finding>,
        problems: &mut BTreeSet<Problem>,
    ) -> Result<(), TableError> {
        let source = source_side(group.first);
        let by_source = match self.by_source {
            true => witnesses(self.views, &source, problems)?,
            false => Vec::new(),
        };
        if by_source.is_empty() && !self.by_binary {
            return Ok(());
        }
        for &package in &group.packages {
            let binary = binary_side(package);
            let by_binary = match self.by_binary {
                true => witnesses(self.views, &binary, problems)?,
                false => Vec::new(),
            };
            let is_same_name = binary.name == source.name;
            // Where both names are one, an entry that speaks of either is judged as binary only.
            let by_source = by_source
                .iter()
                .filter(|witness| !(is_same_name && speaks_of(&witness.entry, Role::Binary)));
            let mut by_id = ById::new();
            for witness in by_source.chain(&by_binary) {
                if applies(&witness.entry, package)? != Applies::Yes {
                    continue;
                }
                for id in witness.entry.ids() {
                    by_id.entry(id?).or_default().push(*witness);
                }
            }
            if by_id.is_empty() {
                continue;
            }
            self.drop_outranked(&mut by_id, package, [&source, &binary])?;
            merge_aliases(&mut by_id)?;
            subsume_archive(&mut by_id, package);
            for (id, witnesses) in by_id {
                findings.push(self.finding(id, witnesses, package)?);
            }
        }
        Ok(())
    }

    /// A stronger feed that says "not affected" is believed against a weaker one that says "affected".
    fn drop_outranked(
        &self,
        by_id: &mut ById<'v, '_>,
        package: &Package,
        sides: [&Side<'_>; 2],
    ) -> Result<(), TableError> {
        let Some(strongest) = self.views.first().map(|shard| shard.open.standing) else {
            return Ok(());
        };
        let mut refuted = Vec::new();
        for (&id, witnesses) in &mut *by_id {
            witnesses.sort_by_key(|witness| witness.shard.open.standing);
            let standing = witnesses.first().map_or(strongest, |first| first.shard.open.standing);
            if standing > strongest && is_outranked(self.views, id, standing, package, sides)? {
                refuted.push(id);
            }
        }
        for id in refuted {
            by_id.remove(id);
        }
        Ok(())
    }

    fn finding(
        &mut self,
        id: &'v str,
        mut witnesses: Vec<Witness<'v, '_>>,
        package: &Package,
    ) -> Result<Finding, TableError> {
        witnesses.sort_by_key(|witness| witness.shard.open.standing);
        // The id, and its aliases behind it.
        let mut names: Vec<&'v str> = vec![id];
        let mut urls: Vec<&'v str> = Vec::new();
        let mut cvss: Vec<Cvss> = Vec::new();
        let mut evidence = Vec::with_capacity(witnesses.len());
        let mut title = None;
        let mut published = None;
        for witness in &witnesses {
            let entry = &witness.entry;
            for alias in entry.aliases() {
                push_new(&mut names, alias?);
            }
            let record = entry.record()?;
            if is_name(record) && witness.shard.open.standing != Standing::Archive {
                push_new(&mut names, record);
            }
            for url in entry.urls().take(MAX_URLS - urls.len()) {
                push_new(&mut urls, url?);
            }
            entry.vectors_into(&mut cvss)?;
            if title.is_none() {
                title = Some(entry.title()?).filter(|title| !title.is_empty());
            }
            if published.is_none() && entry.published() > 0 {
                published = Timestamp::from_second(entry.published()).ok();
            }
            let piece = witness.evidence()?;
            if !evidence.contains(&piece) {
                evidence.push(piece);
            }
        }
        let (severity, severity_source) = self.severity(&names, &witnesses, &cvss)?;
        let Rank { epss, kev } = self.ranks.rank(&names)?;
        let fixed_version = fix_of(&witnesses, package).map(str::to_owned);
        let (state, sub_state) = match witnesses.first() {
            Some(first) => (first.entry.state(), first.entry.sub_state()?),
            None => (State::Affected, ""),
        };
        Ok(Finding {
            key: FindingKey::of(id, &package.id),
            id: id.to_owned(),
            title: title.map(str::to_owned),
            published,
            package: package.id.clone(),
            severity,
            severity_source,
            epss,
            kev,
            // A fix from any witness is a fix; "fixed" without one is a record that contradicts itself.
            state: match (state, &fixed_version) {
                (_, Some(_)) => State::Fixed,
                (State::Fixed, None) => State::Affected,
                (state, None) => state,
            },
            sub_state: (!sub_state.is_empty()).then(|| sub_state.to_owned()),
            fixed_version,
            origin: Origin::Unknown,
            evidence,
            suppressed: None,
            aliases: names.into_iter().skip(1).map(str::to_owned).collect(),
            urls: urls.into_iter().map(str::to_owned).collect(),
            cvss,
        })
    }

    /// The vendor's word, the advisory's CVSS, the CVSS of the same vulnerability in any shard, or nothing.
    fn severity(
        &mut self,
        names: &[&'v str],
        witnesses: &[Witness<'v, '_>],
        cvss: &[Cvss],
    ) -> Result<(Severity, SeveritySource), TableError> {
        if let Some(word) = witnesses.iter().find_map(|witness| witness.entry.severity()) {
            return Ok((word, SeveritySource::Vendor));
        }
        if let Some(score) = worst(cvss) {
            return Ok((Severity::from_cvss_score(score), SeveritySource::AdvisoryCvss));
        }
        Ok(match self.ranks.score(names)? {
            Some(score) => (Severity::from_cvss_score(score), SeveritySource::AliasCvss),
            None => (Severity::Unknown, SeveritySource::Unknown),
        })
    }
}

/// The fix that the strongest feed names; of several in it, the highest, which has them all.
fn fix_of<'w>(witnesses: &'w [Witness<'_, '_>], package: &Package) -> Option<&'w str> {
    let standing = witnesses.iter().find(|witness| witness.fix().is_some())?.shard.open.standing;
    witnesses
        .iter()
        .filter(|witness| witness.shard.open.standing == standing)
        .filter_map(Witness::fix)
        .max_by(|a, b| compare(package.ecosystem, a, b).unwrap_or(Ordering::Equal))
}

/// Whether a record's name is one that people know: not the place in a file, nor OVAL's number.
fn is_name(record: &str) -> bool {
    !record.contains(char::is_whitespace) && !record.starts_with("oval:")
}

fn push_new<'v>(list: &mut Vec<&'v str>, text: &'v str) {
    if !list.contains(&text) {
        list.push(text);
    }
}
