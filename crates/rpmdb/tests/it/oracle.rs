//! Databases written, changed and listed by the tools themselves.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use plimsoll_rpmdb::{Installed, Package, read};

use crate::header_built::{header, names, problems};
use crate::shared::{fixture, folder};

/// Whether `program` is there; said aloud if not.
fn has(program: &str, arguments: &[&str]) -> bool {
    let found = Command::new(program).args(arguments).output().is_ok_and(|o| o.status.success());
    if !found {
        println!("skipped: needs {program}");
    }
    found
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {message}");
    output
}

fn rpm(database: &Path) -> Command {
    let mut rpm = Command::new("rpm");
    rpm.arg("--dbpath").arg(database);
    rpm
}

/// A copy of a shared database in a folder of its own, with the indexes rpm wants beside it.
fn copy(name: &str, to: &Path) -> Option<()> {
    let bytes = fixture(name).read(&folder()?);
    let from = to.join("from");
    fs::create_dir_all(&from).unwrap();
    fs::write(from.join("rpmdb.sqlite"), bytes).unwrap();
    let headers = run(Command::new("rpmdb").arg("--dbpath").arg(&from).arg("--exportdb")).stdout;
    let mut import = Command::new("rpmdb")
        .arg("--dbpath")
        .arg(to)
        .arg("--importdb")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(&headers).unwrap();
    assert!(import.wait().unwrap().success());
    Some(())
}

const LINE: &str = "%{NAME}|%{EPOCH}|%{VERSION}|%{RELEASE}|%{ARCH}|%{SOURCERPM}|%{VENDOR}|%{LICENSE}|\
                    %{MODULARITYLABEL}|%{INSTALLTIME}|%{LONGSIZE}\n";

/// What `rpm -qa` lists, one sorted line a package.
fn listed(database: &Path) -> Vec<String> {
    let output = run(rpm(database).args(["-qa", "--qf", LINE])).stdout;
    let mut lines: Vec<_> = String::from_utf8(output).unwrap().lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// What we read, in rpm's words.
fn described(installed: &Installed) -> Vec<String> {
    fn or_none<T: ToString>(value: Option<T>) -> String {
        value.map_or_else(|| "(none)".to_owned(), |value| value.to_string())
    }
    let line = |p: &Package| {
        [
            p.name.clone(),
            or_none(p.epoch),
            p.version.clone(),
            p.release.clone(),
            or_none(p.arch.as_ref()),
            or_none(p.source_rpm.as_ref()),
            or_none(p.vendor.as_ref()),
            or_none(p.license.as_ref()),
            or_none(p.modularity_label.as_ref()),
            or_none(p.install_time),
            or_none(p.size),
        ]
        .join("|")
    };
    let mut lines: Vec<_> = installed.packages.iter().map(line).collect();
    lines.sort_unstable();
    lines
}

#[track_caller]
fn agrees(database: &Path, expected: usize) {
    let bytes = fs::read(database.join("rpmdb.sqlite")).unwrap();
    let wal = fs::read(database.join("rpmdb.sqlite-wal")).ok();
    let installed = read(&bytes, wal.as_deref()).unwrap();
    assert_eq!(problems(&installed), [""; 0]);
    assert_eq!(installed.packages.len(), expected);
    assert_eq!(described(&installed), listed(database));
}

#[test]
fn rpm_lists_the_same_before_and_after_erasing() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path();
    if !has("rpm", &["--version"]) || copy("cbl-mariner-2.0", database).is_none() {
        return;
    }
    agrees(database, 129);
    // The digest stands nowhere but in the package's own header.
    let lines = run(rpm(database).args(["-qa", "--qf", "%{NAME} %{SHA256HEADER}\n"])).stdout;
    let lines = String::from_utf8(lines).unwrap();
    let mut digests = Vec::new();
    for line in lines.lines().step_by(2) {
        let (name, digest) = line.split_once(' ').unwrap();
        run(rpm(database).args([
            "-e",
            "--justdb",
            "--nodeps",
            "--noscripts",
            "--notriggers",
            name,
        ]));
        digests.push(digest);
        if digests.len() % 16 == 0 {
            agrees(database, 129 - digests.len());
        }
    }
    agrees(database, 129 - digests.len());
    let bytes = fs::read(database.join("rpmdb.sqlite")).unwrap();
    let is_left = |digest: &&&str| bytes.windows(64).any(|window| window == digest.as_bytes());
    assert_ne!(digests.iter().filter(is_left).count(), 0, "no erased header is left in the file");
}

#[test]
fn a_live_log_is_part_of_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path();
    if !has("rpm", &["--version"])
        || !has("sqlite3", &["--version"])
        || copy("cbl-mariner-2.0", database).is_none()
    {
        return;
    }
    // An open reader keeps rpm from moving the log into the database.
    let mut reader = Command::new("sqlite3")
        .arg(database.join("rpmdb.sqlite"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = reader.stdin.take().unwrap();
    writeln!(input, "BEGIN; SELECT count(*) FROM Packages;").unwrap();
    let mut line = String::new();
    BufReader::new(reader.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "129\n");

    run(rpm(database).args(["-e", "--justdb", "--nodeps", "--noscripts", "bash", "zlib"]));
    agrees(database, 127);
    let without = fs::read(database.join("rpmdb.sqlite")).unwrap();
    assert_eq!(read(&without, None).unwrap().packages.len(), 129);

    drop(input);
    reader.wait().unwrap();
    agrees(database, 127);
}

#[test]
fn sqlite_databases_of_any_shape() {
    fn check(pragmas: &str, page_size: u32) {
        let dir = tempfile::tempdir().unwrap();
        let mut script = format!("PRAGMA page_size={page_size}; {pragmas};");
        script += "CREATE TABLE Name (key TEXT, hnum INTEGER);
            CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);";
        let mut expected = Vec::new();
        for number in 0..300_usize {
            let name = format!("package{number:03}");
            let file = dir.path().join(&name);
            fs::write(&file, header(&name, number * 97 % 20_000)).unwrap();
            script += &format!(
                "INSERT INTO Packages (blob) VALUES (readfile('{0}'));
                 INSERT INTO Name VALUES ('{name}', {number});",
                file.display()
            );
            expected.push(name);
        }
        script += "DELETE FROM Packages WHERE hnum % 3 = 0;";
        expected = expected
            .into_iter()
            .enumerate()
            .filter(|(i, _)| (i + 1) % 3 != 0)
            .map(|(_, n)| n)
            .collect();
        let path = dir.path().join("rpmdb.sqlite");
        run(Command::new("sqlite3").arg(&path).arg(script));
        let installed = read(&fs::read(&path).unwrap(), None).unwrap();
        assert_eq!(problems(&installed), [""; 0], "{pragmas} {page_size}");
        assert_eq!(names(&installed), expected, "{pragmas} {page_size}");
    }
    if !has("sqlite3", &["--version"]) {
        return;
    }
    check("PRAGMA encoding='UTF-8'", 512);
    check("PRAGMA encoding='UTF-16le'", 4096);
    check("PRAGMA encoding='UTF-16be'", 65536);
    check("PRAGMA auto_vacuum=1", 1024);
    check("PRAGMA auto_vacuum=2", 8192);
    check("PRAGMA secure_delete=1", 4096);
}

/// Keeps headers in a Berkeley DB hash through Perl's binding of the library: every file of the
/// folder under its number, then erases every third and rewrites every fifth.
const PERL: &str = r#"
use DB_File; use Fcntl;
my ($folder, $count, $bsize, $lorder) = @ARGV;
my $hash = DB_File::HASHINFO->new;
$hash->{bsize} = $bsize; $hash->{lorder} = $lorder;
tie my %db, "DB_File", "$folder/Packages", O_CREAT|O_RDWR, 0644, $hash or die "tie: $!";
my $pack = $lorder == 4321 ? "N" : "V";
sub content { open my $f, "<:raw", "$folder/$_[0]" or die; local $/; <$f> }
$db{pack($pack, 0)} = pack($pack, $count);
$db{pack($pack, $_)} = content($_) for 1..$count;
for (1..$count) { delete $db{pack($pack, $_)} if $_ % 3 == 0 }
for (1..$count) { $db{pack($pack, $_)} = content($_) if $_ % 3 and $_ % 5 == 0 }
untie %db;
"#;

#[test]
fn berkeley_hashes_of_the_library_itself() {
    fn check(count: usize, page_size: u32, order: u32) {
        let dir = tempfile::tempdir().unwrap();
        let mut expected = Vec::new();
        for number in 1..=count {
            let name = format!("package{number:03}");
            fs::write(dir.path().join(number.to_string()), header(&name, number * 97 % 20_000))
                .unwrap();
            if number % 3 != 0 {
                expected.push(name);
            }
        }
        let arguments = [count.to_string(), page_size.to_string(), order.to_string()];
        run(Command::new("perl").args(["-e", PERL]).arg(dir.path()).args(arguments));
        let bytes = fs::read(dir.path().join("Packages")).unwrap();
        let installed = read(&bytes, None).unwrap();
        assert_eq!(problems(&installed), [""; 0], "{count} {page_size} {order}");
        assert_eq!(names(&installed), expected, "{count} {page_size} {order}");
    }
    if !has("perl", &["-MDB_File", "-e", "1"]) {
        return;
    }
    for order in [1234, 4321] {
        check(0, 4096, order);
        check(1, 4096, order);
        check(300, 512, order);
        check(300, 4096, order);
        check(500, 65536, order);
    }
}
