//! The patterns by which administrators name packages: excludes, includes, locks.

use super::nevra::split_epoch;

/// Lists of excludes have some dozen patterns; each is tried on every package.
pub(super) const MAX_PATTERNS: usize = 1_000;

/// Names with version and architecture are shorter.
const MAX_PATTERN: usize = 512;

/// One pattern: a name with `*`, `?` and `[…]`, alone or with version, release, architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// What versionlock says of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Of packages with this name only those that match are taken.
    Only {
        /// The name that is locked.
        name: String,
        /// What may be taken.
        pattern: Pattern,
    },
    /// What matches is not taken.
    Never(Pattern),
}

/// The forms in which a package can be named (dnf(8), "Specifying packages").
pub(super) struct Forms([String; 9]);

impl Forms {
    pub(super) fn of(name: &str, evr: &str, arch: &str) -> Self {
        let (epoch, version_release) = split_epoch(evr);
        let version = version_release.rsplit_once('-').map_or(version_release, |(v, _)| v);
        Self([
            name.to_owned(),
            format!("{name}.{arch}"),
            format!("{name}-{version}"),
            format!("{name}-{version_release}"),
            format!("{name}-{version_release}.{arch}"),
            format!("{name}-{epoch}:{version}"),
            format!("{name}-{epoch}:{version_release}"),
            format!("{name}-{epoch}:{version_release}.{arch}"),
            // As yum writes its locks.
            format!("{epoch}:{name}-{version_release}.{arch}"),
        ])
    }
}

impl Pattern {
    /// Takes a pattern as it stands in a list; none of a text that is longer than any name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        (text.len() <= MAX_PATTERN).then(|| Self(text.to_owned()))
    }

    /// Whether a package is meant.
    pub(super) fn matches(&self, Forms(forms): &Forms) -> bool {
        forms.iter().any(|form| is_match(self.0.as_bytes(), form.as_bytes()))
    }
}

/// Reads `versionlock.list`, of dnf or of yum.
pub(super) fn parse_locks(text: &str) -> Vec<Lock> {
    let lines = text.lines().map(str::trim);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries
        .filter_map(|line| match line.strip_prefix('!') {
            Some(pattern) => Some(Lock::Never(Pattern::parse(pattern.trim())?)),
            None => Some(Lock::Only { name: locked_name(line)?, pattern: Pattern::parse(line)? }),
        })
        .take(MAX_PATTERNS)
        .collect()
}

/// Reads `locks` of zypper: stanzas in which `solvable_name` names what stays as it is (locks(5)).
pub(super) fn parse_zypper_locks(text: &str) -> Vec<Lock> {
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("solvable_name:"));
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    names.filter_map(Pattern::parse).take(MAX_PATTERNS).map(Lock::Never).collect()
}

/// The name in `bash-0:5.1.8-6.el9.*` or in yum's `0:bash-4.2.46-35.el7_9.*`.
fn locked_name(line: &str) -> Option<String> {
    let (rest, _release) = line.rsplit_once('-')?;
    let (name, _version) = rest.rsplit_once('-')?;
    let (_, name) = split_epoch(name);
    Some(name.to_owned())
}

/// Matching of `*`, `?` and `[…]` in linear space and at most quadratic time.
fn is_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(from) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, from));
                at += 1;
                continue;
            }
            Some(_) => {
                if let Some(next) = step(pattern, at, byte) {
                    at = next;
                    from += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((behind_star, taken)) = star else { return false };
        star = Some((behind_star, taken + 1));
        at = behind_star;
        from = taken + 1;
    }
    pattern.get(at..).unwrap_or_default().iter().all(|&byte| byte == b'*')
}

/// Where a pattern continues if what stands at `at` matches the byte.
fn step(pattern: &[u8], at: usize, byte: u8) -> Option<usize> {
    match pattern.get(at)? {
        b'?' => Some(at + 1),
        b'[' => {
            let set = pattern.get(at + 1..)?;
            let (negated, set) = match set {
                [b'!' | b'^', rest @ ..] => (true, rest),
                _ => (false, set),
            };
            // A bracket in the first place stands for itself.
            let end = set.iter().skip(1).position(|&b| b == b']')? + 1;
            let members = set.get(..end)?;
            let is_member = members.contains(&byte)
                || members
                    .windows(3)
                    .any(|w| matches!(w, [low, b'-', high] if (low..=high).contains(&&byte)));
            let next = at + 1 + usize::from(negated) + end + 1;
            (is_member != negated).then_some(next)
        }
        literal => (*literal == byte).then_some(at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("kernel*", "kernel-core", true),
            ("kernel*", "kerne", false),
            ("*-devel", "a-devel-devel", true),
            ("*-devel", "a-devel-x", false),
            ("lib?", "libc", true),
            ("lib?", "lib", false),
            ("lib[a-c]x", "libbx", true),
            ("lib[!a-c]x", "libbx", false),
            ("lib[!a-c]x", "libdx", true),
            ("a[b", "a[b", false),
            ("", "", true),
            ("*", "", true),
            ("", "a", false),
        ] {
            assert_eq!(is_match(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
        let stars = "*a".repeat(1000);
        assert!(!is_match(stars.as_bytes(), "a".repeat(999).as_bytes()));
    }

    #[test]
    fn packages_are_meant_in_all_forms_of_their_name() {
        let bash = Forms::of("bash", "2:5.1-6.el9", "x86_64");
        for text in [
            "bash",
            "ba*",
            "bash.x86_64",
            "bash-5.1",
            "bash-5.1-6.el9",
            "bash-5.1-6.el9.x86_64",
            "bash-2:5.1-6.*",
            "2:bash-5.1-6.el9.*",
        ] {
            assert!(pattern(text).matches(&bash), "{text}");
        }
        for text in ["bash-5", "bash.i686", "bash-0:5.1-6.*", "bas"] {
            assert!(!pattern(text).matches(&bash), "{text}");
        }
        let without_epoch = Forms::of("bash", "5.1-6", "noarch");
        assert!(pattern("bash-0:5.1-6.*").matches(&without_epoch));
    }

    #[test]
    fn locks_of_dnf_and_of_yum() {
        let text =
            "# Added lock on Tue\nbash-0:5.1.8-6.el9.*\n\n0:zsh-5-1.el7.*\n!curl-0:8-*\nodd\n";
        let only = |name: &str, text| Lock::Only { name: name.to_owned(), pattern: pattern(text) };
        assert_eq!(
            parse_locks(text),
            [
                only("bash", "bash-0:5.1.8-6.el9.*"),
                only("zsh", "0:zsh-5-1.el7.*"),
                Lock::Never(pattern("curl-0:8-*")),
            ]
        );
        let text =
            "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: kernel*\n";
        assert_eq!(parse_zypper_locks(text), [Lock::Never(pattern("kernel*"))]);
    }
}
