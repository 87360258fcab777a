//! Versions that take every turn of their scheme's rules, as neighbours in one input.

use std::path::Path;

use crate::{Corpus, Result};

/// The scheme's number in `Scheme::ALL`, and versions.
const VERSIONS: [(u8, &[&str]); 4] = [
    (
        0,
        &[
            "1.2.3-4",
            "0:1.2.3-4",
            "2:7.88.1-10+deb12u5",
            "1.0~rc1-1",
            "1.0-1~bpo11+1",
            "1:",
            "a",
            "",
            "2147483647:1",
            "1-",
            "-1",
            "1.0-0",
            "1.0",
            "0.000001",
            "1a~~b",
            " 1.0 ",
            "1:2:3",
        ],
    ),
    (
        1,
        &[
            "1.2-3.el9",
            "1:1.2-3",
            "1.2~rc1-1",
            "1.2^git1-1",
            "1.2",
            "1.2-",
            "0:0.9.0.cm2",
            "1.0a",
            "1.0.a",
            "1..2",
            "~",
            "^",
            "-",
            ":1",
            "99999999999999999999:1-1",
            "1_2-3",
            "é-1",
            "1.2-3.module+el8.5",
        ],
    ),
    (
        2,
        &[
            "1.2.3-r0",
            "1.1.1d-r3",
            "2.38_git20240101-r1",
            "1.0_alpha2",
            "1.0_p1-r2",
            "1.0_rc1_p2",
            "0.01",
            "1.0~abcdef-r0",
            "1.10",
            "1.010",
            "20200101",
            "1.2.3z_pre-r11",
            "1.0_cvs",
            "1-r",
            "1.",
            "01.1",
        ],
    ),
    (
        3,
        &[
            "1.2.3",
            "v1.2.3",
            "1.2.3-alpha.1+build.5",
            "1.0.0-rc.1",
            "1.0.0-0",
            "1.0.0-a.b.c",
            "go1.22rc1",
            "go1.5beta2",
            "1.22",
            "v0.0.0-20200101000000-abcdefabcdef",
            "1.0.0+incompatible",
            "18446744073709551616.0.0",
            "1.0.0-01",
            "1",
            "1.0.0-",
            "(devel)",
            "1.0.0--",
        ],
    ),
];

pub(crate) fn write(corpus: &mut Corpus, _shared: Option<&Path>) -> Result<()> {
    for (scheme, versions) in VERSIONS {
        for (at, first) in versions.iter().enumerate() {
            let [second, third] = [1, 2].map(|ahead| versions[(at + ahead) % versions.len()]);
            corpus.add(format!("{}{first}\n{second}\n{third}", char::from(scheme)))?;
            corpus.add(format!("{}{first}\n{first}0\n{first}-1", char::from(scheme)))?;
        }
    }
    Ok(())
}
