//! Answers of one run: the same question is not asked twice.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Answers by what was asked.
pub(crate) struct Memo<Q, A> {
    answers: Mutex<HashMap<Q, A>>,
}

impl<Q: Eq + Hash, A: Clone> Memo<Q, A> {
    /// The answer, which is asked for unless it is known. Nobody else waits while it is.
    pub(crate) fn get(&self, question: Q, ask: impl FnOnce() -> A) -> A {
        if let Some(known) = self.answers().get(&question) {
            return known.clone();
        }
        let answer = ask();
        self.answers().insert(question, answer.clone());
        answer
    }

    fn answers(&self) -> impl std::ops::DerefMut<Target = HashMap<Q, A>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Default for Memo<Q, A> {
    fn default() -> Self {
        Self { answers: Mutex::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_asked_once_even_if_the_answer_is_a_failure() {
        let memo = Memo::default();
        let mut asked = Vec::new();
        for (question, answer) in [("a", Ok(1)), ("b", Err("down")), ("a", Ok(2)), ("b", Ok(3))] {
            let known = memo.get(question, || {
                asked.push(question);
                answer
            });
            assert_eq!(known, if question == "a" { Ok(1) } else { Err("down") });
        }
        assert_eq!(asked, ["a", "b"]);
    }
}
