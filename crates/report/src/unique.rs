//! References within a document, of which each may be used once.

use std::collections::HashMap;

/// The references given away so far, each with the number that its next namesake gets.
#[derive(Debug, Default)]
pub(crate) struct Unique {
    taken: HashMap<String, usize>,
}

impl Unique {
    /// `wanted`, with a number behind it where it is taken.
    pub(crate) fn claim(&mut self, wanted: &str) -> String {
        let mut claimed = wanted.to_owned();
        while self.taken.contains_key(&claimed) {
            // Numbers only rise, so that many namesakes cost no more than their number.
            let next = self.taken.entry(wanted.to_owned()).or_insert(1);
            *next += 1;
            claimed = format!("{wanted}-{next}");
        }
        self.taken.insert(claimed.clone(), 1);
        claimed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namesakes_are_numbered() {
        let mut unique = Unique::default();
        let claimed = ["a", "a-2", "a", "b", "a"].map(|wanted| unique.claim(wanted));
        assert_eq!(claimed, ["a", "a-2", "a-3", "b", "a-4"]);
    }
}
