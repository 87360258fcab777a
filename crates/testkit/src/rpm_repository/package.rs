//! Packages without content, and the advisories about them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::run;
use crate::place::Place;

/// A package of no architecture, built from a spec of a few lines.
#[derive(Clone, Debug)]
pub struct Rpm {
    name: String,
    epoch: u32,
    version: String,
    release: String,
    siblings: Vec<String>,
    module: Option<String>,
    changelog: String,
}

impl Rpm {
    /// A package, and its source of the same name, by version and release: `5.1-6`.
    pub fn new(name: &str, version_release: &str) -> Self {
        let (version, release) = version_release.split_once('-').expect("version-release");
        Self {
            name: name.to_owned(),
            epoch: 0,
            version: version.to_owned(),
            release: release.to_owned(),
            siblings: Vec::new(),
            module: None,
            changelog: String::new(),
        }
    }

    /// The same with an epoch.
    pub fn epoch(mut self, epoch: u32) -> Self {
        self.epoch = epoch;
        self
    }

    /// The same with one more package of the same source, by its full name.
    pub fn sibling(mut self, name: &str) -> Self {
        self.siblings.push(name.to_owned());
        self
    }

    /// The same built in a module: `nodejs:18:1:context`.
    pub fn module(mut self, label: &str) -> Self {
        self.module = Some(label.to_owned());
        self
    }

    /// The same with the text of its `%changelog`.
    pub fn changelog(mut self, text: &str) -> Self {
        text.clone_into(&mut self.changelog);
        self
    }

    /// `NAME-EPOCH:VERSION-RELEASE.noarch`, as modules list it.
    pub fn nevra(&self) -> String {
        let Self { name, epoch, version, release, .. } = self;
        format!("{name}-{epoch}:{version}-{release}.noarch")
    }

    /// Builds it with `rpmbuild` into a directory.
    pub(super) fn build(&self, place: &Place, directory: &Path) {
        let file = place.path(&format!("{}.spec", self.name));
        fs::write(&file, self.spec()).unwrap();
        let mut command = place.command("rpmbuild");
        command.arg("--define").arg(format!("_topdir {}", place.path("rpmbuild").display()));
        command.arg("--define").arg(format!("_rpmdir {}", directory.display()));
        command.arg("-bb").arg(&file);
        run(command);
    }

    fn spec(&self) -> String {
        let Self { name, epoch, version, release, siblings, module, changelog } = self;
        let mut spec = format!(
            "Name: {name}\nEpoch: {epoch}\nVersion: {version}\nRelease: {release}\nSummary: a test\n\
             License: MIT\nBuildArch: noarch\n"
        );
        if let Some(label) = module {
            writeln!(spec, "Modularitylabel: {label}").unwrap();
        }
        spec.push_str("%description\na test\n%files\n");
        for sibling in siblings {
            write!(
                spec,
                "%package -n {sibling}\nSummary: a test\n%description -n {sibling}\na test\n%files -n {sibling}\n"
            )
            .unwrap();
        }
        write!(spec, "%changelog\n{changelog}").unwrap();
        spec
    }
}

/// An advisory about packages of no architecture.
#[derive(Clone, Debug)]
pub struct RpmNotice {
    id: String,
    kind: &'static str,
    severity: &'static str,
    ids: Vec<String>,
    packages: Vec<(String, u32, String, String)>,
    module: Option<(String, String)>,
}

impl RpmNotice {
    /// An advisory of a kind (`security`, `bugfix`, `enhancement`) and a severity (`Important`; may be empty).
    pub fn new(id: &str, kind: &'static str, severity: &'static str) -> Self {
        let (ids, packages) = (Vec::new(), Vec::new());
        Self { id: id.to_owned(), kind, severity, ids, packages, module: None }
    }

    /// The same with a CVE that it fixes.
    pub fn fixes(mut self, cve: &str) -> Self {
        self.ids.push(cve.to_owned());
        self
    }

    /// The same with a package that it brings, and all others of its source.
    pub fn brings(mut self, rpm: &Rpm) -> Self {
        for name in [&rpm.name].into_iter().chain(&rpm.siblings) {
            let package = (name.clone(), rpm.epoch, rpm.version.clone(), rpm.release.clone());
            self.packages.push(package);
        }
        if let Some((name, rest)) = rpm.module.as_deref().and_then(|label| label.split_once(':')) {
            let stream = rest.split(':').next().unwrap_or_default();
            self.module = Some((name.to_owned(), stream.to_owned()));
        }
        self
    }
}

/// The text of `updateinfo.xml`.
pub(super) fn updateinfo(notices: &[RpmNotice]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<updates>\n".to_owned();
    for notice in notices {
        let RpmNotice { id, kind, severity, ids, packages, module } = notice;
        write!(
            xml,
            "<update from=\"test\" status=\"final\" type=\"{kind}\" version=\"1\"><id>{id}</id>\
             <title>{id}: a title</title><issued date=\"2026-01-02 03:04:05\"/><severity>{severity}</severity>\
             <description>what {id} &lt;is&gt; about</description><references>"
        )
        .unwrap();
        for cve in ids {
            write!(xml, "<reference href=\"\" id=\"{cve}\" title=\"{cve}\" type=\"cve\"/>")
                .unwrap();
        }
        xml.push_str("</references><pkglist><collection short=\"t\"><name>t</name>");
        if let Some((name, stream)) = module {
            write!(
                xml,
                "<module name=\"{name}\" stream=\"{stream}\" version=\"1\" context=\"c\" arch=\"x86_64\"/>"
            )
            .unwrap();
        }
        for (name, epoch, version, release) in packages {
            write!(
                xml,
                "<package name=\"{name}\" epoch=\"{epoch}\" version=\"{version}\" release=\"{release}\" \
                 arch=\"noarch\"><filename>{name}-{version}-{release}.noarch.rpm</filename></package>"
            )
            .unwrap();
        }
        xml.push_str("</collection></pkglist></update>\n");
    }
    xml.push_str("</updates>\n");
    xml
}
