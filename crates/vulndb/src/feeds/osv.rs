//! OSV records, one JSON document each, as the zips of osv.dev hold them.
//!
//! Every part is read on its own: a wrong severity costs the severity, a wrong `affected` entry that
//! entry, a wrong id the record.

mod ecosystem;
mod names;
mod range;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek};

use plimsoll_model::{Advisory, Cvss, PackageKey, Range, RangeEnd, Scope, Severity, State};
use plimsoll_unpack::Limits;
use plimsoll_unpack::zip::{Zip, ZipError};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use self::ecosystem::{kind_of, scope_of};
use self::names::{Ids, ids_of, modules_of_title, severity_of_title};
use self::range::{Event, ranges_of};
use super::cvss;
use super::ids::push_once;
use super::reading::{FeedError, Reading, timestamp, title};

/// The largest records (kernels of Ubuntu, with the versions of every release) have 10 MB.
const MAX_RECORD_BYTES: u64 = 64 << 20;

/// Ids of one record; the largest kernel bulletins name about a thousand.
const MAX_IDS: usize = 10_000;

/// Enumerated versions of one package; the longest real lists have about 3,000.
const MAX_VERSIONS: usize = 100_000;

/// Addresses kept of one record; some list one for each bug besides.
const MAX_URLS: usize = 8;

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    withdrawn: Option<&'a RawValue>,
    #[serde(borrow)]
    aliases: Option<&'a RawValue>,
    #[serde(borrow)]
    upstream: Option<&'a RawValue>,
    #[serde(borrow)]
    related: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
    #[serde(borrow)]
    published: Option<&'a RawValue>,
    #[serde(borrow)]
    severity: Option<&'a RawValue>,
    #[serde(borrow)]
    references: Option<&'a RawValue>,
    #[serde(borrow)]
    affected: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Affected<'a> {
    package: Option<Package>,
    #[serde(borrow)]
    ranges: Option<Vec<EventRange<'a>>>,
    versions: Option<Vec<String>>,
    #[serde(borrow)]
    severity: Option<&'a RawValue>,
    ecosystem_specific: Option<Value>,
    database_specific: Option<Value>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct EventRange<'a> {
    r#type: String,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Reference {
    r#type: Option<String>,
    url: Option<String>,
}

/// What holds for all packages of a record.
struct Bulletin {
    record: String,
    aliases: Vec<String>,
    upstream: Vec<String>,
    related: Vec<String>,
    title: Option<String>,
    addresses: Addresses,
    published: Option<jiff::Timestamp>,
    rating: Rating,
}

/// Where a record says that there is more to read.
struct Addresses {
    own: Vec<String>,
    others: Vec<String>,
}

/// Severity as a record or one of its packages gives it.
#[derive(Clone, Default)]
struct Rating {
    word: Option<Severity>,
    cvss: Vec<Cvss>,
}

/// Reads the zip of an ecosystem, one record in memory at a time. Its directory stands at its end, so it
/// cannot be read while it arrives.
pub fn read_zip(
    feed: &str,
    input: impl Read + Seek,
    sink: &mut dyn FnMut(Advisory),
) -> Result<Reading, FeedError> {
    let bad = |error: ZipError| FeedError::syntax("a zip of OSV records", error);
    let mut zip = Zip::open(input, &Limits::default()).map_err(bad)?;
    let mut reading = Reading::default();
    for index in 0..zip.len() {
        let entry = zip.entry(index).map_err(bad)?;
        let name = entry.path().to_string();
        if entry.is_dir() || !name.ends_with(".json") {
            continue;
        }
        match entry.read_to_vec(MAX_RECORD_BYTES) {
            Ok(json) => read_record(feed, &name, &json, &mut reading, sink),
            Err(error @ ZipError::EntryTooLarge { .. }) => {
                reading.records += 1;
                reading.problem(name, error);
            }
            // The rest of a zip that lies about one member is not worth more.
            Err(error) => return Err(bad(error)),
        }
    }
    if reading.records == 0 {
        return Err(FeedError::syntax("a zip of OSV records", "no record in it"));
    }
    Ok(reading)
}

/// Reads one record; `name` stands for it in problems until its id is known.
pub fn read_record(
    feed: &str,
    name: &str,
    json: &[u8],
    reading: &mut Reading,
    sink: &mut dyn FnMut(Advisory),
) {
    reading.records += 1;
    let record: Record<'_> = match serde_json::from_slice(json) {
        Ok(record) => record,
        Err(error) => return reading.problem(name, error),
    };
    let Some(id) = reading.field::<String>(name, "id", record.id).filter(|id| !id.is_empty())
    else {
        return reading.problem(name, "no id");
    };
    if record.withdrawn.is_some() {
        reading.ignored += 1;
        return;
    }
    let Some(affected) = &record.affected else {
        reading.ignored += 1;
        return;
    };
    let bulletin = Bulletin::read(id, &record, reading);
    let mut used = false;
    for (at, affected) in affected.iter().enumerate() {
        match bulletin.advisory(feed, affected, reading) {
            Ok(None) => {}
            Ok(Some(advisory)) => {
                used = true;
                sink(advisory);
            }
            Err(message) => {
                used = true;
                reading.problem(&bulletin.record, format_args!("affected {at}: {message}"));
            }
        }
    }
    if !used {
        reading.ignored += 1;
    }
}

impl Bulletin {
    fn read(id: String, record: &Record<'_>, reading: &mut Reading) -> Self {
        let mut strings = |name, raw| {
            let mut list: Vec<String> = reading.field(&id, name, raw).unwrap_or_default();
            if list.len() > MAX_IDS {
                reading.problem(&id, format_args!("more than {MAX_IDS} {name}"));
                list.truncate(MAX_IDS);
            }
            list
        };
        let aliases = strings("aliases", record.aliases);
        let upstream = strings("upstream", record.upstream);
        let related = strings("related", record.related);
        let summary: Option<String> = reading.field(&id, "summary", record.summary);
        let mut details = || reading.field::<String>(&id, "details", record.details);
        let title = summary.as_deref().and_then(title).or_else(|| title(&details()?));
        let published: Option<String> = reading.field(&id, "published", record.published);
        let references: Option<Vec<Reference>> =
            reading.field(&id, "references", record.references);
        let mut rating = Rating::read(&id, record.severity, reading);
        let specific: Option<Value> =
            reading.field(&id, "database_specific", record.database_specific);
        rating.word = rating
            .word
            .or_else(|| vendor_word(specific.as_ref()?))
            .or_else(|| severity_of_title(title.as_deref()?));
        Self {
            aliases,
            upstream,
            related,
            addresses: Addresses::of(references.unwrap_or_default()),
            published: published.as_deref().and_then(timestamp),
            title,
            rating,
            record: id,
        }
    }

    /// The advisory of one `affected` entry; none where it is about a system that is not covered, or
    /// not about security.
    fn advisory(
        &self,
        feed: &str,
        affected: &RawValue,
        reading: &mut Reading,
    ) -> Result<Option<Advisory>, String> {
        let affected: Affected<'_> =
            serde_json::from_str(affected.get()).map_err(|error| error.to_string())?;
        let Some(package) = affected.package else {
            // Git ranges may stand without a package.
            return Ok(None);
        };
        let Some(scope) = scope_of(&package.ecosystem) else { return Ok(None) };
        if package.name.is_empty() {
            return Err("a package without a name".to_owned());
        }
        let names =
            ids_of(&self.record, &self.aliases, &self.upstream, &self.related, scope.ecosystem);
        let Some(Ids { ids, aliases }) = names else { return Ok(None) };

        let versions = affected.versions.unwrap_or_default();
        let ranges = match affected.ranges {
            // Neither ranges nor versions: the record says only that the package is affected.
            None if versions.is_empty() => {
                vec![Range { introduced: None, end: RangeEnd::Open }]
            }
            ranges => affected_ranges(ranges.unwrap_or_default(), &scope)?,
        };
        if versions.len() > MAX_VERSIONS {
            return Err(format!("more than {MAX_VERSIONS} versions"));
        }
        let specifics = [affected.ecosystem_specific, affected.database_specific];
        let urgency = specifics.iter().flatten().find_map(|specific| text(specific, "urgency"));
        let own = Rating::read(&self.record, affected.severity, reading);
        let word = own
            .word
            .or_else(|| specifics.iter().flatten().find_map(vendor_word))
            .or_else(|| urgency.and_then(Severity::from_vendor_word))
            .or(self.rating.word);
        let module = specifics
            .iter()
            .flatten()
            .find_map(|specific| text(specific, "rpm_modularity").map(str::to_owned))
            .or_else(|| modules_of_title(self.title.as_deref()?))
            .filter(|_| is_modular(&ranges));
        let kind = kind_of(scope.ecosystem);
        Ok(Some(Advisory {
            feed: feed.to_owned(),
            record: self.record.clone(),
            urls: self.addresses.of_one(&ids),
            ids,
            aliases,
            package: PackageKey { name: package.name, kind, module, arch: None },
            state: state_of(&ranges, urgency),
            sub_state: urgency.filter(|urgency| *urgency == "end-of-life").map(str::to_owned),
            ranges,
            versions,
            severity: word,
            cvss: if own.cvss.is_empty() { self.rating.cvss.clone() } else { own.cvss },
            title: self.title.clone(),
            published: self.published,
            scope,
        }))
    }
}

impl Rating {
    /// `severity[]`: CVSS vectors, and the words of those that put them there (`{"type":"Ubuntu","score":"low"}`).
    fn read(record: &str, raw: Option<&RawValue>, reading: &mut Reading) -> Self {
        let entries: Vec<Value> = reading.field(record, "severity", raw).unwrap_or_default();
        let mut rating = Self::default();
        for entry in &entries {
            let (Some(kind), Some(score)) = (text(entry, "type"), text(entry, "score")) else {
                reading.problem(record, "a severity without type and score");
                continue;
            };
            if kind.starts_with("CVSS_") {
                match cvss::parse(score) {
                    Some(vector) if !rating.cvss.contains(&vector) => rating.cvss.push(vector),
                    Some(_) => {}
                    None => reading.problem(record, format_args!("{score:?} is no CVSS vector")),
                }
            } else {
                rating.word = rating.word.or_else(|| Severity::from_vendor_word(score));
            }
        }
        rating
    }
}

fn affected_ranges(ranges: Vec<EventRange<'_>>, scope: &Scope) -> Result<Vec<Range>, String> {
    let mut all = Vec::new();
    for range in ranges {
        if range.r#type == "GIT" {
            continue;
        }
        let events = range
            .events
            .iter()
            .map(|event| serde_json::from_str::<Event>(event.get()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("an event: {error}"))?;
        all.extend(ranges_of(events, scope.ecosystem)?);
    }
    Ok(all)
}

/// Whether a fix was built in a module, which AlmaLinux, Rocky and Red Hat write into the release.
fn is_modular(ranges: &[Range]) -> bool {
    ranges.iter().any(|range| match &range.end {
        RangeEnd::Fixed(version) => version.contains(".module"),
        _ => false,
    })
}

fn state_of(ranges: &[Range], urgency: Option<&str>) -> State {
    if ranges.iter().all(|range| matches!(range.end, RangeEnd::Fixed(_))) && !ranges.is_empty() {
        State::Fixed
    } else if urgency == Some("end-of-life") {
        State::EndOfLife
    } else {
        State::Affected
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn vendor_word(specific: &Value) -> Option<Severity> {
    text(specific, "severity").and_then(Severity::from_vendor_word)
}

impl Addresses {
    fn of(references: Vec<Reference>) -> Self {
        let (own, others): (Vec<_>, Vec<_>) = references
            .into_iter()
            .partition(|reference| reference.r#type.as_deref() == Some("ADVISORY"));
        let mut addresses = Self { own: web(own), others: web(others) };
        addresses.others.retain(|url| !addresses.own.contains(url));
        addresses
    }

    /// The advisory's own first. What else a bulletin about several vulnerabilities refers to is mostly
    /// about the others, and left out.
    fn of_one(&self, ids: &[String]) -> Vec<String> {
        let others =
            if ids.len() > 1 && !self.own.is_empty() { [].as_slice() } else { &self.others };
        self.own.iter().chain(others).take(MAX_URLS).cloned().collect()
    }
}

/// The addresses that a person can open, each once.
fn web(references: Vec<Reference>) -> Vec<String> {
    let mut urls = Vec::new();
    for url in references.into_iter().filter_map(|reference| reference.url) {
        if urls.len() < MAX_URLS && (url.starts_with("https://") || url.starts_with("http://")) {
            push_once(&mut urls, url);
        }
    }
    urls
}
