//! When a failed request is repeated, and after which pause.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// How failures that may pass are repeated: exponential back-off with jitter, bounded by count and
/// by time.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// How often a request is tried in all, where the server answered or the connection broke.
    pub attempts: u32,
    /// How often where no connection was made at all: a wrong name does not become right.
    pub connect_attempts: u32,
    /// No further attempt starts later than this after the first.
    pub total: Duration,
    /// The first pause; each further one is twice as long.
    pub first_pause: Duration,
    /// No pause of ours is longer.
    pub longest_pause: Duration,
    /// The longest wait that a server may ask for (`Retry-After`). One that asks for more is
    /// reported at once: coming back earlier than asked would only be refused again.
    pub longest_asked: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            connect_attempts: 3,
            total: Duration::from_secs(120),
            first_pause: Duration::from_millis(300),
            longest_pause: Duration::from_secs(10),
            longest_asked: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// The pause before the next attempt when `failed` attempts took `elapsed`, or none to give up.
    pub(crate) fn pause(
        &self,
        failed: u32,
        elapsed: Duration,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        let pause = match asked {
            Some(asked) if asked > self.longest_asked => return None,
            Some(asked) => asked,
            None => self.backoff(failed),
        };
        (elapsed + pause <= self.total).then_some(pause)
    }

    /// The pause after `failed` attempts: between half and all of the doubled step, so that many
    /// clients that failed together do not come back together.
    pub(crate) fn backoff(&self, failed: u32) -> Duration {
        let doubled = 2u32.saturating_pow(failed.saturating_sub(1));
        let step = self.first_pause.saturating_mul(doubled).min(self.longest_pause);
        step.mul_f64(0.5 + 0.5 * random_share())
    }
}

/// Seconds that a `Retry-After` value asks for: a number, or an HTTP date (RFC 9110, 10.2.3).
pub(crate) fn parse_retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    // A date that has passed means now.
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// Between 0 and 1; the standard library's hash seeds are the only randomness that is needed.
fn random_share() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    f64::from(bits as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retry = Retry { first_pause: SECOND, longest_pause: 3 * SECOND, ..Retry::default() };
        for (failed, step) in [(1, SECOND), (2, 2 * SECOND), (3, 3 * SECOND), (40, 3 * SECOND)] {
            let pause = retry.backoff(failed);
            assert!(pause >= step / 2 && pause <= step, "{failed}: {pause:?}");
        }
    }

    #[test]
    fn attempts_and_time_are_bounded() {
        let retry = Retry::default();
        assert!(retry.pause(4, Duration::ZERO, None).is_some());
        assert!(retry.pause(5, Duration::ZERO, None).is_none());
        assert!(retry.pause(1, retry.total, None).is_none());
        assert_eq!(retry.pause(1, Duration::ZERO, Some(7 * SECOND)), Some(7 * SECOND));
        assert_eq!(retry.pause(1, Duration::ZERO, Some(61 * SECOND)), None);
        assert_eq!(retry.pause(1, 115 * SECOND, Some(7 * SECOND)), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        let check = |value: &str, expected: Option<u64>| {
            assert_eq!(parse_retry_after(value, now), expected.map(Duration::from_secs), "{value}");
        };
        check("0", Some(0));
        check(" 120 ", Some(120));
        check("Tue, 24 Nov 2026 08:00:30 GMT", Some(30));
        check("Tue, 24 Nov 2026 07:00:00 GMT", Some(0));
        check("-1", None);
        check("soon", None);
    }
}
