//! Registries that do not answer: asked once in a run, and by scans once in an hour.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use plimsoll_model::ImageName;
use plimsoll_registry::Error as RegistryError;

use crate::answers::Effort;
use crate::attempts::Attempts;
use crate::error::{Error, chain};
use crate::names::host;
use crate::session::Session;

/// Under which registries and names are remembered.
const REGISTRY: &str = "registry";

/// What is not asked again.
pub(crate) struct Silence {
    effort: Effort,
    now: Timestamp,
    /// What earlier runs asked.
    before: Attempts,
    this_run: Mutex<ThisRun>,
}

#[derive(Default)]
struct ThisRun {
    /// Hosts that did not answer, and why.
    silent: BTreeMap<String, String>,
    /// What the next scans need not ask.
    asked: BTreeSet<String>,
}

impl Silence {
    pub(crate) fn load(session: &Session, effort: Effort) -> Self {
        Self {
            effort,
            now: session.surroundings.now,
            before: Attempts::load(session),
            this_run: Mutex::default(),
        }
    }

    /// Asks, unless the registry was asked in vain before.
    pub(crate) fn heed<T>(
        &self,
        name: &ImageName,
        ask: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, String> {
        let host = host(name);
        if let Some(why) = self.this_run(|run| run.silent.get(host).cloned()) {
            return Err(why);
        }
        if self.was_asked(host) {
            return Err(format!("{host} was asked in vain less than an hour ago"));
        }
        ask().map_err(|error| {
            let why = chain(&error);
            if error.registry().is_some_and(is_silence) {
                self.this_run(|run| {
                    run.silent.insert(host.to_owned(), why.clone());
                    run.asked.insert(host.to_owned());
                });
            }
            why
        })
    }

    /// Whether an earlier run asked this, and this one need not.
    pub(crate) fn was_asked(&self, question: &str) -> bool {
        self.effort == Effort::Aside && self.before.is_recent(REGISTRY, question, self.now)
    }

    /// The next scans need not ask this.
    pub(crate) fn note(&self, question: String) {
        self.this_run(|run| run.asked.insert(question));
    }

    pub(crate) fn store(&self, session: &Session) {
        let asked = self.this_run(|run| std::mem::take(&mut run.asked));
        if asked.is_empty() {
            return;
        }
        let mut attempts = Attempts::default();
        for question in &asked {
            attempts.note(REGISTRY, question, self.now);
        }
        attempts.store(session);
    }

    fn this_run<T>(&self, use_it: impl FnOnce(&mut ThisRun) -> T) -> T {
        use_it(&mut self.this_run.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether an error says something of the registry, not of the image that was asked for.
fn is_silence(error: &RegistryError) -> bool {
    match error {
        RegistryError::Fetch { .. }
        | RegistryError::Body { .. }
        | RegistryError::NoRegistry { .. }
        | RegistryError::RateLimited { .. } => true,
        RegistryError::Status { status, .. } => *status >= 500,
        RegistryError::Nowhere { attempts, .. } => {
            attempts.iter().all(|attempt| is_silence(&attempt.error))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(effort: Effort, before: &[&str]) -> Silence {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let mut attempts = Attempts::default();
        for question in before {
            attempts.note(REGISTRY, question, now);
        }
        Silence { effort, now, before: attempts, this_run: Mutex::default() }
    }

    fn status(status: u16) -> Error {
        let (host, what) = ("r.example".to_owned(), "app".to_owned());
        let source = Box::new(RegistryError::Status { host, what, status, detail: String::new() });
        Error::Registry { name: "app".to_owned(), source }
    }

    /// How often two names of one registry and one of another are really asked for.
    fn check(silence: &Silence, answer: u16, expected: usize) {
        let mut asked = 0;
        for name in ["r.example/a:1", "r.example/b:1", "debian:12"] {
            let name = name.parse().unwrap();
            let _ = silence.heed(&name, || -> Result<(), Error> {
                asked += 1;
                if host(&name) == "r.example" { Err(status(answer)) } else { Ok(()) }
            });
        }
        assert_eq!(asked, expected);
    }

    #[test]
    fn a_registry_that_does_not_answer_is_asked_once() {
        check(&silence(Effort::Full, &[]), 503, 2);
        // It has no such image, which says nothing of others.
        check(&silence(Effort::Full, &[]), 403, 3);
    }

    #[test]
    fn scans_remember_it_and_who_asks_for_the_base_asks_again() {
        check(&silence(Effort::Aside, &["r.example"]), 503, 1);
        check(&silence(Effort::Full, &["r.example"]), 503, 2);
        assert!(silence(Effort::Aside, &["r.example/a:1"]).was_asked("r.example/a:1"));
        assert!(!silence(Effort::Full, &["r.example/a:1"]).was_asked("r.example/a:1"));
    }
}
