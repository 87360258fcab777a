//! What a build says it was made of: SLSA provenance in an in-toto statement, bare, in a DSSE envelope or in
//! a bundle of sigstore.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use plimsoll_model::{Digest, ImageName, Platform};
use serde::Deserialize;
use serde_json::Value;

/// An image that a build was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// Its name.
    pub name: ImageName,
    /// The digest that the build saw: of an index or a manifest.
    pub digest: Option<Digest>,
    /// The platform it was taken for.
    pub platform: Option<Platform>,
}

/// Why bytes are no provenance.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    /// No JSON of a statement or an envelope.
    #[error("the attestation cannot be read")]
    Json(#[from] serde_json::Error),
    /// The envelope's payload is no base64.
    #[error("the payload of the attestation's envelope is no base64")]
    Payload,
}

/// Builds have some dozens of materials; more are not looked at.
const MAX_MATERIALS: usize = 1_000;

/// Images that build tools list although nothing of them is in the result.
const FRONTENDS: [&str; 2] = ["docker/dockerfile", "docker/dockerfile-upstream"];

#[derive(Deserialize)]
#[serde(untagged)]
enum Attestation {
    /// Of sigstore, around an envelope.
    #[serde(rename_all = "camelCase")]
    Bundle {
        dsse_envelope: Envelope,
    },
    Envelope(Envelope),
    Statement(Statement),
}

#[derive(Deserialize)]
struct Envelope {
    payload: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    predicate_type: String,
    #[serde(default)]
    predicate: Predicate,
}

/// SLSA v0.2 and v1 put the same list in two places.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
    #[serde(default)]
    materials: Vec<Value>,
    #[serde(default)]
    build_definition: BuildDefinition,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    #[serde(default)]
    resolved_dependencies: Vec<Value>,
}

#[derive(Deserialize)]
struct Dependency {
    uri: String,
    #[serde(default)]
    digest: Digests,
}

#[derive(Default, Deserialize)]
struct Digests {
    sha256: Option<String>,
}

/// The images among the materials of a build, in the order of the statement, each once. Statements of other kinds,
/// and materials of other kinds (sources, files, the Dockerfile's own syntax), are none.
///
/// The statement is not verified: whoever can attach one can write anything into it.
pub fn materials(attestation: &[u8]) -> Result<Vec<Material>, ProvenanceError> {
    let statement = match serde_json::from_slice(attestation)? {
        Attestation::Statement(statement) => statement,
        Attestation::Bundle { dsse_envelope: Envelope { payload } }
        | Attestation::Envelope(Envelope { payload }) => {
            let decoded = STANDARD.decode(&payload).or_else(|_| URL_SAFE.decode(&payload));
            serde_json::from_slice(&decoded.map_err(|_| ProvenanceError::Payload)?)?
        }
    };
    if !statement.predicate_type.starts_with("https://slsa.dev/provenance/") {
        return Ok(Vec::new());
    }
    let Predicate { materials, build_definition } = statement.predicate;
    let all = materials.into_iter().chain(build_definition.resolved_dependencies);
    let mut found = Vec::new();
    for value in all.take(MAX_MATERIALS) {
        let material =
            Dependency::deserialize(&value).ok().and_then(|dependency| image(&dependency));
        found.extend(material.filter(|material| !found.contains(material)));
    }
    Ok(found)
}

/// `pkg:docker/python@3.11-slim?platform=linux%2Famd64`, `pkg:oci/app@sha256%3A…?repository_url=ghcr.io/a/app`,
/// `docker-image://docker.io/library/alpine:3.18@sha256:…`.
fn image(dependency: &Dependency) -> Option<Material> {
    let stated = dependency.digest.sha256.as_ref();
    let stated = stated.and_then(|hex| format!("sha256:{hex}").parse::<Digest>().ok());
    let (name, platform) = match dependency.uri.split_once(':')? {
        ("docker-image", rest) => (rest.trim_start_matches('/').parse::<ImageName>().ok()?, None),
        ("pkg", rest) => package_url(rest)?,
        _ => return None,
    };
    if FRONTENDS.contains(&name.repository.as_str()) {
        return None;
    }
    let digest = stated.or_else(|| name.digest.clone());
    Some(Material { name: ImageName { digest: None, ..name }, digest, platform })
}

fn package_url(rest: &str) -> Option<(ImageName, Option<Platform>)> {
    let rest = rest.split('#').next()?.trim_start_matches('/');
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, path) = path.split_once('/')?;
    let (path, version) = path.rsplit_once('@').unwrap_or((path, ""));
    let (path, version) = (decoded(path)?, decoded(version)?);
    let qualifier = |wanted: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == wanted).and_then(|(_, value)| decoded(value))
    };
    let repository_url = qualifier("repository_url");
    let name = match (kind, repository_url) {
        ("docker", None) => path,
        // The host alone, as purl-spec has it for docker.
        ("docker", Some(host)) => format!("{}/{path}", host.trim_end_matches('/')),
        // The whole repository, as purl-spec has it for oci.
        ("oci", Some(repository)) => repository,
        _ => return None,
    };
    let mut name: ImageName = name.parse().ok()?;
    name.tag = qualifier("tag").or(name.tag);
    match version.parse() {
        Ok(digest) => name.digest = Some(digest),
        Err(_) if version.is_empty() => {}
        Err(_) => name.tag = Some(version),
    }
    // Once more as a whole: tags have rules.
    let name = name.to_string().parse().ok()?;
    let platform = qualifier("platform").and_then(|platform| platform.parse().ok());
    Some((name, platform))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high << 4 | low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(attestation: &str) -> Vec<String> {
        let materials = materials(attestation.as_bytes()).unwrap();
        let show = |material: &Material| {
            let digest = material.digest.as_ref().map_or("-", Digest::short);
            let platform = material.platform.as_ref().map(ToString::to_string);
            format!("{} {digest} {}", material.name, platform.as_deref().unwrap_or("-"))
        };
        materials.iter().map(show).collect()
    }

    #[test]
    fn both_versions_of_slsa_are_read() {
        let hex = "0a".repeat(32);
        let uri = "pkg:docker/python@3.11.4-slim?platform=linux%2Famd64";
        let list = format!(r#"[{{"uri":"{uri}","digest":{{"sha256":"{hex}"}}}},{{"x":1}}]"#);
        let old = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2",
                "predicate":{{"materials":{list}}}}}"#
        );
        let new = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1",
                "predicate":{{"buildDefinition":{{"resolvedDependencies":{list}}}}}}}"#
        );
        let envelope = format!(
            r#"{{"payloadType":"application/vnd.in-toto+json","payload":"{}","signatures":[]}}"#,
            STANDARD.encode(&new)
        );
        let bundle = format!(r#"{{"mediaType":"x","dsseEnvelope":{envelope}}}"#);
        for attestation in [old, new, envelope, bundle] {
            assert_eq!(shown(&attestation), ["python:3.11.4-slim 0a0a0a0a0a0a linux/amd64"]);
        }
    }

    #[test]
    fn names_of_every_kind_are_read() {
        let check = |uri: &str, expected: &[&str]| {
            let list = format!(r#"[{{"uri":"{uri}"}}]"#);
            let text = format!(
                r#"{{"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{{"materials":{list}}}}}"#
            );
            assert_eq!(shown(&text), expected, "{uri}");
        };
        let hex = "0b".repeat(32);
        check("pkg:docker/team/app@1", &["team/app:1 - -"]);
        check("pkg:docker/r.example/team/app@1", &["r.example/team/app:1 - -"]);
        check("pkg:docker/app@1?repository_url=r.example", &["r.example/app:1 - -"]);
        check(
            &format!("pkg:oci/app@sha256%3A{hex}?repository_url=r.example/team/app&tag=2"),
            &["r.example/team/app:2 0b0b0b0b0b0b -"],
        );
        check(
            &format!("docker-image://docker.io/library/alpine:3.18@sha256:{hex}"),
            &["docker.io/library/alpine:3.18 0b0b0b0b0b0b -"],
        );
        check("pkg:docker/docker/dockerfile@1", &[]);
        check("pkg:github/a/b@1", &[]);
        check("git+https://example.org/a.git", &[]);
        check("pkg:docker/%zz@1", &[]);
        check("pkg:docker/app@1%", &[]);
    }

    #[test]
    fn other_statements_name_nothing() {
        assert!(
            shown(r#"{"predicateType":"https://spdx.dev/Document","predicate":{}}"#).is_empty()
        );
        assert!(materials(b"{}").is_err());
        assert!(materials(br#"{"payload":"*"}"#).is_err());
    }
}
