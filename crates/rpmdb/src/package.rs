//! One installed package.

use crate::header::{Header, HeaderError, Tag};

/// The longest text taken from a header. Licence expressions reach a few KiB; a hostile header could
/// let every tag point at the same 256 MiB.
const MAX_TEXT: usize = 64 * 1024;

/// A package as its header describes it. Fields the header lacks are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Package {
    /// `NAME`, never empty.
    pub name: String,
    /// `EPOCH`; absent compares as 0.
    pub epoch: Option<u32>,
    /// `VERSION`, never empty.
    pub version: String,
    /// `RELEASE`, never empty.
    pub release: String,
    /// `ARCH`, for instance `x86_64` or `noarch`.
    pub arch: Option<String>,
    /// `SOURCERPM`, exactly as it stands: the literal `(none)` for public keys. [`Package::source`]
    /// takes it apart.
    pub source_rpm: Option<String>,
    /// `VENDOR`; bytes that are not UTF-8 are replaced (old packages used Latin-1).
    pub vendor: Option<String>,
    /// `LICENSE`; bytes that are not UTF-8 are replaced.
    pub license: Option<String>,
    /// `MODULARITYLABEL`: `name:stream:version:context` of the module it was built in.
    pub modularity_label: Option<String>,
    /// `INSTALLTIME`: seconds since 1970.
    pub install_time: Option<u64>,
    /// `LONGSIZE` or `SIZE`: bytes of the installed files.
    pub size: Option<u64>,
}

/// The source package a package was built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourcePackage<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version; a binary package may have another.
    pub version: &'a str,
    /// Its release.
    pub release: &'a str,
}

impl Package {
    /// Reads the package out of its header.
    ///
    /// # Errors
    ///
    /// When name, version or release is missing, or a field has a kind or value it cannot have.
    pub fn from_header(header: &Header<'_>) -> Result<Self, HeaderError> {
        Ok(Self {
            name: required(header, Tag::NAME)?,
            epoch: epoch(header)?,
            version: required(header, Tag::VERSION)?,
            release: required(header, Tag::RELEASE)?,
            arch: exact(header, Tag::ARCH)?,
            source_rpm: exact(header, Tag::SOURCE_RPM)?,
            vendor: readable(header, Tag::VENDOR)?,
            license: readable(header, Tag::LICENSE)?,
            modularity_label: exact(header, Tag::MODULARITY_LABEL)?,
            install_time: header.number(Tag::INSTALL_TIME)?,
            size: header.number(Tag::LONG_SIZE)?.or(header.number(Tag::SIZE)?),
        })
    }

    /// `epoch:version-release`, or `version-release` where there is no epoch.
    #[must_use]
    pub fn evr(&self) -> String {
        let Self { version, release, .. } = self;
        match self.epoch {
            Some(epoch) => format!("{epoch}:{version}-{release}"),
            None => format!("{version}-{release}"),
        }
    }

    /// Whether this is a trusted signing key, which rpm keeps as if it were a package.
    #[must_use]
    pub fn is_public_key(&self) -> bool {
        self.name == "gpg-pubkey"
    }

    /// The source package, where `source_rpm` is `NAME-VERSION-RELEASE.src.rpm` (or `.nosrc.rpm`).
    #[must_use]
    pub fn source(&self) -> Option<SourcePackage<'_>> {
        let file = self.source_rpm.as_deref()?.strip_suffix(".rpm")?;
        let stem = file.strip_suffix(".src").or_else(|| file.strip_suffix(".nosrc"))?;
        let (rest, release) = stem.rsplit_once('-')?;
        let (name, version) = rest.rsplit_once('-')?;
        Some(SourcePackage { name, version, release })
    }
}

fn required(header: &Header<'_>, tag: Tag) -> Result<String, HeaderError> {
    exact(header, tag)?.filter(|text| !text.is_empty()).ok_or(HeaderError::Missing(tag))
}

/// A text that identifies the package: altered, it would name another.
fn exact(header: &Header<'_>, tag: Tag) -> Result<Option<String>, HeaderError> {
    let Some(bytes) = bytes(header, tag)? else { return Ok(None) };
    let text = str::from_utf8(bytes).map_err(|_| HeaderError::Text(tag))?;
    Ok(Some(text.to_owned()))
}

fn readable(header: &Header<'_>, tag: Tag) -> Result<Option<String>, HeaderError> {
    Ok(bytes(header, tag)?.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}

fn bytes<'a>(header: &Header<'a>, tag: Tag) -> Result<Option<&'a [u8]>, HeaderError> {
    match header.string(tag)? {
        Some(bytes) if bytes.len() > MAX_TEXT => Err(HeaderError::Text(tag)),
        bytes => Ok(bytes),
    }
}

fn epoch(header: &Header<'_>) -> Result<Option<u32>, HeaderError> {
    let Some(number) = header.number(Tag::EPOCH)? else { return Ok(None) };
    u32::try_from(number).map(Some).map_err(|_| HeaderError::Range(Tag::EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(source_rpm: &str, epoch: Option<u32>) -> Package {
        Package {
            name: "libcurl4".to_owned(),
            epoch,
            version: "8.0.1".to_owned(),
            release: "2".to_owned(),
            arch: None,
            source_rpm: Some(source_rpm.to_owned()),
            vendor: None,
            license: None,
            modularity_label: None,
            install_time: None,
            size: None,
        }
    }

    #[test]
    fn source_packages_are_taken_apart_from_the_right() {
        fn check(source_rpm: &str, expected: Option<(&str, &str, &str)>) {
            let package = package(source_rpm, None);
            let found = package.source().map(|s| (s.name, s.version, s.release));
            assert_eq!(found, expected, "{source_rpm}");
        }
        check("curl-8.0.1-2.src.rpm", Some(("curl", "8.0.1", "2")));
        check("python-a-b-1-0.1.el9.src.rpm", Some(("python-a-b", "1", "0.1.el9")));
        check("firmware-1-2.nosrc.rpm", Some(("firmware", "1", "2")));
        check("(none)", None);
        check("curl.src.rpm", None);
        check("curl-8.0.1-2.x86_64.rpm", None);
    }

    #[test]
    fn an_absent_epoch_is_not_printed() {
        assert_eq!(package("", None).evr(), "8.0.1-2");
        assert_eq!(package("", Some(0)).evr(), "0:8.0.1-2");
        assert_eq!(package("", Some(3)).evr(), "3:8.0.1-2");
    }
}
