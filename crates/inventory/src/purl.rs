//! Package URLs of distribution packages (purl-spec, ECMA-427): types `deb`, `apk`, `rpm`.

use std::fmt::Write;

use plimsoll_model::Ecosystem;

use crate::record::Record;

/// Whose package a purl names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vendor<'a> {
    pub(crate) ecosystem: Ecosystem,
    /// The namespace: `ID` of os-release.
    pub(crate) id: Option<&'a str>,
    /// The release behind `distro=id-`.
    pub(crate) version_id: Option<&'a str>,
}

/// The purl of `record`. Qualifiers are sorted, as the canonical form wants; the epoch of an rpm is
/// a qualifier, that of a deb is part of the version; `upstream` names the source where it differs.
pub(crate) fn purl(vendor: &Vendor<'_>, record: &Record<'_>) -> String {
    let kind = vendor.ecosystem.purl_type();
    let mut purl = format!("pkg:{kind}/");
    if let Some(id) = vendor.id {
        encode(&id.to_ascii_lowercase(), &mut purl);
        purl.push('/');
    }
    let (epoch, version) = match record.version.split_once(':') {
        Some((epoch, version)) if kind == "rpm" => (Some(epoch), version),
        _ => (None, record.version),
    };
    if kind == "rpm" {
        encode(record.name, &mut purl);
    } else {
        encode(&record.name.to_ascii_lowercase(), &mut purl);
    }
    purl.push('@');
    encode(version, &mut purl);

    let distro = vendor.id.map(|id| match vendor.version_id {
        Some(version_id) => format!("{id}-{version_id}"),
        None => id.to_owned(),
    });
    let upstream = record.source.and_then(|(name, version)| {
        match (name == record.name, version == record.version) {
            (true, true) => None,
            (_, true) => Some(name.to_owned()),
            (_, false) => Some(format!("{name}@{version}")),
        }
    });
    let qualifiers = [
        ("arch", record.arch),
        ("distro", distro.as_deref()),
        ("epoch", epoch),
        ("upstream", upstream.as_deref()),
    ];
    let mut separator = '?';
    for (key, value) in qualifiers {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            purl.push(separator);
            purl.push_str(key);
            purl.push('=');
            encode(value, &mut purl);
            separator = '&';
        }
    }
    purl
}

/// Percent-encodes all but the unreserved characters and the colon, which the specification leaves
/// as it is.
fn encode(text: &str, to: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                to.push(char::from(byte));
            }
            other => {
                // Writing to a String cannot fail.
                let _ = write!(to, "%{other:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vendor: (Ecosystem, &str, &str), record: [&str; 5], expected: &str) {
        let [name, version, arch, source, source_version] = record;
        let record = Record {
            name,
            version,
            arch: Some(arch),
            source: Some((source, source_version)),
            module: None,
            vendor: None,
            license: None,
            held: false,
            unsettled: None,
        };
        let (ecosystem, id, version_id) = vendor;
        let vendor = Vendor { ecosystem, id: Some(id), version_id: Some(version_id) };
        assert_eq!(purl(&vendor, &record), expected);
    }

    #[test]
    fn purls_are_canonical() {
        let debian = (Ecosystem::Debian, "debian", "12");
        check(
            debian,
            ["libstdc++6", "1:12.2.0-14+b1", "amd64", "gcc-12", "12.2.0-14"],
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bb1?arch=amd64&distro=debian-12\
             &upstream=gcc-12%4012.2.0-14",
        );
        check(
            debian,
            ["bash", "5.2.15-2~x", "amd64", "bash", "5.2.15-2~x"],
            "pkg:deb/debian/bash@5.2.15-2~x?arch=amd64&distro=debian-12",
        );
        check(
            (Ecosystem::Fedora, "fedora", "40"),
            ["Curl", "1:7.50^3-1.fc25", "i386", "curl", "1:7.50^3-1.fc25"],
            "pkg:rpm/fedora/Curl@7.50%5E3-1.fc25?arch=i386&distro=fedora-40&epoch=1&upstream=curl",
        );
        check(
            (Ecosystem::Alpine, "alpine", "3.20.3"),
            ["libssl3", "3.3.2-r0", "x86_64", "openssl", "3.3.2-r0"],
            "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl",
        );
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let vendor = Vendor { ecosystem: Ecosystem::RedHat, id: None, version_id: None };
        let record = Record {
            name: "gpg-pubkey",
            version: "d832c631-63977702",
            arch: None,
            source: None,
            module: None,
            vendor: None,
            license: None,
            held: false,
            unsettled: None,
        };
        assert_eq!(purl(&vendor, &record), "pkg:rpm/gpg-pubkey@d832c631-63977702");
    }
}
