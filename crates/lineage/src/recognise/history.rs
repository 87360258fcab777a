//! Build steps that name the image that they made.

use jiff::Timestamp;

use super::Subject;

/// A tag of an official image without its variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) repository: &'static str,
    pub(super) tag: String,
}

/// What the history, and the labels that are inherited with it, say of the lowest image.
pub(super) fn made(subject: &Subject<'_>) -> Option<Made> {
    // The lowest steps belong to the lowest image.
    let step = subject
        .history
        .iter()
        .take(MAX_STEPS)
        .find_map(|step| debian(step).or_else(|| alpine(step)));
    step.or_else(|| ubuntu(subject))
}

/// Steps that are looked at: those of the lowest layer and a few settings.
const MAX_STEPS: usize = 5;

/// debuerreotype: `RUN # debian.sh --arch 'amd64' out/ 'trixie' '@1787529600'`.
fn debian(step: &str) -> Option<Made> {
    let (_, arguments) = step.split_once("debian.sh ")?;
    let mut words = arguments.split_whitespace().map(|word| word.trim_matches('\''));
    let epoch: i64 = words.clone().find_map(|word| word.strip_prefix('@')?.parse().ok())?;
    let suite = words.rfind(|word| !word.starts_with('@') && !word.ends_with('/'))?;
    let date = Timestamp::from_second(epoch).ok()?.strftime("%Y%m%d").to_string();
    made_tag("debian", format!("{suite}-{date}"))
}

/// `ADD alpine-minirootfs-3.24.2-x86_64.tar.gz / # buildkit`.
fn alpine(step: &str) -> Option<Made> {
    let (_, rest) = step.split_once("alpine-minirootfs-")?;
    made_tag("alpine", rest.split('-').next()?.to_owned())
}

/// Ubuntu's images label themselves, and every image built on them inherits that.
fn ubuntu(subject: &Subject<'_>) -> Option<Made> {
    let label = |key: &str| subject.annotations.get(key);
    let name = label("org.opencontainers.image.ref.name")?;
    let version = label("org.opencontainers.image.version")?;
    if name != "ubuntu" {
        return None;
    }
    made_tag("ubuntu", version.clone())
}

fn made_tag(repository: &'static str, tag: String) -> Option<Made> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    let is_tag = !tag.is_empty() && tag.len() <= MAX_TAG_BYTES && tag.bytes().all(fits);
    is_tag.then_some(Made { repository, tag })
}

/// Names of suites and versions are short.
const MAX_TAG_BYTES: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_name_suites_and_versions() {
        let check = |step: &str, expected: Option<&str>| {
            let found = debian(step).or_else(|| alpine(step));
            let found = found.map(|made| format!("{}:{}", made.repository, made.tag));
            assert_eq!(found.as_deref(), expected, "{step}");
        };
        check(
            "RUN # debian.sh --arch 'amd64' out/ 'trixie' '@1787529600'",
            Some("debian:trixie-20260824"),
        );
        check(
            "# debian.sh --arch 'arm64' out/ 'bookworm' '@1733097600'",
            Some("debian:bookworm-20241202"),
        );
        check("ADD alpine-minirootfs-3.24.2-x86_64.tar.gz / # buildkit", Some("alpine:3.24.2"));
        check("RUN ./debian.sh", None);
        check("# debian.sh out/ 'trixie' '@99999999999999999999'", None);
        check("# debian.sh '@1733097600'", None);
        check("ADD alpine-minirootfs-", None);
        check("CMD [\"bash\"]", None);
    }
}
