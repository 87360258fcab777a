//! CISA's catalogue of Known Exploited Vulnerabilities.

use std::io::Read;

use jiff::civil::Date;
use plimsoll_model::Kev;
use serde::Deserialize;
use serde_json::Value;

use super::ids::is_cve;
use super::reading::{FeedError, MAX_DOCUMENT_BYTES, Reading, read_document, timestamp};

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "dateReleased")]
    released: Option<String>,
    vulnerabilities: Vec<Value>,
}

/// Reads the JSON catalogue.
pub fn read(input: impl Read, sink: &mut dyn FnMut(&str, Kev)) -> Result<Reading, FeedError> {
    let bytes = read_document(input, MAX_DOCUMENT_BYTES)?;
    let document: Document = serde_json::from_slice(&bytes)
        .map_err(|error| FeedError::syntax("the KEV catalogue", error))?;
    let date = document.released.as_deref().and_then(timestamp);
    let mut reading = Reading { date, ..Reading::default() };
    for (at, entry) in document.vulnerabilities.iter().enumerate() {
        reading.records += 1;
        let text = |name| entry.get(name).and_then(Value::as_str);
        let Some(id) = text("cveID").filter(|id| is_cve(id)) else {
            reading.problem(format_args!("entry {at}"), "no CVE id");
            continue;
        };
        let Some(added) = text("dateAdded").and_then(|date| date.parse::<Date>().ok()) else {
            reading.problem(id, "dateAdded is no date");
            continue;
        };
        // "Known" or "Unknown"; the field is absent in older copies.
        let ransomware = text("knownRansomwareCampaignUse") == Some("Known");
        sink(id, Kev { added, ransomware });
    }
    Ok(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_and_bad_ones_are_problems() {
        let document = r#"{"dateReleased":"2025-08-25T17:04:19.9796Z","vulnerabilities":[
            {"cveID":"CVE-2025-48384","dateAdded":"2025-08-25","knownRansomwareCampaignUse":"Unknown"},
            {"cveID":"CVE-2021-44228","dateAdded":"2021-12-10","knownRansomwareCampaignUse":"Known"},
            {"cveID":"nothing","dateAdded":"2021-12-10"},
            {"cveID":"CVE-2021-0001","dateAdded":"soon"},
            7]}"#;
        let mut seen = Vec::new();
        let reading = read(document.as_bytes(), &mut |id, kev| {
            seen.push(format!("{id} {} {}", kev.added, kev.ransomware));
        })
        .unwrap();
        assert_eq!(seen, ["CVE-2025-48384 2025-08-25 false", "CVE-2021-44228 2021-12-10 true"]);
        assert_eq!((reading.records, reading.bad), (5, 3));
        assert_eq!(reading.date.unwrap().to_string(), "2025-08-25T17:04:19.9796Z");
        assert!(read("{}".as_bytes(), &mut |_, _| {}).is_err());
    }
}
