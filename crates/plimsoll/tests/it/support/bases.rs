//! A real registry with base images, the advisories to judge them with, and an image built on one.

use plimsoll_testkit::{Image, Layer, Layout, Registry, Setup};
use serde_json::Value;

use super::{Answer, Archive, Feeds, TestContext, bookworm, entries_of, status_of, tracker};

/// The world of a test about bases.
pub(crate) struct Bases {
    pub(crate) context: TestContext,
    pub(crate) registry: Registry,
}

impl Bases {
    /// Says that the test is skipped where there is no registry.
    pub(crate) fn new() -> Option<Self> {
        let registry = Registry::start(&Setup::default())?;
        let mut context = TestContext::new().var("PLIMSOLL_PLATFORM", "linux/amd64");
        // Empty suites: a scan is complete without them saying anything.
        Archive::new(&mut context);
        let mut says = tracker("zlib", &[("CVE-2026-0001", "2"), ("CVE-2026-0002", "3")]);
        says["curl"] = tracker("curl", &[("CVE-2026-0003", "2")])["curl"].take();
        says["tool"] = tracker("tool", &[("CVE-2026-0004", "2")])["tool"].take();
        Feeds::new(context.path("feeds")).debian_tracker(&says);
        Some(Self { context, registry })
    }

    /// `127.0.0.1:PORT/library/debian`
    pub(crate) fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.registry.host())
    }

    pub(crate) fn push(&self, name: &str, image: &Image) {
        self.registry.push(&Layout::of(image), name);
    }

    /// Learns every tag of a repository.
    pub(crate) fn learn(&self, repository: &str) -> Answer {
        self.context.plimsoll(&["bases", "learn", &self.name(repository)]).ends_with(0)
    }

    /// Learns `bookworm-slim` with zlib and curl, and puts an image with one more package on it as `app`.
    pub(crate) fn app_on_learned_base(&self) -> Image {
        let base = bookworm(&["zlib 1", "curl 1"]);
        self.push("library/debian:bookworm-slim", &base);
        self.learn("library/debian").shows("1 image learned, 0 known before");
        let app = app_on(&base, &["zlib 1", "curl 1", "tool 1"]);
        self.context.layout("app", &app);
        base
    }

    #[track_caller]
    pub(crate) fn scan(&self, image: &str) -> Value {
        self.context.plimsoll(&["scan", image, "--format", "json"]).ends_with(0).json()
    }

    #[track_caller]
    pub(crate) fn base(&self, image: &str) -> Value {
        self.context.plimsoll(&["base", image, "--format", "json"]).ends_with(0).json()
    }
}

/// An image of the layers of another and one of its own, which leaves these packages installed.
pub(crate) fn app_on(base: &Image, packages: &[&str]) -> Image {
    let status = status_of(packages);
    let own = Layer::new(&entries_of(&[("var/lib/dpkg/status", &status), ("app/main", "code")]));
    let mut app = base.clone();
    app.layers.push(own.created_by("RUN install tool"));
    app.created = "2024-02-01T00:00:00Z".to_owned();
    app
}

/// `METHOD CONFIDENCE LAYERS` of a base.
pub(crate) fn recognised(base: &Value) -> String {
    let word = |key: &str| base[key].as_str().unwrap_or("none").to_owned();
    format!("{} {} {}", word("method"), word("confidence"), base["layers"])
}
