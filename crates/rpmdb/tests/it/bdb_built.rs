//! Berkeley DB hashes built page by page, in both byte orders.

use plimsoll_rpmdb::{Error, read};

use crate::header_built::{header, names, problems};

const PAGE: usize = 512;
const HASH: u8 = 13;
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const META: u8 = 8;

pub(crate) struct Hash {
    big: bool,
    pages: Vec<Vec<u8>>,
    records: u32,
}

impl Hash {
    /// A table whose last bucket is `max_bucket`; `spares` are the first ones.
    fn new(big: bool, max_bucket: u32, spares: &[u32]) -> Self {
        let mut hash = Self { big, pages: Vec::new(), records: 0 };
        let mut meta = hash.page(0, META, 0);
        let mut words = vec![(12, 0x0006_1561), (16, 9), (20, PAGE as u32)];
        words.extend([(72, max_bucket), (76, (max_bucket + 1).next_power_of_two() - 1)]);
        words.extend((96..).step_by(4).zip(spares.iter().copied()));
        for (at, word) in words {
            hash.put(&mut meta, at, word);
        }
        hash.pages.push(meta);
        hash
    }

    fn word(&self, word: u32) -> [u8; 4] {
        if self.big { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    fn put(&self, page: &mut [u8], at: usize, word: u32) {
        page[at..at + 4].copy_from_slice(&self.word(word));
    }

    fn put_half(&self, page: &mut [u8], at: usize, half: usize) {
        let half = half as u16;
        let bytes = if self.big { half.to_be_bytes() } else { half.to_le_bytes() };
        page[at..at + 2].copy_from_slice(&bytes);
    }

    fn page(&self, number: usize, kind: u8, next: u32) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        self.put(&mut page, 8, number as u32);
        self.put(&mut page, 16, next);
        page[25] = kind;
        page
    }

    /// Appends a page of a bucket with `items`: key, value, key, value.
    fn bucket(&mut self, kind: u8, next: u32, items: &[Vec<u8>]) {
        let mut page = self.page(self.pages.len(), kind, next);
        let mut end = PAGE;
        for (index, item) in items.iter().enumerate() {
            end -= item.len();
            page[end..end + item.len()].copy_from_slice(item);
            self.put_half(&mut page, 26 + index * 2, end);
        }
        self.put_half(&mut page, 20, items.len());
        self.put_half(&mut page, 22, end);
        self.records += items.len() as u32 / 2;
        self.pages.push(page);
    }

    /// Appends pages with the pieces of `bytes` and gives the item that stands for them.
    fn overflow(&mut self, bytes: &[u8]) -> Vec<u8> {
        let first = self.pages.len();
        let count = bytes.len().div_ceil(PAGE - 26);
        for (index, piece) in bytes.chunks(PAGE - 26).enumerate() {
            let next = if index + 1 == count { 0 } else { first + index + 1 };
            let mut page = self.page(first + index, OVERFLOW, next as u32);
            self.put_half(&mut page, 22, piece.len());
            page[26..26 + piece.len()].copy_from_slice(piece);
            self.pages.push(page);
        }
        let (page, length) = (self.word(first as u32), self.word(bytes.len() as u32));
        [&[3, 0, 0, 0], &page[..], &length[..]].concat()
    }

    fn key(&self, number: u32) -> Vec<u8> {
        [&[1], &self.word(number)[..]].concat()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut pages = self.pages.clone();
        self.put(&mut pages[0], 32, self.pages.len() as u32 - 1);
        self.put(&mut pages[0], 88, self.records);
        pages.concat()
    }
}

fn inline(bytes: &[u8]) -> Vec<u8> {
    [&[1], bytes].concat()
}

/// Three buckets on pages 1, 2 and 4 (the third's doubling begins one page later); the second goes
/// on on page 3. Pages 5 and 6 hold dates's header, page 7 is free.
pub(crate) fn sample(big: bool) -> Hash {
    let mut hash = Hash::new(big, 2, &[1, 1, 2]);
    let counter = vec![hash.key(0), inline(&hash.word(9)), hash.key(1), inline(&header("ash", 0))];
    hash.bucket(HASH, 0, &counter);
    hash.bucket(HASH_UNSORTED, 3, &[hash.key(2), inline(&header("birch", 0))]);
    hash.bucket(HASH, 0, &[hash.key(4), inline(&header("cedar", 0))]);
    let page = hash.word(5);
    let date = header("date", 900);
    let item = [&[3, 0, 0, 0], &page[..], &hash.word(date.len() as u32)[..]].concat();
    hash.bucket(HASH, 0, &[hash.key(7), item.clone()]);
    assert_eq!(hash.overflow(&date), item);
    let records = hash.records;
    hash.bucket(HASH, 0, &[hash.key(8), inline(&header("erased", 0))]);
    hash.records = records;
    hash
}

const SAMPLE: &[&str] = &["ash", "birch", "cedar", "date"];

#[track_caller]
fn check(database: &[u8], packages: &[&str], expected_problems: &[&str]) {
    let installed = read(database, None).unwrap();
    assert_eq!(names(&installed), packages);
    assert_eq!(problems(&installed), expected_problems);
}

#[test]
fn all_buckets_and_nothing_else_are_read() {
    check(&sample(false).bytes(), SAMPLE, &[]);
    check(&sample(true).bytes(), SAMPLE, &[]);
}

#[test]
fn a_bucket_never_written_is_empty() {
    let mut hash = Hash::new(false, 1, &[1, 1]);
    hash.bucket(HASH, 0, &[hash.key(1), inline(&header("ash", 0))]);
    hash.pages.push(vec![0; PAGE]);
    check(&hash.bytes(), &["ash"], &[]);
}

#[test]
fn a_zeroed_bucket_is_missed_by_the_count() {
    let mut hash = sample(false);
    hash.pages[1].fill(0);
    let expected = "database: the database says 5 records, 3 were readable";
    check(&hash.bytes(), &["birch", "cedar", "date"], &[expected]);
}

#[test]
fn damaged_pages_are_named() {
    fn check_page(page: usize, at: usize, value: u8, packages: &[&str], problem: &str) {
        for big in [false, true] {
            let mut hash = sample(big);
            // The low byte of a word.
            hash.pages[page][if big { at + 3 } else { at }] = value;
            let installed = read(&hash.bytes(), None).unwrap();
            assert_eq!(names(&installed), packages, "{problem}");
            assert_eq!(problems(&installed)[0], problem);
            let missing = 4 - packages.len();
            let count =
                format!("database: the database says 5 records, {} were readable", 5 - missing);
            assert_eq!(problems(&installed).last().unwrap() == &count, missing > 0);
        }
    }
    let all_but_date = &["ash", "birch", "cedar"];
    check_page(
        5,
        16,
        0,
        all_but_date,
        &format!(
            "page 4, entry 0: the record's overflow pages do not hold its {} bytes",
            header("date", 900).len(),
        ),
    );
    check_page(5, 16, 5, all_but_date, "page 4, entry 0: page 5 is linked twice");
    check_page(5, 16, 99, all_but_date, "page 4, entry 0: there is no page 99 to link");
    check_page(6, 8, 3, all_but_date, "page 4, entry 0: page 6 carries the number 3");
    check_page(
        2,
        16,
        0,
        &["ash", "birch", "date"],
        "database: the database says 5 records, 4 were readable",
    );
    check_page(2, 16, 2, &["ash", "birch", "date"], "page 2: page 2 is linked twice");
    check_page(3, 16, 4, SAMPLE, "page 4: page 4 is linked twice");
}

#[test]
fn kinds_that_do_not_belong_are_named() {
    let mut hash = sample(false);
    hash.pages[3][25] = OVERFLOW;
    check(
        &hash.bytes(),
        &["ash", "birch", "date"],
        &[
            "page 3: page 3 has kind 7, which does not belong here",
            "database: the database says 5 records, 4 were readable",
        ],
    );

    let mut hash = Hash::new(false, 0, &[1]);
    let items =
        [hash.key(1), vec![2, 0, 0], vec![1, 9], inline(&[]), hash.key(2), inline(&header("a", 0))];
    hash.bucket(HASH, 0, &items);
    check(
        &hash.bytes(),
        &["a"],
        &[
            "page 1, entry 0: an entry of kind 2 does not belong in the packages",
            "page 1, entry 1: the key is not a package number",
            "database: the database says 3 records, 1 were readable",
        ],
    );
}

#[test]
fn a_package_under_the_counters_key_is_no_counter() {
    let mut hash = Hash::new(false, 0, &[1]);
    hash.bucket(HASH, 0, &[hash.key(0), inline(&header("ash", 0))]);
    check(&hash.bytes(), &["ash"], &["page 1, entry 0: the key is not a package number"]);
}

#[test]
fn items_never_share_bytes() {
    let mut hash = Hash::new(false, 0, &[1]);
    let items: Vec<_> = (1..4).flat_map(|n| [hash.key(n), inline(&header("a", 0)[..90])]).collect();
    hash.bucket(HASH, 0, &items);
    // The second value begins above its key: neither it nor what follows can be told apart.
    let mut page = hash.pages[1].clone();
    hash.put_half(&mut page, 32, 500);
    hash.pages[1] = page;
    let installed = read(&hash.bytes(), None).unwrap();
    let problems = problems(&installed);
    assert_eq!(problems[0], "page 1: the page's entries and free space do not add up");
    assert_eq!(problems.last().unwrap(), "database: the database says 3 records, 1 were readable");
}

#[test]
fn a_cut_file_keeps_what_it_has() {
    let bytes = sample(false).bytes();
    check(
        &bytes[..4 * PAGE + 1],
        &["ash", "birch", "cedar"],
        &[
            "database: the database says 8 pages, the file has 4",
            "page 4: there is no page 4 to link",
            "database: the database says 5 records, 4 were readable",
        ],
    );
}

#[test]
fn the_bucket_count_is_bounded_by_the_pages() {
    let mut hash = sample(false);
    hash.pages[0][72..76].fill(0xff);
    // The fourth bucket would begin on a page of date's header.
    check(
        &hash.bytes(),
        SAMPLE,
        &[
            "database: the hash table cannot have 4294967296 buckets",
            "page 5: page 5 is linked twice",
        ],
    );
}

#[test]
fn a_bucket_without_page_is_reported() {
    let mut hash = Hash::new(false, 0, &[0]);
    hash.bucket(HASH, 0, &[hash.key(1), inline(&header("ash", 0))]);
    hash.records = 0;
    check(&hash.bytes(), &[], &["page 0: there is no page 0 to link"]);
}

#[test]
fn unusable_metadata_is_an_error() {
    fn check(at: usize, value: u8, expected: Error) {
        let mut bytes = sample(false).bytes();
        bytes[at] = value;
        assert_eq!(read(&bytes, None), Err(expected));
    }
    check(16, 7, Error::InvalidField { field: "hash version", value: 7 });
    check(20, 1, Error::InvalidField { field: "page size", value: 0x201 });
    check(22, 2, Error::InvalidField { field: "page size", value: 0x2_0200 });
    check(24, 1, Error::BerkeleyFlags);
    check(26, 1, Error::BerkeleyFlags);
}
