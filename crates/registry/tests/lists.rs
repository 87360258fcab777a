//! Tags, what refers to an image, and a registry that asks for patience.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::time::Duration;

use plimsoll_registry::{Error, Opened, Tags};

#[path = "support/fault_proxy.rs"]
mod fault_proxy;
#[path = "support/registry.rs"]
mod registry;
#[path = "../../fetch/tests/support/server.rs"]
mod server;
#[path = "support/setting.rs"]
mod setting;
use fault_proxy::FaultProxy;
use registry::{Layout, Registry, Setup, is_available};
use server::{Reply, Server};
use setting::Setting;

const IN_TOTO: &str = "application/vnd.in-toto+json";
const STATEMENT: &str = r#"{"predicateType":"https://slsa.dev/provenance/v1"}"#;

fn tags(host: &str, repository: &str, limit: usize) -> Result<Tags, Error> {
    Setting::new().client().tags(&format!("{host}/{repository}").parse().unwrap(), limit)
}

fn open(host: &str, name: &str) -> Opened {
    Setting::new().open(&format!("{host}/{name}")).unwrap()
}

#[test]
fn tags_are_listed_page_by_page() {
    if !is_available() {
        return;
    }
    let (registry, layout) = (Registry::start(&Setup::default()), Layout::image(100));
    let all = ["1.10", "1.9", "latest", "slim", "v2"];
    for tag in all {
        registry.push_layout(&layout, &format!("team/app:{tag}"));
    }
    let check = |limit, expected: &[&str], complete| {
        let found = tags(&registry.host(), "team/app", limit).unwrap();
        assert_eq!(found.tags, expected);
        assert_eq!(found.complete, complete, "{limit}");
        assert_eq!(found.name.to_string(), format!("{}/team/app", registry.host()));
    };
    check(100, &all, true);
    check(5, &all, true);
    check(2, &all[..2], false);
    check(0, &[], false);
    assert_eq!(tags(&registry.host(), "team/app:slim", 9).unwrap().tags, all);
    assert!(tags(&registry.host(), "team/other", 9).unwrap_err().is_not_found());
}

/// A registry that answers every list with `list`, and with a link where there is one.
fn lists(list: &str, link: Option<&str>) -> Server {
    let (list, link) = (list.to_owned(), link.map(str::to_owned));
    Server::start(move |request| {
        if !request.target.contains("/tags/list") {
            return Reply::new(200, "{}");
        }
        match &link {
            Some(link) => Reply::new(200, list.clone()).header("link", link),
            None => Reply::new(200, list.clone()),
        }
    })
}

#[test]
fn lists_that_are_odd_are_read_as_far_as_they_go() {
    let check = |list: &str, link: Option<&str>, expected: &[&str], complete| {
        let server = lists(list, link);
        let found = tags(&server.host(), "app", 10).unwrap();
        assert_eq!(
            (found.tags.as_slice(), found.complete),
            (&expected.iter().map(|&tag| tag.to_owned()).collect::<Vec<_>>()[..], complete),
            "{list}"
        );
        assert!(server.received().len() < 10);
    };
    check(r#"{"name":"app","tags":null}"#, None, &[], true);
    check(r#"{"tags":["b","a","b"]}"#, None, &["a", "b"], true);
    check(r#"{"tags":["a","../x","","-a","a b"]}"#, None, &["a"], true);
    // In circles.
    check(r#"{"tags":["a"]}"#, Some("</v2/app/tags/list?n=1&last=a>; rel=\"next\""), &["a"], true);
    // Elsewhere: the query is ours to ask, the host is not.
    check(r#"{"tags":["a"]}"#, Some("<https://169.254.169.254/x?n=1>; rel=\"next\""), &["a"], true);
    let server = lists("<html>", None);
    let error = tags(&server.host(), "app", 10).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{} sent no list for the tags of app: ", server.host())),
        "{error}"
    );
}

#[test]
fn the_statement_beside_an_image_is_found() {
    if !is_available() {
        return;
    }
    let registry = Registry::start(&Setup::default());
    let layout = Layout::attested(STATEMENT);
    registry.put_layout(&layout, "app", "1");
    let opened = open(&registry.host(), "app:1");
    let image = &layout.images[0].0.digest;
    let found = opened.repository.provenance(Some(&opened.manifest), image);
    assert_eq!(found.statements, [STATEMENT.as_bytes()]);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    // Of another manifest it says nothing, and without the index nothing is known.
    let other = &layout.top.digest;
    assert!(opened.repository.provenance(Some(&opened.manifest), other).statements.is_empty());
    assert!(opened.repository.provenance(None, image).statements.is_empty());
}

#[test]
fn referrers_are_found_under_their_tag() {
    if !is_available() {
        return;
    }
    let registry = Registry::start(&Setup::default());
    let layout = Layout::attested(STATEMENT);
    let image = &layout.images[0].0.digest;
    // As clients keep the list where the registry has none.
    registry.put_layout(&layout, "app", &format!("sha256-{}", image.hex()));
    registry.put_layout(&layout, "app", "1");
    let repository = open(&registry.host(), "app:1").repository;
    assert_eq!(repository.provenance(None, image).statements, [STATEMENT.as_bytes()]);
    let none = repository.provenance(None, &layout.top.digest);
    assert!(none.statements.is_empty() && none.problems.is_empty(), "{none:?}");
}

#[test]
fn referrers_are_asked_for_where_the_registry_knows_them() {
    if !is_available() {
        return;
    }
    let registry = Registry::start(&Setup::default());
    let layout = Layout::attested(STATEMENT);
    registry.put_layout(&layout, "app", "1");
    let proxy = FaultProxy::start(&registry.host());
    let entry = |digest: &str, kind: &str| {
        format!(r#"{{"mediaType":"m","digest":"{digest}","size":1,"artifactType":"{kind}"}}"#)
    };
    let absent = entry(&format!("sha256:{}", "0a".repeat(32)), IN_TOTO);
    let signature = entry(&format!("sha256:{}", "0b".repeat(32)), "application/x");
    let index: serde_json::Value = serde_json::from_slice(&layout.top.bytes).unwrap();
    let attested = entry(index["manifests"][1]["digest"].as_str().unwrap(), IN_TOTO);
    let list = |members: &[&str]| format!(r#"{{"manifests":[{}]}}"#, members.join(","));
    let pages = [list(&[&absent, r#"{"digest":"x"}"#, &signature]), list(&[&attested])];
    proxy.rule(move |request, _| match request.target.split_once("/referrers/")?.1.contains('?') {
        false => Some(Reply::new(200, pages[0].clone()).header("link", "<?page=2>; rel=\"next\"")),
        true => Some(Reply::new(200, pages[1].clone())),
    });
    let repository = open(&proxy.host(), "app:1").repository;
    let found = repository.provenance(None, &layout.images[0].0.digest);
    // One attachment is missing, which takes nothing from the other.
    assert_eq!(found.statements, [STATEMENT.as_bytes()]);
    assert!(matches!(&*found.problems, [error] if error.is_not_found()), "{:?}", found.problems);
    assert_eq!(proxy.received("/referrers/").len(), 2);
}

#[test]
fn a_list_that_cannot_be_had_takes_nothing_from_what_is_beside_the_image() {
    if !is_available() {
        return;
    }
    let registry = Registry::start(&Setup::default());
    let layout = Layout::attested(STATEMENT);
    registry.put_layout(&layout, "app", "1");
    let proxy = FaultProxy::start(&registry.host());
    proxy.rule(|request, _| request.target.contains("/referrers/").then(|| Reply::new(200, "<")));
    let opened = open(&proxy.host(), "app:1");
    let found = opened.repository.provenance(Some(&opened.manifest), &layout.images[0].0.digest);
    assert_eq!((found.statements, found.problems.len()), (vec![STATEMENT.as_bytes().to_vec()], 1));
}

#[test]
fn a_registry_that_asks_for_patience_is_told_apart() {
    let check = |status, header: (&'static str, &str), after: Option<u64>, expected: &str| {
        let value = header.1.to_owned();
        let server = Server::start(move |request| match request.target.as_str() {
            "/v2/" => Reply::new(200, "{}"),
            _ => Reply::new(status, "").header(header.0, &value),
        });
        let error = tags(&server.host(), "app", 9).unwrap_err();
        assert_eq!(error.to_string(), format!("{} {expected}", server.host()));
        let limited = matches!(&error, Error::RateLimited { retry_after, .. } if *retry_after == after.map(Duration::from_secs));
        assert_eq!(limited, error.is_rate_limit());
        assert_eq!(limited, expected.starts_with("allows no more"));
    };
    let limited = "allows no more requests for now: the tags of app";
    check(429, ("retry-after", "3600"), Some(3600), &format!("{limited} (again in 3600 seconds)"));
    check(429, ("x-nothing", "1"), None, limited);
    check(503, ("retry-after", "7200"), Some(7200), &format!("{limited} (again in 7200 seconds)"));
    check(403, ("ratelimit-remaining", "0;w=21600"), None, limited);
    check(403, ("ratelimit-remaining", "10;w=21600"), None, "answered 403 for the tags of app");
}
