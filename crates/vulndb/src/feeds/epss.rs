//! FIRST's EPSS scores: `CVE,score,percentile` below a `#model_version` line and a header, or
//! `CVE;score;percentile` as copies by year have it.

use std::io::{BufRead, BufReader, Read};

use jiff::Timestamp;
use plimsoll_model::Epss;

use super::ids::is_cve;
use super::reading::{FeedError, Reading};

/// Lines are about 40 bytes; a longer one is no EPSS.
const MAX_LINE: u64 = 1024;

/// There are 360,000 ids; ten times that is room for decades.
const MAX_LINES: u64 = 4_000_000;

/// Reads uncompressed CSV.
pub fn read(input: impl Read, sink: &mut dyn FnMut(&str, Epss)) -> Result<Reading, FeedError> {
    let mut input = BufReader::new(input);
    let mut reading = Reading::default();
    let mut line = Vec::new();
    for number in 1..=MAX_LINES {
        line.clear();
        let n =
            (&mut input).take(MAX_LINE).read_until(b'\n', &mut line).map_err(FeedError::Read)?;
        if n == 0 {
            break;
        }
        let text = std::str::from_utf8(&line)
            .map_err(|error| FeedError::syntax("an EPSS table", error))?
            .trim();
        if let Some(comment) = text.strip_prefix('#') {
            reading.date = reading.date.or_else(|| score_date(comment));
        } else if !text.is_empty() && !text.starts_with("cve,") && !text.starts_with("cve;") {
            reading.records += 1;
            match score(text) {
                Some((id, epss)) => sink(id, epss),
                None => {
                    reading.problem(format_args!("line {number}"), "not CVE, score, percentile");
                }
            }
        }
    }
    if reading.records == reading.bad {
        return Err(FeedError::syntax("an EPSS table", "no scores in it"));
    }
    Ok(reading)
}

fn score(line: &str) -> Option<(&str, Epss)> {
    let mut fields = line.split([',', ';']);
    let id = fields.next().filter(|id| is_cve(id))?;
    let mut share =
        || fields.next()?.trim().parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value));
    Some((id, Epss { score: share()?, percentile: share()? }))
}

/// `model_version:v2025.03.14,score_date:2026-08-16T12:55:00Z`; older files write `+0000`.
fn score_date(comment: &str) -> Option<Timestamp> {
    let date = comment.split(',').find_map(|part| part.trim().strip_prefix("score_date:"))?;
    date.replace("+0000", "Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str, expected: &[(&str, f64, f64)], bad: u64) -> Reading {
        let mut seen = Vec::new();
        let reading = read(document.as_bytes(), &mut |id, epss| {
            seen.push((id.to_owned(), epss.score, epss.percentile));
        })
        .unwrap();
        let seen: Vec<_> = seen.iter().map(|(id, s, p)| (id.as_str(), *s, *p)).collect();
        assert_eq!(seen, expected);
        assert_eq!(reading.bad, bad);
        reading
    }

    #[test]
    fn both_spellings_are_read() {
        let reading = check(
            "#model_version:v2023.03.01,score_date:2024-10-25T00:00:00+0000\ncve,epss,percentile\nCVE-1999-0005,0.91963,0.99030\r\n",
            &[("CVE-1999-0005", 0.91963, 0.9903)],
            0,
        );
        assert_eq!(reading.date.unwrap().to_string(), "2024-10-25T00:00:00Z");
        check(
            "CVE-2021-47987;0.001200000;0.021680000\n",
            &[("CVE-2021-47987", 0.0012, 0.02168)],
            0,
        );
    }

    #[test]
    fn bad_lines_are_problems() {
        check(
            "CVE-2020-0001,0.5,0.5\nCVE-2020-0002,2,0.5\nCVE-2020-0003,NaN,0\nx,0,0\nCVE-2020-0004,0.1\n",
            &[("CVE-2020-0001", 0.5, 0.5)],
            4,
        );
        assert!(read("<html>\n".as_bytes(), &mut |_, _| {}).is_err());
        assert!(read("".as_bytes(), &mut |_, _| {}).is_err());
    }
}
