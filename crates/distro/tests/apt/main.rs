//! apt's archives as a whole: real ones, hostile ones, and apt itself as the judge.

#![expect(clippy::unwrap_used, reason = "fixtures; clippy knows tests only by their attribute")]

mod judge;
mod oracle;
mod policy;
mod real;
mod verdicts;
