//! dpkg's order against apt's library, which holds the same rules, and against dpkg itself.

use std::cmp::Ordering;
use std::process::{Command, Stdio};

use plimsoll_versions::{Scheme, compare, sort_key};

use crate::generator::{DPKG, Random};
use crate::support::{check, python, python_has};

const PAIRS: usize = 1_000_000;

const APT: &str = "
import sys, apt_pkg
apt_pkg.init_system()
signs = []
for line in sys.stdin:
    a, b = line[:-1].split('\\t')
    order = apt_pkg.version_compare(a, b)
    signs.append('<' if order < 0 else '>' if order > 0 else '=')
sys.stdout.write(''.join(signs))
";

#[test]
fn a_million_pairs_order_as_apt_orders_them() {
    if !python_has("apt_pkg") {
        println!("skipped: needs python3-apt");
        return;
    }
    let mut random = Random::seeded(0x2545_f491_4f6c_dd1d);
    let mut lines = String::new();
    let mut pairs = 0;
    while pairs < PAIRS {
        let (a, b) = DPKG.pair(&mut random);
        if is_plain(&a) && is_plain(&b) {
            lines.extend([&a, "\t", &b, "\n"]);
            pairs += 1;
        }
    }
    let signs = python(APT, &lines);
    assert_eq!(signs.len(), PAIRS);
    let mut counts = [0; 3];
    for (line, sign) in lines.lines().zip(signs.bytes()) {
        let (a, b) = line.split_once('\t').unwrap();
        let expected = sign.cmp(&b'=');
        check(Scheme::Dpkg, a, expected, b);
        counts[(expected as i8 + 1) as usize] += 1;
    }
    println!("dpkg: {PAIRS} pairs compared with apt, 0 differ; <, =, > {counts:?}");
    assert!(counts.iter().all(|&count| count > PAIRS / 20), "lopsided pairs: {counts:?}");
}

/// Whether dpkg and apt read the version alike. apt has no notion of an invalid version, nor of signs
/// before an epoch; what dpkg makes of those is the next test's subject.
fn is_plain(version: &str) -> bool {
    let epoch = version.split_once(':').map_or("0", |(epoch, _)| epoch);
    !version.is_empty()
        && epoch.bytes().all(|byte| byte.is_ascii_digit())
        && sort_key(Scheme::Dpkg, version, &mut Vec::new()).is_ok()
}

/// What dpkg itself says of a pair; `None` if it refuses one of the two.
fn ask_dpkg(a: &str, b: &str) -> Option<Ordering> {
    let holds = |operator| {
        let status = Command::new("dpkg")
            .args(["--compare-versions", "--", a, operator, b])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        match status.code() {
            Some(0) => Some(true),
            Some(1) => Some(false),
            _ => None,
        }
    };
    Some(match (holds("lt")?, holds("eq")?) {
        (true, _) => Ordering::Less,
        (_, true) => Ordering::Equal,
        _ => Ordering::Greater,
    })
}

#[test]
fn dpkg_itself_accepts_refuses_and_orders_the_same() {
    if Command::new("dpkg").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: needs dpkg");
        return;
    }
    let pieces = [
        "0",
        "1",
        "1",
        "12",
        "9",
        "2147483647",
        "2147483648",
        "99999999999999999999",
        "a",
        "~",
        ".",
        "-",
        "-",
        ":",
        ":",
        "+",
        " ",
        "\t",
        "\n",
        "\r",
        "\u{b}",
        "\u{c}",
        "_",
        "/",
        "%",
        "é",
        "\u{1}",
        "\u{7f}",
        "-1",
        "1:",
        "0x",
        "(",
    ];
    let mut random = Random::seeded(0x9e37_79b9_7f4a_7c15);
    let mut version =
        || -> String { (0..random.below(5)).map(|_| pieces[random.below(pieces.len())]).collect() };
    let mut refused = 0;
    let pairs = 2_500;
    for _ in 0..pairs {
        let (a, b) = (version(), version());
        let expected = ask_dpkg(&a, &b);
        assert_eq!(compare(Scheme::Dpkg, &a, &b).ok(), expected, "{a:?} against {b:?}");
        match expected {
            Some(order) => check(Scheme::Dpkg, &a, order, &b),
            None => refused += 1,
        }
    }
    println!("dpkg: {pairs} odd pairs put to dpkg, 0 differ; it refuses {refused}");
    assert!((pairs / 10..pairs * 9 / 10).contains(&refused), "lopsided pairs: {refused}");
}
