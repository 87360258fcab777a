//! Reading changelogs out of packages, as a stream.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "fixtures; clippy knows tests only by their attribute"
)]

use std::cell::Cell;
use std::error::Error;
use std::io::{self, Read};

use plimsoll_distro::{Changelog, DebChangelog, DebDoc, DebText, read_doc};
use plimsoll_testkit::{Deb, DebCompression, Entry, TarWriter, ar, changelog_entry};

/// Counts the bytes that were asked for, as a hash over them would.
struct Counted<'a> {
    bytes: &'a [u8],
    taken: Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        self.taken.set(self.taken.get() + n);
        Ok(n)
    }
}

fn text(version: &str) -> String {
    changelog_entry("openssl", version, "bookworm-security", "  * CVE-2026-54872: a test.")
}

fn read(deb: &Deb) -> DebDoc {
    read_doc(&*deb.build().unwrap(), deb.name()).unwrap()
}

fn found(text: &str) -> DebChangelog {
    DebChangelog::Text(DebText { text: text.to_owned(), cut: None })
}

#[test]
fn in_every_compression() {
    let entry = text("3.0.22-1");
    for compression in
        [DebCompression::None, DebCompression::Gzip, DebCompression::Xz, DebCompression::Zstd]
    {
        let deb = Deb::new("libssl3", "3.0.22-1").changelog(&entry).news("news");
        let doc = read(&deb.compression(compression));
        assert_eq!(doc.changelog, found(&entry), "{compression:?}");
        assert_eq!(doc.news.unwrap().text, "news");
    }
}

#[test]
fn the_names_of_the_files() {
    fn check(files: &[(&str, &str)], expected: &DebChangelog) {
        let deb = files.iter().fold(Deb::new("p", "1"), |deb, (name, content)| {
            deb.file(&format!("usr/share/doc/{name}"), *content)
        });
        assert_eq!(read(&deb).changelog, *expected, "{files:?}");
    }
    let own = text("1");
    let native = text("2");
    let rebuild = text("1+b1");
    check(&[("p/changelog.Debian", &own)], &found(&own));
    check(&[("p/changelog", &native)], &found(&native));
    // What upstream writes is not Debian's, whatever its name; Debian's own comes first.
    check(&[("p/changelog", "Release 1\n=========\n")], &DebChangelog::Missing);
    check(&[("p/changelog", &native), ("p/changelog.Debian", &own)], &found(&own));
    check(&[("p/changelog.Debian.amd64", &rebuild)], &found(&rebuild));
    let both = format!("{rebuild}\n{own}");
    check(&[("p/changelog.Debian.amd64", &rebuild), ("p/changelog.Debian", &own)], &found(&both));
    assert_eq!(Changelog::parse(&both).entries.len(), 2);
    check(&[("p2/changelog.Debian", &own), ("p/copyright", "x")], &DebChangelog::Missing);
    check(&[], &DebChangelog::Missing);
}

#[test]
fn documentation_of_a_sibling() {
    fn check(entry: &Entry, expected: &DebChangelog) {
        let doc = read(&Deb::new("libssl3", "1").entry(entry.clone()));
        assert_eq!(doc.changelog, *expected, "{entry:?}");
    }
    let sibling = |name: &str| DebChangelog::Sibling(name.to_owned());
    let directory = "usr/share/doc/libssl3";
    let file = "usr/share/doc/libssl3/changelog.Debian.gz";
    check(&Entry::symlink(directory, "openssl"), &sibling("openssl"));
    check(&Entry::symlink(directory, "../doc/libstdc++6"), &sibling("libstdc++6"));
    check(&Entry::symlink(directory, "/usr/share/doc/openssl/sub"), &sibling("openssl"));
    check(&Entry::symlink(file, "../openssl/changelog.Debian.gz"), &sibling("openssl"));
    check(
        &Entry::hard_link(file, "./usr/share/doc/openssl/changelog.Debian.gz"),
        &sibling("openssl"),
    );
    // To itself, outside of the documentation, with a name that no package has.
    check(&Entry::symlink(directory, "libssl3"), &DebChangelog::Missing);
    check(&Entry::symlink(directory, "../../../etc/passwd"), &DebChangelog::Missing);
    check(&Entry::symlink(directory, "../../../../../../etc"), &DebChangelog::Missing);
    check(&Entry::symlink(directory, "--help"), &DebChangelog::Missing);
    check(&Entry::symlink(directory, "Open\x1b[2JSSL"), &DebChangelog::Missing);
    check(&Entry::symlink(directory, ""), &DebChangelog::Missing);
}

#[test]
fn reading_ends_after_the_documentation() {
    let noise: Vec<u8> =
        (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let own = text("1");
    let deb = Deb::new("p", "1")
        .changelog(&own)
        .news("news")
        .file("usr/share/zoo", noise.clone())
        .compression(DebCompression::None);
    let bytes = deb.build().unwrap();
    let mut reader = Counted { bytes: &bytes, taken: Cell::new(0) };
    let doc = read_doc(&mut reader, "p").unwrap();
    assert_eq!((doc.changelog, doc.news.is_some()), (found(&own), true));
    assert!(reader.taken.get() < 200_000, "{} bytes", reader.taken.get());
    // The caller hashes the rest.
    let rest = io::copy(&mut reader, &mut io::sink()).unwrap();
    assert_eq!(reader.taken.get(), bytes.len());
    assert!(rest > 900_000);

    // What comes before is skipped over, and a package without any is read to its end.
    let doc = read(&Deb::new("p", "1").file("usr/bin/p", noise).changelog(&own));
    assert_eq!(doc.changelog, found(&own));
}

#[test]
fn other_tools_order_files_as_they_like() {
    let own = text("1");
    let mut tar = TarWriter::new(Vec::new());
    for (name, content) in [("changelog.Debian", &*own), ("copyright", ""), ("NEWS.Debian", "news")]
    {
        tar.append(&Entry::file(format!("/usr/share/doc/p/{name}"), content)).unwrap();
    }
    let data = tar.finish().unwrap();
    let deb = ar(&[("debian-binary", b"2.0\n"), ("_gpgorigin", b"odd"), ("data.tar", &data)]);
    let doc = read_doc(&*deb, "p").unwrap();
    assert_eq!((doc.changelog, doc.news.unwrap().text.as_str()), (found(&own), "news"));
}

#[test]
fn what_is_no_package_is_named() {
    fn check(bytes: &[u8], expected: &str) {
        let error = read_doc(bytes, "p").unwrap_err();
        let chain: Vec<_> = std::iter::successors(Some(&error as &dyn Error), |it| (*it).source())
            .map(ToString::to_string)
            .collect();
        assert_eq!(chain.join(": "), expected);
    }
    let format: (&str, &[u8]) = ("debian-binary", b"2.0\n");
    check(b"", "not an ar");
    check(b"PK\x03\x04 and more", "not an ar");
    check(&ar(&[]), "no Debian package: the first member is not debian-binary");
    check(&ar(&[("data.tar", b"")]), "no Debian package: the first member is not debian-binary");
    check(&ar(&[("debian-binary", b"3.0\n")]), "format \"3.0\" of Debian packages is not known");
    check(&ar(&[format]), "no member data.tar");
    check(&ar(&[format, ("control.tar.lzma", b"?")]), "no member data.tar");
    // A name beyond its field, as GNU and BSD write it.
    check(
        &ar(&[format, ("/123", b"data.tar.xz"), ("#1/11", b"data.tar.xz")]),
        "no member data.tar",
    );
    for odd in ["data.tar.bz2", "data.tar.lzma", "data.tar.lz", "data.tar.Z"] {
        let message = format!("member {odd} has a compression that is not supported");
        check(&ar(&[format, (odd, b"?")]), &message);
    }
    let plain = ar(&[format, ("data.tar.xz", b"this is not xz at all")]);
    check(
        &plain,
        "reading the files: reading the tar: corrupt xz stream: stream/file format not recognized",
    );
    let many = vec![("x", &b""[..]); 20];
    check(&ar(&[vec![format], many].concat()), "ar has more than 16 entries");

    let whole = Deb::new("p", "1").file("usr/bin/p", vec![7; 10_000]).build().unwrap();
    check(&whole[..whole.len() / 2], "truncated ar: ends inside entry 2");
    let size_lie = [&whole[..], b"!"].concat();
    assert!(read_doc(&*size_lie, "p").is_ok(), "what is after data.tar is the hash's business");
}

fn check_cut(doc: DebDoc) {
    let DebChangelog::Text(text) = doc.changelog else { panic!("it has a changelog") };
    assert_eq!(text.cut.as_deref(), Some("longer than 16 MiB"));
    let changelog = Changelog::of(&text);
    assert_eq!((changelog.entries.len(), changelog.is_trimmed), (1, true));
}

#[test]
fn a_changelog_of_gigabytes_is_cut() {
    let entry = text("1");
    let block = gzip(&[b'\n'; 1 << 20]);
    let mut file = gzip(entry.as_bytes());
    for _ in 0..(5 << 10) {
        file.extend_from_slice(&block);
    }
    let deb = Deb::new("p", "1").file("usr/share/doc/p/changelog.Debian.gz", file);
    check_cut(read(&deb.compression(DebCompression::None)));

    // Stored as it is: nothing after the limit is read, so nobody notices that the rest is missing.
    let mut changelog = entry.into_bytes();
    changelog.resize(20 << 20, b'\n');
    let mut tar = TarWriter::new(Vec::new());
    tar.append(&Entry::file("./usr/share/doc/p/changelog.Debian", changelog)).unwrap();
    let mut data = tar.finish().unwrap();
    data.truncate(18 << 20);
    check_cut(read_doc(&*ar(&[("debian-binary", b"2.0\n"), ("data.tar", &data)]), "p").unwrap());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}
