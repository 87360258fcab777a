//! Distributions on their own.

use super::{Release, regular, release};

/// Alpine Linux, by branch.
pub(super) const ALPINE: &[Release] = &[
    release("2.1", &[regular(2012, 11, 1)]),
    release("2.2", &[regular(2013, 5, 1)]),
    release("2.3", &[regular(2013, 11, 1)]),
    release("2.4", &[regular(2014, 5, 1)]),
    release("2.5", &[regular(2014, 11, 1)]),
    release("2.6", &[regular(2015, 5, 1)]),
    release("2.7", &[regular(2015, 11, 1)]),
    release("3.0", &[regular(2016, 5, 1)]),
    release("3.1", &[regular(2016, 11, 1)]),
    release("3.2", &[regular(2017, 5, 1)]),
    release("3.3", &[regular(2017, 11, 1)]),
    release("3.4", &[regular(2018, 5, 1)]),
    release("3.5", &[regular(2018, 11, 1)]),
    release("3.6", &[regular(2019, 5, 1)]),
    release("3.7", &[regular(2019, 11, 1)]),
    release("3.8", &[regular(2020, 5, 1)]),
    release("3.9", &[regular(2020, 11, 1)]),
    release("3.10", &[regular(2021, 5, 1)]),
    release("3.11", &[regular(2021, 11, 1)]),
    release("3.12", &[regular(2022, 5, 1)]),
    release("3.13", &[regular(2022, 11, 1)]),
    release("3.14", &[regular(2023, 5, 1)]),
    release("3.15", &[regular(2023, 11, 1)]),
    release("3.16", &[regular(2024, 5, 23)]),
    release("3.17", &[regular(2024, 11, 22)]),
    release("3.18", &[regular(2025, 5, 9)]),
    release("3.19", &[regular(2025, 11, 1)]),
    release("3.20", &[regular(2026, 4, 1)]),
    release("3.21", &[regular(2026, 11, 1)]),
    release("3.22", &[regular(2027, 5, 1)]),
    release("3.23", &[regular(2027, 11, 1)]),
    release("3.24", &[regular(2028, 6, 1)]),
];

/// Photon OS.
pub(super) const PHOTON: &[Release] = &[
    release("1.0", &[regular(2022, 2, 28)]),
    release("2.0", &[regular(2022, 12, 1)]),
    release("3.0", &[regular(2025, 10, 2)]),
    release("4.0", &[regular(2027, 10, 11)]),
    release("5.0", &[]),
];

/// Mageia.
pub(super) const MAGEIA: &[Release] = &[
    release("1", &[regular(2012, 12, 1)]),
    release("2", &[regular(2013, 11, 22)]),
    release("3", &[regular(2014, 11, 26)]),
    release("4", &[regular(2015, 9, 19)]),
    release("5", &[regular(2017, 12, 31)]),
    release("6", &[regular(2019, 9, 30)]),
    release("7", &[regular(2021, 6, 30)]),
    release("8", &[regular(2023, 11, 30)]),
    release("9", &[regular(2026, 9, 29)]),
    release("10", &[regular(2028, 3, 31)]),
];

/// CBL-Mariner, which became Azure Linux with 3.0.
pub(super) const AZURE_LINUX: &[Release] = &[
    release("1.0", &[regular(2023, 8, 31)]),
    release("2.0", &[regular(2025, 7, 31)]),
    release("3.0", &[regular(2027, 8, 31)]),
];

/// openEuler: each service pack of an LTS release ends on its own.
pub(super) const OPEN_EULER: &[Release] = &[
    release("20.03_LTS", &[regular(2021, 3, 31)]),
    release("20.03_LTS_SP1", &[regular(2022, 12, 31)]),
    release("20.03_LTS_SP2", &[regular(2022, 4, 30)]),
    release("20.03_LTS_SP3", &[regular(2023, 12, 31)]),
    release("20.03_LTS_SP4", &[regular(2025, 11, 30)]),
    release("22.03_LTS", &[regular(2024, 3, 31)]),
    release("22.03_LTS_SP1", &[regular(2024, 12, 31)]),
    release("22.03_LTS_SP2", &[regular(2024, 3, 31)]),
    release("22.03_LTS_SP3", &[regular(2025, 12, 31)]),
    release("22.03_LTS_SP4", &[regular(2026, 6, 30)]),
    release("23.03", &[regular(2023, 9, 30)]),
    release("23.09", &[regular(2024, 3, 31)]),
    release("24.03_LTS", &[regular(2026, 5, 31)]),
    release("24.03_LTS_SP1", &[regular(2026, 12, 31)]),
    release("24.03_LTS_SP2", &[regular(2026, 3, 31)]),
    release("24.03_LTS_SP3", &[regular(2027, 12, 31)]),
    release("24.03_LTS_SP4", &[regular(2027, 3, 31)]),
    release("24.09", &[regular(2025, 3, 31)]),
    release("25.03", &[regular(2025, 9, 30)]),
    release("25.09", &[regular(2026, 3, 31)]),
    release("26.09", &[regular(2027, 3, 31)]),
];
