//! Advisories in, a shard out: identical advisories in any order give identical bytes.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use plimsoll_model::{Advisory, PackageKind, Problem, RangeEnd, Scope};
use plimsoll_table::{BuildError, KeysBuilder, StringPool, StringRef, TableBuilder};
use plimsoll_versions::InvalidVersion;
use zerocopy::little_endian::{U16, U32};

use super::format::{
    ADVISORIES, BULLETINS, BulletinRecord, ENTRIES, EntryRecord, IDS, Kind, LISTED, LISTS,
    ListedRecord, MEMBERS, META, Meta, PACKAGES, POSTINGS, PROBLEMS, RANGES, RangeRecord, STRINGS,
    Span, VECTORS, VERSION, VectorRecord, package_kind_code, severity_code, state_code,
};
use super::intern::{Interner, Name};
use crate::scheme::sort_key;

/// Collects the advisories of one feed for one scope.
pub(crate) struct ShardBuilder {
    scope: Scope,
    feed: String,
    strings: Interner,
    bulletins: Vec<Bulletin>,
    known: HashMap<Bulletin, u32>,
    entries: Vec<Entry>,
    /// Problems of versions, found here and not by the feed's reader.
    problems: Vec<Problem>,
}

/// A finished shard.
pub(crate) struct BuiltShard {
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: u64,
    pub(crate) vectors: u64,
    pub(crate) problems: Vec<Problem>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Bulletin {
    record: Name,
    title: Name,
    published: i64,
    ids: Vec<Name>,
    aliases: Vec<Name>,
    urls: Vec<Name>,
    vectors: Vec<(Name, u16)>,
}

#[derive(PartialEq, Eq)]
struct Entry {
    name: Name,
    bulletin: u32,
    ranges: Vec<RangeOf>,
    listed: Vec<(Name, Name)>,
    module: Name,
    arch: Name,
    sub_state: Name,
    kind: u8,
    state: u8,
    severity: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct RangeOf {
    introduced: Name,
    introduced_key: Name,
    end: Name,
    end_key: Name,
    kind: Kind,
}

impl ShardBuilder {
    pub(crate) fn new(scope: Scope, feed: &str) -> Self {
        Self {
            scope,
            feed: feed.to_owned(),
            strings: Interner::default(),
            bulletins: Vec::new(),
            known: HashMap::new(),
            entries: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Adds an advisory of this feed and scope.
    pub(crate) fn add(&mut self, advisory: &Advisory) {
        let ranges = self.ranges(advisory);
        let listed = self.listed(advisory, &ranges);
        let bulletin = self.bulletin(advisory);
        let key = &advisory.package;
        let mut optional = |text: &Option<String>| self.strings.add(text.as_deref().unwrap_or(""));
        let (module, arch) = (optional(&key.module), optional(&key.arch));
        let sub_state = optional(&advisory.sub_state);
        self.entries.push(Entry {
            name: self.strings.add(&key.name),
            bulletin,
            ranges,
            listed,
            module,
            arch,
            sub_state,
            kind: package_kind_code(key.kind),
            state: state_code(advisory.state),
            severity: severity_code(advisory.severity),
        });
    }

    fn bulletin(&mut self, advisory: &Advisory) -> u32 {
        let mut names = |list: &[String]| -> Vec<Name> {
            list.iter().map(|text| self.strings.add(text)).collect()
        };
        let bulletin = Bulletin {
            ids: names(&advisory.ids),
            aliases: names(&advisory.aliases),
            urls: names(&advisory.urls),
            vectors: advisory
                .cvss
                .iter()
                .map(|cvss| {
                    // Scores are 0.0 to 10.0.
                    (self.strings.add(&cvss.vector), (cvss.score * 10.0).round() as u16)
                })
                .collect(),
            record: self.strings.add(&advisory.record),
            title: self.strings.add(advisory.title.as_deref().unwrap_or("")),
            published: advisory.published.map_or(0, jiff::Timestamp::as_second),
        };
        if let Some(&number) = self.known.get(&bulletin) {
            return number;
        }
        let number = u32::try_from(self.bulletins.len()).unwrap_or(u32::MAX);
        self.bulletins.push(bulletin.clone());
        self.known.insert(bulletin, number);
        number
    }

    fn ranges(&mut self, advisory: &Advisory) -> Vec<RangeOf> {
        let mut ranges = Vec::with_capacity(advisory.ranges.len());
        for range in &advisory.ranges {
            let (kind, end) = match &range.end {
                RangeEnd::Fixed(version) => (Kind::Fixed, version.as_str()),
                RangeEnd::LastAffected(version) => (Kind::LastAffected, version.as_str()),
                RangeEnd::Open => (Kind::Open, ""),
            };
            let introduced = range.introduced.as_deref().unwrap_or("");
            let keys = self
                .key(introduced)
                .and_then(|introduced| self.key(end).map(|end| (introduced, end)));
            let (kind, (introduced_key, end_key)) = match keys {
                Ok(keys) => (kind, keys),
                Err(invalid) => {
                    let path = format!("{} {}", advisory.record, advisory.package.name);
                    self.problems.push(Problem { path, layer: None, message: invalid.to_string() });
                    (Kind::Invalid, (self.strings.add(""), self.strings.add("")))
                }
            };
            ranges.push(RangeOf {
                introduced: self.strings.add(introduced),
                introduced_key,
                end: self.strings.add(end),
                end_key,
                kind,
            });
        }
        ranges
    }

    /// The listed versions that no range holds anyway; feeds often give both.
    fn listed(&mut self, advisory: &Advisory, ranges: &[RangeOf]) -> Vec<(Name, Name)> {
        let mut listed = Vec::new();
        for version in &advisory.versions {
            match self.key(version) {
                Ok(key) => {
                    if !ranges.iter().any(|range| self.holds(range, key)) {
                        listed.push((self.strings.add(version), key));
                    }
                }
                Err(_) => listed.push((self.strings.add(version), self.strings.add(""))),
            }
        }
        listed
    }

    fn holds(&self, range: &RangeOf, key: Name) -> bool {
        let key = self.strings.get(key);
        let end = self.strings.get(range.end_key);
        let is_below = match range.kind {
            Kind::Fixed => key < end,
            Kind::LastAffected => key <= end,
            Kind::Open => true,
            Kind::Invalid => false,
        };
        is_below && self.strings.get(range.introduced_key) <= key
    }

    /// The sort key of a version; of none, the empty key, which sorts before all.
    fn key(&mut self, version: &str) -> Result<Name, InvalidVersion> {
        let mut key = Vec::new();
        if !version.is_empty() {
            sort_key(self.scope.ecosystem, version, &mut key)?;
        }
        Ok(self.strings.add(key))
    }

    /// Sorts, numbers and writes. `problems` are those of the feed's reader.
    pub(crate) fn finish(mut self, problems: &[Problem]) -> Result<BuiltShard, BuildError> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by(|a, b| self.order(a, b));
        entries.dedup();
        let mut all_problems = problems.to_vec();
        all_problems.append(&mut self.problems);
        all_problems.sort();
        all_problems.dedup();

        let mut writer = Writer::default();
        // Bulletins are numbered as the sorted entries first name them.
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let mut members: Vec<Vec<u32>> = Vec::new();
        let mut packages = KeysBuilder::new(ENTRIES);
        for (at, entry) in entries.iter().enumerate() {
            let number = match numbers.get(&entry.bulletin) {
                Some(&number) => number,
                None => {
                    let number = index(members.len())?;
                    numbers.insert(entry.bulletin, number);
                    members.push(Vec::new());
                    if let Some(bulletin) = self.bulletins.get(entry.bulletin as usize) {
                        writer.bulletin(&self.strings, bulletin, number)?;
                    }
                    number
                }
            };
            if let Some(list) = members.get_mut(number as usize) {
                list.push(index(at)?);
            }
            packages.push(self.strings.get(entry.name))?;
            writer.entry(&self.strings, entry, number)?;
        }
        let vectors = writer.vectors.len() as u64;
        let has = |wanted: PackageKind| {
            let codes = [package_kind_code(wanted), package_kind_code(PackageKind::Either)];
            entries.iter().any(|entry| codes.contains(&entry.kind))
        };
        let meta = Meta {
            scope: self.scope,
            feed: self.feed,
            by_source: has(PackageKind::Source),
            by_binary: has(PackageKind::Binary),
            vectors,
        };
        let bytes = writer.finish(packages, &members, &meta, &all_problems)?;
        Ok(BuiltShard { bytes, entries: entries.len() as u64, vectors, problems: all_problems })
    }

    /// A total order by content, so that numbers given on the way do not matter.
    fn order(&self, a: &Entry, b: &Entry) -> Ordering {
        let text = |name| self.strings.get(name);
        let texts =
            |names: &[Name]| -> Vec<&[u8]> { names.iter().map(|&name| text(name)).collect() };
        let bulletin = |entry: &Entry| self.bulletins.get(entry.bulletin as usize);
        let whole = |entry: &Entry| {
            let ranges: Vec<_> = entry
                .ranges
                .iter()
                .map(|range| (text(range.introduced), text(range.end), range.kind))
                .collect();
            let listed: Vec<_> = entry.listed.iter().map(|&(version, _)| text(version)).collect();
            let shared = bulletin(entry).map(|bulletin| {
                let vectors: Vec<_> =
                    bulletin.vectors.iter().map(|&(vector, score)| (text(vector), score)).collect();
                (
                    texts(&bulletin.ids),
                    texts(&bulletin.aliases),
                    text(bulletin.title),
                    texts(&bulletin.urls),
                    vectors,
                    bulletin.published,
                )
            });
            let small = (entry.kind, entry.state, entry.severity);
            (
                text(entry.module),
                text(entry.arch),
                ranges,
                listed,
                text(entry.sub_state),
                small,
                shared,
            )
        };
        let record = |entry: &Entry| bulletin(entry).map(|bulletin| text(bulletin.record));
        text(a.name)
            .cmp(text(b.name))
            .then_with(|| record(a).cmp(&record(b)))
            .then_with(|| whole(a).cmp(&whole(b)))
    }
}

/// The sections while they are filled.
#[derive(Default)]
struct Writer {
    pool: StringPool,
    entries: Vec<EntryRecord>,
    bulletins: Vec<BulletinRecord>,
    ranges: Vec<RangeRecord>,
    listed: Vec<ListedRecord>,
    lists: Vec<StringRef>,
    known_lists: HashMap<Vec<Name>, Span>,
    vectors: Vec<VectorRecord>,
    /// Each name of a vulnerability and the bulletins that know it.
    names: BTreeMap<Vec<u8>, Vec<u32>>,
}

impl Writer {
    fn bulletin(
        &mut self,
        strings: &Interner,
        bulletin: &Bulletin,
        number: u32,
    ) -> Result<(), BuildError> {
        let names = bulletin.ids.iter().chain(&bulletin.aliases).chain([&bulletin.record]);
        for &name in names {
            let list = self.names.entry(strings.get(name).to_vec()).or_default();
            if list.last() != Some(&number) {
                list.push(number);
            }
        }
        let first = index(self.vectors.len())?;
        for &(vector, score) in &bulletin.vectors {
            let vector = self.pool.add(strings.get(vector))?;
            self.vectors.push(VectorRecord { vector, score: U16::new(score) });
        }
        let record = BulletinRecord {
            record: self.pool.add(strings.get(bulletin.record))?,
            title: self.pool.add(strings.get(bulletin.title))?,
            ids: self.list(strings, &bulletin.ids)?,
            aliases: self.list(strings, &bulletin.aliases)?,
            urls: self.list(strings, &bulletin.urls)?,
            vectors: span(first, bulletin.vectors.len())?,
            members: Span::default(),
            published: bulletin.published.into(),
        };
        self.bulletins.push(record);
        Ok(())
    }

    fn entry(
        &mut self,
        strings: &Interner,
        entry: &Entry,
        bulletin: u32,
    ) -> Result<(), BuildError> {
        let (first_range, first_listed) = (index(self.ranges.len())?, index(self.listed.len())?);
        for range in &entry.ranges {
            let mut put = |name| self.pool.add(strings.get(name));
            let record = RangeRecord {
                introduced: put(range.introduced)?,
                introduced_key: put(range.introduced_key)?,
                end: put(range.end)?,
                end_key: put(range.end_key)?,
                end_kind: range.kind.code(),
            };
            self.ranges.push(record);
        }
        for &(version, key) in &entry.listed {
            let version = self.pool.add(strings.get(version))?;
            let key = self.pool.add(strings.get(key))?;
            self.listed.push(ListedRecord { version, key });
        }
        let record = EntryRecord {
            name: self.pool.add(strings.get(entry.name))?,
            bulletin: bulletin.into(),
            ranges: span(first_range, entry.ranges.len())?,
            listed: span(first_listed, entry.listed.len())?,
            module: self.pool.add(strings.get(entry.module))?,
            arch: self.pool.add(strings.get(entry.arch))?,
            sub_state: self.pool.add(strings.get(entry.sub_state))?,
            kind: entry.kind,
            state: entry.state,
            severity: entry.severity,
        };
        self.entries.push(record);
        Ok(())
    }

    /// The place of a list of strings; equal lists have one place.
    fn list(&mut self, strings: &Interner, names: &[Name]) -> Result<Span, BuildError> {
        if let Some(&span) = self.known_lists.get(names) {
            return Ok(span);
        }
        let place = span(index(self.lists.len())?, names.len())?;
        for &name in names {
            self.lists.push(self.pool.add(strings.get(name))?);
        }
        self.known_lists.insert(names.to_vec(), place);
        Ok(place)
    }

    fn finish(
        mut self,
        packages: KeysBuilder,
        members: &[Vec<u32>],
        meta: &Meta,
        problems: &[Problem],
    ) -> Result<Vec<u8>, BuildError> {
        let mut member_records: Vec<U32> = Vec::new();
        for (bulletin, list) in self.bulletins.iter_mut().zip(members) {
            bulletin.members = span(index(member_records.len())?, list.len())?;
            member_records.extend(list.iter().map(|&at| U32::new(at)));
        }
        let mut ids = KeysBuilder::new(POSTINGS);
        let mut postings: Vec<U32> = Vec::new();
        for (name, bulletins) in &self.names {
            for &bulletin in bulletins {
                ids.push(name)?;
                postings.push(bulletin.into());
            }
        }
        let mut table = TableBuilder::new(ADVISORIES, VERSION);
        table.blob(META, json(meta))?;
        table.records(ENTRIES, &self.entries)?;
        table.keys(PACKAGES, packages)?;
        table.records(RANGES, &self.ranges)?;
        table.records(LISTED, &self.listed)?;
        table.records(BULLETINS, &self.bulletins)?;
        table.records(MEMBERS, &member_records)?;
        table.records(LISTS, &self.lists)?;
        table.records(VECTORS, &self.vectors)?;
        table.records(POSTINGS, &postings)?;
        table.keys(IDS, ids)?;
        table.strings(STRINGS, self.pool)?;
        table.blob(PROBLEMS, json(&problems))?;
        Ok(table.to_bytes())
    }
}

/// JSON of a value whose maps have string keys, which cannot fail.
fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn index(count: usize) -> Result<u32, BuildError> {
    u32::try_from(count).map_err(|_| BuildError::TooLarge("records of a shard"))
}

fn span(start: u32, count: usize) -> Result<Span, BuildError> {
    Ok(Span { start: start.into(), count: index(count)?.into() })
}
