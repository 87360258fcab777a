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
    let found = tags(&registry.host(), "team/app:slim", 9).unwrap();
    assert_eq!(found.repository.tag_digest("v2").unwrap(), layout.top.digest);
    assert_eq!(found.repository.tagged("slim").unwrap().bytes, layout.top.bytes);
    assert!(found.repository.tag_digest("v3").unwrap_err().is_not_found());
    let error = found.repository.tag_digest("../x").unwrap_err().to_string();
    assert_eq!(error, "../x cannot be asked for: it is no tag");
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
    let found = opened.repository.provenance(Some(&opened.manifest), image).unwrap();
    assert_eq!(found, [STATEMENT.as_bytes()]);
    // Of another manifest it says nothing, and without the index nothing is known.
    let other = &layout.top.digest;
    assert!(opened.repository.provenance(Some(&opened.manifest), other).unwrap().is_empty());
    assert!(opened.repository.provenance(None, image).unwrap().is_empty());
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
    let count = |kind| repository.referrers(image, kind).unwrap().len();
    assert_eq!(count(None), 2);
    assert_eq!(count(Some("application/vnd.in-toto+json")), 1);
    assert_eq!(count(Some("application/x")), 0);
    assert_eq!(repository.provenance(None, image).unwrap(), [STATEMENT.as_bytes()]);
    assert_eq!(repository.referrers(&layout.top.digest, None).unwrap(), []);
}

#[test]
fn referrers_are_asked_for_where_the_registry_knows_them() {
    if !is_available() {
        return;
    }
    let registry = Registry::start(&Setup::default());
    let layout = Layout::image(100);
    registry.push_layout(&layout, "app:1");
    let proxy = FaultProxy::start(&registry.host());
    let digest = format!("sha256:{}", "0a".repeat(32));
    let entry = format!(
        r#"{{"mediaType":"m","digest":"{digest}","size":1,"artifactType":"a/b","annotations":{{"k":"v"}}}}"#
    );
    proxy.rule(move |request, _| {
        let pages = [
            format!(r#"{{"manifests":[{entry},{{"digest":"x"}}]}}"#),
            r#"{"manifests":[]}"#.to_owned(),
        ];
        match request.target.split_once("/referrers/")?.1.contains('?') {
            false => {
                Some(Reply::new(200, pages[0].clone()).header("link", "<?page=2>; rel=\"next\""))
            }
            true => Some(Reply::new(200, pages[1].clone())),
        }
    });
    let repository = open(&proxy.host(), "app:1").repository;
    let found = repository.referrers(&layout.top.digest, Some("a/b")).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].digest.to_string(), found[0].annotations["k"].as_str()), (digest, "v"));
    assert_eq!(proxy.received("/referrers/").len(), 2);
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
