//! Addresses as repositories name them, taken apart far enough to judge their host.

/// An address of more is none.
const MAX_ADDRESS: usize = 2048;

/// An `http` or `https` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    is_https: bool,
    /// In lower case.
    pub(super) host: String,
    /// Where it is not the scheme's own.
    port: Option<u16>,
    /// Without slashes around it.
    path: String,
}

impl Address {
    /// Reads an address; says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_ADDRESS || text.contains(|c: char| c.is_control() || c.is_whitespace())
        {
            return Err("its address is none");
        }
        let (scheme, rest) = text.split_once("://").ok_or("its address has no scheme")?;
        let is_https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("its address is neither http nor https"),
        };
        if rest.contains(['?', '#', '\\', '$']) {
            return Err("its address has parts that are not asked: a query, or unknown variables");
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err("its address holds credentials");
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => {
                (host, Some(port.parse::<u16>().map_err(|_| "its address has a wrong port")?))
            }
            None => (authority, None),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if host.is_empty() || !host.chars().all(is_name) {
            return Err("its address has no host by name");
        }
        let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.iter().any(|part| matches!(*part, "." | "..")) {
            return Err("its address has dots for parts");
        }
        let own_port = if is_https { 443 } else { 80 };
        Ok(Self {
            is_https,
            host: host.to_ascii_lowercase(),
            port: port.filter(|port| *port != own_port),
            path: parts.join("/"),
        })
    }

    /// Whether this is where one of these hosts serves the public.
    pub(super) fn is_at(&self, hosts: &[&str]) -> bool {
        self.port.is_none() && hosts.contains(&self.host.as_str())
    }

    /// The same place over https.
    #[must_use]
    pub(super) fn secured(self) -> Self {
        Self { is_https: true, ..self }
    }

    /// The whole address, with a slash at the end: what paths are appended to.
    pub(super) fn base(&self) -> String {
        let mut base = self.file();
        if !base.ends_with('/') {
            base.push('/');
        }
        base
    }

    /// The whole address of a file.
    pub(super) fn file(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        let Self { host, path, .. } = self;
        match self.port {
            Some(port) => format!("{scheme}://{host}:{port}/{path}"),
            None => format!("{scheme}://{host}/{path}"),
        }
    }
}

/// Host and path, for people; other text as it stands.
pub(super) fn shown(address: &str) -> String {
    let shown = address.split_once("://").map_or(address, |(_, rest)| rest);
    shown.trim_end_matches('/').chars().take(MAX_ADDRESS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        fn check(text: &str, expected: Result<&str, &str>) {
            let found = Address::parse(text).map(|address| address.base());
            assert_eq!(found.as_deref().map_err(|error| *error), expected, "{text}");
        }
        check("https://Repo.Example/a//b/", Ok("https://repo.example/a/b/"));
        check("http://repo.example", Ok("http://repo.example/"));
        check("https://repo.example:443/x", Ok("https://repo.example/x/"));
        check("https://repo.example:8443/x", Ok("https://repo.example:8443/x/"));
        check("ftp://repo.example/", Err("its address is neither http nor https"));
        check("file:///repo", Err("its address is neither http nor https"));
        check("repo.example", Err("its address has no scheme"));
        check("https://user:pw@repo.example/", Err("its address holds credentials"));
        check("https:///x", Err("its address has no host by name"));
        check("https://[::1]/x", Err("its address has a wrong port"));
        check("https://a_b/x", Err("its address has no host by name"));
        check("https://a/../b", Err("its address has dots for parts"));
        check("https://a/b c", Err("its address is none"));
        check("https://a:99999/", Err("its address has a wrong port"));
        check(
            "https://a/$unknown/",
            Err("its address has parts that are not asked: a query, or unknown variables"),
        );
    }

    #[test]
    fn a_host_is_itself_at_its_own_port_only() {
        for (text, expected) in [
            ("https://repo.example/x", true),
            ("http://repo.example:80/x", true),
            ("https://repo.example:8443/x", false),
            ("https://repo.example.evil/x", false),
            ("https://evil-repo.example/x", false),
        ] {
            assert_eq!(Address::parse(text).unwrap().is_at(&["repo.example"]), expected, "{text}");
        }
    }
}
