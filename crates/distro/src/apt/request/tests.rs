use super::*;

const NATIVE: &str = "amd64";

fn request(
    scope: &str,
    files: &[(&str, &str)],
    architectures: &[&str],
    allowed: &[&str],
) -> AptRequest {
    let files =
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    let architectures: Vec<_> = architectures.iter().map(ToString::to_string).collect();
    let scope: Scope = scope.parse().unwrap();
    let system = AptSystem { scope: &scope, architectures: &architectures };
    archives_to_ask(&files, system, &|host| allowed.contains(&host))
}

/// What is asked: address, suite, components, pocket.
fn asked(request: &AptRequest) -> Vec<String> {
    let told = |asked: &AskedSuite| {
        let (base, suite) = (&asked.base, &asked.suite);
        let keys = match asked.keys {
            SuiteKeys::Distribution => "",
            SuiteKeys::Image(_) => " by the image's keys",
        };
        format!("{base} {suite} {} {:?}{keys}", asked.components.join(","), asked.pocket)
    };
    request.ask.iter().map(told).collect()
}

fn not_asked(request: &AptRequest) -> Vec<String> {
    let told = |suite: &ArchiveSuite| {
        assert_eq!(suite.status, ArchiveStatus::NotAllowed);
        format!("{} {}: {}", suite.address, suite.suite, suite.reason.as_deref().unwrap())
    };
    request.not_asked.iter().map(told).collect()
}

const LIST: &str = "etc/apt/sources.list";
const MAIN: &str = "https://ftp.debian.org/debian bookworm main Main";
const UPDATES: &str = "https://ftp.debian.org/debian bookworm-updates main Updates";
const SECURITY: &str =
    "https://security.debian.org/debian-security bookworm-security main Security";

#[test]
fn known_archives_are_asked_at_the_distributions_own_hosts() {
    fn check(scope: &str, list: &str, expected: &[&str]) {
        let request = request(scope, &[(LIST, list)], &[NATIVE], &[]);
        assert_eq!(asked(&request), expected, "{list}");
        assert_eq!(not_asked(&request), [""; 0]);
        assert_eq!(request.problems, []);
    }
    // No usable source: the release's own suites.
    check("debian:12", "", &[MAIN, UPDATES, SECURITY]);
    check(
        "debian:12",
        "deb-src http://ftp.de.debian.org/debian bookworm main",
        &[MAIN, UPDATES, SECURITY],
    );
    // The security suite in any case, with the components of the main one.
    let mirror = "deb http://ftp.de.debian.org/debian bookworm main contrib";
    let main = "https://ftp.debian.org/debian bookworm main,contrib Main";
    let security =
        "https://security.debian.org/debian-security bookworm-security contrib,main Security";
    check("debian:12", mirror, &[main, security]);
    check("debian:12", "deb http://security.debian.org/ bookworm-security main", &[SECURITY]);
    // One suite by two mirrors is one.
    let twice = format!("{mirror}\ndeb https://ftp.debian.org/debian bookworm main non-free");
    let merged = "https://ftp.debian.org/debian bookworm main,contrib,non-free Main";
    let security = "https://security.debian.org/debian-security bookworm-security \
                    contrib,main,non-free Security";
    check("debian:12", &twice, &[merged, security]);
    // A snapshot stays one; what is fixed since is in today's security suite.
    let snapshot = "deb http://snapshot.debian.org/archive/debian-security/20241116T083000Z \
                    bookworm-security main";
    let kept = "https://snapshot.debian.org/archive/debian-security/20241116T083000Z \
                bookworm-security main Security";
    check("debian:12", snapshot, &[kept, SECURITY]);
    // A name by age is asked for what it is; the release is asked by its own name.
    let by_age = "https://ftp.debian.org/debian stable main Main";
    check(
        "debian:12",
        "deb http://ftp.debian.org/debian stable main",
        &[by_age, MAIN, UPDATES, SECURITY],
    );
    let noble = "deb http://de.archive.ubuntu.com/ubuntu noble-updates main universe";
    check(
        "ubuntu:24.04",
        noble,
        &[
            "https://archive.ubuntu.com/ubuntu noble-updates main,universe Updates",
            "https://security.ubuntu.com/ubuntu noble-security main,restricted,universe,multiverse \
             Security",
        ],
    );
}

#[test]
fn other_addresses_are_asked_only_if_the_operator_allows_their_hosts() {
    let list = "deb http://repo.example.org/apt nodistro main\n\
                deb [trusted=yes] http://127.0.0.1/debian bookworm main\n\
                deb http://169.254.169.254/latest ./\n\
                deb http://192.168.1.1/debian bookworm main\n\
                deb file:///srv/debs ./\n\
                deb cdrom:[Debian]/ bookworm main\n\
                deb https://user:secret@repo.example.org/apt x main\n\
                deb http://repo.example.org/apt ../../x main\n\
                deb http://ftp.debian.org.example.org/debian bookworm main\n";
    let refused = request("debian:12", &[(LIST, list)], &[NATIVE], &[]);
    assert_eq!(asked(&refused), [MAIN, UPDATES, SECURITY]);
    assert_eq!(
        not_asked(&refused),
        [
            "repo.example.org/apt nodistro: not a host of the distribution",
            "127.0.0.1/debian bookworm: a loopback address",
            "169.254.169.254/latest ./: a link-local address",
            "192.168.1.1/debian bookworm: a private address",
            "file:///srv/debs ./: file: is not fetched",
            "cdrom:[Debian]/ bookworm: cdrom: is not fetched",
            "https://repo.example.org/apt x: the address holds credentials",
            "repo.example.org/apt ../../x: the suite or a component is no path",
            "ftp.debian.org.example.org/debian bookworm: not a host of the distribution",
        ]
    );

    // Suites of others that are named after the release do not stand for it.
    let list = "deb http://repo.example.org/pg bookworm-pgdg main\n\
                deb http://repo.example.org/tools bookworm stable\n";
    let request = request("debian:12", &[(LIST, list)], &[NATIVE], &["repo.example.org"]);
    assert_eq!(
        asked(&request),
        [
            "http://repo.example.org/pg bookworm-pgdg main Other by the image's keys",
            "http://repo.example.org/tools bookworm stable Main by the image's keys",
            MAIN,
            UPDATES,
            SECURITY,
        ]
    );
}

#[test]
fn allowed_hosts_are_asked_as_the_image_names_them() {
    let list = "deb [signed-by=/etc/apt/keyrings/x.gpg] http://Repo.Example.org:81/apt nodistro main\n\
                deb http://repo.example.org/flat ./\n\
                deb http://repo.example.org/debian bookworm-security main\n";
    let request = request("debian:12", &[(LIST, list)], &[NATIVE], &["repo.example.org"]);
    assert_eq!(
        asked(&request),
        [
            "http://repo.example.org:81/apt nodistro main Other by the image's keys",
            "http://repo.example.org/flat ./  Other by the image's keys",
            // Whether it is, its signature will tell.
            "http://repo.example.org/debian bookworm-security main Security by the image's keys",
            SECURITY,
        ]
    );
    let [problem] = request.problems.as_slice() else { panic!("{:?}", request.problems) };
    assert_eq!(problem.message, "line 1: the keyring is not in the image");
}

#[test]
fn files_are_read_as_apt_reads_them() {
    let stanza =
        "Types: deb\nURIs: http://ftp.debian.org/debian\nSuites: bookworm\nComponents: main\n";
    let disabled = format!("Enabled: no\n{}", stanza.replace("bookworm", "trixie"));
    let files = [
        ("etc/apt/sources.list.d/debian.sources", format!("{stanza}\n{disabled}\nTypes: deb\n")),
        ("etc/apt/sources.list.d/old.list.bak", stanza.replace("bookworm", "buster")),
        ("etc/apt/sources.list.d/a/b.sources", stanza.replace("bookworm", "buster")),
        ("etc/apt/sources.list", "rpm http://x y z\n".to_owned()),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let request = request("debian:12", &files, &[NATIVE], &[]);
    assert_eq!(asked(&request), [MAIN, SECURITY]);
    let problems: Vec<_> = request
        .problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect();
    assert_eq!(
        problems,
        [
            "etc/apt/sources.list: line 1: a type other than deb and deb-src",
            "etc/apt/sources.list.d/debian.sources: line 12: no address",
        ]
    );
}

#[test]
fn architectures_are_those_of_the_system() {
    fn check(options: &str, expected: &[&str]) {
        let list = format!("deb {options} http://ftp.debian.org/debian bookworm main");
        let request = request("debian:12", &[(LIST, &list)], &[NATIVE, "i386"], &[]);
        let main = request.ask.iter().find(|asked| asked.suite == "bookworm").unwrap();
        assert_eq!(main.architectures, expected, "{options}");
    }
    check("", &["amd64", "i386"]);
    check("[arch=i386]", &["i386"]);
    check("[arch=amd64,arm64]", &["amd64"]);
    // Not for this system: the release's own suites instead.
    check("[arch=arm64]", &["amd64", "i386"]);
}

#[test]
fn an_image_cannot_name_endless_suites() {
    let list: String =
        (0..500).map(|n| format!("deb http://ftp.debian.org/debian s{n} main\n")).collect();
    let request = request("debian:12", &[(LIST, &list)], &[NATIVE], &[]);
    assert_eq!(request.ask.len(), MAX_ASKED + 3);
    assert_eq!(request.problems.len(), 1);
}
