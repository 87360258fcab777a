//! Compiles every feed of the shared data that this crate reads, then matches an inventory of 2,200 packages.
//!
//! `cargo run --release -p plimsoll-vulndb --example measure`: prints times, sizes and the peak of memory.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use plimsoll_model::{Ecosystem, Os, Package, PackageId, Scope};
use plimsoll_versions::{Scheme, compare};
use plimsoll_vulndb::{
    Change, Compiled, Compiler, Matcher, Options, Provenance, Shrinkage, Store, Trust, feeds,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PACKAGES: usize = 2200;
const ROUNDS: u32 = 200;

fn main() -> Result<()> {
    let data =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/advisories"));
    let start = Instant::now();
    let mut compiled = Vec::new();
    for step in [alpine, azurelinux, debian_lists, almalinux, bitnami, harvest, kev, epss] {
        let before = Instant::now();
        let shards = step(&data)?;
        let (bytes, count) = shards.iter().fold((0, 0), |(bytes, count), shard| {
            (bytes + shard.bytes.len(), count + shard.advisories)
        });
        let name = shards.first().map_or("", |shard| shard.feed);
        print(&format!(
            "{name:16} {:>3} shards {count:>7} advisories {:>8} kB {:>6} ms, peak {} MB",
            shards.len(),
            bytes / 1000,
            before.elapsed().as_millis(),
            peak_megabytes(),
        ));
        compiled.extend(shards);
    }
    print(&format!(
        "compiled everything in {} ms, peak {} MB",
        start.elapsed().as_millis(),
        peak_megabytes()
    ));
    match_inventory(compiled, &data)?;
    Ok(())
}

fn match_inventory(compiled: Vec<Compiled>, data: &Path) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(directory.path());
    let now = "2026-11-24T00:00:00Z".parse()?;
    let changes = compiled
        .into_iter()
        .map(|compiled| {
            let provenance = Provenance {
                trust: Trust::Copy,
                validators: Vec::new(),
                modified: None,
                checked: now,
            };
            Change::New { compiled, provenance }
        })
        .collect();
    let before = Instant::now();
    let generation = store.install(changes, Shrinkage::Refuse)?.generation;
    print(&format!(
        "installed {} shards in {} ms",
        generation.shards().len(),
        before.elapsed().as_millis()
    ));

    for scope in ["almalinux:8", "debian:11"] {
        let scope: Scope = scope.parse()?;
        let packages = inventory(&scope, data)?;
        let os = Os {
            id: scope.ecosystem.to_string(),
            version_id: scope.release.clone(),
            codename: None,
            pretty_name: None,
            eol: None,
            ecosystem: Some(scope.ecosystem),
            scope: Some(scope.clone()),
        };
        let options = Options { now, max_age: None };
        let mut times = Vec::new();
        let mut opening = Vec::new();
        let mut findings = 0;
        for _ in 0..ROUNDS {
            let before = Instant::now();
            let generation = store.current()?;
            let matcher = Matcher::open(generation.as_ref(), std::slice::from_ref(&scope))?;
            opening.push(before.elapsed());
            let matched = matcher.match_packages(&packages, Some(&os), &options)?;
            times.push(before.elapsed());
            findings = matched.findings.len();
        }
        times.sort();
        opening.sort();
        print(&format!(
            "{scope}: {} packages, {findings} findings: open {} µs; open and match {} µs best, {} µs median of {ROUNDS}",
            packages.len(),
            opening[opening.len() / 2].as_micros(),
            times[0].as_micros(),
            times[times.len() / 2].as_micros(),
        ));
    }
    Ok(())
}

/// Packages that the scope's feeds speak of, each one fix behind, and as many that nobody speaks of as are missing.
fn inventory(scope: &Scope, data: &Path) -> Result<Vec<Package>> {
    let mut fixes: Vec<(String, String)> = Vec::new();
    let mut sink = |advisory: plimsoll_model::Advisory| {
        if advisory.scope == *scope
            && let Some(range) = advisory.ranges.first()
            && let plimsoll_model::RangeEnd::Fixed(version) = &range.end
        {
            fixes.push((advisory.package.name, version.clone()));
        }
    };
    if scope.ecosystem == Ecosystem::Debian {
        for (_, bytes) in unpack(&data.join("debian-dsa-dla-2023/data.tar.zst"), "A/list")? {
            feeds::read_debian_list("debian-dsa", &bytes[..], &mut sink)?;
        }
    } else {
        let mut reading = feeds::Reading::default();
        for (name, bytes) in unpack(&data.join("almalinux-osv/data.tar.zst"), ".json")? {
            feeds::read_osv_record("osv-almalinux", &name, &bytes, &mut reading, &mut sink);
        }
    }
    let scheme = match scope.ecosystem {
        Ecosystem::Debian => Scheme::Dpkg,
        _ => Scheme::Rpm,
    };
    // The last fix but one of each name: some updates behind, as real images are.
    fixes.sort_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| compare(scheme, &b.1, &a.1).unwrap_or(Ordering::Equal))
    });
    fixes.dedup();
    let fixes: Vec<_> = fixes
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|fixes| fixes.get(1).or(fixes.first()).cloned())
        .collect();
    let arch = Some("x86_64");
    let fillers = (0..PACKAGES).map(|n| (format!("zz-own-{n}"), "1-1".to_owned()));
    let packages = fixes.into_iter().take(PACKAGES).chain(fillers).take(PACKAGES);
    Ok(packages
        .map(|(name, version)| Package {
            id: PackageId::of(scope.ecosystem, &name, &version, arch),
            ecosystem: scope.ecosystem,
            name,
            version,
            arch: arch.map(str::to_owned),
            source: None,
            module: None,
            vendor: None,
            license: None,
            purl: String::new(),
            locations: Vec::new(),
            introduced_in: None,
        })
        .collect())
}

fn alpine(data: &Path) -> Result<Vec<Compiled>> {
    let files = unpack(&data.join("alpine-secdb-2020/data.tar.zst"), ".yaml")?;
    let feed = feed("alpine-secdb")?;
    let scopes: Vec<Scope> =
        (3..=11).map(|n| format!("alpine:3.{n}").parse()).collect::<std::result::Result<_, _>>()?;
    let mut compiler = Compiler::new(feed, scopes.clone());
    for scope in &scopes {
        for source in feed.sources(Some(scope)) {
            let path = source.address.replace(".json", ".yaml");
            for (_, bytes) in files.iter().filter(|(name, _)| path.ends_with(&format!("/{name}"))) {
                compiler.read(&source, &bytes[..])?;
            }
        }
    }
    Ok(compiler.finish()?)
}

fn azurelinux(data: &Path) -> Result<Vec<Compiled>> {
    let mut files = unpack(&data.join("azurelinux-oval/data.tar.zst"), ".xml")?;
    let mariner = fs::read(data.join("azurelinux-oval/cbl-mariner-2.0-oval.2024-01-22.xml.zst"))?;
    files.push(("cbl-mariner-2.0-oval.xml".to_owned(), mariner));
    let feed = feed("azurelinux-oval")?;
    let scopes: Vec<Scope> =
        ["azurelinux:1.0".parse()?, "azurelinux:2.0".parse()?, "azurelinux:3.0".parse()?].to_vec();
    let mut compiler = Compiler::new(feed, scopes.clone());
    for scope in &scopes {
        for source in feed.sources(Some(scope)) {
            for (_, bytes) in
                files.iter().filter(|(name, _)| source.address.ends_with(name.as_str()))
            {
                compiler.read(&source, &bytes[..])?;
            }
        }
    }
    Ok(compiler.finish()?)
}

fn debian_lists(data: &Path) -> Result<Vec<Compiled>> {
    let mut compiled = Vec::new();
    for (name, path) in [("debian-dsa", "DSA/list"), ("debian-dla", "DLA/list")] {
        let feed = feed(name)?;
        let scopes: Vec<Scope> = (4..=12)
            .map(|n| format!("debian:{n}").parse())
            .collect::<std::result::Result<_, _>>()?;
        let mut compiler = Compiler::new(feed, scopes);
        for (_, bytes) in unpack(&data.join("debian-dsa-dla-2023/data.tar.zst"), path)? {
            compiler.read(&feed.sources(None)[0], &bytes[..])?;
        }
        compiled.extend(compiler.finish()?);
    }
    Ok(compiled)
}

fn almalinux(data: &Path) -> Result<Vec<Compiled>> {
    let scopes = ["almalinux:8".parse()?, "almalinux:9".parse()?, "almalinux:10".parse()?];
    osv(&data.join("almalinux-osv/data.tar.zst"), "osv-almalinux", &scopes)
}

fn bitnami(data: &Path) -> Result<Vec<Compiled>> {
    osv(&data.join("bitnami-osv/data.tar.zst"), "osv-bitnami", &["bitnami".parse()?])
}

fn harvest(data: &Path) -> Result<Vec<Compiled>> {
    let mut compiler =
        Compiler::new(feed("osv-debian")?, ["debian:10".parse()?, "debian:11".parse()?]);
    let bytes = zstd::decode_all(File::open(data.join("osv-harvest/records.jsonl.zst"))?)?;
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        compiler.read_osv_record("harvest", line);
    }
    Ok(compiler.finish()?)
}

fn kev(data: &Path) -> Result<Vec<Compiled>> {
    let files = unpack(&data.join("kev/data.tar.zst"), "vulnerabilities.json")?;
    ids("kev", &files.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>())
}

fn epss(data: &Path) -> Result<Vec<Compiled>> {
    let files = unpack(&data.join("epss/data.tar.zst"), ".csv")?;
    ids("epss", &files.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>())
}

fn ids(name: &str, documents: &[Vec<u8>]) -> Result<Vec<Compiled>> {
    let feed = feed(name)?;
    let mut compiler = Compiler::new(feed, []);
    for bytes in documents {
        compiler.read(&feed.sources(None)[0], Cursor::new(bytes))?;
    }
    Ok(compiler.finish()?)
}

fn osv(path: &Path, name: &str, scopes: &[Scope]) -> Result<Vec<Compiled>> {
    let mut compiler = Compiler::new(feed(name)?, scopes.iter().cloned());
    let mut tar = tar::Archive::new(zstd::Decoder::new(File::open(path)?)?);
    let mut bytes = Vec::new();
    for entry in tar.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if name.ends_with(".json") {
            bytes.clear();
            entry.read_to_end(&mut bytes)?;
            compiler.read_osv_record(&name, &bytes);
        }
    }
    Ok(compiler.finish()?)
}

fn feed(name: &str) -> Result<&'static feeds::Feed> {
    feeds::find(name).ok_or_else(|| format!("no feed {name}").into())
}

fn unpack(path: &Path, suffix: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut tar = tar::Archive::new(zstd::Decoder::new(File::open(path)?)?);
    let mut files = Vec::new();
    for entry in tar.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
        if name.ends_with(suffix) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

/// `VmHWM` of this process; zero where there is none.
fn peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0)
        / 1000
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn print(line: &str) {
    println!("{line}");
}
