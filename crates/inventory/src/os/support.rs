//! How long each release is cared for.
//!
//! Facts restated from two collections as of August to October 2026: distro-info-data's `debian.csv`
//! and `ubuntu.csv` (ISC), and endoflife.date's product pages (MIT) for the others. A release without
//! dates is one whose end has not been announced.

mod debian;
mod enterprise;
mod fedora;
mod independent;
mod suse;
mod ubuntu;

use jiff::civil::Date;
use plimsoll_model::{Ecosystem, Eol, EolPhase};

pub(super) use enterprise::CENTOS_STREAM;

/// A release and the phases of its life.
pub(super) struct Release {
    /// As scopes name it.
    pub(super) version: &'static str,
    pub(super) codename: Option<&'static str>,
    /// The last day of each phase, in order; none where no end is known.
    ends: &'static [End],
}

struct End {
    phase: EolPhase,
    date: Date,
}

impl Release {
    /// The phase that `day` lies in and its last day; `Ended` with the last day of all where that
    /// is over.
    pub(super) fn phase_on(&self, day: Date) -> Option<Eol> {
        let current = self.ends.iter().find(|end| day <= end.date);
        match current {
            Some(end) => Some(Eol { date: end.date, phase: end.phase }),
            None => self.ends.last().map(|end| Eol { date: end.date, phase: EolPhase::Ended }),
        }
    }
}

/// The releases of a distribution; none where they are not dated.
pub(super) fn of(ecosystem: Ecosystem) -> &'static [Release] {
    match ecosystem {
        Ecosystem::Debian => debian::DEBIAN,
        Ecosystem::Ubuntu => ubuntu::UBUNTU,
        Ecosystem::Alpine => independent::ALPINE,
        Ecosystem::RedHat => enterprise::RED_HAT,
        Ecosystem::CentOs => enterprise::CENTOS,
        Ecosystem::AlmaLinux => enterprise::ALMALINUX,
        Ecosystem::Rocky => enterprise::ROCKY,
        Ecosystem::Oracle => enterprise::ORACLE,
        Ecosystem::Amazon => enterprise::AMAZON,
        Ecosystem::Fedora => fedora::FEDORA,
        Ecosystem::Suse => suse::SUSE,
        Ecosystem::OpenSuse => suse::OPENSUSE,
        Ecosystem::AzureLinux => independent::AZURE_LINUX,
        Ecosystem::Photon => independent::PHOTON,
        Ecosystem::Mageia => independent::MAGEIA,
        Ecosystem::OpenEuler => independent::OPEN_EULER,
        _ => &[],
    }
}

const fn release(version: &'static str, ends: &'static [End]) -> Release {
    Release { version, codename: None, ends }
}

const fn named(version: &'static str, codename: &'static str, ends: &'static [End]) -> Release {
    Release { version, codename: Some(codename), ends }
}

/// Security support for all.
const fn regular(year: i16, month: i8, day: i8) -> End {
    End { phase: EolPhase::Regular, date: jiff::civil::date(year, month, day) }
}

/// Longer, for fewer packages or by another team.
const fn lts(year: i16, month: i8, day: i8) -> End {
    End { phase: EolPhase::Lts, date: jiff::civil::date(year, month, day) }
}

/// Longer still, usually paid.
const fn esm(year: i16, month: i8, day: i8) -> End {
    End { phase: EolPhase::Esm, date: jiff::civil::date(year, month, day) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_lies_in_a_phase() {
        let bookworm =
            of(Ecosystem::Debian).iter().find(|release| release.version == "12").unwrap();
        let check = |day: Date, date: Date, phase: EolPhase| {
            assert_eq!(bookworm.phase_on(day), Some(Eol { date, phase }), "{day}");
        };
        check(date(2024, 1, 1), date(2026, 7, 11), EolPhase::Regular);
        check(date(2026, 7, 11), date(2026, 7, 11), EolPhase::Regular);
        check(date(2026, 7, 12), date(2028, 6, 30), EolPhase::Lts);
        check(date(2030, 1, 1), date(2033, 6, 30), EolPhase::Esm);
        check(date(2040, 1, 1), date(2033, 6, 30), EolPhase::Ended);
    }

    #[test]
    fn phases_follow_each_other() {
        for ecosystem in Ecosystem::ALL {
            for release in of(*ecosystem) {
                assert!(
                    release.ends.is_sorted_by(|left, right| left.date < right.date),
                    "{ecosystem} {}",
                    release.version
                );
            }
        }
    }
}
