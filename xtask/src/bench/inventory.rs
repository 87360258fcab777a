//! A dpkg database as an image has one.

use std::fmt::Write;

/// As many packages as a full desktop or a large build image has.
pub(super) const PACKAGES: usize = 2_200;

/// Real names first, so that lookups hit: sources of Debian 12 that have many advisories.
const SOURCES: &[&str] = &[
    "openssl",
    "curl",
    "glibc",
    "zlib",
    "systemd",
    "perl",
    "python3.11",
    "sqlite3",
    "libxml2",
    "expat",
    "gnutls28",
    "krb5",
    "openldap",
    "nghttp2",
    "pcre2",
    "libssh2",
    "util-linux",
    "ncurses",
    "bash",
    "tar",
    "gzip",
    "xz-utils",
    "bzip2",
    "coreutils",
    "shadow",
    "sudo",
    "openssh",
    "git",
    "vim",
    "wget",
    "rsync",
    "tiff",
    "libpng1.6",
    "libwebp",
    "freetype",
    "cups",
    "avahi",
    "bind9",
    "nginx",
    "apache2",
    "php8.2",
    "postgresql-15",
    "mariadb",
    "redis",
    "nodejs",
    "ruby3.1",
    "ghostscript",
    "imagemagick",
    "ffmpeg",
    "qemu",
];

/// `var/lib/dpkg/status` with this many packages, ten binaries a source.
pub(super) fn dpkg_status(packages: usize) -> String {
    let mut status = String::new();
    for n in 0..packages {
        let source =
            SOURCES.get(n / 10).map_or_else(|| format!("source-{}", n / 10), |name| (*name).into());
        let _ = write!(
            status,
            "Package: {source}-part{}\nStatus: install ok installed\nPriority: optional\n\
             Section: libs\nInstalled-Size: 1234\nMaintainer: Somebody <somebody@example.org>\n\
             Architecture: amd64\nMulti-Arch: same\nSource: {source}\nVersion: 1.{}.{}-{}\n\
             Depends: libc6 (>= 2.36)\nDescription: part of {source}\n A longer description that \
             takes up about as much room\n as descriptions do, over a few lines.\n\n",
            n % 10,
            n % 7,
            n % 13,
            n % 5
        );
    }
    status
}

/// `etc/os-release` of the distribution whose database it is.
pub(super) const OS_RELEASE: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n\
    VERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_has_its_stanza() {
        let status = dpkg_status(PACKAGES);
        assert_eq!(status.matches("\n\n").count(), PACKAGES);
        assert!(status.starts_with("Package: openssl-part0\nStatus: install ok installed\n"));
        assert!(status.contains("\nSource: source-219\n"));
    }
}
