//! The mirrors of Debian's archive that this machine uses.

use std::process::Command;

use crate::skip::{needs_programs, skipped};

/// Addresses without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebianMirrors {
    /// Stands for `ftp.debian.org/debian`.
    pub main: String,
    /// Stands for `security.debian.org/debian-security`.
    pub security: String,
}

impl DebianMirrors {
    /// Those of apt's sources; says that the test is skipped where there are none. The releases of Debian all lie in
    /// one archive, so this machine may be of any.
    pub fn find() -> Option<Self> {
        if !needs_programs(&["apt-get"]) {
            return None;
        }
        let mut apt = Command::new("apt-get");
        apt.args(["indextargets", "--format", "$(REPO_URI)", "Identifier: Packages"]);
        let known = apt.output().ok().map(|output| output.stdout).unwrap_or_default();
        let found = Self::among(&String::from_utf8_lossy(&known));
        if found.is_none() {
            skipped("needs a mirror of Debian's archive in apt's sources");
        }
        found
    }

    /// Mirrors keep the last part of the archives' paths.
    fn among(addresses: &str) -> Option<Self> {
        let ending = |end: &str| {
            let mut addresses = addresses.lines().map(|address| address.trim_end_matches('/'));
            let found = addresses.find(|it| it.starts_with("http") && it.ends_with(end));
            found.map(str::to_owned)
        };
        Some(Self { main: ending("/debian")?, security: ending("/debian-security")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_s_archives_are_told_from_others() {
        let main = "https://tools.example/apt\nhttp://m.example/debian/\n";
        assert_eq!(DebianMirrors::among(main), None);
        let both = format!("{main}http://m.example/debian-security/\n");
        let found = DebianMirrors::among(&both).unwrap();
        assert_eq!(found.main, "http://m.example/debian");
        assert_eq!(found.security, "http://m.example/debian-security");
    }
}
