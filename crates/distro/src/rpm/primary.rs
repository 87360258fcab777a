//! `primary.xml`: the packages that a repository offers.

use std::io::BufRead;

use plimsoll_model::SourcePackage;

use super::nevra::{evr, source_of, word};
use super::wanted::Wanted;
use super::xml::{self, Attributes, MetadataError, Visitor};

/// Fedora has 80,000 packages, with its updates; repositories that keep every version have more.
const MAX_PACKAGES: usize = 4_000_000;

/// A system has some thousand packages, of which a repository has some dozen versions.
const MAX_KEPT: usize = 500_000;

/// Of what is wrong in one document, so much is kept.
pub(super) const MAX_PROBLEMS: usize = 100;

/// A package that a repository offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    /// Its name.
    pub name: String,
    /// `epoch:version-release`, an epoch of zero not written.
    pub evr: String,
    /// Its architecture.
    pub arch: String,
    /// The source package; its version has no epoch, because the metadata has none.
    pub source: Option<SourcePackage>,
    /// What other metadata calls it by: a hash of the package, in hexadecimal.
    pub pkgid: String,
}

/// What `primary` has of the packages of interest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrimaryRead {
    /// The packages, in the order of the document.
    pub packages: Vec<Available>,
    /// Packages left out, because something about them is wrong.
    pub problems: Vec<String>,
}

/// Reads `primary.xml`, unpacked, and keeps the packages with names of interest.
pub fn read_primary(input: impl BufRead, wanted: &Wanted) -> Result<PrimaryRead, MetadataError> {
    let mut reader = PrimaryReader { wanted, read: PrimaryRead::default(), seen: 0, package: None };
    xml::read(input, "metadata", &mut reader)?;
    Ok(reader.read)
}

struct PrimaryReader<'w> {
    wanted: &'w Wanted,
    read: PrimaryRead,
    seen: usize,
    /// The package that is read, once its name is known to be of interest.
    package: Option<Draft>,
}

/// A `<package>` while it is read.
#[derive(Default)]
struct Draft {
    name: String,
    arch: String,
    evr: Option<String>,
    source_rpm: String,
    pkgid: String,
}

impl Visitor for PrimaryReader<'_> {
    fn start(&mut self, name: &str, attributes: &Attributes<'_>) -> Result<(), MetadataError> {
        if name == "package" {
            self.seen += 1;
            if self.seen > MAX_PACKAGES {
                return Err(MetadataError::TooMany { limit: MAX_PACKAGES, what: "packages" });
            }
            self.package = None;
            return Ok(());
        }
        let Some(package) = &mut self.package else { return Ok(()) };
        if name == "version" {
            let epoch = attributes.get("epoch");
            let version = attributes.text("ver").unwrap_or_default();
            let release = attributes.text("rel").unwrap_or_default();
            let words = word(&version).zip(word(&release));
            package.evr = words.map(|(version, release)| evr(epoch.as_deref(), version, release));
        }
        Ok(())
    }

    fn end(&mut self, name: &str, text: &str) -> Result<(), MetadataError> {
        match (name, &mut self.package) {
            // The name comes first, before everything that is kept.
            ("name", None) if self.wanted.has(text) => {
                self.package = Some(Draft { name: text.to_owned(), ..Draft::default() });
            }
            ("arch", Some(package)) => text.clone_into(&mut package.arch),
            ("checksum", Some(package)) => text.clone_into(&mut package.pkgid),
            ("sourcerpm", Some(package)) => text.clone_into(&mut package.source_rpm),
            ("package", Some(_)) => return self.take_package(),
            _ => {}
        }
        Ok(())
    }
}

impl PrimaryReader<'_> {
    fn take_package(&mut self) -> Result<(), MetadataError> {
        let Some(draft) = self.package.take() else { return Ok(()) };
        if self.read.packages.len() == MAX_KEPT {
            return Err(MetadataError::TooMany {
                limit: MAX_KEPT,
                what: "packages with names of interest",
            });
        }
        match draft.finish() {
            Ok(package) => self.read.packages.push(package),
            Err(problem) if self.read.problems.len() < MAX_PROBLEMS => {
                self.read.problems.push(problem);
            }
            Err(_) => {}
        }
        Ok(())
    }
}

impl Draft {
    fn finish(self) -> Result<Available, String> {
        let Self { name, arch, evr, source_rpm, pkgid } = self;
        let evr = evr.ok_or_else(|| format!("package {name} has no version"))?;
        word(&arch).ok_or_else(|| format!("package {name} has no architecture"))?;
        word(&pkgid).ok_or_else(|| format!("package {name} has no checksum"))?;
        let source = source_of(&source_rpm);
        Ok(Available { name, evr, arch, source, pkgid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::testing::installed;

    fn package(name: &str, version: &str, arch: &str) -> String {
        format!(
            "<package type=\"rpm\"><name>{name}</name><arch>{arch}</arch>{version}\
             <checksum type=\"sha256\" pkgid=\"YES\">00ff</checksum><time file=\"1\" build=\"1700000000\"/>\
             <size package=\"77\" installed=\"0\"/><location href=\"x.rpm\"/><format>\
             <rpm:sourcerpm>src-{name}-1-2.src.rpm</rpm:sourcerpm>\
             <rpm:provides><rpm:entry name=\"x\" ver=\"9\"/></rpm:provides></format></package>"
        )
    }

    fn read(packages: &str) -> PrimaryRead {
        let xml = format!("<metadata xmlns:rpm=\"r\" packages=\"1\">{packages}</metadata>");
        let wanted =
            Wanted::of(&[installed("bash", "1-1", "x86_64"), installed("curl", "1-1", "x86_64")]);
        read_primary(xml.as_bytes(), &wanted).unwrap()
    }

    const VERSION: &str = "<version epoch=\"0\" ver=\"5.1\" rel=\"6.el9\"/>";

    #[test]
    fn packages_with_names_of_interest_are_kept() {
        let found = read(
            &[
                package("zsh", VERSION, "x86_64"),
                package("bash", VERSION, "x86_64"),
                package("curl", "<version epoch=\"2\" ver=\"8\" rel=\"1\"/>", "noarch"),
            ]
            .concat(),
        );
        let [bash, curl] = found.packages.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (bash.name.as_str(), bash.evr.as_str(), bash.arch.as_str()),
            ("bash", "5.1-6.el9", "x86_64")
        );
        assert_eq!(bash.source.as_ref().unwrap().name, "src-bash");
        assert_eq!(bash.source.as_ref().unwrap().version, "1-2");
        assert_eq!((bash.pkgid.as_str(), curl.evr.as_str()), ("00ff", "2:8-1"));
        assert_eq!(found.problems, [""; 0]);
    }

    #[test]
    fn a_broken_package_is_a_problem_and_the_rest_counts() {
        let long = format!("<version epoch=\"0\" ver=\"{}\" rel=\"1\"/>", "1".repeat(300));
        let found = read(
            &[
                package("bash", "", "x86_64"),
                package("bash", &long, "x86_64"),
                package("bash", VERSION, ""),
                package("curl", VERSION, "x86_64"),
            ]
            .concat(),
        );
        assert_eq!(found.packages.len(), 1);
        let version = "package bash has no version";
        assert_eq!(found.problems, [version, version, "package bash has no architecture"]);
    }
}
