//! Which of an image's platforms is wanted.

use plimsoll_model::Platform;

/// Which of an image's platforms is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlatformChoice {
    /// This machine's, because nothing was asked for: an image that exists for one platform only
    /// (that is, without an index) is taken whatever that is, as engines do.
    Host(Platform),
    /// Exactly this one.
    One(Platform),
    /// Every one.
    All,
}

impl PlatformChoice {
    /// The one platform, unless all are wanted.
    pub(crate) fn wanted(&self) -> Option<&Platform> {
        match self {
            Self::Host(platform) | Self::One(platform) => Some(platform),
            Self::All => None,
        }
    }

    /// Picks from the platforms of an index: positions in the given list, none where nothing serves.
    ///
    /// Several may serve (amd64 and amd64/v3): the plainest is the one that runs everywhere.
    pub(crate) fn pick(&self, platforms: &[Option<Platform>]) -> Vec<usize> {
        let Some(wanted) = self.wanted() else {
            return (0..platforms.len()).collect();
        };
        let serving = |(at, platform): (usize, &Option<Platform>)| {
            let platform = platform.as_ref().filter(|platform| platform.serves(wanted))?;
            let rank =
                if platform == wanted { 0 } else { 1 + u8::from(platform.variant.is_some()) };
            Some((rank, at))
        };
        platforms
            .iter()
            .enumerate()
            .filter_map(serving)
            .min()
            .map(|(_, at)| at)
            .into_iter()
            .collect()
    }

    /// Whether an image that exists for one platform only may be taken.
    pub(crate) fn accepts_alone(&self, platform: Option<&Platform>) -> bool {
        match self {
            Self::Host(_) | Self::All => true,
            Self::One(wanted) => platform.is_none_or(|platform| platform.serves(wanted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_platform_wins_then_the_plainest_then_the_first() {
        let check = |wanted: &str, platforms: &[&str], expected: &[usize]| {
            let platforms: Vec<_> = platforms.iter().map(|text| text.parse().ok()).collect();
            let choice = match wanted {
                "all" => PlatformChoice::All,
                wanted => PlatformChoice::One(wanted.parse().unwrap()),
            };
            assert_eq!(choice.pick(&platforms), expected, "{wanted} of {platforms:?}");
        };
        check("linux/amd64", &["linux/amd64/v3", "linux/arm64", "linux/amd64"], &[2]);
        check("linux/amd64/v3", &["linux/amd64", "linux/amd64/v3"], &[1]);
        check("linux/arm", &["linux/arm/v5", "linux/arm/v7"], &[0]);
        check("linux/arm64", &["linux/arm64/v8"], &[0]);
        check("linux/riscv64", &["linux/arm64", "none"], &[]);
        check("all", &["linux/arm64", "none"], &[0, 1]);
    }

    #[test]
    fn an_image_without_an_index_is_refused_only_to_who_asked_for_another() {
        let arm: Platform = "linux/arm64".parse().unwrap();
        let amd: Platform = "linux/amd64".parse().unwrap();
        assert!(PlatformChoice::Host(amd.clone()).accepts_alone(Some(&arm)));
        assert!(PlatformChoice::All.accepts_alone(Some(&arm)));
        assert!(!PlatformChoice::One(amd.clone()).accepts_alone(Some(&arm)));
        assert!(PlatformChoice::One(amd).accepts_alone(None));
    }
}
