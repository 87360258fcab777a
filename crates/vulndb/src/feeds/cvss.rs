//! CVSS vectors, with their base scores.

use plimsoll_model::Cvss;

/// A vector has at most 32 metrics of at most 7 bytes (v4.0); longer text is none.
const MAX_VECTOR: usize = 300;

/// What the specifications make mandatory; the parser scores a vector without them as 0.0.
const MANDATORY_V3: [&str; 8] = ["/AV:", "/AC:", "/PR:", "/UI:", "/S:", "/C:", "/I:", "/A:"];

/// The vector with its base score (v2, v3.0, v3.1, v4.0); none where it is not valid.
pub(crate) fn parse(vector: &str) -> Option<Cvss> {
    let vector = vector.trim();
    if vector.len() > MAX_VECTOR {
        return None;
    }
    let is_v3 = vector.starts_with("CVSS:3");
    if is_v3 && !MANDATORY_V3.iter().all(|metric| vector.contains(metric)) {
        return None;
    }
    // Version 2 has no prefix in NVD's and OSV's spelling.
    let parsed = match vector.strip_prefix("CVSS:2.0/") {
        Some(metrics) => metrics.parse::<cvss::v2::Vector>().ok()?.score().value(),
        None if vector.starts_with("AV:") => {
            vector.parse::<cvss::v2::Vector>().ok()?.score().value()
        }
        None => vector.parse::<cvss::Cvss>().ok()?.score(),
    };
    Some(Cvss { vector: vector.to_owned(), score: (parsed * 10.0).round() / 10.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_scored_and_nonsense_is_not() {
        for (vector, score) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(9.8)),
            ("CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:H", Some(6.6)),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", Some(10.0)),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(7.5)),
            ("CVSS:3.1/AV:N", None),
            ("high", None),
            ("", None),
        ] {
            assert_eq!(parse(vector).map(|cvss| cvss.score), score, "{vector}");
        }
    }
}
