//! Red Hat and its kin, by major version.

use super::{Release, esm, lts, regular, release};

/// Full support, then maintenance, then extended life-cycle support.
pub(super) const RED_HAT: &[Release] = &[
    release("4", &[regular(2009, 3, 31), lts(2012, 2, 29), esm(2017, 3, 31)]),
    release("5", &[regular(2013, 1, 8), lts(2017, 3, 31), esm(2020, 11, 30)]),
    release("6", &[regular(2016, 5, 10), lts(2020, 11, 30), esm(2024, 6, 30)]),
    release("7", &[regular(2019, 8, 6), lts(2024, 6, 30), esm(2029, 5, 31)]),
    release("8", &[regular(2024, 5, 31), lts(2029, 5, 31), esm(2033, 5, 31)]),
    release("9", &[regular(2027, 5, 31), lts(2032, 5, 31), esm(2036, 5, 31)]),
    release("10", &[regular(2030, 5, 31), lts(2035, 5, 31), esm(2039, 5, 31)]),
];

/// CentOS Linux.
pub(super) const CENTOS: &[Release] = &[
    release("5", &[regular(2017, 3, 31)]),
    release("6", &[regular(2020, 11, 30)]),
    release("7", &[regular(2024, 6, 30)]),
    release("8", &[regular(2021, 12, 31)]),
];

/// CentOS Stream, which has the same `ID`.
pub(in crate::os) const CENTOS_STREAM: &[Release] = &[
    release("8", &[regular(2024, 5, 31)]),
    release("9", &[regular(2027, 5, 31)]),
    release("10", &[regular(2030, 5, 31)]),
];

/// AlmaLinux: security support.
pub(super) const ALMALINUX: &[Release] = &[
    release("8", &[regular(2029, 5, 31)]),
    release("9", &[regular(2032, 5, 31)]),
    release("10", &[regular(2035, 5, 31)]),
];

/// Rocky Linux: security support.
pub(super) const ROCKY: &[Release] = &[
    release("8", &[regular(2029, 5, 31)]),
    release("9", &[regular(2032, 5, 31)]),
    release("10", &[regular(2035, 5, 31)]),
];

/// Oracle Linux: premier, then extended support.
pub(super) const ORACLE: &[Release] = &[
    release("6", &[regular(2021, 3, 31), esm(2024, 12, 31)]),
    release("7", &[regular(2024, 12, 31), esm(2028, 6, 30)]),
    release("8", &[regular(2029, 7, 31), esm(2032, 7, 31)]),
    release("9", &[regular(2032, 6, 30), esm(2035, 6, 30)]),
    release("10", &[]),
];

/// Amazon Linux: standard support, then maintenance.
pub(super) const AMAZON: &[Release] = &[
    release("1", &[regular(2020, 12, 31), lts(2023, 12, 31)]),
    release("2", &[regular(2026, 6, 30)]),
    release("2023", &[regular(2027, 6, 30), lts(2029, 6, 30)]),
];
