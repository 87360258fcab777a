//! Architectures in Alpine's words.

/// The architecture in Alpine's words, of one in OCI's: `amd64` is `x86_64`.
pub fn apk_arch(architecture: &str, variant: Option<&str>) -> Option<&'static str> {
    let oci = if architecture == "arm" && variant == Some("v6") { "arm/v6" } else { architecture };
    ARCHITECTURES.into_iter().find(|(name, _)| *name == oci).map(|(_, arch)| arch)
}

/// The architecture that `etc/apk/arch` names; none if it is none of Alpine's, for it becomes part of an address.
pub fn parse_apk_arch(text: &str) -> Option<&'static str> {
    ARCHITECTURES.into_iter().find(|(_, arch)| *arch == text.trim()).map(|(_, arch)| arch)
}

/// In OCI's words and in Alpine's.
const ARCHITECTURES: [(&str, &str); 10] = [
    ("amd64", "x86_64"),
    ("386", "x86"),
    ("arm64", "aarch64"),
    ("arm/v6", "armhf"),
    ("arm", "armv7"),
    ("ppc64le", "ppc64le"),
    ("s390x", "s390x"),
    ("riscv64", "riscv64"),
    ("loong64", "loongarch64"),
    ("mips64", "mips64"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_of_platforms() {
        assert_eq!(apk_arch("amd64", None), Some("x86_64"));
        assert_eq!(apk_arch("arm", Some("v6")), Some("armhf"));
        assert_eq!(apk_arch("arm", Some("v7")), Some("armv7"));
        assert_eq!(apk_arch("wasm", None), None);
        assert_eq!(parse_apk_arch("x86_64\n"), Some("x86_64"));
        assert_eq!(parse_apk_arch("x86_64/../.."), None);
    }
}
