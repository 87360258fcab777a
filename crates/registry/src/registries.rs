//! registries.conf: where unqualified names are searched, which registries have mirrors, which are
//! insecure or blocked. Format and precedence: containers-registries.conf(5), version 2.

mod file;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::environment::{Environment, list};
use crate::error::Error;

pub(crate) use file::load;

/// The merged files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Registries {
    /// Hosts that are tried for a name without one, in this order.
    pub(crate) search: Vec<String>,
    /// Short names that stand for one full name.
    pub(crate) aliases: BTreeMap<String, String>,
    rules: Vec<Rule>,
}

/// How names that begin with `prefix` are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    prefix: String,
    location: String,
    trust: Trust,
    access: Access,
    mirrors: Vec<Mirror>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Mirror {
    location: String,
    trust: Trust,
    pulls: Pulls,
}

/// Whether a host must prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Trust {
    /// TLS with a certificate that is accepted.
    Verified,
    /// The operator said `insecure`: any certificate will do, and plain http too.
    Insecure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Open,
    Blocked,
}

/// For which references a mirror is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pulls {
    All,
    DigestOnly,
    TagOnly,
}

/// How a reference is pinned; decides which mirrors are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    Tag,
    Digest,
}

/// One place that may have an image: a mirror, or the registry itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Host and port.
    pub(crate) host: String,
    /// The repository there.
    pub(crate) path: String,
    pub(crate) trust: Trust,
}

impl Registries {
    /// The places to ask for `host/path`, mirrors first.
    pub(crate) fn sources(&self, host: &str, path: &str, pin: Pin) -> Result<Vec<Source>, Error> {
        let name = format!("{host}/{path}");
        let Some((rule, matched)) = self.rule_for(&name) else {
            return Ok(vec![Source {
                host: host.into(),
                path: path.into(),
                trust: Trust::Verified,
            }]);
        };
        if rule.access == Access::Blocked {
            return Err(Error::Blocked { name });
        }
        let rest = &name[matched..];
        let mirrors = rule.mirrors.iter().filter(|mirror| match mirror.pulls {
            Pulls::All => true,
            Pulls::DigestOnly => pin == Pin::Digest,
            Pulls::TagOnly => pin == Pin::Tag,
        });
        let mut sources = Vec::new();
        for mirror in mirrors {
            sources.push(source(&mirror.location, rest, mirror.trust)?);
        }
        sources.push(match rule.location.as_str() {
            // A wildcard without a location leaves the name as it is.
            "" => source(&name, "", rule.trust)?,
            location => source(location, rest, rule.trust)?,
        });
        Ok(sources)
    }

    /// The rule with the longest matching prefix, and how much of `name` it replaces.
    fn rule_for(&self, name: &str) -> Option<(&Rule, usize)> {
        let matching = self.rules.iter().filter_map(|rule| Some((rule, rule.matches(name)?)));
        matching.max_by_key(|(rule, _)| rule.prefix.len())
    }

    /// Lets a later file's settings win.
    fn overlay(&mut self, later: Self) {
        if !later.search.is_empty() {
            self.search = later.search;
        }
        self.aliases.extend(later.aliases);
        self.rules.retain(|rule| later.rules.iter().all(|new| new.prefix != rule.prefix));
        self.rules.extend(later.rules);
    }
}

impl Rule {
    /// How many bytes of `name` the prefix covers, if it matches whole components.
    fn matches(&self, name: &str) -> Option<usize> {
        let end = match self.prefix.strip_prefix('*') {
            Some(suffix) => {
                let host_end = name.find('/').unwrap_or(name.len());
                let suffix_host_end = suffix.find('/').unwrap_or(suffix.len());
                let (host, rest) = name.split_at(host_end);
                let (suffix_host, suffix_rest) = suffix.split_at(suffix_host_end);
                let matched = host.ends_with(suffix_host) && host.len() > suffix_host.len();
                (matched && rest.starts_with(suffix_rest))
                    .then_some(host_end + suffix_rest.len())?
            }
            None => name.starts_with(&self.prefix).then_some(self.prefix.len())?,
        };
        let next = name.as_bytes().get(end);
        next.is_none_or(|&next| next == b'/').then_some(end)
    }
}

fn source(location: &str, rest: &str, trust: Trust) -> Result<Source, Error> {
    let full = format!("{location}{rest}");
    match full.split_once('/') {
        Some((host, path)) if !host.is_empty() && !path.is_empty() => {
            Ok(Source { host: host.to_owned(), path: path.to_owned(), trust })
        }
        _ => Err(Error::Name { name: full, why: "registries.conf leaves no repository of it" }),
    }
}

/// The files in the order in which they are read; a later one wins.
pub(crate) fn files(environment: &Environment<'_>) -> Result<Vec<PathBuf>, Error> {
    let user = environment.at_home(".config/containers");
    let user_file = user.as_ref().map(|user| user.join("registries.conf"));
    let user_file = user_file.filter(|file| file.is_file());
    let named = environment.var("CONTAINERS_REGISTRIES_CONF").map(PathBuf::from);
    // A file of the user's own replaces the system's, together with its drop-ins.
    let reads_system_directory = named.is_some() || user_file.is_none();
    let main = named.or(user_file);
    let main = main.unwrap_or_else(|| environment.system("etc/containers/registries.conf"));
    let mut files = vec![main];
    if reads_system_directory {
        files.extend(list(&environment.system("etc/containers/registries.conf.d"), &["conf"])?);
    }
    if let Some(user) = user {
        files.extend(list(&user.join("registries.conf.d"), &["conf"])?);
    }
    // The answers that podman remembers from asking the user.
    let remembered = match environment.euid {
        0 => Some(environment.system("var/cache")),
        _ => environment.var_or_home("XDG_CACHE_HOME", ".cache"),
    };
    files.extend(remembered.map(|cache| cache.join("containers/short-name-aliases.conf")));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registries(text: &str) -> Registries {
        file::parse(std::path::Path::new("registries.conf"), text).unwrap()
    }

    fn sources(registries: &Registries, name: &str, pin: Pin) -> Vec<String> {
        let (host, path) = name.split_once('/').unwrap();
        let sources = registries.sources(host, path, pin).unwrap();
        let shown = |source: Source| {
            let mark = if source.trust == Trust::Insecure { "!" } else { "" };
            format!("{}/{}{mark}", source.host, source.path)
        };
        sources.into_iter().map(shown).collect()
    }

    #[test]
    fn the_longest_prefix_decides_and_mirrors_come_first() {
        let registries = registries(
            r#"
            [[registry]]
            location = "a.example"
            [[registry.mirror]]
            location = "mirror.example:5000/cache"
            insecure = true

            [[registry]]
            prefix = "a.example/team"
            location = "b.example/other"
            [[registry.mirror]]
            location = "digests.example"
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "tags.example"
            pull-from-mirror = "tag-only"

            [[registry]]
            prefix = "*.wild.example"
            insecure = true

            [[registry]]
            prefix = "*.moved.example/x"
            location = "new.example/y"
            "#,
        );
        let check = |name: &str, pin, expected: &[&str]| {
            assert_eq!(sources(&registries, name, pin), expected, "{name}");
        };
        check("z.example/app", Pin::Tag, &["z.example/app"]);
        check("a.example/app", Pin::Tag, &["mirror.example:5000/cache/app!", "a.example/app"]);
        check("a.example/team/app", Pin::Tag, &["tags.example/app", "b.example/other/app"]);
        check("a.example/team/app", Pin::Digest, &["digests.example/app", "b.example/other/app"]);
        check(
            "a.example/teams/app",
            Pin::Tag,
            &["mirror.example:5000/cache/teams/app!", "a.example/teams/app"],
        );
        check("a.example.org/app", Pin::Tag, &["a.example.org/app"]);
        check("r.wild.example/app", Pin::Tag, &["r.wild.example/app!"]);
        check("wild.example/app", Pin::Tag, &["wild.example/app"]);
        check("r.moved.example/x/app", Pin::Tag, &["new.example/y/app"]);
        check("r.moved.example/xx/app", Pin::Tag, &["r.moved.example/xx/app"]);
    }

    #[test]
    fn blocked_and_meaningless_places_are_errors() {
        let registries = registries(
            r#"
            [[registry]]
            prefix = "bad.example"
            blocked = true
            [[registry]]
            prefix = "a.example/app"
            location = "b.example"
            "#,
        );
        let check = |host: &str, path: &str, expected: &str| {
            let error = registries.sources(host, path, Pin::Tag).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("bad.example", "app", "bad.example/app is blocked by registries.conf");
        check(
            "a.example",
            "app",
            "b.example cannot be asked for: registries.conf leaves no repository of it",
        );
    }

    #[test]
    fn a_later_file_wins_by_prefix() {
        let mut merged = registries(
            "unqualified-search-registries = ['a.example']\n[aliases]\nx = 'a.example/x'\n\
             [[registry]]\nlocation = 'a.example'\nblocked = true\n",
        );
        merged.overlay(registries(
            "[[registry]]\nlocation = 'a.example'\n[aliases]\ny = 'b.example/y'",
        ));
        assert_eq!(merged.search, ["a.example"]);
        assert_eq!(merged.aliases.len(), 2);
        assert_eq!(sources(&merged, "a.example/app", Pin::Tag), ["a.example/app"]);
        merged.overlay(registries("unqualified-search-registries = ['b.example']"));
        assert_eq!(merged.search, ["b.example"]);
    }
}
