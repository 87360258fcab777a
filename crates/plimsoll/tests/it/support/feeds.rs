//! Feeds written by tests, laid out as `BASE/HOST/PATH`.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

/// A copy of feeds in a directory.
pub(crate) struct Feeds {
    root: PathBuf,
}

impl Feeds {
    /// An empty copy: KEV and EPSS are there, since every update asks for them.
    pub(crate) fn new(root: PathBuf) -> Self {
        let feeds = Self { root };
        feeds.kev(&[]).epss(&[("CVE-1999-0001", 0.5)])
    }

    /// What to give as `--from`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where a document lies.
    pub(crate) fn path(&self, address: &str) -> PathBuf {
        self.root.join(address)
    }

    /// Writes a document at its address without `https://`.
    pub(crate) fn document(self, address: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(address);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Alpine's database of a branch: main as given, community empty.
    pub(crate) fn alpine(self, branch: &str, fixes: &[(&str, &str, &[&str])]) -> Self {
        let at = format!("secdb.alpinelinux.org/{branch}");
        self.document(&format!("{at}/main.json"), secdb(fixes))
            .document(&format!("{at}/community.json"), secdb(&[]))
    }

    /// OSV's export of an ecosystem.
    pub(crate) fn osv(self, ecosystem: &str, records: &[Value]) -> Self {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for record in records {
            let name = record["id"].as_str().unwrap_or("nameless");
            zip.start_file(format!("{name}.json"), SimpleFileOptions::default()).unwrap();
            zip.write_all(record.to_string().as_bytes()).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        self.document(
            &format!("osv-vulnerabilities.storage.googleapis.com/{ecosystem}/all.zip"),
            bytes,
        )
    }

    /// The Debian tracker's export.
    pub(crate) fn debian_tracker(self, export: &Value) -> Self {
        self.document("security-tracker.debian.org/tracker/data/json", export.to_string())
    }

    /// CISA's catalogue with these ids.
    pub(crate) fn kev(self, ids: &[&str]) -> Self {
        let entry = |id: &&str| json!({ "cveID": id, "dateAdded": "2024-02-01", "knownRansomwareCampaignUse": "Known" });
        let entries: Vec<_> = ids.iter().map(entry).collect();
        self.document(
            "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
            json!({ "dateReleased": "2026-05-01T00:00:00Z", "vulnerabilities": entries })
                .to_string(),
        )
    }

    /// FIRST's scores.
    pub(crate) fn epss(self, scores: &[(&str, f64)]) -> Self {
        let mut table = "#model_version:v2025.03.14,score_date:2026-05-02T00:00:00Z\n".to_owned();
        table.push_str("cve,epss,percentile\n");
        for (id, score) in scores {
            table.push_str(&format!("{id},{score},0.9\n"));
        }
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(table.as_bytes()).unwrap();
        self.document(
            "epss.empiricalsecurity.com/epss_scores-current.csv.gz",
            packed.finish().unwrap(),
        )
    }
}

/// Alpine's database: package, fixing version, ids.
pub(crate) fn secdb(fixes: &[(&str, &str, &[&str])]) -> String {
    let packages = fixes.iter().map(
        |(name, version, ids)| json!({ "pkg": { "name": name, "secfixes": { *version: ids } } }),
    );
    json!({ "packages": packages.collect::<Vec<_>>() }).to_string()
}

/// A record of OSV about one package.
pub(crate) struct Osv<'a> {
    pub(crate) id: &'a str,
    pub(crate) aliases: &'a [&'a str],
    /// `Alpine:v3.19`
    pub(crate) ecosystem: &'a str,
    pub(crate) package: &'a str,
    pub(crate) fixed: Option<&'a str>,
    /// `CVSS:3.1/…`
    pub(crate) vector: Option<&'a str>,
}

impl Osv<'_> {
    pub(crate) fn record(&self) -> Value {
        let mut events = vec![json!({ "introduced": "0" })];
        events.extend(self.fixed.map(|fixed| json!({ "fixed": fixed })));
        let mut record = json!({
            "id": self.id,
            "aliases": self.aliases,
            "modified": "2026-05-01T00:00:00Z",
            "published": "2024-01-15T00:00:00Z",
            "summary": format!("What {} is about", self.id),
            "affected": [{
                "package": { "ecosystem": self.ecosystem, "name": self.package },
                "ranges": [{ "type": "ECOSYSTEM", "events": events }],
            }],
        });
        if let Some(vector) = self.vector {
            record["severity"] = json!([{ "type": "CVSS_V3", "score": vector }]);
        }
        record
    }
}
