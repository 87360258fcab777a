//! What is known of a vulnerability whatever the package: KEV, EPSS, and the CVSS of others.

use std::collections::HashMap;

use plimsoll_model::{Cvss, Epss, Kev};
use plimsoll_table::TableError;

use crate::shard::{EpssTable, KevTable, View};

/// Looks vulnerabilities up, each once: the packages of one source share theirs.
pub(super) struct Ranks<'v> {
    kev: Option<&'v KevTable>,
    epss: Option<&'v EpssTable>,
    /// Shards with CVSS vectors, those of the scopes in question first.
    raters: &'v [View<'v>],
    known: HashMap<&'v str, Rank>,
    scores: HashMap<&'v str, Option<f64>>,
}

/// How urgent a vulnerability is.
#[derive(Clone, Default)]
pub(super) struct Rank {
    pub(super) epss: Option<Epss>,
    pub(super) kev: Option<Kev>,
}

impl<'v> Ranks<'v> {
    pub(super) fn new(
        kev: Option<&'v KevTable>,
        epss: Option<&'v EpssTable>,
        raters: &'v [View<'v>],
    ) -> Self {
        Self { kev, epss, raters, known: HashMap::new(), scores: HashMap::new() }
    }

    /// KEV and EPSS of the first CVE among the names.
    pub(super) fn rank(&mut self, names: &[&'v str]) -> Result<Rank, TableError> {
        let Some(&cve) = names.iter().find(|name| name.starts_with("CVE-")) else {
            return Ok(Rank::default());
        };
        if let Some(known) = self.known.get(cve) {
            return Ok(known.clone());
        }
        let rank = Rank {
            epss: self.epss.map_or(Ok(None), |table| table.get(cve))?,
            kev: self.kev.map_or(Ok(None), |table| table.get(cve))?,
        };
        self.known.insert(cve, rank.clone());
        Ok(rank)
    }

    /// The worst score that the first shard which rates any of the names gives it.
    pub(super) fn score(&mut self, names: &[&'v str]) -> Result<Option<f64>, TableError> {
        for &name in names {
            let score = match self.scores.get(name) {
                Some(&score) => score,
                None => {
                    let score = self.look_up_score(name)?;
                    self.scores.insert(name, score);
                    score
                }
            };
            if score.is_some() {
                return Ok(score);
            }
        }
        Ok(None)
    }

    fn look_up_score(&self, name: &str) -> Result<Option<f64>, TableError> {
        for rater in self.raters {
            if let Some(score) = worst(&rater.vectors_of(name)?) {
                return Ok(Some(score));
            }
        }
        Ok(None)
    }
}

/// The highest of the base scores.
pub(super) fn worst(cvss: &[Cvss]) -> Option<f64> {
    cvss.iter().map(|cvss| cvss.score).max_by(f64::total_cmp)
}
