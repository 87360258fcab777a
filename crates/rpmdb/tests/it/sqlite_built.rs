//! sqlite databases and write-ahead logs built page by page.

use plimsoll_rpmdb::{Error, read};

use crate::header_built::{header, names, problems};

/// A database of pages of `page_size` bytes, of which `reserved` are kept free.
pub(crate) struct Sqlite {
    page_size: usize,
    reserved: usize,
    pub(crate) pages: Vec<Vec<u8>>,
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7f) as u8];
    let mut rest = value >> 7;
    while rest > 0 {
        bytes.insert(0, (rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes
}

fn record(columns: &[(u64, &[u8])]) -> Vec<u8> {
    let kinds: Vec<u8> = columns.iter().flat_map(|(kind, _)| varint(*kind)).collect();
    let values = columns.iter().flat_map(|(_, value)| value.iter().copied());
    [varint(kinds.len() as u64 + 1), kinds, values.collect()].concat()
}

fn text(text: &[u8]) -> (u64, &[u8]) {
    (text.len() as u64 * 2 + 13, text)
}

fn package_row(name: &str, length: usize) -> Vec<u8> {
    let header = header(name, length);
    record(&[(0, &[]), (header.len() as u64 * 2 + 12, &header)])
}

fn schema_row(kind: &[u8], name: &[u8], root: u8) -> Vec<u8> {
    record(&[text(kind), text(name), text(name), (1, &[root]), text(b"CREATE")])
}

impl Sqlite {
    /// Page 1 says that `Packages` begins on page 2.
    fn new(page_size: usize, reserved: usize) -> Self {
        Self::with_schema(page_size, reserved, 1, &[schema_row(b"table", b"Packages", 2)])
    }

    fn with_schema(page_size: usize, reserved: usize, encoding: u8, rows: &[Vec<u8>]) -> Self {
        let mut database = Self { page_size, reserved, pages: vec![Vec::new()] };
        let cells: Vec<_> = (1..).zip(rows).map(|(row, r)| database.row_cell(row, r)).collect();
        let mut first = database.page(1, 13, 0, &cells);
        first[..16].copy_from_slice(b"SQLite format 3\0");
        let size = if page_size == 65536 { 1 } else { page_size as u16 };
        first[16..18].copy_from_slice(&size.to_be_bytes());
        first[18..24].copy_from_slice(&[2, 2, reserved as u8, 64, 32, 32]);
        first[59] = encoding;
        database.pages[0] = first;
        database
    }

    /// Appends `bytes` as the next page and gives its number.
    fn add(&mut self, page: Vec<u8>) -> u32 {
        self.pages.push(page);
        self.pages.len() as u32
    }

    fn row_cell(&mut self, row: u64, record: &[u8]) -> Vec<u8> {
        let usable = self.page_size - self.reserved;
        let (most, least) = (usable - 35, (usable - 12) * 32 / 255 - 23);
        let start = [varint(record.len() as u64), varint(row)].concat();
        if record.len() <= most {
            return [&start[..], record].concat();
        }
        let fitting = least + (record.len() - least) % (usable - 4);
        let (local, rest) = record.split_at(if fitting <= most { fitting } else { least });
        // The last piece first, because each names the page of the next.
        let mut next = 0_u32;
        for piece in rest.chunks(usable - 4).rev() {
            let mut page = [&next.to_be_bytes()[..], piece].concat();
            page.resize(self.page_size, 0);
            next = self.add(page);
        }
        [&start, local, &next.to_be_bytes()[..]].concat()
    }

    fn link_cell(child: u32, row: u64) -> Vec<u8> {
        [child.to_be_bytes().to_vec(), varint(row)].concat()
    }

    fn page(&self, number: u32, kind: u8, last_child: u32, cells: &[Vec<u8>]) -> Vec<u8> {
        let mut page = vec![0; self.page_size];
        let mut end = self.page_size - self.reserved;
        let at = if number == 1 { 100 } else { 0 };
        let pointers_at = at + if kind == 5 { 12 } else { 8 };
        for (index, cell) in cells.iter().enumerate() {
            end -= cell.len();
            page[end..end + cell.len()].copy_from_slice(cell);
            let pointer = pointers_at + index * 2;
            page[pointer..pointer + 2].copy_from_slice(&(end as u16).to_be_bytes());
        }
        page[at] = kind;
        page[at + 3..at + 5].copy_from_slice(&(cells.len() as u16).to_be_bytes());
        page[at + 5..at + 7].copy_from_slice(&(end as u16).to_be_bytes());
        if kind == 5 {
            page[at + 8..at + 12].copy_from_slice(&last_child.to_be_bytes());
        }
        page
    }

    /// Puts a leaf with the packages `rows` (row number, name, length) at page `number`.
    fn put_leaf(&mut self, number: u32, rows: &[(u64, &str, usize)]) {
        self.pages.resize(self.pages.len().max(number as usize), Vec::new());
        let cells: Vec<_> = rows
            .iter()
            .map(|(row, name, length)| self.row_cell(*row, &package_row(name, *length)))
            .collect();
        self.pages[number as usize - 1] = self.page(number, 13, 0, &cells);
    }

    fn put_links(&mut self, number: u32, links: &[(u32, u64)], last_child: u32) {
        let cells: Vec<_> = links.iter().map(|(page, row)| Self::link_cell(*page, *row)).collect();
        self.pages[number as usize - 1] = self.page(number, 5, last_child, &cells);
    }

    /// With the page count written, as every present sqlite does.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.pages.concat();
        bytes[28..32].copy_from_slice(&(self.pages.len() as u32).to_be_bytes());
        bytes[24..28].copy_from_slice(&7_u32.to_be_bytes());
        bytes[92..96].copy_from_slice(&7_u32.to_be_bytes());
        bytes
    }
}

/// Page 2 links to 3 and 4, which hold packages short and long.
pub(crate) fn two_leaves(page_size: usize, reserved: usize) -> Sqlite {
    let mut database = Sqlite::new(page_size, reserved);
    database.pages.resize(4, Vec::new());
    database.put_leaf(3, &[(1, "ash", 5 * page_size), (3, "birch", 0)]);
    database.put_leaf(4, &[(7, "cedar", 3 * page_size / 2), (9, "date", page_size)]);
    database.put_links(2, &[(3, 3)], 4);
    database
}

#[track_caller]
fn check(database: &[u8], wal: Option<&[u8]>, packages: &[&str], expected_problems: &[&str]) {
    let installed = read(database, wal).unwrap();
    assert_eq!(names(&installed), packages);
    assert_eq!(problems(&installed), expected_problems);
}

#[test]
fn rows_are_gathered_from_all_pages_of_the_tree() {
    for (page_size, reserved) in [(512, 0), (1024, 32), (4096, 0), (65536, 255)] {
        let database = two_leaves(page_size, reserved).bytes();
        check(&database, None, &["ash", "birch", "cedar", "date"], &[]);
    }
}

#[test]
fn pages_that_nothing_links_are_not_read() {
    let mut database = two_leaves(4096, 0);
    let free = database.pages.len() as u32 + 1;
    database.put_leaf(free, &[(5, "erased", 0)]);
    check(&database.bytes(), None, &["ash", "birch", "cedar", "date"], &[]);
}

#[test]
fn names_in_utf16_are_recognised() {
    let wide = |text: &str, to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    };
    for (encoding, to_bytes) in [(2, u16::to_le_bytes as fn(u16) -> [u8; 2]), (3, u16::to_be_bytes)]
    {
        let row = schema_row(&wide("table", to_bytes), &wide("Packages", to_bytes), 2);
        let mut database = Sqlite::with_schema(1024, 0, encoding, &[row]);
        database.put_leaf(2, &[(1, "ash", 0)]);
        check(&database.bytes(), None, &["ash"], &[]);
    }
}

#[test]
fn a_database_without_packages_table_is_an_error() {
    let rows = [schema_row(b"table", b"Name", 2), schema_row(b"index", b"Packages", 2)];
    let mut database = Sqlite::with_schema(1024, 0, 1, &rows);
    database.put_leaf(2, &[(1, "ash", 0)]);
    assert_eq!(read(&database.bytes(), None), Err(Error::NoPackagesTable));
}

#[test]
fn a_shared_root_is_reported() {
    let rows = [schema_row(b"table", b"Packages", 2), schema_row(b"table", b"Name", 2)];
    let mut database = Sqlite::with_schema(1024, 0, 1, &rows);
    database.put_leaf(2, &[]);
    let problem = r#"database: page 2 is the root of "Packages" and of something else"#;
    check(&database.bytes(), None, &[], &[problem]);
}

#[test]
fn cycles_end() {
    let mut database = two_leaves(1024, 0);
    database.put_links(2, &[(3, 3), (2, 3)], 3);
    let expected = ["page 2: page 2 is linked twice", "page 3: page 3 is linked twice"];
    check(&database.bytes(), None, &["ash", "birch"], &expected);
}

#[test]
fn a_lost_cell_is_noticed() {
    let mut database = two_leaves(4096, 0);
    // The leaf now claims one cell; the other's bytes are neither cell nor free.
    database.pages[2][4] = 1;
    let expected = ["page 3: the page's entries and free space do not add up"];
    check(&database.bytes(), None, &["ash", "cedar", "date"], &expected);
}

#[test]
fn a_cell_is_read_once() {
    let mut database = Sqlite::new(4096, 0);
    database.put_leaf(2, &[(1, "ash", 0), (2, "birch", 0), (3, "cedar", 0)]);
    let pointer = database.pages[1][8..10].to_vec();
    database.pages[1][10..12].copy_from_slice(&pointer);
    database.pages[1][12..14].copy_from_slice(&pointer);
    let expected = [
        "page 2: the page's entries and free space do not add up",
        "page 2, entry 1: the entry overlaps another",
        "page 2, entry 2: the entry overlaps another",
    ];
    check(&database.bytes(), None, &["ash"], &expected);
}

#[test]
fn a_page_in_the_wrong_place_is_noticed() {
    let mut database = two_leaves(4096, 0);
    database.put_links(2, &[(4, 3)], 3);
    let expected =
        ["page 2, entry 0: row 3 is out of order", "page 3, entry 0: row 1 is out of order"];
    check(&database.bytes(), None, &["ash", "birch", "cedar", "date"], &expected);
}

#[test]
fn a_broken_overflow_chain_costs_one_package() {
    let mut database = two_leaves(4096, 0);
    // Page 5 is the last of ash's overflow pages, page 6 the one before.
    database.pages[5][..4].fill(0);
    let installed = read(&database.bytes(), None).unwrap();
    assert_eq!(names(&installed), ["birch", "cedar", "date"]);
    let problems = problems(&installed);
    assert!(
        problems[0].starts_with("page 3, entry 0: the record's overflow pages"),
        "{problems:?}"
    );
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_truncated_file_keeps_what_it_has() {
    let bytes = two_leaves(4096, 0).bytes();
    let cut = &bytes[..3 * 4096];
    let installed = read(cut, None).unwrap();
    let problems = problems(&installed);
    assert_eq!(names(&installed), ["birch"]);
    assert_eq!(
        problems[0],
        format!("database: the database says {} pages, the file has 3", bytes.len() / 4096)
    );
    assert_eq!(problems.last().unwrap(), "page 4: there is no page 4 to link");
}

/// A write-ahead log over pages of `page_size` bytes.
pub(crate) struct Wal {
    pub(crate) bytes: Vec<u8>,
    big: bool,
    salts: [u32; 2],
    sums: [u32; 2],
}

impl Wal {
    pub(crate) fn new(page_size: u32, big: bool) -> Self {
        let salts = [0x1234_5678, 0x9abc_def0];
        let mut wal = Self { bytes: Vec::new(), big, salts, sums: [0, 0] };
        let words = [0x377f_0682 + u32::from(big), 3_007_000, page_size, 0, salts[0], salts[1]];
        let start = words.map(u32::to_be_bytes).concat();
        wal.sum(&start);
        wal.bytes = [start, wal.sums.map(u32::to_be_bytes).concat()].concat();
        wal
    }

    /// `count` is the database's size in pages for a commit, else 0.
    pub(crate) fn frame(&mut self, page: u32, count: u32, content: &[u8]) {
        let start = [page, count].map(u32::to_be_bytes).concat();
        self.sum(&start);
        self.sum(content);
        self.bytes.extend(start);
        self.bytes.extend(self.salts.map(u32::to_be_bytes).concat());
        self.bytes.extend(self.sums.map(u32::to_be_bytes).concat());
        self.bytes.extend(content);
    }

    fn sum(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks(8) {
            let word = |at: usize| {
                let bytes = pair[at..at + 4].try_into().unwrap();
                if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
            };
            self.sums[0] = self.sums[0].wrapping_add(word(0)).wrapping_add(self.sums[1]);
            self.sums[1] = self.sums[1].wrapping_add(word(4)).wrapping_add(self.sums[0]);
        }
    }
}

/// One leaf with ash, and versions of it for the log.
pub(crate) fn leaf(names: &[&str]) -> Sqlite {
    let mut database = Sqlite::new(1024, 0);
    let rows: Vec<_> = (1..).zip(names).map(|(row, name)| (row, *name, 0)).collect();
    database.put_leaf(2, &rows);
    database
}

#[test]
fn committed_frames_count() {
    let database = leaf(&["ash"]).bytes();
    for big in [false, true] {
        let mut wal = Wal::new(1024, big);
        check(&database, Some(&wal.bytes), &["ash"], &[]);
        wal.frame(2, 2, &leaf(&["ash", "birch"]).pages[1]);
        check(&database, Some(&wal.bytes), &["ash", "birch"], &[]);
        // Not committed.
        wal.frame(2, 0, &leaf(&[]).pages[1]);
        check(&database, Some(&wal.bytes), &["ash", "birch"], &[]);
        // Committed by a later frame.
        wal.frame(1, 2, &leaf(&[]).pages[0]);
        check(&database, Some(&wal.bytes), &[], &[]);
    }
    check(&database, Some(&[]), &["ash"], &[]);
}

#[test]
fn a_log_may_hold_pages_the_file_has_not() {
    let database = leaf(&["ash"]).bytes();
    let newer = two_leaves(1024, 0);
    let mut wal = Wal::new(1024, false);
    let count = newer.pages.len() as u32;
    for (number, page) in (1..).zip(&newer.pages) {
        wal.frame(number, if number == count { count } else { 0 }, page);
    }
    check(&database, Some(&wal.bytes), &["ash", "birch", "cedar", "date"], &[]);
}

#[test]
fn damaged_frames_end_the_log_aloud() {
    let database = leaf(&["ash"]).bytes();
    let mut wal = Wal::new(1024, false);
    wal.frame(2, 2, &leaf(&["birch"]).pages[1]);
    let second = wal.bytes.len();
    wal.frame(2, 2, &leaf(&["cedar"]).pages[1]);
    let third = wal.bytes.len();
    wal.frame(2, 2, &leaf(&["date"]).pages[1]);
    let damaged = |at: usize| {
        let mut bytes = wal.bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let lost = "write-ahead log, frame 2: the frame is damaged, it and later frames are not used";
    check(&database, Some(&damaged(second + 100)), &["birch"], &[lost]);
    check(&database, Some(&damaged(second + 16)), &["birch"], &[lost]);
    // A salt, so that the frame alone looks like a leftover: the one behind it shows otherwise.
    check(&database, Some(&damaged(second + 8)), &["birch"], &[lost]);
    let last = "write-ahead log, frame 3: the frame is damaged, it and later frames are not used";
    check(&database, Some(&damaged(third + 8)), &["cedar"], &[last]);
    check(&database, Some(&damaged(third + 12)), &["cedar"], &[last]);
    // A last frame that is cut was never committed.
    check(&database, Some(&wal.bytes[..third + 500]), &["cedar"], &[]);
    let unused = "write-ahead log: the write-ahead log's header is invalid, the log is not used";
    check(&database, Some(&damaged(17)), &["ash"], &[unused]);
    check(&database, Some(&damaged(0)), &["ash"], &[unused]);
    check(&database, Some(&wal.bytes[..31]), &["ash"], &[unused]);
}

#[test]
fn frames_of_a_former_log_are_no_damage() {
    let database = leaf(&["ash"]).bytes();
    let mut former = Wal::new(1024, false);
    former.salts = [0x1234_5677, 0x1111_1111];
    former.frame(2, 2, &leaf(&["old"]).pages[1]);
    former.frame(2, 2, &leaf(&["older"]).pages[1]);
    let mut wal = Wal::new(1024, false);
    wal.frame(2, 2, &leaf(&["birch"]).pages[1]);
    wal.bytes.extend(&former.bytes[32..]);
    check(&database, Some(&wal.bytes), &["birch"], &[]);
}

#[test]
fn a_log_of_another_page_size_is_not_used() {
    let database = leaf(&["ash"]).bytes();
    let wal = Wal::new(2048, false);
    let unused = "write-ahead log: the write-ahead log's page size 2048 is not the database's, the log is not used";
    check(&database, Some(&wal.bytes), &["ash"], &[unused]);
}
