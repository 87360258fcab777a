//! SUSE: general support of a service pack, then LTSS.

use super::{Release, esm, regular, release};

/// SUSE Linux Enterprise Server, as `VERSION_ID` names the service pack.
pub(super) const SUSE: &[Release] = &[
    release("10", &[regular(2007, 12, 31)]),
    release("10.1", &[regular(2008, 11, 30), esm(2010, 12, 31)]),
    release("10.2", &[regular(2010, 4, 11), esm(2013, 4, 10)]),
    release("10.3", &[regular(2011, 10, 11), esm(2014, 10, 31)]),
    release("10.4", &[regular(2013, 7, 31), esm(2016, 7, 30)]),
    release("11", &[regular(2010, 12, 31)]),
    release("11.1", &[regular(2012, 8, 31), esm(2015, 8, 30)]),
    release("11.2", &[regular(2014, 1, 31), esm(2017, 1, 30)]),
    release("11.3", &[regular(2016, 1, 31), esm(2019, 1, 30)]),
    release("11.4", &[regular(2019, 3, 31), esm(2022, 3, 31)]),
    release("12", &[regular(2016, 6, 30), esm(2019, 7, 1)]),
    release("12.1", &[regular(2017, 5, 31), esm(2020, 5, 31)]),
    release("12.2", &[regular(2018, 3, 31), esm(2021, 3, 31)]),
    release("12.3", &[regular(2019, 6, 30), esm(2022, 6, 30)]),
    release("12.4", &[regular(2020, 6, 30), esm(2023, 6, 30)]),
    release("12.5", &[regular(2024, 10, 31), esm(2027, 10, 31)]),
    release("15", &[regular(2019, 12, 31), esm(2022, 12, 31)]),
    release("15.1", &[regular(2021, 1, 31), esm(2024, 1, 31)]),
    release("15.2", &[regular(2021, 12, 31), esm(2024, 12, 31)]),
    release("15.3", &[regular(2022, 12, 31), esm(2025, 12, 31)]),
    release("15.4", &[regular(2023, 12, 31), esm(2026, 12, 31)]),
    release("15.5", &[regular(2024, 12, 31), esm(2027, 12, 31)]),
    release("15.6", &[regular(2025, 12, 31), esm(2028, 12, 31)]),
    release("15.7", &[regular(2031, 7, 31), esm(2034, 7, 31)]),
    release("16.0", &[regular(2027, 11, 30), esm(2030, 11, 30)]),
];

/// openSUSE, Leap since 42.1.
pub(super) const OPENSUSE: &[Release] = &[
    release("11.0", &[regular(2010, 7, 26)]),
    release("11.1", &[regular(2011, 1, 14)]),
    release("11.2", &[regular(2011, 5, 12)]),
    release("11.3", &[regular(2012, 1, 20)]),
    release("11.4", &[regular(2012, 11, 5)]),
    release("12.1", &[regular(2013, 5, 15)]),
    release("12.2", &[regular(2014, 1, 15)]),
    release("12.3", &[regular(2015, 1, 29)]),
    release("13.1", &[regular(2016, 2, 3)]),
    release("13.2", &[regular(2017, 1, 17)]),
    release("15.0", &[regular(2019, 12, 3)]),
    release("15.1", &[regular(2021, 2, 2)]),
    release("15.2", &[regular(2022, 1, 4)]),
    release("15.3", &[regular(2022, 12, 31)]),
    release("15.4", &[regular(2023, 12, 7)]),
    release("15.5", &[regular(2024, 12, 31)]),
    release("15.6", &[regular(2026, 4, 30)]),
    release("16.0", &[regular(2027, 10, 31)]),
    release("42.1", &[regular(2017, 5, 17)]),
    release("42.2", &[regular(2018, 1, 26)]),
    release("42.3", &[regular(2019, 7, 1)]),
];
