//! rpm's order against librpm.

use std::cmp::Ordering;

use plimsoll_versions::{Scheme, rpm};

use crate::generator::{RPM, Random};
use crate::support::{check, python, python_has};

const PAIRS: usize = 1_000_000;

/// `rpm.ver` parses as `rpmverParse` and compares as `rpmverCmp`.
const WHOLE: &str = "
import sys, rpm
ver = rpm.ver
signs = []
for line in sys.stdin:
    a, b = line[:-1].split('\\t')
    a, b = ver(a), ver(b)
    signs.append('<' if a < b else '>' if a > b else '=')
sys.stdout.write(''.join(signs))
";

/// Two dependencies on exactly a version meet if `rpmverOverlap` finds them equal.
const STATED: &str = "
import sys, rpm
def exactly(version):
    return rpm.ds(('p', rpm.RPMSENSE_EQUAL, version), rpm.RPMTAG_PROVIDENAME)
signs = []
for line in sys.stdin:
    a, b = line[:-1].split('\\t')
    signs.append('=' if exactly(a).Compare(exactly(b)) else '!')
sys.stdout.write(''.join(signs))
";

fn pairs(count: usize, seed: u64) -> String {
    let mut random = Random::seeded(seed);
    let mut lines = String::new();
    let mut written = 0;
    while written < count {
        let (a, b) = RPM.pair(&mut random);
        if !a.is_empty() && !b.is_empty() {
            lines.extend([&a, "\t", &b, "\n"]);
            written += 1;
        }
    }
    lines
}

#[test]
fn a_million_pairs_order_as_librpm_orders_them() {
    if !python_has("rpm") {
        println!("skipped: needs python3-rpm");
        return;
    }
    let lines = pairs(PAIRS, 0x2545_f491_4f6c_dd1d);
    let signs = python(WHOLE, &lines);
    assert_eq!(signs.len(), PAIRS);
    let mut counts = [0; 3];
    for (line, sign) in lines.lines().zip(signs.bytes()) {
        let (a, b) = line.split_once('\t').unwrap();
        let expected = sign.cmp(&b'=');
        check(Scheme::Rpm, a, expected, b);
        counts[(expected as i8 + 1) as usize] += 1;
    }
    println!("rpm: {PAIRS} pairs compared with librpm, 0 differ; <, =, > {counts:?}");
    assert!(counts.iter().all(|&count| count > PAIRS / 20), "lopsided pairs: {counts:?}");
}

#[test]
fn stated_parts_are_equal_where_librpm_lets_dependencies_meet() {
    if !python_has("rpm") {
        println!("skipped: needs python3-rpm");
        return;
    }
    let count = 100_000;
    let lines = pairs(count, 0x9e37_79b9_7f4a_7c15);
    let signs = python(STATED, &lines);
    assert_eq!(signs.len(), count);
    let mut equal = 0;
    for (line, sign) in lines.lines().zip(signs.chars()) {
        let (a, b) = line.split_once('\t').unwrap();
        let order = rpm::compare_stated(a, b).unwrap();
        assert_eq!(order == Ordering::Equal, sign == '=', "{a:?} against {b:?}: {order:?}");
        equal += usize::from(sign == '=');
    }
    println!("rpm: {count} pairs of dependencies compared with librpm, 0 differ; {equal} meet");
    assert!((count / 20..count / 2).contains(&equal), "lopsided pairs: {equal}");
}
