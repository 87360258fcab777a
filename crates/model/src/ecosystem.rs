//! The worlds that packages come from: the purl type where there is one, else the distribution's id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! ecosystems {
    ($($variant:ident $name:literal $purl:expr, $title:literal;)*) => {
        /// Where a package's name and version have their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Ecosystem {
            $(
                #[doc = concat!($title, ": `", $name, "` in scopes and JSON.")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Ecosystem {
            /// All of them, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in JSON, in scopes and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The type of its package URLs (purl-spec, "Known purl types").
            pub fn purl_type(self) -> &'static str {
                match self { $(Self::$variant => $purl,)* }
            }

            /// The name that people read.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }

        impl FromStr for Ecosystem {
            type Err = UnknownEcosystem;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(UnknownEcosystem { name: name.chars().take(80).collect() }),
                }
            }
        }
    };
}

ecosystems! {
    Debian "debian" "deb", "Debian";
    Ubuntu "ubuntu" "deb", "Ubuntu";
    Alpine "alpine" "apk", "Alpine Linux";
    Wolfi "wolfi" "apk", "Wolfi";
    Chainguard "chainguard" "apk", "Chainguard";
    MinimOs "minimos" "apk", "MinimOS";
    RedHat "redhat" "rpm", "Red Hat Enterprise Linux";
    CentOs "centos" "rpm", "CentOS";
    AlmaLinux "almalinux" "rpm", "AlmaLinux";
    Rocky "rocky" "rpm", "Rocky Linux";
    Oracle "oracle" "rpm", "Oracle Linux";
    Amazon "amazon" "rpm", "Amazon Linux";
    Fedora "fedora" "rpm", "Fedora";
    Suse "suse" "rpm", "SUSE Linux Enterprise";
    OpenSuse "opensuse" "rpm", "openSUSE";
    AzureLinux "azurelinux" "rpm", "Azure Linux";
    Photon "photon" "rpm", "Photon OS";
    Mageia "mageia" "rpm", "Mageia";
    OpenEuler "openeuler" "rpm", "openEuler";
    Bitnami "bitnami" "bitnami", "Bitnami";
}

impl Ecosystem {
    /// Whether its packages are recorded by dpkg.
    pub fn is_dpkg(self) -> bool {
        self.purl_type() == "deb"
    }

    /// Whether its packages are recorded by apk.
    pub fn is_apk(self) -> bool {
        self.purl_type() == "apk"
    }

    /// Whether its packages are recorded by rpm.
    pub fn is_rpm(self) -> bool {
        self.purl_type() == "rpm"
    }
}

/// No ecosystem has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown ecosystem {name:?}")]
pub struct UnknownEcosystem {
    name: String,
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        for ecosystem in Ecosystem::ALL {
            assert_eq!(ecosystem.as_str().parse(), Ok(*ecosystem));
        }
        assert!("Debian".parse::<Ecosystem>().is_err());
    }
}
