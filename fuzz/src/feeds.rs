//! What holds for every reader of advisories.

use plimsoll_model::{Advisory, RangeEnd};
use plimsoll_vulndb::feeds::{FeedError, Reading};
use plimsoll_vulndb::{Compiler, feeds};

/// Problems listed of one document.
const MAX_PROBLEMS: usize = 1000;

/// What a document says: the advisories, and what was read besides.
pub type Outcome = (Vec<Advisory>, Result<Reading, FeedError>);

/// Checks what `read` makes of a document, and that it compiles to the same bytes every time.
pub fn check(feed: &str, read: impl Fn(&mut dyn FnMut(Advisory)) -> Result<Reading, FeedError>) {
    let run = || -> Outcome {
        let mut advisories = Vec::new();
        let result = read(&mut |advisory| advisories.push(advisory));
        (advisories, result)
    };
    let (advisories, result) = run();
    let again = run();
    assert_eq!(advisories, again.0, "the same again");
    assert_eq!(format!("{result:?}"), format!("{:?}", again.1), "the same again");
    if let Ok(reading) = &result {
        assert!(reading.problems.len() <= MAX_PROBLEMS);
        assert!(reading.bad >= reading.problems.len() as u64);
        for problem in &reading.problems {
            assert!(!problem.path.is_empty() && !problem.message.is_empty(), "{problem:?}");
        }
    }
    advisories.iter().for_each(check_advisory);
    if !advisories.is_empty() {
        assert!(compile(feed, &advisories) == compile(feed, &advisories), "identical bytes");
    }
}

fn check_advisory(advisory: &Advisory) {
    assert!(
        !advisory.ids.is_empty() && advisory.ids.iter().all(|id| !id.is_empty()),
        "{advisory:?}"
    );
    assert!(!advisory.package.name.is_empty() && !advisory.record.is_empty(), "{advisory:?}");
    assert!(advisory.cvss.iter().all(|cvss| (0.0..=10.0).contains(&cvss.score)), "{advisory:?}");
    assert!(advisory.title.as_ref().is_none_or(|title| !title.contains('\n')), "{advisory:?}");
    for range in &advisory.ranges {
        if let RangeEnd::Fixed(end) | RangeEnd::LastAffected(end) = &range.end {
            assert!(!end.is_empty(), "{advisory:?}");
        }
    }
}

fn compile(feed: &str, advisories: &[Advisory]) -> Vec<Vec<u8>> {
    let feed = feeds::find(feed).expect("a feed of the catalogue");
    let scopes = advisories.iter().map(|advisory| advisory.scope.clone());
    let mut compiler = Compiler::new(feed, scopes);
    for advisory in advisories {
        compiler.add(advisory);
    }
    let compiled = compiler.finish().expect("it is small");
    compiled.into_iter().map(|compiled| compiled.bytes).collect()
}
