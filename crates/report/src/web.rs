//! Addresses out of feeds, and paths as addresses.

use std::fmt::Write;

use plimsoll_model::Finding;

/// The first address of the finding that a browser can be sent to.
pub(crate) fn first_address(finding: &Finding) -> Option<&str> {
    finding.urls.iter().map(String::as_str).find(|url| is_web_address(url))
}

/// Whether `url` is http(s) and nothing but characters that RFC 3986 allows: no other scheme, and
/// nothing that ends an attribute or a link.
pub(crate) fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_allowed))
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// A path as a relative reference: everything but RFC 3986's unreserved characters and `/` is percent
/// encoded.
pub(crate) fn path_reference(path: &str) -> String {
    let mut reference = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            reference.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(reference, "%{byte:02X}");
        }
    }
    reference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_can_be_sent_to_is_an_address() {
        for (url, expected) in [
            ("https://security-tracker.debian.org/tracker/CVE-2025-1?a=b#c", true),
            ("http://example.org", true),
            ("https://", false),
            ("javascript:alert(1)", false),
            ("https://example.org/\"><script>", false),
            ("https://example.org/a b", false),
            ("https://example.org/\u{202e}", false),
        ] {
            assert_eq!(is_web_address(url), expected, "{url}");
        }
    }

    #[test]
    fn a_path_is_a_relative_reference() {
        for (path, expected) in [
            ("var/lib/dpkg/status", "var/lib/dpkg/status"),
            ("/usr/lib/a b:c", "usr/lib/a%20b%3Ac"),
            ("ü", "%C3%BC"),
        ] {
            assert_eq!(path_reference(path), expected);
        }
    }
}
