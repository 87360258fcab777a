//! The tables about ids whatever the package: KEV and EPSS.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use plimsoll_model::{Epss, Kev};
use plimsoll_table::{BuildError, KeysBuilder, Table, TableBuilder, TableError, Tag};
use zerocopy::little_endian::{I16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

const VERSION: u32 = 1;
const KEV: Tag = Tag::new("kev");
const EPSS: Tag = Tag::new("epss");
const VALUES: Tag = Tag::new("values");
const IDS: Tag = Tag::new("ids");

/// EPSS has five decimals, some copies nine: billionths hold both exactly.
const BILLION: f64 = 1e9;

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct KevRecord {
    year: I16,
    month: i8,
    day: i8,
    ransomware: u8,
}

#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct EpssRecord {
    score: U32,
    percentile: U32,
}

/// CISA's catalogue, compiled.
pub(crate) struct KevTable(Table);

/// EPSS, compiled.
pub(crate) struct EpssTable(Table);

pub(crate) fn build_kev(entries: &BTreeMap<String, Kev>) -> Result<Vec<u8>, BuildError> {
    let records = entries.iter().map(|(id, kev)| {
        let added = kev.added;
        let record = KevRecord {
            year: added.year().into(),
            month: added.month(),
            day: added.day(),
            ransomware: kev.ransomware.into(),
        };
        (id, record)
    });
    build(KEV, records)
}

pub(crate) fn build_epss(entries: &BTreeMap<String, Epss>) -> Result<Vec<u8>, BuildError> {
    // Shares are 0 to 1, so billionths fit.
    let billionths = |share: f64| U32::new((share * BILLION).round() as u32);
    let records = entries.iter().map(|(id, epss)| {
        let (score, percentile) = (billionths(epss.score), billionths(epss.percentile));
        (id, EpssRecord { score, percentile })
    });
    build(EPSS, records)
}

fn build<'a, R: IntoBytes + Immutable + Unaligned>(
    kind: Tag,
    entries: impl Iterator<Item = (&'a String, R)>,
) -> Result<Vec<u8>, BuildError> {
    let mut keys = KeysBuilder::new(VALUES);
    let mut records = Vec::new();
    for (id, record) in entries {
        keys.push(id.as_bytes())?;
        records.push(record);
    }
    let mut table = TableBuilder::new(kind, VERSION);
    table.records(VALUES, &records)?;
    table.keys(IDS, keys)?;
    Ok(table.to_bytes())
}

impl KevTable {
    pub(crate) fn open(path: &Path) -> Result<Self, TableError> {
        Table::open(path, KEV, VERSION).map(Self)
    }

    pub(crate) fn get(&self, id: &str) -> Result<Option<Kev>, TableError> {
        let found = self.0.find::<KevRecord>(IDS, id.as_bytes())?.first();
        Ok(found.and_then(|record| {
            let added = Date::new(record.year.get(), record.month, record.day).ok()?;
            Some(Kev { added, ransomware: record.ransomware != 0 })
        }))
    }

    pub(crate) fn verify(&self) -> Result<(), TableError> {
        self.0.verify()
    }
}

impl EpssTable {
    pub(crate) fn open(path: &Path) -> Result<Self, TableError> {
        Table::open(path, EPSS, VERSION).map(Self)
    }

    pub(crate) fn get(&self, id: &str) -> Result<Option<Epss>, TableError> {
        let found = self.0.find::<EpssRecord>(IDS, id.as_bytes())?.first();
        Ok(found.map(|record| Epss {
            score: f64::from(record.score.get()) / BILLION,
            percentile: f64::from(record.percentile.get()) / BILLION,
        }))
    }

    pub(crate) fn verify(&self) -> Result<(), TableError> {
        self.0.verify()
    }
}
