//! Reading a shard: every reference is followed with a check, because the file may be anybody's.

use std::cmp::Ordering;
use std::ops::Range;
use std::path::Path;

use plimsoll_model::{Cvss, PackageKind, Problem, Severity, State};
use plimsoll_table::{Keys, StringRef, Strings, Table, TableError};
use plimsoll_versions::rpm;
use zerocopy::little_endian::U32;

use super::format::{
    ADVISORIES, BULLETINS, BulletinRecord, ENTRIES, EntryRecord, IDS, Kind, LISTED, LISTS,
    ListedRecord, MEMBERS, META, Meta, PACKAGES, POSTINGS, PROBLEMS, RANGES, RangeRecord, STRINGS,
    Span, VECTORS, VERSION, VectorRecord, package_kind_of, severity_of, state_of,
};

/// An open shard. Opening it reads its header and its metadata, whatever its size.
pub(crate) struct Shard {
    table: Table,
    meta: Meta,
}

/// Why a shard cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// The file is damaged, or no shard of this version.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Its metadata cannot be read.
    #[error("{path}: metadata of the shard: {reason}")]
    Meta {
        /// The file.
        path: String,
        /// What the parser said.
        reason: String,
    },
}

impl Shard {
    pub(crate) fn open(path: &Path) -> Result<Self, ShardError> {
        Self::new(Table::open(path, ADVISORIES, VERSION)?)
    }

    fn new(table: Table) -> Result<Self, ShardError> {
        let meta = serde_json::from_slice(table.blob(META)?).map_err(|error| ShardError::Meta {
            path: table.path().display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self { table, meta })
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The records of the feed that could not be used.
    pub(crate) fn problems(&self) -> Result<Vec<Problem>, ShardError> {
        serde_json::from_slice(self.table.blob(PROBLEMS)?).map_err(|error| ShardError::Meta {
            path: self.table.path().display().to_string(),
            reason: error.to_string(),
        })
    }

    pub(crate) fn verify(&self) -> Result<(), TableError> {
        self.table.verify()
    }

    /// The sections; made in nanoseconds.
    pub(crate) fn view(&self) -> Result<View<'_>, TableError> {
        let table = &self.table;
        Ok(View {
            is_rpm: self.meta.scope.ecosystem.is_rpm(),
            packages: table.keys(PACKAGES)?,
            ids: table.keys(IDS)?,
            strings: table.strings(STRINGS)?,
            entries: table.records(ENTRIES)?,
            bulletins: table.records(BULLETINS)?,
            members: table.records(MEMBERS)?,
            ranges: table.records(RANGES)?,
            listed: table.records(LISTED)?,
            lists: table.records(LISTS)?,
            vectors: table.records(VECTORS)?,
            postings: table.records(POSTINGS)?,
        })
    }
}

/// The sections of a shard.
pub(crate) struct View<'s> {
    is_rpm: bool,
    packages: Keys<'s>,
    ids: Keys<'s>,
    strings: Strings<'s>,
    entries: &'s [EntryRecord],
    bulletins: &'s [BulletinRecord],
    members: &'s [U32],
    ranges: &'s [RangeRecord],
    listed: &'s [ListedRecord],
    lists: &'s [StringRef],
    vectors: &'s [VectorRecord],
    postings: &'s [U32],
}

/// What a feed says of one package.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'s> {
    view: &'s View<'s>,
    record: &'s EntryRecord,
    bulletin: &'s BulletinRecord,
}

/// What an entry says of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement<'s> {
    /// Affected, because the version is in a range that ends so.
    Affected { kind: Kind, end: &'s str },
    /// Affected, because the record lists this very version.
    Listed { version: &'s str },
    /// Not affected any more: the version is at or beyond this fix.
    Fixed { end: &'s str },
    /// Not affected: it is older than the first affected version, or between ranges.
    Outside,
    /// The package was never affected.
    Never,
    /// The record's versions cannot be compared.
    Unjudged { version: &'s str },
}

impl<'s> View<'s> {
    /// The entries of a package's name.
    pub(crate) fn entries(
        &'s self,
        name: &str,
    ) -> Result<impl Iterator<Item = Entry<'s>> + use<'s>, TableError> {
        let range = self.packages.find(name.as_bytes())?.unwrap_or(0..0);
        let records = slice(self.entries, &range);
        Ok(records.iter().filter_map(move |record| self.entry(record)))
    }

    /// The bulletins that know a name of a vulnerability, each with its entries.
    pub(crate) fn by_id(&'s self, id: &str) -> Result<Vec<Entry<'s>>, TableError> {
        let range = self.ids.find(id.as_bytes())?.unwrap_or(0..0);
        let mut entries = Vec::new();
        for bulletin in slice(self.postings, &range).iter().filter_map(|at| self.bulletin(*at)) {
            let members = spanned(self.members, bulletin.members);
            let records = members.iter().filter_map(|at| self.entries.get(at.get() as usize));
            entries.extend(records.filter_map(|record| self.entry(record)));
        }
        Ok(entries)
    }

    /// The CVSS vectors of the bulletins that know a name of a vulnerability.
    pub(crate) fn vectors_of(&self, id: &str) -> Result<Vec<Cvss>, TableError> {
        let range = self.ids.find(id.as_bytes())?.unwrap_or(0..0);
        let mut vectors = Vec::new();
        for bulletin in slice(self.postings, &range).iter().filter_map(|at| self.bulletin(*at)) {
            self.vectors_into(bulletin, &mut vectors)?;
        }
        Ok(vectors)
    }

    fn vectors_into(
        &self,
        bulletin: &BulletinRecord,
        vectors: &mut Vec<Cvss>,
    ) -> Result<(), TableError> {
        for record in spanned(self.vectors, bulletin.vectors) {
            let vector = self.strings.get(record.vector)?;
            if !vectors.iter().any(|known| known.vector == vector) {
                let score = f64::from(record.score.get()) / 10.0;
                vectors.push(Cvss { vector: vector.to_owned(), score });
            }
        }
        Ok(())
    }

    fn entry(&'s self, record: &'s EntryRecord) -> Option<Entry<'s>> {
        Some(Entry { view: self, record, bulletin: self.bulletin(record.bulletin)? })
    }

    /// Whether an rpm's version is `end` as far as that goes: "up to and including 1.2" holds 1.2-3.
    fn is_stated(&self, version: &str, end: &str) -> bool {
        self.is_rpm && rpm::compare_stated(version, end).is_ok_and(Ordering::is_eq)
    }

    fn bulletin(&self, at: U32) -> Option<&'s BulletinRecord> {
        self.bulletins.get(at.get() as usize)
    }
}

impl<'s> Entry<'s> {
    pub(crate) fn name(&self) -> Result<&'s str, TableError> {
        self.view.strings.get(self.record.name)
    }

    pub(crate) fn kind(&self) -> Option<PackageKind> {
        package_kind_of(self.record.kind)
    }

    pub(crate) fn state(&self) -> State {
        state_of(self.record.state).unwrap_or(State::Affected)
    }

    pub(crate) fn severity(&self) -> Option<Severity> {
        severity_of(self.record.severity)
    }

    pub(crate) fn module(&self) -> Result<&'s str, TableError> {
        self.view.strings.get(self.record.module)
    }

    pub(crate) fn arch(&self) -> Result<&'s str, TableError> {
        self.view.strings.get(self.record.arch)
    }

    pub(crate) fn sub_state(&self) -> Result<&'s str, TableError> {
        self.view.strings.get(self.record.sub_state)
    }

    pub(crate) fn record(&self) -> Result<&'s str, TableError> {
        self.view.strings.get(self.bulletin.record)
    }

    pub(crate) fn title(&self) -> Result<&'s str, TableError> {
        self.view.strings.get(self.bulletin.title)
    }

    /// Seconds since 1970; 0 where it is not known.
    pub(crate) fn published(&self) -> i64 {
        self.bulletin.published.get()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = Result<&'s str, TableError>> + use<'s> {
        self.texts(self.bulletin.ids)
    }

    pub(crate) fn aliases(&self) -> impl Iterator<Item = Result<&'s str, TableError>> + use<'s> {
        self.texts(self.bulletin.aliases)
    }

    pub(crate) fn urls(&self) -> impl Iterator<Item = Result<&'s str, TableError>> + use<'s> {
        self.texts(self.bulletin.urls)
    }

    pub(crate) fn vectors_into(&self, vectors: &mut Vec<Cvss>) -> Result<(), TableError> {
        self.view.vectors_into(self.bulletin, vectors)
    }

    /// Whether the fix was built in a module, by the stream or by the version's tag.
    pub(crate) fn is_modular(&self) -> Result<bool, TableError> {
        if !self.module()?.is_empty() {
            return Ok(true);
        }
        for range in spanned(self.view.ranges, self.record.ranges) {
            if is_modular_version(self.view.strings.get(range.end)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Judges a version by its text and its sort key.
    pub(crate) fn judge(&self, version: &str, key: &[u8]) -> Result<Judgement<'s>, TableError> {
        let strings = self.view.strings;
        let ranges = spanned(self.view.ranges, self.record.ranges);
        let listed = spanned(self.view.listed, self.record.listed);
        let mut verdict = Judgement::Outside;
        for range in ranges {
            let kind = Kind::of(range.end_kind);
            if kind == Kind::Invalid {
                let end = strings.get(range.end)?;
                let version = if end.is_empty() { strings.get(range.introduced)? } else { end };
                verdict = Judgement::Unjudged { version };
                continue;
            }
            if key < strings.bytes(range.introduced_key)? {
                continue;
            }
            let end_key = strings.bytes(range.end_key)?;
            let end = strings.get(range.end)?;
            let is_below = match kind {
                Kind::Fixed => key < end_key,
                Kind::LastAffected => key <= end_key || self.view.is_stated(version, end),
                Kind::Open | Kind::Invalid => true,
            };
            if is_below {
                return Ok(Judgement::Affected { kind, end });
            }
            if kind == Kind::Fixed && !matches!(verdict, Judgement::Unjudged { .. }) {
                verdict = Judgement::Fixed { end };
            }
        }
        for record in listed {
            let text = strings.get(record.version)?;
            let listed_key = strings.bytes(record.key)?;
            if text == version || (!listed_key.is_empty() && listed_key == key) {
                return Ok(Judgement::Listed { version: text });
            }
        }
        let says_nothing = ranges.is_empty() && listed.is_empty();
        Ok(if says_nothing { Judgement::Never } else { verdict })
    }

    /// The affected versions, for people: `< 1.2`, `≥ 1.0 < 1.2 or = 0.9`.
    pub(crate) fn affected(&self) -> Result<String, TableError> {
        let strings = self.view.strings;
        let mut parts = Vec::new();
        for range in spanned(self.view.ranges, self.record.ranges) {
            let (introduced, end) = (strings.get(range.introduced)?, strings.get(range.end)?);
            let from = match introduced {
                "" | "0" => String::new(),
                introduced => format!("≥ {introduced} "),
            };
            parts.push(match Kind::of(range.end_kind) {
                Kind::Fixed => format!("{from}< {end}"),
                Kind::LastAffected => format!("{from}≤ {end}"),
                Kind::Open if from.is_empty() => "every version".to_owned(),
                Kind::Open => from.trim_end().to_owned(),
                Kind::Invalid => format!("cannot be compared: {introduced} {end}"),
            });
        }
        for record in spanned(self.view.listed, self.record.listed) {
            parts.push(format!("= {}", strings.get(record.version)?));
        }
        Ok(if parts.is_empty() { "none".to_owned() } else { parts.join(" or ") })
    }

    fn texts(&self, span: Span) -> impl Iterator<Item = Result<&'s str, TableError>> + use<'s> {
        let strings = self.view.strings;
        spanned(self.view.lists, span).iter().map(move |&reference| strings.get(reference))
    }
}

/// Whether an rpm was built in a module: AlmaLinux, Rocky and Red Hat write it into the release.
pub(crate) fn is_modular_version(version: &str) -> bool {
    version.contains(".module")
}

/// The records of a span; none where it points outside.
fn spanned<R>(records: &[R], span: Span) -> &[R] {
    let end = span.start.get().checked_add(span.count.get());
    end.map_or(&[], |end| slice(records, &(span.start.get()..end)))
}

fn slice<'r, R>(records: &'r [R], range: &Range<u32>) -> &'r [R] {
    records.get(range.start as usize..range.end as usize).unwrap_or_default()
}
