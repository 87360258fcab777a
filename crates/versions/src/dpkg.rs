//! Debian's order: `[epoch:]upstream[-revision]`, as `dpkg --compare-versions` has it.
//!
//! Epochs order as numbers; then upstream versions; then revisions, a missing one being equal to
//! `0`. Both parts are read as text and number in turn. Text orders character by character: `~`
//! before the end of the text, letters after it, everything else after the letters.
//!
//! Accepted and refused is what dpkg 1.21 accepts and refuses. Characters outside the policy's
//! alphabet and versions that begin with a letter draw only a warning from dpkg; they do occur, and
//! are compared here without one. Bytes above 127 stand between letters and punctuation, as on every
//! machine with a signed `char`. The empty string is dpkg's "no version", earlier than any.

use std::cmp::Ordering;

use crate::{Flaw, InvalidVersion, Scheme, number};

/// Orders two Debian versions; equal parts may be spelled differently (`1.0` and `0:1.00-0`).
pub fn compare(a: &str, b: &str) -> Result<Ordering, InvalidVersion> {
    let (a, b) = (parse(a)?, parse(b)?);
    let (Some(a), Some(b)) = (&a, &b) else {
        return Ok(a.is_some().cmp(&b.is_some()));
    };
    Ok(a.epoch
        .cmp(&b.epoch)
        .then_with(|| compare_part(a.upstream, b.upstream))
        .then_with(|| compare_part(a.revision, b.revision)))
}

/// Appends the bytes that order as [`compare`] does; nothing for the empty version.
pub fn sort_key(version: &str, key: &mut Vec<u8>) -> Result<(), InvalidVersion> {
    if let Some(version) = parse(version)? {
        number::push_value_key(version.epoch.into(), key);
        push_part_key(version.upstream, key);
        push_part_key(version.revision, key);
    }
    Ok(())
}

struct Version<'a> {
    epoch: u32,
    upstream: &'a [u8],
    /// Empty if there is none.
    revision: &'a [u8],
}

fn parse(version: &str) -> Result<Option<Version<'_>>, InvalidVersion> {
    if version.is_empty() {
        return Ok(None);
    }
    split(version).map(Some).map_err(|flaw| flaw.of(Scheme::Dpkg, version))
}

fn split(version: &str) -> Result<Version<'_>, Flaw> {
    if version.contains('\0') {
        return Err(Flaw::Nul);
    }
    let blank = [' ', '\t'];
    let version = version.trim_matches(blank);
    if version.is_empty() {
        return Err(Flaw::Empty);
    }
    if version.contains(blank) {
        return Err(Flaw::EmbeddedSpace);
    }
    let (epoch, rest) = match version.split_once(':') {
        None => (0, version),
        Some((_, "")) => return Err(Flaw::NothingAfterEpoch),
        Some((epoch, rest)) => (parse_epoch(epoch)?, rest),
    };
    let (upstream, revision) = match rest.rsplit_once('-') {
        None => (rest, ""),
        Some((_, "")) => return Err(Flaw::RevisionEmpty),
        Some(("", _)) => return Err(Flaw::UpstreamEmpty),
        Some(parts) => parts,
    };
    Ok(Version { epoch, upstream: upstream.as_bytes(), revision: revision.as_bytes() })
}

/// Reads what C's `strtol` reads, because dpkg does: white space and a sign may come first.
fn parse_epoch(epoch: &str) -> Result<u32, Flaw> {
    let epoch = epoch.trim_start_matches(['\n', '\x0b', '\x0c', '\r']);
    let unsigned = epoch.strip_prefix(['+', '-']).unwrap_or(epoch);
    let (digits, rest) = number::split_digits(unsigned.as_bytes());
    if digits.is_empty() {
        return Err(Flaw::EpochEmpty);
    }
    if !rest.is_empty() {
        return Err(Flaw::EpochNotNumber);
    }
    let is_zero = number::compare(digits, b"0") == Ordering::Equal;
    if epoch.starts_with('-') && !is_zero {
        return Err(Flaw::EpochNegative);
    }
    unsigned.parse::<i32>().map(i32::unsigned_abs).map_err(|_| Flaw::EpochTooBig)
}

fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let mut weight = weigh(a);
        while weight == weigh(b) && weight != END {
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
            weight = weigh(a);
        }
        let (a_digits, a_rest) = number::split_digits(a);
        let (b_digits, b_rest) = number::split_digits(b);
        let order = weight.cmp(&weigh(b)).then_with(|| number::compare(a_digits, b_digits));
        if order.is_ne() || (a_rest.is_empty() && b_rest.is_empty()) {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
}

/// Texts and numbers in turn, each text ended by [`END`]. The last `END` stands for the empty text
/// that a longer part would continue, so that parts need no other separator.
fn push_part_key(mut part: &[u8], key: &mut Vec<u8>) {
    loop {
        while weigh(part) != END {
            key.push(weigh(part));
            part = part.get(1..).unwrap_or_default();
        }
        let (digits, rest) = number::split_digits(part);
        key.push(END);
        number::push_key(digits, key);
        if rest.is_empty() {
            key.push(END);
            return;
        }
        part = rest;
    }
}

/// The place of the next character of a text in dpkg's order: [`END`] if the text ends, with the
/// part or because a digit follows.
fn weigh(part: &[u8]) -> u8 {
    part.first().map_or(END, |&byte| WEIGHTS[usize::from(byte)])
}

const TILDE: u8 = 0;
const END: u8 = 1;

static WEIGHTS: [u8; 256] = weights();

/// Numbers the characters in dpkg's order.
const fn weights() -> [u8; 256] {
    let mut weights = [END; 256];
    let mut next = END;
    let mut class = 0;
    while class < 3 {
        let mut byte = 0;
        while byte < 256 {
            let belongs = match byte as u8 {
                b'~' | b'0'..=b'9' => false,
                b'A'..=b'Z' | b'a'..=b'z' => class == 0,
                128.. => class == 1,
                _ => class == 2,
            };
            if belongs {
                next += 1;
                weights[byte] = next;
            }
            byte += 1;
        }
        class += 1;
    }
    weights[b'~' as usize] = TILDE;
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, expected: Ordering, b: &str) {
        assert_eq!(compare(a, b).unwrap(), expected, "{a:?} {b:?}");
        assert_eq!(compare(b, a).unwrap(), expected.reverse(), "{b:?} {a:?}");
    }

    fn check_refused(version: &str, flaw: Flaw) {
        let expected = flaw.of(Scheme::Dpkg, version);
        assert_eq!(compare(version, "1").unwrap_err(), expected);
        assert_eq!(compare("1", version).unwrap_err(), expected);
        let mut key = vec![7];
        assert_eq!(sort_key(version, &mut key).unwrap_err(), expected);
        assert_eq!(key, [7]);
    }

    #[test]
    fn tilde_end_letters_bytes_punctuation_in_this_order() {
        let ascending = ["1~~", "1~", "1~a", "1", "1A", "1Z", "1a", "1z", "1é", "1+", "1.", "1_"];
        for pair in ascending.windows(2) {
            check(pair[0], Ordering::Less, pair[1]);
        }
    }

    #[test]
    fn missing_epoch_revision_and_number_are_zero() {
        check("1.0", Ordering::Equal, "0:1.0");
        check("1.0", Ordering::Equal, "1.0-0");
        check("1.0", Ordering::Equal, "1.-00");
        check("1a", Ordering::Equal, "1a0");
        check("2.0", Ordering::Less, "1:1.0");
        check("1.0", Ordering::Less, "1.0-0+b1");
    }

    #[test]
    fn rebuilds_backports_and_security_updates_order_as_debian_means_them() {
        check("1.2-3", Ordering::Less, "1.2-3+b1");
        check("1.2-3+b1", Ordering::Less, "1.2-3+deb12u1");
        check("1.2-3+deb12u1", Ordering::Less, "1.2-3+deb12u2");
        check("1.2-3~bpo12+1", Ordering::Less, "1.2-3");
        check("1.2-3ubuntu1", Ordering::Greater, "1.2-3");
    }

    #[test]
    fn what_dpkg_only_warns_about_is_compared() {
        check("a", Ordering::Greater, "5");
        check("1_2", Ordering::Less, "5");
        check("~", Ordering::Less, "0");
        check("1-a_b", Ordering::Greater, "1-a");
        check("1:2:3-a", Ordering::Greater, "1:2:3");
        check(" 1\t", Ordering::Equal, "1");
        check("+1:1", Ordering::Equal, "1:1");
        check("\n-0:1", Ordering::Equal, "1");
    }

    #[test]
    fn no_version_is_earlier_than_any() {
        check("", Ordering::Equal, "");
        check("", Ordering::Less, "~");
        check("", Ordering::Less, "0");
    }

    #[test]
    fn what_dpkg_refuses_is_refused() {
        check_refused(" ", Flaw::Empty);
        check_refused("1 2", Flaw::EmbeddedSpace);
        check_refused("1\0", Flaw::Nul);
        check_refused(":1", Flaw::EpochEmpty);
        check_refused("a:1", Flaw::EpochEmpty);
        check_refused("+:1", Flaw::EpochEmpty);
        check_refused("0x1:1", Flaw::EpochNotNumber);
        check_refused("1-a:b", Flaw::EpochNotNumber);
        check_refused("-1:1", Flaw::EpochNegative);
        check_refused("2147483648:1", Flaw::EpochTooBig);
        check_refused("99999999999999999999:1", Flaw::EpochTooBig);
        check_refused("1:", Flaw::NothingAfterEpoch);
        check_refused("1:-1", Flaw::UpstreamEmpty);
        check_refused("1-", Flaw::RevisionEmpty);
        check_refused("1-2-", Flaw::RevisionEmpty);
    }
}
