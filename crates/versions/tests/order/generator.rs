//! Random versions from nasty alphabets, the same ones in every run.

/// Xorshift: the tests need no quality of randomness, only a fixed sequence.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn pick<'a>(&mut self, pieces: &[&'a str]) -> &'a str {
        pieces[self.below(pieces.len())]
    }

    fn push_pieces(&mut self, pieces: &[&str], at_most: usize, version: &mut String) {
        for _ in 0..1 + self.below(at_most) {
            version.push_str(self.pick(pieces));
        }
    }
}

/// What versions of a scheme are made of.
pub(crate) struct Alphabet {
    pub(crate) epochs: &'static [&'static str],
    pub(crate) pieces: &'static [&'static str],
    pub(crate) revisions: &'static [&'static str],
}

/// Versions dpkg accepts, with and without a warning.
pub(crate) const DPKG: Alphabet = Alphabet {
    epochs: &["", "", "", "0:", "00:", "1:", "2:", "10:", "2147483647:"],
    pieces: &[
        "0",
        "00",
        "1",
        "01",
        "2",
        "9",
        "10",
        "99",
        "007",
        "20240101",
        "18446744073709551616",
        "a",
        "b",
        "z",
        "A",
        "Z",
        "rc",
        "git",
        "dfsg",
        "~",
        "~~",
        "+",
        ".",
        "..",
        "_",
        "^",
        "%",
        "é",
        "β",
        ".0",
        ".1",
        "~rc1",
        "+b1",
        "+deb12u1",
        "~bpo12+1",
    ],
    revisions: &["", "", "-0", "-1", "-01", "-1ubuntu1", "-1-1", "-0~a", "-+", "-a.", "-~"],
};

/// Versions of rpm: it accepts nearly anything.
pub(crate) const RPM: Alphabet = Alphabet {
    epochs: &["", "", "", "0:", "00:", "1:", "01:", ":", "2:", "x:", "99999999999999999999:"],
    pieces: &[
        "0",
        "00",
        "1",
        "01",
        "2",
        "9",
        "10",
        "007",
        "20240101",
        "18446744073709551616",
        "a",
        "b",
        "ab",
        "Z",
        "rc",
        "~",
        "~~",
        "^",
        "^^",
        "~^",
        "^~",
        ".",
        "..",
        "_",
        "+",
        "é",
        "α",
        ".0",
        ".1",
        "~rc1",
        "^git1",
        ".el8",
    ],
    revisions: &[
        "", "", "-", "-0", "-1", "-01", "-1.el8", "-1.el8.0", "-1~a", "-1^a", "-1-1", "-~",
    ],
};

/// Pieces of apk versions; many products are invalid, as they are meant to be.
pub(crate) const APK: Alphabet = Alphabet {
    epochs: &["0", "1", "01", "2", "10", "20240101"],
    pieces: &[
        ".0",
        ".00",
        ".01",
        ".0015",
        ".002",
        ".1",
        ".2",
        ".10",
        ".18446744073709551616",
        "a",
        "b",
        "a1",
        "a01",
        "_alpha",
        "_beta1",
        "_pre2",
        "_rc",
        "_rc0",
        "_rc10",
        "_cvs",
        "_svn1",
        "_git20240101",
        "_hg",
        "_p",
        "_p0",
        "_p1",
        "_p01",
        "~0",
        "~12ab",
        "~12",
        "~f",
    ],
    revisions: &["", "", "", "-r0", "-r1", "-r01", "-r10"],
};

/// Pieces of Semantic Versions; many products are invalid.
pub(crate) const SEMVER: Alphabet = Alphabet {
    epochs: &["", "v", "", "go", "1.0.0-", "1.0.0-a.", "1.0."],
    pieces: &[
        "0",
        "1",
        "2",
        "10",
        "18446744073709551616",
        "a",
        "B",
        "rc",
        "beta",
        "-",
        ".",
        ".1",
        ".0.0",
    ],
    revisions: &["", "", "", "-0", "-rc.1", "-rc.1.0", "+incompatible", "+a", "-0+b.01"],
};

impl Alphabet {
    pub(crate) fn version(&self, random: &mut Random) -> String {
        let mut version = random.pick(self.epochs).to_owned();
        random.push_pieces(self.pieces, 5, &mut version);
        version.push_str(random.pick(self.revisions));
        version
    }

    /// Two versions that often differ only a little, so that the comparison has to go far.
    pub(crate) fn pair(&self, random: &mut Random) -> (String, String) {
        let a = self.version(random);
        if random.chance(4) {
            return (a, self.version(random));
        }
        let boundaries: Vec<usize> = a.char_indices().map(|(i, _)| i).chain([a.len()]).collect();
        let cut = boundaries[random.below(boundaries.len())];
        let end = boundaries[random.below(boundaries.len())].max(cut);
        let mut b = a[..cut].to_owned();
        if random.chance(2) {
            b.push_str(random.pick(self.pieces));
        }
        b.push_str(&a[end..]);
        (a, b)
    }
}
