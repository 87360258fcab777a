//! From what somebody typed to full names: hosts, `library/`, `latest`.

use plimsoll_model::ImageName;

use crate::error::Error;
use crate::registries::Registries;

/// What Docker Hub is called in names.
pub(crate) const DOCKER_HUB: &str = "docker.io";
/// Where Docker Hub answers.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";
/// What Docker Hub is called in credential files.
pub(crate) const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// The full names that `name` may stand for, in the order in which they are tried: itself if it
/// has a host; else its alias, else one per search registry, else Docker Hub.
pub(crate) fn candidates(
    name: &ImageName,
    registries: &Registries,
) -> Result<Vec<ImageName>, Error> {
    if let Some(host) = &name.registry {
        return Ok(vec![qualified(name, host, &name.repository)]);
    }
    if let Some(target) = registries.aliases.get(&name.repository) {
        let bad = |why| Error::Name { name: target.clone(), why };
        let alias: ImageName =
            target.parse().map_err(|_| bad("an alias in registries.conf is malformed"))?;
        let host = alias.registry.ok_or_else(|| bad("an alias in registries.conf has no host"))?;
        return Ok(vec![qualified(name, &host, &alias.repository)]);
    }
    if registries.search.is_empty() {
        return Ok(vec![qualified(name, DOCKER_HUB, &name.repository)]);
    }
    Ok(registries.search.iter().map(|host| qualified(name, host, &name.repository)).collect())
}

fn qualified(name: &ImageName, host: &str, repository: &str) -> ImageName {
    let host = match host {
        "index.docker.io" | DOCKER_HUB_HOST => DOCKER_HUB,
        other => other,
    };
    let official = host == DOCKER_HUB && !repository.contains('/');
    let tag = match (&name.tag, &name.digest) {
        (None, None) => Some("latest".to_owned()),
        (tag, _) => tag.clone(),
    };
    ImageName {
        registry: Some(host.to_owned()),
        repository: if official { format!("library/{repository}") } else { repository.to_owned() },
        tag,
        digest: name.digest.clone(),
    }
}

/// The host to connect to for a host in a name.
pub(crate) fn endpoint_host(host: &str) -> &str {
    if host == DOCKER_HUB { DOCKER_HUB_HOST } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_full_names() {
        let none = Registries::default();
        let aliases = [("tool", "r.example/team/tool"), ("bad", "nohost"), ("worse", "A//")];
        let mut some = Registries::default();
        some.search = vec!["r1.example".to_owned(), "docker.io".to_owned()];
        some.aliases = aliases.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let check = |name: &str, registries: &Registries, expected: &[&str]| {
            let found = candidates(&name.parse().unwrap(), registries).unwrap();
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{name}");
        };
        check("nginx", &none, &["docker.io/library/nginx:latest"]);
        check("team/app:1", &none, &["docker.io/team/app:1"]);
        check("docker.io/nginx", &none, &["docker.io/library/nginx:latest"]);
        check("index.docker.io/a/b", &none, &["docker.io/a/b:latest"]);
        check("r.example/nginx", &some, &["r.example/nginx:latest"]);
        check("nginx:1", &some, &["r1.example/nginx:1", "docker.io/library/nginx:1"]);
        check("tool:2", &some, &["r.example/team/tool:2"]);
        let digest = format!("sha256:{}", "0a".repeat(32));
        check(&format!("r.example/a@{digest}"), &none, &[&format!("r.example/a@{digest}")]);
        assert!(candidates(&"bad".parse().unwrap(), &some).is_err());
        assert!(candidates(&"worse".parse().unwrap(), &some).is_err());
    }
}
