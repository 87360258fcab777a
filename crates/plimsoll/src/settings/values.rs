//! Values as people write them: sizes, ages, mirrors.

use std::str::FromStr;

use jiff::SignedDuration;

/// A number of bytes: `192MiB`, `1GiB`, `500000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
        let unit: u64 = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kib" | "kb" => 1 << 10,
            "m" | "mib" | "mb" => 1 << 20,
            "g" | "gib" | "gb" => 1 << 30,
            _ => return Err("expected a size such as 192MiB".to_owned()),
        };
        let number: Option<u64> = digits.parse().ok();
        let bytes = number.and_then(|number| number.checked_mul(unit));
        bytes.map(Self).ok_or_else(|| "expected a size such as 192MiB".to_owned())
    }
}

/// A span of time: `30s`, `36h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Age(pub(super) SignedDuration);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || "expected a time such as 30s, 36h or 7d".to_owned();
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let number: i64 = text[..unit_at].parse().map_err(|_| error())?;
        let seconds = match &text[unit_at..] {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return Err(error()),
        };
        number
            .checked_mul(seconds)
            .map(|seconds| Self(SignedDuration::from_secs(seconds)))
            .ok_or_else(error)
    }
}

/// `security.debian.org/debian-security=http://mirror.example/debian-security`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mirror(pub(super) (String, String));

impl FromStr for Mirror {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((archive, url)) if url.starts_with("http://") || url.starts_with("https://") => {
                let archive = archive.trim_matches('/').to_owned();
                Ok(Self((archive, url.trim_end_matches('/').to_owned())))
            }
            _ => Err("expected HOST/PATH=http(s)://…".to_owned()),
        }
    }
}

/// Yes or no, in the words that environment variables usually have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Switch(pub(super) bool);

impl FromStr for Switch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(Self(true)),
            "false" | "0" | "no" | "off" => Ok(Self(false)),
            _ => Err("expected true or false".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_parse() {
        for (text, bytes) in
            [("192MiB", 192 << 20), ("1 GiB", 1 << 30), ("500000", 500_000), ("64m", 64 << 20)]
        {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for (text, seconds) in [("30s", 30), ("36h", 36 * 3600), ("7d", 7 * 86_400)] {
            assert_eq!(text.parse(), Ok(Age(SignedDuration::from_secs(seconds))), "{text}");
        }
        for bad in ["", "MiB", "12 apples", "-1", "99999999999GiB"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
        for bad in ["", "7", "d", "7 days", "-1d", "999999999999999999w"] {
            assert!(bad.parse::<Age>().is_err(), "{bad}");
        }
    }
}
