//! A value that must not be printed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A password or token. `Debug` and `Display` print stars, so that it can sit in any struct that
/// is logged or shown in an error (trust rule 9).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value of `Authorization` for the basic scheme (RFC 7617).
    pub fn basic(user: &str, password: &Self) -> Self {
        Self(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.0))))
    }

    /// The value of `Authorization` for a bearer token (RFC 6750).
    pub fn bearer(token: &Self) -> Self {
        Self(format!("Bearer {}", token.0))
    }

    /// The value itself, for the header or body it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_stars() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
