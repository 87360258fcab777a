//! When an entry was made.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// Weekdays are often wrong: people compute them in their heads.
const RFC_2822: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads the date of a trailer: RFC 2822, or anything with a day, the name of a month, a year and a time in that
/// order, which is then taken as UTC.
pub(super) fn parse_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    RFC_2822.parse_timestamp(text).ok().or_else(|| parse_loosely(text))
}

fn parse_loosely(text: &str) -> Option<Timestamp> {
    let words: Vec<_> = text.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
    let (at, month) = words.iter().enumerate().find_map(|(at, word)| {
        let start = word.get(..3)?.to_ascii_lowercase();
        let month = MONTHS.iter().position(|month| *month == start)?;
        Some((at, i8::try_from(month + 1).ok()?))
    })?;
    let day = words.get(at.checked_sub(1)?)?.parse().ok()?;
    let year = match words.get(at + 1)?.parse().ok()? {
        year @ 0..=49 => year + 2000,
        year @ 50..=99 => year + 1900,
        year => year,
    };
    let mut time = words.get(at + 2)?.split(':').map(str::parse);
    let mut next = || time.next().unwrap_or(Ok(0)).ok();
    let time = DateTime::new(year, month, day, next()?, next()?, next()?, 0).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_write_them() {
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(parse_date(text).map(|it| it.to_string()).as_deref(), expected, "{text}");
        }
        check("Wed, 04 Nov 2026 09:45:42 +0700", Some("2026-11-04T02:45:42Z"));
        check("Fri, 7 Mar 1997 14:41:20 -0500", Some("1997-03-07T19:41:20Z"));
        check("Fri,  15 Oct 1999 03:18:55 -0400", Some("1999-10-15T07:18:55Z"));
        // A Friday that was a Thursday.
        check("Fri, 09 Aug 2001 23:12:52 -0400", Some("2001-08-10T03:12:52Z"));
        check("Mon,  23 February 2004 13:10:00 +0900", Some("2004-02-23T13:10:00Z"));
        check("Mon, 3 Feb 97 02:50:29 MET", Some("1997-02-03T02:50:29Z"));
        check("Mon, 31 Feb 2020 02:50:29 +0000", None);
        check("yesterday", None);
        check("", None);
    }
}
