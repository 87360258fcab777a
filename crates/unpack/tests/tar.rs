//! `TarReader` against made headers, each oddity and each damage.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

use std::io::{BufReader, Read};

use ::tar::{EntryType, GnuExtSparseHeader, Header};
use plimsoll_unpack::tar::{Kind, TarError, TarReader};
use plimsoll_unpack::{Limits, PathLimits};

/// A header with its checksum, a body and the padding.
fn member(edit: impl FnOnce(&mut Header), body: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(body.len() as u64);
    edit(&mut header);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(body);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn named(name: &[u8], flag: u8, body: &[u8]) -> Vec<u8> {
    member(
        |header| {
            header.as_old_mut().name[..name.len()].copy_from_slice(name);
            header.as_old_mut().linkflag = [flag];
        },
        body,
    )
}

fn linked(name: &str, flag: u8, target: &str) -> Vec<u8> {
    member(
        |header| {
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
            header.as_old_mut().linkflag = [flag];
        },
        b"",
    )
}

fn file(name: &str, body: &[u8]) -> Vec<u8> {
    named(name.as_bytes(), b'0', body)
}

/// A PAX header with these records.
fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    named(b"pax", b'x', &pax_body(records))
}

fn pax_body(records: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in records {
        let rest = format!(" {key}={value}\n");
        let length = (1..).find(|n: &usize| n.to_string().len() + rest.len() == *n).unwrap();
        body.extend_from_slice(format!("{length}{rest}").as_bytes());
    }
    body
}

fn end() -> Vec<u8> {
    vec![0; 1024]
}

/// One line per member: kind, path, target, size, and content where it is short.
fn read(bytes: &[u8], buffer: usize, limits: &Limits) -> Result<Vec<String>, TarError> {
    let mut reader = TarReader::new(BufReader::with_capacity(buffer, bytes), limits);
    let mut lines = Vec::new();
    while let Some(mut entry) = reader.next_entry()? {
        let kind = match entry.kind() {
            Kind::Symlink { target } => format!("Symlink->{}", String::from_utf8_lossy(target)),
            Kind::Hardlink { target } => format!("Hardlink->{target}"),
            other => format!("{other:?}"),
        };
        let mut line = format!("{kind} {}", entry.path());
        let size = entry.size();
        let mut content = Vec::new();
        match entry.read_to_end(&mut content) {
            Ok(n) => assert_eq!(n as u64, size),
            // Damage is reported by the reader as well: the next step must find it.
            Err(_) => {
                let error = reader.next_entry().err().expect("a failed body ends the tar");
                return Err(error);
            }
        }
        if !content.is_empty() {
            let text: String = content
                .chunk_by(|a, b| a == b)
                .map(|run| match (run[0], run.len()) {
                    (0, n) => format!("<{n} zeros>"),
                    (byte, 1) => char::from(byte).to_string(),
                    (byte, n) => format!("{}*{n}", char::from(byte)),
                })
                .collect();
            line += &format!(" = {text}");
        }
        lines.push(line);
    }
    Ok(lines)
}

#[track_caller]
fn check(parts: &[Vec<u8>], expected: &[&str]) {
    let bytes = parts.concat();
    for buffer in [1, 7, 512, 1 << 16] {
        let lines = read(&bytes, buffer, &Limits::default()).unwrap();
        assert_eq!(lines, expected, "buffer of {buffer}");
    }
}

#[track_caller]
fn check_error(parts: &[Vec<u8>], expected: &str) {
    let bytes = parts.concat();
    for buffer in [1, 7, 512, 1 << 16] {
        let error = read(&bytes, buffer, &Limits::default()).expect_err("an error");
        let text = match &error {
            TarError::Path { source, .. } => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        assert_eq!(text, expected, "buffer of {buffer}");
    }
}

#[test]
fn every_kind_of_member() {
    check(
        &[
            named(b"./", b'5', b""),
            file("./etc/passwd", b"root"),
            named(b"old", 0, b"v7"),
            named(b"old-dir/", 0, b""),
            named(b"contiguous", b'7', b"x"),
            linked("sym", b'2', "../../etc/shadow"),
            linked("hard", b'1', "./etc/../etc/passwd"),
            named(b"pipe", b'6', b""),
            named(b"char", b'3', b""),
            named(b"block", b'4', b""),
            named(b"volume", b'V', b"label"),
            end(),
        ],
        &[
            "Dir ",
            "File etc/passwd = ro*2t",
            "File old = v7",
            "Dir old-dir",
            "File contiguous = x",
            "Symlink->../../etc/shadow sym",
            "Hardlink->etc/passwd hard",
            "Fifo pipe",
            "CharDevice char",
            "BlockDevice block",
            "Other(86) volume = label",
        ],
    );
}

#[test]
fn names_stay_inside_the_root() {
    check(
        &[
            file("/absolute", b""),
            file("../../climbs", b""),
            file("a/../../b", b""),
            file("new\nline", b""),
            linked("h", b'1', "../../../etc/passwd"),
            end(),
        ],
        &["File absolute", "File climbs", "File b", "File new\\nline", "Hardlink->etc/passwd h"],
    );
    let unnamed = file("", b"");
    check_error(&[unnamed], "name in the tar header at byte 0: empty path");
    let nul = pax(&[("path", "a\0b")]);
    check_error(
        &[nul, file("a", b"")],
        "name in the tar header at byte 1024: NUL byte in path a\\u{0}b",
    );
    check_error(
        &[pax(&[("linkpath", "a\0b")]), linked("a", b'2', "c")],
        "PAX header at byte 0: NUL byte in linkpath",
    );
    let long = "a".repeat(5000);
    check_error(
        &[pax(&[("path", &long)]), file("a", b"")],
        &format!(
            "name in the tar header at byte 5632: path of 5000 bytes is longer than 4096: {}…",
            "a".repeat(80)
        ),
    );
    check_error(
        &[named(b"././@LongLink", b'L', "d/".repeat(300).as_bytes()), file("a", b"")],
        &format!(
            "name in the tar header at byte 1536: path is more than 256 levels deep: {}…",
            "d/".repeat(40)
        ),
    );
}

#[test]
fn long_names_of_gnu_and_pax() {
    let long = "d/".repeat(100) + "name";
    let target = "t/".repeat(100) + "name";
    let gnu_name = named(b"././@LongLink", b'L', format!("{long}\0").as_bytes());
    let gnu_link = named(b"././@LongLink", b'K', format!("{target}\0").as_bytes());
    check(
        &[gnu_name.clone(), gnu_link, linked("short", b'2', "short"), file("n", b""), end()],
        &[&format!("Symlink->{target} {long}"), "File n"],
    );
    let pax_names = pax(&[("path", &long), ("linkpath", &target), ("mtime", "1.5")]);
    check(
        &[pax_names.clone(), linked("short", b'1', "short"), end()],
        &[&format!("Hardlink->{target} {long}")],
    );
    // GNU's name wins over PAX's, whichever comes first; a value that is empty changes nothing;
    // the last PAX header replaces those before it.
    check(
        &[gnu_name, pax(&[("path", "pax")]), file("short", b""), end()],
        &[&format!("File {long}")],
    );
    check(&[pax(&[("path", "")]), file("short", b""), end()], &["File short"]);
    check(&[pax_names, pax(&[("mtime", "2")]), file("short", b""), end()], &["File short"]);
}

#[test]
fn global_headers_change_nothing() {
    let global = named(b"pax_global_header", b'g', &pax_body(&[("path", "x"), ("size", "9")]));
    check(&[global, file("a", b"b"), end()], &["File a = b"]);
}

#[test]
fn pax_sizes_replace_the_header_field() {
    let mut large = file("a", b"content");
    large.splice(124..136, *b"00000000000\0");
    let mut header = Header::from_byte_slice(&large[..512]).clone();
    header.set_cksum();
    large[..512].copy_from_slice(header.as_bytes());
    check(&[pax(&[("size", "7")]), large, file("b", b""), end()], &["File a = content", "File b"]);
}

#[test]
fn prefixes_of_posix_and_star() {
    let posix = |prefix: &[u8], edit: &dyn Fn(&mut [u8; 512])| {
        let mut header = Header::new_ustar();
        header.set_size(0);
        header.as_ustar_mut().unwrap().name[..4].copy_from_slice(b"name");
        header.as_ustar_mut().unwrap().prefix[..prefix.len()].copy_from_slice(prefix);
        edit(header.as_mut_bytes());
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    check(&[posix(b"some/dir", &|_| {}), end()], &["File some/dir/name"]);
    let full = "p".repeat(155);
    check(&[posix(full.as_bytes(), &|_| {}), end()], &[&format!("File {full}/name")]);
    let star = posix("p".repeat(131).as_bytes(), &|bytes| {
        bytes[476..488].copy_from_slice(b"00000000017 ");
        bytes[508..].copy_from_slice(b"tar\0");
    });
    check(&[star, end()], &[&format!("File {}/name", "p".repeat(131))]);
    // A GNU header has other fields there.
    let gnu = member(
        |header| {
            header.as_old_mut().name[..4].copy_from_slice(b"name");
            header.as_gnu_mut().unwrap().atime.copy_from_slice(b"00000000017\0");
        },
        b"",
    );
    check(&[gnu, end()], &["File name"]);
}

#[test]
fn links_and_directories_have_no_body() {
    let sized = |name: &str, flag| {
        let mut header = linked(name, flag, "t");
        header.splice(124..136, *b"00000001000\0");
        let mut fixed = Header::from_byte_slice(&header).clone();
        fixed.set_cksum();
        fixed.as_bytes().to_vec()
    };
    check(
        &[sized("h", b'1'), sized("s", b'2'), sized("d", b'5'), file("a", b""), end()],
        &["Hardlink->t h", "Symlink->t s", "Dir d", "File a"],
    );
}

/// An old GNU sparse member: stored parts, real size, and the parts beyond four in extensions.
fn old_sparse(parts: &[(u64, u64)], real_size: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = member(
        |header| {
            header.as_old_mut().name[..6].copy_from_slice(b"sparse");
            header.set_entry_type(EntryType::GNUSparse);
            let gnu = header.as_gnu_mut().unwrap();
            gnu.set_real_size(real_size);
            for (slot, &(offset, length)) in gnu.sparse.iter_mut().zip(parts) {
                slot.set_offset(offset);
                slot.set_length(length);
            }
            gnu.set_is_extended(parts.len() > 4);
        },
        body,
    );
    let mut extensions = Vec::new();
    let rest: Vec<_> = parts.iter().skip(4).collect();
    let mut chunks = rest.chunks(21).peekable();
    while let Some(chunk) = chunks.next() {
        let mut extension = GnuExtSparseHeader::new();
        for (slot, &&(offset, length)) in extension.sparse_mut().iter_mut().zip(chunk) {
            slot.set_offset(offset);
            slot.set_length(length);
        }
        extension.set_is_extended(chunks.peek().is_some());
        extensions.extend_from_slice(extension.as_bytes());
    }
    bytes.splice(512..512, extensions);
    bytes
}

#[test]
fn sparse_files_read_with_their_holes() {
    check(
        &[old_sparse(&[(2, 1), (5, 2)], 9, b"abc"), file("n", b"x"), end()],
        &["File sparse = <2 zeros>a<2 zeros>bc<2 zeros>", "File n = x"],
    );
    let parts: Vec<_> = (0..60).map(|n| (n * 10, 1)).collect();
    let expected = "File sparse = ".to_owned() + &"x<9 zeros>".repeat(60);
    check(
        &[old_sparse(&parts, 600, &[b'x'; 60]), file("n", b"x"), end()],
        &[&expected, "File n = x"],
    );
    check(&[old_sparse(&[(9, 0)], 9, b""), end()], &["File sparse = <9 zeros>"]);

    let holes = "File real = a<2 zeros>b<3 zeros>";
    let name = ("GNU.sparse.name", "real");
    check(
        &[
            pax(&[
                ("GNU.sparse.size", "7"),
                ("GNU.sparse.numblocks", "2"),
                ("GNU.sparse.offset", "0"),
                ("GNU.sparse.numbytes", "1"),
                ("GNU.sparse.offset", "3"),
                ("GNU.sparse.numbytes", "1"),
                name,
            ]),
            file("GNUSparseFile.1/real", b"ab"),
            file("n", b"x"),
            end(),
        ],
        &[holes, "File n = x"],
    );
    check(
        &[
            pax(&[("GNU.sparse.size", "7"), ("GNU.sparse.map", "0,1,3,1"), name]),
            file("GNUSparseFile.1/real", b"ab"),
            end(),
        ],
        &[holes],
    );
    let mut body = b"2\n0\n1\n3\n1\n".to_vec();
    body.resize(512, 0);
    body.extend_from_slice(b"ab");
    let version_1 =
        [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "7"), name];
    check(
        &[pax(&version_1), file("GNUSparseFile.1/real", &body), file("n", b"x"), end()],
        &[holes, "File n = x"],
    );
    // A version nobody has defined is no sparse member.
    check(
        &[
            pax(&[("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0"), name]),
            file("a", b"b"),
            end(),
        ],
        &["File a = b"],
    );
}

#[test]
fn holes_that_are_read_are_counted() {
    let limits = Limits { max_output_bytes: 16, ..Limits::default() };
    let bytes = [old_sparse(&[(9, 1)], 10, b"x").repeat(3), end()].concat();
    let mut reader = TarReader::new(bytes.as_slice(), &limits);
    let mut content = Vec::new();
    reader.next_entry().unwrap().unwrap().read_to_end(&mut content).unwrap();
    assert_eq!(content, b"\0\0\0\0\0\0\0\0\0x");
    let error = reader.next_entry().unwrap().unwrap().read_to_end(&mut content).unwrap_err();
    assert_eq!(content.len(), 10 + 7);
    assert_eq!(error.to_string(), "reading the holes of sparse files yields more than 16 bytes");
    // What is skipped costs nothing.
    let mut reader = TarReader::new(bytes.as_slice(), &limits);
    while reader.next_entry().unwrap().is_some() {}
    assert_eq!(reader.entries(), 3);
}

#[test]
fn sparse_oddities_are_errors() {
    let old = |parts: &[(u64, u64)], size, body: &[u8], reason: &str| {
        let expected = format!("sparse map of the tar header at byte 0: {reason}");
        check_error(&[old_sparse(parts, size, body), end()], &expected);
    };
    old(&[(0, 2), (1, 2)], 9, b"abcd", "parts overlap or are out of order");
    old(&[(0, 2)], 1, b"ab", "a part ends beyond the file");
    old(&[(0, 2)], 9, b"abc", "the parts are not the bytes that are stored");
    check_error(
        &[named(b"a", b'S', b"")].map(|mut bytes| {
            bytes[257..265].copy_from_slice(b"ustar\x0000");
            let mut header = Header::from_byte_slice(&bytes).clone();
            header.set_cksum();
            header.as_bytes().to_vec()
        }),
        "sparse map of the tar header at byte 0: not a GNU header",
    );

    // Extension blocks without parts, for ever.
    let mut endless = old_sparse(&[(0, 0); 5], 0, b"");
    endless.truncate(512);
    let mut extension = GnuExtSparseHeader::new();
    extension.set_is_extended(true);
    for _ in 0..5000 {
        endless.extend_from_slice(extension.as_bytes());
    }
    check_error(&[endless], "sparse map of the tar header at byte 0: too many parts");

    let records = |records: &[(&str, &str)], reason: &str| {
        let expected = format!("PAX header at byte 0: {reason}");
        check_error(&[pax(records), file("a", b"b"), end()], &expected);
    };
    records(&[("GNU.sparse.map", "0,1,2")], "sparse map lacks a length");
    records(&[("GNU.sparse.map", "0,x")], "invalid number in sparse map");
    records(&[("GNU.sparse.numbytes", "1")], "sparse offsets and lengths do not alternate");
    records(&[("GNU.sparse.size", "-1")], "invalid sparse size");
    let many = "0,0,".repeat(65_536) + "0,0";
    records(&[("GNU.sparse.map", &many)], "sparse map has too many parts");

    let body = |body: &[u8], reason: &str| {
        let records = pax(&[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")]);
        let expected = format!("sparse map of the tar header at byte 1024: {reason}");
        check_error(&[records, file("a", body), end()], &expected);
    };
    body(b"1\n0\n1\n", "the map is longer than the body");
    body(&[b'1'; 2048], "a number is too long");
    body(&[b'\n'; 512], "invalid number");
}

#[test]
fn damage_is_named() {
    let whole = [file("a", &[b'x'; 600]), file("b", b"y"), end()].concat();
    let cut = |length: usize, expected: &str| check_error(&[whole[..length].to_vec()], expected);
    cut(1, "truncated tar: ends inside the header at byte 0");
    cut(511, "truncated tar: ends inside the header at byte 0");
    cut(512, "truncated tar: ends inside a");
    cut(1535, "truncated tar: ends inside a");
    cut(1600, "truncated tar: ends inside the header at byte 1536");
    cut(2048, "truncated tar: ends inside b");
    check_error(
        &[pax(&[("path", "a")])[..600].to_vec()],
        "truncated tar: ends inside the header at byte 0",
    );

    let mut flipped = whole.clone();
    flipped[1536] ^= 1;
    check_error(&[flipped], "tar header at byte 1536 has a wrong checksum");
    check_error(&[b"PK\x03\x04".repeat(128)], "tar header at byte 0 has an invalid checksum");
    check_error(
        &[file("a", b""), vec![0; 512], file("b", b"")],
        "tar header at byte 1024 follows a single zero block",
    );

    let sized = |field: &[u8; 12], expected: &str| {
        let bytes = member(
            |header| {
                header.as_old_mut().name[0] = b'a';
                header.as_old_mut().size.copy_from_slice(field);
            },
            b"",
        );
        check_error(&[bytes], expected);
    };
    let invalid = "tar header at byte 0 has an invalid size";
    sized(b"-0000000001\0", invalid);
    sized(&[0xff; 12], invalid);
    sized(b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", invalid);
    sized(b"zzzzzzzzzzz\0", invalid);
    sized(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", "truncated tar: ends inside a");
    check_error(
        &[pax(&[("size", "9223372036854775807")]), file("a", b"")],
        "truncated tar: ends inside a",
    );
    check_error(
        &[pax(&[("size", "9223372036854775808")]), file("a", b"")],
        "PAX header at byte 0: invalid size",
    );
}

#[test]
fn tars_may_end_without_a_mark() {
    check(&[], &[]);
    check(&[end()], &[]);
    check(&[vec![0; 512]], &[]);
    check(&[file("a", b"b")], &["File a = b"]);
    check(&[file("a", b"b"), vec![0; 512]], &["File a = b"]);
    check(&[file("a", b"b"), end(), file("hidden", b"")], &["File a = b"]);
}

#[test]
fn extension_headers_are_bounded() {
    let huge = |flag| {
        member(
            |header| {
                header.as_old_mut().linkflag = [flag];
                header.set_size(1 << 40);
            },
            b"",
        )
    };
    for flag in *b"xgLK" {
        check_error(
            &[huge(flag)],
            "tar extension header at byte 0 has 1099511627776 bytes, more than 1048576",
        );
    }
    check_error(
        &[pax(&[]).repeat(1000)],
        "more than 16 extension headers before the tar header at byte 8704",
    );
}

#[test]
fn limits_of_the_caller_hold() {
    let bytes = [file("a", b""), file("b/c/d", b""), file("e", b"")].concat();
    let limits = Limits::default();
    let check = |limits: Limits, expected: &str| {
        assert_eq!(read(&bytes, 512, &limits).unwrap_err().to_string(), expected);
    };
    check(Limits { max_entries: 2, ..limits }, "tar has more than 2 entries");
    let path = PathLimits { max_depth: 2, ..limits.path };
    check(Limits { path, ..limits }, "name in the tar header at byte 512");
    let path = PathLimits { max_bytes: 4, ..limits.path };
    check(Limits { path, ..limits }, "name in the tar header at byte 512");
}

#[test]
fn errors_are_final() {
    let bytes = [vec![b'x'; 512], file("a", b"")].concat();
    let mut reader = TarReader::new(&bytes[..], &Limits::default());
    assert!(reader.next_entry().is_err());
    assert!(reader.next_entry().unwrap().is_none());
}

#[test]
fn large_files_are_refused_before_they_are_read() {
    let claims_10_gb = member(
        |header| {
            header.as_old_mut().name[..6].copy_from_slice(b"status");
            header.set_size(10 << 30);
        },
        b"",
    );
    let mut reader = TarReader::new(&claims_10_gb[..], &Limits::default());
    let error = reader.next_entry().unwrap().unwrap().read_to_vec(64 << 20).unwrap_err();
    assert_eq!(error.to_string(), "status has 10737418240 bytes, more than 67108864");
}

#[test]
fn bodies_may_be_read_in_part() {
    let bytes = [file("a", &[b'x'; 2000]), file("b", b"y"), end()].concat();
    for part in [0, 1, 511, 512, 1999, 2000] {
        let mut reader = TarReader::new(&bytes[..], &Limits::default());
        let mut entry = reader.next_entry().unwrap().unwrap();
        entry.read_exact(&mut vec![0; part]).unwrap();
        assert_eq!(entry.read_to_vec(2000).unwrap().len(), 2000 - part);
        let mut reader = TarReader::new(&bytes[..], &Limits::default());
        reader.next_entry().unwrap().unwrap().read_exact(&mut vec![0; part]).unwrap();
        let mut next = reader.next_entry().unwrap().unwrap();
        assert_eq!(next.path().as_bytes(), b"b");
        assert_eq!(next.read_to_vec(1).unwrap(), b"y");
    }
}
