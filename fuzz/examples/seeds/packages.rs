//! Package databases, and the files of an apt archive.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use liblzma::read::XzDecoder;

use crate::{Corpus, Result};

/// Enough of a long file for some packages.
const START_BYTES: u64 = 6000;

const DPKG: [&str; 5] = [
    "Package: libssl1.1\nStatus: install ok installed\nSource: openssl (1.1.1d-0+deb10u3)\nVersion: 1.1.1d-0+b1\n\
     Architecture: amd64\nDescription: x\n continued\n .\n\npackage:bash\nVERSION: 1:5.0-4 \nSTATUS: hold ok installed\n",
    "Package: a\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: b\nStatus: install ok half-configured\nVersion: 2\n",
    "Package: base-files\nVersion: 11.1\nArchitecture: amd64\n",
    "Version: 1\n\nPackage: d\nStatus: install ok strange\nSource: s (\nVersion: 4\n\n\n\n",
    "all is well\r\n\r\nuptime: 3 days",
];

const APK: [&str; 4] = [
    "C:Q1x=\nP:libssl1.1\nV:1.1.1d-r3\nA:x86_64\nL:OpenSSL\no:openssl\nF:lib\nR:libssl.so\n\n\nP:.build-deps\nV:0\n",
    "P:a\n\nP:b\nV:1\n\nV:2\n\nP\nrubbish\n",
    "P: busybox \nP:second\nV:1.31.1-r9\no:\nL:\n",
    "hello\nworld",
];

const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Debian\nDate: Sat, 21 Nov 2026 00:53:02 UTC\n\
    - -----escaped\n-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCgAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n";

const INDEX: &str = "Package: libssl3\nSource: openssl (3.0.15-1)\nVersion: 3.0.15-1~deb12u1\nArchitecture: amd64\n\
    Filename: pool/main/o/openssl/libssl3.deb\nSize: 2022\nSHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\n\
    Package: x\n";

const LIST: &str = "deb [arch=amd64,i386 signed-by=/usr/share/keyrings/a.gpg trusted=yes] http://example.org/debian bookworm main\n\
    # deb-src cdrom:[x y]/ ./\ndeb-src http://example.org/flat/ ./\ndeb\n";

const DEB822: &str = "Types: deb deb-src\nURIs: http://example.org/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\
    Enabled: no\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDME\n -----END PGP PUBLIC KEY BLOCK-----\n\nTypes: x\n";

pub(crate) fn write_dpkg(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    DPKG.iter().try_for_each(|text| corpus.add(text))?;
    for name in ["debian-bookworm-main-slim", "ubuntu-noble-release"] {
        if let Some(shared) = shared {
            let path = shared.join("rootfs/dpkg-status").join(name).with_extension("status.xz");
            corpus.add(start(XzDecoder::new(File::open(path)?))?)?;
        }
    }
    Ok(())
}

pub(crate) fn write_apk(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    APK.iter().try_for_each(|text| corpus.add(text))?;
    let Some(shared) = shared else { return Ok(()) };
    let path = shared.join("rootfs/alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(File::open(path)?));
    for entry in archive.entries()? {
        let entry = entry?;
        if entry.path()?.ends_with("lib/apk/db/installed") {
            corpus.add(start(entry)?)?;
        }
    }
    Ok(())
}

pub(crate) fn write_archive(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    for (choice, text) in [SIGNED, INDEX, LIST, DEB822].iter().enumerate() {
        corpus.add([&[choice as u8], text.as_bytes()].concat())?;
    }
    let Some(shared) = shared else { return Ok(()) };
    for suite in ["debian-security/bullseye-security", "debian/bookworm-updates"] {
        let suite = shared.join("archive").join(suite);
        corpus.add([&[0], &fs::read(suite.join("InRelease"))?[..]].concat())?;
        let index = XzDecoder::new(File::open(suite.join("main/binary-amd64/Packages.xz"))?);
        corpus.add([&[1], &start(index)?[..]].concat())?;
    }
    Ok(())
}

fn start(from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(START_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
