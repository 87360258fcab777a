//! What a person sees, and how much of it.

use crate::support::{TestContext, alpine_repositories, assert_answer, shop, shop_feeds};

fn with_shop() -> TestContext {
    let mut context = TestContext::new();
    shop_feeds(&context);
    alpine_repositories(&mut context);
    context.layout("shop", &shop());
    context
}

const SCAN: &[&str] = &["scan", "--from", "feeds", "shop"];

#[test]
fn by_remedy_finding_package_and_layer() {
    let context = with_shop();
    assert_answer!(context.plimsoll(&[SCAN, &["--fail-on", "high"]].concat()));
    for by in ["finding", "package", "layer"] {
        assert_answer!(context.plimsoll(&[SCAN, &["--by", by]].concat()));
    }
}

#[test]
fn a_table_in_a_pipe_fits_80_columns_and_has_no_colours() {
    let context = with_shop();
    for by in ["remedy", "finding", "package", "layer"] {
        let answer = context.plimsoll(&[SCAN, &["--by", by]].concat()).ends_with(0);
        let widest = answer.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{widest:?}: {answer}");
        assert!(!answer.stdout.contains('\u{1b}'), "{answer}");
    }
}

#[test]
fn colours_are_forced_and_refused_by_the_usual_variables() {
    let scan = |context: TestContext| context.plimsoll(SCAN).ends_with(0).stdout.contains('\u{1b}');
    assert!(!scan(with_shop()));
    assert!(scan(with_shop().var("CLICOLOR_FORCE", "1")));
    assert!(!scan(with_shop().var("NO_COLOR", "1")));
}

#[test]
fn quiet_says_only_the_answer() {
    let context = with_shop();
    let loud = context.plimsoll(&["scan", "--offline", "shop"]).ends_with(11);
    assert!(!loud.stderr.is_empty());
    let quiet = context.plimsoll(&["scan", "--offline", "shop", "--quiet"]).ends_with(11);
    assert_eq!((quiet.stderr.as_str(), quiet.stdout), ("", loud.stdout));
    // An error is said in any case.
    context.plimsoll(&["scan", "./nothing", "--quiet"]).ends_with(1).says("error: ");
}

#[test]
fn a_clean_image_says_so() {
    let mut context = TestContext::new();
    alpine_repositories(&mut context);
    crate::support::Feeds::new(context.path("feeds"))
        .alpine("v3.19", &[("openssl", "3.1.4-r1", &["CVE-2023-5363"])])
        .osv(
            "Alpine",
            &[crate::support::Osv {
                id: "CVE-2023-5363",
                aliases: &[],
                ecosystem: "Alpine:v3.19",
                package: "openssl",
                fixed: Some("3.1.4-r1"),
                vector: None,
            }
            .record()],
        );
    context.layout("shop", &shop());
    assert_answer!(context.plimsoll(SCAN));
    context.plimsoll(&[SCAN, &["--fail-on", "negligible"]].concat()).ends_with(0);
}

#[test]
fn what_cannot_be_known_is_said() {
    let context = with_shop();
    assert_answer!(context.plimsoll(&["scan", "--offline", "shop"]));
}
